//! Where files lie, and how their bytes are read: a small trait.

use crate::content;
use crate::error::DecodeError;
use crate::system::NO_PLAIN_FILE;
use arrow::array::{Array as _, RecordBatch};
use arrow::datatypes::SchemaRef;
use bytes::{Buf, Bytes};
use featc_ir::FileSet;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A place of files. Cheap to share; every method may be called from any thread.
pub trait Store: Send + Sync + fmt::Debug {
    /// The files that a pattern means, in bytewise order of their paths, at least one.
    ///
    /// A pattern is a path relative to `base`, or a glob. A folder means the files in it that have one of the
    /// `extensions`, and so on in those of its folders that are named `column=value`; see [`crate::expand`].
    ///
    /// # Errors
    /// [`DecodeError::NoFiles`], [`DecodeError::Unreadable`].
    fn list(&self, pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<InputFile>, DecodeError>;

    /// Opens a file.
    ///
    /// # Errors
    /// [`DecodeError::Unreadable`].
    fn open(&self, file: &InputFile) -> Result<Arc<dyn RandomRead>, DecodeError>;

    /// Opens a file to be read once, from its beginning to its end.
    ///
    /// # Errors
    /// [`DecodeError::Unreadable`].
    fn stream(&self, file: &InputFile) -> Result<Box<dyn Read + Send>, DecodeError> {
        let file = self.open(file)?;
        let whole = 0..file.len();
        Ok(Box::new(Ranged::new(file, whole)))
    }

    /// The length of a file that may be read twice, as what it costs is small: a file of this machine. Others, and what
    /// is no file, are read once.
    fn near(&self, file: &InputFile) -> Option<u64> {
        let _ = file;
        None
    }

    /// The files of a Delta table, with the values of its partition columns, in the version that the set says.
    ///
    /// # Errors
    /// [`DecodeError::Unreadable`] from a store that cannot read Delta tables, and for a table that cannot be read.
    fn snapshot(&self, files: &FileSet, base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        let _ = base;
        Err(DecodeError::Unreadable {
            file: files.paths.join(", "),
            why: "Delta tables cannot be read here".into(),
        })
    }

    /// The rows of what [`Store::list`] gave and is no file, but in memory.
    fn table(&self, file: &InputFile) -> Option<Arc<Table>> {
        let _ = file;
        None
    }
}

/// The bytes of an open file, from anywhere in it and on any thread.
pub trait RandomRead: Send + Sync {
    /// The length in bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `len` bytes from `start` on; an end of the file before that is an error.
    ///
    /// # Errors
    /// [`DecodeError::Unreadable`].
    fn read_at(&self, start: u64, len: usize) -> Result<Bytes, DecodeError>;

    /// What changes when the content does: an etag, or time and length. `None` when the store does not know.
    fn version(&self) -> Option<String>;

    /// How many bytes one read should bring at least: about what could be read while a request is on its way.
    fn granule(&self) -> usize {
        1 << 16
    }
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// A path, or what else the store knows the file by.
    pub path: PathBuf,
    /// What messages call it: relative to the base folder where it lies below it.
    pub name: Arc<str>,
    /// Columns whose one value is said outside of the file, by its place or by its table: names and texts, `None` for
    /// null. They count where the file does not hold the column itself, and decode as CSV text.
    pub values: Vec<(String, Option<String>)>,
}

impl InputFile {
    /// A file whose name says the values of its columns.
    pub fn new(path: PathBuf, name: impl Into<Arc<str>>) -> InputFile {
        let name = name.into();
        InputFile {
            path,
            values: values(&name),
            name,
        }
    }
}

/// The values that the folders of a path name as `column=value`, `%` escapes undone; of two of one column the inner.
fn values(name: &str) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let Some((folders, _)) = name.rsplit_once(['/', std::path::MAIN_SEPARATOR]) else {
        return found;
    };
    for (column, value) in folders
        .split(['/', std::path::MAIN_SEPARATOR])
        .filter_map(|part| part.split_once('='))
    {
        // Escapes that make no UTF-8 are text.
        let unescaped = |text| {
            percent_decode_str(text)
                .decode_utf8()
                .map_or(text.to_owned(), String::from)
        };
        let column = unescaped(column);
        let value = (value != "__HIVE_DEFAULT_PARTITION__").then(|| unescaped(value));
        found.retain(|(known, _)| *known != column);
        found.push((column, value));
    }
    found
}

/// Rows in memory: batches of one schema, in order. Nothing of them is copied before it is decoded.
#[derive(Debug, Clone)]
pub struct Table {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl Table {
    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.batches.iter().map(|batch| batch.num_rows() as u64).sum()
    }

    /// About how many bytes the rows take.
    pub fn bytes(&self) -> u64 {
        let size = |batch: &RecordBatch| {
            let columns = batch.columns().iter();
            let sizes = columns.map(|column| column.to_data().get_slice_memory_size().unwrap_or(0) as u64);
            sizes.sum::<u64>()
        };
        self.batches.iter().map(size).sum()
    }
}

/// Opens a file. A pipe, a socket or a device is none: to open a pipe could wait for ever, and it cannot be read twice.
///
/// # Errors
/// What the system says; a folder, or what is no file.
pub fn open_file(path: &Path) -> io::Result<File> {
    let ty = std::fs::metadata(path)?.file_type();
    if ty.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !ty.is_file() {
        return Err(io::Error::other(NO_PLAIN_FILE));
    }
    File::open(path)
}

/// Reads a file whole, as [`open_file`] opens it.
///
/// # Errors
/// Those of [`open_file`]; what the system says of a read.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn as_io(error: DecodeError) -> io::Error {
    match error {
        DecodeError::Unreadable { why, .. } => io::Error::other(why),
        error => io::Error::other(error),
    }
}

/// A part of a file, from its beginning to its end.
pub(crate) struct Ranged {
    file: Arc<dyn RandomRead>,
    left: Range<u64>,
    bytes: Bytes,
}

impl Ranged {
    pub(crate) fn new(file: Arc<dyn RandomRead>, range: Range<u64>) -> Ranged {
        Ranged {
            file,
            left: range,
            bytes: Bytes::new(),
        }
    }
}

impl BufRead for Ranged {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() && self.left.start < self.left.end {
            let most = self.file.granule().max(1 << 18) as u64;
            let len = (self.left.end - self.left.start).min(most) as usize;
            self.bytes = self.file.read_at(self.left.start, len).map_err(as_io)?;
            self.left.start += len as u64;
        }
        Ok(&self.bytes)
    }

    fn consume(&mut self, len: usize) {
        self.bytes.advance(len);
    }
}

impl Read for Ranged {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// What is wrong with a file that should begin with `own`, if it begins as one of another format does.
pub(crate) fn of_another_format(name: &str, own: &[u8], file: &dyn RandomRead) -> Option<DecodeError> {
    let head = content::HEAD_BYTES.min(usize::try_from(file.len()).unwrap_or(usize::MAX));
    let why = content::not_of(own, &file.read_at(0, head).ok()?)?;
    Some(DecodeError::Corrupt {
        file: name.to_owned(),
        why: why.to_owned(),
    })
}
