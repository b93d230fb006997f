//! The source stage: from decoded rows to the events of a view (semantics §1 and §3).
//!
//! ```text
//! rows ─accept─▶ accepted rows ─copies─▶ events of the source ─where, let, at─▶ transform(S) ─key, lift─▶ events by entity
//! ```

use crate::expression::eval_row;
use featc_ir::{Arrival, ColumnId, ErrorCode, Expr, Lateness, Source, Step, Transform, View};
use featr_kernels::{Batch, Value, identity};
use std::collections::BTreeMap;

/// Why a row is rejected: by its source, before it can become an event, or by a view, for which it then is none.
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
    /// By a view: the event time of its transform lies before the source's.
    AtBeforeTime,
    /// By a view: the event time of its transform lies later than the source's by more than the transform allows.
    AtTooFar,
    /// By a view: a key column is an error, and none is null.
    KeyError,
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
    /// The greatest instant at which it looks into a table with versions, in microseconds since the epoch.
    pub looked_up_us: Option<i64>,
    /// The `unique` columns.
    pub id: Vec<Value>,
    pub digest: u128,
    /// The least error of the `where` steps, and of the event time, that failed.
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
    /// Events of the source that the view rejects: their rows among all rows of the source.
    pub rejected: Vec<(usize, Rejected)>,
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

/// The rows that are accepted, copies and all, by their positions among all rows.
pub fn accepted(source: &Source, batches: &[Batch]) -> Vec<usize> {
    let rows = batches.iter().flat_map(|rows| (0..rows.rows).map(|row| rows.row(row)));
    let accepted = rows.enumerate().filter(|(_, row)| accept(source, row).is_ok());
    accepted.map(|(place, _)| place).collect()
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
    let mut rejected = Vec::new();
    for event in events {
        let values = batches[event.batch].row(event.row);
        let id = source
            .unique
            .iter()
            .map(|column| values[column.index()].clone())
            .collect();
        let keyed = transformed(transform, values).and_then(|row| Ok((key(&view.key, &row.row)?, row)));
        let (entity, row) = match keyed {
            Ok(keyed) => keyed,
            Err(Out::DoesNotCount) => continue,
            Err(Out::Rejected(reason)) => {
                rejected.push((event.source_row, reason));
                continue;
            }
        };
        let Transformed {
            row,
            time_us,
            looked_up_us,
            poison,
        } = row;
        let lifts = view.lifts.iter().map(|lift| eval_row(lift, &row)).collect();
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
            looked_up_us,
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
    ViewEvents { by_entity, rejected }
}

/// Why an event of the source is none of the view.
enum Out {
    /// A `where` is false or null, or the event time or a key is null.
    DoesNotCount,
    Rejected(Rejected),
}

/// A row of a transform.
struct Transformed {
    /// The source's columns, then the lets.
    row: Vec<Value>,
    time_us: i64,
    /// As [`Event::looked_up_us`].
    looked_up_us: Option<i64>,
    poison: Option<ErrorCode>,
}

/// The row after all steps. A `where` keeps rows for which it is true, and rows for which it is an error, which it
/// poisons; a row for which any `where` is false or null is out, poisoned or not. An event time that is an error poisons
/// the row too, which stays at the source's time. The least of several errors names the poison.
fn transformed(transform: &Transform, source_row: Vec<Value>) -> Result<Transformed, Out> {
    let mut row = source_row;
    let mut errors = Vec::new();
    let mut looked_up_us = None;
    for step in &transform.steps {
        let (Step::Where(expr) | Step::Let(expr)) = step;
        looked_up_us = looked_up_us.max(last_lookup(expr, &row));
        match step {
            Step::Where(condition) => match eval_row(condition, &row) {
                Value::Bool(true) => {}
                Value::Error(code) => errors.push(code),
                _ => return Err(Out::DoesNotCount),
            },
            Step::Let(expr) => {
                let value = eval_row(expr, &row);
                row.push(value);
            }
        }
    }
    looked_up_us = looked_up_us.max(last_lookup(&transform.time, &row));
    let mut time = eval_row(&transform.time, &row);
    if let Some(at) = &transform.at {
        let source_time = row[at.source_time.index()].clone();
        if let Some(code) = time.as_error() {
            errors.push(code);
            time = source_time.clone();
        }
        if let (Value::Timestamp(time_us), Value::Timestamp(source_us)) = (&time, &source_time) {
            let moved_us = i128::from(*time_us) - i128::from(*source_us);
            if moved_us < 0 {
                return Err(Out::Rejected(Rejected::AtBeforeTime));
            }
            if at.within_us.is_some_and(|within_us| moved_us > i128::from(within_us)) {
                return Err(Out::Rejected(Rejected::AtTooFar));
            }
        }
    }
    let time_us = timestamp(&time).ok_or(Out::DoesNotCount)?;
    let poison = errors.into_iter().min();
    Ok(Transformed {
        row,
        time_us,
        looked_up_us,
        poison,
    })
}

/// The greatest instant at which an expression looks into a table with versions.
fn last_lookup(expr: &Expr, row: &[Value]) -> Option<i64> {
    let mut last = None;
    expr.lookup_instants(&mut |instant| last = last.max(timestamp(&eval_row(instant, row))));
    last
}

/// The key values. A null among them: the event does not count for the view; else an error among them: it is rejected.
fn key(columns: &[ColumnId], row: &[Value]) -> Result<Vec<Value>, Out> {
    let values: Vec<Value> = columns.iter().map(|column| row[column.index()].clone()).collect();
    if values.iter().any(Value::is_null) {
        return Err(Out::DoesNotCount);
    }
    if values.iter().any(|value| value.as_error().is_some()) {
        return Err(Out::Rejected(Rejected::KeyError));
    }
    Ok(values)
}

fn timestamp(value: &Value) -> Option<i64> {
    if let Value::Timestamp(us) = value {
        Some(*us)
    } else {
        None
    }
}
