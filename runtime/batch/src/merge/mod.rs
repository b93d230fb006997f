//! The point-in-time merge: all slots of all windows for all questions of some entities, column at a time.
//!
//! ```text
//! Run (events by entity, τ, id, digest)  ┐   per window: Spans ─▶ Tape      per slot: groups   follow the tape
//! Questions (by entity, t)               ┴─▶ per run:    Visible, Classes             distinct  follow the tape
//!                                                                                     order     search within the span
//! ```
//!
//! Which algorithm answers which aggregate:
//!
//! - *groups* (count, sum, mean, variance …) and error counters add what enters the window and subtract what leaves it;
//!   the inverses are exact, so the bits are those of a fold from nothing. Counts and integer sums do so by prefix
//!   sums, one step per range of rows instead of one per row;
//! - *count_distinct* keeps a count per value on the same tape;
//! - *min, max* keep a monotone queue where windows only slide, a tree of winners otherwise;
//! - *first, last, time_since_last* look for the nearest event that takes part in a set of positions.
//!
//! Truth `as_of_arrival`: an event enters when it has happened *and* arrived, so within an entity every event still
//! enters and leaves each window at most once: the tape stays linear in the number of events. Trees and position sets
//! take events in as they arrive, in any order of event time. `excluding self`: the event steps out of the tape for
//! the one question, and searches go around it.
//!
//! [`answer_slow`] is the definition, folded row by row; the tests compare the two bit by bit.

mod bits;
mod classes;
mod distinct;
mod extreme;
mod groups;
mod nearest;
mod run;
mod slow;
mod tape;
#[cfg(test)]
mod tests;

pub use run::Run;
pub use slow::answer_slow;

use classes::{Classes, Errors};
use featc_ir::plan::FoldSpec;
use featc_ir::{Aggregate, Excluding, LiftId, Slot, Status, Type, Window};
use featr_kernels::{Column, StrData, Tag};
use run::{Lists, Spans, Visible};
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
    visible: Visible,
    /// Per window.
    spans: Vec<Spans>,
    /// Per window: its tape, once some slot needs it.
    tapes: Vec<Option<Tape>>,
    /// Per window: whether it excludes the question's own events.
    excludes_self: Vec<bool>,
    own: Lists,
    /// One per distinct way of taking part.
    classes: Vec<Classes>,
}

/// Answers all questions. `delay_us` is δ in truth `as_of_arrival`, `None` in truth `complete`.
pub fn answer(spec: &FoldSpec, run: &Run, questions: &Questions, delay_us: Option<u64>) -> Answered {
    let excludes_self: Vec<bool> = spec
        .windows
        .iter()
        .map(|window| matches!(window.excluding, Excluding::SelfEvent))
        .collect();
    let own = if excludes_self.contains(&true) {
        run::own_events(run, questions)
    } else {
        Lists::none(questions.len())
    };
    let mut context = Context {
        run,
        questions,
        visible: Visible::new(run, questions, delay_us),
        spans: spec
            .windows
            .iter()
            .map(|window| Spans::of_window(run, questions, window))
            .collect(),
        tapes: spec.windows.iter().map(|_| None).collect(),
        excludes_self,
        own,
        classes: vec![],
    };
    let slots = spec.slots.iter().map(|slot| context.slot(slot)).collect();
    let presence = spec
        .presence
        .iter()
        .map(|length| nearest::presence(&context, *length))
        .collect();
    let open = |window: &Window| matches!(window.excluding, Excluding::Nothing);
    let at_events = match spec.windows.iter().position(open) {
        Some(window) => run::at_events(run, questions, &context.spans[window], &context.visible),
        None => 0,
    };
    Answered {
        slots,
        presence,
        at_events,
    }
}

impl Context<'_> {
    fn slot(&mut self, slot: &Slot) -> (Column, Vec<Status>) {
        let window = slot.window.index();
        let class = self.class(slot);
        let on_tape = slot.aggregate.is_group() || matches!(slot.aggregate, Aggregate::CountDistinct { .. });
        if on_tape || self.classes[class].has_errors {
            self.need_tape(window);
        }
        if groups::is_generic(self.run, slot) {
            return groups::by_states(self, slot);
        }
        let errors = Errors::on(self, window, &self.classes[class]);
        let mut answer = match slot.aggregate {
            Aggregate::Count => groups::count(self, slot, class),
            Aggregate::Sum | Aggregate::Mean => groups::sum(self, slot, class),
            Aggregate::Variance | Aggregate::Stddev | Aggregate::VariancePop | Aggregate::StddevPop => {
                groups::by_states(self, slot)
            }
            Aggregate::Min | Aggregate::Max => extreme::extreme(self, slot, class),
            Aggregate::First { .. } | Aggregate::Last { .. } => nearest::edge(self, slot, class),
            Aggregate::TimeSinceLast => nearest::time_since_last(self, slot, class),
            Aggregate::CountDistinct { cap } => distinct::count_distinct(self, slot, class, cap),
        };
        errors.put(&mut answer);
        answer
    }

    /// The tape of a window; [`Context::need_tape`] comes first.
    fn tape(&self, window: usize) -> Option<&Tape> {
        self.tapes[window].as_ref()
    }

    fn need_tape(&mut self, window: usize) {
        if self.tapes[window].is_none() {
            let own = self.excludes_self[window].then_some(&self.own);
            self.tapes[window] = Some(Tape::new(
                self.run,
                self.questions,
                &self.spans[window],
                &self.visible,
                own,
            ));
        }
    }

    fn class(&mut self, slot: &Slot) -> usize {
        let key = classes::key(slot);
        if let Some(known) = self.classes.iter().position(|classes| classes.key == key) {
            return known;
        }
        self.classes.push(Classes::new(self.run, key));
        self.classes.len() - 1
    }

    /// The rows that a question leaves out of a window, ascending.
    fn holes(&self, window: usize, question: usize) -> &[u32] {
        if self.excludes_self[window] {
            self.own.get(question)
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
