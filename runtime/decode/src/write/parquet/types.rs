//! Types that Parquet has no name for, as the nearest that it has.

use crate::write::Beyond;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit, TimestampSecondType};
use arrow::error::ArrowError;
use std::sync::Arc;

/// The schema that is written for rows of a schema: seconds are milliseconds, and days counted in milliseconds are days. Under
/// their own types they would be plain integers to who reads the file.
pub(super) fn written(schema: &SchemaRef) -> SchemaRef {
    let fields = fields(schema.fields());
    if fields == *schema.fields() {
        return schema.clone();
    }
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// A batch of a schema as one of the schema that is written for it.
///
/// # Errors
/// An instant that has no milliseconds in 64 bits.
pub(super) fn as_written(batch: &RecordBatch, written: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let columns = batch.columns().iter().zip(written.fields());
    let columns = columns.map(|(column, field)| match column.data_type() == field.data_type() {
        true => Ok(column.clone()),
        false => cast_with_options(column, field.data_type(), &strict),
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(written.clone(), columns, &rows)
}

/// The first instant in seconds that has no milliseconds in 64 bits, by columns.
pub(crate) fn beyond_milliseconds(batch: &RecordBatch) -> Option<Beyond> {
    batch
        .columns()
        .iter()
        .zip(batch.schema().fields())
        .find_map(|(column, field)| {
            let DataType::Timestamp(TimeUnit::Second, _) = column.data_type() else {
                return None;
            };
            let seconds = column.as_primitive::<TimestampSecondType>();
            let row = (0..seconds.len())
                .find(|row| seconds.is_valid(*row) && seconds.value(*row).checked_mul(1_000).is_none())?;
            Some(Beyond {
                column: field.name().clone(),
                row,
                why: format!(
                    "is {} s after 1970, and Parquet counts milliseconds in 64 bits",
                    seconds.value(row)
                ),
            })
        })
}

fn fields(fields: &Fields) -> Fields {
    fields.iter().map(field).collect()
}

fn field(field: &FieldRef) -> FieldRef {
    Arc::new(Field::clone(field).with_data_type(ty(field.data_type())))
}

fn ty(of: &DataType) -> DataType {
    match of {
        DataType::Timestamp(TimeUnit::Second, zone) => DataType::Timestamp(TimeUnit::Millisecond, zone.clone()),
        DataType::Time32(TimeUnit::Second) => DataType::Time32(TimeUnit::Millisecond),
        DataType::Date64 => DataType::Date32,
        DataType::Dictionary(keys, values) => DataType::Dictionary(keys.clone(), Box::new(ty(values))),
        DataType::Struct(of) => DataType::Struct(fields(of)),
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field(item), *size),
        other => other.clone(),
    }
}
