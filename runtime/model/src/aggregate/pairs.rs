//! Aggregates of pairs of numbers.

use super::{Exact, Outcome, Taken, Types, exact};
use crate::rounding::Fraction;
use featr_kernels::Value;
use num_bigint::BigInt;

/// `evaluate` over the pairs of which neither is null, as exact numbers. Of fewer than `least` pairs it is null, else NaN
/// where a number is NaN or infinite.
pub(super) fn pairs(
    taken: &[Taken],
    types: Types,
    least: usize,
    evaluate: impl Fn(&Exact, &Exact) -> Outcome,
) -> Outcome {
    let both: Vec<&Taken> = taken
        .iter()
        .filter(|taken| !taken.argument.is_null() && !taken.second.is_null())
        .collect();
    let (Some(first), Some(second), false) = (types.0, types.1, both.is_empty()) else {
        return Outcome::Empty;
    };
    if both.len() < least {
        return Outcome::Value(Value::Null);
    }
    let left: Vec<&Value> = both.iter().map(|taken| taken.argument).collect();
    let right: Vec<&Value> = both.iter().map(|taken| taken.second).collect();
    match (exact(&left, first), exact(&right, second)) {
        (Ok(left), Ok(right)) => evaluate(&left, &right),
        (Err(_), _) | (_, Err(_)) => Outcome::Value(Value::float(f64::NAN)),
    }
}

/// `(n Σxy − Σx Σy) / (n (n − 1))`, of at least two pairs.
pub(super) fn covariance(x: &Exact, y: &Exact) -> Outcome {
    let count = x.count();
    let fraction = Fraction::new(x.centred(y), &count * (&count - 1))
        .times_power_of_two(x.exponent + y.exponent)
        .over_power_of_ten(x.scale + y.scale);
    Outcome::Value(Value::float(fraction.nearest()))
}

/// The root of `c² / (a b)` with the sign of `c`, where `c = n Σxy − Σx Σy`, `a = n Σx² − (Σx)²`, and `b` the same of y; null
/// where one side is constant.
pub(super) fn correlation(x: &Exact, y: &Exact) -> Outcome {
    let (a, b, c) = (x.centred(x), y.centred(y), x.centred(y));
    let bottom = a * b;
    if bottom == BigInt::ZERO {
        return Outcome::Value(Value::Null);
    }
    let root = Fraction::new(&c * &c, bottom).nearest_root();
    Outcome::Value(Value::float(if c < BigInt::ZERO { -root } else { root }))
}

/// `(n Σxy − Σx Σy) / (n Σx² − (Σx)²)`; null where x is constant.
pub(super) fn slope(y: &Exact, x: &Exact) -> Outcome {
    let bottom = x.centred(x);
    if bottom == BigInt::ZERO {
        return Outcome::Value(Value::Null);
    }
    // What a unit of y is, per unit of x.
    let fraction = Fraction::new(x.centred(y) * BigInt::from(10).pow(x.scale), bottom)
        .times_power_of_two(y.exponent - x.exponent)
        .over_power_of_ten(y.scale);
    Outcome::Value(Value::float(fraction.nearest()))
}

/// `(Σy − slope Σx) / n`, as one fraction: `(Σy (n Σx² − (Σx)²) − (n Σxy − Σx Σy) Σx) / (n (n Σx² − (Σx)²))`; null where x is
/// constant.
pub(super) fn intercept(y: &Exact, x: &Exact) -> Outcome {
    let spread = x.centred(x);
    if spread == BigInt::ZERO {
        return Outcome::Value(Value::Null);
    }
    let top = y.sum() * &spread - x.centred(y) * x.sum();
    let fraction = Fraction::new(top, y.count() * spread)
        .times_power_of_two(y.exponent)
        .over_power_of_ten(y.scale);
    Outcome::Value(Value::float(fraction.nearest()))
}

/// `Σxw / Σw`; null where the weights sum up to 0.
pub(super) fn weighted_mean(x: &Exact, weight: &Exact) -> Outcome {
    let weights = weight.sum();
    if weights == BigInt::ZERO {
        return Outcome::Value(Value::Null);
    }
    let fraction = Fraction::new(x.product(weight), weights)
        .times_power_of_two(x.exponent)
        .over_power_of_ten(x.scale);
    Outcome::Value(Value::float(fraction.nearest()))
}
