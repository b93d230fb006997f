//! How deltas change a log, and how it gives up old events.

use super::Log;
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
                let log = Self::entity(&mut self.positions, &mut self.entities, entities.get(row));
                match log.insert(&self.shape, events, row) {
                    true => changes.inserted += 1,
                    false => changes.duplicates += 1,
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
        let found = self.entities[position].1.retract(&self.shape, events, row);
        if self.entities[position].1.len() == 0 {
            self.forget(position);
        }
        found
    }

    /// Takes out an entity without events.
    fn forget(&mut self, position: usize) {
        let (key, _) = self.entities.swap_remove(position);
        self.positions.remove(&key);
        if let Some((moved, _)) = self.entities.get(position)
            && let Some(known) = self.positions.get_mut(moved)
        {
            *known = position;
        }
    }

    /// Gives up events with τ ≤ `floor_us`; tells how many. A page may keep some: fewer than others that are on it.
    pub fn release(&mut self, floor_us: i64) -> u64 {
        let mut released = 0;
        for position in (0..self.entities.len()).rev() {
            released += self.entities[position].1.release(&self.shape, floor_us);
            if self.entities[position].1.len() == 0 {
                self.forget(position);
            }
        }
        released
    }
}
