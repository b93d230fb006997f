//! Why a row is in no window of a feature, to explain an answer.

use crate::source::{Event, SourceEvent, ViewEvents};

/// Why an accepted row of a source, which its view does not reject, is in no window of a feature. The first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// It is equal to another row but for its arrival.
    Copy,
    /// A `where` of the transform is not true of it, or its event time or a key is null.
    LeftOut,
    /// It is of another entity.
    OtherEntity,
    /// It had not arrived. Of a source with arrivals when it does, in microseconds since the epoch.
    NotArrived(Option<i64>),
    /// It happens after the question, then.
    Later(i64),
    /// Of windows that end at the question: it lies on the left edge of one.
    OnLeftEdge,
    /// The window excludes it.
    Excluded,
    /// It lies outside of all windows.
    Outside,
}

/// Of accepted rows those that are in no window, by their positions; `of_event` says it of an event of the view.
pub(crate) fn absent(
    accepted: &[usize],
    events: &[SourceEvent],
    of_view: &ViewEvents,
    of_event: impl Fn(&Event) -> Option<Absent>,
) -> Vec<(usize, Absent)> {
    let of_row = |row: usize| {
        if !events.iter().any(|event| event.source_row == row) {
            return Some(Absent::Copy);
        }
        let mut known = of_view.by_entity.values().flatten();
        known
            .find(|event| event.source_row == row)
            .map_or(Some(Absent::LeftOut), &of_event)
    };
    let is_rejected = |row: &usize| of_view.rejected.iter().any(|(rejected, _)| rejected == row);
    let rows = accepted.iter().copied().filter(|row| !is_rejected(row));
    rows.filter_map(|row| Some((row, of_row(row)?))).collect()
}
