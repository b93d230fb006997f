//! Events as they were dealt to partitions, brought into the order of the merge: by entity, τ, id and digest.
//!
//! They are dealt to their entities by number (counting sort), each entity's by τ (they mostly are already), ties by
//! `(id, digest)`; copies of an event become one, with the least arrival.
//!
//! A partition that is larger than memory allows is cut into pieces at places between two instants of an entity, and
//! sorted piece by piece.

use crate::error::{BatchError, bug};
use crate::schema::EventLayout;
use crate::source::{Dealt, Pipeline};
use crate::spill::{PartitionedSpill, SpillContext, by_partition};
use arrow::array::{ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{Int64Type, SchemaRef, UInt32Type};
use datafusion::error::Result;
use std::cmp::Ordering;
use std::sync::Arc;

/// A place in the order of events: entity and τ.
type Place = (u32, i64);

/// Sorts the partitions of a pipeline.
pub(crate) struct Sorter {
    pub pipeline: Arc<Pipeline>,
    pub dealt: Arc<Dealt>,
    /// What a partition may take, in bytes, about.
    pub share: Option<usize>,
    pub context: SpillContext,
    /// As [`EventLayout::sorted`].
    pub schema: SchemaRef,
}

/// A partition in order, batch by batch.
pub(crate) enum Sorted {
    Whole(Option<RecordBatch>),
    Pieces { pieces: PartitionedSpill, next: usize },
}

impl Sorter {
    /// The events of a partition.
    pub fn partition(&self, partition: usize) -> Result<Sorted> {
        let partitions = &self.dealt.partitions;
        let work = |(rows, bytes)| self.pipeline.layout.work_bytes(rows, bytes);
        let Some(share) = self.share.filter(|share| work(partitions.size(partition)) > *share) else {
            let batches = partitions.take(partition)?;
            if batches.is_empty() {
                return Ok(Sorted::Whole(None));
            }
            return Ok(Sorted::Whole(self.sorted(&batches)?));
        };
        let (rows, bytes) = partitions.size(partition);
        countable(rows)?;
        let per_piece = (share / 2 / (work((rows, bytes)) / rows.max(1)).max(1)).max(1);
        let splitters = self.splitters(partition, rows, rows.div_ceil(per_piece).clamp(1, PIECES_MAX))?;
        let pieces = self.deal(partition, &splitters)?;
        Ok(Sorted::Pieces { pieces, next: 0 })
    }

    /// The next batch of a partition.
    pub fn next(&self, sorted: &mut Sorted) -> Result<Option<RecordBatch>> {
        match sorted {
            Sorted::Whole(batch) => Ok(batch.take()),
            Sorted::Pieces { pieces, next } => {
                while *next < pieces.count() {
                    let batches = pieces.take(*next)?;
                    *next += 1;
                    let events = if batches.is_empty() {
                        None
                    } else {
                        self.sorted(&batches)?
                    };
                    if events.is_some() {
                        return Ok(events);
                    }
                }
                Ok(None)
            }
        }
    }

    /// Some events in order, without copies; nothing if there are none.
    fn sorted(&self, batches: &[RecordBatch]) -> Result<Option<RecordBatch>> {
        let one;
        let batch = match batches {
            [only] => only,
            several => {
                one = concat_batches(&self.dealt.partitions.schema(), several)?;
                &one
            }
        };
        let arrived = Arrived::of(&self.pipeline.layout, self.dealt.has_digests, batch)?;
        let (Some(least), Some(greatest)) = (arrived.entities.iter().min(), arrived.entities.iter().max()) else {
            return Ok(None);
        };
        let numbers: Vec<u32> = arrived.entities.iter().map(|entity| entity - least).collect();
        let order = arrived.order(&numbers, (greatest - least) as usize + 1);
        drop(numbers);
        self.pipeline.counter.add_copies(order.copies);
        let mut ties = Some(arrived.ties(&order.rows));
        let rows = UInt32Array::from(order.rows);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let unread = match field.name().as_str() {
                "digest" => true,
                "id" => !self.pipeline.layout.ids,
                _ => false,
            };
            if !unread {
                arrays.push(take(array, &rows, None)?);
            }
            if field.name() == "time" {
                arrays.extend(ties.take().map(|ties| Arc::new(UInt32Array::from(ties)) as ArrayRef));
            }
        }
        Ok(Some(RecordBatch::try_new(self.schema.clone(), arrays)?))
    }

    /// Places that cut the events of a partition into about equal parts.
    fn splitters(&self, partition: usize, rows: usize, count: usize) -> Result<Vec<Place>> {
        /// Events looked at for each part.
        const SAMPLED: usize = 16;
        let every = (rows / (count * SAMPLED)).max(1);
        let (mut sample, mut skip): (Vec<Place>, usize) = (vec![], 0);
        self.dealt.partitions.each(partition, &mut |batch| {
            let places = places(&batch);
            sample.extend(places.skip(skip).step_by(every));
            let after = batch.num_rows().saturating_sub(skip) % every;
            skip = match batch.num_rows() {
                rows if rows < skip => skip - rows,
                _ => (every - after) % every,
            };
            Ok(())
        })?;
        sample.sort_unstable();
        let last = sample.len().saturating_sub(1);
        let mut splitters: Vec<Place> = (1..count)
            .filter_map(|part| sample.get(part * last / count).copied())
            .collect();
        splitters.dedup();
        Ok(splitters)
    }

    /// The events of a partition by piece, in no order.
    fn deal(&self, partition: usize, splitters: &[Place]) -> Result<PartitionedSpill> {
        let partitions = &self.dealt.partitions;
        let name = "events of a large partition";
        let pieces = PartitionedSpill::new(name, partitions.schema(), splitters.len() + 1, &self.context);
        let mut order = 0;
        partitions.each(partition, &mut |batch| {
            let of: Vec<u32> = places(&batch)
                .map(|place| splitters.partition_point(|splitter| *splitter <= place) as u32)
                .collect();
            let (rows, starts) = by_partition(&of, pieces.count());
            order += 1;
            let dealt = arrow::compute::take_record_batch(&batch, &UInt32Array::from(rows))?;
            pieces.put(order, dealt, starts)
        })?;
        Ok(pieces)
    }
}

