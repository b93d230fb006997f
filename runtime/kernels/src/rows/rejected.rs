//! Rows that are not events, in words.

use super::{Accepted, Reason, arrivals};
use crate::column::Batch;
use crate::value::render_duration;
use featc_ir::{ColumnId, Lateness, ReadAs, Source};

/// A decoded row that is not an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its row in the batch.
    pub row: usize,
    pub reason: Reason,
    /// The reason in words, with the numbers of this row.
    pub detail: String,
    /// Where it is too late or too far ahead.
    pub instants: Option<Instants>,
}

/// When an event was, and when it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instants {
    pub time_us: i64,
    pub arrival_us: i64,
    /// Whether the arrival is a date in the files, and so the first instant of its day.
    pub is_of_a_day: bool,
}

/// The first `most` rows that `verdict` (of [`super::accept`], on the same batch) rejects, in order.
pub fn rejected(source: &Source, batch: &Batch, verdict: &Accepted, most: usize) -> Vec<Rejected> {
    if verdict.all() || most == 0 {
        return vec![];
    }
    let times = batch.column(source.time).i64s();
    let arrivals = arrivals(source, batch);
    let form = source
        .arrival_column()
        .map(|column| &source.columns[column.index()].form);
    let is_of_a_day = form
        .and_then(|form| form.read_as.as_ref())
        .is_some_and(ReadAs::is_of_days);
    let reasons = verdict.keep.iter().map(|code| Reason::from_code(*code)).enumerate();
    let rows = reasons.filter_map(|(row, reason)| reason.map(|reason| (row, reason)));
    rows.take(most)
        .map(|(row, reason)| {
            let arrival = arrivals.as_ref().map(|arrivals| arrivals[row]);
            let has_both = matches!(reason, Reason::Late | Reason::Ahead);
            Rejected {
                row,
                reason,
                detail: words(source, reason, times[row], arrival),
                instants: arrival.filter(|_| has_both).map(|arrival_us| Instants {
                    time_us: times[row],
                    arrival_us,
                    is_of_a_day,
                }),
            }
        })
        .collect()
}

/// Why a row is not an event.
fn words(source: &Source, reason: Reason, time_us: i64, arrival_us: Option<i64>) -> String {
    let name = |id: ColumnId| &source.columns[id.index()].name;
    let late_us = arrival_us.and_then(|arrival| arrival.checked_sub(time_us));
    match (reason, late_us) {
        (Reason::NullTime, _) => format!("`{}` is null", name(source.time)),
        (Reason::NullArrival, _) => match source.arrival_column() {
            Some(column) => format!("`{}` is null", name(column)),
            None => "it has no arrival".into(),
        },
        (Reason::Late, Some(late_us)) => {
            let bound = match source.lateness {
                Lateness::Within { bound_us } => render_duration(i64::try_from(bound_us).unwrap_or(i64::MAX)),
                Lateness::Unbounded => "any time".into(),
            };
            format!(
                "arrived {} after its event time; at most {bound} is accepted",
                render_duration(late_us)
            )
        }
        (Reason::Ahead, Some(late_us)) => {
            let skew = render_duration(i64::try_from(source.skew_us).unwrap_or(i64::MAX));
            let ahead = render_duration(late_us.saturating_neg());
            format!("its event time is {ahead} after its arrival; at most {skew} is accepted")
        }
        (Reason::Late | Reason::Ahead, None) => "its arrival is too far from its event time".into(),
    }
}
