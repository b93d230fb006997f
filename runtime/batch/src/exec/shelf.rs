//! The work of [`super::pit`] on the entities of one shelf: rows to a run and questions, the merge, answers to rows.
//!
//! Here events are sorted: dealt to their entities by number (counting sort), each entity's by τ (they mostly are
//! already), ties by `(id, digest)`; copies of an event become one, with the least arrival.

use crate::codec::{Wire, bytes};
use crate::entities::{Entities, NOBODY};
use crate::error::{BatchError, bug};
use crate::inputs::{Progress, RowsCounter, Shared};
use crate::merge::{Answered, Group, Questions, Run, Selves, answer};
use crate::schema::{EventLayout, slot_wires};
use arrow::array::{
    ArrayRef, AsArray, BooleanArray, FixedSizeBinaryArray, Int64Array, RecordBatch, UInt8Array, UInt32Array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{Int64Type, SchemaRef, UInt8Type, UInt32Type};
use datafusion::error::Result;
use featc_ir::Status;
use featc_ir::plan::FoldSpec;
use featr_kernels::events::Events;
use featr_kernels::finish::encode_status;
use featr_kernels::{Column, Data, StrData, Tag, identity};
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// What the work on a shelf needs.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub fold: Arc<FoldSpec>,
    pub layout: EventLayout,
    pub delay_us: Option<u64>,
    pub shared: Arc<Shared>,
    pub counter: Arc<RowsCounter>,
    pub entities: Arc<Entities>,
    pub schema: SchemaRef,
}

/// The events of a shelf, sorted, and where each entity's lie.
struct Settled {
    run: Run,
    /// By number within the shelf: entity `n · shelves + shelf` has the rows `starts[n]..starts[n + 1]`.
    starts: Vec<u32>,
}

/// Columns of events as they come from the shelves.
struct Arrived<'a> {
    entities: &'a [u32],
    times: &'a [i64],
    ids: &'a ArrayRef,
    digests: Option<&'a FixedSizeBinaryArray>,
    arrivals: Option<&'a [i64]>,
}

impl Job {
    /// The answers to `questions` (rows of the spine), of all of whose entities the events are given.
    pub fn answer(
        &self,
        shelves: usize,
        events: Vec<RecordBatch>,
        event_schema: &SchemaRef,
        digests: bool,
        questions: &[u32],
    ) -> Result<RecordBatch> {
        let settled = self.settle(shelves, events, event_schema, digests)?;
        let (rows, asked) = self.questions(shelves, questions, &settled.starts)?;
        let answered = answer(&self.fold, &settled.run, &asked, self.delay_us);
        self.counter.add_at_events(answered.at_events);
        self.shared.tell(&Progress::Answered {
            questions: rows.len() as u64,
        });
        self.encode(rows, asked.times, answered)
    }

    fn settle(&self, shelves: usize, events: Vec<RecordBatch>, schema: &SchemaRef, digests: bool) -> Result<Settled> {
        let rows: usize = events.iter().map(RecordBatch::num_rows).sum();
        if u32::try_from(rows).is_err() {
            return Err(BatchError::Resources {
                why: "more than 2^32 events on one shelf".into(),
            }
            .into());
        }
        let batch = concat_batches(schema, &events)?;
        // One entity may have very many: nothing is kept twice for longer than needed.
        drop(events);
        let mut arrays = batch.columns().iter();
        let mut next = || arrays.next().ok_or_else(|| bug("a column of the events is missing"));
        let arrived = Arrived {
            entities: next()?.as_primitive::<UInt32Type>().values(),
            times: next()?.as_primitive::<Int64Type>().values(),
            ids: next()?,
            digests: if digests {
                Some(next()?.as_fixed_size_binary())
            } else {
                None
            },
            arrivals: if self.layout.arrival {
                Some(next()?.as_primitive::<Int64Type>().values())
            } else {
                None
            },
        };
        let (order, starts) = self.order(shelves, &arrived);
        let poison = if self.layout.poison {
            let tags = next()?.as_primitive::<UInt8Type>().values();
            Some(order.iter().map(|row| tags[*row as usize]).collect())
        } else {
            None
        };
        let lifts = self
            .layout
            .lifts
            .iter()
            .map(|wire| Wire::gather(*wire, &mut arrays, &order))
            .collect::<Result<_>>()?;
        let gather = |values: &[i64]| order.iter().map(|row| values[*row as usize]).collect::<Vec<i64>>();
        let ids = if self.fold.self_columns.is_empty() {
            StrData::new()
        } else {
            keys_of(arrived.ids, &order)
        };
        Ok(Settled {
            run: Run {
                events: Events {
                    times: gather(arrived.times),
                    ids,
                    digests: vec![],
                    poison,
                    lifts,
                },
                arrivals: arrived.arrivals.map(gather),
            },
            starts,
        })
    }

