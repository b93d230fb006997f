//! A lane: one transform for one kind of entity, from accepted rows to keyed, lifted events on shelves by entity.
//!
//! Events that no question can see (of other entities, after the last question, before the longest window of the first)
//! leave the lane here, before anything is copied.

use super::IdColumn;
use crate::codec::{Wire, binary};
use crate::entities::{Entities, Memo, NOBODY, Values};
use crate::error::bug;
use crate::inputs::{RowsCounter, lock};
use crate::schema::{DIGEST_BYTES, EventLayout};
use crate::shelves::{Held, Room, Shelves, by_shelf};
use crate::spine::SpineData;
use arrow::array::{ArrayRef, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray, UInt8Array, UInt32Array};
use arrow::buffer::Buffer;
use datafusion::error::Result;
use featc_ir::plan::{Restrict, RowSpec};
use featc_ir::{ColumnId, ExprKind, Step};
use featr_decode::Bound;
use featr_kernels::{Batch, Tag, rows};
use std::sync::{Arc, Mutex};

/// Events that are worth a shelf of their own.
const EVENTS_PER_SHELF: u64 = 1 << 15;
/// The same when memory is short.
const EVENTS_PER_SHELF_SMALL: u64 = 1 << 13;
/// Questions that are.
const QUESTIONS_PER_SHELF: u64 = 1 << 14;
/// More shelves cost more than they bring: every batch is cut into as many slices. Where a shelf must fit into little
/// memory, the second number holds.
const SHELVES_MAX: u64 = 512;
const SHELVES_MAX_SMALL: u64 = 4096;

/// What a lane is made of.
pub(crate) struct LaneParts {
    pub spec: Arc<RowSpec>,
    pub restrict: Restrict,
    /// The columns of the source that are read.
    pub read: Vec<ColumnId>,
    pub layout: EventLayout,
    pub spine: Arc<SpineData>,
    pub entities: Arc<Entities>,
    pub counter: Arc<RowsCounter>,
}

/// See the module.
pub(crate) struct Lane {
    parts: LaneParts,
    /// Events need `τ > after`; `None`: no bound.
    after: Option<i64>,
    /// Events need `τ ≤ until`; `None`: there are no questions.
    until: Option<i64>,
    /// The shelves, and whether their events carry digests.
    shelves: Mutex<Option<(Arc<Shelves>, bool)>>,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane")
            .field("transform", &self.parts.spec.name)
            .finish_non_exhaustive()
    }
}

impl Lane {
    pub fn new(parts: LaneParts) -> Lane {
        let (first, last) = (parts.spine.times.iter().min(), parts.spine.times.iter().max());
        let reach = first.zip(parts.restrict.after_us);
        let after = reach.and_then(|(first, reach)| first.checked_sub_unsigned(reach));
        let until = last.map(|last| last.saturating_add_unsigned(parts.restrict.until_us));
        Lane {
            after,
            until,
            parts,
            shelves: Mutex::default(),
        }
    }

    pub fn entities(&self) -> &Arc<Entities> {
        &self.parts.entities
    }

    pub fn layout(&self) -> &EventLayout {
        &self.parts.layout
    }

    /// Where its rows are counted.
    pub fn counter(&self) -> Arc<RowsCounter> {
        self.parts.counter.clone()
    }

    pub fn spec(&self) -> &RowSpec {
        &self.parts.spec
    }

    pub fn transform(&self) -> &str {
        &self.parts.spec.name
    }

    /// Whether events carry their arrivals.
    pub fn reads_arrivals(&self) -> bool {
        self.parts.layout.arrival
    }

    /// The columns of the source that are read.
    pub fn read(&self) -> &[ColumnId] {
        &self.parts.read
    }

