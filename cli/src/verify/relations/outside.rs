//! Events that no question sees: after the last question, and before all that the first one looks back at.

use super::super::case::Events;
use super::super::engines::Ground;
use super::super::sample::views_of;
use super::{Changed, drawn_rows};
use crate::report::counted;
use featc_ir::{Type, View};
use featr::Value;

/// Adds rows of the sources' own, moved so that the nearest they come is one microsecond.
pub fn add(ground: &Ground<'_>, changed: &mut Changed) -> Result<(), String> {
    let times = &changed.case.asked.times;
    let (Some(first), Some(last)) = (times.iter().min().copied(), times.iter().max().copied()) else {
        return Err("nothing is asked".to_owned());
    };
    let (mut after, mut before) = (0, 0);
    for events in changed.case.sources.iter_mut().filter(|events| !events.is_looked_into) {
        let rows = drawn_rows(ground, events);
        let later: Vec<_> = rows
            .iter()
            .filter_map(|row| moved(events, row, i128::from(last) + 1))
            .collect();
        let earlier: Vec<_> = match reach_us(ground, events) {
            Some(reach) => rows
                .iter()
                .filter_map(|row| moved(events, row, i128::from(first) - i128::from(reach)))
                .collect(),
            None => Vec::new(),
        };
        after += later.len();
        before += earlier.len();
        events.add(&later);
        events.add(&earlier);
    }
    changed.what = format!("{} after and {before} before", counted(after, "row"));
    match after + before {
        0 => Err("no source that is not looked into has rows".to_owned()),
        _ => Ok(()),
    }
}

/// How far before a question the source's own time of an event may lie that matters to it: the longest retention, and as
/// far as a transform may move an event. `None`: no bound is known.
fn reach_us(ground: &Ground<'_>, events: &Events) -> Option<u64> {
    let own: Vec<_> = views_of(ground)
        .into_iter()
        .filter(|(_, view)| ground.ir.view_source(view).name == events.source.name)
        .collect();
    let mut reach = 0;
    for (id, view) in own {
        let moved = moved_us(ground, view)?;
        for read in ground.service.reads().into_iter().filter(|read| read.view == id) {
            let retention = ground.ir.retention_us(view, read.feature)?;
            reach = reach.max(retention.checked_add(moved)?);
        }
    }
    Some(reach)
}

fn moved_us(ground: &Ground<'_>, view: &View) -> Option<u64> {
    match ground.ir.transform(view.transform).at {
        None => Some(0),
        Some(at) => at.within_us,
    }
}

/// The row with its timestamps moved together, so that its event time is the given one; `None` if one of them would leave
/// the range, or the row has no event time.
fn moved(events: &Events, row: &[Value], to_us: i128) -> Option<Vec<Value>> {
    let Value::Timestamp(time) = row[events.source.time.index()] else {
        return None;
    };
    let by = to_us - i128::from(time);
    let columns = events.source.columns.iter().zip(row);
    columns
        .map(|(column, value)| match value {
            Value::Timestamp(us) if column.ty == Type::Timestamp => {
                i64::try_from(i128::from(*us) + by).ok().map(Value::Timestamp)
            }
            other => Some(other.clone()),
        })
        .collect()
}
