//! Values of key columns, numbered in the order in which they came up.

use super::NOBODY;
use arrow::array::{Array, StringArray};
use featr_kernels::{Column, Data, StrData, identity};
use hashbrown::HashTable;
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// A permutation of 64-bit words that spreads neighbours (the finaliser of MurmurHash3, public domain).
#[inline]
pub(crate) fn spread(word: u64) -> u64 {
    let word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}

/// Numbers of 64-bit words.
#[derive(Debug, Default)]
pub(super) struct Words(HashTable<(i64, u32)>);

impl Words {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        self.0.capacity() * 2 * size_of::<(i64, u32)>()
    }

    /// The number of a word; of a new one the next number.
    pub fn add(&mut self, word: i64) -> u32 {
        let next = self.0.len() as u32;
        let entry = self.0.entry(
            spread(word as u64),
            |(known, _)| *known == word,
            |(known, _)| spread(*known as u64),
        );
        entry.or_insert((word, next)).get().1
    }

    /// The numbers of words: [`NOBODY`] of those that were never added.
    pub fn find_all(&self, words: impl Iterator<Item = i64>) -> Vec<u32> {
        let find = |word| {
            let found = self.0.find(spread(word as u64), |(known, _)| *known == word);
            found.map_or(NOBODY, |(_, number)| *number)
        };
        repeated(words, find)
    }
}

/// Numbers of texts, or of other bytes.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: StrData,
    table: HashTable<u32>,
}

impl Texts {
    fn add(&mut self, text: &[u8]) -> u32 {
        let Texts { known, table } = self;
        let hash = xxh3_64(text);
        if let Some(number) = table.find(hash, |number| known.get(*number as usize) == text) {
            return *number;
        }
        let number = known.len() as u32;
        known.push(text);
        table.insert_unique(hash, number, |number| xxh3_64(known.get(*number as usize)));
        number
    }

    fn find(&self, text: &[u8]) -> u32 {
        let same = |number: &u32| self.known.get(*number as usize) == text;
        self.table.find(xxh3_64(text), same).map_or(NOBODY, |number| *number)
    }

    /// The numbers of a dictionary's codes. A text is looked up when its code first comes up.
    fn find_codes(&self, codes: &[i64], texts: &StringArray, memo: &mut Memo) -> Vec<u32> {
        let known = memo.of(texts);
        let find = |code: &i64| {
            let code = *code as usize;
            if known[code] == UNKNOWN {
                known[code] = self.find(texts.value(code).as_bytes());
            }
            known[code]
        };
        codes.iter().map(find).collect()
    }
}

/// The numbers of a dictionary's texts, as far as they were asked for: batches of one part of a file share theirs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memo(Option<(StringArray, Vec<u32>)>);

/// A text that was not looked up yet.
const UNKNOWN: u32 = NOBODY - 1;

impl Memo {
    fn of(&mut self, texts: &StringArray) -> &mut [u32] {
        // The texts are held, so no others can come to lie where they do.
        let same =
            |known: &StringArray| known.offsets().ptr_eq(texts.offsets()) && known.values().ptr_eq(texts.values());
        self.0 = self.0.take().filter(|(known, _)| same(known));
        let known = self
            .0
            .get_or_insert_with(|| (texts.clone(), vec![UNKNOWN; texts.len()]));
        &mut known.1
    }
}

/// Values of a key column.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<'a> {
    Plain(&'a Column),
    /// Codes of texts.
    Codes(&'a [i64], &'a StringArray),
}

/// Numbers of the values of one key column.
#[derive(Debug)]
pub(super) enum Index {
    Words(Words),
    /// Strings as they are; values of any other type as order-preserving bytes.
    Texts(Texts),
}

impl Index {
    /// Of the valid values of a column; with the number of each row's, [`NOBODY`] where it is not valid.
    pub fn of(column: &Column) -> (Index, Vec<u32>) {
        let valid = |row| column.is_valid(row);
        if let Data::I64(values) = &column.data {
            let mut words = Words::default();
            let add = |(row, word): (usize, &i64)| if valid(row) { words.add(*word) } else { NOBODY };
            let numbers = values.iter().enumerate().map(add).collect();
            return (Index::Words(words), numbers);
        }
        let mut texts = Texts::default();
        let values = bytes(column);
        let add = |(row, text): (usize, &[u8])| if valid(row) { texts.add(text) } else { NOBODY };
        let numbers = values.iter().enumerate().map(add).collect();
        (Index::Texts(texts), numbers)
    }

    pub fn len(&self) -> usize {
        match self {
            Index::Words(words) => words.len(),
            Index::Texts(texts) => texts.known.len(),
        }
    }

    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        match self {
            Index::Words(words) => words.bytes(),
            Index::Texts(texts) => texts.known.bytes.len() + texts.table.capacity() * 24,
        }
    }

    /// The numbers of valid values of the same type.
    pub fn find_all(&self, values: Values<'_>, memo: &mut Memo) -> Vec<u32> {
        match (self, values) {
            (Index::Words(words), Values::Plain(column)) => words.find_all(column.i64s().iter().copied()),
            (Index::Words(_), Values::Codes(codes, _)) => vec![NOBODY; codes.len()],
            (Index::Texts(texts), Values::Plain(column)) => repeated(bytes(column).iter(), |text| texts.find(text)),
            (Index::Texts(texts), Values::Codes(codes, of)) => texts.find_codes(codes, of, memo),
        }
    }
}

fn bytes(column: &Column) -> Cow<'_, StrData> {
    match &column.data {
        Data::Str(texts) => Cow::Borrowed(texts),
        Data::Bool(_) | Data::I64(_) | Data::F64(_) | Data::I128(_) => {
            Cow::Owned(identity::keys_of_columns(&[column], column.len()))
        }
    }
}

/// What `find` says of each value: files that are sorted by entity repeat the last one.
fn repeated<T: PartialEq + Copy>(values: impl Iterator<Item = T>, find: impl Fn(T) -> u32) -> Vec<u32> {
    let mut last: Option<(T, u32)> = None;
    let number = |value: T| {
        let number = match last {
            Some((known, number)) if known == value => number,
            Some(_) | None => find(value),
        };
        last = Some((value, number));
        number
    };
    values.map(number).collect()
}
