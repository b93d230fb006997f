//! Functions of one row.

use super::{
    Exact, as_float, cast::coerce, decimal_value, invalid, list, order, overflow, pattern, power_of_ten,
    round_half_even,
};
use crate::rounding::{Fraction, mantissa_and_exponent};
use featc_ir::function::MADE_BYTES_MAX;
use featc_ir::{Function, Type, Zone};
use featr_kernels::Value;
use featr_kernels::ratio::big_ratio_to_f64;
use num_bigint::BigInt;

/// The value of a call; `ty` is its type, `types` are those of the arguments.
pub fn call(function: Function, ty: Type, values: &[Value], types: &[Type]) -> Value {
    match function {
        Function::Least | Function::Greatest => extreme(function, ty, values, types),
        Function::NullIf => null_if(ty, values, types),
        // `strict` names every one of them.
        _ => invalid(values).unwrap_or_else(|| strict(function, ty, values, types).unwrap_or(Value::Null)),
    }
}

fn extreme(function: Function, ty: Type, values: &[Value], types: &[Type]) -> Value {
    let values: Vec<Value> = values
        .iter()
        .zip(types)
        .map(|(value, own)| coerce(value.clone(), *own, ty))
        .collect();
    if let Some(error) = values.iter().find(|value| value.as_error().is_some()) {
        return error.clone();
    }
    let valid = values.iter().filter(|value| value.is_valid()).cloned();
    let extreme = if function == Function::Least {
        valid.min()
    } else {
        valid.max()
    };
    extreme.unwrap_or(Value::Null)
}

fn null_if(ty: Type, values: &[Value], types: &[Type]) -> Value {
    let [first, second] = values else { return Value::Null };
    if let Some(error) = values.iter().find(|value| value.as_error().is_some()) {
        return error.clone();
    }
    if first.is_valid() && second.is_valid() && order((first, types[0]), (second, types[1])).is_eq() {
        return Value::Null;
    }
    coerce(first.clone(), types[0], ty)
}

/// Functions of valid arguments.
fn strict(function: Function, ty: Type, values: &[Value], types: &[Type]) -> Option<Value> {
    let float = |at: usize| as_float(&values[at], types[at]);
    Some(match function {
        Function::Round if ty == Type::Float64 && values.len() == 2 => to_digits(&values[0], &values[1])?,
        Function::Abs | Function::Round | Function::Floor | Function::Ceil => {
            numeric(function, ty, &values[0], types[0])
        }
        Function::Sqrt => Value::float(float(0).sqrt()),
        Function::Ln => Value::float(libm::log(float(0))),
        Function::Log10 => Value::float(libm::log10(float(0))),
        Function::Exp => Value::float(libm::exp(float(0))),
        Function::Pow => Value::float(libm::pow(float(0), float(1))),
        Function::Div => {
            let (num, den, _) = Exact::align(&Exact::of(&values[0], types[0]), &Exact::of(&values[1], types[1]));
            let Type::Decimal { precision, scale } = ty else {
                return None;
            };
            if den == BigInt::from(0) {
                return None;
            }
            let units = round_half_even(&(num * power_of_ten(u32::from(scale))), &den);
            decimal_value(units, precision).unwrap_or_else(overflow)
        }
        Function::Item | Function::Split | Function::Join | Function::Hash => list::call(function, values, types)?,
        Function::Contains if types[0].is_list() => list::call(function, values, types)?,
        Function::Milliseconds => in_units(&values[0], 1_000),
        Function::Seconds => in_units(&values[0], 1_000_000),
        Function::Minutes => in_units(&values[0], 60_000_000),
        Function::Hours => in_units(&values[0], 3_600_000_000),
        Function::Days => in_units(&values[0], 86_400_000_000),
        Function::Year
        | Function::Month
        | Function::DayOfMonth
        | Function::DayOfWeek
        | Function::DayOfYear
        | Function::Hour
        | Function::Minute
        | Function::DateOf => civil(function, &local(values)?)?,
        Function::Truncate => match (&values[0], &values[1]) {
            (Value::Timestamp(us), Value::Duration(unit)) if *unit > 0 => {
                let floor = i128::from(*us).div_euclid(i128::from(*unit)) * i128::from(*unit);
                i64::try_from(floor).map_or(overflow(), Value::Timestamp)
            }
            _ => return None,
        },
        Function::Least
        | Function::Greatest
        | Function::NullIf
        | Function::Lower
        | Function::Upper
        | Function::Trim
        | Function::Length
        | Function::Concat
        | Function::Substring
        | Function::StartsWith
        | Function::EndsWith
        | Function::Contains
        | Function::Replace => text(function, values)?,
        Function::Like | Function::RegexpMatches | Function::RegexpExtract => {
            let [Value::String(text), Value::String(wanted)] = values else {
                return None;
            };
            match function {
                Function::Like => Value::Bool(pattern::like(text, wanted)),
                Function::RegexpMatches => Value::Bool(pattern::found(text, wanted)?.is_some()),
                _ => Value::String(pattern::found(text, wanted)??.first?),
            }
        }
    })
}

/// A string piece by piece, until it is too long.
pub(super) fn made<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Value {
    let mut text = String::new();
    for piece in pieces {
        text += piece;
        if text.len() > MADE_BYTES_MAX {
            return overflow();
        }
    }
    Value::String(text)
}

