//! Calls of scalar functions. What each function means stands at [`featc_ir::Function`].

use super::operator::NARROW;
use super::{Refused, Typed, Typer, Value};
use crate::errors::types::{DecimalTooWide, NotALiteral, WrongArgumentCount, WrongArgumentType};
use crate::res;
use featc_ir::typing::round_precision;
use featc_ir::{Expr, ExprKind, Function, Literal, Type};
use featc_syntax::diag::Span;

/// What an argument may be.
#[derive(Clone, Copy)]
struct Accepts {
    /// The first is the type of a null.
    types: &'static [Type],
    any_decimal: bool,
}

const fn accepts(types: &'static [Type]) -> Accepts {
    Accepts {
        types,
        any_decimal: false,
    }
}

const STRING: Accepts = accepts(&[Type::String]);
const INT: Accepts = accepts(&[Type::Int64]);
const FLOAT: Accepts = accepts(&[Type::Float64]);
const DURATION: Accepts = accepts(&[Type::Duration]);
const TIMESTAMP: Accepts = accepts(&[Type::Timestamp]);
const DAY: Accepts = accepts(&[Type::Timestamp, Type::Date]);
const SIGNED: Accepts = Accepts {
    types: &[Type::Int64, Type::Float64, Type::Duration],
    any_decimal: true,
};
const FRACTIONAL: Accepts = Accepts {
    types: &[Type::Float64],
    any_decimal: true,
};
const EXACT: Accepts = Accepts {
    types: &[Type::Int64],
    any_decimal: true,
};

/// How a function is written: the help of every message about its arguments.
fn usage(function: Function) -> &'static str {
    match function {
        Function::Abs => "abs(int64, float64, decimal or duration)",
        Function::Round => "round(decimal, digits)` or `round(float64)",
        Function::Floor => "floor(float64 or decimal)",
        Function::Ceil => "ceil(float64 or decimal)",
        Function::Sqrt => "sqrt(float64)",
        Function::Ln => "ln(float64)",
        Function::Log10 => "log10(float64)",
        Function::Exp => "exp(float64)",
        Function::Pow => "pow(float64, float64)",
        Function::Least => "least(a, b, …)",
        Function::Greatest => "greatest(a, b, …)",
        Function::NullIf => "nullif(a, b)",
        Function::Div => "div(int64 or decimal, int64 or decimal, digits)",
        Function::Lower => "lower(string)",
        Function::Upper => "upper(string)",
        Function::Trim => "trim(string)",
        Function::Length => "length(string)",
        Function::Concat => "concat(string, string, …)",
        Function::Substring => "substring(string, start as int64, length as int64)",
        Function::StartsWith => "starts_with(string, string)",
        Function::EndsWith => "ends_with(string, string)",
        Function::Contains => "contains(string, string)",
        Function::Replace => "replace(string, string, string)",
        Function::Milliseconds => "milliseconds(duration)",
        Function::Seconds => "seconds(duration)",
        Function::Minutes => "minutes(duration)",
        Function::Hours => "hours(duration)",
        Function::Days => "days(duration)",
        Function::Year => "year(timestamp or date)",
        Function::Month => "month(timestamp or date)",
        Function::DayOfMonth => "day_of_month(timestamp or date)",
        Function::DayOfWeek => "day_of_week(timestamp or date)",
        Function::DayOfYear => "day_of_year(timestamp or date)",
        Function::Hour => "hour(timestamp)",
        Function::Minute => "minute(timestamp)",
        Function::DateOf => "date(timestamp)",
        Function::Truncate => "truncate(timestamp, 1h)",
    }
}

