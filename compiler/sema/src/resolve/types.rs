//! Types by their names, and operators.

use crate::errors;
use featc_ir::{BinaryOp, Type};
use featc_syntax::diag::{Diagnostic, suggest};
use featc_syntax::{ast, foreign};

/// Types without parameters.
const SIMPLE: [Type; 7] = [
    Type::Bool,
    Type::Int64,
    Type::Float64,
    Type::String,
    Type::Timestamp,
    Type::Date,
    Type::Duration,
];

/// The type that a name stands for; reports it if there is none.
pub(super) fn type_of(written: &ast::TypeName, complaints: &mut Vec<Diagnostic>) -> Option<Type> {
    let name = written.name.text.as_str();
    let lower = name.to_lowercase();
    if !written.inside.is_empty() || matches!(name, "list" | "struct") {
        return list_of(written, &lower, complaints);
    }
    let digits = match written.arguments.as_slice() {
        [precision, scale] => decimal(precision.value, scale.value),
        [precision] => decimal(precision.value, 0),
        _ => None,
    };
    if name == "decimal" {
        let both = digits.filter(|_| written.arguments.len() == 2);
        if both.is_none() {
            complaints.push(errors::invalid_decimal(written.span));
        }
        return both;
    }
    match (lower.as_str(), digits) {
        ("decimal" | "numeric" | "money" | "number" | "dec", Some(ty)) => {
            complaints.push(errors::decimal_of_another_language(name, written.span, ty));
            return None;
        }
        ("decimal" | "numeric" | "money" | "dec", None) => {
            complaints.push(errors::decimal_without_digits(name, written.span));
            return None;
        }
        _ => {}
    }
    let Some(simple) = SIMPLE.into_iter().find(|ty| ty.to_string() == name) else {
        let names: Vec<String> = SIMPLE.iter().map(Type::to_string).collect();
        let nearest = suggest::close(name, names.iter().map(String::as_str));
        complaints.push(match foreign::type_meant(name) {
            Some(ours) => errors::type_of_another_language(name, written.span, ours),
            None => errors::unknown_type(name, written.span, nearest),
        });
        return None;
    };
    if !written.arguments.is_empty() {
        complaints.push(errors::type_without_numbers(name, written.span));
    }
    Some(simple)
}

/// A list of scalars.
fn list_of(written: &ast::TypeName, name: &str, complaints: &mut Vec<Diagnostic>) -> Option<Type> {
    let at = written.span;
    let refused = match (name, &written.inside[..]) {
        (
            "list",
            [
                ast::TypeField {
                    name: None,
                    ty,
                    nullable,
                },
            ],
        ) => {
            if ty.name.text == "struct" {
                complaints.push(match ty.inside.is_empty() {
                    true => errors::struct_of_nothing(ty.span),
                    false => errors::list_of_structs(ty.span),
                });
                return None;
            }
            let item = type_of(ty, complaints)?;
            complaints.extend(nullable.map(|at| errors::nullable_items(item, at)));
            match item.list() {
                Some(list) => return Some(list),
                None => errors::list_of_lists(ty.span),
            }
        }
        ("list", _) => errors::list_of_something(at),
        ("struct", []) => errors::struct_of_nothing(at),
        ("struct", _) => errors::struct_outside(at),
        ("array" | "vector" | "sequence" | "seq" | "set" | "vec", [ast::TypeField { ty, .. }])
            if ty.inside.is_empty() =>
        {
            let list = format!("list<{ty}>");
            errors::list_of_another_language(&written.name.text, at, &list)
        }
        ("record" | "row" | "tuple" | "object", [ast::TypeField { name: Some(_), .. }, ..]) => {
            errors::unknown_type(&written.name.text, written.name.span, Some("struct"))
        }
        ("optional" | "option" | "nullable", [ast::TypeField { name: None, ty, .. }]) if ty.inside.is_empty() => {
            errors::optional_of_another_language(&ty.to_string(), at)
        }
        _ => errors::type_without_inside(&written.name.text, at),
    };
    complaints.push(refused);
    None
}

fn decimal(precision: u64, scale: u64) -> Option<Type> {
    let (precision, scale) = (u8::try_from(precision).ok()?, u8::try_from(scale).ok()?);
    ((1..=38).contains(&precision) && scale <= precision).then_some(Type::Decimal { precision, scale })
}

/// The operator of the typed program.
pub(super) fn binary_op(op: ast::BinaryOp) -> BinaryOp {
    match op {
        ast::BinaryOp::Or => BinaryOp::Or,
        ast::BinaryOp::And => BinaryOp::And,
        ast::BinaryOp::Equal => BinaryOp::Equal,
        ast::BinaryOp::NotEqual => BinaryOp::NotEqual,
        ast::BinaryOp::Less => BinaryOp::Less,
        ast::BinaryOp::LessOrEqual => BinaryOp::LessOrEqual,
        ast::BinaryOp::Greater => BinaryOp::Greater,
        ast::BinaryOp::GreaterOrEqual => BinaryOp::GreaterOrEqual,
        ast::BinaryOp::Add => BinaryOp::Add,
        ast::BinaryOp::Subtract => BinaryOp::Subtract,
        ast::BinaryOp::Multiply => BinaryOp::Multiply,
        ast::BinaryOp::Divide => BinaryOp::Divide,
        ast::BinaryOp::Quotient => BinaryOp::Quotient,
        ast::BinaryOp::Remainder => BinaryOp::Remainder,
    }
}
