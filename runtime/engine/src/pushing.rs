//! Rows on their way into the state: what needs none of it, and a report of what became of them.

use crate::copies::differing_in_batch;
use crate::error::Error;
use crate::serving::Incoming;
use crate::steps;
use arrow::array::RecordBatch;
use featc_ir::Source;
use featr_decode::{Decoded, decode_rows};
use featr_kernels::{Batch, Value, rows as rules};
use featr_stream::{Cuts, StepReport};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What became of rows that were pushed. `accepted + rejected.len()` = `rows`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushReport {
    /// Rows that were pushed.
    pub rows: u64,
    /// Rows that count as events of the source (copies of known events among them).
    pub accepted: u64,
    /// Of these, rows that are not visible yet: as of arrival their arrival plus delay lies after the cut, as served their arrival
    /// lies after their source's cut.
    pub waiting: u64,
    /// Of these, rows at or below a cut that answers were already given with; those answers lack them.
    pub overdue: u64,
    /// Positions of the overdue rows, as served.
    pub overdue_rows: Vec<u64>,
    /// Events with copies in this batch that differ in columns which the source does not declare. Each counts once. Rows of
    /// one push are compared with each other, not with those of earlier ones, of which such columns are not kept.
    pub differing_copies: u64,
    /// Of the accepted rows, those so old that no question of any view can reach them: one view or more would have counted
    /// them, and none keeps them.
    pub expired: u64,
    /// Every other row, in order.
    pub rejected: Vec<PushRejected>,
    /// Position, transform and reason of accepted rows that a view rejects; they may count for other views.
    pub rejected_by_view: Vec<(u64, String, &'static str)>,
}

/// A row that counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRejected {
    /// Its position in the batch.
    pub row: u64,
    /// The word of run reports: `bad_value`, `null_in_required`, `null_time`, `null_arrival`, `late` or `ahead`.
    pub reason: &'static str,
    /// The reason in words, with the values of this row.
    pub detail: String,
    /// What to do about it, where that is known.
    pub help: Option<Arc<str>>,
}

impl PushReport {
    /// Says what to do about rows that are late by this arrival, which they were given because they said none; `declared` is
    /// their source.
    pub fn advise_late(&mut self, declared: &Source, incoming: &Incoming, stamped_us: i64) {
        let late = self.rejected.iter_mut();
        let mut late = late.filter(|row| row.reason == rules::Reason::Late.name()).peekable();
        let Some(help) = late.peek().and_then(|_| steps::late_by_its_stamp(declared)) else {
            return;
        };
        let (help, arrivals): (Arc<str>, _) = (help.into(), incoming.arrivals(declared));
        let is_stamped = |row: u64| arrivals.get(row as usize).copied().flatten() == Some(stamped_us);
        late.filter(|row| is_stamped(row.row))
            .for_each(|row| row.help = Some(help.clone()));
    }
}

/// Rows of one push, decoded, on their way into an engine: as a whole ([`Online::take_in`](crate::Online::take_in)), or divided
/// among shards ([`Stage::stage`](crate::Stage::stage)).
#[derive(Debug)]
pub struct Pushing {
    declared: Source,
    decoded: Decoded,
    /// Decoded rows that have been taken in.
    taken: usize,
    report: PushReport,
    /// Views of one transform reject a row for one reason.
    by_view: BTreeSet<(u64, String, &'static str)>,
}

impl Pushing {
    /// Decodes rows of a source; columns go by name, further columns are ignored.
    ///
    /// # Errors
    /// [`Error::Decode`] when a column is missing or of a type that does not decode.
    pub fn new(declared: &Source, rows: &RecordBatch) -> Result<Pushing, Error> {
        let (decoded, undecoded) = decode_rows(declared, rows, &format!("rows of {}", declared.name))?;
        let rejected = undecoded.into_iter().map(|reject| PushRejected {
            row: reject.line - 1,
            reason: reject.reason.name(),
            detail: reject.detail.to_string(),
            help: None,
        });
        let report = PushReport {
            rows: rows.num_rows() as u64,
            differing_copies: differing_in_batch(declared, &decoded)?,
            rejected: rejected.collect(),
            ..PushReport::default()
        };
        Ok(Pushing {
            declared: declared.clone(),
            decoded,
            taken: 0,
            report,
            by_view: BTreeSet::new(),
        })
    }