    /// The final order of the events without copies, and where each entity of the shelf starts in it.
    fn order(&self, shelves: usize, events: &Arrived<'_>) -> (Vec<u32>, Vec<u32>) {
        let bits = shelves.trailing_zeros();
        let count = self.entities.count().div_ceil(shelves);
        let numbers: Vec<u32> = events.entities.iter().map(|entity| entity >> bits).collect();
        let (order, starts) = crate::shelves::by_shelf(&numbers, count);
        let mut sorted: Vec<(i64, u32)> = order.iter().map(|row| (events.times[*row as usize], *row)).collect();
        let mut copies = vec![];
        for ends in starts.windows(2) {
            let first = ends[0] as usize;
            let rows = &mut sorted[first..ends[1] as usize];
            let mut steady = true;
            let mut ties = false;
            for pair in rows.windows(2) {
                steady &= pair[0].0 <= pair[1].0;
                ties |= pair[0].0 == pair[1].0;
            }
            if !steady {
                rows.sort_unstable_by_key(|(time, _)| *time);
                ties = rows.windows(2).any(|pair| pair[0].0 == pair[1].0);
            }
            if ties {
                events.settle_ties(rows, first, &mut copies);
            }
        }
        let order = sorted.iter().map(|(_, row)| *row);
        if copies.is_empty() {
            return (order.collect(), starts);
        }
        self.counter.add_copies(copies.len() as u64);
        let mut kept = Vec::with_capacity(sorted.len() - copies.len());
        let mut dropped = copies.iter().copied().peekable();
        let mut ends = starts.iter().copied().peekable();
        let mut new_starts = Vec::with_capacity(starts.len());
        for (place, row) in order.enumerate() {
            while ends.next_if(|start| *start as usize <= place).is_some() {
                new_starts.push(kept.len() as u32);
            }
            if dropped.next_if(|copy| *copy == place).is_none() {
                kept.push(row);
            }
        }
        new_starts.resize(starts.len(), kept.len() as u32);
        (kept, new_starts)
    }

    /// The questions of a shelf in their order, each entity's with its events; and their rows in the spine.
    fn questions(&self, shelves: usize, rows: &[u32], starts: &[u32]) -> Result<(Vec<u32>, Questions)> {
        let bits = shelves.trailing_zeros();
        let spine = &self.shared.spine;
        let mut keyed: Vec<(u32, i64, u32)> = rows
            .iter()
            .map(|row| {
                let question = *row as usize;
                (self.entities.of_question(question), spine.times[question], *row)
            })
            .collect();
        keyed.sort_unstable();
        let mut groups = vec![];
        let mut start = 0;
        for of_entity in keyed.chunk_by(|left, right| left.0 == right.0) {
            let entity = of_entity[0].0;
            let questions = start..start + of_entity.len();
            start = questions.end;
            let events = if entity == NOBODY {
                self.counter.add_keyless(of_entity.len() as u64);
                0..0
            } else {
                let number = (entity >> bits) as usize;
                starts[number]..starts[number + 1]
            };
            groups.push(Group { questions, events });
        }
        let rows: Vec<u32> = keyed.iter().map(|(_, _, row)| *row).collect();
        let selves = if self.fold.self_columns.is_empty() {
            None
        } else {
            Some(self.selves(&rows)?)
        };
        let times = keyed.into_iter().map(|(_, time, _)| time).collect();
        Ok((rows, Questions { times, groups, selves }))
    }

    fn selves(&self, rows: &[u32]) -> Result<Selves> {
        let mut columns: Vec<Column> = vec![];
        for key in &self.fold.self_columns {
            columns.push(self.shared.spine.column(key)?.take(rows));
        }
        let keys = identity::entity_keys(&columns.iter().collect::<Vec<_>>(), rows.len());
        let known = match keys.tags {
            None => vec![true; rows.len()],
            Some(tags) => tags.iter().map(|tag| *tag == Tag::VALID).collect(),
        };
        Ok(Selves {
            keys: keys.bytes,
            known,
        })
    }

