//! What comes out of a block of the spine: mostly one batch. Where text is long there are several, cut by their rows alone,
//! and what lies on disk is dealt to them first, so that it need not be in memory together.

use super::assemble::OutputColumn;
use super::block::{BLOCK_ROWS, Block};
use crate::error::bug;
use crate::spill::{PartitionedSpill, SpillContext, by_partition};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{SchemaRef, UInt8Type, UInt32Type};
use datafusion::error::Result;
use featr_decode::text_bytes;
use featr_kernels::finish::decode_status;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// A batch ends with the row with which its text reaches this.
pub(super) const TEXT_PER_BATCH: usize = 16 << 20;

/// What puts the output together.
pub(super) struct Assembly {
    pub spine: Vec<RecordBatch>,
    pub rows: usize,
    /// By block.
    pub views: Arc<Vec<PartitionedSpill>>,
    pub columns: Arc<Vec<OutputColumn>>,
    pub schema: SchemaRef,
    pub spill: SpillContext,
    /// See [`TEXT_PER_BATCH`].
    pub text_per_batch: usize,
}

/// What has not come out of a block.
pub(super) struct Coming {
    assembly: Arc<Assembly>,
    block: Option<usize>,
    parts: VecDeque<Part>,
    open: Option<Open>,
}

/// Rows of the spine, the partition of views that has their features, and the batches that they become.
struct Part {
    views: Arc<Vec<PartitionedSpill>>,
    partition: usize,
    rows: Range<usize>,
    batches: VecDeque<Range<usize>>,
}

/// A part whose features are in memory.
struct Open {
    blocks: Vec<Block>,
    first: usize,
    batches: VecDeque<Range<usize>>,
}

impl Coming {
    pub fn new(assembly: Arc<Assembly>, block: usize) -> Coming {
        Coming {
            assembly,
            block: Some(block),
            parts: VecDeque::new(),
            open: None,
        }
    }

    /// Whether all has come out.
    pub fn is_done(&self) -> bool {
        self.block.is_none() && self.parts.is_empty() && self.open.is_none()
    }

    /// The next rows.
    pub fn next(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(block) = self.block.take() {
            self.parts = self.assembly.parts(block)?;
        }
        if self.open.is_none() {
            self.open = self.parts.pop_front().map(Open::new).transpose()?;
        }
        let Some(open) = &mut self.open else { return Ok(None) };
        let rows = open.batches.pop_front().ok_or_else(|| bug("a block without rows"))?;
        let batch = self.assembly.batch(open, rows)?;
        if open.batches.is_empty() {
            self.open = None;
        }
        Ok(Some(batch))
    }
}

impl Open {
    fn new(part: Part) -> Result<Open> {
        let blocks = part
            .views
            .iter()
            .map(|view| Block::new(view, part.partition, &part.rows));
        Ok(Open {
            blocks: blocks.collect::<Result<_>>()?,
            first: part.rows.start,
            batches: part.batches,
        })
    }
}

impl Assembly {
    /// A block with its batches: in parts of one batch each, if it has much text on disk.
    fn parts(&self, block: usize) -> Result<VecDeque<Part>> {
        let start = block * BLOCK_ROWS;
        let rows = start..(start + BLOCK_ROWS).min(self.rows);
        let mut block = Part {
            views: self.views.clone(),
            partition: block,
            batches: VecDeque::from([rows.clone()]),
            rows,
        };
        let own = self.own(&block.rows);
        let of_spine: usize = own.iter().map(|batch| text(batch, 0..batch.num_rows())).sum();
        let of_views = block.views.iter().map(|view| view.text(block.partition));
        let (in_memory, on_disk) = of_views.fold((of_spine, 0), |(a, b), (more, disk)| (a + more, b + disk));
        if in_memory + on_disk < self.text_per_batch {
            return Ok(VecDeque::from([block]));
        }
        block.batches = self.batches(&block, &own)?;
        if on_disk < self.text_per_batch {
            return Ok(VecDeque::from([block]));
        }
        let views = block.views.iter().map(|view| self.deal(view, &block));
        let views = Arc::new(views.collect::<Result<Vec<_>>>()?);
        let part = |(partition, rows): (usize, Range<usize>)| Part {
            views: views.clone(),
            partition,
            batches: VecDeque::from([rows.clone()]),
            rows,
        };
        Ok(block.batches.into_iter().enumerate().map(part).collect())
    }

