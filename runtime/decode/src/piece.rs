//! Parts of a source that decode by themselves, on any thread.

use crate::arrow_file::{ArrowFile, ArrowReader, Run};
use crate::error::DecodeError;
use crate::files::{InputFile, expand_in};
use crate::parquet::{ParquetFile, ParquetReader, Part};
use crate::reject::Reject;
use crate::source::{Decoded, Spec};
use crate::store::{LocalStore, Store};
use crate::text_file::TextFile;
use crate::text_rows::TextReader;
use featc_ir::{ColumnId, FileFormat, FileSet, Source};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Files that stay open between cutting and reading; of a longer list they are opened again.
const OPEN_MAX: usize = 64;

/// Values of a column that can matter: rows beyond may be left out, where that costs nothing to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// An int64, timestamp, date or duration column.
    pub column: ColumnId,
    /// In the units of [`featr_kernels::Data::I64`], inclusive.
    pub least: i64,
    /// As `least`.
    pub greatest: i64,
}

/// How to cut and to read; the default reads everything from the local file system.
#[derive(Debug, Clone)]
pub struct PieceOptions {
    /// The columns whose values are needed; the others come as all null. Which rows are rejected does not depend on it.
    pub columns: Option<Vec<ColumnId>>,
    /// String columns whose values are looked up and nothing else: where a file holds one as a dictionary, it comes as codes,
    /// an int64 column whose values are places in [`Decoded::texts`]. Of a row that is null the code means nothing.
    /// Batches of one piece that share a dictionary share its buffers.
    pub coded: Vec<ColumnId>,
    /// Whether what the rows hold beyond the declared columns is read and comes with them.
    pub undeclared: bool,
    /// Rows per batch, at most; 65 536 without a value.
    pub rows_per_batch: Option<usize>,
    /// About how many rows a piece has. Row groups are not joined, and cut into equal parts nearest to this; each cut
    /// costs the pages that it goes through once more. Without a value 262 144; of four row groups or more 524 288, of 16
    /// or more 1 048 576.
    pub rows_per_piece: Option<usize>,
    /// About how many bytes a piece of a CSV or JSONL file has, if the file has twice as many. Without a value a 64th of
    /// the file, but at least 8 MiB, and at most 32 MiB. Only files of this machine that are not packed are cut.
    pub bytes_per_piece: Option<usize>,
    /// Threads that look for places to cut a text file.
    pub threads: usize,
    /// Row groups whose statistics say that no row of them can matter are left out, and their rejects with them.
    pub prune: Vec<Bound>,
    /// Where the files are.
    pub store: Arc<dyn Store>,
}

impl Default for PieceOptions {
    fn default() -> PieceOptions {
        PieceOptions {
            columns: None,
            coded: Vec::new(),
            undeclared: false,
            rows_per_batch: None,
            rows_per_piece: None,
            bytes_per_piece: None,
            threads: 1,
            prune: Vec::new(),
            store: Arc::new(LocalStore),
        }
    }
}

/// A part of a source that can be decoded by itself, on any thread.
///
/// # Contract
/// - The pieces of a source, read in order, give the rows and the rejects that [`crate::read_source`] gives (without
///   `prune`), in that order; the cut cannot be seen but in where batches end.
/// - Row numbers are those of the file.
pub struct Piece {
    shared: Arc<Shared>,
    what: What,
    skipped: u64,
}

enum What {
    Parquet {
        file: Arc<ParquetFile>,
        part: Part,
    },
    Arrow {
        file: Arc<ArrowFile>,
        run: Run,
    },
    ArrowStream(InputFile),
    Text {
        file: Arc<TextFile>,
        part: usize,
    },
    /// No rows; there to carry the number of those that were skipped.
    Nothing,
}

/// What all pieces of a source need.
pub(crate) struct Shared {
    pub spec: Spec,
    pub format: FileFormat,
    pub store: Arc<dyn Store>,
    rows_per_piece: Option<usize>,
    pub bytes_per_piece: Option<usize>,
    pub threads: usize,
    prune: Vec<Bound>,
}

