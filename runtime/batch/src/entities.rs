//! The entities that questions are about, numbered.
//!
//! The questions are known before any event is read: their entities get numbers, and from then on an event carries a
//! number instead of a key. Events of other entities are recognised by the same look-up and go no further.
//!
//! Numbers are dealt by reversing the bits of the order of first questions: entities that come first, which are often
//! those with most events, lie far apart, so that equal ranges of numbers are about equal work.

mod index;

pub(crate) use index::{Memo, Values, spread};

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
    /// Numbers have so many bits.
    bits: u32,
}

/// Two numbers as one word.
fn pair((left, right): (u32, u32)) -> i64 {
    i64::from(left) << 32 | i64::from(right)
}

/// The lowest bits of a number in reverse.
fn reversed(number: u32, bits: u32) -> u32 {
    match (number, bits) {
        (NOBODY, _) => NOBODY,
        (_, 0) => 0,
        _ => number.reverse_bits() >> (32 - bits),
    }
}

impl Entities {
    /// Numbers the entities of questions; with the number of each question's.
    pub fn number(columns: &[&Column]) -> (Entities, Vec<u32>) {
        let mut entities = Entities {
            columns: vec![],
            pairs: vec![],
            bits: 0,
        };
        let mut of_question = vec![];
        for (at, column) in columns.iter().enumerate() {
            let (index, numbers) = Index::of(column);
            entities.columns.push(index);
            if at == 0 {
                of_question = numbers;
                continue;
            }
            let mut pairs = Words::default();
            for (left, right) in of_question.iter_mut().zip(numbers) {
                let both = *left != NOBODY && right != NOBODY;
                *left = if both { pairs.add(pair((*left, right))) } else { NOBODY };
            }
            entities.pairs.push(pairs);
        }
        entities.bits = entities.count().next_power_of_two().trailing_zeros();
        let bits = entities.bits;
        of_question
            .iter_mut()
            .for_each(|number| *number = reversed(*number, bits));
        (entities, of_question)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let single = || self.columns.first().map_or(0, Index::len);
        self.pairs.last().map_or_else(single, Words::len)
    }

    /// Numbers are smaller than two to this power.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(Index::bytes).sum();
        let pairs: usize = self.pairs.iter().map(Words::bytes).sum();
        columns + pairs
    }

    /// The entities of events, whose keys are all valid: [`NOBODY`] where no question asks about it. `memos` are those of
    /// earlier events, or none.
    pub fn find(&self, keys: &[Values<'_>], memos: &mut Vec<Memo>) -> Vec<u32> {
        memos.resize(keys.len(), Memo::default());
        let columns = self.columns.iter().zip(keys).zip(memos);
        let mut columns = columns.map(|((index, values), memo)| index.find_all(*values, memo));
        let mut found = columns.next().unwrap_or_default();
        for (pairs, numbers) in self.pairs.iter().zip(columns) {
            // A pair with nobody was never added.
            found = pairs.find_all(found.into_iter().zip(numbers).map(pair));
        }
        found
            .iter_mut()
            .for_each(|number| *number = reversed(*number, self.bits));
        found
    }
}

#[cfg(test)]
mod tests;
