//! Whether records of a schema can be rows of a source.

use super::schema::{Schema, Type, TypeId};
use featc_ir::{ReadAs, Source, SourceColumn};

/// What of a source no record of a schema has, in words. A field that is not there is null, which some columns may be.
pub fn misfits(schema: &Schema, source: &Source) -> Vec<String> {
    let mut records = Vec::new();
    flatten(schema, schema.root(), &mut records);
    let fields_of = |id: &TypeId| matches!(schema.ty(*id), Type::Record(_));
    if !records.iter().any(fields_of) {
        let found = names(schema, &records);
        return vec![format!("its values are no records but {found}")];
    }
    let arrival = source.arrival_column().map(|column| column.index());
    let of_column = |(place, column): (usize, &SourceColumn)| {
        let mut found = Vec::new();
        for record in &records {
            find(schema, *record, column.field(), &mut found);
        }
        let field = column.field();
        if found.is_empty() {
            let is_needed = !column.nullable && arrival != Some(place);
            return is_needed.then(|| format!("no field `{field}`"));
        }
        let can_be = |id: &TypeId| fits(schema.ty(*id), column);
        let is_unfit = !found.iter().any(can_be);
        is_unfit.then(|| {
            let (ty, found) = (column.ty, names(schema, &found));
            format!("`{field}` is {found}, which column `{}`, {ty}, cannot be", column.name)
        })
    };
    source.columns.iter().enumerate().filter_map(of_column).collect()
}

/// A type, or those of a union.
fn flatten(schema: &Schema, id: TypeId, into: &mut Vec<TypeId>) {
    match schema.ty(id) {
        Type::Union(branches) => branches.iter().for_each(|branch| flatten(schema, *branch, into)),
        _ => into.push(id),
    }
}

/// The types of what a way leads to, as the decoder goes it: a field of the whole name, or else into the one that is named
/// in front of the first dot.
fn find(schema: &Schema, record: TypeId, way: &str, into: &mut Vec<TypeId>) {
    match schema.ty(record) {
        Type::Record(fields) => {
            let field = |name: &str| fields.iter().find(|field| field.name == name);
            if let Some(found) = field(way) {
                return flatten(schema, found.ty, into);
            }
            let Some((head, rest)) = way.split_once('.') else {
                return;
            };
            let mut inner = Vec::new();
            field(head)
                .into_iter()
                .for_each(|head| flatten(schema, head.ty, &mut inner));
            inner.into_iter().for_each(|inner| find(schema, inner, rest, into));
        }
        Type::Map(of) => flatten(schema, *of, into),
        _ => {}
    }
}

/// Whether some value of the type is one of the column, besides null.
fn fits(ty: &Type, column: &SourceColumn) -> bool {
    use featc_ir::Type as Column;
    let is_number = matches!(
        ty,
        Type::Int | Type::Long | Type::Float | Type::Double | Type::Decimal { .. }
    );
    let is_text = matches!(ty, Type::String | Type::Enum(_));
    match &column.form.read_as {
        Some(ReadAs::Epoch(_) | ReadAs::Format { .. }) => return is_number || is_text,
        Some(ReadAs::Date { .. }) => return is_text || *ty == Type::Date,
        None => {}
    }
    match column.ty {
        Column::Bool => *ty == Type::Bool,
        Column::Int64 => matches!(ty, Type::Int | Type::Long | Type::Decimal { scale: 0, .. }),
        Column::Float64 => is_number,
        Column::Decimal { .. } => is_number || is_text,
        Column::String => {
            !is_number
                && !matches!(
                    ty,
                    Type::Null | Type::Bool | Type::Record(_) | Type::Array(_) | Type::Map(_)
                )
        }
        Column::Timestamp => is_text || matches!(ty, Type::Instant(_)),
        Column::Date => is_text || *ty == Type::Date,
        Column::Duration => is_text || *ty == Type::Duration,
        Column::List(_) => matches!(ty, Type::Array(_)),
    }
}

/// What types are called.
fn names(schema: &Schema, all: &[TypeId]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for id in all {
        let name = match schema.ty(*id) {
            Type::Null => "null",
            Type::Bool => "boolean",
            Type::Int => "int",
            Type::Long => "long",
            Type::Float => "float",
            Type::Double => "double",
            Type::Bytes => "bytes",
            Type::String => "string",
            Type::Fixed(_) => "fixed",
            Type::Enum(_) => "enum",
            Type::Record(_) => "record",
            Type::Array(_) => "array",
            Type::Map(_) => "map",
            Type::Union(_) => "union",
            Type::Date => "date",
            Type::Instant(_) => "timestamp",
            Type::Decimal { .. } => "decimal",
            Type::Uuid => "uuid",
            Type::Duration => "duration",
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" or ")
}