    pub(crate) fn source(&self) -> &str {
        &self.declared.name
    }

    /// Whether rows are left.
    pub(crate) fn is_left(&self) -> bool {
        self.taken < self.decoded.batch.rows
    }

    /// Each row, with its number among those that were pushed.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, Vec<Value>)> {
        let decoded = &self.decoded;
        (0..decoded.batch.rows).map(|row| (decoded.rows.number(row) as usize - 1, decoded.batch.row(row)))
    }

    /// The next rows, so many at most.
    pub(crate) fn part(&self, rows: usize) -> Cow<'_, Batch> {
        self.rows_from(self.taken, rows)
    }

    /// The rows from one on, so many at most; `None`: there are none.
    pub(crate) fn part_from(&self, from: usize, rows: usize) -> Option<Cow<'_, Batch>> {
        (from < self.decoded.batch.rows).then(|| self.rows_from(from, rows))
    }

    fn rows_from(&self, from: usize, rows: usize) -> Cow<'_, Batch> {
        let whole = &self.decoded.batch;
        let end = from.saturating_add(rows.max(1)).min(whole.rows);
        match from..end {
            range if range.len() == whole.rows => Cow::Borrowed(whole),
            range => Cow::Owned(whole.slice(range)),
        }
    }

    /// Notes what became of the next part that was staged, when all states have taken it in; `answered` are the cuts that answers
    /// were given with by then.
    pub fn landed(&mut self, mut staged: StepReport, answered: &Cuts) {
        staged.finish();
        let cut_us = answered.get(&self.declared.name).copied();
        let least_us = staged.least_arrival_us;
        // Whether there may be some, as 0 or 1: `note` looks for them, and counts.
        staged.overdue = u64::from(
            least_us
                .zip(cut_us)
                .is_some_and(|(least_us, cut_us)| least_us <= cut_us),
        );
        let before = self.report.overdue;
        self.note(staged.rows as usize, &staged, Some(cut_us));
        self.report.waiting -= self.report.overdue - before;
    }

    /// Notes what became of the next part, of so many rows; as served, `cut_us` is the cut of the source that was answered with,
    /// if there was one.
    pub(crate) fn note(&mut self, rows: usize, step: &StepReport, cut_us: Option<Option<i64>>) {
        let position = |row: usize| self.decoded.rows.number(self.taken + row) - 1;
        let by_view = step.logs.iter().flat_map(|log| {
            let rejected = log.rejected.iter();
            rejected.map(|row| (position(row.row as usize), log.transform.clone(), row.reason.name()))
        });
        let by_view: Vec<_> = by_view.collect();
        let (mut rejected, mut overdue) = (Vec::new(), Vec::new());
        if !step.rejected.is_empty() || step.overdue > 0 {
            let part = self.part(rows);
            let verdict = rules::accept(&self.declared, &part);
            let late = rules::rejected(&self.declared, &part, &verdict, usize::MAX);
            rejected.extend(late.into_iter().map(|reject| PushRejected {
                row: position(reject.row),
                reason: reject.reason.name(),
                detail: reject.detail,
                help: None,
            }));
            if let Some((cut_us, arrivals)) = cut_us.flatten().zip(rules::arrivals(&self.declared, &part)) {
                let accepted = verdict.rows().into_iter().map(|row| row as usize);
                overdue.extend(accepted.filter(|row| arrivals[*row] <= cut_us).map(position));
            }
        }
        self.by_view.extend(by_view);
        let report = &mut self.report;
        report.rejected.extend(rejected);
        report.overdue += cut_us.map_or(step.overdue, |_| overdue.len() as u64);
        report.overdue_rows.extend(overdue);
        report.accepted += step.accepted;
        report.waiting += step.waiting;
        report.expired += step.expired;
        self.taken += rows;
    }

    /// What became of the rows.
    pub fn finish(mut self) -> PushReport {
        self.report.rejected.sort_by_key(|reject| reject.row);
        self.report.rejected_by_view = self.by_view.into_iter().collect();
        self.report
    }
}
