//! The log: what was pushed and answered, in checksummed records.
//!
//! ```text
//! segment:  "FEATRLOG"  version u8  number u64  xxh3-64 of these
//!           { length u32  xxh3-64  kind u8  body }
//! kinds:    1 rows       source: length u16, text; Arrow IPC stream
//!           2 answers    service: length u16, text; Arrow IPC stream
//!           3 bound      instant i64: answers up to it may be given; their greatest cuts as JSON, by source
//!           4 program      hash: length u16, text; what it answers with, as JSON: service → output column → fingerprint
//!           5 read       source: length u16, text; positions after the rows, by split: length u32, JSON; Arrow IPC stream,
//!                        or nothing where there are no rows
//!           255 end      the next segment goes on
//! ```
//!
//! All integers are little-endian. The length is that of kind and body. Answers stand after the program that gave them, in
//! each segment. The sum of a record is seeded with the number of the
//! segment and the place of the record, so that a record counts nowhere but where it was written.

use crate::disk::{Append, Disk};
use crate::numbered;
use std::io;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub const VERSION: u8 = 1;
const MAGIC: &[u8; 8] = b"FEATRLOG";
/// Bytes in front of the first record.
pub const HEADER_BYTES: u64 = 25;
/// Bytes of a record in front of its kind.
const FRAME_BYTES: usize = 12;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    /// Rows of a source, as an Arrow IPC stream.
    Rows {
        source: &'a str,
        ipc: &'a [u8],
    },
    /// Answers of a service, as the served log has them.
    Answers {
        service: &'a str,
        ipc: &'a [u8],
    },
    /// Answers may be given whose cuts follow from instants up to this one.
    Bound {
        us: i64,
        /// The cuts that follow from it, as JSON, by source.
        cuts: &'a [u8],
    },
    /// The program that gave the answers after it.
    Program {
        hash: &'a str,
        fingerprints: &'a [u8],
    },
    /// Rows that a reader has read, and how far it had read with them.
    Read {
        source: &'a str,
        /// By split, as JSON.
        positions: &'a [u8],
        /// As [`Entry::Rows`] has it; empty where there are no rows.
        ipc: &'a [u8],
    },
    End,
}

impl<'a> Entry<'a> {
    /// Its source and rows, if it has such.
    pub fn rows(&self) -> Option<(&'a str, &'a [u8])> {
        match *self {
            Entry::Rows { source, ipc } => Some((source, ipc)),
            Entry::Read { source, ipc, .. } => (!ipc.is_empty()).then_some((source, ipc)),
            Entry::Answers { .. } | Entry::Bound { .. } | Entry::Program { .. } | Entry::End => None,
        }
    }
}

/// A record that is longer than its length can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// The name of a segment's file.
pub fn file(segment: u64) -> String {
    format!("log/{segment:08}.wal")
}

/// The number in the name of a segment's file.
pub fn number(name: &str) -> Option<u64> {
    numbered::number(name, ".wal", 8)
}

fn sum(segment: u64, place: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, segment.rotate_left(40) ^ place)
}

/// Appends the record of an entry to `out`, whose first byte has the place `base` in the segment.
///
/// # Errors
/// More than 4 GiB, or a name of more than 64 KiB; what `out` holds is of no use then.
pub fn put(out: &mut Vec<u8>, (segment, base): (u64, u64), entry: &Entry<'_>) -> Result<(), TooLong> {
    let start = out.len();
    out.extend_from_slice(&[0; FRAME_BYTES]);
    let named = |out: &mut Vec<u8>, kind: u8, name: &str, rest: &[u8]| {
        // Looked at before anything of it is copied.
        length(1 + 2 + name.len() + rest.len())?;
        let bytes = u16::try_from(name.len()).map_err(|_| TooLong)?;
        out.push(kind);
        out.extend_from_slice(&bytes.to_le_bytes());
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(rest);
        Ok(())
    };
    match entry {
        Entry::Rows { source, ipc } => named(out, 1, source, ipc)?,
        Entry::Answers { service, ipc } => named(out, 2, service, ipc)?,
        Entry::Program { hash, fingerprints } => named(out, 4, hash, fingerprints)?,
        Entry::Bound { us, cuts } => {
            out.push(3);
            out.extend_from_slice(&us.to_le_bytes());
            out.extend_from_slice(cuts);
        }
        Entry::Read { source, positions, ipc } => {
            length(1 + 2 + source.len() + 4 + positions.len() + ipc.len())?;
            named(out, 5, source, &length(positions.len())?.to_le_bytes())?;
            out.extend_from_slice(positions);
            out.extend_from_slice(ipc);
        }
        Entry::End => out.push(255),
    }
    let body = &out[start + FRAME_BYTES..];
    let (len, sum) = (length(body.len())?, sum(segment, base + start as u64, body));
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
    out[start + 4..start + FRAME_BYTES].copy_from_slice(&sum.to_le_bytes());
    Ok(())
}

