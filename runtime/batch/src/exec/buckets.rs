//! The events of a shelf in small parts, each in order, and what stands for a part that no question tells apart.

use super::edges::{Extent, Place};
use super::settle::Arrived;
use super::shelf::Job;
use crate::error::bug;
use crate::shelves::{Shelves, by_shelf};
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use datafusion::error::Result;
use featr_merge::{Pack, pack};
use std::sync::Arc;

/// Packs, each with the row that it stands at, ascending.
pub(super) type Packs = Vec<(u32, Arc<Pack>)>;

/// The least and the greatest arrival, where events carry arrivals.
type Span = Option<(i64, i64)>;

/// A bucket of events, sorted, without copies.
pub(super) struct Bucket {
    /// Where they lie.
    pub shelf: usize,
    pub rows: usize,
    /// What stands for them; nothing if that would not be less, or if they are of several entities.
    pub packed: Option<Packed>,
}

/// See [`featr_merge::pack`].
pub(super) struct Packed {
    /// The rows that stay, in order.
    batch: RecordBatch,
    classes: Vec<Class>,
    arrivals: Span,
}

/// The events of a bucket that arrive in some span of time: on time, late, later. A question that is asked between the
/// arrivals of some of them splits its class only.
struct Class {
    arrivals: Span,
    rows: usize,
    /// The rows that stay, counted in the bucket; and where the last of them is among all that stay.
    kept: Vec<u32>,
    last: u32,
    pack: Arc<Pack>,
}

/// Of the arrivals of a bucket, so many sixty-fourths come first, and make a class each with those behind the one before.
const ARRIVED: [usize; 3] = [48, 60, 63];

impl Bucket {
    /// The rows that are there if nothing is split.
    pub fn least_rows(&self) -> usize {
        self.packed.as_ref().map_or(self.rows, |packed| packed.batch.num_rows())
    }

    /// Calls `split` with each class that has partly arrived at `cutoff`, and its rows.
    pub fn partly_arrived(&self, cutoff: i64, mut split: impl FnMut(usize, usize)) {
        let partly = |arrivals: Span| arrivals.is_some_and(|(least, greatest)| least <= cutoff && cutoff < greatest);
        if let Some(packed) = self.packed.as_ref().filter(|packed| partly(packed.arrivals)) {
            for (at, class) in packed.classes.iter().enumerate() {
                if partly(class.arrivals) {
                    split(at, class.rows);
                }
            }
        }
    }
}

impl Packed {
    /// Packs the sorted events of a bucket, if that makes them fewer.
    pub fn new(job: &Job, digests: bool, batch: &RecordBatch) -> Result<Option<Packed>> {
        let arrived = Arrived::of(&job.layout, digests, batch)?;
        let by_arrival = arrived.arrivals.filter(|_| job.delay_us.is_some());
        let mut classes: Vec<Class> = vec![];
        for (rows, arrivals) in by_class(batch.num_rows(), by_arrival) {
            let (kept, pack) = pack(&job.fold, &arrived.run(&job.layout, &rows, false)?);
            classes.push(Class {
                arrivals,
                rows: rows.len(),
                kept: kept.iter().map(|row| rows[*row as usize]).collect(),
                last: 0,
                pack: Arc::new(pack),
            });
        }
        let mut kept: Vec<u32> = classes.iter().flat_map(|class| &class.kept).copied().collect();
        kept.sort_unstable();
        for class in &mut classes {
            class.last = place(&kept, class)?;
        }
        if kept.len() == batch.num_rows() {
            return Ok(None);
        }
        let least = classes
            .iter()
            .filter_map(|class| class.arrivals)
            .map(|(least, _)| least)
            .min();
        let greatest = classes
            .iter()
            .filter_map(|class| class.arrivals)
            .map(|(_, greatest)| greatest)
            .max();
        Ok(Some(Packed {
            batch: take_record_batch(batch, &UInt32Array::from(kept))?,
            classes,
            arrivals: least.zip(greatest),
        }))
    }

    /// The rows that stay, and which packs stand at which of them.
    pub fn whole(&self) -> (RecordBatch, Packs) {
        let mut packs: Vec<_> = self
            .classes
            .iter()
            .map(|class| (class.last, class.pack.clone()))
            .collect();
        packs.sort_unstable_by_key(|(row, _)| *row);
        (self.batch.clone(), packs)
    }

