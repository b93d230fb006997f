//! The merge against its definition: random events and questions, every window, exclusion, aggregate and truth.

use super::{Group, Questions, Run, Selves, answer};
use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{Aggregate, Cut, ErrorCode, Excluding, LiftId, Portion, Slot, Type, Window, WindowId, WindowKind, Zone};
use featr_kernels::events::Events;
use featr_kernels::{Column, StrData, Tag, Value};
use rng::Rng;
use slow::answer_slow;

mod panes;
#[path = "../../../tests/support/rng.rs"]
#[allow(dead_code, reason = "it is shared, and each test uses its part")]
mod rng;
mod served;
mod shapes;
mod slow;

const LIFTS: [Type; 6] = [
    Type::Int64,
    Type::Float64,
    Type::Bool,
    Type::String,
    Type::Decimal {
        precision: 38,
        scale: 2,
    },
    Type::Duration,
];
const FILTER: u32 = 2;

/// Methods, each for the aggregates that none before it serves.
const FASTEST: [Method; 7] = [
    Method::Prefix,
    Method::Extreme,
    Method::Edge,
    Method::Values,
    Method::Ranks,
    Method::Deltas,
    Method::States,
];
const BY_STATES: [Method; 2] = [Method::Deltas, Method::States];

fn methods(spec: &FoldSpec, order: &[Method]) -> Vec<Method> {
    let of_slot = |slot: &Slot| {
        let mut methods = order.iter().chain(&FASTEST);
        *methods.find(|method| method.serves(slot.aggregate)).expect("a method")
    };
    spec.slots.iter().map(of_slot).collect()
}

/// None goes to the code of another one by being forgotten.
#[test]
fn prefix_differences_are_of_aggregates_with_totals() {
    for aggregate in Aggregate::ALL {
        let by_prefix = aggregate.method() == Method::Prefix;
        assert_eq!(
            by_prefix,
            super::answer::Means::totals(*aggregate).is_some(),
            "{aggregate:?}"
        );
    }
}

/// A source of random numbers that gives the same ones on every machine.
struct Random(Rng);

impl Random {
    fn new(seed: u64) -> Random {
        Random(Rng::new(seed))
    }

    /// A number in the range.
    fn within(&mut self, range: std::ops::Range<i64>) -> i64 {
        range.start + (self.0.word() % (range.end - range.start) as u64) as i64
    }

    /// True once in `n` times.
    fn once_in(&mut self, n: i64) -> bool {
        self.within(0..n) == 0
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.within(0..items.len() as i64) as usize].clone()
    }

    fn value(&mut self, ty: Type, style: Style) -> Value {
        if style != Style::Clean && self.once_in(7) {
            return Value::Null;
        }
        if style == Style::Wild && self.once_in(15) {
            return Value::Error(self.pick(&[ErrorCode::Overflow, ErrorCode::InvalidCast]));
        }
        let small = self.within(-3..4);
        let rare = style == Style::Wild && self.once_in(5);
        match ty {
            Type::Bool => Value::Bool(small > 0),
            Type::Int64 if rare => Value::Int64(self.pick(&[i64::MAX, i64::MIN])),
            Type::Int64 => Value::Int64(small),
            Type::Float64 if rare => {
                let rare = [
                    1e300,
                    -1e300,
                    5e-324,
                    1e-30,
                    f64::INFINITY,
                    f64::NEG_INFINITY,
                    featr_kernels::value::NAN,
                ];
                Value::Float64(self.pick(&rare))
            }
            Type::Float64 => Value::Float64(small as f64 * 0.1 + 0.0),
            Type::Decimal { .. } if rare => Value::Decimal(10i128.pow(38) - 1),
            Type::Decimal { .. } => Value::Decimal(small.into()),
            Type::String => Value::String(self.pick(&["a", "b", "é", ""]).to_owned()),
            Type::Timestamp => Value::Timestamp(small),
            Type::Date => Value::Date(small as i32),
            Type::Duration => Value::Duration(small),
            Type::List(_) => unreachable!("no lift is a list"),
        }
    }

    fn instant(&mut self) -> i64 {
        if self.once_in(20) {
            self.pick(&[i64::MIN, i64::MAX])
        } else {
            self.within(0..30)
        }
    }

    fn event(&mut self, style: Style) -> Event {
        Event {
            entity: self.within(0..3) as u8,
            time: self.instant(),
            lag: self.within(-2..12),
            id: self.within(0..20) as u8,
            digest: self.within(0..2) as u8,
            poison: if style == Style::Wild && self.once_in(30) {
                Tag::error(ErrorCode::InvalidCast)
            } else {
                Tag::VALID
            },
            lifts: LIFTS.into_iter().map(|ty| self.value(ty, style)).collect(),
        }
    }

    /// Entity (3 has no events), instant, own identity.
    fn question(&mut self) -> (u8, i64, Option<u8>) {
        let own = if self.once_in(5) {
            None
        } else {
            Some(self.within(0..20) as u8)
        };
        (self.within(0..4) as u8, self.instant(), own)
    }
}

