use super::*;
use featc_ir::{BinaryOp, ColumnId, Excluding, Truth, Type, WindowKind};

const WEEK: Window = Window {
    kind: WindowKind::Last { length_us: 7 },
    excluding: Excluding::Nothing,
};

fn column(id: u32) -> Expr {
    Expr::column(ColumnId(id), Type::Int64)
}

fn plus(left: Expr, right: Expr) -> Expr {
    Expr::new(
        ExprKind::Binary(BinaryOp::Add, Box::new(left), Box::new(right)),
        Type::Int64,
    )
}

fn feature(kind: FinishKind, default: Option<i64>, output: bool) -> FinishFeature {
    FinishFeature {
        view: "view".into(),
        name: "v__f".to_owned(),
        ty: Type::Int64,
        kind,
        default: default.map(Literal::Int64),
        output,
    }
}

fn over(slots: Vec<u32>, expr: Expr) -> FinishKind {
    FinishKind::Aggregate {
        slots,
        expr,
        presence: 0,
        window: WEEK,
        ttl_us: Some(5),
    }
}

fn spec(features: Vec<FinishFeature>) -> FinishSpec {
    FinishSpec {
        begins_us: Some(100),
        moved_us: 0,
        source_delay_us: 3,
        features,
    }
}

/// As the function of this name; the values without statuses are the same.
fn finish(spec: &FinishSpec, answers: &Answers<'_>, lag: Lag<'_>) -> Vec<(Column, Vec<Status>)> {
    let copied = Answers {
        times: answers.times,
        slots: answers.slots.clone(),
        presence: answers.presence.clone(),
    };
    let done = super::finish(spec, copied, lag, None);
    let tagged = |(column, statuses): &(Column, Vec<Status>)| {
        let value = |(row, status): (usize, &Status)| match status {
            Status::Error(code) => Value::Error(*code),
            Status::Ok | Status::Empty | Status::Missing | Status::Truncated | Status::Stale => column.value(row),
        };
        let values: Vec<Value> = statuses.iter().enumerate().map(value).collect();
        Column::from_values(column.ty, &values)
    };
    let slots = answers.slots.iter().map(tagged).collect();
    let values = finish_values(spec, answers.times.len(), slots, lag, None);
    assert!(values.iter().eq(done.iter().map(|(column, _)| column)));
    done
}

fn int(value: i64) -> Value {
    Value::Int64(value)
}

const OVERFLOW: Status = Status::Error(ErrorCode::Overflow);
const CAP: Status = Status::Error(ErrorCode::Cap);

/// Four questions: ok, empty, an error, an error beside an empty one; then one before `begins`, one without events.
fn answers(times: &[i64]) -> Answers<'_> {
    let first = [int(1), Value::Null, Value::Null, Value::Null, int(5), Value::Null];
    let first_status = [Status::Ok, Status::Empty, OVERFLOW, CAP, Status::Ok, Status::Empty];
    let second = [int(i64::MAX), int(0), int(0), int(0), int(1), int(0)];
    let second_status = [
        Status::Ok,
        Status::Empty,
        Status::Ok,
        Status::Empty,
        Status::Ok,
        Status::Empty,
    ];
    Answers {
        times,
        slots: vec![
            (Column::from_values(Type::Int64, &first), first_status.to_vec()),
            (Column::from_values(Type::Int64, &second), second_status.to_vec()),
        ],
        presence: vec![vec![true, true, true, true, true, false]],
    }
}

const TIMES: [i64; 6] = [106, 106, 106, 106, 105, 106];

