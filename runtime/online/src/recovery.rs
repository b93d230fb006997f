//! Reading a log again: what counts, where it ends, and what is broken.

use crate::disk::Disk;
use crate::error::StateError;
use crate::log::{self, Entry, Header};
use crate::manifest::Manifest;
use crate::mark::{self, Place};
use std::io;

/// Takes up what is read when a state is opened: the checkpoint if there is one, then the entries of the log.
pub trait Replay {
    /// # Errors
    /// The bytes are of no use.
    fn checkpoint(&mut self, bytes: &[u8], manifest: &Manifest) -> Result<(), StateError>;

    /// # Errors
    /// What the entry says is of no use; `file` is where it stands.
    fn entry(&mut self, entry: Entry<'_>, file: &str) -> Result<(), StateError>;
}

pub fn refused(disk: &dyn Disk, file: &str) -> impl Fn(io::Error) -> StateError {
    let file = disk.name(file);
    move |error| StateError::Io {
        file: file.clone(),
        why: featr::plain(&error),
    }
}

pub fn damaged(disk: &dyn Disk, file: &str, why: impl Into<String>) -> StateError {
    StateError::Damaged {
        file: disk.name(file),
        why: why.into(),
    }
}

pub fn other_version(disk: &dyn Disk, file: &str, found: u8, known: u8) -> StateError {
    StateError::OtherVersion {
        file: disk.name(file),
        found,
        known,
    }
}

pub fn segments(disk: &dyn Disk) -> Result<Vec<u64>, StateError> {
    let names = disk.list("log").map_err(refused(disk, "log"))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| log::number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Where the log ends.
pub struct End {
    pub segment: u64,
    /// Bytes that count.
    pub len: u64,
    /// Whether the segment says that the next one goes on.
    pub ended: bool,
    /// Segments behind it, which hold nothing.
    pub beyond: Vec<u64>,
}

/// Up to where the log was acknowledged.
pub fn acknowledged(disk: &dyn Disk) -> Result<Place, StateError> {
    let bytes = disk.read(mark::FILE).map_err(refused(disk, mark::FILE))?;
    let bytes = bytes.ok_or_else(|| damaged(disk, mark::FILE, "it is missing"))?;
    match (mark::read(&bytes), mark::other_version(&bytes)) {
        (Some(place), _) => Ok(place),
        (None, Some(found)) => Err(other_version(disk, mark::FILE, found, mark::VERSION)),
        (None, None) => Err(damaged(disk, mark::FILE, "its checksums are other ones")),
    }
}

/// Replays the log behind the checkpoint.
pub fn replay_log(
    disk: &dyn Disk,
    manifest: &Manifest,
    (marked, place): Place,
    replay: &mut dyn Replay,
) -> Result<End, StateError> {
    let first = manifest.first_segment;
    let mut numbers = segments(disk)?;
    numbers.retain(|number| *number >= first);
    let last = numbers.last().copied().unwrap_or(first);
    if let Some(missing) = (first..=marked.max(last)).find(|number| !numbers.contains(number)) {
        return Err(damaged(disk, &log::file(missing), "it is missing"));
    }
    let mut end = End {
        segment: first,
        len: log::HEADER_BYTES,
        ended: true,
        beyond: Vec::new(),
    };
    for number in numbers {
        let file = log::file(number);
        let bytes = disk.read(&file).map_err(refused(disk, &file))?.unwrap_or_default();
        let scan = match log::scan(&bytes, number) {
            Ok(scan) => scan,
            Err(Header::OtherVersion(found)) => return Err(other_version(disk, &file, found, log::VERSION)),
            // It was about to be begun, and nobody was told of anything in it.
            Err(Header::Torn) if number > marked => {
                end.beyond.push(number);
                continue;
            }
            Err(Header::Torn) => return Err(damaged(disk, &file, "its header is broken")),
        };
        if !end.ended {
            // The segment before is the one that goes on: its end was not written when this one was made.
            match scan.entries.is_empty() && number > marked {
                true => end.beyond.push(number),
                false => {
                    let why = format!("what follows its byte {} is broken", end.len);
                    return Err(damaged(disk, &log::file(end.segment), why));
                }
            }
            continue;
        }
        let wanted = match number {
            _ if number < marked => bytes.len() as u64,
            _ if number == marked => place,
            _ => 0,
        };
        if scan.valid < wanted {
            let why = format!(
                "byte {} begins no whole record, and up to byte {wanted} it was acknowledged",
                scan.valid
            );
            return Err(damaged(disk, &file, why));
        }
        if manifest
            .end
            .is_some_and(|end| end.0 == number && (end.1 != scan.valid || end.1 != bytes.len() as u64))
        {
            return Err(damaged(disk, &file, "it has changed since the server ended"));
        }
        for entry in &scan.entries {
            replay.entry(*entry, &disk.name(&file))?;
        }
        end = End {
            segment: number,
            len: scan.valid,
            ended: scan.ended,
            beyond: end.beyond,
        };
    }
    if marked > end.segment || (manifest.end.is_some_and(|known| known.0 != end.segment)) {
        return Err(damaged(disk, &log::file(end.segment), "what follows it is missing"));
    }
    Ok(end)
}
