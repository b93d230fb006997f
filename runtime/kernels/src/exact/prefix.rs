//! Exact prefix sums of a column: the sum of any range is one subtraction of a few limbs.

use super::limbs::{accumulate, place, split, square};
use super::{ExactSum, Specials};
use std::ops::Range;

/// Row i holds the exact sum of the first i values, in limbs of one fixed width.
///
/// The width is that of the column's values plus one limb for carries, so differences are taken modulo 2^(64·width)
/// without loss (fewer than 2^63 values).
#[derive(Debug, Clone)]
pub struct PrefixExact {
    base: i32,
    width: usize,
    /// `(rows + 1) · width` limbs.
    limbs: Vec<u64>,
    /// As many rows, when any value is not finite.
    specials: Option<Vec<Specials>>,
}

/// One value to add: sign, limbs, position of the first. `None` adds nothing.
type Term<const K: usize> = Option<(bool, [u64; K], i32)>;

impl PrefixExact {
    /// Sums of floats over the rows for which `taken` holds.
    pub fn floats(values: &[f64], taken: impl Fn(usize) -> bool) -> PrefixExact {
        let mut prefix = PrefixExact::build(values.len(), |row| {
            let (negative, mantissa, exponent) = split(values[row]);
            let present = mantissa != 0 && values[row].is_finite() && taken(row);
            let shifted = u128::from(mantissa) << (exponent & 63);
            present.then_some((negative, [shifted as u64, (shifted >> 64) as u64], exponent >> 6))
        });
        prefix.specials = Specials::running(values, taken);
        prefix
    }

    /// Sums of the squares of floats over the rows for which `taken` holds.
    pub fn float_squares(values: &[f64], taken: impl Fn(usize) -> bool) -> PrefixExact {
        let mut prefix = PrefixExact::build(values.len(), |row| {
            let (_, mantissa, exponent) = split(values[row]);
            let present = mantissa != 0 && values[row].is_finite() && taken(row);
            let (limbs, at) = place(u128::from(mantissa) * u128::from(mantissa), 2 * exponent);
            present.then_some((false, limbs, at))
        });
        prefix.specials = Specials::running(values, taken);
        if let Some(specials) = &mut prefix.specials {
            for of_row in specials {
                *of_row = Specials {
                    nan: of_row.nan,
                    positive: of_row.positive + of_row.negative,
                    negative: 0,
                };
            }
        }
        prefix
    }

    /// Sums of integers, given by row; `None` is not taken.
    pub fn integers(rows: usize, value: impl Fn(usize) -> Option<i128>) -> PrefixExact {
        PrefixExact::build(rows, |row| {
            let value = value(row).filter(|value| *value != 0)?;
            let magnitude = value.unsigned_abs();
            Some((value < 0, [magnitude as u64, (magnitude >> 64) as u64], 0))
        })
    }

    /// Sums of the squares of integers, given by row; `None` is not taken.
    pub fn integer_squares(rows: usize, value: impl Fn(usize) -> Option<i128>) -> PrefixExact {
        PrefixExact::build(rows, |row| {
            value(row)
                .filter(|value| *value != 0)
                .map(|value| (false, square(value), 0))
        })
    }

    fn build<const K: usize>(rows: usize, term: impl Fn(usize) -> Term<K>) -> PrefixExact {
        let (mut low, mut high) = (i32::MAX, i32::MIN);
        for (_, limbs, at) in (0..rows).filter_map(&term) {
            let used = limbs.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1);
            low = low.min(at);
            high = high.max(at + used as i32);
        }
        // Also wide enough for K limbs at the highest position, zeros among them, and a carry.
        let (base, width) = if low > high {
            (0, 1)
        } else {
            (low, (high - low) as usize + 1)
        };
        let mut limbs = vec![0; (rows + 1) * width];
        let mut row_limbs = vec![0; width + K];
        for row in 0..rows {
            if let Some((negative, term, at)) = term(row) {
                accumulate(&mut row_limbs[(at - base) as usize..], term, negative);
            }
            limbs[(row + 1) * width..(row + 2) * width].copy_from_slice(&row_limbs[..width]);
        }
        PrefixExact {
            base,
            width,
            limbs,
            specials: None,
        }
    }

    /// The exact sum of the values of these rows. Allocates if the column is wider than eight limbs or has infinities or NaN, or if
    /// the sum needs more than four limbs.
    pub fn range(&self, rows: Range<usize>) -> ExactSum {
        const STACK: usize = 8;
        let specials = self.specials.as_ref().map(|all| {
            let mut counters = all[rows.end];
            counters.subtract(all[rows.start]);
            counters
        });
        if self.width <= STACK {
            let mut difference = [0; STACK];
            self.difference(rows, &mut difference[..self.width]);
            ExactSum::from_window(self.base, &difference[..self.width], specials)
        } else {
            let mut difference = vec![0; self.width];
            self.difference(rows, &mut difference);
            ExactSum::from_window(self.base, &difference, specials)
        }
    }

    fn difference(&self, rows: Range<usize>, out: &mut [u64]) {
        let from = &self.limbs[rows.start * self.width..][..self.width];
        let to = &self.limbs[rows.end * self.width..][..self.width];
        let mut borrow = false;
        for ((out, to), from) in out.iter_mut().zip(to).zip(from) {
            let (next, first) = to.overflowing_sub(*from);
            let (next, second) = next.overflowing_sub(u64::from(borrow));
            (*out, borrow) = (next, first | second);
        }
    }
}
