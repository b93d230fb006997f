//! Entities from a file, or rows in memory, that list them.

use crate::error::Error;
use crate::program::Program;
use featc_ir::{ColumnId, FileSet, Key, Source, SourceColumn};
use featr_decode::{DecodeError, Detail, ReadOptions, Table, Tables, format_of, read_source};
use featr_kernels::Column;
use std::path::Path;
use std::sync::Arc;

impl Program {
    /// Reads entities from Parquet, CSV or JSONL: one column per key of the service, for [`crate::SurveyOptions::only`].
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::Decode`]: every row must have all keys.
    pub fn read_entities(&self, service: &str, path: &Path) -> Result<Vec<Column>, Error> {
        let keys = &self.service(service)?.keys;
        let name = path.display().to_string();
        let format = format_of(path)?;
        let absolute = std::path::absolute(path).unwrap_or(path.to_owned());
        let Ok(place) = absolute.into_os_string().into_string() else {
            let why = "its name is no text in UTF-8".to_owned();
            return Err(DecodeError::Unreadable { file: name, why }.into());
        };
        let set = FileSet {
            format,
            paths: vec![place],
            version: None,
        };
        read(keys, &set, &name, ReadOptions::default()).map_err(|error| match error {
            Error::Decode(DecodeError::MissingColumn {
                column,
                found,
                cased,
                declared,
                ..
            }) => DecodeError::MissingColumn {
                file: name,
                column,
                found,
                cased,
                declared,
            }
            .into(),
            other => other,
        })
    }

    /// As [`Program::read_entities`], from rows in memory.
    ///
    /// # Errors
    /// As [`Program::read_entities`].
    pub fn entities_in(&self, service: &str, rows: &Arc<Table>) -> Result<Vec<Column>, Error> {
        let store = Tables {
            tables: [(ENTITIES.to_owned(), rows.clone().into())].into(),
            beyond: self.lake.clone(),
        };
        let options = ReadOptions {
            store: Some(Arc::new(store)),
            ..ReadOptions::default()
        };
        let keys = &self.service(service)?.keys;
        read(keys, &Tables::files(ENTITIES), "the entities", options)
    }
}

/// What decoders call the rows.
const ENTITIES: &str = "entities";

fn read(keys: &[Key], set: &FileSet, name: &str, options: ReadOptions) -> Result<Vec<Column>, Error> {
    let source = entity_rows(keys);
    let mut reader = read_source(&source, set, Path::new(""), options)?;
    let mut columns: Vec<Column> = keys.iter().map(|key| Column::empty(key.ty)).collect();
    for decoded in reader.by_ref() {
        let batch = decoded?.batch;
        columns
            .iter_mut()
            .zip(&batch.columns)
            .for_each(|(all, more)| all.append(more));
    }
    match reader.rejects().kept().first() {
        None => Ok(columns),
        Some(reject) => Err(DecodeError::SpineLine {
            file: name.to_owned(),
            line: reject.line,
            why: reject.detail.to_string(),
            broken: match &reject.detail {
                Detail::Record(broken) => Some(broken.clone()),
                Detail::Null { .. } | Detail::Value { .. } => None,
            },
        }
        .into()),
    }
}

/// A list of entities as a source: keys, none of them null.
fn entity_rows(keys: &[Key]) -> Source {
    let column = |key: &Key| SourceColumn {
        name: key.name.clone(),
        ty: key.ty,
        nullable: false,
        form: featc_ir::ColumnForm::default(),
    };
    // Nobody asks when: only the decoder reads these rows.
    Source::plain(
        ENTITIES,
        keys.iter().map(column).collect(),
        Vec::new(),
        ColumnId::from(0),
    )
}
