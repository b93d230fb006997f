use super::*;
use featc_ir::{ErrorCode, Type};
use proptest::prelude::*;
use std::cmp::Ordering;

const TYPES: [Type; 8] = [
    Type::Bool,
    Type::Int64,
    Type::Float64,
    Type::Decimal {
        precision: 38,
        scale: 3,
    },
    Type::String,
    Type::Timestamp,
    Type::Date,
    Type::Duration,
];

fn value(ty: Type) -> BoxedStrategy<Value> {
    let small = || prop_oneof![-3i64..3, any::<i64>()];
    let valid = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int64 => small().prop_map(Value::Int64).boxed(),
        Type::Float64 => prop_oneof![any::<f64>(), (-3i64..3).prop_map(|value| value as f64)]
            .prop_map(Value::float)
            .boxed(),
        Type::Decimal { .. } => any::<i128>().prop_map(Value::Decimal).boxed(),
        Type::String => "[\0\u{1}a\u{ff}é]{0,4}".prop_map(Value::String).boxed(),
        Type::Timestamp => small().prop_map(Value::Timestamp).boxed(),
        Type::Date => any::<i32>().prop_map(Value::Date).boxed(),
        Type::Duration => small().prop_map(Value::Duration).boxed(),
        Type::List(_) => unreachable!("no identity has a list"),
    };
    let error = proptest::sample::select(&ErrorCode::ALL[..]).prop_map(Value::Error);
    prop_oneof![6 => valid, 1 => Just(Value::Null), 1 => error].boxed()
}

fn tuple() -> impl Strategy<Value = Vec<Value>> {
    TYPES.map(value).to_vec()
}

fn batch(rows: &[Vec<Value>]) -> Batch {
    let columns = TYPES.iter().enumerate().map(|(at, ty)| {
        let values: Vec<Value> = rows.iter().map(|row| row[at].clone()).collect();
        Column::from_values(*ty, &values)
    });
    Batch {
        rows: rows.len(),
        columns: columns.collect(),
    }
}

