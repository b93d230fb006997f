//! Entities whose events stand in files of the caller.
//!
//! ```text
//! changed ── a checkpoint writes it ──▶ stored, in memory ── unload ──▶ stored alone
//!    ▲                                     │                               │
//!    └──────────── rows come in ───────────┴───────────────────────────────┘
//! ```
//!
//! The engine does no I/O: it is given records when a state is restored, and asks [`EntityStore`] for one when it needs it.

use std::fmt;

/// Where a record stands: the events of one entity of a log, as a checkpoint wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    pub file: u64,
    pub offset: u64,
    /// The length of what the caller wrote, in bytes.
    pub bytes: u64,
}

/// Reads records again.
///
/// # Contract
/// - **Whole**: what is read is what was written there, or an error; never anything else.
pub trait EntityStore: Send + Sync + fmt::Debug {
    /// # Errors
    /// What cannot be read, in words.
    fn read(&self, stored: Stored) -> Result<Vec<u8>, String>;
}

/// The events of one entity, to be written. A record without events says that it has none any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The position of its state among those of the engine.
    pub state: usize,
    /// The shard that has the entity.
    pub shard: usize,
    pub key: Box<[u8]>,
    pub bytes: Vec<u8>,
}
