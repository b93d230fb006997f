//! Rejected rows in the order of the files, though the files are read by several threads.
//!
//! The part whose turn it is writes through. Rows of the others wait in memory while there is room; then the threads that
//! read those parts wait for their turn. Threads take parts in order, so the part whose turn it is always has one.

use crate::inputs::{RejectedRow, SharedRejects};
use crate::locks::lock;
use featr_decode::{DecodeError, Reject, Rejects};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

/// What may wait in memory, in bytes of text; with one row more per thread.
const WAITING_BYTES_MAX: usize = 1 << 20;

/// A row that waits.
#[derive(Debug)]
struct Row {
    file: String,
    line: u64,
    reason: String,
    detail: String,
    raw: Option<String>,
}

impl Row {
    fn bytes(&self) -> usize {
        let texts = [&self.file, &self.reason, &self.detail].map(String::len);
        size_of::<Row>() + texts.iter().sum::<usize>() + self.raw.as_ref().map_or(0, String::len)
    }
}

#[derive(Debug, Default)]
struct State {
    turn: usize,
    /// By part: the rows that wait, and when it has ended, all that were not decoded.
    waiting: BTreeMap<usize, (Vec<Row>, Option<Rejects>)>,
    /// Of all that wait.
    bytes: usize,
    undecoded: Rejects,
    /// A part ended too early: nobody waits for its turn any more.
    stopped: bool,
}

/// See the module. Parts are numbered from 0 and begun in this order.
pub(super) struct InOrder<'a> {
    sink: &'a SharedRejects,
    source: &'a str,
    wanted: bool,
    state: Mutex<State>,
    next_turn: Condvar,
}

impl<'a> InOrder<'a> {
    pub fn new(sink: &'a SharedRejects, source: &'a str) -> InOrder<'a> {
        InOrder {
            sink,
            source,
            wanted: sink.wanted(),
            state: Mutex::default(),
            next_turn: Condvar::new(),
        }
    }

    /// Whether anybody wants every row; otherwise they are only counted.
    pub fn wanted(&self) -> bool {
        self.wanted
    }

    /// A part that is going to be read.
    pub fn begin(&self, part: usize) -> Begun<'_> {
        Begun {
            order: self,
            part,
            ended: false,
        }
    }

    /// A row that was not decoded.
    pub fn undecoded(&self, part: usize, reject: &Reject) -> Result<(), DecodeError> {
        if !self.wanted {
            return Ok(());
        }
        let detail = reject.detail.to_string();
        let row = RejectedRow {
            source: self.source,
            file: &reject.file,
            line: reject.line,
            reason: reject.reason.name(),
            detail: &detail,
            raw: reject.raw.as_deref(),
        };
        self.put(part, &row)
    }

    /// A row that is not used.
    pub fn put(&self, part: usize, row: &RejectedRow<'_>) -> Result<(), DecodeError> {
        let waits = |state: &mut State| state.turn != part && state.bytes >= WAITING_BYTES_MAX && !state.stopped;
        let state = self.next_turn.wait_while(lock(&self.state), waits);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.turn == part {
            return self.sink.put(row);
        }
        if state.stopped {
            return Ok(());
        }
        let row = Row {
            file: row.file.to_owned(),
            line: row.line,
            reason: row.reason.to_owned(),
            detail: row.detail.to_owned(),
            raw: row.raw.map(str::to_owned),
        };
        state.bytes += row.bytes();
        state.waiting.entry(part).or_default().0.push(row);
        Ok(())
    }

    fn end(&self, part: usize, undecoded: Rejects) -> Result<(), DecodeError> {
        let mut state = lock(&self.state);
        state.waiting.entry(part).or_default().1 = Some(undecoded);
        loop {
            let turn = state.turn;
            let Some((rows, ended)) = state.waiting.remove(&turn) else {
                break;
            };
            for row in rows {
                state.bytes -= row.bytes();
                self.sink.put(&RejectedRow {
                    source: self.source,
                    file: &row.file,
                    line: row.line,
                    reason: &row.reason,
                    detail: &row.detail,
                    raw: row.raw.as_deref(),
                })?;
            }
            let Some(undecoded) = ended else { break };
            state.undecoded.merge(undecoded);
            state.turn += 1;
        }
        self.next_turn.notify_all();
        Ok(())
    }

    /// All rows that were not decoded.
    pub fn finish(&self) -> Rejects {
        std::mem::take(&mut lock(&self.state).undecoded)
    }
}

/// A part that is being read. Dropped before its [`Begun::end`], it keeps nobody waiting: the run has failed.
pub(super) struct Begun<'a> {
    order: &'a InOrder<'a>,
    part: usize,
    ended: bool,
}

impl Begun<'_> {
    /// There is nothing more to come from the part.
    pub fn end(mut self, undecoded: Rejects) -> Result<(), DecodeError> {
        self.order.end(self.part, undecoded)?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.ended {
            lock(&self.order.state).stopped = true;
            self.order.next_turn.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::RejectedRows;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const PARTS: usize = 9;

    struct Kept(Arc<Mutex<Vec<(String, u64)>>>);

    impl RejectedRows for Kept {
        fn reject(&mut self, row: &RejectedRow<'_>) -> Result<(), DecodeError> {
            lock(&self.0).push((row.file.to_owned(), row.line));
            Ok(())
        }
    }

    /// Rows of nine parts, taken in order by three threads; `broken` ends too early. With the most that waited.
    fn told(bytes: usize, broken: Option<usize>) -> (Vec<(String, u64)>, usize) {
        let kept = Arc::new(Mutex::new(vec![]));
        let sink = SharedRejects(Arc::new(Mutex::new(Some(Box::new(Kept(kept.clone()))))));
        let order = InOrder::new(&sink, "log");
        let (next, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let raw = "x".repeat(bytes);
        let work = || {
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                if part >= PARTS {
                    return;
                }
                let begun = order.begin(part);
                if broken == Some(part) {
                    // The others come to wait for it.
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    return;
                }
                if part % 3 == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                for line in 0..200 {
                    let row = RejectedRow {
                        source: "log",
                        file: &format!("{part}.csv"),
                        line,
                        reason: "late",
                        detail: "",
                        raw: Some(&raw),
                    };
                    order.put(part, &row).expect("put");
                    most.fetch_max(lock(&order.state).bytes, Ordering::Relaxed);
                }
                begun.end(Rejects::default()).expect("ends");
            }
        };
        std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(work))));
        let kept = std::mem::take(&mut *lock(&kept));
        (kept, most.into_inner())
    }

    #[test]
    fn rows_come_in_the_order_of_the_files() {
        for bytes in [1, 20_000] {
            let (rows, most) = told(bytes, None);
            assert_eq!(rows.len(), PARTS * 200);
            assert!(rows.is_sorted(), "{bytes} bytes");
            assert!(most < WAITING_BYTES_MAX + 3 * (bytes + 1_000), "{most} bytes waited");
        }
    }

    #[test]
    fn nobody_waits_for_a_part_that_fails() {
        let (rows, _) = told(20_000, Some(0));
        assert_eq!(rows, [], "its turn never ends");
    }
}