/// How the arguments of a function are typed.
enum Signature {
    /// One entry per argument, and the type of the result.
    Fixed(&'static [Accepts], Type),
    /// One argument; the result has its type.
    Same(Accepts),
    /// At least this many and at most that many of one type, which is the result's.
    Alike(usize, usize),
    /// Two or more strings.
    Strings,
    /// `floor`, `ceil`: a decimal loses its digits behind the point.
    Whole,
    Round,
    Div,
    Truncate,
}

fn signature(function: Function) -> Signature {
    match function {
        Function::Abs => Signature::Same(SIGNED),
        Function::Round => Signature::Round,
        Function::Floor | Function::Ceil => Signature::Whole,
        Function::Sqrt | Function::Ln | Function::Log10 | Function::Exp => Signature::Fixed(&[FLOAT], Type::Float64),
        Function::Pow => Signature::Fixed(&[FLOAT, FLOAT], Type::Float64),
        Function::Least | Function::Greatest => Signature::Alike(2, usize::MAX),
        Function::NullIf => Signature::Alike(2, 2),
        Function::Div => Signature::Div,
        Function::Lower | Function::Upper | Function::Trim => Signature::Fixed(&[STRING], Type::String),
        Function::Length => Signature::Fixed(&[STRING], Type::Int64),
        Function::Concat => Signature::Strings,
        Function::Substring => Signature::Fixed(&[STRING, INT, INT], Type::String),
        Function::StartsWith | Function::EndsWith | Function::Contains => {
            Signature::Fixed(&[STRING, STRING], Type::Bool)
        }
        Function::Replace => Signature::Fixed(&[STRING, STRING, STRING], Type::String),
        Function::Milliseconds | Function::Seconds | Function::Minutes | Function::Hours | Function::Days => {
            Signature::Fixed(&[DURATION], Type::Float64)
        }
        Function::Year | Function::Month | Function::DayOfMonth | Function::DayOfWeek | Function::DayOfYear => {
            Signature::Fixed(&[DAY], Type::Int64)
        }
        Function::Hour | Function::Minute => Signature::Fixed(&[TIMESTAMP], Type::Int64),
        Function::DateOf => Signature::Fixed(&[TIMESTAMP], Type::Date),
        Function::Truncate => Signature::Truncate,
    }
}

impl Typer<'_> {
    pub(super) fn call(&mut self, function: Function, arguments: &[res::Expr], at: Span) -> Option<Expr> {
        let count = arguments.len();
        let fits = match signature(function) {
            Signature::Fixed(wanted, _) => count == wanted.len(),
            Signature::Same(_) | Signature::Whole => count == 1,
            Signature::Alike(least, most) => (least..=most).contains(&count),
            Signature::Strings => count >= 2,
            Signature::Round => (1..=2).contains(&count),
            Signature::Div => count == 3,
            Signature::Truncate => count == 2,
        };
        let typed: Vec<Typed> = arguments.iter().map(|argument| self.infer(argument)).collect();
        if !fits {
            self.wrong_count(function, count, at);
            return None;
        }
        let (arguments, ty) = match signature(function) {
            Signature::Fixed(wanted, ty) => {
                let pairs = typed.into_iter().zip(wanted);
                let checked: Vec<_> = pairs
                    .map(|(typed, wanted)| self.argument(function, typed, *wanted))
                    .collect();
                (checked.into_iter().collect::<Option<Vec<_>>>()?, ty)
            }
            Signature::Same(wanted) => self.one(function, typed, wanted)?,
            Signature::Alike(..) => self.unify(typed, function.name(), at)?,
            Signature::Strings => {
                let checked: Vec<_> = typed
                    .into_iter()
                    .map(|typed| self.argument(function, typed, STRING))
                    .collect();
                (checked.into_iter().collect::<Option<Vec<_>>>()?, Type::String)
            }
            Signature::Whole => {
                let (arguments, ty) = self.one(function, typed, FRACTIONAL)?;
                let ty = if let Type::Decimal { precision, .. } = ty {
                    Type::Decimal { precision, scale: 0 }
                } else {
                    ty
                };
                (arguments, ty)
            }
            Signature::Round => self.round(typed, at)?,
            Signature::Div => self.div(typed)?,
            Signature::Truncate => self.truncate(typed)?,
        };
        Some(Expr::new(ExprKind::Call(function, arguments), ty))
    }

    fn wrong_count(&mut self, function: Function, found: usize, at: Span) {
        let error = WrongArgumentCount {
            name: function.name(),
            usage: usage(function),
            found,
            at,
        };
        self.complaints.push(error.report());
    }

    fn wrong_type(&mut self, function: Function, ty: Type, at: Span) {
        let error = WrongArgumentType {
            name: function.name(),
            usage: usage(function),
            ty,
            at,
        };
        self.complaints.push(error.report());
    }

    fn one(&mut self, function: Function, typed: Vec<Typed>, wanted: Accepts) -> Option<(Vec<Expr>, Type)> {
        let argument = self.argument(function, typed.into_iter().next()?, wanted)?;
        let ty = argument.ty;
        Some((vec![argument], ty))
    }

    fn argument(&mut self, function: Function, typed: Typed, wanted: Accepts) -> Option<Expr> {
        let at = typed.span;
        let result = match &typed.value {
            Value::Known(expr) if wanted.any_decimal && matches!(expr.ty, Type::Decimal { .. }) => {
                return self.known(typed);
            }
            Value::Known(expr) if wanted.types.contains(&expr.ty) => return self.known(typed),
            Value::Known(expr) => Err(Refused::Mismatch(expr.ty)),
            Value::Number(number) => {
                let fitting = [number.default_type(), Type::Float64]
                    .into_iter()
                    .find(|ty| wanted.types.contains(ty));
                match fitting {
                    Some(ty) => self.adapt(typed, ty),
                    None if wanted.any_decimal => {
                        let number = number.clone();
                        return self.natural_decimal(&number, at);
                    }
                    None => Err(Refused::Mismatch(number.default_type())),
                }
            }
            Value::Null | Value::Poison => {
                let ty = wanted.types.first().copied()?;
                self.adapt(typed, ty)
            }
        };
        match result {
            Ok(expr) => Some(expr),
            Err(Refused::Mismatch(ty)) => {
                self.wrong_type(function, ty, at);
                None
            }
            Err(Refused::Reported) => None,
        }
    }