    /// The same with all rows of the classes that are `split`, from all rows of the bucket.
    pub fn split(
        &self,
        arrivals: Option<&[i64]>,
        batch: &RecordBatch,
        split: impl Fn(usize) -> bool,
    ) -> Result<(RecordBatch, Packs)> {
        let mut rows: Vec<u32> = vec![];
        for (at, class) in self.classes.iter().enumerate() {
            match (class.arrivals, arrivals) {
                (Some((least, greatest)), Some(arrivals)) if split(at) => {
                    let of_class = |arrival: &i64| least <= *arrival && *arrival <= greatest;
                    rows.extend(
                        (0u32..)
                            .zip(arrivals)
                            .filter(|(_, arrival)| of_class(arrival))
                            .map(|(row, _)| row),
                    );
                }
                _ => rows.extend(&class.kept),
            }
        }
        rows.sort_unstable();
        let mut packs = vec![];
        for (_, class) in self.classes.iter().enumerate().filter(|(at, _)| !split(*at)) {
            packs.push((place(&rows, class)?, class.pack.clone()));
        }
        packs.sort_unstable_by_key(|(row, _)| *row);
        Ok((take_record_batch(batch, &UInt32Array::from(rows))?, packs))
    }
}

/// Where the last row of a class is among rows.
fn place(rows: &[u32], class: &Class) -> Result<u32> {
    let found = class.kept.last().and_then(|last| rows.binary_search(last).ok());
    found.map(|at| at as u32).ok_or_else(|| bug("a pack lost its place"))
}

/// The rows of each class, and its span of arrivals. No two classes share an arrival.
fn by_class(rows: usize, arrivals: Option<&[i64]>) -> Vec<(Vec<u32>, Span)> {
    let Some(arrivals) = arrivals else {
        return vec![((0..rows as u32).collect(), None)];
    };
    let mut sorted = arrivals.to_vec();
    sorted.sort_unstable();
    let mut bounds: Vec<i64> = ARRIVED.iter().map(|part| sorted[rows * part / 64]).collect();
    bounds.dedup();
    let mut classes: Vec<(Vec<u32>, Span)> = vec![(vec![], None); bounds.len() + 1];
    for (row, arrival) in (0u32..).zip(arrivals) {
        let (of_class, span) = &mut classes[bounds.partition_point(|bound| bound < arrival)];
        of_class.push(row);
        let (least, greatest) = span.get_or_insert((*arrival, *arrival));
        (*least, *greatest) = ((*least).min(*arrival), (*greatest).max(*arrival));
    }
    classes.retain(|(rows, _)| !rows.is_empty());
    classes
}

/// Places that cut the events of a shelf into about equal parts.
pub(super) fn splitters(
    job: &Job,
    (shelves, shelf, digests): (&Shelves, usize, bool),
    rows: usize,
    count: usize,
) -> Result<Vec<Place>> {
    /// Events looked at for each part.
    const SAMPLED: usize = 16;
    let every = (rows / (count * SAMPLED)).max(1);
    let (mut sample, mut skip): (Vec<Place>, usize) = (vec![], 0);
    shelves.each(shelf, &mut |batch| {
        let arrived = Arrived::of(&job.layout, digests, &batch)?;
        let places = arrived.entities.iter().copied().zip(arrived.times.iter().copied());
        sample.extend(places.skip(skip).step_by(every));
        let behind = batch.num_rows().saturating_sub(skip) % every;
        skip = match batch.num_rows() {
            rows if rows < skip => skip - rows,
            _ => (every - behind) % every,
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

/// Events by bucket, in no order.
pub(super) fn deal(
    job: &Job,
    (shelves, shelf, digests): (&Shelves, usize, bool),
    splitters: &[Place],
) -> Result<Shelves> {
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

/// The events of a bucket in order, without copies, and what of places they cover; `bits` of an entity's number are the
/// shelf's.
pub(super) fn sorted(
    job: &Job,
    digests: bool,
    bits: u32,
    batch: &RecordBatch,
) -> Result<Option<(RecordBatch, Extent)>> {
    let arrived = Arrived::of(&job.layout, digests, batch)?;
    let Some(least) = arrived.entities.iter().min() else {
        return Ok(None);
    };
    let numbers: Vec<u32> = arrived
        .entities
        .iter()
        .map(|entity| (entity >> bits) - (least >> bits))
        .collect();
    let count = numbers.iter().max().map_or(0, |greatest| *greatest as usize + 1);
    let order = arrived.order(&numbers, count);
    job.counter.add_copies(order.copies);
    let batch = take_record_batch(batch, &UInt32Array::from(order.rows))?;
    let arrived = Arrived::of(&job.layout, digests, &batch)?;
    let place = |row: usize| (arrived.entities[row], arrived.times[row]);
    let last = batch
        .num_rows()
        .checked_sub(1)
        .ok_or_else(|| bug("a bucket lost its events"))?;
    let extent = Extent {
        first: place(0),
        last: place(last),
    };
    Ok(Some((batch, extent)))
}

/// Batches as one.
pub(super) fn one(shelves: &Shelves, batches: Vec<RecordBatch>) -> Result<RecordBatch> {
    match <[RecordBatch; 1]>::try_from(batches) {
        Ok([only]) => Ok(only),
        Err(several) => Ok(concat_batches(&shelves.schema(), &several)?),
    }
}
