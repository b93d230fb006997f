//! Does any id of a source occur twice?
//!
//! Rows of one id are copies if they are equal and different events if not; only digests of whole rows can tell. Most
//! sources hold every id once, so that is proved first, cheaply:
//!
//! 1. if ids are single 64-bit columns, strictly ascending in every batch, and the ranges of batches do not overlap, every
//!    id is there once;
//! 2. else hashes of the ids are regrouped, sorted, and neighbours compared.
//!
//! Hashes of single 64-bit columns are a permutation, so equal hashes are equal ids; of other ids a collision costs a second
//! pass and nothing else: there, ids are told apart by 128 bits, as rows are.

use crate::entities::spread;
use crate::id_column::IdColumn;
use crate::locks::lock;
use crate::report::EXAMPLES_MAX;
use crate::spill::{PartitionedSpill, SpillContext, by_partition};
use arrow::array::{AsArray, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use datafusion::error::Result;
use featc_ir::Source;
use featr_kernels::Batch;
use featr_kernels::rows::{Conflicts, Copies, readable_id};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use xxhash_rust::xxh3::xxh3_64;

/// About how many hashes are sorted at a time.
const HASHES_PER_PARTITION: u64 = 1 << 16;

/// The ids of one pass over a source.
pub(super) struct Ids {
    words: bool,
    /// Words as they are, hashes of keys; in the order of the files.
    all: PartitionedSpill,
    ranges: Mutex<Ranges>,
}

#[derive(Debug, Default)]
struct Ranges {
    /// Some batch was not ascending.
    broken: bool,
    of_batches: Vec<(i64, i64)>,
}

impl Ids {
    pub fn new(source: &Source, context: &SpillContext) -> Ids {
        Ids {
            words: IdColumn::is_words(source),
            all: PartitionedSpill::new(format!("ids of {}", source.name), schema(), 1, context),
            ranges: Mutex::default(),
        }
    }

    /// Notes the ids of a batch.
    pub fn put(&self, place: u64, ids: &IdColumn<'_>) -> Result<()> {
        let (values, rows): (Vec<u64>, usize) = match ids {
            IdColumn::Words(words) => {
                let mut ranges = lock(&self.ranges);
                ranges.broken |= !words.windows(2).all(|pair| pair[0] < pair[1]);
                if let (Some(first), Some(last)) = (words.first(), words.last()) {
                    ranges.of_batches.push((*first, *last));
                }
                drop(ranges);
                (words.iter().map(|word| *word as u64).collect(), words.len())
            }
            IdColumn::Keys(keys) => (keys.iter().map(xxh3_64).collect(), keys.len()),
        };
        let batch = RecordBatch::try_new(schema(), vec![std::sync::Arc::new(UInt64Array::from(values))])?;
        self.all.put(place, batch, vec![0, rows as u32])
    }

    /// Whether the order of the ids says that each is there once.
    fn ascending(&self) -> bool {
        let mut ranges = lock(&self.ranges);
        if !self.words || ranges.broken {
            return false;
        }
        ranges.of_batches.sort_unstable();
        ranges.of_batches.windows(2).all(|pair| pair[0].1 < pair[1].0)
    }

    /// The ids that occur more than once. Nothing is noted any more after this.
    pub fn duplicates(&self, threads: usize, context: &SpillContext) -> Result<Duplicates> {
        let mut found = vec![];
        if !self.ascending() {
            let rows = self.all.stats().rows;
            let count = (rows / HASHES_PER_PARTITION).next_power_of_two().clamp(1, 4096) as usize;
            let partitions = PartitionedSpill::new("hashes of ids", schema(), count, context);
            self.all.each(0, &mut |batch| {
                let hashes: Vec<u64> = batch.column(0).as_primitive::<UInt64Type>().values().to_vec();
                let hashes: Vec<u64> = if self.words {
                    hashes.into_iter().map(spread).collect()
                } else {
                    hashes
                };
                let of: Vec<u32> = hashes.iter().map(|hash| (*hash & (count as u64 - 1)) as u32).collect();
                let (order, starts) = by_partition(&of, count);
                let sorted = order.iter().map(|row| hashes[*row as usize]);
                let sorted = UInt64Array::from_iter_values(sorted);
                partitions.put(
                    0,
                    RecordBatch::try_new(schema(), vec![std::sync::Arc::new(sorted)])?,
                    starts,
                )
            })?;
            self.all.clear();
            found = twice(&partitions, threads)?;
        }
        self.all.clear();
        Ok(Duplicates::new(found))
    }
}

/// The hashes that stand on a partition more than once.
fn twice(partitions: &PartitionedSpill, threads: usize) -> Result<Vec<u64>> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<u64>> {
        let mut found = vec![];
        loop {
            let partition = next.fetch_add(1, Ordering::Relaxed);
            if partition >= partitions.count() {
                return Ok(found);
            }
            let mut hashes: Vec<u64> = vec![];
            for batch in partitions.take(partition)? {
                hashes.extend_from_slice(batch.column(0).as_primitive::<UInt64Type>().values());
            }
            hashes.sort_unstable();
            found.extend(hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]));
        }
    };
    let parts = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut parts = vec![work()];
        for other in others {
            parts.push(
                other
                    .join()
                    .unwrap_or_else(|_| Err(crate::error::bug("a thread of the source stage failed"))),
            );
        }
        parts
    });
    let mut found = vec![];
    for part in parts {
        found.extend(part?);
    }
    Ok(found)
}

