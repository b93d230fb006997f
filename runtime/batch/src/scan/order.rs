//! Rejected rows in the order of the files, though the files are read by several threads.
//!
//! The part whose turn it is writes through; the others wait in memory.

use crate::inputs::{SharedRejects, lock};
use featr_decode::{DecodeError, Reject, Rejects};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A rejected row on its way.
#[derive(Debug)]
pub(super) struct Owned {
    pub file: Arc<str>,
    pub line: u64,
    pub reason: &'static str,
    pub detail: String,
    pub raw: Option<String>,
}

impl Owned {
    pub fn new(file: &Arc<str>, line: u64, reason: &'static str, detail: String, raw: Option<String>) -> Owned {
        Owned {
            file: file.clone(),
            line,
            reason,
            detail,
            raw,
        }
    }
}

#[derive(Debug, Default)]
struct Waiting {
    rows: Vec<Owned>,
    ended: Option<Rejects>,
}

#[derive(Debug, Default)]
struct State {
    turn: usize,
    waiting: BTreeMap<usize, Waiting>,
    undecoded: Rejects,
}

/// See the module. Parts are numbered from 0 and each [`InOrder::end`]s once.
pub(super) struct InOrder<'a> {
    sink: &'a SharedRejects,
    source: &'a str,
    wanted: bool,
    state: Mutex<State>,
}

impl<'a> InOrder<'a> {
    pub fn new(sink: &'a SharedRejects, source: &'a str) -> InOrder<'a> {
        InOrder {
            sink,
            source,
            wanted: sink.wanted(),
            state: Mutex::default(),
        }
    }

    /// Whether anybody wants every row; otherwise they are only counted.
    pub fn wanted(&self) -> bool {
        self.wanted
    }

    /// A row that was not decoded.
    pub fn undecoded(&self, part: usize, reject: &Reject) -> Result<(), DecodeError> {
        if !self.wanted {
            return Ok(());
        }
        let raw = reject.raw.as_deref().map(str::to_owned);
        let owned = Owned::new(
            &reject.file,
            reject.line,
            reject.reason.name(),
            reject.detail.clone(),
            raw,
        );
        self.put(part, owned)
    }

    /// A row that is not used.
    pub fn put(&self, part: usize, row: Owned) -> Result<(), DecodeError> {
        let mut state = lock(&self.state);
        if state.turn == part {
            return self.sink.put(&row.as_row(self.source));
        }
        state.waiting.entry(part).or_default().rows.push(row);
        Ok(())
    }

    /// There is nothing more to come from a part.
    pub fn end(&self, part: usize, undecoded: Rejects) -> Result<(), DecodeError> {
        let mut state = lock(&self.state);
        state.waiting.entry(part).or_default().ended = Some(undecoded);
        loop {
            let turn = state.turn;
            let Some(waiting) = state.waiting.get_mut(&turn) else {
                return Ok(());
            };
            for row in std::mem::take(&mut waiting.rows) {
                self.sink.put(&row.as_row(self.source))?;
            }
            let Some(undecoded) = waiting.ended.take() else {
                return Ok(());
            };
            state.waiting.remove(&turn);
            state.undecoded.merge(undecoded);
            state.turn += 1;
        }
    }

    /// All rows that were not decoded.
    pub fn finish(&self) -> Rejects {
        std::mem::take(&mut lock(&self.state).undecoded)
    }
}