#[test]
fn status_value_default_derived() {
    let features = vec![
        feature(over(vec![0], column(0)), None, true),
        feature(over(vec![0], column(0)), Some(-1), true),
        feature(over(vec![0, 1], plus(column(0), column(1))), None, true),
        feature(
            FinishKind::Derived {
                inputs: vec![1, 2],
                expr: column(0),
            },
            None,
            true,
        ),
        feature(
            FinishKind::Derived {
                inputs: vec![1, 0],
                expr: plus(column(0), column(1)),
            },
            Some(0),
            false,
        ),
        feature(
            FinishKind::Derived {
                inputs: vec![4],
                expr: column(0),
            },
            None,
            true,
        ),
    ];
    let done = finish(&spec(features), &answers(&TIMES), COMPLETE);
    assert_eq!(done.len(), 5);
    let plain = vec![
        Status::Ok,
        Status::Empty,
        OVERFLOW,
        CAP,
        Status::Truncated,
        Status::Missing,
    ];
    let null = Value::Null;
    assert_eq!(
        done[0].0.values(),
        [int(1), null.clone(), null.clone(), null.clone(), int(5), null.clone()]
    );
    assert_eq!(done[0].1, plain);
    // The default replaces null; the status stays.
    let with_default = [int(1), int(-1), int(-1), int(-1), int(5), int(-1)];
    assert_eq!((done[1].0.values(), &done[1].1), (with_default.to_vec(), &plain));
    // The sum overflows for the first question.
    assert_eq!(
        done[2].0.values(),
        [
            null.clone(),
            null.clone(),
            null.clone(),
            null.clone(),
            int(6),
            null.clone()
        ]
    );
    let both = vec![
        OVERFLOW,
        Status::Empty,
        OVERFLOW,
        CAP,
        Status::Truncated,
        Status::Missing,
    ];
    assert_eq!(done[2].1, both);
    // Derived: values with defaults, the worst status.
    assert_eq!((done[3].0.values(), &done[3].1), (with_default.to_vec(), &both));
    assert_eq!(done[4].0.values(), [int(2), int(0), int(0), int(0), int(10), int(0)]);
    assert_eq!(done[4].1, plain);
}

#[test]
fn an_empty_slot_beside_a_full_one_is_ok() {
    let mut answers = answers(&TIMES);
    answers.slots[1].1[1] = Status::Ok;
    let features = vec![feature(over(vec![0, 1], column(1)), None, true)];
    let done = finish(&spec(features), &answers, COMPLETE);
    assert_eq!((done[0].0.value(1), done[0].1[1]), (int(0), Status::Ok));
}

#[test]
fn an_error_of_a_slot_makes_the_feature_null_whatever_the_expression_says() {
    let features = vec![feature(over(vec![0, 1], column(1)), Some(9), true)];
    let done = finish(&spec(features), &answers(&TIMES), COMPLETE);
    assert_eq!((done[0].0.value(2), done[0].1[2]), (int(9), OVERFLOW));
}

#[test]
fn a_derived_feature_that_fails_is_null() {
    let features = vec![
        feature(over(vec![1], column(0)), None, false),
        feature(
            FinishKind::Derived {
                inputs: vec![0, 0],
                expr: plus(column(0), column(1)),
            },
            Some(7),
            true,
        ),
    ];
    let done = finish(&spec(features), &answers(&TIMES), COMPLETE);
    assert_eq!((done[0].0.value(0), done[0].1[0]), (int(7), OVERFLOW));
    assert_eq!((done[0].0.value(4), done[0].1[4]), (int(2), Status::Truncated));
}

const COMPLETE: Lag<'_> = Lag::All(None);

#[test]
fn stale_is_said_of_each_question_by_its_cut() {
    let features = vec![feature(over(vec![0], column(0)), Some(-1), true)];
    let spec = spec(features);
    let whole = finish(&spec, &answers(&TIMES), COMPLETE);
    // As far as the ttl, and a microsecond further.
    let lags = [0, 5, 6, u64::MAX, 5, 6];
    let done = finish(&spec, &answers(&TIMES), Lag::Each(&lags));
    for (row, lag) in lags.into_iter().enumerate() {
        let (values, statuses) = &done[0];
        match lag > 5 {
            true => assert_eq!(
                (values.value(row), statuses[row]),
                (int(-1), Status::Stale),
                "row {row}"
            ),
            false => assert_eq!(
                (values.value(row), statuses[row]),
                (whole[0].0.value(row), whole[0].1[row]),
                "row {row}"
            ),
        }
    }
    assert_eq!(lag_us(10, Some(4)), 6);
    assert_eq!((lag_us(10, Some(11)), lag_us(10, None)), (0, u64::MAX));
    assert_eq!(lag_us(i64::MAX, Some(i64::MIN)), u64::MAX);
}

#[test]
fn stale_is_a_matter_of_the_pipeline_alone() {
    let features = || vec![feature(over(vec![0], column(0)), Some(-1), true)];
    let stale = |delay_us| {
        let spec = spec(features());
        let lag = Lag::of(&spec, Truth::AsOfArrival { delay_us });
        let done = finish(&spec, &answers(&TIMES), lag);
        done[0].1.iter().all(|status| *status == Status::Stale) && done[0].0.values() == vec![int(-1); 6]
    };
    assert!(!stale(None) && !stale(Some(5)) && stale(Some(6)));
}

