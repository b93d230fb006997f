//! A partitioned buffer of record batches that goes to disk when memory is short.
//!
//! ```text
//! batches ── put ──▶ chunks in memory, each sorted by partition ──(no memory left)──▶ runs on disk, sorted by partition
//!                                          partition ◀── take ── slices of chunks ∪ pieces of runs
//! ```
//!
//! It carries what must be regrouped: events by entity, answers by place in the spine, ids by hash. What is put is
//! counted in DataFusion's memory pool; when the pool has no more, all chunks are written as one run, after those that are
//! there, into one file. It has no name (it is unlinked as it is made), so nothing is left behind by any end of the process.

use crate::error::bug;
use crate::locks::lock;
use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use featr_decode::{has_text, text_bytes};
use std::fs::File;
use std::ops::Range;
use std::sync::{Arc, Mutex};

mod context;
mod disk;

pub(crate) use context::{Memory, SpillContext};

/// See the module.
#[derive(Debug)]
pub(crate) struct PartitionedSpill {
    schema: SchemaRef,
    count: usize,
    /// The columns of no fixed width.
    texts: Vec<usize>,
    context: SpillContext,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    reservation: MemoryReservation,
    chunks: Vec<Chunk>,
    /// All runs, one after the other.
    file: Option<Arc<File>>,
    end: u64,
    runs: Vec<Arc<Run>>,
    rows: u64,
    spilled_bytes: u64,
    spills: u64,
    peak_bytes: usize,
}

/// Rows in memory, sorted by partition: partition `first + n` has the rows `starts[n]..starts[n + 1]`.
#[derive(Debug)]
struct Chunk {
    order: u64,
    batch: Arc<RecordBatch>,
    first: usize,
    starts: Vec<u32>,
}

/// Where a batch lies on disk, and what it is.
#[derive(Debug, Clone, Copy)]
struct Place {
    partition: usize,
    at: u64,
    bytes: usize,
    rows: usize,
    text: usize,
}

/// Rows on disk, by partition.
#[derive(Debug)]
struct Run {
    places: Vec<Place>,
}

/// Rows of a batch that lie in one partition.
#[derive(Debug)]
pub(crate) struct Piece {
    pub batch: Arc<RecordBatch>,
    pub rows: Range<usize>,
}

/// Rows of a partition that are written, and read back, together; fewer where their text is long.
const ROWS_TOGETHER: usize = 1 << 16;

/// What partitions have had and spilled, for reports.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SpillStats {
    pub rows: u64,
    pub spilled_bytes: u64,
    pub spills: u64,
    pub peak_bytes: usize,
}

/// The order that sorts rows by partition (stably) and where each partition starts in it; `u32::MAX` leaves a row out.
pub(crate) fn by_partition(partition_of: &[u32], count: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; count + 1];
    for partition in partition_of.iter().filter(|partition| **partition != u32::MAX) {
        starts[*partition as usize + 1] += 1;
    }
    for partition in 0..count {
        starts[partition + 1] += starts[partition];
    }
    let mut next = starts.clone();
    let mut order = vec![0u32; starts[count] as usize];
    for (row, partition) in (0u32..).zip(partition_of) {
        if *partition != u32::MAX {
            let place = &mut next[*partition as usize];
            order[*place as usize] = row;
            *place += 1;
        }
    }
    (order, starts)
}

impl PartitionedSpill {
    pub fn new(name: impl Into<String>, schema: SchemaRef, count: usize, context: &SpillContext) -> PartitionedSpill {
        let name = name.into();
        let reservation = MemoryConsumer::new(name.clone())
            .with_can_spill(true)
            .register(&context.pool);
        let texts = schema.fields().iter().enumerate();
        let texts = texts.filter(|(_, field)| has_text(field.data_type()));
        PartitionedSpill {
            texts: texts.map(|(column, _)| column).collect(),
            schema,
            count,
            context: context.clone(),
            state: Mutex::new(State {
                reservation,
                chunks: vec![],
                file: None,
                end: 0,
                runs: vec![],
                rows: 0,
                spilled_bytes: 0,
                spills: 0,
                peak_bytes: 0,
            }),
        }
    }

