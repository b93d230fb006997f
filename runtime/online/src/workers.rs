//! The threads that write the shards.
//!
//! ```text
//! writer ─▶ stage ─▶ shards 0, 2, … ─▶ lander: land in order, keep aside, answer
//!                 └▶ shards 1, 3, … ─┘
//! ```

use crate::shard::let_in;
use crate::shared::{FailsInPanic, Shared};
use featr::{Cuts, Online, StagedPart, StepReport};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// What may wait for a thread: pushes, more or less.
const WAITING_MAX: usize = 64;

/// What a thread does to a shard of its own.
enum Job {
    /// Takes in the parts of a push, one after another, and tells what became of each.
    TakeIn {
        shard: usize,
        parts: Vec<StagedPart>,
        told: Sender<(usize, Vec<StepReport>)>,
    },
    /// Lets in what these cuts show, in all of its shards.
    LetIn(Arc<Cuts>),
}

/// The threads, each with every so many shards.
pub struct Workers {
    jobs: Vec<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// A thread ends.
#[derive(Debug)]
pub struct Broken;

impl Workers {
    /// Begins so many threads.
    ///
    /// # Errors
    /// The system refuses.
    pub fn begin(shared: &Arc<Shared>, threads: usize) -> std::io::Result<Workers> {
        let mut workers = Workers {
            jobs: Vec::new(),
            threads: Vec::new(),
        };
        let threads = threads.clamp(1, shared.shards.len());
        for place in 0..threads {
            let (give, jobs) = sync_channel(WAITING_MAX);
            let (shared, own) = (shared.clone(), (place..shared.shards.len()).step_by(threads));
            let thread = std::thread::Builder::new().name(format!("featr-shard-{place}"));
            workers.threads.push(thread.spawn(move || work(&shared, own, &jobs))?);
            workers.jobs.push(give);
        }
        Ok(workers)
    }

    /// Gives a shard its parts of a push, after all that it was given before; `told` is told its number, and what became of them.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn take_in(
        &self,
        shard: usize,
        parts: Vec<StagedPart>,
        told: Sender<(usize, Vec<StepReport>)>,
    ) -> Result<(), Broken> {
        let jobs = &self.jobs[shard % self.jobs.len()];
        jobs.send(Job::TakeIn { shard, parts, told }).map_err(|_| Broken)
    }

    /// Lets in, in all shards, what cuts show, before somebody asks.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn let_in(&self, cuts: &Arc<Cuts>) -> Result<(), Broken> {
        let mut jobs = self.jobs.iter();
        jobs.try_for_each(|jobs| jobs.send(Job::LetIn(cuts.clone())).map_err(|_| Broken))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.jobs.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn work(shared: &Arc<Shared>, own: impl Iterator<Item = usize> + Clone, jobs: &Receiver<Job>) {
    let _told = FailsInPanic(shared.clone());
    while let Ok(job) = jobs.recv() {
        match job {
            Job::TakeIn { shard, parts, told } => {
                let take_in = |part: &StagedPart| {
                    let mut report = StepReport::default();
                    if !part.is_empty() {
                        let mut online = shared.shards[shard].online();
                        online.take_in_part(part, &mut report);
                        shared.brought.fetch_add(online.take_brought(), Ordering::Relaxed);
                        online.failure().into_iter().for_each(|why| shared.fail(why));
                        drop(online);
                        shared.shards[shard].give_way();
                    }
                    report
                };
                let reports = parts.iter().map(take_in).collect();
                // Who wanted to know it has ended.
                let _ = told.send((shard, reports));
            }
            Job::LetIn(cuts) => {
                for shard in own.clone() {
                    show(&mut shared.shards[shard].online(), &cuts);
                    shared.shards[shard].give_way();
                }
            }
        }
    }
}

/// Lets in what these cuts show, unless somebody has gone beyond them: then nothing of it waits.
fn show(online: &mut Online, cuts: &Cuts) {
    let is_behind = |(source, cut_us): (&String, &i64)| {
        let known_us = online.cuts().and_then(|known| known.get(source));
        known_us.is_some_and(|known_us| known_us > cut_us)
    };
    if !cuts.iter().any(is_behind) {
        let _ = let_in(online, cuts);
    }
}
