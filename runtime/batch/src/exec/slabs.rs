//! A shelf whose events do not fit into memory together: one entity may have half of all.
//!
//! ```text
//! events of the shelf ── by (entity, τ) ──▶ buckets ── sort, drop copies ──▶ buckets in order, and of each a pack
//! questions, in order ──▶ slab after slab: the buckets that its questions split ∪ packs of the others ──▶ merge
//! ```
//!
//! Buckets are small and lie on shelves of their own, in memory or on disk. Questions are taken in order, as many at a
//! time as split buckets that fit into memory together; all other buckets are there as packs ([`crate::merge::pack`]): a
//! few rows, and the exact totals of the rest. What comes out has the bits of the merge over all events, because it is
//! the same merge, and totals are exact.
//!
//! Not bounded is what packs must keep: the distinct values of a `count_distinct`; and events of one entity and instant
//! are always in memory together.

use super::edges::{Edges, Extent, Place};
use super::settle::Arrived;
use super::shelf::{Job, Question};
use crate::error::bug;
use crate::merge::{Pack, pack};
use crate::shelves::{Shelves, by_shelf};
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use datafusion::error::Result;
use std::collections::HashMap;
use std::sync::Arc;

/// So many buckets at most: each costs a few rows in memory.
const BUCKETS_MAX: usize = 2048;

/// See the module.
pub(super) struct Slabs {
    job: Job,
    digests: bool,
    edges: Edges,
    /// What lies in the buckets, in order.
    extents: Vec<Extent>,
    buckets: Vec<Bucket>,
    /// Their events, sorted; a shelf each, by the numbers that they had before empty ones were left out.
    settled: Shelves,
    /// The buckets that hold events of an identity which some question excludes.
    own: HashMap<Box<[u8]>, Vec<usize>>,
    questions: Vec<Question>,
    next: usize,
    most: Most,
}

struct Bucket {
    shelf: usize,
    rows: usize,
    /// The rows that stay and the rest; nothing if that is not less.
    packed: Option<(RecordBatch, Arc<Pack>)>,
}

/// What a slab may hold, though it always has a question.
#[derive(Clone, Copy)]
struct Most {
    events: usize,
    questions: usize,
}

impl Slabs {
    /// `share` is what memory there is, in bytes, about.
    pub fn new(
        job: &Job,
        (shelves, shelf, digests): (&Shelves, usize, bool),
        questions: Vec<Question>,
        share: usize,
    ) -> Result<Slabs> {
        let (rows, bytes) = shelves.size(shelf);
        let edges = Edges::new(&job.fold, job.delay_us);
        let most = Most {
            events: (share / 2 / (job.event_bytes(rows, bytes) / rows.max(1)).max(1)).max(1),
            questions: (share / 2 / job.question_bytes()).max(1),
        };
        let per_bucket = (most.events / (2 * edges.count())).max(1);
        let count = rows.div_ceil(per_bucket).clamp(1, BUCKETS_MAX);
        let splitters = splitters(job, (shelves, shelf, digests), rows, count)?;
        let dealt = deal(job, (shelves, shelf, digests), &splitters)?;
        let mut slabs = Slabs {
            job: job.clone(),
            digests,
            edges,
            extents: vec![],
            buckets: vec![],
            settled: Shelves::new("events in order", dealt.schema(), dealt.count(), &job.shared.room),
            own: own(job, &questions)?,
            questions,
            next: 0,
            most,
        };
        for shelf in 0..dealt.count() {
            slabs.settle(shelf, dealt.take(shelf)?)?;
        }
        Ok(slabs)
    }

