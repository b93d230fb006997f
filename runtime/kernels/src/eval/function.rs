//! Scalar functions.

use super::arithmetic::{absolute, integer_ratio};
use super::cast::{cast, decimals_of, floats_of};
use super::choose;
use super::list;
use super::operand::{Frame, Operand, or_overflow};
use super::text;
use crate::calendar::{self, DAY_US};
use crate::column::{Data, Tag};
use crate::decimal;
use crate::value::canonical;
use featc_ir::{BinaryOp, Function, Type, Zone};

/// The value of a call; `ty` is the type of the result.
pub fn call<'a>(function: Function, ty: Type, mut arguments: Vec<Operand<'a>>, rows: usize) -> Operand<'a> {
    if arguments.is_empty() {
        return super::null_operand(ty);
    }
    if function.reads_clocks() && arguments.len() == 2 {
        arguments = vec![shown(&arguments[0], &arguments[1], rows)];
    }
    match function {
        Function::Abs => absolute(ty, &arguments[0], rows),
        Function::Round if ty == Type::Float64 && arguments.len() == 2 => to_digits(&arguments, rows),
        Function::Round => whole(Direction::Nearest, ty, arguments.swap_remove(0), rows),
        Function::Floor => whole(Direction::Down, ty, arguments.swap_remove(0), rows),
        Function::Ceil => whole(Direction::Up, ty, arguments.swap_remove(0), rows),
        Function::Sqrt => float1(&arguments[0], rows, f64::sqrt),
        Function::Ln => float1(&arguments[0], rows, libm::log),
        Function::Log10 => float1(&arguments[0], rows, libm::log10),
        Function::Exp => float1(&arguments[0], rows, libm::exp),
        Function::Pow => power(&arguments, rows),
        Function::Least => choose::extreme(BinaryOp::Less, ty, arguments, rows),
        Function::Greatest => choose::extreme(BinaryOp::Greater, ty, arguments, rows),
        Function::NullIf => match &arguments[..] {
            [_, _] => {
                let second = arguments.swap_remove(1);
                choose::null_if(ty, arguments.swap_remove(0), &second, rows)
            }
            _ => super::null_operand(ty),
        },
        Function::Div => decimal_quotient(ty, &arguments, rows),
        Function::Contains if arguments[0].ty().is_list() => list::call(function, ty, &arguments, rows),
        Function::Lower
        | Function::Upper
        | Function::Trim
        | Function::Length
        | Function::Concat
        | Function::Substring
        | Function::StartsWith
        | Function::EndsWith
        | Function::Contains
        | Function::Replace
        | Function::Like
        | Function::RegexpMatches
        | Function::RegexpExtract => text::call(function, ty, &arguments, rows),
        Function::Item | Function::Split | Function::Join | Function::Hash => {
            list::call(function, ty, &arguments, rows)
        }
        Function::Milliseconds => duration_in(1_000, &arguments[0], rows),
        Function::Seconds => duration_in(1_000_000, &arguments[0], rows),
        Function::Minutes => duration_in(60_000_000, &arguments[0], rows),
        Function::Hours => duration_in(3_600_000_000, &arguments[0], rows),
        Function::Days => duration_in(DAY_US, &arguments[0], rows),
        Function::Year => by_day(&arguments[0], rows, |day| calendar::civil_from_days(day).year),
        Function::Month => by_day(&arguments[0], rows, |day| {
            i64::from(calendar::civil_from_days(day).month)
        }),
        Function::DayOfMonth => by_day(&arguments[0], rows, |day| i64::from(calendar::civil_from_days(day).day)),
        Function::DayOfWeek => by_day(&arguments[0], rows, calendar::day_of_week),
        Function::DayOfYear => by_day(&arguments[0], rows, calendar::day_of_year),
        Function::Hour => integer1(ty, &arguments[0], rows, |us| us.rem_euclid(DAY_US) / 3_600_000_000),
        Function::Minute => integer1(ty, &arguments[0], rows, |us| us.rem_euclid(3_600_000_000) / 60_000_000),
        Function::DateOf if arguments[0].ty() == Type::Date => arguments.swap_remove(0),
        Function::DateOf => integer1(ty, &arguments[0], rows, calendar::day_of),
        Function::Truncate => truncate(ty, &arguments, rows),
    }
}

fn float1<'a>(operand: &Operand<'_>, rows: usize, each: fn(f64) -> f64) -> Operand<'a> {
    let frame = Frame::strict(&[operand], rows);
    let data = Data::F64(frame.map(floats_of(operand).f64s(), |value| canonical(each(value))));
    frame.finish(Type::Float64, data)
}

fn power<'a>(arguments: &[Operand<'_>], rows: usize) -> Operand<'a> {
    let [base, exponent] = arguments else {
        return super::null_operand(Type::Float64);
    };
    let frame = Frame::strict(&[base, exponent], rows);
    let (base, exponent) = (floats_of(base), floats_of(exponent));
    let data = Data::F64(frame.map2(base.f64s(), exponent.f64s(), |a, b| canonical(libm::pow(a, b))));
    frame.finish(Type::Float64, data)
}

