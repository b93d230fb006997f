//! Blocks of keyed, lifted events of one entity, in columns.
//!
//! ```text
//! row i:  times[i]  ids[i]  digests[i]  poison[i]  lifts[0][i] lifts[1][i] …
//!         └───────── the key ────────┘  └──── what slots read ───┘
//! ```
//!
//! INVARIANT (sorted-events): a block that is folded or searched is sorted by `(τ, id, digest)`; two rows equal in all
//! three are copies of one event, and a block holds one of them. [`Events::push`] and [`Events::push_from`] trust their
//! caller.

use crate::column::{Column, StrData, Tag, set_room};
use featc_ir::Type;
use std::cmp::Ordering;

/// Events in columns; all columns have [`Events::len`] rows. Only the batch merge leaves out `ids` and `digests`, where no
/// aggregate reads them: such blocks are neither compared nor searched by key.
#[derive(Debug, Clone)]
pub struct Events {
    /// Event times τ, in microseconds since the epoch.
    pub times: Vec<i64>,
    /// The identities: order keys as `identity::order_keys` makes them (bytes, not text).
    pub ids: StrData,
    /// The row digests as `identity::digests` makes them.
    pub digests: Vec<u128>,
    /// One [`Tag`] per row: `VALID`, or the error by which the transform's `where` poisoned the row. `None`: all valid.
    pub poison: Option<Vec<u8>>,
    /// The lifts of the `RowSpec`, in its order.
    pub lifts: Vec<Column>,
}

/// What orders the events of an entity.
pub type EventKey<'a> = (i64, &'a [u8], u128);

impl Events {
    /// No events, with one lift column per type.
    pub fn new(lifts: &[Type]) -> Events {
        let lifts = lifts.iter().map(|ty| Column::empty(*ty)).collect();
        Events {
            times: vec![],
            ids: StrData::new(),
            digests: vec![],
            poison: None,
            lifts,
        }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The identity of a row.
    #[inline]
    pub fn id(&self, row: usize) -> &[u8] {
        self.ids.get(row)
    }

    /// The [`Tag`] by which a row is poisoned, or `Tag::VALID`.
    #[inline]
    pub fn poison_of(&self, row: usize) -> u8 {
        self.poison.as_ref().map_or(Tag::VALID, |poison| poison[row])
    }

    /// The sort key of a row.
    #[inline]
    pub fn key(&self, row: usize) -> EventKey<'_> {
        (self.times[row], self.id(row), self.digests[row])
    }

    /// Compares two rows by `(τ, id, digest)`; equal means: copies of one event.
    #[inline]
    pub fn compare(&self, row: usize, other: &Events, other_row: usize) -> Ordering {
        // Law: order_by_digest (proofs/theory/Laws.v)
        self.key(row).cmp(&other.key(other_row))
    }

    /// Appends a row whose lifts stand at `lift_row` of `lifts` (one column per lift, of the same types).
    pub fn push(&mut self, key: EventKey<'_>, poison: u8, lifts: &[Column], lift_row: usize) {
        let at = self.len();
        insert_tag(&mut self.poison, at, at, poison);
        self.times.push(key.0);
        self.ids.push(key.1);
        self.digests.push(key.2);
        for (column, from) in self.lifts.iter_mut().zip(lifts) {
            column.push_from(from, lift_row);
        }
    }

    /// Appends a row of another block with the same lifts.
    pub fn push_from(&mut self, other: &Events, row: usize) {
        self.push(other.key(row), other.poison_of(row), &other.lifts, row);
    }

    /// Inserts a row of another block with the same lifts before row `at` (≤ [`Events::len`]).
    pub fn insert_from(&mut self, at: usize, other: &Events, row: usize) {
        let rows = self.len();
        insert_tag(&mut self.poison, rows, at, other.poison_of(row));
        self.times.insert(at, other.times[row]);
        self.ids.insert(at, other.id(row));
        self.digests.insert(at, other.digests[row]);
        for (column, from) in self.lifts.iter_mut().zip(&other.lifts) {
            column.insert_from(at, from, row);
        }
    }

    /// Appends all rows of another block with the same lifts.
    pub fn append(&mut self, other: &Events) {
        let rows = self.len();
        append_tags(&mut self.poison, rows, other.poison.as_deref(), other.len());
        self.times.extend_from_slice(&other.times);
        self.ids.append(&other.ids);
        self.digests.extend_from_slice(&other.digests);
        for (column, from) in self.lifts.iter_mut().zip(&other.lifts) {
            column.append(from);
        }
    }

    /// Keeps the first `at` rows and returns the rest.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Events {
        Events {
            times: self.times.split_off(at),
            ids: self.ids.split_off(at),
            digests: self.digests.split_off(at),
            poison: self.poison.as_mut().map(|poison| poison.split_off(at)),
            lifts: self.lifts.iter_mut().map(|column| column.split_off(at)).collect(),
        }
    }

    /// Gives it room for so many more rows, and no more. A vector that grows by itself has room for as many rows again.
    pub fn set_room(&mut self, room: usize) {
        set_room(&mut self.times, room);
        self.ids.set_room(room);
        set_room(&mut self.digests, room);
        if let Some(poison) = &mut self.poison {
            set_room(poison, room);
        }
        self.lifts.iter_mut().for_each(|column| column.set_room(room));
    }

    /// The memory that it has allocated, in bytes.
    pub fn heap_bytes(&self) -> usize {
        let fixed = 8 * self.times.capacity() + 16 * self.digests.capacity();
        let poison = self.poison.as_ref().map_or(0, Vec::capacity);
        fixed + self.ids.heap_bytes() + poison + self.lifts.iter().map(Column::heap_bytes).sum::<usize>()
    }

    /// The rows at these positions, in this order (repetition allowed).
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Events {
        Events {
            times: rows.iter().map(|row| self.times[*row as usize]).collect(),
            ids: self.ids.take(rows),
            digests: rows.iter().map(|row| self.digests[*row as usize]).collect(),
            poison: self
                .poison
                .as_ref()
                .map(|poison| rows.iter().map(|row| poison[*row as usize]).collect()),
            lifts: self.lifts.iter().map(|column| column.take(rows)).collect(),
        }
    }

    /// The first row with τ > `time_us`, of a sorted block.
    pub fn upper_bound(&self, time_us: i64) -> usize {
        self.times.partition_point(|time| *time <= time_us)
    }

    /// Where a key stands in a sorted block (`Ok`), or where it would be inserted (`Err`).
    pub fn find(&self, key: EventKey<'_>) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.key(middle).cmp(&key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }
}

fn insert_tag(tags: &mut Option<Vec<u8>>, rows: usize, at: usize, tag: u8) {
    match tags {
        Some(tags) => tags.insert(at, tag),
        None if tag == Tag::VALID => {}
        None => {
            let mut filled = vec![Tag::VALID; rows];
            filled.insert(at, tag);
            *tags = Some(filled);
        }
    }
}

fn append_tags(tags: &mut Option<Vec<u8>>, rows: usize, other: Option<&[u8]>, other_rows: usize) {
    match (tags.as_mut(), other) {
        (None, None) => {}
        (Some(tags), None) => tags.resize(rows + other_rows, Tag::VALID),
        (Some(tags), Some(other)) => tags.extend_from_slice(other),
        (None, Some(other)) => {
            let mut filled = vec![Tag::VALID; rows];
            filled.extend_from_slice(other);
            *tags = Some(filled);
        }
    }
}

#[cfg(test)]
mod tests;
