//! Running a plan.

use crate::error::{BatchError, bug};
use crate::inputs::{Inputs, Resources};
use crate::locks::lock;
use crate::measure;
use crate::plan::ServicePlan;
use crate::report::RunReport;
use crate::spine::SpineData;
use crate::table::{Asking, FeaturesTable, SpineQuery};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::TableReference;
use datafusion::datasource::provider_as_source;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool, UnboundedMemoryPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder, TaskContext};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use datafusion::prelude::SessionConfig;
use featc_ir::plan::BatchPlan;
use futures::StreamExt;
use std::sync::{Arc, Mutex};

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
    /// The logical plan, optimised: a scan of the features.
    pub logical: String,
    /// What the scan makes of the `BatchPlan`, and DataFusion of that.
    pub physical: String,
}

/// Answers the questions of the spine on threads of its own; blocks.
///
/// # Errors
/// See [`BatchError`].
pub fn run(plan: &BatchPlan, inputs: Inputs) -> Result<Output, BatchError> {
    let mut rows = Run::new(plan, inputs)?.start()?;
    Ok(Output {
        schema: rows.schema(),
        batches: rows.by_ref().collect::<Result<_, _>>()?,
        report: rows.report(),
    })
}

/// The plans of a run; no event is read.
///
/// # Errors
/// See [`BatchError`].
pub fn explain(plan: &BatchPlan, inputs: Inputs) -> Result<Explained, BatchError> {
    Ok(Run::new(plan, inputs)?.explain())
}

/// A run, planned: its rows come out batch by batch, so that they never have to be in memory together.
pub struct Run {
    planned: Planned,
    executor: tokio::runtime::Runtime,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("plan", &self.planned.logical)
            .finish_non_exhaustive()
    }
}

impl Run {
    /// Plans a run and numbers the entities of the spine; no event is read yet.
    ///
    /// # Errors
    /// See [`BatchError`].
    pub fn new(plan: &BatchPlan, inputs: Inputs) -> Result<Run, BatchError> {
        let executor = runtime(&inputs)?;
        let planned = executor.block_on(prepare(plan, inputs))?;
        Ok(Run { planned, executor })
    }

    /// The columns that come out.
    pub fn schema(&self) -> SchemaRef {
        self.planned.physical.schema()
    }

    /// Reads the events and answers the questions, up to where the first rows are ready.
    ///
    /// # Errors
    /// See [`BatchError`].
    pub fn start(self) -> Result<Rows, BatchError> {
        let context = self.planned.state.task_ctx();
        let mut stream = {
            let _inside = self.executor.enter();
            execute_stream(self.planned.physical.clone(), context)?
        };
        let next = self.executor.block_on(stream.next()).transpose()?;
        Ok(Rows {
            stream: Some(stream),
            next,
            run: self,
        })
    }

    /// The plans.
    pub fn explain(&self) -> Explained {
        Explained {
            logical: self.planned.logical.clone(),
            physical: displayable(self.planned.physical.as_ref()).indent(false).to_string(),
        }
    }
}

/// The rows of a run in spine order, batch by batch. When there is one of these, every question is answered: the
/// report is final.
pub struct Rows {
    /// Before the run: a stream must not outlive its executor.
    stream: Option<SendableRecordBatchStream>,
    next: Option<RecordBatch>,
    run: Run,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("run", &self.run).finish_non_exhaustive()
    }
}

impl Rows {
    /// The columns.
    pub fn schema(&self) -> SchemaRef {
        self.run.schema()
    }

    /// What was read.
    pub fn report(&self) -> RunReport {
        self.run.planned.report()
    }

    /// The questions.
    pub fn spine(&self) -> &SpineData {
        &self.run.planned.spine
    }

    /// The physical plan with what every node did so far: rows, bytes, time.
    pub fn measured(&self) -> String {
        measure::measured(self.run.planned.physical.as_ref())
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(batch) = self.next.take() {
            return Some(Ok(batch));
        }
        let next = self.run.executor.block_on(self.stream.as_mut()?.next());
        if !matches!(next, Some(Ok(_))) {
            self.stream = None;
        }
        next.map(|batch| batch.map_err(BatchError::from))
    }
}

struct Planned {
    spine: SpineData,
    state: SessionState,
    logical: String,
    physical: Arc<dyn ExecutionPlan>,
}

impl Planned {
    fn report(&self) -> RunReport {
        measure::report(self.physical.as_ref(), self.spine.times.len() as u64)
    }
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
    let environment = RuntimeEnvBuilder::new().with_memory_pool(pool);
    let config = SessionConfig::new().with_target_partitions(threads);
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(environment.build_arc()?)
        .build();
    let asking = Asking {
        truth: inputs.truth,
        with_status: inputs.with_status,
        fuse: inputs.fuse,
    };
    let (resources, spine) = Resources::of(inputs);
    let service = ServicePlan::of(plan, asking.truth);
    let questions = questions(&spine, &service)?;
    let features = FeaturesTable::new(Arc::new(service), questions, asking, Arc::new(resources))?;
    let logical = scan(&plan.service, Arc::new(features))?;
    let logical = state.optimize(&logical)?;
    let physical = state.create_physical_plan(&logical).await?;
    Ok(Planned {
        spine,
        state,
        logical: logical.display_indent().to_string(),
        physical,
    })
}

/// A table by itself.
fn scan(name: &str, table: Arc<dyn TableProvider>) -> Result<LogicalPlan, BatchError> {
    let name = TableReference::bare(name);
    let scan = LogicalPlanBuilder::scan(name, provider_as_source(table), None)?;
    Ok(scan.build()?)
}

/// The rows of a spine, in one stream and in order. They are given once: what is asked beside them is not kept when it has
/// been read.
#[derive(Debug)]
struct SpineRows {
    schema: SchemaRef,
    batches: Mutex<Option<Vec<RecordBatch>>>,
}

impl PartitionStream for SpineRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = match lock(&self.batches).take() {
            Some(batches) => batches.into_iter().map(Ok).collect(),
            None => vec![Err(bug("the spine of a run is read twice"))],
        };
        let batches = futures::stream::iter(batches);
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), batches))
    }
}

/// A spine in memory as a query.
fn questions(spine: &SpineData, service: &ServicePlan) -> Result<SpineQuery, BatchError> {
    let keys = service.asked.clone();
    let (schema, batches) = spine.beside(&keys)?;
    let own = spine.schema.fields().len();
    // Not a table in memory: its rows may come in another order.
    let rows = SpineRows {
        schema: schema.clone(),
        batches: Mutex::new(Some(batches)),
    };
    let table = StreamingTable::try_new(schema, vec![Arc::new(rows)])?;
    Ok(SpineQuery {
        plan: scan("spine", Arc::new(table))?,
        own,
        time: own,
        columns: keys.into_iter().zip(own + 1..).collect(),
    })
}
