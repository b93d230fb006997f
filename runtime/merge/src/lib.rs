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
//! - *count_distinct* keeps a count per value on the tape of what enters and leaves a window.
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
mod groups;
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

pub use pack::{Pack, pack};
pub use run::Run;
pub use slow::answer_slow;

use classes::{Classes, classes_of};
use featc_ir::plan::FoldSpec;
use featc_ir::{Aggregate, Excluding, LiftId, Slot, Status, Type, Window};
use featr_kernels::{Column, StrData, Tag};
use nearest::End;
use run::{Edges, Lists, Reach, Spans};
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
    /// Per window.
    reaches: Vec<Reach>,
    edges: Edges,
    /// Per window: its tape, where some slot or some crowded entity needs it.
    tapes: Vec<Option<Tape>>,
    /// What arrives at each question, where some slot or some crowded entity needs it.
    fresh: Option<Lists>,
    /// Per window: whether it excludes the question's own events.
    excludes_self: Vec<bool>,
    /// One per distinct way of taking part, and which is each slot's.
    classes: Vec<Classes>,
    class_of: Vec<usize>,
}

/// Slots that share work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Count,
    Sums(usize, Option<LiftId>),
    Variances(usize, Option<LiftId>),
    /// With whether it is `min`, and whether the windows end before the instant of the question.
    Extreme(usize, Option<LiftId>, bool, bool),
    Nearest(usize, End),
    Distinct(usize, Option<LiftId>),
}

/// Answers all questions. `delay_us` is δ in truth `as_of_arrival`, `None` in truth `complete`.
pub fn answer(spec: &FoldSpec, run: &Run, questions: &Questions, delay_us: Option<u64>) -> Answered {
    let context = Context::new(spec, run, questions, delay_us);
    let presence = spec
        .presence
        .iter()
        .map(|length| nearest::presence(&context, *length))
        .collect();
    let open = |window: &Window| matches!(window.excluding, Excluding::Nothing);
    let at_events = match spec.windows.iter().position(open) {
        Some(window) => nearest::at_events(&context, context.spans(window)),
        None => 0,
    };
    Answered {
        slots: answer::slots(&context, &spec.slots),
        presence,
        at_events,
    }
}

impl<'a> Context<'a> {
    fn new(spec: &FoldSpec, run: &'a Run, questions: &'a Questions, delay_us: Option<u64>) -> Context<'a> {
        let excludes_self: Vec<bool> = spec
            .windows
            .iter()
            .map(|window| matches!(window.excluding, Excluding::SelfEvent))
            .collect();
        let sight = Sight::new(run, questions, delay_us, excludes_self.contains(&true));
        let reaches: Vec<Reach> = spec.windows.iter().map(run::reach).collect();
        let lookbacks = spec.presence.iter().map(|length| (*length, false));
        let edges = Edges::new(
            run,
            questions,
            &sight,
            reaches.iter().copied().chain(lookbacks).collect(),
        );
        let (classes, class_of) = classes_of(run, &spec.slots);
        let mut context = Context {
            run,
            questions,
            sight,
            reaches,
            edges,
            tapes: vec![],
            fresh: None,
            excludes_self,
            classes,
            class_of,
        };
        let distinct = |slot: &&Slot| matches!(slot.aggregate, Aggregate::CountDistinct { .. });
        let taped: Vec<usize> = spec
            .slots
            .iter()
            .filter(distinct)
            .map(|slot| slot.window.index())
            .collect();
        context.make_tapes(&taped);
        context
    }

    /// Tapes of all entities for some windows, and of crowded ones for all.
    fn make_tapes(&mut self, windows: &[usize]) {
        let crowded = self.sight.crowded(self.questions).next().is_some();
        let wanted = |all: bool, number: usize| all || self.sight.is_crowded(number);
        if self.sight.arrival.is_some() && (crowded || !windows.is_empty()) {
            let all = !windows.is_empty();
            self.fresh = Some(sight::fresh(self.run, self.questions, &self.sight, |number| {
                wanted(all, number)
            }));
        }
        let tape = |window: usize| {
            let all = windows.contains(&window);
            (all || crowded).then(|| {
                let own = self.excludes_self[window].then_some(&self.sight.own);
                Tape::new(
                    (self.run, self.questions),
                    self.spans(window),
                    (&self.sight, self.fresh.as_ref()),
                    own,
                    |number| wanted(all, number),
                )
            })
        };
        self.tapes = (0..self.reaches.len()).map(tape).collect();
    }

    fn spans(&self, window: usize) -> &Spans {
        self.edges.of(self.reaches[window])
    }

    fn tape(&self, window: usize) -> Option<&Tape> {
        self.tapes[window].as_ref()
    }

    /// What arrives at a question.
    fn fresh(&self, question: usize) -> &[u32] {
        self.fresh.as_ref().map_or(&[], |fresh| fresh.get(question))
    }

    /// The rows that questions leave out of a window, crowded entities aside.
    fn holes(&self, window: usize) -> &Holes {
        if self.excludes_self[window] {
            &self.sight.late_and_own
        } else {
            &self.sight.late
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
