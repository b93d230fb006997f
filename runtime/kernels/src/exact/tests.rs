use super::slow::{any_float, finite, nearest_slow, scaled_slow, sum_slow, wide};
use super::*;
use proptest::prelude::*;
use proptest::sample::Index;

fn sum_of(values: &[f64]) -> ExactSum {
    let mut sum = ExactSum::new();
    values.iter().for_each(|value| sum.add_f64(*value));
    sum
}

fn one() -> BigInt {
    BigInt::from(1)
}

/// The exact value as `integer · 2^-2560`, to compare values with different windows.
fn exact_value(sum: &ExactSum) -> BigInt {
    let (integer, exponent) = sum.to_bigint();
    integer << (exponent + 2560)
}

proptest! {
    #[test]
    fn a_sum_is_exact_and_rounded_once(values in prop::collection::vec(finite(), 0..40)) {
        let sum = sum_of(&values);
        let slow = sum_slow(&values);
        prop_assert_eq!(exact_value(&sum), slow.clone() << (2560 - 1074));
        prop_assert_eq!(sum.round().to_bits(), nearest_slow(&slow, -1074, &one()).to_bits());
    }

    #[test]
    fn order_and_split_do_not_matter(
        (values, shuffled) in prop::collection::vec(any_float(), 0..40)
            .prop_flat_map(|values| (Just(values.clone()), Just(values).prop_shuffle())),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let whole = sum_of(&values);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(shuffled.len() + 1)).chain([0, shuffled.len()]).collect();
        cuts.sort_unstable();
        let parts = cuts.windows(2).map(|cut| sum_of(&shuffled[cut[0]..cut[1]]));
        // A left-leaning and a right-leaning tree.
        let left = parts.clone().fold(ExactSum::new(), |mut sum, part| { sum.combine(&part); sum });
        let right = parts.rev().fold(ExactSum::new(), |sum, mut part| { part.combine(&sum); part });
        prop_assert_eq!(&whole, &left);
        prop_assert_eq!(&whole, &right);
        prop_assert_eq!(whole.round().to_bits(), right.round().to_bits());
    }

    #[test]
    fn subtraction_is_the_inverse(
        kept in prop::collection::vec(any_float(), 0..10),
        gone in prop::collection::vec(any_float(), 0..10),
    ) {
        let expected = sum_of(&kept);
        let mut sum = expected.clone();
        gone.iter().for_each(|value| sum.add_f64(*value));
        let mut other = sum.clone();
        sum.subtract(&sum_of(&gone));
        gone.iter().for_each(|value| other.subtract(&sum_of(&[*value])));
        prop_assert_eq!(&sum, &expected);
        prop_assert_eq!(other, expected);
    }

    #[test]
    fn a_quotient_is_rounded_once(values in prop::collection::vec(finite(), 0..10), divisor in 1u64.., small in 1u64..100) {
        let sum = sum_of(&values);
        for divisor in [divisor, small] {
            let slow = nearest_slow(&sum_slow(&values), -1074, &BigInt::from(divisor));
            prop_assert_eq!(sum.div_round(divisor).to_bits(), slow.to_bits());
        }
    }

    #[test]
    fn products_are_exact(factors in prop::collection::vec((finite(), finite()), 0..20)) {
        let mut sum = ExactSum::new();
        factors.iter().for_each(|(left, right)| sum.add_product(*left, *right));
        let slow: BigInt = factors.iter().map(|(left, right)| scaled_slow(*left) * scaled_slow(*right)).sum();
        prop_assert_eq!(exact_value(&sum), slow.clone() << (2560 - 2148));
        prop_assert_eq!(sum.round().to_bits(), nearest_slow(&slow, -2148, &one()).to_bits());
    }

    #[test]
    fn integers_and_squares_are_exact(values in prop::collection::vec(wide(), 0..20)) {
        let (mut sum, mut squares) = (ExactSum::new(), ExactSum::new());
        for value in &values {
            sum.add_i128(*value);
            squares.add_square_i128(*value);
        }
        let slow: BigInt = values.iter().map(|value| BigInt::from(*value)).sum();
        let slow_squares: BigInt = values.iter().map(|value| BigInt::from(*value) * *value).sum();
        prop_assert_eq!(exact_value(&sum), slow.clone() << 2560);
        prop_assert_eq!(exact_value(&squares), slow_squares << 2560);
        prop_assert_eq!(sum.to_i128(), i128::try_from(slow).ok());
    }

    #[test]
    fn mean_and_variance_of_floats_are_rounded_once(values in prop::collection::vec(finite(), 1..12), population in any::<bool>()) {
        let sum = sum_of(&values);
        let mut squares = ExactSum::new();
        values.iter().for_each(|value| squares.add_product(*value, *value));
        let count = values.len() as u64;
        let total = sum_slow(&values);
        let mean = nearest_slow(&total, -1074, &BigInt::from(count));
        prop_assert_eq!(mean_scaled(&sum, count, 0).to_bits(), mean.to_bits());
        let slow = variance_slow(&values.iter().map(|value| scaled_slow(*value)).collect::<Vec<_>>(), population)
            .map(|(top, bottom)| nearest_slow(&top, -2148, &bottom).to_bits());
        prop_assert_eq!(variance(count, &sum, &squares, 0, population).map(f64::to_bits), slow);
    }

    #[test]
    fn mean_and_variance_of_decimals_are_rounded_once(
        values in prop::collection::vec(wide(), 1..12), scale in prop_oneof![0u8..4, 0u8..=38], population in any::<bool>(),
    ) {
        let (mut sum, mut squares) = (ExactSum::new(), ExactSum::new());
        for value in &values {
            sum.add_i128(*value);
            squares.add_square_i128(*value);
        }
        let values: Vec<BigInt> = values.into_iter().map(BigInt::from).collect();
        let count = values.len() as u64;
        let power = BigInt::from(10).pow(u32::from(scale));
        let mean = nearest_slow(&values.iter().sum(), 0, &(&power * count));
        prop_assert_eq!(mean_scaled(&sum, count, scale).to_bits(), mean.to_bits());
        let slow = variance_slow(&values, population)
            .map(|(top, bottom)| nearest_slow(&top, 0, &(bottom * &power * &power)).to_bits());
        prop_assert_eq!(variance(count, &sum, &squares, scale, population).map(f64::to_bits), slow);
    }

    #[test]
    fn prefix_differences_are_the_sums(values in prop::collection::vec(any_float(), 0..12), skip in 0usize..4) {
        let taken = |row: usize| skip == 0 || !row.is_multiple_of(skip);
        let sums = PrefixExact::floats(&values, taken);
        let squares = PrefixExact::float_squares(&values, taken);
        for start in 0..=values.len() {
            for end in start..=values.len() {
                let (mut sum, mut square) = (ExactSum::new(), ExactSum::new());
                for row in (start..end).filter(|row| taken(*row)) {
                    sum.add_f64(values[row]);
                    square.add_product(values[row], values[row]);
                }
                prop_assert_eq!(&sums.range(start..end), &sum);
                prop_assert_eq!(&squares.range(start..end), &square);
            }
        }
    }

    #[test]
    fn prefix_differences_of_integers_are_the_sums(values in prop::collection::vec(prop::option::of(wide()), 0..12)) {
        let sums = PrefixExact::integers(values.len(), |row| values[row]);
        let squares = PrefixExact::integer_squares(values.len(), |row| values[row]);
        for start in 0..=values.len() {
            for end in start..=values.len() {
                let (mut sum, mut square) = (ExactSum::new(), ExactSum::new());
                for value in values[start..end].iter().flatten() {
                    sum.add_i128(*value);
                    square.add_square_i128(*value);
                }
                prop_assert_eq!(&sums.range(start..end), &sum);
                prop_assert_eq!(&squares.range(start..end), &square);
            }
        }
    }
}

