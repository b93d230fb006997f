//! Types of operators, casts and functions (those of aggregates stand in their table), and whether an expression keeps to them.
//!
//! The rules are those of `docs/language.md`. The compiler decides types by them; a plan that was read from a file is
//! compared with them, because the evaluators rely on every type that an expression says.

use crate::expr::{BinaryOp, Expr, ExprKind, Literal, UnaryOp};
use crate::function::{Accepts, Function, Signature};
use crate::types::Type;
use crate::zone::Zone;

/// The greatest precision and scale of a decimal.
const DIGITS_MAX: u8 = 38;

impl Type {
    /// Whether its numbers, if it has some, are in range: 1 ≤ precision ≤ 38, scale ≤ precision.
    pub fn is_valid(self) -> bool {
        match self {
            Type::Decimal { precision, scale } => (1..=DIGITS_MAX).contains(&precision) && scale <= precision,
            Type::List(of) => of.is_valid() && !of.is_list(),
            Type::Bool | Type::Int64 | Type::Float64 | Type::String | Type::Timestamp | Type::Date | Type::Duration => {
                true
            }
        }
    }

    /// Whether a key of an entity may have it: equality has to be what one expects.
    pub fn may_be_key(self) -> bool {
        match self {
            Type::Bool | Type::Int64 | Type::Decimal { .. } | Type::String | Type::Timestamp | Type::Date => true,
            Type::Float64 | Type::Duration | Type::List(_) => false,
        }
    }

    /// Whether the table of casts has this one. Every type but a list can be cast to itself.
    pub fn is_castable_to(self, to: Type) -> bool {
        use Type::{Bool, Date, Decimal, Duration, Float64, Int64, List, String, Timestamp};
        match (self, to) {
            (Int64, Int64 | Float64 | Decimal { .. } | String | Timestamp | Duration)
            | (Float64, Int64 | Float64 | Decimal { .. } | String)
            | (Decimal { .. }, Int64 | Float64 | Decimal { .. } | String)
            | (String, Int64 | Float64 | Decimal { .. } | Bool | Timestamp | Date | String)
            | (Bool, Bool | Int64 | String)
            | (Timestamp, Timestamp | Int64 | Date | String)
            | (Date, Date | Timestamp | String)
            | (Duration, Duration | Int64) => true,
            (Int64, Bool | Date)
            | (Float64 | Decimal { .. }, Bool | Timestamp | Date | Duration)
            | (String, Duration)
            | (Bool, Float64 | Decimal { .. } | Timestamp | Date | Duration)
            | (Timestamp, Bool | Float64 | Decimal { .. } | Duration)
            | (Date, Bool | Int64 | Float64 | Decimal { .. } | Duration)
            | (Duration, Bool | Float64 | Decimal { .. } | String | Timestamp | Date)
            | (List(_), _)
            | (_, List(_)) => false,
        }
    }
}

fn is_decimal(ty: Type) -> bool {
    matches!(ty, Type::Decimal { .. })
}

/// An int64 or a decimal.
fn is_exact(ty: Type) -> bool {
    ty == Type::Int64 || is_decimal(ty)
}

/// Precision and scale that hold every sum or difference (product, if `is_product`) of two decimals; they may be wider
/// than a decimal can be.
pub fn decimal_width(is_product: bool, left: (u8, u8), right: (u8, u8)) -> (u32, u32) {
    let wide = |(precision, scale): (u8, u8)| (u32::from(precision), u32::from(scale));
    let ((p1, s1), (p2, s2)) = (wide(left), wide(right));
    if is_product {
        (p1 + p2, s1 + s2)
    } else {
        let whole = p1.saturating_sub(s1).max(p2.saturating_sub(s2));
        (whole + s1.max(s2) + 1, s1.max(s2))
    }
}

/// The decimal of this precision and scale, if there is one.
pub fn decimal(precision: u32, scale: u32) -> Option<Type> {
    let precision = u8::try_from(precision)
        .ok()
        .filter(|precision| (1..=DIGITS_MAX).contains(precision))?;
    let scale = u8::try_from(scale).ok()?;
    Some(Type::Decimal { precision, scale })
}

/// The precision that `round(decimal(precision, from), to)` needs: one digit more where rounding may carry.
pub fn round_precision(precision: u8, from: u8, to: u8) -> u32 {
    let whole = u32::from(precision - from.min(precision)) + u32::from(to < from);
    (whole + u32::from(to)).max(1)
}

