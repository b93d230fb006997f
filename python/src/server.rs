//! A server in this process, on a thread of its own.

use crate::errors::exception;
use crate::outcome::Outcome;
use crate::work::PAUSE;
use featc::args::ServeArgs;
use featc::caller::Caller;
use featc::report::{Refused, Reporter};
use featc::serve::{End, begin};
use pyo3::prelude::*;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A server. When the object goes it is told to end, and nobody waits for that.
#[pyclass(frozen, module = "featc._featc")]
pub struct Server {
    shared: Arc<Shared>,
}

/// What the server and those who wait for it share.
#[derive(Default)]
struct Shared {
    end: Arc<AtomicBool>,
    stage: Mutex<Stage>,
    changed: Condvar,
}

/// How far it is.
#[derive(Default)]
struct Stage {
    /// What it told when it took requests: for people, and as JSON.
    serving: Option<(String, String)>,
    /// What became of it, or the words of a panic, for the first who asks.
    outcome: Option<Result<Outcome, String>>,
    has_ended: bool,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Shared {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, command: impl FnOnce(&Reporter) -> Result<ServeArgs, Refused>) -> Outcome {
        let reporter = Reporter::keeping(Caller::Python, None);
        let serve = || {
            let args = command(&reporter)?;
            let ready = begin(&args, End::Flag(self.end.clone()), &reporter)?;
            let (text, value) = ready.told();
            let tell = || {
                self.stage().serving = Some((text, value.to_string()));
                self.changed.notify_all();
            };
            ready.run(tell, &reporter)
        };
        let refused = serve().is_err();
        Outcome::of(reporter.into_kept(), refused)
    }

    /// Waits, while other threads of Python run. A signal tells the server to end, and is raised once it has.
    fn wait(&self, py: Python<'_>, is_far_enough: fn(&Stage) -> bool) -> PyResult<()> {
        let mut raised = None;
        loop {
            let asks = raised.is_none();
            let is_done = py.detach(|| {
                let waits = |stage: &mut Stage| !stage.has_ended && !(asks && is_far_enough(stage));
                let waited = self.changed.wait_timeout_while(self.stage(), PAUSE, waits);
                !waits(&mut waited.unwrap_or_else(PoisonError::into_inner).0)
            });
            if is_done {
                return raised.map_or(Ok(()), Err);
            }
            if asks && let Err(error) = py.check_signals() {
                self.end.store(true, Ordering::Relaxed);
                raised = Some(error);
            }
        }
    }
}

impl Server {
    /// Starts one on a thread; `command` gives its arguments.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(command: impl FnOnce(&Reporter) -> Result<ServeArgs, Refused> + Send + 'static) -> PyResult<Server> {
        let shared = Arc::new(Shared::default());
        let own = shared.clone();
        let work = move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| own.serve(command)));
            let mut stage = own.stage();
            stage.outcome = Some(outcome.map_err(|panic| featr::panic_text(&*panic)));
            stage.has_ended = true;
            own.changed.notify_all();
        };
        let thread = std::thread::Builder::new().name("featc-serve".to_owned());
        thread.spawn(work)?;
        Ok(Server { shared })
    }
}

#[pymethods]
impl Server {
    /// Waits until it takes requests, and gives what it told: for people, and as JSON. `None` of one that ended before.
    fn serving(&self, py: Python<'_>) -> PyResult<Option<(String, String)>> {
        self.shared.wait(py, |stage| stage.serving.is_some())?;
        Ok(self.shared.stage().serving.clone())
    }

    /// Tells it to end.
    fn stop(&self) {
        self.shared.end.store(true, Ordering::Relaxed);
    }

    /// Waits until it has ended, and gives what became of it to the first who asks.
    fn wait(&self, py: Python<'_>) -> PyResult<Option<Outcome>> {
        self.shared.wait(py, |stage| stage.has_ended)?;
        let outcome = self.shared.stage().outcome.take().transpose();
        outcome.map_err(|why| exception(py, "bug", (why,)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
