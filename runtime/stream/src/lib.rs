//! The streaming engine: deterministic step and read.
//!
//! ```text
//! StreamGraph ── Engine::new ──▶ Engine ◀── step(source, rows), advance(cut) ── the world
//!                                  │
//!                                  └── read(service, questions) ──▶ values and statuses
//! ```
//!
//! The engine makes operators of those in the graph (several of the plan may be one of the engine's: docs/architecture.md has
//! the table), pushes deltas (rows with a weight, +1 or −1) from sources into logs, and pulls answers from logs into services. [`Engine::step`] takes in rows in any order, chunking and multiplicity;
//! as of arrival they wait until [`Engine::advance`] lets them into the state. `advance` also releases what no question can
//! reach any more, and nothing else does. [`Engine::read`] answers, and its answer is a function of the *set* of rows taken
//! in and of the cut. [`Engine::snapshot`] writes both down, canonically; [`Engine::restore`] takes up, log by log, what
//! another program can use, and names the rest.
//!
//! Architecture invariants:
//! - NO-CLOCK: no clock, no randomness, no threads, no I/O. Time enters only as event time, arrival and `t`.
//! - NO-ARRIVAL: the logs hold no arrival times, and no transform reads the arrival column ([`Engine::new`] refuses a
//!   graph that does). Which events a read may see is decided by what has entered them: rows with arrival + delay ≤ cut.
//! - NO-TRACE: order of arrival, page sizes and restarts reach no answer and no snapshot. (Of one event, the order of
//!   insertions and retractions counts.)

mod check;
mod delta;
mod engine;
mod graph;
mod kept;
mod log;
mod moved;
mod now;
mod operator;
mod operators;
mod paging;
mod place;
mod question;
mod report;
mod restored;
mod restoring;
mod retention;
mod shards;
mod shared;
mod snapshot;
mod stored;
mod storing;
mod waiting;

#[cfg(test)]
mod tests;

pub use delta::Weight;
pub use engine::{CutGoesBack, Engine};
pub use kept::Kept;
pub use now::Cuts;
pub use paging::Paging;
pub use question::{Questions, ReadError};
pub use report::{AdvanceReport, FeatureTrouble, LogReport, LogStats, Reason, Rejected, StepReport};
pub use restored::{LogName, Rebuild, RestoreReport, ToRebuild};
pub use restoring::Restoring;
pub use shards::{Known, Owners, Staged, StagedPart};
pub use snapshot::{RestoreError, Snapshotting, VERSION as SNAPSHOT_VERSION, check as check_snapshot};
pub use stored::{EntityStore, Record, Stored};