impl BinaryOp {
    /// The type of the result; `None` where it does not take these operands.
    pub fn result(self, left: Type, right: Type) -> Option<Type> {
        match self {
            BinaryOp::And | BinaryOp::Or => (left == Type::Bool && right == Type::Bool).then_some(Type::Bool),
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessOrEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterOrEqual => {
                let alike = left == right || (is_decimal(left) && is_decimal(right));
                (alike && !left.is_list()).then_some(Type::Bool)
            }
            BinaryOp::Quotient | BinaryOp::Remainder => {
                (left == Type::Int64 && right == Type::Int64).then_some(Type::Int64)
            }
            BinaryOp::Divide => match (left, right) {
                (left, right) if is_exact(left) && is_exact(right) => Some(Type::Float64),
                (Type::Int64 | Type::Float64, Type::Float64)
                | (Type::Float64, Type::Int64)
                | (Type::Duration, Type::Duration) => Some(Type::Float64),
                _ => None,
            },
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply => self.sum_or_product(left, right),
        }
    }

    fn sum_or_product(self, left: Type, right: Type) -> Option<Type> {
        let is_product = self == BinaryOp::Multiply;
        match (left, right) {
            (Type::Int64, Type::Int64) | (Type::Float64, Type::Float64) => Some(left),
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
                decimal(precision, scale)
            }
            (Type::Duration, Type::Int64) if is_product => Some(Type::Duration),
            (Type::Duration, Type::Duration) if !is_product => Some(Type::Duration),
            (Type::Timestamp, Type::Duration) if !is_product => Some(Type::Timestamp),
            (Type::Timestamp, Type::Timestamp) | (Type::Date, Type::Date) if self == BinaryOp::Subtract => {
                Some(Type::Duration)
            }
            _ => None,
        }
    }
}

impl Literal {
    /// Whether it is a constant of the type, in the form that values of the type have.
    pub fn is_of(&self, ty: Type) -> bool {
        match (self, ty) {
            (Literal::Null, _)
            | (Literal::Bool(_), Type::Bool)
            | (Literal::Int64(_), Type::Int64)
            | (Literal::String(_), Type::String)
            | (Literal::Timestamp(_), Type::Timestamp)
            | (Literal::Date(_), Type::Date)
            | (Literal::Duration(_), Type::Duration) => true,
            (Literal::Float64(bits), Type::Float64) => Literal::float(f64::from_bits(*bits)) == *self,
            (Literal::Decimal(unscaled), Type::Decimal { precision, .. }) => {
                unscaled.unsigned_abs() < 10_u128.pow(u32::from(precision.min(DIGITS_MAX)))
            }
            (
                Literal::Bool(_)
                | Literal::Int64(_)
                | Literal::Float64(_)
                | Literal::Decimal(_)
                | Literal::String(_)
                | Literal::Timestamp(_)
                | Literal::Date(_)
                | Literal::Duration(_),
                _,
            ) => false,
        }
    }
}

impl Expr {
    /// Checks every type in the expression, over a row with columns of these types.
    ///
    /// # Errors
    /// What the first operator is that does not keep to the rules.
    pub fn check_types(&self, row: &[Type]) -> Result<(), String> {
        for child in self.children() {
            child.check_types(row)?;
        }
        let holds = self.ty.is_valid()
            && match &self.kind {
                ExprKind::Column(id) => row.get(id.index()) == Some(&self.ty),
                ExprKind::Literal(literal) => literal.is_of(self.ty),
                ExprKind::Unary(op, operand) => unary(*op, operand.ty) == Some(self.ty),
                ExprKind::Binary(op, left, right) => op.result(left.ty, right.ty) == Some(self.ty),
                ExprKind::Case { branches, otherwise } => {
                    let values = branches.iter().map(|(_, then)| then).chain(otherwise.as_deref());
                    !branches.is_empty()
                        && branches.iter().all(|(when, _)| when.ty == Type::Bool)
                        && values.into_iter().all(|value| value.ty == self.ty)
                }
                ExprKind::Coalesce(items) => !items.is_empty() && items.iter().all(|item| item.ty == self.ty),
                ExprKind::Cast(operand) => operand.ty.is_castable_to(self.ty),
                ExprKind::Call(function, arguments) => call(*function, arguments) == Some(self.ty),
                ExprKind::Lookup(lookup, operands) => {
                    lookup.table.fault().is_none()
                        && lookup.ty() == Some(self.ty)
                        && (lookup.within_us.is_none() || lookup.table.versions.is_some())
                        && operands.iter().map(|operand| operand.ty).eq(lookup.operands())
                }
            };
        if holds {
            return Ok(());
        }
        let what = match &self.kind {
            ExprKind::Column(id) => format!("column #{}", id.0),
            ExprKind::Literal(_) => "a literal".to_owned(),
            ExprKind::Unary(op, _) => format!("{op:?}"),
            ExprKind::Binary(op, ..) => format!("`{}`", op.symbol()),
            ExprKind::Case { .. } => "`case`".to_owned(),
            ExprKind::Coalesce(_) => "`coalesce`".to_owned(),
            ExprKind::Cast(_) => "`cast`".to_owned(),
            ExprKind::Call(function, _) => format!("`{}`", function.name()),
            ExprKind::Lookup(lookup, _) => format!("a lookup of `{}`", lookup.table.name),
        };
        Err(format!("{what} of type {} breaks the rules of types", self.ty))
    }
}

