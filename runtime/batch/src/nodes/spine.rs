//! The spine: its rows collected once for all that read them, with the numbers of the entities that they ask about.

use super::common::alike_in_all_nodes;
use crate::entities::Entities;
use crate::error::{BatchError, bug};
use crate::filter::{Asked, BuildSide};
use crate::wire::Wire;
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use datafusion::common::stats::Precision;
use datafusion::common::{SharedResult, Statistics};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, EquivalenceProperties, OrderingRequirements};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, RecordOutput};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements, Partitioning,
    PlanProperties,
};
use featc_ir::{Key, Type};
use featr_decode::from_arrow;
use featr_kernels::Column;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What a spine is, as columns of what gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SpineSpec {
    /// So many columns are the spine's own; others only say what is asked.
    pub own: usize,
    /// The instants.
    pub time: usize,
    /// Keys, the columns that `excluding self` compares with, and cuts.
    pub columns: Vec<(Key, usize)>,
    /// The kinds of entities that are numbered, by their keys.
    pub kinds: Vec<Vec<Key>>,
    /// The columns that are handed on: what `excluding self` compares with, and cuts.
    pub handed_on: Vec<Key>,
}

impl SpineSpec {
    /// The column of the output with the instants.
    pub fn time_out(&self) -> usize {
        self.own
    }

    /// The column of the output with the numbers of a kind of entity.
    pub fn entity_out(&self, keys: &[Key]) -> Result<usize> {
        let kind = self.kinds.iter().position(|kind| kind == keys);
        kind.map(|kind| self.own + 1 + kind)
            .ok_or_else(|| bug("a kind of entity is not numbered"))
    }

    /// The column of the output with one that is handed on.
    pub fn key_out(&self, key: &Key) -> Result<usize> {
        let place = self.handed_on.iter().position(|known| known == key);
        place
            .map(|place| self.own + 1 + self.kinds.len() + place)
            .ok_or_else(|| bug("the spine does not hand on a column"))
    }

    /// How a column that is handed on stands in the output.
    pub fn field_of(&self, key: &Key) -> Field {
        // Without tags it is one field.
        let [field] = wire(key.ty)
            .fields(&key.name)
            .try_into()
            .unwrap_or_else(|_| [Field::new("", DataType::Null, true)]);
        field
    }

    /// The columns of the output.
    pub fn output(&self, input: &Schema) -> Schema {
        let own = input.fields().iter().take(self.own);
        let mut fields: Vec<Field> = own.map(|field| field.as_ref().clone()).collect();
        fields.push(Field::new("time", DataType::Int64, false));
        for kind in &self.kinds {
            let keys: Vec<&str> = kind.iter().map(|key| key.name.as_str()).collect();
            fields.push(Field::new(
                format!("entity({})", keys.join(", ")),
                DataType::UInt32,
                false,
            ));
        }
        for key in &self.handed_on {
            fields.extend(wire(key.ty).fields(&format!("self({})", key.name)));
        }
        Schema::new(fields)
    }
}

/// How a column that is handed on travels.
pub(super) fn wire(ty: Type) -> Wire {
    Wire { ty, tagged: false }
}

/// The rows of a spine, collected once: all nodes of a plan that read one spine share it.
#[derive(Debug)]
pub(crate) struct Spool {
    /// What is asked about, for the side of the events.
    pub build: Arc<BuildSide>,
    /// Whether its memory is counted in the session's pool; a run counts its spine itself.
    counted: bool,
    numbered: tokio::sync::OnceCell<SharedResult<Numbered>>,
}

#[derive(Debug, Clone)]
struct Numbered {
    batches: Vec<RecordBatch>,
    _memory: Arc<MemoryReservation>,
}

