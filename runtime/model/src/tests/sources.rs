//! What becomes an event, and what a question sees of it.

use super::world::{AT, FLAG, LIFETIME, SEEN, World, X, binary, excluding, last, literal, overflowing, text};
use crate::Part;
use featc_ir::{
    Aggregate, Arrival, BinaryOp, ErrorCode, Excluding, Expr, Key, Lateness, LiftId, Literal, Status, Step, Truth, Type,
};
use featr_kernels::Value;

/// A world that counts events and sums `x` (int64).
fn world(window: featc_ir::Window) -> World {
    let mut world = World::new(Type::Int64);
    world.aggregate(Aggregate::Count, Type::Int64, window);
    world.view().slots[0].argument = None;
    world.aggregate(Aggregate::Sum, Type::Int64, window);
    world
}

fn row(id: i64, card: Value, x: i64, at: i64, seen: i64) -> Vec<Value> {
    let (at, seen) = (Value::Timestamp(at), Value::Timestamp(seen));
    vec![Value::Int64(id), card, Value::Int64(x), Value::Bool(true), at, seen]
}

fn counted(world: &World, at_us: i64) -> (Value, Value) {
    let answers = world.ask(at_us);
    (answers[0].0.clone(), answers[1].0.clone())
}

fn both(count: i64, sum: i64) -> (Value, Value) {
    (Value::Int64(count), Value::Int64(sum))
}

const NOTHING: (Value, Value) = (Value::Int64(0), Value::Null);

#[test]
fn the_window_excludes_its_left_edge_and_includes_t() {
    let mut world = world(last(10));
    world
        .event(1, Value::Int64(1), 90)
        .event(2, Value::Int64(20), 91)
        .event(3, Value::Int64(300), 100);
    world.event(4, Value::Int64(4_000), 101);
    assert_eq!(counted(&world, 100), both(2, 320));
    assert_eq!(counted(&world, 99), both(2, 21));
    assert_eq!(counted(&world, 101), both(2, 4_300));
}

#[test]
fn lifetime_reaches_back_for_ever() {
    let mut world = world(LIFETIME);
    world
        .event(1, Value::Int64(1), i64::MIN)
        .event(2, Value::Int64(2), 5)
        .event(3, Value::Int64(4), i64::MAX);
    assert_eq!(counted(&world, 5), both(2, 3));
    assert_eq!(counted(&world, i64::MAX), both(3, 7));
}

#[test]
fn excluding_now_takes_out_all_events_at_t() {
    let mut world = world(excluding(Excluding::Now, last(10)));
    world
        .event(1, Value::Int64(1), 99)
        .event(2, Value::Int64(2), 100)
        .event(3, Value::Int64(4), 100);
    assert_eq!(counted(&world, 100), both(1, 1));
    assert_eq!(counted(&world, 101), both(3, 7));
}

#[test]
fn excluding_self_takes_out_every_event_with_the_identity() {
    let mut world = world(excluding(Excluding::SelfEvent, last(10)));
    world
        .event(1, Value::Int64(1), 99)
        .event(1, Value::Int64(2), 100)
        .event(2, Value::Int64(4), 100);
    assert_eq!(counted(&world, 100), both(3, 7), "no own event known");
    world.own = Value::Int64(1);
    assert_eq!(counted(&world, 100), both(1, 4));
    world.own = Value::Int64(9);
    assert_eq!(counted(&world, 100), both(3, 7));
}

#[test]
fn a_null_identity_is_nobodys_own() {
    let mut world = world(excluding(Excluding::SelfEvent, last(10)));
    world.event(1, Value::Int64(1), 99);
    world.rows[0][0] = Value::Null;
    assert_eq!(counted(&world, 100), both(1, 1));
}

#[test]
fn copies_are_one_event_with_the_least_accepted_arrival() {
    let mut world = world(last(100));
    world.source().lateness = Lateness::Within { bound_us: 30 };
    // The second copy came first; the third is late and rejected alone.
    for seen in [120, 110, 131] {
        world.row(row(1, text("a"), 5, 100, seen));
    }
    assert_eq!(counted(&world, 150), both(1, 5));
    world.truth = Truth::AsOfArrival { delay_us: None };
    assert_eq!(counted(&world, 109), NOTHING);
    assert_eq!(counted(&world, 110), both(1, 5));
}

#[test]
fn an_early_copy_that_is_rejected_does_not_make_the_event_early() {
    let mut world = world(last(100));
    world.source().lateness = Lateness::Within { bound_us: 30 };
    // Skew is 5: a copy seen at 94 of an event at 100 is ahead, and rejected; the one seen at 95 is not.
    world
        .row(row(1, text("a"), 5, 100, 94))
        .row(row(1, text("a"), 5, 100, 120));
    world.row(row(2, text("a"), 7, 100, 95));
    world.truth = Truth::AsOfArrival { delay_us: None };
    assert_eq!(counted(&world, 119), both(1, 7));
    assert_eq!(counted(&world, 120), both(2, 12));
}