/// A piece being read.
pub(crate) enum Reading {
    Parquet(Box<ParquetReader>),
    Arrow(Box<ArrowReader>),
    Text(TextReader),
    Nothing,
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("file", &self.file())
            .field("rows", &self.rows())
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}

/// Lists the files of a source and cuts them into pieces, in the order of the files and of their rows.
/// Of Parquet and Arrow files the metadata is read; large text files are looked through for places to cut.
///
/// # Errors
/// [`DecodeError::NoFiles`], [`DecodeError::UnknownZone`], and what is wrong with the schema of a Parquet file.
pub fn pieces(
    source: &Source,
    files: &FileSet,
    base: &Path,
    options: &PieceOptions,
) -> Result<Vec<Piece>, DecodeError> {
    let mut spec = Spec::new(source, options.columns.as_deref(), options.rows_per_batch)?;
    spec.coded.clone_from(&options.coded);
    spec.undeclared = options.undeclared;
    let shared = Arc::new(Shared::new(spec, files.format, options));
    let found = shared.list(files, base)?;
    let keep_open = found.len() <= OPEN_MAX;
    let opened = found.into_iter().map(|file| shared.open(file, keep_open));
    let opened = opened.collect::<Result<Vec<_>, _>>()?;
    Ok(shared.cut(opened))
}

/// A file whose metadata was read, if that is of use.
pub(crate) enum Opened {
    Parquet(Arc<ParquetFile>),
    Arrow(Arc<ArrowFile>),
    ArrowStream(InputFile),
    Text(Arc<TextFile>),
}

impl Shared {
    pub(crate) fn new(spec: Spec, format: FileFormat, options: &PieceOptions) -> Shared {
        Shared {
            spec,
            format,
            store: options.store.clone(),
            rows_per_piece: options.rows_per_piece,
            bytes_per_piece: options.bytes_per_piece,
            threads: options.threads,
            prune: options.prune.clone(),
        }
    }

    /// The files, in order.
    pub(crate) fn list(&self, files: &FileSet, base: &Path) -> Result<Vec<InputFile>, DecodeError> {
        expand_in(&*self.store, files, base)
    }

    pub(crate) fn open(&self, file: InputFile, keep_open: bool) -> Result<Opened, DecodeError> {
        Ok(match self.format {
            FileFormat::Csv | FileFormat::Jsonl => Opened::Text(Arc::new(TextFile::open(file, self))),
            FileFormat::Arrow => match ArrowFile::open(&file, self)? {
                Some(file) => Opened::Arrow(Arc::new(file)),
                None => Opened::ArrowStream(file),
            },
            FileFormat::Parquet | FileFormat::Delta => {
                Opened::Parquet(Arc::new(ParquetFile::open(file, self, keep_open)?))
            }
        })
    }

    /// The pieces of files, in order.
    pub(crate) fn cut(self: &Arc<Shared>, files: Vec<Opened>) -> Vec<Piece> {
        let groups: usize = files.iter().map(Opened::row_groups).sum();
        let few = match groups {
            ..4 => 1 << 18,
            4..16 => 1 << 19,
            _ => 1 << 20,
        };
        let rows_per_piece = self.rows_per_piece.unwrap_or(few).max(1);
        let piece = |what, skipped| Piece {
            shared: self.clone(),
            what,
            skipped,
        };
        let mut pieces = Vec::new();
        let mut skipped = 0;
        for file in files {
            match file {
                Opened::Text(file) => {
                    for part in 0..file.parts() {
                        let file = file.clone();
                        pieces.push(piece(What::Text { file, part }, 0));
                    }
                }
                Opened::ArrowStream(file) => pieces.push(piece(What::ArrowStream(file), 0)),
                Opened::Arrow(file) => {
                    for run in file.runs(rows_per_piece) {
                        let file = file.clone();
                        pieces.push(piece(What::Arrow { file, run }, 0));
                    }
                }
                Opened::Parquet(file) => {
                    for (part, skipped) in file.parts(rows_per_piece, &self.prune, &self.spec, &mut skipped) {
                        let file = file.clone();
                        pieces.push(piece(What::Parquet { file, part }, skipped));
                    }
                }
            }
        }
        match pieces.last_mut() {
            Some(last) => last.skipped += skipped,
            None if skipped > 0 => pieces.push(piece(What::Nothing, skipped)),
            None => {}
        }
        pieces
    }
}

