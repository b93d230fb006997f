//! The operators of a stream graph, one per file.
//!
//! ```text
//! Source ──▶ Accept ──▶ Rows ──▶ Log ───────────────────▶ Finish
//! rows       on time?   keyed,   waiting until the cut,   features
//!                       lifted   then in pages: state
//! ```
//!
//! As served `Await` stands in place of `Rows` where rows look into tables with versions, which `Table` keeps.
//!
//! Each implements [`Operator`](crate::operator::Operator); what it may read is decided where it is made.

pub(crate) mod accept;
pub(crate) mod awaiting;
pub(crate) mod finish;
pub(crate) mod log;
pub(crate) mod rows;
pub(crate) mod source;
pub(crate) mod table;
