//! Lists as bytes: whatever moves, spills and compares strings does the same with lists, and need not know them.
//!
//! ```text
//! | number of items, 4 bytes | per item: its tag, 1 byte | and if it is valid its value: 1, 4, 8 or 16 bytes, or a length (4) and a text |
//! ```
//!
//! All numbers are little-endian. Equal lists have equal bytes, because values are canonical.

use crate::value::Value;
use featc_ir::Type;
use std::borrow::Cow;

/// The bytes that a column of strings or lists has for a value.
pub(super) fn bytes_of(value: &Value) -> Cow<'_, [u8]> {
    match value {
        Value::String(text) => Cow::Borrowed(text.as_bytes()),
        Value::List(items) => Cow::Owned(list_bytes(items)),
        other => unreachable!("a string or a list, not {other:?}"),
    }
}

/// The bytes of a list of scalars.
pub fn list_bytes(items: &[Value]) -> Vec<u8> {
    let mut out = length(items.len()).to_vec();
    for item in items {
        out.push(item.tag());
        match item {
            Value::Null | Value::Error(_) => {}
            Value::Bool(value) => out.push(u8::from(*value)),
            Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value) => {
                out.extend_from_slice(&value.to_le_bytes());
            }
            Value::Float64(value) => {
                out.extend_from_slice(&crate::value::canonical(*value).to_bits().to_le_bytes());
            }
            Value::Decimal(value) => out.extend_from_slice(&value.to_le_bytes()),
            Value::Date(value) => out.extend_from_slice(&value.to_le_bytes()),
            Value::String(text) => {
                out.extend_from_slice(&length(text.len()));
                out.extend_from_slice(text.as_bytes());
            }
            Value::List(_) => unreachable!("a list of lists"),
        }
    }
    out
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("an item of less than 4 GiB").to_le_bytes()
}

/// The number of items, from the bytes of a list.
pub fn list_len(mut bytes: &[u8]) -> usize {
    u32::from_le_bytes(take(&mut bytes)) as usize
}

/// The item at a place, from the bytes of a list with items of type `of`: counted from 1, from the end below 0; null where there
/// is none.
pub fn list_item(bytes: &[u8], of: Type, place: i64) -> Value {
    let length = list_len(bytes) as u64;
    let back = if place < 0 {
        length.checked_sub(place.unsigned_abs())
    } else {
        (place as u64).checked_sub(1)
    };
    let Some(before) = back.filter(|before| *before < length) else {
        return Value::Null;
    };
    let mut rest = &bytes[4..];
    for _ in 0..before {
        item(&mut rest, of);
    }
    item(&mut rest, of)
}

fn item(bytes: &mut &[u8], of: Type) -> Value {
    let [tag] = take(bytes);
    Value::from_tag(tag).unwrap_or_else(|| value(bytes, of))
}

/// The items of type `of`, from the bytes of a list.
pub fn list_items(mut bytes: &[u8], of: Type) -> impl Iterator<Item = Value> {
    let count = u32::from_le_bytes(take(&mut bytes));
    (0..count).map(move |_| item(&mut bytes, of))
}

/// Whether bytes are those of a list with items of type `of`. Never panics, whatever the bytes.
pub fn is_list(bytes: &[u8], of: Type) -> bool {
    let Some((count, mut rest)) = bytes.split_first_chunk::<4>() else {
        return false;
    };
    for _ in 0..u32::from_le_bytes(*count) {
        let Some((tag, after)) = rest.split_first() else {
            return false;
        };
        let length = match (Value::from_tag(*tag), of) {
            (Some(_), _) => Some(0),
            (None, Type::Bool) => Some(1),
            (None, Type::Date) => Some(4),
            (None, Type::Int64 | Type::Timestamp | Type::Duration | Type::Float64) => Some(8),
            (None, Type::Decimal { .. }) => Some(16),
            (None, Type::String) => after
                .first_chunk()
                .map(|length| 4 + u32::from_le_bytes(*length) as usize),
            (None, Type::List(_)) => None,
        };
        let Some((_, after)) = length.and_then(|length| after.split_at_checked(length)) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty()
}

fn value(bytes: &mut &[u8], of: Type) -> Value {
    match of {
        Type::Bool => Value::Bool(take(bytes) == [1]),
        Type::Int64 => Value::Int64(i64::from_le_bytes(take(bytes))),
        Type::Timestamp => Value::Timestamp(i64::from_le_bytes(take(bytes))),
        Type::Duration => Value::Duration(i64::from_le_bytes(take(bytes))),
        Type::Float64 => Value::Float64(f64::from_bits(u64::from_le_bytes(take(bytes)))),
        Type::Decimal { .. } => Value::Decimal(i128::from_le_bytes(take(bytes))),
        Type::Date => Value::Date(i32::from_le_bytes(take(bytes))),
        Type::String => {
            let length = u32::from_le_bytes(take(bytes)) as usize;
            let (text, rest) = bytes.split_at(length);
            *bytes = rest;
            Value::String(String::from_utf8_lossy(text).into_owned())
        }
        Type::List(_) => unreachable!("a list of lists"),
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let (head, rest) = bytes.split_first_chunk().expect("the bytes of a whole list");
    *bytes = rest;
    *head
}
