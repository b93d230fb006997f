//! Checkpoints beside the writer, while the log goes on behind them.
//!
//! ```text
//! writer   roll ─ begin ─┐     pushes … answers … pushes        ┌─ manifest
//! thread                 └─ snapshot, part by part ─ Parquet ─ files ─┘
//! ```
//!
//! A snapshot may have rows that came after it was begun: they stand in the log behind it, and are taken in again.

use crate::archive;
use crate::disk::Disk;
use crate::error::{Refused, StateError};
use crate::group::Then;
use crate::manifest::checkpoint_file;
use crate::recovery::refused;
use crate::shard::{self, Shard};
use crate::shared::Shared;
use crate::store::{Refusal, Store};
use featr::{Cuts, Online, Snapshotting};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The pause after a checkpoint that failed, and the longest after several.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// Entities that are written at a time.
const PART_ENTITIES: usize = 32;

/// The checkpoints of a writer, one at a time.
pub struct Checkpoints {
    shared: Arc<Shared>,
    /// Answers logged since the last one.
    pub answers: usize,
    running: Option<JoinHandle<Result<Written, StateError>>>,
    /// Who is told of the one that is being written, and of the next one.
    told: Vec<Then<u64>>,
    wanted: Vec<Then<u64>>,
    attempts: Attempts,
}

/// Those since the last one that was written.
#[derive(Default)]
struct Attempts {
    failed: u32,
    /// A checkpoint that is due waits until then.
    wait_until: Option<Instant>,
    /// The segment that was begun for one that failed.
    rolled: Option<u64>,
}

/// A state that is to be written, and what comes out of the log with it.
struct Taken {
    disk: Arc<dyn Disk>,
    /// The number of the checkpoint.
    number: u64,
    /// The state, from the instant on at which the segment `first` was begun.
    snapshot: Snapshotting,
    first: u64,
    /// The segments in front of it, with their bytes.
    segments: Vec<(u64, u64)>,
    /// Whether rows that were pushed become files.
    pushed: bool,
    /// Up to where answers had been given, and their greatest cuts.
    answered: Option<(i64, Cuts)>,
    /// Answers among them.
    answers: usize,
}

/// A checkpoint whose files are there.
struct Written {
    first: u64,
    answered: Option<(i64, Cuts)>,
    answers: usize,
    /// Rows that it takes out of the log, by source.
    rows: BTreeMap<String, u64>,
}

impl Taken {
    /// Writes all of it; it counts when the manifest names it.
    ///
    /// # Errors
    /// The disk refuses; the log is not what was written.
    fn write(self, shared: &Shared) -> Result<Written, StateError> {
        let (disk, mut snapshot) = (&*self.disk, self.snapshot);
        loop {
            snapshot.prepare();
            let shards = shared.all_shards();
            let (first, others) = in_order(&shards);
            let is_taken = first.put_part_with(&others, &mut snapshot, PART_ENTITIES);
            shared.core().is_taken = is_taken;
            if !is_taken {
                break;
            }
            drop(shards);
            shared.shards.iter().for_each(Shard::give_way);
        }
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        for segment in &self.segments {
            for (source, count) in archive::put(disk, *segment, self.pushed)? {
                *rows.entry(source).or_default() += count;
            }
        }
        let file = checkpoint_file(self.number);
        let bytes = snapshot.finish();
        disk.replace(&file, &bytes).map_err(refused(disk, &file))?;
        Ok(Written {
            first: self.first,
            answered: self.answered,
            answers: self.answers,
            rows,
        })
    }
}

/// The first of all shards, and the others.
fn in_order<'a>(shards: &'a [MutexGuard<'_, Online>]) -> (&'a Online, Vec<&'a Online>) {
    let mut all = shards.iter().map(|shard| &**shard);
    let first = all.next().expect("a state has a shard");
    (first, all.collect())
}

/// What to say of a refusal; one that leaves the log unknown ends all writing.
pub fn told_of(shared: &Shared, refusal: &Refusal) -> String {
    let why = refusal.error.to_string();
    if !refusal.again {
        shared.fail(&why);
    }
    why
}

impl Checkpoints {
    pub fn new(shared: Arc<Shared>) -> Checkpoints {
        Checkpoints {
            shared,
            answers: 0,
            running: None,
            told: Vec::new(),
            wanted: Vec::new(),
            attempts: Attempts::default(),
        }
    }

