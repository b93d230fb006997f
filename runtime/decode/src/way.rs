//! Ways to fields: by name, or from the first dot of it on through structs.

use crate::error::DecodeError;
use crate::names::place;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{is_null, nullif};
use arrow::datatypes::{DataType, Fields, Schema};

/// Where a field stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// The column of the file.
    pub root: usize,
    /// The names of the fields in it, from struct to struct; empty for the column itself.
    pub inside: Vec<String>,
    pub found: DataType,
}

impl Way {
    /// To a column of the file.
    pub(crate) fn of(schema: &Schema, root: usize) -> Way {
        Way {
            root,
            inside: Vec::new(),
            found: schema.field(root).data_type().clone(),
        }
    }
}

/// The way to what a source calls so: a column of this name, or else a field inside of one.
///
/// # Errors
/// [`DecodeError::MissingColumn`] with the names beside which it would stand; [`DecodeError::AmbiguousColumn`].
pub(crate) fn way(schema: &Schema, field: &str, file: &str) -> Result<Way, DecodeError> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    // As its whole name, if only to say that there is none.
    let whole = || place(&names, field, file).map(|root| Way::of(schema, root));
    let parts = field.split_once('.').filter(|_| !names.contains(&field));
    let Some((head, rest)) = parts.filter(|(head, _)| names.contains(head)) else {
        return whole();
    };
    let root = place(&names, head, file)?;
    let mut inside = Vec::new();
    let found = match schema.field(root).data_type() {
        // All of it is null, and so is what would be inside.
        DataType::Null => return Ok(Way::of(schema, root)),
        DataType::Struct(fields) => within(fields, rest, &mut inside).ok_or_else(|| DecodeError::MissingColumn {
            file: file.to_owned(),
            column: field.to_owned(),
            found: fields.iter().map(|field| format!("{head}.{}", field.name())).collect(),
        })?,
        _ => return whole(),
    };
    Ok(Way {
        root,
        found: found.clone(),
        inside,
    })
}

/// The type at the end of a way through these fields.
fn within<'a>(fields: &'a Fields, field: &str, inside: &mut Vec<String>) -> Option<&'a DataType> {
    if let Some((_, found)) = fields.find(field) {
        inside.push(field.to_owned());
        return Some(found.data_type());
    }
    let (head, rest) = field.split_once('.')?;
    inside.push(head.to_owned());
    match fields.find(head)?.1.data_type() {
        DataType::Struct(fields) => within(fields, rest, inside),
        _ => None,
    }
}

/// The array at the end of a way; null where a struct on it is.
///
/// # Errors
/// In words, when the array has no such way.
pub(crate) fn follow(mut array: ArrayRef, inside: &[String]) -> Result<ArrayRef, String> {
    for name in inside {
        let structs = array.as_struct_opt();
        let child = structs.and_then(|structs| structs.column_by_name(name)).cloned();
        let child = child.ok_or_else(|| format!("no field {name}"))?;
        array = match array.null_count() {
            0 => child,
            _ => {
                let nulls = is_null(&array).map_err(|error| error.to_string())?;
                nullif(&child, &nulls).map_err(|error| error.to_string())?
            }
        };
    }
    Ok(array)
}
