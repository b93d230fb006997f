//! The point-in-time aggregation: one merge per entity answers all slots of all windows.
//!
//! Both inputs must come partitioned by entity and sorted by `(entity, τ)`. The node works on as many whole entities
//! at a time as make up [`CHUNK_ROWS`] rows (at least one), so its memory is bounded by the largest entity.
//! Ties in `(entity, τ)` are ordered by `(id, digest)` here, and copies of an event become one, with the least arrival.

use super::events::EventsExec;
use super::side::{EntityKey, Side, entity, lesser};
use super::{no_expressions, properties};
use crate::codec::{Wire, bytes};
use crate::error::{BatchError, bug};
use crate::inputs::{Progress, RowsCounter, Shared};
use crate::merge::{Answered, Group, Questions, Run, Selves, answer};
use crate::schema::{EventLayout, slot_wires};
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array, RecordBatch, UInt8Array};
use arrow::compute::SortOptions;
use arrow::datatypes::{Int64Type, SchemaRef, UInt8Type};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column as ColumnExpr;
use datafusion::physical_expr::{Distribution, LexOrdering, OrderingRequirements, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements, PlanProperties,
};
use featc_ir::plan::FoldSpec;
use featr_kernels::events::Events;
use featr_kernels::finish::encode_status;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// Rows of either side that are worth a round of their own.
const CHUNK_ROWS: usize = 1 << 15;

/// Positions in the rows of events and questions.
const EVENT_ENTITY: usize = 0;
const EVENT_TIME: usize = 1;
const QUESTION_ENTITY: usize = 1;
const QUESTION_TIME: usize = 2;
const QUESTION_SELF: usize = 3;

/// What the work on a chunk needs.
#[derive(Debug, Clone)]
struct Job {
    fold: Arc<FoldSpec>,
    layout: EventLayout,
    delay_us: Option<u64>,
    shared: Arc<Shared>,
    counter: Option<Arc<RowsCounter>>,
    schema: SchemaRef,
}

/// See the module.
#[derive(Debug)]
pub(super) struct PitAggExec {
    /// Events, questions.
    inputs: [Arc<dyn ExecutionPlan>; 2],
    job: Job,
    entity: [Arc<dyn PhysicalExpr>; 2],
    orders: [LexOrdering; 2],
    properties: Arc<PlanProperties>,
}

impl PitAggExec {
    pub fn new(
        inputs: [Arc<dyn ExecutionPlan>; 2],
        fold: &Arc<FoldSpec>,
        layout: &EventLayout,
        delay_us: Option<u64>,
        shared: Arc<Shared>,
        schema: SchemaRef,
    ) -> Result<PitAggExec> {
        let counter = inputs[0].downcast_ref::<EventsExec>().map(EventsExec::counter);
        let job = Job {
            fold: fold.clone(),
            layout: layout.clone(),
            delay_us,
            shared,
            counter,
            schema,
        };
        PitAggExec::with_job(inputs, job)
    }