    /// Adds those who want one.
    pub fn want(&mut self, wanted: &mut Vec<Then<u64>>) {
        self.wanted.append(wanted);
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Ends the one that has been written, and begins one that is due; when it is to stop, ends the one that runs and begins none.
    pub fn look(&mut self, store: &mut Store, stopping: bool) {
        if let Some(running) = self.running.take_if(|running| stopping || running.is_finished()) {
            let broken = |_| StateError::Broken {
                why: "the thread that writes a checkpoint broke off".to_owned(),
            };
            let written = running.join().map_err(broken).flatten();
            let done = written.and_then(|written| self.finish(store, written));
            self.tell(store, done);
        }
        if stopping {
            let wanted = std::mem::take(&mut self.wanted).into_iter();
            wanted.for_each(|then| then(Err(Refused::Stopping)));
        } else if self.running.is_none() && (!self.wanted.is_empty() || self.is_due(store)) {
            self.begin(store);
        }
    }

    /// Whether [`Checkpoints::look`] begins one: all that is durable has to have landed by then.
    pub fn begins(&self, store: &Store) -> bool {
        let is_free = self.running.as_ref().is_none_or(JoinHandle::is_finished);
        is_free && (!self.wanted.is_empty() || self.is_due(store))
    }

    fn is_due(&self, store: &Store) -> bool {
        let options = &self.shared.options;
        let is_due = store.log_bytes() >= options.checkpoint_bytes || self.answers >= options.checkpoint_answers;
        is_due && self.attempts.wait_until.is_none_or(|until| Instant::now() >= until)
    }

    /// Takes the state, and lets a thread write it.
    fn begin(&mut self, store: &mut Store) {
        self.told = std::mem::take(&mut self.wanted);
        if let Some(why) = self.shared.failure() {
            let refused = || Refused::Unwritable { why: why.clone() };
            let told = std::mem::take(&mut self.told).into_iter();
            return told.for_each(|then| then(Err(refused())));
        }
        let bound_us = self.shared.core().bound_us;
        let begun = self.take(store, bound_us).and_then(|taken| {
            let thread = std::thread::Builder::new().name("featr-checkpoint".to_owned());
            let shared = self.shared.clone();
            let thread = thread.spawn(move || taken.write(&shared));
            thread.map_err(|error| StateError::Broken {
                why: format!("no thread can be begun: {}", featr::plain(&error)),
            })
        });
        match begun {
            Ok(running) => self.running = Some(running),
            Err(error) => self.tell(store, Err(error)),
        }
    }

    /// Tells what became of one.
    fn tell(&mut self, store: &Store, done: Result<(), StateError>) {
        let failure = done.err().map(|error| error.to_string());
        self.shared.published.set_checkpoint_failure(failure.clone());
        match &failure {
            None => self.attempts = Attempts::default(),
            Some(_) => {
                self.shared.core().is_taken = false;
                let attempts = &mut self.attempts;
                let pause = PAUSES[0].saturating_mul(1 << attempts.failed.min(10)).min(PAUSES[1]);
                attempts.failed += 1;
                attempts.wait_until = Some(Instant::now() + pause);
                let failed = &self.shared.counters.checkpoints_failed;
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        let number = store.manifest().checkpoint;
        for then in std::mem::take(&mut self.told) {
            then(
                failure
                    .clone()
                    .map_or(Ok(number), |why| Err(Refused::Unwritable { why })),
            );
        }
    }

    /// Begins a segment, and takes the state of what stands before; answers have been given with bases up to `answered_us`.
    fn take(&mut self, store: &mut Store, answered_us: i64) -> Result<Taken, StateError> {
        let first = match self.attempts.rolled {
            Some(first) => first,
            None => {
                let first = store.roll().map_err(|refusal| {
                    told_of(&self.shared, &refusal);
                    refusal.error
                })?;
                self.attempts.rolled = Some(first);
                first
            }
        };
        let (shared, options) = (&*self.shared, &self.shared.options);
        let mut shards = shared.all_shards();
        let (cuts, shown) = {
            let mut core = shared.core();
            core.is_taken = true;
            let cuts = core.cuts_at(answered_us, &shared.sources, options.delay_us);
            (cuts, core.shown.clone())
        };
        for online in &mut shards {
            shard::let_in(online, &shown).map_err(StateError::Program)?;
        }
        let (first_shard, others) = in_order(&shards);
        Ok(Taken {
            disk: store.disk().clone(),
            number: store.next_checkpoint(),
            snapshot: first_shard.begin_snapshot_with(&others),
            first,
            segments: store.segments_before(first).collect(),
            pushed: options.pushed_log,
            answered: (answered_us != i64::MIN).then_some((answered_us, cuts)),
            answers: self.answers,
        })
    }

    /// Lets one count that has been written.
    fn finish(&mut self, store: &mut Store, written: Written) -> Result<(), StateError> {
        let done = store.checkpoint(written.first, written.answered, &written.rows);
        if let Err(error @ StateError::Fenced { .. }) = &done {
            self.shared.fail(&error.to_string());
        }
        done?;
        self.answers = self.answers.saturating_sub(written.answers);
        self.shared.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Writes the last one, and waits for it: all that was answered is to be in files.
    ///
    /// # Errors
    /// The disk refuses; the log holds everything.
    pub fn last(&mut self, store: &mut Store, answered_us: i64) -> Result<(), StateError> {
        self.attempts.rolled = None;
        let taken = self.take(store, answered_us)?;
        let written = taken.write(&self.shared)?;
        self.finish(store, written)
    }
}
