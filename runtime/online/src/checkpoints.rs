//! Checkpoints beside the writer, while the log goes on after them.
//!
//! ```text
//! writer   roll ─ begin ─┐     pushes … answers … pushes        ┌─ manifest
//! thread                 └─ snapshot, part by part ─ Parquet ─ files ─┘
//! ```
//!
//! A snapshot may have rows that came after it was begun: they stand in the log after it, and are taken in again.

use crate::archive;
use crate::clearing::Clearing;
use crate::disk::Disk;
use crate::entities::Writing;
use crate::entity_files::EntityFiles;
use crate::error::{Refused, StateError};
use crate::group::Then;
use crate::manifest::{Manifest, checkpoint_file};
use crate::refusals::refused;
use crate::shard::{self, Shard};
use crate::shared::Shared;
use crate::store::Store;
use featr::{Online, Snapshotting, Stored};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The pause after a checkpoint that failed; after each further one it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Entities that are written at a time.
const PART_ENTITIES: usize = 32;

/// A checkpoint is due when more than this part of the memory that events may take was brought in from files: what has changed
/// can go only when it is written.
const BROUGHT_PART: u64 = 4;

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
    clearing: Clearing,
    /// The files of entities, by the logs of the program, and the number of the next one: none is written twice.
    entities: EntityFiles,
    next_file: u64,
}

/// Those since the last one that was written.
#[derive(Default)]
struct Attempts {
    failed: u32,
    /// A checkpoint that is due waits until then.
    wait_until: Option<Instant>,
    /// The segment that was begun for one that failed.
    rolled: Option<u64>,
    /// The last one that was written is not in the backup.
    is_unsaved: bool,
}

/// A state that is to be written, and what comes out of the log with it.
struct Taken {
    disk: Arc<dyn Disk>,
    /// The manifest that is to name it, as far as it is known.
    manifest: Manifest,
    /// The number of the first file of entities that it writes.
    next_file: u64,
    /// The state, from the instant on at which the segment `first` was begun.
    snapshot: Snapshotting,
    round: u64,
    /// The files of entities that there are, and those of them that are joined.
    entities: EntityFiles,
    joined: BTreeSet<u64>,
    /// The segments in front of the one that it was begun with, with their bytes.
    segments: Vec<(u64, u64)>,
    /// Whether rows that were pushed become files.
    pushed: bool,
    /// Answers among them.
    answers: usize,
}

/// A checkpoint whose files are there.
struct Written {
    manifest: Manifest,
    answers: usize,
    round: u64,
    /// Whether it is in the backup, if there is one.
    saved: Result<(), StateError>,
    /// By shard, where entities stand now, each with the position of its log.
    records: Vec<Vec<(usize, Box<[u8]>, Stored)>>,
}

impl Taken {
    /// Writes all of it; it counts when the manifest names it.
    ///
    /// # Errors
    /// The disk refuses; the log is not what was written.
    fn write(self, shared: &Shared) -> Result<Written, StateError> {
        let (disk, mut snapshot, mut entities) = (&*self.disk, self.snapshot, self.entities);
        let mut writing = Writing::begin(self.disk.clone(), self.next_file);
        let mut records: Vec<Vec<(usize, Box<[u8]>, Stored)>> = shared.shards.iter().map(|_| Vec::new()).collect();
        loop {
            snapshot.prepare();
            let shards = shared.all_shards();
            let (first, others) = in_order(&shards);
            let is_taking = first.put_part_with(&others, &mut snapshot, PART_ENTITIES);
            shared.core().is_taking = is_taking;
            if let Some(why) = first
                .failure()
                .or_else(|| others.iter().find_map(|other| other.failure()))
            {
                return Err(StateError::Broken { why: why.to_owned() });
            }
            drop(shards);
            for record in snapshot.take_records() {
                let stored = writing.put(entities.logs[record.state], &record)?;
                records[record.shard].push((record.state, record.key, stored));
            }
            if !is_taking {
                break;
            }
            shared.shards.iter().for_each(Shard::give_way);
        }
        entities.files.retain(|number, _| !self.joined.contains(number));
        entities.files.extend(writing.end()?);
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        for segment in &self.segments {
            for (source, count) in archive::put(disk, *segment, self.pushed)? {
                *rows.entry(source).or_default() += count;
            }
        }
        let file = checkpoint_file(self.manifest.checkpoint);
        let bytes = snapshot.finish();
        disk.replace(&file, &bytes).map_err(refused(disk, &file))?;
        let manifest = self.manifest.with(&rows, entities);
        let backup = shared.options.backup.as_ref();
        // Last: numbers of files are given again if something before fails.
        let saved = backup.map_or(Ok(()), |backup| backup.put(disk, &manifest));
        let not_saved = |error| match error {
            StateError::TakenOver { .. } => error,
            other => StateError::Objects {
                why: format!("checkpoint {} is not in the backup: {other}", manifest.checkpoint),
            },
        };
        let saved = saved.map_err(not_saved);
        Ok(Written {
            manifest,
            answers: self.answers,
            round: self.round,
            saved,
            records,
        })
    }
}

/// The first of all shards, and the others.
fn in_order<'a>(shards: &'a [MutexGuard<'_, Online>]) -> (&'a Online, Vec<&'a Online>) {
    let mut all = shards.iter().map(|shard| &**shard);
    let first = all.next().expect("a state has a shard");
    (first, all.collect())
}