    /// How many partitions there are, at most.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Puts rows, sorted by partition, `starts` as of [`by_partition`]. PartitionedSpill are read in the order of `order`.
    pub fn put(&self, order: u64, batch: RecordBatch, starts: Vec<u32>) -> Result<()> {
        self.put_from(0, order, batch, starts)
    }

    /// Puts all rows on one partition.
    pub fn put_in(&self, partition: usize, order: u64, batch: RecordBatch) -> Result<()> {
        let rows = batch.num_rows() as u32;
        self.put_from(partition, order, batch, vec![0, rows])
    }

    fn put_from(&self, first: usize, order: u64, batch: RecordBatch, starts: Vec<u32>) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let mut state = lock(&self.state);
        state.rows += batch.num_rows() as u64;
        let bytes = batch.get_array_memory_size() + starts.len() * size_of::<u32>();
        let batch = Arc::new(batch);
        let chunk = Chunk {
            order,
            batch,
            first,
            starts,
        };
        if state.reservation.size() + bytes <= self.context.run_bytes {
            state.reservation.grow(bytes);
        } else if state.reservation.try_grow(bytes).is_err() {
            let chunks = std::mem::take(&mut state.chunks);
            self.spill(&mut state, chunks)?;
            state.reservation.free();
            if state.reservation.try_grow(bytes).is_err() {
                return self.spill(&mut state, vec![chunk]);
            }
        }
        state.peak_bytes = state.peak_bytes.max(state.reservation.size());
        state.chunks.push(chunk);
        Ok(())
    }

    /// Writes chunks as one run.
    fn spill(&self, state: &mut State, mut chunks: Vec<Chunk>) -> Result<()> {
        if chunks.is_empty() {
            return Ok(());
        }
        chunks.sort_by_key(|chunk| chunk.order);
        let file = match &state.file {
            Some(file) => file.clone(),
            None => Arc::new(self.context.file()?),
        };
        let mut writer = disk::Writer::new(&file, state.end, &self.schema, &self.context)?;
        let mut places = vec![];
        let ends = chunks.iter().map(|chunk| chunk.first + chunk.starts.len() - 1);
        let count = ends.max().unwrap_or(0).min(self.count);
        for partition in 0..count {
            let mut slices: Vec<RecordBatch> = vec![];
            let (mut rows, mut text) = (0, 0);
            let mut coming = chunks
                .iter()
                .filter_map(|chunk| Some(chunk.piece(partition)?.slice()))
                .peekable();
            while let Some(slice) = coming.next() {
                rows += slice.num_rows();
                text += self.text_of(&slice);
                slices.push(slice);
                let fits = |next: &RecordBatch| {
                    rows + next.num_rows() <= ROWS_TOGETHER && text + self.text_of(next) <= self.context.text_bytes
                };
                if !coming.peek().is_some_and(fits) {
                    let (at, bytes) = writer.write(&slices)?;
                    places.push(Place {
                        partition,
                        at,
                        bytes,
                        rows,
                        text,
                    });
                    slices.clear();
                    (rows, text) = (0, 0);
                }
            }
        }
        let at = writer.finish()?;
        state.spilled_bytes += at - state.end;
        state.spills += 1;
        state.end = at;
        state.file = Some(file);
        state.runs.push(Arc::new(Run { places }));
        Ok(())
    }

    /// How many rows a partition has, and about how many bytes.
    pub fn size(&self, partition: usize) -> (usize, usize) {
        let state = lock(&self.state);
        let in_memory = state.chunks.iter().map(|chunk| {
            let rows = chunk.rows(partition).len();
            let bytes = chunk.batch.get_array_memory_size() as f64;
            (rows, (bytes * rows as f64 / chunk.batch.num_rows() as f64) as usize)
        });
        let places = state.runs.iter().flat_map(|run| run.of(partition));
        let on_disk = places.map(|place| (place.rows, place.bytes));
        in_memory
            .chain(on_disk)
            .fold((0, 0), |(rows, bytes), (more, size)| (rows + more, bytes + size))
    }

    /// The bytes of text and of lists in some rows.
    fn text_of(&self, rows: &RecordBatch) -> usize {
        let texts = self.texts.iter().map(|column| rows.column(*column));
        texts.map(|array| text_bytes(array, 0..array.len())).sum()
    }

    /// How much text a partition has in memory and on disk, in bytes.
    pub fn text(&self, partition: usize) -> (usize, usize) {
        if self.texts.is_empty() {
            return (0, 0);
        }
        let state = lock(&self.state);
        let pieces = state.chunks.iter().filter_map(|chunk| chunk.piece(partition));
        let in_memory = pieces.map(|piece| self.text_of(&piece.slice()));
        let places = state.runs.iter().flat_map(|run| run.of(partition));
        (in_memory.sum(), places.map(|place| place.text).sum())
    }

    /// The rows of a partition, in batches. They stay there: partitions are emptied as a whole.
    pub fn take(&self, partition: usize) -> Result<Vec<RecordBatch>> {
        let pieces = self.pieces(partition)?;
        Ok(pieces.into_iter().map(Piece::slice).collect())
    }

    /// As [`PartitionedSpill::take`], batch by batch.
    pub fn each(&self, partition: usize, each: &mut dyn FnMut(RecordBatch) -> Result<()>) -> Result<()> {
        self.each_piece(partition, &mut |piece| each(piece.slice()))
    }

    /// As [`PartitionedSpill::take`], without a slice of every column.
    pub fn pieces(&self, partition: usize) -> Result<Vec<Piece>> {
        let mut pieces = vec![];
        self.each_piece(partition, &mut |piece| {
            pieces.push(piece);
            Ok(())
        })?;
        Ok(pieces)
    }

    fn each_piece(&self, partition: usize, each: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()> {
        let (pieces, runs, file) = {
            let mut state = lock(&self.state);
            if !state.chunks.is_sorted_by_key(|chunk| chunk.order) {
                state.chunks.sort_by_key(|chunk| chunk.order);
            }
            let pieces: Vec<Piece> = state.chunks.iter().filter_map(|chunk| chunk.piece(partition)).collect();
            (pieces, state.runs.clone(), state.file.clone())
        };
        for place in runs.iter().flat_map(|run| run.of(partition)) {
            let file = file.as_ref().ok_or_else(|| bug("a temporary file is missing"))?;
            let batch = disk::read(file, (place.at, place.bytes), &self.schema)?;
            each(Piece {
                rows: 0..batch.num_rows(),
                batch: Arc::new(batch),
            })?;
        }
        pieces.into_iter().try_for_each(each)
    }

    /// Drops everything; what it was can still be asked.
    pub fn clear(&self) {
        let mut state = lock(&self.state);
        state.chunks = vec![];
        state.runs = vec![];
        state.file = None;
        state.end = 0;
        state.reservation.free();
    }

    pub fn stats(&self) -> SpillStats {
        let state = lock(&self.state);
        SpillStats {
            rows: state.rows,
            spilled_bytes: state.spilled_bytes,
            spills: state.spills,
            peak_bytes: state.peak_bytes,
        }
    }

    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

impl Run {
    fn of(&self, partition: usize) -> &[Place] {
        let start = self.places.partition_point(|place| place.partition < partition);
        let end = self.places.partition_point(|place| place.partition <= partition);
        &self.places[start..end]
    }
}

impl Chunk {
    fn rows(&self, partition: usize) -> Range<usize> {
        let at = partition
            .checked_sub(self.first)
            .and_then(|at| self.starts.get(at..at + 2));
        at.map_or(0..0, |ends| ends[0] as usize..ends[1] as usize)
    }

    fn piece(&self, partition: usize) -> Option<Piece> {
        let rows = self.rows(partition);
        let batch = &self.batch;
        (!rows.is_empty()).then(|| Piece {
            batch: batch.clone(),
            rows,
        })
    }
}

impl Piece {
    fn slice(self) -> RecordBatch {
        self.batch.slice(self.rows.start, self.rows.len())
    }
}

#[cfg(test)]
mod tests;
