//! From decoded rows of a source to keyed, lifted events: acceptance, arrival, transform.
//!
//! ```text
//! Batch ── accept ──▶ kept rows ── apply(RowSpec) ──▶ Keyed { rows, times, keys, poison, lifts }
//! ```
//!
//! Every decision is made on the record alone, so it is the same in both engines and for every batching.

use crate::column::{Batch, Column, Tag};
use crate::{eval, identity};
use featc_ir::plan::RowSpec;
use featc_ir::program::Step;
use featc_ir::{Arrival, ColumnId, Expr, Lateness, Source};
use std::borrow::Cow;

mod conflicts;
mod rejected;

pub use conflicts::{Conflicts, Part, conflicts};
pub use rejected::{Rejected, rejected};

/// Why a decoded row is not an event. The discriminants are the codes in [`Accepted::keep`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// The time column is null.
    NullTime = 1,
    /// The arrival column is null.
    NullArrival = 2,
    /// It arrived more than the source's `lateness` after its event time.
    Late = 3,
    /// Its event time lies more than the source's `skew` after its arrival.
    Ahead = 4,
}

impl Reason {
    /// All reasons, in the order of their codes.
    pub const ALL: [Reason; 4] = [Reason::NullTime, Reason::NullArrival, Reason::Late, Reason::Ahead];

    /// The word that run reports use.
    pub fn name(self) -> &'static str {
        match self {
            Reason::NullTime => "null_time",
            Reason::NullArrival => "null_arrival",
            Reason::Late => "late",
            Reason::Ahead => "ahead",
        }
    }

    /// The reason that a code in [`Accepted::keep`] stands for; `None` for 0, accepted.
    pub fn from_code(code: u8) -> Option<Reason> {
        Self::ALL.into_iter().find(|reason| *reason as u8 == code)
    }
}

/// The verdict on each row of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// One code per row: 0 accepted, else a [`Reason`].
    pub keep: Vec<u8>,
    /// Rows per code; `counts[0]` are the accepted ones.
    pub counts: [u64; 5],
}

impl Accepted {
    /// The accepted rows, in order.
    pub fn rows(&self) -> Vec<u32> {
        (0u32..)
            .zip(&self.keep)
            .filter(|(_, code)| **code == 0)
            .map(|(row, _)| row)
            .collect()
    }

    /// Whether nothing was rejected.
    pub fn all(&self) -> bool {
        self.counts[1..].iter().all(|count| *count == 0)
    }

    /// Rows rejected for a reason.
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts[reason as usize]
    }
}

/// Decides which rows of a source are events. The first reason that applies counts, in the order of [`Reason::ALL`].
/// A source with `lateness unbounded` rejects on null time and null arrival only.
pub fn accept(source: &Source, batch: &Batch) -> Accepted {
    let time = &batch.columns[source.time.index()];
    let times = time.i64s();
    let arrival = match source.arrival {
        Some(Arrival::Column(column)) => Some(&batch.columns[column.index()]),
        Some(Arrival::AfterTime { .. }) | None => None,
    };
    let arrivals = arrivals(source, batch);
    let mut keep = Vec::with_capacity(batch.rows);
    let mut counts = [0; 5];
    for row in 0..batch.rows {
        let code = if !time.is_valid(row) {
            Reason::NullTime as u8
        } else if arrival.is_some_and(|column| !column.is_valid(row)) {
            Reason::NullArrival as u8
        } else {
            match (source.lateness, &arrivals) {
                (Lateness::Unbounded, _) | (Lateness::Within { .. }, None) => 0,
                (Lateness::Within { bound_us }, Some(arrivals)) => {
                    in_time(times[row], arrivals[row], bound_us, source.skew_us)
                }
            }
        };
        counts[usize::from(code)] += 1;
        keep.push(code);
    }
    Accepted { keep, counts }
}

/// 0 or the code of the reason, for a row with time and arrival. The difference is taken in 128 bits: it cannot wrap.
fn in_time(time_us: i64, arrival_us: i64, bound_us: u64, skew_us: u64) -> u8 {
    let delay = i128::from(arrival_us) - i128::from(time_us);
    if delay > i128::from(bound_us) {
        Reason::Late as u8
    } else if -delay > i128::from(skew_us) {
        Reason::Ahead as u8
    } else {
        0
    }
}

