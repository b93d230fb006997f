//! What summaries hold, and the order in which a question folds it.

use featc_ir::plan::FoldSpec;
use featc_ir::{Aggregate, Bounds, Excluding, LiftId, Slot, Type};
use featr_kernels::aggregate::{State, Types};

/// Slots that differ only in their window share one state: a *part*. For every filter under which a window chooses the last
/// events, there is a part that counts them.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Per part, one of its slots (its window plays no role).
    pub slots: Vec<Slot>,
    /// Per part, the state of no events.
    pub identities: Vec<State>,
    /// Per slot of the `FoldSpec`, its part.
    pub of_slot: Vec<usize>,
    /// Types of `RowSpec::lifts`.
    pub lift_types: Vec<Type>,
}

impl Parts {
    /// The parts of a log over events with lifts of these types. The argument ids were checked with the graph.
    pub fn new(spec: &FoldSpec, lift_types: Vec<Type>) -> Parts {
        let mut parts = Parts {
            slots: Vec::new(),
            identities: Vec::new(),
            of_slot: Vec::new(),
            lift_types,
        };
        for slot in &spec.slots {
            let part = parts.place(slot);
            parts.of_slot.push(part);
        }
        for slot in &spec.slots {
            if spec.windows[slot.window.index()].count().is_some() {
                parts.place(&counter(slot.filter, slot));
            }
        }
        parts
    }

    fn place(&mut self, slot: &Slot) -> usize {
        let known = self.slots.iter().position(|known| known.folds_as(slot));
        known.unwrap_or_else(|| {
            self.identities.push(State::identity(slot.aggregate, self.types(slot)));
            self.slots.push(slot.clone());
            self.slots.len() - 1
        })
    }

    /// The types of a slot's arguments.
    pub fn types(&self, slot: &Slot) -> Types {
        Types::of(slot, |lift| self.lift_types[lift.index()])
    }

    /// The part that counts the events that pass a filter.
    pub fn counting(&self, filter: Option<LiftId>) -> Option<usize> {
        let is_it = |slot: &Slot| slot.folds_as(&counter(filter, slot));
        self.slots.iter().position(is_it)
    }
}

/// `count(where filter)`.
fn counter(filter: Option<LiftId>, like: &Slot) -> Slot {
    Slot {
        aggregate: Aggregate::Count,
        argument: None,
        second: None,
        filter,
        window: like.window,
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
    pub bounds: Bounds,
    /// The last so many events that pass this filter, or are an error. Such a stop is the only one of its walk.
    pub last: Option<(u32, Option<LiftId>)>,
    /// Slots answered here.
    pub slots: Vec<usize>,
    /// Parts that this window or a longer one of the walk needs, ascending.
    pub parts: Vec<usize>,
}

/// The walks that answer the `needed` slots.
pub(crate) fn walks(spec: &FoldSpec, parts: &Parts, needed: &[bool]) -> Vec<Walk> {
    let mut walks: Vec<Walk> = Vec::new();
    for (at, slot) in spec.slots.iter().enumerate().filter(|(at, _)| needed[*at]) {
        let window = &spec.windows[slot.window.index()];
        let saves = slot.aggregate.row().cheap_to_copy;
        let (bounds, excludes_self) = (window.bounds(), window.excluding == Excluding::SelfEvent);
        let last = window.count().map(|count| (count, slot.filter));
        let is_same = |stop: &Stop| (stop.bounds, stop.last) == (bounds, last);
        let fits = |walk: &Walk| {
            let (alone, known) = (
                walk.stops.iter().any(|stop| stop.last.is_some()),
                walk.stops.iter().any(is_same),
            );
            let alike = (walk.excludes_self, walk.saves) == (excludes_self, saves) && walk.bounds.end_as(&bounds);
            let nests = |stop: &Stop| stop.bounds.start_within(&bounds) || bounds.start_within(&stop.bounds);
            alike && (known || (!alone && last.is_none() && walk.stops.iter().all(nests)))
        };
        let place = walks.iter().position(fits).unwrap_or_else(|| {
            walks.push(Walk {
                bounds,
                excludes_self,
                saves,
                stops: Vec::new(),
            });
            walks.len() - 1
        });
        let walk = &mut walks[place];
        match walk.stops.iter_mut().find(|stop| is_same(stop)) {
            Some(stop) => stop.slots.push(at),
            None => {
                let shorter = walk.stops.iter().take_while(|stop| stop.bounds.start_within(&bounds));
                let place = shorter.count();
                let stop = Stop {
                    bounds,
                    last,
                    slots: vec![at],
                    parts: Vec::new(),
                };
                walk.stops.insert(place, stop);
            }
        }
    }
    for walk in &mut walks {
        let mut live: Vec<usize> = Vec::new();
        for stop in walk.stops.iter_mut().rev() {
            live.extend(stop.slots.iter().map(|slot| parts.of_slot[*slot]));
            live.sort_unstable();
            live.dedup();
            stop.parts.clone_from(&live);
        }
    }
    walks
}
