//! What the manifest says of the files of entities, and which of them a checkpoint joins.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A file is whole when it has so many bytes.
pub const FILE_BYTES: usize = 64 << 20;
/// So many files that are not whole are joined.
const SMALL_FILES: usize = 16;

/// What the manifest says of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityFiles {
    /// By number, their bytes.
    pub files: BTreeMap<u64, u64>,
    /// Per state in the checkpoint, in its order, the number of its log.
    pub logs: Vec<u32>,
    /// The number of the next log that is new.
    pub next_log: u32,
}

impl EntityFiles {
    pub fn is_empty(&self) -> bool {
        *self == EntityFiles::default()
    }

    /// The number of the next file.
    pub fn next_file(&self) -> u64 {
        self.files.last_key_value().map_or(1, |(last, _)| last + 1)
    }

    /// The numbers of the logs of a program: of each, the place in the checkpoint where it goes on from.
    pub fn numbered(&self, goes_on: &[Option<usize>]) -> EntityFiles {
        let mut next_log = self.next_log;
        let mut number = |goes_on: &Option<usize>| {
            let known = goes_on.and_then(|section| self.logs.get(section).copied());
            known.unwrap_or_else(|| {
                next_log += 1;
                next_log - 1
            })
        };
        let logs = goes_on.iter().map(&mut number).collect();
        EntityFiles {
            files: self.files.clone(),
            logs,
            next_log,
        }
    }

    /// The files that the next checkpoint joins, given what is in use of each: those of which less than half is, and small ones if
    /// there are many.
    pub fn to_be_joined(&self, used: &BTreeMap<u64, u64>) -> BTreeSet<u64> {
        let used = |number: &u64| used.get(number).copied().unwrap_or_default();
        let is_worn = |(number, bytes): &(&u64, &u64)| 2 * used(number) < **bytes;
        let is_small = |(_, bytes): &(&u64, &u64)| **bytes < FILE_BYTES as u64 / 2;
        let joins_small = self.files.iter().filter(is_small).count() >= SMALL_FILES;
        let joined = self
            .files
            .iter()
            .filter(|file| is_worn(file) || (joins_small && is_small(file)));
        joined.map(|(number, _)| *number).collect()
    }
}
