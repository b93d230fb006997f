//! Running a plan.

use crate::error::BatchError;
use crate::exec::Planner;
use crate::inputs::{Inputs, Shared, lock};
use crate::logical::walk;
use crate::report::RunReport;
use crate::shelves::Room;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool, UnboundedMemoryPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_plan::{ExecutionPlan, collect, displayable};
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion::prelude::SessionConfig;
use featc_ir::plan::BatchPlan;
use std::sync::Arc;

/// More threads than this are never started, whatever is asked.
const THREADS_MAX: usize = 256;

/// The training set.
#[derive(Debug, Clone)]
pub struct Output {
    /// The spine's columns, then the service's.
    pub schema: SchemaRef,
    /// Rows in spine order.
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

/// What the process takes before it reads anything, about.
const BASE_BYTES: usize = 48 << 20;
/// What a thread takes while it decodes or answers, about.
const THREAD_BYTES: usize = 24 << 20;

/// What is left of a bound for what is collected: events, ids, features.
fn collected_bytes(limit: usize, spine: usize, threads: usize) -> usize {
    let fixed = BASE_BYTES + spine + threads * THREAD_BYTES;
    limit.saturating_sub(fixed).max(limit / 8)
}

async fn prepare(plan: &BatchPlan, inputs: Inputs) -> Result<Planned, BatchError> {
    inputs.spine.check()?;
    let threads = threads(&inputs);
    let pool: Arc<dyn MemoryPool> = match inputs.memory_bytes {
        None => Arc::new(UnboundedMemoryPool::default()),
        Some(limit) => Arc::new(GreedyMemoryPool::new(collected_bytes(
            limit,
            inputs.spine.bytes(),
            threads,
        ))),
    };
    let room = Room {
        pool: pool.clone(),
        temp: inputs.temp.clone().unwrap_or_else(std::env::temp_dir),
    };
    let environment = RuntimeEnvBuilder::new().with_memory_pool(pool);
    let config = SessionConfig::new().with_target_partitions(threads);
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(environment.build_arc()?)
        .build();
    let shared = Arc::new(Shared::new(inputs, threads, room));
    let logical = walk(plan, &shared)?;
    // Our nodes leave the logical optimiser nothing to do; the physical one brings partitions together.
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
    let sources = lock(&shared.scans).values().map(|scan| scan.report()).collect();
    let mut views: Vec<_> = lock(&shared.counters).iter().map(|counter| counter.report()).collect();
    views.sort_by(|left, right| (&left.transform, &left.entity).cmp(&(&right.transform, &right.entity)));
    RunReport {
        rows: shared.spine.times.len() as u64,
        sources,
        views,
    }
}
