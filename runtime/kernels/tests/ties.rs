//! Every rounding at and around the middle between two results, against big integers.
//!
//! Random numbers do not lie there, so these are made: odd numerators of exactly 54 bits, one unit more and one less, times
//! divisors and powers of two. The judge is long division; it shares no code with what it judges.

use featc_ir::{BinaryOp, ColumnId, Expr, ExprKind, Function, Literal, Type};
use featr_kernels::exact::{ExactSum, FixedMoments, FixedSums, PrefixExact, Unit, mean_scaled, variance};
use featr_kernels::{Batch, Column, Value, decimal, eval, ratio};
use num_bigint::{BigInt, BigUint, Sign};
use rng::Rng;
use std::cmp::Ordering;
use std::collections::BTreeMap;

#[path = "../../../tests/support/rng.rs"]
#[allow(dead_code, reason = "it is shared, and each test uses its part")]
mod rng;

/// How many vectors a path saw below the middle between two results, in it, and above.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    below: u32,
    tie: u32,
    above: u32,
}

/// What was tried, by path; and the choices.
struct Tally {
    paths: BTreeMap<&'static str, Seen>,
    rng: Rng,
}

impl Tally {
    fn new() -> Tally {
        Tally {
            paths: BTreeMap::new(),
            rng: Rng::new(7),
        }
    }

