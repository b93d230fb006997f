//! Columns: values of one type, row by row, with a tag per row for null and error.
//!
//! Rows are addressed by `usize`; a row out of range panics (a bug of the caller, never of the data), as does a value
//! of another type than the column's.

use crate::value::Value;
use featc_ir::{ColumnId, ErrorCode, Type};
use std::ops::Range;

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

    /// Of two arguments of one operation: the leftmost error, else null if one is, else valid.
    #[inline]
    pub fn merge(left: u8, right: u8) -> u8 {
        if left > Tag::NULL || right == Tag::VALID { left } else { right }
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

/// Strings back to back: row i is `bytes[offsets[i]..offsets[i + 1]]`; `offsets.len()` is rows + 1. Valid UTF-8 per
/// row in string columns; the keys of [`crate::identity`] are other bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrData {
    pub offsets: Vec<usize>,
    pub bytes: Vec<u8>,
}

/// A column of `rows` values. Equal iff types, tags and the bits of the valid values are.
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

impl Default for StrData {
    fn default() -> StrData {
        StrData::new()
    }
}

impl StrData {
    /// No rows.
    pub fn new() -> StrData {
        StrData { offsets: vec![0], bytes: Vec::new() }
    }

    pub fn with_capacity(rows: usize, bytes: usize) -> StrData {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        StrData { offsets, bytes: Vec::with_capacity(bytes) }
    }

    /// `rows` empty strings.
    pub fn empty_rows(rows: usize) -> StrData {
        StrData { offsets: vec![0; rows + 1], bytes: Vec::new() }
    }

    /// The number of rows.
    #[inline]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of a row.
    #[inline]
    pub fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row]..self.offsets[row + 1]]
    }

    /// The text of a row (empty should the bytes not be UTF-8).
    pub fn str(&self, row: usize) -> &str {
        std::str::from_utf8(self.get(row)).unwrap_or_default()
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + '_ {
        self.offsets.windows(2).map(|pair| &self.bytes[pair[0]..pair[1]])
    }

    #[inline]
    pub fn push(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.offsets.push(self.bytes.len());
    }

    /// Ends a row whose bytes the caller has appended to `bytes`.
    #[inline]
    pub fn end_row(&mut self) {
        self.offsets.push(self.bytes.len());
    }

    /// Puts a row before row `at` (at the end when `at` is the number of rows).
    pub fn insert(&mut self, at: usize, row: &[u8]) {
        let start = self.offsets[at];
        self.bytes.splice(start..start, row.iter().copied());
        self.offsets.insert(at, start);
        for offset in &mut self.offsets[at + 1..] {
            *offset += row.len();
        }
    }

    /// The rows of a range.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> StrData {
        let base = self.offsets[rows.start];
        let offsets = self.offsets[rows.start..=rows.end].iter().map(|offset| offset - base).collect();
        StrData { offsets, bytes: self.bytes[base..self.offsets[rows.end]].to_vec() }
    }

    pub fn append(&mut self, other: &StrData) {
        let base = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.offsets.extend(other.offsets[1..].iter().map(|offset| base + offset));
    }

    /// Keeps the first `rows` rows.
    pub fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.bytes.truncate(self.offsets[self.offsets.len() - 1]);
    }

    /// Takes the rows from `at` on out of this.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> StrData {
        let tail = self.slice(at..self.len());
        self.truncate(at);
        tail
    }

    fn gather(&self, rows: impl Iterator<Item = usize> + Clone) -> StrData {
        let bytes = rows.clone().map(|row| self.offsets[row + 1] - self.offsets[row]).sum();
        let mut taken = StrData::with_capacity(rows.size_hint().0, bytes);
        for row in rows {
            taken.push(self.get(row));
        }
        taken
    }

    /// The given rows, in the given order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> StrData {
        self.gather(rows.iter().map(|row| *row as usize))
    }
}

impl<'a> FromIterator<&'a [u8]> for StrData {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(rows: I) -> StrData {
        let mut data = StrData::new();
        for row in rows {
            data.push(row);
        }
        data
    }
}

