//! What tables hold: rows in the order in which lookups find versions.

use crate::column::Batch;
use crate::value::Value;
use featc_ir::{ColumnId, Table, TableRows};

/// Two rows of a static table that have one key, readable: `tail=N1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoRows {
    pub key: String,
}

/// The rows of a table, which come in any order and any batches. Of versions, rows that are equal count once.
///
/// # Errors
/// A static table has two rows of one key.
pub fn held(table: &Table, batches: &[Batch]) -> Result<TableRows, TwoRows> {
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
        let shown = table.key.iter().map(|id| {
            let column = &table.columns[id.index()];
            format!("{}={}", column.name, cell(&twice[0], *id).render(column.ty))
        });
        return Err(TwoRows {
            key: shown.collect::<Vec<_>>().join(", "),
        });
    }
    let literals = rows.iter().map(|row| row.iter().map(Value::to_literal).collect());
    Ok(TableRows::new(table.key.clone(), literals.collect()))
}
