//! What summaries hold, and the order in which a question folds it.

use featc_ir::plan::FoldSpec;
use featc_ir::{Aggregate, Excluding, LiftId, Slot, Type, WindowKind};
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
    /// The parts of a log over events with lifts of these types. The argument ids were checked with the graph.
    pub fn new(spec: &FoldSpec, lift_types: Vec<Type>) -> Parts {
        let mut keys: Vec<(Aggregate, Option<LiftId>, Option<LiftId>)> = Vec::new();
        let mut parts = Parts {
            slots: Vec::new(),
            identities: Vec::new(),
            of_slot: Vec::new(),
            lift_types,
        };
        for slot in &spec.slots {
            let key = (slot.aggregate, slot.argument, slot.filter);
            let part = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                keys.push(key);
                parts
                    .identities
                    .push(State::identity(slot.aggregate, parts.argument_type(slot)));
                parts.slots.push(slot.clone());
                keys.len() - 1
            });
            parts.of_slot.push(part);
        }
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

/// The walks that answer the `needed` slots.
pub(crate) fn walks(spec: &FoldSpec, parts: &Parts, needed: &[bool]) -> Vec<Walk> {
    [Excluding::Nothing, Excluding::Now, Excluding::SelfEvent]
        .into_iter()
        .flat_map(|excluding| [true, false].map(|saves| walk(spec, parts, needed, excluding, saves)))
        .filter(|walk| !walk.stops.is_empty())
        .collect()
}

fn walk(spec: &FoldSpec, parts: &Parts, needed: &[bool], excluding: Excluding, saves: bool) -> Walk {
    let mut windows: Vec<usize> = (0..spec.windows.len())
        .filter(|w| spec.windows[*w].excluding == excluding)
        .collect();
    windows.sort_by_key(|window| match spec.windows[*window].kind {
        WindowKind::Last { length_us } => (0, length_us),
        WindowKind::Lifetime => (1, 0),
    });
    let is_here = |slot: &usize, window: usize| {
        let Slot {
            aggregate, window: its, ..
        } = &spec.slots[*slot];
        needed[*slot] && its.index() == window && is_cheap_to_copy(*aggregate) == saves
    };
    let mut stops: Vec<Stop> = Vec::new();
    let mut live: Vec<usize> = Vec::new();
    for window in windows.into_iter().rev() {
        let slots: Vec<usize> = (0..spec.slots.len()).filter(|slot| is_here(slot, window)).collect();
        if slots.is_empty() {
            continue;
        }
        live.extend(slots.iter().map(|slot| parts.of_slot[*slot]));
        live.sort_unstable();
        live.dedup();
        stops.push(Stop {
            window,
            slots,
            parts: live.clone(),
        });
    }
    stops.reverse();
    Walk {
        excluding,
        saves,
        stops,
    }
}

/// Whether copying a state beats folding some rows: not for sets, nor where a fold ends at its first row.
fn is_cheap_to_copy(aggregate: Aggregate) -> bool {
    match aggregate {
        Aggregate::Count
        | Aggregate::Sum
        | Aggregate::Mean
        | Aggregate::Min
        | Aggregate::Max
        | Aggregate::Variance
        | Aggregate::Stddev
        | Aggregate::VariancePop
        | Aggregate::StddevPop => true,
        Aggregate::First { .. }
        | Aggregate::Last { .. }
        | Aggregate::CountDistinct { .. }
        | Aggregate::TimeSinceLast => false,
    }
}
