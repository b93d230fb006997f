//! A thread that looks at the runtime now and then, and tells the log what has changed.

use crate::shared::Server;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(200);

/// What to do about rows that were read and refused, where nothing better is known.
const KEPT: &str = "such rows do not count: they are kept in `aside/` of the state, and counted by reason in \
                    `featc_rows_rejected_total`; mend what writes them, and write them again";

/// What the log was told of.
#[derive(Default)]
struct Told {
    checkpoints: u64,
    checkpoint_failure: Option<String>,
    refusal: Option<String>,
    failure: Option<String>,
    /// Sources of which nothing more can come.
    ended: BTreeSet<String>,
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
        for problem in runtime.take_problems() {
            let about = [
                ("source", json!(problem.source)),
                ("code", json!(problem.code)),
                ("from", json!(problem.from)),
                ("why", json!(problem.why)),
                ("help", json!(problem.help)),
            ];
            server.log.tell("source_problem", about);
        }
        for reject in runtime.take_first_rejects() {
            let about = [
                ("source", json!(reject.source)),
                ("from", json!(reject.from)),
                ("place", json!(reject.place)),
                ("reason", json!(reject.reason)),
                ("why", json!(reject.detail)),
                ("help", json!(reject.help.as_deref().unwrap_or(KEPT))),
            ];
            server.log.tell("rows_rejected", about);
        }
        for (source, progress) in runtime.progress() {
            if progress.has_ended && self.ended.insert(source.clone()) {
                server.log.tell("source_ended", [("source", json!(source))]);
            }
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
