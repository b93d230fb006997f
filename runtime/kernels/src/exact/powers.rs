//! Sums of the first four powers: skewness and kurtosis, with exact numerator and denominator and one rounding.

use super::ExactSum;
use super::comoments::{Exact, root};
use super::limbs::{product, split};
use crate::value::NAN;
use num_bigint::{BigInt, Sign};

/// Power sums of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Powers {
    pub count: i64,
    /// Of the numbers, their squares, cubes and fourth powers. NaN and infinities are counted in the first alone.
    sums: [ExactSum; 4],
}

impl Powers {
    /// The memory that it has allocated, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.sums.iter().map(ExactSum::heap_bytes).sum()
    }

    /// Adds the first so many powers of a float.
    pub fn add_f64(&mut self, value: f64, powers: usize) {
        self.count = self.count.wrapping_add(1);
        self.sums[0].add_f64(value);
        if !value.is_finite() {
            return;
        }
        let (negative, mantissa, exponent) = split(value);
        self.add_powers(u128::from(mantissa), exponent, negative, powers);
    }

    /// Adds the first so many powers of an integer.
    pub fn add_i128(&mut self, value: i128, powers: usize) {
        self.count = self.count.wrapping_add(1);
        self.sums[0].add_i128(value);
        self.add_powers(value.unsigned_abs(), 0, value < 0, powers);
    }

    /// Adds the powers from the second on.
    fn add_powers(&mut self, magnitude: u128, exponent: i32, negative: bool, powers: usize) {
        if magnitude == 0 {
            return;
        }
        let squared = product(magnitude, magnitude);
        self.sums[1].add_scaled(&squared, 2 * exponent, false);
        if magnitude >> 64 == 0 {
            // The square has two limbs, so that four hold the other powers.
            let square = magnitude * magnitude;
            self.sums[2].add_scaled(&product(square, magnitude), 3 * exponent, negative);
            if powers > 3 {
                self.sums[3].add_scaled(&product(square, square), 4 * exponent, false);
            }
        } else {
            let one = [magnitude as u64, (magnitude >> 64) as u64];
            self.sums[2].add_scaled(&times(squared, &one), 3 * exponent, negative);
            if powers > 3 {
                self.sums[3].add_scaled(&times(squared, &squared), 4 * exponent, false);
            }
        }
    }

    /// Adds the sums of other numbers.
    pub fn combine(&mut self, other: &Powers) {
        self.count = self.count.wrapping_add(other.count);
        for (ours, theirs) in self.sums.iter_mut().zip(&other.sums) {
            ours.combine(theirs);
        }
    }

    /// Takes the sums of other numbers back.
    pub fn subtract(&mut self, other: &Powers) {
        self.count = self.count.wrapping_sub(other.count);
        for (ours, theirs) in self.sums.iter_mut().zip(&other.sums) {
            ours.subtract(theirs);
        }
    }

    fn power(&self, power: usize) -> Exact {
        Exact::of(&self.sums[power - 1])
    }

    /// `n·Σx² − (Σx)²`, which is n times the sum of the squares of the distances from the mean.
    fn second(&self) -> Exact {
        let sum = self.power(1);
        self.power(2).scaled(self.count).minus(sum.clone().times(sum))
    }

    /// `n²·Σx³ − Σx·(3n·Σx² − 2·(Σx)²)`: n² times the sum of the cubes of the distances from the mean.
    fn third(&self) -> Exact {
        let (n, sum) = (BigInt::from(self.count), self.power(1));
        let inner = self
            .power(2)
            .scaled(3 * &n)
            .minus(sum.clone().times(sum.clone()).scaled(2));
        self.power(3).scaled(&n * &n).minus(sum.times(inner))
    }

    /// `n³·Σx⁴ − Σx·(4n²·Σx³ − Σx·(6n·Σx² − 3·(Σx)²))`: n³ times the sum of the fourth powers of the distances from the mean.
    fn fourth(&self) -> Exact {
        let (n, sum) = (BigInt::from(self.count), self.power(1));
        let inner = self
            .power(2)
            .scaled(6 * &n)
            .minus(sum.clone().times(sum.clone()).scaled(3));
        let inner = self.power(3).scaled(4 * &n * &n).minus(sum.clone().times(inner));
        self.power(4).scaled(&n * &n * &n).minus(sum.times(inner))
    }
}