/// What values occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Every event takes part, and sums fit fixed point.
    Clean,
    /// Nulls too.
    Nulls,
    /// Errors, NaN, infinities and the ends of the ranges too.
    Wild,
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

/// Every aggregate over every pair of lifts that it takes, with small caps.
fn aggregates() -> Vec<(Aggregate, Vec<u32>)> {
    let mut aggregates: Vec<Aggregate> = Aggregate::ALL.to_vec();
    aggregates.extend(Aggregate::ALL.iter().filter_map(|aggregate| aggregate.ignoring_nulls()));
    aggregates.retain(|aggregate| aggregate.cap().is_none());
    let capped = Aggregate::ALL.iter().filter(|aggregate| aggregate.cap().is_some());
    aggregates.extend(capped.flat_map(|aggregate| [1, 3].map(|cap| aggregate.with_cap(cap).expect("a cap"))));
    aggregates.extend([Aggregate::Median { cap: 100 }, Aggregate::Mode { cap: 100 }]);
    let portions = [1, 10_000_000, 500_000_000, 1_000_000_000].map(|billionths| Portion::of_billionths(billionths));
    aggregates.extend(
        portions
            .into_iter()
            .flatten()
            .map(|portion| Aggregate::Quantile { portion, cap: 100 }),
    );
    let lifts = 0..LIFTS.len() as u32;
    let mut arguments: Vec<Vec<u32>> = vec![vec![]];
    arguments.extend(lifts.clone().map(|lift| vec![lift]));
    // Of pairs, each lift once as the first and as the second argument.
    arguments.extend(lifts.clone().map(|lift| vec![lift, (lift + 1) % LIFTS.len() as u32]));
    arguments.extend([vec![0, 0], vec![1, 1], vec![0, 4], vec![4, 0], vec![3, 0]]);
    let mut all = vec![];
    for aggregate in aggregates {
        let of_it = arguments.iter().filter(|lifts| result(aggregate, lifts).is_some());
        all.extend(of_it.map(|lifts| (aggregate, lifts.clone())));
    }
    all
}

fn result(aggregate: Aggregate, lifts: &[u32]) -> Option<Type> {
    let types: Vec<Type> = lifts.iter().map(|lift| LIFTS[*lift as usize]).collect();
    aggregate.result(&types)
}

/// Every aggregate over every argument that it takes, with and without filter, over windows of these lengths and over all
/// time, with each exclusion.
fn spec(lengths: &[i64]) -> FoldSpec {
    let kinds = lengths
        .iter()
        .map(|length_us| WindowKind::Last { length_us: *length_us });
    spec_over(&[WindowKind::Lifetime].into_iter().chain(kinds).collect::<Vec<_>>())
}

