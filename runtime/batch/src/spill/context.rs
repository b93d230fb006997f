//! How much memory there is, and where goes what is too much.

use crate::error::BatchError;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// With less memory than this, batches and partitions are small.
const SMALL_BYTES: usize = 128 << 20;

/// Of the memory of a run a quarter is for the events and answers of one partition, but at least this, if there is so much.
const SHARE_BYTES: usize = 24 << 20;

/// About so much text of answers is together in a batch, if there is no bound on memory.
const TEXT_BYTES: usize = 64 << 20;

/// A bound on memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    limit: Option<usize>,
}

impl Memory {
    /// About so many bytes.
    pub fn limited(bytes: usize) -> Memory {
        Memory { limit: Some(bytes) }
    }

    /// As a pool has it.
    pub fn of_pool(pool: &dyn MemoryPool) -> Memory {
        match pool.memory_limit() {
            MemoryLimit::Finite(bytes) => Memory::limited(bytes),
            MemoryLimit::Infinite | MemoryLimit::Unknown => Memory { limit: None },
        }
    }

    /// Whether there is so little memory that batches and partitions are to be small.
    pub fn small(self) -> bool {
        self.limit.is_some_and(|bytes| bytes < SMALL_BYTES)
    }

    /// What a partition may take while it is sorted and answered, in bytes, about.
    pub fn share(self) -> Option<usize> {
        self.limit.map(|bytes| (bytes / 4).max(bytes.min(SHARE_BYTES)))
    }

    /// How much text of answers is together in a batch, in bytes, about: a batch has fewer rows where their text is long.
    pub fn text(self) -> usize {
        self.share()
            .map_or(TEXT_BYTES, |share| (share / 8).clamp(1, TEXT_BYTES))
    }
}

/// Where what is buffered is counted, and where it goes when there is too much.
#[derive(Debug, Clone)]
pub(crate) struct SpillContext {
    pub pool: Arc<dyn MemoryPool>,
    /// The folder of temporary files; `None`: there may be none.
    pub temp: Option<PathBuf>,
    /// So much is collected before it goes to disk even if others have taken all memory: many small runs are slow to read.
    pub run_bytes: usize,
    /// See [`Memory::text`].
    pub text_bytes: usize,
}

impl SpillContext {
    /// The pool of a session; its folder of temporary files, if `temp` does not say another.
    pub fn new(context: &TaskContext, temp: Option<PathBuf>, memory: Memory) -> SpillContext {
        let runtime = context.runtime_env();
        let of_session = || {
            let disk = &runtime.disk_manager;
            let known = disk.temp_dir_paths().into_iter().next();
            disk.tmp_files_enabled()
                .then(|| known.unwrap_or_else(std::env::temp_dir))
        };
        SpillContext {
            pool: runtime.memory_pool.clone(),
            temp: temp.or_else(of_session),
            run_bytes: memory.limit.map_or(0, |bytes| bytes / 64),
            text_bytes: memory.text(),
        }
    }

    /// A temporary file. It has no name, so nothing is left behind by any end of the process.
    pub fn file(&self) -> std::result::Result<File, BatchError> {
        let temp = self.temp.as_ref().ok_or_else(|| BatchError::Resources {
            why: "memory is used up, and the session allows no temporary files".into(),
        })?;
        tempfile::tempfile_in(temp).map_err(|error| self.not_written(&error))
    }

    /// A temporary file cannot be written.
    pub fn not_written(&self, error: &std::io::Error) -> BatchError {
        let temp = self.temp.as_deref().unwrap_or_else(|| std::path::Path::new("."));
        BatchError::Resources {
            why: format!("cannot write a temporary file in {}: {error}", temp.display()),
        }
    }
}
