//! Slots to features, batch by batch, and the rows of a batch in the order of the blocks of the spine.

use super::block::by_block;
use super::common::{alike_in_all_nodes, unordered};
use super::pace::by_text;
use crate::error::bug;
use crate::locks::lock;
use crate::schema::{feature_fields, slot_wires};
use crate::spill::Memory;
use arrow::array::{ArrayRef, AsArray, RecordBatch, UInt8Array, UInt32Array};
use arrow::datatypes::{Int64Type, Schema, SchemaRef, UInt8Type, UInt32Type, UInt64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::execution_plan::EmissionType;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, RecordOutput};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use featc_ir::Cut;
use featc_ir::plan::{FinishSpec, FoldSpec};
use featr_decode::into_arrow;
use featr_kernels::Column;
use featr_kernels::finish::{Answers, Lag, Told, Trouble, decode_status, encode_status, finish, finish_values};
use futures::{StreamExt, TryStreamExt};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// See the module.
#[derive(Debug)]
pub(crate) struct FinishExec {
    input: Arc<dyn ExecutionPlan>,
    pub spec: Arc<FinishSpec>,
    pub fold: Arc<FoldSpec>,
    pub cut: Cut,
    pub with_status: bool,
    /// Of each feature of the spec, once there are answers.
    troubles: Arc<Mutex<Vec<Trouble>>>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl FinishExec {
    pub fn new(
        input: Arc<dyn ExecutionPlan>,
        spec: Arc<FinishSpec>,
        fold: Arc<FoldSpec>,
        cut: Cut,
        with_status: bool,
    ) -> FinishExec {
        let schema = Arc::new(Schema::new(feature_fields(&spec, with_status)));
        let partitions = input.output_partitioning().partition_count();
        let properties = unordered(schema, partitions, EmissionType::Incremental);
        FinishExec {
            input,
            spec,
            fold,
            cut,
            with_status,
            troubles: Arc::default(),
            metrics: ExecutionPlanMetricsSet::new(),
            properties,
        }
    }

    /// The features with answers that are not what was asked for: view, feature, counts.
    pub fn troubles(&self) -> Vec<(String, String, Trouble)> {
        let troubles = lock(&self.troubles);
        let features = self.spec.features.iter().zip(troubles.iter());
        let told = features.filter(|(_, trouble)| trouble.counts().next().is_some());
        told.map(|(feature, trouble)| (feature.view.clone(), feature.name.clone(), *trouble))
            .collect()
    }

    /// Of each feature of the spec; none where nothing was asked.
    pub fn counted(&self) -> Vec<Trouble> {
        lock(&self.troubles).clone()
    }
}

/// Features and their statuses, of some rows.
struct Features {
    rows: Vec<u32>,
    columns: Vec<(Column, Option<Vec<u8>>)>,
}

impl Features {
    /// As batches, each of which ends where its text reaches so many bytes.
    fn batches(self, out: &SchemaRef, text_bytes: usize) -> Result<Vec<RecordBatch>> {
        let columns = self.columns.iter().map(|(column, _)| column);
        let ranges = by_text(columns, self.rows.len(), text_bytes);
        if ranges.len() == 1 {
            return Ok(vec![self.batch(out)?]);
        }
        let part = |rows: Range<usize>| {
            let columns = self.columns.iter().map(|(column, statuses)| {
                let statuses = statuses.as_ref().map(|statuses| statuses[rows.clone()].to_vec());
                (column.slice(rows.clone()), statuses)
            });
            let columns = columns.collect();
            let rows = self.rows[rows].to_vec();
            Features { rows, columns }.batch(out)
        };
        ranges.into_iter().map(part).collect()
    }

    fn batch(self, out: &SchemaRef) -> Result<RecordBatch> {
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(UInt32Array::from(self.rows))];
        for (column, statuses) in self.columns {
            arrays.push(into_arrow(column));
            arrays.extend(statuses.map(|statuses| Arc::new(UInt8Array::from(statuses)) as ArrayRef));
        }
        Ok(RecordBatch::try_new(out.clone(), arrays)?)
    }
}

