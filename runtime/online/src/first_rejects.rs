//! Of what readers bring: the first row of each file that is refused for a reason. Nobody pushed it who would be told.

use featr::{Incoming, PushReport};
use std::collections::BTreeSet;

/// A row that was read and is refused, the first one of its file, or of its partition, for this reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstReject {
    /// The source that is read.
    pub source: String,
    /// Where the row was read.
    pub from: String,
    /// Its line, row or offset there.
    pub place: u64,
    /// The word of run reports.
    pub reason: &'static str,
    /// The reason in words, with the values of this row.
    pub detail: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

/// So many are told of a process.
const TOLD_MAX: usize = 100;

/// Those that were found, and those of them that wait to be told.
#[derive(Debug, Default)]
pub struct FirstRejects {
    known: BTreeSet<(String, String, &'static str)>,
    waiting: Vec<FirstReject>,
}

impl FirstRejects {
    /// Looks for new ones among the rows that were read at a place.
    pub fn note(&mut self, incoming: &Incoming, report: &PushReport, from: &str) {
        // All are of one place: only the first row of each reason may be a new one.
        let mut reasons = BTreeSet::new();
        for row in incoming.rejected.iter().filter(|row| reasons.insert(row.reason)) {
            self.add(&incoming.source, from, row.reason, || {
                (row.place, row.detail.clone(), row.help.clone())
            });
        }
        for row in report.rejected.iter().filter(|row| reasons.insert(row.reason)) {
            self.add(&incoming.source, from, row.reason, || {
                let place = incoming.places.get(row.row as usize).copied().unwrap_or(row.row + 1);
                (place, row.detail.clone(), row.help.as_deref().map(str::to_owned))
            });
        }
    }

    fn add(
        &mut self,
        source: &str,
        from: &str,
        reason: &'static str,
        row: impl FnOnce() -> (u64, String, Option<String>),
    ) {
        if self.known.len() >= TOLD_MAX || !self.known.insert((source.to_owned(), from.to_owned(), reason)) {
            return;
        }
        let (place, detail, help) = row();
        self.waiting.push(FirstReject {
            source: source.to_owned(),
            from: from.to_owned(),
            place,
            reason,
            detail,
            help,
        });
    }

    /// Those that were found since somebody asked last.
    pub fn take(&mut self) -> Vec<FirstReject> {
        std::mem::take(&mut self.waiting)
    }
}
