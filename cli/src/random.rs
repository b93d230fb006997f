//! Samples that are a function of a seed.

use featr::Random;
use std::collections::BTreeSet;

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
