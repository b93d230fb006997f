//! Durable online state: the streaming engine with a log, checkpoints, a clock and threads.
//!
//! ```text
//! push ─▶ queue ─▶ writer: stamp, log, fsync, stage ─▶ shards ─▶ lander: acknowledge        (groups)
//! ask  ─▶ shards of its entities: let in up to the cut, read ─▶ answer, with its cuts ─▶ served log
//! feed ─▶ as push, with the position that the rows were read up to: one record of the log
//! checkpoint ─▶ folder ─▶ backup: a folder of objects, from which another machine goes on
//! ```
//!
//! [`Runtime`] has one log and one folder, and its entities in shards, each an engine behind a lock of its own. Questions hold
//! the shards of their entities; the taking in of rows that are durable already, the snapshot of a checkpoint (both part by part),
//! the release of events and the sizes hold shards too, but no writing. What [`Runtime::cuts`], [`Runtime::stats`] and
//! [`Runtime::failure`] tell is known without them.
//!
//! Architecture invariants:
//! - DURABLE-FIRST: a push is acknowledged when its rows are on disk, and its rows are in their shards by then.
//! - NO-CUT-BACK: no answer has a cut before that of an earlier one, across restarts and clocks that go back.
//! - NEVER-WRONG: a state of which a part is missing or changed is refused; see [`StateError`].

#![warn(missing_docs)]

mod archive;
mod aside;
mod backup;
mod checkpoints;
mod clearing;
mod clock;
mod compact;
mod core;
mod counters;
mod disk;
mod entities;
mod entity_files;
mod error;
mod feed;
mod fill;
mod first_rejects;
mod gate;
mod group;
mod inspect;
mod ipc;
mod lander;
mod locks;
mod log;
mod manifest;
mod mark;
mod numbered;
mod opening;
mod owner;
mod positions;
mod progress;
mod published;
mod pushed;
mod reads;
mod recovery;
mod refusals;
mod replayed;
mod runtime;
mod sealed;
mod sender;
mod served;
mod shard;
mod shared;
mod store;
mod workers;
mod writer;

#[cfg(test)]
mod tests;

pub use archive::Fingerprints;
pub use backup::{Backup, Objects};
pub use clock::{Clock, SetClock, SystemClock};
pub use compact::{Compacted, compact};
pub use counters::{BUCKETS_US, Counters, Counts, Histogram, LATENESS_S, Lateness, LatenessOf};
pub use disk::{Append, Disk, Folder};
pub use error::{Refused, StateError};
pub use feed::Feed;
pub use fill::{Fill, Filled};
pub use first_rejects::FirstReject;
pub use gate::Gated;
pub use group::Then;
pub use inspect::{Found, Verified, has_state, inspect, verify};
pub use opening::Opened;
pub use positions::{Positions, Reading};
pub use progress::{Problem, Progress, Unread};
pub use pushed::pushed;
pub use runtime::{Answer, Question, Runtime};
pub use sender::{Ended, Sender};
pub use shared::{Options, Pushed};