fn compare(left: &[Value], right: &[Value]) -> Ordering {
    left.iter()
        .zip(right)
        .map(|(left, right)| left.compare(right))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

proptest! {
    #[test]
    fn keys_are_ordered_as_tuples(rows in prop::collection::vec(tuple(), 1..6), first in 0usize..8, count in 1usize..8) {
        let ids: Vec<ColumnId> = (0..count).map(|at| ColumnId::from((first + at) % 8)).collect();
        let keys = order_keys(&batch(&rows), &ids);
        let picked: Vec<Vec<Value>> =
            rows.iter().map(|row| ids.iter().map(|id| row[id.index()].clone()).collect()).collect();
        for (at, left) in picked.iter().enumerate() {
            prop_assert_eq!(keys.get(at), &key_of_values(left)[..]);
            for (other, right) in picked.iter().enumerate() {
                prop_assert_eq!(keys.get(at).cmp(keys.get(other)), compare(left, right), "{:?} {:?}", left, right);
            }
        }
    }

    #[test]
    fn entity_keys_flag_invalid_rows(rows in prop::collection::vec(tuple(), 1..6)) {
        let batch = batch(&rows);
        let columns: Vec<&Column> = batch.columns.iter().collect();
        let keys = entity_keys(&columns, batch.rows);
        for (at, row) in rows.iter().enumerate() {
            let tag = keys.tags.as_ref().map_or(Tag::VALID, |tags| tags[at]);
            prop_assert_eq!(tag == Tag::VALID, row.iter().all(Value::is_valid));
            let error = row.iter().find_map(Value::as_error);
            prop_assert_eq!(Tag::as_error(tag), error);
        }
    }

    #[test]
    fn digests_are_equal_iff_rows_are(mut rows in prop::collection::vec(tuple(), 1..6), copy in any::<bool>()) {
        if copy {
            rows.push(rows[0].clone());
        }
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let digests = digests(&batch(&rows), &names, Some(ColumnId(5)));
        for (at, left) in rows.iter().enumerate() {
            for (other, right) in rows.iter().enumerate() {
                let equal = (0..8).filter(|column| *column != 5).all(|column| left[column] == right[column]);
                prop_assert_eq!(digests[at] == digests[other], equal);
            }
        }
    }

    #[test]
    fn column_order_and_empty_columns_change_no_digest(rows in prop::collection::vec(tuple(), 1..4)) {
        let plain = batch(&rows);
        let mut wide = Batch { rows: plain.rows, columns: plain.columns.iter().rev().cloned().collect() };
        wide.columns.insert(3, Column::new(Type::String, plain.rows));
        prop_assert_eq!(
            digests(&plain, &["a", "b", "c", "d", "e", "f", "g", "h"], None),
            digests(&wide, &["h", "g", "f", "new", "e", "d", "c", "b", "a"], None)
        );
    }
}

/// Random rows hardly ever differ in one column alone.
#[test]
fn a_digest_sees_every_value_of_every_type() {
    let text = |text: &str| Value::String(text.into());
    let different: [(Type, Vec<Value>); 8] = [
        (Type::Bool, vec![Value::Bool(false), Value::Bool(true)]),
        (Type::Int64, [0, 1, -1, 1 << 40].map(Value::Int64).to_vec()),
        (Type::Float64, [0.0, 1.0, -1.0, f64::NAN].map(Value::float).to_vec()),
        (TYPES[3], [0, 1, 1 << 64, -1].map(Value::Decimal).to_vec()),
        (Type::String, vec![text(""), text("a"), text("b"), text("ab")]),
        (Type::Timestamp, [0, 1].map(Value::Timestamp).to_vec()),
        (Type::Date, [0, 1].map(Value::Date).to_vec()),
        (Type::Duration, [0, 1].map(Value::Duration).to_vec()),
    ];
    for (ty, mut values) in different {
        values.push(Value::Null);
        values.extend(ErrorCode::ALL.map(Value::Error));
        let alone: Vec<u128> = values
            .iter()
            .flat_map(|value| {
                digests(
                    &Batch::from_columns(vec![Column::from_values(ty, &[value.clone()])]),
                    &["a"],
                    None,
                )
            })
            .collect();
        let together = digests(
            &Batch::from_columns(vec![Column::from_values(ty, &values)]),
            &["a"],
            None,
        );
        assert_eq!(alone, together, "{ty}");
        let set: std::collections::BTreeSet<u128> = together.into_iter().collect();
        assert_eq!(set.len(), values.len(), "{ty}");
    }
}

#[test]
fn a_digest_is_pinned() {
    let batch = Batch::from_columns(vec![
        Column::from_values(Type::Int64, &[Value::Int64(7)]),
        Column::from_values(Type::String, &[Value::String("x".into())]),
    ]);
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&xxh3_64(b"id").to_le_bytes());
    bytes.extend_from_slice(&7u64.to_le_bytes());
    bytes.extend_from_slice(&xxh3_64(b"name").to_le_bytes());
    bytes.extend_from_slice(&1u64.to_le_bytes());
    bytes.push(b'x');
    assert_eq!(digests(&batch, &["id", "name"], None), [xxh3_128(&bytes)]);
}

proptest! {
    #[test]
    fn columns_of_one_width_are_no_exception(
        rows in prop::collection::vec((any::<bool>(), any::<i64>(), any::<i32>(), any::<i128>()), 0..6),
        first in 0usize..4,
        count in 0usize..5,
    ) {
        let tuples: Vec<Vec<Value>> = rows
            .iter()
            .map(|row| vec![Value::Bool(row.0), Value::Int64(row.1), Value::float(f64::from(row.2)), Value::Decimal(row.3)])
            .collect();
        let column = |at: usize| Column::from_values(TYPES[at], &tuples.iter().map(|row| row[at].clone()).collect::<Vec<_>>());
        let columns: Vec<Column> = (0..4).map(column).collect();
        let picked: Vec<usize> = (0..count).map(|at| (first + at) % 4).collect();
        let keys = keys_of_columns(&picked.iter().map(|at| &columns[*at]).collect::<Vec<_>>(), rows.len());
        prop_assert_eq!(keys.len(), rows.len());
        for (row, tuple) in tuples.iter().enumerate() {
            let values: Vec<Value> = picked.iter().map(|at| tuple[*at].clone()).collect();
            prop_assert_eq!(keys.get(row), &key_of_values(&values)[..]);
        }
        // A column of nulls changes no digest; the columns have one width without it only.
        let words = Batch { rows: rows.len(), columns: columns[1..3].to_vec() };
        let mut with_nulls = words.clone();
        with_nulls.columns.push(Column::new(Type::Int64, rows.len()));
        prop_assert_eq!(digests(&words, &["b", "a"], None), digests(&with_nulls, &["b", "a", "c"], None));
    }
}
