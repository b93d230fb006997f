//! Rows that were decoded already: columns under their own names, as values of their types, whatever the source says of files.

use arrow::datatypes::{Field, Schema};
use featc_ir::{Source, SourceColumn};
use std::collections::HashMap;

/// The key in a schema's metadata that marks such rows.
const MARK: &str = "featc.decoded";

/// The schema of decoded rows of a source. It is marked where files hold some column otherwise.
pub fn schema_of_decoded(source: &Source, fields: Vec<Field>) -> Schema {
    let is_plain = |column: &SourceColumn| column.form.is_plain();
    let mark = match source.columns.iter().all(is_plain) {
        true => HashMap::new(),
        false => HashMap::from([(MARK.to_owned(), "true".to_owned())]),
    };
    Schema::new_with_metadata(fields, mark)
}

/// Whether rows of this schema were decoded.
pub(crate) fn were_decoded(schema: &Schema) -> bool {
    schema.metadata().contains_key(MARK)
}
