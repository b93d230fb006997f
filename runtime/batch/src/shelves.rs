//! Rows on numbered shelves: a buffer of record batches, partitioned by number, that goes to disk when memory is short.
//!
//! ```text
//! batches ── put ──▶ chunks in memory, each sorted by shelf ──(no memory left)──▶ runs on disk, sorted by shelf
//!                                          shelf ◀── take ── slices of chunks ∪ pieces of runs
//! ```
//!
//! It carries what must be regrouped: events by entity, answers by place in the spine, ids by hash. What is put is
//! counted in DataFusion's memory pool; when the pool has no more, all chunks are written as one run, behind those that are
//! there, into one file. It has no name (it is unlinked as it is made), so nothing is left behind by any end of the process.

use crate::error::{BatchError, bug};
use crate::inputs::lock;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use std::fs::File;
use std::io::{BufWriter, Cursor, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Where shelves keep what they hold.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub pool: Arc<dyn MemoryPool>,
    /// The folder of temporary files.
    pub temp: PathBuf,
    /// So much is collected before it goes to disk even if others have taken all memory: many small runs are slow to read.
    pub run_bytes: usize,
}

impl Room {
    /// A temporary file. It has no name, so nothing is left behind by any end of the process.
    pub fn file(&self) -> std::result::Result<File, BatchError> {
        tempfile::tempfile_in(&self.temp).map_err(|error| self.not_written(&error))
    }

    /// A temporary file cannot be written.
    pub fn not_written(&self, error: &std::io::Error) -> BatchError {
        BatchError::Resources {
            why: format!("cannot write a temporary file in {}: {error}", self.temp.display()),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Shelves {
    schema: SchemaRef,
    count: usize,
    room: Room,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    reservation: MemoryReservation,
    chunks: Vec<Chunk>,
    /// All runs, one behind the other.
    file: Option<Arc<File>>,
    end: u64,
    runs: Vec<Arc<Run>>,
    rows: u64,
    spilled_bytes: u64,
    peak_bytes: usize,
}

/// Rows in memory, sorted by shelf: shelf `first + n` has the rows `starts[n]..starts[n + 1]`.
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
    shelf: usize,
    at: u64,
    bytes: usize,
    rows: usize,
}

/// Rows on disk, by shelf.
#[derive(Debug)]
struct Run {
    places: Vec<Place>,
}

/// Rows of a batch that stand on one shelf.
#[derive(Debug)]
pub(crate) struct Piece {
    pub batch: Arc<RecordBatch>,
    pub rows: Range<usize>,
}

/// Rows of a shelf that are written, and read back, together.
const ROWS_TOGETHER: usize = 1 << 16;

/// What shelves held, for reports.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    pub shelves: usize,
    pub rows: u64,
    pub spilled_bytes: u64,
    pub peak_bytes: usize,
}

/// The order that sorts rows by shelf (stably) and where each shelf starts in it; `u32::MAX` leaves a row out.
pub(crate) fn by_shelf(shelf_of: &[u32], count: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; count + 1];
    for shelf in shelf_of.iter().filter(|shelf| **shelf != u32::MAX) {
        starts[*shelf as usize + 1] += 1;
    }
    for shelf in 0..count {
        starts[shelf + 1] += starts[shelf];
    }
    let mut next = starts.clone();
    let mut order = vec![0u32; starts[count] as usize];
    for (row, shelf) in (0u32..).zip(shelf_of) {
        if *shelf != u32::MAX {
            let place = &mut next[*shelf as usize];
            order[*place as usize] = row;
            *place += 1;
        }
    }
    (order, starts)
}

impl Shelves {
    pub fn new(name: impl Into<String>, schema: SchemaRef, count: usize, room: &Room) -> Shelves {
        let name = name.into();
        let reservation = MemoryConsumer::new(name.clone())
            .with_can_spill(true)
            .register(&room.pool);
        Shelves {
            schema,
            count,
            room: room.clone(),
            state: Mutex::new(State {
                reservation,
                chunks: vec![],
                file: None,
                end: 0,
                runs: vec![],
                rows: 0,
                spilled_bytes: 0,
                peak_bytes: 0,
            }),
        }
    }

    /// How many shelves there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Puts rows, sorted by shelf, `starts` as of [`by_shelf`]. Shelves are read in the order of `order`.
    pub fn put(&self, order: u64, batch: RecordBatch, starts: Vec<u32>) -> Result<()> {
        self.put_from(0, order, batch, starts)
    }

