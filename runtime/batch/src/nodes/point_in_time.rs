//! The point-in-time aggregation: one merge per entity answers all slots of all windows.
//!
//! As a hash join it has a build side, the questions, which are collected once, and another one, the events, which
//! come in streams: all of an entity in one of them, in order. An entity is answered when all of its events have come. The
//! stream that ends last answers the questions about entities without events.

use super::answer::{Job, QuestionCounter};
use super::chunks::QuestionChunks;
use super::common::{alike_in_all_nodes, ascending, entity_key, unordered};
use super::current::Current;
use super::in_order::InOrder;
use super::questions::Questions;
use super::spec::PointInTime;
use crate::error::bug;
use crate::inputs::Resources;
use crate::schema::{EVENT_ORDER, answer_fields};
use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Schema, UInt32Type};
use datafusion::common::SharedResult;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, OrderingRequirements};
use datafusion::physical_plan::execution_plan::EmissionType;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, RecordOutput};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements, PlanProperties,
};
use featc_ir::Cut;
use futures::{StreamExt, TryStreamExt};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// See the module.
#[derive(Debug)]
pub(crate) struct PointInTimeExec {
    /// Spine, events.
    inputs: [Arc<dyn ExecutionPlan>; 2],
    pub spec: Arc<PointInTime>,
    resources: Arc<Resources>,
    /// Whether its memory is counted in the session's pool.
    counted: bool,
    build: Arc<OnceCell<SharedResult<Arc<Questions>>>>,
    pub counter: Arc<QuestionCounter>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl PointInTimeExec {
    pub fn new(
        inputs: [Arc<dyn ExecutionPlan>; 2],
        spec: Arc<PointInTime>,
        resources: Arc<Resources>,
        counted: bool,
    ) -> PointInTimeExec {
        let schema = Arc::new(Schema::new(answer_fields(&spec.fold, spec.cut, spec.with_status)));
        let partitions = inputs[1].output_partitioning().partition_count();
        PointInTimeExec {
            inputs,
            spec,
            resources,
            counted,
            build: Arc::default(),
            counter: Arc::default(),
            metrics: ExecutionPlanMetricsSet::new(),
            properties: unordered(schema, partitions, EmissionType::Incremental),
        }
    }
}

/// A stream of answers.
struct Stream {
    job: Job,
    events: SendableRecordBatchStream,
    /// The events of the last entity: more of them may come.
    open: Vec<RecordBatch>,
    /// The same, when they are many.
    large: Option<Box<QuestionChunks>>,
    /// What is complete and not answered.
    complete: Vec<Current>,
    /// Answers that are not handed on.
    answers: VecDeque<RecordBatch>,
    ended: bool,
    metrics: BaselineMetrics,
}

fn entities(batch: &RecordBatch) -> &[u32] {
    batch.column(0).as_primitive::<UInt32Type>().values()
}

impl Stream {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let metrics = self.metrics.clone();
            let timer = metrics.elapsed_compute().timer();
            if let Some(answers) = self.answers.pop_front() {
                return Ok(Some(answers.record_output(&metrics)));
            }
            if let Some(current) = self.complete.first_mut() {
                match current.next(&self.job)? {
                    Some(answers) => self.answers.extend(answers),
                    None => drop(self.complete.remove(0)),
                }
                continue;
            }
            if self.ended {
                return Ok(None);
            }
            timer.done();
            let batch = self.events.next().await.transpose()?;
            let _timer = metrics.elapsed_compute().timer();
            match batch {
                Some(batch) if batch.num_rows() > 0 => self.take(batch)?,
                Some(_) => {}
                None => {
                    self.close()?;
                    self.ended = true;
                    if self.job.questions.end() {
                        self.complete.push(Current::WithoutEvents { next: 0, nobody: 0 });
                    }
                }
            }
        }
    }

    /// Takes in events: those of the entity that is open, those of entities that end here, and the last one's.
    fn take(&mut self, batch: RecordBatch) -> Result<()> {
        let numbers = entities(&batch);
        let (rows, last) = (numbers.len(), numbers[numbers.len() - 1]);
        let open = match (&self.large, self.open.first()) {
            (Some(large), _) => Some(large.entity()),
            (None, Some(known)) => entities(known).first().copied(),
            (None, None) => None,
        };
        let continued = numbers.iter().take_while(|entity| Some(**entity) == open).count();
        let of_last = rows - numbers.iter().rev().take_while(|entity| **entity == last).count();
        if continued > 0 {
            self.add(batch.slice(0, continued))?;
            if continued == rows {
                return Ok(());
            }
        }
        self.close()?;
        if of_last > continued {
            let ended = batch.slice(continued, of_last - continued);
            self.complete.push(self.whole(&ended)?);
        }
        self.add(detached(&batch, of_last)?)
    }

    /// Adds events to the entity that is open; from a size on they are buffered in panes.
    fn add(&mut self, batch: RecordBatch) -> Result<()> {
        if let Some(large) = &mut self.large {
            return large.put(&batch);
        }
        self.open.push(batch);
        let Some(share) = self.job.share else { return Ok(()) };
        let entity = entities(&self.open[0])[0];
        let rows: usize = self.open.iter().map(RecordBatch::num_rows).sum();
        let bytes: usize = self.open.iter().map(sliced_bytes).sum();
        let events = self.job.spec.layout.work_bytes(rows, bytes);
        let questions = self.job.questions.about(entity).len() * self.job.question_bytes();
        if events > share / 2 && events + questions > share {
            let mut large = QuestionChunks::new(&self.job, entity, share, events / rows)?;
            for batch in std::mem::take(&mut self.open) {
                large.put(&batch)?;
            }
            self.large = Some(Box::new(large));
        }
        Ok(())
    }

    /// All events of the open entity have come.
    fn close(&mut self) -> Result<()> {
        if let Some(large) = self.large.take() {
            self.job.questions.answer(large.entity())?;
            self.complete.push(Current::Chunks(large));
        }
        let open = std::mem::take(&mut self.open);
        match open.as_slice() {
            [] => {}
            [only] => self.complete.push(self.whole(only)?),
            [first, ..] => self
                .complete
                .push(self.whole(&concat_batches(&first.schema(), &open)?)?),
        }
        Ok(())
    }

    /// Entities whose events are all here.
    fn whole(&self, batch: &RecordBatch) -> Result<Current> {
        let layout = &self.job.spec.layout;
        let in_order = InOrder::of(layout, batch)?;
        let mut of_entities = vec![];
        let mut start = 0;
        for events in in_order.entities.chunk_by(|left, right| left == right) {
            self.job.questions.answer(events[0])?;
            let end = start + events.len() as u32;
            of_entities.push((events[0], start..end));
            start = end;
        }
        let bytes = layout.work_bytes(batch.num_rows(), sliced_bytes(batch));
        let run = in_order.run(layout, false)?;
        Ok(Current::Whole {
            pace: self.job.pace(bytes, Some(&run)),
            run,
            entities: of_entities,
            next: 0,
            rows: None,
        })
    }
}

