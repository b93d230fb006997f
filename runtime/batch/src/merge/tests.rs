//! The merge against its definition: random events and questions, every window, exclusion, aggregate and truth.

use super::{Group, Questions, Run, Selves, answer, answer_slow};
use featc_ir::plan::FoldSpec;
use featc_ir::{Aggregate, ErrorCode, Excluding, LiftId, Slot, Type, Window, WindowId, WindowKind};
use featr_kernels::events::Events;
use featr_kernels::{Column, StrData, Tag, Value};
use proptest::prelude::*;

const LIFTS: [Type; 6] = [
    Type::Int64,
    Type::Float64,
    Type::Bool,
    Type::String,
    Type::Decimal { precision: 38, scale: 2 },
    Type::Duration,
];
const FILTER: u32 = 2;

fn value(ty: Type) -> BoxedStrategy<Value> {
    let valid = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int64 => prop_oneof![4 => -3i64..4, 1 => Just(i64::MAX), 1 => Just(i64::MIN)].prop_map(Value::Int64).boxed(),
        Type::Float64 => prop_oneof![
            4 => (-3i32..4).prop_map(|x| f64::from(x) * 0.1 + 0.0),
            1 => prop_oneof![Just(1e300), Just(-1e300), Just(5e-324), Just(1e-30)],
            1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(featr_kernels::value::NAN)],
        ]
        .prop_map(Value::Float64)
        .boxed(),
        Type::Decimal { .. } => {
            prop_oneof![4 => -3i128..4, 1 => Just(10i128.pow(38) - 1)].prop_map(Value::Decimal).boxed()
        }
        Type::String => prop_oneof![Just("a"), Just("b"), Just("é"), Just("")]
            .prop_map(|text| Value::String(text.to_owned()))
            .boxed(),
        Type::Timestamp => (0i64..9).prop_map(Value::Timestamp).boxed(),
        Type::Date => (0i32..9).prop_map(Value::Date).boxed(),
        Type::Duration => (0i64..9).prop_map(Value::Duration).boxed(),
    };
    prop_oneof![
        12 => valid,
        2 => Just(Value::Null),
        1 => prop_oneof![Just(ErrorCode::Overflow), Just(ErrorCode::InvalidCast)].prop_map(Value::Error),
    ]
    .boxed()
}

fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![20 => 0i64..30, 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
}

#[derive(Debug, Clone)]
struct Event {
    entity: u8,
    time: i64,
    lag: i64,
    id: u8,
    digest: u8,
    poison: u8,
    lifts: Vec<Value>,
}

fn event() -> impl Strategy<Value = Event> {
    let lifts: Vec<_> = LIFTS.into_iter().map(value).collect();
    let poison = prop_oneof![30 => Just(Tag::VALID), 1 => Just(Tag::error(ErrorCode::InvalidCast))];
    (0u8..3, instant(), -2i64..12, 0u8..20, 0u8..2, poison, lifts).prop_map(
        |(entity, time, lag, id, digest, poison, lifts)| Event { entity, time, lag, id, digest, poison, lifts },
    )
}

/// Entity (3 has no events), instant, own identity.
fn question() -> impl Strategy<Value = (u8, i64, Option<u8>)> {
    (0u8..4, instant(), proptest::option::weighted(0.8, 0u8..20))
}

fn result_type(aggregate: Aggregate, argument: Option<Type>) -> Type {
    match (aggregate, argument) {
        (Aggregate::Count | Aggregate::CountDistinct { .. }, _) => Type::Int64,
        (Aggregate::TimeSinceLast, _) => Type::Duration,
        (Aggregate::Sum | Aggregate::Min | Aggregate::Max, Some(ty)) => ty,
        (Aggregate::First { .. } | Aggregate::Last { .. }, Some(ty)) => ty,
        (_, _) => Type::Float64,
    }
}

