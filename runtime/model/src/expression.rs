//! Expressions: one row, one value at a time, numbers as big integers. It shares with the evaluator of the kernels, which
//! is tested against it, only the conversion of exact quotients to floats ([`featr_kernels::ratio`]), the text forms of
//! instants ([`featr_kernels::calendar`]) and of floats, and the pinned `libm`.

mod cast;
mod function;
mod list;
mod lookup;
mod pattern;

use featc_ir::{BinaryOp, ErrorCode, Expr, ExprKind, Type, UnaryOp};
use featr_kernels::Value;
use featr_kernels::ratio::big_ratio_to_f64;
use featr_kernels::value::float_order;
use num_bigint::BigInt;
use std::cmp::Ordering;

/// The value of the expression in a row, whose values the column ids number.
pub fn eval_row(expr: &Expr, row: &[Value]) -> Value {
    match &expr.kind {
        ExprKind::Column(id) => row[id.index()].clone(),
        ExprKind::Literal(literal) => Value::from_literal(literal),
        ExprKind::Unary(op, operand) => unary(*op, eval_row(operand, row)),
        ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
            connect(*op == BinaryOp::Or, eval_row(left, row), eval_row(right, row))
        }
        ExprKind::Binary(op, left, right) => {
            let values = [eval_row(left, row), eval_row(right, row)];
            invalid(&values).unwrap_or_else(|| binary(*op, expr.ty, (&values[0], left.ty), (&values[1], right.ty)))
        }
        ExprKind::Case { branches, otherwise } => {
            for (when, then) in branches {
                match eval_row(when, row) {
                    Value::Bool(true) => return cast::coerce(eval_row(then, row), then.ty, expr.ty),
                    Value::Error(code) => return Value::Error(code),
                    _ => {}
                }
            }
            otherwise.as_ref().map_or(Value::Null, |otherwise| {
                cast::coerce(eval_row(otherwise, row), otherwise.ty, expr.ty)
            })
        }
        ExprKind::Coalesce(items) => items
            .iter()
            .map(|item| cast::coerce(eval_row(item, row), item.ty, expr.ty))
            .find(|value| !value.is_null())
            .unwrap_or(Value::Null),
        ExprKind::Cast(operand) => cast::coerce(eval_row(operand, row), operand.ty, expr.ty),
        ExprKind::Call(called, arguments) => {
            let values: Vec<Value> = arguments.iter().map(|argument| eval_row(argument, row)).collect();
            let types: Vec<Type> = arguments.iter().map(|argument| argument.ty).collect();
            function::call(*called, expr.ty, &values, &types)
        }
        ExprKind::Lookup(lookup, operands) => {
            let operands: Vec<Value> = operands.iter().map(|operand| eval_row(operand, row)).collect();
            invalid(&operands).unwrap_or_else(|| lookup::value(lookup, &operands))
        }
    }
}

/// The leftmost error, else null if one is null.
fn invalid(values: &[Value]) -> Option<Value> {
    values
        .iter()
        .find(|value| value.as_error().is_some())
        .or_else(|| values.iter().find(|value| value.is_null()))
        .cloned()
}

fn overflow() -> Value {
    Value::Error(ErrorCode::Overflow)
}

fn unary(op: UnaryOp, value: Value) -> Value {
    if let Value::Error(_) = value {
        return value;
    }
    match (op, value) {
        (UnaryOp::IsNull, value) => Value::Bool(value.is_null()),
        (UnaryOp::IsNotNull, value) => Value::Bool(!value.is_null()),
        (UnaryOp::Not, Value::Bool(value)) => Value::Bool(!value),
        (UnaryOp::Negate, Value::Int64(value)) => value.checked_neg().map_or(overflow(), Value::Int64),
        (UnaryOp::Negate, Value::Duration(value)) => value.checked_neg().map_or(overflow(), Value::Duration),
        (UnaryOp::Negate, Value::Decimal(value)) => Value::Decimal(-value),
        (UnaryOp::Negate, Value::Float64(value)) => Value::float(-value),
        (UnaryOp::Not | UnaryOp::Negate, _) => Value::Null,
    }
}

fn connect(decisive: bool, left: Value, right: Value) -> Value {
    if left == Value::Bool(decisive) || right == Value::Bool(decisive) {
        return Value::Bool(decisive);
    }
    invalid(&[left, right]).unwrap_or(Value::Bool(!decisive))
}

/// A number as `units`·10^-`scale`, exactly; floats have none.
struct Exact {
    units: BigInt,
    scale: u32,
}

fn power_of_ten(exponent: u32) -> BigInt {
    (0..exponent).fold(BigInt::from(1), |power, _| power * 10)
}

impl Exact {
    fn of(value: &Value, ty: Type) -> Exact {
        let scale = u32::from(ty.scale());
        let units = match value {
            Value::Int64(value) | Value::Timestamp(value) | Value::Duration(value) => BigInt::from(*value),
            Value::Date(value) => BigInt::from(*value),
            Value::Decimal(value) => BigInt::from(*value),
            Value::Bool(value) => BigInt::from(u8::from(*value)),
            Value::Null | Value::Error(_) | Value::Float64(_) | Value::String(_) | Value::List(_) => BigInt::from(0),
        };
        Exact { units, scale }
    }

    /// The units of both at one scale.
    fn align(left: &Exact, right: &Exact) -> (BigInt, BigInt, u32) {
        let scale = left.scale.max(right.scale);
        (
            &left.units * power_of_ten(scale - left.scale),
            &right.units * power_of_ten(scale - right.scale),
            scale,
        )
    }

