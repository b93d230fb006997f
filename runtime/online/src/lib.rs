//! Durable online state: the streaming engine with a log, checkpoints, a clock and threads.
//!
//! ```text
//! push ─▶ queue ─▶ writer: stamp, log, fsync ─▶ engine ─▶ acknowledge        (one thread, groups)
//! ask  ─▶ engine: let in up to the cut, read ─▶ answer, with its cuts ─▶ served log
//! ```
//!
//! [`Runtime`] is one shard: one engine, one log, one folder. The engine is behind a lock; what is held with it are reads and
//! the taking in of rows that are durable already.
//!
//! Architecture invariants:
//! - DURABLE-FIRST: a push is acknowledged when its rows are on disk, and its rows are in the engine by then.
//! - NO-CUT-BACK: no answer has a cut before that of an earlier one, across restarts and clocks that go back.
//! - NEVER-WRONG: a state of which a part is missing or changed is refused; see [`StateError`].

mod aside;
mod clock;
mod core;
mod counters;
mod disk;
mod error;
mod ipc;
mod log;
mod manifest;
mod mark;
mod recovery;
mod replayed;
mod runtime;
mod served;
mod shared;
mod store;
mod writer;

#[cfg(test)]
mod tests;

pub use clock::{Clock, SetClock, SystemClock};
pub use counters::{BUCKETS_US, Counters, Counts, Histogram};
pub use disk::{Append, Disk, Folder};
pub use error::{Refused, StateError};
pub use runtime::{Answer, Opened, Question, Runtime};
pub use shared::{Options, Pushed};
pub use writer::Then;
