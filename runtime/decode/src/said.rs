//! Values that are said for a whole file: by its place, or by the table that it belongs to.

use crate::builder::Builder;
use crate::detail::{BadValue, Detail};
use crate::error::DecodeError;
use crate::read_as::Reader;
use crate::reject::shown;
use crate::rules::{BadCell, Rules};
use featc_ir::SourceColumn;
use featr_kernels::Column;
use featr_kernels::value::Value;

/// The text that is said for a column, empty for null; `None` when nothing is said.
pub(crate) fn text<'a>(values: &'a [(String, Option<String>)], column: &str) -> Option<&'a str> {
    let said = values.iter().find(|(name, _)| name == column)?;
    Some(said.1.as_deref().unwrap_or(""))
}

/// What is said for a column, decoded.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    Value(Value),
    /// It does not decode, for every row.
    Refused(Detail),
}

impl Said {
    pub(crate) fn decode(text: &str, column: &SourceColumn, rules: Rules, file: &str) -> Result<Said, DecodeError> {
        let mut cell = Builder::read_as(column.ty, Reader::of(column)?);
        match cell.push_text(text, false, rules) {
            Ok(()) => Ok(Said::Value(cell.take().value(0))),
            Err(BadCell::Bad(wrong)) => Ok(Said::Refused(Detail::Value {
                column: column.name.clone(),
                value: BadValue {
                    written: shown(text),
                    wrong,
                },
            })),
            Err(BadCell::Naive) => Err(DecodeError::NaiveTimestamp {
                file: file.to_owned(),
                line: None,
                column: column.name.clone(),
                asks_by_day: false,
            }),
        }
    }

    /// It, `rows` times; refused ones are null.
    pub(crate) fn column(&self, column: &SourceColumn, rows: usize) -> Column {
        match self {
            Said::Value(value) => Column::repeat(column.ty, value, rows),
            Said::Refused(_) => Column::new(column.ty, rows),
        }
    }
}
