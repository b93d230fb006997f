//! Rows that were decoded already: columns under their own names, as values of their types, whatever the source says of files.

use arrow::datatypes::{Field, Schema};
use featc_ir::{ColumnForm, Source, SourceColumn, Type};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The key in a schema's metadata that marks such rows.
const MARK: &str = "featc.decoded";

/// The key of what the columns were read from, and how: a JSON object of [`Reading`]s by column. Columns that it leaves out were
/// read of a field of their own name, as values of their type.
const READ: &str = "featc.read";

/// How a column is read where that is not plain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reading {
    #[serde(flatten)]
    form: ColumnForm,
    /// Of timestamps that are written as such: the zone of those without an offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    /// Of floats.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keep_nan: bool,
}

impl Reading {
    pub(crate) fn of(source: &Source, column: &SourceColumn) -> Reading {
        let item = match column.ty {
            Type::List(item) => *item,
            ty => ty,
        };
        let is_written = item == Type::Timestamp && column.form.read_as.is_none();
        Reading {
            form: column.form.clone(),
            zone: source.zone.clone().filter(|_| is_written),
            keep_nan: source.keep_nan && item == Type::Float64,
        }
    }
}

/// The schema of decoded rows of a source: it says how they were read, and is marked where files hold some column otherwise.
pub fn schema_of_decoded(source: &Source, fields: Vec<Field>) -> Schema {
    let readings = source
        .columns
        .iter()
        .map(|column| (&column.name, Reading::of(source, column)));
    let readings: BTreeMap<&String, Reading> = readings.filter(|(_, read)| *read != Reading::default()).collect();
    let read = serde_json::to_string(&readings).unwrap_or_default();
    let mut metadata = HashMap::from([(READ.to_owned(), read)]);
    if !source.columns.iter().all(|column| column.form.is_plain()) {
        metadata.insert(MARK.to_owned(), "true".to_owned());
    }
    Schema::new_with_metadata(fields, metadata)
}

/// Whether rows of this schema were decoded.
pub(crate) fn were_decoded(schema: &Schema) -> bool {
    schema.metadata().contains_key(MARK)
}

/// What rows of this schema call a column.
pub(crate) fn name_in<'a>(schema: &Schema, column: &'a SourceColumn) -> &'a str {
    match were_decoded(schema) {
        true => &column.name,
        false => column.field(),
    }
}

/// The column that rows of this schema were decoded to by another `from`, `as`, `zone` or `keep nan` than it has; what they hold is
/// not what would be read. Rows that do not say how they were read are taken as they are.
///
/// # Errors
/// What they say cannot be read.
pub(crate) fn read_otherwise<'a>(
    columns: &'a [SourceColumn],
    readings: &[Reading],
    schema: &Schema,
) -> Result<Option<&'a str>, serde_json::Error> {
    let Some(said) = schema.metadata().get(READ) else {
        return Ok(None);
    };
    let said: BTreeMap<String, Reading> = serde_json::from_str(said)?;
    let plain = |name: &str| schema.column_with_name(name).map(|_| Reading::default());
    let of = |name: &str| said.get(name).cloned().or_else(|| plain(name));
    let other = columns.iter().zip(readings).find(|(column, reading)| {
        let mut wanted = (*reading).clone();
        let Some(read) = of(&column.name) else {
            // Rows that are not marked hold fields under their names: that of this column may be another column of theirs.
            wanted.form.field = None;
            let field = of(column.field()).filter(|_| !were_decoded(schema));
            return field.is_some_and(|read| read != wanted);
        };
        read != wanted
    });
    Ok(other.map(|(column, _)| column.name.as_str()))
}
