//! The operators of a stream graph, one per file.
//!
//! ```text
//! Source ──▶ Accept ──▶ Rows ──▶ Log ───────────────────▶ Finish
//! rows       on time?   keyed,   waiting until the cut,   features
//!                       lifted   then in pages: state
//! ```
//!
//! Each implements [`Operator`](crate::operator::Operator); what it may read is decided where it is made.

pub(crate) mod accept;
pub(crate) mod finish;
pub(crate) mod log;
pub(crate) mod rows;
pub(crate) mod source;
