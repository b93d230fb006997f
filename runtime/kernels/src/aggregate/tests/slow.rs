//! The definition of every aggregate over a list of rows.

use super::drawn::Row;
use crate::aggregate::Types;
use crate::exact::slow::{nearest_slow, scaled_slow};
use crate::value::{NAN, Value};
use featc_ir::{Aggregate, ErrorCode, Status, Type};
use num_bigint::BigInt;

/// The answer by definition.
pub fn answer_slow(aggregate: Aggregate, types: Types, rows: &[Row], t_us: i64) -> (Value, Status) {
    let mut rows = rows.to_vec();
    rows.sort_by(|left, right| left.key.cmp(&right.key));
    let error_in = |row: &Row| {
        let first = types.argument.and(row.argument.as_error());
        first.or(types.second.and(row.second.as_error()))
    };
    let errors = rows.iter().filter_map(|row| match (row.poison, &row.filter) {
        (Some(code), _) => Some(code),
        (None, Value::Error(code)) => Some(*code),
        (None, Value::Bool(true)) => error_in(row),
        _ => None,
    });
    if let Some(code) = errors.min() {
        return (Value::Null, Status::Error(code));
    }
    rows.retain(|row| row.filter == Value::Bool(true));
    let atomic = matches!(
        aggregate,
        Aggregate::First { ignoring_nulls: false }
            | Aggregate::Last { ignoring_nulls: false }
            | Aggregate::FirstN {
                ignoring_nulls: false,
                ..
            }
            | Aggregate::LastN {
                ignoring_nulls: false,
                ..
            }
    );
    let chosen = matches!(aggregate, Aggregate::ArgMin | Aggregate::ArgMax);
    if types.argument.is_some() && !atomic && !chosen {
        rows.retain(|row| !row.argument.is_null());
    }
    if types.second.is_some() {
        rows.retain(|row| !row.second.is_null());
    }
    if rows.is_empty() {
        let counts = matches!(aggregate, Aggregate::Count | Aggregate::CountDistinct { .. });
        return (if counts { Value::Int64(0) } else { Value::Null }, Status::Empty);
    }
    match value_slow(aggregate, types, &rows, t_us) {
        Value::Error(code) => (Value::Null, Status::Error(code)),
        value => (value, Status::Ok),
    }
}

fn since_slow(t_us: i64, time_us: i64) -> Value {
    t_us.checked_sub(time_us)
        .map_or(Value::Error(ErrorCode::Overflow), Value::Duration)
}

