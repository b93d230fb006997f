//! What the threads of a runtime share.

use crate::archive::Fingerprints;
use crate::backup::Backup;
use crate::clock::Clock;
use crate::core::Core;
use crate::counters::Counters;
use crate::fill::Fill;
use crate::first_rejects::FirstRejects;
use crate::locks::locked;
use crate::positions::Read;
use crate::progress::{Problem, Progress};
use crate::published::Published;
use crate::shard::Shard;
use crate::store::Refusal;
use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use featc_ir::{ColumnId, READ_SKEW_US, Source};
use featr::{Error, Incoming, Online, Program, PushReport, Stage, arrow_type};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// How a state is kept and asked.
#[derive(Debug, Clone)]
pub struct Options {
    /// Overrides the `delay` of every source, in microseconds.
    pub delay_us: Option<u64>,
    /// How long before the clock questions may be asked, in microseconds.
    pub history_us: u64,
    /// Whether answers are logged.
    pub served_log: bool,
    /// Whether rows that were pushed become files when a checkpoint takes them out of the log.
    pub pushed_log: bool,
    /// What files of answers say of the features that gave them.
    pub fingerprints: Fingerprints,
    /// Whether a state is refused that has events which the program does not read; otherwise they go with the next checkpoint.
    pub keep_unread: bool,
    /// How many parts the state has in memory, by entity, each with a lock of its own; 0: four for each processor. No answer
    /// and no file depends on it.
    pub shards: usize,
    /// Bytes of events with their summaries that are in memory after a checkpoint, about; those of other entities are read from its files when they are
    /// needed. `None`: all are in memory. No answer depends on it.
    pub memory_max: Option<u64>,
    /// Whether what a changed program reads and the state does not have is filled from history, and how; otherwise such a state is
    /// refused.
    pub fill: Option<Fill>,
    /// Where checkpoints are put that another machine goes on from, if they are.
    pub backup: Option<Arc<Backup>>,
    /// Requests that may wait for the disk.
    pub waiting_max: usize,
    /// Bytes of log after which a checkpoint is made.
    pub checkpoint_bytes: u64,
    /// Answers after which a checkpoint is made.
    pub checkpoint_answers: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            delay_us: None,
            history_us: READ_SKEW_US,
            served_log: true,
            pushed_log: true,
            fingerprints: Fingerprints::new(),
            keep_unread: false,
            shards: 0,
            memory_max: None,
            fill: None,
            backup: None,
            waiting_max: 1024,
            checkpoint_bytes: 64 << 20,
            checkpoint_answers: 200_000,
        }
    }
}

/// What became of a push.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// Rows that came, decoded or not.
    pub rows: u64,
    /// What became of the rows that decoded.
    pub report: PushReport,
    /// Rows that did not decode.
    pub undecoded: u64,
    /// The arrival of the rows that said none, in microseconds since the epoch, if there were such.
    pub arrival_us: Option<i64>,
    /// Of a table, rows that say no arrival or a late one, and are versions which were there: these arrived then, in microseconds.
    pub copies: Vec<(u64, i64)>,
}

impl Pushed {
    pub(crate) fn of(incoming: &Incoming, report: PushReport, arrival_us: Option<i64>) -> Pushed {
        let undecoded = incoming.rejected.len() as u64;
        Pushed {
            rows: report.rows + undecoded,
            report,
            undecoded,
            arrival_us,
            copies: Vec::new(),
        }
    }
}

/// What the threads share.
pub struct Shared {
    pub program: Program,
    pub options: Options,
    pub clock: Arc<dyn Clock>,
    pub core: Mutex<Core>,
    pub shards: Vec<Shard>,
    /// What is done to questions before and after the shards.
    pub front: Stage,
    /// Of the whole program: sources, and tables with versions.
    pub sources: Vec<Source>,
    /// The names of tables.
    pub tables: BTreeSet<String>,
    /// Tables whose readers have not come to the end of what there was when they began: their cuts stand still.
    pub catching_up: Mutex<BTreeSet<String>>,
    /// Per service the names of its sources.
    pub services: BTreeMap<String, Vec<String>>,
    pub answers: Mutex<Vec<(String, RecordBatch)>>,
    /// Bytes of these.
    pub answer_bytes: AtomicUsize,
    /// Bytes of events that were brought into memory since the last checkpoint.
    pub brought: AtomicU64,
    pub counters: Counters,
    pub published: Published,
    pub failure: Mutex<Option<String>>,
    /// Up to where readers had read what was in the state when it was opened.
    pub read: Read,
    /// By source, how far its reader is.
    pub progress: Mutex<BTreeMap<String, Progress>>,
    pub problems: Mutex<Vec<Problem>>,
    pub first_rejects: Mutex<FirstRejects>,
    /// Whether questions came since the writer looked last.
    pub asked: AtomicBool,
    pub stopping: AtomicBool,
}

/// Says that nothing can be written any more, if the thread panics.
pub struct FailsInPanic(pub Arc<Shared>);

impl Drop for FailsInPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("a thread that writes broke off");
        }
    }
}

/// Answers that may wait for the writer.
pub const ANSWERS_WAITING_MAX: usize = 100_000;
/// Bytes of answers that may wait for the writer.
pub const ANSWERS_WAITING_BYTES: usize = 256 << 20;

/// Bytes that answers take, about.
fn bytes_of(answers: &[(String, RecordBatch)]) -> usize {
    answers.iter().map(|(_, rows)| rows.get_array_memory_size()).sum()
}

