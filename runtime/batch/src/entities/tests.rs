use super::*;
use arrow::array::StringArray;
use featc_ir::Type;
use featr_kernels::{Tag, Value, identity};
use proptest::prelude::*;
use std::collections::HashMap;

fn column(ty: Type, values: &[Value]) -> Column {
    Column::from_values(ty, values)
}

/// The entities of questions and events, by the bytes of their keys.
fn slow(asked: &[&Column], events: &[&Column], rows: usize) -> (Vec<u32>, Vec<u32>) {
    let questions = asked.first().map_or(0, |column| column.len());
    let keys = identity::entity_keys(asked, questions);
    let mut known: HashMap<Vec<u8>, u32> = HashMap::new();
    let of_question = (0..questions).map(|row| {
        if keys.tags.as_ref().is_some_and(|tags| tags[row] != Tag::VALID) {
            return NOBODY;
        }
        let next = known.len() as u32;
        *known.entry(keys.bytes.get(row).to_vec()).or_insert(next)
    });
    let of_question = of_question.collect();
    let events = identity::keys_of_columns(events, rows);
    let found = events.iter().map(|key| known.get(key).copied().unwrap_or(NOBODY));
    (of_question, found.collect())
}

fn plain<'a>(columns: &[&'a Column]) -> Vec<Values<'a>> {
    columns.iter().map(|column| Values::Plain(column)).collect()
}

const TYPES: [Type; 3] = [Type::String, Type::Int64, Type::Float64];

/// One of a few values, of which strings look like order-preserving bytes or share their starts.
fn value(ty: Type, seed: u8) -> Value {
    match ty {
        Type::String => Value::String(["", "a", "ab", "a\0", "\0", "bc"][usize::from(seed % 6)].into()),
        Type::Float64 => Value::Float64([0.0, -0.0, 1.5, f64::INFINITY, -1.5, 2.0][usize::from(seed % 6)]),
        _ => Value::Int64([0, -1, 1, i64::MIN, i64::MAX, 7][usize::from(seed % 6)]),
    }
}

/// The codes of a string column in a dictionary that holds all of its texts twice, and one more.
fn codes(column: &Column, seeds: &[u8]) -> (Vec<i64>, StringArray) {
    let mut texts: Vec<&str> = (0..column.len()).map(|row| column.strs().str(row)).collect();
    texts.sort_unstable();
    texts.dedup();
    let once = texts.len();
    texts.push("other");
    texts.extend_from_within(..once);
    let code = |row: usize| {
        let at = texts[..once].binary_search(&column.strs().str(row)).expect("known");
        (if seeds[row] < 128 { at } else { at + once + 1 }) as i64
    };
    ((0..column.len()).map(code).collect(), StringArray::from(texts.clone()))
}

proptest! {
    /// Whether keys come as values or as codes, in one batch or in several of one dictionary, of one column or of three:
    /// entities are those that the bytes of the keys name.
    #[test]
    fn numbers_are_those_of_the_slow_look_up(
        types in prop::collection::vec(0..TYPES.len(), 1..=3),
        asked in prop::collection::vec(any::<[u8; 3]>(), 0..12),
        events in prop::collection::vec(any::<[u8; 3]>(), 0..24),
        cut in 0..24usize,
    ) {
        let of = |rows: &[[u8; 3]], nulls: bool| -> Vec<Column> {
            let column_of = |(at, ty): (usize, &usize)| {
                let ty = TYPES[*ty];
                let values = rows.iter().map(|row| match row[at] {
                    255 | 128 if nulls => Value::Null,
                    seed => value(ty, seed),
                });
                column(ty, &values.collect::<Vec<_>>())
            };
            types.iter().enumerate().map(column_of).collect()
        };
        let (asked, found) = (of(&asked, true), of(&events, false));
        let (asked, found): (Vec<&Column>, Vec<&Column>) = (asked.iter().collect(), found.iter().collect());
        let (of_question, expected) = slow(&asked, &found, events.len());
        let (entities, numbered) = Entities::number(&asked);
        let greatest = of_question.iter().filter(|entity| **entity != NOBODY).max();
        prop_assert_eq!(entities.count(), greatest.map_or(0, |entity| *entity as usize + 1));
        let dealt = |numbers: Vec<u32>| -> Vec<u32> {
            numbers.into_iter().map(|number| reversed(number, entities.bits())).collect()
        };
        prop_assert_eq!(&numbered, &dealt(of_question));
        let expected = dealt(expected);
        prop_assert_eq!(entities.find(&plain(&found), &mut vec![]), &expected[..]);

        let coded = found.iter().enumerate().map(|(at, column)| {
            let seeds: Vec<u8> = events.iter().map(|row| row[at]).collect();
            (column.ty == Type::String).then(|| codes(column, &seeds))
        });
        let coded: Vec<_> = coded.collect();
        let cut = cut.min(events.len());
        let mut memos = vec![];
        let mut numbers = vec![];
        for rows in [0..cut, cut..events.len()] {
            let columns: Vec<Column> = found.iter().map(|column| column.slice(rows.clone())).collect();
            let keys = columns.iter().zip(&coded).map(|(column, coded)| match coded {
                Some((codes, texts)) => Values::Codes(&codes[rows.clone()], texts),
                None => Values::Plain(column),
            });
            numbers.extend(entities.find(&keys.collect::<Vec<_>>(), &mut memos));
        }
        prop_assert_eq!(numbers, expected);
    }
}

#[test]
fn a_new_dictionary_is_not_taken_for_the_last_one() {
    let asked = column(Type::String, &["a", "b"].map(|text| Value::String(text.into())));
    let (entities, _) = Entities::number(&[&asked]);
    let mut memos = vec![];
    for (texts, expected) in [
        (["b", "a"], [1, 0]),
        (["a", "c"], [0, NOBODY]),
        (["c", "b"], [NOBODY, 1]),
    ] {
        let texts = StringArray::from(texts.to_vec());
        for _ in 0..2 {
            let found = entities.find(&[Values::Codes(&[0, 1, 1], &texts)], &mut memos);
            assert_eq!(found, [expected[0], expected[1], expected[1]]);
        }
    }
}

#[test]
fn numbers_lie_far_apart() {
    let values: Vec<Value> = (0..5).map(Value::Int64).chain([Value::Null]).collect();
    let (entities, numbers) = Entities::number(&[&column(Type::Int64, &values)]);
    assert_eq!((entities.count(), entities.bits()), (5, 3));
    assert_eq!(numbers, [0, 4, 2, 6, 1, NOBODY]);
    let (entities, numbers) = Entities::number(&[&column(Type::Int64, &values[..1])]);
    assert_eq!((entities.bits(), numbers), (0, vec![0]));
}
