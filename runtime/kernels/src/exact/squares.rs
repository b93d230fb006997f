//! Exact sums and sums of squares in fixed point: variances of columns that [`FixedSums`] holds.
//!
//! Where a sum of n numbers fits 126 bits, n times the sum of their squares, and the square of their sum, fit 252: so
//! four words hold all of them.

use super::fixed::{FixedSums, Unit};
use super::limbs::{Carry, split, square};
use super::round::{Magnitude, quotient_at};

/// A number of 256 bits without sign; arithmetic wraps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wide([u64; 4]);

impl Wide {
    /// Adds another number.
    #[inline]
    pub fn add(&mut self, other: Wide) {
        let mut carry = false;
        for (to, word) in self.0.iter_mut().zip(other.0) {
            (*to, carry) = to.carrying(word, carry);
        }
    }

    /// Takes another number back.
    #[inline]
    pub fn subtract(&mut self, other: Wide) {
        let mut borrow = false;
        for (to, word) in self.0.iter_mut().zip(other.0) {
            (*to, borrow) = to.borrowing(word, borrow);
        }
    }

    fn times(self, factor: u64) -> Wide {
        let mut carry = 0;
        Wide(self.0.map(|word| {
            let product = u128::from(word) * u128::from(factor) + carry;
            carry = product >> 64;
            product as u64
        }))
    }
}

/// Row i holds the exact sums of the first i values and of their squares.
#[derive(Debug, Clone)]
pub struct FixedMoments {
    sums: FixedSums,
    squares: Vec<Wide>,
}

impl FixedMoments {
    /// Of the floats for which `taken` holds; `None` if they might not fit or are not all finite.
    pub fn floats(values: &[f64], taken: impl Fn(usize) -> bool) -> Option<FixedMoments> {
        let sums = FixedSums::floats(values, &taken)?;
        let exponent = sums.unit().exponent();
        let whole = |row: usize| {
            let (_, mantissa, at) = split(values[row]);
            // As in `FixedSums::floats`: only a zero has a lesser exponent.
            (u128::from(mantissa) << ((at - exponent) & 127)) as i128
        };
        let squares = squares(values.len(), |row| taken(row).then(|| whole(row)));
        sums.specials().is_none().then_some(FixedMoments { sums, squares })
    }

    /// Of integers in units of 1, given by row; `None` is not taken. `None` if they might not fit.
    pub fn integers(rows: usize, value: impl Fn(usize) -> Option<i128>) -> Option<FixedMoments> {
        let sums = FixedSums::integers(rows, &value)?;
        Some(FixedMoments {
            sums,
            squares: squares(rows, value),
        })
    }

    /// The sums of the values.
    pub fn sums(&self) -> &FixedSums {
        &self.sums
    }

    /// The sums of the squares of the first 0, 1, 2, … values, in squares of the unit.
    pub fn squares(&self) -> &[Wide] {
        &self.squares
    }
}

fn squares(rows: usize, value: impl Fn(usize) -> Option<i128>) -> Vec<Wide> {
    let mut all = Vec::with_capacity(rows + 1);
    let mut total = Wide::default();
    all.push(total);
    all.extend((0..rows).map(|row| {
        if let Some(value) = value(row) {
            total.add(Wide(square(value)));
        }
        total
    }));
    all
}

impl Unit {
    /// As [`super::variance`], of `count` numbers in this unit with the given sum and sum of squares; they are
    /// 10^-`scale` times what was summed. `divisor` is 100^`scale`, and `divisor`·`count`² fits 64 bits.
    pub fn variance(self, count: u32, sum: i128, squares: Wide, divisor: u64, population: bool) -> Option<f64> {
        let last = if population { count } else { count.saturating_sub(1) };
        if last == 0 {
            return None;
        }
        let mut numerator = squares.times(u64::from(count));
        numerator.subtract(Wide(square(sum)));
        let divisor = divisor * u64::from(count) * u64::from(last);
        Some(quotient_at(
            2 * self.exponent(),
            Magnitude::unsigned(&numerator.0),
            divisor,
        ))
    }
}
