//! The choices that do not depend on data: what is read, how far back, with which method, what is kept and for how long.

use featc_ir::plan::{
    Accept, Dedup, Finish, FinishSpec, Fold, FoldSlot, FoldSpec, KeyBy, Lift, Method, Order, Pages, Part, Place,
    Presence, Restrict, Retention, RowSpec, Rows, Scan, ScanColumn, Steps, Stop, Visibility, Walk,
};
use featc_ir::program::READ_SKEW_US;
use featc_ir::{Bounds, Choice, ColumnId, Excluding, Key, Slot, Source, Window, WindowId, WindowKind};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which engine a fold is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Batch,
    Stream,
}

/// The row stage.
pub(crate) fn rows(spec: &RowSpec, entity: &[Key]) -> Rows {
    Rows {
        steps: Steps {
            transform: spec.name.clone(),
            steps: spec.steps.clone(),
            lets: spec.lets.clone(),
        },
        place: Place {
            time: spec.time.clone(),
            at: spec.at,
        },
        key: KeyBy {
            columns: spec.key.clone(),
            entity: entity.to_vec(),
        },
        lift: Lift(spec.lifts.clone()),
    }
}

/// Reads what some of these look at, and what makes a row an event.
pub(crate) fn scan<'a>(source: &Source, all: impl IntoIterator<Item = &'a Rows>) -> Scan {
    let mut read: BTreeSet<ColumnId> = source.unique.iter().copied().collect();
    read.insert(source.time);
    read.extend(source.arrival_column());
    for rows in all {
        rows.for_each_column(&mut |id| {
            if id.index() < source.columns.len() {
                read.insert(id);
            }
        });
    }
    let columns = source.columns.iter().map(|column| ScanColumn {
        name: column.name.clone(),
        ty: column.ty,
        form: column.form.clone(),
    });
    Scan {
        source: source.name.clone(),
        columns: columns.collect(),
        read: read.into_iter().collect(),
        zone: source.zone.clone(),
        keep_nan: source.keep_nan,
        batch: source.batch.clone(),
        stream: source.stream.clone(),
    }
}

pub(crate) fn accept(source: &Source) -> Accept {
    let required = (0u32..).zip(&source.columns).filter(|(_, column)| !column.nullable);
    Accept {
        required: required.map(|(at, _)| ColumnId(at)).collect(),
        time: source.time,
        arrival: source.arrival,
        lateness: source.lateness,
        skew_us: source.skew_us,
    }
}

pub(crate) fn dedup(source: &Source) -> Dedup {
    Dedup {
        identity: source.unique.clone(),
    }
}

pub(crate) fn order() -> Order {
    Order {
        by: Order::EVENTS.to_vec(),
    }
}

/// As far back as the longest window or presence, and no further.
pub(crate) fn restrict(fold: &FoldSpec) -> Restrict {
    Restrict {
        after_us: fold.reach_us(),
    }
}

/// As long as the longest window may be asked for, and whether there was any event within its reach.
pub(crate) fn retention<'a>(windows: impl IntoIterator<Item = &'a Window>, source: &Source) -> Retention {
    let mut windows: Vec<&Window> = windows.into_iter().collect();
    // The first of those that reach equally far.
    windows.reverse();
    let ever = Window {
        kind: WindowKind::Lifetime,
        excluding: Excluding::Nothing,
    };
    let window = windows
        .into_iter()
        .max_by_key(|window| window.bounds().by_reach())
        .copied()
        .unwrap_or(ever);
    let lateness_us = source.lateness.bound_us();
    let reach = window.bounds().reach_us();
    let keep = reach.and_then(|length| length.checked_add(lateness_us)?.checked_add(READ_SKEW_US));
    Retention {
        keep_us: keep,
        window,
        lateness_us,
        read_skew_us: READ_SKEW_US,
    }
}

/// The fold of a group: slots with their methods.
pub(crate) fn fold(spec: &FoldSpec, source: &Source, engine: Engine) -> Fold {
    let seen = Visibility::of(source);
    let slots = spec.slots.iter().map(|slot| FoldSlot {
        aggregate: slot.aggregate,
        version: slot.aggregate.version(),
        argument: slot.argument,
        second: slot.second,
        filter: slot.filter,
        since: slot.since,
        window: slot.window,
        ty: slot.ty,
        visibility: seen,
        method: match engine {
            Engine::Batch => slot.aggregate.method(),
            Engine::Stream => Method::Pages,
        },
    });
    let presence = spec.presence.iter().map(|reach_us| Presence {
        reach_us: *reach_us,
        visibility: seen,
    });
    Fold {
        asked_by: None,
        windows: spec.windows.clone(),
        slots: slots.collect(),
        presence: presence.collect(),
        self_columns: spec.self_columns.clone(),
    }
}

/// What a log keeps per page for a fold, and in which order its windows are answered.
pub(crate) fn pages(spec: &FoldSpec) -> Pages {
    // Slots that differ in their windows alone share a state.
    let mut known = HashMap::new();
    let (mut parts, mut of_slots) = (Vec::new(), Vec::new());
    for slot in &spec.slots {
        let part = Part {
            aggregate: slot.aggregate,
            argument: slot.argument,
            second: slot.second,
            filter: slot.filter,
        };
        of_slots.push(*known.entry(part.clone()).or_insert_with(|| {
            parts.push(part);
            parts.len() as u32 - 1
        }));
    }
    Pages {
        parts,
        of_slots,
        walks: walks(spec),
    }
}

/// What slots of one walk have in common. Apart are those whose states are not worth remembering. Their windows end alike, and
/// of two one starts within the other; one that chooses among events is alone.
type WalkKey = (Excluding, bool, Bounds, Option<(WindowId, Choice)>);

fn walk_key(windows: &[Window], slot: &Slot) -> WalkKey {
    let window = &windows[slot.window.index()];
    let rest = !slot.aggregate.row().cheap_to_copy;
    let alone = slot.choice(window).map(|choice| (slot.window, choice));
    (window.excluding, rest, window.bounds().nest(), alone)
}

/// Which slots walk together.
fn walks(spec: &FoldSpec) -> Vec<Walk> {
    let mut together: BTreeMap<WalkKey, Vec<usize>> = BTreeMap::new();
    for (at, slot) in spec.slots.iter().enumerate() {
        together.entry(walk_key(&spec.windows, slot)).or_default().push(at);
    }
    let walk = |(key, members): (WalkKey, Vec<usize>)| Walk {
        saves: !key.1,
        stops: stops(spec, members),
    };
    together.into_iter().map(walk).collect()
}

/// The stops of a walk, from the shortest window on.
fn stops(spec: &FoldSpec, mut members: Vec<usize>) -> Vec<Stop> {
    let length = |at: &usize| {
        let window = spec.slots[*at].window;
        (spec.windows[window.index()].bounds().by_reach(), window)
    };
    members.sort_by_key(length);
    let of_windows = members.chunk_by(|left, right| spec.slots[*left].window == spec.slots[*right].window);
    let stops = of_windows.map(|of_window| Stop {
        window: spec.slots[of_window[0]].window,
        slots: of_window.iter().map(|at| *at as u32).collect(),
    });
    stops.collect()
}

pub(crate) fn finish(spec: &FinishSpec) -> Finish {
    Finish {
        begins_us: spec.begins_us,
        moved_us: spec.moved_us,
        features: spec.features.clone(),
    }
}
