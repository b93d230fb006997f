//! What a step did: every row that came in is accounted for.

use crate::restored::LogName;
use featc_ir::plan::LogId;
use featr_kernels::finish::Trouble;
use featr_kernels::rows;
use std::fmt;

/// Why a source row was rejected, and the caller may write it aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No `Source` operator of the graph has this name.
    UnknownSource,
    /// The batch has not the source's columns (number, types or lengths differ).
    WrongShape,
    /// The source does not accept it: it counts for no feature.
    Row(rows::Reason),
    /// It counts for no feature of one view.
    View(rows::ViewReason),
}

impl Reason {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Reason::UnknownSource => "unknown_source",
            Reason::WrongShape => "wrong_shape",
            Reason::Row(reason) => reason.name(),
            Reason::View(reason) => reason.name(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Answers of one feature of a service that are not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureTrouble {
    pub view: String,
    pub feature: String,
    pub trouble: Trouble,
}

/// A source row that was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// Position in the batch that was stepped in.
    pub row: u32,
    pub reason: Reason,
}

/// What became of the accepted rows of one step in one log.
///
/// The counts, the rejected rows among them, add up to the accepted rows of the step (retractions are rows).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogReport {
    /// The `Log` operator.
    pub log: LogId,
    /// The transform's name.
    pub transform: String,
    /// Rows that the transform's `where` dropped.
    pub filtered: u64,
    /// Rows whose transformed event time is null.
    pub null_time: u64,
    /// Rows with a null among their key columns.
    pub null_key: u64,
    /// Rows that the view rejects, in row order.
    pub rejected: Vec<Rejected>,
    /// Events that were new.
    pub inserted: u64,
    /// Copies of events that the log already holds.
    pub duplicates: u64,
    /// Events that were taken out.
    pub retracted: u64,
    /// Retractions of events that the log does not hold: they change nothing.
    pub unknown: u64,
    /// Deltas of events so old that no question can reach them any more: they are not kept.
    pub expired: u64,
    /// Events and retractions that wait for the cut.
    pub waiting: u64,
}

impl LogReport {
    fn add(&mut self, other: LogReport) {
        self.filtered += other.filtered;
        self.null_time += other.null_time;
        self.null_key += other.null_key;
        self.rejected.extend(other.rejected);
        self.inserted += other.inserted;
        self.duplicates += other.duplicates;
        self.retracted += other.retracted;
        self.unknown += other.unknown;
        self.expired += other.expired;
        self.waiting += other.waiting;
    }
}

/// What a move of the cut did, summed over all logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AdvanceReport {
    /// Events that had waited and are visible now.
    pub entered: u64,
    /// Copies of visible events that had waited.
    pub duplicates: u64,
    /// Events that a retraction which had waited took out.
    pub retracted: u64,
    /// Retractions that had waited for events which are not there.
    pub unknown: u64,
    /// Deltas that had waited for so long that no question can reach their events any more.
    pub expired: u64,
    /// Rows that had waited for a table, and that a view rejects.
    pub rejected: u64,
    /// Events that memory was freed of: no question can reach them any more. That happens from time to time.
    pub released: u64,
}

impl AdvanceReport {
    /// Adds what became of rows that had waited in front of a transform.
    pub(crate) fn add(&mut self, log: &LogReport) {
        self.entered += log.inserted;
        self.duplicates += log.duplicates;
        self.retracted += log.retracted;
        self.unknown += log.unknown;
        self.expired += log.expired;
        self.rejected += log.rejected.len() as u64;
    }
}

/// What became of an accepted row in all logs: the greatest of what each did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// No log was given it.
    Nowhere,
    Expired,
    Kept,
}

/// What one step did. `accepted + rejected.len()` = `rows`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepReport {
    /// Rows that came in.
    pub rows: u64,
    /// Rows that the source's acceptance rule let in.
    pub accepted: u64,
    /// Accepted rows that no question at the cut may see: they wait.
    pub waiting: u64,
    /// Accepted rows that a question at the cut may see, and that came after it: answers given before lack them.
    pub overdue: u64,
    /// Accepted rows that are too old for a log, and that no other one keeps: no question of any view can reach them.
    pub expired: u64,
    /// In row order.
    pub rejected: Vec<Rejected>,
    /// The least arrival of an accepted row, where rows wait for a cut.
    pub least_arrival_us: Option<i64>,
    /// Per accepted row, what the logs did with it so far.
    pub(crate) fates: Vec<Fate>,
    /// One per `Log` that reads the source, in graph order.
    pub logs: Vec<LogReport>,
}

impl StepReport {
    /// Number of rows rejected for one reason.
    pub fn rejected_for(&self, reason: Reason) -> u64 {
        self.rejected
            .iter()
            .filter(|rejected| rejected.reason == reason)
            .count() as u64
    }