fn schema() -> arrow::datatypes::SchemaRef {
    std::sync::Arc::new(Schema::new(vec![Field::new("id", DataType::UInt64, false)]))
}

/// The ids that occur more than once, and, after the second pass, which of them have different rows.
#[derive(Debug)]
pub(super) struct Duplicates {
    wanted: HashSet<u64>,
    /// By [`IdColumn::exact`], in parts by hash.
    parts: Vec<Mutex<HashMap<u128, Seen>>>,
    /// What rows of one digest hold in columns that the source does not declare.
    copies: Mutex<Copies>,
}

/// What is known of an id.
#[derive(Debug)]
struct Seen {
    digest: u128,
    /// The place and row of its first occurrence.
    first: (u64, u32),
    /// How the id reads, once two rows differ.
    differs: Option<Box<str>>,
}

/// Threads meet in one part of the ids seldom.
const PARTS: usize = 64;

impl Duplicates {
    fn new(hashes: Vec<u64>) -> Duplicates {
        Duplicates {
            wanted: hashes.into_iter().collect(),
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            copies: Mutex::default(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Notes the digests of the ids in question.
    pub fn note(&self, place: u64, source: &Source, batch: &Batch, ids: &IdColumn<'_>, digests: &[u128]) {
        for (row, digest) in digests.iter().enumerate() {
            let hash = ids.hash(row);
            if !self.wanted.contains(&hash) {
                continue;
            }
            let id = (hash, ids.exact(row));
            self.see(id, *digest, (place, row as u32), || readable_id(source, batch, row));
        }
    }

    /// The rows with one of the ids in question.
    pub fn among(&self, ids: &IdColumn<'_>, rows: usize) -> Vec<u32> {
        let is_wanted = |row: &u32| self.wanted.contains(&ids.hash(*row as usize));
        (0..rows as u32).filter(is_wanted).collect()
    }

    /// Notes the hashes of the undeclared columns of some rows.
    pub fn note_copies(
        &self,
        place: u64,
        (source, batch): (&Source, &Batch),
        hashes: impl Iterator<Item = (u32, u128)>,
        digests: &[u128],
    ) {
        let mut copies = lock(&self.copies);
        for (row, hash) in hashes {
            let readable = || readable_id(source, batch, row as usize);
            copies.note(digests[row as usize], hash, (place, row), readable);
        }
    }

    /// The events whose copies differ in undeclared columns.
    pub fn differing_copies(&self) -> Conflicts {
        lock(&self.copies).differing(EXAMPLES_MAX)
    }

    /// Notes a row of an id, which is given by its hash and by what tells it apart from others of that hash.
    fn see(&self, (hash, exact): (u64, u128), digest: u128, first: (u64, u32), readable: impl FnOnce() -> String) {
        let mut part = lock(&self.parts[(hash >> 32) as usize % PARTS]);
        let seen = part.entry(exact).or_insert(Seen {
            digest,
            first,
            differs: None,
        });
        seen.first = seen.first.min(first);
        if seen.digest != digest && seen.differs.is_none() {
            seen.differs = Some(readable().into());
        }
    }

    /// How many ids have different rows, and the first of them, readable: `flight_id=17`.
    pub fn conflicts(&self) -> (u64, Vec<String>) {
        let mut differing: Vec<((u64, u32), Box<str>)> = vec![];
        for part in &self.parts {
            let part = lock(part);
            differing.extend(
                part.values()
                    .filter_map(|seen| Some((seen.first, seen.differs.clone()?))),
            );
        }
        differing.sort();
        let shown = differing.iter().take(EXAMPLES_MAX).map(|(_, text)| text.to_string());
        (differing.len() as u64, shown.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Duplicates;

    #[test]
    fn ids_of_one_hash_are_told_apart() {
        let duplicates = Duplicates::new(vec![7]);
        duplicates.see((7, 1), 100, (0, 3), || "id=a".into());
        duplicates.see((7, 2), 200, (0, 1), || "id=b".into());
        assert_eq!(duplicates.conflicts(), (0, vec![]), "two ids, one row each");
        duplicates.see((7, 1), 101, (0, 4), || "id=a".into());
        duplicates.see((7, 2), 200, (0, 5), || "id=b".into());
        assert_eq!(duplicates.conflicts(), (1, vec!["id=a".to_owned()]));
    }
}
