//! CSV after RFC 4180 (with line feeds), such that null and the empty string differ.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::fmt::Write as _;
use std::io::{self, Write};

pub(super) fn header(out: &mut impl Write, schema: &Schema) -> io::Result<()> {
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        cell(out, field.name())?;
    }
    out.write_all(b"\n")
}

pub(super) fn rows(out: &mut impl Write, batch: &RecordBatch) -> Result<(), ArrowError> {
    let options = FormatOptions::default();
    let columns = batch.columns().iter();
    let formatters = columns
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
        .collect::<Result<Vec<_>, _>>()?;
    let nulls: Vec<_> = batch.columns().iter().map(|column| column.logical_nulls()).collect();
    let texts: Vec<bool> = batch
        .columns()
        .iter()
        .map(|column| is_text(column.data_type()))
        .collect();
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        for (index, formatter) in formatters.iter().enumerate() {
            if index > 0 {
                out.write_all(b",")?;
            }
            if nulls[index].as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            text.clear();
            write!(text, "{}", formatter.value(row).try_to_string()?)
                .map_err(|error| ArrowError::CsvError(error.to_string()))?;
            if texts[index] {
                cell(out, &text)?
            } else {
                out.write_all(text.as_bytes())?
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// A text, quoted where it must be.
fn cell(out: &mut impl Write, text: &str) -> io::Result<()> {
    if !text.is_empty() && !text.contains(['"', ',', '\n', '\r']) {
        return out.write_all(text.as_bytes());
    }
    out.write_all(b"\"")?;
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            out.write_all(b"\"\"")?;
        }
        out.write_all(part.as_bytes())?;
    }
    out.write_all(b"\"")
}
