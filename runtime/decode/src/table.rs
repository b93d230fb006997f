//! How rows in memory are read in place of a file.

use crate::error::DecodeError;
use crate::format::{Opened, Part, Reading, parts_of_batches};
use crate::guard::guarded;
use crate::layout::Layout;
use crate::reject::Reject;
use crate::spec::{Decoded, Spec};
use crate::store::{InputFile, Table};
use arrow::array::RecordBatch;
use std::ops::Range;
use std::sync::Arc;

/// Batches that are taken apart: a piece is some of them.
const ROWS_PER_BATCH: usize = 1 << 16;

/// A table whose schema fits a source.
struct OpenedTable {
    name: Arc<str>,
    layout: Layout,
    /// Of at most [`ROWS_PER_BATCH`] rows.
    batches: Vec<RecordBatch>,
}

/// Opens rows in memory as a file is opened.
pub(crate) fn open(input: &InputFile, table: &Table, spec: &Spec) -> Result<Arc<dyn Opened>, DecodeError> {
    let cut = |batch: &RecordBatch| {
        let rows = batch.num_rows();
        let starts = (0..rows).step_by(ROWS_PER_BATCH);
        let slice = |from| batch.slice(from, ROWS_PER_BATCH.min(rows - from));
        starts.map(slice).collect::<Vec<_>>()
    };
    Ok(Arc::new(OpenedTable {
        name: input.name.clone(),
        layout: Layout::new(input, &table.schema, spec, |_| true)?,
        batches: table.batches.iter().flat_map(cut).collect(),
    }))
}

impl Opened for OpenedTable {
    fn name(&self) -> &str {
        &self.name
    }

    fn parts(&self, rows_per_piece: usize, _: &Spec, _: &mut u64) -> Vec<Part> {
        let rows = self.batches.iter().map(|batch| batch.num_rows() as u64);
        // Nothing is to be read.
        parts_of_batches(rows.map(|rows| (rows, 0)), rows_per_piece)
    }

    fn read(self: Arc<Self>, part: &Part, _: &Spec) -> Result<Box<dyn Reading>, DecodeError> {
        Ok(Box::new(TableReader {
            next: part.units.clone(),
            row: part.before,
            left: None,
            table: self,
        }))
    }
}

struct TableReader {
    table: Arc<OpenedTable>,
    next: Range<usize>,
    /// Rows in front of the next one.
    row: u64,
    /// What is left of the batch that was taken last.
    left: Option<RecordBatch>,
}

impl Reading for TableReader {
    fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError> {
        let next = self.left.take();
        let next = next.or_else(|| self.table.batches.get(self.next.next()?).cloned());
        let Some(batch) = next else { return Ok(None) };
        let rows = batch.num_rows();
        let now = rows.min(spec.rows_per_batch);
        if now < rows {
            self.left = Some(batch.slice(now, rows - now));
        }
        let first = self.row + 1;
        self.row += now as u64;
        let layout = &self.table.layout;
        guarded(&self.table.name, || {
            let read = batch.slice(0, now).project(&layout.read);
            let read = read.map_err(|error| DecodeError::Corrupt {
                file: self.table.name.to_string(),
                why: error.to_string(),
            })?;
            layout.decode(read, first, spec, rejects)
        })
        .map(Some)
    }
}
