//! From decoded rows of a source to keyed, lifted events: acceptance, arrival, transform.
//!
//! ```text
//! Batch ── accept ──▶ kept rows ── apply(RowSpec) ──▶ Keyed { rows, times, keys, poison, lifts }
//! ```
//!
//! Every decision is made on the record alone, so it is the same in both engines and for every batching.

use crate::column::{Batch, Column, Data, Tag};
use crate::eval::Sought;
use crate::{eval, identity};
use featc_ir::plan::RowSpec;
use featc_ir::program::Step;
use featc_ir::{At, ColumnId, Expr, ExprKind, Source};
use std::borrow::Cow;

mod accepted;
mod conflicts;
mod copies;
mod rejected;
mod view;

pub use accepted::{Accepted, Reason, accept, arrivals, known, lookup_instants};
pub use conflicts::{Conflicts, Part, conflicts, readable_id};
pub use copies::{Copies, cell_hash};
pub use rejected::{Instants, Rejected, rejected};
pub use view::{ViewReason, ViewRejected, can_reject};

/// The digest of every row of a source: [`identity::digests`] without the arrival column.
pub fn digests(source: &Source, batch: &Batch) -> Vec<u128> {
    let names: Vec<&str> = source.columns.iter().map(|column| column.name.as_str()).collect();
    identity::digests(batch, &names, source.arrival_column())
}

/// Rows that a transform and key dropped, by reason. The last three are rejections, see [`ViewReason`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// A `where` was false or null.
    pub filtered: u64,
    /// The transform's event time is null.
    pub null_time: u64,
    /// A key column is null.
    pub null_key: u64,
    /// The transform's event time lies before the source's.
    pub at_before_time: u64,
    /// The transform's event time lies too long after the source's.
    pub at_too_far: u64,
    /// A key column is an error, and none is null.
    pub key_error: u64,
}

impl Dropped {
    /// Adds the counts of another batch.
    pub fn add(&mut self, other: &Dropped) {
        self.filtered += other.filtered;
        self.null_time += other.null_time;
        self.null_key += other.null_key;
        self.at_before_time += other.at_before_time;
        self.at_too_far += other.at_too_far;
        self.key_error += other.key_error;
    }

    /// How many rows were rejected, by reason.
    pub fn rejected(&self) -> [(ViewReason, u64); 3] {
        ViewReason::ALL.map(|reason| {
            let count = match reason {
                ViewReason::AtBeforeTime => self.at_before_time,
                ViewReason::AtTooFar => self.at_too_far,
                ViewReason::KeyError => self.key_error,
            };
            (reason, count)
        })
    }

    /// All rows that are counted here.
    pub fn total(&self) -> u64 {
        let rejected: u64 = self.rejected().iter().map(|(_, count)| count).sum();
        self.filtered + self.null_time + self.null_key + rejected
    }

    fn reject(&mut self, reason: ViewReason) {
        *match reason {
            ViewReason::AtBeforeTime => &mut self.at_before_time,
            ViewReason::AtTooFar => &mut self.at_too_far,
            ViewReason::KeyError => &mut self.key_error,
        } += 1;
    }
}

/// Keyed, lifted events in the order of their source rows; every column has `rows.len()` rows.
#[derive(Debug, Clone)]
pub struct Keyed<'a> {
    /// The row of the input batch that each comes from, ascending.
    pub rows: Vec<u32>,
    /// Event times τ of the transform, in microseconds.
    pub times: Vec<i64>,
    /// Key columns, all valid, in the entity's order.
    pub keys: Vec<Cow<'a, Column>>,
    /// One [`Tag`] per row, as in `Events::poison`.
    pub poison: Option<Vec<u8>>,
    /// The lifts, in the order of the spec.
    pub lifts: Vec<Column>,
    pub dropped: Dropped,
    /// The rows among them that are rejected, in order.
    pub rejected: Vec<ViewRejected>,
    /// What the lookups of the steps and the event time found, in the order of [`featc_ir::table::lookups`].
    pub sought: Vec<Sought>,
}

