//! The entities that a spine asks about, numbered, and their questions.
//!
//! The spine is known before any event is read: its entities get the numbers `0..count`, and from then on an event
//! carries a number instead of a key. Events of other entities are recognised by the same look-up and go no further.
//! Numbers are dealt to shelves by their low bits, so that a shelf holds whole entities.

use crate::inputs::SpineData;
use datafusion::error::Result;
use featc_ir::Key;
use featr_kernels::{Column, Data, StrData, Tag, identity};
use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// No entity: one that nobody asks about, or a key that is null.
pub(crate) const NOBODY: u32 = u32::MAX;

/// See the module.
#[derive(Debug)]
pub(crate) struct Entities {
    index: Index,
    /// Per question its entity.
    of_question: Vec<u32>,
}

#[derive(Debug)]
enum Index {
    /// A key of one 64-bit column.
    Words(HashTable<(i64, u32)>),
    /// Any key, as order-preserving bytes.
    Bytes { keys: StrData, table: HashTable<u32> },
}

/// A permutation of 64-bit words that spreads neighbours (the finaliser of MurmurHash3, public domain).
#[inline]
pub(crate) fn spread(word: u64) -> u64 {
    let word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}

impl Entities {
    /// Numbers the entities of a spine in the order of their first questions.
    pub fn of_spine(spine: &SpineData, keys: &[Key]) -> Result<Entities> {
        let mut columns: Vec<&Column> = vec![];
        for key in keys {
            columns.push(spine.column(key)?);
        }
        Ok(Entities::of_columns(&columns, spine.times.len()))
    }

    fn of_columns(columns: &[&Column], rows: usize) -> Entities {
        match columns {
            [column] if matches!(column.data, Data::I64(_)) => Entities::of_words(column),
            _ => Entities::of_bytes(columns, rows),
        }
    }

    fn of_words(column: &Column) -> Entities {
        let mut table: HashTable<(i64, u32)> = HashTable::new();
        let mut of_question = Vec::with_capacity(column.len());
        for (row, word) in column.i64s().iter().enumerate() {
            if !column.is_valid(row) {
                of_question.push(NOBODY);
                continue;
            }
            let next = table.len() as u32;
            let entry = table.entry(
                spread(*word as u64),
                |(known, _)| known == word,
                |(known, _)| spread(*known as u64),
            );
            of_question.push(entry.or_insert((*word, next)).get().1);
        }
        Entities {
            index: Index::Words(table),
            of_question,
        }
    }

    fn of_bytes(columns: &[&Column], rows: usize) -> Entities {
        let encoded = identity::entity_keys(columns, rows);
        let mut keys = StrData::new();
        let mut table: HashTable<u32> = HashTable::new();
        let mut of_question = Vec::with_capacity(rows);
        for row in 0..rows {
            if encoded.tags.as_ref().is_some_and(|tags| tags[row] != Tag::VALID) {
                of_question.push(NOBODY);
                continue;
            }
            let key = encoded.bytes.get(row);
            let hash = xxh3_64(key);
            let known = table.find(hash, |known| keys.get(*known as usize) == key).copied();
            of_question.push(known.unwrap_or_else(|| {
                let number = table.len() as u32;
                keys.push(key);
                table.insert_unique(hash, number, |known| xxh3_64(keys.get(*known as usize)));
                number
            }));
        }
        Entities {
            index: Index::Bytes { keys, table },
            of_question,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        match &self.index {
            Index::Words(table) => table.len(),
            Index::Bytes { table, .. } => table.len(),
        }
    }

    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        let index = match &self.index {
            Index::Words(table) => table.capacity() * 2 * size_of::<(i64, u32)>(),
            Index::Bytes { keys, table } => keys.bytes.len() + table.capacity() * 24,
        };
        index + self.of_question.len() * size_of::<u32>()
    }

    /// The entity of a question.
    pub fn of_question(&self, question: usize) -> u32 {
        self.of_question[question]
    }

    /// The entities of events, whose keys are all valid: [`NOBODY`] where no question asks about it.
    pub fn find(&self, keys: &[Column], rows: usize) -> Vec<u32> {
        match (&self.index, keys) {
            (Index::Words(table), [column]) => {
                // Files sorted by entity repeat the last one.
                let mut last: Option<(i64, u32)> = None;
                let mut found = Vec::with_capacity(rows);
                for word in column.i64s() {
                    let number = match last {
                        Some((known, number)) if known == *word => number,
                        Some(_) | None => table
                            .find(spread(*word as u64), |(known, _)| known == word)
                            .map_or(NOBODY, |(_, number)| *number),
                    };
                    last = Some((*word, number));
                    found.push(number);
                }
                found
            }
            (Index::Words(_), _) => vec![NOBODY; rows],
            (Index::Bytes { keys: known, table }, keys) => {
                let encoded = identity::keys_of_columns(&keys.iter().collect::<Vec<_>>(), rows);
                let find = |key: &[u8]| {
                    let found = table.find(xxh3_64(key), |number| known.get(*number as usize) == key);
                    found.map_or(NOBODY, |number| *number)
                };
                encoded.iter().map(find).collect()
            }
        }
    }

    /// The questions of every shelf, in the order of the spine; those without an entity stand on shelf 0.
    pub fn questions_by_shelf(&self, shelves: usize) -> (Vec<u32>, Vec<u32>) {
        let shelf = |number: &u32| {
            if *number == NOBODY {
                0
            } else {
                number & (shelves as u32 - 1)
            }
        };
        let of: Vec<u32> = self.of_question.iter().map(shelf).collect();
        crate::shelves::by_shelf(&of, shelves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use featc_ir::Type;
    use featr_kernels::Value;

    fn column(ty: Type, values: &[Value]) -> Column {
        Column::from_values(ty, values)
    }

    #[test]
    fn words_and_bytes_agree() {
        let words = [7, -1, 7, 0, i64::MIN, -1].map(Value::Int64);
        let mut asked: Vec<Value> = words.to_vec();
        asked.insert(2, Value::Null);
        let asked = column(Type::Int64, &asked);
        let fast = Entities::of_words(&asked);
        let slow = Entities::of_bytes(&[&asked], 7);
        assert_eq!(fast.of_question, [0, 1, NOBODY, 0, 2, 3, 1]);
        assert_eq!(fast.of_question, slow.of_question);
        assert_eq!((fast.count(), slow.count()), (4, 4));
        let events = [column(Type::Int64, &[0, 0, 5, 7, i64::MIN, i64::MAX].map(Value::Int64))];
        let expected = [2, 2, NOBODY, 0, 3, NOBODY];
        assert_eq!(fast.find(&events, 6), expected);
        assert_eq!(slow.find(&events, 6), expected);
    }

    #[test]
    fn keys_of_several_columns_are_tuples() {
        let text = |values: &[&str]| {
            let values: Vec<Value> = values.iter().map(|text| Value::String((*text).into())).collect();
            column(Type::String, &values)
        };
        let (left, right) = (text(&["a", "ab", "a"]), text(&["bc", "c", "bc"]));
        let entities = Entities::of_columns(&[&left, &right], 3);
        assert_eq!(entities.of_question, [0, 1, 0]);
        assert_eq!(entities.find(&[text(&["ab", "a"]), text(&["c", "b"])], 2), [1, NOBODY]);
    }

    #[test]
    fn questions_without_an_entity_have_a_shelf() {
        let asked = column(Type::Int64, &[Value::Int64(1), Value::Null, Value::Int64(2)]);
        let entities = Entities::of_words(&asked);
        assert_eq!(entities.questions_by_shelf(2), (vec![0, 1, 2], vec![0, 2, 3]));
    }
}