#[test]
fn a_window_that_touches_begins_is_whole() {
    let from = |begins_us, moved_us| FinishSpec {
        begins_us,
        moved_us,
        ..spec(vec![])
    };
    assert_eq!(truncated_before(&WEEK, &from(Some(100), 0)), Some(106));
    assert_eq!(truncated_before(&WEEK, &from(Some(100), 3)), Some(109));
    assert_eq!(truncated_before(&WEEK, &from(None, 3)), None);
    let lifetime = Window {
        kind: WindowKind::Lifetime,
        excluding: Excluding::Nothing,
    };
    assert_eq!(truncated_before(&lifetime, &from(Some(100), 3)), None);
    let longest = Window {
        kind: WindowKind::Last { length_us: i64::MAX },
        excluding: Excluding::Nothing,
    };
    let bound = truncated_before(&longest, &from(Some(i64::MAX), u64::MAX));
    assert!(bound > Some(i128::from(u64::MAX)));
}

#[test]
fn statuses_are_bytes_in_order() {
    let all = [
        Status::Ok,
        Status::Empty,
        Status::Missing,
        Status::Truncated,
        Status::Stale,
    ];
    let all: Vec<Status> = all.into_iter().chain(ErrorCode::ALL.map(Status::Error)).collect();
    for (left, right) in all.iter().zip(&all[1..]) {
        assert!(left < right && encode_status(*left) < encode_status(*right));
    }
    for byte in 0..=255 {
        if let Some(status) = decode_status(byte) {
            assert_eq!(encode_status(status), byte);
        }
    }
    assert!(
        all.iter()
            .all(|status| decode_status(encode_status(*status)) == Some(*status))
    );
    assert_eq!(size_of::<Status>(), 1);
}

#[test]
fn no_questions_no_answers() {
    let none = Answers {
        times: &[],
        slots: vec![(Column::empty(Type::Int64), vec![])],
        presence: vec![vec![]],
    };
    let features = vec![feature(over(vec![0], plus(column(0), column(0))), Some(1), true)];
    let done = finish(&spec(features), &none, COMPLETE);
    assert!(done[0].0.is_empty() && done[0].1.is_empty());
}

#[test]
fn columns_of_statuses_are_those_of_rows() {
    let slot_statuses = [Status::Ok, Status::Empty, OVERFLOW, CAP];
    let values = [int(i64::MAX), int(1), Value::Null];
    let mut rows = vec![];
    for left in slot_statuses {
        for right in slot_statuses {
            for value in &values {
                for (time, present) in [(105, true), (106, true), (105, false), (106, false)] {
                    rows.push((left, right, value.clone(), time, present));
                }
            }
        }
    }
    let times: Vec<i64> = rows.iter().map(|row| row.3).collect();
    let column = |right: bool| {
        let of_row = |row: &(Status, Status, Value, i64, bool)| {
            let status = if right { row.1 } else { row.0 };
            (
                if status == Status::Ok {
                    row.2.clone()
                } else {
                    Value::Null
                },
                status,
            )
        };
        let (values, statuses): (Vec<_>, Vec<_>) = rows.iter().map(of_row).unzip();
        (Column::from_values(Type::Int64, &values), statuses)
    };
    let answers = Answers {
        times: &times,
        slots: vec![column(false), column(true)],
        presence: vec![rows.iter().map(|row| row.4).collect()],
    };
    let one = |default| vec![feature(over(vec![0], self::column(0)), default, true)];
    let two = vec![feature(
        over(vec![0, 1], plus(self::column(0), self::column(1))),
        None,
        true,
    )];
    for (features, slots) in [(one(None), 1), (one(Some(3)), 1), (two, 2)] {
        let spec = spec(features);
        let done = finish(&spec, &answers, COMPLETE);
        for (row, (left, right, value, time, present)) in rows.iter().enumerate() {
            let overflows = slots == 2 && *left == Status::Ok && *right == Status::Ok && *value == int(i64::MAX);
            let expr_error = overflows.then_some(ErrorCode::Overflow);
            let expected = aggregate_status(&[*left, *right][..slots], expr_error, *present, *time < 106, false);
            assert_eq!(done[0].1[row], expected);
            assert!(done[0].0.error(row).is_none());
            let filled = spec.features[0].default.is_some();
            if matches!(expected, Status::Error(_)) {
                assert_eq!(done[0].0.is_null(row), !filled);
            }
        }
    }
}
