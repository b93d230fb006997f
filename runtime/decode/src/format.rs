//! A file format: what it takes to read a file in pieces, as a spine, and to write one.

use crate::error::DecodeError;
use crate::reject::Reject;
use crate::spec::{Decoded, Spec};
use crate::spine::{Spine, Wanted};
use crate::store::{InputFile, Store};
use crate::write::{Encoder, Target, WriteError, WriteOptions};
use arrow::datatypes::{Schema, SchemaRef};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A file format. Each is a file in `formats/` and a row of its table.
pub(crate) trait Format: Sync {
    /// How the names of its files end, after a dot.
    fn extensions(&self) -> &'static [&'static str];

    /// Whether the files are not found by their names: the log of a table lists them.
    fn is_table(&self) -> bool {
        false
    }

    /// Opens a file of a source, and reads what says where it may be cut.
    ///
    /// # Errors
    /// What is wrong with the file before its first row.
    fn open(&'static self, input: InputFile, spec: &Spec, keep_open: bool) -> Result<Arc<dyn Opened>, DecodeError>;

    /// Whether a file whose name says no format has this one, by its first bytes.
    fn begins(&self, _head: &[u8]) -> bool {
        false
    }

    /// Reads a spine.
    ///
    /// # Errors
    /// Every row that is no question is one.
    fn spine(&self, _store: &dyn Store, input: &InputFile, _wanted: &Wanted<'_>) -> Result<Spine, DecodeError> {
        Err(DecodeError::Unreadable {
            file: input.name.to_string(),
            why: "its format is none of a spine".into(),
        })
    }

    /// How the names of its outputs end; `None` of a format that is only read.
    fn output(&self) -> Option<&'static str> {
        None
    }

    /// What of a schema its outputs cannot hold.
    ///
    /// # Errors
    /// The column, and why.
    fn holds(&self, _schema: &Schema) -> Result<(), String> {
        Ok(())
    }

    /// Begins an output.
    ///
    /// # Errors
    /// The format cannot hold the schema, or the target refuses.
    fn encoder(
        &self,
        _target: Target,
        _schema: SchemaRef,
        _options: &WriteOptions,
    ) -> Result<Box<dyn Encoder>, WriteError> {
        Err(WriteError::Why("its format is only read".into()))
    }

    /// The text under a key in the metadata of a file, if the format has such.
    ///
    /// # Errors
    /// [`DecodeError::Unreadable`], [`DecodeError::Corrupt`].
    fn metadata(&self, _path: &Path, _key: &str) -> Result<Option<String>, DecodeError> {
        Ok(None)
    }
}

/// A file of a source, opened.
///
/// # Contract
/// The parts of it, in order, give the rows and the rejects of the whole; each may be read on any thread, and again.
pub(crate) trait Opened: Send + Sync {
    /// What messages call the file.
    fn name(&self) -> &str;

    /// Its row groups, if it has such: pieces of a source with many of them are larger.
    fn row_groups(&self) -> usize {
        0
    }

    /// Cuts the file. `skipped` counts the rows that are left out and stand in front of no part yet.
    fn parts(&self, rows_per_piece: usize, spec: &Spec, skipped: &mut u64) -> Vec<Part>;

    /// Begins to read a part.
    ///
    /// # Errors
    /// [`DecodeError::Unreadable`], [`DecodeError::Changed`], [`DecodeError::Corrupt`].
    fn read(self: Arc<Self>, part: &Part, spec: &Spec) -> Result<Box<dyn Reading>, DecodeError>;
}

/// A part of a file that is read by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Part {
    /// What the format cuts files at: the row group, the batches, the place in the text.
    pub units: Range<usize>,
    /// The rows of the file in front of it, where the format counts rows.
    pub before: u64,
    /// Its rows, rejected ones included, where the file says that without being read.
    pub rows: Option<u64>,
    /// About how many bytes are to be read.
    pub bytes: u64,
    /// About how many bytes these are when text is unpacked.
    pub unpacked_bytes: u64,
    /// Rows in front of it that were left out because of their statistics.
    pub skipped: u64,
}

/// Parts of batches that follow each other, each of at most so many rows (or of one batch); of a batch its rows and bytes.
pub(crate) fn parts_of_batches(batches: impl Iterator<Item = (u64, u64)>, rows_per_piece: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut before = 0u64;
    for (at, (rows, bytes)) in batches.enumerate() {
        let fits = |part: &&mut Part| part.rows.unwrap_or(0).saturating_add(rows) <= rows_per_piece as u64;
        match parts.last_mut().filter(fits) {
            Some(part) => {
                part.units.end = at + 1;
                part.rows = part.rows.map(|known| known + rows);
                part.bytes = part.bytes.saturating_add(bytes);
            }
            None => parts.push(Part {
                units: at..at + 1,
                before,
                rows: Some(rows),
                bytes,
                ..Part::default()
            }),
        }
        before = before.saturating_add(rows);
    }
    parts.iter_mut().for_each(|part| part.unpacked_bytes = part.bytes);
    parts
}

/// A part being read.
pub(crate) trait Reading: Send {
    /// The next rows, maybe none of them; `None` at the end. Rows that are rejected are put after `rejects`.
    ///
    /// # Errors
    /// What is wrong with the file.
    fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError>;
}
