//! Rows that can be read once, in a temporary file that can be read again.
//!
//! # Contract
//! The file has no name: it is gone when its last owner is, however the process ends. It is an Arrow file, and is read as
//! one: its rows mean what they mean in memory.

use crate::error::DecodeError;
use crate::files::LocalFile;
use crate::formats::arrow_batches;
use crate::store::RandomRead;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

/// So many rows are a batch of the file at most; batches of fewer than an eighth that follow each other become one.
const ROWS_MAX: usize = 1 << 16;
const ROWS_MIN: usize = ROWS_MAX / 8;

/// A file that is being written.
pub struct Spooling {
    schema: SchemaRef,
    rows: u64,
    /// Batches that are too small by themselves.
    small: Vec<RecordBatch>,
    writer: FileWriter<BufWriter<File>>,
}

impl std::fmt::Debug for Spooling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spooling")
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl Spooling {
    /// Begins a file in the folder `temp`.
    ///
    /// # Errors
    /// The folder is missing or refuses; a type that Arrow files do not hold.
    pub fn create(temp: &Path, schema: SchemaRef) -> Result<Spooling, ArrowError> {
        let file = tempfile::tempfile_in(temp)?;
        Ok(Spooling {
            writer: FileWriter::try_new_buffered(file, &schema)?,
            schema,
            rows: 0,
            small: Vec::new(),
        })
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Adds rows of the schema.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.rows += batch.num_rows() as u64;
        if batch.num_rows() < ROWS_MIN {
            self.small.push(batch.clone());
            let waiting: usize = self.small.iter().map(RecordBatch::num_rows).sum();
            return match waiting < ROWS_MIN && self.small.len() < ROWS_MIN {
                true => Ok(()),
                false => self.flush(),
            };
        }
        self.flush()?;
        for from in (0..batch.num_rows()).step_by(ROWS_MAX) {
            let part = batch.slice(from, ROWS_MAX.min(batch.num_rows() - from));
            self.writer.write(&part)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ArrowError> {
        let small = std::mem::take(&mut self.small);
        match small.is_empty() {
            true => Ok(()),
            false => self.writer.write(&concat_batches(&self.schema, &small)?),
        }
    }

    /// Ends the file; `name` is what messages call it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self, name: &str) -> Result<Spooled, ArrowError> {
        self.flush()?;
        let file = self.writer.into_inner()?.into_inner();
        let file = file.map_err(|error| ArrowError::from(error.into_error()))?;
        Ok(Spooled {
            schema: self.schema,
            rows: self.rows,
            file: Arc::new(LocalFile::of(name.into(), file)?),
        })
    }
}

/// Rows in a temporary file.
#[derive(Debug, Clone)]
pub struct Spooled {
    schema: SchemaRef,
    rows: u64,
    file: Arc<LocalFile>,
}

impl Spooled {
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The length of the file.
    pub fn bytes(&self) -> u64 {
        self.file.len()
    }

    pub(crate) fn file(&self) -> Arc<dyn RandomRead> {
        self.file.clone()
    }

    /// The rows, in order.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn batches(&self) -> Result<impl Iterator<Item = Result<RecordBatch, DecodeError>>, DecodeError> {
        arrow_batches(self.file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};

    fn numbers(numbers: std::ops::Range<i64>) -> RecordBatch {
        let texts = StringArray::from_iter(numbers.clone().map(|n| (n % 3 > 0).then(|| n.to_string())));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        RecordBatch::try_from_iter_with_nullable([("n", numbers, false), ("t", Arc::new(texts) as ArrayRef, true)])
            .unwrap()
    }

    #[test]
    fn rows_come_back_as_often_as_they_are_asked_for() {
        let temp = tempfile::tempdir().unwrap();
        let whole = numbers(0..200_000);
        let mut spool = Spooling::create(temp.path(), whole.schema()).unwrap();
        // Small ones between a large one, and none at all.
        for (from, until) in [
            (0, 1),
            (1, 1),
            (1, 9_000),
            (9_000, 9_001),
            (9_001, 199_990),
            (199_990, 200_000),
        ] {
            spool.write(&whole.slice(from, until - from)).unwrap();
        }
        let spooled = spool.finish("rows").unwrap();
        assert_eq!((spooled.rows(), spooled.schema()), (200_000, &whole.schema()));
        assert!(spooled.bytes() > 1_600_000);
        for _ in 0..2 {
            let batches: Vec<RecordBatch> = spooled.batches().unwrap().map(Result::unwrap).collect();
            assert!(batches.iter().all(|batch| batch.num_rows() <= ROWS_MAX));
            assert_eq!(batches.len(), 7);
            assert_eq!(concat_batches(&whole.schema(), &batches).unwrap(), whole);
        }
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
    }

    #[test]
    fn no_rows_and_no_folder() {
        let temp = tempfile::tempdir().unwrap();
        let schema = numbers(0..1).schema();
        let spooled = Spooling::create(temp.path(), schema.clone())
            .unwrap()
            .finish("rows")
            .unwrap();
        assert_eq!((spooled.rows(), spooled.batches().unwrap().count()), (0, 0));
        assert!(Spooling::create(&temp.path().join("nowhere"), schema).is_err());
    }
}
