//! Expressions, fully parenthesised, with columns named by the caller.

use super::instant;
use crate::calendar::render_date;
use crate::expr::{Expr, ExprKind, Literal, UnaryOp};
use crate::function::Function;
use crate::id::ColumnId;
use crate::types::Type;
use crate::window::format_duration;

/// The text of a literal of a type.
pub fn literal(value: &Literal, ty: Type) -> String {
    match value {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Int64(value) => value.to_string(),
        Literal::Float64(bits) => format!("{:?}", f64::from_bits(*bits)),
        Literal::Decimal(unscaled) => decimal(*unscaled, usize::from(ty.scale())),
        Literal::String(value) => format!("{value:?}"),
        Literal::Timestamp(us) => format!("@{}", instant(*us)),
        Literal::Date(days) => format!("@{}", render_date(i64::from(*days))),
        Literal::Duration(us) => format_duration(*us),
    }
}

fn decimal(unscaled: i128, scale: usize) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// Prints `expr`, with `name` giving each column's name.
pub fn expression(expr: &Expr, name: &dyn Fn(ColumnId) -> String) -> String {
    let show = |expr: &Expr| expression(expr, name);
    let all = |items: &[Expr]| items.iter().map(show).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Column(id) => name(*id),
        ExprKind::Literal(value) => literal(value, expr.ty),
        ExprKind::Unary(UnaryOp::Not, operand) => format!("(not {})", show(operand)),
        ExprKind::Unary(UnaryOp::Negate, operand) => format!("(-{})", show(operand)),
        ExprKind::Unary(UnaryOp::IsNull, operand) => format!("({} is null)", show(operand)),
        ExprKind::Unary(UnaryOp::IsNotNull, operand) => format!("({} is not null)", show(operand)),
        ExprKind::Binary(op, left, right) => format!("({} {} {})", show(left), op.symbol(), show(right)),
        ExprKind::Case { branches, otherwise } => {
            let mut text = "case".to_owned();
            for (when, then) in branches {
                text.push_str(&format!(" when {} then {}", show(when), show(then)));
            }
            if let Some(otherwise) = otherwise {
                text.push_str(&format!(" else {}", show(otherwise)));
            }
            text + " end"
        }
        ExprKind::Coalesce(items) => format!("coalesce({})", all(items)),
        ExprKind::Cast(operand) => format!("cast({} as {})", show(operand), expr.ty),
        ExprKind::Call(Function::Item, items) if let [list, index] = &items[..] => {
            format!("{}[{}]", show(list), show(index))
        }
        ExprKind::Call(function, items) => format!("{}({})", function.name(), all(items)),
        ExprKind::Lookup(lookup, operands) => {
            let table = &lookup.table;
            let column = &table.columns[lookup.column.index()].name;
            let within = lookup
                .within_us
                .map(|us| format!(" within {}", format_duration(i64::try_from(us).unwrap_or(i64::MAX))));
            let (keys, at) = operands.split_at(table.key.len().min(operands.len()));
            let at = at.first().map(|at| format!(" at {}", show(at)));
            let rest = [within, at].into_iter().flatten().collect::<String>();
            format!("(lookup {}({}).{column}{rest})", table.name, all(keys))
        }
    }
}
