//! Rows that a caller gives in place of files, and a [`Store`] that knows them.

use crate::error::DecodeError;
use crate::spool::Spooled;
use crate::store::{InputFile, RandomRead, Store, Table};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use featc_ir::{FileFormat, FileSet};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows in place of a source's files.
#[derive(Debug, Clone)]
pub enum Rows {
    Memory(Arc<Table>),
    /// In a temporary file.
    Spooled(Spooled),
}

impl From<Arc<Table>> for Rows {
    fn from(table: Arc<Table>) -> Rows {
        Rows::Memory(table)
    }
}

impl Rows {
    pub fn schema(&self) -> &SchemaRef {
        match self {
            Rows::Memory(table) => &table.schema,
            Rows::Spooled(spooled) => spooled.schema(),
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        match self {
            Rows::Memory(table) => table.rows(),
            Rows::Spooled(spooled) => spooled.rows(),
        }
    }

    /// About how many bytes the rows take.
    pub fn bytes(&self) -> u64 {
        match self {
            Rows::Memory(table) => table.bytes(),
            Rows::Spooled(spooled) => spooled.bytes(),
        }
    }

    /// Calls `each` with the batches, in order.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn for_each(&self, mut each: impl FnMut(&RecordBatch)) -> Result<(), DecodeError> {
        match self {
            Rows::Memory(table) => table.batches.iter().for_each(each),
            Rows::Spooled(spooled) => spooled
                .batches()?
                .try_for_each(|batch| batch.map(|batch| each(&batch)))?,
        }
        Ok(())
    }
}

/// In front of the name of a source whose rows are given.
const MARK: &str = "\0memory:";

/// A store in which the rows of some sources are given; everything else is where `beyond` has it.
#[derive(Debug)]
pub struct Tables {
    /// By the name of the source.
    pub tables: BTreeMap<String, Rows>,
    pub beyond: Arc<dyn Store>,
}

impl Tables {
    /// What stands in place of a source's files when its rows are given.
    pub fn files(source: &str) -> FileSet {
        FileSet {
            format: FileFormat::Arrow,
            paths: vec![format!("{MARK}{source}")],
            version: None,
        }
    }

    /// The source that a pattern names.
    fn source<'a>(&self, pattern: &'a str) -> Option<&'a str> {
        pattern
            .strip_prefix(MARK)
            .filter(|name| self.tables.contains_key(*name))
    }

    /// The rows that stand in place of a file.
    fn rows(&self, file: &InputFile) -> Option<&Rows> {
        self.tables.get(self.source(file.path.to_str()?)?)
    }
}

impl Store for Tables {
    fn list(&self, pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        match self.source(pattern) {
            Some(source) => Ok(vec![InputFile {
                path: PathBuf::from(pattern),
                name: format!("rows of {source}").into(),
                values: Vec::new(),
            }]),
            None => self.beyond.list(pattern, extensions, base),
        }
    }

    fn open(&self, file: &InputFile) -> Result<Arc<dyn RandomRead>, DecodeError> {
        match self.rows(file) {
            Some(Rows::Spooled(spooled)) => Ok(spooled.file()),
            Some(Rows::Memory(_)) | None => self.beyond.open(file),
        }
    }

    fn stream(&self, file: &InputFile) -> Result<Box<dyn Read + Send>, DecodeError> {
        self.beyond.stream(file)
    }

    fn near(&self, file: &InputFile) -> Option<u64> {
        self.beyond.near(file)
    }

    fn snapshot(&self, files: &FileSet, base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        self.beyond.snapshot(files, base)
    }

    fn table(&self, file: &InputFile) -> Option<Arc<Table>> {
        match self.rows(file)? {
            Rows::Memory(table) => Some(table.clone()),
            Rows::Spooled(_) => None,
        }
    }
}
