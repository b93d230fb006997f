//! What questions may hold in place of instants and of whole numbers: dates, whose first instant it is in the zone that was
//! given, and floats that are whole numbers, as libraries make them of integers where some are missing.

use super::Wanted;
use crate::array::{self, Decoded};
use crate::detail::{BadValue, Wrong};
use crate::error::DecodeError;
use crate::layout::fitting;
use crate::names::place;
use crate::read_as::Reader;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Schema};
use featc_ir::Type;
use featr_kernels::{Column, Value};

/// How a column of questions is read.
pub(super) enum Form {
    AsDeclared,
    Dates(Reader),
    /// Whole numbers below this are none that was rounded.
    Floats {
        end: f64,
    },
}

/// Where a wanted column stands, and how it is read.
pub(super) fn fitted(
    schema: &Schema,
    (name, ty): (&str, Type),
    wanted: &Wanted<'_>,
) -> Result<(usize, Form), DecodeError> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let at = place(&names, name, wanted.file)?;
    match (ty, schema.field(at).data_type(), wanted.rules.zone) {
        (Type::Timestamp, DataType::Date32 | DataType::Date64, Some(zone)) => Ok((at, Form::Dates(Reader::Day(zone)))),
        (Type::Timestamp, DataType::Date32 | DataType::Date64, None) => Err(DecodeError::NaiveTimestamp {
            file: wanted.file.to_owned(),
            line: None,
            column: name.to_owned(),
            asks_by_day: name == wanted.at,
        }),
        (Type::Int64, found, _) if found.is_floating() => {
            let digits = match found {
                DataType::Float16 => 11,
                DataType::Float32 => 24,
                _ => 53,
            };
            let end = 2f64.powi(digits);
            Ok((at, Form::Floats { end }))
        }
        (_, _, zone) => Ok((fitting(schema, (name, ty), zone, wanted.file)?.0, Form::AsDeclared)),
    }
}

/// A column of questions; what is no value of it is refused.
pub(super) fn decode(array: ArrayRef, form: &Form, ty: Type, wanted: &Wanted<'_>) -> Result<Decoded, String> {
    match form {
        Form::AsDeclared => array::decode(array, ty, wanted.rules),
        Form::Dates(reader) => reader.decode(array, ty),
        Form::Floats { end } => {
            let floats = cast(&array, &DataType::Float64).map_err(|error| error.to_string())?;
            let floats = floats.as_primitive::<Float64Type>();
            let mut decoded = Decoded {
                column: Column::empty(ty),
                refused: Vec::new(),
            };
            for row in 0..floats.len() {
                let value = floats.value(row);
                let value = match floats.is_null(row) || value.is_nan() {
                    true => Value::Null,
                    false => whole(value, *end).map_or_else(
                        || {
                            let (written, wrong) = (value.to_string(), Wrong::NoInt64);
                            decoded.refused.push((row, BadValue { written, wrong }));
                            Value::Null
                        },
                        Value::Int64,
                    ),
                };
                decoded.column.push(&value);
            }
            Ok(decoded)
        }
    }
}

/// The integer that a float is, and no other could have become.
fn whole(value: f64, end: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < end).then_some(value as i64)
}
