//! The source stage: every source is decoded once per run (twice if ids repeat), on all threads, and its events go to the partitions of every
//! pipeline that reads it.
//!
//! ```text
//! pieces of files ── threads ──▶ decode ─▶ accept ─┬▶ ids                         (is any id there twice?)
//!                                                  └▶ pipelines: transform, key, filter ─▶ partitions by entity
//! ```
//!
//! Nothing of a row is kept but what the pipelines need. Whether two rows of one identity are copies is decided by the digests
//! of whole rows; those are computed only when some id occurs twice, in a second pass: most logs never need it.

mod ids;
mod part;
mod pipeline;
mod rejects;
mod scan;
mod wanted;

pub(crate) use pipeline::{Dealt, Pipeline, PipelineCounter};

use crate::error::BatchError;
use crate::filter::Link;
use crate::inputs::Resources;
use crate::locks::lock;
use crate::report::SourceReport;
use crate::spill::SpillContext;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use featc_ir::Source;
use scan::{Scan, Spent};
use std::sync::{Arc, Mutex};

/// One reading of a source for one or more pipelines.
pub(crate) struct SourcePass {
    pub link: Link,
    pub source: Arc<Source>,
    pub resources: Arc<Resources>,
    pub pipelines: Vec<Arc<Pipeline>>,
    /// How it ended: also a failure is one.
    done: tokio::sync::OnceCell<Outcome<Vec<Arc<Dealt>>>>,
    report: Mutex<SourceReport>,
    spent: Mutex<Spent>,
}

impl std::fmt::Debug for SourcePass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourcePass")
            .field("source", &self.source.name)
            .field("pipelines", &self.pipelines.len())
            .finish_non_exhaustive()
    }
}

impl SourcePass {
    pub fn new(source: Arc<Source>, resources: Arc<Resources>, pipelines: Vec<Arc<Pipeline>>) -> SourcePass {
        let report = SourceReport {
            source: source.name.clone(),
            ..SourceReport::default()
        };
        SourcePass {
            link: Link::fresh(),
            source,
            resources,
            pipelines,
            done: tokio::sync::OnceCell::new(),
            report: Mutex::new(report),
            spent: Mutex::default(),
        }
    }

    /// What became of its rows so far.
    pub fn report(&self) -> SourceReport {
        lock(&self.report).clone()
    }

    /// What it took so far.
    pub fn spent(&self) -> Spent {
        *lock(&self.spent)
    }

    /// Reads the source, unless somebody did; the events of one of its pipelines.
    pub async fn run(self: &Arc<Self>, pipeline: usize, context: &TaskContext) -> Result<Arc<Dealt>> {
        let run = async || {
            let pass = self.clone();
            let spill = self.resources.spill(context);
            let threads = context.session_config().target_partitions();
            let small = self.resources.memory(context).small();
            let done = tokio::task::spawn_blocking(move || pass.scan(threads, small, spill)).await;
            done.unwrap_or_else(|_| {
                Err(BatchError::Bug {
                    why: "a thread of the source stage failed".into(),
                })
            })
        };
        let dealt = self.done.get_or_init(run).await.clone()?;
        let one = dealt.get(pipeline).cloned();
        one.ok_or_else(|| crate::error::bug("a source lacks a pipeline"))
    }

    fn scan(&self, threads: usize, small_memory: bool, context: SpillContext) -> Outcome<Vec<Arc<Dealt>>> {
        let scan = Scan {
            source: self.source.clone(),
            resources: &self.resources,
            threads,
            small_memory,
            context,
            rejects: self.resources.rejects_of(&self.source.name),
            report: &self.report,
        };
        let (dealt, spent) = scan.run(&self.pipelines)?;
        *lock(&self.spent) = spent;
        Ok(dealt.into_iter().map(Arc::new).collect())
    }
}

type Outcome<T> = std::result::Result<T, BatchError>;
