//! A state that nobody serves, looked at without changing it.

use crate::archive::{PUSHED, SERVED};
use crate::clock::{self, Clock};
use crate::core::{self, Core};
use crate::disk::Disk;
use crate::entities;
use crate::entity_files::EntityFiles;
use crate::error::StateError;
use crate::fill::{Fill, Filled, unfillable};
use crate::ipc;
use crate::log::Entry;
use crate::manifest::{self, Manifest};
use crate::mark;
use crate::numbered;
use crate::owner;
use crate::positions::Read;
use crate::pushed::batches;
use crate::recovery::{self, OF_VOLUME, Replay, read_manifest, segments, unreadable, unusable};
use crate::refusals::{damaged, refused};
use crate::replayed::{Replayed, rows_of};
use featc_ir::Source;
use featr::{Cuts, Online, Program, RestoreReport, Stored};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// What a program would begin with in a folder of state.
#[derive(Debug)]
pub struct Found {
    /// How many processes have had the folder.
    pub epoch: u64,
    /// The program that wrote last, by its hash.
    pub program: String,
    /// The checkpoint that it goes on from; 0: none.
    pub checkpoint: u64,
    /// Whether the last process ended in order.
    pub has_ended: bool,
    /// Rows of the log after the checkpoint.
    pub replayed: u64,
    /// Answers may have been given whose cuts follow from instants up to this one.
    pub answered_us: Option<i64>,
    /// The greatest cuts of these answers.
    pub cuts: Cuts,
    /// What the program takes up of the checkpoint; `None`: there is none.
    pub restored: Option<RestoreReport>,
    /// Sources of which there are rows in the log that the program does not read.
    pub removed: BTreeSet<String>,
    /// What was filled from history.
    pub filled: Vec<Filled>,
    /// Sources of which the program cannot read the rows in the log, and why.
    pub unread: BTreeMap<String, String>,
    /// The state, as far as it was taken up; it shows what answers showed last.
    pub online: Online,
}

impl Found {
    /// Why a server would refuse the state of this folder with this program, if so.
    pub fn refusal(&self, program: &Program, folder: &str) -> Option<StateError> {
        let missing = self.restored.iter().flat_map(|report| &report.to_rebuild);
        // All of it is filled, or nothing.
        let missing = missing.filter(|_| self.filled.is_empty());
        let unfillable = missing.clone().find_map(|log| unfillable(program, log, folder));
        if unfillable.is_some() && self.unread.is_empty() {
            return unfillable;
        }
        let missing = missing.map(|log| (log.to_string(), false));
        let unread = self.unread.values().map(|why| (why.clone(), true));
        let (why, of_log) = unread.chain(missing).next()?;
        let folder = folder.to_owned();
        Some(StateError::OtherProgram { folder, why, of_log })
    }

    /// Whether a server could begin by this clock.
    ///
    /// # Errors
    /// It is behind what was answered.
    pub fn check_clock(&self, clock: &dyn Clock) -> Result<(), StateError> {
        self.answered_us
            .map_or(Ok(()), |answered_us| clock::lag_us(answered_us, clock).map(drop))
    }

    /// What the state has and the program does not read: it goes with the next checkpoint.
    pub fn removed(&self) -> Vec<String> {
        let logs = self.restored.iter().flat_map(RestoreReport::removed);
        let rows = self.removed.iter().map(|source| rows_of(source));
        logs.map(ToString::to_string).chain(rows).collect()
    }

    /// The cuts of an answer at an instant, by a delay or that of each source: none before one that was given.
    pub fn cuts_at(&self, at_us: i64, sources: &[Source], delay_us: Option<u64>) -> Cuts {
        core::cuts_at(Some(&self.cuts), at_us, sources, delay_us)
    }
}

/// Whether a folder has a state in it, by its manifest; nothing is read.
pub fn has_state(folder: &Path) -> bool {
    folder.join(manifest::FILE).is_file()
}