proptest! {
    #[test]
    fn fixed_point_sums_are_the_sums(
        values in prop::collection::vec(prop_oneof![8 => -1e6f64..1e6, 3 => (-900i32..900).prop_map(|value| f64::from(value) / 64.0),
            1 => Just(0.0), 1 => any_float()], 0..16),
        scale in prop_oneof![Just(0i32), -1040i32..960],
        skip in 0usize..4,
    ) {
        let values: Vec<f64> = values.iter().map(|value| value * 2f64.powi(scale / 2) * 2f64.powi(scale - scale / 2)).collect();
        let taken = |row: usize| row % 4 != skip;
        if let Some(fixed) = FixedSums::floats(&values, taken) {
            let exact = PrefixExact::floats(&values, taken);
            for low in 0..=values.len() {
                for high in low..=values.len() {
                    let (sum, slow) = (fixed.sums()[high] - fixed.sums()[low], exact.range(low..high));
                    let outcome = fixed.specials().and_then(|specials| {
                        let mut total = specials[high];
                        total.subtract(specials[low]);
                        total.outcome()
                    });
                    let (round, mean) = (fixed.unit().round(sum), fixed.unit().divide(sum, (high - low) as u64));
                    prop_assert_eq!(outcome.unwrap_or(round).to_bits(), slow.round().to_bits());
                    if high > low {
                        let slow = slow.div_round((high - low) as u64);
                        prop_assert_eq!(outcome.unwrap_or(mean).to_bits(), slow.to_bits());
                    }
                }
            }
        }
    }

    #[test]
    fn fixed_point_numbers_are_rounded_once(
        value in prop_oneof![wide(), (wide(), 0u32..127).prop_map(|(value, shift)| value >> shift), (any::<i64>(), 0u32..64).prop_map(|(value, shift)| i128::from(value >> 9) << shift)],
        exponent in prop_oneof![-1200i32..1000, -80i32..80, -1100i32..-1000],
        divisor in prop_oneof![1u64.., 1u64..100, (0u32..64).prop_map(|shift| 1 << shift)],
    ) {
        let unit = Unit::new(exponent);
        let big = BigInt::from(value);
        prop_assert_eq!(unit.round(value).to_bits(), nearest_slow(&big, exponent, &one()).to_bits());
        prop_assert_eq!(unit.divide(value, divisor).to_bits(), nearest_slow(&big, exponent, &BigInt::from(divisor)).to_bits());
    }

    #[test]
    fn fixed_point_sums_of_integers_are_the_sums(values in prop::collection::vec((wide(), 2u32..128), 0..12), skip in 0usize..4) {
        let values: Vec<i128> = values.iter().map(|(value, shift)| value >> (shift - 1)).collect();
        let value = |row: usize| (row % 4 != skip).then(|| values[row]);
        let exact = PrefixExact::integers(values.len(), value);
        if let Some(fixed) = FixedSums::integers(values.len(), value) {
            for end in 0..=values.len() {
                prop_assert_eq!(Some(fixed.sums()[end]), exact.range(0..end).to_i128());
            }
        }
    }
}

