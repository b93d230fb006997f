//! Rows as records of Avro, by a writer of the tests.

use super::log::Row;
use featc_ir::{Source, Type};
use featr_kernels::Value;
use serde_json::json;

/// A decimal of so many bytes.
const FIXED: usize = 17;

/// The schema of a source's rows: every column may be null. How a type is written differs from column to column.
pub fn schema(source: &Source) -> String {
    let field =
        |(place, column): (usize, &featc_ir::SourceColumn)| json!({"name": column.name, "type": ty(place, column.ty)});
    let fields: Vec<_> = source.columns.iter().enumerate().map(field).collect();
    json!({"type": "record", "name": source.name, "fields": fields}).to_string()
}

/// A type, or nothing.
fn ty(place: usize, ty: Type) -> serde_json::Value {
    let some = match ty {
        Type::Bool => json!("boolean"),
        Type::Int64 => json!("long"),
        Type::Float64 => json!("double"),
        Type::String => json!("string"),
        Type::Timestamp => json!({"type": "long", "logicalType": "timestamp-micros"}),
        Type::Date => json!({"type": "int", "logicalType": "date"}),
        Type::Decimal { scale, .. } if place.is_multiple_of(2) => {
            json!({"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": scale})
        }
        Type::Decimal { scale, .. } => {
            let name = format!("d{place}");
            json!({"type": "fixed", "name": name, "size": FIXED, "logicalType": "decimal", "precision": 38, "scale": scale})
        }
        // Texts, as in JSON: Avro's durations have milliseconds.
        Type::Duration => json!("string"),
        Type::List(of) => json!({"type": "array", "items": self::ty(place, *of)}),
    };
    json!(["null", some])
}

/// A row with the number of its schema in front.
pub fn record(id: u32, row: &Row) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(id.to_be_bytes());
    for (place, value) in row.iter().enumerate() {
        put(&mut bytes, place, value);
    }
    bytes
}

/// A value of a column, after the branch that it is of.
fn put(bytes: &mut Vec<u8>, place: usize, value: &Value) {
    bytes.push(if value.is_null() { 0 } else { 2 });
    match value {
        Value::Null => {}
        Value::Bool(value) => bytes.push(u8::from(*value)),
        Value::Int64(value) | Value::Timestamp(value) => long(bytes, *value),
        Value::Date(value) => long(bytes, i64::from(*value)),
        Value::Float64(value) => bytes.extend(value.to_le_bytes()),
        Value::String(value) => text(bytes, value),
        Value::Duration(us) => text(bytes, &duration(*us)),
        Value::Decimal(value) => {
            let big = value.to_be_bytes();
            match place.is_multiple_of(2) {
                true => long(bytes, big.len() as i64),
                false => bytes.push(if *value < 0 { 0xff } else { 0 }),
            }
            bytes.extend(big);
        }
        Value::List(items) => {
            // A block of them all, and the end.
            if !items.is_empty() {
                long(bytes, items.len() as i64);
                items.iter().for_each(|item| put(bytes, place, item));
            }
            bytes.push(0);
        }
        Value::Error(_) => panic!("{value:?} is in no row"),
    }
}

/// In the form of ISO 8601.
pub fn duration(us: i64) -> String {
    let (sign, us) = (if us < 0 { "-" } else { "" }, us.unsigned_abs());
    format!("{sign}PT{}.{:06}S", us / 1_000_000, us % 1_000_000)
}

fn text(bytes: &mut Vec<u8>, value: &str) {
    long(bytes, value.len() as i64);
    bytes.extend(value.as_bytes());
}

fn long(bytes: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest > 0x7f {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}