/// Applies a transform, key and lifts to accepted source rows.
///
/// A `where` that is false or null drops the row, also a poisoned one; one that is an error poisons the row (of
/// several the least code). An event time that is an error does so too: the row stays at the source's time. Then a row
/// whose time is null, whose time is out of place, that has a null among its keys, or an error, is dropped and counted,
/// the first of these.
pub fn apply<'a>(spec: &RowSpec, batch: &'a Batch) -> Keyed<'a> {
    let mut work = Work::new(spec, Cow::Borrowed(batch));
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
    let in_lifts = |id: ColumnId, from: usize| spec.lifts[from..].iter().any(|lift| reads(lift, id));
    let own = |id: ColumnId| spec.at.is_some_and(|at| at.source_time == id);
    let mut time = work.carry(&spec.time, |id| own(id) || spec.key.contains(&id) || in_lifts(id, 0));
    if let Some(at) = spec.at {
        work.settle_time(at, &mut time);
    }
    if let Some(kept) = work.keep_keyed(spec, &time) {
        time = time.take(&kept);
        work.retain(&kept, &carried(spec));
    }
    let keys = spec.key.iter().enumerate().map(|(at, id)| {
        let again = spec.key[at + 1..].contains(id) || in_lifts(*id, 0);
        match work.batch {
            Cow::Borrowed(batch) => Cow::Borrowed(batch.column(*id)),
            Cow::Owned(_) => Cow::Owned(work.column(*id, again)),
        }
    });
    let keys = keys.collect();
    let lifts = spec.lifts.iter().enumerate();
    let lifts = lifts
        .map(|(at, lift)| work.carry(lift, |id| in_lifts(id, at + 1)))
        .collect();
    let poison = work.poison.filter(|poison| poison.iter().any(|tag| *tag != Tag::VALID));
    let Data::I64(times) = time.data else {
        unreachable!("an integer column, not {}", time.ty)
    };
    Keyed {
        rows: work.rows,
        times,
        keys,
        poison,
        lifts,
        dropped: work.dropped,
        rejected: work.rejected,
        sought: work.sought,
    }
}

/// Whether an expression reads a column.
fn reads(expr: &Expr, column: ColumnId) -> bool {
    let mut found = false;
    expr.for_each_column(&mut |id| found |= id == column);
    found
}

/// Rows on their way through the steps. Columns that nothing reads any more are left empty by [`Work::retain`].
struct Work<'a> {
    batch: Cow<'a, Batch>,
    rows: Vec<u32>,
    poison: Option<Vec<u8>>,
    dropped: Dropped,
    rejected: Vec<ViewRejected>,
    sought: Vec<Sought>,
}