proptest! {
    #[test]
    fn fixed_point_variances_are_rounded_once(
        values in prop::collection::vec(prop_oneof![8 => -1e6f64..1e6, 1 => Just(0.0), 1 => Just(7.0), 1 => any_float()], 0..9),
        scale in prop_oneof![Just(0i32), -1040i32..960, -560i32..-500],
        integers in prop::collection::vec((wide(), 3u32..128), 0..9),
        skip in 0usize..4,
        population in any::<bool>(),
    ) {
        let taken = |row: usize| row % 4 != skip;
        let values: Vec<f64> = values.iter().map(|value| value * 2f64.powi(scale / 2) * 2f64.powi(scale - scale / 2)).collect();
        let integers: Vec<i128> = integers.iter().map(|(value, shift)| value >> (shift - 1)).collect();
        let value = |row: usize| taken(row).then(|| integers[row]);
        let floats = (FixedMoments::floats(&values, taken), PrefixExact::floats(&values, taken),
            PrefixExact::float_squares(&values, taken), 0);
        let whole = (FixedMoments::integers(integers.len(), value), PrefixExact::integers(integers.len(), value),
            PrefixExact::integer_squares(integers.len(), value), 3);
        for (fixed, sums, squares, digits) in [floats, whole] {
            let Some(fixed) = fixed else { continue };
            for low in 0..fixed.squares().len() {
                for high in low..fixed.squares().len() {
                    let count = (low..high).filter(|row| taken(*row)).count() as u32;
                    let sum = fixed.sums().sums()[high] - fixed.sums().sums()[low];
                    let mut total = fixed.squares()[high];
                    total.subtract(fixed.squares()[low]);
                    let fast = fixed.sums().unit().variance(count, sum, total, 100u64.pow(digits), population);
                    let slow = variance(count.into(), &sums.range(low..high), &squares.range(low..high), digits as u8, population);
                    prop_assert_eq!(fast.map(f64::to_bits), slow.map(f64::to_bits));
                }
            }
        }
    }
}

