//! Many events made few: what the merge must know of events that no question tells apart.
//!
//! Events of one entity that lie next to each other form a *pane* if every question either sees all of them, in the same
//! windows, or none. Then these rows of them stay:
//!
//! - the last one;
//! - for each `min` and `max` the winner, for each `first`, `last` and `time_since_last` the row that it would choose;
//! - for each `count_distinct` one row per value;
//! - the candidates of such windows of events as may choose among these.
//!
//! Of the rest counts and exact sums are kept, for the aggregates that are answered by prefix differences, and a state for each
//! that is folded. They stand at the last row. So an entity with more events than memory holds can be answered piece by piece.
//!
//! States are combined in any order, also of events of one instant, that lie in different summaries or are rows. So where a
//! slot is folded, the events of a summary and of the run that it is put into have digests, or whatever else orders those
//! of one instant and id.

use crate::answer::{Means, Work};
use crate::classes::Classes;
use crate::context::Context;
use crate::fold::{LEAF_ROWS, around};
use crate::nearest::{NONE, Steps, in_frame};
use crate::questions::{Group, Questions};
use crate::run::{Run, position};
use crate::summary::{Counts, Key, OfKey, PaneSummary, chooses, is_folded, key, keys_of, states_of};
use crate::{answer, distinct, extreme};
use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{Cut, Excluding, LiftId, Slot, Window, WindowId, WindowKind};
use featr_kernels::Data;
use featr_kernels::aggregate::{Candidates, State, Types};
use featr_kernels::exact::ExactSum;
use std::collections::HashSet;

/// The rows of a run, all of one entity, that stay (ascending, the last row among them), and what is kept of the others.
/// Those stay too that are candidates by one of these filters.
pub fn summarise(
    (spec, methods): (&FoldSpec, &[Method]),
    run: &Run,
    filters: &[Option<LiftId>],
) -> (Vec<u32>, PaneSummary) {
    let rows = position(run.events.len());
    let mut kept = representatives((spec, methods), run);
    for filter in filters {
        let candidates = Candidates::new(*filter, &run.events);
        kept.extend((0..rows).filter(|row| candidates.holds(*row as usize)));
    }
    kept.sort_unstable();
    kept.dedup();
    let mut stays = vec![false; run.events.len()];
    kept.iter().for_each(|row| stays[*row as usize] = true);
    let of_key = |key: &Key| {
        let (sums, squares) = moments((&spec.slots, methods), key);
        OfKey::new(run, *key, (sums, squares), |row| !stays[row])
    };
    let of_keys = keys_of((&spec.slots, methods)).iter().map(of_key).collect();
    let mut states: Vec<State> = vec![];
    for (slot, at) in spec.slots.iter().zip(states_of((spec, methods))) {
        if at == Some(states.len()) {
            let mut state = State::identity(slot.aggregate, Types::over(slot, &run.events));
            around(0..rows, &kept, |low, high| {
                state.fold(slot, &run.events, low as usize..high as usize);
            });
            states.push(state);
        }
    }
    (kept, PaneSummary { of_keys, states })
}

/// About how many bytes a value takes in a state that keeps the values of its events.
pub const VALUE_BYTES: usize = 64;

/// About how many bytes the states of a summary take beside the values that they keep, and how many more an event takes while
/// slots are folded.
pub fn state_bytes((spec, methods): (&FoldSpec, &[Method])) -> (usize, usize) {
    const STATE: usize = 512;
    /// Of a list.
    const ITEM: usize = 128;
    let items = |slot: &Slot| slot.aggregate.items().unwrap_or(0) as usize;
    let folded = |(_, method): &(&Slot, &Method)| is_folded(**method);
    let slots = || spec.slots.iter().zip(methods).filter(folded).map(|(slot, _)| slot);
    let mut known = 0;
    let mut of_summary = 0;
    for (slot, at) in spec.slots.iter().zip(states_of((spec, methods))) {
        if at == Some(known) {
            (known, of_summary) = (known + 1, of_summary + STATE + ITEM * items(slot));
        }
    }
    // Of a tree with two nodes for each leaf; an event is an item in one node of each height, while lists are not full and
    // values do not come again.
    let values = |slot: &Slot| slot.aggregate.cap().unwrap_or(0) as usize;
    let of_events =
        |slot: &Slot| ITEM * (items(slot) + 1).ilog2() as usize + VALUE_BYTES * (values(slot) + 1).ilog2() as usize;
    let of_tree = |slot: &Slot| 2 * STATE / LEAF_ROWS as usize + of_events(slot);
    (of_summary, slots().map(of_tree).max().unwrap_or(0))
}

