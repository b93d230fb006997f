//! The spine, twice: as questions about one kind of entity, and as its own columns.

use super::{no_expressions, properties};
use crate::codec::binary;
use crate::inputs::SpineData;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use featc_ir::Key;
use featc_ir::plan::FoldSpec;
use featr_kernels::{Column, Tag, identity};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Questions per batch.
const BATCH_ROWS: usize = 8192;

/// The spine's rows as questions.
#[derive(Debug)]
pub(super) struct QuestionsExec {
    spine: Arc<SpineData>,
    fold: Arc<FoldSpec>,
    properties: Arc<PlanProperties>,
}

impl QuestionsExec {
    pub fn new(spine: Arc<SpineData>, fold: Arc<FoldSpec>, schema: SchemaRef, partitions: usize) -> QuestionsExec {
        QuestionsExec {
            spine,
            fold,
            properties: properties(schema, partitions),
        }
    }
}

/// Keys of spine rows as bytes; null where one of the columns is.
fn keys(spine: &SpineData, keys: &[Key], rows: Range<usize>) -> Result<ArrayRef> {
    let mut columns: Vec<Column> = Vec::with_capacity(keys.len());
    for key in keys {
        columns.push(spine.column(key)?.slice(rows.clone()));
    }
    let encoded = identity::entity_keys(&columns.iter().collect::<Vec<_>>(), rows.len());
    let nulls = encoded
        .tags
        .map(|tags| tags.iter().map(|tag| *tag == Tag::VALID).collect::<NullBuffer>());
    Ok(Arc::new(binary(encoded.bytes, nulls)?))
}

fn questions(spine: &SpineData, fold: &FoldSpec, rows: Range<usize>, schema: SchemaRef) -> Result<RecordBatch> {
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from_iter_values(rows.clone().map(|row| row as u64))),
        keys(spine, &fold.entity, rows.clone())?,
        Arc::new(Int64Array::from(spine.times[rows.clone()].to_vec())),
    ];
    if !fold.self_columns.is_empty() {
        arrays.push(keys(spine, &fold.self_columns, rows)?);
    }
    Ok(RecordBatch::try_new(schema, arrays)?)
}

impl DisplayAs for QuestionsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let names: Vec<&str> = self.fold.entity.iter().map(|key| key.name.as_str()).collect();
        write!(f, "QuestionsExec: entity=[{}]", names.join(", "))
    }
}

impl ExecutionPlan for QuestionsExec {
    fn name(&self) -> &str {
        "QuestionsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        no_expressions(f)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let partitions = self.properties.partitioning.partition_count();
        let (spine, fold, schema) = (self.spine.clone(), self.fold.clone(), self.schema());
        let rows = spine.times.len();
        let starts = (partition * BATCH_ROWS..rows).step_by(BATCH_ROWS * partitions);
        let out = schema.clone();
        let batches =
            starts.map(move |start| questions(&spine, &fold, start..(start + BATCH_ROWS).min(rows), out.clone()));
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            schema,
            futures::stream::iter(batches),
        )))
    }
}

/// The spine's columns, in one partition and in order.
#[derive(Debug)]
pub(super) struct SpineExec {
    spine: Arc<SpineData>,
    properties: Arc<PlanProperties>,
}

impl SpineExec {
    pub fn new(spine: Arc<SpineData>, schema: SchemaRef) -> SpineExec {
        SpineExec {
            spine,
            properties: properties(schema, 1),
        }
    }
}

impl DisplayAs for SpineExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("SpineExec")
    }
}

impl ExecutionPlan for SpineExec {
    fn name(&self) -> &str {
        "SpineExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        no_expressions(f)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let batches = self.spine.batches.clone();
        let batches = futures::stream::iter(batches.into_iter().map(Ok));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}
