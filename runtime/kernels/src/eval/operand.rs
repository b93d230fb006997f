//! Operands: borrowed, computed, or constant columns; and the loops over them.

use crate::column::{Column, Data, StrData, Tag};
use featc_ir::{ErrorCode, Type};
use std::borrow::Cow;

/// The tag of a result that left its type.
pub const OVERFLOW: u8 = Tag::NULL + ErrorCode::Overflow as u8;
/// The tag of a cast without a result.
pub const INVALID: u8 = Tag::NULL + ErrorCode::InvalidCast as u8;

/// A column, or one row that stands for all rows.
#[derive(Debug)]
pub struct Operand<'a> {
    pub column: Cow<'a, Column>,
    pub constant: bool,
}

/// The values of an operand, in their representation.
#[derive(Debug, Clone, Copy)]
pub enum Side<'a, T> {
    Rows(&'a [T]),
    One(T),
}

impl<T: Copy> Side<'_, T> {
    #[inline]
    pub fn at(&self, row: usize) -> T {
        match self {
            Side::Rows(values) => values[row],
            Side::One(value) => *value,
        }
    }
}

/// The strings of an operand.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    data: &'a StrData,
    constant: bool,
}

impl<'a> Texts<'a> {
    #[inline]
    pub fn bytes(&self, row: usize) -> &'a [u8] {
        self.data.get(if self.constant { 0 } else { row })
    }

    pub fn text(&self, row: usize) -> &'a str {
        self.data.str(if self.constant { 0 } else { row })
    }
}

/// How many rows a result has, and the tags that its operands give it.
#[derive(Debug)]
pub struct Frame {
    pub rows: usize,
    pub constant: bool,
    pub tags: Option<Vec<u8>>,
}

impl<'a> Operand<'a> {
    pub fn borrowed(column: &'a Column) -> Operand<'a> {
        Operand {
            column: Cow::Borrowed(column),
            constant: false,
        }
    }

    /// A column of one row that stands for all.
    pub fn constant(column: Column) -> Operand<'static> {
        Operand {
            column: Cow::Owned(column),
            constant: true,
        }
    }

    pub fn into_column(self, rows: usize) -> Column {
        if self.constant {
            let column = self.column.into_owned();
            return Column::repeat(column.ty, &column.value(0), rows);
        }
        self.column.into_owned()
    }

    #[inline]
    pub fn ty(&self) -> Type {
        self.column.ty
    }

    #[inline]
    pub fn tag(&self, row: usize) -> u8 {
        self.column.tag(if self.constant { 0 } else { row })
    }

    fn side<'b, T: Copy>(&self, values: &'b [T]) -> Side<'b, T> {
        if self.constant {
            Side::One(values[0])
        } else {
            Side::Rows(values)
        }
    }

    pub fn bools(&self) -> Side<'_, bool> {
        self.side(self.column.bools())
    }

    pub fn i64s(&self) -> Side<'_, i64> {
        self.side(self.column.i64s())
    }

    pub fn f64s(&self) -> Side<'_, f64> {
        self.side(self.column.f64s())
    }

    pub fn i128s(&self) -> Side<'_, i128> {
        self.side(self.column.i128s())
    }

    pub fn texts(&self) -> Texts<'_> {
        Texts {
            data: self.column.strs(),
            constant: self.constant,
        }
    }
}

