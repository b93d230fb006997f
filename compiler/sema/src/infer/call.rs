//! Calls of scalar functions. What each function means stands at [`featc_ir::Function`].

use super::operator::NARROW;
use super::{Refused, Typed, Typer, Value};
use crate::errors;
use crate::res;
use featc_ir::function::{Accepts, PATTERN_BYTES_MAX, Signature};
use featc_ir::typing::round_precision;
use featc_ir::{Expr, ExprKind, Function, Literal, Type};
use featc_syntax::diag::Span;

impl Typer<'_> {
    pub(super) fn call(&mut self, function: Function, arguments: &[res::Expr], at: Span) -> Option<Expr> {
        let count = arguments.len();
        let fits = match function.row().signature {
            Signature::Fixed(wanted, _) => count == wanted.len(),
            Signature::Same(_) | Signature::Whole => count == 1,
            Signature::Clock(..) => (1..=2).contains(&count),
            Signature::Alike(least, most) => (least..=most).contains(&count),
            Signature::Strings => count >= 2,
            Signature::Round => (1..=2).contains(&count),
            Signature::Div => count == 3,
            Signature::Truncate | Signature::Pattern(_) | Signature::Item | Signature::Contains => count == 2,
        };
        let typed: Vec<Typed> = arguments.iter().map(|argument| self.infer(argument)).collect();
        if !fits {
            self.wrong_count(function, count, at);
            return None;
        }
        let (arguments, ty) = match function.row().signature {
            Signature::Fixed(wanted, ty) => {
                let pairs = typed.into_iter().zip(wanted);
                let checked: Vec<_> = pairs
                    .map(|(typed, wanted)| self.argument(function, typed, *wanted))
                    .collect();
                let checked = checked.into_iter().collect::<Option<Vec<_>>>()?;
                let is_zero = |one: &Expr| one.kind == ExprKind::Literal(Literal::Int64(0));
                if function == Function::Substring && checked.get(1).is_some_and(is_zero) {
                    let start = arguments.get(1).map_or(at, |start| start.span);
                    self.complaints.push(errors::letter_before_the_first(start));
                    return None;
                }
                (checked, ty)
            }
            Signature::Same(wanted) => self.one(function, typed, wanted)?,
            Signature::Clock(wanted, ty) => (self.clock(function, typed, wanted)?, ty),
            Signature::Alike(..) => {
                let first_at = typed.first()?.span;
                let (arguments, ty) = self.unify(typed, function.name(), at)?;
                if ty.is_list() {
                    self.wrong_type(function, ty, first_at);
                    return None;
                }
                (arguments, ty)
            }
            Signature::Strings => {
                let checked: Vec<_> = typed
                    .into_iter()
                    .map(|typed| self.argument(function, typed, Accepts::STRING))
                    .collect();
                (checked.into_iter().collect::<Option<Vec<_>>>()?, Type::String)
            }
            Signature::Whole => {
                let (arguments, ty) = self.one(function, typed, Accepts::FRACTIONAL)?;
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
            Signature::Pattern(ty) => (self.pattern(function, typed)?, ty),
            Signature::Item => self.item(typed)?,
            Signature::Contains => (self.contains(typed)?, Type::Bool),
        };
        Some(Expr::new(ExprKind::Call(function, arguments), ty))
    }

    fn wrong_count(&mut self, function: Function, found: usize, at: Span) {
        self.complaints.push(errors::wrong_argument_count(
            function.name(),
            function.row().usage,
            found,
            at,
        ));
    }

    fn wrong_type(&mut self, function: Function, ty: Type, at: Span) {
        self.complaints.push(errors::wrong_argument_type(
            function.name(),
            function.row().usage,
            ty,
            at,
        ));
    }

    fn one(&mut self, function: Function, typed: Vec<Typed>, wanted: Accepts) -> Option<(Vec<Expr>, Type)> {
        let argument = self.argument(function, typed.into_iter().next()?, wanted)?;
        let ty = argument.ty;
        Some((vec![argument], ty))
    }

    fn argument(&mut self, function: Function, typed: Typed, wanted: Accepts) -> Option<Expr> {
        let at = typed.span;
        let result = match &typed.value {
            Value::Known(expr) if wanted.takes(expr.ty) => return self.known(typed),
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

    /// `round(x)` of float64, `round(x, digits)` of float64 and decimal.
    fn round(&mut self, mut typed: Vec<Typed>, at: Span) -> Option<(Vec<Expr>, Type)> {
        let function = Function::Round;
        if typed.len() == 1 {
            return self.one(function, typed, Accepts::FLOAT);
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
            if value.ty == Type::Float64 {
                return Some((vec![value, digits_literal(scale)], Type::Float64));
            }
            let usage = function.row().usage;
            self.complaints
                .push(errors::wrong_argument_type(function.name(), usage, value.ty, value_at));
            return None;
        };
        let wide = round_precision(precision, from, scale);
        let Some(precision) = u8::try_from(wide).ok().filter(|precision| *precision <= 38) else {
            let operands = [(value.ty, value_at)];
            let narrowed = (u32::from(scale) < 38 - u32::from(NARROW) && from < NARROW)
                .then(|| format!("round(cast({text} as decimal({NARROW}, {from})), {scale})"));
            let (precision, scale) = (wide, u32::from(scale));
            self.complaints.push(errors::decimal_too_wide(
                "round",
                at,
                precision,
                scale,
                &operands,
                narrowed.as_deref(),
            ));
            return None;
        };
        Some((vec![value, digits_literal(scale)], Type::Decimal { precision, scale }))
    }

    fn div(&mut self, mut typed: Vec<Typed>) -> Option<(Vec<Expr>, Type)> {
        let function = Function::Div;
        let (digits, divisor, dividend) = (typed.pop()?, typed.pop()?, typed.pop()?);
        let dividend = self.argument(function, dividend, Accepts::EXACT);
        let divisor = self.argument(function, divisor, Accepts::EXACT);
        let scale = self.digits(function, digits);
        let ((dividend, divisor), scale) = dividend.zip(divisor).zip(scale)?;
        Some((
            vec![dividend, divisor, digits_literal(scale)],
            Type::Decimal { precision: 38, scale },
        ))
    }

    /// The number of digits after the point, as a literal.
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
            self.complaints
                .push(errors::not_a_literal(function.name(), wanted, "2", at));
        }
        digits
    }

    fn truncate(&mut self, mut typed: Vec<Typed>) -> Option<(Vec<Expr>, Type)> {
        let function = Function::Truncate;
        let (unit, instant) = (typed.pop()?, typed.pop()?);
        let instant = self.argument(function, instant, Accepts::TIMESTAMP);
        let at = unit.span;
        let unit = match unit.value {
            Value::Known(expr) if matches!(expr.kind, ExprKind::Literal(Literal::Duration(us)) if us > 0) => expr,
            Value::Poison => return None,
            Value::Known(_) | Value::Number(_) | Value::Null => {
                let wanted = "a positive duration";
                self.complaints
                    .push(errors::not_a_literal(function.name(), wanted, "1h", at));
                return None;
            }
        };
        Some((vec![instant?, unit], Type::Timestamp))
    }
}

