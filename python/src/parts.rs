//! Parts of rows in memory, and rows in one part.

use arrow::array::{Array as _, RecordBatch, RecordBatchOptions};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use std::sync::Arc;

/// All rows in one batch. Dictionaries of several batches are made values: that of all may have more than their keys can
/// count.
pub fn whole(table: &featr::Table) -> Result<RecordBatch, ArrowError> {
    if let [one] = table.batches.as_slice() {
        return Ok(one.clone());
    }
    let all = unshared(table, 0, usize::MAX)?;
    concat_batches(&all.schema, &all.batches)
}

/// So many rows from one on, from 0. Nothing of them is shared with other rows: a part of them takes no more than its rows do.
pub fn unshared(table: &featr::Table, start: usize, rows: usize) -> Result<featr::Table, ArrowError> {
    let fields: Vec<FieldRef> = table.schema.fields().iter().map(plain).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, table.schema.metadata().clone()));
    let (mut above, until) = (0, start.saturating_add(rows));
    let mut batches = Vec::new();
    for batch in &table.batches {
        let (from, to) = (start.max(above), until.min(above + batch.num_rows()));
        if from < to {
            batches.push(cast_to(&batch.slice(from - above, to - from), &schema)?);
        }
        above += batch.num_rows();
    }
    Ok(featr::Table { schema, batches })
}

/// How many rows from one on take no more than so many bytes, but one at least.
pub fn rows_within(table: &featr::Table, start: usize, bytes: u64) -> usize {
    let (mut above, mut found, mut left) = (0, 0, bytes);
    for batch in &table.batches {
        let from = start.saturating_sub(above).min(batch.num_rows());
        above += batch.num_rows();
        let batch = batch.slice(from, batch.num_rows() - from);
        let all = size(&batch);
        if all > left {
            let (mut fit, mut over) = (0, batch.num_rows());
            while over - fit > 1 {
                let middle = usize::midpoint(fit, over);
                match size(&batch.slice(0, middle)) > left {
                    true => over = middle,
                    false => fit = middle,
                }
            }
            found += fit;
            break;
        }
        left -= all;
        found += batch.num_rows();
    }
    found.max(1)
}

/// A batch with the types of a schema.
pub fn cast_to(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(array, field)| match array.data_type() == field.data_type() {
        true => Ok(array.clone()),
        false => cast(array, field.data_type()),
    });
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns.collect::<Result<_, ArrowError>>()?, &rows)
}

/// About how many bytes a batch takes; of one that shares its memory with others, its part.
pub fn size(batch: &RecordBatch) -> u64 {
    let of = |array: &arrow::array::ArrayRef| {
        let part = array.to_data().get_slice_memory_size();
        part.unwrap_or_else(|_| array.get_array_memory_size()) as u64
    };
    batch.columns().iter().map(of).sum()
}

/// Dictionaries as their values: the batches of a file share theirs, and those of a stream need not. Views as what they show:
/// a part of an array has the memory of all of it.
pub fn plain(field: &FieldRef) -> FieldRef {
    fn of(ty: &DataType) -> DataType {
        match ty {
            DataType::Dictionary(_, values) => of(values),
            DataType::Utf8View => DataType::LargeUtf8,
            DataType::BinaryView => DataType::LargeBinary,
            DataType::List(item) => DataType::List(plain(item)),
            DataType::LargeList(item) => DataType::LargeList(plain(item)),
            DataType::FixedSizeList(item, len) => DataType::FixedSizeList(plain(item), *len),
            DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain).collect()),
            other => other.clone(),
        }
    }
    match of(field.data_type()) {
        ty if ty == *field.data_type() => field.clone(),
        ty => Arc::new(Field::clone(field).with_data_type(ty)),
    }
}
