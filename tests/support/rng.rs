//! The choices of generated cases: the generator of `featr`, by its file, since the crates below it have tests too.

#[path = "../../runtime/engine/src/random.rs"]
mod random;

use random::Random;

/// The source of every choice of a generated case: the same seed, the same case.
#[derive(Debug, Clone)]
pub struct Rng(Random);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(Random::new(seed))
    }

    pub fn word(&mut self) -> u64 {
        self.0.number()
    }

    /// A number below `bound` (which is positive).
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        self.0.one_of(items)
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}
