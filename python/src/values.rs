//! Columns from and to plain Python values: numbers, texts, booleans. What they stand for is the *kind*:
//!
//! | kind | values |
//! |---|---|
//! | `bool`, `int`, `float`, `string`, `binary` | as they are |
//! | `timestamp`, `naive` | microseconds since 1970-01-01, with and without a zone |
//! | `timestamp_ns`, `naive_ns` | nanoseconds; only to Python |
//! | `date` | days since 1970-01-01 |
//! | `duration` | microseconds |
//! | `decimal:S` | texts with S digits after the point |
//! | `list:KIND` | lists of these; only to Python |
//! | `null` | nothing |

use arrow::array::{
    Array, ArrayRef, AsArray as _, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
    Float64Array, Int64Array, NullArray, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampNanosecondType, UInt64Type,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use std::sync::Arc;

fn invalid(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A column of a kind.
pub fn from_list(kind: &str, values: &Bound<'_, PyList>) -> PyResult<ArrayRef> {
    if let Some(scale) = kind.strip_prefix("decimal:") {
        let texts: StringArray = values.extract::<Vec<Option<String>>>()?.into_iter().collect();
        let ty = DataType::Decimal128(38, scale.parse().map_err(invalid)?);
        let whole = cast(&texts, &ty).map_err(invalid)?;
        return match whole.null_count() == texts.null_count() {
            true => Ok(whole),
            false => Err(PyValueError::new_err("a decimal with more than 38 digits")),
        };
    }
    let ints = || values.extract::<Vec<Option<i64>>>();
    Ok(match kind {
        "bool" => Arc::new(BooleanArray::from(values.extract::<Vec<Option<bool>>>()?)),
        "int" => Arc::new(Int64Array::from(ints()?)),
        "float" => Arc::new(Float64Array::from(values.extract::<Vec<Option<f64>>>()?)),
        "string" => Arc::new(
            values
                .extract::<Vec<Option<String>>>()?
                .into_iter()
                .collect::<StringArray>(),
        ),
        "binary" => Arc::new(
            values
                .extract::<Vec<Option<Vec<u8>>>>()?
                .into_iter()
                .collect::<BinaryArray>(),
        ),
        "timestamp" => Arc::new(TimestampMicrosecondArray::from(ints()?).with_timezone("UTC")),
        "naive" => Arc::new(TimestampMicrosecondArray::from(ints()?)),
        "date" => Arc::new(Date32Array::from(values.extract::<Vec<Option<i32>>>()?)),
        "duration" => Arc::new(DurationMicrosecondArray::from(ints()?)),
        "null" => Arc::new(NullArray::new(values.len())),
        other => return Err(PyTypeError::new_err(format!("no kind of column: {other}"))),
    })
}

/// The kind of a type, and the type that its values are read as.
fn kind(ty: &DataType) -> PyResult<(String, DataType)> {
    use DataType as D;
    let plain = |kind: &str, read: D| Ok((kind.to_owned(), read));
    let zoned = |zone: &Option<Arc<str>>| if zone.is_some() { "timestamp" } else { "naive" };
    match ty {
        D::Null => plain("null", D::Null),
        D::Boolean => plain("bool", D::Boolean),
        D::UInt64 => plain("int", D::UInt64),
        ty if ty.is_integer() => plain("int", D::Int64),
        ty if ty.is_floating() => plain("float", D::Float64),
        D::Utf8 | D::LargeUtf8 | D::Utf8View => plain("string", D::Utf8),
        D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_) => plain("binary", D::Binary),
        D::Timestamp(TimeUnit::Nanosecond, zone) => plain(
            &format!("{}_ns", zoned(zone)),
            D::Timestamp(TimeUnit::Nanosecond, zone.clone()),
        ),
        D::Timestamp(_, zone) => plain(zoned(zone), D::Timestamp(TimeUnit::Microsecond, zone.clone())),
        D::Date32 | D::Date64 => plain("date", D::Date32),
        D::Duration(_) => plain("duration", D::Duration(TimeUnit::Microsecond)),
        D::Decimal32(_, scale) | D::Decimal64(_, scale) | D::Decimal128(_, scale) => {
            plain(&format!("decimal:{scale}"), D::Decimal128(38, *scale))
        }
        D::Dictionary(_, of) => kind(of),
        D::List(of) | D::LargeList(of) | D::FixedSizeList(of, _) => {
            Ok((format!("list:{}", kind(of.data_type())?.0), D::List(of.clone())))
        }
        other => Err(PyTypeError::new_err(format!(
            "a column of type {other} cannot be turned into Python values; take `to_arrow`"
        ))),
    }
}

/// The values of a column, `None` for null, and their kind.
pub fn to_list<'py>(py: Python<'py>, ty: &DataType, parts: &[ArrayRef]) -> PyResult<(String, Bound<'py, PyList>)> {
    let (kind, read) = kind(ty)?;
    let all = PyList::empty(py);
    for part in parts {
        let part = match part.data_type() == &read {
            true => part.clone(),
            false => cast(part, &read).map_err(invalid)?,
        };
        append(&all, &part)?;
    }
    Ok((kind, all))
}

fn append(all: &Bound<'_, PyList>, array: &ArrayRef) -> PyResult<()> {
    let py = all.py();
    macro_rules! each {
        ($values:expr) => {
            for value in $values {
                all.append(value)?;
            }
        };
    }
    match array.data_type() {
        DataType::Null => (0..array.len()).try_for_each(|_| all.append(py.None()))?,
        DataType::Boolean => each!(array.as_boolean().iter()),
        DataType::Int64 => each!(array.as_primitive::<Int64Type>().iter()),
        DataType::UInt64 => each!(array.as_primitive::<UInt64Type>().iter()),
        DataType::Float64 => each!(array.as_primitive::<Float64Type>().iter()),
        DataType::Utf8 => each!(array.as_string::<i32>().iter()),
        DataType::Binary => each!(
            array
                .as_binary::<i32>()
                .iter()
                .map(|bytes| bytes.map(|b| PyBytes::new(py, b)))
        ),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => each!(array.as_primitive::<TimestampNanosecondType>().iter()),
        DataType::Timestamp(..) => each!(array.as_primitive::<TimestampMicrosecondType>().iter()),
        DataType::Date32 => each!(array.as_primitive::<Date32Type>().iter()),
        DataType::Duration(_) => each!(array.as_primitive::<DurationMicrosecondType>().iter()),
        DataType::Decimal128(..) => {
            let decimals = array.as_primitive::<Decimal128Type>();
            let text = |row| {
                decimals
                    .is_valid(row)
                    .then(|| Decimal128Array::value_as_string(decimals, row))
            };
            each!((0..decimals.len()).map(text));
        }
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            for row in 0..lists.len() {
                if lists.is_null(row) {
                    all.append(py.None())?;
                } else {
                    let items = lists.value(row);
                    all.append(to_list(py, items.data_type(), std::slice::from_ref(&items))?.1)?;
                }
            }
        }
        other => return Err(PyTypeError::new_err(format!("no values of type {other}"))),
    }
    Ok(())
}
