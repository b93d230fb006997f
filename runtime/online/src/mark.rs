//! The mark: up to where the log has been acknowledged.
//!
//! ```text
//! mark:  two slots, at 0 and at 512: "FMK" version u8  segment u64  place u64  xxh3-64
//! ```
//!
//! The slots are written in turn after each commit that was synced, and made durable with each new segment alone: after a crash of the process the
//! mark is exact, after one of the machine it may lag behind. A log that ends before its mark has lost what was acknowledged.

use crate::disk::{Append, Disk};
use std::io;
use xxhash_rust::xxh3::xxh3_64;

pub const FILE: &str = "mark";
pub const VERSION: u8 = 1;
const MAGIC: &[u8; 3] = b"FMK";
/// A sector: what tears one slot leaves the other.
const SLOT_BYTES: u64 = 512;

/// A place in the log: segment and byte.
pub type Place = (u64, u64);

#[derive(Debug)]
pub struct Mark {
    file: Box<dyn Append>,
    /// The slot that was written last.
    slot: u64,
}

fn slot((segment, place): Place) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    out.extend_from_slice(&segment.to_le_bytes());
    out.extend_from_slice(&place.to_le_bytes());
    let sum = xxh3_64(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// What the two slots of a mark say, as far as they are whole.
fn slots(bytes: &[u8]) -> [Option<Place>; 2] {
    [0, SLOT_BYTES as usize].map(|start| {
        let found = bytes.get(start..start + 28)?;
        let number = |at: usize| found[at..at + 8].try_into().ok().map(u64::from_le_bytes);
        let place = (number(4)?, number(12)?);
        (slot(place) == found).then_some(place)
    })
}

/// The place that the bytes of a mark say; `None`: no slot is whole.
pub fn read(bytes: &[u8]) -> Option<Place> {
    let [left, right] = slots(bytes);
    left.max(right)
}

/// Whether both slots are whole.
pub fn is_whole(bytes: &[u8]) -> bool {
    slots(bytes).iter().all(Option::is_some)
}

/// The version of a mark that another release wrote.
pub fn other_version(bytes: &[u8]) -> Option<u8> {
    let found = bytes.strip_prefix(MAGIC)?.first()?;
    (*found != VERSION).then_some(*found)
}

impl Mark {
    /// A mark at a place, durable.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn create(disk: &dyn Disk, place: Place) -> io::Result<Mark> {
        let mut bytes = slot(place);
        bytes.resize(SLOT_BYTES as usize, 0);
        bytes.extend(slot(place));
        disk.replace(FILE, &bytes)?;
        Ok(Mark {
            file: disk.append(FILE, bytes.len() as u64)?,
            slot: 0,
        })
    }

    /// Moves it.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn set(&mut self, place: Place) -> io::Result<()> {
        self.slot ^= 1;
        self.file.put(self.slot * SLOT_BYTES, &slot(place))
    }

    /// Makes it durable where it is.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_broken_slot_leaves_the_other() {
        let both = |left: Place, right: Place| {
            let mut bytes = slot(left);
            bytes.resize(SLOT_BYTES as usize, 0);
            bytes.extend(slot(right));
            bytes
        };
        assert_eq!(read(&both((1, 90), (1, 50))), Some((1, 90)));
        assert_eq!(read(&both((1, 90), (2, 25))), Some((2, 25)));
        let mut broken = both((1, 90), (2, 25));
        assert!(is_whole(&broken));
        broken[SLOT_BYTES as usize + 6] ^= 1;
        assert_eq!((read(&broken), is_whole(&broken)), (Some((1, 90)), false));
        broken[5] ^= 1;
        assert_eq!(read(&broken), None);
        assert_eq!(read(b"FM"), None);
    }
}
