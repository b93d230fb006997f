use super::slow::{DECIMAL, Row, all_slots, answer_slow, block, rows, slot};
use super::*;
use crate::events::Events;
use featc_ir::{Slot, Status};
use proptest::prelude::*;
use proptest::sample::Index;
use std::ops::Range;

fn state_of(slot: &Slot, argument: Option<Type>, events: &Events, rows: Range<usize>) -> State {
    let mut state = State::identity(slot.aggregate, argument);
    state.fold(slot, events, rows);
    state
}

fn bytes(state: &State) -> Vec<u8> {
    let mut out = vec![];
    state.encode(&mut out);
    out
}

/// Any slot with rows for it.
fn case(most: usize) -> impl Strategy<Value = (Aggregate, Option<Type>, Vec<Row>)> {
    prop::sample::select(all_slots()).prop_flat_map(move |(aggregate, argument)| {
        rows(argument, most).prop_map(move |rows| (aggregate, argument, rows))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_aggregate_is_what_its_definition_says((aggregate, argument, rows) in case(8), t in prop_oneof![-5i64..5, Just(i64::MIN)]) {
        let (slot, events) = (slot(aggregate, argument), block(&rows, argument));
        let state = state_of(&slot, argument, &events, 0..events.len());
        let slow = answer_slow(aggregate, argument, &rows, t);
        prop_assert_eq!(state.lower(&slot, argument, t), slow, "{:?}", state);
    }

    #[test]
    fn any_split_in_any_order_gives_the_same_state(
        (aggregate, argument, rows) in case(10),
        deal in prop::collection::vec(0usize..4, 10),
        order in Just([0usize, 1, 2, 3]).prop_shuffle(),
        cut in any::<Index>(),
    ) {
        let (slot, events) = (slot(aggregate, argument), block(&rows, argument));
        let whole = state_of(&slot, argument, &events, 0..events.len());
        // Deal the rows onto four hands; fold each in two parts; combine the hands as ((a·b)·(c·d)) and a·(b·(c·d)).
        let hands: Vec<State> = order.iter().map(|hand| {
            let mine: Vec<u32> = (0u32..).zip(&deal).take(events.len()).filter(|(_, to)| *to == hand).map(|(row, _)| row).collect();
            let part = events.take(&mine);
            let cut = cut.index(part.len() + 1);
            let mut state = state_of(&slot, argument, &part, cut..part.len());
            state.fold(&slot, &part, 0..cut);
            state
        }).collect();
        let pair = |left: &State, right: &State| { let mut state = left.clone(); state.combine(right); state };
        let balanced = pair(&pair(&hands[0], &hands[1]), &pair(&hands[2], &hands[3]));
        let chain = pair(&hands[0], &pair(&hands[1], &pair(&hands[2], &hands[3])));
        for state in [&balanced, &chain] {
            prop_assert_eq!(state, &whole);
            prop_assert_eq!(bytes(state), bytes(&whole));
        }
        prop_assert_eq!(pair(&whole, &State::identity(aggregate, argument)), whole);
    }

    #[test]
    fn groups_subtract((aggregate, argument, rows) in case(10), cut in any::<Index>()) {
        if !aggregate.is_group() { return Ok(()) }
        let (slot, events) = (slot(aggregate, argument), block(&rows, argument));
        let cut = cut.index(events.len() + 1);
        let mut state = state_of(&slot, argument, &events, 0..events.len());
        state.subtract(&state_of(&slot, argument, &events, cut..events.len()));
        let expected = state_of(&slot, argument, &events, 0..cut);
        prop_assert_eq!(bytes(&state), bytes(&expected));
        state.subtract(&expected);
        prop_assert!(state.is_identity());
    }

    #[test]
    fn prefix_ranges_are_folds((aggregate, argument, rows) in case(7), filtered in any::<bool>()) {
        let mut slot = slot(aggregate, argument);
        if !filtered { slot.filter = None }
        let events = block(&rows, argument);
        let prefix = Prefix::build(&slot, &events);
        prop_assert_eq!(prefix.is_some(), aggregate.is_group());
        for start in 0..=events.len() {
            for end in start..=events.len() {
                if let Some(prefix) = &prefix {
                    prop_assert_eq!(prefix.range(start..end), state_of(&slot, argument, &events, start..end));
                }
            }
        }
    }

    #[test]
    fn bytes_come_back((aggregate, argument, rows) in case(8)) {
        let (slot, events) = (slot(aggregate, argument), block(&rows, argument));
        let state = state_of(&slot, argument, &events, 0..events.len());
        let written = bytes(&state);
        let mut rest = written.as_slice();
        prop_assert_eq!(&State::decode(aggregate, argument, &mut rest).unwrap(), &state);
        prop_assert!(rest.is_empty());
        for short in 0..written.len() {
            prop_assert!(State::decode(aggregate, argument, &mut &written[..short]).is_err());
        }
    }

    #[test]
    fn garbage_is_refused_or_canonical(
        (aggregate, argument, rows) in case(4), at in any::<Index>(), to in any::<u8>(),
        garbage in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (slot, events) = (slot(aggregate, argument), block(&rows, argument));
        let mut damaged = bytes(&state_of(&slot, argument, &events, 0..events.len()));
        let at = at.index(damaged.len());
        damaged[at] = to;
        let garbage: Vec<u8> = [1, 0, 0, 0].into_iter().chain(garbage).collect();
        for bytes_in in [damaged, garbage] {
            let mut rest = bytes_in.as_slice();
            if let Ok(mut state) = State::decode(aggregate, argument, &mut rest) {
                prop_assert_eq!(bytes(&state), &bytes_in[..bytes_in.len() - rest.len()]);
                state.lower(&slot, argument, i64::MIN);
                let copy = state.clone();
                state.combine(&copy);
                state.lower(&slot, argument, i64::MAX);
                if aggregate.is_group() {
                    state.subtract(&copy);
                    prop_assert_eq!(state, copy);
                }
            }
        }
    }
}

#[test]
fn bytes_of_values_that_no_state_has_are_refused() {
    // Version, three counters, one value that is there.
    let max = |value: &[u8]| {
        let bytes = [&[1, 0, 0, 0, 1], value].concat();
        State::decode(Aggregate::Max, Some(Type::Float64), &mut bytes.as_slice())
    };
    let float = |value: f64| max(&[&[1], &value.to_bits().to_le_bytes()[..]].concat());
    assert!(float(1.0).is_ok() && float(f64::INFINITY).is_ok() && float(crate::value::NAN).is_ok());
    assert!(float(-0.0).is_err() && float(-crate::value::NAN).is_err());
    assert_eq!(max(&[0]).err().as_deref(), Some("state: null extreme"));
}

fn row(time: i64, argument: Value) -> Row {
    Row {
        key: (time, vec![], 0),
        poison: None,
        filter: Value::Bool(true),
        argument,
    }
}

fn answer(aggregate: Aggregate, ty: Type, values: &[Value]) -> (Value, Status) {
    let rows: Vec<Row> = values
        .iter()
        .enumerate()
        .map(|(time, value)| row(time as i64, value.clone()))
        .collect();
    let (slot, events) = (slot(aggregate, Some(ty)), block(&rows, Some(ty)));
    let answer = state_of(&slot, Some(ty), &events, 0..events.len()).lower(&slot, Some(ty), 100);
    assert_eq!(answer, answer_slow(aggregate, Some(ty), &rows, 100));
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

/// Sets of thousands, united in either direction and with overlap: the same state and the same bytes, up to the cap.
#[test]
fn large_sets_do_not_show_how_they_grew() {
    let texts: Vec<Value> = (0..5_000).map(|n| Value::String(format!("t{n}"))).collect();
    let numbers: Vec<Value> = (0..5_000).map(|n| Value::Int64(n << 40 | n)).collect();
    let floats: Vec<Value> = (0..5_000).map(|n| Value::Float64(f64::from(n) - 2_500.0)).collect();
    for (ty, values) in [(Type::String, texts), (Type::Int64, numbers), (Type::Float64, floats)] {
        for cap in [5_000, 4_999] {
            let mut slot = slot(Aggregate::CountDistinct { cap }, Some(ty));
            slot.filter = None;
            let state = |order: &dyn Fn(usize) -> usize, rows: Range<usize>| {
                let rows: Vec<Row> = rows.map(|time| row(time as i64, values[order(time)].clone())).collect();
                let events = block(&rows, Some(ty));
                state_of(&slot, Some(ty), &events, 0..events.len())
            };
            let whole = state(&|at| at, 0..5_000);
            let (mut few, mut many) = (state(&|at| at, 0..700), state(&|at| 4_999 - at, 0..4_600));
            let most = many.clone();
            many.combine(&few);
            few.combine(&most);
            for state in [&few, &many, &state(&|at| at * 7 % 5_000, 0..5_000)] {
                assert_eq!(state, &whole);
                assert_eq!(bytes(state), bytes(&whole));
            }
            let written = bytes(&whole);
            assert_eq!(
                State::decode(slot.aggregate, Some(ty), &mut &written[..]),
                Ok(whole.clone())
            );
            let expected = match cap {
                5_000 => (Value::Int64(5_000), Status::Ok),
                _ => (Value::Null, Status::Error(ErrorCode::Cap)),
            };
            assert_eq!(whole.lower(&slot, Some(ty), 0), expected);
        }
    }
}