/// The length of a record, as it is written.
fn length(bytes: usize) -> Result<u32, TooLong> {
    u32::try_from(bytes).map_err(|_| TooLong)
}

fn header(segment: u64) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    out.extend_from_slice(&segment.to_le_bytes());
    let sum = sum(segment, 0, &out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// What is wrong with the header of a segment.
#[derive(Debug, PartialEq, Eq)]
pub enum Header {
    Torn,
    OtherVersion(u8),
}

/// What a segment holds.
#[derive(Debug)]
pub struct Scan<'a> {
    pub entries: Vec<Entry<'a>>,
    /// The records up to here are whole; what follows is not.
    pub valid: u64,
    /// Whether it says that the next segment goes on.
    pub ended: bool,
}

/// Reads the records of a segment up to its end, or to the first one that is not whole.
///
/// # Errors
/// A header that is not that of this segment.
pub fn scan(bytes: &[u8], segment: u64) -> Result<Scan<'_>, Header> {
    let own = header(segment);
    let found = bytes.get(..own.len()).ok_or(Header::Torn)?;
    if found != own {
        // Of a torn one the sum is wrong.
        let (begin, said) = found.split_at(own.len() - 8);
        let is_whole = said == sum(segment, 0, begin).to_le_bytes();
        let is_other = is_whole && found.starts_with(MAGIC) && found[8] != VERSION;
        return Err(if is_other {
            Header::OtherVersion(found[8])
        } else {
            Header::Torn
        });
    }
    let mut scan = Scan {
        entries: Vec::new(),
        valid: HEADER_BYTES,
        ended: false,
    };
    while let Some((entry, len)) = next(bytes, scan.valid, segment) {
        scan.valid += len;
        scan.ended = entry == Entry::End;
        scan.entries.push(entry);
        if scan.ended {
            break;
        }
    }
    Ok(scan)
}

/// The record at a place, if it is whole, and its length.
fn next(bytes: &[u8], place: u64, segment: u64) -> Option<(Entry<'_>, u64)> {
    let rest = bytes.get(usize::try_from(place).ok()?..)?;
    let frame = rest.get(..FRAME_BYTES)?;
    let len = u32::from_le_bytes(frame[..4].try_into().ok()?) as usize;
    let said = u64::from_le_bytes(frame[4..].try_into().ok()?);
    let record = rest.get(FRAME_BYTES..FRAME_BYTES.checked_add(len)?)?;
    if sum(segment, place, record) != said {
        return None;
    }
    let (kind, body) = record.split_first()?;
    let named = || -> Option<(&str, &[u8])> {
        let (len, rest) = body.split_first_chunk()?;
        let (name, ipc) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
        // It becomes the name of a folder.
        let name = std::str::from_utf8(name).ok()?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        is_name.then_some((name, ipc))
    };
    let entry = match kind {
        1 => named().map(|(source, ipc)| Entry::Rows { source, ipc }),
        2 => named().map(|(service, ipc)| Entry::Answers { service, ipc }),
        4 => named().map(|(hash, fingerprints)| Entry::Program { hash, fingerprints }),
        3 => body.split_first_chunk().map(|(us, cuts)| Entry::Bound {
            us: i64::from_le_bytes(*us),
            cuts,
        }),
        5 => named().and_then(|(source, rest)| {
            let (len, rest) = rest.split_first_chunk()?;
            let (positions, ipc) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            Some(Entry::Read { source, positions, ipc })
        }),
        255 => Some(Entry::End),
        _ => None,
    };
    entry.map(|entry| (entry, (FRAME_BYTES + len) as u64))
}

/// The segment that is written to.
#[derive(Debug)]
pub struct Segment {
    pub number: u64,
    file: Box<dyn Append>,
    /// Bytes written.
    pub len: u64,
}

