//! The point-in-time aggregation: one merge per entity answers all slots of all windows.
//!
//! Events and questions stand on shelves by entity; a shelf holds all events and questions of its entities. Partitions
//! take shelf after shelf, whoever is free: what a shelf answers depends on nothing else. What happens to a shelf stands
//! in [`super::shelf`].

use super::events::{Leaf, LeafExec};
use super::shelf::{Answers, Asked, Job};
use super::{no_expressions, properties};
use crate::error::bug;
use crate::inputs::Shared;
use crate::scan::{Lane, Scan};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use featc_ir::plan::{FinishSpec, FoldSpec};
use futures::{StreamExt, TryStreamExt};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// See the module.
#[derive(Debug)]
pub(super) struct PitAggExec {
    /// Events, questions.
    inputs: [Arc<dyn ExecutionPlan>; 2],
    scan: Arc<Scan>,
    lane: Arc<Lane>,
    job: Job,
    turn: Arc<Turn>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

/// What the partitions share.
#[derive(Debug, Default)]
struct Turn {
    next: AtomicUsize,
    asked: OnceLock<Asked>,
}

impl PitAggExec {
    pub fn new(
        inputs: [Arc<dyn ExecutionPlan>; 2],
        fold: &Arc<FoldSpec>,
        delay_us: Option<u64>,
        shared: Arc<Shared>,
        schema: SchemaRef,
    ) -> Result<PitAggExec> {
        let leaf = inputs[0].downcast_ref::<LeafExec>().map(|exec| &exec.leaf);
        let Some(Leaf::Events { scan, lane }) = leaf else {
            return Err(bug("PointInTime reads no events"));
        };
        let (scan, lane) = (scan.clone(), lane.clone());
        let threads = shared.threads;
        let metrics = ExecutionPlanMetricsSet::new();
        let job = Job {
            fold: fold.clone(),
            layout: lane.layout().clone(),
            delay_us,
            shared,
            counter: lane.counter(),
            entities: lane.entities().clone(),
            schema: schema.clone(),
            slabs: MetricBuilder::new(&metrics).global_counter("slabs"),
            packs: MetricBuilder::new(&metrics).global_counter("packs in them"),
        };
        Ok(PitAggExec {
            inputs,
            scan,
            lane,
            job,
            turn: Arc::default(),
            metrics,
            properties: properties(schema, threads),
        })
    }
}

impl PitAggExec {
    /// Whose features are made of the answers.
    pub fn serve(&self, finish: &FinishSpec) {
        self.job.counter.serve(finish, &self.job.fold);
    }
}

impl DisplayAs for PitAggExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let windows: Vec<String> = self.job.fold.windows.iter().map(ToString::to_string).collect();
        write!(
            f,
            "PitAggExec: slots={}, windows=[{}]",
            self.job.fold.slots.len(),
            windows.join(", ")
        )
    }
}

impl ExecutionPlan for PitAggExec {
    fn name(&self) -> &str {
        "PitAggExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; 2]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        no_expressions(f)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn with_new_children(self: Arc<Self>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let inputs = <[_; 2]>::try_from(inputs).map_err(|_| bug("PitAggExec has two inputs"))?;
        Ok(Arc::new(PitAggExec {
            inputs,
            scan: self.scan.clone(),
            lane: self.lane.clone(),
            job: self.job.clone(),
            turn: self.turn.clone(),
            metrics: self.metrics.clone(),
            properties: self.properties.clone(),
        }))
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (scan, lane, job, turn) = (
            self.scan.clone(),
            self.lane.clone(),
            self.job.clone(),
            self.turn.clone(),
        );
        let partitions = self.properties.partitioning.partition_count();
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let batches = futures::stream::once(async move {
            scan.run().await?;
            let mut current = None;
            let next = move || next(&lane, &job, &turn, &mut current, partitions, &metrics).transpose();
            // Between two shelves others get the thread: a partition that waits behind this one could run elsewhere.
            let answers = futures::stream::iter(std::iter::from_fn(next)).then(|answers| async {
                tokio::task::yield_now().await;
                answers
            });
            Ok::<_, datafusion::error::DataFusionError>(answers)
        })
        .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

/// The next answers: of the current shelf, or of the next one that has questions.
fn next(
    lane: &Lane,
    job: &Job,
    turn: &Turn,
    current: &mut Option<Answers>,
    partitions: usize,
    metrics: &BaselineMetrics,
) -> Result<Option<RecordBatch>> {
    let (shelves, digests) = lane.shelves()?;
    let asked = turn.asked.get_or_init(|| Asked::new(lane.entities(), shelves.count()));
    loop {
        let _timer = metrics.elapsed_compute().timer();
        if let Some(answers) = current.as_mut().and_then(Iterator::next) {
            let answers = answers?;
            metrics.record_output(answers.num_rows());
            return Ok(Some(answers));
        }
        *current = None;
        let shelf = turn.next.fetch_add(1, Ordering::Relaxed);
        if shelf >= shelves.count() {
            // Each partition comes here once; when the last one does, all shelves are answered.
            if shelf + 1 == shelves.count() + partitions {
                shelves.clear();
            }
            return Ok(None);
        }
        let questions = asked.of(shelf);
        if !questions.is_empty() {
            *current = Some(job.answer(&shelves, shelf, digests, questions)?);
        }
    }
}
