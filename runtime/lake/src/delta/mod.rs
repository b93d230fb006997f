//! Delta tables: which files a version has, and writing a result as one commit.

mod check;
mod durable;
mod files;
mod read;
mod schema;
mod stats;
mod table;
mod write;

pub(crate) use read::{Tables, versioned};
pub use write::{Committed, DeltaTarget, DeltaWriter, Mode};