impl Opened {
    fn row_groups(&self) -> usize {
        match self {
            Opened::Parquet(file) => file.row_groups(),
            Opened::Arrow(_) | Opened::ArrowStream(_) | Opened::Text(_) => 0,
        }
    }
}

impl Piece {
    /// The rows of it, rejected ones included, where the file says that without being read.
    pub fn rows(&self) -> Option<u64> {
        match &self.what {
            What::Parquet { part, .. } => Some(part.rows.end - part.rows.start),
            What::Arrow { run, .. } => Some(run.rows),
            What::ArrowStream(_) | What::Text { .. } => None,
            What::Nothing => Some(0),
        }
    }

    /// About how many bytes are to be read.
    pub fn bytes(&self) -> u64 {
        match &self.what {
            What::Parquet { file, part } => file.bytes(part),
            What::Arrow { file, run } => file.bytes(run),
            What::ArrowStream(file) => std::fs::metadata(&file.path).map_or(0, |about| about.len()),
            What::Text { file, part } => file.bytes(*part),
            What::Nothing => 0,
        }
    }

    /// About how many bytes these are when text is unpacked.
    pub fn unpacked_bytes(&self) -> u64 {
        match &self.what {
            What::Text { file, part } => file.unpacked_bytes(*part),
            What::Parquet { .. } | What::Arrow { .. } | What::ArrowStream(_) | What::Nothing => self.bytes(),
        }
    }

    /// Rows in front of this piece (behind it, if it is the last one) that were left out because of their statistics.
    pub fn skipped_rows(&self) -> u64 {
        self.skipped
    }

    /// What messages call its file.
    pub fn file(&self) -> &str {
        match &self.what {
            What::Parquet { file, .. } => file.name(),
            What::Arrow { file, .. } => file.name(),
            What::ArrowStream(file) => &file.name,
            What::Text { file, .. } => &file.input.name,
            What::Nothing => "",
        }
    }

    /// Decodes: gives each batch to `each`, and each rejected row to `rejects` before the rows behind it; stops at the
    /// first error of either side. It may be called again.
    ///
    /// # Errors
    /// What is wrong with the file, and what `rejects` and `each` say.
    pub fn read<E: From<DecodeError>>(
        &self,
        rejects: &mut dyn FnMut(Reject) -> Result<(), E>,
        each: &mut dyn FnMut(Decoded) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reading = self.open()?;
        let mut rejected = Vec::new();
        loop {
            let next = reading.next(&self.shared.spec, &mut rejected);
            rejected.drain(..).try_for_each(&mut *rejects)?;
            match next? {
                None => return Ok(()),
                Some(decoded) if decoded.batch.rows > 0 => each(decoded)?,
                Some(_) => {}
            }
        }
    }

    pub(crate) fn open(&self) -> Result<Reading, DecodeError> {
        Ok(match &self.what {
            What::Parquet { file, part } => Reading::Parquet(Box::new(ParquetReader::open(file, part, &self.shared)?)),
            What::Arrow { file, run } => Reading::Arrow(Box::new(ArrowReader::file(file, run, &self.shared)?)),
            What::ArrowStream(file) => Reading::Arrow(Box::new(ArrowReader::stream(file, &self.shared)?)),
            What::Text { file, part } => Reading::Text(file.read(*part, &self.shared)?),
            What::Nothing => Reading::Nothing,
        })
    }
}

impl Reading {
    /// The next rows, maybe none of them; `None` at the end.
    pub(crate) fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError> {
        match self {
            Reading::Parquet(reader) => reader.next(spec, rejects),
            Reading::Arrow(reader) => reader.next(spec, rejects),
            Reading::Text(reader) => reader.next(spec, rejects),
            Reading::Nothing => Ok(None),
        }
    }
}
