//! Names of types.

use crate::errors;
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
const FOREIGN: [(&str, &str); 7] = [
    ("int integer bigint long int32 smallint i64", "int64"),
    ("float double real float32 f64 number", "float64"),
    ("numeric money", "decimal(12, 2)"),
    ("text str varchar utf8", "string"),
    ("boolean", "bool"),
    ("datetime timestamptz", "timestamp"),
    ("interval timedelta", "duration"),
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
            complaints.push(errors::invalid_decimal(written.span));
        }
        return decimal;
    }
    let Some(simple) = SIMPLE.into_iter().find(|ty| ty.to_string() == name) else {
        let lower = name.to_lowercase();
        let names: Vec<String> = SIMPLE.iter().map(Type::to_string).collect();
        let foreign = FOREIGN
            .iter()
            .find(|(foreign, _)| foreign.split(' ').any(|foreign| foreign == lower))
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
        complaints.push(errors::unknown_type(name, written.span, nearest));
        return None;
    };
    if !written.arguments.is_empty() {
        complaints.push(errors::type_without_numbers(name, written.span));
    }
    Some(simple)
}

fn decimal(precision: u64, scale: u64) -> Option<Type> {
    let (precision, scale) = (u8::try_from(precision).ok()?, u8::try_from(scale).ok()?);
    ((1..=38).contains(&precision) && scale <= precision).then_some(Type::Decimal { precision, scale })
}
