//! The spine's own columns and the features of all views, side by side, in spine order.
//!
//! Features come with their row numbers, a batch's in the order of blocks of rows of the spine ([`by_block`]). They are
//! buffered by block as they are (and go to disk when memory is short); when all are there, block after block is put in
//! order ([`super::assembly`]) and comes out. Views are answered one after the other: the events of one need not be in memory
//! with those of the next, and of several sources that cannot be read always the same one is told.
//!
//! [`by_block`]: super::block::by_block

use super::assembly::{Assembly, Coming, TEXT_PER_BATCH};
use super::block::BLOCK_ROWS;
use super::common::alike_in_all_nodes;
use crate::check::check;
use crate::error::bug;
use crate::inputs::Resources;
use crate::spill::{PartitionedSpill, SpillContext};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{SchemaRef, UInt32Type};
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, EquivalenceProperties};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, RecordOutput};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, Partitioning, PlanProperties,
};
use featc_ir::plan::FinishSpec;
use futures::stream::try_unfold;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Where a column of the output comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OutputColumn {
    /// The spine.
    Own(usize),
    /// A view, and the column of its features.
    Feature(usize, usize),
    /// The same, of a status.
    Status(usize, usize),
    /// The same, as the byte that it travels as.
    StatusByte(usize, usize),
}

impl OutputColumn {
    /// The view that it is of.
    pub fn view(self) -> Option<usize> {
        match self {
            OutputColumn::Own(_) => None,
            OutputColumn::Feature(view, _) | OutputColumn::Status(view, _) | OutputColumn::StatusByte(view, _) => {
                Some(view)
            }
        }
    }

    /// The same where only these views, ascending, are there.
    pub fn among(mut self, used: &[usize]) -> OutputColumn {
        if let OutputColumn::Feature(view, _) | OutputColumn::Status(view, _) | OutputColumn::StatusByte(view, _) =
            &mut self
        {
            *view = used.partition_point(|known| known < view);
        }
        self
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct AssembleExec {
    /// Spine, then views.
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    pub columns: Arc<Vec<OutputColumn>>,
    /// Of the views.
    pub features: Arc<Vec<Arc<FinishSpec>>>,
    pub with_status: bool,
    resources: Arc<Resources>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl AssembleExec {
    pub fn new(
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        columns: Arc<Vec<OutputColumn>>,
        (features, with_status): (Arc<Vec<Arc<FinishSpec>>>, bool),
        resources: Arc<Resources>,
        schema: SchemaRef,
    ) -> AssembleExec {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        AssembleExec {
            inputs,
            columns,
            features,
            with_status,
            resources,
            metrics: ExecutionPlanMetricsSet::new(),
            properties: Arc::new(properties),
        }
    }
}

/// Buffers the features of a view by block.
async fn collect(
    mut features: SendableRecordBatchStream,
    blocks: usize,
    context: &SpillContext,
) -> Result<PartitionedSpill> {
    let buffer = PartitionedSpill::new("features", features.schema(), blocks, context);
    while let Some(batch) = features.next().await {
        let batch = batch?;
        let rows = batch.column(0).as_primitive::<UInt32Type>().values();
        let block = |row: &u32| *row as usize / BLOCK_ROWS;
        if !rows.is_sorted_by_key(block) {
            return Err(bug("answers in no order"));
        }
        let starts: Vec<u32> = (0..=blocks)
            .map(|number| rows.partition_point(|row| block(row) < number) as u32)
            .collect();
        if starts[blocks] as usize != rows.len() {
            return Err(bug("an answer to no question"));
        }
        buffer.put(0, batch, starts)?;
    }
    Ok(buffer)
}

/// The next rows of a block, on a thread that may take its time.
async fn next(mut coming: Coming, metrics: Arc<BaselineMetrics>) -> Result<Option<(RecordBatch, Coming)>> {
    if coming.is_done() {
        return Ok(None);
    }
    let work = move || {
        let _timer = metrics.elapsed_compute().timer();
        let batch = coming.next()?;
        Ok(batch.map(|batch| (batch.record_output(&metrics), coming)))
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(bug("a thread that puts rows in order failed")))
}

impl DisplayAs for AssembleExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let columns: Vec<String> = self
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        write!(f, "AssembleExec: columns=[{}]", columns.join(", "))
    }
}

impl ExecutionPlan for AssembleExec {
    alike_in_all_nodes!("AssembleExec");

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition; self.inputs.len()])
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.inputs.len()]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        let mut requests = vec![ChildStats::Skip; self.inputs.len()];
        if let Some(spine) = requests.first_mut() {
            *spine = ChildStats::At(partition);
        }
        requests
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        statistics.num_rows = inputs.first().map_or(Precision::Absent, |spine| spine.num_rows);
        Ok(Arc::new(statistics))
    }

    fn with_new_children(self: Arc<Self>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(AssembleExec::new(
            inputs,
            self.columns.clone(),
            (self.features.clone(), self.with_status),
            self.resources.clone(),
            self.schema(),
        )))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        // Whatever optimisers did to the plan.
        check(self)?;
        let (schema, inputs) = (self.schema(), self.inputs.clone());
        let columns = self.columns.clone();
        let spill = self.resources.spill(&context);
        let threads = context.session_config().target_partitions();
        let metrics = Arc::new(BaselineMetrics::new(&self.metrics, partition));
        let spilled_bytes = MetricBuilder::new(&self.metrics).spilled_bytes(partition);
        let spills = MetricBuilder::new(&self.metrics).spill_count(partition);
        let out = schema.clone();
        let batches = futures::stream::once(async move {
            let mut inputs = inputs.into_iter();
            let spine = inputs.next().ok_or_else(|| bug("answers without a spine"))?;
            let spine: Vec<RecordBatch> = spine.execute(0, context.clone())?.try_collect().await?;
            let rows = spine.iter().map(RecordBatch::num_rows).sum::<usize>();
            let blocks = rows.div_ceil(BLOCK_ROWS);
            let mut views = vec![];
            for input in inputs {
                let view = collect(input.execute(0, context.clone())?, blocks, &spill).await?;
                spilled_bytes.add(view.stats().spilled_bytes as usize);
                spills.add(view.stats().spills as usize);
                views.push(view);
            }
            let assembly = Arc::new(Assembly {
                spine,
                rows,
                views: Arc::new(views),
                columns,
                schema: out,
                spill,
                text_per_batch: TEXT_PER_BATCH,
            });
            // Ahead of whoever reads them, a block per thread; of one with much text its first rows.
            let measured = metrics.clone();
            let first = move |block| next(Coming::new(assembly.clone(), block), measured.clone());
            let whole = move |first: Option<(RecordBatch, Coming)>| {
                let (first, coming) = first.unzip();
                let metrics = metrics.clone();
                let rest = try_unfold(coming, move |coming| {
                    let metrics = metrics.clone();
                    async move {
                        let Some(coming) = coming else { return Ok(None) };
                        let more = next(coming, metrics).await?;
                        Ok(more.map(|(batch, coming)| (batch, Some(coming))))
                    }
                });
                futures::stream::iter(first.map(Ok)).chain(rest)
            };
            let blocks = futures::stream::iter(0..blocks).map(first).buffered(threads);
            let blocks = blocks.map_ok(whole).try_flatten();
            Ok::<_, datafusion::error::DataFusionError>(blocks)
        })
        .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}
