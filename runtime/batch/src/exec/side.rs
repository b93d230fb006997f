//! One side of the merge: batches sorted by `(entity, time)`, cut between entities.

use crate::error::bug;
use arrow::array::{Array, AsArray, BinaryArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use std::collections::VecDeque;

/// An entity's key; `None`, the missing key, comes first.
pub(super) type EntityKey = Option<Vec<u8>>;

/// See the module.
pub(super) struct Side {
    stream: SendableRecordBatchStream,
    schema: SchemaRef,
    entity_column: usize,
    batches: VecDeque<RecordBatch>,
    rows: usize,
    ended: bool,
}

/// The entity of a row.
pub(super) fn entity(array: &BinaryArray, row: usize) -> Option<&[u8]> {
    array.is_valid(row).then(|| array.value(row))
}

impl Side {
    pub fn new(stream: SendableRecordBatchStream, schema: SchemaRef, entity_column: usize) -> Side {
        Side {
            stream,
            schema,
            entity_column,
            batches: VecDeque::new(),
            rows: 0,
            ended: false,
        }
    }

    /// Buffered rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Buffers at least `rows` rows, or all there are.
    pub async fn fill(&mut self, rows: usize) -> Result<()> {
        while !self.ended && self.rows < rows {
            match self.stream.next().await {
                Some(batch) => {
                    let batch = batch?;
                    if batch.num_rows() > 0 {
                        self.rows += batch.num_rows();
                        self.batches.push_back(batch);
                    }
                }
                None => self.ended = true,
            }
        }
        Ok(())
    }

    /// The entity of the last buffered row: those before it are complete. `None` when all are.
    pub fn bound(&self) -> Option<EntityKey> {
        if self.ended {
            return None;
        }
        let last = self.batches.back()?;
        Some(entity(self.entities(last), last.num_rows() - 1).map(<[u8]>::to_vec))
    }

    fn entities<'a>(&self, batch: &'a RecordBatch) -> &'a BinaryArray {
        batch.column(self.entity_column).as_binary::<i32>()
    }

    /// How many rows of a batch come before the bound.
    fn below(&self, batch: &RecordBatch, bound: Option<&EntityKey>) -> usize {
        let Some(bound) = bound else { return batch.num_rows() };
        let entities = self.entities(batch);
        let (mut low, mut high) = (0, batch.num_rows());
        while low < high {
            let middle = low + (high - low) / 2;
            if entity(entities, middle) < bound.as_deref() {
                low = middle + 1
            } else {
                high = middle
            }
        }
        low
    }

    /// Takes the rows of the entities before the bound (all without one) out of the buffer.
    pub fn take(&mut self, bound: Option<&EntityKey>) -> Result<RecordBatch> {
        let mut taken = vec![];
        while let Some(batch) = self.batches.pop_front() {
            let rows = self.below(&batch, bound);
            if rows > 0 {
                taken.push(batch.slice(0, rows));
                self.rows -= rows;
            }
            if rows < batch.num_rows() {
                self.batches.push_front(batch.slice(rows, batch.num_rows() - rows));
                break;
            }
        }
        match taken.len() {
            1 => taken.pop().ok_or_else(|| bug("one batch is one batch")),
            _ => Ok(concat_batches(&self.schema, &taken)?),
        }
    }
}

/// The bound of both sides: the lesser one.
pub(super) fn lesser(left: Option<EntityKey>, right: Option<EntityKey>) -> Option<EntityKey> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (bound, None) | (None, bound) => bound,
    }
}
