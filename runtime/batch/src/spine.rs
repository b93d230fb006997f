//! The questions of a run.

use crate::error::BatchError;
use arrow::array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use featc_ir::Key;
use featr_decode::{Spine, to_arrow};
use featr_kernels::Column;
use std::sync::Arc;

/// Questions: the rows that come out again, and in them the instants and keys.
#[derive(Debug, Clone)]
pub struct SpineData {
    pub schema: SchemaRef,
    /// The rows as they are to come out.
    pub batches: Vec<RecordBatch>,
    /// The instant of each row, over all batches.
    pub times: ScalarBuffer<i64>,
    /// The columns that questions need, by name and type, over all batches.
    pub columns: Vec<(Key, Column)>,
}

impl SpineData {
    /// A decoded spine; `keys` are those that it was decoded with.
    pub fn new(spine: Spine, keys: &[Key]) -> SpineData {
        let columns = keys.iter().cloned().zip(spine.keys).collect();
        SpineData {
            schema: spine.schema,
            batches: spine.batches,
            times: spine.times.into(),
            columns,
        }
    }

    /// A column of questions.
    pub(crate) fn column(&self, key: &Key) -> Result<&Column, BatchError> {
        let missing = |why: &str| BatchError::SpineColumn {
            column: key.name.clone(),
            why: why.to_owned(),
        };
        let found = self.columns.iter().find(|(known, _)| known.name == key.name);
        let (_, column) = found.ok_or_else(|| missing("is missing"))?;
        match column.ty == key.ty {
            true => Ok(column),
            false => Err(missing(&format!("is {}, not {}", column.ty, key.ty))),
        }
    }

    /// The rows with what is asked beside them: instants, then these columns. The names of what is added are of no matter.
    pub(crate) fn beside(&self, keys: &[Key]) -> Result<(SchemaRef, Vec<RecordBatch>), BatchError> {
        let mut added: Vec<(String, ArrayRef)> = vec![];
        let times = TimestampMicrosecondArray::new(self.times.clone(), None).with_timezone("UTC");
        added.push(("time".to_owned(), Arc::new(times)));
        for key in keys {
            added.push((key.name.clone(), to_arrow(self.column(key)?)));
        }
        let mut fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        for (name, array) in &added {
            let mut name = format!("asked {name}");
            while fields.iter().any(|field| *field.name() == name) {
                name.push('\'');
            }
            fields.push(Arc::new(Field::new(name, array.data_type().clone(), true)));
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, self.schema.metadata().clone()));
        let mut from = 0;
        let beside = |batch: &RecordBatch| {
            let rows = batch.num_rows();
            let added = added.iter().map(|(_, array)| array.slice(from, rows));
            let columns = batch.columns().iter().cloned().chain(added).collect();
            from += rows;
            let batch = RecordBatch::try_new(schema.clone(), columns);
            batch.map_err(|error| BatchError::Bug { why: error.to_string() })
        };
        let batches = self.batches.iter().map(beside).collect::<Result<_, _>>()?;
        Ok((schema, batches))
    }

    /// Bytes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let rows: usize = self.batches.iter().map(RecordBatch::get_array_memory_size).sum();
        // Instants, a key, a number and a place in the order of questions.
        rows + self.times.len() * 32
    }

    /// Whether all parts have the same number of rows.
    pub(crate) fn check(&self) -> Result<(), BatchError> {
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