/// The float nearest to the multiple of 10^-digits that is nearest to a float, of two the even one.
fn to_digits(value: &Value, digits: &Value) -> Option<Value> {
    let (Value::Float64(value), Value::Int64(digits)) = (value, digits) else {
        return None;
    };
    if !value.is_finite() {
        return Some(Value::float(*value));
    }
    let digits = u32::try_from(*digits).ok()?;
    let (mantissa, exponent) = mantissa_and_exponent(*value);
    let scaled = Fraction::new(power_of_ten(digits) * mantissa, 1).times_power_of_two(exponent);
    let units = round_half_even(&scaled.numerator, &scaled.denominator);
    let rounded = Fraction::new(units, 1).over_power_of_ten(digits);
    Some(Value::float(rounded.nearest()))
}

fn numeric(function: Function, ty: Type, value: &Value, own: Type) -> Value {
    if let Value::Float64(value) = value {
        return Value::float(match function {
            Function::Abs => value.abs(),
            Function::Round => value.round_ties_even(),
            Function::Floor => value.floor(),
            _ => value.ceil(),
        });
    }
    let exact = Exact::of(value, own);
    let zero = BigInt::from(0);
    let power = power_of_ten(exact.scale);
    let result = match function {
        Function::Abs => Exact {
            units: if exact.units < zero { -exact.units } else { exact.units },
            scale: exact.scale,
        },
        Function::Round => exact,
        Function::Floor | Function::Ceil => {
            let rest = ((&exact.units % &power) + &power) % &power;
            let up = if function == Function::Ceil && rest != zero {
                1
            } else {
                0
            };
            Exact {
                units: (exact.units - rest) / power + up,
                scale: 0,
            }
        }
        _ => return Value::Null,
    };
    result.into_value(ty).unwrap_or_else(overflow)
}

fn in_units(value: &Value, unit_us: i64) -> Value {
    let exact = Exact::of(value, Type::Duration);
    Value::float(big_ratio_to_f64(&exact.units, &BigInt::from(unit_us)))
}

/// What is on the clocks: those of UTC, or of a zone that is said after the instant. What a zone
/// shows is read from the same database as in the kernels: there is one.
fn local(values: &[Value]) -> Option<Value> {
    let [Value::Timestamp(us), Value::String(zone)] = values else {
        return values.first().cloned();
    };
    let zone: Zone = zone.parse().ok()?;
    Some(Value::Timestamp(zone.shown(*us).unwrap_or(*us)))
}

/// Parts of the calendar, by walking over the years and months.
fn civil(function: Function, value: &Value) -> Option<Value> {
    const DAY_US: i64 = 86_400_000_000;
    let (day, us_of_day) = match value {
        Value::Timestamp(us) => (us.div_euclid(DAY_US), us.rem_euclid(DAY_US)),
        Value::Date(days) => (i64::from(*days), 0),
        _ => return None,
    };
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    // 400 years have 146 097 days, whichever they are.
    let mut year = 1970 + day.div_euclid(146_097) * 400;
    let mut rest = day.rem_euclid(146_097);
    while rest >= 365 + i64::from(is_leap(year)) {
        rest -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let day_of_year = rest + 1;
    let lengths = [
        31,
        28 + i64::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 1;
    for length in lengths {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    Some(match function {
        Function::Year => Value::Int64(year),
        Function::Month => Value::Int64(month),
        Function::DayOfMonth => Value::Int64(rest + 1),
        Function::DayOfYear => Value::Int64(day_of_year),
        Function::DayOfWeek => Value::Int64([4, 5, 6, 7, 1, 2, 3][day.rem_euclid(7) as usize]),
        Function::Hour => Value::Int64(us_of_day / 3_600_000_000),
        Function::Minute => Value::Int64(us_of_day / 60_000_000 % 60),
        _ => Value::Date(i32::try_from(day).ok()?),
    })
}

fn text(function: Function, values: &[Value]) -> Option<Value> {
    let string = |at: usize| {
        if let Value::String(text) = &values[at] {
            text.as_str()
        } else {
            ""
        }
    };
    if let (Function::Length, Some(Value::List(items))) = (function, values.first()) {
        return Some(Value::Int64(items.len() as i64));
    }
    let first = string(0);
    Some(match function {
        Function::Lower => Value::String(first.to_lowercase()),
        Function::Upper => Value::String(first.to_uppercase()),
        Function::Trim => {
            let start = first.trim_start();
            Value::String(start.trim_end().to_owned())
        }
        Function::Length => Value::Int64(first.chars().count() as i64),
        Function::Concat => made((0..values.len()).map(string)),
        Function::Substring => {
            let (Value::Int64(start), Value::Int64(length)) = (&values[1], &values[2]) else {
                return None;
            };
            let (start, length) = (i128::from(*start), i128::from(*length));
            let taken = |at: i128| start <= at && at < start + length;
            let kept = first
                .chars()
                .zip(1..)
                .filter(|(_, at)| taken(*at))
                .map(|(character, _)| character);
            Value::String(kept.collect())
        }
        Function::StartsWith => Value::Bool(first.starts_with(string(1))),
        Function::EndsWith => Value::Bool(first.ends_with(string(1))),
        Function::Contains => Value::Bool(first.contains(string(1))),
        Function::Replace if string(1).is_empty() => Value::String(first.to_owned()),
        Function::Replace => {
            let parts: Vec<&str> = first.split(string(1)).collect();
            let kept: usize = parts.iter().map(|part| part.len()).sum();
            let is_no_longer = (parts.len() - 1).saturating_mul(string(2).len()) <= first.len() - kept;
            match is_no_longer {
                true => Value::String(parts.join(string(2))),
                false => made(list::between(parts, string(2))),
            }
        }
        _ => return None,
    })
}
