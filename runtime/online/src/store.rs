//! The durable state: a checkpoint, and the log behind it.
//!
//! ```text
//! manifest                which checkpoint, which segments; replaced whole
//! checkpoint/00000002.snap
//! log/00000003.wal        what came after the checkpoint
//! mark                    up to where the log has been acknowledged
//! ```
//!
//! # Contract of [`Store`]
//! - **Durable**: what [`Store::commit`] was told to sync, and returned from, is replayed by every later [`Store::open`]
//!   (tested under kills, and on a disk that loses what is not synced).
//! - **Never wrong**: what is missing, cut short or changed among it is found, and the folder refused. Dropped is nothing but
//!   the end of the log behind the mark, which nobody was told of.
//! - **One owner**: see [`crate::disk::Folder`]; and a manifest of another epoch is never replaced.

use crate::disk::Disk;
use crate::error::StateError;
use crate::log::{self, Entry, Segment};
use crate::manifest::{self, Broken, Manifest, checkpoint_file};
use crate::mark::{self, Mark};
use crate::recovery::{Replay, acknowledged, damaged, other_version, refused, replay_log, segments};
use featr::Cuts;
use std::sync::Arc;

#[derive(Debug)]
pub struct Store {
    disk: Arc<dyn Disk>,
    manifest: Manifest,
    segment: Segment,
    mark: Mark,
}

fn read_manifest(disk: &dyn Disk) -> Result<Option<Manifest>, StateError> {
    let bytes = disk.read(manifest::FILE).map_err(refused(disk, manifest::FILE))?;
    let read = bytes.map(|bytes| Manifest::read(&bytes)).transpose();
    read.map_err(|broken| match broken {
        Broken::Damaged(why) => damaged(disk, manifest::FILE, why),
        Broken::OtherVersion(found) => other_version(disk, manifest::FILE, found, manifest::VERSION),
    })
}

impl Store {
    /// Opens the state in a folder, or begins one in an empty folder, for a program.
    ///
    /// # Errors
    /// Everything that is not whole, or not ours; what `replay` refuses.
    pub fn open(disk: Arc<dyn Disk>, program: &str, replay: &mut dyn Replay) -> Result<Store, StateError> {
        let before = match read_manifest(&*disk)? {
            None => return Store::begin(disk, program),
            Some(before) => before,
        };
        if before.checkpoint > 0 {
            let file = checkpoint_file(before.checkpoint);
            let bytes = disk.read(&file).map_err(refused(&*disk, &file))?;
            let bytes = bytes.ok_or_else(|| damaged(&*disk, &file, "it is missing"))?;
            replay.checkpoint(&bytes, &before)?;
        }
        let place = acknowledged(&*disk)?;
        let end = replay_log(&*disk, &before, place, replay)?;
        let manifest = Manifest {
            epoch: before.epoch + 1,
            program: program.to_owned(),
            end: None,
            ..before
        };
        for number in &end.beyond {
            let file = log::file(*number);
            disk.remove(&file).map_err(refused(&*disk, &file))?;
        }
        let name = log::file(end.segment);
        let segment = match end.ended {
            true => Segment::create(&*disk, end.segment + 1),
            false => Segment::open(&*disk, end.segment, end.len),
        };
        let segment = segment.map_err(refused(&*disk, &name))?;
        let mark = Mark::create(&*disk, (segment.number, segment.len)).map_err(refused(&*disk, mark::FILE))?;
        put_manifest(&*disk, &manifest)?;
        let store = Store {
            disk,
            manifest,
            segment,
            mark,
        };
        store.clear();
        Ok(store)
    }

