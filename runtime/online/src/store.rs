//! The durable state: a checkpoint, and the log after it.
//!
//! ```text
//! manifest                which checkpoint, which segments; replaced whole
//! checkpoint/00000002.snap
//! entities/00000005.ent   the events of entities, each as a checkpoint wrote them since they changed last
//! log/00000003.wal        what came after the checkpoint
//! mark                    up to where the log has been acknowledged
//! ```
//!
//! # Contract of [`Store`]
//! - **Durable**: what [`Store::commit`] was told to sync, and returned from, is replayed by every later [`Store::open`]
//!   (tested under kills, and on a disk that loses what is not synced).
//! - **Never wrong**: what is missing, cut short or changed among it is found, and the folder refused. Dropped is nothing but
//!   the end of the log after the mark, which nobody was told of.
//! - **One owner**: see [`crate::disk::Folder`]; and a manifest of another epoch is never replaced.

use crate::disk::Disk;
use crate::entity_files::EntityFiles;
use crate::error::StateError;
use crate::log::{self, Entry, Segment, TooLong};
use crate::manifest::{self, Manifest};
use crate::mark::{self, Mark};
use crate::positions::{Positions, Read};
use crate::recovery::{self, Replay, read_manifest};
use crate::refusals::refused;
use featr::Cuts;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub struct Store {
    disk: Arc<dyn Disk>,
    manifest: Manifest,
    segment: Segment,
    mark: Mark,
    /// The bytes of the segments before it, from the first one after the checkpoint on.
    before: BTreeMap<u64, u64>,
    /// Up to where readers have read what is durable.
    read: Read,
}

impl Store {
    /// Opens the state in a folder, or begins one in an empty folder, for a program.
    ///
    /// # Errors
    /// Everything that is not whole, or not ours; what `replay` refuses.
    pub fn open(disk: Arc<dyn Disk>, program: &str, replay: &mut dyn Replay) -> Result<Store, StateError> {
        let Some((before, end)) = recovery::replay(&*disk, replay)? else {
            return Store::begin(disk, program, replay);
        };
        replay.begins(&*disk)?;
        let read = end.read.clone();
        let mut taken = before.taken;
        let pushed = replay.pushed_here();
        taken.retain(|source, _| pushed.contains(source));
        if before.checkpoint == 0 {
            taken.extend(pushed.into_iter().map(|source| (source, 0)));
        }
        let manifest = Manifest {
            epoch: before.epoch + 1,
            program: program.to_owned(),
            end: None,
            tables: before.tables.into_iter().chain(replay.tables()).collect(),
            taken,
            ..before
        };
        for number in &end.beyond {
            let file = log::file(*number);
            disk.remove(&file).map_err(refused(&*disk, &file))?;
        }
        // What a killed process had written and not synced was read all the same: it is durable before the mark says so.
        let synced = |number: u64, len: u64| -> Result<Segment, StateError> {
            let segment = Segment::open(&*disk, number, len).and_then(|mut segment| segment.sync().map(|()| segment));
            segment.map_err(refused(&*disk, &log::file(number)))
        };
        for (number, len) in &end.before {
            synced(*number, *len)?;
        }
        let mut segment = synced(end.segment, end.len)?;
        let mut earlier = end.before;
        if end.ended {
            earlier.insert(end.segment, end.len);
            let next = end.segment + 1;
            segment = Segment::create(&*disk, next).map_err(refused(&*disk, &log::file(next)))?;
        }
        let mark = Mark::create(&*disk, (segment.number, segment.len)).map_err(refused(&*disk, mark::FILE))?;
        put_manifest(&*disk, &manifest)?;
        let store = Store {
            disk,
            manifest,
            segment,
            mark,
            before: earlier,
            read,
        };
        store.needless().iter().for_each(|file| drop(store.disk.remove(file)));
        Ok(store)
    }

