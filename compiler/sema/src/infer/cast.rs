//! `cast(x as type)`.

use super::{Typed, Typer, Value};
use crate::errors;
use crate::res;
use featc_ir::{Expr, ExprKind, Literal, Type};

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
        if !from.ty.is_castable_to(ty) {
            self.complaints.push(errors::no_such_cast(from.ty, ty, at));
            return Value::Poison;
        }
        Value::Known(Expr::new(ExprKind::Cast(Box::new(from)), ty))
    }
}
