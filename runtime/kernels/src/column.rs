//! Columns: values of one type, row by row, with a tag per row for null and error.
//!
//! Rows are addressed by `usize`; a row out of range panics (a bug of the caller, never of the data), as does a value
//! of another type than the column's.

mod batch;
mod data;
mod list;
mod strings;

pub use batch::Batch;
pub use data::Data;
pub use list::{is_list, list_bytes, list_item, list_items, list_len};
pub use strings::StrData;

pub use crate::tag::Tag;
use crate::value::Value;
use featc_ir::{ErrorCode, Type};
use std::ops::Range;

/// A column of `rows` values. Equal iff types, tags and the bits of the valid values are.
#[derive(Debug, Clone)]
pub struct Column {
    pub ty: Type,
    pub data: Data,
    /// One [`Tag`] per row; `None` when every row is valid.
    pub tags: Option<Vec<u8>>,
}

impl Column {
    /// `rows` nulls.
    pub fn new(ty: Type, rows: usize) -> Column {
        let tags = (rows > 0).then(|| vec![Tag::NULL; rows]);
        Column {
            ty,
            data: Data::zeros(ty, rows),
            tags,
        }
    }

    /// No rows, to push to.
    pub fn empty(ty: Type) -> Column {
        Column::new(ty, 0)
    }

    /// No rows, with room for so many.
    pub fn with_room(ty: Type, rows: usize) -> Column {
        let mut column = Column::empty(ty);
        column.data.reserve(rows);
        column
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
                Type::Bool | Type::Int64 | Type::Float64 | Type::Decimal { .. } | Type::String | Type::List(_) => {
                    Value::Int64(values[row])
                }
            },
            Data::F64(values) => Value::Float64(values[row]),
            Data::I128(values) => Value::Decimal(values[row]),
            Data::Str(values) => match self.ty {
                Type::List(of) => Value::List(list_items(values.get(row), *of).collect()),
                _ => Value::String(String::from_utf8_lossy(values.get(row)).into_owned()),
            },
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
        if let Data::Bool(values) = &self.data {
            values
        } else {
            unreachable!("a bool column, not {}", self.ty)
        }
    }

    /// The data of an int64, timestamp, duration or date column.
    pub fn i64s(&self) -> &[i64] {
        if let Data::I64(values) = &self.data {
            values
        } else {
            unreachable!("an integer column, not {}", self.ty)
        }
    }

    /// The data of a float64 column.
    pub fn f64s(&self) -> &[f64] {
        if let Data::F64(values) = &self.data {
            values
        } else {
            unreachable!("a float64 column, not {}", self.ty)
        }
    }

    /// The data of a decimal column.
    pub fn i128s(&self) -> &[i128] {
        if let Data::I128(values) = &self.data {
            values
        } else {
            unreachable!("a decimal column, not {}", self.ty)
        }
    }

    /// The data of a string column; of lists, their bytes.
    pub fn strs(&self) -> &StrData {
        if let Data::Str(values) = &self.data {
            values
        } else {
            unreachable!("a string column, not {}", self.ty)
        }
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
        let tags = self
            .tags
            .as_ref()
            .map(|tags| rows.clone().map(|row| tags[row]).collect());
        Column::with_tags(self.ty, self.data.gather(rows), tags)
    }

    /// The given rows, in the given order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Column {
        self.gather(rows.iter().map(|row| *row as usize))
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

    /// Gives it room for so many more rows, and no more.
    pub(crate) fn set_room(&mut self, room: usize) {
        self.data.set_room(room);
        if let Some(tags) = &mut self.tags {
            set_room(tags, room);
        }
    }

    /// The memory that it has allocated, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.data.heap_bytes() + self.tags.as_ref().map_or(0, Vec::capacity)
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
    pub fn fill_null(mut self, value: &Value) -> Column {
        let Some(tags) = &mut self.tags else { return self };
        if !value.is_null() {
            self.data.put(tags.iter().map(|tag| *tag == Tag::NULL), value);
            let filled = value.tag();
            tags.iter_mut()
                .filter(|tag| **tag == Tag::NULL)
                .for_each(|tag| *tag = filled);
        }
        Column::with_tags(self.ty, self.data, self.tags)
    }
}

/// Gives a vector room for so many more values, and no more.
pub fn set_room<T>(values: &mut Vec<T>, room: usize) {
    values.shrink_to(values.len() + room);
    values.reserve_exact(room);
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
