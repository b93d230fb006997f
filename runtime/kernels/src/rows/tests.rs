use super::*;
use crate::value::Value;
use featc_ir::{Arrival, BinaryOp, ErrorCode, ExprKind, Lateness, Literal, Source, SourceColumn, Type};
use proptest::prelude::*;

fn source(arrival: Option<Arrival>, lateness: Lateness) -> Source {
    let column = |name: &str, ty| SourceColumn {
        name: name.to_owned(),
        ty,
        nullable: true,
        form: featc_ir::ColumnForm::default(),
    };
    Source {
        arrival,
        lateness,
        skew_us: 5,
        ..Source::plain(
            "s",
            vec![
                column("at", Type::Timestamp),
                column("seen", Type::Timestamp),
                column("n", Type::Int64),
            ],
            vec![ColumnId(2)],
            ColumnId(0),
        )
    }
}

fn stamp(us: Option<i64>) -> Value {
    us.map_or(Value::Null, Value::Timestamp)
}

fn batch(rows: &[(Option<i64>, Option<i64>, Value)]) -> Batch {
    let column = |ty, values: Vec<Value>| Column::from_values(ty, &values);
    Batch::from_columns(vec![
        column(Type::Timestamp, rows.iter().map(|row| stamp(row.0)).collect()),
        column(Type::Timestamp, rows.iter().map(|row| stamp(row.1)).collect()),
        column(Type::Int64, rows.iter().map(|row| row.2.clone()).collect()),
    ])
}

const SEEN: Option<Arrival> = Some(Arrival::Column(ColumnId(1)));

#[test]
fn a_row_is_accepted_on_its_own_record() {
    let (min, max) = (Some(i64::MIN), Some(i64::MAX));
    let cases = [
        (Some(100), Some(110), 0),
        (Some(100), Some(111), Reason::Late as u8),
        (Some(100), Some(95), 0),
        (Some(100), Some(94), Reason::Ahead as u8),
        (None, None, Reason::NullTime as u8),
        (Some(1), None, Reason::NullArrival as u8),
        (min, max, Reason::Late as u8),
        (max, min, Reason::Ahead as u8),
    ];
    let rows: Vec<_> = cases
        .iter()
        .map(|(time, arrival, _)| (*time, *arrival, Value::Null))
        .collect();
    let accepted = accept(&source(SEEN, Lateness::Within { bound_us: 10 }), &batch(&rows));
    assert_eq!(accepted.keep, cases.map(|case| case.2));
    assert_eq!(accepted.counts, [2, 1, 1, 2, 2]);
    assert_eq!(accepted.rows(), [0, 2]);
    assert!(!accepted.all());
    assert_eq!(accepted.count(Reason::Late), 2);
    let unbounded = accept(&source(SEEN, Lateness::Unbounded), &batch(&rows));
    assert_eq!(unbounded.counts, [6, 1, 1, 0, 0]);
    let without = accept(&source(None, Lateness::Unbounded), &batch(&rows));
    assert_eq!(without.counts, [7, 1, 0, 0, 0]);
    for reason in Reason::ALL {
        assert_eq!(Reason::from_code(reason as u8), Some(reason));
    }
    assert_eq!(Reason::from_code(0), None);
}

/// [`accept`], row by row.
fn accept_slow(source: &Source, batch: &Batch) -> Vec<u8> {
    let (time, seen) = (batch.column(source.time), batch.column(ColumnId(1)));
    let verdict = |row: usize| {
        let of_column = matches!(source.arrival, Some(Arrival::Column(_)));
        if time.is_null(row) {
            return Reason::NullTime as u8;
        }
        if of_column && seen.is_null(row) {
            return Reason::NullArrival as u8;
        }
        let arrival = match source.arrival {
            None | Some(Arrival::Static) => return 0,
            Some(Arrival::Column(_)) => seen.i64s()[row],
            Some(Arrival::AfterTime { offset_us }) => time.i64s()[row].saturating_add_unsigned(offset_us),
        };
        let delay = i128::from(arrival) - i128::from(time.i64s()[row]);
        match source.lateness {
            Lateness::Within { bound_us } if delay > i128::from(bound_us) => Reason::Late as u8,
            Lateness::Within { .. } if -delay > i128::from(source.skew_us) => Reason::Ahead as u8,
            Lateness::Within { .. } | Lateness::Unbounded => 0,
        }
    };
    (0..batch.rows).map(verdict).collect()
}

