//! Exact sums of floats, integers, products and squares: a commutative group with one rounding at the end.
//!
//! An [`ExactSum`] is a fixed-point number `Σ limbs[i] · 2^(64·(base + i))` in two's complement, of which only a window of
//! 64-bit limbs is stored. Limb 0 has weight 2^0, so integers are aligned; the least bit of a float (2^-1074) lies in
//! limb −17, that of a product of two floats (2^-2148) in limb −34. The window holds four limbs inline and moves or grows
//! on demand. NaN and the infinities are counted beside it, so that they too can be subtracted.
//!
//! Equal multisets give equal values, whatever the order of additions: equality looks at the value, not at the window.
//!
//! Source of the idea: R. M. Neal, "Fast exact summation using small and large superaccumulators" (2015), with a moving
//! window instead of a full-range accumulator.

mod comoments;
mod fixed;
mod limbs;
mod memory;
mod moments;
mod powers;
mod prefix;
mod round;
mod squares;

pub use comoments::{Comoments, correlation, covariance, intercept, quotient, slope};
pub use fixed::{FixedSums, Unit};
pub use moments::{mean_scaled, variance};
pub use powers::{Powers, kurtosis, skewness};
pub use prefix::PrefixExact;
pub use squares::{FixedMoments, Wide};

use limbs::{Carry, accumulate, has_room, place, product, significant, split, square};
use num_bigint::{BigInt, BigUint, Sign};

/// Limbs that need no allocation.
const INLINE: usize = 4;
/// Where the window stands at first: limbs −2 to 1, for floats of everyday size and their products.
const FIRST_BASE: i16 = -2;

/// An exact sum. See the module.
#[derive(Debug, Clone)]
pub struct ExactSum {
    /// The position of the first limb of the window.
    base: i16,
    limbs: Limbs,
    specials: Option<Box<Specials>>,
}

/// A two's-complement number of `len` limbs, least first; `len` ≥ [`INLINE`].
#[derive(Debug, Clone)]
enum Limbs {
    Inline([u64; INLINE]),
    Heap(Vec<u64>),
}

/// How many NaNs and infinities were added (less those subtracted). Absent when all are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Specials {
    pub(crate) nan: i64,
    pub(crate) positive: i64,
    pub(crate) negative: i64,
}

impl Specials {
    fn note(&mut self, value: f64) {
        let counter = if value.is_nan() {
            &mut self.nan
        } else if value > 0.0 {
            &mut self.positive
        } else {
            &mut self.negative
        };
        *counter = counter.wrapping_add(1);
    }

    /// The counters over the first 0, 1, 2, … of the values that are taken; `None` when all are finite.
    fn running(values: &[f64], taken: impl Fn(usize) -> bool) -> Option<Vec<Specials>> {
        let special = |row: usize| !values[row].is_finite() && taken(row);
        if !(0..values.len()).any(special) {
            return None;
        }
        let mut counters = Specials::default();
        let mut all = Vec::with_capacity(values.len() + 1);
        all.push(counters);
        for (row, value) in values.iter().enumerate() {
            if special(row) {
                counters.note(*value);
            }
            all.push(counters);
        }
        Some(all)
    }

    /// Adds other counters.
    pub fn add(&mut self, other: Specials) {
        self.nan = self.nan.wrapping_add(other.nan);
        self.positive = self.positive.wrapping_add(other.positive);
        self.negative = self.negative.wrapping_add(other.negative);
    }

    /// Takes other counters back.
    pub fn subtract(&mut self, other: Specials) {
        self.nan = self.nan.wrapping_sub(other.nan);
        self.positive = self.positive.wrapping_sub(other.positive);
        self.negative = self.negative.wrapping_sub(other.negative);
    }

    /// What the sum is because of them, if any counter says so.
    pub fn outcome(&self) -> Option<f64> {
        match (self.nan != 0, self.positive != 0, self.negative != 0) {
            (true, _, _) | (false, true, true) => Some(crate::value::NAN),
            (false, true, false) => Some(f64::INFINITY),
            (false, false, true) => Some(f64::NEG_INFINITY),
            (false, false, false) => None,
        }
    }
}

impl Default for ExactSum {
    fn default() -> Self {
        ExactSum::new()
    }
}

impl PartialEq for ExactSum {
    fn eq(&self, other: &ExactSum) -> bool {
        self.parts() == other.parts() && self.specials == other.specials
    }
}

impl Eq for ExactSum {}

impl ExactSum {
    /// Zero.
    pub const fn new() -> ExactSum {
        ExactSum {
            base: FIRST_BASE,
            limbs: Limbs::Inline([0; INLINE]),
            specials: None,
        }
    }

