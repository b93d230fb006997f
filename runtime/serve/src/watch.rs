//! A thread that looks at the engine now and then, publishes what it sees, and tells the log what has changed.

use crate::shared::Server;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(200);

/// What the log was told of.
#[derive(Default)]
struct Told {
    checkpoints: u64,
    failure: Option<String>,
}

impl Told {
    /// Tells what has changed.
    fn tell(&mut self, server: &Server) {
        let runtime = &server.runtime;
        let checkpoints = runtime.counters().checkpoints.load(Ordering::Relaxed);
        if checkpoints > self.checkpoints {
            server.log.tell("checkpoint", [("checkpoints", json!(checkpoints))]);
            self.checkpoints = checkpoints;
        }
        let failure = runtime.failure();
        if failure != self.failure {
            if let Some(why) = &failure {
                server.log.tell("failed", [("why", json!(why))]);
            }
            self.failure = failure;
        }
    }
}

/// Looks until `end` is dropped.
pub fn watch(server: &Server, end: &Receiver<()>) {
    let mut told = Told::default();
    loop {
        told.tell(server);
        server.seen.look(&server.runtime);
        if end.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
            told.tell(server);
            return;
        }
    }
}
