//! A set of positions with "the nearest at or before" and "the nearest at or after" in a few word operations: bits in
//! words, and for each level one bit per word below that is not zero.

/// See the module. Positions are `0..len`.
#[derive(Debug, Clone)]
pub(super) struct Bits {
    levels: Vec<Vec<u64>>,
}

impl Bits {
    /// None of `len` positions.
    pub fn new(len: usize) -> Bits {
        let mut levels = vec![];
        let mut words = len.div_ceil(64).max(1);
        loop {
            levels.push(vec![0; words]);
            if words == 1 {
                return Bits { levels };
            }
            words = words.div_ceil(64);
        }
    }

    pub fn set(&mut self, position: u32) {
        let mut at = position as usize;
        for level in &mut self.levels {
            let word = &mut level[at / 64];
            let known = *word != 0;
            *word |= 1 << (at % 64);
            if known {
                return;
            }
            at /= 64;
        }
    }

    /// The greatest member ≤ `position`.
    pub fn at_or_before(&self, position: u32) -> Option<u32> {
        let mut at = position as usize;
        for (height, level) in self.levels.iter().enumerate() {
            let word = level[at / 64] & (u64::MAX >> (63 - at % 64));
            if word != 0 {
                return Some(self.descend(height, at / 64, word, |word| 63 - word.leading_zeros()));
            }
            at = (at / 64).checked_sub(1)?;
        }
        None
    }

    /// The least member ≥ `position`.
    pub fn at_or_after(&self, position: u32) -> Option<u32> {
        let mut at = position as usize;
        for (height, level) in self.levels.iter().enumerate() {
            let word = level.get(at / 64)? & (u64::MAX << (at % 64));
            if word != 0 {
                return Some(self.descend(height, at / 64, word, u64::trailing_zeros));
            }
            at = at / 64 + 1;
        }
        None
    }

    fn descend(&self, height: usize, index: usize, word: u64, pick: impl Fn(u64) -> u32) -> u32 {
        let mut at = index * 64 + pick(word) as usize;
        for level in self.levels[..height].iter().rev() {
            at = at * 64 + pick(level[at]) as usize;
        }
        crate::run::position(at)
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn neighbours_are_those_of_a_sorted_list() {
        for len in [1usize, 63, 64, 65, 4096, 4097, 300_000] {
            let chosen = |at: &u32| at.wrapping_mul(2_654_435_761) % 97 < 2;
            let members: Vec<u32> = (0..len as u32).filter(chosen).collect();
            let mut bits = Bits::new(len);
            members.iter().for_each(|at| bits.set(*at));
            for at in (0..len as u32).step_by(1 + len / 500) {
                assert_eq!(
                    bits.at_or_before(at),
                    members.iter().rev().copied().find(|member| *member <= at)
                );
                assert_eq!(
                    bits.at_or_after(at),
                    members.iter().copied().find(|member| *member >= at)
                );
            }
        }
    }
}
