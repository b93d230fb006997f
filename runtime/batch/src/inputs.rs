//! What a run reads, and what its nodes share while it runs.

use crate::entities::Entities;
use crate::report::ViewReport;
use crate::scan::Scan;
use crate::shelves::Room;
use crate::spine::SpineData;
use datafusion::error::Result;
use featc_ir::plan::{FinishSpec, FoldSpec};
use featc_ir::{Key, Source, Truth};
use featr_decode::{DecodeError, JsonlRejects, LocalStore, Store};
use featr_kernels::Batch;
use featr_kernels::rows::Dropped;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// With less memory than this, batches and shelves are small.
const SMALL_BYTES: usize = 128 << 20;

/// Of the memory of a run a quarter is for the events and answers of one shelf, but at least this, if there is so much.
const SHELF_BYTES: usize = 24 << 20;

/// Everything a run reads besides its plan.
pub struct Inputs {
    /// The folder that the sources' file patterns are relative to.
    pub base: PathBuf,
    /// Events in memory by name of their source, in place of its files: columns in declared order, types as declared.
    pub events: BTreeMap<String, Vec<Batch>>,
    /// The questions.
    pub spine: SpineData,
    pub truth: Truth,
    /// Whether each feature is followed by `<name>__status`.
    pub with_status: bool,
    /// Worker threads and partitions; 0 takes what the machine has.
    pub threads: usize,
    /// How much memory the run may take, in bytes, about: what it collects beyond that goes to disk. `None`: no bound.
    pub memory_bytes: Option<usize>,
    /// The folder of temporary files; `None`: the system's.
    pub temp: Option<PathBuf>,
    /// Whether parts of files may be left out that hold no event that can matter, by their own statistics. Their rows,
    /// and what is wrong with them, are then not counted.
    pub prune: bool,
    /// Where files lie.
    pub store: Arc<dyn Store>,
    pub progress: Option<ProgressSink>,
    /// Receives every row that is not used, in the order of the files; of one batch first what cannot be decoded, then what
    /// was not accepted, then what a view rejects.
    pub rejects: Option<Box<dyn RejectedRows>>,
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("base", &self.base)
            .field("truth", &self.truth)
            .field("with_status", &self.with_status)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl Inputs {
    /// Truth `complete`, values only, all threads, no bound on memory, files below the current folder.
    pub fn new(spine: SpineData) -> Inputs {
        Inputs {
            base: PathBuf::from("."),
            events: BTreeMap::new(),
            spine,
            truth: Truth::Complete,
            with_status: false,
            threads: 0,
            memory_bytes: None,
            temp: None,
            prune: false,
            store: Arc::new(LocalStore),
            progress: None,
            rejects: None,
        }
    }
}

/// What has been done so far. Calls come from several threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Rows of a source were decoded.
    Decoded { source: String, rows: u64 },
    /// Questions were answered by one of the service's views.
    Answered { questions: u64 },
}

/// Receives progress.
pub type ProgressSink = Arc<dyn Fn(&Progress) + Send + Sync>;

/// A row that was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow<'a> {
    pub source: &'a str,
    pub file: &'a str,
    /// Row in Parquet, first line in text formats, from 1; in memory the position in its batch, from 1.
    pub line: u64,
    /// `late`, `ahead`, `bad_value` …
    pub reason: &'a str,
    /// In words.
    pub detail: &'a str,
    /// The text of the record, where there is one.
    pub raw: Option<&'a str>,
}

/// The side output of a run.
pub trait RejectedRows: Send {
    /// An error stops the run: a row that can be kept nowhere must not vanish.
    fn reject(&mut self, row: &RejectedRow<'_>) -> std::result::Result<(), DecodeError>;
}

impl<W: std::io::Write + Send> RejectedRows for JsonlRejects<W> {
    fn reject(&mut self, row: &RejectedRow<'_>) -> std::result::Result<(), DecodeError> {
        self.write(row.file, row.line, row.reason, row.detail, row.raw)
    }
}

/// Where unused rows go, shared by all sources.
#[derive(Clone)]
pub(crate) struct SharedRejects(pub Arc<Mutex<Option<Box<dyn RejectedRows>>>>);

impl SharedRejects {
    /// Nobody wants them.
    pub fn none() -> SharedRejects {
        SharedRejects(Arc::default())
    }

    pub fn wanted(&self) -> bool {
        lock(&self.0).is_some()
    }

