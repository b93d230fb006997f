//! What an operator is.
//!
//! ```text
//!               step, advance                              read
//! delta ──▶ Source ─▶ Accept ─▶ Rows or Await ─▶ Log      Log ─▶ Finish ─▶ answer
//!           rows      accepted  events         └ state ┘  slots    features
//! delta ──▶ Source ─▶ Table
//!           rows      state
//! ```
//!
//! `Table` holds a table with versions that is looked into as served. Rows that look into one go through `Await`, which keeps
//! them as its state until the cuts have reached the instants of their lookups, and is then the transform that `Rows` is.
//!
//! Deltas are pushed from sources into whatever keeps state. Values change with `t` without any input, so what follows
//! state is pulled: a question asks its operator, which asks its inputs.

use crate::delta::Delta;
use crate::log::{LogAnswers, LogAsk};
use crate::now::{Gate, Now};
use crate::question::{Questions, ReadError};
use crate::report::{AdvanceReport, FeatureTrouble, StepReport};
use crate::snapshot::State;
use featc_ir::plan::RowSpec;
use featc_ir::{Source, Status};
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

    /// The cut has moved; gives the delta of its own output that this lets out, for what comes after it.
    fn advance(&mut self, _now: &Now, _report: &mut AdvanceReport) -> Option<Delta<'static>> {
        None
    }

    /// Answers questions as `ask` says; `inputs` are what its inputs answered.
    fn read(&self, _ask: &Ask, _asked: Asked<'_>, _inputs: Vec<Answer>) -> Result<Answer, ReadError> {
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

/// The type of what an operator hands to its readers.
#[derive(Debug, Clone)]
pub(crate) enum Port {
    /// Decoded rows of a source.
    Rows(Arc<Source>),
    /// Accepted rows of a source.
    Accepted(Arc<Source>),
    /// Keyed, lifted events of a source, made by a transform.
    Events(Gate, Arc<RowSpec>),
    /// Slots and presence of entities at `t`.
    Slots(Gate),
    /// Nothing: what it takes in is looked up.
    Rest,
    /// Features of entities at `t`.
    Features,
}

/// How an operator answers a service.
#[derive(Debug)]
pub(crate) enum Ask {
    Log(LogAsk),
    Finish,
}

/// What is asked, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub questions: &'a Questions,
    pub now: &'a Now,
    /// Whether answers that are not what was asked for are counted.
    pub counts: bool,
}

/// One row per question.
#[derive(Debug)]
pub(crate) enum Answer {
    Slots(LogAnswers),
    /// And, where it counts, of every feature how many answers are not what was asked for.
    Features(Vec<(Column, Vec<Status>)>, Vec<FeatureTrouble>),
    Nothing,
}
