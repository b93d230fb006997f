//! Writing rows, all or nothing: a target is whole and on disk, or it is what it was.

mod aside;
mod beyond;
mod claim;
mod csv;
mod metadata;
mod parquet;
mod utc;

pub use self::parquet::{ParquetWriter, WriteOptions};
pub use aside::{Aside, sync_folder};
pub use beyond::{Beyond, beyond_text};
pub use claim::Claim;
pub use metadata::read_metadata;

use crate::array::describe;
use crate::error::{DecodeError, NOT_IN_CSV, plain};
use ::parquet::errors::ParquetError;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use arrow::json::writer::{LineDelimited, Writer as JsonWriter, WriterBuilder};
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What a file name says about its content. Text formats write instants in UTC, as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// `.parquet`, zstd.
    Parquet,
    /// `.csv`: header line, null is empty, the empty string is `""`. No lists, structs or maps.
    Csv,
    /// `.jsonl`: one object per line, with its nulls. NaN and the infinities, which JSON lacks, are null.
    Jsonl,
    /// `.arrow`: the file format of Arrow IPC.
    Arrow,
}

impl OutputFormat {
    /// The format of a target, by its extension in any case.
    ///
    /// # Errors
    /// [`DecodeError::UnknownExtension`].
    pub fn of(path: &Path) -> Result<OutputFormat, DecodeError> {
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or("")
            .to_ascii_lowercase();
        match extension.as_str() {
            "parquet" => Ok(OutputFormat::Parquet),
            "csv" => Ok(OutputFormat::Csv),
            "jsonl" => Ok(OutputFormat::Jsonl),
            "arrow" => Ok(OutputFormat::Arrow),
            _ => Err(DecodeError::UnknownExtension {
                file: path.display().to_string(),
            }),
        }
    }
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
    format: Format,
    rows: u64,
}

enum Format {
    Parquet(Box<ParquetWriter<BufWriter<File>>>),
    Csv(BufWriter<File>),
    Jsonl(Box<JsonWriter<BufWriter<File>, LineDelimited>>),
    Arrow(Box<FileWriter<BufWriter<File>>>),
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
        let format = OutputFormat::of(path)?;
        if path.is_dir() {
            return Err(DecodeError::unwritable(path, "is a folder"));
        }
        let folder = aside::folder(path);
        if !folder.is_dir() {
            return Err(DecodeError::unwritable(path, format!("no folder {}", folder.display())));
        }
        let refused = |error: std::io::Error| DecodeError::unwritable(path, plain(&error));
        let aside = Aside::create(path).map_err(refused)?;
        let file = BufWriter::with_capacity(1 << 18, aside.file().try_clone().map_err(refused)?);
        let format = match format {
            OutputFormat::Parquet => {
                let schema = metadata::without(&schema, &options.metadata);
                let writer = ParquetWriter::new(file, schema, options);
                Format::Parquet(Box::new(
                    writer.map_err(|error| DecodeError::unwritable(path, parquet_why(&error)))?,
                ))
            }
            OutputFormat::Csv => {
                if let Some(field) = schema
                    .fields()
                    .iter()
                    .find(|field| field.data_type().is_nested() && !is_dictionary(field.data_type()))
                {
                    let found = describe(field.data_type());
                    let why = format!("column `{}` is {found}, {NOT_IN_CSV}", field.name());
                    return Err(DecodeError::unwritable(path, why));
                }
                let mut file = file;
                csv::header(&mut file, &schema).map_err(refused)?;
                Format::Csv(file)
            }
            OutputFormat::Jsonl => Format::Jsonl(Box::new(
                WriterBuilder::new()
                    .with_explicit_nulls(true)
                    .build::<_, LineDelimited>(file),
            )),
            OutputFormat::Arrow => {
                let writer = FileWriter::try_new(file, &metadata::with(&schema, &options.metadata));
                Format::Arrow(Box::new(
                    writer.map_err(|error| DecodeError::unwritable(path, arrow_why(&error)))?,
                ))
            }
        };
        Ok(RowsWriter {
            target: path.to_owned(),
            aside,
            format,
            rows: 0,
        })
    }

    /// Appends a batch of the schema.
    ///
    /// # Errors
    /// [`DecodeError::Unwritable`]; [`DecodeError::BeyondText`] for a value that a text format cannot hold.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), DecodeError> {
        let written = match &mut self.format {
            Format::Parquet(writer) => writer.write(batch).map_err(|error| parquet_why(&error)),
            Format::Csv(writer) => {
                let batch = text_of(&self.target, self.rows, batch)?;
                csv::rows(writer, &batch).map_err(|error| arrow_why(&error))
            }
            Format::Jsonl(writer) => {
                let batch = text_of(&self.target, self.rows, batch)?;
                writer.write(&batch).map_err(|error| arrow_why(&error))
            }
            Format::Arrow(writer) => writer.write(batch).map_err(|error| arrow_why(&error)),
        };
        written.map_err(|why| DecodeError::unwritable(&self.target, why))?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Adds a key and its value to the metadata of the file, where the format has such: Parquet and Arrow.
    pub fn add_metadata(&mut self, key: &str, value: &str) {
        match &mut self.format {
            Format::Parquet(writer) => writer.add_metadata(key.to_owned(), value.to_owned()),
            Format::Arrow(writer) => writer.write_metadata(key, value),
            Format::Csv(_) | Format::Jsonl(_) => {}
        }
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
            format,
            rows,
        } = self;
        let buffer = match format {
            Format::Parquet(writer) => writer.finish().map_err(|error| parquet_why(&error)),
            Format::Csv(writer) => Ok(writer),
            Format::Jsonl(mut writer) => writer
                .finish()
                .map(|()| writer.into_inner())
                .map_err(|error| arrow_why(&error)),
            Format::Arrow(writer) => writer.into_inner().map_err(|error| arrow_why(&error)),
        };
        let mut buffer = buffer.map_err(|why| DecodeError::unwritable(&target, why))?;
        let refused = |error: std::io::Error| DecodeError::unwritable(&target, plain(&error));
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
        put.map_err(|error| DecodeError::unwritable(&self.target, plain(&error)))
    }
}

/// A batch as text formats print it, `above` rows of the file; an error where they cannot.
fn text_of(target: &Path, above: u64, batch: &RecordBatch) -> Result<RecordBatch, DecodeError> {
    if let Some(Beyond { column, row, why }) = beyond_text(batch) {
        return Err(DecodeError::BeyondText {
            file: target.display().to_string(),
            column,
            row: above + row as u64 + 1,
            why,
        });
    }
    utc::batch(batch).map_err(|error| DecodeError::unwritable(target, arrow_why(&error)))
}

fn is_dictionary(ty: &DataType) -> bool {
    matches!(ty, DataType::Dictionary(_, values) if !values.is_nested())
}

fn parquet_why(error: &ParquetError) -> String {
    if let ParquetError::External(cause) = error
        && let Some(refused) = cause.downcast_ref::<std::io::Error>()
    {
        return plain(refused);
    }
    let text = error.to_string();
    text.strip_prefix("Parquet error: ").unwrap_or(&text).to_owned()
}

fn arrow_why(error: &ArrowError) -> String {
    match error {
        ArrowError::IoError(_, error) => plain(error),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
