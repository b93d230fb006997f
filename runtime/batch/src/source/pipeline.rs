//! A pipeline: one transform for one kind of entity, from accepted rows to keyed, lifted events, partitioned by entity.
//!
//! Events that no question can see (of other entities, after the last question, before the longest window of the first)
//! leave the pipeline here, before anything is copied.

use crate::entities::{Memo, NOBODY, Values};
use crate::error::bug;
use crate::filter::{Asked, EntityFilter};
use crate::id_column::IdColumn;
use crate::locks::lock;
use crate::schema::{DIGEST_BYTES, EventLayout};
use crate::spill::{PartitionedSpill, SpillContext, by_partition};
use crate::wire::{Wire, binary};
use arrow::array::{ArrayRef, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray, UInt8Array, UInt32Array};
use arrow::buffer::Buffer;
use datafusion::error::Result;
use featc_ir::plan::{FoldSpec, Restrict, RowSpec};
use featc_ir::{ColumnId, ExprKind, Step};
use featr_decode::Bound;
use featr_kernels::eval::{Astray, Sought};
use featr_kernels::rows::Dropped;
use featr_kernels::{Batch, Tag, rows};
use std::sync::{Arc, Mutex};

/// Events that are worth a partition of their own.
const EVENTS_PER_PARTITION: u64 = 1 << 15;
/// The same when memory is short.
const EVENTS_PER_PARTITION_SMALL: u64 = 1 << 13;
/// Questions that are.
const QUESTIONS_PER_PARTITION: u64 = 1 << 14;
/// More partitions cost more than they bring: every batch is cut into as many slices. Where a partition must fit into little
/// memory, the second number holds.
const PARTITIONS_MAX: u64 = 512;
const PARTITIONS_MAX_SMALL: u64 = 4096;

/// One transform for one kind of entity, as the plan says it.
pub(crate) struct Pipeline {
    pub spec: Arc<RowSpec>,
    /// What is computed of its events.
    pub fold: Arc<FoldSpec>,
    /// How far from the questions events matter.
    pub restrict: Restrict,
    /// The columns of the source that are read.
    pub read: Vec<ColumnId>,
    pub layout: EventLayout,
    /// Which entities and times are asked about.
    pub filter: EntityFilter,
    pub counter: PipelineCounter,
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline")
            .field("transform", &self.spec.name)
            .finish_non_exhaustive()
    }
}

/// Counts what becomes of the rows of a pipeline.
#[derive(Debug, Default)]
pub(crate) struct PipelineCounter(Mutex<PipelineCounts>);

/// See [`crate::ViewReport`].
#[derive(Debug, Clone, Default)]
pub(crate) struct PipelineCounts {
    pub events: u64,
    pub dropped: Dropped,
    pub copies: u64,
    /// What lookups found, in their order; where the first rows of each that find nothing come from.
    pub sought: Vec<Sought>,
    first: Vec<[u64; 2]>,
}

impl PipelineCounter {
    /// Adds a batch that comes from a place.
    fn add(&self, place: u64, keyed: &mut rows::Keyed<'_>) {
        let mut counts = lock(&self.0);
        let counts = &mut *counts;
        counts.events += keyed.rows.len() as u64;
        counts.dropped.add(&keyed.dropped);
        counts
            .sought
            .resize_with(keyed.sought.len().max(counts.sought.len()), Sought::default);
        counts.first.resize(counts.sought.len(), [u64::MAX; 2]);
        let known = counts.sought.iter_mut().zip(&mut counts.first);
        for ((known, [unknown, not_then]), more) in known.zip(keyed.sought.drain(..)) {
            known.found += more.found;
            count_astray(place, (&mut known.unknown, unknown), more.unknown);
            count_astray(place, (&mut known.not_then, not_then), more.not_then);
        }
    }

    pub fn add_copies(&self, copies: u64) {
        lock(&self.0).copies += copies;
    }

    pub fn counts(&self) -> PipelineCounts {
        lock(&self.0).clone()
    }

    /// Everything is counted again.
    fn forget(&self) {
        *lock(&self.0) = PipelineCounts::default();
    }
}

/// Threads come in any order, and the first row that finds nothing is that of the files.
fn count_astray(place: u64, (known, first): (&mut Astray, &mut u64), more: Astray) {
    known.rows += more.rows;
    if more.first.is_some() && place < *first {
        (known.first, *first) = (more.first, place);
    }
}

