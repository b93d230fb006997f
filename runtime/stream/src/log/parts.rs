//! What summaries hold, and the order in which a question folds it.

use featc_ir::plan::{FoldSpec, Part};
use featc_ir::{Aggregate, Bounds, Choice, Excluding, LiftId, Slot, Type, WindowId};
use featr_kernels::aggregate::{State, Types};

/// Slots that differ only in their window share one state: a *part*. For every filter under which a window chooses the last
/// events, there is a part that counts them.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Per part, a slot that has its state (its window and type play no role).
    pub slots: Vec<Slot>,
    /// Per part, the state of no events.
    pub identities: Vec<State>,
    /// Per part, the types of its arguments.
    pub types: Vec<Types>,
    /// Per slot of the `FoldSpec`, its part.
    pub of_slot: Vec<usize>,
    /// The parts that count different values.
    pub distinct: Vec<usize>,
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
            since: None,
            window: WindowId(0),
            ty: Type::Bool,
        };
        let mut slots: Vec<Slot> = parts.iter().map(slot).collect();
        for slot in &spec.slots {
            let Some(choice) = slot.choice(&spec.windows[slot.window.index()]) else {
                continue;
            };
            let counter = counter(choice.filter);
            if !slots.iter().any(|known| known.folds_as(&counter)) {
                slots.push(counter);
            }
        }
        let types = |slot: &Slot| Types::of(slot, |lift| lift_types[lift.index()]);
        let types: Vec<Types> = slots.iter().map(types).collect();
        let identity = |(slot, types): (&Slot, &Types)| State::identity(slot.aggregate, *types);
        let places = slots.iter().enumerate();
        let distinct = places.filter(|(_, slot)| counts_values(slot)).map(|(place, _)| place);
        Parts {
            distinct: distinct.collect(),
            identities: slots.iter().zip(&types).map(identity).collect(),
            slots,
            types,
            of_slot,
            lift_types,
        }
    }

    /// The part that counts the events that pass a filter.
    pub fn counting(&self, filter: Option<LiftId>) -> Option<usize> {
        let counter = counter(filter);
        self.slots.iter().position(|slot| slot.folds_as(&counter))
    }
}

fn counts_values(slot: &Slot) -> bool {
    matches!(slot.aggregate, Aggregate::CountDistinct { .. })
}

/// `count(where filter)`.
fn counter(filter: Option<LiftId>) -> Slot {
    Slot {
        aggregate: Aggregate::Count,
        argument: None,
        second: None,
        filter,
        since: None,
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
    pub bounds: Bounds,
    /// Which of the events within the bounds, if not all. Such a stop is the only one of its walk.
    pub last: Option<Choice>,
    /// Slots that are answered here from the states of their parts.
    pub slots: Vec<usize>,
    /// Slots that are answered here by counting different values, over all instants of the window.
    pub distinct: Vec<usize>,
    /// Parts that the `slots` of this window or a longer one of the walk needs, ascending.
    pub parts: Vec<usize>,
}

impl Walk {
    /// A walk over windows that end alike, each of which starts within the next, with the slots of each; `None` if they are
    /// not that, or if one chooses among events and is not alone, or does so by several filters.
    pub fn new(spec: &FoldSpec, of_slot: &[usize], saves: bool, stops: Vec<(usize, Vec<usize>)>) -> Option<Walk> {
        let first = spec.windows[stops.first()?.0];
        let alone = stops.len() == 1;
        let stop = |(window, slots): (usize, Vec<usize>)| {
            let window = &spec.windows[window];
            let choice = |slot: &usize| spec.slots[*slot].choice(window);
            let chosen = slots.first().and_then(choice);
            let is_alike = window.excluding == first.excluding && window.bounds().end_as(&first.bounds());
            let chooses_alike = alone && slots.iter().all(|slot| choice(slot) == chosen);
            let is_whole = !window.chooses() && window.excluding != Excluding::SelfEvent;
            let is_distinct = |slot: &usize| is_whole && counts_values(&spec.slots[*slot]);
            (is_alike && (!window.chooses() || chooses_alike)).then(|| Stop {
                bounds: window.bounds(),
                last: chosen,
                distinct: slots.iter().copied().filter(is_distinct).collect(),
                slots: slots.into_iter().filter(|slot| !is_distinct(slot)).collect(),
                parts: Vec::new(),
            })
        };
        let mut stops: Vec<Stop> = stops.into_iter().map(stop).collect::<Option<_>>()?;
        if !stops
            .windows(2)
            .all(|pair| pair[0].bounds.start_within(&pair[1].bounds))
        {
            return None;
        }
        let mut live: Vec<usize> = Vec::new();
        for stop in stops.iter_mut().rev() {
            live.extend(stop.slots.iter().map(|slot| of_slot[*slot]));
            live.sort_unstable();
            live.dedup();
            stop.parts.clone_from(&live);
        }
        Some(Walk {
            bounds: first.bounds(),
            excludes_self: first.excluding == Excluding::SelfEvent,
            saves,
            stops,
        })
    }
}
