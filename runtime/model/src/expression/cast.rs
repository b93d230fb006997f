//! Casts of one value.

use super::{Exact, as_float, decimal_value, power_of_ten, round_half_even};
use featc_ir::{ErrorCode, Type};
use featr_kernels::calendar::{self, DAY_US, FIRST_US, LAST_US};
use featr_kernels::value::{Value, render_float};
use num_bigint::BigInt;

/// The value, of type `from`, in type `to`.
pub fn coerce(value: Value, from: Type, to: Type) -> Value {
    if from == to || !value.is_valid() {
        return value;
    }
    cast(&value, from, to).unwrap_or(Value::Error(ErrorCode::InvalidCast))
}

fn cast(value: &Value, from: Type, to: Type) -> Option<Value> {
    match (value, to) {
        (Value::String(text), Type::Bool) => match text.as_str() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        (Value::String(text), Type::Int64) => {
            let (sign, digits, _) = number(text).filter(|(_, _, fraction)| fraction.is_none())?;
            i64::try_from(digits.parse::<BigInt>().ok()? * sign)
                .ok()
                .map(Value::Int64)
        }
        (Value::String(text), Type::Float64) => {
            let (mantissa, exponent) = match text.find(['e', 'E']) {
                Some(at) => (&text[..at], &text[at + 1..]),
                None => (text.as_str(), "0"),
            };
            number(mantissa)?;
            number(exponent).filter(|(_, _, fraction)| fraction.is_none())?;
            text.parse()
                .ok()
                .filter(|value: &f64| value.is_finite())
                .map(Value::float)
        }
        (Value::String(text), Type::Decimal { precision, scale }) => {
            let (sign, whole, fraction) = number(text)?;
            let fraction = fraction.unwrap_or("");
            let units: BigInt = format!("0{whole}{fraction}").parse().ok()?;
            let num = units * sign * power_of_ten(u32::from(scale));
            decimal_value(round_half_even(&num, &power_of_ten(fraction.len() as u32)), precision)
        }
        (Value::String(text), Type::Timestamp) => calendar::parse_timestamp(text).map(Value::Timestamp),
        (Value::String(text), Type::Date) => calendar::parse_date(text).map(Value::Date),
        (Value::Float64(float), Type::Int64) => {
            let (num, den) = fraction_of(*float)?;
            i64::try_from(num / den).ok().map(Value::Int64) // big integers divide towards zero
        }
        (Value::Float64(float), Type::Decimal { precision, scale }) => {
            let (num, den) = fraction_of(*float)?;
            decimal_value(
                round_half_even(&(num * power_of_ten(u32::from(scale))), &den),
                precision,
            )
        }
        (Value::Decimal(_), Type::Int64) => {
            let exact = Exact::of(value, from);
            i64::try_from(exact.units / power_of_ten(exact.scale))
                .ok()
                .map(Value::Int64)
        }
        (Value::Int64(value), Type::Timestamp) => Some(Value::Timestamp(*value)),
        (Value::Int64(value), Type::Duration) => Some(Value::Duration(*value)),
        (Value::Timestamp(value) | Value::Duration(value), Type::Int64) => Some(Value::Int64(*value)),
        (Value::Bool(value), Type::Int64) => Some(Value::Int64(i64::from(*value))),
        (Value::Timestamp(us), Type::Date) => i32::try_from(us.div_euclid(DAY_US)).ok().map(Value::Date),
        (Value::Date(days), Type::Timestamp) => i64::from(*days).checked_mul(DAY_US).map(Value::Timestamp),
        (Value::Int64(_) | Value::Decimal(_), Type::Decimal { .. }) => Exact::of(value, from).into_value(to),
        (Value::Int64(_) | Value::Decimal(_), Type::Float64) => Some(Value::float(as_float(value, from))),
        (_, Type::String) => text_of(value, from).map(Value::String),
        _ => None,
    }
}

fn text_of(value: &Value, from: Type) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Int64(value) => Some(value.to_string()),
        Value::Float64(value) => Some(render_float(*value)),
        Value::Decimal(units) => {
            let scale = Exact::of(value, from).scale;
            let power = 10u128.pow(scale);
            let sign = if *units < 0 { "-" } else { "" };
            let (whole, rest) = (units.unsigned_abs() / power, units.unsigned_abs() % power);
            if scale == 0 {
                return Some(format!("{sign}{whole}"));
            }
            Some(format!("{sign}{whole}.{rest:0width$}", width = scale as usize))
        }
        Value::Timestamp(us) => (FIRST_US..=LAST_US)
            .contains(us)
            .then(|| calendar::render_timestamp(*us)),
        Value::Date(days) => {
            let text = calendar::render_date(i64::from(*days));
            (calendar::parse_date(&text) == Some(*days)).then_some(text)
        }
        Value::Null | Value::Error(_) | Value::String(_) | Value::Duration(_) | Value::List(_) => None,
    }
}

/// `[+-]digits[.digits]` as its sign, and the digits before and after the point.
fn number(text: &str) -> Option<(i32, &str, Option<&str>)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let all_digits = |part: &str| part.chars().all(|character| character.is_ascii_digit());
    let some = !whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty());
    (some && all_digits(whole) && fraction.is_none_or(all_digits)).then_some((sign, whole, fraction))
}

/// A finite float as a fraction.
fn fraction_of(value: f64) -> Option<(BigInt, BigInt)> {
    if !value.is_finite() {
        return None;
    }
    // Halving numbers of at least 2^53 and doubling what is not an integer are both exact.
    let (mut whole, mut factor, mut den) = (value, BigInt::from(1), BigInt::from(1));
    while whole.abs() >= 9_007_199_254_740_992.0 {
        whole /= 2.0;
        factor *= 2;
    }
    while whole.fract() != 0.0 {
        whole *= 2.0;
        den *= 2;
    }
    Some((BigInt::from(whole as i64) * factor, den))
}
