//! What operators give, and why they give nothing. The table stands at [`featc_ir::BinaryOp`].

use crate::errors::OperandHelp;
use featc_ir::typing::decimal_width;
use featc_ir::{BinaryOp, Expr, ExprKind, Type};

/// What the table says about two types.
pub(super) enum Rule {
    Gives(Type),
    /// A decimal with this many digits, and after the point.
    TooWide(u32, u32),
    /// Numbers of different types: convert the left or the right one to the type.
    Mixed {
        convert_left: bool,
        to: Type,
    },
    Refused(OperandHelp),
}

/// What the table says about an operator and the types of its operands.
pub(super) fn rule(op: BinaryOp, left: Type, right: Type) -> Rule {
    if let Some(ty) = op.result(left, right) {
        return Rule::Gives(ty);
    }
    let is_list = |ty: Type| matches!(ty, Type::List(_));
    match op {
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Quotient
        | BinaryOp::Remainder
            if is_list(left) || is_list(right) =>
        {
            Rule::Refused(OperandHelp::ARITHMETIC_OF_LISTS)
        }
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply => no_sum_or_product(op, left, right),
        BinaryOp::Divide => no_quotient(left, right),
        BinaryOp::Quotient | BinaryOp::Remainder => Rule::Refused(OperandHelp::Takes("int64 and int64")),
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => Rule::Refused(OperandHelp::Takes("two of one type")),
        BinaryOp::And | BinaryOp::Or => Rule::Refused(OperandHelp::Takes("bool and bool")),
    }
}

/// Why there is no sum, difference or product of these.
fn no_sum_or_product(op: BinaryOp, left: Type, right: Type) -> Rule {
    let is_product = op == BinaryOp::Multiply;
    match (left, right) {
        (
            Type::Decimal {
                precision: p1,
                scale: s1,
            },
            Type::Decimal {
                precision: p2,
                scale: s2,
            },
        ) => {
            let (precision, scale) = decimal_width(is_product, (p1, s1), (p2, s2));
            Rule::TooWide(precision, scale)
        }
        (Type::Int64 | Type::Float64 | Type::Decimal { .. }, Type::Int64 | Type::Float64 | Type::Decimal { .. }) => {
            let (convert_left, to) = conversion(left, right);
            Rule::Mixed { convert_left, to }
        }
        (Type::Int64, Type::Duration) if is_product => Rule::Refused(OperandHelp::OTHER_ORDER),
        (Type::Duration, Type::Timestamp) if op == BinaryOp::Add => Rule::Refused(OperandHelp::OTHER_ORDER),
        (Type::Date, Type::Duration | Type::Timestamp) | (Type::Timestamp | Type::Duration, Type::Date)
            if !is_product =>
        {
            Rule::Refused(OperandHelp::DATE_ARITHMETIC)
        }
        (Type::Timestamp | Type::Duration, Type::String) | (Type::String, Type::Timestamp | Type::Duration)
            if !is_product =>
        {
            Rule::Refused(OperandHelp::DURATION)
        }
        (Type::String, _) | (_, Type::String) if op == BinaryOp::Add => Rule::Refused(OperandHelp::CONCAT),
        (Type::Float64, Type::Duration) | (Type::Duration, Type::Float64) if is_product => {
            Rule::Refused(OperandHelp::DURATION_OF_FLOAT)
        }
        (Type::Int64 | Type::Float64 | Type::Decimal { .. }, Type::Duration)
        | (Type::Duration, Type::Int64 | Type::Float64 | Type::Decimal { .. })
            if !is_product =>
        {
            Rule::Refused(OperandHelp::NUMBER_AND_DURATION)
        }
        _ if is_product => Rule::Refused(OperandHelp::Takes(
            "two numbers of one type, or a duration and an int64",
        )),
        _ => Rule::Refused(OperandHelp::Takes(
            "two numbers of one type, two durations, or a timestamp and a duration",
        )),
    }
}

/// Why there is no quotient of these.
fn no_quotient(left: Type, right: Type) -> Rule {
    match (left, right) {
        (Type::Decimal { .. }, Type::Float64) | (Type::Float64, Type::Decimal { .. }) => {
            Rule::Refused(OperandHelp::DIVIDE_DECIMAL_BY_FLOAT)
        }
        (Type::Duration, Type::Int64 | Type::Float64 | Type::Decimal { .. }) => {
            Rule::Refused(OperandHelp::DURATION_BY_NUMBER)
        }
        (Type::Int64 | Type::Float64 | Type::Decimal { .. }, Type::Duration) => {
            Rule::Refused(OperandHelp::NUMBER_BY_DURATION)
        }
        _ => Rule::Refused(OperandHelp::Takes("two numbers, or two durations")),
    }
}

/// What is said of a duration that is divided by a number, which as a number of seconds may be a unit.
pub(super) fn divided_by(number: &str) -> OperandHelp {
    match number.trim_end_matches(".0") {
        "60" => OperandHelp::Do(
            "to count it in minutes write `minutes(…)` of the duration, without the division; else divide a number, such as `seconds(…)` of it",
        ),
        "3600" => OperandHelp::Do(
            "to count it in hours write `hours(…)` of the duration, without the division; else divide a number, such as `seconds(…)` of it",
        ),
        "86400" => OperandHelp::Do(
            "to count it in days write `days(…)` of the duration, without the division; else divide a number, such as `seconds(…)` of it",
        ),
        _ => OperandHelp::DURATION_BY_NUMBER,
    }
}

/// Which of two numbers of different types is best converted, and to what.
pub(super) fn conversion(left: Type, right: Type) -> (bool, Type) {
    match (left, right) {
        (Type::Int64, Type::Decimal { .. }) => (
            true,
            Type::Decimal {
                precision: 19,
                scale: 0,
            },
        ),
        (_, Type::Int64) if matches!(left, Type::Decimal { .. }) => (
            false,
            Type::Decimal {
                precision: 19,
                scale: 0,
            },
        ),
        (_, Type::Float64) => (true, Type::Float64),
        _ => (false, Type::Float64),
    }
}

/// Operators that take a duration on one side only have it there; a literal on the wrong side changes places, which
/// nothing can observe.
pub(super) fn in_order(op: BinaryOp, left: Expr, right: Expr) -> (Expr, Expr) {
    let swaps = match (op, left.ty, right.ty) {
        (BinaryOp::Multiply, Type::Int64, Type::Duration) | (BinaryOp::Add, Type::Duration, Type::Timestamp) => {
            matches!(left.kind, ExprKind::Literal(_)) || matches!(right.kind, ExprKind::Literal(_))
        }
        _ => false,
    };
    if swaps { (right, left) } else { (left, right) }
}
