//! Columns: values of one type, row by row, with a tag per row for null and error.

use featc_ir::{ErrorCode, Type};

/// What a row of a column holds. The data of a row that is not `VALID` is unspecified (but initialised).
#[derive(Debug)]
pub struct Tag;

impl Tag {
    pub const VALID: u8 = 0;
    pub const NULL: u8 = 1;

    /// The tag of an error.
    #[inline]
    pub fn error(code: ErrorCode) -> u8 {
        Tag::NULL + code as u8
    }

    /// The error that a tag stands for.
    #[inline]
    pub fn as_error(tag: u8) -> Option<ErrorCode> {
        tag.checked_sub(Tag::NULL).and_then(ErrorCode::from_number)
    }
}

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
    Str(StrData),
}

/// Strings back to back: row i is `bytes[offsets[i]..offsets[i + 1]]`; `offsets.len()` is rows + 1. Valid UTF-8 per row.
#[derive(Debug, Clone, PartialEq)]
pub struct StrData {
    pub offsets: Vec<usize>,
    pub bytes: Vec<u8>,
}

/// A column of `rows` values.
#[derive(Debug, Clone)]
pub struct Column {
    pub ty: Type,
    pub data: Data,
    /// One [`Tag`] per row; `None` when every row is valid.
    pub tags: Option<Vec<u8>>,
}

/// Columns of equal length.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub rows: usize,
    pub columns: Vec<Column>,
}