    /// The rows of each batch of a block.
    fn batches(&self, block: &Part, own: &[RecordBatch]) -> Result<VecDeque<Range<usize>>> {
        let rows = own
            .iter()
            .flat_map(|batch| (0..batch.num_rows()).map(|row| text(batch, row..row + 1)));
        let mut texts: Vec<usize> = rows.collect();
        for view in block.views.iter() {
            view.each(block.partition, &mut |batch| {
                let of_spine = batch.column(0).as_primitive::<UInt32Type>().values();
                for (at, row) in of_spine.iter().enumerate() {
                    let place = (*row as usize).checked_sub(block.rows.start);
                    if let Some(of_row) = place.and_then(|place| texts.get_mut(place)) {
                        *of_row += text(&batch, at..at + 1);
                    }
                }
                Ok(())
            })?;
        }
        let (mut batches, mut start, mut together) = (VecDeque::new(), block.rows.start, 0);
        for (row, of_row) in (block.rows.start..).zip(texts) {
            together += of_row;
            if together >= self.text_per_batch {
                batches.push_back(start..row + 1);
                (start, together) = (row + 1, 0);
            }
        }
        if start < block.rows.end {
            batches.push_back(start..block.rows.end);
        }
        Ok(batches)
    }

    /// The features of a block by batch of it, in no order.
    fn deal(&self, view: &PartitionedSpill, block: &Part) -> Result<PartitionedSpill> {
        let count = block.batches.len();
        let dealt = PartitionedSpill::new("features of a block", view.schema(), count, &self.spill);
        view.each(block.partition, &mut |batch| {
            let of_spine = batch.column(0).as_primitive::<UInt32Type>().values().iter();
            // A row of another block is missed there, and is one too many here.
            let part = |row: &u32| block.batches.partition_point(|rows| rows.end <= *row as usize);
            let part = |row: &u32| part(row).min(count - 1) as u32;
            let (order, starts) = by_partition(&of_spine.map(part).collect::<Vec<u32>>(), count);
            dealt.put(0, take_record_batch(&batch, &UInt32Array::from(order))?, starts)
        })?;
        Ok(dealt)
    }

    fn batch(&self, open: &Open, rows: Range<usize>) -> Result<RecordBatch> {
        let own = self.own(&rows);
        let own = match own.as_slice() {
            [only] => only.clone(),
            [first, ..] => concat_batches(&first.schema(), &own)?,
            [] => return Err(bug("a block without rows")),
        };
        let places = rows.start - open.first..rows.end - open.first;
        let views = open.blocks.iter().map(|block| block.columns(places.clone()));
        let views = views.collect::<Result<Vec<_>>>()?;
        let feature = |view: usize, column: usize| -> Result<&ArrayRef> {
            let found = views.get(view).and_then(|columns| columns.get(column));
            found.ok_or_else(|| bug("a view lacks a column"))
        };
        let column = |column: &OutputColumn| match *column {
            OutputColumn::Own(at) => Ok(own.column(at).clone()),
            OutputColumn::Feature(view, at) | OutputColumn::StatusByte(view, at) => feature(view, at).cloned(),
            OutputColumn::Status(view, at) => status_names(feature(view, at)?),
        };
        let arrays = self.columns.iter().map(column).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(
            self.schema.clone(),
            arrays,
            &options,
        )?)
    }

    /// Some rows of the spine, as its batches have them.
    fn own(&self, rows: &Range<usize>) -> Vec<RecordBatch> {
        let (mut start, mut parts) = (0, vec![]);
        for batch in &self.spine {
            let end = start + batch.num_rows();
            let (from, to) = (rows.start.max(start), rows.end.min(end));
            if from < to {
                parts.push(batch.slice(from - start, to - from));
            }
            start = end;
        }
        parts
    }
}

/// The bytes of text and of lists in some rows.
fn text(batch: &RecordBatch, rows: Range<usize>) -> usize {
    let columns = batch.columns().iter();
    columns.map(|column| text_bytes(column, rows.clone())).sum()
}

