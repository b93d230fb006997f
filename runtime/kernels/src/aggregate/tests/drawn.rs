//! Rows that make trouble, of every aggregate and type.

use crate::aggregate::Types;
use crate::column::{Column, Tag};
use crate::events::Events;
use crate::exact::slow::any_float;
use crate::value::Value;
use featc_ir::{Aggregate, ErrorCode, LiftId, Slot, Type, WindowId};
use proptest::prelude::*;

/// One event as the definition sees it.
#[derive(Debug, Clone)]
pub struct Row {
    pub key: (i64, Vec<u8>, u128),
    pub poison: Option<ErrorCode>,
    pub filter: Value,
    pub argument: Value,
    pub second: Value,
}

pub const DECIMAL: Type = Type::Decimal {
    precision: 38,
    scale: 2,
};

/// Every type.
pub const ANY: [Type; 8] = [
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
pub fn all_slots() -> Vec<(Aggregate, Types)> {
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
pub fn slot(aggregate: Aggregate, types: Types) -> Slot {
    Slot {
        aggregate,
        argument: types.argument.map(|_| LiftId(0)),
        second: types.second.map(|_| LiftId(1)),
        filter: Some(LiftId(2)),
        since: None,
        window: WindowId(0),
        ty: aggregate.result(&listed(types)).expect("an aggregate of these"),
    }
}

/// The rows as a sorted block.
pub fn block(rows: &[Row], types: Types) -> Events {
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
pub fn rows(types: Types, most: usize) -> impl Strategy<Value = Vec<Row>> {
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
