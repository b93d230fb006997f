//! Operators. The table stands at [`featc_ir::BinaryOp`].

mod converted;

use super::literal::as_duration;
use super::rule::{Rule, conversion, divided_by, in_order, rule};
use super::{Typed, Typer, Value, unary};
use crate::errors::{self, OperandHelp};
use crate::res;
use featc_ir::{BinaryOp, Expr, ExprKind, Literal, Type, UnaryOp};
use featc_syntax::diag::Span;

/// Digits that are enough for most decimals, and few enough that two of them combine.
pub(super) const NARROW: u8 = 18;

fn is_string(typed: &Typed) -> bool {
    matches!(&typed.value, Value::Known(expr) if expr.ty == Type::String)
}

/// A literal that is no condition.
fn is_literal(typed: &Typed) -> bool {
    match &typed.value {
        Value::Number(_) => true,
        Value::Known(expr) => matches!(expr.kind, ExprKind::Literal(_)) && expr.ty != Type::Bool,
        Value::Null | Value::Poison => false,
    }
}

fn binary(op: BinaryOp, left: Expr, right: Expr, ty: Type) -> Expr {
    Expr::new(ExprKind::Binary(op, Box::new(left), Box::new(right)), ty)
}

/// An operator and its operands where they stand.
#[derive(Clone, Copy)]
struct Site {
    op: BinaryOp,
    symbol: &'static str,
    at: Span,
    left_at: Span,
    right_at: Span,
}

impl Site {
    fn whole(self) -> Span {
        self.left_at.to(self.right_at)
    }

    fn is_equality(&self) -> bool {
        matches!(self.op, BinaryOp::Equal | BinaryOp::NotEqual)
    }

    /// The operands in the order of the text.
    fn operands(self, left: Type, right: Type) -> [(Type, Span); 2] {
        [(left, self.left_at), (right, self.right_at)]
    }
}

