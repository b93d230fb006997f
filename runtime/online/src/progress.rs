//! How far the readers of sources are, and what they met.

/// How far the reader of a source is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files, or partitions of a topic.
    pub splits: u64,
    /// What is known to be there, and whose rows are not durable.
    pub unread: Unread,
    /// Splits that cannot be read.
    pub refused: u64,
    /// Whether nothing more can come.
    pub has_ended: bool,
}

/// An amount of what is to be read, in what it is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Of files.
    Bytes(u64),
    /// Of partitions of a topic: offsets, which some are without a record.
    Records(u64),
}

impl Default for Unread {
    fn default() -> Unread {
        Unread::Bytes(0)
    }
}

/// What a reader met that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The source that is read.
    pub source: String,
    /// A code of the registry.
    pub code: &'static str,
    /// What it is about, such as a file.
    pub from: String,
    /// What is wrong with it, in a sentence.
    pub why: String,
    /// What to do about it.
    pub help: String,
}

/// Problems that wait to be told, at most; all are counted.
pub const PROBLEMS_MAX: usize = 1_000;
