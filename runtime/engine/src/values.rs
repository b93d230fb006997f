//! Values from text, as people write them in commands, and to JSON.

use featc_ir::{Expr, ExprKind, Literal, SourceColumn, Type};
use featr_decode::{parse_duration, parse_float64};
use featr_kernels::eval::eval;
use featr_kernels::{Batch, Value};

/// Reads a value of a type by the cast from string of the language; `None` when the text is none, or a decimal with more
/// digits than the type has.
pub fn parse_value(text: &str, ty: Type) -> Option<Value> {
    let literal = Expr::new(ExprKind::Literal(Literal::String(text.to_owned())), Type::String);
    match ty {
        Type::String => Some(Value::String(text.to_owned())),
        Type::Decimal { scale, .. } if digits_behind(text) > usize::from(scale) => None,
        Type::Duration => text.parse().ok().map(Value::Duration),
        Type::List(_) => None,
        Type::Bool | Type::Int64 | Type::Float64 | Type::Decimal { .. } | Type::Timestamp | Type::Date => {
            let cast = Expr::new(ExprKind::Cast(Box::new(literal)), ty);
            let one = Batch {
                rows: 1,
                columns: vec![],
            };
            let value = eval(&cast, &one).value(0);
            value.is_valid().then_some(value)
        }
    }
}

/// Reads what a question asks about: as [`parse_value`], but NaN, infinities and durations as the text of a spine has them.
pub fn parse_key(text: &str, ty: Type) -> Option<Value> {
    match ty {
        Type::Duration => parse_duration(text).map(Value::Duration),
        Type::Float64 => parse_float64(text).map(Value::Float64),
        _ => parse_value(text, ty),
    }
}

/// How many digits after the point say something.
fn digits_behind(text: &str) -> usize {
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    fraction.trim_end_matches('0').len()
}

/// A value as JSON for people: numbers, texts, truth values, lists; what JSON has no form of is its text, and an error null.
/// Floats that are no numbers are the texts that the decoder reads.
pub fn json_value(value: &Value, ty: Type) -> serde_json::Value {
    match value {
        Value::Null | Value::Error(_) => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int64(value) => (*value).into(),
        Value::Float64(value) if value.is_finite() => (*value).into(),
        Value::Float64(value) if *value == f64::INFINITY => "Infinity".into(),
        Value::Float64(value) if *value == f64::NEG_INFINITY => "-Infinity".into(),
        Value::List(items) => {
            let of = if let Type::List(of) = ty { *of } else { ty };
            items.iter().map(|item| json_value(item, of)).collect()
        }
        Value::Float64(_)
        | Value::Decimal(_)
        | Value::String(_)
        | Value::Timestamp(_)
        | Value::Date(_)
        | Value::Duration(_) => value.render(ty).into(),
    }
}

/// A column of a source as JSON for people, the same wherever columns are listed: its name, its type, whether it may be null, and
/// where it is no plain column of its name, how files have it.
pub fn column_json(column: &SourceColumn) -> serde_json::Value {
    let mut about = serde_json::json!({
        "name": column.name, "type": column.ty.to_string(), "nullable": column.nullable,
    });
    if !column.form.is_plain() {
        about["form"] = column.form.to_string().trim_start().into();
        about["field"] = column.field().into();
    }
    about
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_not_rounded() {
        let price = Type::Decimal { precision: 6, scale: 2 };
        assert_eq!(parse_value("1.50", price), Some(Value::Decimal(150)));
        assert_eq!(parse_value("1.500", price), Some(Value::Decimal(150)));
        assert_eq!(parse_value("1.504", price), None);
        assert_eq!(parse_value("1.505", price), None);
        assert_eq!(parse_key("1.505", price), None);
    }

    #[test]
    fn what_a_question_asks_about_may_be_no_number() {
        let bits = |text: &str| match parse_key(text, Type::Float64) {
            Some(Value::Float64(value)) => Some(value.to_bits()),
            _ => None,
        };
        for text in ["NaN", "nan", "-NaN"] {
            assert_eq!(bits(text), Some(0x7ff8_0000_0000_0000), "{text}");
        }
        for text in ["inf", "Infinity", "+inf"] {
            assert_eq!(bits(text), Some(f64::INFINITY.to_bits()), "{text}");
        }
        assert_eq!(bits("-inf"), Some(f64::NEG_INFINITY.to_bits()));
        assert_eq!(parse_key("PT1.5S", Type::Duration), Some(Value::Duration(1_500_000)));
        assert_eq!(parse_key("1500000", Type::Duration), None);
        assert_eq!((bits("-0"), bits("1e999"), bits("x")), (Some(0), None, None));
    }
}