fn value_slow(aggregate: Aggregate, types: Types, rows: &[Row], t_us: i64) -> Value {
    let values: Vec<&Value> = rows.iter().map(|row| &row.argument).collect();
    match aggregate {
        Aggregate::Count => Value::Int64(rows.len() as i64),
        Aggregate::Min => values
            .into_iter()
            .min_by(|left, right| left.compare(right))
            .unwrap()
            .clone(),
        Aggregate::Max => values
            .into_iter()
            .max_by(|left, right| left.compare(right))
            .unwrap()
            .clone(),
        Aggregate::First { .. } => rows[0].argument.clone(),
        Aggregate::Last { .. } => rows[rows.len() - 1].argument.clone(),
        Aggregate::FirstN { items, .. } => Value::List(values.into_iter().take(items as usize).cloned().collect()),
        Aggregate::LastN { items, .. } => {
            let skipped = values.len().saturating_sub(items as usize);
            Value::List(values[skipped..].iter().copied().cloned().collect())
        }
        Aggregate::TimeSinceFirst => since_slow(t_us, rows[0].key.0),
        Aggregate::TimeSinceLast => since_slow(t_us, rows[rows.len() - 1].key.0),
        Aggregate::CountDistinct { cap } => {
            let distinct = (0..values.len())
                .filter(|row| !values[..*row].contains(&values[*row]))
                .count();
            if distinct > cap as usize {
                Value::Error(ErrorCode::Cap)
            } else {
                Value::Int64(distinct as i64)
            }
        }
        Aggregate::Median { cap } => ranked_slow(cap, &values, |sorted| {
            let (n, ty) = (sorted.len(), types.argument.unwrap());
            number_slow(Aggregate::Mean, ty, &[sorted[(n - 1) / 2], sorted[n / 2]])
        }),
        // The least value that so many in a billion are not above.
        Aggregate::Quantile { portion, cap } => ranked_slow(cap, &values, |sorted| {
            let wanted = BigInt::from(portion.billionths()) * sorted.len();
            let reaches = |place: usize| BigInt::from(1_000_000_000) * (place + 1) >= wanted;
            let place = (0..sorted.len()).find(|place| reaches(*place)).unwrap();
            sorted[place].clone()
        }),
        Aggregate::Mode { cap } => ranked_slow(cap, &values, |sorted| {
            let mut runs: Vec<&[&Value]> = sorted.chunk_by(|left, right| left == right).collect();
            // Stable: those of one length stay in order.
            runs.sort_by_key(|run| usize::MAX - run.len());
            runs[0][0].clone()
        }),
        Aggregate::ModeN { items, cap } => ranked_slow(cap, &values, |sorted| {
            let mut runs: Vec<&[&Value]> = sorted.chunk_by(|left, right| left == right).collect();
            runs.sort_by_key(|run| usize::MAX - run.len());
            Value::List(
                runs.into_iter()
                    .take(items as usize)
                    .map(|run| run[0].clone())
                    .collect(),
            )
        }),
        Aggregate::LastDistinctN { items } => {
            let follows = |row: usize| values[row + 1..].contains(&values[row]);
            let last: Vec<usize> = (0..values.len()).filter(|row| !follows(*row)).collect();
            let skipped = last.len().saturating_sub(items as usize);
            Value::List(last[skipped..].iter().map(|row| values[*row].clone()).collect())
        }
        Aggregate::TopK { items } | Aggregate::BottomK { items } => ranked_slow(u32::MAX, &values, |sorted| {
            let mut listed: Vec<Value> = sorted.iter().copied().cloned().collect();
            if matches!(aggregate, Aggregate::TopK { .. }) {
                listed.reverse();
            }
            listed.truncate(items as usize);
            Value::List(listed)
        }),
        Aggregate::Skewness | Aggregate::Kurtosis => shape_slow(aggregate, rows),
        Aggregate::Any => Value::Bool(values.contains(&&Value::Bool(true))),
        Aggregate::All => Value::Bool(!values.contains(&&Value::Bool(false))),
        // Of several alike, `min_by` gives the first.
        Aggregate::ArgMin => chosen_slow(rows.iter().min_by(|left, right| left.second.compare(&right.second))),
        Aggregate::ArgMax => chosen_slow(rows.iter().min_by(|left, right| right.second.compare(&left.second))),
        Aggregate::Sum
        | Aggregate::Mean
        | Aggregate::Variance
        | Aggregate::Stddev
        | Aggregate::VariancePop
        | Aggregate::StddevPop => number_slow(aggregate, types.argument.unwrap(), &values),
        Aggregate::Covariance
        | Aggregate::Correlation
        | Aggregate::Slope
        | Aggregate::Intercept
        | Aggregate::WeightedMean => pairs_slow(aggregate, types, rows),
    }
}

fn ranked_slow(cap: u32, values: &[&Value], of_sorted: impl Fn(&[&Value]) -> Value) -> Value {
    let mut sorted = values.to_vec();
    sorted.sort_by(|left, right| left.compare(right));
    let distinct = sorted.chunk_by(|left, right| left == right).count();
    if distinct > cap as usize {
        Value::Error(ErrorCode::Cap)
    } else {
        of_sorted(&sorted)
    }
}

fn chosen_slow(row: Option<&Row>) -> Value {
    row.unwrap().argument.clone()
}

/// Numbers as integers in units of 2^-1074 (floats) or 1; `None` if one is not finite.
fn integers_slow(values: impl Iterator<Item = Value>) -> Option<Vec<BigInt>> {
    let integer = |value| match value {
        Value::Int64(value) => Some(BigInt::from(value)),
        Value::Decimal(value) => Some(BigInt::from(value)),
        Value::Float64(value) => value.is_finite().then(|| scaled_slow(value)),
        other => unreachable!("a number, not {other:?}"),
    };
    values.map(integer).collect()
}