    /// Brings a bucket into order.
    fn settle(&mut self, shelf: usize, events: Vec<RecordBatch>) -> Result<()> {
        let batch = concat_batches(&self.settled.schema(), &events)?;
        drop(events);
        let arrived = Arrived::of(&self.job.layout, self.digests, &batch)?;
        let Some(least) = arrived.entities.iter().min() else {
            return Ok(());
        };
        let numbers: Vec<u32> = arrived.entities.iter().map(|entity| entity - least).collect();
        let count = numbers.iter().max().map_or(0, |greatest| *greatest as usize + 1);
        let order = arrived.order(&numbers, count);
        self.job.counter.add_copies(order.copies);
        let batch = take_record_batch(&batch, &UInt32Array::from(order.rows))?;
        let arrived = Arrived::of(&self.job.layout, self.digests, &batch)?;
        let rows = batch.num_rows();
        let extent = extent(&arrived).ok_or_else(|| bug("a bucket lost its events"))?;
        let all: Vec<u32> = (0..rows as u32).collect();
        if !self.own.is_empty() {
            let keys = arrived.keys(&all);
            for row in 0..rows {
                if let Some(buckets) = self.own.get_mut(keys.get(row))
                    && buckets.last() != Some(&self.buckets.len())
                {
                    buckets.push(self.buckets.len());
                }
            }
        }
        let mut packed = None;
        // Buckets of several entities are always split.
        if extent.first.0 == extent.last.0 {
            let (kept, pack) = pack(&self.job.fold, &arrived.run(&self.job.layout, &all, false)?);
            if kept.len() < rows {
                packed = Some((take_record_batch(&batch, &UInt32Array::from(kept))?, Arc::new(pack)));
            }
        }
        self.settled.put_on(shelf, 0, batch)?;
        self.extents.push(extent);
        self.buckets.push(Bucket { shelf, rows, packed });
        Ok(())
    }

    /// Takes as many questions as fit, and says which buckets they split.
    fn take(&mut self) -> Result<(std::ops::Range<usize>, Vec<bool>)> {
        let first = self.next;
        let mut split = vec![false; self.buckets.len()];
        let mut events = 0;
        let most = self.questions.len().min(first + self.most.questions);
        let own = if self.job.reads_ids() {
            let rows: Vec<u32> = self.questions[first..most].iter().map(|question| question.2).collect();
            Some(self.job.selves(&rows)?)
        } else {
            None
        };
        let mut more: Vec<usize> = vec![];
        while self.next < most {
            let (entity, t, _) = self.questions[self.next];
            more.clear();
            self.edges.split(&self.extents, (entity, t), |bucket| more.push(bucket));
            let own = own.as_ref().filter(|own| own.known[self.next - first]);
            more.extend(
                own.and_then(|own| self.own.get(own.keys.get(self.next - first)))
                    .into_iter()
                    .flatten(),
            );
            more.sort_unstable();
            more.dedup();
            more.retain(|bucket| !split[*bucket]);
            let rows: usize = more.iter().map(|bucket| self.buckets[*bucket].rows).sum();
            if self.next > first && events + rows > self.most.events {
                break;
            }
            events += rows;
            more.iter().for_each(|bucket| split[*bucket] = true);
            self.next += 1;
        }
        Ok((first..self.next, split))
    }

    /// The answers to the next questions.
    fn slab(&mut self) -> Result<RecordBatch> {
        let (taken, split) = self.take()?;
        let questions = &self.questions[taken];
        let (mut parts, mut packs) = (vec![], vec![]);
        let (mut rows, mut done) = (0, 0);
        for of_entity in questions.chunk_by(|left, right| left.0 == right.0) {
            let seen = |question: &Question| self.edges.seen(&self.extents, (question.0, question.1));
            let first = of_entity.first().map_or(0, |question| seen(question).start);
            let end = of_entity.last().map_or(0, |question| seen(question).end);
            let seen = first.max(done).min(end)..end;
            for (bucket, split) in self.buckets[seen.clone()].iter().zip(&split[seen]) {
                match &bucket.packed {
                    Some((kept, pack)) if !split => {
                        rows += kept.num_rows();
                        packs.push((rows as u32 - 1, pack.clone()));
                        parts.push(kept.clone());
                    }
                    Some(_) | None => {
                        rows += bucket.rows;
                        parts.extend(self.settled.take(bucket.shelf)?);
                    }
                }
            }
            done = done.max(end);
        }
        let batch = concat_batches(&self.settled.schema(), &parts)?;
        drop(parts);
        let arrived = Arrived::of(&self.job.layout, self.digests, &batch)?;
        let all: Vec<u32> = (0..rows as u32).collect();
        let mut run = arrived.run(&self.job.layout, &all, self.job.reads_ids())?;
        self.job.slabs.add(1);
        self.job.packs.add(packs.len());
        run.packs = packs;
        let events_of = |entity: u32| {
            let before = |bound: u32| arrived.entities.partition_point(|known| *known < bound) as u32;
            before(entity)..before(entity + 1)
        };
        self.job.ask(&run, questions, events_of)
    }
}

