//! What a run reads besides its plan, and what its nodes find it in.

use crate::error::BatchError;
use crate::locks::lock;
use crate::spill::{Memory, SpillContext};
use crate::spine::SpineData;
use datafusion::execution::TaskContext;
use featc_ir::Truth;
use featr_decode::{DecodeError, JsonlRejects, LocalStore, Store};
use featr_kernels::Batch;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

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
    /// Whether views of one source read it in one pass. No value depends on it; without it every view scans for itself, and
    /// [`crate::SourceReport::rejected_by_any_view`] is that of the first.
    pub fuse: bool,
    /// Where files lie.
    pub store: Arc<dyn Store>,
    pub progress: Option<ProgressSink>,
    /// Ends the run with [`BatchError::Interrupted`] soon after somebody sets it.
    pub interrupt: Option<Arc<AtomicBool>>,
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
            fuse: true,
            store: Arc::new(LocalStore),
            progress: None,
            interrupt: None,
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

/// Where a plan finds its sources.
#[derive(Debug, Clone)]
pub struct Files {
    /// The folder that the sources' file patterns are relative to.
    pub base: PathBuf,
    /// Where files lie.
    pub store: Arc<dyn Store>,
    /// Events in memory by name of their source, in place of its files: columns in declared order, types as declared.
    pub events: BTreeMap<String, Vec<Batch>>,
    /// Whether parts of files may be left out that hold no event that can matter, by their own statistics.
    pub prune: bool,
}

/// What nodes need that no plan can hold: where files are, and who wants to be told.
pub(crate) struct Resources {
    pub base: PathBuf,
    pub store: Arc<dyn Store>,
    pub events: BTreeMap<String, Vec<Batch>>,
    pub temp: Option<PathBuf>,
    pub memory_bytes: Option<usize>,
    pub prune: bool,
    pub progress: Option<ProgressSink>,
    pub interrupt: Option<Arc<AtomicBool>>,
    pub rejects: SharedRejects,
    /// The sources whose rejected rows were told: a source that is read twice is told of once.
    told: Mutex<BTreeSet<String>>,
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Resources {
    /// Those of a run, and its questions.
    pub fn of(inputs: Inputs) -> (Resources, SpineData) {
        let resources = Resources {
            base: inputs.base,
            store: inputs.store,
            events: inputs.events,
            temp: Some(inputs.temp.unwrap_or_else(std::env::temp_dir)),
            memory_bytes: inputs.memory_bytes,
            prune: inputs.prune,
            progress: inputs.progress,
            interrupt: inputs.interrupt,
            rejects: SharedRejects(Arc::new(Mutex::new(inputs.rejects))),
            told: Mutex::default(),
        };
        (resources, inputs.spine)
    }

    /// Files and nothing else, for sessions that are not ours: memory and disk are the session's.
    pub fn files(files: Files) -> Resources {
        Resources {
            base: files.base,
            store: files.store,
            events: files.events,
            temp: None,
            memory_bytes: None,
            prune: files.prune,
            progress: None,
            interrupt: None,
            rejects: SharedRejects::none(),
            told: Mutex::default(),
        }
    }

    /// Tells how far the run is, and whether it may go on.
    pub fn tell(&self, progress: &Progress) -> std::result::Result<(), BatchError> {
        if let Some(sink) = &self.progress {
            sink(progress);
        }
        let is_set = |interrupt: &Arc<AtomicBool>| interrupt.load(Ordering::Relaxed);
        match self.interrupt.as_ref().is_some_and(is_set) {
            true => Err(BatchError::Interrupted),
            false => Ok(()),
        }
    }

    /// Where rejected rows of a source go: nowhere if they were told before.
    pub fn rejects_of(&self, source: &str) -> SharedRejects {
        match lock(&self.told).insert(source.to_owned()) {
            true => self.rejects.clone(),
            false => SharedRejects::none(),
        }
    }

    /// The bound on memory: the run's own, or that of the session.
    pub fn memory(&self, context: &TaskContext) -> Memory {
        match self.memory_bytes {
            Some(bytes) => Memory::limited(bytes),
            None => Memory::of_pool(&**context.memory_pool()),
        }
    }

    /// Where nodes keep what does not fit into memory.
    pub fn spill(&self, context: &TaskContext) -> SpillContext {
        SpillContext::new(context, self.temp.clone(), self.memory(context))
    }
}