/// Aggregates of pairs, from sums of centred products: `Σ (n·x − Σx)·(n·y − Σy) = n·(n·Σxy − Σx·Σy)`.
fn pairs_slow(aggregate: Aggregate, types: Types, rows: &[Row]) -> Value {
    if rows.len() == 1 && aggregate != Aggregate::WeightedMean {
        return Value::Null;
    }
    let x = integers_slow(rows.iter().map(|row| row.argument.clone()));
    let y = integers_slow(rows.iter().map(|row| row.second.clone()));
    let Some((x, y)) = x.zip(y) else {
        return Value::Float64(NAN);
    };
    let unit = |ty: Option<Type>| match ty {
        Some(Type::Decimal { scale, .. }) => BigInt::from(10).pow(u32::from(scale)),
        _ => BigInt::from(1),
    };
    let exponent = if types.argument == Some(Type::Float64) {
        -1074
    } else {
        0
    };
    let (n, sum) = (BigInt::from(rows.len()), |values: &[BigInt]| {
        values.iter().sum::<BigInt>()
    });
    if aggregate == Aggregate::WeightedMean {
        let products: BigInt = x.iter().zip(&y).map(|(x, w)| x * w).sum();
        let weights = sum(&y) * unit(types.argument);
        if weights == BigInt::ZERO {
            return Value::Null;
        }
        return Value::Float64(nearest_slow(&products, exponent, &weights));
    }
    let centred = |values: &[BigInt]| -> Vec<BigInt> {
        let total = sum(values);
        values.iter().map(|value| &n * value - &total).collect()
    };
    let total = (sum(&x), sum(&y));
    let (x, y) = (centred(&x), centred(&y));
    let product = |left: &[BigInt], right: &[BigInt]| -> BigInt { left.iter().zip(right).map(|(l, r)| l * r).sum() };
    let top = product(&x, &y);
    if aggregate == Aggregate::Covariance {
        let bottom = &n * &n * (&n - 1) * unit(types.argument) * unit(types.second);
        return Value::Float64(nearest_slow(&top, 2 * exponent, &bottom));
    }
    let (a, b) = (product(&x, &x), product(&y, &y));
    if matches!(aggregate, Aggregate::Slope | Aggregate::Intercept) {
        if b == BigInt::ZERO {
            return Value::Null;
        }
        let (of_x, of_y) = (unit(types.argument), unit(types.second));
        if aggregate == Aggregate::Slope {
            return Value::Float64(nearest_slow(&(top * of_y), 0, &(b * of_x)));
        }
        // n² times what the line misses the mean by at 0, over n.
        let line = total.0 * &b - top * total.1;
        return Value::Float64(nearest_slow(&line, exponent, &(b * &n * of_x)));
    }
    if a == BigInt::ZERO || b == BigInt::ZERO {
        return Value::Null;
    }
    Value::Float64(root_slow(&top, &(a * b)))
}

/// From sums of powers of `n·x − Σx`, in which units cancel.
fn shape_slow(aggregate: Aggregate, rows: &[Row]) -> Value {
    let least = if aggregate == Aggregate::Skewness { 3 } else { 4 };
    if rows.len() < least {
        return Value::Null;
    }
    let Some(values) = integers_slow(rows.iter().map(|row| row.argument.clone())) else {
        return Value::Float64(NAN);
    };
    let n = BigInt::from(rows.len());
    let sum: BigInt = values.iter().sum();
    let power = |power: u32| -> BigInt { values.iter().map(|value| (&n * value - &sum).pow(power)).sum() };
    let second = power(2);
    if second == BigInt::ZERO {
        return Value::Null;
    }
    if aggregate == Aggregate::Skewness {
        // The square is n²·(n − 1)·Σ³² / ((n − 2)²·Σ²³), here times (n − 1) above and below.
        let pairs: BigInt = &n * (&n - 1);
        let less: BigInt = &n - 2;
        let bottom = less.pow(2) * second.pow(3) * (&n - 1);
        return Value::Float64(root_slow(&(power(3) * pairs), &bottom));
    }
    let squared = &second * &second;
    let top = (&n - 1) * ((&n + 1) * &n * power(4) - 3 * (&n - 1) * &squared);
    Value::Float64(nearest_slow(&top, 0, &((&n - 2) * (&n - 3) * squared)))
}