impl Frame {
    /// For an operation that is null on null and an error on an error, the leftmost error first.
    pub fn strict(operands: &[&Operand<'_>], rows: usize) -> Frame {
        let mut frame = Frame::of(operands, rows);
        for operand in operands {
            let Some(more) = &operand.column.tags else { continue };
            let tags = frame.tags.get_or_insert_with(|| vec![Tag::VALID; frame.rows]);
            if operand.constant {
                tags.iter_mut().for_each(|tag| *tag = Tag::merge(*tag, more[0]));
            } else {
                tags.iter_mut()
                    .zip(more)
                    .for_each(|(tag, more)| *tag = Tag::merge(*tag, *more));
            }
        }
        frame
    }

    /// Without tags, for operations that decide them themselves.
    pub fn of(operands: &[&Operand<'_>], rows: usize) -> Frame {
        let constant = operands.iter().all(|operand| operand.constant);
        Frame {
            rows: if constant { 1 } else { rows },
            constant,
            tags: None,
        }
    }

    #[inline]
    pub fn is_valid(&self, row: usize) -> bool {
        self.tags.as_ref().is_none_or(|tags| tags[row] == Tag::VALID)
    }

    /// Sets the tags of rows that are valid so far.
    fn mark(&mut self, marks: impl Iterator<Item = u8>) {
        let tags = self.tags.get_or_insert_with(|| vec![Tag::VALID; self.rows]);
        for (tag, mark) in tags.iter_mut().zip(marks) {
            if *tag == Tag::VALID {
                *tag = mark;
            }
        }
    }

    pub fn finish<'a>(self, ty: Type, data: Data) -> Operand<'a> {
        Operand {
            column: Cow::Owned(Column::with_tags(ty, data, self.tags)),
            constant: self.constant,
        }
    }

    /// One result per row of one operand.
    pub fn map<A: Copy, R>(&self, operand: Side<'_, A>, mut each: impl FnMut(A) -> R) -> Vec<R> {
        match operand {
            Side::Rows(values) => values.iter().map(|value| each(*value)).collect(),
            Side::One(value) => (0..self.rows).map(|_| each(value)).collect(),
        }
    }

    /// One result per row of two operands.
    pub fn map2<A: Copy, B: Copy, R>(
        &self,
        left: Side<'_, A>,
        right: Side<'_, B>,
        mut each: impl FnMut(A, B) -> R,
    ) -> Vec<R> {
        match (left, right) {
            (Side::Rows(left), Side::Rows(right)) => left.iter().zip(right).map(|(a, b)| each(*a, *b)).collect(),
            (Side::Rows(left), Side::One(b)) => left.iter().map(|a| each(*a, b)).collect(),
            (Side::One(a), Side::Rows(right)) => right.iter().map(|b| each(a, *b)).collect(),
            (Side::One(a), Side::One(b)) => (0..self.rows).map(|_| each(a, b)).collect(),
        }
    }

    /// As [`Frame::map`], of a function that also gives a tag.
    pub fn map_checked<A: Copy, R>(&mut self, operand: Side<'_, A>, each: impl Fn(A) -> (R, u8)) -> Vec<R> {
        let mut seen = Tag::VALID;
        let results = self.map(operand, |value| {
            let (result, tag) = each(value);
            seen |= tag;
            result
        });
        if seen != Tag::VALID {
            let marks = self.map(operand, |value| each(value).1);
            self.mark(marks.into_iter());
        }
        results
    }

    /// As [`Frame::map2`], of a function that also gives a tag.
    pub fn map2_checked<A: Copy, B: Copy, R>(
        &mut self,
        left: Side<'_, A>,
        right: Side<'_, B>,
        each: impl Fn(A, B) -> (R, u8),
    ) -> Vec<R> {
        let mut seen = Tag::VALID;
        let results = self.map2(left, right, |a, b| {
            let (result, tag) = each(a, b);
            seen |= tag;
            result
        });
        if seen != Tag::VALID {
            let marks = self.map2(left, right, |a, b| each(a, b).1);
            self.mark(marks.into_iter());
        }
        results
    }

    /// One result per valid row, by row number; `T::default()` elsewhere. A tag in the result counts.
    pub fn by_row<T: Default>(&mut self, mut each: impl FnMut(usize) -> Result<T, u8>) -> Vec<T> {
        let mut results = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let result = if self.is_valid(row) {
                each(row)
            } else {
                Ok(T::default())
            };
            results.push(result.unwrap_or_else(|tag| {
                self.set_tag(row, tag);
                T::default()
            }));
        }
        results
    }

    /// One string per valid row, appended to the buffer by `each`; empty elsewhere. A returned tag counts.
    pub fn texts_by_row(&mut self, mut each: impl FnMut(usize, &mut Vec<u8>) -> u8) -> Data {
        let mut results = StrData::with_capacity(self.rows, 0);
        for row in 0..self.rows {
            if self.is_valid(row) {
                let tag = each(row, &mut results.bytes);
                if tag != Tag::VALID {
                    self.set_tag(row, tag);
                }
            }
            results.end_row();
        }
        Data::Str(results)
    }

    fn set_tag(&mut self, row: usize, tag: u8) {
        self.tags.get_or_insert_with(|| vec![Tag::VALID; self.rows])[row] = tag;
    }
}

/// A result and the tag of an overflow when there is none.
#[inline]
pub fn or_overflow<T: Default>(result: Option<T>) -> (T, u8) {
    result.map_or((T::default(), OVERFLOW), |result| (result, Tag::VALID))
}

/// A result and the tag of an invalid cast when there is none.
#[inline]
pub fn or_invalid<T: Default>(result: Option<T>) -> (T, u8) {
    result.map_or((T::default(), INVALID), |result| (result, Tag::VALID))
}