    /// The next number, uniform.
    fn word(&mut self) -> u64 {
        self.rng.word()
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    /// An odd number of 54 bits: its last bit makes it the middle between two numbers of 53 bits. Often the greatest or the
    /// least of them.
    fn middle(&mut self) -> i128 {
        match self.below(16) {
            0 => (1 << 54) - 1,
            1 => (1 << 53) + 1,
            _ => i128::from(1 << 53 | self.word() >> 11 | 1),
        }
    }

    fn note(&mut self, path: &'static str, side: Option<Ordering>) {
        let seen = self.paths.entry(path).or_default();
        match side {
            Some(Ordering::Less) => seen.below += 1,
            Some(Ordering::Equal) => seen.tie += 1,
            Some(Ordering::Greater) => seen.above += 1,
            None => {}
        }
    }

    /// Compares a float with `num · 2^exponent / den`.
    fn float(&mut self, path: &'static str, got: f64, (num, den, exponent): (&BigInt, &BigInt, i64)) {
        let (wanted, side) = nearest(num, den, exponent);
        assert_eq!(
            got.to_bits(),
            wanted.to_bits(),
            "{path}: {got:e} for {num}·2^{exponent} / {den}, not {wanted:e}"
        );
        self.note(path, side);
    }

    /// Compares an integer with `num / den`.
    fn integer(&mut self, path: &'static str, got: Option<i128>, num: &BigInt, den: &BigInt) {
        let (wanted, side) = nearest_integer(num, den);
        assert_eq!(got.map(BigInt::from), Some(wanted), "{path}: {num} / {den}");
        self.note(path, side);
    }
}

/// The float nearest to `num · 2^exponent / den`, half to even, and on which side of the middle it lies; `None` on a float.
fn nearest(num: &BigInt, den: &BigInt, exponent: i64) -> (f64, Option<Ordering>) {
    let (top, bottom) = (num.magnitude(), den.magnitude());
    if num.sign() == Sign::NoSign {
        return (0.0, None);
    }
    // The value lies in [2^highest, 2^(highest + 2)): at most two tries give 53 bits, fewer among the subnormals.
    let highest = top.bits() as i64 - bottom.bits() as i64 - 1 + exponent;
    let mut unit = (highest - 51).max(-1074);
    let (mut quotient, mut rest, mut by) = divided(top, bottom, exponent - unit);
    if quotient < BigUint::from(1u64 << 52) && unit > -1074 {
        unit -= 1;
        (quotient, rest, by) = divided(top, bottom, exponent - unit);
    }
    let (up, side) = direction(&quotient, rest, &by);
    let mantissa = u64::try_from(&quotient).expect("53 bits") + u64::from(up);
    let magnitude = if unit > 971 {
        f64::INFINITY
    } else {
        f64::from_bits((((unit + 1074) as u64) << 52) + mantissa)
    };
    let negative = (num.sign() == Sign::Minus) != (den.sign() == Sign::Minus) && magnitude != 0.0;
    (if negative { -magnitude } else { magnitude }, side)
}

/// Quotient, rest and divisor of `top · 2^shift / bottom`.
fn divided(top: &BigUint, bottom: &BigUint, shift: i64) -> (BigUint, BigUint, BigUint) {
    let (top, bottom) = if shift >= 0 {
        (top << shift, bottom.clone())
    } else {
        (top.clone(), bottom << -shift)
    };
    let quotient = &top / &bottom;
    let rest = top - &quotient * &bottom;
    (quotient, rest, bottom)
}

/// Whether half to even goes up, and where the rest lies.
fn direction(quotient: &BigUint, rest: BigUint, by: &BigUint) -> (bool, Option<Ordering>) {
    if rest == BigUint::ZERO {
        return (false, None);
    }
    let side = Ord::cmp(&(rest * 2u8), by);
    let up = side == Ordering::Greater || side == Ordering::Equal && quotient.bit(0);
    (up, Some(side))
}

fn nearest_integer(num: &BigInt, den: &BigInt) -> (BigInt, Option<Ordering>) {
    let (quotient, rest, by) = divided(num.magnitude(), den.magnitude(), 0);
    let (up, side) = direction(&quotient, rest, &by);
    let magnitude = BigInt::from(quotient + u8::from(up));
    let negative = (num.sign() == Sign::Minus) != (den.sign() == Sign::Minus);
    (if negative { -magnitude } else { magnitude }, side)
}

/// `value · 2^exponent` as floats of at most 42 bits each.
fn pieces(value: i128, exponent: i32) -> Vec<f64> {
    let sign = if value < 0 { -1.0 } else { 1.0 };
    let chunk = |place: i32| (value.unsigned_abs() >> (42 * place)) as u64 & ((1 << 42) - 1);
    (0..3)
        .map(|place| sign * chunk(place) as f64 * two_to(exponent + 42 * place))
        .collect()
}

/// 2^`exponent`, from the least subnormal on; beyond the range it is 1.
fn two_to(exponent: i32) -> f64 {
    match exponent {
        -1074..-1022 => f64::from_bits(1 << (exponent + 1074)),
        -1022..=1023 => f64::from_bits(((exponent + 1023) as u64) << 52),
        _ => 1.0,
    }
}

fn sum_of(values: &[f64]) -> ExactSum {
    let mut sum = ExactSum::new();
    values.iter().for_each(|value| sum.add_f64(*value));
    sum
}

/// Sums and their quotients by counts: in fixed point, in limbs, and as prefix differences.
fn sums_and_means(tally: &mut Tally) {
    for round in 0..1_700 {
        let sign = if tally.below(2) == 0 { 1 } else { -1 };
        let (middle, gap) = (tally.middle() * sign, tally.below(20) as u32);
        let divisor = match round % 4 {
            0 => 1 << tally.below(30),
            1 => 1 + tally.below(1 << 12),
            2 => 3 * 5 * 7 * (1 + tally.below(1 << 20)),
            _ => 1 + tally.below(1 << 32),
        };
        // Everyday numbers, the greatest, and quotients among the subnormals.
        let exponent = match tally.below(4) {
            0 => 970 - gap as i32,
            1 => -1074 + tally.below(40) as i32,
            _ => tally.below(400) as i32 - 200,
        };
        for more in [-1, 0, 1] {
            let value = (middle << gap) + more;
            let exact = (&BigInt::from(value), &BigInt::from(1), i64::from(exponent));
            let values = pieces(value, exponent);
            tally.float(
                "sum: one number in fixed point",
                Unit::new(exponent).round(value),
                exact,
            );
            if values.iter().all(|value| value.is_finite()) {
                tally.float("sum: limbs", sum_of(&values).round(), exact);
                tally.float(
                    "sum: prefix",
                    PrefixExact::floats(&values, |_| true).range(0..3).round(),
                    exact,
                );
                if let Some(fixed) = FixedSums::floats(&values, |_| true) {
                    tally.float("sum: column in fixed point", fixed.unit().round(fixed.sums()[3]), exact);
                }
            }
            // The pieces of a product are within the range.
            let exponent = exponent.min(850);
            let value = (middle << gap) * i128::from(divisor) + more;
            let exact = (&BigInt::from(value), &BigInt::from(divisor), i64::from(exponent));
            tally.float("mean: fixed point", Unit::new(exponent).divide(value, divisor), exact);
            let sum = sum_of(&pieces(value, exponent));
            tally.float("mean: limbs", sum.div_round(divisor), exact);
            tally.float("mean: of floats", mean_scaled(&sum, divisor, 0), exact);
        }
    }
}

/// Means of decimals: by 10^scale too, beyond 64 bits in big integers.
fn scaled_means(tally: &mut Tally) {
    for _ in 0..1_000 {
        let scale = [1, 2, 6, 19, 20, 20][tally.below(6) as usize];
        let count = 1 + tally.below(if scale > 6 { 9 } else { 1_000 });
        let gap = tally.below(4);
        let power = BigInt::from(10).pow(u32::from(scale)) * count;
        let middle = BigInt::from(tally.middle()) << gap;
        for more in [-1, 0, 1] {
            let Ok(value) = i128::try_from(&middle * &power + more) else {
                continue;
            };
            let mut sum = ExactSum::new();
            sum.add_i128(value);
            let path = if scale > 18 {
                "mean: decimal, wide"
            } else {
                "mean: decimal"
            };
            tally.float(path, mean_scaled(&sum, count, scale), (&BigInt::from(value), &power, 0));
        }
    }
}

/// Quotients of integers and decimals.
fn ratios(tally: &mut Tally) {
    for _ in 0..1_500 {
        let sign = if tally.below(2) == 0 { 1 } else { -1 };
        let (middle, gap) = (tally.middle() * sign, tally.below(30) as u32);
        let small = 1 + i128::from(tally.below(1 << 36));
        let brim = (1 << 63) + (i128::from(tally.word()) << tally.below(3));
        let large = i128::from(tally.word()) * i128::from(1 + tally.below(512));
        for more in [-1, 0, 1] {
            let num = (middle << gap) * small + more;
            let den = small << tally.below(60);
            let exact = (&BigInt::from(num), &BigInt::from(den), 0);
            tally.float("ratio: 128 bits", ratio::ratio_to_f64(num, den), exact);
            tally.float("ratio: 128 bits", ratio::ratio_to_f64(-num, -den), exact);
            let (num, den) = (middle * large + more, -large);
            let exact = (&BigInt::from(num), &BigInt::from(den), 0);
            tally.float("ratio: wide divisor", ratio::ratio_to_f64(num, den), exact);
            let (num, den) = (middle * brim + more, brim);
            let exact = (&BigInt::from(num), &BigInt::from(den), 0);
            tally.float("ratio: divisor around 2^64", ratio::ratio_to_f64(num, den), exact);
            // Ends of the range and subnormals, where a shift of the divisor changes the number of bits that stay.
            let den = BigInt::from(small) << (tally.below(2_200));
            let num = BigInt::from(middle) * small * (BigInt::from(1) << (1_100 + gap)) + more;
            tally.float("ratio: big", ratio::big_ratio_to_f64(&num, &den), (&num, &den, 0));
            let scales = (tally.below(12) as u8, tally.below(12) as u8);
            let powers = [scales.0, scales.1].map(|scale| 10i128.pow(u32::from(scale)));
            let up = |of: i128, than: i128| if of > than { of / than } else { 1 };
            let few = small % 1_000_000 + 1;
            let num = (middle << (gap % 8)) * few * up(powers[0], powers[1]) + more;
            let den = few * up(powers[1], powers[0]);
            let exact = (&(BigInt::from(num) * powers[1]), &(BigInt::from(den) * powers[0]), 0);
            tally.float(
                "ratio: decimals",
                decimal::ratio((num, scales.0), (den, scales.1)),
                exact,
            );
        }
    }
}

/// A window of values with a variance around a middle: `zeros` times `base`, `others` times `base` + `distance`.
struct Spread {
    zeros: usize,
    others: usize,
    /// `distance` is this, times a number of 27 bits or so, times a power of two, and one unit more or less.
    factor: u64,
    /// The variance is this times the square of that number, times a power of two.
    square: u64,
    population: bool,
}

const fn spread(zeros: usize, others: usize, factor: u64, square: u64, population: bool) -> Spread {
    Spread {
        zeros,
        others,
        factor,
        square,
        population,
    }
}

/// The variance is zeros · others · distance² / (n · last), where n = zeros + others.
const SPREADS: [Spread; 10] = [
    spread(1, 1, 1, 1, false),
    spread(1, 1, 1, 1, true),
    spread(3, 1, 1, 1, false),
    spread(2, 2, 3, 3, false),
    spread(2, 2, 1, 1, true),
    spread(1, 3, 1, 3, true),
    spread(8, 1, 3, 1, false),
    spread(2, 1, 3, 3, false),
    spread(2, 1, 3, 1, true),
    spread(15, 1, 1, 1, false),
];

fn variances(tally: &mut Tally) {
    for round in 0..5_000 {
        let of = &SPREADS[round % SPREADS.len()];
        // Odd, and `square` times its square has 54 bits.
        let least = ((1u64 << 53) as f64 / of.square as f64).sqrt().ceil() as u64;
        let most = ((1u64 << 54) as f64 / of.square as f64).sqrt() as u64;
        let number = (least + tally.below(most - least - 1)) | 1;
        let shift = 1 + tally.below(20);
        let base = tally.below(3) as i128;
        for more in [-1, 0, 1] {
            let distance = (i128::from(number * of.factor) << shift) + more;
            let mut window = vec![base; of.zeros];
            window.resize(of.zeros + of.others, base + distance);
            float_variances(tally, of, &window);
            integer_variances(tally, of, &window);
        }
    }
}

/// Numerator and denominator of the variance, literally.
fn variance_of(window: &[i128], population: bool) -> (BigInt, BigInt) {
    let count = BigInt::from(window.len());
    let total: BigInt = window.iter().map(|value| BigInt::from(*value)).sum();
    let squares: BigInt = window.iter().map(|value| BigInt::from(*value) * *value).sum();
    let last = if population { count.clone() } else { &count - 1 };
    (&count * squares - &total * &total, count * last)
}

/// The window stands after a value that sets the unit of its column.
fn float_variances(tally: &mut Tally, of: &Spread, window: &[i128]) {
    let exponent = match tally.below(3) {
        0 => 450,
        1 => tally.below(100) as i32 - 590,
        _ => tally.below(120) as i32 - 60,
    };
    // From 2^-43 on the numerator has more than three limbs, of which the least is zero.
    let finer = [0, 11, 43, 50, 60][tally.below(5) as usize];
    let (num, den) = variance_of(window, of.population);
    let exact = (&num, &den, 2 * i64::from(exponent));
    let mut values = vec![two_to(exponent - finer)];
    values.extend(window.iter().map(|value| *value as f64 * two_to(exponent)));
    let rows = values.len();
    let count = window.len() as u32;
    if let Some(fixed) = FixedMoments::floats(&values, |_| true) {
        let sum = fixed.sums().sums()[rows] - fixed.sums().sums()[1];
        let mut squares = fixed.squares()[rows];
        squares.subtract(fixed.squares()[1]);
        let got = fixed.sums().unit().variance(count, sum, squares, 1, of.population);
        tally.float("variance: fixed point", got.expect("several values"), exact);
    }
    let sums = PrefixExact::floats(&values, |_| true).range(1..rows);
    let squares = PrefixExact::float_squares(&values, |_| true).range(1..rows);
    let got = variance(count.into(), &sums, &squares, 0, of.population);
    tally.float("variance: prefix", got.expect("several values"), exact);
    let mut squares = ExactSum::new();
    values[1..].iter().for_each(|value| squares.add_product(*value, *value));
    let got = variance(count.into(), &sum_of(&values[1..]), &squares, 0, of.population);
    tally.float("variance: limbs", got.expect("several values"), exact);
}

/// The same of integers and decimals: by 100^scale too.
fn integer_variances(tally: &mut Tally, of: &Spread, window: &[i128]) {
    let scale = [0, 0, 1, 2, 5, 9][tally.below(6) as usize];
    // A number of 80 bits and more needs four limbs, the least of them zero.
    let power = i128::from(10u64.pow(scale.into())) << [0, 3, 72][tally.below(3) as usize];
    let Some(window): Option<Vec<i128>> = window.iter().map(|value| value.checked_mul(power)).collect() else {
        return;
    };
    let divisor = 100u64.pow(scale.into());
    let (num, den) = variance_of(&window, of.population);
    let exact = (&num, &(den * divisor), 0);
    let (rows, count) = (window.len(), window.len() as u32);
    let fits = divisor.checked_mul(u64::from(count * count)).is_some();
    if let Some(fixed) = FixedMoments::integers(rows, |row| Some(window[row])).filter(|_| fits) {
        let (sum, squares) = (fixed.sums().sums()[rows], fixed.squares()[rows]);
        let got = fixed
            .sums()
            .unit()
            .variance(count, sum, squares, divisor, of.population);
        tally.float("variance: integers in fixed point", got.expect("several values"), exact);
    }
    let sums = PrefixExact::integers(rows, |row| Some(window[row])).range(0..rows);
    let squares = PrefixExact::integer_squares(rows, |row| Some(window[row])).range(0..rows);
    let got = variance(count.into(), &sums, &squares, scale, of.population);
    tally.float("variance: integers in limbs", got.expect("several values"), exact);
}

const WIDE: Type = Type::Decimal {
    precision: 38,
    scale: 6,
};

/// Decimal division, products, sums and changes of scale: to integers, half to even.
fn decimals(tally: &mut Tally) {
    let ten = |scale: u8| BigInt::from(10).pow(scale.into());
    for _ in 0..1_500 {
        let sign = if tally.below(2) == 0 { 1 } else { -1 };
        let half = sign * (2 * i128::from(tally.word() >> tally.below(60)) + 1);
        let den = 2 * (1 + i128::from(tally.below(1 << 30)));
        let drop = 1 + tally.below(12) as u8;
        let small = sign * (2 * i128::from(tally.below(1 << 19)) + 1);
        let wide = 10_000 + i128::from(tally.below(90_000));
        for more in [-1, 0, 1] {
            // An odd multiple of half of the divisor.
            let num = half * (den / 2) + more;
            tally.integer(
                "decimal: quotient",
                Some(decimal::divide_half_even(num, den)),
                &num.into(),
                &den.into(),
            );
            let big = decimal::big_divide_half_even(&num.into(), &den.into());
            tally.integer(
                "decimal: big quotient",
                i128::try_from(big).ok(),
                &num.into(),
                &den.into(),
            );
            let got = decimal::divide((num, 4), (-den, 4), 38, 0);
            tally.integer("decimal: division", got, &num.into(), &(-den).into());
            // Scaled up by 10^30, the dividend does not fit 128 bits.
            let (num, den) = (small * wide + more, 2 * wide * 10i128.pow(30));
            let got = decimal::divide((num, 0), (den, 30), 38, 0);
            tally.integer("decimal: division, wide", got, &(num * ten(30)), &den.into());
            let (num, den) = (half * 5 * 10i128.pow(u32::from(drop) - 1) + more, ten(drop));
            let got = decimal::rescale(num, drop.into(), 0);
            tally.integer("decimal: rescale", got, &num.into(), &den);
            let got = decimal::add((num - 9, drop), (9, drop), 38, 0);
            tally.integer("decimal: sum", got, &num.into(), &den);
            let got = decimal::multiply((num, drop - 1), (1, 1), 38, 0);
            tally.integer("decimal: product", got, &num.into(), &den);
            let num = small * 5 * 10i128.pow(u32::from(drop) - 1) + more;
            let got = decimal::multiply((num * 10i128.pow(19), drop + 19), (10i128.pow(19), 19), 38, 0);
            tally.integer("decimal: product, wide", got, &num.into(), &den);
        }
    }
}

/// One expression over a column of values, and its results.
fn evaluated(ty: Type, values: &[Value], expr: impl FnOnce(Expr) -> ExprKind, to: Type) -> Column {
    let columns = vec![Column::from_values(ty, values)];
    let expr = Expr::new(expr(Expr::column(ColumnId(0), ty)), to);
    eval::eval(&expr, &Batch::from_columns(columns))
}

fn int(value: i64) -> Expr {
    Expr::new(ExprKind::Literal(Literal::Int64(value)), Type::Int64)
}

fn cast(operand: Expr) -> ExprKind {
    ExprKind::Cast(Box::new(operand))
}

/// Casts to floats, of whole columns.
fn casts_to_floats(tally: &mut Tally) {
    let (mut integers, mut multiples, mut decimals, mut texts) = (vec![], vec![], vec![], vec![]);
    for _ in 0..1_500 {
        let sign = if tally.below(2) == 0 { 1 } else { -1 };
        let middle = tally.middle() * sign;
        let (gap, place) = (1 + tally.below(9), tally.below(25) as u32);
        for more in [-1, 0, 1] {
            integers.push((middle << gap) + more);
            multiples.push((3 * middle << (gap % 7)) + more);
            decimals.push((middle << gap) * 1_000_000 + more);
            // middle · 2^-place = middle · 5^place / 10^place.
            texts.push(((middle << gap) * 5i128.pow(place) * 10 + more, place as usize + 1));
        }
    }
    let values: Vec<Value> = integers.iter().map(|value| Value::Int64(*value as i64)).collect();
    let column = evaluated(Type::Int64, &values, cast, Type::Float64);
    for (value, got) in integers.iter().zip(column.f64s()) {
        tally.float(
            "cast: int64 to float64",
            *got,
            (&BigInt::from(*value), &BigInt::from(1), 0),
        );
    }
    let quotient = |operand| ExprKind::Binary(BinaryOp::Divide, Box::new(operand), Box::new(int(48)));
    let values: Vec<Value> = multiples.iter().map(|value| Value::Int64(*value as i64)).collect();
    let column = evaluated(Type::Int64, &values, quotient, Type::Float64);
    for (value, got) in multiples.iter().zip(column.f64s()) {
        tally.float("quotient of int64", *got, (&BigInt::from(*value), &BigInt::from(48), 0));
    }
    let values: Vec<Value> = decimals.iter().map(|units| Value::Decimal(*units)).collect();
    let column = evaluated(WIDE, &values, cast, Type::Float64);
    for (units, got) in decimals.iter().zip(column.f64s()) {
        tally.float(
            "cast: decimal to float64",
            *got,
            (&BigInt::from(*units), &BigInt::from(1_000_000), 0),
        );
    }
    let text = |(units, scale): &(i128, usize)| {
        let digits = format!("{:0width$}", units.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        Value::String(format!("{}{whole}.{fraction}", if *units < 0 { "-" } else { "" }))
    };
    let values: Vec<Value> = texts.iter().map(text).collect();
    let column = evaluated(Type::String, &values, cast, Type::Float64);
    for ((units, scale), got) in texts.iter().zip(column.f64s()) {
        let exact = (&BigInt::from(*units), &BigInt::from(10).pow(*scale as u32), 0);
        tally.float("cast: string to float64", *got, exact);
    }
}

/// Casts to decimals, and `round`, of whole columns.
fn casts_to_decimals(tally: &mut Tally) {
    let two = Type::Decimal {
        precision: 38,
        scale: 2,
    };
    let (mut units, mut floats) = (vec![], vec![]);
    for _ in 0..1_500 {
        let sign = if tally.below(2) == 0 { 1 } else { -1 };
        let half = sign * (2 * i128::from(tally.word() >> tally.below(40)) + 1);
        units.extend([-1, 0, 1].map(|more| half * 5_000 + more));
        // 100 · odd / 8 is a middle.
        let float = (sign * (2 * i128::from(tally.word() >> (14 + tally.below(40))) + 1)) as f64 / 8.0;
        floats.extend([float.next_down(), float, float.next_up()]);
    }
    let values: Vec<Value> = units.iter().map(|units| Value::Decimal(*units)).collect();
    let to_round = |operand| ExprKind::Call(Function::Round, vec![operand, int(2)]);
    let texts: Vec<Value> = values.iter().map(|value| Value::String(value.render(WIDE))).collect();
    let columns = [
        ("cast: decimal to decimal", evaluated(WIDE, &values, cast, two)),
        ("round: decimal", evaluated(WIDE, &values, to_round, two)),
        ("cast: string to decimal", evaluated(Type::String, &texts, cast, two)),
    ];
    for (path, column) in &columns {
        for (units, got) in units.iter().zip(column.i128s()) {
            tally.integer(path, Some(*got), &BigInt::from(*units), &BigInt::from(10_000));
        }
    }
    let values: Vec<Value> = floats.iter().map(|value| Value::Float64(*value)).collect();
    let column = evaluated(Type::Float64, &values, cast, two);
    for (float, got) in floats.iter().zip(column.i128s()) {
        let (num, den) = dyadic(*float);
        tally.integer("cast: float64 to decimal", Some(*got), &(num * 100), &den);
    }
    let to_digits = |operand| ExprKind::Call(Function::Round, vec![operand, int(2)]);
    let column = evaluated(Type::Float64, &values, to_digits, Type::Float64);
    for (float, got) in floats.iter().zip(column.f64s()) {
        // The result is a float near the multiple; the multiple is the whole number of hundredths next to it.
        let (num, den) = dyadic(*float);
        let hundredths = (got * 100.0).round_ties_even();
        if hundredths.abs() < 1e15 {
            tally.integer("round: float64 to digits", Some(hundredths as i128), &(num * 100), &den);
            assert_eq!(hundredths / 100.0, *got, "the float nearest to it");
        }
    }
    let halves: Vec<Value> = floats.iter().map(|value| Value::Float64(value * 4.0)).collect();
    let to_round = |operand| ExprKind::Call(Function::Round, vec![operand]);
    let column = evaluated(Type::Float64, &halves, to_round, Type::Float64);
    for (float, got) in floats.iter().zip(column.f64s()) {
        let (num, den) = dyadic(float * 4.0);
        tally.integer("round: float64", Some(*got as i128), &num, &den);
    }
}

/// A float as a fraction.
fn dyadic(value: f64) -> (BigInt, BigInt) {
    let bits = value.abs().to_bits();
    let exponent = (bits >> 52) as i32 - 1075;
    let mantissa = BigInt::from(bits & ((1 << 52) - 1) | 1 << 52);
    let signed = if value < 0.0 { -mantissa } else { mantissa };
    (signed << exponent.max(0), BigInt::from(1) << (-exponent).max(0))
}

#[test]
fn every_rounding_is_half_to_even_at_the_middle_and_beside_it() {
    let mut tally = Tally::new();
    sums_and_means(&mut tally);
    scaled_means(&mut tally);
    ratios(&mut tally);
    variances(&mut tally);
    decimals(&mut tally);
    casts_to_floats(&mut tally);
    casts_to_decimals(&mut tally);
    let mut all = 0;
    for (path, seen) in &tally.paths {
        println!(
            "{path}: {} below, {} in, {} above the middle",
            seen.below, seen.tie, seen.above
        );
        assert!(
            seen.below >= 400 && seen.tie >= 400 && seen.above >= 400,
            "{path}: {seen:?}"
        );
        all += seen.below + seen.tie + seen.above;
    }
    println!("{all} vectors on {} paths", tally.paths.len());
    assert!(
        all >= 100_000 && tally.paths.len() == 37,
        "{all} on {}",
        tally.paths.len()
    );
}
