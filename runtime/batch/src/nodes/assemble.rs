//! The spine's own columns and the features of all views, side by side, in spine order.
//!
//! Features come with their row numbers, a batch's in the order of blocks of rows of the spine ([`by_block`]). They are
//! buffered by block as they are (and go to disk when memory is short); when all are there, block after block is put in
//! order ([`super::block`]) and comes out. Views are answered one after the other: the events of one need not be in memory
//! with those of the next, and of several sources that cannot be read always the same one is told.
//!
//! [`by_block`]: super::block::by_block

use super::block::{BLOCK_ROWS, Block};
use super::common::alike_in_all_nodes;
use crate::check::check;
use crate::error::bug;
use crate::inputs::Resources;
use crate::spill::{PartitionedSpill, SpillContext};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{SchemaRef, UInt8Type, UInt32Type};
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
use featr_kernels::finish::decode_status;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;
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

fn status_names(codes: &dyn Array) -> Result<ArrayRef> {
    let names: Vec<Option<String>> = (0..=u8::MAX)
        .map(|code| decode_status(code).map(|status| status.to_string()))
        .collect();
    let codes = codes.as_primitive::<UInt8Type>().values();
    if codes.iter().any(|code| names[usize::from(*code)].is_none()) {
        return Err(bug("a byte is no status"));
    }
    let texts = codes
        .iter()
        .map(|code| names[usize::from(*code)].as_deref().unwrap_or_default());
    Ok(Arc::new(StringArray::from_iter_values(texts)))
}

/// What puts the output together.
struct Assembly {
    spine: Vec<RecordBatch>,
    rows: usize,
    views: Vec<PartitionedSpill>,
    columns: Arc<Vec<OutputColumn>>,
    schema: SchemaRef,
}

impl Assembly {
    fn block(&self, block: usize) -> Result<RecordBatch> {
        let start = block * BLOCK_ROWS;
        let rows = start..(start + BLOCK_ROWS).min(self.rows);
        let own = self.own(rows.clone())?;
        let views = self.views.iter().map(|view| Block::new(view, block, &rows)?.columns());
        let views = views.collect::<Result<Vec<_>>>()?;
        let feature = |view: usize, column: usize| -> Result<&ArrayRef> {
            let found = views.get(view).and_then(|columns| columns.get(column));
            found.ok_or_else(|| bug("a view lacks a column"))
        };
        let column = |column: &OutputColumn| match *column {
            OutputColumn::Own(at) => Ok(own.column(at).clone()),
            OutputColumn::Feature(view, at) => feature(view, at).cloned(),
            OutputColumn::Status(view, at) => status_names(feature(view, at)?),
        };
        let arrays = self.columns.iter().map(column).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(
            self.schema.clone(),
            arrays,
            &options,
        )?)
    }

    /// Some rows of the spine.
    fn own(&self, rows: Range<usize>) -> Result<RecordBatch> {
        let (mut start, mut parts) = (0, vec![]);
        for batch in &self.spine {
            let end = start + batch.num_rows();
            let (from, to) = (rows.start.max(start), rows.end.min(end));
            if from < to {
                parts.push(batch.slice(from - start, to - from));
            }
            start = end;
        }
        match parts.as_slice() {
            [only] => Ok(only.clone()),
            [first, ..] => Ok(concat_batches(&first.schema(), &parts)?),
            [] => Err(bug("a block without rows")),
        }
    }
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
                spilled_bytes.add(view.held().spilled_bytes as usize);
                spills.add(view.held().spills as usize);
                views.push(view);
            }
            let assembly = Arc::new(Assembly {
                spine,
                rows,
                views,
                columns,
                schema: out,
            });
            // Ahead of whoever reads them, a block per thread.
            let block = move |block| {
                let (assembly, metrics) = (assembly.clone(), metrics.clone());
                async move {
                    let work = move || {
                        let _timer = metrics.elapsed_compute().timer();
                        let batch = assembly.block(block)?;
                        Ok(batch.record_output(&metrics))
                    };
                    let done = tokio::task::spawn_blocking(work).await;
                    done.unwrap_or_else(|_| Err(bug("a thread that puts rows in order failed")))
                }
            };
            let blocks = futures::stream::iter(0..blocks).map(block).buffered(threads);
            Ok::<_, datafusion::error::DataFusionError>(blocks)
        })
        .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}