    fn encode(&self, rows: Vec<u32>, times: Vec<i64>, answered: Answered) -> Result<RecordBatch> {
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(UInt32Array::from(rows)), Arc::new(Int64Array::from(times))];
        let mut extras: Vec<ArrayRef> = vec![];
        for (wire, (column, statuses)) in slot_wires(&self.fold).into_iter().zip(answered.slots) {
            wire.encode(with_errors(column, &statuses), &mut arrays)?;
            if self.shared.with_status {
                let bytes = statuses.into_iter().map(encode_status);
                extras.push(Arc::new(UInt8Array::from_iter_values(bytes)));
            }
        }
        if self.shared.with_status {
            let presence = answered.presence.into_iter();
            extras.extend(presence.map(|present| Arc::new(BooleanArray::from(present)) as ArrayRef));
        }
        arrays.append(&mut extras);
        Ok(RecordBatch::try_new(self.schema.clone(), arrays)?)
    }
}

/// The column with a tag for every error among the statuses.
fn with_errors(mut column: Column, statuses: &[Status]) -> Column {
    // All are looked at, without a branch.
    let is_error = |status: &Status| matches!(status, Status::Error(_));
    if statuses.iter().fold(false, |any, status| any | is_error(status)) {
        let tags = column.tags.get_or_insert_with(|| vec![Tag::VALID; statuses.len()]);
        for (tag, status) in tags.iter_mut().zip(statuses) {
            if let Status::Error(code) = status {
                *tag = Tag::error(*code);
            }
        }
    }
    column
}

impl Arrived<'_> {
    /// Sorts events of equal τ by `(id, digest, arrival)` and notes the places of copies, counted from `first`.
    fn settle_ties(&self, rows: &mut [(i64, u32)], first: usize, copies: &mut Vec<usize>) {
        let mut place = first;
        for tied in rows.chunk_by_mut(|left, right| left.0 == right.0) {
            if tied.len() > 1 {
                // The copy that arrived first comes first; of several such all are alike.
                tied.sort_by(|left, right| {
                    let arrival = |row: u32| self.arrivals.map(|arrivals| arrivals[row as usize]);
                    self.key_order(left.1, right.1)
                        .then_with(|| arrival(left.1).cmp(&arrival(right.1)))
                });
                let pairs = tied.windows(2).enumerate();
                let same = pairs.filter(|(_, pair)| self.key_order(pair[0].1, pair[1].1) == Ordering::Equal);
                copies.extend(same.map(|(at, _)| place + at + 1));
            }
            place += tied.len();
        }
    }

    /// By id and digest. Without digests all ids differ.
    fn key_order(&self, left: u32, right: u32) -> Ordering {
        let (left, right) = (left as usize, right as usize);
        let ids = match self.ids.as_primitive_opt::<Int64Type>() {
            Some(words) => words.value(left).cmp(&words.value(right)),
            None => {
                let keys = self.ids.as_binary::<i32>();
                keys.value(left).cmp(keys.value(right))
            }
        };
        ids.then_with(|| match self.digests {
            Some(digests) => digests.value(left).cmp(digests.value(right)),
            None => Ordering::Equal,
        })
    }
}

/// Ids as order keys.
fn keys_of(ids: &ArrayRef, order: &[u32]) -> StrData {
    match ids.as_primitive_opt::<Int64Type>() {
        Some(words) => {
            let words = order.iter().map(|row| words.value(*row as usize)).collect();
            let column = Column::with_tags(featc_ir::Type::Int64, Data::I64(words), None);
            identity::keys_of_columns(&[&column], order.len())
        }
        None => bytes(ids.as_binary::<i32>()).take(order),
    }
}

/// The questions of every shelf, in the order of the spine: rows, and where each shelf starts among them.
#[derive(Debug)]
pub(super) struct Asked {
    rows: Vec<u32>,
    starts: Vec<u32>,
}

impl Asked {
    pub fn new(entities: &Entities, shelves: usize) -> Asked {
        let (rows, starts) = entities.questions_by_shelf(shelves);
        Asked { rows, starts }
    }

    pub fn of(&self, shelf: usize) -> &[u32] {
        let rows: Range<usize> = self.starts[shelf] as usize..self.starts[shelf + 1] as usize;
        &self.rows[rows]
    }
}
