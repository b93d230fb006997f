//! Running a plan.

use crate::error::BatchError;
use crate::exec::Planner;
use crate::inputs::{Inputs, Shared, lock};
use crate::logical::walk;
use crate::report::RunReport;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion::prelude::SessionConfig;
use featc_ir::plan::BatchPlan;
use std::sync::Arc;

/// Sorts of fewer bytes than this are done in one piece.
const SORT_IN_PLACE_BYTES: usize = 256 << 20;

/// More threads than this are never started, whatever is asked.
const THREADS_MAX: usize = 256;

/// The training set.
#[derive(Debug, Clone)]
pub struct Output {
    /// The spine's columns, then the service's.
    pub schema: SchemaRef,
    /// Rows in spine order, cut as the spine is.
    pub batches: Vec<RecordBatch>,
    pub report: RunReport,
}

/// The plans of a run, as text.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The logical plan: the nodes of the `BatchPlan`, one for one.
    pub logical: String,
    /// What DataFusion makes of it.
    pub physical: String,
}

/// Answers the questions of the spine on threads of its own; blocks.
///
/// # Errors
/// See [`BatchError`].
pub fn run(plan: &BatchPlan, inputs: Inputs) -> Result<Output, BatchError> {
    runtime(&inputs)?.block_on(run_async(plan, inputs))
}

/// As [`run`], on the executor at hand. Reading files blocks its threads.
///
/// # Errors
/// See [`BatchError`].
pub async fn run_async(plan: &BatchPlan, inputs: Inputs) -> Result<Output, BatchError> {
    let prepared = prepare(plan, inputs).await?;
    let context = prepared.state.task_ctx();
    let schema = prepared.physical.schema();
    let batches = collect(prepared.physical.clone(), context).await?;
    let report = report(&prepared.shared);
    Ok(Output {
        schema,
        batches,
        report,
    })
}

/// The plans of a run; nothing is read.
///
/// # Errors
/// See [`BatchError`].
pub fn explain(plan: &BatchPlan, inputs: Inputs) -> Result<Explained, BatchError> {
    let prepared = runtime(&inputs)?.block_on(prepare(plan, inputs))?;
    let physical = displayable(prepared.physical.as_ref()).indent(false).to_string();
    Ok(Explained {
        logical: prepared.logical,
        physical,
    })
}

struct Planned {
    shared: Arc<Shared>,
    state: SessionState,
    logical: String,
    physical: Arc<dyn ExecutionPlan>,
}

fn threads(inputs: &Inputs) -> usize {
    match inputs.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads.min(THREADS_MAX),
    }
}

fn runtime(inputs: &Inputs) -> Result<tokio::runtime::Runtime, BatchError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(threads(inputs)).thread_name("featr-batch");
    builder.build().map_err(|error| BatchError::Resources {
        why: format!("no threads: {error}"),
    })
}

async fn prepare(plan: &BatchPlan, inputs: Inputs) -> Result<Planned, BatchError> {
    inputs.spine.check()?;
    let threads = threads(&inputs);
    let mut environment = RuntimeEnvBuilder::new();
    if let Some(bytes) = inputs.memory_bytes {
        environment = environment.with_memory_pool(Arc::new(FairSpillPool::new(bytes)));
    }
    let mut config = SessionConfig::new().with_target_partitions(threads);
    config.options_mut().execution.sort_in_place_threshold_bytes = SORT_IN_PLACE_BYTES;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(environment.build_arc()?)
        .build();
    let shared = Arc::new(Shared::new(inputs, threads));
    let logical = walk(plan, &shared)?;
    // Our nodes leave the logical optimiser nothing to do; the physical one inserts shuffles and sorts.
    let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Planner { shared: shared.clone() })]);
    let physical = planner.create_physical_plan(&logical, &state).await?;
    Ok(Planned {
        shared,
        state,
        logical: logical.display_indent().to_string(),
        physical,
    })
}

fn report(shared: &Shared) -> RunReport {
    let sources = lock(&shared.sources).values().map(|source| source.report()).collect();
    let mut views: Vec<_> = lock(&shared.counters).iter().map(|counter| counter.report()).collect();
    views.sort_by(|left, right| (&left.transform, &left.entity).cmp(&(&right.transform, &right.entity)));
    RunReport {
        rows: shared.spine.times.len() as u64,
        sources,
        views,
    }
}
