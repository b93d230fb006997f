//! Choices that are a function of a seed.

use std::collections::BTreeSet;

/// A sequence of numbers by a seed: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `of`, which is not 0.
    pub fn below(&mut self, of: usize) -> usize {
        (self.number() % of as u64) as usize
    }

    /// One of some things, of which there is one.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// `count` of the numbers below `of`, all if there are fewer; a function of the seed.
pub fn draw(seed: u64, count: u64, of: u64) -> BTreeSet<u64> {
    if count >= of {
        return (0..of).collect();
    }
    let mut random = Random::new(seed);
    let mut found = BTreeSet::new();
    while (found.len() as u64) < count {
        found.insert(random.number() % of);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn rows_are_drawn_by_seed_without_repetition() {
        assert_eq!(draw(1, 10, 1_000), draw(1, 10, 1_000));
        assert_ne!(draw(1, 10, 1_000), draw(2, 10, 1_000));
        assert_eq!(draw(1, 10, 1_000).len(), 10);
        assert_eq!(draw(1, 99, 100).len(), 99);
        assert_eq!(draw(1, 10, 3).into_iter().collect::<Vec<_>>(), [0, 1, 2]);
        assert!(draw(1, 10, 0).is_empty());
    }
}
