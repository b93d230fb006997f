//! Texts by key in the metadata of Parquet and Arrow files.

use super::OutputFormat;
use crate::error::DecodeError;
use crate::guard::guarded;
use crate::store::open_file;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::reader::FileReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::path::Path;
use std::sync::Arc;

/// The schema with further metadata; a key that is there already gets the new text.
pub(super) fn with(schema: &SchemaRef, metadata: &[(String, String)]) -> SchemaRef {
    if metadata.is_empty() {
        return schema.clone();
    }
    let mut all = schema.metadata().clone();
    all.extend(metadata.iter().cloned());
    Arc::new(Schema::clone(schema).with_metadata(all))
}

/// The schema without metadata under these keys: a Parquet file has them beside its schema, once.
pub(super) fn without(schema: &SchemaRef, metadata: &[(String, String)]) -> SchemaRef {
    let mut kept = schema.metadata().clone();
    kept.retain(|key, _| !metadata.iter().any(|(new, _)| new == key));
    if kept.len() == schema.metadata().len() {
        return schema.clone();
    }
    Arc::new(Schema::clone(schema).with_metadata(kept))
}

/// The text under a key in the metadata of a Parquet or Arrow file; `None` where there is none, and for text formats.
///
/// # Errors
/// [`DecodeError::Unreadable`], [`DecodeError::Corrupt`], [`DecodeError::UnknownExtension`].
pub fn read_metadata(path: &Path, key: &str) -> Result<Option<String>, DecodeError> {
    let name = path.display().to_string();
    let file = || open_file(path).map_err(|error| DecodeError::unreadable(&name, &error));
    match OutputFormat::of(path)? {
        OutputFormat::Parquet => {
            let file = file()?;
            let builder = guarded(&name, || ParquetRecordBatchReaderBuilder::try_new(file))?;
            let pairs = builder.metadata().file_metadata().key_value_metadata();
            let found = pairs.into_iter().flatten().find(|pair| pair.key == key);
            Ok(found.and_then(|pair| pair.value.clone()))
        }
        OutputFormat::Arrow => {
            let file = file()?;
            let reader = guarded(&name, || FileReader::try_new(file, None))?;
            Ok(reader.schema().metadata().get(key).cloned())
        }
        OutputFormat::Csv | OutputFormat::Jsonl => Ok(None),
    }
}
