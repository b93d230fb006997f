//! Reading the files of a source.

use crate::builder::Rules;
use crate::error::DecodeError;
use crate::files::InputFile;
use crate::lines::Lines;
use crate::piece::{Piece, PieceOptions, Reading, Shared};
use crate::reject::{Reason, Reject, RejectSink, Rejects};
use crate::store::{LocalStore, Store};
use crate::text_rows::TextReader;
use crate::undeclared::Undeclared;
use crate::zone::Zone;
use arrow::array::StringArray;
use featc_ir::{ColumnId, FileFormat, FileSet, Source, SourceColumn};
use featr_kernels::Batch;
use std::collections::VecDeque;
use std::fmt;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

/// How to read; the default reads everything.
#[derive(Default)]
pub struct ReadOptions {
    /// The columns whose values are needed; the others come as all null. Which rows are rejected does not depend on it.
    pub columns: Option<Vec<ColumnId>>,
    /// Whether what the rows hold beyond the declared columns comes with them.
    pub undeclared: bool,
    /// Rows per batch, at most; 65 536 without a value.
    pub rows_per_batch: Option<usize>,
    /// Receives every rejected row.
    pub sink: Option<Box<dyn RejectSink>>,
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

/// Rows of one file, in its order.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// All columns of the source in declared order; never empty of rows.
    pub batch: Batch,
    pub file: Arc<str>,
    pub rows: RowNumbers,
    /// The texts of the columns that came as codes; see [`PieceOptions::coded`].
    pub texts: Vec<(ColumnId, StringArray)>,
    /// What the rows hold beyond the declared columns, if that was asked for.
    pub undeclared: Option<Undeclared>,
}

/// Where the rows of a batch are in their file: row numbers in Parquet, first lines in text formats, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowNumbers {
    /// The number of the first row.
    pub first: u64,
    /// One number per row; `None` when they are consecutive.
    pub numbers: Option<Vec<u64>>,
}

impl RowNumbers {
    /// The number of the batch's `row`-th row, from 0.
    pub fn number(&self, row: usize) -> u64 {
        match &self.numbers {
            Some(numbers) => numbers.get(row).copied().unwrap_or(0),
            None => self.first + row as u64,
        }
    }

    pub(crate) fn new(numbers: Vec<u64>) -> RowNumbers {
        let first = numbers.first().copied().unwrap_or(1);
        let consecutive = numbers
            .iter()
            .zip(first..)
            .all(|(number, expected)| *number == expected);
        RowNumbers {
            first,
            numbers: (!consecutive).then_some(numbers),
        }
    }
}

/// What the formats need to know of a source.
pub(crate) struct Spec {
    pub columns: Vec<SourceColumn>,
    pub time: usize,
    pub rules: Rules,
    /// Per column, whether its values are needed.
    pub wanted: Vec<bool>,
    /// Those of [`PieceOptions::coded`].
    pub coded: Vec<ColumnId>,
    /// Whether undeclared columns are read too.
    pub undeclared: bool,
    pub rows_per_batch: usize,
}

impl Spec {
    pub(crate) fn new(
        source: &Source,
        columns: Option<&[ColumnId]>,
        rows_per_batch: Option<usize>,
    ) -> Result<Spec, DecodeError> {
        let zone = source.zone.as_deref().map(Zone::named).transpose()?;
        let mut wanted = vec![columns.is_none(); source.columns.len()];
        for id in columns.into_iter().flatten() {
            if let Some(slot) = wanted.get_mut(id.index()) {
                *slot = true;
            }
        }
        Ok(Spec {
            columns: source.columns.clone(),
            time: source.time.index(),
            rules: Rules {
                zone,
                keep_nan: source.keep_nan,
            },
            wanted,
            coded: Vec::new(),
            undeclared: false,
            rows_per_batch: rows_per_batch.unwrap_or(65_536).max(1),
        })
    }

    /// Whether the source declares a column of this name.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    /// Whether this column may come as codes.
    pub(crate) fn is_coded(&self, column: usize) -> bool {
        self.wanted[column] && self.coded.contains(&ColumnId::from(column))
    }

    /// Why a null in this column rejects its row; `None` where nulls are welcome.
    pub(crate) fn null_reason(&self, column: usize) -> Option<Reason> {
        if column == self.time {
            Some(Reason::NullTime)
        } else {
            (!self.columns[column].nullable).then_some(Reason::NullInRequired)
        }
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
    let mut spec = Spec::new(source, options.columns.as_deref(), options.rows_per_batch)?;
    spec.undeclared = options.undeclared;
    let whole = PieceOptions {
        rows_per_piece: Some(usize::MAX),
        bytes_per_piece: Some(usize::MAX),
        store: options.store.unwrap_or_else(|| Arc::new(LocalStore)),
        ..PieceOptions::default()
    };
    let shared = Arc::new(Shared::new(spec, files.format, &whole));
    let found = shared.list(files, base)?;
    Ok(SourceReader::new(shared, found.into(), None, options.sink))
}

/// Reads CSV or JSONL text from anywhere as rows of a source; `name` is what messages call it.
///
/// # Errors
/// As [`read_source`]; also [`DecodeError::UnknownFormat`] for formats other than these two, which cannot be read from a stream.
pub fn read_text(
    source: &Source,
    format: FileFormat,
    input: Box<dyn BufRead + Send>,
    name: &str,
    options: ReadOptions,
) -> Result<SourceReader, DecodeError> {
    let mut spec = Spec::new(source, options.columns.as_deref(), options.rows_per_batch)?;
    spec.undeclared = options.undeclared;
    let current = match format {
        FileFormat::Parquet | FileFormat::Arrow | FileFormat::Delta => {
            return Err(DecodeError::UnknownFormat { file: name.to_owned() });
        }
        FileFormat::Csv => TextReader::csv(name.into(), &[], Lines::new(input), None, &spec)?,
        FileFormat::Jsonl => TextReader::jsonl(name.into(), &[], Lines::new(input), &spec),
    };
    let shared = Arc::new(Shared::new(spec, format, &PieceOptions::default()));
    let current = Some(Reading::Text(current));
    Ok(SourceReader::new(shared, VecDeque::new(), current, options.sink))
}

/// The rows of a source, batch by batch. It ends after the first error.
pub struct SourceReader {
    shared: Arc<Shared>,
    files: VecDeque<InputFile>,
    /// Of the file that was opened last.
    pieces: VecDeque<Piece>,
    current: Option<Reading>,
    sink: Option<Box<dyn RejectSink>>,
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
    fn new(
        shared: Arc<Shared>,
        files: VecDeque<InputFile>,
        current: Option<Reading>,
        sink: Option<Box<dyn RejectSink>>,
    ) -> SourceReader {
        SourceReader {
            shared,
            files,
            pieces: VecDeque::new(),
            current,
            sink,
            rejects: Rejects::default(),
            rows: 0,
        }
    }

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

    /// The files that are not opened yet.
    pub fn files_left(&self) -> usize {
        self.files.len()
    }

    /// The next piece, opened.
    fn open(&mut self) -> Result<Option<Reading>, DecodeError> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return piece.open().map(Some);
            }
            let Some(file) = self.files.pop_front() else {
                return Ok(None);
            };
            let opened = self.shared.open(file, true)?;
            self.pieces = self.shared.cut(vec![opened]).into();
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
            let read = current.next(&self.shared.spec, &mut rejects);
            for reject in rejects {
                if let Some(sink) = &mut self.sink {
                    sink.reject(&reject)?;
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
