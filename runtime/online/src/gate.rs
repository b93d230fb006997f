//! Gates: an entity of which a gated feature has no answer of its own is given none of the others either.
//!
//! A feature has an answer of its own where its status is `ok`. Every other status says that what leaves stands in for the answer:
//! a default, a null, a zero of nothing, the part of a window.

use arrow::array::{AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, not, nullif};
use arrow::datatypes::{Field, FieldRef, Schema};
use arrow::error::ArrowError;
use featc_ir::Status;
use std::sync::Arc;

/// An entity that is not answered, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gated {
    /// Its place among the entities of the question, from 0.
    pub row: usize,
    /// The gated features without an answer of their own, each with its status, in the order of the service.
    pub features: Vec<(String, String)>,
}

/// The entities that are not answered, in order. `features` has a column per feature, each followed by its status; `gates` are
/// the places of those features that have a gate.
pub(crate) fn closed(features: &RecordBatch, gates: &[usize]) -> Vec<Gated> {
    let schema = features.schema();
    let statuses = gates.iter().map(|place| {
        let name = schema.field(2 * place).name().as_str();
        (name, features.column(2 * place + 1).as_string::<i32>())
    });
    let statuses: Vec<_> = statuses.collect();
    let ok = Status::Ok.to_string();
    let of_row = |row: usize| {
        let other = statuses.iter().filter(|(_, status)| status.value(row) != ok);
        let features: Vec<_> = other
            .map(|(name, status)| ((*name).to_owned(), status.value(row).to_owned()))
            .collect();
        (!features.is_empty()).then_some(Gated { row, features })
    };
    match statuses.is_empty() {
        true => Vec::new(),
        false => (0..features.num_rows()).filter_map(of_row).collect(),
    }
}

/// Which of so many rows are gated.
fn mask(gated: &[Gated], rows: usize) -> BooleanArray {
    let mut mask = vec![false; rows];
    for gated in gated {
        mask[gated.row] = true;
    }
    BooleanArray::from(mask)
}

/// Without the rows of gated entities.
///
/// # Errors
/// What Arrow says.
pub(crate) fn answered(rows: &RecordBatch, gated: &[Gated]) -> Result<RecordBatch, ArrowError> {
    match gated.is_empty() {
        true => Ok(rows.clone()),
        false => filter_record_batch(rows, &not(&mask(gated, rows.num_rows()))?),
    }
}

/// Per feature, of how many answered entities it has no answer of its own; `features` as of [`closed`].
pub(crate) fn stand_ins<'a>(features: &'a RecordBatch, gated: &[Gated]) -> Vec<(&'a str, u64)> {
    let ok = Status::Ok.to_string();
    let fields = features.schema_ref().fields().chunks(2);
    let feature = |(place, fields): (usize, &'a [FieldRef])| {
        let statuses = features.column(2 * place + 1).as_string::<i32>();
        let is_other = |row: usize| statuses.value(row) != ok;
        let all = (0..features.num_rows()).filter(|row| is_other(*row)).count();
        let hidden = gated.iter().filter(|gated| is_other(gated.row)).count();
        (fields[0].name().as_str(), (all - hidden) as u64)
    };
    fields.enumerate().map(feature).collect()
}

/// With nothing but nulls in the rows of gated entities, statuses among them. Every column may be null then, so that all answers
/// of a service with gates have one schema.
///
/// # Errors
/// What Arrow says.
pub(crate) fn emptied(features: &RecordBatch, gated: &[Gated]) -> Result<RecordBatch, ArrowError> {
    let gated = mask(gated, features.num_rows());
    let columns = features.columns().iter().map(|column| nullif(column, &gated));
    let columns = columns.collect::<Result<Vec<_>, ArrowError>>()?;
    let schema = features.schema();
    let fields = schema.fields().iter();
    let fields: Vec<Field> = fields.map(|field| field.as_ref().clone().with_nullable(true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
