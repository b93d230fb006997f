//! What a scan reads: parts of files, columns, rows that can matter.

use super::part::{Part, check};
use super::{Lane, Outcome, ROWS_MANY, Scan};
use crate::error::BatchError;
use featc_ir::{ColumnId, Type};
use featr_decode::{Bound, Piece, PieceOptions, pieces};
use std::sync::Arc;

impl Scan {
    /// What is to be read; for digests all columns of it.
    pub(super) fn parts(&self, lanes: &[Arc<Lane>], digests: bool) -> Outcome<Vec<Part>> {
        if let Some(batches) = &self.events {
            let mut first = 1;
            let mut parts = vec![];
            for batch in batches {
                check(&self.source, batch)?;
                parts.push(Part::Memory {
                    first,
                    batch: batch.clone(),
                });
                first += batch.rows as u64;
            }
            return Ok(parts);
        }
        let files = self.source.batch.as_ref().ok_or_else(|| BatchError::NoInput {
            source: self.source.name.clone(),
        })?;
        let mut options = PieceOptions {
            store: self.store.clone(),
            columns: (!digests).then(|| self.columns(lanes)),
            undeclared: digests,
            coded: if digests { vec![] } else { self.coded(lanes) },
            prune: self.bound(lanes).into_iter().collect(),
            rows_per_batch: Some(if self.small_memory { 1 << 14 } else { 1 << 16 }),
            threads: self.threads,
            ..PieceOptions::default()
        };
        let mut found = pieces(&self.source, files, &self.base, &options)?;
        let rows: u64 = found.iter().filter_map(Piece::rows).sum();
        if rows > ROWS_MANY && !self.small_memory {
            options.rows_per_batch = Some(1 << 18);
            found = pieces(&self.source, files, &self.base, &options)?;
        }
        Ok(found.into_iter().map(Part::File).collect())
    }

    /// The columns that somebody reads.
    fn columns(&self, lanes: &[Arc<Lane>]) -> Vec<ColumnId> {
        lanes.iter().flat_map(|lane| lane.read()).copied().collect()
    }

    /// The columns of text that are keys and nothing else.
    fn coded(&self, lanes: &[Arc<Lane>]) -> Vec<ColumnId> {
        let mut columns = self.columns(lanes);
        let is_own = |id: &ColumnId| self.source.unique.contains(id) || Some(*id) == self.source.arrival_column();
        columns.retain(|id| {
            self.source.columns[id.index()].ty == Type::String
                && !is_own(id)
                && lanes.iter().all(|lane| lane.is_key_only(*id))
        });
        columns
    }

    /// Outside of which nobody needs a row: row groups that hold no other rows are not even counted. Where every row that
    /// cannot be used is to be told, all are read.
    fn bound(&self, lanes: &[Arc<Lane>]) -> Option<Bound> {
        if !self.prune || self.rejects.wanted() {
            return None;
        }
        let declared = self.source.columns.len();
        let mut bounds = lanes.iter().map(|lane| lane.bound(declared));
        let first = bounds.next()??;
        bounds.try_fold(first, |all, bound| {
            let bound = bound.filter(|bound| bound.column == all.column)?;
            Some(Bound {
                column: all.column,
                least: all.least.min(bound.least),
                greatest: all.greatest.max(bound.greatest),
            })
        })
    }
}