fn integer1<'a>(ty: Type, operand: &Operand<'_>, rows: usize, each: impl Fn(i64) -> i64) -> Operand<'a> {
    let frame = Frame::strict(&[operand], rows);
    let data = Data::I64(frame.map(operand.i64s(), each));
    frame.finish(ty, data)
}

/// What the clocks of a zone show at instants, as instants of UTC at which those of UTC show it. Beyond the years that zones are
/// known of, it is what those of UTC show.
fn shown<'a>(instant: &Operand<'_>, zone: &Operand<'_>, rows: usize) -> Operand<'a> {
    let name = if rows == 0 { "" } else { zone.texts().text(0) };
    let zone = name.parse().unwrap_or(Zone::UTC);
    integer1(Type::Timestamp, instant, rows, |us| zone.shown(us).unwrap_or(us))
}

fn by_day<'a>(operand: &Operand<'_>, rows: usize, each: impl Fn(i64) -> i64) -> Operand<'a> {
    if operand.ty() == Type::Date {
        integer1(Type::Int64, operand, rows, each)
    } else {
        integer1(Type::Int64, operand, rows, |us| each(calendar::day_of(us)))
    }
}

fn duration_in<'a>(unit_us: i64, operand: &Operand<'_>, rows: usize) -> Operand<'a> {
    let frame = Frame::strict(&[operand], rows);
    let data = Data::F64(frame.map(operand.i64s(), |us| integer_ratio(us, unit_us).0));
    frame.finish(Type::Float64, data)
}

fn truncate<'a>(ty: Type, arguments: &[Operand<'_>], rows: usize) -> Operand<'a> {
    let [instant, unit] = arguments else {
        return super::null_operand(ty);
    };
    let mut frame = Frame::strict(&[instant, unit], rows);
    let results = frame.map2_checked(instant.i64s(), unit.i64s(), |us, unit| {
        if unit <= 0 {
            (0, Tag::NULL)
        } else {
            or_overflow(us.checked_sub(us.rem_euclid(unit)))
        }
    });
    frame.finish(ty, Data::I64(results))
}

/// Where digits that are dropped go.
#[derive(Debug, Clone, Copy)]
enum Direction {
    /// Half to even.
    Nearest,
    Down,
    Up,
}

/// Round, floor and ceil.
fn whole<'a>(direction: Direction, ty: Type, operand: Operand<'a>, rows: usize) -> Operand<'a> {
    let mut frame = Frame::strict(&[&operand], rows);
    if let Type::Decimal { precision, scale } = ty {
        let own = u32::from(operand.ty().scale());
        let units = decimals_of(&operand);
        let unit = decimal::power_of_ten(own).unwrap_or(i128::MAX);
        let to = u32::from(scale);
        let exact = |value: i128| match direction {
            Direction::Down => decimal::rescale(value.div_euclid(unit), 0, to),
            Direction::Up => {
                let up = i128::from(value.rem_euclid(unit) != 0);
                decimal::rescale(value.div_euclid(unit) + up, 0, to)
            }
            Direction::Nearest => decimal::rescale(value, own, to),
        };
        let results = frame.map_checked(units.i128s(), |value| {
            or_overflow(exact(value).and_then(|value| decimal::fitting(value, precision)))
        });
        return frame.finish(ty, Data::I128(results));
    }
    if operand.ty() != Type::Float64 {
        return cast(operand, ty, rows);
    }
    let values = operand.f64s();
    let results = match direction {
        Direction::Down => frame.map(values, |value| canonical(value.floor())),
        Direction::Up => frame.map(values, |value| canonical(value.ceil())),
        Direction::Nearest => frame.map(values, |value| canonical(value.round_ties_even())),
    };
    frame.finish(ty, Data::F64(results))
}

/// `round(x, digits)` of floats.
fn to_digits<'a>(arguments: &[Operand<'_>], rows: usize) -> Operand<'a> {
    let frame = Frame::strict(&arguments.iter().collect::<Vec<_>>(), rows);
    let digits = |digits: i64| u8::try_from(digits).unwrap_or(0);
    let results = frame.map2(arguments[0].f64s(), arguments[1].i64s(), |value, to| {
        canonical(decimal::round_f64(value, digits(to)))
    });
    frame.finish(Type::Float64, Data::F64(results))
}

/// `div(x, y, scale)`: the exact quotient with the scale of the result, half even; null by zero.
fn decimal_quotient<'a>(ty: Type, arguments: &[Operand<'_>], rows: usize) -> Operand<'a> {
    let [left, right, ..] = arguments else {
        return super::null_operand(ty);
    };
    let Type::Decimal { precision, scale } = ty else {
        return super::null_operand(ty);
    };
    let mut frame = Frame::strict(&arguments.iter().collect::<Vec<_>>(), rows);
    let (ls, rs) = (left.ty().scale(), right.ty().scale());
    let (left, right) = (decimals_of(left), decimals_of(right));
    let results = frame.map2_checked(left.i128s(), right.i128s(), |a, b| {
        if b == 0 {
            (0, Tag::NULL)
        } else {
            or_overflow(decimal::divide((a, ls), (b, rs), precision, scale))
        }
    });
    frame.finish(ty, Data::I128(results))
}
