//! The source stage: from decoded rows to the events of a view (semantics §1 and §3).
//!
//! ```text
//! rows ─accept─▶ accepted rows ─copies─▶ events of the source ─where, let, at─▶ transform(S) ─key, lift─▶ events by entity
//! ```

use featc_ir::{Arrival, ColumnId, ErrorCode, Lateness, Source, Step, Transform, View};
use featr_kernels::eval::eval_row_slow;
use featr_kernels::{Batch, Value, identity};
use std::collections::BTreeMap;

/// Why a row is rejected before it can become an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejected {
    /// No event time.
    NullTime,
    /// The source has an arrival column, and it is null.
    NullArrival,
    /// `α − τ > lateness`.
    Late,
    /// `τ − α > skew`.
    Ahead,
}

/// An event of a source: an accepted row, standing for all its accepted copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceEvent {
    pub batch: usize,
    /// In the batch.
    pub row: usize,
    /// Among all rows of the source.
    pub source_row: usize,
    /// α: the least arrival of the accepted copies, in microseconds since the epoch; `None` without arrival.
    pub arrival_us: Option<i64>,
    /// The row digest, which orders events of one time and one id.
    pub digest: u128,
}

/// An event as a view sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Among all rows of the source.
    pub source_row: usize,
    /// τ, in microseconds since the epoch.
    pub time_us: i64,
    /// α, in microseconds since the epoch; `None` without arrival.
    pub arrival_us: Option<i64>,
    /// The `unique` columns.
    pub id: Vec<Value>,
    pub digest: u128,
    /// The least error of the `where` steps that failed.
    pub poison: Option<ErrorCode>,
    /// The view's lifts.
    pub lifts: Vec<Value>,
}

impl Event {
    /// What orders the events of an entity: `(τ, id, digest)`. Total, because two events equal in all three are one.
    pub fn order(&self) -> (i64, &[Value], u128) {
        (self.time_us, &self.id, self.digest)
    }
}

/// The events of a view, by the values of the entity's keys.
#[derive(Debug, Clone, Default)]
pub struct ViewEvents {
    pub by_entity: BTreeMap<Vec<Value>, Vec<Event>>,
}

/// The arrival of a row, in microseconds since the epoch: `Ok(None)` for a source without arrival and for
/// one whose rows never change, an error where the
/// column it comes from is null. `time + offset` stops at the greatest timestamp.
pub fn arrival(source: &Source, row: &[Value]) -> Result<Option<i64>, Rejected> {
    match source.arrival {
        None | Some(Arrival::Static) => Ok(None),
        Some(Arrival::Column(column)) => timestamp(&row[column.index()]).map(Some).ok_or(Rejected::NullArrival),
        Some(Arrival::AfterTime { offset_us }) => {
            let time_us = timestamp(&row[source.time.index()]).ok_or(Rejected::NullTime)?;
            Ok(Some(time_us.saturating_add_unsigned(offset_us)))
        }
    }
}

/// Decides on the record alone: accept iff `α − τ ≤ L` and `τ − α ≤ skew`, with τ the source's time column. Under
/// `lateness unbounded`, and in a source without arrival, neither is asked. Gives α.
pub fn accept(source: &Source, row: &[Value]) -> Result<Option<i64>, Rejected> {
    let time_us = timestamp(&row[source.time.index()]).ok_or(Rejected::NullTime)?;
    let arrival_us = arrival(source, row)?;
    if let (Lateness::Within { bound_us }, Some(arrival_us)) = (source.lateness, arrival_us) {
        let lag_us = i128::from(arrival_us) - i128::from(time_us);
        if lag_us > i128::from(bound_us) {
            return Err(Rejected::Late);
        }
        if -lag_us > i128::from(source.skew_us) {
            return Err(Rejected::Ahead);
        }
    }
    Ok(arrival_us)
}

/// What two copies of an event have in common: all columns except the arrival. An arrival column that is also the
/// event time or part of the identity is no mere arrival, and counts.
fn content(source: &Source, row: &[Value]) -> Vec<Value> {
    let skipped = match source.arrival {
        Some(Arrival::Column(column)) if column != source.time && !source.unique.contains(&column) => Some(column),
        Some(Arrival::Column(_) | Arrival::AfterTime { .. } | Arrival::Static) | None => None,
    };
    let counts = |(position, _): &(usize, &Value)| skipped.is_none_or(|column| column.index() != *position);
    row.iter()
        .enumerate()
        .filter(counts)
        .map(|(_, value)| value.clone())
        .collect()
}

