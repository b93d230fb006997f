//! Values for what nothing in the data says: fields of requests.

use featc_ir::Type;
use featr::{Random, Value};

/// A value of a type, now and then null.
pub fn value(ty: Type, random: &mut Random) -> Value {
    const DAY_US: i64 = 86_400_000_000;
    if random.below(8) == 0 {
        return Value::Null;
    }
    let number = random.below(201) as i64 - 100;
    match ty {
        Type::Bool => Value::Bool(number > 0),
        Type::Int64 => Value::Int64(number),
        Type::Float64 => Value::Float64(number as f64 / 8.0 + 0.0),
        Type::Decimal { precision, .. } => {
            Value::Decimal(i128::from(number) % 10_i128.pow(u32::from(precision).min(38)))
        }
        Type::String => Value::String(format!("{}", number.unsigned_abs() % 5)),
        Type::Timestamp => Value::Timestamp(1_400_000_000_000_000 + number * DAY_US),
        Type::Date => Value::Date(16_000 + number as i32),
        Type::Duration => Value::Duration(number * DAY_US / 24),
        // No field is a list.
        Type::List(_) => Value::Null,
    }
}
