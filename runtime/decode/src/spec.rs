//! What is asked of a source's files, and what they give.

use crate::array;
use crate::becomes::ROW_BYTES_MAX;
use crate::builder::Builder;
use crate::decoded_rows::Reading;
use crate::detail::Detail;
use crate::error::DecodeError;
use crate::files::LocalStore;
use crate::read_as::Reader;
use crate::reject::Reason;
use crate::rules::Rules;
use crate::store::Store;
use crate::undeclared::Undeclared;
use crate::zone::Zone;
use arrow::array::{ArrayRef, StringArray};
use featc_ir::{ColumnId, Source, SourceColumn, Type};
use featr_kernels::Batch;
use std::sync::Arc;

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
    /// Whether a text of a timestamp without an offset, where no zone is declared, rejects its row alone and not the file.
    pub naive_rejects: bool,
    /// Rows per batch, at most; 65 536 without a value.
    pub rows_per_batch: Option<usize>,
    /// What the texts and lists of so many rows may become, in bytes; files whose rows become more are refused. Without a value
    /// rows are cut, and only one that is beyond 256 MiB by itself is refused.
    pub batch_bytes_max: Option<u64>,
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
            naive_rejects: false,
            rows_per_batch: None,
            batch_bytes_max: None,
            rows_per_piece: None,
            bytes_per_piece: None,
            threads: 1,
            prune: Vec::new(),
            store: Arc::new(LocalStore),
        }
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
    pub arrival: Option<usize>,
    pub rules: Rules,
    /// Per column, whether its values are needed.
    pub wanted: Vec<bool>,
    /// Per column, how it is read, where that is not as its type says.
    pub readers: Vec<Option<Reader>>,
    /// The same as decoded rows say it, see [`read_otherwise`](crate::decoded_rows::read_otherwise).
    pub readings: Vec<Reading>,
    pub rows_per_batch: usize,
    pub options: PieceOptions,
}

impl Spec {
    pub(crate) fn new(source: &Source, options: PieceOptions) -> Result<Spec, DecodeError> {
        let zone = source.zone.as_deref().map(Zone::named).transpose()?;
        let is_wanted = |id: usize| {
            let columns = options.columns.as_ref();
            columns.is_none_or(|columns| columns.contains(&ColumnId::from(id)))
        };
        Ok(Spec {
            columns: source.columns.clone(),
            time: source.time.index(),
            arrival: source.arrival_column().map(ColumnId::index),
            rules: Rules {
                zone,
                keep_nan: source.keep_nan,
                loose: false,
            },
            readings: source
                .columns
                .iter()
                .map(|column| Reading::of(source, column))
                .collect(),
            readers: source.columns.iter().map(Reader::of).collect::<Result<_, _>>()?,
            wanted: (0..source.columns.len()).map(is_wanted).collect(),
            rows_per_batch: options.rows_per_batch.unwrap_or(65_536).max(1),
            options,
        })
    }

    /// Whether the source declares a column that files call so, or that lies inside of what they call so.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.is_in(name))
    }

    /// A builder for each column.
    pub(crate) fn builders(&self) -> Vec<Builder> {
        let columns = self.columns.iter().zip(&self.readers);
        columns
            .map(|(column, reader)| Builder::read_as(column.ty, reader.clone()))
            .collect()
    }

    /// The column of an array; rows that were refused are null in it.
    pub(crate) fn decode(&self, column: usize, array: ArrayRef) -> Result<array::Decoded, String> {
        let ty = self.columns[column].ty;
        match &self.readers[column] {
            Some(reader) => reader.decode(array, ty),
            None => array::decode(array, ty, self.rules),
        }
    }

    /// The most that rows may become beyond what they are, in bytes.
    pub(crate) fn bytes_max(&self) -> usize {
        let most = self.options.batch_bytes_max.unwrap_or(ROW_BYTES_MAX);
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// Whether this column may come as codes.
    pub(crate) fn is_coded(&self, column: usize) -> bool {
        self.wanted[column] && self.options.coded.contains(&ColumnId::from(column))
    }

    /// What is wrong with a row in which this column is null and must not be.
    pub(crate) fn null(&self, column: usize) -> Detail {
        Detail::Null {
            column: self.columns[column].name.clone(),
            is_time: self.is_instant(column),
            is_arrival: Some(column) == self.arrival,
        }
    }

    /// Why a null in this column rejects its row; `None` where nulls are welcome.
    pub(crate) fn null_reason(&self, column: usize) -> Option<Reason> {
        if self.is_instant(column) {
            Some(Reason::NullTime)
        } else {
            (column == self.time || !self.columns[column].nullable).then_some(Reason::NullInRequired)
        }
    }

    /// Whether this is the event time; of a static table a key stands in its place.
    fn is_instant(&self, column: usize) -> bool {
        column == self.time && self.columns[column].ty == Type::Timestamp
    }
}
