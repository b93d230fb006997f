//! What is known of a running state without waiting for its engine.

use crate::locks::locked;
use featr::{Cuts, LogStats};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was so a moment ago.
#[derive(Debug)]
pub struct Published {
    /// The cuts, and the base that they follow from.
    cuts: Mutex<(Cuts, i64)>,
    stats: Mutex<Vec<LogStats>>,
    /// Whether somebody looked at the sizes since they were taken.
    looked_at: AtomicBool,
    /// Why the last checkpoint could not be written.
    checkpoint_failure: Mutex<Option<String>>,
    /// Why the last commit was refused; it may be tried again.
    refusal: Mutex<Option<String>>,
}

impl Published {
    pub fn new(cuts: Cuts, base_us: i64, stats: Vec<LogStats>) -> Published {
        Published {
            cuts: Mutex::new((cuts, base_us)),
            stats: Mutex::new(stats),
            looked_at: AtomicBool::new(false),
            checkpoint_failure: Mutex::default(),
            refusal: Mutex::default(),
        }
    }

    /// The greatest cuts that answers were given with, and the base that they follow from.
    pub fn cuts(&self) -> (Cuts, i64) {
        locked(&self.cuts).clone()
    }

    /// Tells of cuts and their base; by who holds the instants (`Shared::core`), so that they come in order.
    pub fn show(&self, cuts: &Cuts, base_us: i64) {
        let (known, known_us) = &mut *locked(&self.cuts);
        known.clone_from(cuts);
        *known_us = base_us;
    }

    pub fn stats(&self) -> Vec<LogStats> {
        self.looked_at.store(true, Ordering::Relaxed);
        locked(&self.stats).clone()
    }

    /// Whether somebody looked since the sizes were taken.
    pub fn is_looked_at(&self) -> bool {
        self.looked_at.load(Ordering::Relaxed)
    }

    pub fn set_stats(&self, stats: Vec<LogStats>) {
        *locked(&self.stats) = stats;
        self.looked_at.store(false, Ordering::Relaxed);
    }

    pub fn checkpoint_failure(&self) -> Option<String> {
        locked(&self.checkpoint_failure).clone()
    }

    pub fn set_checkpoint_failure(&self, why: Option<String>) {
        *locked(&self.checkpoint_failure) = why;
    }

    pub fn refusal(&self) -> Option<String> {
        locked(&self.refusal).clone()
    }

    pub fn set_refusal(&self, why: Option<String>) {
        *locked(&self.refusal) = why;
    }
}