impl Typer<'_> {
    /// What a part of the calendar is of; of an instant there may be a zone after it, which was checked.
    fn clock(&mut self, function: Function, mut typed: Vec<Typed>, wanted: Accepts) -> Option<Vec<Expr>> {
        let zone = (typed.len() == 2).then(|| typed.pop()).flatten();
        let wanted = if zone.is_some() { Accepts::TIMESTAMP } else { wanted };
        let of = self.argument(function, typed.pop()?, wanted)?;
        let Some(zone) = zone else { return Some(vec![of]) };
        Some(vec![of, self.known(zone)?])
    }

    /// A list, and which of its items.
    fn item(&mut self, mut typed: Vec<Typed>) -> Option<(Vec<Expr>, Type)> {
        let (index, list) = (typed.pop()?, typed.pop()?);
        let (list_at, index_at) = (list.span, index.span);
        let list = self.known(list);
        let index = self.argument(Function::Item, index, Accepts::INT);
        let (list, index) = list.zip(index)?;
        let Type::List(of) = list.ty else {
            self.complaints.push(errors::item_of_no_list(list.ty, list_at));
            return None;
        };
        if index.kind == ExprKind::Literal(Literal::Int64(0)) {
            self.complaints.push(errors::item_before_the_first(index_at));
            return None;
        }
        Some((vec![list, index], *of))
    }

    /// A list and what may be among its items, or two strings.
    fn contains(&mut self, mut typed: Vec<Typed>) -> Option<Vec<Expr>> {
        let function = Function::Contains;
        let (part, whole) = (typed.pop()?, typed.pop()?);
        let whole = self.argument(function, whole, Accepts::MEASURED)?;
        let Type::List(of) = whole.ty else {
            return Some(vec![whole, self.argument(function, part, Accepts::STRING)?]);
        };
        let at = part.span;
        match self.adapt(part, *of) {
            Ok(part) => Some(vec![whole, part]),
            Err(Refused::Mismatch(ty)) => {
                self.complaints.push(errors::no_item_of_the_list(ty, *of, at));
                None
            }
            Err(Refused::Reported) => None,
        }
    }

    /// A string, and a literal pattern that is read here once, so that no row meets one that is none.
    fn pattern(&mut self, function: Function, mut typed: Vec<Typed>) -> Option<Vec<Expr>> {
        let (pattern, text) = (typed.pop()?, typed.pop()?);
        let text = self.argument(function, text, Accepts::STRING);
        let at = pattern.span;
        let pattern = match pattern.value {
            Value::Known(expr) if matches!(expr.kind, ExprKind::Literal(Literal::String(_))) => expr,
            Value::Poison => return None,
            Value::Known(_) | Value::Number(_) | Value::Null => {
                let (wanted, example) = ("a text", if function == Function::Like { "\"a%\"" } else { "\"^a\"" });
                self.complaints
                    .push(errors::not_a_literal(function.name(), wanted, example, at));
                return None;
            }
        };
        if let ExprKind::Literal(Literal::String(written)) = &pattern.kind
            && let Some((why, help)) = wrong_pattern(function, written)
        {
            self.complaints
                .push(errors::not_a_pattern(function.name(), &why, help, at));
            return None;
        }
        Some(vec![text?, pattern])
    }
}

/// Why a text is no pattern of a function, and what to do.
fn wrong_pattern(function: Function, pattern: &str) -> Option<(String, &'static str)> {
    const ESCAPED: &str =
        "a character that shall stand for itself has a backslash before it, which is written twice: `\"\\\\(\"`";
    if function == Function::Like {
        let backslashes = pattern.len() - pattern.trim_end_matches('\\').len();
        let why = "a backslash at its end stands before nothing";
        let help = "write `\"\\\\\\\\\"` for a backslash that stands for itself";
        return (backslashes % 2 == 1).then(|| (why.to_owned(), help));
    }
    if let Err(error) = regex_syntax::Parser::new().parse(pattern) {
        let why = match error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            other => other.to_string(),
        };
        return Some((why, ESCAPED));
    }
    let built = regex::RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
    let why = || format!("compiled it takes more than {PATTERN_BYTES_MAX} bytes");
    built.err().map(|_| (why(), "repeat less, or look for a part of it"))
}

fn digits_literal(digits: u8) -> Expr {
    Expr::new(ExprKind::Literal(Literal::Int64(i64::from(digits))), Type::Int64)
}
