//! Sources that are read as they are written: standard input, files that grow and are rotated, folders in which files appear,
//! topics of Kafka.
//!
//! ```text
//! a thread per source:  splits ─▶ whole records ─▶ decode ─▶ Feed::push with the position after them ─▶ the writer
//! ```
//!
//! - One push of a source is on its way and the next one is being made: a slow disk stops the reading, and memory is bounded.
//! - Positions lie in the state, in the record of the log that has the rows. A start goes on there.
//! - A place in a file counts only while the bytes in front of it are those that were read. What was cut or replaced is told,
//!   and read from its beginning: rows that come again are copies, and count once.
//! - A record that cannot be used is kept aside by the runtime, and is counted; it stops nothing. A file of which no record can
//!   be used is told, and the others go on.
//!
//! Architecture invariant: nothing here knows what rows mean; the decoder does, and the runtime keeps them.

#![warn(missing_docs)]

mod beside;
mod cutter;
mod files;
mod input;
mod open_files;
mod place;
mod split;
mod stdin;
mod text;
mod whole;

#[cfg(test)]
mod tests;

pub use featr_kafka::{Properties, Topic, Unusable};
pub use input::{Followed, Input, Unfollowable};
pub use open_files::raise_limit;

use featr_online::{Feed, Runtime, Sender};
use files::Files;
use std::io;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The codes that readers tell problems with. Each has a page.
pub const CODES: [&str; 4] = ["E0815", "E0816", "E0818", "E9999"];

/// How often it is looked whether a reader has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Readers of sources, a thread each.
#[derive(Debug)]
pub struct Followers {
    threads: Vec<JoinHandle<()>>,
}

/// Begins to read sources into a state.
///
/// # Errors
/// The system gives no threads; a source is none of the program's.
pub fn follow(runtime: &Runtime, all: Vec<Followed>) -> io::Result<Followers> {
    let of_files = all
        .iter()
        .filter(|followed| matches!(followed.input, Input::Files { .. }));
    let open_max = open_files::of_each(of_files.count());
    follow_within(runtime, all, open_max)
}

/// As [`follow`]; of each source so many files are kept open.
fn follow_within(runtime: &Runtime, all: Vec<Followed>, open_max: usize) -> io::Result<Followers> {
    let mut threads = Vec::new();
    for followed in all {
        let feed = runtime.feed(&followed.source).map_err(io::Error::other)?;
        let thread = std::thread::Builder::new().name(format!("featr-follow-{}", followed.source));
        threads.push(thread.spawn(move || read(feed, followed.input, open_max))?);
    }
    Ok(Followers { threads })
}

/// Reads until the state is closed, or nothing more can come.
fn read(feed: Feed, input: Input, open_max: usize) {
    let _told = TellsPanic(feed.clone());
    let mut sender = Sender::new(feed);
    let _ended = match input {
        Input::StandardInput(format) => stdin::read(&mut sender, format, io::stdin()),
        Input::Files { files, base } => Files::new(&sender, files, base, open_max).read(&mut sender),
        Input::Topic { topic, properties } => return featr_kafka::read(&sender.feed, &topic, &properties),
    };
}

/// Says that a source is not read any more, if its thread panics.
struct TellsPanic(Feed);

impl Drop for TellsPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let help = "start the server again, and report it: what was read is in the state";
            self.0
                .tell("E9999", "all of it", "the thread that reads it broke off", help);
        }
    }
}

impl Followers {
    /// Waits until all of them have ended, which they do soon after the state is closed; but not for one that is still at work
    /// on a piece after this time: nothing of it can enter the state any more. What standard input still holds is left there.
    pub fn join(self, patience: Duration) {
        let begun = Instant::now();
        for thread in self.threads {
            while !thread.is_finished() && begun.elapsed() < patience {
                std::thread::sleep(LOOK);
            }
            if thread.is_finished() {
                let _ = thread.join();
            }
        }
    }
}
