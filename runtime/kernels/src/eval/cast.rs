//! Casts, by the one table of `docs/language.md`. What has no counterpart in the target type is `invalid_cast`.

use super::operand::{Frame, INVALID, Operand, or_invalid};
use crate::calendar::{self, DAY_US, FIRST_US, LAST_US};
use crate::column::{Data, Tag};
use crate::decimal;
use crate::value::{canonical, render_decimal, render_float};
use featc_ir::Type;
use std::borrow::Cow;

fn same<'b>(operand: &'b Operand<'_>) -> Operand<'b> {
    Operand {
        column: Cow::Borrowed(&operand.column),
        constant: operand.constant,
    }
}

/// A numeric operand as floats, rounded once.
pub fn floats_of<'b>(operand: &'b Operand<'_>) -> Operand<'b> {
    match &operand.column.data {
        Data::F64(_) => same(operand),
        Data::Bool(_) | Data::I64(_) | Data::I128(_) | Data::Str(_) => {
            cast(same(operand), Type::Float64, operand.column.len())
        }
    }
}

/// A decimal or int64 operand as unscaled decimals of its own scale.
pub fn decimals_of<'b>(operand: &'b Operand<'_>) -> Operand<'b> {
    match &operand.column.data {
        Data::I64(_) => {
            let frame = Frame::strict(&[operand], operand.column.len());
            let data = Data::I128(frame.map(operand.i64s(), i128::from));
            frame.finish(
                Type::Decimal {
                    precision: 38,
                    scale: 0,
                },
                data,
            )
        }
        Data::Bool(_) | Data::F64(_) | Data::I128(_) | Data::Str(_) => same(operand),
    }
}

/// The operand as it is if it has the type, else cast to it.
pub fn cast<'a>(operand: Operand<'a>, to: Type, rows: usize) -> Operand<'a> {
    if operand.ty() == to {
        return operand;
    }
    let from = operand.ty();
    let mut frame = Frame::strict(&[&operand], rows);
    let data = match to {
        Type::Bool => to_bool(&operand, &mut frame),
        Type::Int64 => to_int64(&operand, from, &mut frame),
        Type::Float64 => to_float64(&operand, from, &mut frame),
        Type::Decimal { precision, scale } => to_decimal(&operand, from, (precision, scale), &mut frame),
        Type::String => to_string(&operand, from, &mut frame),
        Type::Timestamp => to_timestamp(&operand, from, &mut frame),
        Type::Date => to_date(&operand, from, &mut frame),
        Type::Duration => match &operand.column.data {
            Data::I64(_) => Data::I64(frame.map(operand.i64s(), |value| value)),
            Data::Bool(_) | Data::F64(_) | Data::I128(_) | Data::Str(_) => none(to, &mut frame),
        },
        Type::List(_) => none(to, &mut frame),
    };
    frame.finish(to, data)
}

/// For pairs outside the table, which well-typed expressions do not hold.
fn none(to: Type, frame: &mut Frame) -> Data {
    frame.by_row(|_| Err::<(), u8>(INVALID));
    Data::zeros(to, frame.rows)
}

fn to_bool(operand: &Operand<'_>, frame: &mut Frame) -> Data {
    match &operand.column.data {
        Data::Bool(_) => Data::Bool(frame.map(operand.bools(), |value| value)),
        Data::Str(_) => {
            let texts = operand.texts();
            Data::Bool(frame.by_row(|row| match texts.bytes(row) {
                b"true" => Ok(true),
                b"false" => Ok(false),
                _ => Err(INVALID),
            }))
        }
        Data::I64(_) | Data::F64(_) | Data::I128(_) => none(Type::Bool, frame),
    }
}

fn to_int64(operand: &Operand<'_>, from: Type, frame: &mut Frame) -> Data {
    let scale = u32::from(from.scale());
    Data::I64(match &operand.column.data {
        Data::Bool(_) => frame.map(operand.bools(), i64::from),
        Data::I64(_) => frame.map(operand.i64s(), |value| value),
        Data::F64(_) => frame.map_checked(operand.f64s(), |value| or_invalid(integer_of_float(value))),
        Data::I128(_) => {
            let power = decimal::power_of_ten(scale).unwrap_or(i128::MAX);
            frame.map_checked(operand.i128s(), |value| or_invalid(i64::try_from(value / power).ok()))
        }
        Data::Str(_) => {
            let texts = operand.texts();
            frame.by_row(|row| texts.text(row).parse().map_err(|_| INVALID))
        }
    })
}

/// Truncated towards zero; `None` for NaN, infinities and what does not fit.
fn integer_of_float(value: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&value).then_some(value as i64)
}

