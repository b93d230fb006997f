//! What summaries hold, and the order in which a question folds it.

use featc_ir::plan::{FoldSpec, Part};
use featc_ir::{Aggregate, Bounds, Excluding, LiftId, Slot, Type, WindowId};
use featr_kernels::aggregate::{State, Types};

/// Slots that differ only in their window share one state: a *part*. For every filter under which a window chooses the last
/// events, there is a part that counts them.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Per part, a slot that has its state (its window and type play no role).
    pub slots: Vec<Slot>,
    /// Per part, the state of no events.
    pub identities: Vec<State>,
    /// Per slot of the `FoldSpec`, its part.
    pub of_slot: Vec<usize>,
    /// Types of `RowSpec::lifts`.
    pub lift_types: Vec<Type>,
}

impl Parts {
    /// The parts of a log, with the part of each slot of its spec, over events with lifts of these types. The argument
    /// ids were checked with the graph.
    pub fn new(spec: &FoldSpec, parts: &[Part], of_slot: Vec<usize>, lift_types: Vec<Type>) -> Parts {
        let slot = |part: &Part| Slot {
            aggregate: part.aggregate,
            argument: part.argument,
            second: part.second,
            filter: part.filter,
            window: WindowId(0),
            ty: Type::Bool,
        };
        let mut slots: Vec<Slot> = parts.iter().map(slot).collect();
        for slot in &spec.slots {
            let counter = counter(slot.filter);
            let counts = spec.windows[slot.window.index()].count().is_some();
            if counts && !slots.iter().any(|known| known.folds_as(&counter)) {
                slots.push(counter);
            }
        }
        let mut parts = Parts {
            slots,
            identities: Vec::new(),
            of_slot,
            lift_types,
        };
        let identity = |slot: &Slot| State::identity(slot.aggregate, parts.types(slot));
        parts.identities = parts.slots.iter().map(identity).collect();
        parts
    }

    /// The types of a slot's arguments.
    pub fn types(&self, slot: &Slot) -> Types {
        Types::of(slot, |lift| self.lift_types[lift.index()])
    }

    /// The part that counts the events that pass a filter.
    pub fn counting(&self, filter: Option<LiftId>) -> Option<usize> {
        let counter = counter(filter);
        self.slots.iter().position(|slot| slot.folds_as(&counter))
    }
}

/// `count(where filter)`.
fn counter(filter: Option<LiftId>) -> Slot {
    Slot {
        aggregate: Aggregate::Count,
        argument: None,
        second: None,
        filter,
        window: WindowId(0),
        ty: Type::Int64,
    }
}

/// One leftward walk: windows that end alike, each of which starts within the next.
#[derive(Debug)]
pub(crate) struct Walk {
    /// Of one of its windows.
    pub bounds: Bounds,
    pub excludes_self: bool,
    /// Whether states may be remembered on the way: where to copy one is cheaper than to fold half a page.
    pub saves: bool,
    pub stops: Vec<Stop>,
}

/// Where a walk answers the slots of one window.
#[derive(Debug)]
pub(crate) struct Stop {
    /// Position in `FoldSpec::windows`.
    pub window: usize,
    /// The last so many events that pass this filter, or are an error. Such a stop is the only one of its walk.
    pub last: Option<(u32, Option<LiftId>)>,
    /// Slots answered here.
    pub slots: Vec<usize>,
    /// Parts that this window or a longer one of the walk needs, ascending.
    pub parts: Vec<usize>,
}

impl Stop {
    /// A stop that is on no walk yet.
    pub fn new(window: usize, slots: Vec<usize>) -> Stop {
        Stop {
            window,
            last: None,
            slots,
            parts: Vec::new(),
        }
    }
}

impl Walk {
    /// A walk over windows that end alike, each of which starts within the next; `None` if they are not that, or if one
    /// chooses among events and is not alone, or does so by several filters.
    pub fn new(spec: &FoldSpec, of_slot: &[usize], saves: bool, mut stops: Vec<Stop>) -> Option<Walk> {
        let window = |stop: &Stop| &spec.windows[stop.window];
        let first = window(stops.first()?);
        let (bounds, excluding) = (first.bounds(), first.excluding);
        let alike = |stop: &Stop| window(stop).excluding == excluding && window(stop).bounds().end_as(&bounds);
        let nests = |pair: &[Stop]| window(&pair[0]).bounds().start_within(&window(&pair[1]).bounds());
        if !stops.iter().all(alike) || !stops.windows(2).all(nests) {
            return None;
        }
        let alone = stops.len() == 1;
        for stop in &mut stops {
            if let Some(count) = spec.windows[stop.window].count() {
                let filter = |slot: &usize| spec.slots[*slot].filter;
                let chosen = filter(stop.slots.first()?);
                if !alone || !stop.slots.iter().all(|slot| filter(slot) == chosen) {
                    return None;
                }
                stop.last = Some((count, chosen));
            }
        }
        let mut live: Vec<usize> = Vec::new();
        for stop in stops.iter_mut().rev() {
            live.extend(stop.slots.iter().map(|slot| of_slot[*slot]));
            live.sort_unstable();
            live.dedup();
            stop.parts.clone_from(&live);
        }
        Some(Walk {
            bounds,
            excludes_self: excluding == Excluding::SelfEvent,
            saves,
            stops,
        })
    }
}
