//! What changes about a server, as lines of JSON on standard error.

use featc_ir::display::instant;
use featr_online::{Clock as _, SystemClock};
use serde_json::{Map, Value};
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Where lines go.
pub struct Log(Mutex<Box<dyn Write + Send>>);

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").finish_non_exhaustive()
    }
}

impl Log {
    pub fn new(target: impl Write + Send + 'static) -> Log {
        Log(Mutex::new(Box::new(target)))
    }

    /// One that goes to standard error.
    pub fn stderr() -> Log {
        Log::new(std::io::stderr())
    }

    /// Writes a line: the instant, the word of the event, and what there is to say about it.
    pub fn tell<const N: usize>(&self, event: &str, about: [(&str, Value); N]) {
        let mut line: Map<String, Value> = about
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        line.insert("time".to_owned(), instant(SystemClock.now_us()).into());
        line.insert("event".to_owned(), event.into());
        let line = format!("{}\n", Value::Object(line));
        let mut target = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who reads no log has none.
        let _ = target.write_all(line.as_bytes()).and_then(|()| target.flush());
    }
}