/// Whether slots of a key need sums, and squares.
fn moments((slots, methods): (&[Slot], &[Method]), of: &Key) -> (bool, bool) {
    let by_prefix = slots
        .iter()
        .zip(methods)
        .filter(|(_, method)| **method == Method::Prefix);
    let of_key = by_prefix.filter(|(slot, _)| key(slot) == *of);
    let totals: Vec<Means> = of_key.map(|(slot, _)| Means::of_prefix(slot)).collect();
    let squares = totals.contains(&Means::Squares);
    (squares || totals.contains(&Means::Sums), squares)
}

impl OfKey {
    fn new(run: &Run, key: Key, (sums, squares): (bool, bool), counted: impl Fn(usize) -> bool) -> OfKey {
        let classes = Classes::new(run, key);
        let mut of_key = OfKey {
            counts: Counts::default(),
            sum: ExactSum::new(),
            squares: ExactSum::new(),
        };
        let rows = || (0..run.events.len()).filter(|row| counted(*row));
        rows().for_each(|row| classes.count(row, &mut of_key.counts));
        let taken = || rows().filter(|row| classes.takes(*row));
        let mut integer = |value: i128| {
            if sums {
                of_key.sum.add_i128(value);
            }
            if squares {
                of_key.squares.add_square_i128(value);
            }
        };
        match key.0.map(|argument| &run.events.lifts[argument.index()].data) {
            Some(Data::I64(values)) => taken().for_each(|row| integer(i128::from(values[row]))),
            Some(Data::I128(values)) => taken().for_each(|row| integer(values[row])),
            Some(Data::F64(values)) => {
                for row in taken().filter(|_| sums) {
                    of_key.sum.add_f64(values[row]);
                    if squares {
                        of_key.squares.add_product(values[row], values[row]);
                    }
                }
            }
            Some(Data::Bool(_) | Data::Str(_)) | None => {}
        }
        of_key
    }
}

/// The rows that stay.
fn representatives((spec, methods): (&FoldSpec, &[Method]), run: &Run) -> Vec<u32> {
    let Some(last) = position(run.events.len()).checked_sub(1) else {
        return vec![];
    };
    // One question that sees everything.
    let choose = |(slot, method): &(&Slot, &Method)| !is_folded(**method) && !chooses(spec, slot);
    let choosing = spec.slots.iter().zip(methods).filter(choose).map(|(slot, method)| {
        let slot = Slot {
            window: WindowId(0),
            ..slot.clone()
        };
        (slot, *method)
    });
    let (slots, methods): (Vec<Slot>, Vec<Method>) = choosing.unzip();
    let everything = FoldSpec {
        windows: vec![Window {
            kind: WindowKind::Lifetime,
            excluding: Excluding::Nothing,
        }],
        slots,
        presence: vec![],
        ..spec.clone()
    };
    let questions = Questions {
        times: vec![i64::MAX],
        groups: vec![Group {
            questions: 0..1,
            events: 0..last + 1,
        }],
        cuts: vec![],
        selves: None,
    };
    let context = Context::new((&everything, &methods), run, &questions, Cut::Open);
    let mut kept = vec![last];
    let mut done: Vec<Work> = vec![];
    for (at, slot) in everything.slots.iter().enumerate() {
        let work = answer::work(&context, at);
        if !done.contains(&work) {
            chosen(&context, at, slot, work, &mut kept);
            done.push(work);
        }
    }
    kept
}

/// Adds the rows that a slot would choose.
fn chosen(context: &Context<'_>, at: usize, slot: &Slot, work: Work, kept: &mut Vec<u32>) {
    let mut keep = |row: u32| kept.extend((row != NONE).then_some(row));
    let (class, frame) = (context.class_of[at], context.frame_of[at]);
    match work.means {
        Means::Extreme { wins, .. } => {
            let found = extreme::winners(context, (slot, wins), &context.classes[class], &[frame]);
            found.into_iter().flatten().for_each(keep);
        }
        Means::Edge(end) => {
            let classes = &context.classes[class];
            let steps = Steps::new(context.run.events.len(), classes, end);
            in_frame(context, frame, classes, &steps).into_iter().for_each(keep);
        }
        Means::Values => {
            let classes = &context.classes[class];
            let Some((numbers, _)) = distinct::numbers(context, slot, classes) else {
                return;
            };
            let mut known = HashSet::new();
            for (row, number) in (0u32..).zip(numbers) {
                if classes.takes(row as usize) && known.insert(number) {
                    keep(row);
                }
            }
        }
        Means::Counts | Means::Sums | Means::Squares | Means::Ranks | Means::States(..) => {}
    }
}
