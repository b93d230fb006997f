//! Rows of a source from text: records into columns, the same for every format of text.

use crate::becomes::SLICE_BYTES;
use crate::builder::Builder;
use crate::detail::{BadValue, Detail, Wrong};
use crate::error::DecodeError;
use crate::format::Reading;
use crate::lines::Lines;
use crate::reject::{Reason, Reject};
use crate::rules::BadCell;
use crate::spec::{Decoded, RowNumbers, Spec};
use crate::store::InputFile;
use crate::undeclared::Undeclared;
use featr_kernels::{Batch, Column};
use std::sync::Arc;

/// A batch of text ends here even if it has few rows, in bytes of records.
const BATCH_BYTES_MAX: usize = 32 << 20;

/// What tells formats of text apart.
pub(crate) trait TextFormat: Sync {
    /// What stands between fields, where a file has a header and quotes may carry a record over lines; `None` where every
    /// line is a record.
    fn delimiter(&self) -> Option<u8>;

    /// The records of a file's lines. `names` are those of the header, if it is not the first of these lines.
    ///
    /// # Errors
    /// What is wrong with the header.
    fn records(
        &self,
        input: &InputFile,
        lines: Lines,
        names: Option<&[String]>,
        spec: &Spec,
    ) -> Result<Box<dyn Records>, DecodeError>;
}

/// Records, one after the other.
pub(crate) trait Records: Send {
    /// Reads a record, and puts it after the rows or says why it is none; with its line. `None` at the end of the file.
    fn next(&mut self, rows: &mut Rows, spec: &Spec) -> Result<Option<(u64, Outcome)>, DecodeError>;

    /// The text of the record read last.
    fn raw(&self) -> String;

    /// Its size.
    fn bytes(&self) -> usize;
}

/// What became of a record: a row, or the reason of a reject with its detail.
pub(crate) type Outcome = Result<(), (Reason, Detail)>;

/// Rows in the making.
pub(crate) struct Rows {
    pub file: Arc<str>,
    builders: Vec<Builder>,
    /// Their lines.
    numbers: Vec<u64>,
    /// What their texts and lists became, in bytes.
    became: usize,
    /// Per row, the hash of its undeclared cells, if they are read.
    undeclared: Vec<u128>,
}

/// A file, or a part of one, being read.
pub(crate) struct TextReader {
    rows: Rows,
    records: Box<dyn Records>,
}

impl TextReader {
    pub(crate) fn new(file: Arc<str>, records: Box<dyn Records>, spec: &Spec) -> TextReader {
        let rows = Rows {
            file,
            builders: spec.builders(),
            numbers: Vec::new(),
            became: 0,
            undeclared: Vec::new(),
        };
        TextReader { rows, records }
    }
}

impl Reading for TextReader {
    fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError> {
        let (rows, most) = (&mut self.rows, spec.rows_per_batch);
        let mut bytes = 0;
        rows.became = 0;
        let is_full = |rows: &Rows| rows.numbers.len() >= most || rows.became >= SLICE_BYTES;
        while !is_full(rows) && rejects.len() < most && bytes < BATCH_BYTES_MAX {
            let Some((line, outcome)) = self.records.next(rows, spec)? else {
                break;
            };
            bytes += self.records.bytes();
            if let Err((reason, detail)) = outcome {
                rejects.push(Reject {
                    file: rows.file.clone(),
                    line,
                    reason,
                    detail,
                    raw: Some(self.records.raw()),
                });
            }
        }
        if rows.numbers.is_empty() && rejects.is_empty() {
            return Ok(None);
        }
        let numbers = std::mem::take(&mut rows.numbers);
        let columns = rows.builders.iter_mut().zip(&spec.columns).zip(&spec.wanted);
        let columns = columns.map(|((builder, column), wanted)| match (builder.take(), wanted) {
            (built, true) => built,
            (_, false) => Column::new(column.ty, numbers.len()),
        });
        let batch = Batch {
            rows: numbers.len(),
            columns: columns.collect(),
        };
        let hashes = std::mem::take(&mut rows.undeclared);
        let undeclared = spec.options.undeclared;
        Ok(Some(Decoded {
            batch,
            file: rows.file.clone(),
            rows: RowNumbers::new(numbers),
            texts: Vec::new(),
            undeclared: undeclared.then(|| Undeclared::of_hashes(&rows.file, hashes)),
        }))
    }
}

impl Rows {
    /// Puts a row after the others, or none of its cells. `text` shows a cell, `undeclared` is the hash of the others.
    ///
    /// # Errors
    /// [`DecodeError::NaiveTimestamp`], the mistake of a whole file, unless it is to reject its row alone.
    pub(crate) fn push(
        &mut self,
        (line, spec): (u64, &Spec),
        push: impl Fn(usize, &mut Builder) -> Result<(), BadCell>,
        text: impl Fn(usize) -> String,
        undeclared: impl FnOnce() -> u128,
    ) -> Result<Outcome, DecodeError> {
        let mut first: Outcome = Ok(());
        let (before, most) = (self.became, spec.bytes_max());
        for (index, (builder, column)) in self.builders.iter_mut().zip(&spec.columns).enumerate() {
            let name = &column.name;
            let known = builder.became;
            let pushed = push(index, builder);
            self.became += builder.became - known;
            if self.became - before > most {
                return Err(DecodeError::BeyondBounds {
                    file: self.file.to_string(),
                    why: format!("line {line} becomes more than {most} bytes"),
                });
            }
            let pushed = match pushed {
                Err(BadCell::Naive) if spec.options.naive_rejects => Err(BadCell::Bad(Wrong::NoOffset)),
                pushed => pushed,
            };
            match pushed {
                Err(BadCell::Naive) => {
                    return Err(DecodeError::NaiveTimestamp {
                        file: self.file.to_string(),
                        line: Some(line),
                        column: name.clone(),
                        asks_by_day: false,
                    });
                }
                Err(BadCell::Bad(wrong)) => {
                    builder.push_null();
                    first = first.and_then(|()| {
                        let (column, written) = (name.clone(), text(index));
                        let value = BadValue { written, wrong };
                        Err((Reason::BadValue, Detail::Value { column, value }))
                    });
                }
                Ok(()) if first.is_ok() && builder.last_is_null() => {
                    if let Some(reason) = spec.null_reason(index) {
                        first = Err((reason, spec.null(index)));
                    }
                }
                Ok(()) => {}
            }
        }
        let rows = self.numbers.len();
        match &first {
            Ok(()) => {
                self.numbers.push(line);
                if spec.options.undeclared {
                    self.undeclared.push(undeclared());
                }
            }
            Err(_) => self.builders.iter_mut().for_each(|builder| builder.truncate(rows)),
        }
        Ok(first)
    }
}
