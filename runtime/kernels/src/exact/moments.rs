//! Mean and variance of scaled numbers from exact power sums: exact numerator and denominator, one rounding.

use super::ExactSum;
use super::round::{Magnitude, positive_quotient};
use crate::ratio::big_ratio_to_f64;
use crate::value::NAN;
use num_bigint::{BigInt, BigUint, Sign};

/// `sum / (count · 10^scale)` rounded once; NaN and infinities decide first. NaN for a count of 0.
pub fn mean_scaled(sum: &ExactSum, count: u64, scale: u8) -> f64 {
    if let Some(outcome) = sum.outcome() {
        return outcome;
    }
    match 10u64
        .checked_pow(u32::from(scale))
        .and_then(|power| power.checked_mul(count))
    {
        Some(divisor) => sum.div_round(divisor),
        None => {
            let (numerator, exponent) = sum.to_bigint();
            ratio(
                numerator,
                exponent,
                BigInt::from(count) * BigInt::from(10).pow(u32::from(scale)),
            )
        }
    }
}

/// The variance of `count` numbers that are 10^-scale times what was summed: `(n·Σx² − (Σx)²) / (n·(n − 1))`, or by `n²`
/// for the population, rounded once. NaN if a NaN or infinity is among them; `None` below two values (population: one).
pub fn variance(count: u64, sum: &ExactSum, squares: &ExactSum, scale: u8, population: bool) -> Option<f64> {
    if count < if population { 1 } else { 2 } {
        return None;
    }
    if sum.specials.is_some() || squares.specials.is_some() {
        return Some(NAN);
    }
    let Some((numerator, base)) = numerator(count, sum, squares) else {
        return Some(NAN);
    };
    let last = if population { count } else { count - 1 };
    let small = 100u64
        .checked_pow(u32::from(scale))
        .and_then(|power| power.checked_mul(count))
        .and_then(|divisor| divisor.checked_mul(last));
    Some(match small {
        Some(divisor) => positive_quotient(base, Magnitude::unsigned(&numerator), divisor),
        None => {
            let words = numerator
                .iter()
                .flat_map(|limb| [*limb as u32, (*limb >> 32) as u32])
                .collect();
            let divisor = BigInt::from(count) * BigInt::from(last) * BigInt::from(100).pow(u32::from(scale));
            ratio(
                BigInt::from_biguint(Sign::Plus, BigUint::new(words)),
                64 * base,
                divisor,
            )
        }
    })
}

/// `numerator · 2^exponent / denominator`, rounded once.
fn ratio(numerator: BigInt, exponent: i32, denominator: BigInt) -> f64 {
    if denominator == BigInt::ZERO {
        return NAN;
    }
    if exponent >= 0 {
        big_ratio_to_f64(&(numerator << exponent), &denominator)
    } else {
        big_ratio_to_f64(&numerator, &(denominator << -exponent))
    }
}

/// `count · squares − sum²` as limbs without sign and the position of the first; `None` if it were negative, which no
/// power sums of real numbers are.
fn numerator(count: u64, sum: &ExactSum, squares: &ExactSum) -> Option<(Vec<u64>, i32)> {
    let (sum_base, sum_limbs) = sum.parts();
    let (squares_base, squares_limbs) = squares.parts();
    if squares_limbs.last().is_some_and(|top| (*top as i64) < 0) {
        return None;
    }
    let (square_base, base) = (2 * sum_base, squares_base.min(2 * sum_base));
    let end = (squares_base + squares_limbs.len() as i32 + 1).max(square_base + 2 * sum_limbs.len() as i32);
    let mut total = vec![0u64; (end - base) as usize];
    add_multiple(&mut total[(squares_base - base) as usize..], squares_limbs, count);
    let magnitude: Vec<u64> = Magnitude::of(sum_limbs).limbs().collect();
    let mut square = vec![0u64; 2 * magnitude.len()];
    for (position, limb) in magnitude.iter().enumerate() {
        add_multiple(&mut square[position..], &magnitude, *limb);
    }
    let mut borrow = false;
    let offset = (square_base - base) as usize;
    for (position, to) in total.iter_mut().enumerate().skip(offset) {
        let limb = square.get(position - offset).copied().unwrap_or(0);
        let (next, first) = to.overflowing_sub(limb);
        let (next, second) = next.overflowing_sub(u64::from(borrow));
        (*to, borrow) = (next, first | second);
    }
    (!borrow).then_some((total, base))
}

/// `to += limbs · factor`; `to` is long enough for the carry.
fn add_multiple(to: &mut [u64], limbs: &[u64], factor: u64) {
    let mut carry = 0u128;
    let (low, high) = to.split_at_mut(limbs.len());
    for (to, limb) in low.iter_mut().zip(limbs) {
        let next = u128::from(*limb) * u128::from(factor) + u128::from(*to) + carry;
        *to = next as u64;
        carry = next >> 64;
    }
    for to in high {
        if carry == 0 {
            return;
        }
        let next = u128::from(*to) + carry;
        *to = next as u64;
        carry = next >> 64;
    }
}