#[test]
fn fixed_point_takes_what_fits() {
    assert!(FixedSums::floats(&[1e-10, 1e20], |_| true).is_none());
    assert!(FixedSums::floats(&[1e-10, 1e20], |row| row == 1).is_some());
    assert!(
        FixedSums::floats(&[f64::MAX, f64::NAN, f64::INFINITY], |_| true).is_some_and(|sums| sums.specials().is_some())
    );
    assert!(FixedSums::integers(2, |_| Some(i128::MAX)).is_none());
    assert_eq!(
        FixedSums::words(&[i64::MAX; 3], |row| row != 1).sums()[3],
        2 * i128::from(i64::MAX)
    );
    assert!(Unit::new(0).divide(1, 0).is_nan() && Unit::new(-1000).divide(1, 0).is_nan());
}

/// Σ(x − mean)² as a quotient of integers, literally: Σ(n·x − Σx)² / (n²·(n − 1)), or / n³ for the population.
fn variance_slow(values: &[BigInt], population: bool) -> Option<(BigInt, BigInt)> {
    let count = BigInt::from(values.len());
    let last = if population { count.clone() } else { &count - 1 };
    let total: BigInt = values.iter().sum();
    let top: BigInt = values
        .iter()
        .map(|value| &count * value - &total)
        .map(|centred| &centred * &centred)
        .sum();
    (last != BigInt::ZERO).then(|| (top, &count * &count * last))
}

proptest! {
    /// Sums and squares with full limbs, as integers of 128 bits have them.
    #[test]
    fn variances_of_wide_integers_are_rounded_once(values in prop::collection::vec(wide(), 2..6), scale in 0u8..30) {
        let (mut sum, mut squares) = (ExactSum::new(), ExactSum::new());
        for value in &values {
            sum.add_i128(*value);
            squares.add_square_i128(*value);
        }
        let big: Vec<BigInt> = values.iter().map(|value| BigInt::from(*value)).collect();
        for population in [false, true] {
            let (top, bottom) = variance_slow(&big, population).expect("several values");
            let slow = nearest_slow(&top, 0, &(bottom * BigInt::from(100).pow(scale.into())));
            let fast = variance(values.len() as u64, &sum, &squares, scale, population);
            prop_assert_eq!(fast.map(f64::to_bits), Some(slow.to_bits()));
        }
    }
}

/// No numbers have them, but stored bytes may.
#[test]
fn power_sums_that_contradict_each_other_give_nan() {
    let wide = sum_of(&[2f64.powi(200), 2f64.powi(-200), 1.0]);
    for squares in [
        ExactSum::new(),
        sum_of(&[1.0]),
        sum_of(&[-1.0]),
        sum_of(&[2f64.powi(300)]),
    ] {
        assert!(variance(2, &wide, &squares, 0, false).is_some_and(f64::is_nan));
    }
}

