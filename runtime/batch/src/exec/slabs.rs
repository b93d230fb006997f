//! A shelf whose events do not fit into memory together: one entity may have half of all.
//!
//! ```text
//! events of the shelf ── by (entity, τ) ──▶ buckets ── sort, drop copies ──▶ buckets in order, and of each its packs
//! questions, in order ──▶ slab after slab: the buckets that its questions split ∪ packs of the others ──▶ merge
//! ```
//!
//! Buckets are small and lie on shelves of their own, in memory or on disk. Questions are taken in order, as many at a
//! time as split buckets that fit into memory together; all other buckets are there as packs ([`featr_merge::pack`]): a
//! few rows, and the exact totals of the rest. Where arrival decides, a bucket has a pack for its events that arrive on
//! time and others for those that are late, of which only that is split in whose midst a question is asked. What comes out
//! has the bits of the merge over all events, because it is the same merge, and totals are exact.
//!
//! Not bounded is what packs must keep: the distinct values of a `count_distinct`; and events of one entity and instant
//! are always in memory together.

use super::buckets::{Bucket, Packed, Packs, deal, one, sorted, splitters};
use super::edges::{Edges, Extent};
use super::settle::{Arrived, countable};
use super::shelf::{Job, Question};
use crate::entities::NOBODY;
use crate::shelves::Shelves;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::error::Result;
use featr_merge::Selves;
use std::collections::HashMap;
use std::ops::Range;

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
    /// Their events, sorted.
    settled: Shelves,
    own: Option<Own>,
    questions: Vec<Question>,
    next: usize,
    most: Most,
}

/// What questions exclude.
struct Own {
    selves: Selves,
    /// The buckets that hold events of an identity.
    buckets: HashMap<Box<[u8]>, Vec<usize>>,
}

/// What a slab may hold, though it always has a question.
#[derive(Clone, Copy)]
struct Most {
    events: usize,
    questions: usize,
}