/// Every aggregate over every argument that it takes, with and without filter, over every window.
fn spec(lengths: &[i64]) -> FoldSpec {
    let mut windows = vec![];
    for excluding in [Excluding::Nothing, Excluding::Now, Excluding::SelfEvent] {
        windows.push(Window { kind: WindowKind::Lifetime, excluding });
        windows.extend(lengths.iter().map(|length_us| Window { kind: WindowKind::Last { length_us: *length_us }, excluding }));
    }
    let numeric = [0, 1, 4];
    let all = 0..LIFTS.len() as u32;
    let mut shapes: Vec<(Aggregate, Option<u32>)> = vec![(Aggregate::Count, None), (Aggregate::TimeSinceLast, None)];
    for lift in all {
        shapes.push((Aggregate::Count, Some(lift)));
        shapes.extend([1, 3].map(|cap| (Aggregate::CountDistinct { cap }, Some(lift))));
        shapes.extend([Aggregate::Min, Aggregate::Max].map(|aggregate| (aggregate, Some(lift))));
        for ignoring_nulls in [false, true] {
            shapes.push((Aggregate::First { ignoring_nulls }, Some(lift)));
            shapes.push((Aggregate::Last { ignoring_nulls }, Some(lift)));
        }
    }
    let of_numbers = [
        Aggregate::Sum,
        Aggregate::Mean,
        Aggregate::Variance,
        Aggregate::Stddev,
        Aggregate::VariancePop,
        Aggregate::StddevPop,
    ];
    for lift in numeric {
        shapes.extend(of_numbers.map(|aggregate| (aggregate, Some(lift))));
    }
    let mut slots = vec![];
    for window in 0..windows.len() as u32 {
        for (aggregate, argument) in &shapes {
            for filter in [None, Some(LiftId(FILTER))] {
                let ty = result_type(*aggregate, argument.map(|lift| LIFTS[lift as usize]));
                let argument = argument.map(LiftId);
                slots.push(Slot { aggregate: *aggregate, argument, filter, window: WindowId(window), ty });
            }
        }
    }
    let presence = vec![None, Some(0), Some(5), Some(u64::MAX)];
    FoldSpec { entity: vec![], windows, slots, presence, self_columns: vec![] }
}

fn id(number: u8) -> Vec<u8> {
    format!("id{number}").into_bytes()
}

fn build(mut events: Vec<Event>, mut asked: Vec<(u8, i64, Option<u8>)>) -> (Run, Questions) {
    let place = |event: &Event| (event.entity, event.time, id(event.id), event.digest);
    events.sort_by_key(|event| (place(event), event.lag));
    events.dedup_by_key(|event| place(event));
    asked.sort_by_key(|(entity, time, _)| (*entity, *time));
    let column = |lift: usize| {
        let values: Vec<Value> = events.iter().map(|event| event.lifts[lift].clone()).collect();
        Column::from_values(LIFTS[lift], &values)
    };
    let ids: Vec<Vec<u8>> = events.iter().map(|event| id(event.id)).collect();
    let run = Run {
        arrivals: Some(events.iter().map(|event| event.time.saturating_add(event.lag)).collect()),
        events: Events {
            times: events.iter().map(|event| event.time).collect(),
            ids: ids.iter().map(Vec::as_slice).collect(),
            digests: events.iter().map(|event| u128::from(event.digest)).collect(),
            poison: Some(events.iter().map(|event| event.poison).collect()),
            lifts: (0..LIFTS.len()).map(column).collect(),
        },
    };
    let selves: Vec<Vec<u8>> = asked.iter().map(|(_, _, own)| own.map(id).unwrap_or_default()).collect();
    let mut groups = vec![];
    for entity in 0..4 {
        let questions = asked.partition_point(|asked| asked.0 < entity)..asked.partition_point(|asked| asked.0 <= entity);
        let from = events.partition_point(|event| event.entity < entity) as u32;
        let to = events.partition_point(|event| event.entity <= entity) as u32;
        if !questions.is_empty() {
            groups.push(Group { questions, events: from..to });
        }
    }
    let keys: StrData = selves.iter().map(Vec::as_slice).collect();
    let known = asked.iter().map(|(_, _, own)| own.is_some()).collect();
    let times = asked.iter().map(|(_, time, _)| *time).collect();
    (run, Questions { times, groups, selves: Some(Selves { keys, known }) })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn merge_is_its_definition(
        events in proptest::collection::vec(event(), 0..60),
        asked in proptest::collection::vec(question(), 0..25),
        lengths in proptest::collection::vec(prop_oneof![1i64..40, Just(i64::MAX)], 1..3),
        delay_us in proptest::option::of(prop_oneof![0u64..8, Just(u64::MAX)]),
    ) {
        let spec = spec(&lengths);
        let (run, questions) = build(events, asked);
        let fast = answer(&spec, &run, &questions, delay_us);
        let slow = answer_slow(&spec, &run, &questions, delay_us);
        for (slot, (fast, slow)) in spec.slots.iter().zip(fast.slots.iter().zip(&slow.slots)) {
            prop_assert_eq!(fast, slow, "{:?} {}", slot, spec.windows[slot.window.index()]);
        }
        prop_assert_eq!(&fast.presence, &slow.presence);
    }
}

#[test]
fn without_arrivals_nothing_has_arrived() {
    let spec = spec(&[5]);
    let (mut run, questions) = build(
        vec![Event { entity: 0, time: 1, lag: 0, id: 1, digest: 0, poison: 0, lifts: vec![Value::Null; LIFTS.len()] }],
        vec![(0, 2, None)],
    );
    run.arrivals = None;
    assert_eq!(answer(&spec, &run, &questions, Some(0)), answer_slow(&spec, &run, &questions, Some(0)));
    assert!(!answer(&spec, &run, &questions, Some(0)).presence[0][0]);
    assert!(answer(&spec, &run, &questions, None).presence[0][0]);
}