#[test]
fn specials_follow_ieee_and_can_be_taken_back() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    assert_eq!(sum_of(&[1.0, inf]).round(), inf);
    assert_eq!(sum_of(&[1.0, -inf]).div_round(3), -inf);
    assert!(sum_of(&[inf, -inf]).round().is_nan());
    assert_eq!(sum_of(&[nan]).round().to_bits(), crate::value::NAN.to_bits());
    let mut sum = sum_of(&[0.1, nan, inf]);
    sum.subtract(&sum_of(&[nan]));
    assert_eq!(sum.round(), inf);
    sum.subtract(&sum_of(&[inf]));
    assert_eq!(sum, sum_of(&[0.1]));
    assert!(sum_of(&[]).is_zero() && sum_of(&[1.5, -1.5]).is_zero() && !sum_of(&[nan]).is_zero());
    assert_eq!(
        variance(2, &sum_of(&[1.0, inf]), &sum_of(&[1.0, inf]), 0, false).map(f64::is_nan),
        Some(true)
    );
}

#[test]
fn the_range_is_kept_and_left() {
    assert_eq!(sum_of(&[f64::MAX, f64::MAX, -f64::MAX]).round(), f64::MAX);
    assert_eq!(sum_of(&[f64::MAX, f64::MAX]).round(), f64::INFINITY);
    assert_eq!(sum_of(&[-f64::MAX, -f64::MAX]).div_round(2), -f64::MAX);
    assert_eq!(sum_of(&[f64::MAX, 2f64.powi(969)]).round(), f64::MAX);
    assert_eq!(sum_of(&[f64::MAX, 2f64.powi(970)]).round(), f64::INFINITY);
    assert_eq!(sum_of(&[5e-324]).div_round(2), 0.0);
    assert_eq!(sum_of(&[5e-324, 5e-324, 5e-324]).div_round(2), 1e-323);
    assert_eq!(sum_of(&[-5e-324]).div_round(3).to_bits(), 0);
}

#[test]
fn carries_cross_every_limb() {
    // 2^k·(2^53 − 1) + 2^k = 2^(k + 53), for windows at many places, with a tiny value far below.
    for exponent in (-1000..900).step_by(7) {
        let unit = 2f64.powi(exponent);
        let mut sum = sum_of(&[unit * 9_007_199_254_740_991.0, 5e-324]);
        sum.add_f64(unit);
        sum.subtract(&sum_of(&[5e-324]));
        assert_eq!(sum, sum_of(&[2f64.powi(exponent + 53)]));
        sum.subtract(&sum_of(&[2f64.powi(exponent + 53)]));
        assert!(sum.is_zero());
    }
}

#[test]
fn a_full_top_limb_makes_room() {
    for top in [i64::MAX as u64, i64::MIN as u64, i64::MIN as u64 + 1] {
        let start = ExactSum::from_window(-2, &[1, u64::MAX, u64::MAX, top], None);
        let mut sum = start.clone();
        for _ in 0..5 {
            let copy = sum.clone();
            sum.combine(&copy);
        }
        assert_eq!(exact_value(&sum), exact_value(&start) << 5);
        for sign in [1, -1] {
            let mut sum = start.clone();
            sum.add_i128(sign);
            sum.add_f64(f64::from(sign as i8));
            assert_eq!(
                exact_value(&sum),
                exact_value(&start) + (BigInt::from(2 * sign) << 2560)
            );
        }
    }
}

#[test]
fn rounding_is_half_even_around_every_kind_of_tie() {
    for exponent in [
        -1300, -1203, -1202, -1201, -1200, -1180, -1150, -1149, -1100, -64, 0, 830, 895, 896, 897, 900,
    ] {
        for mantissa in [
            1u128 << 127,
            (1 << 127) | (1 << 75),
            (1 << 127) | (3 << 74),
            u128::MAX,
            u128::MAX << 74,
            u128::MAX << 75,
        ] {
            for near in [
                mantissa.saturating_sub(1).max(1 << 127),
                mantissa,
                mantissa.saturating_add(1),
            ] {
                for sticky in [false, true] {
                    let exact = (BigInt::from(near) << 1) + u8::from(sticky);
                    let slow = nearest_slow(&exact, exponent - 1, &one());
                    assert_eq!(
                        round::round_bits(near, exponent, sticky).to_bits(),
                        slow.to_bits(),
                        "{near:x} {exponent} {sticky}"
                    );
                }
            }
        }
    }
}
