//! Literals: what is written, and what it is in a type.

use super::Value;
use featc_ir::{Expr, ExprKind, Literal, Type};
use featc_syntax::ast;

/// A number as written, with its sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    is_negative: bool,
    /// Digits, perhaps a point, perhaps an exponent.
    digits: String,
    /// Whether it is written without point and exponent.
    is_whole: bool,
}

/// What a literal is before its neighbours are known.
pub(super) fn value(literal: &ast::Literal) -> Value {
    let known = |literal, ty| Value::Known(Expr::new(ExprKind::Literal(literal), ty));
    match literal {
        ast::Literal::Null => Value::Null,
        ast::Literal::Bool(value) => known(Literal::Bool(*value), Type::Bool),
        ast::Literal::Integer(digits) => Value::Number(Number {
            is_negative: false,
            digits: digits.clone(),
            is_whole: true,
        }),
        ast::Literal::Number(digits) => Value::Number(Number {
            is_negative: false,
            digits: digits.clone(),
            is_whole: false,
        }),
        ast::Literal::String(text) => known(Literal::String(text.clone()), Type::String),
        ast::Literal::Duration { us, .. } => known(Literal::Duration(*us), Type::Duration),
        ast::Literal::Timestamp { us, .. } => known(Literal::Timestamp(*us), Type::Timestamp),
        ast::Literal::Date { days, .. } => known(Literal::Date(*days), Type::Date),
    }
}

/// A numeric literal in units of 10^-scale, if it is a whole number of them.
pub(crate) fn units(literal: &ast::Literal, scale: u8) -> Option<i128> {
    let Value::Number(number) = value(literal) else {
        return None;
    };
    match number.in_type(Type::Decimal { precision: 38, scale }) {
        Some(Literal::Decimal(units)) => Some(units),
        Some(_) | None => None,
    }
}

impl Number {
    /// The number with the other sign.
    pub(super) fn negated(mut self) -> Number {
        self.is_negative = !self.is_negative;
        self
    }

    /// As written.
    pub(super) fn text(&self) -> String {
        format!("{}{}", if self.is_negative { "-" } else { "" }, self.digits)
    }

    /// Whether it is written without point and exponent.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The type where nothing else tells one.
    pub(super) fn default_type(&self) -> Type {
        if self.is_whole { Type::Int64 } else { Type::Float64 }
    }

    /// Whether a literal of this form may have the type, whatever its value.
    pub(super) fn may_be(&self, ty: Type) -> bool {
        match ty {
            Type::Int64 => self.is_whole,
            Type::Float64 | Type::Decimal { .. } => true,
            Type::Bool | Type::String | Type::Timestamp | Type::Date | Type::Duration | Type::List(_) => false,
        }
    }

    /// The number in a type, if it fits: exactly for int64 and decimal, rounded once for float64.
    pub(super) fn in_type(&self, ty: Type) -> Option<Literal> {
        match ty {
            Type::Int64 => self.text().parse().ok().filter(|_| self.is_whole).map(Literal::Int64),
            Type::Float64 => {
                let value: f64 = self.text().parse().ok()?;
                value.is_finite().then(|| Literal::float(value))
            }
            Type::Decimal { precision, scale } => {
                let (mut unscaled, mut written) = self.exact()?;
                while written > u32::from(scale) && unscaled % 10 == 0 {
                    (unscaled, written) = (unscaled / 10, written - 1);
                }
                let up = u32::from(scale).checked_sub(written)?;
                let unscaled = unscaled.checked_mul(10_i128.checked_pow(up)?)?;
                (unscaled.unsigned_abs() < power_of_ten(precision)).then_some(Literal::Decimal(unscaled))
            }
            Type::Bool | Type::String | Type::Timestamp | Type::Date | Type::Duration | Type::List(_) => None,
        }
    }

    /// The decimal of least precision that has the digits as written: `1.50` is a decimal(3, 2).
    pub(super) fn natural_decimal(&self) -> Option<(Literal, Type)> {
        let (unscaled, scale) = self.exact()?;
        let scale = u8::try_from(scale).ok()?;
        let digits = (1..=38).find(|digits| unscaled.unsigned_abs() < power_of_ten(*digits))?;
        let precision = digits.max(scale);
        (precision <= 38).then_some((Literal::Decimal(unscaled), Type::Decimal { precision, scale }))
    }

