//! Reading a state again: what counts, where its log ends, and what is broken. Nothing is written.

use crate::disk::Disk;
use crate::entities;
use crate::error::StateError;
use crate::log::{self, Entry, Header};
use crate::manifest::{self, Manifest, checkpoint_file};
use crate::mark::{self, Place};
use crate::owner;
use crate::positions::{Positions, Read};
use crate::refusals::{damaged, other_version, refused};
use crate::sealed::Broken;
use arrow::error::ArrowError;
use featr::Stored;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Takes up what is read when a state is opened: the checkpoint if there is one, then the entries of the log.
pub trait Replay {
    /// # Errors
    /// The bytes are of no use; `file` is where they stand.
    fn checkpoint(&mut self, bytes: &[u8], file: &str, manifest: &Manifest) -> Result<(), StateError>;

    /// A record beside the checkpoint, of the log with this number; in the order in which they were written.
    ///
    /// # Errors
    /// The record is of no use; `file` is where it stands.
    fn record(&mut self, log: u32, record: (&[u8], Stored), file: &str) -> Result<(), StateError>;

    /// The checkpoint has been read.
    ///
    /// # Errors
    /// It cannot be gone on with.
    fn checkpoint_ends(&mut self) -> Result<(), StateError> {
        Ok(())
    }