impl Segment {
    /// A new segment, its header durable.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn create(disk: &dyn Disk, number: u64) -> io::Result<Segment> {
        let mut file = disk.append(&file(number), 0)?;
        file.append(&header(number))?;
        file.sync()?;
        Ok(Segment {
            number,
            file,
            len: HEADER_BYTES,
        })
    }

    /// Goes on after the first `len` bytes; others are dropped.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(disk: &dyn Disk, number: u64, len: u64) -> io::Result<Segment> {
        let file = disk.append(&file(number), len)?;
        Ok(Segment { number, file, len })
    }

    /// Writes records that were put for this place. All of them are there, or none.
    ///
    /// # Errors
    /// The disk refuses. With `true` what it wrote of them is cut off again; else nobody knows what is there.
    pub fn write(&mut self, records: &[u8]) -> Result<(), (io::Error, bool)> {
        match self.file.append(records) {
            Ok(()) => {
                self.len += records.len() as u64;
                Ok(())
            }
            Err(error) => {
                let is_cut = self.file.cut(self.len).is_ok();
                Err((error, is_cut))
            }
        }
    }

    /// Makes all records durable.
    ///
    /// # Errors
    /// The disk refuses: nothing more may be written then, as nobody knows what is there.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(us: i64) -> Entry<'static> {
        Entry::Bound {
            us,
            cuts: br#"{"txn":4}"#,
        }
    }

    fn segment(entries: &[Entry<'_>]) -> Vec<u8> {
        let mut bytes = header(7);
        for entry in entries {
            let mut record = Vec::new();
            put(&mut record, (7, bytes.len() as u64), entry).unwrap();
            bytes.extend(record);
        }
        bytes
    }

    #[test]
    fn records_come_back_and_broken_ones_end_the_scan() {
        let rows = Entry::Rows {
            source: "txn",
            ipc: b"bytes",
        };
        let answers = Entry::Answers {
            service: "risk",
            ipc: b"",
        };
        let program = Entry::Program {
            hash: "abc",
            fingerprints: b"{}",
        };
        let read = Entry::Read {
            source: "txn",
            positions: br#"{"a.jsonl":7}"#,
            ipc: b"",
        };
        let entries = [rows, bound(-5), read, program, answers, Entry::End];
        let whole = segment(&entries);
        let found = scan(&whole, 7).unwrap();
        assert_eq!(
            (found.entries.as_slice(), found.valid, found.ended),
            (&entries[..], whole.len() as u64, true)
        );
        let mut other = header(7);
        other[8] = VERSION + 1;
        let sum = sum(7, 0, &other[..17]).to_le_bytes();
        other[17..].copy_from_slice(&sum);
        assert_eq!(scan(&other, 7).unwrap_err(), Header::OtherVersion(VERSION + 1));
        // Cut anywhere, changed anywhere: a prefix of the records, and never another one.
        for at in 0..whole.len() {
            for changed in [whole[..at].to_vec(), {
                let mut flipped = whole.clone();
                flipped[at] ^= 1;
                flipped
            }] {
                match scan(&changed, 7) {
                    Err(Header::OtherVersion(found)) => panic!("{at}: version {found}"),
                    Err(Header::Torn) => assert!(at < HEADER_BYTES as usize),
                    Ok(found) => {
                        assert!(found.valid <= at as u64 && !found.ended, "{at}");
                        assert_eq!(found.entries, entries[..found.entries.len()]);
                    }
                }
            }
        }
        // A record counts where it was written alone.
        assert_eq!(scan(&whole, 8).err(), Some(Header::Torn));
        let mut moved = segment(&[bound(1)]);
        let record = moved[HEADER_BYTES as usize..].to_vec();
        moved.extend(record);
        assert_eq!(scan(&moved, 7).unwrap().entries, [bound(1)]);
    }

    #[test]
    fn what_is_too_long_is_not_written() {
        assert_eq!(
            (length(u32::MAX as usize), length(u32::MAX as usize + 1)),
            (Ok(u32::MAX), Err(TooLong))
        );
        let name = "x".repeat(70_000);
        let rows = Entry::Rows {
            source: &name,
            ipc: b"",
        };
        assert_eq!(put(&mut Vec::new(), (1, HEADER_BYTES), &rows), Err(TooLong));
    }
}
