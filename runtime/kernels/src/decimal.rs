//! Exact arithmetic on decimals: `i128` counted in units of 10^-scale, at most 38 digits.
//!
//! Results that do not fit are `None`; intermediate results may take 256 bits and more. Rounding is half to even.

use crate::ratio::{big_ratio_to_f64, ratio_to_f64};
use num_bigint::BigInt;
use std::cmp::Ordering;

/// 10^0 to 10^38.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < 39 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// 10^`exponent` where that fits (up to 38).
#[inline]
pub fn power_of_ten(exponent: u32) -> Option<i128> {
    POWERS.get(exponent as usize).copied()
}

/// Whether the value has at most `precision` digits.
#[inline]
pub fn fits(value: i128, precision: u8) -> bool {
    let limit = POWERS[usize::from(precision.min(38))];
    -limit < value && value < limit
}

/// The value if it has at most `precision` digits.
#[inline]
pub fn fitting(value: i128, precision: u8) -> Option<i128> {
    fits(value, precision).then_some(value)
}

/// `value` with another scale, rounded half to even. Scales here may exceed 38 (those of products).
#[inline]
pub fn rescale(value: i128, from: u32, to: u32) -> Option<i128> {
    match to.cmp(&from) {
        Ordering::Equal => Some(value),
        Ordering::Greater => match power_of_ten(to - from) {
            Some(power) => value.checked_mul(power),
            None => (value == 0).then_some(0),
        },
        // |value| < 2^127 < 10^39 / 2: with more digits to drop nothing is left.
        Ordering::Less => Some(power_of_ten(from - to).map_or(0, |power| divide_half_even(value, power))),
    }
}

/// `num / den` rounded half to even; `den` is positive.
#[inline]
pub fn divide_half_even(num: i128, den: i128) -> i128 {
    let (quotient, rest) = (num.div_euclid(den), num.rem_euclid(den));
    match rest.cmp(&(den - rest)) {
        Ordering::Less => quotient,
        Ordering::Greater => quotient + 1,
        Ordering::Equal => quotient + (quotient & 1),
    }
}

/// The float nearest to the multiple of 10^-`digits` that is nearest to the value, exactly; both half to even. `digits` is at most
/// 38. NaN and the infinities stay.
pub fn round_f64(value: f64, digits: u8) -> f64 {
    // What does not fit is at least 10^(38 - digits): far less than half of a unit in its last place is rounded there.
    from_f64(value, 38, digits).map_or(value, |units| to_f64(units, digits))
}

/// The order of `left`·10^-`left_scale` and `right`·10^-`right_scale`.
#[inline]
pub fn compare(left: i128, left_scale: u8, right: i128, right_scale: u8) -> Ordering {
    // A side that overflows when scaled up is further from 0 than the other.
    if left_scale >= right_scale {
        match rescale(right, u32::from(right_scale), u32::from(left_scale)) {
            Some(right) => left.cmp(&right),
            None => 0.cmp(&right),
        }
    } else {
        compare(right, right_scale, left, left_scale).reverse()
    }
}

/// `left` + `right` (both with their scales) with `precision` and `scale`.
pub fn add(left: (i128, u8), right: (i128, u8), precision: u8, scale: u8) -> Option<i128> {
    let common = u32::from(left.1.max(right.1));
    let exact = || {
        let left = rescale(left.0, u32::from(left.1), common)?;
        left.checked_add(rescale(right.0, u32::from(right.1), common)?)
    };
    match exact() {
        Some(sum) => fitting(rescale(sum, common, u32::from(scale))?, precision),
        None => {
            let scaled = |(value, own): (i128, u8)| BigInt::from(value) * big_power(common - u32::from(own));
            fitting(
                big_rescale(scaled(left) + scaled(right), common, u32::from(scale))?,
                precision,
            )
        }
    }
}

/// `left` · `right` (both with their scales) with `precision` and `scale`.
pub fn multiply(left: (i128, u8), right: (i128, u8), precision: u8, scale: u8) -> Option<i128> {
    let exact_scale = u32::from(left.1) + u32::from(right.1);
    let product = match left.0.checked_mul(right.0) {
        Some(product) => rescale(product, exact_scale, u32::from(scale))?,
        None if exact_scale <= u32::from(scale) => return None,
        None => big_rescale(BigInt::from(left.0) * right.0, exact_scale, u32::from(scale))?,
    };
    fitting(product, precision)
}