/// The events of a source: rows that are accepted, copies counted once, with the least arrival among the accepted
/// copies. The row of that copy stands for the event.
pub fn events(source: &Source, batches: &[Batch]) -> Vec<SourceEvent> {
    // Equality of copies is decided on their contents; the digest only says which rows are worth comparing.
    let mut found: BTreeMap<u128, Vec<(Vec<Value>, SourceEvent)>> = BTreeMap::new();
    let mut source_row = 0;
    for (batch, rows) in batches.iter().enumerate() {
        let digests = digests(source, rows);
        for (row, digest) in digests.into_iter().enumerate() {
            let values = rows.row(row);
            if let Ok(arrival_us) = accept(source, &values) {
                let event = SourceEvent {
                    batch,
                    row,
                    source_row,
                    arrival_us,
                    digest,
                };
                let content = content(source, &values);
                let alike = found.entry(digest).or_default();
                match alike.iter_mut().find(|(known, _)| *known == content) {
                    Some((_, known)) if event.arrival_us < known.arrival_us => *known = event,
                    Some(_) => {}
                    None => alike.push((content, event)),
                }
            }
            source_row += 1;
        }
    }
    found.into_values().flatten().map(|(_, event)| event).collect()
}

/// The digest of every row, over all columns except the arrival.
fn digests(source: &Source, rows: &Batch) -> Vec<u128> {
    let names: Vec<&str> = source.columns.iter().map(|column| column.name.as_str()).collect();
    let except = match source.arrival {
        Some(Arrival::Column(column)) => Some(column),
        Some(Arrival::AfterTime { .. } | Arrival::Static) | None => None,
    };
    identity::digests(rows, &names, except)
}

/// Transform, key and lift the events of a source for a view.
pub fn view_events(
    view: &View,
    transform: &Transform,
    source: &Source,
    batches: &[Batch],
    events: &[SourceEvent],
) -> ViewEvents {
    let mut by_entity: BTreeMap<Vec<Value>, Vec<Event>> = BTreeMap::new();
    for event in events {
        let values = batches[event.batch].row(event.row);
        let id = source
            .unique
            .iter()
            .map(|column| values[column.index()].clone())
            .collect();
        let Some(Transformed { row, time_us, poison }) = transformed(transform, values) else {
            continue;
        };
        let Some(entity) = key(&view.key, &row) else { continue };
        let lifts = view.lifts.iter().map(|lift| eval_row_slow(lift, &row)).collect();
        let SourceEvent {
            source_row,
            arrival_us,
            digest,
            ..
        } = *event;
        let event = Event {
            source_row,
            time_us,
            arrival_us,
            id,
            digest,
            poison,
            lifts,
        };
        by_entity.entry(entity).or_default().push(event);
    }
    for events in by_entity.values_mut() {
        events.sort_by(|left, right| left.order().cmp(&right.order()));
    }
    ViewEvents { by_entity }
}

/// A row of a transform.
struct Transformed {
    /// The source's columns, then the lets.
    row: Vec<Value>,
    time_us: i64,
    poison: Option<ErrorCode>,
}

/// The row after all steps, or `None` when it is filtered out or has no event time. A `where` keeps rows for which it is
/// true, and rows for which it is an error, which it poisons (the least of several errors names it); a row for which any
/// `where` is false or null is out, poisoned or not.
fn transformed(transform: &Transform, source_row: Vec<Value>) -> Option<Transformed> {
    let mut row = source_row;
    let mut poison = None;
    for step in &transform.steps {
        match step {
            Step::Where(condition) => {
                let verdict = eval_row_slow(condition, &row);
                if let Some(code) = verdict.as_error() {
                    poison = Some(poison.map_or(code, |known: ErrorCode| known.min(code)));
                } else if verdict != Value::Bool(true) {
                    return None;
                }
            }
            Step::Let(expr) => {
                let value = eval_row_slow(expr, &row);
                row.push(value);
            }
        }
    }
    let time_us = timestamp(&eval_row_slow(&transform.time, &row))?;
    Some(Transformed { row, time_us, poison })
}

/// The key values, or `None` when one of them is null or an error: the event does not count for the view.
fn key(columns: &[ColumnId], row: &[Value]) -> Option<Vec<Value>> {
    columns
        .iter()
        .map(|column| Some(row[column.index()].clone()).filter(Value::is_valid))
        .collect()
}

fn timestamp(value: &Value) -> Option<i64> {
    if let Value::Timestamp(us) = value {
        Some(*us)
    } else {
        None
    }
}
