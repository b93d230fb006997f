//! `+ - * / div mod` and the sign.

use super::cast::{decimals_of, floats_of};
use super::operand::{Frame, OVERFLOW, Operand, or_overflow};
use crate::calendar::DAY_US;
use crate::column::{Data, Tag};
use crate::decimal;
use crate::ratio::ratio_to_f64;
use crate::value::canonical;
use featc_ir::Type;

/// The operators of sums and products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    Add,
    Subtract,
    Multiply,
}

/// Sums, differences and products; `ty` is the type of the result.
pub fn ring<'a>(op: Ring, ty: Type, left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Operand<'a> {
    match ty {
        Type::Float64 => float_ring(op, left, right, rows),
        Type::Decimal { precision, scale } => decimal_ring(op, precision, scale, left, right, rows),
        Type::Bool | Type::Int64 | Type::String | Type::Timestamp | Type::Date | Type::Duration | Type::List(_) => {
            integer_ring(op, ty, left, right, rows)
        }
    }
}

fn float_ring<'a>(op: Ring, left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Operand<'a> {
    let frame = Frame::strict(&[left, right], rows);
    let (left, right) = (floats_of(left), floats_of(right));
    let (a, b) = (left.f64s(), right.f64s());
    let results = match op {
        Ring::Subtract => frame.map2(a, b, |a, b| canonical(a - b)),
        Ring::Multiply => frame.map2(a, b, |a, b| canonical(a * b)),
        Ring::Add => frame.map2(a, b, |a, b| canonical(a + b)),
    };
    frame.finish(Type::Float64, Data::F64(results))
}

fn integer_ring<'a>(op: Ring, ty: Type, left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Operand<'a> {
    let mut frame = Frame::strict(&[left, right], rows);
    let dates = left.ty() == Type::Date;
    let (a, b) = (left.i64s(), right.i64s());
    let results = match op {
        Ring::Subtract if dates => frame.map2_checked(a, b, |a, b| {
            or_overflow(a.checked_sub(b).and_then(|days| days.checked_mul(DAY_US)))
        }),
        Ring::Subtract => frame.map2_checked(a, b, |a, b| flagged(a.overflowing_sub(b))),
        Ring::Multiply => frame.map2_checked(a, b, |a, b| flagged(a.overflowing_mul(b))),
        Ring::Add => frame.map2_checked(a, b, |a, b| flagged(a.overflowing_add(b))),
    };
    frame.finish(ty, Data::I64(results))
}

#[inline]
fn flagged((result, overflow): (i64, bool)) -> (i64, u8) {
    (result, if overflow { OVERFLOW } else { Tag::VALID })
}

fn decimal_ring<'a>(
    op: Ring,
    precision: u8,
    scale: u8,
    left: &Operand<'_>,
    right: &Operand<'_>,
    rows: usize,
) -> Operand<'a> {
    let mut frame = Frame::strict(&[left, right], rows);
    let (ls, rs) = (left.ty().scale(), right.ty().scale());
    let (left, right) = (decimals_of(left), decimals_of(right));
    let (a, b) = (left.i128s(), right.i128s());
    let plain = ls == scale && rs == scale;
    let narrow = |sum: Option<i128>| or_overflow(sum.and_then(|sum| decimal::fitting(sum, precision)));
    let results = match op {
        Ring::Subtract if plain => frame.map2_checked(a, b, |a, b| narrow(a.checked_sub(b))),
        Ring::Subtract => frame.map2_checked(a, b, |a, b| {
            or_overflow(
                b.checked_neg()
                    .and_then(|b| decimal::add((a, ls), (b, rs), precision, scale)),
            )
        }),
        Ring::Multiply => frame.map2_checked(a, b, |a, b| {
            or_overflow(decimal::multiply((a, ls), (b, rs), precision, scale))
        }),
        Ring::Add if plain => frame.map2_checked(a, b, |a, b| narrow(a.checked_add(b))),
        _ => frame.map2_checked(a, b, |a, b| {
            or_overflow(decimal::add((a, ls), (b, rs), precision, scale))
        }),
    };
    frame.finish(Type::Decimal { precision, scale }, Data::I128(results))
}

