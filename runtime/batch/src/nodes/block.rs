//! A block of the spine: pieces of batches, whose rows say where they belong, to columns in the order of the spine.

use crate::error::bug;
use crate::spill::{PartitionedSpill, Piece, by_partition};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::interleave;
use arrow::datatypes::UInt32Type;
use datafusion::error::Result;
use std::ops::Range;

/// Rows per block, and per batch of the output.
pub(super) const BLOCK_ROWS: usize = 1 << 16;

/// The order of rows of the spine that puts those of one block after those of another.
pub(super) fn by_block(rows: &[u32]) -> Vec<u32> {
    let of: Vec<u32> = rows.iter().map(|row| row / BLOCK_ROWS as u32).collect();
    let blocks = of.iter().max().map_or(0, |last| *last as usize + 1);
    by_partition(&of, blocks).0
}

/// See the module.
pub(super) struct Block {
    pieces: Vec<Piece>,
    /// For each row of the block the piece and the row in its batch.
    sources: Vec<(u32, u32)>,
}

impl Block {
    /// The rows of the spine that lie in a partition; each must be there once.
    pub fn new(partitions: &PartitionedSpill, partition: usize, rows: &Range<usize>) -> Result<Block> {
        const NOWHERE: (u32, u32) = (u32::MAX, u32::MAX);
        let pieces = partitions.pieces(partition)?;
        let mut sources = vec![NOWHERE; rows.len()];
        for (number, piece) in (0u32..).zip(&pieces) {
            let of_spine = piece.batch.column(0).as_primitive::<UInt32Type>().values();
            for row in piece.rows.clone() {
                let place = (of_spine[row] as usize).checked_sub(rows.start);
                let source = place.and_then(|place| sources.get_mut(place));
                let source = source.ok_or_else(|| bug("an answer to no question"))?;
                if std::mem::replace(source, (number, row as u32)) != NOWHERE {
                    return Err(bug("a question was answered twice"));
                }
            }
        }
        if sources.contains(&NOWHERE) {
            return Err(bug("a question was not answered"));
        }
        Ok(Block { pieces, sources })
    }

    /// The columns of some rows, counted from the first of the block, in the order of the spine, without that of the rows.
    pub fn columns(&self, rows: Range<usize>) -> Result<Vec<ArrayRef>> {
        let sources = self.sources[rows]
            .iter()
            .map(|(piece, row)| (*piece as usize, *row as usize));
        let sources: Vec<(usize, usize)> = sources.collect();
        let columns = self.pieces.first().map_or(1, |piece| piece.batch.num_columns());
        let column = |column: usize| {
            let arrays = self.pieces.iter().map(|piece| piece.batch.column(column).as_ref());
            Ok(interleave(&arrays.collect::<Vec<&dyn Array>>(), &sources)?)
        };
        (1..columns).map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spill::SpillContext;
    use arrow::array::{Int64Array, RecordBatch, StringArray, UInt32Array};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use std::sync::Arc;

    /// Answers of a partition that holds all rows, in batches as given: the row itself, and as text.
    fn block(batches: &[&[u32]], rows: usize, bytes: usize) -> Result<Vec<ArrayRef>> {
        let schema = Arc::new(Schema::new(vec![
            Field::new("row", DataType::UInt32, false),
            Field::new("text", DataType::Utf8, true),
            Field::new("number", DataType::Int64, true),
        ]));
        let context = SpillContext {
            pool: Arc::new(GreedyMemoryPool::new(bytes)),
            temp: Some(std::env::temp_dir()),
            run_bytes: 0,
            text_bytes: 1 << 20,
        };
        let partitions = PartitionedSpill::new("test", schema.clone(), 1, &context);
        for batch in batches {
            let texts = batch.iter().map(|row| (row % 3 > 0).then(|| row.to_string()));
            let numbers = batch.iter().map(|row| (row % 5 > 0).then_some(i64::from(*row)));
            let arrays: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from_iter(texts)),
                Arc::new(Int64Array::from_iter(numbers)),
            ];
            let mut columns: Vec<ArrayRef> = vec![Arc::new(UInt32Array::from(batch.to_vec()))];
            columns.extend(arrays);
            let starts = vec![0, batch.len() as u32];
            partitions.put(0, RecordBatch::try_new(schema.clone(), columns)?, starts)?;
        }
        Block::new(&partitions, 0, &(0..rows))?.columns(0..rows)
    }

    #[test]
    fn every_question_is_answered_once() {
        let expected = block(&[&[0, 1, 2, 3, 4, 5, 6, 7]], 8, usize::MAX).expect("a block");
        assert_eq!(expected[0].as_string::<i32>().value(7), "7");
        let parts: [&[u32]; 4] = [&[4, 2], &[7], &[0, 6, 1], &[3, 5]];
        for bytes in [0, 600, usize::MAX] {
            assert_eq!(block(&parts, 8, bytes).expect("a block"), expected);
        }
        for wrong in [&[0u32, 1][..], &[0, 1, 1], &[0, 1, 2, 2], &[0, 1, 3]] {
            assert!(block(&[wrong], 3, usize::MAX).is_err(), "{wrong:?}");
        }
    }
}
