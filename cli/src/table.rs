//! Excerpts of results for people.

use crate::errors;
use crate::report::{Refused, Reporter};
use arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use arrow::util::pretty::pretty_format_batches;
use std::sync::Arc;

/// The named columns of the first `rows` rows; names that are not there are left out.
pub fn excerpt(batches: &[RecordBatch], columns: &[&str], rows: usize, reporter: &Reporter) -> Result<String, Refused> {
    let Some(first) = batches.iter().find(|batch| batch.num_rows() > 0) else {
        return Ok("(no rows)".to_owned());
    };
    let part = first.slice(0, rows.min(first.num_rows()));
    let known: Vec<(&str, ArrayRef)> = columns
        .iter()
        .filter_map(|name| part.column_by_name(name).map(|array| (*name, printable(array))))
        .collect();
    let table = RecordBatch::try_from_iter(known).and_then(|part| pretty_format_batches(&[part]));
    table
        .map(|table| table.to_string())
        .or_else(|error| reporter.refuse(errors::bug(&error.to_string())))
}

/// Instants with an offset instead of a zone's name: the printer knows no names.
fn printable(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => Arc::new(
            array
                .as_primitive::<TimestampMicrosecondType>()
                .clone()
                .with_timezone("+00:00"),
        ),
        _ => array.clone(),
    }
}