    /// Puts all rows on one shelf.
    pub fn put_on(&self, shelf: usize, order: u64, batch: RecordBatch) -> Result<()> {
        let rows = batch.num_rows() as u32;
        self.put_from(shelf, order, batch, vec![0, rows])
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
        if state.reservation.size() + bytes <= self.room.run_bytes {
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
        let failed = |error: std::io::Error| self.room.not_written(&error);
        let file = match &state.file {
            Some(file) => file.clone(),
            None => Arc::new(self.room.file()?),
        };
        let mut out = BufWriter::with_capacity(1 << 18, &*file);
        let (mut places, mut at) = (vec![], state.end);
        for shelf in 0..self.count {
            let mut slices: Vec<RecordBatch> = vec![];
            let mut coming = chunks
                .iter()
                .filter_map(|chunk| Some(chunk.piece(shelf)?.slice()))
                .peekable();
            while let Some(slice) = coming.next() {
                slices.push(slice);
                let rows: usize = slices.iter().map(RecordBatch::num_rows).sum();
                let more = coming.peek().map_or(usize::MAX, RecordBatch::num_rows);
                if rows.saturating_add(more) > ROWS_TOGETHER {
                    let bytes = self.bytes(&slices)?;
                    out.write_all(&bytes).map_err(failed)?;
                    places.push(Place {
                        shelf,
                        at,
                        bytes: bytes.len(),
                        rows,
                    });
                    at += bytes.len() as u64;
                    slices.clear();
                }
            }
        }
        out.flush().map_err(failed)?;
        drop(out);
        state.spilled_bytes += at - state.end;
        state.end = at;
        state.file = Some(file);
        state.runs.push(Arc::new(Run { places }));
        Ok(())
    }

    /// Some batches as one, as it is written.
    fn bytes(&self, slices: &[RecordBatch]) -> Result<Vec<u8>> {
        let mut bytes = vec![];
        let mut writer = StreamWriter::try_new(&mut bytes, &self.schema)?;
        match slices {
            [only] => writer.write(only)?,
            several => writer.write(&concat_batches(&self.schema, several)?)?,
        }
        writer.finish()?;
        drop(writer);
        Ok(bytes)
    }

    /// How many rows a shelf has, and about how many bytes.
    pub fn size(&self, shelf: usize) -> (usize, usize) {
        let state = lock(&self.state);
        let in_memory = state.chunks.iter().map(|chunk| {
            let rows = chunk.rows(shelf).len();
            let bytes = chunk.batch.get_array_memory_size() as f64;
            (rows, (bytes * rows as f64 / chunk.batch.num_rows() as f64) as usize)
        });
        let places = state.runs.iter().flat_map(|run| run.of(shelf));
        let on_disk = places.map(|place| (place.rows, place.bytes));
        in_memory
            .chain(on_disk)
            .fold((0, 0), |(rows, bytes), (more, size)| (rows + more, bytes + size))
    }

    /// The rows of a shelf, in batches. They stay there: shelves are emptied as a whole.
    pub fn take(&self, shelf: usize) -> Result<Vec<RecordBatch>> {
        let pieces = self.pieces(shelf)?;
        Ok(pieces.into_iter().map(Piece::slice).collect())
    }

    /// As [`Shelves::take`], batch by batch.
    pub fn each(&self, shelf: usize, each: &mut dyn FnMut(RecordBatch) -> Result<()>) -> Result<()> {
        self.each_piece(shelf, &mut |piece| each(piece.slice()))
    }

    /// As [`Shelves::take`], without a slice of every column.
    pub fn pieces(&self, shelf: usize) -> Result<Vec<Piece>> {
        let mut pieces = vec![];
        self.each_piece(shelf, &mut |piece| {
            pieces.push(piece);
            Ok(())
        })?;
        Ok(pieces)
    }

    fn each_piece(&self, shelf: usize, each: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()> {
        let (pieces, runs, file) = {
            let mut state = lock(&self.state);
            if !state.chunks.is_sorted_by_key(|chunk| chunk.order) {
                state.chunks.sort_by_key(|chunk| chunk.order);
            }
            let pieces: Vec<Piece> = state.chunks.iter().filter_map(|chunk| chunk.piece(shelf)).collect();
            (pieces, state.runs.clone(), state.file.clone())
        };
        for place in runs.iter().flat_map(|run| run.of(shelf)) {
            let file = file.as_ref().ok_or_else(|| bug("a temporary file is missing"))?;
            let mut bytes = vec![0; place.bytes];
            let failed = |error: std::io::Error| BatchError::Resources {
                why: format!("cannot read a temporary file back: {error}"),
            };
            file.read_exact_at(&mut bytes, place.at).map_err(failed)?;
            let mut reader = StreamReader::try_new(Cursor::new(bytes), None)?;
            let batch = reader.next().ok_or_else(|| bug("a temporary file lost its rows"))??;
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

    pub fn held(&self) -> Held {
        let state = lock(&self.state);
        Held {
            shelves: self.count,
            rows: state.rows,
            spilled_bytes: state.spilled_bytes,
            peak_bytes: state.peak_bytes,
        }
    }

    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

impl Run {
    fn of(&self, shelf: usize) -> &[Place] {
        let start = self.places.partition_point(|place| place.shelf < shelf);
        let end = self.places.partition_point(|place| place.shelf <= shelf);
        &self.places[start..end]
    }
}

impl Chunk {
    fn rows(&self, shelf: usize) -> Range<usize> {
        let at = shelf.checked_sub(self.first).and_then(|at| self.starts.get(at..at + 2));
        at.map_or(0..0, |ends| ends[0] as usize..ends[1] as usize)
    }

    fn piece(&self, shelf: usize) -> Option<Piece> {
        let rows = self.rows(shelf);
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
