//! `cast(x as type)`.

use super::{Typed, Typer, Value};
use crate::errors::types::NoSuchCast;
use crate::res;
use featc_ir::{Expr, ExprKind, Literal, Type};

/// Whether the table of casts has this one. Every type can be cast to itself.
pub(super) fn is_castable(from: Type, to: Type) -> bool {
    use Type::{Bool, Date, Decimal, Duration, Float64, Int64, String, Timestamp};
    match (from, to) {
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
        | (Duration, Bool | Float64 | Decimal { .. } | String | Timestamp | Date) => false,
    }
}

impl Typer<'_> {
    pub(super) fn cast(&mut self, operand: &res::Expr, ty: Option<Type>) -> Value {
        let typed = self.infer(operand);
        let Some(ty) = ty else { return Value::Poison };
        let at = typed.span;
        let from = match typed.value {
            Value::Poison => return Value::Poison,
            Value::Null => return Value::Known(Expr::new(ExprKind::Literal(Literal::Null), ty)),
            Value::Number(number) => {
                if let Some(literal) = number.in_type(ty) {
                    return Value::Known(Expr::new(ExprKind::Literal(literal), ty));
                }
                match ty {
                    Type::Decimal { .. } => self.natural_decimal(&number, at),
                    _ => self.known(Typed {
                        value: Value::Number(number),
                        span: at,
                    }),
                }
            }
            Value::Known(expr) => Some(expr),
        };
        let Some(from) = from else { return Value::Poison };
        if from.ty == ty {
            return Value::Known(from);
        }
        if !is_castable(from.ty, ty) {
            self.complaints.push(
                NoSuchCast {
                    from: from.ty,
                    to: ty,
                    at,
                }
                .report(),
            );
            return Value::Poison;
        }
        Value::Known(Expr::new(ExprKind::Cast(Box::new(from)), ty))
    }
}