/// The float nearest to `top / √bottom`, in the sense of the middles between floats.
fn root_slow(top: &BigInt, bottom: &BigInt) -> f64 {
    let is_below = |value: f64| -> bool {
        // value² ≤ top² / bottom, with value = m·2^-1074.
        let scaled = scaled_slow(value);
        &scaled * &scaled * bottom <= (top * top) << (2 * 1074)
    };
    let (mut low, mut high) = (0u64, f64::MAX.to_bits());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is_below(f64::from_bits(middle)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Twice the middle between two neighbours against twice the root.
    let twice = scaled_slow(f64::from_bits(low)) + scaled_slow(f64::from_bits(high));
    let middle = &twice * &twice * bottom;
    let square: BigInt = (top * top) << (2 * 1074 + 2);
    let bits = match square.cmp(&middle) {
        std::cmp::Ordering::Less => low,
        std::cmp::Ordering::Greater => high,
        std::cmp::Ordering::Equal => low + low % 2,
    };
    let root = f64::from_bits(bits);
    let is_negative = *top < BigInt::ZERO && bits != 0;
    if is_negative { -root } else { root }
}

fn number_slow(aggregate: Aggregate, ty: Type, values: &[&Value]) -> Value {
    let moments = !matches!(aggregate, Aggregate::Sum | Aggregate::Mean);
    let floats = || {
        values.iter().filter_map(|value| {
            if let Value::Float64(value) = value {
                Some(*value)
            } else {
                None
            }
        })
    };
    if moments && values.len() == 1 && matches!(aggregate, Aggregate::Variance | Aggregate::Stddev) {
        return Value::Null;
    }
    if floats().any(|value| !value.is_finite()) {
        // IEEE addition of the specials alone; a variance has no meaning.
        let sum: f64 = floats().filter(|value| !value.is_finite()).sum();
        return Value::Float64(if moments || sum.is_nan() { NAN } else { sum });
    }
    let integers = values.iter().map(|value| match value {
        Value::Int64(value) => BigInt::from(*value),
        Value::Decimal(value) => BigInt::from(*value),
        Value::Float64(value) => scaled_slow(*value),
        other => unreachable!("a number, not {other:?}"),
    });
    let integers: Vec<BigInt> = integers.collect();
    let (exponent, unit) = match ty {
        Type::Float64 => (-1074, BigInt::from(1)),
        Type::Decimal { scale, .. } => (0, BigInt::from(10).pow(u32::from(scale))),
        _ => (0, BigInt::from(1)),
    };
    let (count, sum): (BigInt, BigInt) = (BigInt::from(values.len()), integers.iter().sum());
    if aggregate == Aggregate::Sum {
        return match ty {
            Type::Float64 => Value::Float64(nearest_slow(&sum, exponent, &unit)),
            Type::Int64 => i64::try_from(sum).map_or(Value::Error(ErrorCode::Overflow), Value::Int64),
            _ if sum.magnitude() >= BigInt::from(10).pow(38).magnitude() => Value::Error(ErrorCode::Overflow),
            _ => Value::Decimal(i128::try_from(sum).unwrap()),
        };
    }
    if aggregate == Aggregate::Mean {
        return Value::Float64(nearest_slow(&sum, exponent, &(count * unit)));
    }
    let top: BigInt = integers
        .iter()
        .map(|value| &count * value - &sum)
        .map(|centred| &centred * &centred)
        .sum();
    let last = match aggregate {
        Aggregate::VariancePop | Aggregate::StddevPop => count.clone(),
        _ => &count - 1,
    };
    let variance = nearest_slow(&top, 2 * exponent, &(&count * &count * last * &unit * &unit));
    match aggregate {
        Aggregate::Stddev | Aggregate::StddevPop => Value::Float64(variance.sqrt()),
        _ => Value::Float64(variance),
    }
}
