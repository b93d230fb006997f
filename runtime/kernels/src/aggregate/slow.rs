//! The definition of every aggregate over a list of rows, and rows that make trouble: the slow twins of the tests.

use super::Types;
use crate::column::{Column, Tag};
use crate::events::Events;
use crate::exact::slow::{any_float, nearest_slow, scaled_slow};
use crate::value::{NAN, Value};
use featc_ir::{Aggregate, ErrorCode, LiftId, Slot, Status, Type, WindowId};
use num_bigint::BigInt;
use proptest::prelude::*;

/// One event as the definition sees it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) key: (i64, Vec<u8>, u128),
    pub(crate) poison: Option<ErrorCode>,
    pub(crate) filter: Value,
    pub(crate) argument: Value,
    pub(crate) second: Value,
}

pub(crate) const DECIMAL: Type = Type::Decimal {
    precision: 38,
    scale: 2,
};

/// Every type.
pub(crate) const ANY: [Type; 8] = [
    Type::Bool,
    Type::Int64,
    Type::Float64,
    DECIMAL,
    Type::String,
    Type::Timestamp,
    Type::Date,
    Type::Duration,
];

/// Every aggregate with every types of arguments that it takes; caps are small.
pub(crate) fn all_slots() -> Vec<(Aggregate, Types)> {
    let alone = ANY.map(Some).into_iter().chain([None]);
    let types = alone.flat_map(|argument| {
        let seconds = ANY.map(Some).into_iter().chain([None]);
        seconds.map(move |second| Types { argument, second })
    });
    let types: Vec<Types> = types.collect();
    let mut aggregates: Vec<Aggregate> = Aggregate::ALL.to_vec();
    aggregates.extend(Aggregate::ALL.iter().filter_map(|aggregate| aggregate.ignoring_nulls()));
    let capped = |aggregate: Aggregate| aggregate.with_cap(2).unwrap_or(aggregate);
    let takes = |aggregate: &Aggregate, types: &Types| {
        let in_place = types.argument.is_some() || types.second.is_none();
        in_place && aggregate.result(&listed(*types)).is_some()
    };
    let of_each = aggregates.into_iter().flat_map(|aggregate| {
        let of_it: Vec<Types> = types.iter().filter(|types| takes(&aggregate, types)).copied().collect();
        of_it.into_iter().map(move |types| (capped(aggregate), types))
    });
    of_each.collect()
}

fn listed(types: Types) -> Vec<Type> {
    types.argument.into_iter().chain(types.second).collect()
}

/// The slot that [`block`] makes rows for: lifts 0 and 1 are the arguments, lift 2 the filter.
pub(crate) fn slot(aggregate: Aggregate, types: Types) -> Slot {
    Slot {
        aggregate,
        argument: types.argument.map(|_| LiftId(0)),
        second: types.second.map(|_| LiftId(1)),
        filter: Some(LiftId(2)),
        window: WindowId(0),
        ty: aggregate.result(&listed(types)).expect("an aggregate of these"),
    }
}

/// The rows as a sorted block.
pub(crate) fn block(rows: &[Row], types: Types) -> Events {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by(|left, right| left.key.cmp(&right.key));
    let (ty, second) = (
        types.argument.unwrap_or(Type::Int64),
        types.second.unwrap_or(Type::Int64),
    );
    let column = |ty: Type, value: fn(&Row) -> &Value| {
        let values: Vec<Value> = rows.iter().map(|row| value(row).clone()).collect();
        Column::from_values(ty, &values)
    };
    let lifts = [
        column(ty, |row| &row.argument),
        column(second, |row| &row.second),
        column(Type::Bool, |row| &row.filter),
    ];
    let mut events = Events::new(&[ty, second, Type::Bool]);
    for (position, row) in rows.into_iter().enumerate() {
        let poison = row.poison.map_or(Tag::VALID, Tag::error);
        events.push((row.key.0, &row.key.1, row.key.2), poison, &lifts, position);
    }
    events
}

