//! Slow twins over big integers, and adversarial floats: what this module and the aggregates are tested against.

use num_bigint::{BigInt, Sign};
use proptest::prelude::*;

/// Σ of finite floats as `integer · 2^-1074`.
pub(crate) fn sum_slow(values: &[f64]) -> BigInt {
    values.iter().map(|value| scaled_slow(*value)).sum()
}

/// A finite float as `integer · 2^-1074`.
pub(crate) fn scaled_slow(value: f64) -> BigInt {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    let magnitude = if exponent == 0 {
        BigInt::from(fraction)
    } else {
        BigInt::from(fraction | 1 << 52) << (exponent - 1)
    };
    if value.is_sign_negative() {
        -magnitude
    } else {
        magnitude
    }
}

/// The float nearest to `numerator · 2^exponent / denominator`, ties to even, by bisection over all floats.
pub(crate) fn nearest_slow(numerator: &BigInt, exponent: i32, denominator: &BigInt) -> f64 {
    // Compare |value| = top / bottom with bits/2: halves of the units 2^-1074 name floats and the midpoints between them.
    let negative = (numerator.sign() == Sign::Minus) != (denominator.sign() == Sign::Minus);
    let mut top = BigInt::from(numerator.magnitude().clone());
    let mut bottom = BigInt::from(denominator.magnitude().clone());
    let shift = exponent + 1075;
    if shift >= 0 {
        top <<= shift
    } else {
        bottom <<= -shift
    }
    // `top / bottom` now counts half units of the least subnormal.
    let doubled = |bits: u64| -> BigInt { scaled_slow(f64::from_bits(bits)) << 1 };
    let (mut low, mut high) = (0u64, 0x7ff0_0000_0000_0000u64); // float(low) ≤ value; infinity acts as 2^1024
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if doubled(middle) * &bottom <= top {
            low = middle
        } else {
            high = middle
        }
    }
    let above = if high == 0x7ff0_0000_0000_0000 {
        BigInt::from(1) << (1024 + 1075)
    } else {
        doubled(high)
    };
    let midpoint: BigInt = (doubled(low) + above) * &bottom;
    let twice: BigInt = top << 1;
    let nearest = match twice.cmp(&midpoint) {
        std::cmp::Ordering::Less => low,
        std::cmp::Ordering::Greater => high,
        std::cmp::Ordering::Equal => {
            if low % 2 == 0 {
                low
            } else {
                high
            }
        }
    };
    let nearest = f64::from_bits(nearest);
    if negative && nearest != 0.0 { -nearest } else { nearest }
}

/// Finite floats that make trouble: subnormals, both ends of the range, cancelling pairs, limb borders.
pub(crate) fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite()),
        3 => (-1000i32..1000).prop_map(|value| f64::from(value) / 8.0),
        2 => -1e6f64..1e6,
        2 => (-1074i32..=1023, any::<bool>(), 0u32..3).prop_map(|(exponent, negative, off)| {
            let power = if exponent < -1022 { f64::from_bits(1 << (exponent + 1074)) } else { 2f64.powi(exponent) };
            let value = f64::from_bits((power.to_bits() + u64::from(off)).saturating_sub(1));
            if negative { -value } else { value }
        }),
        1 => prop_oneof![Just(f64::MAX), Just(-f64::MAX), Just(5e-324), Just(-5e-324), Just(0.0), Just(-0.0),
            Just(2f64.powi(1023)), Just(-2f64.powi(1023)), Just(f64::MIN_POSITIVE), Just(1.0), Just(-1.0)],
    ]
}

/// As [`finite`], with NaN and the infinities now and then.
pub(crate) fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![12 => finite(), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(f64::NEG_INFINITY)]
}

/// Integers that make trouble.
pub(crate) fn wide() -> impl Strategy<Value = i128> {
    prop_oneof![
        any::<i128>(),
        (-100i128..100),
        any::<i64>().prop_map(i128::from),
        prop_oneof![
            Just(i128::MIN),
            Just(i128::MAX),
            Just(-1),
            Just(i128::from(i64::MIN)),
            Just(1 << 64),
            Just(-1 << 64)
        ],
    ]
}
