//! Types that Parquet has no name for, as the nearest that it has.

use crate::data_types::replaced;
use crate::write::Beyond;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit, TimestampSecondType};
use std::sync::Arc;

/// The schema that is written for rows of a schema: seconds are milliseconds, and days counted in milliseconds are days. Under
/// their own types they would be plain integers to who reads the file.
pub(super) fn written(schema: &SchemaRef) -> SchemaRef {
    let fields = replaced(schema.fields(), &mut ty);
    if fields == *schema.fields() {
        return schema.clone();
    }
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
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

fn ty(of: &DataType) -> DataType {
    match of {
        DataType::Timestamp(TimeUnit::Second, zone) => DataType::Timestamp(TimeUnit::Millisecond, zone.clone()),
        DataType::Time32(TimeUnit::Second) => DataType::Time32(TimeUnit::Millisecond),
        DataType::Date64 => DataType::Date32,
        DataType::Dictionary(keys, values) => DataType::Dictionary(keys.clone(), Box::new(ty(values))),
        other => other.clone(),
    }
}
