//! An online state whose entities stand in files of the caller: snapshots with records beside them, and what is in memory.
//!
//! ```text
//! begin_round ─ begin_storing_with ─ put_part_with … ─▶ snapshot + records ─ (files) ─ set_written ─ unload
//! begin_restore ─ put_record … ─ finish_restore
//! ```

use crate::error::Error;
use crate::online::{Online, unusable};
use crate::shards::engines;
use featr_stream::{Engine, EntityStore, RestoreReport, Restoring, Snapshotting, Stored};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Online {
    /// Where records are read again that [`Online::unload`] left to files.
    pub fn set_store(&mut self, store: &Arc<dyn EntityStore>) {
        self.engine.set_store(store);
    }

    /// Why a record could not be read, if one could not: then nothing is answered any more, and no snapshot is whole.
    pub fn failure(&self) -> Option<&str> {
        self.engine.failure()
    }

    /// A checkpoint begins, of this state and others; tells its round, which is that of all of them. What changes from now on
    /// is written by the next one.
    pub fn begin_round(&mut self) -> u64 {
        self.engine.begin_round()
    }

    /// As [`Online::begin_snapshot_with`], with records beside the snapshot ([`Snapshotting::take_records`]): of the entities that no
    /// file has as they are, and of those that stand in these files.
    pub fn begin_storing_with(&self, others: &[&Online], files: &BTreeSet<u64>) -> Snapshotting {
        self.engine.begin_storing(&engines(others), files)
    }

    /// The checkpoint of this round has been written; of this state's entities these, each with the position of its log, stand
    /// there now.
    pub fn set_written(&mut self, round: u64, records: &[(usize, Box<[u8]>, Stored)]) {
        self.engine.set_written(round, records);
    }

    /// Adds the bytes of records that are in use, by file.
    pub fn used(&self, files: &mut BTreeMap<u64, u64>) {
        self.engine.used(files);
    }

    /// Bytes of events that were brought into memory from files since the last call, about.
    pub fn take_brought(&mut self) -> u64 {
        self.engine.take_brought()
    }

    /// Lets events go that stand in files as they are, those unchanged longest first, until the others take at most so many bytes,
    /// about; or until nothing more can go.
    pub fn unload(&mut self, bytes_max: u64) {
        self.engine.unload(bytes_max);
    }

    /// Begins to take up a snapshot with records beside it, as [`Online::restore`] does one that is whole.
    ///
    /// # Errors
    /// As [`Online::restore`].
    pub fn begin_restore(&self, bytes: &[u8]) -> Result<Restoring, Error> {
        Engine::begin_restore(self.graphs.clone(), self.truth(), bytes).map_err(unusable)
    }

    /// Ends it: the state is the one that was restored.
    pub fn finish_restore(&mut self, restoring: Restoring) -> RestoreReport {
        let (engine, report) = restoring.finish();
        self.engine = engine;
        report
    }
}

/// Takes up a record of a log, by its position in the snapshot; in the order in which records were written. It comes into memory if
/// it `is_here`, and is read again when it is needed otherwise. Tells about how many bytes of memory its events take.
///
/// # Errors
/// [`Error::Snapshot`].
pub fn put_record(
    restoring: &mut Restoring,
    section: usize,
    record: (&[u8], Stored),
    is_here: bool,
) -> Result<u64, Error> {
    restoring.put(section, record, is_here).map_err(unusable)
}