fn to_float64(operand: &Operand<'_>, from: Type, frame: &mut Frame) -> Data {
    let scale = from.scale();
    Data::F64(match &operand.column.data {
        Data::Bool(_) => frame.map(operand.bools(), |value| f64::from(u8::from(value))),
        Data::I64(_) => frame.map(operand.i64s(), |value| value as f64),
        Data::F64(_) => frame.map(operand.f64s(), |value| value),
        Data::I128(_) => frame.map(operand.i128s(), |value| decimal::to_f64(value, scale)),
        Data::Str(_) => {
            let texts = operand.texts();
            frame.by_row(|row| parse_float(texts.text(row)).ok_or(INVALID))
        }
    })
}

/// Reads `[+-]digits[.digits][(e|E)[+-]digits]` (a digit on at least one side of the point), rounded once. `None` when
/// malformed — `NaN` and `inf` have no such form — and where the result would be infinite.
pub fn parse_float(text: &str) -> Option<f64> {
    let plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.as_bytes().iter().all(plain) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(canonical)
}

fn to_decimal(operand: &Operand<'_>, from: Type, (precision, scale): (u8, u8), frame: &mut Frame) -> Data {
    let own = u32::from(from.scale());
    let fit = |value: i128, own: u32| {
        decimal::rescale(value, own, u32::from(scale)).and_then(|units| decimal::fitting(units, precision))
    };
    Data::I128(match &operand.column.data {
        Data::Bool(_) => frame.map_checked(operand.bools(), |value| or_invalid(fit(i128::from(value), 0))),
        Data::I64(_) => frame.map_checked(operand.i64s(), |value| or_invalid(fit(i128::from(value), 0))),
        Data::F64(_) => frame.map_checked(operand.f64s(), |value| {
            or_invalid(decimal::from_f64(value, precision, scale))
        }),
        Data::I128(_) => frame.map_checked(operand.i128s(), |value| or_invalid(fit(value, own))),
        Data::Str(_) => {
            let texts = operand.texts();
            frame.by_row(|row| decimal::parse(texts.text(row), precision, scale).ok_or(INVALID))
        }
    })
}

fn to_string(operand: &Operand<'_>, from: Type, frame: &mut Frame) -> Data {
    let scale = from.scale();
    match &operand.column.data {
        Data::Bool(_) => {
            let values = operand.bools();
            frame.texts_by_row(|row, out| append(out, if values.at(row) { "true" } else { "false" }))
        }
        Data::I64(_) => {
            let values = operand.i64s();
            match from {
                Type::Timestamp => frame.texts_by_row(|row, out| match values.at(row) {
                    us @ FIRST_US..=LAST_US => append(out, &calendar::render_timestamp(us)),
                    _ => INVALID,
                }),
                Type::Date => frame.texts_by_row(|row, out| match values.at(row) {
                    days if (FIRST_US / DAY_US..=LAST_US / DAY_US).contains(&days) => {
                        append(out, &calendar::render_date(days))
                    }
                    _ => INVALID,
                }),
                Type::Bool
                | Type::Int64
                | Type::Float64
                | Type::Decimal { .. }
                | Type::String
                | Type::Duration
                | Type::List(_) => frame.texts_by_row(|row, out| append(out, &values.at(row).to_string())),
            }
        }
        Data::F64(_) => {
            let values = operand.f64s();
            frame.texts_by_row(|row, out| append(out, &render_float(values.at(row))))
        }
        Data::I128(_) => {
            let values = operand.i128s();
            frame.texts_by_row(|row, out| append(out, &render_decimal(values.at(row), scale)))
        }
        Data::Str(_) => {
            let texts = operand.texts();
            frame.texts_by_row(|row, out| append(out, texts.text(row)))
        }
    }
}

fn append(out: &mut Vec<u8>, text: &str) -> u8 {
    out.extend_from_slice(text.as_bytes());
    Tag::VALID
}

fn to_timestamp(operand: &Operand<'_>, from: Type, frame: &mut Frame) -> Data {
    match &operand.column.data {
        Data::I64(_) if from == Type::Date => {
            Data::I64(frame.map_checked(operand.i64s(), |days| or_invalid(days.checked_mul(DAY_US))))
        }
        Data::I64(_) => Data::I64(frame.map(operand.i64s(), |value| value)),
        Data::Str(_) => {
            let texts = operand.texts();
            Data::I64(frame.by_row(|row| calendar::parse_timestamp(texts.text(row)).ok_or(INVALID)))
        }
        Data::Bool(_) | Data::F64(_) | Data::I128(_) => none(Type::Timestamp, frame),
    }
}

fn to_date(operand: &Operand<'_>, from: Type, frame: &mut Frame) -> Data {
    match &operand.column.data {
        Data::I64(_) if from == Type::Timestamp => Data::I64(frame.map(operand.i64s(), calendar::day_of)),
        Data::Str(_) => {
            let texts = operand.texts();
            Data::I64(frame.by_row(|row| calendar::parse_date(texts.text(row)).map(i64::from).ok_or(INVALID)))
        }
        Data::Bool(_) | Data::I64(_) | Data::F64(_) | Data::I128(_) => none(Type::Date, frame),
    }
}
