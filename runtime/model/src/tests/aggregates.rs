//! Each aggregate, by hand.

use super::world::{World, last};
use featc_ir::{Aggregate, ErrorCode, Status, Type};
use featr_kernels::Value;
use featr_kernels::value::NAN;

const MONEY: Type = Type::Decimal {
    precision: 12,
    scale: 2,
};
const SUM_OF_MONEY: Type = Type::Decimal {
    precision: 38,
    scale: 2,
};

/// The aggregate of these arguments, all within the window.
fn over(aggregate: Aggregate, argument: Type, result: Type, xs: &[Value]) -> (Value, Status) {
    let mut world = World::new(argument);
    world.aggregate(aggregate, result, last(1_000));
    world.events(xs);
    world.one(1_000)
}

fn ints(xs: &[i64]) -> Vec<Value> {
    xs.iter().map(|x| Value::Int64(*x)).collect()
}

fn floats(xs: &[f64]) -> Vec<Value> {
    xs.iter().map(|x| Value::float(*x)).collect()
}

fn of_ints(aggregate: Aggregate, xs: &[i64]) -> (Value, Status) {
    over(aggregate, Type::Int64, Type::Float64, &ints(xs))
}

fn of_floats(aggregate: Aggregate, xs: &[f64]) -> (Value, Status) {
    over(aggregate, Type::Float64, Type::Float64, &floats(xs))
}

fn ok(value: Value) -> (Value, Status) {
    (value, Status::Ok)
}

fn ok_float(value: f64) -> (Value, Status) {
    ok(Value::Float64(value))
}

#[test]
fn count_counts_arguments_that_are_not_null() {
    let xs = [Value::Int64(3), Value::Null, Value::Int64(3)];
    assert_eq!(
        over(Aggregate::Count, Type::Int64, Type::Int64, &xs),
        ok(Value::Int64(2))
    );
    assert_eq!(
        over(Aggregate::Count, Type::Int64, Type::Int64, &[Value::Null]),
        (Value::Int64(0), Status::Empty)
    );
}

#[test]
fn count_without_argument_counts_events() {
    let mut world = World::new(Type::Int64);
    world.aggregate(Aggregate::Count, Type::Int64, last(1_000));
    world.view().slots[0].argument = None;
    world.events(&[Value::Null, Value::Int64(1)]);
    assert_eq!(world.one(1_000), ok(Value::Int64(2)));
}

#[test]
fn sum_of_integers_is_checked_only_at_the_end() {
    let max = i64::MAX;
    let sum = |xs: &[i64]| over(Aggregate::Sum, Type::Int64, Type::Int64, &ints(xs));
    assert_eq!(sum(&[max, max, -max]), ok(Value::Int64(max)));
    assert_eq!(sum(&[i64::MIN, -1, 1]), ok(Value::Int64(i64::MIN)));
    assert_eq!(sum(&[max, 1]), (Value::Null, Status::Error(ErrorCode::Overflow)));
    assert_eq!(sum(&[i64::MIN, -1]), (Value::Null, Status::Error(ErrorCode::Overflow)));
}

#[test]
fn sum_of_decimals_ends_at_38_digits() {
    let wide = Type::Decimal {
        precision: 38,
        scale: 2,
    };
    let most = 10i128.pow(38) - 1;
    let sum = |xs: &[i128]| {
        let xs: Vec<Value> = xs.iter().map(|x| Value::Decimal(*x)).collect();
        over(Aggregate::Sum, wide, wide, &xs)
    };
    assert_eq!(sum(&[most - 1, 1]), ok(Value::Decimal(most)));
    assert_eq!(sum(&[most, most, -most]), ok(Value::Decimal(most)));
    assert_eq!(sum(&[most, 1]), (Value::Null, Status::Error(ErrorCode::Overflow)));
    assert_eq!(sum(&[-most, -1]), (Value::Null, Status::Error(ErrorCode::Overflow)));
}

