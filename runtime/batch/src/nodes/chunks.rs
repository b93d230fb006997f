//! An entity whose events do not fit into memory together: one may have half of all.
//!
//! ```text
//! events of the entity, in order ──▶ panes, in memory or on disk, and of each its summary
//! questions, by instant ──▶ chunk after chunk: the panes that its questions split ∪ summaries of the others ──▶ merge
//! ```
//!
//! Questions are taken in order, as many at a time as split panes that fit into memory together; all other panes are there
//! as summaries ([`featr_merge::summarise`]): a few rows, exact totals and states of the rest. Where arrival decides, a pane
//! has a summary of its events that arrive on time and others of those that are late, of which only that is split in whose
//! midst a question is asked. What comes out has the bits of the merge over all events, because it is the same merge, totals
//! are exact, and a fold of folds is the fold.
//!
//! Where a window holds so many events, those it may choose are there as rows, of as many panes back as have enough of them
//! ([`super::choices`]).
//!
//! Not bounded is what summaries must keep, the distinct values of a `count_distinct`, and what one question needs: the events
//! at the edges of its windows, and those that it may choose: all since the last one that a window begins with.

use super::answer::{AboutOne, Job};
use super::choices::{Choices, Chosen};
use super::edges::{Edges, Extent};
use super::in_order::InOrder;
use super::pace::Pace;
use super::panes::{Pane, Part, Summaries};
use crate::error::bug;
use crate::spill::PartitionedSpill;
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use datafusion::error::Result;
use featr_merge::{Selves, state_bytes};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// With fewer events in a pane a summary saves nothing.
const LEAST_PANE_ROWS: usize = 8;

/// After so many panes of one size the next ones are twice as large: each costs a few rows in memory. After fewer, if their
/// summaries take more than an eighth of what there is.
const PANES_OF_ONE_SIZE: std::ops::RangeInclusive<usize> = 128..=1024;

/// See the module.
pub(super) struct QuestionChunks {
    job: Job,
    entity: u32,
    edges: Edges,
    choices: Choices,
    /// What lies in the panes, in order.
    extents: Vec<Extent>,
    panes: Vec<Pane>,
    /// Their events.
    events: PartitionedSpill,
    /// Of the next pane; how many there are of this size, and what their summaries take.
    pane_rows: usize,
    of_this_size: usize,
    summary_bytes: usize,
    own: Option<Own>,
    /// Rows of the spine, by instant.
    questions: Vec<u32>,
    next: usize,
    most: Most,
    pace: Pace,
}

/// What questions exclude.
struct Own {
    selves: Selves,
    /// The panes that hold events of an identity.
    panes: HashMap<Box<[u8]>, Vec<usize>>,
}

/// What a chunk may hold, though it always has a question.
#[derive(Clone, Copy)]
struct Most {
    events: usize,
    summary_bytes: usize,
}

impl QuestionChunks {
    /// `share` is what memory there is, `per_event` what an event takes, in bytes, about.
    pub fn new(job: &Job, entity: u32, share: usize, per_event: usize) -> Result<QuestionChunks> {
        let edges = Edges::new(&job.spec.fold);
        let (_, of_states) = state_bytes(job.spec.merge());
        let most = Most {
            events: (share / 2 / (per_event + of_states).max(1)).max(1),
            summary_bytes: share / 8,
        };
        let questions_max = (share / 2 / job.question_bytes()).max(1);
        let questions = job.questions.sorted(job.questions.about(entity));
        let schema = Arc::new(job.spec.layout.sorted());
        Ok(QuestionChunks {
            own: job.reads_ids().then(|| Own::new(job, &questions)),
            job: job.clone(),
            entity,
            pane_rows: (most.events / (2 * edges.count())).max(LEAST_PANE_ROWS),
            of_this_size: 0,
            summary_bytes: 0,
            choices: Choices::new(&job.spec.fold),
            edges,
            extents: vec![],
            panes: vec![],
            events: PartitionedSpill::new("events of a large entity", schema, usize::MAX, &job.spill),
            questions,
            next: 0,
            most,
            // Summaries stand for some of the events.
            pace: Pace::new(&job.spec.fold, None, questions_max, job.spill.text_bytes),
        })
    }

    pub fn entity(&self) -> u32 {
        self.entity
    }

    /// Takes in the next events.
    pub fn put(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut from = 0;
        while from < batch.num_rows() {
            let rows = self.pane_rows.min(batch.num_rows() - from);
            // Not a slice: it would keep all of the batch in memory.
            let taken = UInt32Array::from_iter_values(from as u32..(from + rows) as u32);
            self.pane(take_record_batch(batch, &taken)?)?;
            from += rows;
        }
        Ok(())
    }

    fn pane(&mut self, batch: RecordBatch) -> Result<()> {
        if let Some(own) = &mut self.own {
            let keys = InOrder::of(&self.job.spec.layout, &batch)?.keys();
            (0..batch.num_rows()).for_each(|row| own.note(keys.get(row), self.panes.len()));
        }
        let pane = Pane::new(&self.job, &self.choices, &batch)?;
        self.extents.push(Extent {
            first: (self.entity, pane.times.0),
            last: (self.entity, pane.times.1),
        });
        self.of_this_size += 1;
        self.summary_bytes += pane.summary_bytes(&self.job);
        self.panes.push(pane);
        let (least, most) = PANES_OF_ONE_SIZE.into_inner();
        let are_dear = self.of_this_size >= least && self.summary_bytes > self.most.summary_bytes;
        if self.of_this_size >= most || are_dear {
            self.pane_rows *= 2;
            (self.of_this_size, self.summary_bytes) = (0, 0);
        }
        self.events.put_in(self.panes.len() - 1, 0, batch)
    }

