//! A portion of some values: the p of `quantile(x, p)`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// More than nothing and at most all, exactly, in billionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Portion(u32);

impl Portion {
    /// So many digits after the point it may have.
    pub const DIGITS: u8 = 9;
    /// That of the table of aggregates.
    pub const EXAMPLE: Portion = Portion(750_000_000);
    const ALL: u32 = 1_000_000_000;

    /// `None` for nothing, and for more than all.
    pub fn of_billionths(billionths: u32) -> Option<Portion> {
        Some(Portion(billionths)).filter(|portion| portion.is_valid())
    }

    /// Whether it is in range; one that was read may not be.
    pub(crate) fn is_valid(self) -> bool {
        (1..=Portion::ALL).contains(&self.0)
    }

    pub fn billionths(self) -> u32 {
        self.0
    }

    /// ⌈p · n⌉, exactly: from 1 to `n`, where `n` is not 0.
    pub fn of(self, n: u64) -> u64 {
        let product = u128::from(self.0) * u128::from(n);
        product.div_ceil(u128::from(Portion::ALL)) as u64
    }
}

/// With no more digits than it needs: `0.95`, `1`.
impl fmt::Display for Portion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Portion::ALL {
            return f.write_str("1");
        }
        let digits = format!("{:09}", self.0);
        write!(f, "0.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_exact_and_within_the_values() {
        let p = |billionths| Portion::of_billionths(billionths).expect("in range");
        let ranks = |portion: Portion| [1, 2, 3, 10, 100, u64::MAX].map(|n| portion.of(n));
        assert_eq!(ranks(p(1)), [1, 1, 1, 1, 1, 18_446_744_074]);
        assert_eq!(ranks(p(500_000_000)), [1, 1, 2, 5, 50, 1 << 63]);
        assert_eq!(ranks(p(1_000_000_000)), [1, 2, 3, 10, 100, u64::MAX]);
        // In floats 0.07 · 100 is more than 7, 0.29 · 100 less than 29.
        assert_eq!((p(70_000_000).of(100), p(290_000_000).of(100)), (7, 29));
        assert_eq!((p(70_000_001).of(100), p(289_999_999).of(100)), (8, 29));
        assert_eq!(
            (Portion::of_billionths(0), Portion::of_billionths(1_000_000_001)),
            (None, None)
        );
    }

    #[test]
    fn they_print_as_they_are_written() {
        let said =
            [1, 50_000_000, 950_000_000, 999_999_999, 1_000_000_000].map(|billionths| Portion(billionths).to_string());
        assert_eq!(said, ["0.000000001", "0.05", "0.95", "0.999999999", "1"]);
    }
}
