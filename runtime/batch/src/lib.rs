//! The batch engine on DataFusion: training sets.
//!
//! ```text
//! BatchPlan ── logical::walk ──▶ LogicalPlan of extension nodes ── exec::Planner ──▶ ExecutionPlan ──▶ Arrow
//! ```
//!
//! [`run`] answers the questions of a spine: its output has the spine's own columns, untouched and in order, then a
//! column per field of the service (and, on request, its status). DataFusion plans, schedules and counts memory; events are
//! regrouped by our own shelves, and every decision about values is made by the kernels.
//!
//! * [`run`] blocks, and owns its threads; [`Run`] does the same batch by batch; [`run_async`] runs on the caller's executor.
//! * [`explain`] prints the plans, [`Rows::measured`] what they did.
//!
//! Invariant SAME-BITS: the output does not depend on threads, partitions, batch sizes or the order of files' rows.
//!
//! Architecture invariant: the only crate that names DataFusion.

mod codec;
mod entities;
mod error;
mod exec;
mod inputs;
mod logical;
mod measure;
mod packed;
mod report;
mod run;
mod scan;
mod schema;
mod shelves;
mod spine;
#[cfg(test)]
mod tests;

pub use error::BatchError;
pub use inputs::{Inputs, Progress, ProgressSink, RejectedRow, RejectedRows};
pub use report::{EXAMPLES_MAX, RunReport, SourceReport, ViewReport};
pub use run::{Explained, Output, Rows, Run, explain, run, run_async};
pub use spine::{SpineData, spine_columns};
