//! Columns side by side.

use super::Column;
use crate::value::Value;
use featc_ir::ColumnId;
use std::ops::Range;

/// Columns of equal length.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub rows: usize,
    pub columns: Vec<Column>,
}

impl Batch {
    /// Columns of equal length; `rows` is 0 without columns.
    pub fn from_columns(columns: Vec<Column>) -> Batch {
        let rows = columns.first().map_or(0, Column::len);
        Batch { rows, columns }
    }

    pub fn column(&self, id: ColumnId) -> &Column {
        &self.columns[id.index()]
    }

    /// The values of a row, column by column.
    pub fn row(&self, row: usize) -> Vec<Value> {
        self.columns.iter().map(|column| column.value(row)).collect()
    }

    /// The given rows, in the given order.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Batch {
        Batch {
            rows: rows.len(),
            columns: self.columns.iter().map(|column| column.take(rows)).collect(),
        }
    }

    /// The rows of a range.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Batch {
        let columns = self.columns.iter().map(|column| column.slice(rows.clone())).collect();
        Batch {
            rows: rows.len(),
            columns,
        }
    }

    /// Appends the rows of a batch with the same columns.
    pub fn append(&mut self, other: &Batch) {
        for (column, more) in self.columns.iter_mut().zip(&other.columns) {
            column.append(more);
        }
        self.rows += other.rows;
    }
}
