//! The spine's own columns and the features of all inputs, side by side, in spine order.
//!
//! Features come with their row numbers, a batch's in the order of blocks of [`BLOCK_ROWS`] rows of the spine
//! ([`by_block`]). They are put on shelves by block as they are (which go to disk when memory is short); when all are
//! there, block after block is put in order ([`super::block`]) and comes out.

use super::block::Block;
use super::leaf::SpineExec;
use super::{no_expressions, properties};
use crate::error::bug;
use crate::packed::Layout;
use crate::shelves::{Room, Shelves, by_shelf};
use crate::spine::SpineData;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{SchemaRef, UInt8Type, UInt32Type};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, PhysicalExpr};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, PlanProperties,
};
use featr_kernels::finish::decode_status;
use futures::{StreamExt, TryStreamExt};
use std::fmt;
use std::sync::Arc;

/// Rows per batch of the output.
pub(crate) const BLOCK_ROWS: usize = 1 << 16;

/// See the module. The first input is the spine.
#[derive(Debug)]
pub(super) struct ZipExec {
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    /// Per output column: input (from 0, the spine not counted) and position among its features.
    columns: Arc<Vec<(u32, u32)>>,
    /// Of the inputs, the spine not counted.
    layouts: Arc<Vec<Layout>>,
    with_status: bool,
    room: Room,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl ZipExec {
    pub fn new(
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        (columns, layouts): (Vec<(u32, u32)>, Vec<Layout>),
        with_status: bool,
        room: Room,
        schema: SchemaRef,
    ) -> ZipExec {
        ZipExec {
            inputs,
            columns: Arc::new(columns),
            layouts: Arc::new(layouts),
            with_status,
            room,
            metrics: ExecutionPlanMetricsSet::new(),
            properties: properties(schema, 1),
        }
    }
}

/// The order of rows of the spine that puts those of one block behind those of another.
pub(super) fn by_block(rows: &[u32]) -> Vec<u32> {
    let of: Vec<u32> = rows.iter().map(|row| row / BLOCK_ROWS as u32).collect();
    let blocks = of.iter().max().map_or(0, |last| *last as usize + 1);
    by_shelf(&of, blocks).0
}

/// Puts the features of an input on shelves by block.
async fn collect(mut features: SendableRecordBatchStream, blocks: usize, room: &Room) -> Result<Shelves> {
    let shelves = Shelves::new("features", features.schema(), blocks, room);
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
        shelves.put(0, batch, starts)?;
    }
    Ok(shelves)
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
struct Zip {
    spine: Arc<SpineData>,
    inputs: Vec<Shelves>,
    columns: Arc<Vec<(u32, u32)>>,
    layouts: Arc<Vec<Layout>>,
    with_status: bool,
    schema: SchemaRef,
}

impl Zip {
    fn block(&self, block: usize) -> Result<RecordBatch> {
        let start = block * BLOCK_ROWS;
        let rows = start..(start + BLOCK_ROWS).min(self.spine.times.len());
        let mut arrays = self.spine.rows(rows.clone())?.columns().to_vec();
        let inputs = self.inputs.iter().zip(&*self.layouts);
        let inputs = inputs.map(|(input, layout)| Block::new(input, block, &rows)?.columns(layout));
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        for (input, position) in self.columns.iter() {
            let input = inputs.get(*input as usize).ok_or_else(|| bug("Zip lacks an input"))?;
            let width = 1 + usize::from(self.with_status);
            let mut of_feature = input.iter().skip(width * *position as usize).take(width);
            arrays.push(of_feature.next().ok_or_else(|| bug("Zip lacks a column"))?.clone());
            if let Some(statuses) = of_feature.next() {
                arrays.push(status_names(statuses)?);
            }
        }
        Ok(RecordBatch::try_new(self.schema.clone(), arrays)?)
    }
}

impl DisplayAs for ZipExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "ZipExec: columns={}", self.columns.len())
    }
}

impl ExecutionPlan for ZipExec {
    fn name(&self) -> &str {
        "ZipExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition; self.inputs.len()])
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.inputs.len()]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
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
        Ok(Arc::new(ZipExec::new(
            inputs,
            (self.columns.to_vec(), self.layouts.to_vec()),
            self.with_status,
            self.room.clone(),
            self.schema(),
        )))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (schema, with_status) = (self.schema(), self.with_status);
        let (columns, layouts) = (self.columns.clone(), self.layouts.clone());
        let spine = spine_below(&self.inputs[0]).ok_or_else(|| bug("Zip reads no spine"))?;
        let mut streams = vec![];
        for input in &self.inputs[1..] {
            streams.push(input.execute(0, context.clone())?);
        }
        let (room, threads) = (self.room.clone(), context.session_config().target_partitions());
        let metrics = BaselineMetrics::new(&self.metrics, 0);
        let out = schema.clone();
        let batches = futures::stream::once(async move {
            let blocks = spine.times.len().div_ceil(BLOCK_ROWS);
            let collected = streams.into_iter().map(|stream| collect(stream, blocks, &room));
            let zip = Zip {
                inputs: futures::future::try_join_all(collected).await?,
                spine,
                columns,
                layouts,
                with_status,
                schema: out,
            };
            let zip = Arc::new(zip);
            let metrics = Arc::new(metrics);
            // Ahead of whoever writes them, a block per thread.
            let block = move |block| {
                let (zip, metrics) = (zip.clone(), metrics.clone());
                async move {
                    let work = move || {
                        let _timer = metrics.elapsed_compute().timer();
                        let batch = zip.block(block)?;
                        metrics.record_output(batch.num_rows());
                        Ok(batch)
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

/// The spine at the bottom of the first input.
fn spine_below(input: &Arc<dyn ExecutionPlan>) -> Option<Arc<SpineData>> {
    match input.downcast_ref::<SpineExec>() {
        Some(exec) => Some(exec.spine.clone()),
        None => input.children().into_iter().find_map(spine_below),
    }
}