impl Typer<'_> {
    pub(super) fn negate(&mut self, operand: &res::Expr, at: Span) -> Value {
        let typed = self.infer(operand);
        let expr = match typed.value {
            Value::Number(number) => return Value::Number(number.negated()),
            Value::Poison => return Value::Poison,
            Value::Null => {
                self.complaints.push(errors::untyped_null(typed.span));
                return Value::Poison;
            }
            Value::Known(expr) => expr,
        };
        if let ExprKind::Literal(Literal::Duration(us)) = expr.kind
            && let Some(us) = us.checked_neg()
        {
            return Value::Known(Expr::new(ExprKind::Literal(Literal::Duration(us)), Type::Duration));
        }
        let ty = expr.ty;
        match ty {
            Type::Int64 | Type::Float64 | Type::Decimal { .. } | Type::Duration => {
                Value::Known(unary(UnaryOp::Negate, expr, ty))
            }
            Type::Bool | Type::String | Type::Timestamp | Type::Date | Type::List(_) => {
                let help = OperandHelp::Takes("int64, float64, decimal or duration");
                let operands = [(ty, typed.span)];
                self.complaints.push(errors::wrong_operand("-", at, &operands, help));
                Value::Poison
            }
        }
    }

    pub(super) fn binary(&mut self, op: BinaryOp, at: Span, left: &res::Expr, right: &res::Expr) -> Value {
        let meant = (op == BinaryOp::Or).then(|| self.alternatives(left, right)).flatten();
        let (left, right) = (self.infer(left), self.infer(right));
        let site = Site {
            op,
            symbol: op.symbol(),
            at,
            left_at: left.span,
            right_at: right.span,
        };
        match op {
            // Of strings: syntax has said what to write.
            BinaryOp::Or if self.texts.slice(at) == "||" && (is_string(&left) || is_string(&right)) => Value::Poison,
            BinaryOp::Or if is_literal(&right) && meant.is_some() => {
                self.complaints.extend(meant);
                Value::Poison
            }
            BinaryOp::Or if is_literal(&right) && left.ty().is_some_and(|ty| ty != Type::Bool) => {
                let (value, other) = (self.text(left.span).to_owned(), self.text(right.span).to_owned());
                let ty = left.ty().unwrap_or(Type::Bool);
                self.complaints
                    .push(errors::or_as_a_default(&value, ty, &other, left.span));
                Value::Poison
            }
            BinaryOp::And | BinaryOp::Or => {
                let (left, right) = (self.boolean(left, site.symbol), self.boolean(right, site.symbol));
                left.zip(right)
                    .map(|(left, right)| binary(op, left, right, Type::Bool))
                    .into()
            }
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessOrEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterOrEqual => self.comparison(site, left, right).into(),
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Quotient
            | BinaryOp::Remainder => self.arithmetic(site, left, right).into(),
        }
    }

    /// `x in (a, b)`: `x = a or x = b`.
    pub(super) fn membership(&mut self, operand: &res::Expr, negated: bool, items: &[res::Expr]) -> Value {
        let operand = self.infer(operand);
        let mut equals = Vec::new();
        for item in items {
            let item = self.infer(item);
            let site = Site {
                op: BinaryOp::Equal,
                symbol: if negated { "not in" } else { "in" },
                at: item.span,
                left_at: operand.span,
                right_at: item.span,
            };
            // One message is enough for a list.
            let Some(equal) = self.comparison(site, operand.clone(), item) else {
                return Value::Poison;
            };
            equals.push(equal);
        }
        let any = any(equals);
        any.map(|any| {
            if negated {
                unary(UnaryOp::Not, any, Type::Bool)
            } else {
                any
            }
        })
        .into()
    }

    fn comparison(&mut self, site: Site, left: Typed, right: Typed) -> Option<Expr> {
        let null = |typed: &Typed| matches!(typed.value, Value::Null);
        if matches!(left.value, Value::Poison) || matches!(right.value, Value::Poison) {
            return None;
        }
        if null(&left) || null(&right) {
            let other = self.text(if null(&left) { right.span } else { left.span }).to_owned();
            let test = match site.op == BinaryOp::NotEqual || site.symbol == "not in" {
                true => "is not null",
                false => "is null",
            };
            let is_list = matches!(site.symbol, "in" | "not in") || other == "…";
            self.complaints.push(match is_list {
                true => errors::listed_null(site.symbol, &other, test, site.at),
                false => errors::compared_with_null(site.symbol, &other, test, site.at, site.whole()),
            });
            return None;
        }
        let (left, right) = self.together(site, left, right)?;
        if let Some(ty) = site.op.result(left.ty, right.ty) {
            return Some(binary(site.op, left, right, ty));
        }
        if left.ty.is_list() || right.ty.is_list() {
            self.complaints.push(errors::wrong_operand(
                site.symbol,
                site.at,
                &site.operands(left.ty, right.ty),
                OperandHelp::OF_LISTS,
            ));
        } else if left.ty.is_numeric() && right.ty.is_numeric() {
            let (convert_left, to) = conversion(left.ty, right.ty);
            self.mixed(site, left.ty, right.ty, convert_left, to);
        } else {
            let operands = site.operands(left.ty, right.ty);
            let order = self.order_of_a_text(&site, left.ty, right.ty);
            self.complaints
                .push(match (self.meant(site, left.ty, right.ty), order) {
                    (Some(meant), _) => {
                        errors::comparison_of_a_literal(site.symbol, site.at, operands, site.whole(), &meant)
                    }
                    (_, Some(meant)) => errors::order_of_a_text(site.symbol, site.at, operands, site.whole(), &meant),
                    (None, None) => {
                        let written = [site.left_at, site.right_at].map(|at| self.text(at));
                        errors::incomparable_types(site.symbol, site.at, operands, written)
                    }
                });
        }
        None
    }

    /// `ok = 1`, `code = 5411` of a text, and `at > "2024-01-01"` as they are written here.
    fn meant(&self, site: Site, left: Type, right: Type) -> Option<String> {
        let (value, literal) = (self.text(site.left_at), self.text(site.right_at));
        if matches!(site.symbol, "in" | "not in") || value == "…" {
            return None;
        }
        let quoted = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match (left, right) {
            // Elsewhere an empty text stands for what is absent.
            (_, Type::String) if literal == "\"\"" => match site.op {
                BinaryOp::Equal => Some(format!("{} is null", errors::whole(value))),
                BinaryOp::NotEqual => Some(format!("{} is not null", errors::whole(value))),
                _ => None,
            },
            (Type::Bool, Type::Int64 | Type::String) => {
                let is_equal = match site.op {
                    BinaryOp::Equal => true,
                    BinaryOp::NotEqual => false,
                    _ => return None,
                };
                let is_true = match quoted.unwrap_or(literal) {
                    "1" | "true" | "True" => true,
                    "0" | "false" | "False" => false,
                    _ => return None,
                };
                let value = errors::whole(value);
                Some(if is_equal == is_true {
                    value
                } else {
                    format!("not {value}")
                })
            }
            (Type::String, Type::Int64) if site.is_equality() && literal.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(format!("{value} {} \"{literal}\"", site.symbol))
            }
            (Type::Duration, Type::String) => Some(format!("{value} {} {}", site.symbol, as_duration(literal)?)),
            (Type::Timestamp | Type::Date, Type::String) => {
                let literal = featc_syntax::meant_instant(quoted?, left == Type::Date)?;
                Some(format!("{value} {} {literal}", site.symbol))
            }
            _ => None,
        }
    }

    /// `weight > 20` where `weight` is a text: as numbers they have the order that is meant.
    fn order_of_a_text(&self, site: &Site, left: Type, right: Type) -> Option<String> {
        let [one, other] = [site.left_at, site.right_at].map(|at| self.text(at));
        let is_quotable = |text: &str| !text.starts_with('"') && text != "…" && !text.contains(['{', '\n']);
        if site.is_equality() || !is_quotable(one) || !is_quotable(other) {
            return None;
        }
        let cast = |text: &str| format!("cast({text} as float64)");
        // A literal is of the type of what it stands beside.
        let number = |text: &str, ty: Type| match ty {
            Type::Float64 => Some(text.to_owned()),
            Type::Int64 if text.parse::<i64>().is_ok() => Some(text.to_owned()),
            Type::Int64 => Some(cast(text)),
            _ => None,
        };
        let symbol = site.symbol;
        match (left, right) {
            (Type::String, ty) => Some(format!("{} {symbol} {}", cast(one), number(other, ty)?)),
            (ty, Type::String) => Some(format!("{} {symbol} {}", number(one, ty)?, cast(other))),
            _ => None,
        }
    }

    fn arithmetic(&mut self, site: Site, left: Typed, right: Typed) -> Option<Expr> {
        let mut has_null = false;
        for typed in [&left, &right] {
            if matches!(typed.value, Value::Null) {
                self.complaints.push(errors::untyped_null(typed.span));
                has_null = true;
            }
        }
        if has_null || matches!(left.value, Value::Poison) || matches!(right.value, Value::Poison) {
            return None;
        }
        let (left, right) = self.together(site, left, right)?;
        let (left, right) = in_order(site.op, left, right);
        match rule(site.op, left.ty, right.ty) {
            Rule::Gives(ty) => Some(binary(site.op, left, right, ty)),
            Rule::TooWide(precision, scale) => {
                let operands = site.operands(left.ty, right.ty);
                let narrowed = self.narrowed(site, [left.ty; 2], [right.ty; 2]);
                self.complaints.push(errors::decimal_too_wide(
                    site.symbol,
                    site.at,
                    precision,
                    scale,
                    &operands,
                    narrowed.as_deref(),
                ));
                None
            }
            Rule::Mixed { convert_left, to } => {
                self.mixed(site, left.ty, right.ty, convert_left, to);
                None
            }
            Rule::Refused(help) => {
                let operands = site.operands(left.ty, right.ty);
                let text = self.text(site.right_at);
                let help = match help {
                    OperandHelp::DURATION_BY_NUMBER => divided_by(text),
                    help => help,
                };
                let duration = as_duration(text).filter(|_| help == OperandHelp::DURATION);
                let is_moved = matches!(left.ty, Type::Timestamp | Type::Duration) && matches!(site.symbol, "+" | "-");
                let is_number = is_moved && text.bytes().all(|byte| byte.is_ascii_digit());
                self.complaints.push(match duration {
                    Some(duration) => errors::text_as_a_duration(site.symbol, site.at, operands, &duration),
                    None if is_number => errors::number_as_a_duration(site.symbol, site.at, operands, text),
                    None if is_moved && right.ty == Type::Int64 => {
                        errors::count_as_a_duration(site.symbol, site.at, operands, text)
                    }
                    None => errors::wrong_operand(site.symbol, site.at, &operands, help),
                });
                None
            }
        }
    }

    /// Gives two operands their types: a number adapts to the other one.
    fn together(&mut self, site: Site, left: Typed, right: Typed) -> Option<(Expr, Expr)> {
        match (&left.value, &right.value) {
            (Value::Number(a), Value::Number(b)) => {
                let both = if a.is_whole() && b.is_whole() {
                    Type::Int64
                } else {
                    Type::Float64
                };
                let (left, right) = (self.adapt(left, both), self.adapt(right, both));
                left.ok().zip(right.ok())
            }
            (Value::Number(_), Value::Known(other)) => {
                let ty = other.ty;
                Some((self.beside(site.op, left, ty)?, self.known(right)?))
            }
            (Value::Known(other), Value::Number(_)) => {
                let ty = other.ty;
                let right = self.beside(site.op, right, ty)?;
                Some((self.known(left)?, right))
            }
            _ => self.known(left).zip(self.known(right)),
        }
    }

    /// A number next to something of the given type.
    fn beside(&mut self, op: BinaryOp, typed: Typed, other: Type) -> Option<Expr> {
        let Value::Number(number) = &typed.value else {
            return self.known(typed);
        };
        match other {
            Type::Float64 => self.adapt(typed, Type::Float64).ok(),
            // `/` takes integers and decimals together.
            Type::Decimal { .. } if op == BinaryOp::Divide && number.is_whole() => self.known(typed),
            Type::Decimal { .. } => {
                let number = number.clone();
                self.natural_decimal(&number, typed.span)
            }
            Type::Int64 | Type::Bool | Type::String | Type::Timestamp | Type::Date | Type::Duration | Type::List(_) => {
                self.known(typed)
            }
        }
    }
}

/// `a or b or c …` as a tree of little depth, so that a long list is no danger to later phases. `or` is associative, its
/// errors included: true wins, then the leftmost error.
fn any(mut all: Vec<Expr>) -> Option<Expr> {
    while all.len() > 1 {
        let mut rest = all.into_iter();
        let mut paired = Vec::new();
        while let Some(left) = rest.next() {
            paired.push(match rest.next() {
                Some(right) => binary(BinaryOp::Or, left, right, Type::Bool),
                None => left,
            });
        }
        all = paired;
    }
    all.pop()
}
