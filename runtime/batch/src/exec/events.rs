//! The source stage as a leaf: decoded, accepted rows through a transform to keyed, lifted events.
//!
//! `Scan` and `Accept` are planned as [`SourceExec`], which only says what is read; `Rows` takes it over, so that wide
//! source rows never become Arrow batches. A source is decoded once per run, however many views read it.

use super::asked::Asked;
use super::{no_expressions, properties};
use crate::codec::{Wire, binary};
use crate::error::bug;
use crate::inputs::RowsCounter;
use crate::schema::EventLayout;
use crate::source::{Prepared, SharedSource};
use arrow::array::{ArrayRef, FixedSizeBinaryArray, Int64Array, RecordBatch, UInt8Array};
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use featc_ir::plan::RowSpec;
use featr_kernels::{StrData, Tag, identity, rows};
use std::fmt;
use std::sync::Arc;

/// What is read. Not executed itself.
#[derive(Debug)]
pub(super) struct SourceExec {
    pub source: Arc<SharedSource>,
    properties: Arc<PlanProperties>,
}

impl SourceExec {
    pub fn new(source: Arc<SharedSource>, schema: SchemaRef) -> SourceExec {
        SourceExec {
            source,
            properties: properties(schema, 1),
        }
    }
}

impl DisplayAs for SourceExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "SourceExec: source={}", self.source.source.name)
    }
}

impl ExecutionPlan for SourceExec {
    fn name(&self) -> &str {
        "SourceExec"
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
        Err(bug("a source is read by Rows only"))
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct EventsExec {
    source: Arc<SharedSource>,
    spec: Arc<RowSpec>,
    layout: EventLayout,
    asked: Arc<Asked>,
    counter: Arc<RowsCounter>,
    properties: Arc<PlanProperties>,
}

impl EventsExec {
    pub fn new(
        source: Arc<SharedSource>,
        (spec, layout): (Arc<RowSpec>, EventLayout),
        asked: Asked,
        counter: Arc<RowsCounter>,
        schema: SchemaRef,
        partitions: usize,
    ) -> EventsExec {
        EventsExec {
            source,
            spec,
            layout,
            asked: Arc::new(asked),
            counter,
            properties: properties(schema, partitions),
        }
    }
}

impl EventsExec {
    /// Where the rows that come out are counted.
    pub fn counter(&self) -> Arc<RowsCounter> {
        self.counter.clone()
    }
}

impl DisplayAs for EventsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "EventsExec: source={}, transform={}",
            self.source.source.name, self.spec.name
        )
    }
}

impl ExecutionPlan for EventsExec {
    fn name(&self) -> &str {
        "EventsExec"
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
        let schema = self.schema();
        let partitions = self.properties.partitioning.partition_count();
        let (source, spec, layout) = (self.source.clone(), self.spec.clone(), self.layout.clone());
        let (asked, counter, out) = (self.asked.clone(), self.counter.clone(), schema.clone());
        // Batches are dealt out in turn.
        let batches = futures::stream::iter((partition..).step_by(partitions)).map_while_ok(move |position| {
            let prepared = source.prepared()?;
            let Some(batch) = prepared.get(position) else {
                return Ok(None);
            };
            let mut keyed = rows::apply(&spec, &batch.batch);
            counter.add(keyed.rows.len(), &keyed.dropped);
            let keys: Vec<_> = keyed.keys.iter().collect();
            let mut entities = identity::keys_of_columns(&keys, keyed.rows.len());
            let total = prepared.iter().map(|prepared| prepared.batch.rows).sum();
            if let Some(kept) = asked.filter(&keyed.times, &entities, total)? {
                entities = entities.take(&kept);
                keyed = take(&keyed, &kept);
            }
            encode(&layout, batch, keyed, entities, out.clone()).map(Some)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

/// Ends a stream at the first `None`.
trait MapWhileOk: futures::Stream<Item = usize> + Sized {
    fn map_while_ok<F>(self, each: F) -> impl futures::Stream<Item = Result<RecordBatch>>
    where
        F: FnMut(usize) -> Result<Option<RecordBatch>>;
}

impl<S: futures::Stream<Item = usize>> MapWhileOk for S {
    fn map_while_ok<F>(self, mut each: F) -> impl futures::Stream<Item = Result<RecordBatch>>
    where
        F: FnMut(usize) -> Result<Option<RecordBatch>>,
    {
        use futures::StreamExt;
        let mapped = self.map(move |position| each(position).transpose());
        mapped
            .take_while(|item| std::future::ready(item.is_some()))
            .filter_map(std::future::ready)
    }
}

/// Some of the events.
fn take(keyed: &rows::Keyed, kept: &[u32]) -> rows::Keyed {
    rows::Keyed {
        rows: kept.iter().map(|row| keyed.rows[*row as usize]).collect(),
        times: kept.iter().map(|row| keyed.times[*row as usize]).collect(),
        keys: vec![],
        poison: keyed
            .poison
            .as_ref()
            .map(|poison| kept.iter().map(|row| poison[*row as usize]).collect()),
        lifts: keyed.lifts.iter().map(|lift| lift.take(kept)).collect(),
        dropped: keyed.dropped,
    }
}

/// Events as they travel.
fn encode(
    layout: &EventLayout,
    prepared: &Prepared,
    keyed: rows::Keyed,
    entities: StrData,
    schema: SchemaRef,
) -> Result<RecordBatch> {
    let count = keyed.rows.len();
    let all = count == prepared.batch.rows;
    let ids = if all {
        prepared.ids.clone()
    } else {
        prepared.ids.take(&keyed.rows)
    };
    let digests: Vec<u8> = keyed
        .rows
        .iter()
        .flat_map(|row| prepared.digests[*row as usize].to_be_bytes())
        .collect();
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(binary(entities, None)?),
        Arc::new(Int64Array::from(keyed.times)),
        Arc::new(binary(ids, None)?),
        Arc::new(FixedSizeBinaryArray::try_new(
            crate::schema::DIGEST_BYTES,
            Buffer::from_vec(digests),
            None,
        )?),
    ];
    if layout.arrival {
        let arrivals = prepared.arrivals.as_ref().ok_or_else(|| bug("arrivals are missing"))?;
        arrays.push(Arc::new(
            keyed
                .rows
                .iter()
                .map(|row| arrivals[*row as usize])
                .collect::<Int64Array>(),
        ));
    }
    match (layout.poison, keyed.poison) {
        (true, poison) => arrays.push(Arc::new(UInt8Array::from(
            poison.unwrap_or_else(|| vec![Tag::VALID; count]),
        ))),
        (false, None) => {}
        (false, Some(_)) => return Err(bug("a filter that cannot fail did")),
    }
    for (wire, column) in layout.lifts.iter().zip(keyed.lifts) {
        Wire::encode(*wire, column, &mut arrays)?;
    }
    Ok(RecordBatch::try_new(schema, arrays)?)
}
