//! What stands for events that no question tells apart: totals by the keys of slots, states of slots.

use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{ErrorCode, LiftId, Slot};
use featr_kernels::aggregate::State;
use featr_kernels::exact::ExactSum;

/// What is kept of the rows that do not stay.
#[derive(Debug, Clone)]
pub struct PaneSummary {
    /// One per key of the slots, in their order.
    pub(super) of_keys: Vec<OfKey>,
    /// As [`states_of`] numbers them.
    pub(super) states: Vec<State>,
}

#[derive(Debug, Clone)]
pub(super) struct OfKey {
    pub counts: Counts,
    /// Of the arguments that take part, where some slot asks for it.
    pub sum: ExactSum,
    pub squares: ExactSum,
}

impl PaneSummary {
    /// How many values its states keep, of those that only the events bound.
    pub fn kept_values(&self) -> usize {
        self.states.iter().map(State::kept_values).sum()
    }

    pub(super) fn counts(&self, key: usize) -> &Counts {
        &self.of_keys[key].counts
    }

    pub(super) fn sum(&self, key: usize) -> &ExactSum {
        &self.of_keys[key].sum
    }

    pub(super) fn squares(&self, key: usize) -> &ExactSum {
        &self.of_keys[key].squares
    }

    pub(super) fn state(&self, at: usize) -> &State {
        &self.states[at]
    }

    pub(super) fn has_errors(&self, key: usize) -> bool {
        self.of_keys[key].counts[1..].iter().any(|count| *count > 0)
    }
}

/// Per slot the position of its state among those of a summary, if it has one there: if it is folded, and its window does not
/// choose. Slots that differ at most in their windows have one state.
pub(super) fn states_of((spec, methods): (&FoldSpec, &[Method])) -> Vec<Option<usize>> {
    let mut kinds: Vec<&Slot> = vec![];
    let of_slots = spec.slots.iter().zip(methods).map(|(slot, method)| {
        if !is_folded(*method) || chooses(spec, slot) {
            return None;
        }
        let known = kinds.iter().position(|kind| kind.folds_as(slot));
        Some(known.unwrap_or_else(|| {
            kinds.push(slot);
            kinds.len() - 1
        }))
    });
    of_slots.collect()
}

pub(super) fn chooses(spec: &FoldSpec, slot: &Slot) -> bool {
    spec.windows[slot.window.index()].chooses()
}

/// What decides how events take part: argument, filter, and whether a null argument does too.
pub(super) type Key = (Option<LiftId>, Option<LiftId>, bool);

/// How many events have which class, those left out not counted.
pub(super) type Counts = [u32; 1 + ErrorCode::ALL.len()];

/// The distinct keys of some slots, in their order, of those that are not folded.
pub(super) fn keys_of((slots, methods): (&[Slot], &[Method])) -> Vec<Key> {
    let mut keys = vec![];
    let of_slots = slots.iter().zip(methods);
    for key in of_slots
        .filter(|(_, method)| !is_folded(**method))
        .map(|(slot, _)| key(slot))
    {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

pub(super) fn key(slot: &Slot) -> Key {
    let keeps_nulls = slot.argument.is_some() && !slot.aggregate.skips_null(0);
    (slot.argument, slot.filter, keeps_nulls)
}

/// Whether summaries have the states of slots of a method; all others know how events take part.
pub(super) fn is_folded(method: Method) -> bool {
    match method {
        Method::Ranks | Method::Deltas | Method::States | Method::Pages => true,
        Method::Prefix | Method::Extreme | Method::Edge | Method::Values => false,
    }
}
