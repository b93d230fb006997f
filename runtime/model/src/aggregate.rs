//! Aggregates by definition, over the plain list of what a slot takes (semantics §5).
//!
//! Sums are exact integers in a common unit `2^b · 10^-d`; every rational result is one fraction, rounded once.
//! Nothing here is folded step by step: each aggregate reads the whole list.

mod pairs;
mod ranked;
mod shape;

use crate::rounding::{Fraction, mantissa_and_exponent};
use crate::source::Event;
use featc_ir::{Aggregate, ErrorCode, Slot, Status, Type};
use featr_kernels::Value;
use num_bigint::BigInt;
use pairs::{correlation, covariance, intercept, pairs, slope, weighted_mean};
use ranked::{frequent, middle_two, mode, quantile, sorted};
use shape::{kurtosis, skewness};
use std::collections::BTreeSet;

/// An event that a slot takes, with its argument (null in aggregates without one).
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    pub event: &'a Event,
    pub argument: &'a Value,
    /// As above, of aggregates with two arguments.
    pub second: &'a Value,
}

/// The types of the arguments, where there are some.
pub type Types = (Option<Type>, Option<Type>);

/// What a list of taken events gives: a value (null is fine), or nothing at all, or an error of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Value(Value),
    /// Nothing was folded.
    Empty,
    Error(ErrorCode),
}

/// The value and status of a slot over the events that it takes; `errors` are those of the other events in its window
/// (in any order): if there is one, the least is the answer.
pub fn slot_answer(slot: &Slot, types: Types, taken: &[Taken], errors: &[ErrorCode], t_us: i64) -> (Value, Status) {
    if let Some(code) = errors.iter().min() {
        return (Value::Null, Status::Error(*code));
    }
    match outcome(slot.aggregate, types, taken, t_us) {
        Outcome::Value(value) => (value, Status::Ok),
        Outcome::Empty if slot.aggregate.is_zero_when_empty() => (Value::Int64(0), Status::Empty),
        Outcome::Empty => (Value::Null, Status::Empty),
        Outcome::Error(code) => (Value::Null, Status::Error(code)),
    }
}