fn bound() -> impl Strategy<Value = u64> {
    prop_oneof![
        0u64..6,
        prop::sample::select(&[u64::MAX, 1 << 63, (1 << 63) - 1, (1 << 63) + 1][..])
    ]
}

fn instant() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        6 => (0i64..12).prop_map(Some),
        1 => Just(None),
        2 => prop::sample::select(&[Some(i64::MIN), Some(i64::MAX), Some(-1)][..])
    ]
}

proptest! {
    #[test]
    fn columns_are_accepted_as_rows_are(
        rows in prop::collection::vec((instant(), instant(), Just(Value::Null)), 0..20),
        arrival in prop_oneof![Just(None), Just(SEEN), Just(Some(Arrival::Static)), bound().prop_map(|offset_us| Some(Arrival::AfterTime { offset_us }))],
        lateness in prop_oneof![Just(Lateness::Unbounded), bound().prop_map(|bound_us| Lateness::Within { bound_us })],
        skew_us in bound(),
    ) {
        let mut source = source(arrival, lateness);
        source.skew_us = skew_us;
        let batch = batch(&rows);
        let (fast, slow) = (accept(&source, &batch), accept_slow(&source, &batch));
        prop_assert_eq!(&fast.keep, &slow);
        let counts: Vec<u64> = (0..5).map(|code| slow.iter().filter(|known| **known == code).count() as u64).collect();
        prop_assert_eq!(fast.counts.to_vec(), counts);
    }
}

#[test]
fn an_assumed_arrival_stops_at_the_end_of_time() {
    let after = source(
        Some(Arrival::AfterTime { offset_us: 7 }),
        Lateness::Within { bound_us: 7 },
    );
    let rows = batch(&[(Some(1), None, Value::Null), (Some(i64::MAX - 1), None, Value::Null)]);
    assert_eq!(arrivals(&after, &rows), Some(vec![8, i64::MAX]));
    assert!(accept(&after, &rows).all());
    assert_eq!(arrivals(&source(None, Lateness::Unbounded), &rows), None);
    let fixed = source(Some(Arrival::Static), Lateness::Unbounded);
    assert_eq!(arrivals(&fixed, &rows), None);
}

fn column(id: u32, ty: Type) -> Expr {
    Expr::column(ColumnId(id), ty)
}

fn binary(op: BinaryOp, left: Expr, right: Expr, ty: Type) -> Expr {
    Expr::new(ExprKind::Binary(op, Box::new(left), Box::new(right)), ty)
}

fn int(value: i64) -> Expr {
    Expr::new(ExprKind::Literal(Literal::Int64(value)), Type::Int64)
}

/// let m = n + 1 (fails for the greatest n); where m > 0; let d = m · 2; where d < 10; key n, lift d.
fn spec() -> RowSpec {
    let n = || column(2, Type::Int64);
    let (m, d) = (|| column(3, Type::Int64), || column(4, Type::Int64));
    RowSpec {
        name: "t".to_owned(),
        steps: vec![
            Step::Let(binary(BinaryOp::Add, n(), int(1), Type::Int64)),
            Step::Where(binary(BinaryOp::Greater, m(), int(0), Type::Bool)),
            Step::Let(binary(BinaryOp::Multiply, m(), int(2), Type::Int64)),
            Step::Where(binary(BinaryOp::Less, d(), int(10), Type::Bool)),
        ],
        lets: vec!["m".to_owned(), "d".to_owned()],
        time: column(0, Type::Timestamp),
        at: None,
        key: vec![ColumnId(2)],
        lifts: vec![d(), n()],
    }
}

