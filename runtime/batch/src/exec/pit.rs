//! The point-in-time aggregation: one merge per entity answers all slots of all windows.
//!
//! Both inputs must come partitioned by entity and sorted by `(entity, τ)`. The node works on as many whole entities
//! at a time as make up [`CHUNK_ROWS`] rows (at least one), so its memory is bounded by the largest entity.
//! What happens to a chunk stands in [`super::chunk`].

use super::chunk::{EVENT_ENTITY, EVENT_TIME, Job, QUESTION_ENTITY, QUESTION_TIME};
use super::events::EventsExec;
use super::side::{Side, lesser};
use super::{no_expressions, properties};
use crate::error::bug;
use crate::inputs::Shared;
use crate::schema::EventLayout;
use arrow::array::RecordBatch;
use arrow::compute::SortOptions;
use arrow::datatypes::SchemaRef;
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
use std::fmt;
use std::sync::Arc;

/// Rows of either side that are worth a round of their own.
const CHUNK_ROWS: usize = 1 << 15;

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