/// The aggregate of a list of events, in any order.
pub fn outcome(aggregate: Aggregate, types: Types, taken: &[Taken], t_us: i64) -> Outcome {
    let (argument, _) = types;
    let values: Vec<&Value> = taken
        .iter()
        .map(|taken| taken.argument)
        .filter(|value| !value.is_null())
        .collect();
    let row_atomic = |ignoring_nulls: bool| {
        taken
            .iter()
            .filter(move |taken| !(ignoring_nulls && taken.argument.is_null()))
            .map(|taken| (taken.event.order(), taken))
    };
    match aggregate {
        Aggregate::Count => match if argument.is_some() { values.len() } else { taken.len() } {
            0 => Outcome::Empty,
            count => Outcome::Value(Value::Int64(count as i64)),
        },
        Aggregate::Sum => numeric(&values, argument, sum),
        Aggregate::Mean => numeric(&values, argument, mean),
        Aggregate::Variance => numeric(&values, argument, |values, ty| variance(values, ty, Spread::Sample)),
        Aggregate::VariancePop => numeric(&values, argument, |values, ty| variance(values, ty, Spread::Population)),
        Aggregate::Stddev => root(numeric(&values, argument, |values, ty| {
            variance(values, ty, Spread::Sample)
        })),
        Aggregate::StddevPop => root(numeric(&values, argument, |values, ty| {
            variance(values, ty, Spread::Population)
        })),
        Aggregate::Min => values
            .into_iter()
            .min()
            .map_or(Outcome::Empty, |value| Outcome::Value(value.clone())),
        Aggregate::Max => values
            .into_iter()
            .max()
            .map_or(Outcome::Empty, |value| Outcome::Value(value.clone())),
        Aggregate::First { ignoring_nulls } => argument_of(
            row_atomic(ignoring_nulls)
                .min_by_key(|(order, _)| *order)
                .map(|(_, taken)| taken),
        ),
        Aggregate::Last { ignoring_nulls } => argument_of(
            row_atomic(ignoring_nulls)
                .max_by_key(|(order, _)| *order)
                .map(|(_, taken)| taken),
        ),
        Aggregate::FirstN { items, ignoring_nulls } => {
            let listed = in_order(row_atomic(ignoring_nulls));
            list(&listed[..listed.len().min(items as usize)])
        }
        Aggregate::LastN { items, ignoring_nulls } => {
            let listed = in_order(row_atomic(ignoring_nulls));
            list(&listed[listed.len().saturating_sub(items as usize)..])
        }
        Aggregate::CountDistinct { cap } => match values.into_iter().collect::<BTreeSet<&Value>>().len() {
            0 => Outcome::Empty,
            distinct if distinct > cap as usize => Outcome::Error(ErrorCode::Cap),
            distinct => Outcome::Value(Value::Int64(distinct as i64)),
        },
        Aggregate::Median { cap } => sorted(&values, cap, |sorted| numeric(&middle_two(sorted), argument, mean)),
        Aggregate::Quantile { portion, cap } => sorted(&values, cap, |sorted| quantile(sorted, portion)),
        Aggregate::Mode { cap } => sorted(&values, cap, mode),
        Aggregate::ModeN { items, cap } => sorted(&values, cap, |sorted| frequent(sorted, items as usize)),
        Aggregate::LastDistinctN { items } => {
            let listed = last_of_each(&in_order(row_atomic(true)));
            list(&listed[listed.len().saturating_sub(items as usize)..])
        }
        Aggregate::TopK { items } => sorted(&values, u32::MAX, |sorted| {
            listed(sorted.iter().rev().take(items as usize))
        }),
        Aggregate::BottomK { items } => sorted(&values, u32::MAX, |sorted| listed(sorted.iter().take(items as usize))),
        Aggregate::Skewness => numeric(&values, argument, skewness),
        Aggregate::Kurtosis => numeric(&values, argument, kurtosis),
        Aggregate::TimeSinceLast => since(taken.iter().map(|taken| taken.event.time_us).max(), t_us),
        Aggregate::TimeSinceFirst => since(taken.iter().map(|taken| taken.event.time_us).min(), t_us),
        Aggregate::Any => quantified(&values, |values| values.contains(&&Value::Bool(true))),
        Aggregate::All => quantified(&values, |values| {
            values.iter().all(|value| **value == Value::Bool(true))
        }),
        Aggregate::Covariance => pairs(taken, types, 2, covariance),
        Aggregate::Correlation => pairs(taken, types, 2, correlation),
        Aggregate::Slope => pairs(taken, types, 2, slope),
        Aggregate::Intercept => pairs(taken, types, 2, intercept),
        Aggregate::WeightedMean => pairs(taken, types, 1, weighted_mean),
        Aggregate::ArgMin => chosen(taken, |left, right| left < right),
        Aggregate::ArgMax => chosen(taken, |left, right| left > right),
    }
}

/// Events in their order.
fn in_order<'a, 'b, K: Ord>(events: impl Iterator<Item = (K, &'b Taken<'a>)>) -> Vec<&'b Taken<'a>>
where
    'a: 'b,
{
    let mut events: Vec<(K, &Taken)> = events.collect();
    events.sort_by(|(left, _), (right, _)| left.cmp(right));
    events.into_iter().map(|(_, taken)| taken).collect()
}

/// The arguments of some events.
fn list(events: &[&Taken]) -> Outcome {
    if events.is_empty() {
        return Outcome::Empty;
    }
    Outcome::Value(Value::List(events.iter().map(|taken| taken.argument.clone()).collect()))
}

/// Of events in order, those after which no other has their argument.
fn last_of_each<'a, 'b>(events: &[&'b Taken<'a>]) -> Vec<&'b Taken<'a>> {
    let comes_again = |at: usize| {
        events[at + 1..]
            .iter()
            .any(|later| later.argument == events[at].argument)
    };
    (0..events.len())
        .filter(|at| !comes_again(*at))
        .map(|at| events[at])
        .collect()
}

