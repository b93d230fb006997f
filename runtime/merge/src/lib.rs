//! The point-in-time merge: all slots of all windows for all questions of some entities, column at a time.
//!
//! ```text
//! Run (events by entity, τ, id, digest)  ┐   once:        Sight (holes), Classes
//! Questions (by entity, t)               ┴─▶ per window:  Spans, Tape if needed     per family of slots: an answer
//!                                            and class:   Taken (counts, statuses)
//! ```
//!
//! Which algorithm answers which aggregate:
//!
//! - *groups* (count, sum, mean, variance …) and error counters: the total of a window is the difference of two prefix
//!   totals, less those of its holes. Prefix sums are exact: 128-bit fixed point where the column's exponents lie close
//!   enough together, limbs otherwise. So the bits are those of a fold from nothing;
//! - *min, max*: windows that end alike share one monotone stack; a tree of winners where a winner is a hole;
//! - *first, last, time_since_last*: the edge of the span, or from there the nearest event that takes part;
//! - *count_distinct* keeps a count per value on the tape of what enters and leaves a window;
//! - *all others* fold their states ([`featr_kernels::aggregate`]): a group along the tape, a monoid by a tree of states.
//!   To add an aggregate, nothing is to be done here.
//!
//! Of a window nothing is known but its bounds in time, and how many events it holds at most, if so many: a window of the
//! last N events is a span too, from the N-th of the events that stand for choice on. Spans of one entity may start
//! anywhere; only where they never start earlier than before (they do with `excluding self` and a count) is a stack used.
//!
//! *Holes* are the rows that one question leaves out: in truth `as_of_arrival` events that have happened and not arrived,
//! with `excluding self` its own. They are few; an entity with many is *crowded* and served by algorithms that take events
//! in as they arrive, in any order of event time: the tape, the tree, a set of positions.
//!
//! All slots that share work are answered together, a column at a time.
//!
//! *Packs* stand for events that no question tells apart, so that an entity need not be in memory whole.
//!
//! [`answer_slow`] is the definition, folded row by row; the tests compare the two bit by bit.

mod answer;
mod bits;
mod classes;
mod distinct;
mod extreme;
mod fold;
mod groups;
mod last;
mod nearest;
mod pack;
mod run;
mod sight;
mod slow;
mod tape;
#[cfg(test)]
mod tests;
mod totals;
mod variance;

pub use pack::{Pack, pack, packs};
pub use run::Run;
pub use slow::answer_slow;

use classes::{Classes, classes_of};
use featc_ir::plan::FoldSpec;
use featc_ir::{Aggregate, Bounds, Excluding, LiftId, Slot, Status, Type, Window};
use featr_kernels::{Column, StrData, Tag};
use nearest::End;
use run::{Lists, Reach, Spans};
use sight::{Holes, Sight};
use std::ops::Range;
use tape::Tape;

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
    /// Questions whose identity is that of an event at hand, if some window excludes such; 0 otherwise.
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
    sight: Sight,
    /// What slots and look-backs reach, each once; and which is each slot's, and each look-back's.
    reaches: Vec<Reach>,
    reach_of: Vec<usize>,
    lookbacks: Vec<usize>,
    /// One that is open at the very instant, if a window is.
    open: Option<usize>,
    /// Per reach.
    spans: Vec<Spans>,
    /// Per reach: its tape, where some slot or some crowded entity needs it.
    tapes: Vec<Option<Tape>>,
    /// What arrives at each question, where something needs it.
    fresh: Option<Lists>,
    /// One per distinct way of taking part, and which is each slot's (any, of a slot that is folded).
    classes: Vec<Classes>,
    class_of: Vec<usize>,
}

/// The ways in which slots are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Count,
    Sums,
    Variances,
    Extreme,
    Nearest(End),
    Distinct,
    /// By its states.
    Fold,
}

/// What has a way of its own because that is measurably faster (`bench/kernels`); all others are folded.
fn family(aggregate: Aggregate) -> Family {
    match aggregate {
        Aggregate::Count => Family::Count,
        Aggregate::Sum | Aggregate::Mean => Family::Sums,
        Aggregate::Variance | Aggregate::Stddev | Aggregate::VariancePop | Aggregate::StddevPop => Family::Variances,
        Aggregate::Min | Aggregate::Max => Family::Extreme,
        Aggregate::First { .. } => Family::Nearest(End::First),
        Aggregate::Last { .. } | Aggregate::TimeSinceLast => Family::Nearest(End::Last),
        Aggregate::CountDistinct { .. } => Family::Distinct,
        _ => Family::Fold,
    }
}

