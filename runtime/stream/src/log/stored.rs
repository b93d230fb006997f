//! Entities of a log whose events are in memory, or stand in files of the caller, or both.

use super::{EntityLog, Log, Shape};
use crate::stored::Stored;
use featr_kernels::events::Events;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// One entity.
#[derive(Debug)]
pub(crate) struct Entity {
    pub key: Box<[u8]>,
    pub events: Kept,
    /// The round in which they changed last.
    changed: u64,
    /// Where they stand, unless they changed since.
    stored: Option<Stored>,
}

/// The events of an entity.
#[derive(Debug)]
pub(crate) enum Kept {
    Here(EntityLog),
    /// In a file alone: their number, and the greatest of their times.
    Away {
        events: u32,
        latest_us: i64,
    },
}

impl Kept {
    /// Number of different events.
    pub fn len(&self) -> usize {
        match self {
            Kept::Here(log) => log.len(),
            Kept::Away { events, .. } => *events as usize,
        }
    }
}

/// Reads the events of an entity again.
pub(crate) trait Records: Send + Sync + std::fmt::Debug {
    /// # Errors
    /// What cannot be read, in words.
    fn events(&self, stored: Stored, key: &[u8], types: &[featc_ir::Type]) -> Result<Events, String>;
}

/// What a log knows of the files.
///
/// Rounds number the checkpoints that are begun: one writes what changed in rounds after the last one that was written.
#[derive(Debug)]
pub(crate) struct Storing {
    store: Option<Arc<dyn Records>>,
    /// Of the next checkpoint; at least 1.
    round: u64,
    /// What changed in rounds up to it stands in files. What is restored from files is of round 0.
    written: u64,
    /// Entities without events that have some in files, with the round in which they lost them.
    emptied: Vec<(Box<[u8]>, u64)>,
    /// Bytes of events that were brought into memory.
    brought: u64,
    /// A record could not be read: nothing is answered or written any more.
    failure: OnceLock<String>,
}

impl Default for Storing {
    fn default() -> Storing {
        Storing {
            store: None,
            round: 1,
            written: 0,
            emptied: Vec::new(),
            brought: 0,
            failure: OnceLock::new(),
        }
    }
}

impl Storing {
    /// The round that changes are of.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// As a sibling of the same log begins.
    pub fn of_sibling(&self) -> Storing {
        Storing {
            store: self.store.clone(),
            round: self.round,
            written: self.written,
            emptied: Vec::new(),
            brought: 0,
            failure: self.failure.clone(),
        }
    }
}

impl Entity {
    /// One that no file has.
    pub fn new(key: &[u8], events: EntityLog, changed: u64) -> Entity {
        Entity {
            key: key.into(),
            events: Kept::Here(events),
            changed,
            stored: None,
        }
    }
}

impl Log {
    /// Reads records from here.
    pub fn set_store(&mut self, store: Arc<dyn Records>) {
        self.storing.store = Some(store);
    }

    /// Why a record could not be read, if one could not.
    pub fn failure(&self) -> Option<&str> {
        self.storing.failure.get().map(String::as_str)
    }

    /// Bytes of events that were brought into memory since the last call.
    pub fn take_brought(&mut self) -> u64 {
        std::mem::take(&mut self.storing.brought)
    }

    /// What goes to a sibling that takes over some entities.
    pub fn storing(&self) -> Storing {
        self.storing.of_sibling()
    }

    pub fn set_storing(&mut self, storing: Storing) {
        self.storing = storing;
    }

    /// An entity goes that lost its last event by a retraction.
    pub(super) fn note_emptied(&mut self, position: usize) {
        let (entity, round) = (&self.entities[position], self.storing.round);
        if entity.stored.is_some() || round > 1 {
            self.storing.emptied.push((entity.key.clone(), round));
        }
    }

    /// Changes the events of an entity, which are brought into memory; tells whether that changed them. `None`: they cannot be read,
    /// and nothing may be answered any more.
    pub(super) fn change(
        &mut self,
        position: usize,
        change: impl FnOnce(&mut EntityLog, &Shape) -> bool,
    ) -> Option<bool> {
        if matches!(self.entities[position].events, Kept::Away { .. }) {
            let log = self.read_away(position)?;
            self.storing.brought += log.bytes();
            self.entities[position].events = Kept::Here(log);
        }
        let entity = &mut self.entities[position];
        let Kept::Here(log) = &mut entity.events else {
            return None;
        };
        let is_changed = change(log, &self.shape);
        if is_changed {
            entity.changed = self.storing.round;
        }
        Some(is_changed)
    }