/// The arrival time of each row in microseconds, or `None` when the source has no arrival. The value of a row whose
/// time or arrival is null is unspecified (such rows are rejected). `time + offset` stops at the greatest timestamp.
pub fn arrivals(source: &Source, batch: &Batch) -> Option<Vec<i64>> {
    match source.arrival? {
        Arrival::Column(column) => Some(batch.columns[column.index()].i64s().to_vec()),
        Arrival::AfterTime { offset_us } => Some(
            batch.columns[source.time.index()]
                .i64s()
                .iter()
                .map(|time| time.saturating_add_unsigned(offset_us))
                .collect(),
        ),
    }
}

/// The digest of every row of a source: [`identity::digests`] without the arrival column.
pub fn digests(source: &Source, batch: &Batch) -> Vec<u128> {
    let names: Vec<&str> = source.columns.iter().map(|column| column.name.as_str()).collect();
    let except = match source.arrival {
        Some(Arrival::Column(column)) => Some(column),
        Some(Arrival::AfterTime { .. }) | None => None,
    };
    identity::digests(batch, &names, except)
}

/// Rows that a transform and key dropped, by reason. `filtered` is not a rejection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// A `where` was false or null.
    pub filtered: u64,
    /// The transform's event time is null.
    pub null_time: u64,
    /// The transform's event time is an error.
    pub error_time: u64,
    /// A key column is null.
    pub null_key: u64,
    /// A key column is an error.
    pub error_key: u64,
}

impl Dropped {
    /// Adds the counts of another batch.
    pub fn add(&mut self, other: &Dropped) {
        self.filtered += other.filtered;
        self.null_time += other.null_time;
        self.error_time += other.error_time;
        self.null_key += other.null_key;
        self.error_key += other.error_key;
    }
}

/// Keyed, lifted events in the order of their source rows; every column has `rows.len()` rows.
#[derive(Debug, Clone)]
pub struct Keyed {
    /// The row of the input batch that each comes from, ascending.
    pub rows: Vec<u32>,
    /// Event times τ of the transform, in microseconds.
    pub times: Vec<i64>,
    /// Key columns, all valid, in the entity's order.
    pub keys: Vec<Column>,
    /// One [`Tag`] per row, as in `Events::poison`.
    pub poison: Option<Vec<u8>>,
    /// The lifts, in the order of the spec.
    pub lifts: Vec<Column>,
    pub dropped: Dropped,
}

/// Applies a transform, key and lifts to accepted source rows.
///
/// A `where` that is false or null drops the row, also a poisoned one; one that is an error poisons the row (of
/// several the least code). Then a row whose time, or else a key column (in order), is null or an error is dropped and counted.
pub fn apply(spec: &RowSpec, batch: &Batch) -> Keyed {
    let mut work = Work::new(spec, batch);
    for (position, step) in spec.steps.iter().enumerate() {
        match step {
            Step::Where(expr) => {
                let verdict = work.eval(expr);
                work.keep_true(&verdict, &needed_after(spec, position + 1));
            }
            Step::Let(expr) => {
                let column = work.eval(expr);
                work.batch.to_mut().columns.push(column);
            }
        }
    }
    let time = work.eval(&spec.time);
    let kept = work.keep_keyed(spec, &time);
    let time = if kept.len() == work.rows.len() {
        time
    } else {
        time.take(&kept)
    };
    work.retain(&kept, &needed_after(spec, spec.steps.len()));
    let keys = spec
        .key
        .iter()
        .map(|id| work.batch.columns[id.index()].clone())
        .collect();
    let lifts = spec.lifts.iter().map(|lift| work.eval(lift)).collect();
    let poison = work.poison.filter(|poison| poison.iter().any(|tag| *tag != Tag::VALID));
    Keyed {
        rows: work.rows,
        times: time.i64s().to_vec(),
        keys,
        poison,
        lifts,
        dropped: work.dropped,
    }
}

/// Rows on their way through the steps. Columns that nothing reads any more are left empty by [`Work::retain`].
struct Work<'a> {
    batch: Cow<'a, Batch>,
    rows: Vec<u32>,
    poison: Option<Vec<u8>>,
    dropped: Dropped,
}

