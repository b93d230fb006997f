//! Reading the files of a source.

use crate::error::DecodeError;
use crate::files::LocalStore;
use crate::format::Reading;
use crate::formats::{expand_in, open};
use crate::piece::{Piece, cut};
use crate::reject::{Reject, RejectSink, Rejects};
use crate::spec::{Decoded, PieceOptions, Spec};
use crate::store::{InputFile, Store};
use featc_ir::{ColumnId, FileFormat, FileSet, Source};
use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// How to read; the default reads everything.
#[derive(Default)]
pub struct ReadOptions {
    /// The columns whose values are needed; the others come as all null. Which rows are rejected does not depend on it.
    pub columns: Option<Vec<ColumnId>>,
    /// Whether what the rows hold beyond the declared columns comes with them.
    pub undeclared: bool,
    /// See [`PieceOptions::naive_rejects`].
    pub naive_rejects: bool,
    /// Rows per batch, at most; 65 536 without a value.
    pub rows_per_batch: Option<usize>,
    /// See [`PieceOptions::batch_bytes_max`].
    pub batch_bytes_max: Option<u64>,
    /// Receives every rejected row.
    pub sink: Option<RejectSink>,
    /// Where the files are; the local file system without a value.
    pub store: Option<Arc<dyn Store>>,
}

impl fmt::Debug for ReadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOptions")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

/// Reads the files of a source, in order. Files are opened one after the other; nothing is read before the first `next`
/// but the names of the files.
///
/// # Errors
/// [`DecodeError::NoFiles`], [`DecodeError::UnknownZone`]; whatever is wrong with a file comes from the reader.
pub fn read_source(
    source: &Source,
    files: &FileSet,
    base: &Path,
    options: ReadOptions,
) -> Result<SourceReader, DecodeError> {
    let whole = PieceOptions {
        columns: options.columns,
        undeclared: options.undeclared,
        naive_rejects: options.naive_rejects,
        rows_per_batch: options.rows_per_batch,
        batch_bytes_max: options.batch_bytes_max,
        rows_per_piece: Some(usize::MAX),
        bytes_per_piece: Some(usize::MAX),
        store: options.store.unwrap_or_else(|| Arc::new(LocalStore)),
        ..PieceOptions::default()
    };
    let found = expand_in(&*whole.store, files, base)?;
    Ok(SourceReader {
        spec: Arc::new(Spec::new(source, whole)?),
        format: files.format,
        files: found.into(),
        pieces: VecDeque::new(),
        current: None,
        sink: options.sink,
        rejects: Rejects::default(),
        rows: 0,
    })
}

/// The rows of a source, batch by batch. It ends after the first error.
pub struct SourceReader {
    spec: Arc<Spec>,
    format: FileFormat,
    files: VecDeque<InputFile>,
    /// Of the file that was opened last.
    pieces: VecDeque<Piece>,
    current: Option<Box<dyn Reading>>,
    sink: Option<RejectSink>,
    rejects: Rejects,
    rows: u64,
}

impl fmt::Debug for SourceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceReader")
            .field("files", &self.files)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl SourceReader {
    /// The rows that were rejected so far.
    pub fn rejects(&self) -> &Rejects {
        &self.rejects
    }

    /// The rows that were rejected, when all is read.
    pub fn into_rejects(self) -> Rejects {
        self.rejects
    }

    /// The rows that were decoded so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The next piece, opened.
    fn open(&mut self) -> Result<Option<Box<dyn Reading>>, DecodeError> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                match piece.open()? {
                    None => continue,
                    reading => return Ok(reading),
                }
            }
            let Some(file) = self.files.pop_front() else {
                return Ok(None);
            };
            let opened = open(self.format, file, &self.spec, true)?;
            self.pieces = cut(&self.spec, vec![opened]).into();
        }
    }

    fn advance(&mut self) -> Result<Option<Decoded>, DecodeError> {
        loop {
            let current = match self.current.take() {
                Some(current) => Some(current),
                None => self.open()?,
            };
            let Some(mut current) = current else {
                return Ok(None);
            };
            let mut rejects: Vec<Reject> = Vec::new();
            let read = current.next(&self.spec, &mut rejects);
            for reject in rejects {
                if let Some(sink) = &mut self.sink {
                    sink(&reject)?;
                }
                self.rejects.add(reject);
            }
            if let Some(decoded) = read? {
                self.current = Some(current);
                if decoded.batch.rows > 0 {
                    self.rows += decoded.batch.rows as u64;
                    return Ok(Some(decoded));
                }
            }
        }
    }
}

impl Iterator for SourceReader {
    type Item = Result<Decoded, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance().transpose();
        if matches!(next, Some(Err(_))) {
            self.files.clear();
            self.pieces.clear();
            self.current = None;
        }
        next
    }
}
