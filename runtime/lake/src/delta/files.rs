//! Data files of a table on their way to it.

use super::action::FileAction;
use super::stats::Stats;
use super::table::{Root, Table};
use crate::upload::{Aside, upload};
use arrow::array::{Array as _, RecordBatch};
use arrow::datatypes::SchemaRef;
use featr_decode::{DecodeError, RowsWriter, WriteOptions};
use object_store::ObjectStoreExt as _;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

/// A data file that lies, or may lie, in the table.
#[derive(Debug)]
pub(crate) struct Written {
    name: String,
    bytes: u64,
    pub rows: u64,
    modified_ms: i64,
    stats: String,
}

/// The data file that is being written.
#[derive(Debug)]
pub(crate) struct Open {
    name: String,
    writer: RowsWriter,
    path: PathBuf,
    /// Holds `path` where the file has to be sent.
    aside: Option<Aside>,
    stats: Stats,
    bytes: usize,
}

/// A data file that is whole, where it was written.
#[derive(Debug)]
pub(crate) struct Ended {
    name: String,
    path: PathBuf,
    aside: Option<Aside>,
}

impl Open {
    pub(crate) fn new(
        table: &Table,
        name: String,
        schema: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Open, DecodeError> {
        let (path, aside) = match &table.root {
            Root::Local(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| DecodeError::Unwritable {
                    file: folder.display().to_string(),
                    why: error.to_string(),
                })?;
                (folder.join(&name), None)
            }
            Root::Object { temp, .. } => {
                let aside = Aside::new(temp, &table.address, &name)?;
                (aside.path.clone(), Some(aside))
            }
        };
        Ok(Open {
            name,
            writer: RowsWriter::create_with(&path, schema.clone(), options)?,
            path,
            aside,
            stats: Stats::new(schema),
            bytes: 0,
        })
    }

    /// The size in memory of the rows so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<(), DecodeError> {
        self.writer.write(rows)?;
        self.stats.add(rows);
        let sizes = rows
            .columns()
            .iter()
            .map(|array| array.to_data().get_slice_memory_size().unwrap_or(0));
        self.bytes += sizes.sum::<usize>();
        Ok(())
    }

    /// Ends the file; on this machine it lies in its place then.
    pub(crate) fn end(self, table: &Table) -> Result<(Ended, Written), DecodeError> {
        let rows = self.writer.finish()?;
        let about = std::fs::metadata(&self.path).map_err(|error| DecodeError::Unwritable {
            file: table.address.clone(),
            why: error.to_string(),
        })?;
        let modified = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let written = Written {
            name: self.name.clone(),
            bytes: about.len(),
            rows,
            modified_ms: modified.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0)),
            stats: self.stats.json(),
        };
        let ended = Ended {
            name: self.name,
            path: self.path,
            aside: self.aside,
        };
        Ok((ended, written))
    }
}

impl Ended {
    /// Brings the file to its place.
    pub(crate) fn send(self, table: &Table) -> Result<(), DecodeError> {
        if let Root::Object {
            client, bucket, key, ..
        } = &table.root
        {
            upload(client, bucket, &key_in(key, &self.name), &self.path)?;
        }
        drop(self.aside);
        Ok(())
    }
}

impl Written {
    /// What the log says of the file.
    pub(crate) fn add(&self) -> FileAction {
        let more: [(&str, serde_json::Value); 3] = [
            ("modificationTime", self.modified_ms.into()),
            ("dataChange", true.into()),
            ("stats", self.stats.clone().into()),
        ];
        FileAction {
            path: self.name.clone(),
            partition_values: Some(BTreeMap::new()),
            size: Some(i64::try_from(self.bytes).unwrap_or(i64::MAX)),
            deletion_vector: None,
            more: more.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    /// Removes the file, as far as that is possible.
    pub(crate) fn remove(&self, table: &Table) {
        match &table.root {
            Root::Local(folder) => {
                let _ = std::fs::remove_file(folder.join(&self.name));
            }
            Root::Object {
                client, bucket, key, ..
            } => {
                let Ok(key) = crate::object::key(bucket, &key_in(key, &self.name)) else {
                    return;
                };
                let client = client.clone();
                let _ = table.wait(async move { client.delete(&key).await });
            }
        }
    }
}

fn key_in(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
