//! Rows as the runtime takes them, and as they lie on its disk.

use crate::disk::SimulatedDisk;
use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use featc_ir::{Key, Source, Type};
use featr::Incoming;
use featr_kernels::{Batch, Column, Value, rows};
use featr_online::{Disk as _, StateError, pushed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub type Row = Vec<Value>;

/// Values of named columns as a batch of Arrow.
pub fn arrow(columns: impl Iterator<Item = (String, Column)>) -> RecordBatch {
    let columns = columns.map(|(name, column)| {
        let array = featr::to_arrow(&column);
        (Field::new(name, array.data_type().clone(), true), array)
    });
    let (fields, arrays): (Vec<Field>, Vec<_>) = columns.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns of one length")
}

pub fn column(ty: Type, values: impl Iterator<Item = Value>) -> Column {
    Column::from_values(ty, &values.collect::<Vec<_>>())
}

fn columns(source: &Source, rows: &[Row]) -> Vec<Column> {
    let of = |place: usize| column(source.columns[place].ty, rows.iter().map(|row| row[place].clone()));
    (0..source.columns.len()).map(of).collect()
}

/// Rows of a source as engines read them.
pub fn batch(source: &Source, rows: &[Row]) -> Batch {
    Batch {
        rows: rows.len(),
        columns: columns(source, rows),
    }
}

/// Rows as a push has them.
pub fn incoming(source: &Source, rows: &[Row]) -> Incoming {
    let names = source.columns.iter().map(|column| column.name.clone());
    Incoming {
        source: source.name.clone(),
        rows: arrow(names.zip(columns(source, rows))),
        places: (1..=rows.len() as u64).collect(),
        rejected: Vec::new(),
    }
}

/// Questions as a service is asked them.
pub fn questions(keys: &[Key], asked: &[Vec<(String, Value)>]) -> RecordBatch {
    let value = |values: &Vec<(String, Value)>, name: &str| {
        let found = values.iter().find(|(known, _)| known == name);
        found.map_or(Value::Null, |(_, value)| value.clone())
    };
    arrow(keys.iter().map(|key| {
        let values = asked.iter().map(|values| value(values, &key.name));
        (key.name.clone(), column(key.ty, values))
    }))
}

/// The rows of a source in Arrow.
fn rows_in(source: &Source, batch: &RecordBatch) -> Vec<Row> {
    let columns: Vec<Column> = source
        .columns
        .iter()
        .map(|declared| {
            let array = batch.column_by_name(&declared.name).expect("a declared column");
            featr::from_arrow(array, declared.ty).expect("its own type")
        })
        .collect();
    let row = |row: usize| columns.iter().map(|column| column.value(row)).collect();
    (0..batch.num_rows()).map(row).collect()
}

/// Of rows that are accepted and say when they arrived, how many did so up to a cut.
pub fn arrived(source: &Source, of: &[Row], cut_us: i64) -> usize {
    let batch = batch(source, of);
    let verdict = rows::accept(source, &batch);
    let Some(arrivals) = rows::arrivals(source, &batch) else {
        return 0;
    };
    let accepted = verdict.rows().into_iter().map(|row| row as usize);
    accepted.filter(|row| arrivals[*row] <= cut_us).count()
}

/// All rows that were pushed and are there, by source, in the order of the log.
///
/// # Errors
/// The disk has no whole state.
pub fn recorded(disk: &SimulatedDisk, inputs: &[Source]) -> Result<Vec<Vec<Row>>, StateError> {
    let mut found = vec![Vec::new(); inputs.len()];
    let mut each = |name: &str, batch: &RecordBatch| {
        let place = inputs.iter().position(|source| source.name == name);
        let place = place.expect("a source of the program, or a table");
        found[place].extend(rows_in(&inputs[place], batch));
        Ok(())
    };
    match pushed(disk, &mut each) {
        // It ended before there was anything.
        Ok(()) | Err(StateError::Nothing { .. }) => Ok(found),
        Err(error) => Err(error),
    }
}

/// As [`recorded`], of a disk that is written to meanwhile: `None` if it cannot be read just now.
pub fn try_recorded(disk: &SimulatedDisk, inputs: &[Source]) -> Option<Vec<Vec<Row>>> {
    let mut found = vec![Vec::new(); inputs.len()];
    let mut each = |name: &str, batch: &RecordBatch| {
        if let Some(place) = inputs.iter().position(|source| source.name == name) {
            found[place].extend(rows_in(&inputs[place], batch));
        }
        Ok(())
    };
    match pushed(disk, &mut each) {
        Ok(()) | Err(StateError::Nothing { .. }) => Some(found),
        Err(_) => None,
    }
}

/// Records that lie aside because they are no rows, by where they were read: the split and the offset. After a crash one may
/// be there twice, and a line may be torn.
pub fn unparsable(disk: &SimulatedDisk) -> BTreeSet<(String, u64)> {
    let names = disk.list("aside").expect("names");
    let names = names.into_iter().filter(|name| name.starts_with("rejected-"));
    let read = |name: String| {
        disk.read(&format!("aside/{name}"))
            .expect("readable")
            .unwrap_or_default()
    };
    let mut found = BTreeSet::new();
    for bytes in names.map(read) {
        let lines = bytes.split(|byte| *byte == b'\n');
        for line in lines.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok()) {
            let place = (line["from"].as_str(), line["place"].as_u64());
            if let (Some(from), Some(place)) = place
                && line["reason"] == "unparsable"
            {
                found.insert((from.to_owned(), place));
            }
        }
    }
    found
}

/// Takes acknowledged rows out of those that are there; what is left nobody was told of.
///
/// # Panics
/// One of them is not there.
pub fn without(found: &[Row], acknowledged: &[Row]) -> Vec<Row> {
    let mut counts: BTreeMap<&Row, usize> = BTreeMap::new();
    for row in found {
        *counts.entry(row).or_default() += 1;
    }
    for row in acknowledged {
        match counts.get_mut(row).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => panic!("acknowledged and lost: {row:?}"),
        }
    }
    let left = counts.into_iter();
    left.flat_map(|(row, count)| std::iter::repeat_n(row.clone(), count))
        .collect()
}