/// The rows of a batch from one on; if they are few, without the memory of the others.
fn detached(batch: &RecordBatch, from: usize) -> Result<RecordBatch> {
    let rows = batch.num_rows() - from;
    match 2 * rows >= batch.num_rows() {
        true => Ok(batch.slice(from, rows)),
        false => {
            let taken = UInt32Array::from_iter_values(from as u32..batch.num_rows() as u32);
            Ok(take_record_batch(batch, &taken)?)
        }
    }
}

/// The bytes of a batch that may be a slice of a larger one, about.
fn sliced_bytes(batch: &RecordBatch) -> usize {
    let sizes = batch
        .columns()
        .iter()
        .map(|array| array.to_data().get_slice_memory_size());
    sizes.map(|size| size.unwrap_or(0)).sum()
}

impl DisplayAs for PointInTimeExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let windows: Vec<String> = self.spec.fold.windows.iter().map(ToString::to_string).collect();
        let truth = match self.spec.cut {
            Cut::Open => "complete".to_owned(),
            Cut::Delayed { delay_us } => format!("arrived {delay_us}us before"),
            Cut::Given => "arrived by its cut".to_owned(),
        };
        write!(
            f,
            "PointInTimeExec: slots={}, windows=[{}], truth={truth}",
            self.spec.fold.slots.len(),
            windows.join(", ")
        )
    }
}

impl ExecutionPlan for PointInTimeExec {
    alike_in_all_nodes!("PointInTimeExec");

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        let events = match entity_key(&self.inputs[1].schema()) {
            Ok(key) => Distribution::KeyPartitioned(key),
            // Not our events: one partition is right whatever they are.
            Err(_) => Distribution::SinglePartition,
        };
        InputDistributionRequirements::new(vec![Distribution::SinglePartition, events])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let order = ascending(&self.inputs[1].schema(), &EVENT_ORDER).unwrap_or_default();
        vec![None, order.map(OrderingRequirements::from)]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false; 2]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; 2]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn with_new_children(self: Arc<Self>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let inputs = <[_; 2]>::try_from(inputs).map_err(|_| bug("PointInTimeExec has two inputs"))?;
        let exec = PointInTimeExec::new(inputs, self.spec.clone(), self.resources.clone(), self.counted);
        Ok(Arc::new(exec))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let [spine, events] = self.inputs.clone();
        let (spec, resources, build) = (self.spec.clone(), self.resources.clone(), self.build.clone());
        let (counter, schema, counted) = (self.counter.clone(), self.schema(), self.counted);
        let streams = self.properties.partitioning.partition_count();
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let count = |name: &'static str| MetricBuilder::new(&self.metrics).counter(name, partition);
        let (chunks, summaries) = (count("question_chunks"), count("pane_summaries"));
        let spilled_bytes = MetricBuilder::new(&self.metrics).spilled_bytes(partition);
        let answers = futures::stream::once(async move {
            let collect = async || -> Result<Arc<Questions>> {
                let memory = MemoryConsumer::new("questions by entity");
                let memory = counted.then(|| memory.register(context.memory_pool()));
                let spine = spine.execute(0, context.clone())?;
                Ok(Arc::new(Questions::collect(spine, &spec, streams, memory).await?))
            };
            let questions = build.get_or_init(async || collect().await.map_err(Arc::new)).await;
            let questions = questions.clone().map_err(DataFusionError::Shared)?;
            // Only now: what is asked about is told to the side of the events by the spine.
            let events = events.execute(partition, context.clone())?;
            let stream = Stream {
                job: Job {
                    share: resources.memory(&context).share(),
                    spill: resources.spill(&context),
                    spec,
                    questions,
                    resources,
                    counter,
                    schema,
                    chunks,
                    summaries,
                    spilled_bytes,
                },
                events,
                open: vec![],
                large: None,
                complete: vec![],
                answers: VecDeque::new(),
                ended: false,
                metrics,
            };
            Ok::<_, DataFusionError>(futures::stream::try_unfold(stream, async |mut stream| {
                Ok(stream.next().await?.map(|answers| (answers, stream)))
            }))
        })
        .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), answers)))
    }
}
