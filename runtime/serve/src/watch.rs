//! A thread that looks at the runtime now and then, and tells the log what has changed.

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
    checkpoint_failure: Option<String>,
    refusal: Option<String>,
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
        let failure = runtime.checkpoint_failure();
        if failure != self.checkpoint_failure {
            if let Some(why) = &failure {
                server.log.tell("checkpoint_failed", [("why", json!(why))]);
            }
            self.checkpoint_failure = failure;
        }
        let refusal = runtime.refusal();
        if refusal != self.refusal {
            match &refusal {
                Some(why) => server.log.tell("refused", [("why", json!(why))]),
                None => server.log.tell("written_again", []),
            }
            self.refusal = refusal;
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
        if end.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
            told.tell(server);
            return;
        }
    }
}
