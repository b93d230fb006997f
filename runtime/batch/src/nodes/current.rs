//! What a point-in-time aggregation is answering: whole entities, a large one in chunks, or questions about no event.

use super::answer::{AboutOne, Job};
use super::chunks::QuestionChunks;
use super::in_order::InOrder;
use super::pace::Pace;
use arrow::array::RecordBatch;
use datafusion::error::Result;
use featr_merge::Run;
use std::ops::Range;
use std::sync::Arc;

/// See the module.
pub(super) enum Current {
    Nothing,
    /// A run of whole entities: which, and where their events are; the next of them, and the next of its questions.
    Whole {
        run: Run,
        entities: Vec<(u32, Range<u32>)>,
        pace: Pace,
        next: usize,
        rows: Option<(Vec<u32>, usize)>,
    },
    Chunks(Box<QuestionChunks>),
    /// Entities without events, from this one on; at last the questions without an entity.
    WithoutEvents {
        next: u32,
        nobody: usize,
    },
}

impl Current {
    /// The answers to the next questions, in several batches if they hold much text; nothing when all are answered.
    pub fn next(&mut self, job: &Job) -> Result<Option<Vec<RecordBatch>>> {
        match self {
            Current::Nothing => Ok(None),
            Current::Chunks(chunks) => chunks.next(job),
            Current::Whole {
                run,
                entities,
                pace,
                next,
                rows,
            } => {
                let mut taken: Vec<(Vec<u32>, Range<u32>)> = vec![];
                let mut left = pace.questions();
                while left > 0 {
                    let Some((entity, events)) = entities.get(*next) else {
                        break;
                    };
                    let (all, from) = rows
                        .take()
                        .unwrap_or_else(|| (job.questions.sorted(job.questions.about(*entity)), 0));
                    let count = left.min(all.len() - from);
                    left -= count;
                    if from == 0 && count == all.len() {
                        taken.push((all, events.clone()));
                        *next += 1;
                        continue;
                    }
                    taken.push((all[from..from + count].to_vec(), events.clone()));
                    match from + count == all.len() {
                        true => *next += 1,
                        false => *rows = Some((all, from + count)),
                    }
                }
                if taken.is_empty() {
                    *self = Current::Nothing;
                    return Ok(None);
                }
                if job.share.is_some() && (left == 0 || rows.is_some()) {
                    job.chunks.add(1);
                }
                let asked = taken.iter().map(|(rows, events)| AboutOne {
                    rows,
                    events: events.clone(),
                });
                Ok(Some(job.ask(run, &asked.collect::<Vec<_>>(), pace)?))
            }
            Current::WithoutEvents { next, nobody } => {
                let most = job.questions_max(0).min(1 << 13);
                let mut taken = vec![];
                let mut left = most;
                for entity in job.questions.without_events(*next) {
                    let rows = job.questions.about(entity);
                    if rows.len() > left && !taken.is_empty() {
                        break;
                    }
                    left = left.saturating_sub(rows.len());
                    taken.push(job.questions.sorted(rows));
                    *next = entity + 1;
                }
                let mut keyless = 0;
                if taken.is_empty() {
                    let rows = job.questions.of_nobody();
                    let rows = &rows[*nobody..(*nobody + most).min(rows.len())];
                    if rows.is_empty() {
                        return Ok(None);
                    }
                    keyless = rows.len();
                    *nobody += keyless;
                    taken.push(job.questions.sorted(rows));
                }
                let none = RecordBatch::new_empty(Arc::new(job.spec.layout.sorted()));
                let run = InOrder::of(&job.spec.layout, &none)?.run(&job.spec.layout, false)?;
                let asked = taken.iter().map(|rows| AboutOne { rows, events: 0..0 });
                let mut pace = job.pace(0, Some(&run));
                Ok(Some(job.ask_all(
                    &run,
                    &asked.collect::<Vec<_>>(),
                    (keyless, &mut pace),
                )?))
            }
        }
    }
}