/// What a slab has of a bucket.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Part {
    seen: bool,
    /// All of its events, in place of packs.
    whole: bool,
    /// All events of these classes, as bits.
    classes: u8,
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
        countable(rows)?;
        let edges = Edges::new(&job.fold);
        let most = Most {
            events: (share / 2 / (job.event_bytes(rows, bytes) / rows.max(1)).max(1)).max(1),
            questions: (share / 2 / job.question_bytes()).max(1),
        };
        let per_bucket = (most.events / (2 * edges.count())).max(1);
        let count = rows.div_ceil(per_bucket).clamp(1, BUCKETS_MAX);
        let splitters = splitters(job, (shelves, shelf, digests), rows, count)?;
        let dealt = deal(job, (shelves, shelf, digests), &splitters)?;
        let mut slabs = Slabs {
            own: Own::new(job, &questions)?,
            job: job.clone(),
            digests,
            edges,
            extents: vec![],
            buckets: vec![],
            settled: Shelves::new("events in order", dealt.schema(), dealt.count(), &job.shared.room),
            questions,
            next: 0,
            most,
        };
        for bucket in 0..dealt.count() {
            let events = concat_batches(&dealt.schema(), &dealt.take(bucket)?)?;
            if let Some((batch, extent)) = sorted(job, digests, shelves.count().trailing_zeros(), &events)? {
                slabs.settle(bucket, batch, extent)?;
            }
        }
        Ok(slabs)
    }

    /// Takes in the sorted events of a bucket.
    fn settle(&mut self, shelf: usize, batch: RecordBatch, extent: Extent) -> Result<()> {
        if let Some(own) = &mut self.own {
            let all: Vec<u32> = (0..batch.num_rows() as u32).collect();
            let keys = Arrived::of(&self.job.layout, self.digests, &batch)?.keys(&all);
            for row in 0..batch.num_rows() {
                own.note(keys.get(row), self.buckets.len());
            }
        }
        // Buckets of several entities are always split.
        let packed = if extent.first.0 == extent.last.0 {
            Packed::new(&self.job, self.digests, &batch)?
        } else {
            None
        };
        self.extents.push(extent);
        self.buckets.push(Bucket {
            shelf,
            rows: batch.num_rows(),
            packed,
        });
        self.settled.put_on(shelf, 0, batch)
    }

    /// Takes as many questions as fit, and says what they need of the buckets.
    fn take(&mut self) -> (Range<usize>, Vec<Part>) {
        let first = self.next;
        let mut parts = vec![Part::default(); self.buckets.len()];
        let (mut events, mut marked, mut most) = (0, 0..0, self.most.events);
        while self.next < self.questions.len().min(first + self.most.questions) {
            let (entity, t, _) = self.questions[self.next];
            let more = if entity == NOBODY {
                vec![]
            } else {
                let seen = self.edges.seen(&self.extents, (entity, t));
                // Later questions see no earlier bucket: what is marked need not be looked at again.
                let unmarked = seen.start.max(marked.end).min(seen.end)..seen.end;
                marked = seen.clone();
                self.needed(seen, unmarked, &parts)
            };
            let rows: usize = more.iter().map(|(_, _, rows)| rows).sum();
            if self.next > first && events + rows > most {
                break;
            }
            events += rows;
            // Where one question needs so much, others share it: else each would load it anew.
            most = most.max(if self.next == first { 2 * events } else { 0 });
            for (bucket, part, _) in more {
                let known = &mut parts[bucket];
                known.seen |= part.seen;
                known.whole |= part.whole;
                known.classes |= part.classes;
            }
            self.next += 1;
        }
        (first..self.next, parts)
    }

    /// What the next question needs beyond what is there: of which bucket, and how many rows that adds, about.
    fn needed(&self, seen: Range<usize>, unmarked: Range<usize>, parts: &[Part]) -> Vec<(usize, Part, usize)> {
        let (entity, t, _) = self.questions[self.next];
        let mut more = vec![];
        for bucket in unmarked {
            let part = Part {
                seen: true,
                ..Part::default()
            };
            more.push((bucket, part, self.buckets[bucket].least_rows()));
        }
        let whole = Part {
            seen: true,
            whole: true,
            classes: 0,
        };
        let mut split = |bucket: usize| {
            if !parts[bucket].whole {
                more.push((bucket, whole, self.buckets[bucket].rows));
            }
        };
        self.edges.split(&self.extents, (entity, t), &mut split);
        let own = self.own.iter().flat_map(|own| own.of(self.next));
        own.filter(|bucket| seen.contains(bucket))
            .for_each(|bucket| split(*bucket));
        let cutoff = self.job.delay_us.and_then(|delay| t.checked_sub_unsigned(delay));
        for (bucket, cutoff) in seen.zip(std::iter::repeat(cutoff)) {
            let Some(cutoff) = cutoff else { break };
            self.buckets[bucket].partly_arrived(cutoff, |class, rows| {
                let classes = 1 << class;
                if !parts[bucket].whole && parts[bucket].classes & classes == 0 {
                    let part = Part {
                        seen: true,
                        whole: false,
                        classes,
                    };
                    more.push((bucket, part, rows));
                }
            });
        }
        more
    }

    /// What a slab has of a bucket, and where packs stand in it.
    fn part(&self, bucket: &Bucket, part: Part) -> Result<(RecordBatch, Packs)> {
        let all = || one(&self.settled, self.settled.take(bucket.shelf)?);
        match &bucket.packed {
            Some(packed) if !part.whole && part.classes == 0 => Ok(packed.whole()),
            Some(packed) if !part.whole => {
                let batch = all()?;
                let arrivals = Arrived::of(&self.job.layout, self.digests, &batch)?.arrivals;
                packed.split(arrivals, &batch, |class| part.classes >> class & 1 == 1)
            }
            Some(_) | None => Ok((all()?, vec![])),
        }
    }

    /// The answers to the next questions.
    fn slab(&mut self) -> Result<RecordBatch> {
        let (taken, parts) = self.take();
        let (mut batches, mut packs, mut rows) = (vec![], vec![], 0);
        for (bucket, part) in self.buckets.iter().zip(parts).filter(|(_, part)| part.seen) {
            let (batch, of_bucket) = self.part(bucket, part)?;
            packs.extend(of_bucket.into_iter().map(|(row, pack)| (rows + row, pack)));
            rows += batch.num_rows() as u32;
            batches.push(batch);
        }
        let batch = concat_batches(&self.settled.schema(), &batches)?;
        drop(batches);
        let arrived = Arrived::of(&self.job.layout, self.digests, &batch)?;
        let all: Vec<u32> = (0..rows).collect();
        let mut run = arrived.run(&self.job.layout, &all, self.job.reads_ids())?;
        self.job.slabs.add(1);
        self.job.packs.add(packs.len());
        run.packs = packs;
        let events_of = |entity: u32| {
            let before = |bound: u32| arrived.entities.partition_point(|known| *known < bound) as u32;
            before(entity)..before(entity + 1)
        };
        self.job.ask(&run, &self.questions[taken], events_of)
    }
}

impl Iterator for Slabs {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        (self.next < self.questions.len()).then(|| self.slab())
    }
}

impl Own {
    /// The identities that questions exclude, and no bucket for any yet.
    fn new(job: &Job, questions: &[Question]) -> Result<Option<Own>> {
        if !job.reads_ids() {
            return Ok(None);
        }
        let rows: Vec<u32> = questions.iter().map(|question| question.2).collect();
        let selves = job.selves(&rows)?;
        let known = (0..rows.len()).filter(|question| selves.known[*question]);
        let buckets = known
            .map(|question| (selves.keys.get(question).into(), vec![]))
            .collect();
        Ok(Some(Own { selves, buckets }))
    }

    /// An event of this identity lies in a bucket.
    fn note(&mut self, identity: &[u8], bucket: usize) {
        if let Some(buckets) = self.buckets.get_mut(identity)
            && buckets.last() != Some(&bucket)
        {
            buckets.push(bucket);
        }
    }

    /// The buckets with events that a question excludes.
    fn of(&self, question: usize) -> impl Iterator<Item = &usize> {
        let known = self.selves.known[question].then(|| self.selves.keys.get(question));
        known.and_then(|key| self.buckets.get(key)).into_iter().flatten()
    }
}
