//! The questions of a run.

use crate::error::BatchError;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use featc_ir::Key;
use featc_ir::plan::BatchPlan;
use featr_decode::Spine;
use featr_kernels::Column;
use std::ops::Range;

/// Questions: the rows that come out again, and in them the instants and keys.
#[derive(Debug, Clone)]
pub struct SpineData {
    pub schema: SchemaRef,
    /// The rows as they are to come out.
    pub batches: Vec<RecordBatch>,
    /// The instant of each row, over all batches.
    pub times: Vec<i64>,
    /// The columns that questions need, by name and type, over all batches.
    pub columns: Vec<(Key, Column)>,
}

/// The columns that the questions of a plan must bring, each once: what [`featr_decode::read_spine`] is to decode.
pub fn spine_columns(plan: &BatchPlan) -> Vec<Key> {
    plan.spine.columns()
}

impl SpineData {
    /// A decoded spine; `keys` are those that it was decoded with.
    pub fn new(spine: Spine, keys: &[Key]) -> SpineData {
        let columns = keys.iter().cloned().zip(spine.keys).collect();
        SpineData {
            schema: spine.schema,
            batches: spine.batches,
            times: spine.times,
            columns,
        }
    }

    /// A column of questions.
    pub(crate) fn column(&self, key: &Key) -> Result<&Column> {
        let missing = |why: &str| BatchError::SpineColumn {
            column: key.name.clone(),
            why: why.to_owned(),
        };
        let (_, column) = self
            .columns
            .iter()
            .find(|(known, _)| known.name == key.name)
            .ok_or_else(|| missing("is missing"))?;
        if column.ty == key.ty {
            Ok(column)
        } else {
            Err(missing(&format!("is {}, not {}", column.ty, key.ty)).into())
        }
    }

    /// Bytes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let rows: usize = self.batches.iter().map(RecordBatch::get_array_memory_size).sum();
        // Instants, a key, a number and a place in the order of questions.
        rows + self.times.len() * 32
    }

    /// Some rows, as they are to come out.
    pub(crate) fn rows(&self, rows: Range<usize>) -> Result<RecordBatch> {
        let (mut start, mut parts) = (0, vec![]);
        for batch in &self.batches {
            let end = start + batch.num_rows();
            let (from, to) = (rows.start.max(start), rows.end.min(end));
            if from < to {
                parts.push(batch.slice(from - start, to - from));
            }
            start = end;
        }
        match parts.len() {
            1 => Ok(parts.remove(0)),
            _ => Ok(concat_batches(&self.schema, &parts)?),
        }
    }

    /// Whether all parts have the same number of rows.
    pub(crate) fn check(&self) -> std::result::Result<(), BatchError> {
        let rows: usize = self.batches.iter().map(RecordBatch::num_rows).sum();
        if rows != self.times.len() {
            return Err(BatchError::Bug {
                why: "the spine has not one instant per row".into(),
            });
        }
        match self.columns.iter().find(|(_, column)| column.len() != rows) {
            Some((key, _)) => Err(BatchError::SpineColumn {
                column: key.name.clone(),
                why: "has not one value per row".into(),
            }),
            None => Ok(()),
        }
    }
}
