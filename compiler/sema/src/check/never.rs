//! Conditions that are true of no row, or of every one.

mod texts;

use super::Context;
use super::transform::RowTypes;
use crate::errors;
use crate::res::{self, Expr, ExprKind};
use featc_ir::{BinaryOp, Function};
use featc_syntax::ast::Literal;
use featc_syntax::diag::{Diagnostic, SourceMap};

/// What the functions of the calendar give, from and to.
const RANGES: [(Function, i64, i64); 6] = [
    (Function::Hour, 0, 23),
    (Function::Minute, 0, 59),
    (Function::DayOfWeek, 1, 7),
    (Function::DayOfMonth, 1, 31),
    (Function::DayOfYear, 1, 366),
    (Function::Month, 1, 12),
];

/// Warns of comparisons with what a function never gives, of two side by side that exclude each other or leave nothing out, and
/// of those that read no column.
pub(super) fn warn<'a>(
    file: &res::File,
    row: &RowTypes,
    exprs: impl Iterator<Item = &'a Expr>,
    context: &mut Context<'_>,
) {
    let source = row.source.map(|source| &file.sources[source.index()]);
    let texts = texts::Judge {
        columns: &row.names,
        source,
        time: row.time.as_ref().and_then(|time| match time.kind {
            featc_ir::ExprKind::Column(id) => Some(id),
            _ => None,
        }),
        texts: context.texts,
    };
    let mut found = Vec::new();
    for expr in exprs {
        expr.walk(&mut |expr| found.extend(never(expr, context.texts).or_else(|| texts.said_of(expr))));
    }
    for diagnostic in found {
        context.push(diagnostic);
    }
}

fn never(expr: &Expr, texts: &SourceMap) -> Option<Diagnostic> {
    match &expr.kind {
        ExprKind::In {
            operand,
            negated: false,
            items,
        } => {
            let (function, from, to) = range(operand)?;
            let outside = |item: &&Expr| integer(item).is_some_and(|number| number < from || number > to);
            let item = items.iter().find(outside)?;
            let claim = format!("`{}` is never `{}`", function.name(), texts.slice(item.span));
            Some(errors::beyond_the_calendar(
                &claim,
                function.name(),
                from,
                to,
                item.span,
            ))
        }
        ExprKind::Binary {
            op: BinaryOp::And,
            left,
            right,
            ..
        } => {
            let last = match &left.kind {
                ExprKind::Binary {
                    op: BinaryOp::And,
                    right: last,
                    ..
                } => last,
                _ => left,
            };
            let (first, second) = (Bounds::of(last)?, Bounds::of(right)?);
            let is_one = texts.slice(first.operand.span) == texts.slice(second.operand.span);
            if !is_one || first.meets(&second) {
                return None;
            }
            let (one, other) = (texts.slice(last.span), texts.slice(right.span));
            Some(errors::exclude_each_other(one, other, right.span, last.span))
        }
        ExprKind::Binary { .. } => {
            let bounds = Bounds::of(expr)?;
            let (function, from, to) = range(bounds.operand)?;
            let all = Bounds { from, to, ..bounds };
            if bounds.meets(&all) {
                return None;
            }
            let claim = format!("`{}` is never true", texts.slice(expr.span));
            Some(errors::beyond_the_calendar(
                &claim,
                function.name(),
                from,
                to,
                expr.span,
            ))
        }
        _ => None,
    }
}

/// The numbers of which a comparison is true. Of columns, which may have fractions, bounds are closed: of `<` and `>` the
/// number itself stays in.
#[derive(Clone, Copy)]
struct Bounds<'a> {
    operand: &'a Expr,
    from: i64,
    to: i64,
}

impl<'a> Bounds<'a> {
    fn of(expr: &'a Expr) -> Option<Bounds<'a>> {
        let ExprKind::Binary { op, left, right, .. } = &expr.kind else {
            return None;
        };
        let (operand, number, op) = match (integer(left), integer(right)) {
            (None, Some(number)) => (&**left, number, *op),
            (Some(number), None) => (&**right, number, mirrored(*op)),
            _ => return None,
        };
        let step = i64::from(range(operand).is_some());
        let (from, to) = match op {
            BinaryOp::Equal => (number, number),
            BinaryOp::Less => (i64::MIN, number.saturating_sub(step)),
            BinaryOp::LessOrEqual => (i64::MIN, number),
            BinaryOp::Greater => (number.saturating_add(step), i64::MAX),
            BinaryOp::GreaterOrEqual => (number, i64::MAX),
            _ => return None,
        };
        Some(Bounds { operand, from, to })
    }

    fn meets(&self, other: &Bounds<'_>) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        other => other,
    }
}

/// A function of the calendar with what it gives.
fn range(expr: &Expr) -> Option<(Function, i64, i64)> {
    let ExprKind::Call { function, .. } = &expr.kind else {
        return None;
    };
    RANGES.into_iter().find(|(known, ..)| known == function)
}

fn integer(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Literal(Literal::Integer(digits)) => digits.parse().ok(),
        ExprKind::Negate(operand) => integer(operand)?.checked_neg(),
        _ => None,
    }
}
