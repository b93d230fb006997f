//! Status and value of features: precedence, defaults, derived features.

use super::world::{LIFETIME, World, binary, last, literal, overflowing, text};
use featc_ir::{
    Aggregate, BinaryOp, ColumnId, ErrorCode, Expr, ExprKind, FeatureId, FeatureKind, Lateness, LiftId, Literal,
    Status, Truth, Type,
};
use featr_kernels::Value;

const HOUR: i64 = 3_600_000_000;
const INT: Type = Type::Int64;
const OVERFLOW: Status = Status::Error(ErrorCode::Overflow);

fn column(position: u32) -> Expr {
    Expr::column(ColumnId(position), INT)
}

fn plus(left: Expr, right: Expr) -> Expr {
    binary(BinaryOp::Add, left, right, INT)
}

/// A world with `sum(x)` over 10 µs.
fn summing() -> World {
    let mut world = World::new(INT);
    world.aggregate(Aggregate::Sum, INT, last(10));
    world
}

#[test]
fn empty_is_not_missing() {
    let mut world = summing();
    world.event(1, Value::Int64(1), 0);
    assert_eq!(world.one(9), (Value::Int64(1), Status::Ok));
    assert_eq!(world.one(10), (Value::Null, Status::Empty));
    // The retention is the window and one hour.
    assert_eq!(world.one(HOUR + 9), (Value::Null, Status::Empty));
    assert_eq!(world.one(HOUR + 10), (Value::Null, Status::Missing));
    world.source().lateness = Lateness::Within { bound_us: 5 };
    assert_eq!(world.one(HOUR + 14), (Value::Null, Status::Empty));
    assert_eq!(world.one(HOUR + 15), (Value::Null, Status::Missing));
    assert_eq!(
        world.one(-1),
        (Value::Null, Status::Missing),
        "the only event is yet to come"
    );
    assert_eq!(world.ask_card(text("b"), 5), vec![(Value::Null, Status::Missing)]);
}

#[test]
fn a_lifetime_is_missing_only_without_any_event() {
    let mut world = World::new(INT);
    world.aggregate(Aggregate::Sum, INT, LIFETIME);
    world.event(1, Value::Null, 0);
    assert_eq!(world.one(i64::MAX), (Value::Null, Status::Empty));
    assert_eq!(world.one(-1), (Value::Null, Status::Missing));
}

#[test]
fn an_invisible_event_does_not_keep_its_entity_from_being_missing() {
    let mut world = summing();
    world.source().delay_us = 3;
    world.truth = Truth::AsOfArrival { delay_us: None };
    world.event(1, Value::Int64(1), 0);
    assert_eq!(world.one(2), (Value::Null, Status::Missing));
    assert_eq!(world.one(3), (Value::Int64(1), Status::Ok));
}

#[test]
fn truncated_keeps_the_value_and_hides_missing() {
    let mut world = summing();
    world.source().begins_us = Some(91);
    world.event(1, Value::Int64(1), 95);
    assert_eq!(world.one(99), (Value::Int64(1), Status::Truncated));
    assert_eq!(world.one(100), (Value::Int64(1), Status::Ok));
    assert_eq!(world.ask_card(text("b"), 99), vec![(Value::Null, Status::Truncated)]);
    assert_eq!(world.ask_card(text("b"), 100), vec![(Value::Null, Status::Missing)]);
    world.event(2, Value::Int64(i64::MAX), 96);
    assert_eq!(world.one(99), (Value::Null, OVERFLOW), "an error is worse");
}

#[test]
fn stale_is_judged_by_the_delay_of_the_truth() {
    let mut world = summing();
    world.view().ttl_us = Some(20);
    world.view().features[0].default = Some(Literal::Int64(-1));
    world.source().delay_us = 30;
    world
        .event(1, Value::Int64(1), 95)
        .event(2, Value::Int64(i64::MAX), 120);
    assert_eq!(world.one(99), (Value::Int64(1), Status::Ok), "complete is never stale");
    let as_of = |delay_us| Truth::AsOfArrival { delay_us };
    world.truth = as_of(None);
    assert_eq!(world.one(99), (Value::Int64(-1), Status::Stale));
    world.truth = as_of(Some(20));
    assert_eq!(world.one(99), (Value::Int64(-1), Status::Missing));
    world.truth = as_of(Some(0));
    assert_eq!(world.one(99), (Value::Int64(1), Status::Ok));
    world.truth = as_of(Some(21));
    assert_eq!(world.one(200), (Value::Int64(-1), Status::Stale));
}

#[test]
fn a_default_replaces_null_and_leaves_the_status() {
    let mut world = summing();
    world.view().features[0].default = Some(Literal::Int64(7));
    assert_eq!(world.one(5), (Value::Int64(7), Status::Missing));
    world.event(1, Value::Null, 5);
    assert_eq!(world.one(5), (Value::Int64(7), Status::Empty));
    world.event(2, Value::Int64(i64::MAX), 5).event(3, Value::Int64(1), 5);
    assert_eq!(world.one(5), (Value::Int64(7), OVERFLOW));
}