/// The events of a pipeline, dealt to partitions by ranges of their entities' numbers.
#[derive(Debug)]
pub(crate) struct Dealt {
    pub partitions: PartitionedSpill,
    /// Whether events carry digests: some ids occur more than once.
    pub has_digests: bool,
    /// Entities of one partition differ in so many low bits.
    pub bits: u32,
}

/// A pipeline at work.
pub(super) struct Running {
    pub pipeline: Arc<Pipeline>,
    asked: Asked,
    /// Nothing if there are no questions.
    reach: Option<Reach>,
    dealt: Dealt,
}

/// How the events of a source are dealt.
#[derive(Clone, Copy)]
pub(super) struct Dealing<'a> {
    /// Rows of the source, about.
    pub rows: u64,
    pub threads: usize,
    pub small: bool,
    pub has_digests: bool,
    pub context: &'a SpillContext,
}

/// Which events questions can see, by their event times.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// Those after it; all, if there is none.
    after_us: Option<i64>,
    /// Those up to it.
    until_us: i64,
}

impl Reach {
    /// Of what is asked, if anything is.
    fn of(restrict: &Restrict, asked: &Asked) -> Option<Reach> {
        let (first_us, last_us) = asked.times?;
        Some(Reach {
            after_us: restrict
                .after_us
                .and_then(|reach_us| first_us.checked_sub_unsigned(reach_us)),
            until_us: last_us,
        })
    }

    fn holds(self, time_us: i64) -> bool {
        time_us <= self.until_us && self.after_us.is_none_or(|after_us| time_us > after_us)
    }
}

impl Pipeline {
    /// Whether events carry their arrivals.
    pub fn reads_arrivals(&self) -> bool {
        self.layout.arrival
    }

    /// Whether a column is read for the key and nothing else.
    pub fn is_key_only(&self, column: ColumnId) -> bool {
        let spec = &self.spec;
        let mut is_read = spec.at.is_some_and(|at| at.source_time == column);
        let mut note = |id: ColumnId| is_read |= id == column;
        for step in &spec.steps {
            match step {
                Step::Where(expr) | Step::Let(expr) => expr.for_each_column(&mut note),
            }
        }
        spec.time.for_each_column(&mut note);
        spec.lifts.iter().for_each(|lift| lift.for_each_column(&mut note));
        !is_read
    }

    /// The values of a source column outside of which no event can matter, if event time is a column of the source.
    pub fn bound(&self, declared: usize) -> Result<Option<Bound>> {
        let ExprKind::Column(column) = self.spec.time.kind else {
            return Ok(None);
        };
        let Some(reach) = Reach::of(&self.restrict, self.filter.get()?) else {
            return Ok(None);
        };
        Ok((column.index() < declared).then_some(Bound {
            column,
            least: reach.after_us.map_or(i64::MIN, |after_us| after_us.saturating_add(1)),
            greatest: reach.until_us,
        }))
    }
}

impl Running {
    /// A pipeline with room for the events of a source; what was counted of it is forgotten.
    pub fn new(pipeline: &Arc<Pipeline>, dealing: Dealing<'_>) -> Result<Running> {
        let asked = pipeline.filter.get()?.clone();
        let (per_partition, most) = if dealing.small {
            (EVENTS_PER_PARTITION_SMALL, PARTITIONS_MAX_SMALL)
        } else {
            (EVENTS_PER_PARTITION, PARTITIONS_MAX)
        };
        let (rows, questions) = (dealing.rows, asked.questions);
        let mut count = (rows / per_partition).max(questions / QUESTIONS_PER_PARTITION).max(1);
        if dealing.small || rows + questions > EVENTS_PER_PARTITION / 2 {
            count = count.max(4 * dealing.threads as u64);
        }
        let count = count.next_power_of_two().min(most);
        let bits = asked.entities.bits().saturating_sub(count.trailing_zeros());
        let count = 1usize << (asked.entities.bits() - bits);
        let schema = Arc::new(pipeline.layout.dealt(dealing.has_digests));
        let name = format!("events of {}", pipeline.spec.name);
        pipeline.counter.forget();
        Ok(Running {
            reach: Reach::of(&pipeline.restrict, &asked),
            dealt: Dealt {
                partitions: PartitionedSpill::new(name, schema, count, dealing.context),
                has_digests: dealing.has_digests,
                bits,
            },
            pipeline: pipeline.clone(),
            asked,
        })
    }

    /// Its events, when all have come.
    pub fn dealt(self) -> Dealt {
        self.dealt
    }

