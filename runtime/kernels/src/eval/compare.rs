//! Comparisons and three-valued logic.

use super::cast::floats_of;
use super::operand::{Frame, Operand, Side};
use crate::column::{Data, Tag};
use crate::decimal;
use crate::value::float_order;
use featc_ir::{BinaryOp, Type, UnaryOp};
use std::cmp::Ordering;

/// The comparison operators.
pub fn compare<'a>(op: BinaryOp, left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Operand<'a> {
    let frame = Frame::strict(&[left, right], rows);
    let results = match (&left.column.data, &right.column.data) {
        (Data::Bool(_), Data::Bool(_)) => ordered(op, &frame, left.bools(), right.bools()),
        (Data::I64(_), Data::I64(_)) => ordered(op, &frame, left.i64s(), right.i64s()),
        (Data::Str(_), Data::Str(_)) => {
            let (a, b) = (left.texts(), right.texts());
            (0..frame.rows)
                .map(|row| holds(op, a.bytes(row).cmp(b.bytes(row))))
                .collect()
        }
        (Data::F64(_), _) | (_, Data::F64(_)) => floats(op, &frame, floats_of(left).f64s(), floats_of(right).f64s()),
        (Data::I128(_), _) | (_, Data::I128(_)) => decimals(op, &frame, left, right),
        (Data::Bool(_) | Data::I64(_) | Data::Str(_), _) => vec![false; frame.rows],
    };
    frame.finish(Type::Bool, Data::Bool(results))
}

fn decimals(op: BinaryOp, frame: &Frame, left: &Operand<'_>, right: &Operand<'_>) -> Vec<bool> {
    let (ls, rs) = (left.ty().scale(), right.ty().scale());
    let (left, right) = (super::cast::decimals_of(left), super::cast::decimals_of(right));
    let (a, b) = (left.i128s(), right.i128s());
    if ls == rs {
        return ordered(op, frame, a, b);
    }
    frame.map2(a, b, |a, b| holds(op, decimal::compare(a, ls, b, rs)))
}

fn ordered<T: Copy + Ord>(op: BinaryOp, frame: &Frame, left: Side<'_, T>, right: Side<'_, T>) -> Vec<bool> {
    match op {
        BinaryOp::Equal => frame.map2(left, right, |a, b| a == b),
        BinaryOp::NotEqual => frame.map2(left, right, |a, b| a != b),
        BinaryOp::Less => frame.map2(left, right, |a, b| a < b),
        BinaryOp::LessOrEqual => frame.map2(left, right, |a, b| a <= b),
        BinaryOp::Greater => frame.map2(left, right, |a, b| a > b),
        BinaryOp::GreaterOrEqual => frame.map2(left, right, |a, b| a >= b),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Quotient
        | BinaryOp::Remainder
        | BinaryOp::And
        | BinaryOp::Or => vec![false; frame.rows],
    }
}

/// By bits of canonical floats for equality; NaN is greatest otherwise.
fn floats(op: BinaryOp, frame: &Frame, left: Side<'_, f64>, right: Side<'_, f64>) -> Vec<bool> {
    match op {
        BinaryOp::Equal => frame.map2(left, right, |a, b| a == b || (a.is_nan() && b.is_nan())),
        BinaryOp::NotEqual => frame.map2(left, right, |a, b| a != b && !(a.is_nan() && b.is_nan())),
        BinaryOp::Less => frame.map2(left, right, |a, b| a < b || (b.is_nan() && !a.is_nan())),
        BinaryOp::LessOrEqual => frame.map2(left, right, |a, b| a <= b || b.is_nan()),
        BinaryOp::Greater => frame.map2(left, right, |a, b| a > b || (a.is_nan() && !b.is_nan())),
        BinaryOp::GreaterOrEqual => frame.map2(left, right, |a, b| a >= b || a.is_nan()),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Quotient
        | BinaryOp::Remainder
        | BinaryOp::And
        | BinaryOp::Or => frame.map2(left, right, |a, b| holds(op, float_order(a, b))),
    }
}

/// Whether the comparison holds for operands in that order.
#[inline]
pub fn holds(op: BinaryOp, order: Ordering) -> bool {
    match op {
        BinaryOp::Equal => order.is_eq(),
        BinaryOp::NotEqual => order.is_ne(),
        BinaryOp::Less => order.is_lt(),
        BinaryOp::LessOrEqual => order.is_le(),
        BinaryOp::Greater => order.is_gt(),
        BinaryOp::GreaterOrEqual => order.is_ge(),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Quotient
        | BinaryOp::Remainder
        | BinaryOp::And
        | BinaryOp::Or => false,
    }
}

/// `and` (`decisive` = false) and `or` (`decisive` = true): a valid decisive operand, left or right, decides whatever
/// the other is; otherwise the leftmost error, else null if one is null, else not decisive.
pub fn connect<'a>(decisive: bool, left: &Operand<'_>, right: &Operand<'_>, rows: usize) -> Operand<'a> {
    let mut frame = Frame::of(&[left, right], rows);
    let (a, b) = (left.bools(), right.bools());
    if left.column.tags.is_none() && right.column.tags.is_none() {
        let results = if decisive {
            frame.map2(a, b, |a, b| a | b)
        } else {
            frame.map2(a, b, |a, b| a & b)
        };
        return frame.finish(Type::Bool, Data::Bool(results));
    }
    let mut tags = Vec::with_capacity(frame.rows);
    let results = (0..frame.rows)
        .map(|row| {
            let (left_tag, right_tag) = (left.tag(row), right.tag(row));
            let decided =
                (left_tag == Tag::VALID && a.at(row) == decisive) || (right_tag == Tag::VALID && b.at(row) == decisive);
            tags.push(if decided {
                Tag::VALID
            } else {
                Tag::merge(left_tag, right_tag)
            });
            decided == decisive
        })
        .collect();
    frame.tags = Some(tags);
    frame.finish(Type::Bool, Data::Bool(results))
}

/// `not`, `is null` and `is not null`; an error stays an error.
pub fn unary_logic<'a>(op: UnaryOp, operand: &Operand<'_>, rows: usize) -> Operand<'a> {
    if matches!(op, UnaryOp::Not | UnaryOp::Negate) {
        let frame = Frame::strict(&[operand], rows);
        let results = frame.map(operand.bools(), |value| !value);
        return frame.finish(Type::Bool, Data::Bool(results));
    }
    let mut frame = Frame::strict(&[operand], rows);
    let of_null = op == UnaryOp::IsNull;
    let results = (0..frame.rows)
        .map(|row| (operand.tag(row) == Tag::NULL) == of_null)
        .collect();
    if let Some(tags) = &mut frame.tags {
        tags.iter_mut()
            .filter(|tag| **tag == Tag::NULL)
            .for_each(|tag| *tag = Tag::VALID);
    }
    frame.finish(Type::Bool, Data::Bool(results))
}
