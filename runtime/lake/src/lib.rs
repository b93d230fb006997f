//! Where files lie: this machine, object stores, Delta tables.
//!
//! ```text
//! address ── Place ──┬▶ local path ──▶ featr_decode::LocalStore
//!                    └▶ s3://bucket/key ──▶ object: ranged gets, listings, multipart uploads
//! FileSet of format delta ── delta::read ──▶ files of one version, with their partition values
//! rows ── DeltaWriter ──▶ Parquet files ──▶ one commit
//! ```
//!
//! * [`LakeStore`] is the [`featr_decode::Store`] of the command line: whatever a program or `--source` may name.
//! * [`LakeStore::write_object`] puts a result into an object store; [`LakeStore::delta`] begins one into a Delta table.
//! * Credentials, region and endpoint of object stores come from the usual variables: `AWS_ACCESS_KEY_ID`,
//!   `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ALLOW_HTTP`, …
//!
//! Invariant ALL-OR-NOTHING: an object appears when its upload is completed, and a table changes by one commit; whatever
//! fails before leaves the old state. Files of ours that no commit names are removed.
//!
//! The calls block. Requests run on threads of this crate's own, so that every caller may be a worker of any runtime.

mod address;
mod delta;
mod folder;
#[cfg(unix)]
mod limit;
mod object;
mod place;
mod problem;
mod requests;
mod store;
mod upload;

#[cfg(test)]
mod tests;

pub use address::is_address;
pub use delta::{Committed, DeltaTarget, DeltaWriter, Mode};
pub use folder::ObjectFolder;
#[cfg(unix)]
pub use limit::file_size_is_an_error;
pub use store::LakeStore;