/// The same over windows of these kinds.
fn spec_over(kinds: &[WindowKind]) -> FoldSpec {
    let mut windows = vec![];
    for excluding in [Excluding::Nothing, Excluding::Now, Excluding::SelfEvent] {
        windows.extend(kinds.iter().map(|kind| Window { kind: *kind, excluding }));
    }
    let mut slots = vec![];
    for window in 0..windows.len() as u32 {
        let kind = windows[window as usize].kind;
        for (aggregate, lifts) in aggregates() {
            for filter in [None, Some(LiftId(FILTER))] {
                slots.push(Slot {
                    aggregate,
                    argument: lifts.first().copied().map(LiftId),
                    second: lifts.get(1).copied().map(LiftId),
                    filter,
                    since: matches!(kind, WindowKind::Since { .. }).then_some(LiftId(FILTER)),
                    window: WindowId(window),
                    ty: result(aggregate, &lifts).expect("an aggregate of these"),
                });
            }
        }
    }
    let presence = vec![None, Some(0), Some(5), Some(u64::MAX)];
    FoldSpec {
        entity: vec![],
        windows,
        slots,
        presence,
        self_columns: vec![],
    }
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
        summaries: vec![],
        arrivals: Some(
            events
                .iter()
                .map(|event| event.time.saturating_add(event.lag))
                .collect(),
        ),
        events: Events {
            times: events.iter().map(|event| event.time).collect(),
            ids: ids.iter().map(Vec::as_slice).collect(),
            digests: events.iter().map(|event| u128::from(event.digest)).collect(),
            poison: Some(events.iter().map(|event| event.poison).collect()),
            lifts: (0..LIFTS.len()).map(column).collect(),
        },
    };
    let selves: Vec<Vec<u8>> = asked
        .iter()
        .map(|(_, _, own)| own.map(id).unwrap_or_default())
        .collect();
    let mut groups = vec![];
    for entity in 0..4 {
        let questions =
            asked.partition_point(|asked| asked.0 < entity)..asked.partition_point(|asked| asked.0 <= entity);
        let from = events.partition_point(|event| event.entity < entity) as u32;
        let to = events.partition_point(|event| event.entity <= entity) as u32;
        if !questions.is_empty() {
            groups.push(Group {
                questions,
                events: from..to,
            });
        }
    }
    let keys: StrData = selves.iter().map(Vec::as_slice).collect();
    let known = asked.iter().map(|(_, _, own)| own.is_some()).collect();
    let times = asked.iter().map(|(_, time, _)| *time).collect();
    (
        run,
        Questions {
            times,
            groups,
            cuts: vec![],
            selves: Some(Selves { keys, known }),
        },
    )
}

/// Bit by bit, slot by slot. Returns how many questions stood at events.
fn check(spec: &FoldSpec, run: &Run, questions: &Questions, cut: impl Into<Cut>, about: &str) -> u64 {
    let cut = cut.into();
    let slow = answer_slow(spec, run, questions, cut);
    // Beside the fastest methods one of those that serve all.
    let by_states = &BY_STATES[questions.len() % 2..];
    for order in [&FASTEST[..], by_states] {
        let fast = answer((spec, &methods(spec, order)), run, questions, cut);
        for (slot, (fast, slow)) in spec.slots.iter().zip(fast.slots.iter().zip(&slow.slots)) {
            let window = spec.windows[slot.window.index()];
            assert_eq!(fast, slow, "{about}, {cut:?}, {order:?}, {slot:?} {window}");
        }
        assert_eq!(fast.presence, slow.presence, "{about}");
        assert_eq!(fast.at_events, slow.at_events, "{about}");
        assert_eq!(fast.with_own, slow.with_own, "{about}");
    }
    slow.at_events
}

#[test]
fn merge_is_its_definition() {
    let mut asked_at_events = 0;
    for seed in 0..240 {
        let mut random = Random::new(seed);
        let style = [Style::Wild, Style::Clean, Style::Nulls][seed as usize % 3];
        let events = (0..random.within(0..60)).map(|_| random.event(style)).collect();
        let asked = (0..random.within(0..25)).map(|_| random.question()).collect();
        let lengths: Vec<i64> = (0..random.within(1..4))
            .map(|_| {
                if random.once_in(9) {
                    i64::MAX
                } else {
                    random.within(1..40)
                }
            })
            .collect();
        let delay = random.within(0..9) as u64;
        let delay_us = random.pick(&[None, Some(delay), Some(delay), Some(u64::MAX)]);
        let (run, questions) = build(events, asked);
        asked_at_events += check(&spec(&lengths), &run, &questions, delay_us, &format!("seed {seed}"));
    }
    assert!(asked_at_events > 0);
}