fn status_names(codes: &dyn Array) -> Result<ArrayRef> {
    let names: Vec<Option<String>> = (0..=u8::MAX)
        .map(|code| decode_status(code).map(|status| status.to_string()))
        .collect();
    let codes = codes.as_primitive::<UInt8Type>().values();
    if codes.iter().any(|code| names[usize::from(*code)].is_none()) {
        return Err(bug("a byte is no status"));
    }
    let texts = codes
        .iter()
        .map(|code| names[usize::from(*code)].as_deref().unwrap_or_default());
    Ok(Arc::new(StringArray::from_iter_values(texts)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::execution::memory_pool::GreedyMemoryPool;

    /// Of each row a text, of its feature so many bytes, of the spine itself one in a hundred rows.
    const LENGTHS: [usize; 7] = [3, 0, 40, 1, 0, 900, 2];

    /// Rows of two blocks, answered in an order of their own; what comes out under a bound on text, and how much went to disk.
    fn assembled(rows: usize, bytes: usize, text_per_batch: usize) -> (Vec<RecordBatch>, u64) {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let spine = Arc::new(Schema::new(vec![field("own", DataType::Utf8)]));
        let features = Arc::new(Schema::new(vec![
            Field::new("row", DataType::UInt32, false),
            field("number", DataType::Int64),
            field("text", DataType::Utf8),
        ]));
        let spill = SpillContext {
            pool: Arc::new(GreedyMemoryPool::new(bytes)),
            temp: Some(std::env::temp_dir()),
            run_bytes: 0,
            text_bytes: 20_000,
        };
        let view = PartitionedSpill::new("test", features.clone(), rows.div_ceil(BLOCK_ROWS), &spill);
        for of_batch in 0..9u32 {
            let of: Vec<u32> = (0..rows as u32).rev().filter(|row| row % 9 == of_batch).collect();
            let order = super::super::block::by_block(&of);
            let of: Vec<u32> = order.iter().map(|at| of[*at as usize]).collect();
            let text = |row: &u32| "x".repeat(LENGTHS[*row as usize % LENGTHS.len()]);
            let arrays: Vec<ArrayRef> = vec![
                Arc::new(UInt32Array::from(of.clone())),
                Arc::new(Int64Array::from_iter_values(of.iter().map(|row| i64::from(*row)))),
                Arc::new(StringArray::from_iter_values(of.iter().map(text))),
            ];
            let starts =
                (0..=view.count()).map(|block| of.partition_point(|row| *row < (block * BLOCK_ROWS) as u32) as u32);
            let batch = RecordBatch::try_new(features.clone(), arrays).expect("a batch");
            view.put(0, batch, starts.collect()).expect("put");
        }
        let own = |rows: Range<usize>| {
            let texts = rows.map(|row| if row % 100 == 0 { "a text of the spine" } else { "" });
            let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
            RecordBatch::try_new(spine.clone(), vec![texts]).expect("a batch")
        };
        let spilled = view.stats().spilled_bytes;
        let columns = [
            OutputColumn::Own(0),
            OutputColumn::Feature(0, 0),
            OutputColumn::Feature(0, 1),
        ];
        let names = [
            field("own", DataType::Utf8),
            field("n", DataType::Int64),
            field("t", DataType::Utf8),
        ];
        let assembly = Arc::new(Assembly {
            spine: vec![own(0..1_000), own(1_000..rows)],
            rows,
            views: Arc::new(vec![view]),
            columns: Arc::new(columns.to_vec()),
            schema: Arc::new(Schema::new(names.to_vec())),
            spill,
            text_per_batch,
        });
        let mut batches = vec![];
        for block in 0..rows.div_ceil(BLOCK_ROWS) {
            let mut coming = Coming::new(assembly.clone(), block);
            while let Some(batch) = coming.next().expect("rows") {
                batches.push(batch);
            }
            assert!(coming.is_done());
        }
        (batches, spilled)
    }

    #[test]
    fn long_text_comes_in_small_batches() {
        let rows = BLOCK_ROWS + 5_000;
        let text = |batch: &RecordBatch| {
            text_bytes(batch.column(0), 0..batch.num_rows()) + text_bytes(batch.column(2), 0..batch.num_rows())
        };
        let (whole, spilled) = assembled(rows, usize::MAX, usize::MAX);
        assert_eq!(
            (whole.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), spilled),
            (vec![BLOCK_ROWS, 5_000], 0)
        );
        let expected = concat_batches(&whole[0].schema(), &whole).expect("rows");
        assert!(
            expected
                .column(1)
                .as_primitive::<arrow::datatypes::Int64Type>()
                .values()
                .iter()
                .copied()
                .eq(0..rows as i64)
        );
        let mut cut = vec![];
        for bytes in [usize::MAX, 1 << 20, 1 << 16] {
            let (batches, spilled) = assembled(rows, bytes, 100_000);
            assert_eq!(spilled > 0, bytes < usize::MAX);
            assert!(batches.iter().all(|batch| text(batch) < 101_000), "{bytes}");
            assert!(batches.len() > text(&expected) / 101_000 && batches.len() < 2 + text(&expected) / 100_000);
            assert_eq!(concat_batches(&whole[0].schema(), &batches).expect("rows"), expected);
            cut.push(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>());
        }
        cut.dedup();
        assert_eq!(cut.len(), 1, "what is in memory does not matter");
    }
}
