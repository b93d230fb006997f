mod drawn;
mod slow;

use super::*;
use crate::events::Events;
use drawn::{DECIMAL, Row, all_slots, block, rows, slot};
use featc_ir::Aggregate;
use proptest::prelude::*;
use proptest::sample::Index;
use slow::answer_slow;
use std::ops::Range;

fn state_of(slot: &Slot, types: Types, events: &Events, rows: Range<usize>) -> State {
    let mut state = State::identity(slot.aggregate, types);
    state.fold(slot, events, rows);
    state
}

/// Any slot with rows for it.
fn case(most: usize) -> impl Strategy<Value = (Aggregate, Types, Vec<Row>)> {
    prop::sample::select(all_slots())
        .prop_flat_map(move |(aggregate, types)| rows(types, most).prop_map(move |rows| (aggregate, types, rows)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_aggregate_is_what_its_definition_says((aggregate, types, rows) in case(8), t in prop_oneof![-5i64..5, Just(i64::MIN)]) {
        let (slot, events) = (slot(aggregate, types), block(&rows, types));
        let state = state_of(&slot, types, &events, 0..events.len());
        let slow = answer_slow(aggregate, types, &rows, t);
        prop_assert_eq!(state.lower(&slot, types, t), slow, "{:?}", state);
    }

    #[test]
    fn any_split_in_any_order_gives_the_same_state(
        (aggregate, types, rows) in case(10),
        deal in prop::collection::vec(0usize..4, 10),
        order in Just([0usize, 1, 2, 3]).prop_shuffle(),
        cut in any::<Index>(),
    ) {
        let (slot, events) = (slot(aggregate, types), block(&rows, types));
        let whole = state_of(&slot, types, &events, 0..events.len());
        // Deal the rows onto four hands; fold each in two parts; combine the hands as ((a·b)·(c·d)) and a·(b·(c·d)).
        let hands: Vec<State> = order.iter().map(|hand| {
            let mine: Vec<u32> = (0u32..).zip(&deal).take(events.len()).filter(|(_, to)| *to == hand).map(|(row, _)| row).collect();
            let part = events.take(&mine);
            let cut = cut.index(part.len() + 1);
            let mut state = state_of(&slot, types, &part, cut..part.len());
            state.fold(&slot, &part, 0..cut);
            state
        }).collect();
        let pair = |left: &State, right: &State| { let mut state = left.clone(); state.combine(right); state };
        let balanced = pair(&pair(&hands[0], &hands[1]), &pair(&hands[2], &hands[3]));
        let chain = pair(&hands[0], &pair(&hands[1], &pair(&hands[2], &hands[3])));
        for state in [&balanced, &chain] {
            prop_assert_eq!(state, &whole);
        }
        prop_assert_eq!(pair(&whole, &State::identity(aggregate, types)), whole);
    }

    #[test]
    fn groups_subtract((aggregate, types, rows) in case(10), cut in any::<Index>()) {
        if !aggregate.is_group() { return Ok(()) }
        let (slot, events) = (slot(aggregate, types), block(&rows, types));
        let cut = cut.index(events.len() + 1);
        let mut state = state_of(&slot, types, &events, 0..events.len());
        state.subtract(&state_of(&slot, types, &events, cut..events.len()));
        let expected = state_of(&slot, types, &events, 0..cut);
        prop_assert_eq!(&state, &expected);
        state.subtract(&expected);
        prop_assert_eq!(state, State::identity(aggregate, types));
    }

}

fn row(time: i64, argument: Value) -> Row {
    Row {
        key: (time, vec![], 0),
        poison: None,
        filter: Value::Bool(true),
        argument,
        second: Value::Null,
    }
}

fn of(ty: Type) -> Types {
    Types {
        argument: Some(ty),
        second: None,
    }
}

fn answer(aggregate: Aggregate, ty: Type, values: &[Value]) -> (Value, Status) {
    let rows: Vec<Row> = values
        .iter()
        .enumerate()
        .map(|(time, value)| row(time as i64, value.clone()))
        .collect();
    let types = of(ty);
    let (slot, events) = (slot(aggregate, types), block(&rows, types));
    let answer = state_of(&slot, types, &events, 0..events.len()).lower(&slot, types, 100);
    assert_eq!(answer, answer_slow(aggregate, types, &rows, 100));
    answer
}

#[test]
fn the_range_of_a_sum_is_checked_at_the_end_only() {
    let max = Value::Int64(i64::MAX);
    let overflow = (Value::Null, Status::Error(ErrorCode::Overflow));
    assert_eq!(
        answer(Aggregate::Sum, Type::Int64, &[max.clone(), Value::Int64(1)]),
        overflow
    );
    let back = [max.clone(), Value::Int64(1), Value::Int64(-1)];
    assert_eq!(answer(Aggregate::Sum, Type::Int64, &back), (max, Status::Ok));
    let most = Value::Decimal(10i128.pow(38) - 1);
    assert_eq!(
        answer(Aggregate::Sum, DECIMAL, &[most.clone(), Value::Decimal(1)]),
        overflow
    );
    let back = [
        most.clone(),
        most.clone(),
        most.clone(),
        Value::Decimal(1 - 10i128.pow(38)),
        Value::Decimal(1 - 10i128.pow(38)),
    ];
    assert_eq!(answer(Aggregate::Sum, DECIMAL, &back), (most, Status::Ok));
}

#[test]
fn one_value_has_no_sample_variance() {
    assert_eq!(
        answer(Aggregate::Variance, Type::Int64, &[Value::Int64(3)]),
        (Value::Null, Status::Ok)
    );
    assert_eq!(
        answer(Aggregate::VariancePop, Type::Int64, &[Value::Int64(3)]),
        (Value::Float64(0.0), Status::Ok)
    );
    let two = [Value::Int64(1), Value::Int64(4)];
    assert_eq!(
        answer(Aggregate::Variance, Type::Int64, &two),
        (Value::Float64(4.5), Status::Ok)
    );
}

#[test]
fn a_null_is_an_event_for_first_and_last_only() {
    let last = Aggregate::Last { ignoring_nulls: false };
    assert_eq!(
        answer(last, Type::Int64, &[Value::Int64(1), Value::Null]),
        (Value::Null, Status::Ok)
    );
    let last = Aggregate::Last { ignoring_nulls: true };
    assert_eq!(
        answer(last, Type::Int64, &[Value::Int64(1), Value::Null]),
        (Value::Int64(1), Status::Ok)
    );
    assert_eq!(answer(last, Type::Int64, &[Value::Null]), (Value::Null, Status::Empty));
    assert_eq!(
        answer(Aggregate::Count, Type::Int64, &[Value::Null]),
        (Value::Int64(0), Status::Empty)
    );
}

#[test]
fn beyond_the_cap_there_is_no_way_back() {
    let values = ["a", "b", "c"].map(|text| Value::String(text.to_owned()));
    let cap = Aggregate::CountDistinct { cap: 2 };
    assert_eq!(
        answer(cap, Type::String, &values),
        (Value::Null, Status::Error(ErrorCode::Cap))
    );
    assert_eq!(answer(cap, Type::String, &values[..2]), (Value::Int64(2), Status::Ok));
    assert_eq!(
        answer(Aggregate::CountDistinct { cap: 0 }, Type::Int64, &[]),
        (Value::Int64(0), Status::Empty)
    );
}

/// Sets of thousands, united in either direction and with overlap: the same state, up to the cap.
#[test]
fn large_sets_do_not_show_how_they_grew() {
    let texts: Vec<Value> = (0..5_000).map(|n| Value::String(format!("t{n}"))).collect();
    let numbers: Vec<Value> = (0..5_000).map(|n| Value::Int64(n << 40 | n)).collect();
    let floats: Vec<Value> = (0..5_000).map(|n| Value::Float64(f64::from(n) - 2_500.0)).collect();
    for (ty, values) in [(Type::String, texts), (Type::Int64, numbers), (Type::Float64, floats)] {
        for cap in [5_000, 4_999] {
            let mut slot = slot(Aggregate::CountDistinct { cap }, of(ty));
            slot.filter = None;
            let state = |order: &dyn Fn(usize) -> usize, rows: Range<usize>| {
                let rows: Vec<Row> = rows.map(|time| row(time as i64, values[order(time)].clone())).collect();
                let events = block(&rows, of(ty));
                state_of(&slot, of(ty), &events, 0..events.len())
            };
            let whole = state(&|at| at, 0..5_000);
            let (mut few, mut many) = (state(&|at| at, 0..700), state(&|at| 4_999 - at, 0..4_600));
            let most = many.clone();
            many.combine(&few);
            few.combine(&most);
            for state in [&few, &many, &state(&|at| at * 7 % 5_000, 0..5_000)] {
                assert_eq!(state, &whole);
            }
            let expected = match cap {
                5_000 => (Value::Int64(5_000), Status::Ok),
                _ => (Value::Null, Status::Error(ErrorCode::Cap)),
            };
            assert_eq!(whole.lower(&slot, of(ty), 0), expected);
        }
    }
}