/// Answers all questions. `delay_us` is δ in truth `as_of_arrival`, `None` in truth `complete`.
pub fn answer(spec: &FoldSpec, run: &Run, questions: &Questions, delay_us: Option<u64>) -> Answered {
    let context = Context::new(spec, run, questions, delay_us);
    let lookbacks = context.lookbacks.iter();
    let presence = lookbacks.map(|reach| nearest::presence(&context, *reach)).collect();
    let at_events = context
        .open
        .map_or(0, |reach| nearest::at_events(&context, context.spans(reach)));
    let own = &context.sight.own;
    let with_own = (0..questions.len()).filter(|question| !own.get(*question).is_empty());
    Answered {
        slots: answer::slots(&context, &spec.slots),
        presence,
        at_events,
        with_own: with_own.count() as u64,
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
    fn new(spec: &FoldSpec, run: &'a Run, questions: &'a Questions, delay_us: Option<u64>) -> Context<'a> {
        let says_self = |window: &Window| matches!(window.excluding, Excluding::SelfEvent);
        let sight = Sight::new(run, questions, delay_us, spec.windows.iter().any(says_self));
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
        let (classes, class_of) = classes_of(run, &spec.slots);
        let mut context = Context {
            run,
            questions,
            sight,
            reaches,
            reach_of,
            lookbacks,
            open,
            spans: vec![],
            tapes: vec![],
            fresh: None,
            classes,
            class_of,
        };
        let is_taped = |(slot, _): &(&Slot, &usize)| match family(slot.aggregate) {
            Family::Distinct => true,
            Family::Fold => slot.aggregate.is_group(),
            Family::Count | Family::Sums | Family::Variances | Family::Extreme | Family::Nearest(_) => false,
        };
        let of_slots = spec.slots.iter().zip(&context.reach_of);
        let taped: Vec<usize> = of_slots.filter(is_taped).map(|(_, reach)| *reach).collect();
        context.find_fresh(!taped.is_empty());
        context.spans = run::spans(&context);
        context.make_tapes(&taped);
        context
    }

    /// What arrives at questions: of all entities, or of crowded ones only.
    fn find_fresh(&mut self, all: bool) {
        let crowded = self.sight.crowded(self.questions).next().is_some();
        if self.sight.arrival.is_some() && (crowded || all) {
            let wanted = |number: usize| all || self.sight.is_crowded(number);
            self.fresh = Some(sight::fresh(self.run, self.questions, &self.sight, wanted));
        }
    }

    /// Tapes of all entities for some reaches, and of crowded ones for all.
    fn make_tapes(&mut self, taped: &[usize]) {
        let crowded = self.sight.crowded(self.questions).next().is_some();
        let tape = |reach: usize| {
            let all = taped.contains(&reach);
            (all || crowded).then(|| {
                let own = self.reaches[reach].excludes_self.then_some(&self.sight.own);
                Tape::new(
                    (self.run, self.questions),
                    self.spans(reach),
                    (&self.sight, self.fresh.as_ref()),
                    own,
                    |number| all || self.sight.is_crowded(number),
                )
            })
        };
        self.tapes = (0..self.reaches.len()).map(tape).collect();
    }

    fn spans(&self, reach: usize) -> &Spans {
        &self.spans[reach]
    }

    fn tape(&self, reach: usize) -> Option<&Tape> {
        self.tapes[reach].as_ref()
    }

    /// What arrives at a question.
    fn fresh(&self, question: usize) -> &[u32] {
        self.fresh.as_ref().map_or(&[], |fresh| fresh.get(question))
    }

    /// The rows that questions leave out of a reach, crowded entities aside.
    fn holes(&self, reach: usize) -> &Holes {
        if self.reaches[reach].excludes_self {
            &self.sight.late_and_own
        } else {
            &self.sight.late
        }
    }

    /// The question's own events, where the reach excludes them.
    fn own(&self, reach: usize, question: usize) -> &[u32] {
        if self.reaches[reach].excludes_self {
            self.sight.own.get(question)
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