fn features(
    spec: &FinishSpec,
    fold: &FoldSpec,
    (cut, with_status): (Cut, bool),
    batch: &RecordBatch,
    troubles: &mut [Trouble],
) -> Result<Features> {
    let mut arrays = batch.columns().iter();
    let missing = || bug("a column of the answers is missing");
    let rows = arrays.next().ok_or_else(missing)?.as_primitive::<UInt32Type>().values();
    let times = arrays.next().ok_or_else(missing)?.as_primitive::<Int64Type>().values();
    let lags = match cut {
        Cut::Given => Some(arrays.next().ok_or_else(missing)?.as_primitive::<UInt64Type>().values()),
        Cut::Open | Cut::Delayed { .. } => None,
    };
    // The rows are put in another order here, where they are few and copied anyway.
    let order = by_block(rows);
    let slots = slot_wires(fold)
        .into_iter()
        .map(|wire| wire.gather(&mut arrays, &order))
        .collect::<Result<Vec<Column>>>()?;
    let rows: Vec<u32> = order.iter().map(|at| rows[*at as usize]).collect();
    let times: Vec<i64> = match with_status || spec.begins_us.is_some() {
        true => order.iter().map(|at| times[*at as usize]).collect(),
        false => vec![],
    };
    let lags: Option<Vec<u64>> = lags.map(|lags| order.iter().map(|at| lags[*at as usize]).collect());
    let lag = match (cut, &lags) {
        (_, Some(lags)) => Lag::Each(lags),
        (Cut::Delayed { delay_us }, None) => Lag::All(Some(delay_us)),
        (Cut::Open | Cut::Given, None) => Lag::All(None),
    };
    if !with_status {
        let told = Told {
            times: &times,
            troubles,
        };
        let features = finish_values(spec, order.len(), slots, lag, Some(told));
        let columns = features.into_iter().map(|column| (column, None)).collect();
        return Ok(Features { rows, columns });
    }
    let status = |byte: u8| decode_status(byte).ok_or_else(|| bug("a byte is no status"));
    let with_statuses = |column: Column| {
        let bytes = arrays.next().ok_or_else(missing)?.as_primitive::<UInt8Type>().values();
        let statuses = order.iter().map(|at| status(bytes[*at as usize]));
        Ok((column, statuses.collect::<Result<Vec<_>>>()?))
    };
    let slots = slots.into_iter().map(with_statuses).collect::<Result<_>>()?;
    let presence = arrays.map(|array| {
        let present = array.as_boolean().values();
        order.iter().map(|at| present.value(*at as usize)).collect()
    });
    let answers = Answers {
        times: &times,
        slots,
        presence: presence.collect(),
    };
    let features = finish(spec, answers, lag, Some(troubles)).into_iter();
    let columns = features.map(|(column, statuses)| (column, Some(statuses.into_iter().map(encode_status).collect())));
    Ok(Features {
        rows,
        columns: columns.collect(),
    })
}

impl DisplayAs for FinishExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let names = self.spec.features.iter().filter(|feature| feature.output);
        let names: Vec<&str> = names.map(|feature| feature.name.as_str()).collect();
        write!(f, "FinishExec: features=[{}]", names.join(", "))
    }
}

impl ExecutionPlan for FinishExec {
    alike_in_all_nodes!("FinishExec");

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, mut inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = inputs.pop().ok_or_else(|| bug("Finish lacks its input"))?;
        Ok(Arc::new(FinishExec::new(
            input,
            self.spec.clone(),
            self.fold.clone(),
            self.cut,
            self.with_status,
        )))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let text_bytes = Memory::of_pool(&**context.memory_pool()).text();
        let input = self.input.execute(partition, context)?;
        let (spec, fold, schema) = (self.spec.clone(), self.fold.clone(), self.schema());
        let (how, out) = ((self.cut, self.with_status), schema.clone());
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let troubles = self.troubles.clone();
        let batches = input.map(move |batch| {
            let batch = batch?;
            let _timer = metrics.elapsed_compute().timer();
            let mut counted = vec![Trouble::default(); spec.features.len()];
            let features = features(&spec, &fold, how, &batch, &mut counted)?;
            let mut troubles = lock(&troubles);
            troubles.resize(counted.len(), Trouble::default());
            troubles.iter_mut().zip(&counted).for_each(|(all, more)| all.add(more));
            let batches = features.batches(&out, text_bytes)?;
            let batches = batches.into_iter().map(|batch| Ok(batch.record_output(&metrics)));
            Ok::<_, DataFusionError>(futures::stream::iter(batches.collect::<Vec<_>>()))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches.try_flatten())))
    }
}