#[test]
fn two_different_rows_under_one_id_both_count() {
    let mut world = world(last(100));
    world
        .row(row(1, text("a"), 5, 100, 100))
        .row(row(1, text("a"), 6, 100, 100));
    world.row(row(1, text("a"), 5, 100, 130));
    assert_eq!(counted(&world, 150), both(2, 11));
}

#[test]
fn lateness_and_skew_are_inclusive_bounds() {
    let mut world = world(last(100));
    world.source().lateness = Lateness::Within { bound_us: 30 };
    for (id, seen) in [(1, 130), (2, 131), (3, 95), (4, 94)] {
        world.row(row(id, text("a"), 1 << id, 100, seen));
    }
    assert_eq!(counted(&world, 150), both(2, 2 + 8));
    world.source().lateness = Lateness::Unbounded;
    assert_eq!(counted(&world, 150), both(4, 2 + 4 + 8 + 16));
}

#[test]
fn arrival_can_be_an_assumption() {
    let mut world = world(last(100));
    world.source().arrival = Some(Arrival::AfterTime { offset_us: 7 });
    world.truth = Truth::AsOfArrival { delay_us: None };
    world
        .row(row(1, text("a"), 5, 100, 0))
        .row(row(1, text("a"), 5, 100, 1));
    assert_eq!(counted(&world, 106), NOTHING);
    assert_eq!(
        counted(&world, 107),
        both(2, 10),
        "`seen` is a column like any other: two rows"
    );
}

#[test]
fn rows_that_never_change_are_known_at_every_instant() {
    let mut world = world(last(100));
    world.source().arrival = Some(Arrival::Static);
    world.row(row(1, text("a"), 5, 100, 5_000));
    for delay_us in [None, Some(1_000)] {
        world.truth = Truth::AsOfArrival { delay_us };
        assert_eq!(counted(&world, 99), NOTHING, "it has not happened");
        assert_eq!(counted(&world, 100), both(1, 5));
    }
}

#[test]
fn the_delay_hides_what_has_just_arrived() {
    let mut world = world(last(100));
    world.source().delay_us = 10;
    world.row(row(1, text("a"), 5, 100, 101));
    world.truth = Truth::AsOfArrival { delay_us: None };
    assert_eq!(counted(&world, 110), NOTHING);
    assert_eq!(counted(&world, 111), both(1, 5));
    world.truth = Truth::AsOfArrival { delay_us: Some(0) };
    assert_eq!(counted(&world, 101), both(1, 5));
}

#[test]
fn rows_without_time_or_arrival_or_key_do_not_count() {
    let mut world = world(last(100));
    world
        .event(1, Value::Int64(1), 100)
        .event(2, Value::Int64(2), 100)
        .event(3, Value::Int64(4), 100);
    world.event(4, Value::Int64(8), 100);
    world.rows[0][AT.index()] = Value::Null;
    world.rows[1][SEEN.index()] = Value::Null;
    world.rows[2][1] = Value::Null;
    assert_eq!(counted(&world, 100), both(1, 8));
}

#[test]
fn a_question_without_key_finds_nothing() {
    let mut world = world(last(100));
    world.event(1, Value::Int64(1), 100);
    world.rows[0][1] = Value::Null;
    let answers = world.ask_card(Value::Null, 100);
    assert_eq!(
        answers,
        vec![(Value::Int64(0), Status::Missing), (Value::Null, Status::Missing)]
    );
}

#[test]
fn arrivals_that_are_also_the_event_time_tell_events_apart() {
    let mut world = world(last(100));
    world.source().arrival = Some(Arrival::Column(AT));
    world
        .row(row(1, text("a"), 5, 100, 0))
        .row(row(1, text("a"), 5, 101, 0))
        .row(row(1, text("a"), 5, 101, 0));
    assert_eq!(counted(&world, 101), both(2, 10));
}

#[test]
fn where_keeps_true_and_poisons_errors() {
    let mut world = world(last(100));
    let less = |left, right: i64| {
        binary(
            BinaryOp::Less,
            left,
            literal(Literal::Int64(right), Type::Int64),
            Type::Bool,
        )
    };
    world.transform().steps = vec![
        Step::Where(less(overflowing(X), i64::MAX)),
        Step::Where(less(Expr::column(X, Type::Int64), 50)),
    ];
    world
        .event(1, Value::Int64(-5), 100)
        .event(2, Value::Int64(0), 100)
        .event(3, Value::Null, 100);
    assert_eq!(counted(&world, 100), both(1, -5));
    // 60 overflows in the first step, but is filtered out by the second one.
    world.event(4, Value::Int64(60), 100);
    assert_eq!(counted(&world, 100), both(1, -5));
    world.event(5, Value::Int64(40), 101);
    let overflow = (Value::Null, Status::Error(ErrorCode::Overflow));
    assert_eq!(world.ask(101), vec![overflow.clone(), overflow]);
    assert_eq!(counted(&world, 100), both(1, -5), "the poison is outside the window");
}

