//! Which file it is, and how far it was read.

use serde::{Deserialize, Serialize};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use xxhash_rust::xxh3::xxh3_64;

/// How many bytes in front of a place are compared before it counts.
pub const CHECK_BYTES: usize = 1 << 10;

/// What a file is to the system, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Id {
    device: u64,
    inode: u64,
}

impl Id {
    pub fn of(about: &Metadata) -> Id {
        Id {
            device: about.dev(),
            inode: about.ino(),
        }
    }

    pub fn inode(self) -> u64 {
        self.inode
    }
}

/// What of a file changes when somebody writes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    #[serde(flatten)]
    pub id: Id,
    pub bytes: u64,
    modified_ns: i64,
}

impl Stamp {
    pub fn of(about: &Metadata) -> Stamp {
        Stamp {
            id: Id::of(about),
            bytes: about.len(),
            modified_ns: about
                .mtime()
                .saturating_mul(1_000_000_000)
                .saturating_add(about.mtime_nsec()),
        }
    }
}

/// How far a split has been read: what stands in the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    Text(TextPosition),
    Whole(WholePosition),
}

impl Position {
    pub fn id(&self) -> Id {
        match self {
            Position::Text(text) => text.id,
            Position::Whole(whole) => whole.stamp.id,
        }
    }

    /// As the state has it.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data always serialises")
    }
}

/// Of a file that grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextPosition {
    #[serde(flatten)]
    pub id: Id,
    /// Bytes that were read, whole records all of them,
    pub bytes: u64,
    /// and their lines.
    pub lines: u64,
    /// Whether it stands in a line that is no record, up to whose end nothing counts.
    #[serde(default)]
    pub skips: bool,
    /// The sum of the last bytes of them,
    check: u64,
    /// and how many those are.
    pub checked: usize,
}

impl TextPosition {
    /// The beginning of a file.
    pub fn start(id: Id) -> TextPosition {
        TextPosition {
            id,
            bytes: 0,
            lines: 0,
            skips: false,
            check: xxh3_64(b""),
            checked: 0,
        }
    }

    /// The same place in another file of the same content.
    pub fn of(&self, id: Id) -> TextPosition {
        TextPosition { id, ..*self }
    }

    /// Puts it where these are the last bytes that were read.
    pub fn set_check(&mut self, last: &[u8]) {
        (self.check, self.checked) = (xxh3_64(last), last.len());
    }

    /// Whether these bytes stand in front of it.
    pub fn is_behind(&self, last: &[u8]) -> bool {
        last.len() == self.checked && xxh3_64(last) == self.check
    }
}

/// Of a file that is read when it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholePosition {
    #[serde(flatten)]
    pub stamp: Stamp,
    /// The number of the last row, or line, that was read.
    pub rows: u64,
    pub done: bool,
}
