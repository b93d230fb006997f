//! What is scanned.

use crate::error::BatchError;
use featc_ir::Source;
use featr_decode::Piece;
use featr_kernels::Batch;

/// A part of a source: parts can be decoded in any order, on any thread.
pub(super) enum Part {
    File(Piece),
    Memory { first: u64, batch: Batch },
}

impl Part {
    /// Its rows; of text a guess by its bytes.
    pub fn rows(&self) -> u64 {
        const BYTES_PER_LINE: u64 = 64;
        match self {
            Part::File(piece) => piece.rows().unwrap_or(piece.unpacked_bytes() / BYTES_PER_LINE),
            Part::Memory { batch, .. } => batch.rows as u64,
        }
    }

    /// Rows that were left out by their statistics.
    pub fn skipped(&self) -> u64 {
        match self {
            Part::File(piece) => piece.skipped_rows(),
            Part::Memory { .. } => 0,
        }
    }

    /// Its bytes as they are stored.
    pub fn bytes(&self) -> u64 {
        match self {
            Part::File(piece) => piece.bytes(),
            Part::Memory { .. } => 0,
        }
    }
}

/// Events in memory come from strangers.
pub(super) fn check(source: &Source, batch: &Batch) -> Result<(), BatchError> {
    let declared = &source.columns;
    let wrong = |why: String| {
        Err(BatchError::WrongColumns {
            source: source.name.clone(),
            why,
        })
    };
    if batch.columns.len() != declared.len() {
        return wrong(format!("have {} columns, not {}", batch.columns.len(), declared.len()));
    }
    for (column, declared) in batch.columns.iter().zip(declared) {
        if column.ty != declared.ty || column.len() != batch.rows {
            return wrong(format!(
                "do not have {} rows of {} as `{}`",
                batch.rows, declared.ty, declared.name
            ));
        }
        if (0..column.len()).any(|row| column.error(row).is_some()) {
            return wrong(format!("hold errors as `{}`", declared.name));
        }
        if !declared.nullable && (0..column.len()).any(|row| column.is_null(row)) {
            return wrong(format!("hold nulls as `{}`, which is not nullable", declared.name));
        }
    }
    Ok(())
}