/// The answer by definition.
pub(crate) fn answer_slow(aggregate: Aggregate, types: Types, rows: &[Row], t_us: i64) -> (Value, Status) {
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
        Aggregate::Covariance | Aggregate::Correlation | Aggregate::WeightedMean => pairs_slow(aggregate, types, rows),
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
    let (x, y) = (centred(&x), centred(&y));
    let product = |left: &[BigInt], right: &[BigInt]| -> BigInt { left.iter().zip(right).map(|(l, r)| l * r).sum() };
    let top = product(&x, &y);
    if aggregate == Aggregate::Covariance {
        let bottom = &n * &n * (&n - 1) * unit(types.argument) * unit(types.second);
        return Value::Float64(nearest_slow(&top, 2 * exponent, &bottom));
    }
    let (a, b) = (product(&x, &x), product(&y, &y));
    if a == BigInt::ZERO || b == BigInt::ZERO {
        return Value::Null;
    }
    // The float whose square is nearest in the sense of the middles between floats: all lie in [0, 1], so bits are halved.
    let is_below = |value: f64| -> bool {
        // value² ≤ top² / (a·b), with value = m·2^-1074.
        let scaled = scaled_slow(value);
        &scaled * &scaled * &a * &b <= (&top * &top) << (2 * 1074)
    };
    let (mut low, mut high) = (0u64, 1f64.to_bits() + 1);
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
    let middle = &twice * &twice * &a * &b;
    let square: BigInt = (&top * &top) << (2 * 1074 + 2);
    let bits = match square.cmp(&middle) {
        std::cmp::Ordering::Less => low,
        std::cmp::Ordering::Greater => high,
        std::cmp::Ordering::Equal => low + low % 2,
    };
    let root = f64::from_bits(bits);
    let is_negative = top < BigInt::ZERO && bits != 0;
    Value::Float64(if is_negative { -root } else { root })
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

fn code() -> impl Strategy<Value = ErrorCode> {
    prop::sample::select(ErrorCode::ALL.to_vec())
}

/// Valid values of a type: few different small ones, and extremes.
fn valid(ty: Type) -> BoxedStrategy<Value> {
    let integer = prop_oneof![4 => -3i64..4, 1 => any::<i64>(), 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int64 => integer.prop_map(Value::Int64).boxed(),
        Type::Timestamp => integer.prop_map(Value::Timestamp).boxed(),
        Type::Duration => integer.prop_map(Value::Duration).boxed(),
        Type::Date => (-2i32..3).prop_map(Value::Date).boxed(),
        Type::Float64 => prop_oneof![any_float(), (-3i32..4).prop_map(f64::from)]
            .prop_map(|value| Value::Float64(crate::value::canonical(value)))
            .boxed(),
        Type::Decimal { .. } => {
            let bound = 10i128.pow(38) - 1;
            prop_oneof![3 => -300i128..300, 1 => -bound..=bound, 1 => Just(bound), 1 => Just(-bound)]
                .prop_map(Value::Decimal)
                .boxed()
        }
        Type::String => prop::sample::select(vec!["", "a", "b", "ab", "é"])
            .prop_map(|text| Value::String(text.to_owned()))
            .boxed(),
        Type::List(_) => unreachable!("no argument is a list"),
    }
}

/// Rows with distinct keys; some lists without any error.
pub(crate) fn rows(types: Types, most: usize) -> impl Strategy<Value = Vec<Row>> {
    let argument = types.argument.unwrap_or(Type::Int64);
    let second = types.second.unwrap_or(Type::Int64);
    (any::<bool>(), any::<bool>()).prop_flat_map(move |(plain, errors)| {
        let weight = u32::from(errors);
        let value = |ty: Type| {
            if plain {
                valid(ty)
            } else {
                prop_oneof![12 => valid(ty), 3 => Just(Value::Null), weight => code().prop_map(Value::Error)].boxed()
            }
        };
        let filter = if plain {
            Just(Value::Bool(true)).boxed()
        } else {
            prop_oneof![12 => Just(Value::Bool(true)), 2 => Just(Value::Bool(false)), 1 => Just(Value::Null),
                weight => code().prop_map(Value::Error)]
            .boxed()
        };
        let poison = if plain {
            Just(None).boxed()
        } else {
            prop_oneof![15 => Just(None), weight => code().prop_map(Some)].boxed()
        };
        let key = (
            prop_oneof![8 => -5i64..5, 1 => Just(i64::MIN), 1 => Just(i64::MAX)],
            prop::collection::vec(0u8..2, 0..3),
            0u128..4,
        );
        let row = (key, poison, filter, value(argument), value(second)).prop_map(
            |(key, poison, filter, argument, second)| Row {
                key,
                poison,
                filter,
                argument,
                second,
            },
        );
        prop::collection::vec(row, 0..=most).prop_map(|mut rows| {
            rows.sort_by(|left, right| left.key.cmp(&right.key));
            rows.dedup_by(|left, right| left.key == right.key);
            rows
        })
    })
}
