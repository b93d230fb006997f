use super::*;
use proptest::prelude::*;

/// Whether `candidate` is the nearest binary64 to num/den, by comparing distances to its neighbours exactly.
fn is_nearest(num: &BigInt, den: &BigInt, candidate: f64) -> bool {
    // Everything scaled by 2^1075: halves of the least subnormal are integers.
    let scaled = |value: f64| -> BigInt {
        let bits = value.to_bits();
        let biased = (bits >> 52 & 0x7ff) as usize;
        let fraction = bits & ((1 << 52) - 1);
        let magnitude = if biased == 0 {
            BigInt::from(fraction) << 1
        } else {
            BigInt::from(fraction | 1 << 52) << biased
        };
        if value < 0.0 { -magnitude } else { magnitude }
    };
    // The limit above which values round to infinity is the next number if the exponent were not bounded.
    let bound = |value: f64| {
        if value.is_infinite() {
            let limit: BigInt = BigInt::from(1) << (1024 + 1075);
            if value < 0.0 { -limit } else { limit }
        } else {
            scaled(value)
        }
    };
    let target = num << 1075;
    let distance = |value: f64| {
        let difference: BigInt = bound(value) * den - &target;
        BigInt::from_biguint(Sign::Plus, difference.magnitude().clone())
    };
    let mine = distance(candidate);
    let even = candidate.to_bits() & 1 == 0;
    let others = [candidate.next_up(), candidate.next_down()].map(|other| (other, distance(other)));
    others.iter().all(|(other, theirs)| {
        if other.is_nan() || other == &candidate {
            return true;
        }
        mine < *theirs || (mine == *theirs && (even || candidate.is_infinite()))
    })
}

fn wide() -> impl Strategy<Value = i128> {
    (any::<i128>(), 0..127u32).prop_map(|(value, shift)| value >> shift)
}

proptest! {
    #[test]
    fn small_ratio_is_nearest(num in wide(), den in wide()) {
        prop_assume!(den != 0);
        let value = ratio_to_f64(num, den);
        prop_assert!(is_nearest(&BigInt::from(num), &BigInt::from(den), value));
        prop_assert_eq!(value.to_bits(), big_ratio_to_f64(&BigInt::from(num), &BigInt::from(den)).to_bits());
    }

    #[test]
    fn big_ratio_is_nearest(num in wide(), den in wide(), shift in -2300i64..2300) {
        prop_assume!(den != 0);
        let (mut num, mut den) = (BigInt::from(num), BigInt::from(den));
        if shift >= 0 { num <<= shift } else { den <<= -shift }
        prop_assert!(is_nearest(&num, &den, big_ratio_to_f64(&num, &den)));
    }

    #[test]
    fn halves_round_to_even(mantissa in 0u64..1 << 53, nudge in -1i64..2, exponent in -1140i64..1000) {
        // (2·mantissa + 1)·2^exponent ± a little: ties of every binade, subnormals included.
        let one = BigInt::from(1);
        let mut num = ((BigInt::from(mantissa) * 2 + 1) << 200) + nudge;
        let mut den = one << 200;
        if exponent >= 0 { num <<= exponent } else { den <<= -exponent }
        prop_assert!(is_nearest(&num, &den, big_ratio_to_f64(&num, &den)));
    }

    #[test]
    fn integers_agree_with_the_language(value in wide()) {
        prop_assert_eq!(ratio_to_f64(value, 1).to_bits(), (value as f64).to_bits());
    }
}

#[test]
fn edges() {
    assert_eq!(ratio_to_f64(0, -5).to_bits(), 0);
    assert_eq!(ratio_to_f64(i128::MIN, 1), -(2f64.powi(127)));
    assert_eq!(ratio_to_f64(i128::MIN, i128::MIN), 1.0);
    assert_eq!(ratio_to_f64(1, i128::MIN), -(2f64.powi(-127)));
    assert_eq!(ratio_to_f64(i128::MAX, i128::MIN), -1.0);
    assert_eq!(ratio_to_f64(1, 3), 1.0 / 3.0);
    let big = BigInt::from(1);
    assert_eq!(big_ratio_to_f64(&(&big << 1024), &big), f64::INFINITY);
    assert_eq!(big_ratio_to_f64(&big, &(&big << 1074)).to_bits(), 1);
    assert_eq!(big_ratio_to_f64(&big, &(&big << 1075)).to_bits(), 0);
    assert_eq!(big_ratio_to_f64(&BigInt::from(3), &(&big << 1075)).to_bits(), 2);
    assert_eq!(big_ratio_to_f64(&BigInt::from(-1), &(&big << 1075)).to_bits(), 0);
    assert!(ratio_to_f64(1, 0).is_nan());
}

#[test]
fn wide_mantissas_at_half_of_the_least_subnormal() {
    let half = 1 << 127;
    for (mantissa, sticky, exponent, expected) in [
        (half, false, -1202, 0.0),
        (half, true, -1202, 5e-324),
        (half + 1, false, -1202, 5e-324),
        (u128::MAX, true, -1202, 5e-324),
        (u128::MAX, true, -1203, 0.0),
        // One bit less is dropped; the least subnormal itself, and half way to the next one.
        (half >> 1, false, -1201, 0.0),
        ((half >> 1) + 1, false, -1201, 5e-324),
        (half, false, -1201, 5e-324),
        (half + (half >> 1), false, -1201, 1e-323),
        (half + (half >> 1) - 1, false, -1201, 5e-324),
    ] {
        for (negative, sign) in [(false, 1.0), (true, -1.0)] {
            let expected: f64 = if expected == 0.0 { 0.0 } else { sign * expected };
            let found = round_bits(negative, mantissa, sticky, exponent);
            assert_eq!(
                found.to_bits(),
                expected.to_bits(),
                "{mantissa:#x} {sticky} {exponent} {found:e}"
            );
        }
    }
}

#[test]
fn divisors_where_long_division_begins() {
    for den in [
        (1 << 63) + 1,
        (1 << 64) - 1,
        1 << 64,
        (1 << 64) + 1,
        (1 << 65) - 1,
        1 << 65,
        (1 << 65) + 1,
    ] {
        for num in [
            den - 1,
            den - 12_345,
            den / 3,
            10i128.pow(19),
            7 * den + 1,
            den << 60 | 1,
        ] {
            let candidate = ratio_to_f64(num, den);
            assert!(
                is_nearest(&BigInt::from(num), &BigInt::from(den), candidate),
                "{num} / {den}"
            );
        }
    }
}
