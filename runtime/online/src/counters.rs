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
    pub count: AtomicU64,
    pub sum_us: AtomicU64,
}

impl Histogram {
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
    /// Questions answered, by service.
    pub questions: Counts,
    /// Questions not answered because of a gate, by service.
    pub gated: Counts,
    /// Values that left in answers with any status but `ok`, by service and feature.
    pub stand_ins: Counts,
    /// What readers met, by source and code.
    pub problems: Counts,
    pub commits: AtomicU64,
    pub checkpoints: AtomicU64,
    /// Checkpoints that could not be written; each is tried again.
    pub checkpoints_failed: AtomicU64,
    /// Answers that were given and could not be logged.
    pub answers_lost: AtomicU64,
    pub answers: Histogram,
    pub pushes: Histogram,
}

/// Numbers by labels.
#[derive(Debug, Default)]
pub struct Counts(Mutex<BTreeMap<(String, String), u64>>);

impl Counts {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(String, String), u64>> {
        locked(&self.0)
    }

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
