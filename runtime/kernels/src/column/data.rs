//! The values of a column without their tags.

use super::list;
use super::strings::StrData;
use crate::value::Value;
use featc_ir::Type;
use std::ops::Range;

/// Values in the representation that fits their type.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    Bool(Vec<bool>),
    /// Int64; timestamp and duration in microseconds; date in days.
    I64(Vec<i64>),
    /// Canonical floats.
    F64(Vec<f64>),
    /// Decimals, in units of 10^-scale.
    I128(Vec<i128>),
    /// Strings; lists as bytes.
    Str(StrData),
}

impl Data {
    /// `rows` zeros (false, empty strings) in the representation of the type.
    pub fn zeros(ty: Type, rows: usize) -> Data {
        match ty {
            Type::Bool => Data::Bool(vec![false; rows]),
            Type::Int64 | Type::Timestamp | Type::Date | Type::Duration => Data::I64(vec![0; rows]),
            Type::Float64 => Data::F64(vec![0.0; rows]),
            Type::Decimal { .. } => Data::I128(vec![0; rows]),
            Type::String | Type::List(_) => Data::Str(StrData::empty_rows(rows)),
        }
    }

    /// Makes room for so many rows more; of strings, for their offsets.
    pub(super) fn reserve(&mut self, rows: usize) {
        match self {
            Data::Bool(values) => values.reserve_exact(rows),
            Data::I64(values) => values.reserve_exact(rows),
            Data::F64(values) => values.reserve_exact(rows),
            Data::I128(values) => values.reserve_exact(rows),
            Data::Str(values) => values.offsets.reserve_exact(rows),
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Data::Bool(values) => values.len(),
            Data::I64(values) => values.len(),
            Data::F64(values) => values.len(),
            Data::I128(values) => values.len(),
            Data::Str(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn gather(&self, rows: impl Iterator<Item = usize> + Clone) -> Data {
        match self {
            Data::Bool(values) => Data::Bool(rows.map(|row| values[row]).collect()),
            Data::I64(values) => Data::I64(rows.map(|row| values[row]).collect()),
            Data::F64(values) => Data::F64(rows.map(|row| values[row]).collect()),
            Data::I128(values) => Data::I128(rows.map(|row| values[row]).collect()),
            Data::Str(values) => Data::Str(values.gather(rows)),
        }
    }

    pub(super) fn slice(&self, rows: Range<usize>) -> Data {
        match self {
            Data::Bool(values) => Data::Bool(values[rows].to_vec()),
            Data::I64(values) => Data::I64(values[rows].to_vec()),
            Data::F64(values) => Data::F64(values[rows].to_vec()),
            Data::I128(values) => Data::I128(values[rows].to_vec()),
            Data::Str(values) => Data::Str(values.slice(rows)),
        }
    }

    pub(super) fn append(&mut self, other: &Data) {
        match (self, other) {
            (Data::Bool(to), Data::Bool(from)) => to.extend_from_slice(from),
            (Data::I64(to), Data::I64(from)) => to.extend_from_slice(from),
            (Data::F64(to), Data::F64(from)) => to.extend_from_slice(from),
            (Data::I128(to), Data::I128(from)) => to.extend_from_slice(from),
            (Data::Str(to), Data::Str(from)) => to.append(from),
            _ => unreachable!("columns of one type"),
        }
    }

    /// Keeps the first `rows` rows.
    pub fn truncate(&mut self, rows: usize) {
        match self {
            Data::Bool(values) => values.truncate(rows),
            Data::I64(values) => values.truncate(rows),
            Data::F64(values) => values.truncate(rows),
            Data::I128(values) => values.truncate(rows),
            Data::Str(values) => values.truncate(rows),
        }
    }

    pub(super) fn set_room(&mut self, room: usize) {
        match self {
            Data::Bool(values) => super::set_room(values, room),
            Data::I64(values) => super::set_room(values, room),
            Data::F64(values) => super::set_room(values, room),
            Data::I128(values) => super::set_room(values, room),
            Data::Str(values) => values.set_room(room),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Data::Bool(values) => values.capacity(),
            Data::I64(values) => 8 * values.capacity(),
            Data::F64(values) => 8 * values.capacity(),
            Data::I128(values) => 16 * values.capacity(),
            Data::Str(values) => values.heap_bytes(),
        }
    }

    /// Inserts the value (zero for null and errors) before row `at`.
    pub(super) fn insert(&mut self, at: usize, value: &Value) {
        match (self, value) {
            (Data::Bool(to), Value::Bool(value)) => to.insert(at, *value),
            (Data::I64(to), Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value)) => {
                to.insert(at, *value);
            }
            (Data::I64(to), Value::Date(value)) => to.insert(at, i64::from(*value)),
            (Data::F64(to), Value::Float64(value)) => to.insert(at, crate::value::canonical(*value)),
            (Data::I128(to), Value::Decimal(value)) => to.insert(at, *value),
            (Data::Str(to), Value::String(_) | Value::List(_)) => to.insert(at, &list::bytes_of(value)),
            (to, Value::Null | Value::Error(_)) => match to {
                Data::Bool(to) => to.insert(at, false),
                Data::I64(to) => to.insert(at, 0),
                Data::F64(to) => to.insert(at, 0.0),
                Data::I128(to) => to.insert(at, 0),
                Data::Str(to) => to.insert(at, b""),
            },
            _ => unreachable!("a value of the column's type"),
        }
    }

    /// Puts the value (which is no null; of an error: anything) where `rows` says so, row by row.
    pub(super) fn put(&mut self, rows: impl Iterator<Item = bool>, value: &Value) {
        fn all<T: Copy>(to: &mut [T], rows: impl Iterator<Item = bool>, value: T) {
            for (to, row) in to.iter_mut().zip(rows) {
                *to = if row { value } else { *to };
            }
        }
        match (self, value) {
            (_, Value::Null | Value::Error(_)) => {}
            (Data::Bool(to), Value::Bool(value)) => all(to, rows, *value),
            (Data::I64(to), Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value)) => {
                all(to, rows, *value);
            }
            (Data::I64(to), Value::Date(value)) => all(to, rows, i64::from(*value)),
            (Data::F64(to), Value::Float64(value)) => all(to, rows, crate::value::canonical(*value)),
            (Data::I128(to), Value::Decimal(value)) => all(to, rows, *value),
            (Data::Str(to), Value::String(_) | Value::List(_)) => {
                let value = list::bytes_of(value);
                let texts = to.iter().zip(rows);
                let filled = texts.map(|(text, row)| if row { &*value } else { text });
                *to = filled.collect();
            }
            _ => unreachable!("a value of the column's type"),
        }
    }

    /// Inserts row `row` of data of the same representation before row `at`.
    pub(super) fn insert_from(&mut self, at: usize, from: &Data, row: usize) {
        match (self, from) {
            (Data::Bool(to), Data::Bool(from)) => to.insert(at, from[row]),
            (Data::I64(to), Data::I64(from)) => to.insert(at, from[row]),
            (Data::F64(to), Data::F64(from)) => to.insert(at, from[row]),
            (Data::I128(to), Data::I128(from)) => to.insert(at, from[row]),
            (Data::Str(to), Data::Str(from)) => to.insert(at, from.get(row)),
            _ => unreachable!("columns of one type"),
        }
    }
}
