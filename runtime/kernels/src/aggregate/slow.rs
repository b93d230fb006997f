//! The definition of every aggregate over a list of rows, and rows that make trouble: the oracle of the tests.

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
}

pub(crate) const DECIMAL: Type = Type::Decimal {
    precision: 38,
    scale: 2,
};

/// Every aggregate with every type of argument that it takes (`None` where it takes none).
pub(crate) fn all_slots() -> Vec<(Aggregate, Option<Type>)> {
    let numeric = [Type::Int64, Type::Float64, DECIMAL];
    let any = [
        Type::Bool,
        Type::Int64,
        Type::Float64,
        DECIMAL,
        Type::String,
        Type::Timestamp,
        Type::Date,
        Type::Duration,
    ];
    let of_numbers = [
        Aggregate::Sum,
        Aggregate::Mean,
        Aggregate::Variance,
        Aggregate::Stddev,
        Aggregate::VariancePop,
        Aggregate::StddevPop,
    ];
    let of_any = [
        Aggregate::Count,
        Aggregate::Min,
        Aggregate::Max,
        Aggregate::First { ignoring_nulls: false },
        Aggregate::First { ignoring_nulls: true },
        Aggregate::Last { ignoring_nulls: false },
        Aggregate::Last { ignoring_nulls: true },
        Aggregate::CountDistinct { cap: 2 },
    ];
    let mut slots = vec![(Aggregate::Count, None), (Aggregate::TimeSinceLast, None)];
    slots.extend(
        of_numbers
            .into_iter()
            .flat_map(|aggregate| numeric.map(|ty| (aggregate, Some(ty)))),
    );
    slots.extend(
        of_any
            .into_iter()
            .flat_map(|aggregate| any.map(|ty| (aggregate, Some(ty)))),
    );
    slots
}

/// The slot that [`block`] makes rows for: lift 0 is the argument, lift 1 the filter.
pub(crate) fn slot(aggregate: Aggregate, argument: Option<Type>) -> Slot {
    let ty = match (aggregate, argument) {
        (Aggregate::Count | Aggregate::CountDistinct { .. }, _) => Type::Int64,
        (Aggregate::TimeSinceLast, _) => Type::Duration,
        (Aggregate::Sum, Some(Type::Decimal { scale, .. })) => Type::Decimal { precision: 38, scale },
        (Aggregate::Sum | Aggregate::Min | Aggregate::Max, Some(ty)) => ty,
        (Aggregate::First { .. } | Aggregate::Last { .. }, Some(ty)) => ty,
        _ => Type::Float64,
    };
    let window = WindowId(0);
    Slot {
        aggregate,
        argument: argument.map(|_| LiftId(0)),
        filter: Some(LiftId(1)),
        window,
        ty,
    }
}

/// The rows as a sorted block.
pub(crate) fn block(rows: &[Row], argument: Option<Type>) -> Events {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by(|left, right| left.key.cmp(&right.key));
    let ty = argument.unwrap_or(Type::Int64);
    let arguments: Vec<Value> = rows.iter().map(|row| row.argument.clone()).collect();
    let filters: Vec<Value> = rows.iter().map(|row| row.filter.clone()).collect();
    let mut events = Events::new(&[ty, Type::Bool]);
    let lifts = [
        Column::from_values(ty, &arguments),
        Column::from_values(Type::Bool, &filters),
    ];
    for (position, row) in rows.into_iter().enumerate() {
        let poison = row.poison.map_or(Tag::VALID, Tag::error);
        events.push((row.key.0, &row.key.1, row.key.2), poison, &lifts, position);
    }
    events
}

/// The answer by definition.
pub(crate) fn answer_slow(aggregate: Aggregate, argument: Option<Type>, rows: &[Row], t_us: i64) -> (Value, Status) {
    let mut rows = rows.to_vec();
    rows.sort_by(|left, right| left.key.cmp(&right.key));
    let errors = rows
        .iter()
        .filter_map(|row| match (row.poison, &row.filter, &row.argument) {
            (Some(code), _, _) => Some(code),
            (None, Value::Error(code), _) => Some(*code),
            (None, Value::Bool(true), Value::Error(code)) => argument.and(Some(*code)),
            _ => None,
        });
    if let Some(code) = errors.min() {
        return (Value::Null, Status::Error(code));
    }
    rows.retain(|row| row.filter == Value::Bool(true));
    let atomic = matches!(
        aggregate,
        Aggregate::First { ignoring_nulls: false } | Aggregate::Last { ignoring_nulls: false }
    );
    if argument.is_some() && !atomic {
        rows.retain(|row| !row.argument.is_null());
    }
    if rows.is_empty() {
        let counts = matches!(aggregate, Aggregate::Count | Aggregate::CountDistinct { .. });
        return (if counts { Value::Int64(0) } else { Value::Null }, Status::Empty);
    }
    match value_slow(aggregate, argument, &rows, t_us) {
        Value::Error(code) => (Value::Null, Status::Error(code)),
        value => (value, Status::Ok),
    }
}

fn value_slow(aggregate: Aggregate, argument: Option<Type>, rows: &[Row], t_us: i64) -> Value {
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
        Aggregate::TimeSinceLast => match t_us.checked_sub(rows[rows.len() - 1].key.0) {
            Some(since) => Value::Duration(since),
            None => Value::Error(ErrorCode::Overflow),
        },
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
        Aggregate::Sum
        | Aggregate::Mean
        | Aggregate::Variance
        | Aggregate::Stddev
        | Aggregate::VariancePop
        | Aggregate::StddevPop => number_slow(aggregate, argument.unwrap(), &values),
    }
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
    }
}

/// Rows with distinct keys; some lists without any error.
pub(crate) fn rows(argument: Option<Type>, most: usize) -> impl Strategy<Value = Vec<Row>> {
    let ty = argument.unwrap_or(Type::Int64);
    (any::<bool>(), any::<bool>()).prop_flat_map(move |(plain, errors)| {
        let weight = u32::from(errors);
        let value = if plain {
            valid(ty)
        } else {
            prop_oneof![12 => valid(ty), 3 => Just(Value::Null), weight => code().prop_map(Value::Error)].boxed()
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
        let row = (key, poison, filter, value).prop_map(|(key, poison, filter, argument)| Row {
            key,
            poison,
            filter,
            argument,
        });
        prop::collection::vec(row, 0..=most).prop_map(|mut rows| {
            rows.sort_by(|left, right| left.key.cmp(&right.key));
            rows.dedup_by(|left, right| left.key == right.key);
            rows
        })
    })
}
