//! The answers to questions about some entities whose events are in memory: the merge, and its answers as rows.

use super::pace::{Pace, by_text};
use super::questions::Questions;
use super::spec::PointInTime;
use crate::inputs::{Progress, Resources};
use crate::locks::lock;
use crate::report::EXAMPLES_MAX;
use crate::schema::slot_wires;
use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, UInt8Array, UInt32Array, UInt64Array};
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::physical_plan::metrics::Count;
use featc_ir::Cut;
use featr_kernels::finish::{encode_status, lag_us, with_errors};
use featr_kernels::{Column, Data, Tag, identity};
use featr_merge::{Answered, Group, Questions as Asked, Run, Selves, answer, chains, state_bytes};
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// The answers to some of the questions; what is counted stays behind.
fn part(answered: &Answered, rows: &Range<usize>) -> Answered {
    let slots = answered.slots.iter();
    let presence = answered.presence.iter();
    Answered {
        slots: slots
            .map(|(column, statuses)| (column.slice(rows.clone()), statuses[rows.clone()].to_vec()))
            .collect(),
        presence: presence.map(|present| present[rows.clone()].to_vec()).collect(),
        at_events: 0,
        with_own: 0,
    }
}

/// The bytes of text and of lists in a column.
fn text(column: &Column) -> usize {
    match &column.data {
        Data::Str(texts) => texts.bytes.len(),
        Data::Bool(_) | Data::I64(_) | Data::F64(_) | Data::I128(_) => 0,
    }
}

/// Counts what becomes of the questions.
#[derive(Debug, Default)]
pub(crate) struct QuestionCounter(Mutex<QuestionCounts>);

/// See [`crate::ViewReport`].
#[derive(Debug, Clone, Default)]
pub(crate) struct QuestionCounts {
    pub keyless: u64,
    pub at_events: u64,
    /// Questions with an identity that may be excluded, and those among them that reach an event of it.
    pub with_id: u64,
    pub with_own: u64,
    /// Per entry of `FoldSpec::presence`: questions without an event within that lookback.
    pub absent: Vec<u64>,
    /// The first of each, as rows of the spine, ascending.
    pub absent_rows: Vec<Vec<u32>>,
}

impl QuestionCounter {
    fn add(&self, rows: &[u32], (keyless, with_id): (usize, usize), answered: &Answered) {
        let mut counts = lock(&self.0);
        let counts = &mut *counts;
        counts.keyless += keyless as u64;
        counts.at_events += answered.at_events;
        counts.with_id += with_id as u64;
        counts.with_own += answered.with_own;
        counts.absent.resize(answered.presence.len(), 0);
        counts.absent_rows.resize(answered.presence.len(), vec![]);
        let all = counts.absent.iter_mut().zip(&mut counts.absent_rows);
        for ((count, first), present) in all.zip(&answered.presence) {
            let absent = present.iter().map(|present| u64::from(!present)).sum::<u64>();
            *count += absent;
            if absent > 0 {
                first_rows(first, rows.iter().zip(present).filter(|(_, present)| !**present));
            }
        }
    }

    pub fn counts(&self) -> QuestionCounts {
        lock(&self.0).clone()
    }
}

/// Keeps the first [`EXAMPLES_MAX`] rows, ascending.
fn first_rows<'a>(first: &mut Vec<u32>, rows: impl Iterator<Item = (&'a u32, &'a bool)>) {
    for (row, _) in rows {
        if first.len() < EXAMPLES_MAX || first.last().is_some_and(|last| row < last) {
            first.insert(first.partition_point(|known| known < row), *row);
            first.truncate(EXAMPLES_MAX);
        }
    }
}

/// What is needed to answer.
#[derive(Clone)]
pub(super) struct Job {
    pub spec: Arc<PointInTime>,
    pub questions: Arc<Questions>,
    pub resources: Arc<Resources>,
    pub counter: Arc<QuestionCounter>,
    pub schema: SchemaRef,
    /// What the events and answers of an entity may take, in bytes, about.
    pub share: Option<usize>,
    pub spill: crate::spill::SpillContext,
    /// How many parts the questions about large entities were answered in, and how many summaries stood for events there.
    pub chunks: Count,
    pub summaries: Count,
    pub spilled_bytes: Count,
}

/// Questions about one entity, by instant, and its events in a run.
pub(super) struct AboutOne<'a> {
    pub rows: &'a [u32],
    pub events: Range<u32>,
}

impl Job {
    /// Whether some window says `excluding self`.
    pub fn reads_ids(&self) -> bool {
        !self.spec.fold.self_columns.is_empty()
    }

    /// Whether slots are folded, so that summaries need to know the order of events of one instant.
    pub fn ties(&self) -> bool {
        state_bytes(self.spec.merge()).0 > 0
    }

    /// What the answer to a question takes, in bytes, about.
    pub fn question_bytes(&self) -> usize {
        64 + 32 * self.spec.fold.slots.len()
    }

    /// How many questions are answered at once, if `bytes` are taken by events; `run` has them all.
    pub fn pace(&self, bytes: usize, run: Option<&Run>) -> Pace {
        Pace::new(&self.spec.fold, run, self.questions_max(bytes), self.spill.text_bytes)
    }

