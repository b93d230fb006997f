//! Exact quotients rounded once to binary64, half to even.

use num_bigint::{BigInt, BigUint, Sign};

/// Integers up to this magnitude are exact in binary64.
const EXACT: u128 = 1 << 53;

/// `num / den` rounded once, half to even; `den` is not 0 (a zero gives the canonical NaN). Never −0.0.
pub fn ratio_to_f64(num: i128, den: i128) -> f64 {
    // Law: rnd_exact (proofs/theory/Round.v)
    // Law: rnd_mono (proofs/theory/Round.v)
    // Law: rnd_scale (proofs/theory/Round.v)
    if den == 0 {
        return crate::value::NAN;
    }
    let negative = (num < 0) != (den < 0) && num != 0;
    let (num, den) = (num.unsigned_abs(), den.unsigned_abs());
    if num <= EXACT && den <= EXACT {
        // Both operands are exact, so that IEEE division is the quotient rounded once.
        let quotient = num as f64 / den as f64;
        return if negative { -quotient } else { quotient };
    }
    let (quotient, sticky, exponent) = quotient_bits(num, den);
    round_bits(negative, quotient, sticky, exponent)
}

/// `num / den` = (`quotient` + ε)·2^`exponent` with ≥ 64 bits of quotient (or ε = 0), and whether ε > 0.
/// `num` and `den` are at most 2^127, `den` is not 0.
fn quotient_bits(num: u128, den: u128) -> (u128, bool, i64) {
    let (mut quotient, mut rest) = (num / den, num % den);
    let mut exponent = 0;
    if den <= 1 << 64 {
        // rest < 2^64 and quotient < 2^64: 64 more bits of the quotient at once.
        while rest != 0 && quotient < 1 << 64 {
            rest <<= 64;
            quotient = (quotient << 64) + rest / den;
            rest %= den;
            exponent -= 64;
        }
    } else {
        // rest < den ≤ 2^127: doubling cannot overflow.
        while rest != 0 && quotient < 1 << 64 {
            rest <<= 1;
            let bit = u128::from(rest >= den);
            quotient = (quotient << 1) | bit;
            rest -= bit * den;
            exponent -= 1;
        }
    }
    (quotient, rest != 0, exponent)
}

/// `num / den` rounded once, half to even: infinities beyond the range, subnormals and zero below it. `den` is not 0
/// (a zero gives the canonical NaN). Never −0.0.
pub fn big_ratio_to_f64(num: &BigInt, den: &BigInt) -> f64 {
    if den.sign() == Sign::NoSign {
        return crate::value::NAN;
    }
    if num.sign() == Sign::NoSign {
        return 0.0;
    }
    let negative = num.sign() != den.sign();
    let (num, den) = (num.magnitude(), den.magnitude());
    // The quotient of the shifted operands has 66 to 68 bits.
    let shift = 67 - (num.bits() as i64 - den.bits() as i64);
    let (num, den) = if shift >= 0 {
        (num << shift, den.clone())
    } else {
        (num.clone(), den << -shift)
    };
    let quotient = &num / &den;
    let sticky = &quotient * &den != num;
    round_bits(negative, low_u128(&quotient), sticky, -shift)
}

fn low_u128(value: &BigUint) -> u128 {
    value
        .iter_u64_digits()
        .take(2)
        .enumerate()
        .fold(0, |sum, (at, digit)| sum | u128::from(digit) << (64 * at))
}

/// ±(`mantissa` + ε)·2^`exponent` rounded once to binary64, half to even, where 0 < ε < 1 if `sticky`, else ε = 0.
/// A sticky mantissa needs at least 55 bits (or the value must lie below the subnormals) for ε not to reach the
/// rounding bit. A zero is never negative.
pub fn round_bits(negative: bool, mantissa: u128, sticky: bool, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let bits = 128 - i64::from(mantissa.leading_zeros());
    let top = exponent + bits - 1; // the value lies in [2^top, 2^(top + 1))
    if top > 1023 {
        return if negative { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if top < -1075 {
        return 0.0;
    }
    // The unit in the last place: 2^-1074 for subnormals.
    let unit = (top - 52).max(-1074);
    let drop = unit - exponent;
    let rounded = if drop <= 0 {
        mantissa << -drop // exact: at most 53 bits
    } else if drop > 127 {
        // 128 bits that begin at 2^-1075: half of the least subnormal, or more.
        u128::from(mantissa > 1 << 127 || sticky)
    } else {
        let kept = mantissa >> drop;
        let dropped = mantissa & ((1 << drop) - 1);
        let half = 1 << (drop - 1);
        let up = dropped > half || (dropped == half && (sticky || kept & 1 == 1));
        kept + u128::from(up)
    };
    let magnitude = compose(rounded as u64, unit);
    if negative && magnitude != 0.0 {
        -magnitude
    } else {
        magnitude
    }
}

/// `mantissa`·2^`unit` exactly, for `mantissa` ≤ 2^53 and `unit` ≥ −1074; infinity beyond the range.
fn compose(mantissa: u64, unit: i64) -> f64 {
    let (mantissa, unit) = if mantissa == 1 << 53 {
        (1 << 52, unit + 1)
    } else {
        (mantissa, unit)
    };
    if unit > 971 {
        return f64::INFINITY;
    }
    if mantissa < 1 << 52 {
        // Subnormal or zero: the unit is 2^-1074, and the bits are the mantissa.
        return f64::from_bits(mantissa);
    }
    let biased = (unit + 1075) as u64;
    f64::from_bits(biased << 52 | (mantissa & ((1 << 52) - 1)))
}

#[cfg(test)]
mod tests;