impl Checkpoints {
    /// Goes on from these files.
    pub fn new(shared: Arc<Shared>, entities: EntityFiles) -> Checkpoints {
        Checkpoints {
            shared,
            next_file: entities.next_file(),
            entities,
            answers: 0,
            running: None,
            told: Vec::new(),
            wanted: Vec::new(),
            attempts: Attempts::default(),
            clearing: Clearing::default(),
        }
    }

    /// Adds those who want one.
    pub fn want(&mut self, wanted: &mut Vec<Then<u64>>) {
        self.wanted.append(wanted);
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Ends the one that has been written, and begins one that is due, after `land` has let all land that is durable; when it is to
    /// stop, ends the one that runs and begins none.
    pub fn look(&mut self, store: &mut Store, stopping: bool, land: impl FnOnce()) {
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
        } else if self.running.is_none() && self.clearing.is_done() && (!self.wanted.is_empty() || self.is_due(store)) {
            // What has not landed is not in it, and the segments that hold it go.
            land();
            self.begin(store);
        }
    }

    fn is_due(&self, store: &Store) -> bool {
        let options = &self.shared.options;
        let brought = self.shared.brought.load(Ordering::Relaxed);
        let is_full = options.memory_max.is_some_and(|bytes| brought > bytes / BROUGHT_PART);
        let is_due = is_full
            || self.attempts.is_unsaved
            || store.log_bytes() >= options.checkpoint_bytes
            || self.answers >= options.checkpoint_answers;
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
                self.shared.core().is_taking = false;
                let attempts = &mut self.attempts;
                let pause = FIRST_PAUSE.saturating_mul(1 << attempts.failed.min(10)).min(PAUSE_MAX);
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
        self.clearing.wait();
        let first = match self.attempts.rolled {
            Some(first) => first,
            None => {
                let rolled = store.roll().inspect_err(|refusal| self.shared.fail_if_unknown(refusal));
                let first = rolled.map_err(|refusal| refusal.error)?;
                self.attempts.rolled = Some(first);
                first
            }
        };
        let (shared, options) = (&*self.shared, &self.shared.options);
        let mut shards = shared.all_shards();
        let (cuts, shown) = {
            let mut core = shared.core();
            core.is_taking = true;
            let cuts = core.cuts_at(answered_us, &shared.sources, options.delay_us);
            (cuts, core.shown.clone())
        };
        for online in &mut shards {
            shard::let_in(online, &shown).map_err(StateError::Program)?;
        }
        let mut used = BTreeMap::new();
        shards.iter().for_each(|online| online.used(&mut used));
        let joined = self.entities.to_be_joined(&used);
        let rounds = shards.iter_mut().map(|online| online.begin_round());
        let round = rounds.max().unwrap_or_default();
        let (first_shard, others) = in_order(&shards);
        let manifest = store.next_manifest(first, (answered_us != i64::MIN).then_some((answered_us, cuts)));
        Ok(Taken {
            disk: store.disk().clone(),
            manifest,
            next_file: self.next_file,
            snapshot: first_shard.begin_storing_with(&others, &joined),
            round,
            entities: self.entities.clone(),
            joined,
            segments: store.segments_before(first).collect(),
            pushed: options.pushed_log,
            answers: self.answers,
        })
    }

    /// Lets one count that has been written.
    ///
    /// # Errors
    /// It does not count; with [`StateError::Objects`] it does, and is not in the backup.
    fn finish(&mut self, store: &mut Store, written: Written) -> Result<(), StateError> {
        let entities = written.manifest.entities.clone();
        self.next_file = self.next_file.max(entities.next_file());
        let done = match &written.saved {
            // Another process serves the state.
            Err(error @ StateError::TakenOver { .. }) => Err(error.clone()),
            Ok(()) | Err(_) => store.checkpoint(written.manifest),
        };
        if let Err(error @ (StateError::Fenced { .. } | StateError::TakenOver { .. })) = &done {
            self.shared.fail(&error.to_string());
        }
        done?;
        self.entities = entities;
        let shards = &self.shared.shards;
        let memory_max = self.shared.options.memory_max.map(|bytes| bytes / shards.len() as u64);
        for (shard, records) in shards.iter().zip(&written.records) {
            let mut online = shard.online();
            online.set_written(written.round, records);
            memory_max.into_iter().for_each(|bytes| online.unload(bytes));
            drop(online);
            shard.give_way();
        }
        self.shared.brought.store(0, Ordering::Relaxed);
        self.clearing.begin(store.disk().clone(), store.needless());
        self.answers = self.answers.saturating_sub(written.answers);
        self.shared.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        self.attempts.rolled = None;
        self.attempts.is_unsaved = written.saved.is_err();
        written.saved
    }

    /// Writes the last one, and waits for it: all that was answered is to be in files.
    ///
    /// # Errors
    /// The disk refuses; the log holds everything. [`StateError::Objects`]: it is not in the backup.
    pub fn last(&mut self, store: &mut Store, answered_us: i64) -> Result<(), StateError> {
        self.attempts.rolled = None;
        let taken = self.take(store, answered_us)?;
        let written = taken.write(&self.shared)?;
        self.attempts = Attempts::default();
        let done = self.finish(store, written);
        let failure = done.as_ref().err().map(ToString::to_string);
        self.shared.published.set_checkpoint_failure(failure);
        done
    }

    /// As [`Checkpoints::last`], and the log says that it ends there.
    ///
    /// # Errors
    /// As [`Checkpoints::last`].
    pub fn end(&mut self, store: &mut Store, answered_us: i64) -> Result<(), StateError> {
        match self.last(store, answered_us) {
            unsaved @ Err(StateError::Objects { .. }) => store.end().and(unsaved),
            done => done.and_then(|()| store.end()),
        }
    }
}
