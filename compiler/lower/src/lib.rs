//! Typed program to plans: [`lower_batch`] and [`lower_stream`].
//!
//! ```text
//! Service ─ service ─▶ groups (views of one transform and key) ─ choose ─┬─▶ Pipeline … ─▶ BatchPlan
//!           group                                    methods, reach,     └─▶ Log, Answer … ─▶ StreamGraph
//!                                                    columns, retention, parts, walks
//! ```
//!
//! Architecture invariant: total functions over well-formed programs; no diagnostics, no engines. Every choice that does not
//! depend on data is made here and stands in the plan.

mod batch;
mod choose;
mod group;
mod service;
mod stream;

pub use batch::{lower_batch, pipeline};
pub use stream::{lower_stream, operators, read};
