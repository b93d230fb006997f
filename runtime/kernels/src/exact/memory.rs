//! How much memory a sum has allocated.

use super::{ExactSum, Limbs, Specials};

impl ExactSum {
    /// The memory that it has allocated, in bytes.
    pub fn heap_bytes(&self) -> usize {
        let limbs = match &self.limbs {
            Limbs::Inline(_) => 0,
            Limbs::Heap(limbs) => limbs.capacity() * size_of::<u64>(),
        };
        limbs + self.specials.as_ref().map_or(0, |_| size_of::<Specials>())
    }
}
