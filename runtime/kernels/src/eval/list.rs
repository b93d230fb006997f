//! Functions of lists.

use super::operand::{Frame, Operand};
use crate::column::{Column, list_item, list_items};
use crate::value::{Value, canonical};
use featc_ir::function::MADE_BYTES_MAX;
use featc_ir::{ErrorCode, Function, Type};
use std::borrow::Cow;
use xxhash_rust::xxh64::xxh64;

/// The value of a call of a function of lists; `ty` is the type of the result.
pub fn call<'a>(function: Function, ty: Type, arguments: &[Operand<'_>], rows: usize) -> Operand<'a> {
    let frame = Frame::strict(&arguments.iter().collect::<Vec<_>>(), rows);
    match (function, arguments) {
        (Function::Item, [list, index]) => {
            let (lists, indices) = (list.texts(), index.i64s());
            by_row(ty, frame, |row| list_item(lists.bytes(row), ty, indices.at(row)))
        }
        (Function::Contains, [list, item]) => {
            let Type::List(of) = list.ty() else {
                return super::null_operand(ty);
            };
            let lists = list.texts();
            let has = |row: usize| {
                let wanted = item.column.value(if item.constant { 0 } else { row });
                list_items(lists.bytes(row), *of).any(|item| item == wanted)
            };
            by_row(ty, frame, |row| Value::Bool(has(row)))
        }
        (Function::Split, [text, separator]) => {
            let (texts, separators) = (text.texts(), separator.texts());
            by_row(ty, frame, |row| {
                Value::List(split(texts.text(row), separators.text(row)))
            })
        }
        (Function::Join, [list, separator]) => {
            let (lists, separators) = (list.texts(), separator.texts());
            by_row(ty, frame, |row| {
                let items = list_items(lists.bytes(row), Type::String).filter_map(|item| match item {
                    Value::String(text) => Some(text),
                    _ => None,
                });
                joined(&items.collect::<Vec<String>>(), separators.text(row))
            })
        }
        (Function::Hash, [of]) => by_row(ty, frame, |row| {
            Value::Int64(hash(&of.column.value(if of.constant { 0 } else { row })))
        }),
        _ => super::null_operand(ty),
    }
}

fn joined(items: &[String], separator: &str) -> Value {
    let between = items.len().saturating_sub(1) as u128 * separator.len() as u128;
    let bytes = items.iter().map(|item| item.len() as u128).sum::<u128>() + between;
    match bytes <= MADE_BYTES_MAX as u128 {
        true => Value::String(items.join(separator)),
        false => Value::Error(ErrorCode::Overflow),
    }
}

fn split(text: &str, separator: &str) -> Vec<Value> {
    let part = |part: &str| Value::String(part.to_owned());
    match separator {
        "" => vec![part(text)],
        separator => text.split(separator).map(part).collect(),
    }
}

/// XXH64, without a seed, of the bytes of a value: one of a bool, eight of integers, floats, instants and lengths, sixteen of
/// the units of a decimal, all little-endian, and those of a text.
fn hash(value: &Value) -> i64 {
    let hash = |bytes: &[u8]| xxh64(bytes, 0) as i64;
    match value {
        Value::Bool(value) => hash(&[u8::from(*value)]),
        Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value) => hash(&value.to_le_bytes()),
        Value::Date(value) => hash(&i64::from(*value).to_le_bytes()),
        Value::Float64(value) => hash(&canonical(*value).to_bits().to_le_bytes()),
        Value::Decimal(value) => hash(&value.to_le_bytes()),
        Value::String(text) => hash(text.as_bytes()),
        Value::Null | Value::Error(_) | Value::List(_) => 0,
    }
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