/// Some values as a list.
fn listed<'a>(values: impl Iterator<Item = &'a &'a Value>) -> Outcome {
    Outcome::Value(Value::List(values.map(|value| (*value).clone()).collect()))
}

/// How long ago an instant was.
fn since(event_us: Option<i64>, t_us: i64) -> Outcome {
    let Some(event_us) = event_us else {
        return Outcome::Empty;
    };
    in_range(t_us.checked_sub(event_us).map(Value::Duration))
}

/// A statement about conditions that are not null.
fn quantified(values: &[&Value], holds: impl Fn(&[&Value]) -> bool) -> Outcome {
    if values.is_empty() {
        Outcome::Empty
    } else {
        Outcome::Value(Value::Bool(holds(values)))
    }
}

/// The argument of the event whose second argument is better than all others; of several such, of the first event.
fn chosen(taken: &[Taken], better: impl Fn(&Value, &Value) -> bool) -> Outcome {
    let candidates: Vec<&Taken> = taken.iter().filter(|taken| !taken.second.is_null()).collect();
    let unbeaten = |one: &&&Taken| !candidates.iter().any(|other| better(other.second, one.second));
    argument_of(
        candidates
            .iter()
            .filter(unbeaten)
            .min_by_key(|taken| taken.event.order())
            .copied(),
    )
}

/// `evaluate` over a list of non-null arguments that is not empty.
fn numeric(values: &[&Value], argument: Option<Type>, evaluate: impl Fn(&[&Value], Type) -> Outcome) -> Outcome {
    match argument {
        Some(ty) if !values.is_empty() => evaluate(values, ty),
        Some(_) | None => Outcome::Empty,
    }
}

fn argument_of(taken: Option<&Taken>) -> Outcome {
    taken.map_or(Outcome::Empty, |taken| Outcome::Value(taken.argument.clone()))
}

/// Finite numbers as integers in a common unit: each is `integer · 2^exponent / 10^scale`.
struct Exact {
    integers: Vec<BigInt>,
    exponent: i64,
    scale: u32,
}

/// The numbers of a non-empty list, or the floats themselves when one of them is NaN or infinite.
fn exact(values: &[&Value], ty: Type) -> Result<Exact, Vec<f64>> {
    let scale = u32::from(ty.scale());
    let parts: Vec<(i128, i64)> = values
        .iter()
        .map(|value| integer_and_exponent(value))
        .collect::<Option<_>>()
        .ok_or_else(|| {
            values
                .iter()
                .map(|value| {
                    if let Value::Float64(float) = value {
                        *float
                    } else {
                        f64::NAN
                    }
                })
                .collect::<Vec<_>>()
        })?;
    let exponent = parts.iter().map(|(_, exponent)| *exponent).min().unwrap_or(0);
    let integers = parts
        .iter()
        .map(|(integer, own)| BigInt::from(*integer) << (own - exponent).unsigned_abs())
        .collect();
    Ok(Exact {
        integers,
        exponent,
        scale,
    })
}

/// `integer · 2^exponent` (over 10^scale, for decimals); `None` for NaN and the infinities, and for what is no number.
fn integer_and_exponent(value: &Value) -> Option<(i128, i64)> {
    match value {
        Value::Int64(value) | Value::Duration(value) => Some((i128::from(*value), 0)),
        Value::Decimal(value) => Some((*value, 0)),
        Value::Float64(value) if value.is_finite() => {
            let (mantissa, exponent) = mantissa_and_exponent(*value);
            Some((i128::from(mantissa), exponent))
        }
        Value::Float64(_) | Value::Null | Value::Error(_) | Value::Bool(_) => None,
        Value::String(_) | Value::Timestamp(_) | Value::Date(_) | Value::List(_) => None,
    }
}

impl Exact {
    fn count(&self) -> BigInt {
        BigInt::from(self.integers.len())
    }

    fn sum(&self) -> BigInt {
        self.integers.iter().sum()
    }

