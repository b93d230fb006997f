//! A way into a running state for readers of sources: rows go in with the positions that they were read up to.

use crate::error::Refused;
use crate::first_rejects::FirstReject;
use crate::group::{Command, Push, Then};
use crate::locks::locked;
use crate::positions::{Positions, Reading};
use crate::progress::{PROBLEMS_MAX, Problem, Progress};
use crate::runtime::Runtime;
use crate::shared::{Pushed, Shared};
use featc_ir::Source;
use featr::{Incoming, Program};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

/// A reader's way into a running state.
///
/// # Contract
/// After a restart [`Feed::positions`] are those of the last rows that are in the state, whatever happened between: rows and
/// positions of one [`Feed::push`] are durable together or not at all (tested on a disk that loses, tears and keeps what was
/// not synced). Who sends a push again that was refused, before any later one, has all of his rows in the state once.
#[derive(Clone)]
pub struct Feed {
    shared: Arc<Shared>,
    commands: SyncSender<Command>,
    source: Source,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("source", &self.source.name)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// A way in for the reader of a source.
    ///
    /// # Errors
    /// [`featr::Error::UnknownSource`].
    pub fn feed(&self, source: &str) -> Result<Feed, featr::Error> {
        let source = self.shared.known_source(source)?.clone();
        let (shared, commands) = (self.shared.clone(), self.commands.clone());
        if shared.tables.contains(&source.name) {
            locked(&shared.catching_up).insert(source.name.clone());
            shared.core().held.insert(source.name.clone());
        }
        locked(&shared.progress).insert(source.name.clone(), Progress::default());
        Ok(Feed {
            shared,
            commands,
            source,
        })
    }

    /// How far the readers of sources are, by source.
    pub fn progress(&self) -> Vec<(String, Progress)> {
        let all = locked(&self.shared.progress);
        all.iter()
            .map(|(source, progress)| (source.clone(), progress.clone()))
            .collect()
    }

    /// What readers met since somebody asked last.
    pub fn take_problems(&self) -> Vec<Problem> {
        std::mem::take(&mut *locked(&self.shared.problems))
    }

    /// The first rows of files and partitions that were read and refused, of each reason, since somebody asked last; of the first
    /// hundred such files and reasons.
    pub fn take_first_rejects(&self) -> Vec<FirstReject> {
        locked(&self.shared.first_rejects).take()
    }
}

impl Feed {
    /// The source that it brings rows of.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The program that runs.
    pub fn program(&self) -> &Program {
        &self.shared.program
    }

    /// The positions up to which rows were in the state when it was opened.
    pub fn positions(&self) -> Positions {
        self.shared.read.of(&self.source.name)
    }

    /// Takes in rows with the positions after them, after all that was pushed before. Waits while the writer has as much to do
    /// as it may; `then` is told when both are durable.
    ///
    /// # Errors
    /// As [`Runtime::push`]; `then` is not told.
    pub fn push(&self, incoming: Incoming, read: Reading, then: Then<Pushed>) -> Result<(), Refused> {
        self.shared.check(&incoming).map_err(Refused::Request)?;
        if self.is_ending() {
            return Err(Refused::Stopping);
        }
        let push = Push {
            incoming,
            request_id: None,
            begun: Instant::now(),
            stamped_us: None,
            guard_us: None,
            late: Vec::new(),
            copies: Vec::new(),
            read: Some(read),
            then,
        };
        self.commands
            .send(Command::Push(push))
            .map_err(|_| match self.shared.failure() {
                Some(why) => Refused::Unwritable { why },
                None => Refused::Stopping,
            })
    }

    /// Says that all is in the state that was there when the reader began. Until then events wait that look into the table, if
    /// its source is one.
    pub fn caught_up(&self) {
        locked(&self.shared.catching_up).remove(&self.source.name);
    }

    /// Whether the state is closed.
    pub fn is_ending(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    /// Why nothing can be written any more, if so.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure()
    }

    /// Says how far the reader is.
    pub fn show(&self, progress: Progress) {
        locked(&self.shared.progress).insert(self.source.name.clone(), progress);
    }

    /// Says what the reader met: it is counted, and told to who asks [`Runtime::take_problems`].
    pub fn tell(&self, code: &'static str, from: &str, why: impl Into<String>, help: &str) {
        self.shared.counters.problems.add(&self.source.name, code, 1);
        let mut waiting = locked(&self.shared.problems);
        if waiting.len() < PROBLEMS_MAX {
            waiting.push(Problem {
                source: self.source.name.clone(),
                code,
                from: from.to_owned(),
                why: why.into(),
                help: help.to_owned(),
            });
        }
    }
}
