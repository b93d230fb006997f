//! Values from text, as people write them in commands.

use featc_ir::{Expr, ExprKind, Literal, Type};
use featr_kernels::Value;
use featr_kernels::eval::eval_row_slow;

/// Reads a value of a type by the cast from string of the language; `None` when the text is none.
pub fn parse_value(text: &str, ty: Type) -> Option<Value> {
    let literal = Expr::new(ExprKind::Literal(Literal::String(text.to_owned())), Type::String);
    match ty {
        Type::String => Some(Value::String(text.to_owned())),
        Type::Duration => text.parse().ok().map(Value::Duration),
        Type::Bool | Type::Int64 | Type::Float64 | Type::Decimal { .. } | Type::Timestamp | Type::Date => {
            let value = eval_row_slow(&Expr::new(ExprKind::Cast(Box::new(literal)), ty), &[]);
            value.is_valid().then_some(value)
        }
    }
}
