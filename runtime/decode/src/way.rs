//! Ways to fields: by name, or from the first dot of it on through structs, and through one list of them.

use crate::error::DecodeError;
use crate::names::place;
use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, OffsetSizeTrait};
use arrow::compute::{is_null, nullif};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use std::sync::Arc;

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
        of => {
            let beside = structs(of);
            match end(of, rest, &mut inside) {
                Some(found) => found,
                None if beside.is_empty() => return whole(),
                None => {
                    return Err(DecodeError::MissingColumn {
                        file: file.to_owned(),
                        column: field.to_owned(),
                        found: beside.iter().map(|field| format!("{head}.{}", field.name())).collect(),
                        cased: Vec::new(),
                        declared: None,
                    });
                }
            }
        }
    };
    Ok(Way { root, found, inside })
}

/// The fields of structs, by themselves or in a list; none of anything else.
fn structs(of: &DataType) -> &[FieldRef] {
    match items(of).map_or(of, |items| items.data_type()) {
        DataType::Struct(fields) => fields,
        _ => &[],
    }
}

/// What a list holds, as views too.
fn items(of: &DataType) -> Option<&FieldRef> {
    match of {
        DataType::List(items)
        | DataType::LargeList(items)
        | DataType::FixedSizeList(items, _)
        | DataType::ListView(items)
        | DataType::LargeListView(items) => Some(items),
        _ => None,
    }
}

/// The type at the end of a way through structs: behind a list of them it is a list. What is null has no further fields: the way
/// ends there.
fn end(of: &DataType, field: &str, inside: &mut Vec<String>) -> Option<DataType> {
    let listed = |found| DataType::List(Arc::new(Field::new_list_field(found, true)));
    match of {
        DataType::Null => Some(DataType::Null),
        DataType::Struct(fields) => match fields.find(field) {
            Some((_, found)) => {
                inside.push(field.to_owned());
                Some(found.data_type().clone())
            }
            None => {
                let (head, rest) = field.split_once('.')?;
                inside.push(head.to_owned());
                end(fields.find(head)?.1.data_type(), rest, inside)
            }
        },
        // Views are no lists that are read: the type is told.
        DataType::ListView(_) | DataType::LargeListView(_) => structs(of).first().map(|_| of.clone()),
        _ => end(items(of)?.data_type(), field, inside).map(listed),
    }
}

/// The array at the end of a way; null where a struct on it is. Behind a list of structs it holds the lists of what they say.
///
/// # Errors
/// In words, when the array has no such way.
pub(crate) fn follow(array: ArrayRef, inside: &[String]) -> Result<ArrayRef, String> {
    let Some((name, rest)) = inside.split_first() else {
        return Ok(array);
    };
    match array.data_type() {
        DataType::List(_) => return within(array.as_list::<i32>(), inside),
        DataType::LargeList(_) => return within(array.as_list::<i64>(), inside),
        DataType::FixedSizeList(_, length) => {
            let lists = array.as_fixed_size_list();
            let (of, found) = items_at_end(lists.values(), inside)?;
            let nulls = lists.nulls().cloned();
            let lists = FixedSizeListArray::try_new_with_length(of, *length, found, nulls, lists.len());
            return lists.map(|lists| Arc::new(lists) as ArrayRef).map_err(in_words);
        }
        _ => {}
    }
    let structs = array.as_struct_opt();
    let child = structs.and_then(|structs| structs.column_by_name(name)).cloned();
    let child = child.ok_or_else(|| format!("no field {name}"))?;
    let child = match array.null_count() {
        _ if *child.data_type() == DataType::Null => child,
        0 => child,
        _ => nullif(&child, &is_null(&array).map_err(in_words)?).map_err(in_words)?,
    };
    follow(child, rest)
}

/// Lists of what stands at the end of a way in each of their items.
fn within<Offset: OffsetSizeTrait>(lists: &GenericListArray<Offset>, inside: &[String]) -> Result<ArrayRef, String> {
    let (of, found) = items_at_end(lists.values(), inside)?;
    let lists = GenericListArray::try_new(of, lists.offsets().clone(), found, lists.nulls().cloned());
    Ok(Arc::new(lists.map_err(in_words)?))
}

/// What stands at the end of a way in each item, and the field of a list of it.
fn items_at_end(items: &ArrayRef, inside: &[String]) -> Result<(FieldRef, ArrayRef), String> {
    let found = follow(items.clone(), inside)?;
    Ok((Arc::new(Field::new_list_field(found.data_type().clone(), true)), found))
}

fn in_words(error: arrow::error::ArrowError) -> String {
    error.to_string()
}

/// The ways to the leaves of these fields, as a file of Parquet has them: depth first, with the column and the names of the
/// structs' fields from there on, whatever lists are on it.
pub(crate) fn leaves(fields: &Fields) -> Vec<(usize, Vec<String>)> {
    fn add(of: &DataType, way: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
        match of {
            DataType::Struct(fields) => {
                for field in fields {
                    way.push(field.name().clone());
                    add(field.data_type(), way, leaves);
                    way.pop();
                }
            }
            DataType::Map(entries, _) => add(entries.data_type(), way, leaves),
            _ => match items(of) {
                Some(items) => add(items.data_type(), way, leaves),
                None => leaves.push(way.clone()),
            },
        }
    }
    let mut all = Vec::new();
    for (root, field) in fields.iter().enumerate() {
        let mut leaves = Vec::new();
        add(field.data_type(), &mut Vec::new(), &mut leaves);
        all.extend(leaves.into_iter().map(|way| (root, way)));
    }
    all
}