    /// Whether a column is read for the key and nothing else.
    pub fn is_key_only(&self, column: ColumnId) -> bool {
        let spec = &self.parts.spec;
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
    pub fn bound(&self, declared: usize) -> Option<Bound> {
        let ExprKind::Column(column) = self.parts.spec.time.kind else {
            return None;
        };
        let greatest = self.until?;
        let least = self.after.map_or(i64::MIN, |after| after.saturating_add(1));
        (column.index() < declared).then_some(Bound {
            column,
            least,
            greatest,
        })
    }

    /// Makes room for the events of a source of about `rows` rows; what was there is forgotten.
    pub fn open(&self, rows: u64, threads: usize, small: bool, digests: bool, room: &Room) {
        let (per_shelf, most) = if small {
            (EVENTS_PER_SHELF_SMALL, SHELVES_MAX_SMALL)
        } else {
            (EVENTS_PER_SHELF, SHELVES_MAX)
        };
        let questions = self.parts.spine.times.len() as u64;
        let mut count = (rows / per_shelf).max(questions / QUESTIONS_PER_SHELF).max(1);
        if small || rows + questions > EVENTS_PER_SHELF / 2 {
            count = count.max(4 * threads as u64);
        }
        let count = count.next_power_of_two().min(most) as usize;
        let schema = Arc::new(self.parts.layout.schema(digests));
        let name = format!("events of {}", self.parts.spec.name);
        let before = lock(&self.shelves).replace((Arc::new(Shelves::new(name, schema, count, room)), digests));
        if before.is_some() {
            self.parts.counter.forget_events();
        }
    }

    /// The shelves, and whether their events carry digests. After the scan.
    pub fn shelves(&self) -> Result<(Arc<Shelves>, bool)> {
        lock(&self.shelves)
            .clone()
            .ok_or_else(|| bug("events are asked for before the scan"))
    }

    pub fn held(&self) -> Option<Held> {
        lock(&self.shelves).as_ref().map(|(shelves, _)| shelves.held())
    }

    /// Takes in the accepted rows of a batch. Gives those that the view rejects.
    pub fn put(
        &self,
        place: u64,
        batch: &Batch,
        rest: &Rest<'_>,
        memos: &mut Vec<Memo>,
    ) -> Result<Vec<rows::ViewRejected>> {
        let mut keyed = rows::apply(&self.parts.spec, batch);
        self.parts.counter.add(keyed.rows.len(), &keyed.dropped);
        let rejected = std::mem::take(&mut keyed.rejected);
        let Some(until) = self.until else { return Ok(rejected) };
        let (shelves, _) = self.shelves()?;
        let keys = self.parts.spec.key.iter().zip(&keyed.keys).map(|(id, column)| {
            let texts = rest.texts.iter().find(|(coded, _)| coded == id);
            texts.map_or(Values::Plain(column), |(_, texts)| Values::Codes(column.i64s(), texts))
        });
        let mut entities = self.parts.entities.find(&keys.collect::<Vec<_>>(), memos);
        let after = self.after.unwrap_or(i64::MIN);
        let unbounded = self.after.is_none();
        for (entity, time) in entities.iter_mut().zip(&keyed.times) {
            let asked = *time <= until && (unbounded || *time > after);
            *entity = if asked { *entity } else { NOBODY };
        }
        let mask = shelves.count() as u32 - 1;
        let of: Vec<u32> = entities
            .iter()
            .map(|entity| if *entity == NOBODY { u32::MAX } else { entity & mask })
            .collect();
        let (order, starts) = by_shelf(&of, shelves.count());
        let sorted = self.encode(&shelves, &keyed, &entities, &order, rest)?;
        shelves.put(place, sorted, starts)?;
        Ok(rejected)
    }

    /// The chosen events in their order, as they travel.
    fn encode(
        &self,
        shelves: &Shelves,
        keyed: &rows::Keyed<'_>,
        entities: &[u32],
        order: &[u32],
        rest: &Rest<'_>,
    ) -> Result<RecordBatch> {
        let layout = &self.parts.layout;
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
            arrays.push(words(rest.arrivals.ok_or_else(|| bug("arrivals are missing"))?));
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
        Ok(RecordBatch::try_new(shelves.schema(), arrays)?)
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
