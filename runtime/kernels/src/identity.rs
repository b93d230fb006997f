//! Which event, which entity: order-preserving keys, and digests of rows.
//!
//! A *key* encodes a tuple of values as bytes whose order is the order of the tuples ([`Value::compare`] value by
//! value). Each value is one tag byte — 0 null, 1 to 3 an error by its code, 16 valid — and then, if valid:
//! one byte 0 or 1 for bool; integers big endian with the sign bit flipped (8 bytes; 16 for decimals); floats as their
//! bits, all flipped below zero, else the sign bit flipped; strings with 00 written as 00 FF, closed by 00 00.
//! Decimals are compared as unscaled numbers: the two sides of a comparison must have equal scales.

use crate::column::{Batch, Column, Data, StrData, Tag};
use crate::value::{Value, canonical};
use featc_ir::ColumnId;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

const VALID: u8 = 16;

/// Keys of rows that must not hold nulls or errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Keys {
    /// One key per row, as of [`order_keys`]; rows that are not valid have theirs too.
    pub bytes: StrData,
    /// Per row [`Tag::VALID`], or the leftmost error, or [`Tag::NULL`] when a value is null; `None` when all are valid.
    pub tags: Option<Vec<u8>>,
}

/// The key of every row over the given columns. Nulls are first.
pub fn order_keys(batch: &Batch, columns: &[ColumnId]) -> StrData {
    let columns: Vec<&Column> = columns.iter().map(|id| batch.column(*id)).collect();
    keys_of_columns(&columns, batch.rows)
}

/// The key of every row over the given columns, which have `rows` rows each.
pub fn keys_of_columns(columns: &[&Column], rows: usize) -> StrData {
    let widths: Option<Vec<usize>> = columns.iter().map(|column| key_width(column)).collect();
    if let Some(widths) = widths {
        return keys_of_width(columns, &widths, rows);
    }
    let mut keys = StrData::with_capacity(rows, rows * columns.len() * 9);
    for row in 0..rows {
        for column in columns {
            push_row(column, row, &mut keys.bytes);
        }
        keys.end_row();
    }
    keys
}

/// The length of every row's part of a key; `None` if they differ.
fn key_width(column: &Column) -> Option<usize> {
    match (&column.tags, &column.data) {
        (Some(_), _) | (None, Data::Str(_)) => None,
        (None, Data::Bool(_)) => Some(2),
        (None, Data::I64(_) | Data::F64(_)) => Some(9),
        (None, Data::I128(_)) => Some(17),
    }
}

/// Keys whose parts have the given widths, column by column.
fn keys_of_width(columns: &[&Column], widths: &[usize], rows: usize) -> StrData {
    fn put<T: Copy, const N: usize>(
        keys: &mut [u8],
        width: usize,
        at: usize,
        values: &[T],
        bytes: impl Fn(T) -> [u8; N],
    ) {
        for (key, value) in keys.chunks_exact_mut(width).zip(values) {
            key[at..at + N].copy_from_slice(&bytes(*value));
        }
    }
    let width: usize = widths.iter().sum();
    let mut bytes = vec![0; rows * width];
    let mut at = 0;
    for (column, of_column) in columns.iter().zip(widths) {
        match &column.data {
            Data::Bool(values) => put(&mut bytes, width, at, values, bool_key),
            Data::I64(values) => put(&mut bytes, width, at, values, i64_key),
            Data::F64(values) => put(&mut bytes, width, at, values, f64_key),
            Data::I128(values) => put(&mut bytes, width, at, values, i128_key),
            Data::Str(_) => unreachable!("strings have no width"),
        }
        at += of_column;
    }
    StrData {
        offsets: (0..=rows).map(|row| row * width).collect(),
        bytes,
    }
}

/// The keys of entities: those of [`order_keys`], and which rows lack one because a value is null or an error.
pub fn entity_keys(columns: &[&Column], rows: usize) -> Keys {
    let mut tags: Option<Vec<u8>> = None;
    for more in columns.iter().filter_map(|column| column.tags.as_ref()) {
        match &mut tags {
            None => tags = Some(more.clone()),
            Some(tags) => {
                for (tag, more) in tags.iter_mut().zip(more) {
                    *tag = Tag::merge(*tag, *more);
                }
            }
        }
    }
    let tags = tags.filter(|tags| tags.iter().any(|tag| *tag != Tag::VALID));
    Keys {
        bytes: keys_of_columns(columns, rows),
        tags,
    }
}

/// The key of a tuple of values, nulls and errors included.
pub fn key_of_values(values: &[Value]) -> Vec<u8> {
    let mut key = Vec::new();
    for value in values {
        push_value(value, &mut key);
    }
    key
}

fn push_row(column: &Column, row: usize, key: &mut Vec<u8>) {
    let tag = column.tag(row);
    if tag != Tag::VALID {
        key.push(tag - Tag::NULL);
        return;
    }
    match &column.data {
        Data::Bool(values) => key.extend_from_slice(&bool_key(values[row])),
        Data::I64(values) => key.extend_from_slice(&i64_key(values[row])),
        Data::F64(values) => key.extend_from_slice(&f64_key(values[row])),
        Data::I128(values) => key.extend_from_slice(&i128_key(values[row])),
        Data::Str(values) => push_bytes(values.get(row), key),
    }
}