#[test]
fn sum_of_floats_is_exact_and_rounded_once() {
    assert_eq!(of_floats(Aggregate::Sum, &[1e100, 1.0, -1e100]), ok_float(1.0));
    assert_eq!(of_floats(Aggregate::Sum, &[0.1; 10]), ok_float(1.0));
    assert_eq!(
        of_floats(Aggregate::Sum, &[f64::MAX, f64::MAX, -f64::MAX]),
        ok_float(f64::MAX)
    );
    assert_eq!(
        of_floats(Aggregate::Sum, &[f64::MAX, f64::MAX]),
        ok_float(f64::INFINITY)
    );
    let tiny = f64::from_bits(1);
    assert_eq!(
        of_floats(Aggregate::Sum, &[tiny, 1.0, tiny, -1.0]),
        ok_float(2.0 * tiny)
    );
    // 2^53 + 1 + 2^-60 lies above the middle of two floats: adding one after the other would lose it.
    assert_eq!(
        of_floats(Aggregate::Sum, &[9_007_199_254_740_992.0, 1.0, 2f64.powi(-60)]),
        ok_float(9_007_199_254_740_994.0)
    );
}

#[test]
fn a_sum_that_cancels_is_positive_zero() {
    let (value, status) = of_floats(Aggregate::Sum, &[-0.0, 1.5, -1.5]);
    assert_eq!((value, status), ok_float(0.0));
    let (value, _) = of_floats(Aggregate::Sum, &[-0.0]);
    assert!(matches!(value, Value::Float64(zero) if zero.to_bits() == 0));
}

#[test]
fn nan_and_infinities_in_sums() {
    let inf = f64::INFINITY;
    assert_eq!(of_floats(Aggregate::Sum, &[1.0, inf]), ok_float(inf));
    assert_eq!(of_floats(Aggregate::Mean, &[1.0, -inf]), ok_float(-inf));
    assert_eq!(of_floats(Aggregate::Sum, &[inf, -inf]), ok_float(NAN));
    assert_eq!(of_floats(Aggregate::Mean, &[NAN, inf]), ok_float(NAN));
    assert_eq!(of_floats(Aggregate::VariancePop, &[inf]), ok_float(NAN));
    assert_eq!(of_floats(Aggregate::Stddev, &[inf, 1.0]), ok_float(NAN));
    assert_eq!(of_floats(Aggregate::Variance, &[inf]), ok(Value::Null));
}

#[test]
fn mean_is_the_exact_quotient() {
    assert_eq!(of_ints(Aggregate::Mean, &[1, 2]), ok_float(1.5));
    assert_eq!(
        of_ints(Aggregate::Mean, &[i64::MAX, i64::MAX]),
        ok_float(9_223_372_036_854_775_807.0)
    );
    assert_eq!(of_ints(Aggregate::Mean, &[1, 1, 0]), ok_float(2.0 / 3.0));
    assert_eq!(of_floats(Aggregate::Mean, &[f64::MAX, f64::MAX]), ok_float(f64::MAX));
    let money = [Value::Decimal(10), Value::Decimal(20), Value::Null];
    assert_eq!(over(Aggregate::Mean, MONEY, Type::Float64, &money), ok_float(0.15));
    assert_eq!(
        over(Aggregate::Sum, MONEY, SUM_OF_MONEY, &money),
        ok(Value::Decimal(30))
    );
}

#[test]
fn variance_of_small_numbers() {
    assert_eq!(
        of_ints(Aggregate::Variance, &[2, 4, 4, 4, 5, 5, 7, 9]),
        ok_float(32.0 / 7.0)
    );
    assert_eq!(
        of_ints(Aggregate::VariancePop, &[2, 4, 4, 4, 5, 5, 7, 9]),
        ok_float(4.0)
    );
    assert_eq!(of_ints(Aggregate::StddevPop, &[2, 4, 4, 4, 5, 5, 7, 9]), ok_float(2.0));
    assert_eq!(
        of_ints(Aggregate::Stddev, &[2, 4, 4, 4, 5, 5, 7, 9]),
        ok_float((32.0f64 / 7.0).sqrt())
    );
    let money = [Value::Decimal(100), Value::Decimal(300)];
    assert_eq!(over(Aggregate::Variance, MONEY, Type::Float64, &money), ok_float(2.0));
}

#[test]
fn variance_of_one_value_is_null_and_ok() {
    assert_eq!(of_ints(Aggregate::Variance, &[5]), ok(Value::Null));
    assert_eq!(of_ints(Aggregate::Stddev, &[5]), ok(Value::Null));
    assert_eq!(of_ints(Aggregate::VariancePop, &[5]), ok_float(0.0));
    assert_eq!(of_ints(Aggregate::StddevPop, &[5]), ok_float(0.0));
}

