//! Excerpts of results for people.

use crate::errors;
use crate::report::{Refused, Reporter};
use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;

/// The named columns of the first `rows` rows; names that are not there are left out.
pub fn excerpt(batches: &[RecordBatch], columns: &[&str], rows: usize, reporter: &Reporter) -> Result<String, Refused> {
    let Some(first) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok("(no rows)".to_owned()) };
    let places: Vec<usize> = columns.iter().filter_map(|name| first.schema().index_of(name).ok()).collect();
    let text = first
        .slice(0, rows.min(first.num_rows()))
        .project(&places)
        .and_then(|part| pretty_format_batches(&[part]))
        .map(|table| table.to_string());
    text.or_else(|error| reporter.refuse(errors::bug(&error.to_string())))
}
