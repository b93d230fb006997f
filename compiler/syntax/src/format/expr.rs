//! Expressions on one line, or with a line for each branch of a `case`, with the parentheses that are needed and those that the author wrote.

use super::WIDTH;
use crate::ast::*;
use crate::literal::quote;
use crate::operators::{COMPARISON, PRIMARY, binary_level, level, unary_level};

pub(super) fn expr(found: &Expr) -> String {
    at_least(found, 0, None)
}

/// An expression after a head, in lines that begin after so many blanks: on one line if it fits, or if no `case` could be
/// broken.
pub(super) fn after_head(head: &str, found: &Expr, indent: usize) -> String {
    let line = format!("{head}{}", expr(found));
    match indent + line.chars().count() <= WIDTH || !has_case(found) {
        true => line,
        false => format!("{head}{}", at_least(found, 0, Some(indent))),
    }
}

fn has_case(found: &Expr) -> bool {
    matches!(found.kind, ExprKind::Case { .. }) || found.children().into_iter().any(has_case)
}

/// In parentheses if its outermost operator binds less than this; with `breaks`, every `case` that stands in no other has a
/// line for each branch, and its `end` after so many blanks.
fn at_least(found: &Expr, least: u8, breaks: Option<usize>) -> String {
    let text = bare(found, breaks);
    if found.parenthesised || level(&found.kind) < least {
        format!("({text})")
    } else {
        text
    }
}

fn bare(found: &Expr, breaks: Option<usize>) -> String {
    match &found.kind {
        ExprKind::Literal(literal) => self::literal(literal),
        ExprKind::Name(name) | ExprKind::Holed(name) => name.text.clone(),
        ExprKind::Dotted(names) => names
            .iter()
            .map(|name| name.text.as_str())
            .collect::<Vec<_>>()
            .join("."),
        ExprKind::Unary { op, operand } => {
            let operand = at_least(operand, unary_level(*op), breaks);
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
                at_least(left, left_least, breaks),
                op.symbol(),
                at_least(right, own + 1, breaks)
            )
        }
        ExprKind::IsNull { operand, negated } => {
            format!(
                "{} is {}null",
                at_least(operand, COMPARISON + 1, breaks),
                if *negated { "not " } else { "" }
            )
        }
        ExprKind::In {
            operand,
            negated,
            items,
        } => {
            let not = if *negated { "not " } else { "" };
            format!(
                "{} {not}in ({})",
                at_least(operand, COMPARISON + 1, breaks),
                list(items, breaks)
            )
        }
        ExprKind::Item { list, index } => {
            format!("{}[{}]", at_least(list, PRIMARY, breaks), at_least(index, 0, breaks))
        }
        ExprKind::Call(call) => {
            let arguments = (!call.arguments.is_empty()).then(|| list(&call.arguments, breaks));
            let filter = call
                .filter
                .as_ref()
                .map(|filter| format!("where {}", at_least(filter, 0, breaks)));
            let nulls = call.ignoring_nulls.map(|_| "ignoring nulls".to_owned());
            let zone = call.zone.as_ref().map(|zone| format!("in {}", quote(&zone.value)));
            let parts: Vec<String> = [arguments, zone, filter, nulls].into_iter().flatten().collect();
            format!("{}({})", call.function.text, parts.join(" "))
        }
        ExprKind::Lookup(lookup) => {
            let within = lookup.within.as_ref();
            let within = within.map_or(String::new(), |within| format!(" within {}", within.value.text));
            let (table, column) = (&lookup.table.text, &lookup.column.text);
            format!("lookup {table}({}).{column}{within}", list(&lookup.keys, breaks))
        }
        ExprKind::Cast { operand, ty } => format!("cast({} as {ty})", at_least(operand, 0, breaks)),
        ExprKind::Case { branches, otherwise } => {
            let branches = branches.iter();
            let mut parts: Vec<Vec<(&str, &Expr)>> = branches
                .map(|branch| vec![("when ", &branch.when), (" then ", &branch.then)])
                .collect();
            parts.extend(otherwise.iter().map(|otherwise| vec![("else ", &**otherwise)]));
            match breaks {
                None => {
                    let parts: Vec<String> = parts.iter().map(|part| words(part, None)).collect();
                    format!("case {} end", parts.join(" "))
                }
                Some(indent) => {
                    let lines: Vec<String> = parts.iter().map(|part| line(part, indent + 2)).collect();
                    format!("case\n{}\n{}end", lines.join("\n"), " ".repeat(indent))
                }
            }
        }
    }
}

/// A branch of a `case` after so many blanks.
fn line(part: &[(&str, &Expr)], indent: usize) -> String {
    let flat = words(part, None);
    let fits = indent + flat.chars().count() <= WIDTH;
    let text = if fits { flat } else { words(part, Some(indent)) };
    format!("{}{text}", " ".repeat(indent))
}

fn words(part: &[(&str, &Expr)], breaks: Option<usize>) -> String {
    let words = part.iter();
    words
        .map(|(word, found)| format!("{word}{}", at_least(found, 0, breaks)))
        .collect()
}

fn list(items: &[Expr], breaks: Option<usize>) -> String {
    let items = items.iter().map(|item| at_least(item, 0, breaks));
    items.collect::<Vec<_>>().join(", ")
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
