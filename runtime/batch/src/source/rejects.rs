//! Rejected rows in the order of the files, though the files are read by several threads.
//!
//! The part whose turn it is writes through. Rows of the others wait as bytes: in memory as far as the pool has some, then
//! in a temporary file without a name.

use crate::error::BatchError;
use crate::inputs::{RejectedRow, SharedRejects};
use crate::locks::lock;
use crate::spill::SpillContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use featr_decode::{Reject, Rejects};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Mutex;

/// What may wait in memory without being asked for: so much is written to the file at a time.
const PAGE_BYTES: usize = 1 << 16;

type Outcome<T> = Result<T, BatchError>;

/// The rows of a part that wait.
#[derive(Debug, Default)]
struct Waiting {
    /// Where the first of them lie in the file: from, to.
    places: Vec<(u64, u64)>,
    /// The others.
    bytes: Vec<u8>,
    ended: Option<Rejects>,
}

#[derive(Debug)]
struct State {
    turn: usize,
    waiting: BTreeMap<usize, Waiting>,
    undecoded: Rejects,
    /// Of all that wait in memory.
    bytes: usize,
    reservation: MemoryReservation,
    file: Option<File>,
    end: u64,
}

/// See the module. Parts are numbered from 0 and each [`InOrder::end`]s once.
pub(super) struct InOrder<'a> {
    sink: &'a SharedRejects,
    source: &'a str,
    wanted: bool,
    context: SpillContext,
    state: Mutex<State>,
}

impl<'a> InOrder<'a> {
    pub fn new(sink: &'a SharedRejects, source: &'a str, context: &SpillContext) -> InOrder<'a> {
        let consumer = MemoryConsumer::new(format!("rejected rows of {source}")).with_can_spill(true);
        InOrder {
            sink,
            source,
            wanted: sink.wanted(),
            context: context.clone(),
            state: Mutex::new(State {
                turn: 0,
                waiting: BTreeMap::new(),
                undecoded: Rejects::default(),
                bytes: 0,
                reservation: consumer.register(&context.pool),
                file: None,
                end: 0,
            }),
        }
    }

    /// Whether anybody wants every row; otherwise they are only counted.
    pub fn wanted(&self) -> bool {
        self.wanted
    }

    /// A row that was not decoded.
    pub fn undecoded(&self, part: usize, reject: &Reject) -> Outcome<()> {
        if !self.wanted {
            return Ok(());
        }
        let row = RejectedRow {
            source: self.source,
            file: &reject.file,
            line: reject.line,
            reason: reject.reason.name(),
            detail: &reject.detail,
            raw: reject.raw.as_deref(),
        };
        self.put(part, &row)
    }

    /// A row that is not used.
    pub fn put(&self, part: usize, row: &RejectedRow<'_>) -> Outcome<()> {
        let mut state = lock(&self.state);
        if state.turn == part {
            return Ok(self.sink.put(row)?);
        }
        let bytes = &mut state.waiting.entry(part).or_default().bytes;
        let before = bytes.len();
        encode(row, bytes);
        let more = bytes.len() - before;
        state.bytes += more;
        let held = state.bytes;
        if held > PAGE_BYTES && state.reservation.try_resize(held).is_err() {
            self.spill(&mut state)?;
        }
        Ok(())
    }

    /// Writes all that waits in memory to the file.
    fn spill(&self, state: &mut State) -> Outcome<()> {
        let failed = |error: std::io::Error| self.context.not_written(&error);
        let file = match state.file.take() {
            Some(file) => file,
            None => self.context.file()?,
        };
        for waiting in state.waiting.values_mut().filter(|waiting| !waiting.bytes.is_empty()) {
            let bytes = std::mem::take(&mut waiting.bytes);
            file.write_all_at(&bytes, state.end).map_err(failed)?;
            let from = state.end;
            state.end += bytes.len() as u64;
            match waiting.places.last_mut() {
                Some((_, to)) if *to == from => *to = state.end,
                _ => waiting.places.push((from, state.end)),
            }
        }
        state.file = Some(file);
        state.bytes = 0;
        state.reservation.free();
        Ok(())
    }

    /// There is nothing more to come from a part.
    pub fn end(&self, part: usize, undecoded: Rejects) -> Outcome<()> {
        let mut state = lock(&self.state);
        state.waiting.entry(part).or_default().ended = Some(undecoded);
        loop {
            let turn = state.turn;
            let Some(waiting) = state.waiting.get_mut(&turn) else {
                return Ok(());
            };
            let (places, bytes) = (std::mem::take(&mut waiting.places), std::mem::take(&mut waiting.bytes));
            let ended = waiting.ended.take();
            state.bytes -= bytes.len();
            let held = state.bytes;
            if held < state.reservation.size() {
                state.reservation.shrink(state.reservation.size() - held);
            }
            for (at, end) in places {
                let file = state.file.as_ref().ok_or_else(|| lost("it is missing"))?;
                self.pass_on(BufReader::with_capacity(PAGE_BYTES, Stretch { file, at, end }))?;
            }
            self.pass_on(bytes.as_slice())?;
            let Some(undecoded) = ended else {
                return Ok(());
            };
            state.waiting.remove(&turn);
            state.undecoded.merge(undecoded);
            state.turn += 1;
        }
    }

    /// Rows that waited.
    fn pass_on(&self, mut bytes: impl Read) -> Outcome<()> {
        while let Some(row) = Row::decode(&mut bytes).map_err(lost)? {
            self.sink.put(&RejectedRow {
                source: self.source,
                file: &row.file,
                line: row.line,
                reason: &row.reason,
                detail: &row.detail,
                raw: row.raw.as_deref(),
            })?;
        }
        Ok(())
    }

    /// All rows that were not decoded.
    pub fn finish(&self) -> Rejects {
        std::mem::take(&mut lock(&self.state).undecoded)
    }
}