    /// How many questions are answered at once, if `bytes` are taken by events.
    pub fn questions_max(&self, bytes: usize) -> usize {
        match self.share {
            None => usize::MAX,
            Some(share) => (share.saturating_sub(bytes).max(share / 2) / self.question_bytes()).max(1),
        }
    }

    /// The answers of a run to questions, in several batches if they hold much text.
    pub fn ask(&self, run: &Run, asked: &[AboutOne<'_>], pace: &mut Pace) -> Result<Vec<RecordBatch>> {
        self.ask_all(run, asked, (0, pace))
    }

    /// The same, where so many questions have no entity.
    pub fn ask_all(
        &self,
        run: &Run,
        asked: &[AboutOne<'_>],
        (keyless, pace): (usize, &mut Pace),
    ) -> Result<Vec<RecordBatch>> {
        let mut rows: Vec<u32> = vec![];
        let mut groups = Vec::with_capacity(asked.len());
        for about in asked {
            let mut group = |questions: &[u32]| {
                let start = rows.len();
                rows.extend_from_slice(questions);
                groups.push(Group {
                    questions: start..rows.len(),
                    events: about.events.clone(),
                });
            };
            match self.spec.cut {
                Cut::Given => chains(about.rows, |row| self.questions.cut(row))
                    .iter()
                    .for_each(|of| group(of)),
                Cut::Open | Cut::Delayed { .. } => group(about.rows),
            }
        }
        let selves = if self.reads_ids() {
            Some(self.selves(&rows))
        } else {
            None
        };
        let times = rows.iter().map(|row| self.questions.time(*row)).collect();
        let known = |selves: &Selves| selves.known.iter().filter(|known| **known).count();
        let with_id = selves.as_ref().map_or(0, known);
        let cuts = match self.spec.cut {
            Cut::Given => rows.iter().map(|row| self.questions.cut(*row)).collect(),
            Cut::Open | Cut::Delayed { .. } => vec![],
        };
        let asked = Asked {
            times,
            groups,
            cuts,
            selves,
        };
        let answered = answer(self.spec.merge(), run, &asked, self.spec.cut);
        self.counter.add(&rows, (keyless, with_id), &answered);
        self.resources.tell(&Progress::Answered {
            questions: rows.len() as u64,
        })?;
        let columns = || answered.slots.iter().map(|(column, _)| column);
        pace.note(rows.len(), || columns().map(text).sum());
        let ranges = by_text(columns(), rows.len(), self.spill.text_bytes);
        if ranges.len() == 1 {
            return Ok(vec![self.encode(rows, (asked.times, &asked.cuts), answered)?]);
        }
        let batch = |range: Range<usize>| {
            let (rows, times) = (rows[range.clone()].to_vec(), asked.times[range.clone()].to_vec());
            let cuts = asked.cuts.get(range.clone()).unwrap_or_default();
            self.encode(rows, (times, cuts), part(&answered, &range))
        };
        ranges.into_iter().map(batch).collect()
    }

    /// The last arrival that a question sees; `None` where arrival does not decide, or if it sees none.
    pub fn cut(&self, question: u32) -> Option<i64> {
        match self.spec.cut {
            Cut::Open => None,
            Cut::Delayed { delay_us } => self.questions.time(question).checked_sub_unsigned(delay_us),
            Cut::Given => self.questions.cut(question),
        }
    }

    /// The questions' own identities.
    pub fn selves(&self, rows: &[u32]) -> Selves {
        let columns: Vec<Column> = self.questions.selves.iter().map(|column| column.take(rows)).collect();
        let keys = identity::entity_keys(&columns.iter().collect::<Vec<_>>(), rows.len());
        let known = match keys.tags {
            None => vec![true; rows.len()],
            Some(tags) => tags.iter().map(|tag| *tag == Tag::VALID).collect(),
        };
        Selves {
            keys: keys.bytes,
            known,
        }
    }

    fn encode(
        &self,
        rows: Vec<u32>,
        (times, cuts): (Vec<i64>, &[Option<i64>]),
        answered: Answered,
    ) -> Result<RecordBatch> {
        let lags = (self.spec.cut == Cut::Given).then(|| {
            let lags = times.iter().zip(cuts).map(|(t, cut)| lag_us(*t, *cut));
            Arc::new(UInt64Array::from_iter_values(lags)) as ArrayRef
        });
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(UInt32Array::from(rows)), Arc::new(Int64Array::from(times))];
        arrays.extend(lags);
        let mut extras: Vec<ArrayRef> = vec![];
        for (wire, (column, statuses)) in slot_wires(&self.spec.fold).into_iter().zip(answered.slots) {
            wire.encode(with_errors(column, &statuses), &mut arrays)?;
            if self.spec.with_status {
                let bytes = statuses.into_iter().map(encode_status);
                extras.push(Arc::new(UInt8Array::from_iter_values(bytes)));
            }
        }
        if self.spec.with_status {
            let presence = answered.presence.into_iter();
            extras.extend(presence.map(|present| Arc::new(BooleanArray::from(present)) as ArrayRef));
        }
        arrays.append(&mut extras);
        Ok(RecordBatch::try_new(self.schema.clone(), arrays)?)
    }
}
