//! Where files lie, and how their bytes are read: a small trait, and the local file system.

use crate::error::{DecodeError, NO_PLAIN_FILE};
use crate::files::{self, InputFile};
use bytes::{Buf, Bytes};
use featc_ir::FileSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

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
        Ok(Box::new(Sequential {
            file: self.open(file)?,
            at: 0,
        }))
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

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalStore;

impl Store for LocalStore {
    fn list(&self, pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        files::local(pattern, extensions, base)
    }

    fn open(&self, file: &InputFile) -> Result<Arc<dyn RandomRead>, DecodeError> {
        let refused = |error: io::Error| DecodeError::unreadable(&file.name, &error);
        let open = open_file(&file.path).map_err(refused)?;
        let about = open.metadata().map_err(refused)?;
        let modified = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        Ok(Arc::new(LocalFile {
            name: file.name.clone(),
            file: open,
            len: about.len(),
            modified_ns: modified.map_or(0, |since| since.as_nanos()),
        }))
    }

    fn stream(&self, file: &InputFile) -> Result<Box<dyn Read + Send>, DecodeError> {
        let open = open_file(&file.path).map_err(|error| DecodeError::unreadable(&file.name, &error))?;
        Ok(Box::new(open))
    }

    fn near(&self, file: &InputFile) -> Option<u64> {
        let about = std::fs::metadata(&file.path).ok()?;
        about.is_file().then_some(about.len())
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

struct LocalFile {
    name: Arc<str>,
    file: File,
    len: u64,
    modified_ns: u128,
}

impl RandomRead for LocalFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, start: u64, len: usize) -> Result<Bytes, DecodeError> {
        if start.checked_add(len as u64).is_none_or(|end| end > self.len) {
            return Err(DecodeError::Unreadable {
                file: self.name.to_string(),
                why: format!("it ends before byte {}", start.saturating_add(len as u64)),
            });
        }
        let mut bytes = vec![0; len];
        read_exact_at(&self.file, &mut bytes, start).map_err(|error| match error.kind() {
            // It was long enough when it was opened.
            io::ErrorKind::UnexpectedEof => {
                let is = self.file.metadata().map_or(start, |about| about.len());
                DecodeError::changed(&self.name, self.len, is)
            }
            _ => DecodeError::unreadable(&self.name, &error),
        })?;
        Ok(bytes.into())
    }

    fn version(&self) -> Option<String> {
        Some(format!("{}+{}", self.modified_ns, self.len))
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, start)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        start += read as u64;
        bytes = &mut bytes[read..];
    }
    Ok(())
}

/// A file from its beginning to its end.
struct Sequential {
    file: Arc<dyn RandomRead>,
    at: u64,
}

impl Read for Sequential {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.file.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let len = left.min(buffer.len());
        if len == 0 {
            return Ok(0);
        }
        let bytes = self.file.read_at(self.at, len).map_err(as_io)?;
        buffer[..len].copy_from_slice(&bytes);
        self.at += len as u64;
        Ok(len)
    }
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
            let len = (self.left.end - self.left.start).min(1 << 18) as usize;
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