    fn with_job(inputs: [Arc<dyn ExecutionPlan>; 2], job: Job) -> Result<PitAggExec> {
        let column = |name: &str, position| Arc::new(ColumnExpr::new(name, position)) as Arc<dyn PhysicalExpr>;
        let order = |entity: usize, time: usize| {
            let options = SortOptions {
                descending: false,
                nulls_first: true,
            };
            let exprs = [column("entity", entity), column("time", time)];
            let exprs = exprs.map(|expr| PhysicalSortExpr { expr, options });
            LexOrdering::new(exprs).ok_or_else(|| bug("an empty order"))
        };
        let partitions = inputs[1].output_partitioning().partition_count();
        Ok(PitAggExec {
            properties: properties(job.schema.clone(), partitions),
            entity: [column("entity", EVENT_ENTITY), column("entity", QUESTION_ENTITY)],
            orders: [order(EVENT_ENTITY, EVENT_TIME)?, order(QUESTION_ENTITY, QUESTION_TIME)?],
            inputs,
            job,
        })
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

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        let keys = self
            .entity
            .iter()
            .map(|entity| Distribution::KeyPartitioned(vec![entity.clone()]));
        InputDistributionRequirements::co_partitioned(keys.collect())
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        self.orders
            .iter()
            .map(|order| Some(OrderingRequirements::from(order.clone())))
            .collect()
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
        let inputs = <[_; 2]>::try_from(inputs).map_err(|_| bug("PitAggExec has two inputs"))?;
        Ok(Arc::new(PitAggExec::with_job(inputs, self.job.clone())?))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let [events, questions] = &self.inputs;
        let merge = Merge {
            job: self.job.clone(),
            events: Side::new(
                events.execute(partition, context.clone())?,
                events.schema(),
                EVENT_ENTITY,
            ),
            questions: Side::new(
                questions.execute(partition, context)?,
                questions.schema(),
                QUESTION_ENTITY,
            ),
        };
        let batches = futures::stream::try_unfold(merge, |mut merge| async move {
            Ok(merge.next().await?.map(|batch| (batch, merge)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

/// The merge of one partition.
struct Merge {
    job: Job,
    events: Side,
    questions: Side,
}

impl Merge {
    /// The answers of the next entities.
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let (mut event_rows, mut question_rows) = (CHUNK_ROWS, CHUNK_ROWS);
        loop {
            self.questions.fill(question_rows).await?;
            if self.questions.rows() == 0 {
                return Ok(None);
            }
            self.events.fill(event_rows).await?;
            let bounds = (self.events.bound(), self.questions.bound());
            let bound = lesser(bounds.0.clone(), bounds.1.clone());
            let events = self.events.take(bound.as_ref())?;
            let questions = self.questions.take(bound.as_ref())?;
            if questions.num_rows() > 0 {
                return self.job.answer(&events, &questions).map(Some);
            }
            // Nobody asked about these events, or an entity is not complete yet: read on where that is so.
            if bounds.0 == bound {
                event_rows = self.events.rows().max(CHUNK_ROWS / 2) * 2;
            }
            if bounds.1 == bound {
                question_rows = self.questions.rows().max(CHUNK_ROWS / 2) * 2;
            }
        }
    }
}

impl Job {
    fn answer(&self, events: &RecordBatch, questions: &RecordBatch) -> Result<RecordBatch> {
        let (run, entities) = self.run(events)?;
        let questions_of = self.questions(questions, &entities);
        let answered = answer(&self.fold, &run, &questions_of, self.delay_us);
        self.shared.tell(&Progress::Answered {
            questions: questions.num_rows() as u64,
        });
        self.encode(questions, answered)
    }

    /// The events in their final order without copies, and where each entity's lie.
    fn run(&self, batch: &RecordBatch) -> Result<(Run, Vec<(EntityKey, std::ops::Range<u32>)>)> {
        if u32::try_from(batch.num_rows()).is_err() {
            return Err(BatchError::Resources {
                why: "more than 2^32 events of one entity".into(),
            }
            .into());
        }
        let entities = batch.column(EVENT_ENTITY).as_binary::<i32>().clone();
        let mut arrays = batch.columns()[1..].iter();
        let mut next = || arrays.next().ok_or_else(|| bug("a column of the events is missing"));
        let times = next()?.as_primitive::<Int64Type>().values().to_vec();
        let ids = bytes(next()?.as_binary::<i32>());
        let digests = next()?.as_fixed_size_binary();
        let (digests, _) = digests.value_data().as_chunks::<16>();
        let digests = digests[..times.len()]
            .iter()
            .map(|bytes| u128::from_be_bytes(*bytes))
            .collect();
        let arrivals = if self.layout.arrival {
            Some(next()?.as_primitive::<Int64Type>().values().to_vec())
        } else {
            None
        };
        let poison = if self.layout.poison {
            Some(next()?.as_primitive::<UInt8Type>().values().to_vec())
        } else {
            None
        };
        let lifts = self
            .layout
            .lifts
            .iter()
            .map(|wire| Wire::decode(*wire, &mut arrays))
            .collect::<Result<_>>()?;
        let run = Run {
            events: Events {
                times,
                ids,
                digests,
                poison,
                lifts,
            },
            arrivals,
        };
        Ok(self.settle(run, &entities))
    }

    /// Orders ties, drops copies, finds the entities.
    fn settle(&self, run: Run, entities: &BinaryArray) -> (Run, Vec<(EntityKey, std::ops::Range<u32>)>) {
        let rows = run.events.len();
        let arrival = |row: u32| run.arrivals.as_ref().map(|arrivals| arrivals[row as usize]);
        let key = |row: u32| run.events.key(row as usize);
        let mut order: Vec<u32> = (0..rows as u32).collect();
        let mut starts: Vec<u32> = vec![];
        let (mut tie, mut in_order) = (0, true);
        for row in 1..=rows {
            let same_entity = row < rows && entities.value(row - 1) == entities.value(row);
            if same_entity && run.events.times[row - 1] == run.events.times[row] {
                in_order &= key(row as u32 - 1) < key(row as u32);
                continue;
            }
            if row - tie > 1 {
                // The copy that arrived first comes first; of several such all are alike.
                order[tie..row].sort_by(|left, right| {
                    key(*left)
                        .cmp(&key(*right))
                        .then_with(|| arrival(*left).cmp(&arrival(*right)))
                });
            }
            tie = row;
            if !same_entity {
                starts.push(row as u32);
            }
        }
        let mut kept: Vec<u32> = order;
        let mut copies = 0u64;
        if !in_order {
            let mut previous: Option<u32> = None;
            kept.retain(|row| {
                let copy = previous.is_some_and(|previous| {
                    key(previous).cmp(&key(*row)) == Ordering::Equal
                        && entities.value(previous as usize) == entities.value(*row as usize)
                });
                previous = Some(*row);
                copies += u64::from(copy);
                !copy
            });
        }
        if let (Some(counter), true) = (&self.counter, copies > 0) {
            counter.add_copies(copies);
        }
        // `starts` holds the end of each entity in old rows; ties stay within them, so kept rows below count.
        let (mut found, mut start) = (vec![], 0u32);
        for end in starts {
            let end_kept = start + kept[start as usize..].iter().take_while(|row| **row < end).count() as u32;
            let name = Some(entities.value(kept[start as usize] as usize).to_vec());
            found.push((name, start..end_kept));
            start = end_kept;
        }
        if in_order {
            return (run, found);
        }
        let arrivals = run
            .arrivals
            .as_ref()
            .map(|arrivals| kept.iter().map(|row| arrivals[*row as usize]).collect());
        (
            Run {
                events: run.events.take(&kept),
                arrivals,
            },
            found,
        )
    }

    /// The questions, each entity's with its events.
    fn questions(&self, batch: &RecordBatch, events: &[(EntityKey, std::ops::Range<u32>)]) -> Questions {
        let entities = batch.column(QUESTION_ENTITY).as_binary::<i32>();
        let times = batch
            .column(QUESTION_TIME)
            .as_primitive::<Int64Type>()
            .values()
            .to_vec();
        let (mut groups, mut start, mut events) = (vec![], 0, events.iter().peekable());
        for row in 1..=times.len() {
            if row < times.len() && entity(entities, row) == entity(entities, start) {
                continue;
            }
            let name = entity(entities, start);
            while events.next_if(|(known, _)| known.as_deref() < name).is_some() {}
            let rows = events
                .next_if(|(known, _)| known.as_deref() == name)
                .map_or(0..0, |(_, rows)| rows.clone());
            groups.push(Group {
                questions: start..row,
                events: rows,
            });
            if let (Some(counter), None) = (&self.counter, name) {
                counter.add_keyless((row - start) as u64);
            }
            start = row;
        }
        let selves = (!self.fold.self_columns.is_empty()).then(|| {
            let keys = batch.column(QUESTION_SELF).as_binary::<i32>();
            Selves {
                keys: bytes(keys),
                known: (0..keys.len()).map(|row| keys.is_valid(row)).collect(),
            }
        });
        Questions { times, groups, selves }
    }

    fn encode(&self, questions: &RecordBatch, answered: Answered) -> Result<RecordBatch> {
        let times = questions
            .column(QUESTION_TIME)
            .as_primitive::<Int64Type>()
            .values()
            .clone();
        let mut arrays: Vec<ArrayRef> = vec![questions.column(0).clone(), Arc::new(Int64Array::new(times, None))];
        for (wire, (column, statuses)) in slot_wires(&self.fold).into_iter().zip(answered.slots) {
            wire.encode(column, &mut arrays)?;
            arrays.push(Arc::new(UInt8Array::from_iter_values(
                statuses.into_iter().map(encode_status),
            )));
        }
        arrays.extend(
            answered
                .presence
                .into_iter()
                .map(|present| Arc::new(BooleanArray::from(present)) as ArrayRef),
        );
        Ok(RecordBatch::try_new(self.schema.clone(), arrays)?)
    }
}
