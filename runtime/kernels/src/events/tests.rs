use super::*;
use crate::value::Value;
use proptest::prelude::*;

type Row = (i64, Vec<u8>, u128, u8, Option<i64>, Option<String>);

const TYPES: [Type; 2] = [Type::Int64, Type::String];

fn block(rows: &[Row]) -> Events {
    let numbers: Vec<Value> = rows.iter().map(|row| row.4.map_or(Value::Null, Value::Int64)).collect();
    let texts: Vec<Value> = rows
        .iter()
        .map(|row| row.5.clone().map_or(Value::Null, Value::String))
        .collect();
    let lifts = [
        Column::from_values(TYPES[0], &numbers),
        Column::from_values(TYPES[1], &texts),
    ];
    let mut events = Events::new(&TYPES);
    for (position, row) in rows.iter().enumerate() {
        events.push((row.0, &row.1, row.2), row.3, &lifts, position);
    }
    events
}

/// The rows as they were, to compare with a plain vector.
fn rows_of(events: &Events) -> Vec<Row> {
    assert_eq!(
        events.lifts.iter().map(Column::len).collect::<Vec<_>>(),
        vec![events.len(); 2]
    );
    assert_eq!((events.ids.len(), events.digests.len()), (events.len(), events.len()));
    let number = |row: usize| {
        if let Value::Int64(value) = events.lifts[0].value(row) {
            Some(value)
        } else {
            None
        }
    };
    let text = |row: usize| {
        if let Value::String(value) = events.lifts[1].value(row) {
            Some(value)
        } else {
            None
        }
    };
    let row = |row: usize| {
        let (time, id, digest) = events.key(row);
        (time, id.to_vec(), digest, events.poison_of(row), number(row), text(row))
    };
    (0..events.len()).map(row).collect()
}

fn row() -> impl Strategy<Value = Row> {
    let poison = prop_oneof![4 => Just(Tag::VALID), 1 => Just(2u8)];
    let text = prop::option::of(prop::sample::select(vec!["", "x", "yes"]).prop_map(str::to_owned));
    (
        0i64..4,
        prop::collection::vec(0u8..2, 0..3),
        0u128..3,
        poison,
        prop::option::of(0i64..9),
        text,
    )
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(row(), 0..12)
}

fn key(row: &Row) -> EventKey<'_> {
    (row.0, &row.1, row.2)
}

proptest! {
    #[test]
    fn a_block_is_a_vector_of_rows(left in rows(), right in rows(), extra in row(), at in any::<prop::sample::Index>()) {
        let (mut events, other) = (block(&left), block(&right));
        let mut model = left;
        prop_assert_eq!(rows_of(&events), model.clone());
        events.append(&other);
        model.extend(right);
        prop_assert_eq!(rows_of(&events), model.clone());
        let at = at.index(model.len() + 1);
        events.insert_from(at, &block(std::slice::from_ref(&extra)), 0);
        model.insert(at, extra.clone());
        prop_assert_eq!(rows_of(&events), model.clone());
        let tail = events.split_off(at);
        prop_assert_eq!(rows_of(&tail), model.split_off(at));
        prop_assert_eq!(rows_of(&events), model.clone());
        let mut copy = Events::new(&TYPES);
        (0..events.len()).rev().for_each(|row| copy.push_from(&events, row));
        let backwards: Vec<u32> = (0..events.len() as u32).rev().collect();
        prop_assert_eq!(rows_of(&copy), rows_of(&events.take(&backwards)));
        model.reverse();
        prop_assert_eq!(rows_of(&copy), model);
    }

    #[test]
    fn searching_a_sorted_block(rows in rows(), wanted in row()) {
        let mut sorted = rows.clone();
        sorted.sort_by(|left, right| key(left).cmp(&key(right)));
        sorted.dedup_by(|later, first| key(later) == key(first));
        let events = block(&sorted);
        for time in -1..5 {
            prop_assert_eq!(events.upper_bound(time), sorted.iter().filter(|row| row.0 <= time).count());
        }
        prop_assert_eq!(events.find(key(&wanted)), sorted.binary_search_by(|row| key(row).cmp(&key(&wanted))));
        for row in 1..events.len() {
            prop_assert_eq!(events.compare(row - 1, &events, row), Ordering::Less);
        }
    }
}