#[test]
fn variance_of_large_numbers_with_small_differences() {
    let base = 1e15;
    assert_eq!(
        of_floats(Aggregate::Variance, &[base, base + 1.0, base + 2.0]),
        ok_float(1.0)
    );
    assert_eq!(
        of_ints(Aggregate::Variance, &[i64::MAX, i64::MAX - 1, i64::MAX - 2]),
        ok_float(1.0)
    );
    assert_eq!(of_floats(Aggregate::Variance, &[1e308, 1e308]), ok_float(0.0));
    assert_eq!(
        of_floats(Aggregate::Variance, &[f64::MAX, -f64::MAX]),
        ok_float(f64::INFINITY)
    );
    let tiny = f64::from_bits(1);
    assert_eq!(
        of_floats(Aggregate::Variance, &[tiny, 0.0]),
        ok_float(0.0),
        "2^-2149 vanishes in one rounding"
    );
}

#[test]
fn min_and_max_skip_nulls_and_put_nan_last() {
    let xs = [Value::Null, Value::float(NAN), Value::float(-1.0), Value::float(2.0)];
    assert_eq!(over(Aggregate::Min, Type::Float64, Type::Float64, &xs), ok_float(-1.0));
    assert_eq!(over(Aggregate::Max, Type::Float64, Type::Float64, &xs), ok_float(NAN));
    let strings = ["b", "a", "é"].map(|s| Value::String(s.to_owned()));
    assert_eq!(
        over(Aggregate::Max, Type::String, Type::String, &strings),
        ok(Value::String("é".to_owned()))
    );
    assert_eq!(
        over(Aggregate::Min, Type::String, Type::String, &[Value::Null]),
        (Value::Null, Status::Empty)
    );
}

#[test]
fn first_and_last_are_row_atomic_unless_they_ignore_nulls() {
    let xs = [Value::Null, Value::Int64(7), Value::Int64(8), Value::Null];
    let first = |ignoring_nulls| over(Aggregate::First { ignoring_nulls }, Type::Int64, Type::Int64, &xs);
    let last = |ignoring_nulls| over(Aggregate::Last { ignoring_nulls }, Type::Int64, Type::Int64, &xs);
    assert_eq!(first(false), ok(Value::Null));
    assert_eq!(last(false), ok(Value::Null));
    assert_eq!(first(true), ok(Value::Int64(7)));
    assert_eq!(last(true), ok(Value::Int64(8)));
    let nulls = |ignoring_nulls| {
        over(
            Aggregate::Last { ignoring_nulls },
            Type::Int64,
            Type::Int64,
            &[Value::Null],
        )
    };
    assert_eq!(nulls(false), ok(Value::Null));
    assert_eq!(nulls(true), (Value::Null, Status::Empty));
}

#[test]
fn ties_in_time_are_broken_by_the_identity() {
    let mut world = World::new(Type::Int64);
    world.aggregate(Aggregate::First { ignoring_nulls: false }, Type::Int64, last(10));
    world.aggregate(Aggregate::Last { ignoring_nulls: false }, Type::Int64, last(10));
    world
        .event(-3, Value::Int64(30), 5)
        .event(12, Value::Int64(10), 5)
        .event(2, Value::Int64(20), 5);
    assert_eq!(world.ask(5), vec![ok(Value::Int64(30)), ok(Value::Int64(10))]);
}

#[test]
fn count_distinct_counts_canonical_values_up_to_its_cap() {
    let distinct = |cap, xs: &[f64]| {
        over(
            Aggregate::CountDistinct { cap },
            Type::Float64,
            Type::Int64,
            &floats(xs),
        )
    };
    assert_eq!(distinct(3, &[0.0, -0.0, NAN, -NAN, 1.0]), ok(Value::Int64(3)));
    assert_eq!(
        distinct(2, &[0.0, NAN, 1.0]),
        (Value::Null, Status::Error(ErrorCode::Cap))
    );
    assert_eq!(
        distinct(2, &[]),
        (Value::Int64(0), Status::Missing),
        "no event of the card at all"
    );
}

#[test]
fn time_since_last_is_measured_from_the_question() {
    let mut world = World::new(Type::Int64);
    world.aggregate(Aggregate::TimeSinceLast, Type::Duration, super::world::LIFETIME);
    world.event(1, Value::Null, 40).event(2, Value::Null, 10);
    assert_eq!(world.one(45), ok(Value::Duration(5)));
    assert_eq!(world.one(39), ok(Value::Duration(29)));
    world.rows.clear();
    world.event(1, Value::Null, i64::MIN);
    assert_eq!(world.one(0), (Value::Null, Status::Error(ErrorCode::Overflow)));
}
