//! What has happened since the process began.

use crate::locks::locked;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Bounds of the buckets of latencies, in microseconds.
pub const BUCKETS_US: [u64; 12] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000,
];

/// How long something took, how often.
#[derive(Debug, Default)]
pub struct Histogram {
    /// Per bound, how often it took no longer.
    pub buckets: [AtomicU64; BUCKETS_US.len()],
    /// How often it was done.
    pub count: AtomicU64,
    /// How long it took in all, in microseconds.
    pub sum_us: AtomicU64,
}

impl Histogram {
    /// Adds one that took so many microseconds.
    pub fn add(&self, us: u64) {
        for (bucket, bound) in self.buckets.iter().zip(BUCKETS_US) {
            if us <= bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }
}

/// Counts of a runtime.
#[derive(Debug, Default)]
pub struct Counters {
    /// By source.
    pub accepted: Counts,
    /// By source and reason.
    pub rejected: Counts,
    /// By source: accepted rows whose arrival was not after a cut that answers had been given with.
    pub late: Counts,
    /// By source: how long after their event times rows arrived that say both.
    pub lateness: Lateness,
    /// Questions answered, by service.
    pub questions: Counts,
    /// Questions not answered because of a gate, by service.
    pub gated: Counts,
    /// Values that left in answers with any status but `ok`, by service and feature.
    pub stand_ins: Counts,
    /// What readers met, by source and code.
    pub problems: Counts,
    /// Times that records of the log were made durable.
    pub commits: AtomicU64,
    /// Checkpoints that were written.
    pub checkpoints: AtomicU64,
    /// Checkpoints that could not be written; each is tried again.
    pub checkpoints_failed: AtomicU64,
    /// Answers that were given and could not be logged.
    pub answers_lost: AtomicU64,
    /// How long requests for answers took.
    pub answers: Histogram,
    /// How long pushes took, from when they came until they were acknowledged.
    pub pushes: Histogram,
}

/// Bounds of the buckets of lateness, in seconds.
pub const LATENESS_S: [u64; 9] = [1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800, 2_592_000];

/// How long after their event times the rows of a source arrived.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct LatenessOf {
    /// Per bound, how many arrived no later.
    pub buckets: [u64; LATENESS_S.len()],
    /// How many rows say both, event time and arrival.
    pub count: u64,
    /// How long after their event times they arrived in all, in microseconds.
    pub sum_us: u128,
}

/// Lateness by source.
#[derive(Debug, Default)]
pub struct Lateness(Mutex<BTreeMap<String, LatenessOf>>);

impl Lateness {
    /// Adds rows, by how many microseconds they arrived late; those ahead of their time are in time.
    pub fn add(&self, source: &str, late_us: impl Iterator<Item = i64>) {
        let mut of = LatenessOf::default();
        for late_us in late_us {
            let late_us = u64::try_from(late_us).unwrap_or(0);
            for (bucket, bound) in of.buckets.iter_mut().zip(LATENESS_S) {
                *bucket += u64::from(late_us <= bound * 1_000_000);
            }
            of.count += 1;
            of.sum_us += u128::from(late_us);
        }
        let mut all = locked(&self.0);
        let known = all.entry(source.to_owned()).or_default();
        let buckets = known.buckets.iter_mut().zip(of.buckets);
        buckets.for_each(|(known, more)| *known += more);
        known.count += of.count;
        known.sum_us += of.sum_us;
    }

    /// All of it, by source.
    pub fn list(&self) -> Vec<(String, LatenessOf)> {
        let all = locked(&self.0);
        all.iter().map(|(source, of)| (source.clone(), of.clone())).collect()
    }
}

/// Numbers by labels.
#[derive(Debug, Default)]
pub struct Counts(Mutex<BTreeMap<(String, String), u64>>);

impl Counts {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(String, String), u64>> {
        locked(&self.0)
    }

    /// Adds a count; where there is one label only, `other` is empty.
    pub fn add(&self, label: &str, other: &str, count: u64) {
        self.add_all(label, [(other, count)]);
    }

    /// Adds counts that have their first label in common.
    pub fn add_all<'a>(&self, label: &str, counts: impl IntoIterator<Item = (&'a str, u64)>) {
        let mut counts = counts.into_iter().filter(|(_, count)| *count > 0).peekable();
        if counts.peek().is_none() {
            return;
        }
        let mut all = self.all();
        for (other, count) in counts {
            *all.entry((label.to_owned(), other.to_owned())).or_default() += count;
        }
    }

    /// All of them, in order.
    pub fn list(&self) -> Vec<((String, String), u64)> {
        self.all()
            .iter()
            .map(|(labels, count)| (labels.clone(), *count))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_counted_up_to_its_bounds() {
        let lateness = Lateness::default();
        lateness.add("txn", [-5, 0, 1_000_000, 1_000_001, i64::MAX].into_iter());
        lateness.add("txn", [10_000_000].into_iter());
        let [(source, of)] = &lateness.list()[..] else {
            panic!("one source");
        };
        assert_eq!((source.as_str(), of.count), ("txn", 6));
        assert_eq!(of.buckets, [3, 5, 5, 5, 5, 5, 5, 5, 5]);
        assert_eq!(of.sum_us, 12_000_001 + i64::MAX as u128);
    }
}
