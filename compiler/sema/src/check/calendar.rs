//! What is read of instants in UTC, over sources that say another zone.

use super::Context;
use super::transform::RowTypes;
use crate::errors;
use crate::infer::short;
use crate::res::{self, Expr, ExprKind, Feature, FeatureKind};
use featc_ir::calendar::DAY_US;
use featc_ir::{FeatureId, Function, Type};
use featc_syntax::ast::Literal;

/// Warns of the first window of days, or of longer periods, that says no zone, over a source whose zone is not UTC.
pub(super) fn warn_windows(file: &res::File, row: &RowTypes, features: &[Feature], context: &mut Context<'_>) {
    let Some(zone) = zone_of(file, row) else { return };
    let expansions = features.iter().flat_map(|feature| match &feature.kind {
        FeatureKind::Aggregate { expansions } => expansions.as_slice(),
        FeatureKind::Derived | FeatureKind::Broken { .. } => &[],
    });
    let mut in_utc = expansions.filter(|expansion| expansion.is_in_utc);
    if let Some(first) = in_utc.next() {
        let window = short(context.texts, first.at).to_owned();
        let on_clocks = |zone: &str| format!("{window} in \"{zone}\"");
        context.push(errors::calendar_in_utc(
            &window,
            zone,
            &on_clocks(zone),
            &on_clocks("UTC"),
            first.at,
        ));
    }
}

/// The zone of the source that rows are of, if it says one that is not UTC.
fn zone_of<'a>(file: &'a res::File, row: &RowTypes) -> Option<&'a str> {
    let source = &file.sources[row.source?.index()];
    source.zone.as_deref().filter(|zone| !zone.ends_with("UTC"))
}

/// Warns once about a part of the calendar, in UTC, of an instant of rows whose source says another zone. `features`: those that
/// the expressions may read.
pub(super) fn warn<'a>(
    file: &res::File,
    row: &RowTypes,
    features: &[Feature],
    exprs: impl Iterator<Item = &'a Expr>,
    context: &mut Context<'_>,
) {
    let Some(zone) = zone_of(file, row) else { return };
    let mut first = None;
    for expr in exprs {
        expr.walk(&mut |expr| {
            if let Some(read) = in_utc(expr).filter(|read| first.is_none() && is_instant(read.instant, row, features)) {
                first = Some((read, expr.span));
            }
        });
    }
    if let Some((read, at)) = first {
        let instant = short(context.texts, read.instant.span);
        let on_clocks = |zone: &str| format!("{}({instant} in \"{zone}\")", read.function);
        let utc = match read.is_instant {
            true => format!("cast({} as timestamp)", on_clocks("UTC")),
            false => on_clocks("UTC"),
        };
        context.push(errors::calendar_in_utc(read.what, zone, &on_clocks(zone), &utc, at));
    }
}

/// A part of the calendar that is read in UTC.
struct InUtc<'a> {
    what: &'static str,
    instant: &'a Expr,
    /// What reads it on the clocks of a zone.
    function: &'static str,
    /// Whether it is an instant itself.
    is_instant: bool,
}

/// `hour(at)`, `cast(at as date)`, `truncate(at, 1d)`
fn in_utc(expr: &Expr) -> Option<InUtc<'_>> {
    const PARTS: [Function; 8] = [
        Function::Hour,
        Function::Minute,
        Function::DayOfWeek,
        Function::DayOfMonth,
        Function::DayOfYear,
        Function::Month,
        Function::Year,
        Function::DateOf,
    ];
    let (what, instant, function, is_instant) = match &expr.kind {
        ExprKind::Cast(instant, Some(Type::Date)) => ("cast(… as date)", instant.as_ref(), Function::DateOf, false),
        ExprKind::Call { function, arguments } => match (function, arguments.as_slice()) {
            (part, [instant]) if PARTS.contains(part) => (part.name(), instant, *part, false),
            (Function::Truncate, [instant, unit]) if is_day(unit) => {
                ("truncate(…, 1d)", instant, Function::DateOf, true)
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(InUtc {
        what,
        instant,
        function: function.name(),
        is_instant,
    })
}

fn is_day(unit: &Expr) -> bool {
    matches!(unit.kind, ExprKind::Literal(Literal::Duration { us, .. }) if us == DAY_US)
}

/// Whether it is a timestamp of the rows, or one of them that an aggregate gives, here or in a feature that is read.
fn is_instant(expr: &Expr, row: &RowTypes, features: &[Feature]) -> bool {
    match &expr.kind {
        ExprKind::Column(id) => row.types.get(id.index()) == Some(&Some(Type::Timestamp)),
        ExprKind::Aggregate(call) => {
            let types = vec![Type::Timestamp; call.arguments.len()];
            let value = call.arguments.first().filter(|value| is_instant(value, row, features));
            value.is_some() && (call.aggregate.row().result)(&types) == Some(Type::Timestamp)
        }
        ExprKind::Feature(id) => feature(*id, features).is_some_and(|feature| {
            matches!(feature.value.kind, ExprKind::Aggregate(_)) && is_instant(&feature.value, row, features)
        }),
        _ => false,
    }
}

/// The declaration that makes a feature.
fn feature(id: FeatureId, features: &[Feature]) -> Option<&Feature> {
    let mut left = id.index();
    features.iter().find(|feature| match left.checked_sub(feature.width()) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    })
}