    /// Takes in the accepted rows of a batch. Gives those that the view rejects.
    pub fn put(
        &self,
        place: u64,
        batch: &Batch,
        rest: &Rest<'_>,
        memos: &mut Vec<Memo>,
    ) -> Result<Vec<rows::ViewRejected>> {
        let pipeline = &*self.pipeline;
        let mut keyed = rows::apply(&pipeline.spec, batch);
        pipeline.counter.add(place, &mut keyed);
        let rejected = std::mem::take(&mut keyed.rejected);
        let Some(reach) = self.reach else {
            return Ok(rejected);
        };
        let keys = pipeline.spec.key.iter().zip(&keyed.keys).map(|(id, column)| {
            let texts = rest.texts.iter().find(|(coded, _)| coded == id);
            texts.map_or(Values::Plain(column), |(_, texts)| Values::Codes(column.i64s(), texts))
        });
        let mut entities = self.asked.entities.find(&keys.collect::<Vec<_>>(), memos);
        for (entity, time) in entities.iter_mut().zip(&keyed.times) {
            *entity = if reach.holds(*time) { *entity } else { NOBODY };
        }
        let partitions = &self.dealt.partitions;
        let partition = |entity: &u32| match *entity {
            NOBODY => u32::MAX,
            entity => entity >> self.dealt.bits,
        };
        let of: Vec<u32> = entities.iter().map(partition).collect();
        let (order, starts) = by_partition(&of, partitions.count());
        let known = pipeline
            .layout
            .awaits
            .then(|| rows::known(&pipeline.spec, batch, rest.arrivals));
        let arrivals = known.as_deref().or(rest.arrivals);
        let sorted = self.encode(&keyed, (&entities, &order), rest, arrivals)?;
        partitions.put(place, sorted, starts)?;
        Ok(rejected)
    }

    /// The chosen events in their order, as they travel.
    fn encode(
        &self,
        keyed: &rows::Keyed<'_>,
        (entities, order): (&[u32], &[u32]),
        rest: &Rest<'_>,
        arrivals: Option<&[i64]>,
    ) -> Result<RecordBatch> {
        let layout = &self.pipeline.layout;
        let row = |at: &u32| keyed.rows[*at as usize] as usize;
        let words = |values: &[i64]| -> ArrayRef {
            let gathered: Vec<i64> = order.iter().map(|at| values[row(at)]).collect();
            Arc::new(Int64Array::from(gathered))
        };
        let numbers: Vec<u32> = order.iter().map(|at| entities[*at as usize]).collect();
        let times: Vec<i64> = order.iter().map(|at| keyed.times[*at as usize]).collect();
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(UInt32Array::from(numbers)), Arc::new(Int64Array::from(times))];
        arrays.push(match rest.ids {
            IdColumn::Words(ids) => words(ids),
            IdColumn::Keys(keys) => {
                let rows: Vec<u32> = order.iter().map(|at| keyed.rows[*at as usize]).collect();
                Arc::new(binary(keys.take(&rows), None)?)
            }
        });
        if let Some(digests) = rest.digests {
            let bytes: Vec<u8> = order.iter().flat_map(|at| digests[row(at)].to_be_bytes()).collect();
            let bytes = Buffer::from_vec(bytes);
            arrays.push(Arc::new(FixedSizeBinaryArray::try_new(DIGEST_BYTES, bytes, None)?));
        }
        if layout.arrival {
            arrays.push(words(arrivals.ok_or_else(|| bug("arrivals are missing"))?));
        }
        match (layout.poison, &keyed.poison) {
            (true, poison) => {
                let tag = |at: &u32| poison.as_ref().map_or(Tag::VALID, |poison| poison[*at as usize]);
                arrays.push(Arc::new(UInt8Array::from_iter_values(order.iter().map(tag))));
            }
            (false, None) => {}
            (false, Some(_)) => return Err(bug("a filter that cannot fail did")),
        }
        for (wire, column) in layout.lifts.iter().zip(&keyed.lifts) {
            Wire::encode(*wire, column.take(order), &mut arrays)?;
        }
        Ok(RecordBatch::try_new(self.dealt.partitions.schema(), arrays)?)
    }
}

/// What there is beside the columns of a batch; by row of it.
pub(crate) struct Rest<'a> {
    /// Of the columns that are codes.
    pub texts: &'a [(ColumnId, StringArray)],
    pub arrivals: Option<&'a [i64]>,
    pub ids: &'a IdColumn<'a>,
    pub digests: Option<&'a [u128]>,
}