    fn begin(disk: Arc<dyn Disk>, program: &str) -> Result<Store, StateError> {
        let names = disk.list("").map_err(refused(&*disk, ""))?;
        let is_ours = |name: &&String| ["log", mark::FILE].contains(&name.as_str()) || name.starts_with(".featc-");
        if let Some(found) = names.iter().find(|name| !is_ours(name)) {
            let has_state = ["checkpoint", "served", "aside"].contains(&found.as_str());
            return Err(match has_state {
                true => damaged(&*disk, manifest::FILE, "it is missing"),
                false => StateError::Foreign {
                    folder: disk.name(""),
                    found: found.clone(),
                },
            });
        }
        // A process that ended while it began has written nothing here.
        for number in segments(&*disk)? {
            let file = log::file(number);
            let bytes = disk.read(&file).map_err(refused(&*disk, &file))?.unwrap_or_default();
            if bytes.len() as u64 > log::HEADER_BYTES {
                return Err(damaged(&*disk, manifest::FILE, "it is missing"));
            }
        }
        let segment = Segment::create(&*disk, 1).map_err(refused(&*disk, &log::file(1)))?;
        let mark = Mark::create(&*disk, (1, segment.len)).map_err(refused(&*disk, mark::FILE))?;
        let manifest = Manifest {
            epoch: 1,
            program: program.to_owned(),
            checkpoint: 0,
            first_segment: 1,
            answered_us: None,
            cuts: Cuts::new(),
            end: None,
        };
        put_manifest(&*disk, &manifest)?;
        Ok(Store {
            disk,
            manifest,
            segment,
            mark,
        })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Bytes in the log since the last checkpoint began.
    pub fn log_bytes(&self) -> u64 {
        self.segment.len
    }

    /// Writes entries, durably if `sync`: then all of them are acknowledged when it returns.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn commit(&mut self, entries: &[Entry<'_>], sync: bool) -> Result<(), Refusal> {
        let mut records = Vec::new();
        for entry in entries {
            log::put(&mut records, (self.segment.number, self.segment.len), entry);
        }
        let name = log::file(self.segment.number);
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
        }
        Ok(())
    }

    /// The number that the next checkpoint has.
    pub fn next_checkpoint(&self) -> u64 {
        self.manifest.checkpoint + 1
    }

    /// Begins a new segment: what is committed from now on comes behind the checkpoint that is put next.
    ///
    /// # Errors
    /// The disk refuses; the log goes on where it was.
    pub fn turn(&mut self) -> Result<u64, Refusal> {
        let next = self.segment.number + 1;
        let refuse = |disk: &dyn Disk, error| Refusal {
            error: refused(disk, &log::file(next))(error),
            again: true,
        };
        let segment = Segment::create(&*self.disk, next).map_err(|error| refuse(&*self.disk, error))?;
        if let Err(refusal) = self.commit(&[Entry::End], true) {
            if refusal.again {
                let _ = self.disk.remove(&log::file(next));
            }
            return Err(refusal);
        }
        self.segment = segment;
        self.mark = Mark::create(&*self.disk, (next, self.segment.len)).map_err(|error| refuse(&*self.disk, error))?;
        Ok(next)
    }

    /// Puts a checkpoint in place that holds what was committed before segment `first`; what it replaces goes.
    ///
    /// # Errors
    /// The disk refuses, or another process owns the folder: the former checkpoint holds.
    pub fn checkpoint(&mut self, bytes: &[u8], first: u64, answered: Option<(i64, Cuts)>) -> Result<(), StateError> {
        let (answered_us, cuts) = answered.unzip();
        let file = checkpoint_file(self.next_checkpoint());
        self.disk.replace(&file, bytes).map_err(refused(&*self.disk, &file))?;
        let manifest = Manifest {
            checkpoint: self.next_checkpoint(),
            first_segment: first,
            answered_us,
            cuts: cuts.unwrap_or_default(),
            ..self.manifest.clone()
        };
        self.replace_manifest(manifest)?;
        self.clear();
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

    /// Removes what is no part of the state any more. What stays does no harm.
    fn clear(&self) {
        let old = segments(&*self.disk).unwrap_or_default();
        for number in old.into_iter().filter(|number| *number < self.manifest.first_segment) {
            let _ = self.disk.remove(&log::file(number));
        }
        let current = checkpoint_file(self.manifest.checkpoint);
        for name in self.disk.list("checkpoint").unwrap_or_default() {
            let file = format!("checkpoint/{name}");
            if file != current && name.ends_with(".snap") {
                let _ = self.disk.remove(&file);
            }
        }
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
