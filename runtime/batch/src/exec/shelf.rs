//! The work of [`super::pit`] on the entities of one shelf: events to a run, the merge, answers to rows. A shelf with more
//! events than memory allows is answered in slabs, see [`super::slabs`].

use super::settle::Arrived;
use super::slabs::Slabs;
use crate::entities::{Entities, NOBODY};
use crate::inputs::{Progress, RowsCounter, Shared};
use crate::schema::{EventLayout, slot_wires};
use crate::shelves::Shelves;
use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, UInt8Array, UInt32Array};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::physical_plan::metrics::Count;
use featc_ir::plan::FoldSpec;
use featr_kernels::finish::{encode_status, with_errors};
use featr_kernels::{Column, Tag, identity};
use featr_merge::{Answered, Group, Questions, Run, Selves, answer};
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
    /// How often a shelf was answered in parts, and how often a part of it stood for its events.
    pub slabs: Count,
    pub packs: Count,
}

/// A question: the number of its entity, its instant, its row in the spine.
pub(super) type Question = (u32, i64, u32);

/// The answers of a shelf, batch by batch.
pub(super) enum Answers {
    Whole(Option<RecordBatch>),
    Slabs(Box<Slabs>),
}

impl Iterator for Answers {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        match self {
            Answers::Whole(batch) => batch.take().map(Ok),
            Answers::Slabs(slabs) => slabs.next(),
        }
    }
}

impl Job {
    /// The answers to `questions` (rows of the spine), which are all to entities of the shelf.
    pub fn answer(&self, shelves: &Shelves, shelf: usize, digests: bool, questions: &[u32]) -> Result<Answers> {
        let questions = self.sorted(questions);
        let needed = || {
            let (rows, bytes) = shelves.size(shelf);
            self.event_bytes(rows, bytes) + questions.len() * self.question_bytes()
        };
        if let Some(share) = self.shared.share.filter(|share| needed() > *share) {
            let slabs = Slabs::new(self, (shelves, shelf, digests), questions, share)?;
            return Ok(Answers::Slabs(Box::new(slabs)));
        }
        let bits = shelves.count().trailing_zeros();
        let (run, starts) = self.settle(shelves, shelf, digests)?;
        let events_of = |entity: u32| {
            let number = (entity >> bits) as usize;
            starts[number]..starts[number + 1]
        };
        Ok(Answers::Whole(Some(self.ask(&run, &questions, events_of)?)))
    }

    /// The events of a shelf in order, and where each entity's begin, by their numbers within the shelf.
    fn settle(&self, shelves: &Shelves, shelf: usize, digests: bool) -> Result<(Run, Vec<u32>)> {
        let batch = concat_batches(&shelves.schema(), &shelves.take(shelf)?)?;
        let arrived = Arrived::of(&self.layout, digests, &batch)?;
        let bits = shelves.count().trailing_zeros();
        let numbers: Vec<u32> = arrived.entities.iter().map(|entity| entity >> bits).collect();
        let order = arrived.order(&numbers, self.entities.count().div_ceil(shelves.count()));
        drop(numbers);
        self.counter.add_copies(order.copies);
        Ok((arrived.run(&self.layout, &order.rows, self.reads_ids())?, order.starts))
    }

    /// Whether some window says `excluding self`.
    pub fn reads_ids(&self) -> bool {
        !self.fold.self_columns.is_empty()
    }

    /// What events take while they are sorted and answered, about: as they come, as the merge reads them, their order,
    /// and prefix totals.
    pub fn event_bytes(&self, rows: usize, bytes: usize) -> usize {
        2 * bytes + rows * (32 + 32 * self.layout.lifts.len())
    }

    /// What the answer to a question takes, about.
    pub fn question_bytes(&self) -> usize {
        64 + 32 * self.fold.slots.len()
    }

    /// Questions by entity, instant and row; those without an entity are last.
    fn sorted(&self, rows: &[u32]) -> Vec<Question> {
        let times = &self.shared.spine.times;
        let question = |row: &u32| (self.entities.of_question(*row as usize), times[*row as usize], *row);
        let mut questions: Vec<Question> = rows.iter().map(question).collect();
        questions.sort_unstable();
        questions
    }

    /// The answers of a run to sorted questions.
    pub fn ask(&self, run: &Run, questions: &[Question], events_of: impl Fn(u32) -> Range<u32>) -> Result<RecordBatch> {
        let mut groups = vec![];
        let mut start = 0;
        for of_entity in questions.chunk_by(|left, right| left.0 == right.0) {
            let entity = of_entity[0].0;
            let questions = start..start + of_entity.len();
            start = questions.end;
            let events = if entity == NOBODY {
                self.counter.add_keyless(of_entity.len() as u64);
                0..0
            } else {
                events_of(entity)
            };
            groups.push(Group { questions, events });
        }
        let rows: Vec<u32> = questions.iter().map(|(_, _, row)| *row).collect();
        let selves = if self.reads_ids() {
            Some(self.selves(&rows)?)
        } else {
            None
        };
        let times = questions.iter().map(|(_, time, _)| *time).collect();
        let asked = Questions { times, groups, selves };
        let answered = answer(&self.fold, run, &asked, self.delay_us);
        self.counter.add_at_events(answered.at_events);
        self.counter.add_absent(&answered.presence);
        self.shared.tell(&Progress::Answered {
            questions: rows.len() as u64,
        });
        self.encode(rows, asked.times, answered)
    }

    /// The questions' own identities.
    pub fn selves(&self, rows: &[u32]) -> Result<Selves> {
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
