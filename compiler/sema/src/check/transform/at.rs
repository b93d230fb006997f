//! What is known of an `at` before any row is seen: whether it may lie before the source's time, and how much later.

use super::{Context, RowTypes};
use crate::errors;
use crate::res;
use featc_ir::{At, ExprKind, shift};

/// Sets the bounds of the row's event time where the transform says `at`, and tells what is wrong with them.
pub(super) fn check(file: &res::File, transform: &res::Transform, row: &mut RowTypes, context: &mut Context<'_>) {
    let (Some(written), Some(time), Some(source)) = (&transform.at, &row.time, row.source) else {
        return;
    };
    let source = &file.sources[source.index()];
    let Some(source_time) = source.time.map(|time| time.id) else {
        return;
    };
    row.at = None;
    if time.kind == ExprKind::Column(source_time) {
        return;
    }
    // A step that is broken has been reported; what is known without it is no less true.
    let is_whole = row.steps.iter().all(Option::is_some);
    let known = shift::shift(source.columns.len(), source_time, row.steps.iter().flatten(), time);
    let declared = transform.within.map(|(us, _)| us);
    // A time that is always earlier is refused below.
    let greatest = known.greatest.and_then(|us| u64::try_from(us).ok());
    let within_us = declared.into_iter().chain(greatest).min();
    row.at = Some(At { source_time, within_us });
    if !is_whole {
        return;
    }
    let text = context.texts.slice(written.span);
    if known.greatest.is_some_and(|us| us < 0) {
        let time = &source.columns[source_time.index()].name;
        context.push(errors::moved_back(text, time, written.span));
    } else if let (Some(least), Some((us, at))) = (known.least, transform.within)
        && least > i128::from(us)
    {
        context.push(errors::moved_too_far(
            text,
            i64::try_from(least).unwrap_or(i64::MAX),
            at,
        ));
    } else if source.begins_us.is_some() && within_us.is_none() {
        context.push(errors::unbounded_move(
            text,
            &source.declared.name,
            written.span,
            source.declared.at,
        ));
    } else if declared.is_none() && known.least.is_none_or(|us| us < 0) && !reads_arrival(source, written) {
        let time = &source.columns[source_time.index()].name;
        context.push(errors::may_move_back(text, time, written.span));
    }
}

/// Whether it names the arrival, which is refused.
fn reads_arrival(source: &res::Source, written: &res::Expr) -> bool {
    let Some(res::Arrival::Column(arrival)) = source.arrival else {
        return false;
    };
    let mut reads = false;
    written.walk(&mut |expr| reads |= matches!(expr.kind, res::ExprKind::Column(id) if id == arrival.id));
    reads
}
