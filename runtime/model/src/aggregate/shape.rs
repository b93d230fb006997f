//! Aggregates that tell how values lie about their mean, from the distances themselves.

use super::{Outcome, exact};
use crate::rounding::Fraction;
use featc_ir::Type;
use featr_kernels::Value;
use num_bigint::BigInt;

/// Sums of powers of `n x − Σx`, which is n times the distance from the mean.
struct Distances {
    count: BigInt,
    distances: Vec<BigInt>,
}

impl Distances {
    fn sum_of_powers(&self, power: u32) -> BigInt {
        self.distances.iter().map(|distance| distance.pow(power)).sum()
    }
}

/// `evaluate` over the distances of the numbers; null of fewer than `least` of them and where all are equal, NaN where one is NaN
/// or infinite.
fn distances(values: &[&Value], ty: Type, least: usize, evaluate: impl Fn(&Distances) -> f64) -> Outcome {
    if values.len() < least {
        return Outcome::Value(Value::Null);
    }
    let Ok(exact) = exact(values, ty) else {
        return Outcome::Value(Value::float(f64::NAN));
    };
    let (count, sum) = (exact.count(), exact.sum());
    let distances: Vec<BigInt> = exact.integers.iter().map(|integer| integer * &count - &sum).collect();
    if distances.iter().all(|distance| *distance == BigInt::ZERO) {
        return Outcome::Value(Value::Null);
    }
    Outcome::Value(Value::float(evaluate(&Distances { count, distances })))
}

/// `√(n (n − 1)) / (n − 2) · m₃ / √m₂³` with the moments about the mean `m₂ = Σd² / n` and `m₃ = Σd³ / n`: the root of
/// `n² (n − 1) (Σd³)² / ((n − 2)² (Σd²)³)`.
pub(super) fn skewness(values: &[&Value], ty: Type) -> Outcome {
    distances(values, ty, 3, |about| {
        let (n, second, third) = (&about.count, about.sum_of_powers(2), about.sum_of_powers(3));
        let top = n * n * (n - 1) * &third * &third;
        let bottom = (n - 2) * (n - 2) * &second * &second * &second;
        let root = Fraction::new(top, bottom).nearest_root();
        if third < BigInt::ZERO && root > 0.0 {
            -root
        } else {
            root
        }
    })
}

/// `(n − 1) / ((n − 2) (n − 3)) · ((n + 1) m₄ / m₂² − 3 (n − 1))`, with `m₄ / m₂² = n Σd⁴ / (Σd²)²`.
pub(super) fn kurtosis(values: &[&Value], ty: Type) -> Outcome {
    distances(values, ty, 4, |about| {
        let (n, second, fourth) = (&about.count, about.sum_of_powers(2), about.sum_of_powers(4));
        let squared = &second * &second;
        let top = (n - 1) * ((n + 1) * n * fourth - 3 * (n - 1) * &squared);
        Fraction::new(top, (n - 2) * (n - 3) * squared).nearest()
    })
}
