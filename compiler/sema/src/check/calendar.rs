//! What is read of instants in UTC that files have in another zone.

use super::Context;
use super::transform::RowTypes;
use crate::errors;
use crate::infer::short;
use crate::res::{self, Expr, ExprKind, Feature, FeatureKind};
use featc_ir::calendar::DAY_US;
use featc_ir::{ColumnId, FeatureId, Function, ReadAs, Type};
use featc_syntax::ast::Literal;

/// Warns of the first window of days, or of longer periods, that says no zone, over rows whose event time is written in a zone that is
/// not UTC.
pub(super) fn warn_windows(file: &res::File, row: &RowTypes, features: &[Feature], context: &mut Context<'_>) {
    let Some(source) = row.source.map(|source| &file.sources[source.index()]) else {
        return;
    };
    let Some(zone) = source.time.and_then(|time| written_in(source, time.id)) else {
        return;
    };
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

/// The zone that is not UTC in which files have the instants of a column.
fn written_in(source: &res::Source, column: ColumnId) -> Option<&str> {
    let of_column = source
        .columns
        .get(column.index())
        .and_then(|column| match &column.form.read_as {
            Some(ReadAs::Date { zone }) => Some(zone),
            Some(ReadAs::Format { zone, .. }) => zone.as_ref(),
            Some(ReadAs::Epoch(_)) | None => None,
        });
    let zone = of_column.or(source.zone.as_ref())?;
    Some(zone.as_str()).filter(|zone| !is_utc(zone))
}

/// Whether a zone is UTC, under one of its names.
fn is_utc(zone: &str) -> bool {
    const NAMES: [&str; 9] = [
        "UTC",
        "UCT",
        "Universal",
        "Zulu",
        "GMT",
        "GMT0",
        "GMT+0",
        "GMT-0",
        "Greenwich",
    ];
    NAMES.contains(&zone.strip_prefix("Etc/").unwrap_or(zone))
}

/// Warns once about a part of the calendar, in UTC, of an instant of rows that files have in another zone. `features`: those that the
/// expressions may read.
pub(super) fn warn<'a>(
    file: &res::File,
    row: &RowTypes,
    features: &[Feature],
    exprs: impl Iterator<Item = &'a Expr>,
    context: &mut Context<'_>,
) {
    let Some(source) = row.source.map(|source| &file.sources[source.index()]) else {
        return;
    };
    let mut first = None;
    for expr in exprs {
        expr.walk(&mut |expr| {
            if let Some(read) = in_utc(expr).filter(|_| first.is_none()) {
                let column = instant(read.instant, row, features);
                let zone = column.and_then(|column| written_in(source, column));
                first = zone.map(|zone| (read, zone, expr.span));
            }
        });
    }
    if let Some((read, zone, at)) = first {
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

/// The timestamp of the rows that it is, or that an aggregate gives, here or in a feature that is read.
fn instant(expr: &Expr, row: &RowTypes, features: &[Feature]) -> Option<ColumnId> {
    match &expr.kind {
        ExprKind::Column(id) => Some(*id).filter(|id| row.types.get(id.index()) == Some(&Some(Type::Timestamp))),
        ExprKind::Aggregate(call) => {
            let types = vec![Type::Timestamp; call.arguments.len()];
            let value = call.arguments.first().and_then(|value| instant(value, row, features));
            value.filter(|_| (call.aggregate.row().result)(&types) == Some(Type::Timestamp))
        }
        ExprKind::Feature(id) => {
            let feature =
                feature(*id, features).filter(|feature| matches!(feature.value.kind, ExprKind::Aggregate(_)))?;
            instant(&feature.value, row, features)
        }
        _ => None,
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