/// Reads a state with a program; what the program needs and the state does not have is filled from history, if it may be.
/// `None`: there is no state.
///
/// # Errors
/// What is not whole, or not ours; history that is not there. That the program needs what the state does not have is none.
pub fn inspect(program: &Program, disk: &Arc<dyn Disk>, fill: Option<&Fill>) -> Result<Option<Found>, StateError> {
    let mut replayed = Replayed::new(program, disk)?;
    replayed.fill = fill.cloned();
    replayed.takes_what_it_can = true;
    // Nobody asks for more than a few entities.
    replayed.memory_max = 0;
    let Some((manifest, _)) = recovery::replay(&**disk, &mut replayed)? else {
        return recovery::check_unused(&**disk).map(|()| None);
    };
    let answered_us = replayed.bound_us.max(manifest.answered_us);
    let mut online = replayed.online;
    let mut core = Core::new(answered_us, online.cuts().cloned().unwrap_or_default());
    for answered in [&manifest.cuts, &replayed.cuts] {
        core.resume(&mut online, answered, &program.inputs())
            .map_err(StateError::Program)?;
    }
    Ok(Some(Found {
        epoch: manifest.epoch,
        has_ended: manifest.end.is_some(),
        answered_us,
        program: manifest.program,
        checkpoint: manifest.checkpoint,
        replayed: replayed.rows,
        cuts: online.cuts().cloned().unwrap_or_default(),
        restored: replayed.restored,
        removed: replayed.removed,
        filled: replayed.filled,
        unread: replayed.unread,
        online,
    }))
}

/// What was looked through of a folder of state.
#[derive(Debug, Default)]
pub struct Verified {
    /// The files with their bytes, in order.
    pub files: Vec<(String, u64)>,
    /// What is wrong, by file.
    pub damaged: Vec<StateError>,
    /// Rows of Parquet.
    pub rows: u64,
    /// Records of the log after the checkpoint.
    pub records: u64,
    /// Files of which a part was not written whole that nobody was told of: the last line of one in `aside/`, one of the two slots
    /// of the mark.
    pub torn: Vec<String>,
}

/// Checks every file of a state: the sums of manifest, mark, log and checkpoint, and what they say of each other; the pages of
/// Parquet and the lines of JSON, which have no sums of ours, by reading them.
///
/// # Errors
/// There is no state; the disk refuses to list it.
pub fn verify(disk: &dyn Disk) -> Result<Verified, StateError> {
    let mut found = Verified::default();
    let mut sums = Sums::default();
    let manifest = match read_manifest(disk) {
        Ok(Some(manifest)) => manifest,
        Ok(None) => {
            recovery::check_unused(disk)?;
            let folder = disk.name("");
            return Err(StateError::Nothing { folder });
        }
        Err(error) => {
            sums.damaged.push(error);
            supposed(disk)?
        }
    };
    if let Err(error) = recovery::replay_by(disk, &manifest, &mut sums) {
        sums.damaged.push(error);
    }
    (found.records, found.damaged) = (sums.records, sums.damaged);
    for file in files(disk)? {
        let bytes = disk.read(&file).map_err(refused(disk, &file))?.unwrap_or_default();
        found.files.push((file.clone(), bytes.len() as u64));
        let is_parquet = file.ends_with(".parquet");
        let looked = match file.split('/').next() {
            Some(SERVED | PUSHED) if is_parquet => batches(disk, &file, bytes).map(|batches| {
                found.rows += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
            }),
            Some(mark::FILE) => {
                if mark::read(&bytes).is_some() && !mark::is_whole(&bytes) {
                    found.torn.push(disk.name(&file));
                }
                Ok(())
            }
            Some(owner::FILE) => owner::read(disk).map(drop),
            Some("aside") => lines(disk, &file, &bytes).map(|is_whole| {
                if !is_whole {
                    found.torn.push(disk.name(&file));
                }
            }),
            Some(_) | None => Ok(()),
        };
        found.damaged.extend(looked.err());
    }
    Ok(found)
}

