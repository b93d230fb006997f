//! Copies of an event that differ in columns which their source does not declare.

use super::Conflicts;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_128;

/// The hash of a value by the name of its column. Added up (wrapping) over the columns of a row, they are a hash of the row
/// in which the order of the columns does not show.
pub fn cell_hash(name: &str, text: &str) -> u128 {
    let mut bytes = Vec::with_capacity(name.len() + text.len() + 8);
    bytes.extend_from_slice(&(name.len() as u64).to_le_bytes());
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(text.as_bytes());
    xxh3_128(&bytes)
}

/// What is known of the copies of events, by the digests of their rows.
#[derive(Debug, Default)]
pub struct Copies {
    seen: HashMap<u128, Seen>,
}

#[derive(Debug)]
struct Seen {
    undeclared: u128,
    /// Part and row of its first occurrence.
    first: (u64, u32),
    /// How its id reads, once two copies differ.
    differs: Option<Box<str>>,
}

impl Copies {
    /// Notes a row: its digest, a hash of its undeclared columns, where it is, and how its id reads.
    pub fn note(&mut self, digest: u128, undeclared: u128, place: (u64, u32), readable: impl FnOnce() -> String) {
        let seen = self.seen.entry(digest).or_insert(Seen {
            undeclared,
            first: place,
            differs: None,
        });
        seen.first = seen.first.min(place);
        if seen.undeclared != undeclared && seen.differs.is_none() {
            seen.differs = Some(readable().into());
        }
    }

    /// How many events have copies that differ, and the ids of the `most` that come up first. The order in which rows were
    /// noted does not matter.
    pub fn differing(&self, most: usize) -> Conflicts {
        let differing = self.seen.values();
        let differing = differing.filter_map(|seen| Some((seen.first, seen.differs.as_deref()?)));
        let mut differing: Vec<((u64, u32), &str)> = differing.collect();
        differing.sort_unstable();
        Conflicts {
            ids: differing.len() as u64,
            examples: differing.iter().take(most).map(|(_, id)| (*id).to_owned()).collect(),
        }
    }
}
