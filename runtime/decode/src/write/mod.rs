//! What writing takes: files aside, encoders, and what text formats can print.

mod aside;
mod beyond;
mod claim;
mod json_columns;
mod parquet;
mod utc;

pub use self::parquet::WriteOptions;
pub(crate) use self::parquet::{ParquetWriter, beyond_milliseconds};
pub(crate) use aside::folder;
pub use aside::{Aside, clear_asides, sync_folder};
pub use beyond::{Beyond, beyond_text};
pub use claim::Claim;
pub use json_columns::JsonColumns;

use crate::error::DecodeError;
use crate::system::plain;
use ::parquet::errors::ParquetError;
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Where encoders write.
pub(crate) type Target = BufWriter<File>;

/// Rows on their way into a format.
pub(crate) trait Encoder: Send {
    /// Appends a batch of the schema.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError>;

    /// Adds a key and its value to the metadata of the file, if the format has such.
    fn add_metadata(&mut self, _key: &str, _value: &str) {}

    /// Ends the content and gives the target back.
    fn finish(self: Box<Self>) -> Result<Target, WriteError>;
}

/// Why rows cannot be written.
#[derive(Debug)]
pub(crate) enum WriteError {
    Why(String),
    /// A value that text cannot hold; its row is one of the batch.
    Beyond(Beyond),
}

impl WriteError {
    /// As an error of a file that has so many rows already.
    pub(crate) fn of(self, target: &Path, above: u64) -> DecodeError {
        match self {
            WriteError::Why(why) => DecodeError::unwritable(target, why),
            WriteError::Beyond(Beyond { column, row, why }) => DecodeError::BeyondText {
                file: target.display().to_string(),
                column,
                row: above + row as u64 + 1,
                why,
            },
        }
    }
}

impl From<std::io::Error> for WriteError {
    fn from(error: std::io::Error) -> WriteError {
        WriteError::Why(plain(&error))
    }
}

impl From<ArrowError> for WriteError {
    fn from(error: ArrowError) -> WriteError {
        match error {
            ArrowError::IoError(_, error) => error.into(),
            other => WriteError::Why(other.to_string()),
        }
    }
}

impl From<ParquetError> for WriteError {
    fn from(error: ParquetError) -> WriteError {
        if let ParquetError::External(cause) = &error
            && let Some(refused) = cause.downcast_ref::<std::io::Error>()
        {
            return WriteError::Why(plain(refused));
        }
        let text = error.to_string();
        WriteError::Why(text.strip_prefix("Parquet error: ").unwrap_or(&text).to_owned())
    }
}

/// A batch as text formats print it.
pub(crate) fn as_text(batch: &RecordBatch) -> Result<RecordBatch, WriteError> {
    match beyond_text(batch) {
        Some(beyond) => Err(WriteError::Beyond(beyond)),
        None => Ok(utc::batch(batch)?),
    }
}
