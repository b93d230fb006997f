//! The entities that a spine asks about, numbered, and their questions.
//!
//! The spine is known before any event is read: its entities get the numbers `0..count`, and from then on an event
//! carries a number instead of a key. Events of other entities are recognised by the same look-up and go no further.
//! Numbers are dealt to shelves by their low bits, so that a shelf holds whole entities.

mod index;

pub(crate) use index::{Memo, Values, spread};

use crate::spine::SpineData;
use datafusion::error::Result;
use featc_ir::Key;
use featr_kernels::Column;
use index::{Index, Words};

/// No entity: one that nobody asks about, or a key that is null.
pub(crate) const NOBODY: u32 = u32::MAX;

/// See the module. A key of several columns is numbered from left to right: the first two values give a pair, that pair
/// and the third value the next one.
#[derive(Debug)]
pub(crate) struct Entities {
    /// Per key column its values.
    columns: Vec<Index>,
    /// Per key column but the first the pairs that end with it.
    pairs: Vec<Words>,
    /// Per question its entity.
    of_question: Vec<u32>,
}

/// Two numbers as one word.
fn pair((left, right): (u32, u32)) -> i64 {
    i64::from(left) << 32 | i64::from(right)
}

impl Entities {
    /// Numbers the entities of a spine in the order of their first questions.
    pub fn of_spine(spine: &SpineData, keys: &[Key]) -> Result<Entities> {
        let mut columns: Vec<&Column> = vec![];
        for key in keys {
            columns.push(spine.column(key)?);
        }
        Ok(Entities::of_columns(&columns))
    }

    fn of_columns(columns: &[&Column]) -> Entities {
        let mut entities = Entities {
            columns: vec![],
            pairs: vec![],
            of_question: vec![],
        };
        for (at, column) in columns.iter().enumerate() {
            let (index, numbers) = Index::of(column);
            entities.columns.push(index);
            if at == 0 {
                entities.of_question = numbers;
                continue;
            }
            let mut pairs = Words::default();
            for (left, right) in entities.of_question.iter_mut().zip(numbers) {
                let both = *left != NOBODY && right != NOBODY;
                *left = if both { pairs.add(pair((*left, right))) } else { NOBODY };
            }
            entities.pairs.push(pairs);
        }
        entities
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let single = || self.columns.first().map_or(0, Index::len);
        self.pairs.last().map_or_else(single, Words::len)
    }

    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(Index::bytes).sum();
        let pairs: usize = self.pairs.iter().map(Words::bytes).sum();
        columns + pairs + self.of_question.len() * size_of::<u32>()
    }

    /// The entity of a question.
    pub fn of_question(&self, question: usize) -> u32 {
        self.of_question[question]
    }

    /// The entities of events, whose keys are all valid: [`NOBODY`] where no question asks about it. `memos` are those of
    /// earlier events, or none.
    pub fn find(&self, keys: &[Values<'_>], memos: &mut Vec<Memo>) -> Vec<u32> {
        // Law: restriction (proofs/theory/Laws.v)
        memos.resize(keys.len(), Memo::default());
        let columns = self.columns.iter().zip(keys).zip(memos);
        let mut columns = columns.map(|((index, values), memo)| index.find_all(*values, memo));
        let mut found = columns.next().unwrap_or_default();
        for (pairs, numbers) in self.pairs.iter().zip(columns) {
            // A pair with nobody was never added.
            found = pairs.find_all(found.into_iter().zip(numbers).map(pair));
        }
        found
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
mod tests;