    /// As a value of an integer, instant or decimal type; `None` when it does not fit.
    fn into_value(self, ty: Type) -> Option<Value> {
        match ty {
            Type::Int64 => i64::try_from(self.units).ok().map(Value::Int64),
            Type::Timestamp => i64::try_from(self.units).ok().map(Value::Timestamp),
            Type::Duration => i64::try_from(self.units).ok().map(Value::Duration),
            Type::Decimal { precision, scale } => {
                let num = self.units * power_of_ten(u32::from(scale));
                decimal_value(round_half_even(&num, &power_of_ten(self.scale)), precision)
            }
            Type::Bool | Type::Float64 | Type::String | Type::Date | Type::List(_) => None,
        }
    }
}

fn decimal_value(units: BigInt, precision: u8) -> Option<Value> {
    let limit = power_of_ten(u32::from(precision));
    if units >= limit || units <= -limit {
        return None;
    }
    i128::try_from(units).ok().map(Value::Decimal)
}

/// The integer nearest to num/den, the even one of two; `den` is not 0.
fn round_half_even(num: &BigInt, den: &BigInt) -> BigInt {
    let zero = BigInt::from(0);
    let (num, den) = if *den < zero {
        (-num, -den)
    } else {
        (num.clone(), den.clone())
    };
    let mut floor = &num / &den;
    if &floor * &den > num {
        floor -= 1;
    }
    let twice: BigInt = (&num - &floor * &den) * 2;
    match twice.cmp(&den) {
        Ordering::Less => floor,
        Ordering::Greater => floor + 1,
        Ordering::Equal if &floor % 2 == zero => floor,
        Ordering::Equal => floor + 1,
    }
}

fn as_float(value: &Value, ty: Type) -> f64 {
    if let Value::Float64(value) = value {
        return *value;
    }
    let exact = Exact::of(value, ty);
    big_ratio_to_f64(&exact.units, &power_of_ten(exact.scale))
}

/// Operators with valid operands.
fn binary(op: BinaryOp, ty: Type, left: (&Value, Type), right: (&Value, Type)) -> Value {
    match op {
        BinaryOp::Equal => Value::Bool(order(left, right).is_eq()),
        BinaryOp::NotEqual => Value::Bool(order(left, right).is_ne()),
        BinaryOp::Less => Value::Bool(order(left, right).is_lt()),
        BinaryOp::LessOrEqual => Value::Bool(order(left, right).is_le()),
        BinaryOp::Greater => Value::Bool(order(left, right).is_gt()),
        BinaryOp::GreaterOrEqual => Value::Bool(order(left, right).is_ge()),
        BinaryOp::Divide => divide(left, right),
        BinaryOp::And | BinaryOp::Or => Value::Null, // not here
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Quotient | BinaryOp::Remainder => {
            if ty == Type::Float64 {
                let (a, b) = (as_float(left.0, left.1), as_float(right.0, right.1));
                return Value::float(match op {
                    BinaryOp::Subtract => a - b,
                    BinaryOp::Multiply => a * b,
                    _ => a + b,
                });
            }
            exact_arithmetic(op, ty, left, right)
        }
    }
}

fn exact_arithmetic(op: BinaryOp, ty: Type, left: (&Value, Type), right: (&Value, Type)) -> Value {
    let (a, b) = (Exact::of(left.0, left.1), Exact::of(right.0, right.1));
    let (x, y, scale) = Exact::align(&a, &b);
    let zero = BigInt::from(0);
    let result = match op {
        BinaryOp::Add => Exact { units: x + y, scale },
        BinaryOp::Multiply => Exact {
            units: a.units * b.units,
            scale: a.scale + b.scale,
        },
        BinaryOp::Quotient | BinaryOp::Remainder => {
            if y == zero {
                return Value::Null;
            }
            // 0 ≤ remainder < |y|
            let size = if y < zero { -&y } else { y.clone() };
            let remainder = ((&x % &size) + &size) % &size;
            let units = if op == BinaryOp::Remainder {
                remainder
            } else {
                (x - remainder) / y
            };
            Exact { units, scale }
        }
        _ if left.1 == Type::Date => Exact {
            units: (x - y) * 86_400_000_000i64,
            scale,
        },
        _ => Exact { units: x - y, scale },
    };
    result.into_value(ty).unwrap_or_else(overflow)
}

fn divide(left: (&Value, Type), right: (&Value, Type)) -> Value {
    if left.1 == Type::Float64 || right.1 == Type::Float64 {
        return Value::float(as_float(left.0, left.1) / as_float(right.0, right.1));
    }
    let (num, den, _) = Exact::align(&Exact::of(left.0, left.1), &Exact::of(right.0, right.1));
    if den == BigInt::from(0) {
        Value::Null
    } else {
        Value::float(big_ratio_to_f64(&num, &den))
    }
}

/// The order of two valid values.
fn order((left, left_ty): (&Value, Type), (right, right_ty): (&Value, Type)) -> Ordering {
    if left_ty == Type::Float64 || right_ty == Type::Float64 {
        float_order(as_float(left, left_ty), as_float(right, right_ty))
    } else if left_ty.is_numeric() {
        let (x, y, _) = Exact::align(&Exact::of(left, left_ty), &Exact::of(right, right_ty));
        x.cmp(&y)
    } else {
        left.compare(right)
    }
}
