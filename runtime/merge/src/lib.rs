//! The point-in-time merge: all slots of all windows for all questions of some entities, column at a time.
//!
//! ```text
//! Run (events by entity, τ, id, digest)  ┐   once:        Visibility (exclusions), Classes
//! Questions (by entity, t)               ┴─▶ per window:  Spans, Deltas if needed     per family of slots: an answer
//!                                            and class:   Taken (counts, statuses)
//! ```
//!
//! The plan says by which method a slot is answered:
//!
//! - *prefix difference* (count, sum, mean, variance …), and error counters: the total of a window is the difference of two
//!   prefix totals, less those of its exclusions. Prefix sums are exact: 128-bit fixed point where the column's exponents lie close
//!   enough together, limbs otherwise. So the bits are those of a fold from nothing;
//! - *ordered extreme* (min, max): windows that end alike share one monotone stack; a tree of winners where a winner is
//!   excluded;
//! - *edge lookup* (first, last, time_since_last): the edge of the span, or from there the nearest event that takes part;
//! - *window deltas of values* (count_distinct): a count per value, kept up by what enters and leaves a window;
//! - *window deltas* (groups) and *states* (any aggregate): folds of states ([`featr_kernels::aggregate`]), kept up, or by a
//!   tree. To add an aggregate, nothing is to be done here.
//!
//! Of a window nothing is known but its bounds in time, and how many events it holds at most, if so many: a window of the
//! last N events is a span too, from the N-th of the events that stand for choice on. Spans of one entity may start
//! anywhere; only where they never start earlier than before (they do with `excluding self` and a count) is a stack used.
//!
//! *Exclusions* are the rows that one question leaves out: in truth `as_of_arrival` events that have happened and not arrived,
//! with `excluding self` its own. They are few; an entity with many is *crowded* and served by algorithms that take events
//! in as they arrive, in any order of event time: window deltas, the tree, a set of positions.
//!
//! All slots that share work are answered together, a column at a time.
//!
//! *Pane summaries* stand for events that no question tells apart, so that an entity need not be in memory whole: totals for
//! what is answered by prefix differences, states for what is folded. A window of so many events chooses among rows that are
//! here: whoever summarises sees to it that none of those it may choose is summarised.
//!
//! `answer_slow` of the tests is the definition, folded row by row; they compare the two bit by bit.

mod answer;
mod bits;
mod classes;
mod deltas;
mod distinct;
mod extreme;
mod fold;
mod groups;
mod last;
mod nearest;
mod pane;
mod run;
#[cfg(test)]
mod tests;
mod totals;
mod variance;
mod visibility;

pub use pane::{PaneSummary, state_bytes, summarise};
pub use run::Run;

use classes::{Classes, classes_of};
use deltas::Deltas;
use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{Bounds, Excluding, LiftId, Slot, Status, Type, Window};
use featr_kernels::{Column, StrData, Tag};
use run::{Lists, Reach, Spans};
use std::ops::Range;
use visibility::{Exclusions, Visibility};

/// Questions about one or more entities, sorted by entity and, within an entity, by `t`.
#[derive(Debug, Clone)]
pub struct Questions {
    /// The instants `t`.
    pub times: Vec<i64>,
    /// One per entity, in order; together they cover all questions.
    pub groups: Vec<Group>,
    /// The questions' own identities, when some window says `excluding self`.
    pub selves: Option<Selves>,
}

/// An entity: its questions and its events.
#[derive(Debug, Clone)]
pub struct Group {
    pub questions: Range<usize>,
    /// Rows of the run; empty for an unknown entity or a null key.
    pub events: Range<u32>,
}

/// Identities as order keys, one per question.
#[derive(Debug, Clone)]
pub struct Selves {
    pub keys: StrData,
    /// False where one of the columns is null: such a question excludes nothing.
    pub known: Vec<bool>,
}

/// What the merge says, one row per question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Per slot: values (null where the status is an error) and `Ok`, `Empty` or `Error`.
    pub slots: Vec<(Column, Vec<Status>)>,
    /// Per entry of `FoldSpec::presence`.
    pub presence: Vec<Vec<bool>>,
    /// Questions that see an event of their entity at their very instant; 0 if every window excludes something.
    pub at_events: u64,
    /// Questions that see an event of their own identity within the bounds of a window that excludes such.
    pub with_own: u64,
}

impl Questions {
    /// Their number.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

/// What all slots share.
struct Context<'a> {
    run: &'a Run,
    questions: &'a Questions,
    slots: &'a [Slot],
    methods: &'a [Method],
    visibility: Visibility,
    /// What slots and look-backs reach, each once; and which is each slot's, and each look-back's.
    reaches: Vec<Reach>,
    reach_of: Vec<usize>,
    lookbacks: Vec<usize>,
    /// One that is open at the very instant, if a window is.
    open: Option<usize>,
    /// Per reach.
    spans: Vec<Spans>,
    /// Per reach: its window deltas, where some slot or some crowded entity needs them.
    deltas: Vec<Option<Deltas>>,
    /// What arrives at each question, where something needs it.
    fresh: Option<Lists>,
    /// One per distinct way of taking part, and which is each slot's (any, of a slot that is folded).
    classes: Vec<Classes>,
    class_of: Vec<usize>,
    /// Per slot the position of its state in a summary.
    states: Vec<Option<usize>>,
}

/// Whether slots of a method are folded by their states; all others know how events take part.
fn is_folded(method: Method) -> bool {
    match method {
        Method::Deltas | Method::States | Method::Pages => true,
        Method::Prefix | Method::Extreme | Method::Edge | Method::Values => false,
    }
}