/// The exact quotient `left / right` (both with their scales) with `precision` and `scale`; `right` is not 0.
pub fn divide(left: (i128, u8), right: (i128, u8), precision: u8, scale: u8) -> Option<i128> {
    // left·10^-a / (right·10^-b) = left·10^(b + scale − a) / right units of 10^-scale.
    let shift = i32::from(right.1) + i32::from(scale) - i32::from(left.1);
    let power = power_of_ten(shift.unsigned_abs());
    let narrow = || {
        let (num, den) = if shift >= 0 {
            (left.0.checked_mul(power?)?, right.0)
        } else {
            (left.0, right.0.checked_mul(power?)?)
        };
        Some(if den > 0 {
            (num, den)
        } else {
            (num.checked_neg()?, den.checked_neg()?)
        })
    };
    let quotient = match narrow() {
        Some((num, den)) => divide_half_even(num, den),
        None => {
            let (mut num, mut den) = (BigInt::from(left.0), BigInt::from(right.0));
            let scaled = if shift >= 0 { &mut num } else { &mut den };
            *scaled *= big_power(shift.unsigned_abs());
            i128::try_from(big_divide_half_even(&num, &den)).ok()?
        }
    };
    fitting(quotient, precision)
}

/// The exact quotient `left / right` (both with their scales) rounded once to binary64; `right` is not 0.
pub fn ratio(left: (i128, u8), right: (i128, u8)) -> f64 {
    let shift = i32::from(right.1) - i32::from(left.1);
    let power = power_of_ten(shift.unsigned_abs()).unwrap_or(1); // scales are at most 38
    let narrow = if shift >= 0 {
        left.0.checked_mul(power).map(|num| (num, right.0))
    } else {
        right.0.checked_mul(power).map(|den| (left.0, den))
    };
    match narrow {
        Some((num, den)) => ratio_to_f64(num, den),
        None if shift >= 0 => big_ratio_to_f64(&(BigInt::from(left.0) * power), &BigInt::from(right.0)),
        None => big_ratio_to_f64(&BigInt::from(left.0), &(BigInt::from(right.0) * power)),
    }
}

/// `value`·10^-`scale` rounded once to binary64.
#[inline]
pub fn to_f64(value: i128, scale: u8) -> f64 {
    ratio_to_f64(value, POWERS[usize::from(scale.min(38))])
}

/// The exact value of the float with `precision` and `scale`; `None` for NaN, infinities, and what does not fit.
pub fn from_f64(value: f64, precision: u8, scale: u8) -> Option<i128> {
    if !value.is_finite() {
        return None;
    }
    // value = ±mantissa·2^exponent.
    let bits = value.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i128;
    let (mantissa, exponent) = if biased == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, biased - 1075)
    };
    let signed = if value < 0.0 { -mantissa } else { mantissa };
    let power = power_of_ten(u32::from(scale))?;
    let units = match signed.checked_mul(power) {
        Some(num) if (-126..=0).contains(&exponent) => divide_half_even(num, 1 << -exponent),
        _ if exponent >= 0 => i128::try_from((BigInt::from(signed) * power) << exponent).ok()?,
        _ => {
            let den = BigInt::from(1) << -exponent;
            i128::try_from(big_divide_half_even(&(BigInt::from(signed) * power), &den)).ok()?
        }
    };
    fitting(units, precision)
}

/// Reads `[+-]digits[.digits]` (a digit on at least one side of the point) with `precision` and `scale`; further
/// digits are rounded half to even. `None` when malformed or when it does not fit.
pub fn parse(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let (negative, unsigned) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let point = unsigned.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&unsigned[..at], &unsigned[at + 1..]),
        None => (unsigned, &[][..]),
    };
    if whole.is_empty() && fraction.is_empty() || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return None;
    }
    let scale = usize::from(scale);
    let kept = &fraction[..fraction.len().min(scale)];
    let dropped = &fraction[kept.len()..];
    let mut units: i128 = 0;
    for digit in whole.iter().chain(kept) {
        units = units.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    units = units.checked_mul(power_of_ten((scale - kept.len()) as u32)?)?;
    let up = match dropped.split_first() {
        None => false,
        Some((b'5', rest)) => units & 1 == 1 || rest.iter().any(|digit| *digit != b'0'),
        Some((first, _)) => *first > b'5',
    };
    units = units.checked_add(i128::from(up))?;
    fitting(if negative { -units } else { units }, precision)
}

fn big_power(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// `num / den` rounded half to even; `den` is not 0.
pub fn big_divide_half_even(num: &BigInt, den: &BigInt) -> BigInt {
    let negative = (num.sign() == num_bigint::Sign::Minus) != (den.sign() == num_bigint::Sign::Minus);
    let (num, den) = (num.magnitude(), den.magnitude());
    let quotient = num / den;
    let twice_rest: num_bigint::BigUint = (num - &quotient * den) << 1;
    let up = match twice_rest.cmp(den) {
        Ordering::Less => false,
        Ordering::Equal => quotient.bit(0),
        Ordering::Greater => true,
    };
    let magnitude = BigInt::from(if up { quotient + 1u8 } else { quotient });
    if negative { -magnitude } else { magnitude }
}

fn big_rescale(value: BigInt, from: u32, to: u32) -> Option<i128> {
    let scaled = if to >= from {
        value * big_power(to - from)
    } else {
        big_divide_half_even(&value, &big_power(from - to))
    };
    i128::try_from(scaled).ok()
}

#[cfg(test)]
mod tests;