/// The exact quotient rounded once, null by zero; IEEE where a float takes part.
pub fn divide<'a>(left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Operand<'a> {
    let mut frame = Frame::strict(&[left, right], rows);
    let types = (left.ty(), right.ty());
    let results = if types.0 == Type::Float64 || types.1 == Type::Float64 {
        let (left, right) = (floats_of(left), floats_of(right));
        frame.map2(left.f64s(), right.f64s(), |a, b| canonical(a / b))
    } else if let (Data::I64(_), Data::I64(_)) = (&left.column.data, &right.column.data) {
        frame.map2_checked(left.i64s(), right.i64s(), integer_ratio)
    } else {
        let (ls, rs) = (types.0.scale(), types.1.scale());
        let (left, right) = (decimals_of(left), decimals_of(right));
        frame.map2_checked(left.i128s(), right.i128s(), |a, b| {
            if b == 0 {
                (0.0, Tag::NULL)
            } else {
                (decimal::ratio((a, ls), (b, rs)), Tag::VALID)
            }
        })
    };
    frame.finish(Type::Float64, Data::F64(results))
}

/// `num / den` rounded once to binary64; null by zero.
#[inline]
pub fn integer_ratio(num: i64, den: i64) -> (f64, u8) {
    const EXACT: u64 = 1 << 53;
    if den == 0 {
        (0.0, Tag::NULL)
    } else if num.unsigned_abs() <= EXACT && den.unsigned_abs() <= EXACT {
        (canonical(num as f64 / den as f64), Tag::VALID)
    } else {
        (ratio_to_f64(i128::from(num), i128::from(den)), Tag::VALID)
    }
}

/// `div`: the quotient whose remainder is not negative; null by zero.
pub fn quotient<'a>(ty: Type, left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Operand<'a> {
    let mut frame = Frame::strict(&[left, right], rows);
    let results = frame.map2_checked(left.i64s(), right.i64s(), |a, b| match b {
        0 => (0, Tag::NULL),
        _ => or_overflow(a.checked_div_euclid(b)),
    });
    frame.finish(ty, Data::I64(results))
}

/// `mod`: from 0 to below the size of the divisor; null by zero.
pub fn remainder<'a>(ty: Type, left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Operand<'a> {
    let mut frame = Frame::strict(&[left, right], rows);
    let results = frame.map2_checked(left.i64s(), right.i64s(), |a, b| match b {
        0 => (0, Tag::NULL),
        _ => (a.wrapping_rem_euclid(b), Tag::VALID), // i64::MIN mod −1 is 0, which fits
    });
    frame.finish(ty, Data::I64(results))
}

/// The number with the other sign.
pub fn negate<'a>(ty: Type, operand: &Operand<'_>, rows: usize) -> Operand<'a> {
    let mut frame = Frame::strict(&[operand], rows);
    let data = match &operand.column.data {
        Data::F64(_) => Data::F64(frame.map(operand.f64s(), |value| canonical(-value))),
        Data::I128(_) => Data::I128(frame.map_checked(operand.i128s(), |value| or_overflow(value.checked_neg()))),
        Data::I64(_) | Data::Bool(_) | Data::Str(_) => {
            Data::I64(frame.map_checked(operand.i64s(), |value| flagged(value.overflowing_neg())))
        }
    };
    frame.finish(ty, data)
}

/// The number without its sign.
pub fn absolute<'a>(ty: Type, operand: &Operand<'_>, rows: usize) -> Operand<'a> {
    let mut frame = Frame::strict(&[operand], rows);
    let data = match &operand.column.data {
        Data::F64(_) => Data::F64(frame.map(operand.f64s(), |value| canonical(value.abs()))),
        Data::I128(_) => Data::I128(frame.map_checked(operand.i128s(), |value| or_overflow(value.checked_abs()))),
        Data::I64(_) | Data::Bool(_) | Data::Str(_) => {
            Data::I64(frame.map_checked(operand.i64s(), |value| flagged(value.overflowing_abs())))
        }
    };
    frame.finish(ty, data)
}
