//! The events of a source for one kind of entity: read, accepted, transformed, keyed, lifted; partitioned by entity, in
//! the order of the merge, each once.
//!
//! Reading is a pass over the whole source ([`crate::source`]) that one or several of these nodes share. Its events are
//! dealt to many partitions of a buffer that spills; a stream of this node takes the next of them, whoever is free, so that
//! all events of an entity come out of one stream. A partition is sorted when it is taken.

use super::common::{alike_in_all_nodes, ascending, entity_key};
use crate::schema::EVENT_ORDER;
use crate::sort::{Sorted, Sorter};
use crate::source::{Pipeline, SourcePass};
use arrow::array::RecordBatch;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, RecordOutput,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{StreamExt, TryStreamExt};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// See the module.
#[derive(Debug)]
pub(crate) struct EventsExec {
    pub pass: Arc<SourcePass>,
    /// Which of the pipelines of the pass.
    pub at: usize,
    pub pipeline: Arc<Pipeline>,
    turn: Arc<Turn>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

/// What the streams share.
#[derive(Debug, Default)]
struct Turn {
    next: AtomicUsize,
    told: AtomicUsize,
}

impl EventsExec {
    pub fn new(pass: Arc<SourcePass>, at: usize, partitions: usize) -> Result<EventsExec> {
        let pipeline = pass.pipelines.get(at).cloned();
        let pipeline = pipeline.ok_or_else(|| crate::error::bug("a source lacks a pipeline"))?;
        let schema = Arc::new(pipeline.layout.sorted());
        let order = ascending(&schema, &EVENT_ORDER)?;
        let properties = PlanProperties::new(
            EquivalenceProperties::new_with_orderings(schema.clone(), order),
            Partitioning::Hash(entity_key(&schema)?, partitions.max(1)),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Ok(EventsExec {
            pass,
            at,
            pipeline,
            turn: Arc::default(),
            metrics: ExecutionPlanMetricsSet::new(),
            properties: Arc::new(properties),
        })
    }

    /// How many streams there are.
    pub fn partitions(&self) -> usize {
        self.properties.partitioning.partition_count()
    }

    /// The same events from another pass, which has the pipeline at `at`.
    pub fn from_pass(&self, pass: Arc<SourcePass>, at: usize) -> Result<EventsExec> {
        EventsExec::new(pass, at, self.partitions())
    }

    /// Counts what the pass did, once.
    fn tell(&self) -> impl Fn(&Sorter) + use<> {
        let counter = |name: &'static str| MetricBuilder::new(&self.metrics).global_counter(name);
        let gauge = |name: &'static str| MetricBuilder::new(&self.metrics).global_gauge(name);
        let rows = [
            counter("rows_decoded"),
            counter("rows_pruned"),
            counter("rows_coded"),
            counter("events"),
        ];
        let bytes = [
            counter("bytes_scanned"),
            MetricBuilder::new(&self.metrics).spilled_bytes(0),
            MetricBuilder::new(&self.metrics).spill_count(0),
        ];
        let peak = gauge("peak_mem_used");
        let (passes, partitions) = (counter("passes"), counter("buffer_partitions"));
        let time = MetricBuilder::new(&self.metrics).subset_time("scan_time", 0);
        let (pass, turn) = (self.pass.clone(), self.turn.clone());
        move |sorter: &Sorter| {
            if turn.told.fetch_add(1, Ordering::Relaxed) > 0 {
                return;
            }
            let (report, spent, stats) = (pass.report(), pass.spent(), sorter.dealt.partitions.stats());
            let add = |counts: &[Count], values: &[u64]| {
                counts
                    .iter()
                    .zip(values)
                    .for_each(|(count, value)| count.add(*value as usize));
            };
            add(&rows, &[report.decoded, report.skipped, spent.coded, stats.rows]);
            add(&bytes, &[spent.bytes, stats.spilled_bytes, stats.spills]);
            passes.add(spent.passes as usize);
            partitions.add(sorter.dealt.partitions.count());
            peak.set(stats.peak_bytes);
            time.add_duration(spent.wall);
        }
    }
}

/// A stream of events.
struct Stream {
    sorter: Sorter,
    turn: Arc<Turn>,
    streams: usize,
    current: Option<Sorted>,
    metrics: BaselineMetrics,
}

impl Stream {
    /// The next batch: of the current partition, or of the next one that has events.
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let _timer = self.metrics.elapsed_compute().timer();
        loop {
            if let Some(current) = &mut self.current {
                if let Some(batch) = self.sorter.next(current)? {
                    return Ok(Some(batch.record_output(&self.metrics)));
                }
                self.current = None;
            }
            let partitions = &self.sorter.dealt.partitions;
            let next = self.turn.next.fetch_add(1, Ordering::Relaxed);
            if next >= partitions.count() {
                // Each stream comes here once; when the last one does, all partitions were taken.
                if next + 1 == partitions.count() + self.streams {
                    partitions.clear();
                }
                return Ok(None);
            }
            self.current = Some(self.sorter.partition(next)?);
        }
    }
}

impl DisplayAs for EventsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let keys: Vec<&str> = self.pipeline.fold.entity.iter().map(|key| key.name.as_str()).collect();
        write!(
            f,
            "EventsExec: source={}, transform={}, key=({}), lifts={}, filter=asked",
            self.pass.source.name,
            self.pipeline.spec.name,
            keys.join(", "),
            self.pipeline.spec.lifts.len()
        )?;
        match self.pass.pipelines.len() {
            1 => Ok(()),
            several => write!(f, ", shared_pass={} of {several}", self.at + 1),
        }
    }
}

impl ExecutionPlan for EventsExec {
    alike_in_all_nodes!("EventsExec");

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (pass, at, schema) = (self.pass.clone(), self.at, self.schema());
        let (turn, tell) = (self.turn.clone(), self.tell());
        let streams = self.partitions();
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let batches = futures::stream::once(async move {
            let dealt = pass.run(at, &context).await?;
            let sorter = Sorter {
                pipeline: pass.pipelines[at].clone(),
                dealt,
                share: pass.resources.memory(&context).share(),
                context: pass.resources.spill(&context),
                schema,
            };
            tell(&sorter);
            let mut stream = Stream {
                sorter,
                turn,
                streams,
                current: None,
                metrics,
            };
            // Between two partitions others get the thread: a stream that waits behind this one could run elsewhere.
            let batches = futures::stream::iter(std::iter::from_fn(move || stream.next().transpose()));
            Ok::<_, datafusion::error::DataFusionError>(batches.then(|batch| async {
                tokio::task::yield_now().await;
                batch
            }))
        })
        .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}
