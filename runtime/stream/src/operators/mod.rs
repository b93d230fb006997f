//! The operators of a stream graph, one per file.
//!
//! ```text
//! Source ──▶ Accept ──▶ Rows ──▶ (Waiting) ──▶ Log ──▶ Finish
//! rows       on time?   keyed,   until the    state   features
//!                       lifted   cut
//! ```
//!
//! Values change with `t` without any input, so the contract of what follows `Rows` is a pair: a *step* takes in what
//! was delivered, a *read* at any `t` answers from it.

pub(crate) mod accept;
pub(crate) mod finish;
pub(crate) mod log;
pub(crate) mod rows;
pub(crate) mod source;
pub(crate) mod waiting;
