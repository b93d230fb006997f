//! Functions of lists.

use super::operand::{Frame, Operand};
use crate::column::{Column, list_item};
use crate::value::Value;
use featc_ir::Type;
use std::borrow::Cow;

/// `xs[i]`: counted from 1, from the end for i < 0; null where there is none.
pub fn item<'a>(ty: Type, arguments: &[Operand<'_>], rows: usize) -> Operand<'a> {
    let [list, index] = arguments else {
        return super::null_operand(ty);
    };
    let frame = Frame::strict(&[list, index], rows);
    let (lists, indices) = (list.texts(), index.i64s());
    by_row(ty, frame, |row| list_item(lists.bytes(row), ty, indices.at(row)))
}

/// A value for each valid row.
fn by_row<'a>(ty: Type, frame: Frame, each: impl Fn(usize) -> Value) -> Operand<'a> {
    let mut column = Column::with_room(ty, frame.rows);
    for row in 0..frame.rows {
        let invalid = frame.tags.as_ref().and_then(|tags| Value::from_tag(tags[row]));
        column.push(&invalid.unwrap_or_else(|| each(row)));
    }
    Operand {
        column: Cow::Owned(column),
        constant: frame.constant,
    }
}
