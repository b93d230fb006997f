//! From a stored state to an engine.

use crate::backup::Backup;
use crate::disk::Disk;
use crate::entities::OnDisk;
use crate::entity_files::EntityFiles;
use crate::error::StateError;
use crate::fill::{self, Fill, Filled, Missing};
use crate::ipc;
use crate::log::Entry;
use crate::manifest::Manifest;
use crate::recovery::{Replay, unreadable, unusable};
use arrow::array::RecordBatch;
use featr::{
    Cuts, EntityStore, Error, Online, Program, PushReport, RestoreReport, Restoring, Stored, Truth, put_record,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An engine that takes up a state.
#[derive(Debug)]
pub struct Replayed {
    pub online: Online,
    pub bound_us: Option<i64>,
    /// The greatest cuts that answers may have been given with.
    pub cuts: Cuts,
    /// What messages call the folder.
    pub folder: String,
    /// Rows of the log that were taken in.
    pub rows: u64,
    /// Whether what the program cannot go on with is left out, and told in `restored` and `unread`.
    pub takes_what_it_can: bool,
    /// Whether events that the program does not read are a refusal.
    pub keeps_unread: bool,
    pub restored: Option<RestoreReport>,
    /// Sources of which there are rows in the log that the program does not read.
    pub removed: BTreeSet<String>,
    /// Sources of which rows in the log cannot be read, and why.
    pub unread: BTreeMap<String, String>,
    /// By source, the last rows that a reader brought, where some of them cannot be used: the process may have ended before
    /// that was kept aside.
    pub unkept: BTreeMap<String, (RecordBatch, PushReport)>,
    /// What the tables hold.
    pub tables: BTreeMap<String, String>,
    pub program: Program,
    /// Whether what the state does not have is filled from history, and how.
    pub fill: Option<Fill>,
    pub filled: Vec<Filled>,
    /// The backup of the state, to be claimed when the program can go on with it.
    pub backup: Option<Arc<Backup>>,
    /// Bytes of entities that come into memory, about; the others are read when they are needed.
    pub memory_max: u64,
    memory: u64,
    store: Arc<dyn EntityStore>,
    restoring: Option<Restoring>,
    entities: EntityFiles,
    /// Per log, its place in the checkpoint if it goes on from there as it is.
    goes_on: Vec<Option<usize>>,
}

impl Replay for Replayed {
    fn tables(&self) -> BTreeMap<String, String> {
        self.tables.clone()
    }

    fn pushed_here(&self) -> Vec<String> {
        let has_files = |name: &String| {
            self.filled
                .iter()
                .any(|filled| filled.source == *name && filled.has_files)
        };
        let names = self.program.sources().into_iter().map(|source| source.name);
        names.filter(|name| !has_files(name)).collect()
    }

    fn taken_up(&mut self, disk: &dyn Disk, manifest: &Manifest) -> Result<(), StateError> {
        let events = self.restored.as_ref().map_or(&[][..], |report| &report.to_rebuild);
        let is_filled = !events.is_empty() && self.unread.is_empty();
        if let Some(how) = self.fill.as_ref().filter(|_| is_filled) {
            let missing = Missing {
                program: &self.program,
                online: &mut self.online,
                events,
                cuts: &self.cuts,
                answered_us: self.bound_us,
            };
            self.filled = fill::fill(missing, how, disk, manifest)?;
        }
        Ok(())
    }

    fn begins(&mut self, disk: &dyn Disk) -> Result<(), StateError> {
        self.backup.as_ref().map_or(Ok(()), |backup| backup.claim(disk))
    }

    fn checkpoint(&mut self, bytes: &[u8], file: &str, manifest: &Manifest) -> Result<(), StateError> {
        let restoring = self.online.begin_restore(bytes);
        self.restoring = Some(restoring.map_err(|error| unusable(file, error))?);
        self.entities = manifest.entities.clone();
        Ok(())
    }

    fn record(&mut self, log: u32, record: (&[u8], Stored), file: &str) -> Result<(), StateError> {
        let section = self.entities.logs.iter().position(|known| *known == log);
        if let Some((restoring, section)) = self.restoring.as_mut().zip(section) {
            let is_here = self.memory < self.memory_max;
            let taken = put_record(restoring, section, record, is_here);
            self.memory += taken.map_err(|error| unusable(file, error))?;
        }
        Ok(())
    }

    fn checkpoint_ends(&mut self) -> Result<(), StateError> {
        let Some(restoring) = self.restoring.take() else {
            return Ok(());
        };
        self.goes_on = restoring.goes_on();
        let report = self.online.finish_restore(restoring);
        self.online.set_store(&self.store);
        let goes_on = self.takes_what_it_can || self.fill.is_some();
        let missing = report.to_rebuild.first().filter(|_| !goes_on);
        let refused = missing.map_or(Ok(()), |missing| {
            let unfillable = report
                .to_rebuild
                .iter()
                .find_map(|log| fill::unfillable(&self.program, log, &self.folder));
            Err(unfillable.unwrap_or_else(|| self.of_another_program(&missing.to_string(), false)))
        });
        let removed = report.removed().map(ToString::to_string).collect();
        self.restored = Some(report);
        refused.and_then(|()| self.check_removed(removed))
    }

    fn entry(&mut self, entry: Entry<'_>, file: &str) -> Result<(), StateError> {
        match entry {
            Entry::Read { ipc: [], .. } => {}
            Entry::Rows { source, ipc } | Entry::Read { source, ipc, .. } => {
                let is_read = matches!(entry, Entry::Read { .. });
                for batch in ipc::read(ipc).map_err(|error| unreadable(file, &error))? {
                    self.rows += batch.num_rows() as u64;
                    match self.online.push(source, &batch) {
                        Ok(report) if is_read => self.last_read(source, batch, report),
                        Ok(_) => {}
                        // A source that the program no longer reads.
                        Err(Error::UnknownSource { .. }) => {
                            self.removed.insert(source.to_owned());
                            self.check_removed(vec![rows_of(source)])?;
                        }
                        Err(error) if self.takes_what_it_can => {
                            self.unread.insert(source.to_owned(), error.to_string());
                        }
                        Err(error) => return Err(self.of_another_program(&error.to_string(), true)),
                    }
                }
            }
            Entry::Bound { us, cuts } => {
                self.bound_us = self.bound_us.max(Some(us));
                let cuts: Cuts = serde_json::from_slice(cuts).map_err(|error| StateError::Damaged {
                    file: file.to_owned(),
                    why: format!("a record holds no cuts: {error}"),
                })?;
                for (source, cut_us) in cuts {
                    let known_us = self.cuts.entry(source).or_insert(cut_us);
                    *known_us = cut_us.max(*known_us);
                }
            }
            Entry::Answers { .. } | Entry::Program { .. } | Entry::End => {}
        }
        Ok(())
    }
}

impl Replayed {
    /// An engine that nothing was taken up by.
    ///
    /// # Errors
    /// The program cannot be run.
    pub fn new(program: &Program, disk: &Arc<dyn Disk>) -> Result<Replayed, StateError> {
        let store: Arc<dyn EntityStore> = Arc::new(OnDisk(disk.clone()));
        let mut online = program.online(Truth::AsServed).map_err(StateError::Program)?;
        online.set_store(&store);
        Ok(Replayed {
            goes_on: vec![None; online.stats().len()],
            online,
            memory_max: u64::MAX,
            memory: 0,
            store,
            restoring: None,
            entities: EntityFiles::default(),
            bound_us: None,
            cuts: Cuts::new(),
            folder: disk.name(""),
            rows: 0,
            takes_what_it_can: false,
            keeps_unread: false,
            restored: None,
            removed: BTreeSet::new(),
            unread: BTreeMap::new(),
            unkept: BTreeMap::new(),
            tables: program.table_hashes().map_err(StateError::Program)?,
            program: program.clone(),
            fill: None,
            filled: Vec::new(),
            backup: None,
        })
    }

    /// The files of entities, by the logs of this program.
    pub fn entities(&self) -> EntityFiles {
        self.entities.numbered(&self.goes_on)
    }

    fn last_read(&mut self, source: &str, rows: RecordBatch, report: PushReport) {
        match report.rejected.is_empty() && report.rejected_by_view.is_empty() {
            true => drop(self.unkept.remove(source)),
            false => drop(self.unkept.insert(source.to_owned(), (rows, report))),
        }
    }

    /// Whether these events may go.
    fn check_removed(&self, events: Vec<String>) -> Result<(), StateError> {
        match events.is_empty() || !self.keeps_unread {
            true => Ok(()),
            false => Err(StateError::Removed {
                folder: self.folder.clone(),
                events,
            }),
        }
    }

    fn of_another_program(&self, why: &str, of_log: bool) -> StateError {
        StateError::OtherProgram {
            folder: self.folder.clone(),
            why: why.to_owned(),
            of_log,
        }
    }
}

/// How messages call rows of the log.
pub fn rows_of(source: &str) -> String {
    format!("the rows of `{source}` in the log")
}