fn unary(op: UnaryOp, operand: Type) -> Option<Type> {
    match op {
        UnaryOp::Not => (operand == Type::Bool).then_some(Type::Bool),
        UnaryOp::Negate => (operand.is_numeric() || operand == Type::Duration).then_some(operand),
        UnaryOp::IsNull | UnaryOp::IsNotNull => Some(Type::Bool),
    }
}

/// The digits that a literal argument says.
fn digits(argument: &Expr) -> Option<u8> {
    match argument.kind {
        ExprKind::Literal(Literal::Int64(digits)) => u8::try_from(digits).ok().filter(|digits| *digits <= DIGITS_MAX),
        _ => None,
    }
}

/// The type of a call's result; `None` where the function does not take these arguments.
fn call(function: Function, arguments: &[Expr]) -> Option<Type> {
    use Type::{Decimal, Duration, Float64, Int64, Timestamp};
    let types: Vec<Type> = arguments.iter().map(|argument| argument.ty).collect();
    match (function.row().signature, &types[..]) {
        (Signature::Fixed(wanted, ty), types) => {
            let takes = wanted.iter().zip(types).all(|(wanted, ty)| wanted.takes(*ty));
            (takes && wanted.len() == types.len()).then_some(ty)
        }
        (Signature::Same(wanted), [ty]) => wanted.takes(*ty).then_some(*ty),
        (Signature::Alike(least, most), [first, ..]) => {
            let alike = !first.is_list() && types.iter().all(|ty| ty == first);
            (alike && (least..=most).contains(&types.len())).then_some(*first)
        }
        (Signature::Strings, types) => {
            let alike = types.iter().all(|ty| Accepts::STRING.takes(*ty));
            (alike && types.len() >= 2).then_some(Type::String)
        }
        (Signature::Whole | Signature::Round, [Float64]) => Some(Float64),
        (Signature::Whole, [Decimal { precision, .. }]) => decimal(u32::from(*precision), 0),
        (Signature::Round, [Float64, Int64]) => digits(&arguments[1]).map(|_| Float64),
        (Signature::Round, [Decimal { precision, scale }, Int64]) => {
            let to = digits(&arguments[1])?;
            decimal(round_precision(*precision, *scale, to), u32::from(to))
        }
        (Signature::Div, [left, right, Int64]) if [left, right].iter().all(|ty| Accepts::EXACT.takes(**ty)) => {
            decimal(u32::from(DIGITS_MAX), u32::from(digits(&arguments[2])?))
        }
        (Signature::Truncate, [Timestamp, Duration]) => match arguments[1].kind {
            ExprKind::Literal(Literal::Duration(us)) if us > 0 => Some(Timestamp),
            _ => None,
        },
        (Signature::Clock(wanted, ty), [of]) => wanted.takes(*of).then_some(ty),
        (Signature::Clock(_, ty), [Timestamp, Type::String]) => match &arguments[1].kind {
            ExprKind::Literal(Literal::String(zone)) => zone.parse::<Zone>().ok().map(|_| ty),
            _ => None,
        },
        (Signature::Contains, [Type::String, Type::String]) => Some(Type::Bool),
        (Signature::Contains, [Type::List(of), item]) => (*of == item).then_some(Type::Bool),
        (Signature::Item, [Type::List(of), Int64]) => Some(**of),
        (Signature::Pattern(ty), [Type::String, Type::String]) => match arguments[1].kind {
            ExprKind::Literal(Literal::String(_)) => Some(ty),
            _ => None,
        },
        (
            Signature::Same(_)
            | Signature::Clock(..)
            | Signature::Alike(..)
            | Signature::Whole
            | Signature::Round
            | Signature::Div
            | Signature::Truncate
            | Signature::Item
            | Signature::Contains
            | Signature::Pattern(_),
            _,
        ) => None,
    }
}
