//! What summaries hold, and the order in which a question folds it.

use featc_ir::plan::{FoldSpec, Part};
use featc_ir::{Excluding, Slot, Type, WindowId, WindowKind};
use featr_kernels::aggregate::State;

/// Slots that differ only in their window share one state: a *part*, distinct by (aggregate, argument, filter).
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
    /// The parts of a log, with the part of each slot of its spec, over events with lifts of these types. The argument
    /// ids were checked with the graph.
    pub fn new(parts: &[Part], of_slot: Vec<usize>, lift_types: Vec<Type>) -> Parts {
        let slot = |part: &Part| Slot {
            aggregate: part.aggregate,
            argument: part.argument,
            filter: part.filter,
            window: WindowId(0),
            ty: Type::Bool,
        };
        let mut parts = Parts {
            slots: parts.iter().map(slot).collect(),
            identities: Vec::new(),
            of_slot,
            lift_types,
        };
        let identity = |slot: &Slot| State::identity(slot.aggregate, parts.argument_type(slot));
        parts.identities = parts.slots.iter().map(identity).collect();
        parts
    }

    /// The type of a slot's argument.
    pub fn argument_type(&self, slot: &Slot) -> Option<Type> {
        slot.argument.map(|lift| self.lift_types[lift.index()])
    }
}

/// One leftward walk: windows with one right edge, from the shortest to the longest.
#[derive(Debug)]
pub(crate) struct Walk {
    pub excluding: Excluding,
    /// Whether states may be remembered on the way: where to copy one is cheaper than to fold half a page.
    pub saves: bool,
    pub stops: Vec<Stop>,
}

/// Where a walk answers the slots of one window.
#[derive(Debug)]
pub(crate) struct Stop {
    /// Position in `FoldSpec::windows`.
    pub window: usize,
    /// Slots answered here.
    pub slots: Vec<usize>,
    /// Parts that this window or a longer one of the walk needs, ascending.
    pub parts: Vec<usize>,
}

impl Walk {
    /// A walk over windows of one right edge, from the shortest to the longest; `None` if they are not that.
    pub fn new(spec: &FoldSpec, of_slot: &[usize], saves: bool, mut stops: Vec<Stop>) -> Option<Walk> {
        let excluding = spec.windows[stops.first()?.window].excluding;
        let length = |stop: &Stop| match spec.windows[stop.window].kind {
            WindowKind::Last { length_us } => (0, length_us),
            WindowKind::Lifetime => (1, 0),
        };
        let is_one = stops
            .iter()
            .all(|stop| spec.windows[stop.window].excluding == excluding);
        let ascends = stops.is_sorted_by_key(length);
        let mut live: Vec<usize> = Vec::new();
        for stop in stops.iter_mut().rev() {
            live.extend(stop.slots.iter().map(|slot| of_slot[*slot]));
            live.sort_unstable();
            live.dedup();
            stop.parts.clone_from(&live);
        }
        (is_one && ascends).then_some(Walk {
            excluding,
            saves,
            stops,
        })
    }
}