    /// The events of an entity; those that are away are read into `room`. None where that fails.
    pub(super) fn events_at<'a>(&'a self, position: usize, room: &'a mut Option<EntityLog>) -> Option<&'a EntityLog> {
        match &self.entities[position].events {
            Kept::Here(log) => Some(log),
            Kept::Away { .. } => {
                *room = self.read_away(position);
                room.as_ref()
            }
        }
    }

    fn read_away(&self, position: usize) -> Option<EntityLog> {
        let entity = &self.entities[position];
        let read = self.storing.store.as_ref().zip(entity.stored);
        let read = read.ok_or_else(|| "the events of an entity are nowhere".to_owned());
        let types = self.lift_types();
        let events = read.and_then(|(store, stored)| store.events(stored, &entity.key, types));
        match events {
            Ok(events) => Some(EntityLog::from_sorted(&self.shape, &events)),
            Err(why) => {
                self.storing.failure.get_or_init(|| why);
                None
            }
        }
    }

    /// The keys of what the next checkpoint has to write: what no file has as it is, and what stands in these files.
    pub fn unwritten(&self, files: &BTreeSet<u64>) -> Vec<Box<[u8]>> {
        let written = self.storing.written;
        let emptied = self.storing.emptied.iter();
        let emptied = emptied.filter(|(key, _)| !self.positions.contains_key(key));
        let own = self.entities.iter().filter(|entity| {
            entity.changed > written || entity.stored.is_none_or(|stored| files.contains(&stored.file))
        });
        let emptied = emptied.map(|(key, _)| key.clone());
        own.map(|entity| entity.key.clone()).chain(emptied).collect()
    }

    /// Adds the bytes that are in use, by file. What changed since it was written counts as well.
    pub fn used(&self, files: &mut BTreeMap<u64, u64>) {
        for stored in self.entities.iter().filter_map(|entity| entity.stored) {
            *files.entry(stored.file).or_default() += stored.bytes;
        }
    }

    /// A checkpoint begins; tells its round. What changes from now on is written by the next one.
    pub fn begin_round(&mut self) -> u64 {
        self.storing.round += 1;
        self.storing.round - 1
    }

    /// The checkpoint of this round has been written.
    pub fn written(&mut self, round: u64) {
        self.storing.written = self.storing.written.max(round);
        self.storing.emptied.retain(|(_, emptied)| *emptied > round);
    }

    /// It has written this entity there.
    pub fn set_stored(&mut self, key: &[u8], stored: Stored) {
        if let Some(position) = self.positions.get(key) {
            self.entities[*position].stored = Some(stored);
        }
    }

    /// Takes up an entity of a state that is restored: with its events, or for reading them when they are needed; of those the number
    /// and the greatest of their times. Tells how many bytes of memory they take.
    pub fn put_stored(
        &mut self,
        key: &[u8],
        stored: Stored,
        (events, latest_us): (u32, i64),
        here: Option<&Events>,
    ) -> u64 {
        let events = match here {
            Some(here) => Kept::Here(EntityLog::from_sorted(&self.shape, here)),
            None => Kept::Away { events, latest_us },
        };
        let bytes = match &events {
            Kept::Here(log) => log.bytes(),
            Kept::Away { .. } => 0,
        };
        let position = self.position_of(key);
        self.entities[position] = Entity {
            key: key.into(),
            events,
            changed: 0,
            stored: Some(stored),
        };
        bytes
    }

    /// Takes out an entity, if it is there.
    pub fn remove(&mut self, key: &[u8]) {
        if let Some(position) = self.positions.get(key) {
            self.forget(*position);
        }
    }

    /// Lets events go that stand in files as they are, the longest unchanged first, until what is in memory takes at most so many
    /// bytes, or nothing more can go. Tells how many bytes are left.
    pub fn unload(&mut self, bytes_max: u64) -> u64 {
        let mut left = 0;
        let mut can_go: Vec<(u64, usize, u64)> = Vec::new();
        let written = self.storing.written;
        for (position, entity) in self.entities.iter().enumerate() {
            let Kept::Here(log) = &entity.events else { continue };
            let bytes = log.bytes();
            left += bytes;
            if entity.stored.is_some() && entity.changed <= written {
                can_go.push((entity.changed, position, bytes));
            }
        }
        if left <= bytes_max {
            return left;
        }
        can_go.sort_unstable_by_key(|(changed, position, _)| (*changed, *position));
        for (_, position, bytes) in can_go {
            let Kept::Here(log) = &self.entities[position].events else {
                continue;
            };
            let Some(latest_us) = log.latest_before(log.end()) else {
                continue;
            };
            let events = log.len() as u32;
            self.entities[position].events = Kept::Away { events, latest_us };
            left -= bytes;
            if left <= bytes_max {
                break;
            }
        }
        left
    }
}