    /// Of pairs, `Σxy`, in the product of the units.
    fn product(&self, other: &Exact) -> BigInt {
        let pairs = self.integers.iter().zip(&other.integers);
        pairs.map(|(left, right)| left * right).sum()
    }

    /// `n Σxy − Σx Σy`, in the product of the units.
    fn centred(&self, other: &Exact) -> BigInt {
        self.count() * self.product(other) - self.sum() * other.sum()
    }

    fn sum_of_squares(&self) -> BigInt {
        self.integers.iter().map(|integer| integer * integer).sum()
    }

    /// `numerator / denominator` in the unit to the given power, rounded once.
    fn rounded(&self, numerator: BigInt, denominator: BigInt, power: u32) -> Outcome {
        let fraction = Fraction::new(numerator, denominator)
            .times_power_of_two(self.exponent * i64::from(power))
            .over_power_of_ten(self.scale * power);
        Outcome::Value(Value::float(fraction.nearest()))
    }
}

/// The sum, in the type of the numbers; `error(overflow)` outside int64 (or duration), or beyond 38 decimal digits.
fn sum(values: &[&Value], ty: Type) -> Outcome {
    let exact = match exact(values, ty) {
        Ok(exact) => exact,
        Err(floats) => return Outcome::Value(Value::float(sum_of_specials(&floats))),
    };
    let sum = exact.sum();
    match ty {
        Type::Float64 => exact.rounded(sum, BigInt::from(1), 1),
        Type::Decimal { .. } => {
            let limit = BigInt::from(10).pow(38);
            let fits = -&limit < sum && sum < limit;
            in_range(i128::try_from(sum).ok().filter(|_| fits).map(Value::Decimal))
        }
        Type::Duration => in_range(i64::try_from(sum).ok().map(Value::Duration)),
        Type::Bool | Type::Int64 | Type::String | Type::Timestamp | Type::Date | Type::List(_) => {
            in_range(i64::try_from(sum).ok().map(Value::Int64))
        }
    }
}

fn in_range(value: Option<Value>) -> Outcome {
    value.map_or(Outcome::Error(ErrorCode::Overflow), Outcome::Value)
}

/// NaN with a NaN or with both infinities, else the infinity that is there.
fn sum_of_specials(floats: &[f64]) -> f64 {
    let up = floats.contains(&f64::INFINITY);
    let down = floats.contains(&f64::NEG_INFINITY);
    if floats.iter().any(|float| float.is_nan()) || (up && down) {
        f64::NAN
    } else if up {
        f64::INFINITY
    } else {
        f64::NEG_INFINITY
    }
}

fn mean(values: &[&Value], ty: Type) -> Outcome {
    match exact(values, ty) {
        Ok(exact) => exact.rounded(exact.sum(), exact.count(), 1),
        Err(floats) => Outcome::Value(Value::float(sum_of_specials(&floats))),
    }
}

/// Which variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    /// Over `n − 1`; null for a single value.
    Sample,
    /// Over `n`.
    Population,
}

/// `(n Σx² − (Σx)²) / (n (n − 1))`, or over `n²`; NaN when a number is NaN or infinite.
fn variance(values: &[&Value], ty: Type, spread: Spread) -> Outcome {
    if values.len() == 1 && spread == Spread::Sample {
        return Outcome::Value(Value::Null);
    }
    let Ok(exact) = exact(values, ty) else {
        return Outcome::Value(Value::float(f64::NAN));
    };
    let (count, sum) = (exact.count(), exact.sum());
    let numerator = &count * exact.sum_of_squares() - &sum * &sum;
    let denominator = match spread {
        Spread::Sample => &count * (&count - 1),
        Spread::Population => &count * &count,
    };
    exact.rounded(numerator, denominator, 2)
}

/// The IEEE square root of a rounded variance.
fn root(variance: Outcome) -> Outcome {
    match variance {
        Outcome::Value(Value::Float64(variance)) => Outcome::Value(Value::float(variance.sqrt())),
        other @ (Outcome::Value(_) | Outcome::Empty | Outcome::Error(_)) => other,
    }
}
