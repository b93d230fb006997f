//! A shard of the state, with a lock of its own.
//!
//! Who asks holds the shards of his entities, reads the base then, and lets in what it shows: so all of an answer is at one cut.
//! Locks are taken in the order of shards, and before that of the instants.

use crate::locks::locked;
use featr::{Cuts, LogStats, Online};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

/// How often it is looked whether somebody still waits.
const GIVE_WAY_MAX: usize = 1_000;

/// Some of the entities.
#[derive(Debug)]
pub struct Shard {
    online: Mutex<Online>,
    /// How many wait for it.
    waiting: AtomicUsize,
}

impl Shard {
    pub fn new(online: Online) -> Shard {
        Shard {
            online: Mutex::new(online),
            waiting: AtomicUsize::new(0),
        }
    }

    pub fn online(&self) -> MutexGuard<'_, Online> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let online = locked(&self.online);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        online
    }

    /// Whether somebody broke off in the midst of it.
    pub fn is_broken(&self) -> bool {
        self.online.is_poisoned()
    }

    /// Lets those have it who wait: who has just given it back would get it again before them.
    pub fn give_way(&self) {
        for _ in 0..GIVE_WAY_MAX {
            if self.waiting.load(Ordering::Relaxed) == 0 {
                return;
            }
            std::thread::yield_now();
        }
    }
}

/// Lets in what cuts show; none goes back.
pub fn let_in(online: &mut Online, cuts: &Cuts) -> Result<(), featr::Error> {
    match online.cuts() == Some(cuts) {
        true => Ok(()),
        false => online.let_in(cuts).map(drop),
    }
}

/// Sizes of the logs of all shards.
pub fn stats(shards: &[Shard]) -> Vec<LogStats> {
    let mut all: Vec<LogStats> = Vec::new();
    for shard in shards {
        let more = shard.online().stats();
        if all.is_empty() {
            all = more;
            continue;
        }
        for (known, more) in all.iter_mut().zip(&more) {
            known.add(more);
        }
    }
    all
}