/// So many pieces at most: each is a slice of every batch.
const PIECES_MAX: usize = 2048;

/// The places of dealt events.
fn places(batch: &RecordBatch) -> impl Iterator<Item = Place> {
    let entities = batch.column(0).as_primitive::<UInt32Type>().values().iter().copied();
    let times = batch.column(1).as_primitive::<Int64Type>().values().iter().copied();
    entities.zip(times)
}

/// Columns of events as they were dealt.
struct Arrived<'a> {
    entities: &'a [u32],
    times: &'a [i64],
    ids: &'a ArrayRef,
    digests: Option<&'a FixedSizeBinaryArray>,
    arrivals: Option<&'a [i64]>,
}

/// The final order of events, without copies.
struct Order {
    rows: Vec<u32>,
    /// How many were copies.
    copies: u64,
}

/// Refuses more events than 32 bits can number and count.
fn countable(rows: usize) -> Result<()> {
    match u32::try_from(rows) {
        Ok(_) => Ok(()),
        Err(_) => Err(BatchError::Resources {
            why: "more than 2^32 events in one partition".into(),
        }
        .into()),
    }
}

impl<'a> Arrived<'a> {
    fn of(layout: &EventLayout, has_digests: bool, batch: &'a RecordBatch) -> Result<Arrived<'a>> {
        countable(batch.num_rows())?;
        let mut arrays = batch.columns().iter();
        let mut next = || arrays.next().ok_or_else(|| bug("a column of the events is missing"));
        Ok(Arrived {
            entities: next()?.as_primitive::<UInt32Type>().values(),
            times: next()?.as_primitive::<Int64Type>().values(),
            ids: next()?,
            digests: if has_digests {
                Some(next()?.as_fixed_size_binary())
            } else {
                None
            },
            arrivals: if layout.arrival {
                Some(next()?.as_primitive::<Int64Type>().values())
            } else {
                None
            },
        })
    }

    /// Sorts; `numbers` are the entities counted from 0, `count` of them.
    fn order(&self, numbers: &[u32], count: usize) -> Order {
        let (order, starts) = by_partition(numbers, count);
        let mut sorted: Vec<(i64, u32)> = order.iter().map(|row| (self.times[*row as usize], *row)).collect();
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
                self.sort_ties(rows, first, &mut copies);
            }
        }
        let rows = sorted.iter().map(|(_, row)| *row);
        if copies.is_empty() {
            return Order {
                rows: rows.collect(),
                copies: 0,
            };
        }
        without(rows, &copies)
    }

    /// Sorts events of equal τ by `(id, digest, arrival)` and notes the places of copies, counted from `first`.
    // Law: visible_by_a_copy (proofs/theory/Truth.v)
    fn sort_ties(&self, rows: &mut [(i64, u32)], first: usize, copies: &mut Vec<usize>) {
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

    /// The place of each event among those of its entity and instant.
    fn ties(&self, rows: &[u32]) -> Vec<u32> {
        let place = |row: u32| (self.entities[row as usize], self.times[row as usize]);
        let mut last = None;
        let mut tie = 0;
        let ties = rows.iter().map(|row| {
            let here = place(*row);
            tie = if last == Some(here) { tie + 1 } else { 0 };
            last = Some(here);
            tie
        });
        ties.collect()
    }
}

/// Leaves out the places of copies, which ascend.
fn without(order: impl ExactSizeIterator<Item = u32>, copies: &[usize]) -> Order {
    let mut kept = Vec::with_capacity(order.len() - copies.len());
    let mut dropped = copies.iter().copied().peekable();
    for (place, row) in order.enumerate() {
        if dropped.next_if(|copy| *copy == place).is_none() {
            kept.push(row);
        }
    }
    Order {
        rows: kept,
        copies: copies.len() as u64,
    }
}