fn lost(why: impl std::fmt::Display) -> BatchError {
    BatchError::Resources {
        why: format!("cannot read a temporary file back: {why}"),
    }
}

/// A part of a file.
struct Stretch<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Stretch<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let read = self.file.read_at(&mut buffer[..wanted], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// A row that waited.
struct Row {
    file: String,
    line: u64,
    reason: String,
    detail: String,
    raw: Option<String>,
}

/// A row as bytes: its line, then its texts, each behind its length. A text that is not there has the length `u64::MAX`.
fn encode(row: &RejectedRow<'_>, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&row.line.to_le_bytes());
    for text in [Some(row.file), Some(row.reason), Some(row.detail), row.raw] {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
    }
}

impl Row {
    /// The next row of some bytes; `None` at their end.
    fn decode(bytes: &mut impl Read) -> std::io::Result<Option<Row>> {
        let mut line = [0; 8];
        match bytes.read_exact(&mut line) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let mut text = || -> std::io::Result<Option<String>> {
            let mut length = [0; 8];
            bytes.read_exact(&mut length)?;
            let length = u64::from_le_bytes(length);
            if length == u64::MAX {
                return Ok(None);
            }
            let mut text = String::new();
            let read = bytes.by_ref().take(length).read_to_string(&mut text)?;
            if read as u64 == length {
                Ok(Some(text))
            } else {
                Err(std::io::ErrorKind::UnexpectedEof.into())
            }
        };
        Ok(Some(Row {
            line: u64::from_le_bytes(line),
            file: text()?.unwrap_or_default(),
            reason: text()?.unwrap_or_default(),
            detail: text()?.unwrap_or_default(),
            raw: text()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::RejectedRows;
    use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};
    use featr_decode::DecodeError;
    use std::sync::Arc;

    struct Kept(Arc<Mutex<Vec<String>>>);

    impl RejectedRows for Kept {
        fn reject(&mut self, row: &RejectedRow<'_>) -> Result<(), DecodeError> {
            lock(&self.0).push(format!("{row:?}"));
            Ok(())
        }
    }

    /// Rows of nine parts, which come from the last part to the first, and by turns.
    fn told(bytes: usize, rows: u64) -> (Vec<String>, Arc<dyn MemoryPool>, bool) {
        let temp = tempfile::tempdir().expect("a folder");
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(bytes));
        let context = SpillContext {
            pool: pool.clone(),
            temp: Some(temp.path().to_owned()),
            run_bytes: 0,
        };
        let kept = Arc::new(Mutex::new(vec![]));
        let sink = SharedRejects(Arc::new(Mutex::new(Some(Box::new(Kept(kept.clone()))))));
        let order = InOrder::new(&sink, "log", &context);
        for line in 0..rows {
            for part in (0..9).rev() {
                let raw = format!("{line};ä;").repeat(line as usize % 20);
                let row = RejectedRow {
                    source: "log",
                    file: &format!("{part}.csv"),
                    line,
                    reason: "late",
                    detail: "",
                    raw: (line % 3 > 0).then_some(raw.as_str()),
                };
                order.put(part, &row).expect("put");
            }
        }
        assert!(pool.reserved() <= bytes);
        let spilled = lock(&order.state).file.is_some();
        let files = std::fs::read_dir(temp.path()).expect("the folder").count();
        assert_eq!(files, 0, "the file has no name");
        for part in [4, 8, 1, 0, 2, 3, 7, 6, 5] {
            order.end(part, Rejects::default()).expect("ends");
        }
        drop(order);
        let kept = std::mem::take(&mut *lock(&kept));
        (kept, pool, spilled)
    }

    #[test]
    fn memory_does_not_change_the_order() {
        let (roomy, pool, spilled) = told(usize::MAX, 2_000);
        assert!(!spilled);
        assert_eq!(pool.reserved(), 0);
        assert_eq!(roomy.len(), 9 * 2_000);
        let place = |text: &String| {
            let file = text.find("file: ").expect("a file") + 7;
            let line = text.find("line: ").expect("a line") + 6;
            let line: u64 = text[line..]
                .split(',')
                .next()
                .expect("digits")
                .parse()
                .expect("a number");
            (text[file..=file].to_owned(), line)
        };
        assert!(roomy.is_sorted_by_key(place), "files in order, and lines in files");
        for bytes in [0, 100_000, 300_000] {
            let (narrow, pool, spilled) = told(bytes, 2_000);
            assert!(spilled, "{bytes} bytes");
            assert_eq!(pool.reserved(), 0);
            assert_eq!(narrow, roomy, "{bytes} bytes");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_resource_error() {
        let context = SpillContext {
            pool: Arc::new(GreedyMemoryPool::new(0)),
            temp: Some("/nowhere/at/all".into()),
            run_bytes: 0,
        };
        let sink = SharedRejects(Arc::new(Mutex::new(Some(Box::new(Kept(Arc::default()))))));
        let order = InOrder::new(&sink, "log", &context);
        let row = RejectedRow {
            source: "log",
            file: "a.csv",
            line: 1,
            reason: "late",
            detail: &"x".repeat(PAGE_BYTES),
            raw: None,
        };
        let error = order.put(1, &row).expect_err("no context");
        assert!(matches!(error, BatchError::Resources { .. }), "{error}");
    }
}
