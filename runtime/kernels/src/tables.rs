//! What tables hold: rows in the order in which lookups find versions.

use crate::column::Batch;
use crate::value::Value;
use featc_ir::{ColumnId, Literal, Table, TableRows};
use std::cmp::Ordering;

/// Two rows of a static table that have one key, readable: `tail=N1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoRows {
    pub key: String,
}

/// The rows of a table, which come in any order and any batches. Of versions, rows that are equal count once.
///
/// # Errors
/// A static table has two rows of one key.
pub fn table_rows(table: &Table, batches: &[Batch]) -> Result<TableRows, TwoRows> {
    let rows = batches
        .iter()
        .flat_map(|batch| (0..batch.rows).map(|row| batch.row(row)));
    let mut rows: Vec<Vec<Value>> = rows.collect();
    let cell = |row: &[Value], id: ColumnId| row[id.index()].clone();
    let key = |row: &[Value]| -> Vec<Value> { table.key.iter().map(|id| cell(row, *id)).collect() };
    match table.versions {
        None => rows.sort_by_cached_key(|row| key(row)),
        Some(versions) => {
            rows.sort_by_cached_key(|row| {
                let (from, known) = (cell(row, versions.valid_from), cell(row, versions.arrival));
                (key(row), from, known, row.clone())
            });
            rows.dedup();
        }
    }
    if table.versions.is_none()
        && let Some(twice) = rows.windows(2).find(|pair| key(&pair[0]) == key(&pair[1]))
    {
        return Err(TwoRows {
            key: readable_key(table, |id| cell(&twice[0], id)),
        });
    }
    let literals = rows.iter().map(|row| row.iter().map(Value::to_literal).collect());
    Ok(TableRows::new(table.key.clone(), literals.collect()))
}

/// The key of a row: `tail=N1`.
fn readable_key(table: &Table, cell: impl Fn(ColumnId) -> Value) -> String {
    let shown = table.key.iter().map(|id| {
        let column = &table.columns[id.index()];
        format!("{}={}", column.name, cell(*id).render(column.ty))
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// The keys with versions that have one `valid from` and one arrival and differ in another column: how many, and the first `most`,
/// readable. `rows` are as [`table_rows`] gives them.
pub fn alike(table: &Table, rows: &TableRows, most: usize) -> (u64, Vec<String>) {
    let Some(versions) = table.versions else {
        return (0, Vec::new());
    };
    let instants = [versions.valid_from, versions.arrival];
    let are_alike = |pair: &&[Vec<Literal>]| {
        let mut same = table.key.iter().chain(&instants);
        same.all(|id| pair[0][id.index()] == pair[1][id.index()])
    };
    let (mut keys, mut shown, mut last) = (0, Vec::new(), None);
    for pair in rows.rows().windows(2).filter(are_alike) {
        let key: Vec<&Literal> = table.key.iter().map(|id| &pair[0][id.index()]).collect();
        if last.as_ref() == Some(&key) {
            continue;
        }
        last = Some(key);
        keys += 1;
        if shown.len() < most {
            shown.push(readable_key(table, |id| Value::from_literal(&pair[0][id.index()])));
        }
    }
    (keys, shown)
}

/// Puts a version into a table; whether it was not there.
pub fn insert(table: &Table, rows: &mut TableRows, row: &[Value]) -> bool {
    let literals = row.iter().map(Value::to_literal).collect();
    rows.insert(literals, |left, right| order(table, left, right))
}

/// The order of versions of a key: by (valid from, arrival, row).
fn order(table: &Table, left: &[Literal], right: &[Literal]) -> Ordering {
    let place = |row: &[Literal]| {
        let row: Vec<Value> = row.iter().map(Value::from_literal).collect();
        let instant = |id: Option<ColumnId>| id.map(|id| row[id.index()].clone());
        let versions = table.versions;
        let (from, known) = (
            instant(versions.map(|versions| versions.valid_from)),
            instant(versions.map(|versions| versions.arrival)),
        );
        (from, known, row)
    };
    place(left).cmp(&place(right))
}

/// Of the versions of a key, in order, those that a lookup after `floor_us` may find: the last one that was known there, and
/// what comes after it.
pub fn findable_after<'a>(
    table: &Table,
    of_key: impl DoubleEndedIterator<Item = &'a [Literal]>,
    floor_us: Option<i64>,
) -> Vec<&'a [Literal]> {
    let of_key: Vec<&[Literal]> = of_key.collect();
    let Some((floor_us, versions)) = floor_us.zip(table.versions) else {
        return of_key;
    };
    let is_past = |row: &[Literal], id: ColumnId| match row[id.index()] {
        Literal::Timestamp(us) => us <= floor_us,
        _ => false,
    };
    let is_known = |row: &&[Literal]| is_past(row, versions.valid_from) && is_past(row, versions.arrival);
    let first = of_key.iter().rposition(is_known).unwrap_or(0);
    of_key[first..].to_vec()
}