impl Iterator for Slabs {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        (self.next < self.questions.len()).then(|| self.slab())
    }
}

/// Places that cut the events of a shelf into about equal parts.
fn splitters(
    job: &Job,
    (shelves, shelf, digests): (&Shelves, usize, bool),
    rows: usize,
    count: usize,
) -> Result<Vec<Place>> {
    /// Events looked at for each part.
    const SAMPLED: usize = 16;
    let every = (rows / (count * SAMPLED)).max(1);
    let mut sample: Vec<Place> = vec![];
    shelves.each(shelf, &mut |batch| {
        let arrived = Arrived::of(&job.layout, digests, &batch)?;
        let places = arrived.entities.iter().copied().zip(arrived.times.iter().copied());
        sample.extend(places.step_by(every));
        Ok(())
    })?;
    sample.sort_unstable();
    let mut splitters: Vec<Place> = (1..count).map(|part| sample[part * sample.len() / count]).collect();
    splitters.dedup();
    Ok(splitters)
}

/// Events by bucket, in no order.
fn deal(job: &Job, (shelves, shelf, digests): (&Shelves, usize, bool), splitters: &[Place]) -> Result<Shelves> {
    let dealt = Shelves::new(
        "events of a large entity",
        shelves.schema(),
        splitters.len() + 1,
        &job.shared.room,
    );
    let mut order = 0;
    shelves.each(shelf, &mut |batch| {
        let arrived = Arrived::of(&job.layout, digests, &batch)?;
        let places = arrived.entities.iter().copied().zip(arrived.times.iter().copied());
        let of: Vec<u32> = places
            .map(|place| splitters.partition_point(|splitter| *splitter <= place) as u32)
            .collect();
        let (rows, starts) = by_shelf(&of, dealt.count());
        order += 1;
        dealt.put(order, take_record_batch(&batch, &UInt32Array::from(rows))?, starts)
    })?;
    Ok(dealt)
}

/// The identities that questions exclude, and no bucket for any yet.
fn own(job: &Job, questions: &[Question]) -> Result<HashMap<Box<[u8]>, Vec<usize>>> {
    if !job.reads_ids() {
        return Ok(HashMap::new());
    }
    let rows: Vec<u32> = questions.iter().map(|question| question.2).collect();
    let selves = job.selves(&rows)?;
    let known = (0..rows.len()).filter(|question| selves.known[*question]);
    Ok(known
        .map(|question| (selves.keys.get(question).into(), vec![]))
        .collect())
}

/// What lies in sorted events.
fn extent(events: &Arrived<'_>) -> Option<Extent> {
    let place = |row: usize| (events.entities[row], events.times[row]);
    let last = events.times.len().checked_sub(1)?;
    let arrivals = events.arrivals.and_then(|arrivals| {
        let least = arrivals.iter().min()?;
        arrivals.iter().max().map(|greatest| (*least, *greatest))
    });
    Some(Extent {
        first: place(0),
        last: place(last),
        arrivals,
    })
}