impl Shared {
    /// The instants; for a moment, and never before a shard is taken.
    pub fn core(&self) -> MutexGuard<'_, Core> {
        locked(&self.core)
    }

    /// Whether tables with versions are taken in.
    pub fn has_tables(&self) -> bool {
        self.sources.iter().any(|source| self.tables.contains(&source.name))
    }

    /// All shards, in their order.
    pub fn all_shards(&self) -> Vec<MutexGuard<'_, Online>> {
        self.shards.iter().map(Shard::online).collect()
    }

    /// Releases what no question can reach that is asked as long before the base as it may be; not while a snapshot is taken.
    pub fn release(&self) {
        let horizon_us = self.core().horizon(&*self.clock, self.options.history_us);
        for shard in &self.shards {
            let mut online = shard.online();
            if !self.core().is_taking && online.cut_us().is_none_or(|known| horizon_us > known) {
                // It does not go back.
                let _ = online.advance(horizon_us);
            }
            drop(online);
            shard.give_way();
        }
    }

    /// Whether somebody broke off in the midst of the state.
    pub fn is_broken(&self) -> bool {
        self.core.is_poisoned() || self.shards.iter().any(Shard::is_broken)
    }

    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// As [`Shared::source`], of one that there is.
    ///
    /// # Errors
    /// [`Error::UnknownSource`].
    pub fn known_source(&self, name: &str) -> Result<&Source, Error> {
        self.source(name).ok_or_else(|| Error::UnknownSource {
            source: name.to_owned(),
            known: self.sources.iter().map(|source| source.name.clone()).collect(),
        })
    }

    /// The tables of which rows that were there before may still come.
    pub fn held_tables(&self) -> BTreeSet<String> {
        locked(&self.catching_up).clone()
    }

    /// Refuses rows that are not as [`Program::incoming`] makes them: what is in the log is read at every start.
    ///
    /// # Errors
    /// [`Error::UnknownSource`], [`Error::Columns`].
    pub fn check(&self, incoming: &Incoming) -> Result<(), Error> {
        let source = self.known_source(&incoming.source)?;
        let schema = incoming.rows.schema();
        let found = schema
            .fields()
            .iter()
            .map(|field| (field.name(), field.data_type().clone()));
        let wanted = source
            .columns
            .iter()
            .map(|column| (&column.name, arrow_type(column.ty)));
        match wanted.eq(found) {
            true => Ok(()),
            false => Err(Error::Columns {
                what: format!("rows of `{}`", incoming.source),
                why: "they have not the columns that the source declares, in its order and types".to_owned(),
            }),
        }
    }

    /// The answers that have waited longest, of so many bytes or one more.
    pub fn take_answers(&self, bytes: usize) -> Vec<(String, RecordBatch)> {
        let mut waiting = locked(&self.answers);
        let mut taken = 0;
        let is_room = |(_, rows): &&(String, RecordBatch)| {
            let is_room = taken < bytes;
            taken += rows.get_array_memory_size();
            is_room
        };
        let count = waiting.iter().take_while(is_room).count();
        let taken: Vec<_> = waiting.drain(..count).collect();
        self.answer_bytes.fetch_sub(bytes_of(&taken), Ordering::Relaxed);
        taken
    }

    pub fn has_answers(&self) -> bool {
        !locked(&self.answers).is_empty()
    }

    /// Lets answers that could not be logged wait again, in front of the others.
    pub fn put_back(&self, answers: Vec<(String, RecordBatch)>) {
        self.answer_bytes.fetch_add(bytes_of(&answers), Ordering::Relaxed);
        locked(&self.answers).splice(0..0, answers);
    }

    /// Counts answers that are not logged.
    pub fn lose(&self, answers: &[(String, RecordBatch)]) {
        let rows: usize = answers.iter().map(|(_, rows)| rows.num_rows()).sum();
        self.counters.answers_lost.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub fn failure(&self) -> Option<String> {
        let broken = || "a request broke off in the midst of the state: start the server again".to_owned();
        let known = locked(&self.failure).clone();
        known.or_else(|| self.is_broken().then(broken))
    }

    pub fn fail(&self, why: &str) {
        locked(&self.failure).get_or_insert_with(|| why.to_owned());
    }

    /// Ends all writing, if a refusal leaves unknown what the log holds.
    pub fn fail_if_unknown(&self, refusal: &Refusal) {
        if !refusal.again {
            self.fail(&refusal.error.to_string());
        }
    }

    /// How long after their event times rows arrived, of a source with a column that says so.
    fn count_lateness(&self, incoming: &Incoming) {
        let Some(source) = self.source(&incoming.source) else {
            return;
        };
        let instants = |column: ColumnId| {
            let array = incoming.rows.columns().get(column.index())?;
            array.as_primitive_opt::<TimestampMicrosecondType>()
        };
        let arrivals = source.arrival_column().and_then(instants);
        if let Some((arrivals, times)) = arrivals.zip(instants(source.time)) {
            let both = arrivals.iter().zip(times.iter());
            let late = both.filter_map(|(arrival, time)| Some(arrival?.saturating_sub(time?)));
            self.counters.lateness.add(&source.name, late);
        }
    }

    pub fn count(&self, incoming: &Incoming, report: &PushReport) {
        let source = &incoming.source;
        self.counters.accepted.add(source, "", report.accepted);
        self.counters.late.add(source, "", report.overdue);
        self.count_lateness(incoming);
        let undecoded = incoming.rejected.iter().map(|row| row.reason);
        let rejected = undecoded.chain(report.rejected.iter().map(|row| row.reason));
        let by_view = report.rejected_by_view.iter().map(|(_, _, reason)| *reason);
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        rejected
            .chain(by_view)
            .for_each(|reason| *counts.entry(reason).or_default() += 1);
        for (reason, count) in counts {
            self.counters.rejected.add(source, reason, count);
        }
    }
}