    /// A two's-complement number whose first limb stands at `base`.
    pub(crate) fn from_window(base: i32, window: &[u64], specials: Option<Specials>) -> ExactSum {
        let mut sum = ExactSum::new();
        let (low, len) = significant(window);
        sum.add_signed(base + low as i32, &window[low..low + len], false);
        sum.specials = specials.map(Box::new);
        sum.drop_empty_specials();
        sum
    }

    #[inline]
    fn window(&self) -> &[u64] {
        match &self.limbs {
            Limbs::Inline(limbs) => limbs,
            Limbs::Heap(limbs) => limbs,
        }
    }

    /// The canonical form: position of the first limb and the significant limbs (none for zero).
    fn parts(&self) -> (i32, &[u64]) {
        let window = self.window();
        let (low, len) = significant(window);
        if len == 0 {
            (0, &[])
        } else {
            (i32::from(self.base) + low as i32, &window[low..low + len])
        }
    }

    /// Whether it is the sum of nothing: zero, without NaN or infinity.
    pub fn is_zero(&self) -> bool {
        self.specials.is_none() && self.window().iter().all(|limb| *limb == 0)
    }

    /// Adds a float (of any kind) exactly.
    #[inline]
    pub fn add_f64(&mut self, value: f64) {
        if !value.is_finite() {
            return self.note_special(value);
        }
        let (negative, mantissa, exponent) = split(value);
        if mantissa != 0 {
            let shifted = u128::from(mantissa) << (exponent & 63);
            self.add_at([shifted as u64, (shifted >> 64) as u64], exponent >> 6, negative);
        }
    }

    /// Adds an integer exactly.
    #[inline]
    pub fn add_i128(&mut self, value: i128) {
        let magnitude = value.unsigned_abs();
        if magnitude != 0 {
            self.add_at([magnitude as u64, (magnitude >> 64) as u64], 0, value < 0);
        }
    }

    /// Adds the exact product of two floats. A NaN factor counts as NaN, zero times infinity too.
    #[inline]
    pub fn add_product(&mut self, left: f64, right: f64) {
        if !(left.is_finite() && right.is_finite()) {
            return self.note_special(left * right);
        }
        let (left_negative, left, left_exponent) = split(left);
        let (right_negative, right, right_exponent) = split(right);
        let mantissa = u128::from(left) * u128::from(right);
        if mantissa != 0 {
            let (limbs, at) = place(mantissa, left_exponent + right_exponent);
            self.add_at(limbs, at, left_negative != right_negative);
        }
    }

    /// Adds the exact product of two integers.
    #[inline]
    pub fn add_product_i128(&mut self, left: i128, right: i128) {
        if left != 0 && right != 0 {
            let limbs = product(left.unsigned_abs(), right.unsigned_abs());
            self.add_at(limbs, 0, (left < 0) != (right < 0));
        }
    }

    /// Adds the exact square of an integer.
    #[inline]
    pub fn add_square_i128(&mut self, value: i128) {
        if value != 0 {
            self.add_at(square(value), 0, false);
        }
    }

    #[cold]
    fn note_special(&mut self, value: f64) {
        self.specials.get_or_insert_default().note(value);
        self.drop_empty_specials();
    }

    fn drop_empty_specials(&mut self) {
        if self.specials.as_deref() == Some(&Specials::default()) {
            self.specials = None;
        }
    }

    /// Adds unsigned limbs, or their negation, at a position.
    #[inline]
    fn add_at<const K: usize>(&mut self, limbs: [u64; K], at: i32, negative: bool) {
        let offset = (at - i32::from(self.base)) as usize; // negative distances become huge and fail the check
        let window: &mut [u64] = match &mut self.limbs {
            Limbs::Inline(limbs) => limbs,
            Limbs::Heap(limbs) => limbs,
        };
        if offset < window.len() && offset + K < window.len() && has_room(window) {
            accumulate(&mut window[offset..], limbs, negative);
        } else {
            self.move_window(at, at + K as i32);
            let offset = (at - i32::from(self.base)) as usize;
            match &mut self.limbs {
                Limbs::Inline(window) => accumulate(&mut window[offset..], limbs, negative),
                Limbs::Heap(window) => accumulate(&mut window[offset..], limbs, negative),
            }
        }
    }