    /// Notes what a log does with the events of these accepted rows, of which it has released those with τ ≤ `floor_us`.
    pub(crate) fn note(&mut self, rows: &[u32], times: &[i64], floor_us: Option<i64>) {
        // Rows that waited for tables come in the order in which they became known.
        let end = rows.iter().max().map_or(0, |last| *last as usize + 1);
        self.fates.resize(self.fates.len().max(end), Fate::Nowhere);
        for (row, time) in rows.iter().zip(times) {
            let fate = match floor_us.is_some_and(|floor| *time <= floor) {
                true => Fate::Expired,
                false => Fate::Kept,
            };
            let known = &mut self.fates[*row as usize];
            *known = fate.max(*known);
        }
    }

    /// Adds what became of the same rows elsewhere.
    pub fn add(&mut self, other: StepReport) {
        self.accepted += other.accepted;
        self.waiting += other.waiting;
        self.rejected.extend(other.rejected);
        self.least_arrival_us = self.least_arrival_us.into_iter().chain(other.least_arrival_us).min();
        self.fates
            .resize(self.fates.len().max(other.fates.len()), Fate::Nowhere);
        for (known, fate) in self.fates.iter_mut().zip(other.fates) {
            *known = fate.max(*known);
        }
        for log in other.logs {
            match self.logs.iter_mut().find(|known| known.log == log.log) {
                Some(known) => known.add(log),
                None => self.logs.push(log),
            }
        }
    }

    /// Ends the report of rows that were staged and taken in.
    pub fn finish(&mut self) {
        self.settle();
        self.logs.sort_by_key(|log| log.log);
    }

    /// Counts what every log has noted.
    pub(crate) fn settle(&mut self) {
        let fates = std::mem::take(&mut self.fates);
        self.expired = fates.iter().filter(|fate| **fate == Fate::Expired).count() as u64;
    }

    /// The report of a step that lets nothing in.
    pub(crate) fn all_rejected(rows: usize, reason: Reason) -> StepReport {
        StepReport {
            rows: rows as u64,
            accepted: 0,
            waiting: 0,
            overdue: 0,
            expired: 0,
            least_arrival_us: None,
            fates: Vec::new(),
            rejected: (0..rows as u32).map(|row| Rejected { row, reason }).collect(),
            logs: Vec::new(),
        }
    }
}

/// Size of one log, or of a table or queue beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStats {
    pub name: LogName,
    /// The transform's name.
    pub transform: String,
    /// Entities with at least one event.
    pub entities: u64,
    /// Different events, without those that wait. Some of them may be out of reach already.
    pub events: u64,
    /// Events that wait for the cut, copies included.
    pub waiting: u64,
    /// Entities whose events are not in memory, but stand in files.
    pub away: u64,
    /// Pages that hold those in memory.
    pub pages: u64,
    /// Estimate of the memory that events, their summaries, keys and indexes take, in bytes, with the room for more that is
    /// allocated.
    pub bytes: u64,
    /// The least instant that can be asked; `None`: every one can.
    pub horizon_us: Option<i64>,
}

impl LogStats {
    /// Adds the numbers of another part of the same log.
    pub fn add(&mut self, other: &LogStats) {
        let LogStats {
            name: _,
            transform: _,
            entities,
            events,
            waiting,
            away,
            pages,
            bytes,
            horizon_us: _,
        } = other;
        self.entities += entities;
        self.events += events;
        self.waiting += waiting;
        self.away += away;
        self.pages += pages;
        self.bytes += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::StepReport;

    #[test]
    fn a_row_is_expired_where_one_log_gives_it_up_and_no_other_keeps_it() {
        let expired = |logs: &[(&[u32], Option<i64>)]| {
            let mut report = StepReport::default();
            let times = |rows: &[u32]| rows.iter().map(|row| i64::from(*row) * 10).collect::<Vec<i64>>();
            logs.iter()
                .for_each(|(rows, floor_us)| report.note(rows, &times(rows), *floor_us));
            report.settle();
            report.expired
        };
        assert_eq!(expired(&[(&[0, 1, 2], Some(10))]), 2);
        assert_eq!(expired(&[(&[0, 1, 2], Some(10)), (&[0, 1, 2], Some(0))]), 1);
        assert_eq!(expired(&[(&[0, 1, 2], Some(10)), (&[0, 1, 2], None)]), 0);
        assert_eq!(expired(&[(&[0, 1, 2], Some(0)), (&[0, 1, 2], Some(10))]), 1);
        // Neither was given all rows.
        assert_eq!(expired(&[(&[0, 1], Some(10)), (&[1, 2], Some(10))]), 2);
        assert_eq!(expired(&[(&[0], Some(10)), (&[1], Some(10))]), 2);
        assert_eq!(expired(&[(&[], Some(10)), (&[3], Some(0))]), 0);
    }
}
