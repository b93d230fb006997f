//! The spine's own columns and the features of all inputs, side by side, in spine order.
//!
//! Features come in any order with their row number; they are collected, and for each batch of the spine its rows are
//! gathered. Memory: the features of the whole spine, once.

use super::{no_expressions, properties};
use crate::error::bug;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::interleave;
use arrow::datatypes::{SchemaRef, UInt8Type, UInt64Type};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, PlanProperties,
};
use featr_kernels::finish::decode_status;
use futures::{StreamExt, TryStreamExt};
use std::fmt;
use std::sync::Arc;

/// See the module. The first input is the spine.
#[derive(Debug)]
pub(super) struct ZipExec {
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    /// Per output column: input (from 0, the spine not counted) and position among its features.
    columns: Arc<Vec<(u32, u32)>>,
    with_status: bool,
    properties: Arc<PlanProperties>,
}

impl ZipExec {
    pub fn new(
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        columns: Vec<(u32, u32)>,
        with_status: bool,
        schema: SchemaRef,
    ) -> ZipExec {
        ZipExec {
            inputs,
            columns: Arc::new(columns),
            with_status,
            properties: properties(schema, 1),
        }
    }
}

/// The features of one input, and where each row of the spine stands among them.
struct Collected {
    batches: Vec<RecordBatch>,
    places: Vec<(usize, usize)>,
}

impl Collected {
    fn new(batches: Vec<RecordBatch>) -> Result<Collected> {
        const NOWHERE: (usize, usize) = (usize::MAX, 0);
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        let mut places = vec![NOWHERE; rows];
        for (number, batch) in batches.iter().enumerate() {
            for (row, place) in batch.column(0).as_primitive::<UInt64Type>().values().iter().enumerate() {
                let slot = usize::try_from(*place).ok().and_then(|place| places.get_mut(place));
                *slot.ok_or_else(|| bug("an answer to no question"))? = (number, row);
            }
        }
        if places.contains(&NOWHERE) {
            return Err(bug("a question was answered twice and another not at all"));
        }
        Ok(Collected { batches, places })
    }

    fn gather(&self, column: usize, rows: std::ops::Range<usize>) -> Result<ArrayRef> {
        let places = self
            .places
            .get(rows)
            .ok_or_else(|| bug("a question was not answered"))?;
        if places.is_empty() && self.batches.is_empty() {
            return Err(bug("no answers to gather"));
        }
        let arrays: Vec<&dyn Array> = self.batches.iter().map(|batch| batch.column(column).as_ref()).collect();
        Ok(interleave(&arrays, places)?)
    }
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

fn zip(
    spine: &RecordBatch,
    start: usize,
    inputs: &[Collected],
    columns: &[(u32, u32)],
    with_status: bool,
    schema: SchemaRef,
) -> Result<RecordBatch> {
    let mut arrays = spine.columns().to_vec();
    let rows = start..start + spine.num_rows();
    if rows.is_empty() {
        return Ok(RecordBatch::new_empty(schema));
    }
    for (input, position) in columns {
        let input = inputs.get(*input as usize).ok_or_else(|| bug("Zip lacks an input"))?;
        let column = 1 + 2 * *position as usize;
        arrays.push(input.gather(column, rows.clone())?);
        if with_status {
            arrays.push(status_names(&input.gather(column + 1, rows.clone())?)?);
        }
    }
    Ok(RecordBatch::try_new(schema, arrays)?)
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

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        no_expressions(f)
    }

    fn with_new_children(self: Arc<Self>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(ZipExec::new(
            inputs,
            self.columns.to_vec(),
            self.with_status,
            self.schema(),
        )))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (schema, columns, with_status) = (self.schema(), self.columns.clone(), self.with_status);
        let mut streams = vec![];
        for input in &self.inputs {
            streams.push(input.execute(0, context.clone())?);
        }
        let spine = streams.remove(0);
        let out = schema.clone();
        let batches = futures::stream::once(async move {
            let collected = streams.into_iter().map(|stream| stream.try_collect::<Vec<_>>());
            let collected = futures::future::try_join_all(collected).await?;
            let inputs = collected.into_iter().map(Collected::new).collect::<Result<Vec<_>>>()?;
            let mut start = 0;
            Ok::<_, datafusion::error::DataFusionError>(spine.map(move |batch| {
                let batch = batch?;
                let zipped = zip(&batch, start, &inputs, &columns, with_status, out.clone());
                start += batch.num_rows();
                zipped
            }))
        })
        .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}