    /// Makes the window hold the current value and limbs `from..to`, with a limb above both for carries.
    #[cold]
    fn move_window(&mut self, from: i32, to: i32) {
        let (base, limbs) = self.parts();
        let sign = limbs.last().map_or(0, |top| ((*top as i64) >> 63) as u64);
        let (low, high) = if limbs.is_empty() {
            (from, to + 1)
        } else {
            (base.min(from), (base + limbs.len() as i32).max(to) + 1)
        };
        let needed = (high - low) as usize;
        // One limb to spare below where that is free, and where the window has outgrown the inline limbs anyway.
        let spare = if needed == INLINE { 0 } else { 1 };
        let low = low - spare;
        let start = if limbs.is_empty() { 0 } else { (base - low) as usize };
        let fill = |window: &mut [u64]| {
            window[..start].fill(0);
            window[start..start + limbs.len()].copy_from_slice(limbs);
        };
        self.limbs = if needed <= INLINE {
            let mut window = [sign; INLINE];
            fill(&mut window);
            Limbs::Inline(window)
        } else {
            let mut window = vec![sign; needed + spare as usize];
            fill(&mut window);
            Limbs::Heap(window)
        };
        self.base = i16::try_from(low).expect("limb positions of floats, products and integers lie within ±100");
    }

    /// Adds two's-complement limbs, or their negation, at a position.
    fn add_signed(&mut self, at: i32, limbs: &[u64], negate: bool) {
        let Some(top) = limbs.last() else { return };
        let offset = (at - i32::from(self.base)) as usize;
        let window = self.window();
        if !(offset < window.len() && offset + limbs.len() < window.len() && has_room(window)) {
            self.move_window(at, at + limbs.len() as i32);
        }
        let offset = (at - i32::from(self.base)) as usize;
        let window: &mut [u64] = match &mut self.limbs {
            Limbs::Inline(limbs) => limbs,
            Limbs::Heap(limbs) => limbs,
        };
        let flip = if negate { u64::MAX } else { 0 };
        let extension = (((*top as i64) >> 63) as u64) ^ flip;
        let mut carry = negate;
        let (low, high) = window[offset..].split_at_mut(limbs.len());
        for (to, limb) in low.iter_mut().zip(limbs) {
            (*to, carry) = to.carrying(limb ^ flip, carry);
        }
        for to in high {
            (*to, carry) = to.carrying(extension, carry);
        }
    }

    fn merge(&mut self, other: &ExactSum, negate: bool) {
        let (at, limbs) = other.parts();
        self.add_signed(at, limbs, negate);
        if let Some(theirs) = &other.specials {
            let ours = self.specials.get_or_insert_default();
            if negate {
                ours.subtract(**theirs);
            } else {
                ours.add(**theirs);
            }
            self.drop_empty_specials();
        }
    }

    /// Adds another sum.
    pub fn combine(&mut self, other: &ExactSum) {
        self.merge(other, false);
    }

    /// Takes another sum back.
    pub fn subtract(&mut self, other: &ExactSum) {
        self.merge(other, true);
    }

    /// The sum rounded once to float64, half to even: NaN if a NaN or both infinities were added, an infinity if one was
    /// or if the value lies beyond the range. Zero is +0.0.
    pub fn round(&self) -> f64 {
        self.div_round(1)
    }

    /// The exact quotient by `divisor` rounded once to float64. By 0: NaN.
    pub fn div_round(&self, divisor: u64) -> f64 {
        if let Some(outcome) = self.outcome() {
            return outcome;
        }
        if divisor == 0 {
            return crate::value::NAN;
        }
        let (base, limbs) = self.parts();
        round::quotient(base, limbs, divisor)
    }

    /// What NaNs and infinities make of the sum; `None` when there are none.
    pub fn outcome(&self) -> Option<f64> {
        self.specials.as_deref().and_then(Specials::outcome)
    }

    /// The value as an integer, when it is one and fits, and nothing special was added.
    pub fn to_i128(&self) -> Option<i128> {
        let (base, limbs) = self.parts();
        let Some(top) = limbs.last() else {
            return self.specials.is_none().then_some(0);
        };
        let sign = ((*top as i64) >> 63) as u64;
        if self.specials.is_some() || base < 0 || base as usize + limbs.len() > 2 {
            return None;
        }
        let mut words = [sign; 2];
        words[..base as usize].fill(0);
        words[base as usize..base as usize + limbs.len()].copy_from_slice(limbs);
        Some((u128::from(words[1]) << 64 | u128::from(words[0])) as i128)
    }

    /// The finite part as `integer · 2^exponent`.
    pub fn to_bigint(&self) -> (BigInt, i32) {
        let (base, limbs) = self.parts();
        let negative = limbs.last().is_some_and(|top| (*top as i64) < 0);
        let mut magnitude: Vec<u32> = Vec::with_capacity(2 * limbs.len());
        for limb in round::Magnitude::of(limbs).limbs() {
            magnitude.extend([limb as u32, (limb >> 32) as u32]);
        }
        let sign = if negative { Sign::Minus } else { Sign::Plus };
        (BigInt::from_biguint(sign, BigUint::new(magnitude)), 64 * base)
    }
}

#[cfg(test)]
pub(crate) mod slow;
#[cfg(test)]
mod tests;
