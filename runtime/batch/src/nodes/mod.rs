//! The physical nodes.
//!
//! ```text
//! EventsExec (read, accept, steps, key, lifts; by entity, in order) ┐
//! SpineExec (numbers entities) ────────────────────────────────────┴ PointInTimeExec ─ FinishExec ┐
//! SpineExec (the same) ────────────────────────────────────────────────────────────── AssembleExec ┴▶
//! ```
//!
//! Where a service has features of its own, a DeriveExec computes them of what AssembleExec puts together.
//!
//! Each executes its inputs by the contract of `ExecutionPlan` and nothing else: what it needs of their distribution and
//! order it declares, and [`crate::check`] looks whether it is there. No arithmetic, comparison or aggregate of DataFusion
//! ever computes a feature.

mod answer;
mod assemble;
mod assembly;
mod block;
mod choices;
mod chunks;
mod common;
mod current;
mod derive;
mod edges;
mod events;
mod finish;
mod in_order;
mod pace;
mod panes;
mod point_in_time;
mod questions;
mod spec;
mod spine;

pub(crate) use assemble::{AssembleExec, OutputColumn};
pub(crate) use common::size;
pub(crate) use derive::{DeriveExec, DeriveSpec, DerivedColumn};
pub(crate) use events::EventsExec;
pub(crate) use finish::FinishExec;
pub(crate) use point_in_time::PointInTimeExec;
pub(crate) use spec::PointInTime;
pub(crate) use spine::{SpineExec, SpineSpec, Spool};