    /// Takes as many questions as fit, and says what they need of the panes.
    fn take(&mut self) -> (Range<usize>, Vec<Part>) {
        let first = self.next;
        let mut parts = vec![Part::default(); self.panes.len()];
        let (mut events, mut marked, mut most) = (0, 0..0, self.most.events);
        while self.next < self.questions.len().min(first + self.pace.questions()) {
            let t = self.job.questions.time(self.questions[self.next]);
            let cut = self.job.cut(self.questions[self.next]);
            let seen = self.edges.seen(&self.extents, (self.entity, t));
            // Later questions see no earlier pane: what is marked need not be looked at again.
            let unmarked = seen.start.max(marked.end).min(seen.end)..seen.end;
            marked = seen.clone();
            let more = self.needed((t, cut), seen, unmarked, &parts);
            let rows: usize = more.iter().map(|(_, _, rows)| rows).sum();
            if self.next > first && events + rows > most {
                break;
            }
            events += rows;
            // Where one question needs so much, others share it: else each would load it anew.
            most = most.max(if self.next == first { 2 * events } else { 0 });
            more.into_iter().for_each(|(pane, part, _)| parts[pane].add(part));
            self.next += 1;
        }
        (first..self.next, parts)
    }

    /// What the next question needs beyond what is there: of which pane, and how many rows that adds, about.
    fn needed(
        &self,
        (t, cut): (i64, Option<i64>),
        seen: Range<usize>,
        unmarked: Range<usize>,
        parts: &[Part],
    ) -> Vec<(usize, Part, usize)> {
        let mut more = vec![];
        for pane in unmarked {
            let part = Part {
                seen: true,
                ..Part::default()
            };
            more.push((pane, part, self.panes[pane].least_rows()));
        }
        let whole = Part {
            seen: true,
            whole: true,
            ..Part::default()
        };
        let mut split = |pane: usize| {
            if !parts[pane].whole {
                more.push((pane, whole, self.panes[pane].rows));
            }
        };
        self.edges.split(&self.extents, (self.entity, t), &mut split);
        let own = || self.own.iter().flat_map(|own| own.of(self.next));
        own().filter(|pane| seen.contains(pane)).for_each(|pane| split(*pane));
        for pane in seen.clone() {
            let Some(cut) = cut else { break };
            self.panes[pane].partly_arrived(cut, |class, rows| {
                let classes = 1 << class;
                if !parts[pane].whole && parts[pane].classes & classes == 0 {
                    let part = Part {
                        seen: true,
                        classes,
                        ..Part::default()
                    };
                    more.push((pane, part, rows));
                }
            });
        }
        let is_own = |pane: usize| own().any(|own| *own == pane);
        self.choices.near(&self.panes, &seen, (t, cut), is_own, |pane, chosen| {
            let Chosen::Candidates(filter) = chosen else {
                if !parts[pane].whole {
                    more.push((pane, whole, self.panes[pane].rows));
                }
                return;
            };
            let candidates = Part::filter(filter);
            if !parts[pane].whole && parts[pane].candidates & candidates == 0 {
                let part = Part {
                    seen: true,
                    candidates,
                    ..Part::default()
                };
                more.push((pane, part, self.panes[pane].candidate_rows(filter)));
            }
        });
        more
    }

    /// What a chunk has of a pane, and where summaries stand in it.
    fn part(&self, pane: usize, part: Part) -> Result<(RecordBatch, Summaries)> {
        self.panes[pane].part(&self.job, &self.choices.filters, part, || {
            let only = self.events.take(pane)?.into_iter().next();
            only.ok_or_else(|| bug("a pane lost its events"))
        })
    }

    /// The answers to the next questions.
    pub fn next(&mut self, job: &Job) -> Result<Option<Vec<RecordBatch>>> {
        if self.next >= self.questions.len() {
            job.spilled_bytes.add(self.events.stats().spilled_bytes as usize);
            return Ok(None);
        }
        let (taken, parts) = self.take();
        let (mut batches, mut summaries, mut rows) = (vec![], vec![], 0);
        for (pane, part) in parts.into_iter().enumerate().filter(|(_, part)| part.seen) {
            let (batch, of_pane) = self.part(pane, part)?;
            summaries.extend(of_pane.into_iter().map(|(row, totals)| (rows + row, totals)));
            rows += batch.num_rows() as u32;
            batches.push(batch);
        }
        let batch = concat_batches(&self.events.schema(), &batches)?;
        drop(batches);
        let mut run = InOrder::of(&job.spec.layout, &batch)?.run(&job.spec.layout, job.ties())?;
        job.chunks.add(1);
        job.summaries.add(summaries.len());
        run.summaries = summaries;
        let about = AboutOne {
            rows: &self.questions[taken],
            events: 0..rows,
        };
        Ok(Some(job.ask(&run, &[about], &mut self.pace)?))
    }
}

impl Own {
    /// The identities that questions exclude, and no pane for any yet.
    fn new(job: &Job, questions: &[u32]) -> Own {
        let selves = job.selves(questions);
        let known = (0..questions.len()).filter(|question| selves.known[*question]);
        let panes = known
            .map(|question| (selves.keys.get(question).into(), vec![]))
            .collect();
        Own { selves, panes }
    }

    /// An event of this identity lies in a pane.
    fn note(&mut self, identity: &[u8], pane: usize) {
        if let Some(panes) = self.panes.get_mut(identity)
            && panes.last() != Some(&pane)
        {
            panes.push(pane);
        }
    }

    /// The panes with events that a question excludes.
    fn of(&self, question: usize) -> impl Iterator<Item = &usize> {
        let known = self.selves.known[question].then(|| self.selves.keys.get(question));
        known.and_then(|key| self.panes.get(key)).into_iter().flatten()
    }
}
