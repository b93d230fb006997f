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
//! - *window deltas of ranks* (median, quantile, mode): the same in the order of values, by states where there are summaries;
//! - *window deltas* (groups) and *states* (any aggregate): folds of states ([`featr_kernels::aggregate`]), kept up, or by a
//!   tree. To add an aggregate, nothing is to be done here.
//!
//! Of a window nothing is known but its bounds in time, and how many events it holds at most, if so many: a window of the
//! last N events is a span too, from the N-th of the events that stand for choice on. Spans of one entity may start
//! anywhere; only where they never start earlier than before (they do with `excluding self` and a count) is a stack used.
//!
//! *Exclusions* are the rows that one question leaves out: where arrival decides events that have happened and not arrived,
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
mod chains;
mod classes;
mod context;
mod deltas;
mod distinct;
mod extreme;
mod fold;
mod groups;
mod last;
mod nearest;
mod pane;
mod questions;
mod ranks;
mod run;
mod spans;
mod summary;
mod taken;
#[cfg(test)]
mod tests;
mod totals;
mod variance;
mod visibility;

pub use chains::chains;
pub use pane::{VALUE_BYTES, state_bytes, summarise};
pub use questions::{Group, Questions, Selves};
pub use run::Run;
pub use summary::PaneSummary;

use context::Context;
use featc_ir::plan::{FoldSpec, Method};
use featc_ir::{Cut, Status};
use featr_kernels::Column;

/// What the merge says, one row per question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Per slot: values (null where the status is an error) and `Ok`, `Empty` or `Error`.
    pub slots: Vec<(Column, Vec<Status>)>,
    /// Per entry of `FoldSpec::presence`.
    pub presence: Vec<Vec<bool>>,
    /// Questions that see an event of their entity at their very instant; 0 if every window excludes something.
    pub at_events: u64,
    /// Questions of whose own identity an event lies within the bounds of a window that excludes such, arrived or not.
    pub with_own: u64,
}

/// Answers all questions, each slot of `spec` by its method, which serves its aggregate ([`Method::serves`]). `cut` is that
/// of the source under the truth.
pub fn answer((spec, methods): (&FoldSpec, &[Method]), run: &Run, questions: &Questions, cut: Cut) -> Answered {
    let context = Context::new((spec, methods), run, questions, cut);
    let lookbacks = context.lookbacks.iter();
    let presence = lookbacks.map(|frame| nearest::presence(&context, *frame)).collect();
    let at_events = context
        .open
        .map_or(0, |frame| nearest::at_events(&context, context.spans(frame)));
    Answered {
        slots: answer::slots(&context),
        presence,
        at_events,
        with_own: visibility::count_with_own((spec, run), questions, &context.visibility),
    }
}
