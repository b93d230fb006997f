//! Rows to files, all or nothing: a target is whole and on disk, or it is what it was.

use crate::error::DecodeError;
use crate::formats::{of, output_format};
use crate::write::{Aside, Encoder, Target, WriteOptions, folder};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The text under a key in the metadata of a Parquet or Arrow file; `None` where there is none, and for text formats.
///
/// # Errors
/// [`DecodeError::Unreadable`], [`DecodeError::Corrupt`], [`DecodeError::UnknownExtension`].
pub fn read_metadata(path: &Path, key: &str) -> Result<Option<String>, DecodeError> {
    of(output_format(path)?).metadata(path, key)
}

/// Writes batches of one schema to a file; returns the number of rows. See [`RowsWriter`].
///
/// # Errors
/// [`DecodeError::UnknownExtension`], [`DecodeError::Unwritable`].
pub fn write_rows(
    path: &Path,
    schema: SchemaRef,
    batches: impl IntoIterator<Item = RecordBatch>,
) -> Result<u64, DecodeError> {
    let mut writer = RowsWriter::create(path, schema)?;
    for batch in batches {
        writer.write(&batch)?;
    }
    writer.finish()
}

/// Rows on their way to a file: they go aside into the same folder, and [`RowsWriter::finish`] puts them in place
/// (file synced, renamed, folder synced). Dropped before that, it leaves nothing behind, and the old file as it was.
pub struct RowsWriter {
    target: PathBuf,
    aside: Aside,
    encoder: Box<dyn Encoder>,
    rows: u64,
}

impl fmt::Debug for RowsWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsWriter")
            .field("target", &self.target)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl RowsWriter {
    /// Opens a file aside, in the format of the target's extension. A target that is a link is written where it leads.
    ///
    /// # Errors
    /// [`DecodeError::UnknownExtension`]; [`DecodeError::Unwritable`] when the folder is missing or refuses, the target
    /// is a folder, or the format cannot hold the schema.
    pub fn create(path: &Path, schema: SchemaRef) -> Result<RowsWriter, DecodeError> {
        RowsWriter::create_with(path, schema, &WriteOptions::default())
    }

    /// As [`RowsWriter::create`], with options. CSV and JSONL have no place for metadata.
    ///
    /// # Errors
    /// As [`RowsWriter::create`].
    pub fn create_with(path: &Path, schema: SchemaRef, options: &WriteOptions) -> Result<RowsWriter, DecodeError> {
        let format = of(output_format(path)?);
        if path.is_dir() {
            return Err(DecodeError::unwritable(path, "is a folder"));
        }
        let folder = folder(path);
        if !folder.is_dir() {
            return Err(DecodeError::unwritable(path, format!("no folder {}", folder.display())));
        }
        let refused = |error: std::io::Error| DecodeError::refused(path, &error);
        let aside = Aside::create(path).map_err(refused)?;
        let target = Target::with_capacity(1 << 18, aside.file().try_clone().map_err(refused)?);
        let encoder = format.encoder(target, schema, options);
        Ok(RowsWriter {
            target: path.to_owned(),
            aside,
            encoder: encoder.map_err(|error| error.of(path, 0))?,
            rows: 0,
        })
    }

    /// Appends a batch of the schema.
    ///
    /// # Errors
    /// [`DecodeError::Unwritable`]; [`DecodeError::BeyondText`] for a value that a text format cannot hold.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), DecodeError> {
        let written = self.encoder.write(batch);
        written.map_err(|error| error.of(&self.target, self.rows))?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Adds a key and its value to the metadata of the file, where the format has such: Parquet and Arrow.
    pub fn add_metadata(&mut self, key: &str, value: &str) {
        self.encoder.add_metadata(key, value);
    }

    /// Ends the file and puts it in place; returns the number of rows.
    ///
    /// # Errors
    /// [`DecodeError::Unwritable`]; the target is then as it was.
    pub fn finish(self) -> Result<u64, DecodeError> {
        let sealed = self.seal()?;
        let rows = sealed.rows;
        sealed.put()?;
        Ok(rows)
    }

    /// Ends the file, which stays aside, whole and on disk.
    ///
    /// # Errors
    /// [`DecodeError::Unwritable`].
    pub fn seal(self) -> Result<Sealed, DecodeError> {
        let RowsWriter {
            target,
            aside,
            encoder,
            rows,
        } = self;
        let mut buffer = encoder.finish().map_err(|error| error.of(&target, rows))?;
        let refused = |error: std::io::Error| DecodeError::refused(&target, &error);
        buffer.flush().map_err(refused)?;
        aside.file().sync_all().map_err(refused)?;
        Ok(Sealed { target, aside, rows })
    }
}

/// A file that is whole and on disk, but not in its place. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Sealed {
    target: PathBuf,
    aside: Aside,
    /// Rows in the file.
    pub rows: u64,
}

impl Sealed {
    /// Where the file is now.
    pub fn path(&self) -> &Path {
        self.aside.path()
    }

    /// Puts the file in place.
    ///
    /// # Errors
    /// [`DecodeError::Unwritable`]; the target is then as it was.
    pub fn put(self) -> Result<(), DecodeError> {
        let put = self.aside.put();
        put.map_err(|error| DecodeError::refused(&self.target, &error))
    }
}

#[cfg(test)]
mod tests;
