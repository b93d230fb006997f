//! Delta tables: which files a version has, and writing a result as one commit.

mod action;
mod check;
mod checkpoint;
mod commit;
mod durable;
mod files;
mod log;
mod read;
mod schema;
mod stats;
mod table;
mod target;
mod write;

pub(crate) use durable::Durable;
pub(crate) use read::{Tables, versioned};
pub use target::{DeltaTarget, Mode};
pub use write::{Committed, DeltaWriter};
