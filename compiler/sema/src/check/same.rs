//! Values that are the same for every event: texts in place of columns, the keys of the view itself, and what is beside itself.

use super::Context;
use crate::errors;
use crate::res::{self, Call, Expr, ExprKind, FeatureKind};
use featc_ir::{Aggregate, BinaryOp};
use featc_syntax::ast::Literal;
use featc_syntax::diag::Diagnostic;

/// Warns of aggregates and lookups of such values. `columns`: the names of the row's; `own`: the view, and its entity's name.
pub(super) fn warn<'a>(
    columns: &[String],
    own: Option<(&res::View, &str)>,
    exprs: impl Iterator<Item = &'a Expr>,
    context: &mut Context<'_>,
) {
    let mut found = Vec::new();
    for expr in exprs {
        expr.walk(&mut |expr| match &expr.kind {
            ExprKind::Aggregate(call) => {
                found.extend(of_a_text(call, columns, own).or_else(|| of_a_key(call, own?, columns)));
            }
            ExprKind::Lookup { keys, .. } => found.extend(keys.iter().find_map(|key| {
                let text = text(key).filter(|text| columns.iter().any(|column| column == text))?;
                Some(errors::lookup_of_a_text(text, key.span))
            })),
            _ => {}
        });
    }
    for diagnostic in found {
        context.push(diagnostic);
    }
}

/// Warns of `x - x` and `x / x`, of a column or a feature.
pub(super) fn warn_beside_itself<'a>(exprs: impl Iterator<Item = &'a Expr>, context: &mut Context<'_>) {
    let mut found = Vec::new();
    for expr in exprs {
        expr.walk(&mut |expr| {
            let ExprKind::Binary { op, left, right, .. } = &expr.kind else {
                return;
            };
            let value = match op {
                BinaryOp::Subtract => "0",
                BinaryOp::Divide => "1",
                _ => return,
            };
            let is_one = match (&left.kind, &right.kind) {
                (ExprKind::Column(one), ExprKind::Column(other)) => one == other,
                (ExprKind::Feature(one), ExprKind::Feature(other)) => one == other,
                _ => false,
            };
            // Two parameters of a template may stand for one column.
            let name = context.texts.slice(left.span);
            if is_one && name == context.texts.slice(right.span) {
                let written = context.texts.slice(expr.span);
                found.push(errors::beside_itself(written, name, value, right.span, left.span));
            }
        });
    }
    for diagnostic in found {
        context.push(diagnostic);
    }
}

/// A text that is written out.
pub(super) fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}

/// `count_distinct("channel")`
fn of_a_text(call: &Call, columns: &[String], own: Option<(&res::View, &str)>) -> Option<Diagnostic> {
    let [argument] = &call.arguments[..] else { return None };
    let text = text(argument)?;
    let name = call.aggregate.name();
    if columns.iter().any(|column| column == text) {
        return Some(errors::aggregate_of_a_quoted_column(name, text, argument.span));
    }
    let is_feature = |feature: &res::Feature| {
        let expansions = match &feature.kind {
            FeatureKind::Aggregate { expansions } => expansions.as_slice(),
            FeatureKind::Derived | FeatureKind::Broken { .. } => &[],
        };
        feature.declared.name == text || expansions.iter().any(|expansion| expansion.name == text)
    };
    let is_feature = own.is_some_and(|(view, _)| view.features.iter().any(is_feature));
    Some(errors::aggregate_of_a_text(name, is_feature, argument.span))
}

/// `count_distinct(card)` in a view of cards.
fn of_a_key(call: &Call, (view, entity): (&res::View, &str), columns: &[String]) -> Option<Diagnostic> {
    let [argument] = &call.arguments[..] else { return None };
    let ExprKind::Column(id) = argument.kind else {
        return None;
    };
    let column = columns
        .get(id.index())
        .filter(|_| view.key.iter().any(|key| key.id == id))?;
    let is_count = match call.aggregate {
        Aggregate::CountDistinct { .. } => true,
        Aggregate::Min | Aggregate::Max | Aggregate::First { .. } | Aggregate::Last { .. } | Aggregate::Mode { .. } => {
            false
        }
        Aggregate::Count
        | Aggregate::Sum
        | Aggregate::Mean
        | Aggregate::FirstN { .. }
        | Aggregate::LastN { .. }
        | Aggregate::LastDistinctN { .. }
        | Aggregate::TopK { .. }
        | Aggregate::BottomK { .. }
        | Aggregate::Variance
        | Aggregate::Stddev
        | Aggregate::VariancePop
        | Aggregate::StddevPop
        | Aggregate::Skewness
        | Aggregate::Kurtosis
        | Aggregate::Median { .. }
        | Aggregate::Quantile { .. }
        | Aggregate::ModeN { .. }
        | Aggregate::TimeSinceLast
        | Aggregate::TimeSinceFirst
        | Aggregate::Any
        | Aggregate::All
        | Aggregate::Covariance
        | Aggregate::Correlation
        | Aggregate::Slope
        | Aggregate::Intercept
        | Aggregate::WeightedMean
        | Aggregate::ArgMin
        | Aggregate::ArgMax => return None,
    };
    let name = call.aggregate.name();
    Some(errors::aggregate_of_a_key(
        name,
        column,
        entity,
        is_count,
        argument.span,
    ))
}