#[test]
fn one_empty_slot_does_not_make_a_feature_empty() {
    let mut world = World::new(INT);
    let events = world.slot(Aggregate::Count, INT, last(10));
    world.view().slots[0].argument = None;
    let sum = world.slot(Aggregate::Sum, INT, last(10));
    let expr = Expr::new(ExprKind::Coalesce(vec![column(1), column(0)]), INT);
    world.feature(
        INT,
        FeatureKind::Aggregate {
            slots: vec![events, sum],
            expr,
        },
        None,
    );
    world.event(1, Value::Null, 5);
    assert_eq!(world.one(5), (Value::Int64(1), Status::Ok));
    assert_eq!(world.one(20), (Value::Int64(0), Status::Empty));
}

#[test]
fn an_error_in_a_slot_makes_the_feature_null_whatever_its_expression_says() {
    let mut world = World::new(INT);
    let sum = world.slot(Aggregate::Sum, INT, last(10));
    let expr = Expr::new(
        ExprKind::Coalesce(vec![column(0), literal(Literal::Int64(3), INT)]),
        INT,
    );
    world.feature(INT, FeatureKind::Aggregate { slots: vec![sum], expr }, None);
    world.event(1, Value::Int64(i64::MAX), 5).event(2, Value::Int64(1), 5);
    assert_eq!(world.one(5), (Value::Null, OVERFLOW));
    assert_eq!(world.one(20), (Value::Int64(3), Status::Empty));
}

#[test]
fn the_worst_slot_error_is_reported() {
    let mut world = World::new(INT);
    let sum = world.slot(Aggregate::Sum, INT, last(10));
    let distinct = world.slot(Aggregate::CountDistinct { cap: 1 }, INT, last(10));
    let kind = FeatureKind::Aggregate {
        slots: vec![sum, distinct],
        expr: plus(column(0), column(1)),
    };
    world.feature(INT, kind, None);
    world.event(1, Value::Int64(i64::MAX), 5).event(2, Value::Int64(1), 5);
    assert_eq!(world.one(5), (Value::Null, Status::Error(ErrorCode::Cap)));
}

#[test]
fn of_the_errors_in_a_window_the_least_is_reported() {
    let mut world = World::new(Type::String);
    world.aggregate(Aggregate::Count, INT, last(10));
    let to_int = Expr::new(
        ExprKind::Cast(Box::new(Expr::column(super::world::X, Type::String))),
        INT,
    );
    world.view().lifts[0] = plus(to_int, literal(Literal::Int64(i64::MAX), INT));
    world.event(1, text("none"), 5);
    assert_eq!(world.one(5), (Value::Null, Status::Error(ErrorCode::InvalidCast)));
    world.event(2, text("1"), 6);
    assert_eq!(world.one(6), (Value::Null, OVERFLOW));
    assert_eq!(world.one(15), (Value::Null, OVERFLOW), "(5, 15]");
    assert_eq!(world.one(16), (Value::Int64(0), Status::Empty));
}

#[test]
fn an_error_of_the_feature_expression() {
    let mut world = World::new(INT);
    let sum = world.slot(Aggregate::Sum, INT, last(10));
    let kind = FeatureKind::Aggregate {
        slots: vec![sum],
        expr: overflowing(ColumnId(0)),
    };
    world.feature(INT, kind, Some(Literal::Int64(-2)));
    world.event(1, Value::Int64(1), 5);
    assert_eq!(world.one(5), (Value::Int64(-2), OVERFLOW));
    world.rows[0][2] = Value::Int64(0);
    assert_eq!(world.one(5), (Value::Int64(i64::MAX), Status::Ok));
}

#[test]
fn derived_features_see_defaults_and_inherit_the_worst_status() {
    let mut world = World::new(INT);
    let derived = |inputs: Vec<u32>, expr| FeatureKind::Derived {
        inputs: inputs.into_iter().map(FeatureId).collect(),
        expr,
    };
    world.feature(INT, derived(vec![1, 2], plus(column(0), column(1))), None);
    world.aggregate(Aggregate::Sum, INT, last(10));
    world.aggregate(Aggregate::Sum, INT, last(100));
    world.feature(
        INT,
        derived(vec![0, 0], plus(column(0), column(1))),
        Some(Literal::Int64(0)),
    );
    world.view().features[1].default = Some(Literal::Int64(1_000));
    world.event(1, Value::Int64(4), 5);
    let ok = |value| (Value::Int64(value), Status::Ok);
    assert_eq!(world.ask(5), vec![ok(8), ok(4), ok(4), ok(16)]);
    let empty = |value| (Value::Int64(value), Status::Empty);
    assert_eq!(world.ask(15), vec![empty(1_004), empty(1_000), ok(4), empty(2_008)]);
    world.rows[0][2] = Value::Int64(i64::MAX);
    let failed = vec![
        (Value::Null, OVERFLOW),
        empty(1_000),
        ok(i64::MAX),
        (Value::Int64(0), OVERFLOW),
    ];
    assert_eq!(world.ask(15), failed);
}

#[test]
fn an_unrelated_filter_does_not_make_an_entity_missing() {
    let mut world = summing();
    world.view().slots[0].filter = Some(LiftId(1));
    world.event(1, Value::Int64(1), 5);
    world.rows[0][3] = Value::Bool(false);
    assert_eq!(world.one(5), (Value::Null, Status::Empty));
}
