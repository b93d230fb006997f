//! The work of [`super::pit`] on some entities: rows to a run and questions, the merge, answers to rows.
//!
//! Ties in `(entity, τ)` are ordered by `(id, digest)` here, and copies of an event become one, with the least arrival.

use super::side::{EntityKey, entity};
use crate::codec::{Wire, bytes};
use crate::error::{BatchError, bug};
use crate::inputs::{Progress, RowsCounter, Shared};
use crate::merge::{Answered, Group, Questions, Run, Selves, answer};
use crate::schema::{EventLayout, slot_wires};
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array, RecordBatch, UInt8Array};
use arrow::datatypes::{Int64Type, SchemaRef, UInt8Type};
use datafusion::error::Result;
use featc_ir::plan::FoldSpec;
use featr_kernels::events::Events;
use featr_kernels::finish::encode_status;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// Positions in the rows of events and questions.
pub(super) const EVENT_ENTITY: usize = 0;
pub(super) const EVENT_TIME: usize = 1;
pub(super) const QUESTION_ENTITY: usize = 1;
pub(super) const QUESTION_TIME: usize = 2;
const QUESTION_SELF: usize = 3;

/// The entities of a run in order, each with its rows.
type Entities = Vec<(EntityKey, Range<u32>)>;

/// What the work on a chunk needs.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub fold: Arc<FoldSpec>,
    pub layout: EventLayout,
    pub delay_us: Option<u64>,
    pub shared: Arc<Shared>,
    pub counter: Option<Arc<RowsCounter>>,
    pub schema: SchemaRef,
}

impl Job {
    /// The answers to the questions about some entities, of all of which the events are given.
    pub fn answer(&self, events: &RecordBatch, questions: &RecordBatch) -> Result<RecordBatch> {
        let (run, entities) = self.run(events)?;
        let questions_of = self.questions(questions, &entities);
        let answered = answer(&self.fold, &run, &questions_of, self.delay_us);
        if let Some(counter) = &self.counter {
            counter.add_at_events(answered.at_events);
        }
        self.shared.tell(&Progress::Answered {
            questions: questions.num_rows() as u64,
        });
        self.encode(questions, answered)
    }

    /// The events in their final order without copies, and where each entity's lie.
    fn run(&self, batch: &RecordBatch) -> Result<(Run, Entities)> {
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
    fn settle(&self, run: Run, entities: &BinaryArray) -> (Run, Entities) {
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
    fn questions(&self, batch: &RecordBatch, events: &Entities) -> Questions {
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
