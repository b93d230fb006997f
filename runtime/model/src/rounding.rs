//! Exact fractions of big integers and their one rounding to float64, by definition: the nearest float, of two equally
//! near ones the one with the even last bit.
//!
//! Positive floats are ordered as their bit patterns are. So the greatest float that is not above a fraction is found by
//! halving the range of bit patterns, comparing big integers; then the fraction is compared with the middle between
//! that float and its successor. The pattern after the greatest finite float is that of infinity, which here stands for
//! 2^1024, as the IEEE 754 rule for overflow has it.

use num_bigint::{BigInt, BigUint, Sign};
use std::cmp::Ordering;

/// Floats are integers in units of 2^-1074.
const UNIT_EXPONENT: u32 = 1074;
const FRACTION_BITS: u32 = 52;
const INFINITY_BITS: u64 = 0x7ff0_0000_0000_0000;

/// `numerator / denominator`, the denominator not 0.
#[derive(Debug, Clone)]
pub struct Fraction {
    pub numerator: BigInt,
    pub denominator: BigInt,
}

impl Fraction {
    pub fn new(numerator: impl Into<BigInt>, denominator: impl Into<BigInt>) -> Fraction {
        Fraction {
            numerator: numerator.into(),
            denominator: denominator.into(),
        }
    }

    /// Times 2^exponent.
    #[must_use]
    pub fn times_power_of_two(self, exponent: i64) -> Fraction {
        let shift = exponent.unsigned_abs();
        match exponent.cmp(&0) {
            Ordering::Less => Fraction {
                denominator: self.denominator << shift,
                ..self
            },
            Ordering::Equal => self,
            Ordering::Greater => Fraction {
                numerator: self.numerator << shift,
                ..self
            },
        }
    }

    /// Divided by 10^digits.
    #[must_use]
    pub fn over_power_of_ten(self, digits: u32) -> Fraction {
        Fraction {
            denominator: self.denominator * BigInt::from(10).pow(digits),
            ..self
        }
    }

    /// The float64 nearest to the root of a fraction that is not below 0 and far from the end of the range, ties to even: by
    /// halving the range of bit patterns, comparing squares.
    pub fn nearest_root(&self) -> f64 {
        let target = self.numerator.magnitude() << (2 * UNIT_EXPONENT);
        let denominator = self.denominator.magnitude();
        let (mut below, mut above) = (0, INFINITY_BITS);
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            if units(middle).pow(2) * denominator <= target {
                below = middle
            } else {
                above = middle
            }
        }
        let twice_the_middle = units(below) + units(above);
        let bits = match (target << 2u32).cmp(&(twice_the_middle.pow(2) * denominator)) {
            Ordering::Less => below,
            Ordering::Greater => above,
            Ordering::Equal if below % 2 == 0 => below,
            Ordering::Equal => above,
        };
        f64::from_bits(bits)
    }

    /// The nearest float64, ties to even; ±infinity when the nearest is not finite; +0.0 for 0 and for what rounds to 0.
    pub fn nearest(&self) -> f64 {
        let target = self.numerator.magnitude() << UNIT_EXPONENT;
        let denominator = self.denominator.magnitude();
        let (mut below, mut above) = (0, INFINITY_BITS);
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            if units(middle) * denominator <= target {
                below = middle
            } else {
                above = middle
            }
        }
        let twice_the_middle = (units(below) + units(above)) * denominator;
        let bits = match (target << 1u32).cmp(&twice_the_middle) {
            Ordering::Less => below,
            Ordering::Greater => above,
            Ordering::Equal if below % 2 == 0 => below,
            Ordering::Equal => above,
        };
        let negative = (self.numerator.sign() == Sign::Minus) != (self.denominator.sign() == Sign::Minus);
        let magnitude = f64::from_bits(bits);
        if negative && bits != 0 { -magnitude } else { magnitude }
    }
}

/// The positive float with these bits, in units of 2^-1074.
fn units(bits: u64) -> BigUint {
    let exponent = bits >> FRACTION_BITS;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    match exponent {
        0 => BigUint::from(fraction),
        normal => BigUint::from(fraction | (1 << FRACTION_BITS)) << (normal - 1),
    }
}