#[test]
fn a_transform_filters_poisons_and_keys() {
    let huge = Value::Int64(i64::MAX); // n + 1 overflows: poisoned
    let half = Value::Int64(i64::MAX / 2); // m · 2 overflows: poisoned by the second where
    let rows = [
        (Some(10), Some(10), Value::Int64(1)),
        (Some(11), Some(11), Value::Int64(-1)),
        (Some(12), Some(12), huge.clone()),
        (Some(13), Some(13), half.clone()),
        (Some(14), Some(14), Value::Int64(4)),
        (None, Some(15), Value::Int64(2)),
        (Some(16), Some(16), Value::Null),
        (Some(17), Some(17), Value::Int64(3)),
    ];
    let rows = batch(&rows);
    let keyed = apply(&spec(), &rows);
    assert_eq!(keyed.rows, [0, 2, 3, 7]);
    assert_eq!(keyed.times, [10, 12, 13, 17]);
    let overflow = Tag::error(ErrorCode::Overflow);
    assert_eq!(keyed.poison, Some(vec![Tag::VALID, overflow, overflow, Tag::VALID]));
    assert_eq!(keyed.keys[0].values(), [Value::Int64(1), huge, half, Value::Int64(3)]);
    let error = Value::Error(ErrorCode::Overflow);
    assert_eq!(
        keyed.lifts[0].values(),
        [Value::Int64(4), error.clone(), error, Value::Int64(8)]
    );
    assert_eq!(
        keyed.dropped,
        Dropped {
            filtered: 3,
            null_time: 1,
            ..Dropped::default()
        }
    );
}

#[test]
fn null_and_failing_keys_and_times_are_counted() {
    let mut spec = spec();
    spec.steps = vec![Step::Let(binary(
        BinaryOp::Add,
        column(2, Type::Int64),
        int(1),
        Type::Int64,
    ))];
    spec.key = vec![ColumnId(2), ColumnId(3)];
    spec.lifts = vec![];
    let rows = [
        (Some(1), None, Value::Int64(1)),
        (Some(2), None, Value::Null),
        (Some(3), None, Value::Int64(i64::MAX)),
        (None, None, Value::Null),
    ];
    let rows = batch(&rows);
    let keyed = apply(&spec, &rows);
    assert_eq!((keyed.rows, keyed.poison), (vec![0], None));
    assert_eq!(
        keyed.dropped,
        Dropped {
            null_key: 1,
            key_error: 1,
            null_time: 1,
            ..Dropped::default()
        }
    );
    assert_eq!(keyed.rejected.len(), 1);
    assert_eq!(keyed.rejected[0].row, 2);
    assert_eq!(
        keyed.rejected[0].detail(&spec),
        "a key column of transform t is an error (overflow)"
    );
}

/// As [`spec`] without steps, with an event time of its own.
fn moved(time: Expr, within_us: Option<u64>) -> RowSpec {
    RowSpec {
        steps: vec![],
        lets: vec![],
        time,
        at: Some(At {
            source_time: ColumnId(0),
            within_us,
        }),
        lifts: vec![],
        ..spec()
    }
}

#[test]
fn an_event_time_that_fails_poisons_its_row_at_the_source_time() {
    let wait = Expr::new(ExprKind::Literal(Literal::Duration(i64::MAX - 10)), Type::Duration);
    let spec = moved(
        binary(BinaryOp::Add, column(0, Type::Timestamp), wait, Type::Timestamp),
        None,
    );
    let rows = [
        (Some(10), None, Value::Int64(1)),
        (Some(11), None, Value::Int64(2)),
        (None, None, Value::Int64(3)),
        (Some(12), None, Value::Null),
    ];
    let rows = batch(&rows);
    let keyed = apply(&spec, &rows);
    assert_eq!((&keyed.rows[..], &keyed.times[..]), (&[0, 1][..], &[i64::MAX, 11][..]));
    assert_eq!(keyed.poison, Some(vec![Tag::VALID, Tag::error(ErrorCode::Overflow)]));
    let dropped = Dropped {
        null_time: 1,
        null_key: 1,
        ..Dropped::default()
    };
    assert_eq!(keyed.dropped, dropped);
}