impl Spool {
    pub fn new(build: Arc<BuildSide>, counted: bool) -> Spool {
        Spool {
            build,
            counted,
            numbered: tokio::sync::OnceCell::new(),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct SpineExec {
    input: Arc<dyn ExecutionPlan>,
    pub spec: Arc<SpineSpec>,
    pub spool: Arc<Spool>,
    /// The order that the input had when it was planned: that of the answers.
    order: Option<OrderingRequirements>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl SpineExec {
    pub fn new(input: Arc<dyn ExecutionPlan>, spec: Arc<SpineSpec>, spool: Arc<Spool>) -> SpineExec {
        let order = input.output_ordering().cloned().map(OrderingRequirements::from);
        SpineExec::with_order(input, spec, spool, order)
    }

    fn with_order(
        input: Arc<dyn ExecutionPlan>,
        spec: Arc<SpineSpec>,
        spool: Arc<Spool>,
        order: Option<OrderingRequirements>,
    ) -> SpineExec {
        let schema = Arc::new(spec.output(&input.schema()));
        let kept = input.output_ordering().filter(|order| {
            order.iter().all(|by| {
                let columns = datafusion::physical_expr::utils::collect_columns(&by.expr);
                columns.iter().all(|column| column.index() < spec.own)
            })
        });
        let equivalence = match kept {
            Some(order) => EquivalenceProperties::new_with_orderings(schema, [order.clone()]),
            None => EquivalenceProperties::new(schema),
        };
        let properties = PlanProperties::new(
            equivalence,
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        SpineExec {
            input,
            spec,
            spool,
            order,
            metrics: ExecutionPlanMetricsSet::new(),
            properties: Arc::new(properties),
        }
    }
}

/// The instants of a batch, which has so many rows above it.
fn instants(batch: &RecordBatch, place: usize, above: usize) -> Result<Int64Array> {
    let array = batch.column(place);
    let refused = |why| BatchError::SpineColumn {
        column: batch.schema_ref().field(place).name().clone(),
        why,
    };
    if let (DataType::Timestamp(TimeUnit::Microsecond, Some(_)), Some(times)) =
        (array.data_type(), array.as_primitive_opt::<TimestampMicrosecondType>())
        && times.null_count() == 0
    {
        // What they are already, and where they are.
        return Ok(Int64Array::new(times.values().clone(), None));
    }
    let times = from_arrow(array, Type::Timestamp).map_err(refused)?;
    match (0..times.len()).find(|row| !times.is_valid(*row)) {
        Some(row) => Err(refused(format!("is null in row {}", above + row)).into()),
        None => Ok(Int64Array::from(times.i64s().to_vec())),
    }
}

/// A column of all batches.
fn whole(batches: &[RecordBatch], place: usize, ty: Type) -> Result<Column> {
    let mut all: Option<Column> = None;
    for batch in batches {
        let refused = |why| BatchError::SpineColumn {
            column: batch.schema_ref().field(place).name().clone(),
            why,
        };
        let column = from_arrow(batch.column(place), ty).map_err(refused)?;
        match &mut all {
            None => all = Some(column),
            Some(all) => all.append(&column),
        }
    }
    Ok(all.unwrap_or_else(|| Column::empty(ty)))
}

/// Numbers the entities of a spine and tells the filters; the rows with what is added to them, and its bytes.
fn number(spec: &SpineSpec, schema: &SchemaRef, spool: &Spool, input: Vec<RecordBatch>) -> Result<Vec<RecordBatch>> {
    let rows: usize = input.iter().map(RecordBatch::num_rows).sum();
    if u32::try_from(rows).is_err() {
        let why = "more than 2^32 questions".to_owned();
        return Err(BatchError::Resources { why }.into());
    }
    let mut times = Vec::with_capacity(input.len());
    let mut above = 0;
    for batch in &input {
        times.push(instants(batch, spec.time, above)?);
        above += batch.num_rows();
    }
    let least = times.iter().filter_map(arrow::compute::min).min();
    let greatest = times.iter().filter_map(arrow::compute::max).max();
    let asked = |entities: Entities| Asked {
        entities: Arc::new(entities),
        times: least.zip(greatest),
        questions: rows as u64,
    };
    let column = |key: &Key| {
        let place = spec.columns.iter().find(|(known, _)| known == key);
        let (_, place) = place.ok_or_else(|| BatchError::SpineColumn {
            column: key.name.clone(),
            why: "is missing".into(),
        })?;
        whole(&input, *place, key.ty)
    };
    let mut added: Vec<ArrayRef> = vec![];
    for (kind, keys) in spec.kinds.iter().enumerate() {
        let columns = keys.iter().map(column).collect::<Result<Vec<Column>>>()?;
        let (entities, of_question) = Entities::number(&columns.iter().collect::<Vec<_>>());
        spool.build.fill(kind, asked(entities))?;
        added.push(Arc::new(UInt32Array::from(of_question)));
    }
    for key in &spec.handed_on {
        wire(key.ty).encode(column(key)?, &mut added)?;
    }
    let mut from = 0;
    let beside = |(batch, times): (RecordBatch, Int64Array)| {
        let rows = batch.num_rows();
        let added = added.iter().map(|array| array.slice(from, rows));
        let own = batch.columns()[..spec.own].iter().cloned();
        let columns = own.chain([Arc::new(times) as ArrayRef]).chain(added).collect();
        from += rows;
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    };
    input.into_iter().zip(times).map(beside).collect()
}

impl DisplayAs for SpineExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let kinds = self.spec.kinds.iter().map(|keys| {
            let keys: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
            format!("({})", keys.join(", "))
        });
        write!(f, "SpineExec: entities=[{}]", kinds.collect::<Vec<_>>().join(", "))
    }
}

impl ExecutionPlan for SpineExec {
    alike_in_all_nodes!("SpineExec");

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        vec![self.order.clone()]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        statistics.num_rows = inputs.first().map_or(Precision::Absent, |input| input.num_rows);
        Ok(Arc::new(statistics))
    }

    fn with_new_children(self: Arc<Self>, mut inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = inputs.pop().ok_or_else(|| bug("the spine lacks its input"))?;
        let exec = SpineExec::with_order(input, self.spec.clone(), self.spool.clone(), self.order.clone());
        Ok(Arc::new(exec))
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        let why = "the features of a service inside of a recursive query".to_owned();
        Err(DataFusionError::NotImplemented(why))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (spec, spool, input, schema) = (self.spec.clone(), self.spool.clone(), self.input.clone(), self.schema());
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let batches = futures::stream::once(async move {
            let collect = async || -> Result<Numbered> {
                let memory = MemoryConsumer::new("questions").register(context.memory_pool());
                let batches: Vec<RecordBatch> = input.execute(0, context.clone())?.try_collect().await?;
                let (kept, out) = (spool.clone(), schema.clone());
                let _timer = metrics.elapsed_compute().timer();
                let work = tokio::task::spawn_blocking(move || number(&spec, &out, &kept, batches));
                let batches = work
                    .await
                    .unwrap_or_else(|_| Err(bug("a thread that numbers questions failed")))?;
                let taken: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
                if spool.counted {
                    memory.grow(taken + spool.build.bytes());
                }
                Ok(Numbered {
                    batches,
                    _memory: Arc::new(memory),
                })
            };
            let numbered = spool
                .numbered
                .get_or_init(async || collect().await.map_err(Arc::new))
                .await;
            match numbered {
                Ok(numbered) => {
                    let batches = numbered.batches.clone().into_iter();
                    let batches = batches.map(move |batch| Ok(batch.record_output(&metrics)));
                    Ok(futures::stream::iter(batches))
                }
                Err(error) => Err(DataFusionError::Shared(error.clone())),
            }
        })
        .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}