    pub fn put(&self, row: &RejectedRow<'_>) -> std::result::Result<(), DecodeError> {
        match &mut *lock(&self.0) {
            Some(sink) => sink.reject(row),
            None => Ok(()),
        }
    }
}

/// What the nodes of one run share.
pub(crate) struct Shared {
    pub base: PathBuf,
    pub spine: Arc<SpineData>,
    pub truth: Truth,
    pub with_status: bool,
    pub threads: usize,
    pub progress: Option<ProgressSink>,
    pub rejects: SharedRejects,
    pub store: Arc<dyn Store>,
    pub room: Room,
    /// Whether there is so little memory that batches and shelves are to be small.
    pub small_memory: bool,
    /// What a shelf may take while it is answered, in bytes, about.
    pub share: Option<usize>,
    pub prune: bool,
    pub events: Mutex<BTreeMap<String, Vec<Batch>>>,
    pub scans: Mutex<BTreeMap<String, Arc<Scan>>>,
    /// The last of them in the order of the plan.
    pub last_scan: Mutex<Option<Arc<Scan>>>,
    /// By the names of their keys.
    pub entities: Mutex<BTreeMap<Vec<String>, Arc<Entities>>>,
    pub counters: Mutex<Vec<Arc<RowsCounter>>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("truth", &self.truth)
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub fn new(inputs: Inputs, threads: usize, room: Room) -> Shared {
        Shared {
            base: inputs.base,
            spine: Arc::new(inputs.spine),
            truth: inputs.truth,
            with_status: inputs.with_status,
            threads,
            progress: inputs.progress,
            rejects: SharedRejects(Arc::new(Mutex::new(inputs.rejects))),
            store: inputs.store,
            room,
            small_memory: inputs.memory_bytes.is_some_and(|bytes| bytes < SMALL_BYTES),
            share: inputs.memory_bytes.map(|bytes| (bytes / 4).max(bytes.min(SHELF_BYTES))),
            prune: inputs.prune,
            events: Mutex::new(inputs.events),
            scans: Mutex::default(),
            last_scan: Mutex::default(),
            entities: Mutex::default(),
            counters: Mutex::default(),
        }
    }

    pub fn tell(&self, progress: &Progress) {
        if let Some(sink) = &self.progress {
            sink(progress);
        }
    }

    /// The one scan of a source. Sources are scanned in the order in which they are first named here, which is that of
    /// the plan: [`crate::logical::walk`] does it.
    pub fn scan(&self, source: &Arc<Source>) -> Arc<Scan> {
        let mut scans = lock(&self.scans);
        let known = scans.entry(source.name.clone()).or_insert_with(|| {
            let events = lock(&self.events).remove(&source.name);
            let mut last = lock(&self.last_scan);
            let scan = Arc::new(Scan::new(source.clone(), events, last.take(), self));
            *last = Some(scan.clone());
            scan
        });
        known.clone()
    }

    /// The entities that the spine names by these keys.
    pub fn entities(&self, keys: &[Key]) -> Result<Arc<Entities>> {
        let names: Vec<String> = keys.iter().map(|key| key.name.clone()).collect();
        let mut known = lock(&self.entities);
        if let Some(entities) = known.get(&names) {
            return Ok(entities.clone());
        }
        let entities = Arc::new(Entities::of_spine(&self.spine, keys)?);
        known.insert(names, entities.clone());
        Ok(entities)
    }

    /// A new counter for a transform.
    pub fn counter(&self, source: &str, transform: &str, entity: &[String]) -> Arc<RowsCounter> {
        let report = ViewReport {
            source: source.to_owned(),
            transform: transform.to_owned(),
            entity: entity.to_vec(),
            ..ViewReport::default()
        };
        let counter = Arc::new(RowsCounter {
            report: Mutex::new(report),
            absent: Mutex::default(),
            views: Mutex::default(),
        });
        lock(&self.counters).push(counter.clone());
        counter
    }
}

/// Counts what becomes of the rows of a transform.
#[derive(Debug)]
pub(crate) struct RowsCounter {
    report: Mutex<ViewReport>,
    /// Per entry of `FoldSpec::presence`: questions without an event within that lookback.
    absent: Mutex<Vec<u64>>,
    /// As [`FinishSpec::views`] has them.
    views: Mutex<Vec<(String, u32)>>,
}

impl RowsCounter {
    pub fn add(&self, events: usize, dropped: &Dropped) {
        let mut report = lock(&self.report);
        report.events += events as u64;
        report.dropped.add(dropped);
    }

    /// The events are counted again.
    pub fn forget_events(&self) {
        let mut report = lock(&self.report);
        report.events = 0;
        report.dropped = Dropped::default();
    }

    pub fn add_copies(&self, copies: u64) {
        lock(&self.report).copies += copies;
    }

    pub fn add_keyless(&self, questions: u64) {
        lock(&self.report).keyless_questions += questions;
    }

    pub fn add_at_events(&self, questions: u64) {
        lock(&self.report).questions_at_events += questions;
    }

    /// Counts the questions of one answer that find no event.
    pub fn add_absent(&self, presence: &[Vec<bool>]) {
        let mut absent = lock(&self.absent);
        absent.resize(presence.len(), 0);
        for (count, present) in absent.iter_mut().zip(presence) {
            *count += present.iter().map(|present| u64::from(!present)).sum::<u64>();
        }
    }

    /// Whose features are made of these events.
    pub fn serve(&self, finish: &FinishSpec, fold: &FoldSpec) {
        *lock(&self.views) = finish.views(fold);
    }

    pub fn report(&self) -> ViewReport {
        let absent = lock(&self.absent);
        let count = |place: u32| absent.get(place as usize).copied().unwrap_or(0);
        let views = lock(&self.views);
        ViewReport {
            missing: views
                .iter()
                .map(|(view, place)| (view.clone(), count(*place)))
                .collect(),
            ..lock(&self.report).clone()
        }
    }
}

/// Counters and caches stay usable when a thread that held them panicked.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