#[test]
fn lets_and_the_time_of_the_transform() {
    let mut world = world(last(10));
    let ty = Type::Int64;
    world.transform().steps = vec![
        Step::Let(binary(
            BinaryOp::Add,
            Expr::column(X, ty),
            literal(Literal::Int64(1), ty),
            ty,
        )),
        Step::Let(binary(
            BinaryOp::Multiply,
            Expr::column(featc_ir::ColumnId(6), ty),
            Expr::column(X, ty),
            ty,
        )),
    ];
    world.transform().time = Expr::column(SEEN, Type::Timestamp);
    world.view().lifts[0] = Expr::column(featc_ir::ColumnId(7), ty);
    world
        .row(row(1, text("a"), 3, 50, 100))
        .row(row(2, text("a"), 4, 100, 50));
    assert_eq!(counted(&world, 100), both(1, 12));
}

#[test]
fn filters_keep_true_only_and_errors_are_counted() {
    let mut world = world(last(100));
    for slot in &mut world.view().slots {
        slot.filter = Some(LiftId(1));
    }
    world
        .event(1, Value::Int64(1), 100)
        .event(2, Value::Int64(2), 100)
        .event(3, Value::Int64(4), 100);
    world.rows[0][FLAG.index()] = Value::Bool(false);
    world.rows[1][FLAG.index()] = Value::Null;
    assert_eq!(counted(&world, 100), both(1, 4));
    // The argument of the sum overflows for the events that the filter lets through only.
    world.view().lifts[0] = overflowing(X);
    assert_eq!(counted(&world, 100), (Value::Int64(1), Value::Null));
    world.rows[2][FLAG.index()] = Value::Bool(false);
    assert_eq!(world.ask(100)[1], (Value::Null, Status::Empty));
}

#[test]
fn contributions_explain_an_answer() {
    let mut world = world(last(10));
    world.view().slots[1].filter = Some(LiftId(1));
    world.view().lifts[0] = overflowing(X);
    world
        .event(1, Value::Int64(1), 80)
        .event(2, Value::Int64(-7), 92)
        .event(3, Value::Int64(1), 95);
    world.event(4, Value::Null, 94).event(5, Value::Int64(1), 96);
    world.rows[4][FLAG.index()] = Value::Bool(false);
    let found = world.contributing(featc_ir::FeatureId(1), 100);
    let parts: Vec<(usize, i64, Part)> = found
        .iter()
        .map(|c| (c.source_row, c.time_us, c.part.clone()))
        .collect();
    assert_eq!(
        parts,
        vec![
            (1, 92, Part::Taken(Some((Value::Int64(i64::MAX - 7), Type::Int64)))),
            (3, 94, Part::Taken(Some((Value::Null, Type::Int64)))),
            (2, 95, Part::Error(ErrorCode::Overflow)),
            (4, 96, Part::FilteredOut),
        ]
    );
    let id = Key {
        name: "id".to_owned(),
        ty: Type::Int64,
    };
    assert_eq!(found[0].id, vec![(id, Value::Int64(2))]);
    assert_eq!(found[0].arrival_us, Some(92));
}

#[test]
fn different_rows_of_one_id_and_instant_have_an_order() {
    let mut world = World::new(Type::Int64);
    world.aggregate(Aggregate::First { ignoring_nulls: false }, Type::Int64, last(10));
    world.aggregate(Aggregate::Last { ignoring_nulls: false }, Type::Int64, last(10));
    for x in [1, 2, 3, 4] {
        world.event(1, Value::Int64(x), 5);
    }
    // Which is first, the digest says; that it is the same in every order of the rows, `ask` checks.
    let answers = world.ask(5);
    assert_ne!(answers[0], answers[1]);
    world.rows.sort_by(|left, right| right[2].cmp(&left[2]));
    assert_eq!(world.ask(5), answers);
}

#[test]
fn a_transform_that_reads_the_arrival_sees_the_least_one() {
    let mut world = world(last(100));
    world.transform().time = Expr::column(SEEN, Type::Timestamp);
    for seen in [30, 20, 40] {
        world.row(row(1, text("a"), 5, 10, seen));
    }
    assert_eq!(counted(&world, 19), NOTHING);
    assert_eq!(counted(&world, 20), both(1, 5));
    assert_eq!(counted(&world, 50), both(1, 5));
}
