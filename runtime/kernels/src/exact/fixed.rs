//! Exact sums in 128-bit fixed point: for columns whose values lie close enough together, which most do.
//!
//! A sum is an integer in units of 2^exponent, one exponent for the whole column. Prefix sums, differences and
//! comparisons are then single 128-bit operations, and a value or a quotient is rounded straight from the integer.
//! [`FixedSums::floats`] says `None` where the span of the exponents is too wide; [`super::PrefixExact`] serves those.

use super::Specials;
use super::limbs::split;
use super::round::round_bits;
use crate::value::NAN;

/// Sums stay below 2^126, so that differences of two of them fit as well.
const BITS: u32 = 126;

/// Row i holds the exact sum of the first i values, in units of [`FixedSums::unit`].
#[derive(Debug, Clone)]
pub struct FixedSums {
    unit: Unit,
    sums: Vec<i128>,
    /// As many rows, when any value is not finite.
    specials: Option<Vec<Specials>>,
}

impl FixedSums {
    /// Sums of floats over the rows for which `taken` holds; `None` if 128 bits might not hold them.
    pub fn floats(values: &[f64], taken: impl Fn(usize) -> bool) -> Option<FixedSums> {
        let (mut least, mut most, mut finite) = (f64::INFINITY, 0f64, true);
        for (row, value) in values.iter().enumerate() {
            let magnitude = if taken(row) { value.abs() } else { 0.0 };
            if magnitude < f64::INFINITY {
                most = most.max(magnitude);
                least = least.min(if magnitude == 0.0 { f64::INFINITY } else { magnitude });
            } else {
                finite = false;
            }
        }
        let exponent = if most == 0.0 { 0 } else { split(least).2 };
        let used = if most == 0.0 { 0 } else { split(most).2 + 53 - exponent };
        if used as u32 + bits_of(values.len()) > BITS {
            return None;
        }
        let term = |row: usize| {
            if !taken(row) || !(finite || values[row].is_finite()) {
                return 0;
            }
            let (negative, mantissa, at) = split(values[row]);
            // A zero has the least exponent of all: the mask keeps its shift in range.
            let term = (u128::from(mantissa) << ((at - exponent) & 127)) as i128;
            if negative { -term } else { term }
        };
        Some(FixedSums {
            unit: Unit::new(exponent),
            sums: prefix_sums(values.len(), term),
            specials: (!finite).then(|| Specials::running(values, taken)).flatten(),
        })
    }

    /// Sums of integers in units of 1, given by row; `None` is not taken. `None` if 128 bits might not hold them.
    pub fn integers(rows: usize, value: impl Fn(usize) -> Option<i128>) -> Option<FixedSums> {
        let mut most = 0u128;
        for row in 0..rows {
            most |= value(row).unwrap_or(0).unsigned_abs();
        }
        if 128 - most.leading_zeros() + bits_of(rows) > BITS {
            return None;
        }
        Some(FixedSums::whole(rows, |row| value(row).unwrap_or(0)))
    }

    /// As [`FixedSums::integers`], of 64 bits: always fits.
    pub fn words(values: &[i64], taken: impl Fn(usize) -> bool) -> FixedSums {
        FixedSums::whole(values.len(), |row| i128::from(if taken(row) { values[row] } else { 0 }))
    }

    fn whole(rows: usize, value: impl Fn(usize) -> i128) -> FixedSums {
        FixedSums {
            unit: Unit::new(0),
            sums: prefix_sums(rows, value),
            specials: None,
        }
    }

    /// In what the sums count.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The sums of the first 0, 1, 2, … values (of the finite ones among them).
    pub fn sums(&self) -> &[i128] {
        &self.sums
    }

    /// NaNs and infinities among the first 0, 1, 2, … values, when there are any.
    pub fn specials(&self) -> Option<&[Specials]> {
        self.specials.as_deref()
    }
}

/// The sums of the first 0, 1, 2, … values.
#[inline]
fn prefix_sums(rows: usize, value: impl Fn(usize) -> i128) -> Vec<i128> {
    let mut sums = Vec::with_capacity(rows + 1);
    let mut sum = 0;
    sums.push(sum);
    sums.extend((0..rows).map(|row| {
        sum += value(row);
        sum
    }));
    sums
}

/// Bits of a count.
fn bits_of(count: usize) -> u32 {
    usize::BITS - count.leading_zeros()
}

/// A power of two in which fixed-point numbers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    exponent: i32,
    /// Whether all results are normal numbers, so that scaling by powers of two is exact.
    normal: bool,
}

impl Unit {
    /// The unit 2^exponent.
    pub fn new(exponent: i32) -> Unit {
        Unit {
            exponent,
            normal: (-700..=700).contains(&exponent),
        }
    }

    pub(super) fn exponent(self) -> i32 {
        self.exponent
    }

    /// The number rounded once to float64, half to even; infinity beyond the range. Never −0.0.
    #[inline]
    pub fn round(self, value: i128) -> f64 {
        if !self.normal {
            return self.quotient(value, 1);
        }
        let magnitude = value.unsigned_abs();
        let shift = (magnitude | 1).leading_zeros();
        let bits = magnitude << shift;
        // 62 leading bits, the last of them "or more": enough for one correct rounding by the conversion.
        let top = (bits >> 66) as i64 | i64::from(bits << 62 != 0);
        signed(value < 0, top as f64 * power(self.exponent + 66 - shift as i32))
    }

    /// The exact quotient by `divisor` rounded once to float64. By 0: NaN.
    #[inline]
    pub fn divide(self, value: i128, divisor: u64) -> f64 {
        if divisor & divisor.wrapping_sub(1) == 0 && divisor != 0 && self.normal {
            let unit = self.exponent - divisor.trailing_zeros() as i32;
            return Unit {
                exponent: unit,
                normal: true,
            }
            .round(value);
        }
        self.quotient(value, divisor)
    }

    fn quotient(self, value: i128, divisor: u64) -> f64 {
        if divisor == 0 {
            return NAN;
        }
        if value == 0 {
            return 0.0;
        }
        let magnitude = value.unsigned_abs();
        let shift = magnitude.leading_zeros();
        let bits = magnitude << shift;
        // 2^126 ≤ half < 2^127 and 2^63 ≤ divisor: the quotient fits 64 bits and has at least 63.
        let (up, half) = (divisor.leading_zeros(), bits >> 1);
        let by = u128::from(divisor << up);
        let quotient = (half / by) as u64;
        let more = half != u128::from(quotient) * by || bits & 1 != 0;
        let exponent = self.exponent - shift as i32 + up as i32 + 1;
        let rounded = if self.normal {
            let top = (quotient >> 2) as i64 | i64::from(more || quotient & 3 != 0);
            top as f64 * power(exponent + 2)
        } else {
            let up = quotient.leading_zeros();
            round_bits(u128::from(quotient << up) << 64, exponent - 64 - up as i32, more)
        };
        signed(value < 0, rounded)
    }
}

#[inline]
fn signed(negative: bool, magnitude: f64) -> f64 {
    f64::from_bits(magnitude.to_bits() | u64::from(negative && magnitude != 0.0) << 63)
}

/// 2^`exponent`, for normal numbers.
#[inline]
fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}
