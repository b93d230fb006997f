//! What an operator is.
//!
//! ```text
//!               step, advance                        read
//! delta ──▶ Source ─▶ Accept ─▶ Rows ─▶ Log      Log ─▶ Finish ─▶ answer
//!           rows      accepted  events    └ state ┘  slots    features
//! ```
//!
//! Deltas are pushed from sources into whatever keeps state. Values change with `t` without any input, so what follows
//! state is pulled: a question asks its operator, which asks its inputs.

use crate::ReadError;
use crate::delta::Delta;
use crate::engine::Questions;
use crate::operators::log::{LogAnswers, LogAsk};
use crate::report::{AdvanceReport, LogStats, StepReport};
use crate::restored::{LogName, Rebuild};
use crate::snapshot::{RestoreError, Section};
use featc_ir::plan::{FoldSpec, RowSpec};
use featc_ir::{Source, Status, Truth, Type};
use featr_kernels::Column;
use std::fmt;
use std::sync::Arc;

/// One operator of a running graph.
///
/// # Contract
/// - **Total**: `step` accounts for every row of its delta in the report or hands it on.
/// - **Stateless unless it says so**: an operator without [`Operator::state`] gives equal deltas for equal deltas.
/// - What comes in and goes out has the types of the ports that the operator was made with.
pub(crate) trait Operator: fmt::Debug + Send + Sync {
    /// The type of what it hands on.
    fn output(&self) -> &Port;

    /// Takes in the delta of one input; gives the delta of its own output, where that is pushed on.
    fn step<'a>(&mut self, delta: &Delta<'a>, now: &Now, report: &mut StepReport) -> Option<Delta<'a>>;

    /// The cut has moved.
    fn advance(&mut self, _now: &Now, _report: &mut AdvanceReport) {}

    /// Answers questions as `ask` says; `inputs` are what its inputs answered.
    fn read(&self, _ask: &Ask, _questions: &Questions, _now: &Now, _inputs: Vec<Answer>) -> Result<Answer, ReadError> {
        Ok(Answer::Nothing)
    }

    /// What it keeps between steps.
    fn state(&self) -> Option<&dyn State> {
        None
    }

    /// As [`Operator::state`].
    fn state_mut(&mut self) -> Option<&mut dyn State> {
        None
    }
}

/// The state of an operator.
///
/// # Contract
/// - **Canonical**: `snapshot` is a function of the set of rows that is in the state, and of the cut.
/// - **Exact**: a state that `restore` keeps is the one that the operator would have had, had it been fed every row itself.
pub(crate) trait State {
    /// What its snapshots can be restored into.
    fn schema(&self) -> &Schema;

    /// How reports call it.
    fn name(&self) -> LogName;

    /// Its rows up to this event time have been released.
    fn floor_us(&self) -> Option<i64>;

    /// The state as bytes.
    fn snapshot(&self, out: &mut Vec<u8>);

    /// Why the state in a section cannot be taken over as what it would be here; `None`: it can.
    fn refuses(&self, section: &Section<'_>, now: &Now) -> Option<Rebuild>;

    /// Takes over the state in a section that is not refused. The operator has none yet.
    ///
    /// # Errors
    /// Damaged bytes.
    fn restore(&mut self, section: &Section<'_>, now: &Now) -> Result<(), RestoreError>;

    /// Begins at the cut without the rows that came before: no question may be answered.
    fn begin_empty(&mut self, now: &Now);

    /// Whether it began empty, and the rows have not been brought since.
    fn is_to_be_rebuilt(&self) -> bool;

    /// The rows have been brought.
    fn set_rebuilt(&mut self);

    /// Questions need the rows with event times after this; `None`: all rows.
    fn needed_after_us(&self, now: &Now) -> Option<i64>;

    fn stats(&self) -> LogStats;

    /// Its log, for tests of invariants.
    #[cfg(test)]
    fn log(&self) -> &crate::operators::log::Log;
}

/// What decides whether stored state means the same: equal keys and columns, equal state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schema {
    /// Of everything that decides which events there are.
    pub key: String,
    /// What the events carry.
    pub columns: Vec<StateColumn>,
}

/// A column that stored events carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateColumn {
    /// Its meaning, in hexadecimal.
    pub key: String,
    pub ty: Type,
}

/// The type of what an operator hands to its readers.
#[derive(Debug, Clone)]
pub(crate) enum Port {
    /// Decoded rows of a source.
    Rows(Arc<Source>),
    /// Accepted rows of a source.
    Accepted(Arc<Source>),
    /// Keyed, lifted events of a source, made by a transform.
    Events(Arc<Source>, Arc<RowSpec>),
    /// Slots and presence of entities at `t`.
    Slots(Arc<FoldSpec>),
    /// Features of entities at `t`.
    Features,
}

/// The truth, and up to where events have been let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub truth: Truth,
    pub cut_us: Option<i64>,
}

impl Now {
    /// The greatest arrival that a source's rows may have to be visible: `None` where nothing waits.
    pub fn visible_until(&self, source: &Source) -> Option<i128> {
        let delay_us = self.truth.delay_us(source.delay_us)?;
        let cut_us = self.cut_us.map_or(i128::MIN, i128::from);
        Some(cut_us.saturating_sub(i128::from(delay_us)))
    }
}

/// How an operator answers a service.
#[derive(Debug)]
pub(crate) enum Ask {
    Log(LogAsk),
    Finish,
}

/// One row per question.
#[derive(Debug)]
pub(crate) enum Answer {
    Slots(LogAnswers),
    Features(Vec<(Column, Vec<Status>)>),
    Nothing,
}
