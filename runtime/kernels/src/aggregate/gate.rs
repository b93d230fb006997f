//! Which events take part in a slot: poison, filter and arguments decide, in this order.

use crate::column::{Column, Tag};
use crate::events::Events;
use featc_ir::{Aggregate, ErrorCode, LiftId, Slot};

/// What becomes of an event in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admit {
    /// It takes part.
    Taken,
    /// The filter is false or null, or an argument is null that may not be.
    Skip,
    Error(ErrorCode),
}

/// The columns that decide it.
#[derive(Debug)]
pub(super) struct Gate<'a> {
    poison: Option<&'a [u8]>,
    filter: Option<&'a Column>,
    /// Tags of the arguments that have some, and whether a null among them keeps an event out.
    arguments: [Option<(&'a [u8], bool)>; Aggregate::ARGUMENTS_MAX],
}

impl<'a> Gate<'a> {
    pub fn new(slot: &Slot, events: &'a Events) -> Gate<'a> {
        let tags = |lift: LiftId| events.lifts[lift.index()].tags.as_deref();
        let gate = |at, lift: Option<LiftId>| Some((tags(lift?)?, slot.aggregate.skips_null(at)));
        Gate {
            arguments: [gate(0, slot.argument), gate(1, slot.second)],
            ..Gate::of_filter(slot.filter, events)
        }
    }

    /// Without arguments.
    pub fn of_filter(filter: Option<LiftId>, events: &'a Events) -> Gate<'a> {
        Gate {
            poison: events.poison.as_deref(),
            filter: filter.map(|lift| &events.lifts[lift.index()]),
            arguments: [None; Aggregate::ARGUMENTS_MAX],
        }
    }

    /// Whether every event takes part.
    #[inline]
    pub fn is_open(slot: &Slot, events: &Events) -> bool {
        let is_valid = |lift: LiftId| events.lifts[lift.index()].tags.is_none();
        events.poison.is_none() && slot.filter.is_none() && slot.arguments().all(is_valid)
    }

    #[inline]
    pub fn admit(&self, row: usize) -> Admit {
        if let Some(code) = self.poison.and_then(|tags| Tag::as_error(tags[row])) {
            return Admit::Error(code);
        }
        if let Some(filter) = self.filter {
            if let Some(code) = filter.error(row) {
                return Admit::Error(code);
            }
            if !filter.is_true(row) {
                return Admit::Skip;
            }
        }
        let mut admit = Admit::Taken;
        for (tags, skips) in self.arguments.iter().flatten() {
            match tags[row] {
                Tag::VALID => {}
                tag => match Tag::as_error(tag) {
                    Some(code) => return Admit::Error(code),
                    None if *skips => admit = Admit::Skip,
                    None => {}
                },
            }
        }
        admit
    }
}
