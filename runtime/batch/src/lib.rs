//! The batch engine on DataFusion: training sets, and features in any DataFusion session.
//!
//! ```text
//! BatchPlan ── table: scan ──▶ nodes (spine, events, point in time, finish, assemble) ── optimisers, check ──▶ Arrow
//! ```
//!
//! [`run`] answers the questions of a spine: its output has the spine's own columns, untouched and in order, then a
//! column per field of the service (and, on request, its status). DataFusion plans, schedules and counts memory; every
//! decision about values is made by the kernels.
//!
//! * [`run`] blocks, and owns its threads; [`Run`] does the same batch by batch.
//! * [`explain`] prints the plans, [`Rows::measured`] what they did.
//! * [`features`] is a table for a session that is not ours, over a spine that is a query there.
//!
//! Invariant SAME-BITS: the output does not depend on threads, partitions, batch sizes or the order of files' rows.
//!
//! Architecture invariant: the only crate that names DataFusion.

mod check;
mod codec;
mod derived;
mod entities;
mod error;
mod filter;
mod fuse;
mod id_column;
mod inputs;
mod locks;
mod measure;
mod nodes;
mod plan;
mod report;
mod run;
mod schema;
mod session;
mod silent;
mod sort;
mod source;
mod spill;
mod spine;
mod table;
#[cfg(test)]
mod tests;
mod wire;

pub use codec::NodeCodec;
pub use datafusion;
pub use error::BatchError;
pub use fuse::FuseScans;
pub use inputs::{Files, Inputs, Progress, ProgressSink, RejectedRow, RejectedRows};
pub use report::{EXAMPLES_MAX, RunReport, Silence, SilentFeature, SourceReport, ViewReport};
pub use run::{Explained, Output, Rows, Run, explain, run};
pub use session::{Query, features};
pub use spine::SpineData;