#[test]
fn an_event_time_out_of_place_rejects_its_row() {
    let (least, greatest) = (Some(i64::MIN), Some(i64::MAX));
    let rows = [
        (Some(10), Some(10), Value::Int64(1)),
        (Some(10), Some(9), Value::Int64(2)),
        (Some(10), Some(15), Value::Int64(3)),
        (Some(10), Some(16), Value::Null),
        (Some(10), None, Value::Int64(5)),
        (least, greatest, Value::Int64(6)),
        (greatest, least, Value::Int64(7)),
    ];
    let rows = batch(&rows);
    let told = |within_us| {
        let spec = moved(column(1, Type::Timestamp), within_us);
        let keyed = apply(&spec, &rows);
        assert_eq!(keyed.dropped.total() + keyed.rows.len() as u64, rows.rows as u64);
        let rejected = keyed.rejected.iter();
        let rejected: Vec<(u32, &str)> = rejected.map(|row| (row.row, row.reason.name())).collect();
        (keyed.rows, keyed.times, rejected)
    };
    let (back, far) = ("at_before_time", "at_too_far");
    let (kept, times, rejected) = told(None);
    assert_eq!((kept, times), (vec![0, 2, 5], vec![10, 15, i64::MAX]));
    assert_eq!(rejected, [(1, back), (6, back)]);
    let (kept, times, rejected) = told(Some(5));
    assert_eq!((kept, times), (vec![0, 2], vec![10, 15]));
    assert_eq!(rejected, [(1, back), (3, far), (5, far), (6, back)]);
    assert_eq!(told(Some(u64::MAX)).0, told(None).0);
    let spec = moved(column(1, Type::Timestamp), Some(5));
    let words: Vec<String> = apply(&spec, &rows)
        .rejected
        .iter()
        .map(|row| row.detail(&spec))
        .collect();
    assert_eq!(words[0], "`at` of transform t lies 1us before its event time");
    assert_eq!(
        words[1],
        "`at` of transform t lies 6us after its event time; at most 5us is accepted"
    );
}

