//! Strings (or other bytes) of a column, back to back.

use std::ops::Range;

/// Strings back to back: row i is `bytes[offsets[i]..offsets[i + 1]]`; `offsets.len()` is rows + 1. Valid UTF-8 per
/// row in string columns; the keys of [`crate::identity`] are other bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrData {
    pub offsets: Vec<usize>,
    pub bytes: Vec<u8>,
}

impl Default for StrData {
    fn default() -> StrData {
        StrData::new()
    }
}

impl StrData {
    /// No rows.
    pub fn new() -> StrData {
        StrData {
            offsets: vec![0],
            bytes: Vec::new(),
        }
    }

    pub fn with_capacity(rows: usize, bytes: usize) -> StrData {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        StrData {
            offsets,
            bytes: Vec::with_capacity(bytes),
        }
    }

    /// `rows` empty strings.
    pub fn empty_rows(rows: usize) -> StrData {
        StrData {
            offsets: vec![0; rows + 1],
            bytes: Vec::new(),
        }
    }

    /// The number of rows.
    #[inline]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of a row.
    #[inline]
    pub fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row]..self.offsets[row + 1]]
    }

    /// The text of a row (empty should the bytes not be UTF-8).
    pub fn str(&self, row: usize) -> &str {
        std::str::from_utf8(self.get(row)).unwrap_or_default()
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + '_ {
        self.offsets.windows(2).map(|pair| &self.bytes[pair[0]..pair[1]])
    }

    #[inline]
    pub fn push(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.offsets.push(self.bytes.len());
    }

    /// Ends a row whose bytes the caller has appended to `bytes`.
    #[inline]
    pub fn end_row(&mut self) {
        self.offsets.push(self.bytes.len());
    }

    /// Puts a row before row `at` (at the end when `at` is the number of rows).
    pub fn insert(&mut self, at: usize, row: &[u8]) {
        let start = self.offsets[at];
        self.bytes.splice(start..start, row.iter().copied());
        self.offsets.insert(at, start);
        for offset in &mut self.offsets[at + 1..] {
            *offset += row.len();
        }
    }

    /// The rows of a range.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> StrData {
        let base = self.offsets[rows.start];
        let offsets = self.offsets[rows.start..=rows.end]
            .iter()
            .map(|offset| offset - base)
            .collect();
        StrData {
            offsets,
            bytes: self.bytes[base..self.offsets[rows.end]].to_vec(),
        }
    }

    pub fn append(&mut self, other: &StrData) {
        let base = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.offsets
            .extend(other.offsets[1..].iter().map(|offset| base + offset));
    }

    /// Keeps the first `rows` rows.
    pub fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.bytes.truncate(self.offsets[self.offsets.len() - 1]);
    }

    /// Takes the rows from `at` on out of this.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> StrData {
        let tail = self.slice(at..self.len());
        self.truncate(at);
        tail
    }

    /// The memory that it has allocated, in bytes.
    pub fn heap_bytes(&self) -> usize {
        size_of::<usize>() * self.offsets.capacity() + self.bytes.capacity()
    }

    /// Gives it room for so many more rows, of the mean length of those here, and no more.
    pub(crate) fn set_room(&mut self, room: usize) {
        let each = self.bytes.len().div_ceil(self.len().max(1));
        super::set_room(&mut self.offsets, room);
        super::set_room(&mut self.bytes, room * each);
    }

    pub(super) fn gather(&self, rows: impl Iterator<Item = usize> + Clone) -> StrData {
        let bytes = rows.clone().map(|row| self.offsets[row + 1] - self.offsets[row]).sum();
        let mut taken = StrData::with_capacity(rows.size_hint().0, bytes);
        for row in rows {
            taken.push(self.get(row));
        }
        taken
    }

    /// The given rows, in the given order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> StrData {
        self.gather(rows.iter().map(|row| *row as usize))
    }
}

impl<'a> FromIterator<&'a [u8]> for StrData {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(rows: I) -> StrData {
        let mut data = StrData::new();
        for row in rows {
            data.push(row);
        }
        data
    }
}