/// What a manifest that is broken probably said: the last checkpoint, and every segment.
fn supposed(disk: &dyn Disk) -> Result<Manifest, StateError> {
    let names = disk.list("checkpoint").map_err(refused(disk, "checkpoint"))?;
    let numbers = names.iter().filter_map(|name| numbered::number(name, ".snap", 8));
    Ok(Manifest {
        epoch: 0,
        program: String::new(),
        checkpoint: numbers.max().unwrap_or(0),
        first_segment: segments(disk)?.first().copied().unwrap_or(1),
        answered_us: None,
        cuts: Cuts::new(),
        read: Read::default(),
        tables: BTreeMap::new(),
        taken: BTreeMap::new(),
        entities: EntityFiles {
            files: supposed_files(disk)?,
            ..EntityFiles::default()
        },
        end: None,
    })
}

/// The files of entities that are there, as they are.
fn supposed_files(disk: &dyn Disk) -> Result<BTreeMap<u64, u64>, StateError> {
    let mut files = BTreeMap::new();
    let names = disk.list("entities").map_err(refused(disk, "entities"))?;
    for number in names.iter().filter_map(|name| entities::number(name)) {
        let file = entities::file(number);
        let bytes = disk.read(&file).map_err(refused(disk, &file))?.unwrap_or_default();
        files.insert(number, bytes.len() as u64);
    }
    Ok(files)
}

/// Checks what is replayed, all of it.
#[derive(Debug, Default)]
struct Sums {
    records: u64,
    /// What is wrong, each file once.
    damaged: Vec<StateError>,
}

impl Replay for Sums {
    fn checkpoint(&mut self, bytes: &[u8], file: &str, _: &Manifest) -> Result<(), StateError> {
        featr::check_snapshot(bytes).map_err(|error| unusable(file, error))
    }

    fn record(&mut self, _: u32, _: (&[u8], Stored), _: &str) -> Result<(), StateError> {
        Ok(())
    }

    fn entry(&mut self, entry: Entry<'_>, file: &str) -> Result<(), StateError> {
        self.records += 1;
        match entry {
            Entry::Read { ipc: [], .. } | Entry::Bound { .. } | Entry::Program { .. } | Entry::End => Ok(()),
            Entry::Rows { ipc, .. } | Entry::Read { ipc, .. } | Entry::Answers { ipc, .. } => {
                ipc::read(ipc).map(drop).map_err(|error| unreadable(file, &error))
            }
        }
    }

    fn broken(&mut self, error: StateError) -> Result<(), StateError> {
        let is_known = self.damaged.iter().any(|known| known.file() == error.file());
        self.damaged.extend((!is_known).then_some(error));
        Ok(())
    }
}

/// The files of a state, in order.
pub fn files(disk: &dyn Disk) -> Result<Vec<String>, StateError> {
    let list = |folder: &str| disk.list(folder).map_err(refused(disk, folder));
    let mut all = Vec::new();
    for name in list("")? {
        match name.as_str() {
            SERVED | PUSHED => {
                for folder in list(&name)? {
                    let folder = format!("{name}/{folder}");
                    all.extend(list(&folder)?.into_iter().map(|file| format!("{folder}/{file}")));
                }
            }
            "checkpoint" | "entities" | "log" | "aside" => {
                all.extend(list(&name)?.into_iter().map(|file| format!("{name}/{file}")));
            }
            OF_VOLUME => {}
            _ => all.push(name),
        }
    }
    Ok(all)
}

/// Whether the last of some lines of JSON is whole.
fn lines(disk: &dyn Disk, file: &str, bytes: &[u8]) -> Result<bool, StateError> {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').zip(1u64..).peekable();
    while let Some((line, number)) = lines.next() {
        let is_whole = line.ends_with(b"\n") && serde_json::from_slice::<serde_json::Value>(line).is_ok();
        match lines.peek() {
            None => return Ok(is_whole),
            Some(_) if is_whole => {}
            Some(_) => return Err(damaged(disk, file, format!("line {number} is no JSON"))),
        }
    }
    Ok(true)
}