    /// `round(x)` of float64, `round(x, digits)` of decimal.
    fn round(&mut self, mut typed: Vec<Typed>, at: Span) -> Option<(Vec<Expr>, Type)> {
        let function = Function::Round;
        if typed.len() == 1 {
            return self.one(function, typed, FLOAT);
        }
        let (digits, value) = (typed.pop()?, typed.pop()?);
        let value_at = value.span;
        let text = self.text(value_at).to_owned();
        let value = match &value.value {
            Value::Number(number) => {
                let number = number.clone();
                self.natural_decimal(&number, value_at)
            }
            Value::Known(_) | Value::Null | Value::Poison => self.known(value),
        };
        let scale = self.digits(function, digits);
        let (value, scale) = value.zip(scale)?;
        let Type::Decimal { precision, scale: from } = value.ty else {
            let converted = format!("round(cast({text} as decimal(28, {})), {scale})", scale.max(6));
            let is_float = value.ty == Type::Float64;
            let usage = if is_float { &converted } else { usage(function) };
            let error = WrongArgumentType {
                name: function.name(),
                usage,
                ty: value.ty,
                at: value_at,
            };
            self.complaints.push(error.report());
            return None;
        };
        let wide = round_precision(precision, from, scale);
        let Some(precision) = u8::try_from(wide).ok().filter(|precision| *precision <= 38) else {
            let operands = [(value.ty, value_at)];
            let narrowed = (u32::from(scale) < 38 - u32::from(NARROW) && from < NARROW)
                .then(|| format!("round(cast({text} as decimal({NARROW}, {from})), {scale})"));
            let (precision, scale) = (wide, u32::from(scale));
            self.complaints.push(
                DecimalTooWide {
                    what: "round",
                    precision,
                    scale,
                    operands: &operands,
                    at,
                    narrowed: narrowed.as_deref(),
                }
                .report(),
            );
            return None;
        };
        let literal = Expr::new(ExprKind::Literal(Literal::Int64(i64::from(scale))), Type::Int64);
        Some((vec![value, literal], Type::Decimal { precision, scale }))
    }

    fn div(&mut self, mut typed: Vec<Typed>) -> Option<(Vec<Expr>, Type)> {
        let function = Function::Div;
        let (digits, divisor, dividend) = (typed.pop()?, typed.pop()?, typed.pop()?);
        let dividend = self.argument(function, dividend, EXACT);
        let divisor = self.argument(function, divisor, EXACT);
        let scale = self.digits(function, digits);
        let ((dividend, divisor), scale) = dividend.zip(divisor).zip(scale)?;
        let literal = Expr::new(ExprKind::Literal(Literal::Int64(i64::from(scale))), Type::Int64);
        Some((vec![dividend, divisor, literal], Type::Decimal { precision: 38, scale }))
    }

    /// The number of digits behind the point, as a literal.
    fn digits(&mut self, function: Function, typed: Typed) -> Option<u8> {
        let at = typed.span;
        let digits = match &typed.value {
            Value::Number(number) => match number.in_type(Type::Int64) {
                Some(Literal::Int64(digits)) => u8::try_from(digits).ok().filter(|digits| *digits <= 38),
                Some(_) | None => None,
            },
            Value::Poison => return None,
            Value::Known(_) | Value::Null => None,
        };
        if digits.is_none() {
            let wanted = "a whole number from 0 to 38";
            self.complaints.push(
                NotALiteral {
                    name: function.name(),
                    wanted,
                    example: "2",
                    at,
                }
                .report(),
            );
        }
        digits
    }

    fn truncate(&mut self, mut typed: Vec<Typed>) -> Option<(Vec<Expr>, Type)> {
        let function = Function::Truncate;
        let (unit, instant) = (typed.pop()?, typed.pop()?);
        let instant = self.argument(function, instant, TIMESTAMP);
        let at = unit.span;
        let unit = match unit.value {
            Value::Known(expr) if matches!(expr.kind, ExprKind::Literal(Literal::Duration(us)) if us > 0) => expr,
            Value::Poison => return None,
            Value::Known(_) | Value::Number(_) | Value::Null => {
                let wanted = "a positive duration";
                self.complaints.push(
                    NotALiteral {
                        name: function.name(),
                        wanted,
                        example: "1h",
                        at,
                    }
                    .report(),
                );
                return None;
            }
        };
        Some((vec![instant?, unit], Type::Timestamp))
    }
}
