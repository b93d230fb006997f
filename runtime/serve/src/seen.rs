//! What is known of the engine without asking it.
//!
//! The engine is behind a lock, which a checkpoint holds for as long as a snapshot takes. `/ready` and `/metrics` read what
//! was published, so that nobody waits for that lock who only wants to know how the server is.

use featr::{Cuts, LogStats};
use featr_online::Runtime;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What was seen of the engine.
#[derive(Debug, Default, Clone)]
pub struct Sight {
    pub cuts: Cuts,
    /// How far the clock is behind the answers that were given, in microseconds.
    pub behind_us: i64,
    pub stats: Vec<LogStats>,
    /// When it was seen; `None`: not yet.
    pub at: Option<Instant>,
}

/// What was seen last.
#[derive(Debug, Default)]
pub struct Seen(Mutex<Arc<Sight>>);

impl Seen {
    pub fn last(&self) -> Arc<Sight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the engine, and waits for it.
    pub fn look(&self, runtime: &Runtime) {
        let (cuts, behind_us) = runtime.cuts();
        let sight = Sight {
            cuts,
            behind_us,
            stats: runtime.stats(),
            at: Some(Instant::now()),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(sight);
    }
}