proptest! {
    #[test]
    fn batching_does_not_matter(
        rows in prop::collection::vec((prop::option::of(-3i64..3), Just(None), prop_oneof![
            4 => (-3i64..8).prop_map(Value::Int64), 1 => Just(Value::Null), 1 => Just(Value::Int64(i64::MAX))]), 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let (left, right) = rows.split_at(cut.index(rows.len() + 1));
        let [all, head, tail] = [&rows[..], left, right].map(batch);
        let whole = apply(&spec(), &all);
        let (first, second) = (apply(&spec(), &head), apply(&spec(), &tail));
        let shifted = second.rows.iter().map(|row| row + left.len() as u32);
        prop_assert_eq!(whole.rows, first.rows.iter().copied().chain(shifted).collect::<Vec<_>>());
        prop_assert_eq!(whole.times, [first.times, second.times].concat());
        let mut dropped = first.dropped;
        dropped.add(&second.dropped);
        prop_assert_eq!(whole.dropped, dropped);
        for ((whole, mut first), second) in whole.lifts.into_iter().zip(first.lifts).zip(second.lifts) {
            first.append(&second);
            prop_assert_eq!(whole, first);
        }
    }
}

#[test]
fn what_is_carried_on_as_it_is_may_be_read_twice() {
    let plain = RowSpec {
        name: "s".to_owned(),
        steps: vec![],
        lets: vec![],
        time: column(0, Type::Timestamp),
        at: None,
        key: vec![ColumnId(2), ColumnId(2)],
        lifts: vec![
            column(2, Type::Int64),
            column(0, Type::Timestamp),
            column(2, Type::Int64),
        ],
    };
    let filtered = RowSpec {
        steps: vec![Step::Where(Expr::new(
            ExprKind::Binary(
                BinaryOp::Less,
                Box::new(column(0, Type::Timestamp)),
                Box::new(column(1, Type::Timestamp)),
            ),
            Type::Bool,
        ))],
        lifts: vec![],
        ..plain.clone()
    };
    let rows = batch(&[
        (Some(1), Some(2), Value::Int64(5)),
        (Some(2), Some(1), Value::Int64(6)),
        (Some(3), Some(4), Value::Null),
        (None, Some(4), Value::Int64(7)),
    ]);
    let keyed = apply(&plain, &rows);
    assert_eq!((&keyed.rows, &keyed.times), (&vec![0, 1], &vec![1, 2]));
    assert_eq!(keyed.lifts[0], keyed.lifts[2]);
    assert_eq!(keyed.lifts[1].i64s(), keyed.times);
    let keyed = apply(&filtered, &rows);
    assert_eq!((keyed.rows, keyed.times), (vec![0], vec![1]));
    assert_eq!(keyed.keys[0].values(), [Value::Int64(5)]);
}

#[test]
fn rejected_rows_are_put_into_words() {
    let rows = [
        (Some(100), Some(100), Value::Null),
        (Some(100), Some(111), Value::Null),
        (Some(100), Some(94), Value::Null),
        (None, None, Value::Null),
        (Some(1), None, Value::Null),
    ];
    let (source, batch) = (source(SEEN, Lateness::Within { bound_us: 10 }), batch(&rows));
    let verdict = accept(&source, &batch);
    let words = |most| {
        let rejected = rejected(&source, &batch, &verdict, most).into_iter();
        rejected
            .map(|rejected| (rejected.row, rejected.reason, rejected.detail))
            .collect::<Vec<_>>()
    };
    let expected = [
        (
            1,
            Reason::Late,
            "arrived 11us after its event time; at most 10us is accepted",
        ),
        (
            2,
            Reason::Ahead,
            "its event time is 6us after its arrival; at most 5us is accepted",
        ),
        (3, Reason::NullTime, "`at` is null"),
        (4, Reason::NullArrival, "`seen` is null"),
    ]
    .map(|(row, reason, detail)| (row, reason, detail.to_owned()));
    assert_eq!(words(usize::MAX), expected);
    assert_eq!(words(2), expected[..2]);
    assert_eq!(words(0), []);
}

/// The conflicts of rows cut into parts.
fn conflicts_of(source: &Source, parts: &[Batch], most: usize) -> Conflicts {
    let ids: Vec<_> = parts
        .iter()
        .map(|part| identity::order_keys(part, &source.unique))
        .collect();
    let digests: Vec<_> = parts.iter().map(|part| digests(source, part)).collect();
    let parts: Vec<Part<'_>> = parts
        .iter()
        .zip(ids.iter().zip(&digests))
        .map(|(batch, (ids, digests))| Part { batch, ids, digests })
        .collect();
    conflicts(source, &parts, most)
}

#[test]
fn ids_with_different_rows_are_conflicts() {
    let rows = [
        (Some(1), Some(1), Value::Int64(9)),
        (Some(1), Some(1), Value::Int64(7)),
        (Some(1), Some(2), Value::Int64(7)), // a copy: only its arrival differs
        (Some(1), Some(1), Value::Null),
        (Some(2), Some(2), Value::Int64(9)),
        (Some(3), Some(3), Value::Int64(9)),
        (Some(2), Some(2), Value::Null),
    ];
    let mut source = source(SEEN, Lateness::Unbounded);
    let found = conflicts_of(&source, &[batch(&rows)], 5);
    assert_eq!((found.ids, found.examples), (2, vec!["n=9".into(), "n=null".into()]));
    assert_eq!(conflicts_of(&source, &[batch(&rows)], 1).examples, ["n=9"]);
    // The time as part of the id tells them apart.
    source.unique = vec![ColumnId(2), ColumnId(0)];
    assert_eq!(conflicts_of(&source, &[batch(&rows)], 5), Conflicts::default());
    source.unique = vec![ColumnId(0), ColumnId(2)];
    source.arrival = None;
    let found = conflicts_of(&source, &[batch(&rows)], 5);
    assert_eq!(found.examples, ["at=1970-01-01T00:00:00.000001Z, n=7"]);
    assert_eq!(conflicts_of(&source, &[], 5), Conflicts::default());
}

proptest! {
    #[test]
    fn conflicts_do_not_depend_on_the_cut(
        rows in prop::collection::vec((prop::option::of(0i64..3), Just(None), (0i64..6).prop_map(Value::Int64)), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let source = source(SEEN, Lateness::Unbounded);
        let (left, right) = rows.split_at(cut.index(rows.len() + 1));
        let found = conflicts_of(&source, &[batch(left), batch(right)], 20);
        let mut slow: Vec<String> = vec![];
        for (time, _, id) in &rows {
            let id_text = format!("n={}", id.render(Type::Int64));
            if rows.iter().any(|other| other.2 == *id && other.0 != *time) && !slow.contains(&id_text) {
                slow.push(id_text);
            }
        }
        prop_assert_eq!(found.ids, slow.len() as u64);
        prop_assert_eq!(found.examples, slow);
    }
}

#[test]
fn what_lookups_find_is_counted_in_their_order() {
    let table = featc_ir::Table {
        name: "t".to_owned(),
        columns: source(None, Lateness::Unbounded).columns[1..].to_vec(),
        key: vec![ColumnId(1)],
        versions: None,
        zone: None,
        keep_nan: false,
        files: None,
    };
    let held = vec![
        vec![Literal::Null, Literal::Int64(1)],
        vec![Literal::Timestamp(5), Literal::Int64(2)],
    ];
    let lookup = featc_ir::Lookup {
        rows: Some(featc_ir::TableRows::new(table.key.clone(), held)),
        table,
        column: ColumnId(1),
        within_us: None,
    };
    let look = |key: Expr| Expr::new(ExprKind::Lookup(Box::new(lookup.clone()), vec![key]), Type::Int64);
    let number = |value: i64| Expr::new(ExprKind::Literal(Literal::Int64(value)), Type::Int64);
    let own = || column(2, Type::Int64);
    let is_one = binary(BinaryOp::Equal, look(own()), number(1), Type::Bool);
    let plus = binary(BinaryOp::Add, look(own()), number(1), Type::Int64);
    let choice = Expr::new(
        ExprKind::Case {
            branches: vec![(is_one, look(plus))],
            otherwise: Some(Box::new(look(number(9)))),
        },
        Type::Int64,
    );
    let spec = RowSpec {
        steps: vec![Step::Let(choice)],
        ..moved(column(0, Type::Timestamp), None)
    };
    let asked = [Value::Int64(1), Value::Int64(2), Value::Int64(7), Value::Null];
    let rows = batch(&asked.map(|key| (Some(1), Some(1), key)));
    let keyed = apply(&spec, &rows);
    let mut looked = 0;
    featc_ir::table::lookups(&spec.steps, &spec.time, &mut |_| looked += 1);
    assert_eq!(looked, keyed.sought.len());
    let told = |sought: &Sought| {
        (
            sought.found,
            sought.unknown.rows,
            sought.unknown.first.clone(),
            sought.not_then.rows,
        )
    };
    let key = |key: i64| Some(vec![Literal::Int64(key)]);
    let found: Vec<_> = keyed.sought.iter().map(told).collect();
    // The condition; what is looked up by what is found, of which 3 is no key; the key inside of it; a key that is none.
    let expected = [
        (2, 1, key(7), 0),
        (1, 1, key(3), 0),
        (2, 1, key(7), 0),
        (0, 4, key(9), 0),
    ];
    assert_eq!(found, expected);
}
