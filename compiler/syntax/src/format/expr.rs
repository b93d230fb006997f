//! Expressions on one line, with the parentheses that are needed and those that the author wrote.

use crate::ast::*;
use crate::literal::quote;
use crate::operators::{COMPARISON, binary_level, level, unary_level};

pub(super) fn expr(found: &Expr) -> String {
    at_least(found, 0)
}

/// In parentheses if its outermost operator binds less than this.
fn at_least(found: &Expr, least: u8) -> String {
    let text = bare(found);
    if found.parenthesised || level(&found.kind) < least {
        format!("({text})")
    } else {
        text
    }
}

fn bare(found: &Expr) -> String {
    match &found.kind {
        ExprKind::Literal(literal) => self::literal(literal),
        ExprKind::Name(name) | ExprKind::Holed(name) => name.text.clone(),
        ExprKind::Dotted(names) => names
            .iter()
            .map(|name| name.text.as_str())
            .collect::<Vec<_>>()
            .join("."),
        ExprKind::Unary { op, operand } => {
            let operand = at_least(operand, unary_level(*op));
            match op {
                UnaryOp::Not => format!("not {operand}"),
                UnaryOp::Negate => format!("-{operand}"),
            }
        }
        ExprKind::Binary { op, left, right, .. } => {
            let own = binary_level(*op);
            let left_least = if own == COMPARISON { own + 1 } else { own };
            format!(
                "{} {} {}",
                at_least(left, left_least),
                op.symbol(),
                at_least(right, own + 1)
            )
        }
        ExprKind::IsNull { operand, negated } => {
            format!(
                "{} is {}null",
                at_least(operand, COMPARISON + 1),
                if *negated { "not " } else { "" }
            )
        }
        ExprKind::In {
            operand,
            negated,
            items,
        } => {
            let not = if *negated { "not " } else { "" };
            format!("{} {not}in ({})", at_least(operand, COMPARISON + 1), list(items))
        }
        ExprKind::Call(call) => {
            let arguments = (!call.arguments.is_empty()).then(|| list(&call.arguments));
            let filter = call.filter.as_ref().map(|filter| format!("where {}", expr(filter)));
            let nulls = call.ignoring_nulls.map(|_| "ignoring nulls".to_owned());
            let zone = call.zone.as_ref().map(|zone| format!("in {}", quote(&zone.value)));
            let parts: Vec<String> = [arguments, zone, filter, nulls].into_iter().flatten().collect();
            format!("{}({})", call.function.text, parts.join(" "))
        }
        ExprKind::Lookup(lookup) => {
            let within = lookup.within.as_ref();
            let within = within.map_or(String::new(), |within| format!(" within {}", within.value.text));
            let (table, column) = (&lookup.table.text, &lookup.column.text);
            format!("lookup {table}({}).{column}{within}", list(&lookup.keys))
        }
        ExprKind::Cast { operand, ty } => format!("cast({} as {})", expr(operand), type_name(ty)),
        ExprKind::Case { branches, otherwise } => {
            let branches: String = branches
                .iter()
                .map(|branch| format!(" when {} then {}", expr(&branch.when), expr(&branch.then)))
                .collect();
            let otherwise = otherwise
                .as_ref()
                .map_or(String::new(), |found| format!(" else {}", expr(found)));
            format!("case{branches}{otherwise} end")
        }
    }
}

fn list(items: &[Expr]) -> String {
    items.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Integer(text) | Literal::Number(text) => text.clone(),
        Literal::String(value) => quote(value),
        Literal::Duration { text, .. } | Literal::Timestamp { text, .. } | Literal::Date { text, .. } => text.clone(),
    }
}

pub(super) fn type_name(ty: &TypeName) -> String {
    if ty.arguments.is_empty() {
        return ty.name.text.clone();
    }
    let arguments: Vec<String> = ty.arguments.iter().map(|argument| argument.value.to_string()).collect();
    format!("{}({})", ty.name.text, arguments.join(", "))
}