/// Answers all questions, each slot of `spec` by its method, which serves its aggregate ([`Method::serves`]). `delay_us` is
/// δ in truth `as_of_arrival`, `None` in truth `complete`.
pub fn answer(
    (spec, methods): (&FoldSpec, &[Method]),
    run: &Run,
    questions: &Questions,
    delay_us: Option<u64>,
) -> Answered {
    let context = Context::new((spec, methods), run, questions, delay_us);
    let lookbacks = context.lookbacks.iter();
    let presence = lookbacks.map(|reach| nearest::presence(&context, *reach)).collect();
    let at_events = context
        .open
        .map_or(0, |reach| nearest::at_events(&context, context.spans(reach)));
    Answered {
        slots: answer::slots(&context),
        presence,
        at_events,
        with_own: visibility::with_own((spec, run), questions, &context.visibility),
    }
}

/// The place of an item among others, where it is put if it is new.
fn place<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items.iter().position(|known| *known == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}

impl<'a> Context<'a> {
    fn new(
        (spec, methods): (&'a FoldSpec, &'a [Method]),
        run: &'a Run,
        questions: &'a Questions,
        delay_us: Option<u64>,
    ) -> Context<'a> {
        let says_self = |window: &Window| matches!(window.excluding, Excluding::SelfEvent);
        let visibility = Visibility::new(run, questions, delay_us, spec.windows.iter().any(says_self));
        let mut reaches: Vec<Reach> = vec![];
        let of_slot = |slot: &Slot| place(&mut reaches, Reach::of(&spec.windows[slot.window.index()], slot.filter));
        let reach_of = spec.slots.iter().map(of_slot).collect();
        let is_open = |window: &&Window| window.excluding == Excluding::Nothing && window.bounds().hold_now();
        let open = spec.windows.iter().find(is_open).map(Window::bounds);
        let open = open.map(|bounds| place(&mut reaches, Reach::plain(bounds)));
        let lookbacks = spec.presence.iter().map(|length| Bounds::lookback(*length));
        let lookbacks = lookbacks
            .map(|bounds| place(&mut reaches, Reach::plain(bounds)))
            .collect();
        let (classes, class_of) = classes_of(run, (&spec.slots, methods));
        let mut context = Context {
            run,
            questions,
            slots: &spec.slots,
            methods,
            visibility,
            reaches,
            reach_of,
            lookbacks,
            open,
            spans: vec![],
            deltas: vec![],
            fresh: None,
            classes,
            class_of,
            states: pane::states_of((spec, methods)),
        };
        let is_by_deltas = |(method, _): &(&Method, &usize)| matches!(method, Method::Values | Method::Deltas);
        let of_slots = methods.iter().zip(&context.reach_of);
        let by_deltas: Vec<usize> = of_slots.filter(is_by_deltas).map(|(_, reach)| *reach).collect();
        context.find_fresh(!by_deltas.is_empty());
        context.spans = run::spans(&context);
        context.find_deltas(&by_deltas);
        context
    }

    /// What arrives at questions: of all entities, or of crowded ones only.
    fn find_fresh(&mut self, all: bool) {
        let crowded = self.visibility.crowded(self.questions).next().is_some();
        if self.visibility.arrival.is_some() && (crowded || all) {
            let wanted = |number: usize| all || self.visibility.is_crowded(number);
            self.fresh = Some(visibility::fresh(self.run, self.questions, &self.visibility, wanted));
        }
    }

    /// Tapes of all entities for some reaches, and of crowded ones for all.
    fn find_deltas(&mut self, by_deltas: &[usize]) {
        let crowded = self.visibility.crowded(self.questions).next().is_some();
        let deltas = |reach: usize| {
            let all = by_deltas.contains(&reach);
            (all || crowded).then(|| {
                let own = self.reaches[reach].excludes_self.then_some(&self.visibility.own);
                Deltas::new(
                    (self.run, self.questions),
                    self.spans(reach),
                    (&self.visibility, self.fresh.as_ref()),
                    own,
                    |number| all || self.visibility.is_crowded(number),
                )
            })
        };
        self.deltas = (0..self.reaches.len()).map(deltas).collect();
    }

    fn spans(&self, reach: usize) -> &Spans {
        &self.spans[reach]
    }

    fn deltas(&self, reach: usize) -> Option<&Deltas> {
        self.deltas[reach].as_ref()
    }

    /// What arrives at a question.
    fn fresh(&self, question: usize) -> &[u32] {
        self.fresh.as_ref().map_or(&[], |fresh| fresh.get(question))
    }

    /// The rows that questions leave out of a reach, crowded entities aside.
    fn exclusions(&self, reach: usize) -> &Exclusions {
        if self.reaches[reach].excludes_self {
            &self.visibility.late_and_own
        } else {
            &self.visibility.late
        }
    }

    /// The question's own events, where the reach excludes them.
    fn own(&self, reach: usize, question: usize) -> &[u32] {
        if self.reaches[reach].excludes_self {
            self.visibility.own.get(question)
        } else {
            &[]
        }
    }

    fn lift(&self, lift: LiftId) -> &Column {
        &self.run.events.lifts[lift.index()]
    }
}

/// The type of a slot's argument.
fn argument_type(run: &Run, slot: &Slot) -> Option<Type> {
    slot.argument.map(|lift| run.events.lifts[lift.index()].ty)
}

/// A column of valid values and nulls.
fn nullable(ty: Type, data: featr_kernels::Data, valid: &[bool]) -> Column {
    let tags = valid
        .iter()
        .map(|valid| if *valid { Tag::VALID } else { Tag::NULL })
        .collect();
    Column::with_tags(ty, data, Some(tags))
}