fn push_value(value: &Value, key: &mut Vec<u8>) {
    match value {
        Value::Null | Value::Error(_) => key.push(value.tag() - Tag::NULL),
        Value::Bool(value) => key.extend_from_slice(&bool_key(*value)),
        Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value) => {
            key.extend_from_slice(&i64_key(*value))
        }
        Value::Date(value) => key.extend_from_slice(&i64_key(i64::from(*value))),
        Value::Float64(value) => key.extend_from_slice(&f64_key(*value)),
        Value::Decimal(value) => key.extend_from_slice(&i128_key(*value)),
        Value::String(value) => push_bytes(value.as_bytes(), key),
        Value::List(_) => unreachable!("no identity and no key has a list"),
    }
}

fn bool_key(value: bool) -> [u8; 2] {
    [VALID, u8::from(value)]
}

#[inline]
fn i64_key(value: i64) -> [u8; 9] {
    let mut key = [VALID; 9];
    key[1..].copy_from_slice(&(value as u64 ^ 1 << 63).to_be_bytes());
    key
}

#[inline]
fn f64_key(value: f64) -> [u8; 9] {
    let bits = canonical(value).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits ^ 1 << 63 };
    let mut key = [VALID; 9];
    key[1..].copy_from_slice(&ordered.to_be_bytes());
    key
}

#[inline]
fn i128_key(value: i128) -> [u8; 17] {
    let mut key = [VALID; 17];
    key[1..].copy_from_slice(&(value as u128 ^ 1 << 127).to_be_bytes());
    key
}

fn push_bytes(value: &[u8], key: &mut Vec<u8>) {
    key.push(VALID);
    let mut rest = value;
    while let Some(zero) = rest.iter().position(|byte| *byte == 0) {
        key.extend_from_slice(&rest[..=zero]);
        key.push(0xff);
        rest = &rest[zero + 1..];
    }
    key.extend_from_slice(rest);
    key.extend_from_slice(&[0, 0]);
}

/// The digest of every row: xxh3-128 (seed 0) over its columns that are not null, `except` left out, in the order of
/// their names. Per column: 8 bytes of tag, xxh3-64 of the name (all bits flipped if the value is an error), then the
/// value, all little endian: bool one byte; integers, instants and float bits 8 bytes; decimals 16; strings their
/// length in 8 bytes and their bytes; lists so too, with the bytes of [`crate::column::list_bytes`]; errors their code in 8 bytes. So neither the order of the columns nor a new
/// column without values changes a digest. `names` are the names of the batch's columns.
pub fn digests(batch: &Batch, names: &[&str], except: Option<ColumnId>) -> Vec<u128> {
    let except = except.map(ColumnId::index);
    let mut order: Vec<usize> = (0..names.len()).filter(|at| Some(*at) != except).collect();
    order.sort_by_key(|at| names[*at]);
    let columns: Vec<(u64, &Column)> = order
        .iter()
        .map(|at| (xxh3_64(names[*at].as_bytes()), &batch.columns[*at]))
        .collect();
    if let Some(digests) = digests_of_width(&columns, batch.rows) {
        return digests;
    }
    let mut buffer = Vec::with_capacity(columns.len() * 24);
    (0..batch.rows)
        .map(|row| {
            buffer.clear();
            for (name, column) in &columns {
                push_digested(*name, column, row, &mut buffer);
            }
            xxh3_128(&buffer)
        })
        .collect()
}

/// The digests where all columns hold valid words: the names stay in the buffer, and values take each other's place.
fn digests_of_width(columns: &[(u64, &Column)], rows: usize) -> Option<Vec<u128>> {
    enum Words<'a> {
        Integers(&'a [i64]),
        Floats(&'a [f64]),
    }
    let words = columns.iter().map(|(_, column)| match (&column.tags, &column.data) {
        (None, Data::I64(values)) => Some(Words::Integers(values)),
        (None, Data::F64(values)) => Some(Words::Floats(values)),
        (_, _) => None,
    });
    let words: Vec<Words<'_>> = words.collect::<Option<_>>()?;
    let mut buffer = Vec::with_capacity(16 * columns.len());
    for (name, _) in columns {
        push_words([*name, 0], &mut buffer);
    }
    let digest = |row: usize| {
        for (place, words) in buffer.chunks_exact_mut(16).zip(&words) {
            let word = match words {
                Words::Integers(values) => values[row] as u64,
                Words::Floats(values) => canonical(values[row]).to_bits(),
            };
            place[8..].copy_from_slice(&word.to_le_bytes());
        }
        xxh3_128(&buffer)
    };
    Some((0..rows).map(digest).collect())
}

#[inline]
fn push_digested(name: u64, column: &Column, row: usize, buffer: &mut Vec<u8>) {
    let tag = column.tag(row);
    if tag != Tag::VALID {
        if tag != Tag::NULL {
            push_words([!name, u64::from(tag - Tag::NULL)], buffer);
        }
        return;
    }
    match &column.data {
        Data::Bool(values) => {
            buffer.extend_from_slice(&name.to_le_bytes());
            buffer.push(u8::from(values[row]));
        }
        Data::I64(values) => push_words([name, values[row] as u64], buffer),
        Data::F64(values) => push_words([name, canonical(values[row]).to_bits()], buffer),
        Data::I128(values) => {
            buffer.extend_from_slice(&name.to_le_bytes());
            buffer.extend_from_slice(&values[row].to_le_bytes());
        }
        Data::Str(values) => {
            let bytes = values.get(row);
            push_words([name, bytes.len() as u64], buffer);
            buffer.extend_from_slice(bytes);
        }
    }
}

#[inline]
fn push_words(words: [u64; 2], buffer: &mut Vec<u8>) {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&words[0].to_le_bytes());
    bytes[8..].copy_from_slice(&words[1].to_le_bytes());
    buffer.extend_from_slice(&bytes);
}

#[cfg(test)]
mod tests;