impl ExactSum {
    /// Adds `limbs · 2^exponent`, or its negation.
    fn add_scaled(&mut self, limbs: &[u64], exponent: i32, negative: bool) {
        let (shift, at) = (exponent & 63, exponent >> 6);
        let len = limbs.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1);
        let mut shifted = [0; 10];
        for (position, limb) in limbs[..len].iter().enumerate() {
            let wide = u128::from(*limb) << shift;
            shifted[position] |= wide as u64;
            shifted[position + 1] = (wide >> 64) as u64;
        }
        // With a limb of zeros above, it is a number in two's complement.
        let len = len + usize::from(shifted[len] != 0) + 1;
        self.add_signed(at, &shifted[..len], negative);
    }
}

/// The product of limbs without sign.
fn times(left: [u64; 4], right: &[u64]) -> [u64; 8] {
    let mut limbs = [0u64; 8];
    for (position, factor) in right.iter().enumerate() {
        let mut carry = 0u128;
        for (offset, other) in left.into_iter().enumerate() {
            let to = &mut limbs[position + offset];
            let next = u128::from(*factor) * u128::from(other) + u128::from(*to) + carry;
            *to = next as u64;
            carry = next >> 64;
        }
        limbs[position + 4] = carry as u64;
    }
    limbs
}

/// The adjusted skewness of a sample, `√(n·(n − 1))/(n − 2) · m₃/√m₂³`, rounded once: with `a = n·Σ²` and `b = n²·Σ³` of the
/// distances from the mean, it is the root of `n·(n − 1)·b² / ((n − 2)²·a³)` with the sign of `b`. NaN if a NaN or an infinity is
/// among the numbers; `None` below three, and where all are equal.
pub fn skewness(powers: &Powers) -> Option<f64> {
    let n = BigInt::from(powers.count);
    if powers.count < 3 {
        return None;
    }
    if powers.sums[0].outcome().is_some() {
        return Some(NAN);
    }
    let (second, third) = (powers.second(), powers.third());
    let (pairs, less): (BigInt, BigInt) = (&n * (&n - 1u32), &n - 2u32);
    let top = third.integer.magnitude().pow(2) * pairs.magnitude();
    let bottom = second.integer.magnitude().pow(3) * less.magnitude().pow(2);
    let exponent = 2 * third.exponent - 3 * second.exponent;
    let is_negative = third.integer.sign() == Sign::Minus;
    second.is_positive().then(|| root(is_negative, top, bottom, exponent))
}

/// The adjusted excess kurtosis of a sample, `(n − 1)/((n − 2)·(n − 3)) · ((n + 1)·m₄/m₂² − 3·(n − 1))`, rounded once: with `a` as
/// for the skewness and `c = n³·Σ⁴`, m₄/m₂² is c/a². NaN if a NaN or an infinity is among the numbers; `None` below four, and
/// where all are equal.
pub fn kurtosis(powers: &Powers) -> Option<f64> {
    let n = BigInt::from(powers.count);
    if powers.count < 4 {
        return None;
    }
    if powers.sums[0].outcome().is_some() {
        return Some(NAN);
    }
    let second = powers.second();
    let squared = second.clone().times(second.clone());
    let normal: BigInt = 3 * (&n - 1u32);
    let top = powers.fourth().scaled(&n + 1u32).minus(squared.clone().scaled(normal));
    let bottom = squared.scaled((&n - 2u32) * (&n - 3u32));
    second.is_positive().then(|| top.scaled(&n - 1u32).over(bottom))
}
