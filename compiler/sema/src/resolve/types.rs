//! Names of types.

use crate::errors::names::UnknownType;
use crate::errors::types::InvalidTypeArguments;
use featc_ir::Type;
use featc_syntax::ast;
use featc_syntax::diag::{Diagnostic, suggest};

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

/// What other languages call our types.
const FOREIGN: [(&str, &str); 24] = [
    ("int", "int64"),
    ("integer", "int64"),
    ("bigint", "int64"),
    ("long", "int64"),
    ("int32", "int64"),
    ("smallint", "int64"),
    ("i64", "int64"),
    ("float", "float64"),
    ("double", "float64"),
    ("real", "float64"),
    ("float32", "float64"),
    ("f64", "float64"),
    ("number", "float64"),
    ("numeric", "decimal(12, 2)"),
    ("money", "decimal(12, 2)"),
    ("text", "string"),
    ("str", "string"),
    ("varchar", "string"),
    ("utf8", "string"),
    ("boolean", "bool"),
    ("datetime", "timestamp"),
    ("timestamptz", "timestamp"),
    ("interval", "duration"),
    ("timedelta", "duration"),
];

/// The type that a name stands for; reports it if there is none.
pub(super) fn type_of(written: &ast::TypeName, complaints: &mut Vec<Diagnostic>) -> Option<Type> {
    let name = written.name.text.as_str();
    if name == "decimal" {
        let decimal = match written.arguments.as_slice() {
            [precision, scale] => decimal(precision.value, scale.value),
            _ => None,
        };
        if decimal.is_none() {
            complaints.push(InvalidTypeArguments { name, at: written.span }.report());
        }
        return decimal;
    }
    let Some(simple) = SIMPLE.into_iter().find(|ty| ty.to_string() == name) else {
        let lower = name.to_lowercase();
        let names: Vec<String> = SIMPLE.iter().map(Type::to_string).collect();
        let foreign = FOREIGN
            .iter()
            .find(|(foreign, _)| *foreign == lower)
            .map(|(_, ours)| *ours);
        let nearest = foreign.or_else(|| {
            suggest::nearest(
                name,
                names
                    .iter()
                    .map(String::as_str)
                    .chain(std::iter::once("decimal(12, 2)")),
            )
        });
        complaints.push(
            UnknownType {
                name,
                at: written.span,
                nearest,
            }
            .report(),
        );
        return None;
    };
    if !written.arguments.is_empty() {
        complaints.push(InvalidTypeArguments { name, at: written.span }.report());
    }
    Some(simple)
}

fn decimal(precision: u64, scale: u64) -> Option<Type> {
    let (precision, scale) = (u8::try_from(precision).ok()?, u8::try_from(scale).ok()?);
    ((1..=38).contains(&precision) && scale <= precision).then_some(Type::Decimal { precision, scale })
}
