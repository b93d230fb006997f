//! Columns as numbers: for models, and of keys that pandas has turned into floats.

use arrow::array::{Array, ArrayRef, AsArray as _, Float64Array, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, DurationMicrosecondType, Field, Float64Type, Schema, TimeUnit};
use arrow::error::ArrowError;
use featr::Table;
use std::sync::Arc;

/// Whole floats below this are exact; it is itself also what the number above it is rounded to.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A column as one that models take, if its type is none: booleans as 0 and 1, decimals as the nearest float64, durations
/// in seconds, dates in days since 1970-01-01, all float64. Nulls stay.
fn number(array: &ArrayRef) -> Result<Option<ArrayRef>, ArrowError> {
    Ok(Some(match array.data_type() {
        DataType::Boolean | DataType::Decimal128(..) => cast(array, &DataType::Float64)?,
        DataType::Date32 => {
            let days: Float64Array = array.as_primitive::<Date32Type>().unary(f64::from);
            Arc::new(days)
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            let spans = array.as_primitive::<DurationMicrosecondType>();
            let seconds: Float64Array = spans.unary(|us| us as f64 / 1e6);
            Arc::new(seconds)
        }
        _ => return Ok(None),
    }))
}

/// The columns of these names as numbers.
pub fn numeric(table: &Table, names: &[String]) -> Result<Table, ArrowError> {
    changed(table, |field, array| match names.contains(field.name()) {
        true => number(array),
        false => Ok(None),
    })
}

/// Columns of these names that hold float64, and in it nothing but whole numbers, as int64; NaN becomes null. So pandas
/// keeps integers some of which are missing.
pub fn whole(table: &Table, names: &[&str]) -> Result<Table, ArrowError> {
    let is_whole = |value: f64| value.is_nan() || (value.fract() == 0.0 && value.abs() < WHOLE_MAX);
    let floats = |place: usize| {
        table
            .batches
            .iter()
            .map(move |batch| batch.column(place).as_primitive::<Float64Type>())
    };
    let fields = table.schema.fields().iter().enumerate();
    let chosen = fields.filter(|(place, field)| {
        names.contains(&field.name().as_str())
            && *field.data_type() == DataType::Float64
            && floats(*place).all(|floats| floats.iter().flatten().all(is_whole))
    });
    let chosen: Vec<&str> = chosen.map(|(_, field)| field.name().as_str()).collect();
    if chosen.is_empty() {
        return Ok(table.clone());
    }
    changed(table, |field, array| {
        if !chosen.contains(&field.name().as_str()) {
            return Ok(None);
        }
        let floats = array.as_primitive::<Float64Type>().iter();
        let whole = floats.map(|value| value.filter(|value| !value.is_nan()).map(|value| value as i64));
        Ok(Some(Arc::new(Int64Array::from_iter(whole)) as ArrayRef))
    })
}

/// The table with other columns in place of some.
fn changed(
    table: &Table,
    change: impl Fn(&Field, &ArrayRef) -> Result<Option<ArrayRef>, ArrowError>,
) -> Result<Table, ArrowError> {
    let fields = table.schema.fields();
    // What a column becomes is decided by its type alone, so that batches agree.
    let empty = RecordBatch::new_empty(table.schema.clone());
    let mut new_fields = Vec::with_capacity(fields.len());
    for (field, array) in fields.iter().zip(empty.columns()) {
        let ty = change(field, array)?.map(|array| array.data_type().clone());
        new_fields.push(match ty {
            Some(ty) => Arc::new(Field::new(field.name(), ty, true)),
            None => field.clone(),
        });
    }
    let schema = Arc::new(Schema::new_with_metadata(new_fields, table.schema.metadata().clone()));
    let batch = |batch: &RecordBatch| {
        let columns = fields.iter().zip(batch.columns());
        let columns = columns.map(|(field, array)| Ok(change(field, array)?.unwrap_or_else(|| array.clone())));
        RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, ArrowError>>()?)
    };
    Ok(Table {
        batches: table.batches.iter().map(batch).collect::<Result<_, _>>()?,
        schema,
    })
}