    /// # Errors
    /// What the entry says is of no use; `file` is where it stands.
    fn entry(&mut self, entry: Entry<'_>, file: &str) -> Result<(), StateError>;

    /// What the tables of the program hold, as [`Manifest::tables`] says it; nothing where no events are made.
    fn tables(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// The sources of which all rows have been pushed to this state, as far as the program knows: [`Manifest::taken`] counts them.
    fn pushed_here(&self) -> Vec<String> {
        Vec::new()
    }

    /// All of the state has been taken up, and nothing was written yet.
    ///
    /// # Errors
    /// It cannot be gone on with.
    fn taken_up(&mut self, _disk: &dyn Disk, _manifest: &Manifest) -> Result<(), StateError> {
        Ok(())
    }

    /// The state is about to be written for the first time.
    ///
    /// # Errors
    /// It may not be.
    fn begins(&mut self, _disk: &dyn Disk) -> Result<(), StateError> {
        Ok(())
    }

    /// Something is not whole; who goes on with what follows says so.
    ///
    /// # Errors
    /// It ends there.
    fn broken(&mut self, error: StateError) -> Result<(), StateError> {
        Err(error)
    }
}

/// A record whose sum is right, and which is no rows.
pub fn unreadable(file: &str, error: &ArrowError) -> StateError {
    StateError::Damaged {
        file: file.to_owned(),
        why: format!("a record holds no rows: {error}"),
    }
}

/// Of a snapshot that cannot be taken up.
pub fn unusable(file: &str, error: featr::Error) -> StateError {
    let file = file.to_owned();
    match error {
        featr::Error::SnapshotVersion { found, known } => StateError::OtherVersion { file, found, known },
        other => StateError::Damaged {
            file,
            why: other.to_string(),
        },
    }
}

/// What a volume of its own has from the start, and is nobody's.
pub const OF_VOLUME: &str = "lost+found";

/// Refuses a folder without a manifest in which something is that a process that ended while it began has not written.
pub fn check_unused(disk: &dyn Disk) -> Result<(), StateError> {
    check_unused_but(disk, &[])
}

/// As [`check_unused`]; these may be there.
///
/// # Errors
/// As [`check_unused`].
pub fn check_unused_but(disk: &dyn Disk, known: &[&str]) -> Result<(), StateError> {
    let mut names = disk.list("").map_err(refused(disk, ""))?;
    names.retain(|name| !known.contains(&name.as_str()));
    let is_ours = |name: &&String| {
        ["log", mark::FILE, owner::FILE, OF_VOLUME].contains(&name.as_str()) || name.starts_with(".featc-")
    };
    if let Some(found) = names.iter().find(|name| !is_ours(name)) {
        let has_state = ["checkpoint", "entities", "served", "pushed", "aside"].contains(&found.as_str());
        return Err(match has_state {
            true => damaged(disk, manifest::FILE, "it is missing"),
            false => StateError::Foreign {
                folder: disk.name(""),
                found: found.clone(),
            },
        });
    }
    for number in segments(disk)? {
        let file = log::file(number);
        let bytes = disk.read(&file).map_err(refused(disk, &file))?.unwrap_or_default();
        if bytes.len() as u64 > log::HEADER_BYTES {
            return Err(damaged(disk, manifest::FILE, "it is missing"));
        }
    }
    Ok(())
}

pub fn segments(disk: &dyn Disk) -> Result<Vec<u64>, StateError> {
    let names = disk.list("log").map_err(refused(disk, "log"))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| log::number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Files of a state that its manifest does not reach: segments before its first one, and checkpoints and files of entities that it
/// does not name.
///
/// # Errors
/// The disk refuses.
pub fn needless(disk: &dyn Disk, manifest: &Manifest) -> Result<Vec<String>, StateError> {
    let list = |folder: &str| disk.list(folder).map_err(refused(disk, folder));
    let mut segments = segments(disk)?;
    segments.retain(|number| *number < manifest.first_segment);
    let named = manifest.files();
    let checkpoints = list("checkpoint")?.into_iter().map(|name| format!("checkpoint/{name}"));
    let files = list("entities")?.into_iter().map(|name| format!("entities/{name}"));
    let unnamed = checkpoints
        .filter(|file| file.ends_with(".snap"))
        .chain(files.filter(|file| entities::is_file(file)))
        .filter(|file| !named.contains(file));
    Ok(segments.into_iter().map(log::file).chain(unnamed).collect())
}

/// Where the log ends.
pub struct End {
    pub segment: u64,
    /// Bytes that count.
    pub len: u64,
    /// Whether the segment says that the next one goes on.
    pub ended: bool,
    /// Segments after it, which hold nothing.
    pub beyond: Vec<u64>,
    /// The bytes of the segments before it.
    pub before: BTreeMap<u64, u64>,
    /// Up to where readers had read what it holds, and the checkpoint.
    pub read: Read,
}

pub fn read_manifest(disk: &dyn Disk) -> Result<Option<Manifest>, StateError> {
    let bytes = disk.read(manifest::FILE).map_err(refused(disk, manifest::FILE))?;
    let read = bytes.map(|bytes| Manifest::read(&bytes)).transpose();
    read.map_err(|broken| match broken {
        Broken::Damaged(why) => damaged(disk, manifest::FILE, why),
        Broken::OtherVersion(found) => other_version(disk, manifest::FILE, found, manifest::VERSION),
    })
}

/// Replays a state: its checkpoint, and the log after that. `None`: there is none.
///
/// # Errors
/// Everything that is not whole, or not ours; what `replay` refuses.
pub fn replay(disk: &dyn Disk, replay: &mut dyn Replay) -> Result<Option<(Manifest, End)>, StateError> {
    let Some(manifest) = read_manifest(disk)? else {
        return Ok(None);
    };
    check_tables(disk, &manifest, &replay.tables())?;
    let end = replay_by(disk, &manifest, replay)?;
    replay.taken_up(disk, &manifest)?;
    Ok(Some((manifest, end)))
}

/// Refuses rows of a table that are not those which the events were made with.
fn check_tables(disk: &dyn Disk, manifest: &Manifest, tables: &BTreeMap<String, String>) -> Result<(), StateError> {
    let differs = |(table, hash): &(&String, &String)| manifest.tables.get(*table).is_some_and(|was| was != *hash);
    match tables.iter().find(differs) {
        None => Ok(()),
        Some((table, _)) => Err(StateError::OtherTable {
            folder: disk.name(""),
            table: table.clone(),
        }),
    }
}

/// As [`replay`], by a manifest.
///
/// # Errors
/// As [`replay`].
pub fn replay_by(disk: &dyn Disk, manifest: &Manifest, replay: &mut dyn Replay) -> Result<End, StateError> {
    if manifest.checkpoint > 0 {
        take_up(disk, manifest, replay).or_else(|error| replay.broken(error))?;
    }
    let place = acknowledged(disk).or_else(|error| replay.broken(error).map(|()| (0, 0)))?;
    replay_log(disk, manifest, place, replay)
}

fn take_up(disk: &dyn Disk, manifest: &Manifest, replay: &mut dyn Replay) -> Result<(), StateError> {
    let file = checkpoint_file(manifest.checkpoint);
    let bytes = disk.read(&file).map_err(refused(disk, &file))?;
    let bytes = bytes.ok_or_else(|| damaged(disk, &file, "it is missing"))?;
    replay.checkpoint(&bytes, &disk.name(&file), manifest)?;
    for (number, bytes) in &manifest.entities.files {
        let name = disk.name(&entities::file(*number));
        let read = entities::read(disk, (*number, *bytes), &mut |log, record| {
            replay.record(log, record, &name)
        });
        read.or_else(|error| replay.broken(error))?;
    }
    replay.checkpoint_ends()
}

/// Up to where the log was acknowledged.
fn acknowledged(disk: &dyn Disk) -> Result<Place, StateError> {
    let bytes = disk.read(mark::FILE).map_err(refused(disk, mark::FILE))?;
    let bytes = bytes.ok_or_else(|| damaged(disk, mark::FILE, "it is missing"))?;
    match (mark::read(&bytes), mark::other_version(&bytes)) {
        (Some(place), _) => Ok(place),
        (None, Some(found)) => Err(other_version(disk, mark::FILE, found, mark::VERSION)),
        (None, None) => Err(damaged(disk, mark::FILE, "its checksums are other ones")),
    }
}

/// What is missing of a range in ascending numbers that lie in it.
pub fn gaps(numbers: &[u64], all: RangeInclusive<u64>) -> Vec<RangeInclusive<u64>> {
    let mut next = *all.start();
    let mut found = Vec::new();
    for number in numbers.iter().copied().chain([*all.end() + 1]) {
        if number > next {
            found.push(next..=number - 1);
        }
        next = number + 1;
    }
    found
}

/// Replays the log after the checkpoint.
fn replay_log(
    disk: &dyn Disk,
    manifest: &Manifest,
    (marked, place): Place,
    replay: &mut dyn Replay,
) -> Result<End, StateError> {
    let first = manifest.first_segment;
    let mut numbers = segments(disk)?;
    numbers.retain(|number| *number >= first);
    let last = numbers.last().copied().unwrap_or(first);
    for missing in gaps(&numbers, first..=marked.max(last)) {
        let why = match missing.start() == missing.end() {
            true => "it is missing".to_owned(),
            false => format!("it is missing, with all up to `{}`", log::file(*missing.end())),
        };
        replay.broken(damaged(disk, &log::file(*missing.start()), why))?;
    }
    let mut end = End {
        segment: first,
        len: log::HEADER_BYTES,
        ended: true,
        beyond: Vec::new(),
        before: BTreeMap::new(),
        read: manifest.read.clone(),
    };
    for number in numbers {
        let file = log::file(number);
        let bytes = disk.read(&file).map_err(refused(disk, &file))?.unwrap_or_default();
        let scan = match log::scan(&bytes, number) {
            Ok(scan) => scan,
            // It was about to be begun, and nobody was told of anything in it.
            Err(Header::Torn) if number > marked => {
                end.beyond.push(number);
                continue;
            }
            Err(header) => {
                replay.broken(match header {
                    Header::OtherVersion(found) => other_version(disk, &file, found, log::VERSION),
                    Header::Torn => damaged(disk, &file, "its header is broken"),
                })?;
                (end.segment, end.ended) = (number, true);
                continue;
            }
        };
        if !end.ended {
            // The segment before is the one that goes on: its end was not written when this one was made.
            if scan.entries.is_empty() && number > marked {
                end.beyond.push(number);
                continue;
            }
            let why = format!("what follows its byte {} is broken", end.len);
            replay.broken(damaged(disk, &log::file(end.segment), why))?;
        }
        let wanted = match number {
            _ if number < marked => bytes.len() as u64,
            _ if number == marked => place,
            _ => 0,
        };
        let is_short = scan.valid < wanted;
        if is_short {
            let why = format!(
                "byte {} begins no whole record, and up to byte {wanted} it was acknowledged",
                scan.valid
            );
            replay.broken(damaged(disk, &file, why))?;
        }
        if manifest
            .end
            .is_some_and(|end| end.0 == number && (end.1 != scan.valid || end.1 != bytes.len() as u64))
        {
            replay.broken(damaged(disk, &file, "it has changed since the server ended"))?;
        }
        for entry in &scan.entries {
            let taken = replay.entry(*entry, &disk.name(&file));
            taken.or_else(|error| replay.broken(error))?;
            if let Entry::Read { source, positions, .. } = entry {
                let positions: Result<Positions, _> = serde_json::from_slice(positions);
                let no_positions = |error| damaged(disk, &file, format!("a record holds no positions: {error}"));
                end.read.moved(source, &positions.map_err(no_positions)?);
            }
        }
        if number > first {
            end.before.insert(end.segment, end.len);
        }
        (end.segment, end.len, end.ended) = (number, scan.valid, scan.ended || is_short);
    }
    if marked > end.segment || (manifest.end.is_some_and(|known| known.0 != end.segment)) {
        replay.broken(damaged(disk, &log::file(end.segment), "what follows it is missing"))?;
    }
    Ok(end)
}
