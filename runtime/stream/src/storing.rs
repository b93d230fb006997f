//! An engine whose entities stand in files: what a checkpoint writes, and what goes out of memory.

use crate::engine::Engine;
use crate::log::Records;
use crate::restoring::Restoring;
use crate::shards::states_of;
use crate::snapshot::{RestoreError, Snapshotting, State, take_record};
use crate::stored::{EntityStore, Stored};
use featc_ir::plan::StreamGraph;
use featc_ir::{Truth, Type};
use featr_kernels::events::Events;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Records as events.
#[derive(Debug)]
struct Decoded(Arc<dyn EntityStore>);

impl Records for Decoded {
    fn events(&self, stored: Stored, key: &[u8], types: &[Type]) -> Result<Events, String> {
        let bytes = self.0.read(stored)?;
        match take_record(&bytes, types).map_err(|error| error.to_string())? {
            (known, events) if *known == *key => Ok(events),
            _ => Err("a record is of another entity".to_owned()),
        }
    }
}

impl Engine {
    /// Begins to restore an engine from a snapshot with records beside it; see [`Engine::restore`].
    ///
    /// # Errors
    /// As [`Engine::restore`].
    pub fn begin_restore(graphs: Vec<StreamGraph>, truth: Truth, bytes: &[u8]) -> Result<Restoring, RestoreError> {
        Restoring::begin(Engine::new(graphs, truth), bytes)
    }

    /// Reads records from here.
    pub fn set_store(&mut self, store: &Arc<dyn EntityStore>) {
        let logs = self.network.states_mut().filter_map(|state| state.log_mut());
        logs.for_each(|log| log.set_store(Arc::new(Decoded(store.clone()))));
    }

    /// Why a record could not be read, if one could not: nothing is answered any more, and no snapshot is whole.
    pub fn failure(&self) -> Option<&str> {
        self.network
            .states()
            .filter_map(State::log)
            .find_map(|log| log.failure())
    }

    /// A checkpoint begins; tells its round. What changes from now on is written by the next one.
    pub fn begin_round(&mut self) -> u64 {
        let logs = self.network.states_mut().filter_map(|state| state.log_mut());
        logs.map(|log| log.begin_round()).max().unwrap_or_default()
    }

    /// Begins a snapshot of this engine and of the others that hold the entities with it, beside which records are written: of the
    /// entities that no file has as they are, and of those that stand in these files.
    pub fn begin_storing(&self, others: &[&Engine], files: &BTreeSet<u64>) -> Snapshotting {
        let states = states_of(self, others).into_iter();
        Snapshotting::begin(&self.program, &self.now, states, Some(files))
    }

    /// The checkpoint of this round has been written; of this engine's entities these, each with its state, stand there now.
    pub fn set_written(&mut self, round: u64, records: &[(usize, Box<[u8]>, Stored)]) {
        for (place, state) in self.network.states_mut().enumerate() {
            let Some(log) = state.log_mut() else { continue };
            log.written(round);
            let own = records.iter().filter(|(state, _, _)| *state == place);
            own.for_each(|(_, key, stored)| log.set_stored(key, *stored));
        }
    }

    /// Bytes of events that were brought into memory from files since the last call, about.
    pub fn take_brought(&mut self) -> u64 {
        let logs = self.network.states_mut().filter_map(|state| state.log_mut());
        logs.map(|log| log.take_brought()).sum()
    }

    /// Adds the bytes of records that are in use, by file.
    pub fn used(&self, files: &mut BTreeMap<u64, u64>) {
        self.network
            .states()
            .filter_map(State::log)
            .for_each(|log| log.used(files));
    }

    /// Lets events go that stand in files as they are, until those in memory take at most so many bytes, or nothing more can go.
    pub fn unload(&mut self, bytes_max: u64) {
        let mut left = bytes_max;
        for log in self.network.states_mut().filter_map(|state| state.log_mut()) {
            left = left.saturating_sub(log.unload(left));
        }
    }
}