/// A window of the calendar; the events lie around the last midnight of 1969 in UTC.
fn of_calendar(random: &mut Random) -> WindowKind {
    let unit = featc_ir::Unit::ALL[random.within(0..6) as usize];
    let zone = Zone::UTC;
    match random.within(0..3) {
        0 => WindowKind::Past { count: 1, unit, zone },
        _ => WindowKind::This { unit, zone },
    }
}

/// A window of any kind.
fn kind(random: &mut Random) -> WindowKind {
    let length = |random: &mut Random| {
        if random.once_in(9) {
            i64::MAX
        } else {
            random.within(1..40)
        }
    };
    match random.within(0..8) {
        6 | 7 => WindowKind::Since { max_us: length(random) },
        5 => of_calendar(random),
        4 => WindowKind::Grid {
            length_us: length(random),
            every_us: random.within(1..20),
            after_us: random.within(0..9),
            zone: Zone::UTC,
        },
        0 => WindowKind::Last {
            length_us: length(random),
        },
        1 => WindowKind::Offset {
            length_us: (!random.once_in(4)).then(|| length(random)),
            offset_us: length(random),
        },
        _ => WindowKind::Events {
            count: if random.once_in(9) {
                u32::MAX
            } else {
                random.within(1..9) as u32
            },
            max_us: random.once_in(2).then(|| length(random)),
        },
    }
}

#[test]
fn windows_are_bounds_or_choices() {
    let mut crowded = 0;
    for seed in 0..160 {
        let mut random = Random::new(1000 + seed);
        let style = [Style::Wild, Style::Clean, Style::Nulls][seed as usize % 3];
        let mut events: Vec<Event> = (0..random.within(0..60)).map(|_| random.event(style)).collect();
        if seed % 2 == 0 {
            // So late, and in so many ways, that the one entity is crowded.
            events
                .iter_mut()
                .for_each(|event| (event.entity, event.lag) = (0, random.within(0..60)));
        }
        let mut asked: Vec<_> = (0..random.within(0..40)).map(|_| random.question()).collect();
        if seed % 2 == 0 {
            asked.iter_mut().for_each(|question| question.0 = 0);
        }
        let kinds: Vec<WindowKind> = (0..2).map(|_| kind(&mut random)).collect();
        let delay = random.within(0..9) as u64;
        let delay_us = random.pick(&[None, Some(delay), Some(delay)]);
        let (run, questions) = build(events, asked);
        let visibility = super::visibility::Visibility::new(&run, &questions, delay_us.into(), true);
        crowded += visibility.crowded(&questions).count();
        let mut spec = spec_over(&kinds);
        // Every slot in some case.
        let mut places = seed as usize..;
        spec.slots.retain(|_| places.next().is_none_or(|place| place % 2 == 0));
        check(&spec, &run, &questions, delay_us, &format!("seed {seed}"));
    }
    assert!(crowded > 20, "{crowded}");
}

#[test]
fn without_arrivals_nothing_has_arrived() {
    let spec = spec(&[5]);
    let (mut run, questions) = build(
        vec![Event {
            entity: 0,
            time: 1,
            lag: 0,
            id: 1,
            digest: 0,
            poison: 0,
            lifts: vec![Value::Null; LIFTS.len()],
        }],
        vec![(0, 2, None)],
    );
    run.arrivals = None;
    check(&spec, &run, &questions, Some(0), "without arrivals");
    let present = |delay_us| {
        answer(
            (&spec, &methods(&spec, &FASTEST)),
            &run,
            &questions,
            Cut::from(delay_us),
        )
        .presence[0][0]
    };
    assert!(!present(Some(0)) && present(None));
}
