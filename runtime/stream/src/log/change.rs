//! How deltas change a log, and how it gives up old events.

use super::{Kept, Log};
use crate::delta::{Weight, Weights};
use featr_kernels::StrData;
use featr_kernels::events::Events;
use std::ops::{AddAssign, Range};

/// What became of some deltas. The counts add up to their number.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Events that were new.
    pub inserted: u64,
    /// Copies of events that are here.
    pub duplicates: u64,
    /// Events that were taken out.
    pub retracted: u64,
    /// Retractions of events that are not here.
    pub unknown: u64,
    /// Deltas of events that have been released, whether they were here or not.
    pub expired: u64,
}

impl AddAssign for Changes {
    fn add_assign(&mut self, other: Changes) {
        self.inserted += other.inserted;
        self.duplicates += other.duplicates;
        self.retracted += other.retracted;
        self.unknown += other.unknown;
        self.expired += other.expired;
    }
}

impl Log {
    /// Takes in these rows of deltas in this order, each with its entity. Events with τ ≤ `floor_us` have been released.
    pub fn apply(
        &mut self,
        (entities, events, weights): (&StrData, &Events, &Weights),
        rows: Range<usize>,
        floor_us: Option<i64>,
    ) -> Changes {
        // Law: denote_set (proofs/theory/Truth.v)
        let mut changes = Changes::default();
        let all_inserts = weights.all_inserts();
        for row in rows {
            if floor_us.is_some_and(|floor| events.times[row] <= floor) {
                changes.expired += 1;
            } else if all_inserts || weights.of(row) == Weight::Insert {
                let position = self.position_of(entities.get(row));
                match self.change(position, |log, shape| log.insert(shape, events, row)) {
                    Some(true) => changes.inserted += 1,
                    // Of an engine that has failed nobody is told.
                    Some(false) | None => changes.duplicates += 1,
                }
            } else {
                match self.retract(entities.get(row), events, row) {
                    true => changes.retracted += 1,
                    false => changes.unknown += 1,
                }
            }
        }
        changes
    }

    /// Takes out the event of row `row`; false when it is not here.
    fn retract(&mut self, entity: &[u8], events: &Events, row: usize) -> bool {
        let Some(position) = self.positions.get(entity).copied() else {
            return false;
        };
        let found = self.change(position, |log, shape| log.retract(shape, events, row));
        if self.entities[position].events.len() == 0 {
            self.note_emptied(position);
            self.forget(position);
        }
        found.unwrap_or(false)
    }

    /// Takes out an entity without events.
    pub(super) fn forget(&mut self, position: usize) {
        let gone = self.entities.swap_remove(position);
        self.positions.remove(&gone.key);
        if let Some(moved) = self.entities.get(position)
            && let Some(known) = self.positions.get_mut(&moved.key)
        {
            *known = position;
        }
    }

    /// Gives up events with τ ≤ `floor_us`; tells how many. A page may keep some: fewer than others that are on it.
    pub fn release(&mut self, floor_us: i64) -> u64 {
        let mut released = 0;
        for position in (0..self.entities.len()).rev() {
            let (freed, is_left) = match &mut self.entities[position].events {
                Kept::Here(log) => (log.release(&self.shape, floor_us), log.len() > 0),
                // Those that are away go together: the others are not looked at.
                Kept::Away { events, latest_us } if *latest_us <= floor_us => (u64::from(*events), false),
                Kept::Away { .. } => (0, true),
            };
            released += freed;
            if !is_left {
                self.forget(position);
            }
        }
        released
    }
}