/// A finite float as `mantissa · 2^exponent`, exactly; the exponent is at least −1074.
pub fn mantissa_and_exponent(value: f64) -> (i64, i64) {
    let bits = value.to_bits();
    let biased = ((bits >> FRACTION_BITS) & 0x7ff) as i64;
    let fraction = (bits & ((1 << FRACTION_BITS) - 1)) as i64;
    let mantissa = if biased == 0 {
        fraction
    } else {
        fraction | (1 << FRACTION_BITS)
    };
    let exponent = if biased == 0 { 1 } else { biased } - 1 - i64::from(UNIT_EXPONENT);
    (if value.is_sign_negative() { -mantissa } else { mantissa }, exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotient(numerator: i128, denominator: i128) -> f64 {
        Fraction::new(numerator, denominator).nearest()
    }

    #[test]
    fn small_quotients_are_those_of_the_machine() {
        for numerator in -200i32..200 {
            for denominator in (-60i32..60).filter(|d| *d != 0) {
                let expected = f64::from(numerator) / f64::from(denominator) + 0.0;
                let found = quotient(numerator.into(), denominator.into());
                assert_eq!(found.to_bits(), expected.to_bits(), "{numerator}/{denominator}");
            }
        }
    }

    #[test]
    fn ties_go_to_the_even_neighbour() {
        let two_to_53 = 1i128 << 53;
        assert_eq!(quotient(two_to_53 + 1, 1), 9_007_199_254_740_992.0);
        assert_eq!(quotient(two_to_53 + 3, 1), 9_007_199_254_740_996.0);
        assert_eq!(quotient(2 * two_to_53 + 3, 2), 9_007_199_254_740_994.0);
    }

    #[test]
    fn integers_round_as_casts_do() {
        for value in [
            i64::MAX as i128,
            i64::MIN as i128,
            i128::MAX,
            i128::MIN,
            (1 << 100) + 1,
            0,
            -1,
        ] {
            assert_eq!(quotient(value, 1).to_bits(), (value as f64).to_bits(), "{value}");
        }
    }

    #[test]
    fn the_smallest_and_the_greatest_floats_are_reached_and_left() {
        let tiny = |numerator: i64, shift: i64| Fraction::new(numerator, 1).times_power_of_two(shift).nearest();
        assert_eq!(tiny(1, -1074), f64::from_bits(1));
        assert_eq!(tiny(1, -1075), 0.0, "a tie with zero goes to zero");
        assert_eq!(tiny(-1, -1075).to_bits(), 0, "and zero has no sign");
        assert_eq!(tiny(3, -1076), f64::from_bits(1));
        let max = (1i64 << 53) - 1;
        assert_eq!(tiny(max, 971), f64::MAX);
        assert_eq!(
            tiny(2 * max + 1, 970),
            f64::INFINITY,
            "the tie above the greatest float"
        );
        assert_eq!(tiny(4 * max + 1, 969), f64::MAX, "just below that tie");
        assert_eq!(tiny(-1, 5000), f64::NEG_INFINITY);
    }

    #[test]
    fn every_float_is_its_own_nearest() {
        let mut bits: u64 = 0x9e37_79b9_7f4a_7c15;
        for _ in 0..500 {
            bits = bits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let value = f64::from_bits(bits);
            if value.is_finite() && value != 0.0 {
                let (mantissa, exponent) = mantissa_and_exponent(value);
                let found = Fraction::new(mantissa, 1).times_power_of_two(exponent).nearest();
                assert_eq!(found.to_bits(), value.to_bits());
            }
        }
    }

    #[test]
    fn decimals_round_as_the_parser_does() {
        for (digits, scale, text) in [
            (1, 1, "0.1"),
            (314_159, 5, "3.14159"),
            (-5, 324, "-5e-324"),
            (123, 30, "123e-30"),
        ] {
            let expected: f64 = text.parse().unwrap_or(f64::NAN);
            assert_eq!(
                Fraction::new(digits, 1).over_power_of_ten(scale).nearest().to_bits(),
                expected.to_bits()
            );
        }
    }
}