impl Data {
    /// `rows` zeros (false, empty strings) in the representation of the type.
    pub fn zeros(ty: Type, rows: usize) -> Data {
        match ty {
            Type::Bool => Data::Bool(vec![false; rows]),
            Type::Int64 | Type::Timestamp | Type::Date | Type::Duration => Data::I64(vec![0; rows]),
            Type::Float64 => Data::F64(vec![0.0; rows]),
            Type::Decimal { .. } => Data::I128(vec![0; rows]),
            Type::String => Data::Str(StrData::empty_rows(rows)),
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

    fn gather(&self, rows: impl Iterator<Item = usize> + Clone) -> Data {
        match self {
            Data::Bool(values) => Data::Bool(rows.map(|row| values[row]).collect()),
            Data::I64(values) => Data::I64(rows.map(|row| values[row]).collect()),
            Data::F64(values) => Data::F64(rows.map(|row| values[row]).collect()),
            Data::I128(values) => Data::I128(rows.map(|row| values[row]).collect()),
            Data::Str(values) => Data::Str(values.gather(rows)),
        }
    }

    fn slice(&self, rows: Range<usize>) -> Data {
        match self {
            Data::Bool(values) => Data::Bool(values[rows].to_vec()),
            Data::I64(values) => Data::I64(values[rows].to_vec()),
            Data::F64(values) => Data::F64(values[rows].to_vec()),
            Data::I128(values) => Data::I128(values[rows].to_vec()),
            Data::Str(values) => Data::Str(values.slice(rows)),
        }
    }

    fn append(&mut self, other: &Data) {
        match (self, other) {
            (Data::Bool(to), Data::Bool(from)) => to.extend_from_slice(from),
            (Data::I64(to), Data::I64(from)) => to.extend_from_slice(from),
            (Data::F64(to), Data::F64(from)) => to.extend_from_slice(from),
            (Data::I128(to), Data::I128(from)) => to.extend_from_slice(from),
            (Data::Str(to), Data::Str(from)) => to.append(from),
            _ => unreachable!("columns of one type"),
        }
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Data::Bool(values) => values.truncate(rows),
            Data::I64(values) => values.truncate(rows),
            Data::F64(values) => values.truncate(rows),
            Data::I128(values) => values.truncate(rows),
            Data::Str(values) => values.truncate(rows),
        }
    }

    /// Inserts the value (zero for null and errors) before row `at`.
    fn insert(&mut self, at: usize, value: &Value) {
        match (self, value) {
            (Data::Bool(to), Value::Bool(value)) => to.insert(at, *value),
            (Data::I64(to), Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value)) => {
                to.insert(at, *value);
            }
            (Data::I64(to), Value::Date(value)) => to.insert(at, i64::from(*value)),
            (Data::F64(to), Value::Float64(value)) => to.insert(at, crate::value::canonical(*value)),
            (Data::I128(to), Value::Decimal(value)) => to.insert(at, *value),
            (Data::Str(to), Value::String(value)) => to.insert(at, value.as_bytes()),
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

    /// Inserts row `row` of data of the same representation before row `at`.
    fn insert_from(&mut self, at: usize, from: &Data, row: usize) {
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

impl Column {
    /// `rows` nulls.
    pub fn new(ty: Type, rows: usize) -> Column {
        let tags = (rows > 0).then(|| vec![Tag::NULL; rows]);
        Column { ty, data: Data::zeros(ty, rows), tags }
    }

    /// No rows, to push to.
    pub fn empty(ty: Type) -> Column {
        Column::new(ty, 0)
    }

    /// `tags` that are all valid become `None`.
    pub fn with_tags(ty: Type, data: Data, tags: Option<Vec<u8>>) -> Column {
        let tags = tags.filter(|tags| tags.iter().any(|tag| *tag != Tag::VALID));
        Column { ty, data, tags }
    }

    /// The values, which are of type `ty`, null, or errors.
    pub fn from_values(ty: Type, values: &[Value]) -> Column {
        let mut column = Column::empty(ty);
        for value in values {
            column.push(value);
        }
        column
    }

    /// `rows` times the value.
    pub fn repeat(ty: Type, value: &Value, rows: usize) -> Column {
        let one = Column::from_values(ty, std::slice::from_ref(value));
        one.gather(std::iter::repeat_n(0, rows))
    }

    /// The number of rows.
    #[inline]
    pub fn len(&self) -> usize {
        self.data.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row.
    pub fn value(&self, row: usize) -> Value {
        if let Some(invalid) = Value::from_tag(self.tag(row)) {
            return invalid;
        }
        match &self.data {
            Data::Bool(values) => Value::Bool(values[row]),
            Data::I64(values) => match self.ty {
                Type::Timestamp => Value::Timestamp(values[row]),
                Type::Date => Value::Date(values[row] as i32),
                Type::Duration => Value::Duration(values[row]),
                Type::Bool | Type::Int64 | Type::Float64 | Type::Decimal { .. } | Type::String => {
                    Value::Int64(values[row])
                }
            },
            Data::F64(values) => Value::Float64(values[row]),
            Data::I128(values) => Value::Decimal(values[row]),
            Data::Str(values) => Value::String(String::from_utf8_lossy(values.get(row)).into_owned()),
        }
    }

    /// All values, in order.
    pub fn values(&self) -> Vec<Value> {
        (0..self.len()).map(|row| self.value(row)).collect()
    }

    #[inline]
    pub fn tag(&self, row: usize) -> u8 {
        self.tags.as_ref().map_or(Tag::VALID, |tags| tags[row])
    }

    #[inline]
    pub fn is_valid(&self, row: usize) -> bool {
        self.tag(row) == Tag::VALID
    }

    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.tag(row) == Tag::NULL
    }

    /// The error of a row, if it is one.
    #[inline]
    pub fn error(&self, row: usize) -> Option<ErrorCode> {
        Tag::as_error(self.tag(row))
    }

    /// Whether the row is valid and true: what a filter keeps. False in columns that are not bool.
    #[inline]
    pub fn is_true(&self, row: usize) -> bool {
        matches!(&self.data, Data::Bool(values) if values[row]) && self.is_valid(row)
    }

    /// The data of a bool column. Panics on another type, as the four below.
    pub fn bools(&self) -> &[bool] {
        if let Data::Bool(values) = &self.data { values } else { unreachable!("a bool column, not {}", self.ty) }
    }

    /// The data of an int64, timestamp, duration or date column.
    pub fn i64s(&self) -> &[i64] {
        if let Data::I64(values) = &self.data { values } else { unreachable!("an integer column, not {}", self.ty) }
    }

    /// The data of a float64 column.
    pub fn f64s(&self) -> &[f64] {
        if let Data::F64(values) = &self.data { values } else { unreachable!("a float64 column, not {}", self.ty) }
    }

    /// The data of a decimal column.
    pub fn i128s(&self) -> &[i128] {
        if let Data::I128(values) = &self.data { values } else { unreachable!("a decimal column, not {}", self.ty) }
    }

    /// The data of a string column.
    pub fn strs(&self) -> &StrData {
        if let Data::Str(values) = &self.data { values } else { unreachable!("a string column, not {}", self.ty) }
    }

    /// Appends a value of the column's type, null, or an error.
    pub fn push(&mut self, value: &Value) {
        self.insert(self.len(), value);
    }

    /// Puts a value before row `at` (at the end when `at` is the number of rows).
    pub fn insert(&mut self, at: usize, value: &Value) {
        self.insert_tag(at, value.tag());
        self.data.insert(at, value);
    }

    /// Appends row `row` of a column of the same type.
    pub fn push_from(&mut self, from: &Column, row: usize) {
        self.insert_from(self.len(), from, row);
    }

    /// Puts row `row` of a column of the same type before row `at`.
    pub fn insert_from(&mut self, at: usize, from: &Column, row: usize) {
        self.insert_tag(at, from.tag(row));
        self.data.insert_from(at, &from.data, row);
    }

    /// Call before the data changes.
    fn insert_tag(&mut self, at: usize, tag: u8) {
        let rows = self.len();
        match &mut self.tags {
            Some(tags) => tags.insert(at, tag),
            None if tag == Tag::VALID => {}
            None => {
                let mut tags = vec![Tag::VALID; rows];
                tags.insert(at, tag);
                self.tags = Some(tags);
            }
        }
    }

    fn gather(&self, rows: impl Iterator<Item = usize> + Clone) -> Column {
        let tags = self.tags.as_ref().map(|tags| rows.clone().map(|row| tags[row]).collect());
        Column::with_tags(self.ty, self.data.gather(rows), tags)
    }

    /// The given rows, in the given order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Column {
        self.gather(rows.iter().map(|row| *row as usize))
    }

    /// As [`Column::take`].
    #[must_use]
    pub fn take_rows(&self, rows: &[usize]) -> Column {
        self.gather(rows.iter().copied())
    }

    /// The rows of a range.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Column {
        let tags = self.tags.as_ref().map(|tags| tags[rows.clone()].to_vec());
        Column::with_tags(self.ty, self.data.slice(rows), tags)
    }

    /// Appends all rows of a column of the same type.
    pub fn append(&mut self, other: &Column) {
        if self.tags.is_some() || other.tags.is_some() {
            let rows = self.len();
            let tags = self.tags.get_or_insert_with(|| vec![Tag::VALID; rows]);
            match &other.tags {
                Some(other) => tags.extend_from_slice(other),
                None => tags.resize(rows + other.len(), Tag::VALID),
            }
        }
        self.data.append(&other.data);
    }

    /// Keeps the first `rows` rows.
    pub fn truncate(&mut self, rows: usize) {
        self.data.truncate(rows);
        if let Some(tags) = &mut self.tags {
            tags.truncate(rows);
        }
    }

    /// Takes the rows from `at` on out of this.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Column {
        let tail = self.slice(at..self.len());
        self.truncate(at);
        tail
    }

    /// The column with `value` in place of nulls (errors stay).
    #[must_use]
    pub fn fill_null(&self, value: &Value) -> Column {
        let Some(tags) = &self.tags else { return self.clone() };
        let mut filled = Column::empty(self.ty);
        for (row, tag) in tags.iter().enumerate() {
            if *tag == Tag::NULL {
                filled.push(value);
            } else {
                filled.push_from(self, row);
            }
        }
        filled
    }
}

impl PartialEq for Column {
    fn eq(&self, other: &Column) -> bool {
        if self.ty != other.ty || self.len() != other.len() {
            return false;
        }
        let rows = 0..self.len();
        if rows.clone().any(|row| self.tag(row) != other.tag(row)) {
            return false;
        }
        let mut valid = rows.filter(|row| self.is_valid(*row));
        match (&self.data, &other.data) {
            (Data::Bool(left), Data::Bool(right)) => valid.all(|row| left[row] == right[row]),
            (Data::I64(left), Data::I64(right)) => valid.all(|row| left[row] == right[row]),
            (Data::F64(left), Data::F64(right)) => valid.all(|row| left[row].to_bits() == right[row].to_bits()),
            (Data::I128(left), Data::I128(right)) => valid.all(|row| left[row] == right[row]),
            (Data::Str(left), Data::Str(right)) => valid.all(|row| left.get(row) == right.get(row)),
            _ => false,
        }
    }
}

impl Eq for Column {}

impl Batch {
    /// Columns of equal length; `rows` is 0 without columns.
    pub fn from_columns(columns: Vec<Column>) -> Batch {
        let rows = columns.first().map_or(0, Column::len);
        Batch { rows, columns }
    }

    pub fn column(&self, id: ColumnId) -> &Column {
        &self.columns[id.index()]
    }

    /// The values of a row, column by column.
    pub fn row(&self, row: usize) -> Vec<Value> {
        self.columns.iter().map(|column| column.value(row)).collect()
    }

    /// The given rows, in the given order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Batch {
        Batch { rows: rows.len(), columns: self.columns.iter().map(|column| column.take(rows)).collect() }
    }

    /// The rows of a range.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Batch {
        let columns = self.columns.iter().map(|column| column.slice(rows.clone())).collect();
        Batch { rows: rows.len(), columns }
    }

    /// Appends the rows of a batch with the same columns.
    pub fn append(&mut self, other: &Batch) {
        for (column, more) in self.columns.iter_mut().zip(&other.columns) {
            column.append(more);
        }
        self.rows += other.rows;
    }
}

#[cfg(test)]
mod tests;