    /// The exact value as a whole number and how many of its digits stand after the point.
    fn exact(&self) -> Option<(i128, u32)> {
        let lower = self.digits.to_ascii_lowercase();
        let (mantissa, exponent) = lower.split_once('e').unwrap_or((&lower, "0"));
        let exponent: i64 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        let mut unscaled: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        let mut scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if unscaled == 0 {
            scale = scale.clamp(0, 38);
        }
        if scale < 0 {
            unscaled = unscaled.checked_mul(10_i128.checked_pow(u32::try_from(-scale).ok()?)?)?;
            scale = 0;
        }
        let unscaled = if self.is_negative {
            unscaled.checked_neg()?
        } else {
            unscaled
        };
        Some((unscaled, u32::try_from(scale).ok()?))
    }
}

/// A literal, negated or not, in a type; `None` if it is none of it.
pub(crate) fn literal_in(literal: &ast::Literal, is_negative: bool, ty: Type) -> Option<Literal> {
    match (value(literal), is_negative) {
        (Value::Number(number), true) => number.negated().in_type(ty),
        (Value::Number(number), false) => number.in_type(ty),
        (Value::Known(known), _) if known.ty == ty => match (known.kind, is_negative) {
            (ExprKind::Literal(Literal::Duration(us)), true) => Some(Literal::Duration(-us)),
            (ExprKind::Literal(literal), false) => Some(literal),
            _ => None,
        },
        (Value::Known(_) | Value::Null | Value::Poison, _) => None,
    }
}

/// 10^n for n ≤ 38.
fn power_of_ten(n: u8) -> u128 {
    10_u128.pow(u32::from(n.min(38)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        let digits = text.trim_start_matches('-').to_owned();
        Number {
            is_negative: text.starts_with('-'),
            is_whole: !text.contains(['.', 'e']),
            digits,
        }
    }

    fn decimal(text: &str, precision: u8, scale: u8) -> Option<i128> {
        match number(text).in_type(Type::Decimal { precision, scale })? {
            Literal::Decimal(unscaled) => Some(unscaled),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn integers_have_both_ends_of_int64() {
        assert_eq!(
            number("-9223372036854775808").in_type(Type::Int64),
            Some(Literal::Int64(i64::MIN))
        );
        assert_eq!(
            number("9223372036854775807").in_type(Type::Int64),
            Some(Literal::Int64(i64::MAX))
        );
        assert_eq!(number("9223372036854775808").in_type(Type::Int64), None);
    }

    #[test]
    fn floats_are_rounded_once_and_finite() {
        assert_eq!(number("0.1").in_type(Type::Float64), Some(Literal::float(0.1)));
        assert_eq!(number("-0.0").in_type(Type::Float64), Some(Literal::float(0.0)));
        assert_eq!(
            number("9007199254740993").in_type(Type::Float64),
            Some(Literal::float(9_007_199_254_740_992.0))
        );
        assert_eq!(number("1e400").in_type(Type::Float64), None);
    }

    #[test]
    fn decimals_fit_exactly_or_not_at_all() {
        assert_eq!(decimal("1.5", 3, 2), Some(150));
        assert_eq!(decimal("-1.500", 3, 2), Some(-150));
        assert_eq!(decimal("1.505", 3, 2), None);
        assert_eq!(decimal("10", 3, 2), None);
        assert_eq!(decimal("1e1", 4, 2), Some(1000));
        assert_eq!(decimal("15e-1", 4, 2), Some(150));
        assert_eq!(decimal("0", 1, 1), Some(0));
        assert_eq!(decimal("0e-999", 1, 1), Some(0));
        assert_eq!(decimal("1e999999999999999999999", 38, 0), None);
    }

    #[test]
    fn natural_decimals_keep_their_digits() {
        let natural = |text: &str| number(text).natural_decimal().map(|(_, ty)| ty.to_string());
        assert_eq!(natural("1.50").as_deref(), Some("decimal(3, 2)"));
        assert_eq!(natural("0").as_deref(), Some("decimal(1, 0)"));
        assert_eq!(natural("0.01").as_deref(), Some("decimal(2, 2)"));
        assert_eq!(natural("1e3").as_deref(), Some("decimal(4, 0)"));
        assert_eq!(natural("1e-39"), None);
        assert_eq!(natural(&"9".repeat(38)).as_deref(), Some("decimal(38, 0)"));
        assert_eq!(natural(&"9".repeat(39)), None);
    }
}

/// The duration in a text: `"1h"`, `"1 h"`.
pub(super) fn as_duration(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?.replace(' ', "");
    featc_syntax::duration(&inner).map(|_| inner)
}