    fn begin(disk: Arc<dyn Disk>, program: &str, replay: &mut dyn Replay) -> Result<Store, StateError> {
        recovery::check_unused(&*disk)?;
        replay.begins(&*disk)?;
        let segment = Segment::create(&*disk, 1).map_err(refused(&*disk, &log::file(1)))?;
        let mark = Mark::create(&*disk, (1, segment.len)).map_err(refused(&*disk, mark::FILE))?;
        let manifest = Manifest {
            epoch: 1,
            program: program.to_owned(),
            checkpoint: 0,
            first_segment: 1,
            answered_us: None,
            cuts: Cuts::new(),
            read: Read::default(),
            tables: replay.tables(),
            taken: replay.pushed_here().into_iter().map(|source| (source, 0)).collect(),
            entities: EntityFiles::default(),
            end: None,
        };
        put_manifest(&*disk, &manifest)?;
        Ok(Store {
            disk,
            manifest,
            segment,
            mark,
            before: BTreeMap::new(),
            read: Read::default(),
        })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The number of the segment that is written to.
    pub fn segment(&self) -> u64 {
        self.segment.number
    }

    /// Up to where readers have read what is durable.
    pub fn read(&self) -> &Read {
        &self.read
    }

    /// Bytes of log that a start would read.
    pub fn log_bytes(&self) -> u64 {
        self.before.values().sum::<u64>() + self.segment.len
    }

    /// The segments in front of one that a start would read, with their bytes.
    pub fn segments_before(&self, first: u64) -> impl Iterator<Item = (u64, u64)> {
        self.before.range(..first).map(|(number, len)| (*number, *len))
    }

    /// Writes entries, durably if `sync`: then all of them are acknowledged when it returns.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn commit(&mut self, entries: &[Entry<'_>], sync: bool) -> Result<(), Refusal> {
        let mut records = Vec::new();
        let name = log::file(self.segment.number);
        for entry in entries {
            let put = log::put(&mut records, (self.segment.number, self.segment.len), entry);
            put.map_err(|TooLong| Refusal {
                error: StateError::Io {
                    file: self.disk.name(&name),
                    why: "a record of more than 4 GiB".to_owned(),
                },
                again: true,
            })?;
        }
        if let Err((error, again)) = self.segment.write(&records) {
            let error = refused(&*self.disk, &name)(error);
            return Err(Refusal { error, again });
        }
        if sync {
            let synced = self.segment.sync();
            let marked = synced.and_then(|()| self.mark.set((self.segment.number, self.segment.len)));
            marked.map_err(|error| Refusal {
                error: refused(&*self.disk, &name)(error),
                again: false,
            })?;
            for entry in entries {
                if let Entry::Read { source, positions, .. } = entry {
                    let moved: Positions = serde_json::from_slice(positions).unwrap_or_default();
                    self.read.moved(source, &moved);
                }
            }
        }
        Ok(())
    }

    /// The number that the next checkpoint has.
    pub fn next_checkpoint(&self) -> u64 {
        self.manifest.checkpoint + 1
    }

    /// Begins a new segment: what is committed from now on comes after the checkpoint that is put next.
    ///
    /// # Errors
    /// The disk refuses; the log goes on where it was, if one may try again.
    pub fn roll(&mut self) -> Result<u64, Refusal> {
        let next = self.segment.number + 1;
        let (disk, file) = (self.disk.clone(), log::file(next));
        let refuse = |error, again| Refusal {
            error: refused(&*disk, &file)(error),
            again,
        };
        let segment = Segment::create(&*self.disk, next).map_err(|error| refuse(error, true))?;
        if let Err(refusal) = self.commit(&[Entry::End], true) {
            if refusal.again {
                let _ = self.disk.remove(&log::file(next));
            }
            return Err(refusal);
        }
        let ended = std::mem::replace(&mut self.segment, segment);
        self.before.insert(ended.number, ended.len);
        let marked = self.mark.set((next, self.segment.len));
        marked
            .and_then(|()| self.mark.sync())
            .map_err(|error| refuse(error, false))?;
        Ok(next)
    }

    /// The manifest of a checkpoint of what is committed, after which the log goes on with segment `first`. What it says of rows
    /// and files of entities is known when it is written.
    pub fn next_manifest(&self, first: u64, answered: Option<(i64, Cuts)>) -> Manifest {
        let (answered_us, cuts) = answered.unzip();
        Manifest {
            checkpoint: self.next_checkpoint(),
            first_segment: first,
            answered_us,
            cuts: cuts.unwrap_or_default(),
            read: self.read.clone(),
            ..self.manifest.clone()
        }
    }

    /// Puts the next checkpoint in place, all of whose files have been written. What it replaces is [`Store::needless`], until it is
    /// removed.
    ///
    /// # Errors
    /// The disk refuses, or another process owns the folder: the former checkpoint holds.
    pub fn checkpoint(&mut self, manifest: Manifest) -> Result<(), StateError> {
        self.replace_manifest(manifest)?;
        self.before = self.before.split_off(&self.manifest.first_segment);
        Ok(())
    }

    /// Says that the log ends here, and with it the process.
    ///
    /// # Errors
    /// As [`Store::checkpoint`].
    pub fn end(&mut self) -> Result<(), StateError> {
        let name = log::file(self.segment.number);
        self.segment.sync().map_err(refused(&*self.disk, &name))?;
        let end = Some((self.segment.number, self.segment.len));
        self.replace_manifest(Manifest {
            end,
            ..self.manifest.clone()
        })
    }

    fn replace_manifest(&mut self, manifest: Manifest) -> Result<(), StateError> {
        let found = read_manifest(&*self.disk)?;
        if found.is_none_or(|found| found.epoch != self.manifest.epoch) {
            return Err(StateError::Fenced {
                folder: self.disk.name(""),
            });
        }
        put_manifest(&*self.disk, &manifest)?;
        self.manifest = manifest;
        Ok(())
    }

    /// As [`recovery::needless`]. One that stays does no harm, so none is told of where the disk cannot list them.
    pub fn needless(&self) -> Vec<String> {
        recovery::needless(&*self.disk, &self.manifest).unwrap_or_default()
    }
}

/// A refusal of the disk.
#[derive(Debug)]
pub struct Refusal {
    pub error: StateError,
    /// Whether nothing has changed, so that one may try again.
    pub again: bool,
}

fn put_manifest(disk: &dyn Disk, manifest: &Manifest) -> Result<(), StateError> {
    disk.replace(manifest::FILE, &manifest.write())
        .map_err(refused(disk, manifest::FILE))
}