impl<'a> Work<'a> {
    fn new(spec: &RowSpec, mut batch: Cow<'a, Batch>) -> Work<'a> {
        let rows = (0..u32::try_from(batch.rows).expect("fewer than 2^32 rows in a batch")).collect();
        let lets = spec.steps.iter().any(|step| matches!(step, Step::Let(_)));
        if let (true, Cow::Borrowed(lent)) = (lets, &batch) {
            // Lets append columns: own those that are read, and nothing else.
            let needed = needed_after(spec, 0);
            let columns = (0..).zip(&lent.columns);
            let columns = columns.map(|(id, column)| {
                if needed.contains(&id) {
                    column.clone()
                } else {
                    hollow(column)
                }
            });
            batch = Cow::Owned(Batch {
                rows: lent.rows,
                columns: columns.collect(),
            });
        }
        Work {
            batch,
            rows,
            poison: None,
            dropped: Dropped::default(),
            rejected: Vec::new(),
            sought: Vec::new(),
        }
    }

    fn eval(&mut self, expr: &Expr) -> Column {
        eval::eval_seeking(expr, &self.batch, &mut self.sought)
    }

    /// A column; unless it is read `again`, it is taken out where it is ours.
    fn column(&mut self, id: ColumnId, again: bool) -> Column {
        match &mut self.batch {
            Cow::Owned(batch) if !again => {
                let column = &mut batch.columns[id.index()];
                let hollow = hollow(column);
                std::mem::replace(column, hollow)
            }
            Cow::Owned(_) | Cow::Borrowed(_) => self.batch.column(id).clone(),
        }
    }

    /// The value of an expression. `again` says which columns are read later.
    fn carry(&mut self, expr: &Expr, again: impl Fn(ColumnId) -> bool) -> Column {
        match expr.kind {
            ExprKind::Column(id) if self.batch.column(id).ty == expr.ty => self.column(id, again(id)),
            _ => self.eval(expr),
        }
    }

    fn keep_true(&mut self, verdict: &Column, needed: &[u32]) {
        // Law: conditions_commute (proofs/theory/Laws.v)
        let rows = self.rows.len();
        let kept = match &verdict.tags {
            None => positions(verdict.bools().iter().copied()),
            Some(tags) => {
                self.note_poison(tags);
                let verdicts = verdict.bools().iter().zip(tags);
                positions(verdicts.map(|(keep, tag)| match *tag {
                    Tag::VALID => *keep,
                    tag => tag != Tag::NULL,
                }))
            }
        };
        self.dropped.filtered += (rows - kept.len()) as u64;
        self.retain(&kept, needed);
    }

    /// Errors poison their rows; of several the least stays.
    fn note_poison(&mut self, tags: &[u8]) {
        if tags.iter().all(|tag| *tag <= Tag::NULL) {
            return;
        }
        let poison = self.poison.get_or_insert_with(|| vec![Tag::VALID; tags.len()]);
        for (poison, tag) in poison.iter_mut().zip(tags) {
            if *tag > Tag::NULL {
                *poison = if *poison == Tag::VALID {
                    *tag
                } else {
                    (*poison).min(*tag)
                };
            }
        }
    }

    /// Rows whose event time is an error stay at the source's time, poisoned.
    fn settle_time(&mut self, at: At, time: &mut Column) {
        let source = self.batch.columns[at.source_time.index()].i64s();
        if let Some(errors) = view::fall_back(source, time) {
            self.note_poison(&errors);
        }
    }

    /// The positions whose time and keys are valid and in place; the others are counted. `None`: all are.
    fn keep_keyed(&mut self, spec: &RowSpec, time: &Column) -> Option<Vec<u32>> {
        let keys: Vec<&Column> = spec.key.iter().map(|id| &self.batch.columns[id.index()]).collect();
        let source = |at: At| (at, self.batch.columns[at.source_time.index()].i64s());
        let source = spec.at.map(source);
        let whole = time.tags.is_none() && keys.iter().all(|key| key.tags.is_none());
        if whole && source.is_none_or(|(at, source)| view::all_in_place(at, source, time.i64s())) {
            return None;
        }
        let (dropped, rejected) = (&mut self.dropped, &mut self.rejected);
        let mut kept = Vec::with_capacity(self.rows.len());
        for (position, (row, number)) in (0u32..).zip(self.rows.iter().enumerate()) {
            if time.tag(row) != Tag::VALID {
                dropped.null_time += 1;
                continue;
            }
            let misplaced = source.and_then(|(at, source)| view::misplaced(at, *number, source[row], time.i64s()[row]));
            let (mut null, mut error) = (false, Tag::VALID);
            for tag in keys.iter().map(|key| key.tag(row)) {
                null |= tag == Tag::NULL;
                error = if tag > Tag::NULL { tag } else { error };
            }
            let key = (error != Tag::VALID && !null).then(|| ViewRejected::key(*number, error));
            if let Some(refused) = misplaced.or(key) {
                dropped.reject(refused.reason);
                rejected.push(refused);
            } else if null {
                dropped.null_key += 1;
            } else {
                kept.push(position);
            }
        }
        Some(kept)
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

/// Where `rows` says so; no branch depends on it.
fn positions(rows: impl ExactSizeIterator<Item = bool>) -> Vec<u32> {
    let mut found = vec![0; rows.len()];
    let mut len = 0;
    for (position, keep) in (0u32..).zip(rows) {
        found[len] = position;
        len += usize::from(keep);
    }
    found.truncate(len);
    found
}

/// The columns that the steps from `position` on, the time, the key and the lifts read.
fn needed_after(spec: &RowSpec, position: usize) -> Vec<u32> {
    let mut needed = carried(spec);
    let mut note = |id: ColumnId| needed.push(id.0);
    for step in &spec.steps[position..] {
        match step {
            Step::Where(expr) | Step::Let(expr) => expr.for_each_column(&mut note),
        }
    }
    spec.time.for_each_column(&mut note);
    spec.at.iter().for_each(|at| note(at.source_time));
    needed
}

/// The columns that the key and the lifts read.
fn carried(spec: &RowSpec) -> Vec<u32> {
    let mut carried: Vec<u32> = spec.key.iter().map(|id| id.0).collect();
    for lift in &spec.lifts {
        lift.for_each_column(&mut |id: ColumnId| carried.push(id.0));
    }
    carried
}

/// Stands for a column that nothing reads.
fn hollow(column: &Column) -> Column {
    Column::empty(column.ty)
}

#[cfg(test)]
mod tests;