impl<'a> Work<'a> {
    fn new(spec: &RowSpec, batch: &'a Batch) -> Work<'a> {
        let rows = (0..u32::try_from(batch.rows).expect("fewer than 2^32 rows in a batch")).collect();
        let lets = spec.steps.iter().any(|step| matches!(step, Step::Let(_)));
        let batch = if lets {
            // Lets append columns: own those that are read, and nothing else.
            let needed = needed_after(spec, 0);
            let columns = (0..).zip(&batch.columns);
            let columns = columns.map(|(id, column)| {
                if needed.contains(&id) {
                    column.clone()
                } else {
                    hollow(column)
                }
            });
            Cow::Owned(Batch {
                rows: batch.rows,
                columns: columns.collect(),
            })
        } else {
            Cow::Borrowed(batch)
        };
        Work {
            batch,
            rows,
            poison: None,
            dropped: Dropped::default(),
        }
    }

    fn eval(&self, expr: &Expr) -> Column {
        eval::eval(expr, &self.batch)
    }

    fn keep_true(&mut self, verdict: &Column, needed: &[u32]) {
        let rows = self.rows.len();
        let mut kept = Vec::with_capacity(rows);
        for (position, row) in (0u32..).zip(0..rows) {
            let tag = verdict.tag(row);
            if tag == Tag::VALID {
                if verdict.is_true(row) {
                    kept.push(position);
                }
            } else if Tag::as_error(tag).is_some() {
                kept.push(position);
                let poison = self.poison.get_or_insert_with(|| vec![Tag::VALID; rows]);
                poison[row] = if poison[row] == Tag::VALID {
                    tag
                } else {
                    poison[row].min(tag)
                };
            }
        }
        self.dropped.filtered += (rows - kept.len()) as u64;
        self.retain(&kept, needed);
    }

    /// The positions whose time and keys are valid; the others are counted.
    fn keep_keyed(&mut self, spec: &RowSpec, time: &Column) -> Vec<u32> {
        let dropped = &mut self.dropped;
        let keys: Vec<&Column> = spec.key.iter().map(|id| &self.batch.columns[id.index()]).collect();
        let mut kept = Vec::with_capacity(self.rows.len());
        for (position, row) in (0u32..).zip(0..self.rows.len()) {
            let time = time.tag(row);
            let key = keys.iter().map(|key| key.tag(row)).find(|tag| *tag != Tag::VALID);
            match (time, key) {
                (Tag::VALID, None) => kept.push(position),
                (Tag::VALID, Some(Tag::NULL)) => dropped.null_key += 1,
                (Tag::VALID, Some(_)) => dropped.error_key += 1,
                (Tag::NULL, _) => dropped.null_time += 1,
                (_, _) => dropped.error_time += 1,
            }
        }
        kept
    }

    fn retain(&mut self, kept: &[u32], needed: &[u32]) {
        if kept.len() == self.rows.len() {
            return;
        }
        let columns = (0..).zip(&self.batch.columns);
        let columns = columns.map(|(id, column)| {
            if needed.contains(&id) {
                column.take(kept)
            } else {
                hollow(column)
            }
        });
        self.batch = Cow::Owned(Batch {
            rows: kept.len(),
            columns: columns.collect(),
        });
        self.rows = kept.iter().map(|position| self.rows[*position as usize]).collect();
        if let Some(poison) = &mut self.poison {
            *poison = kept.iter().map(|position| poison[*position as usize]).collect();
        }
    }
}

/// The columns that the steps from `position` on, the time, the key and the lifts read; sorted.
fn needed_after(spec: &RowSpec, position: usize) -> Vec<u32> {
    let mut needed: Vec<u32> = spec.key.iter().map(|id| id.0).collect();
    let mut note = |id: ColumnId| needed.push(id.0);
    for step in &spec.steps[position..] {
        match step {
            Step::Where(expr) | Step::Let(expr) => expr.for_each_column(&mut note),
        }
    }
    spec.time.for_each_column(&mut note);
    spec.lifts.iter().for_each(|lift| lift.for_each_column(&mut note));
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// Stands for a column that nothing reads.
fn hollow(column: &Column) -> Column {
    Column::empty(column.ty)
}

#[cfg(test)]
mod tests;
