//! Work on a thread of its own: without the interpreter's lock, interrupted by signals, with progress.

use crate::errors::exception;
use featc::progress::Listener;
use featr::panic_text;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::cell::Cell;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often signals are looked at, and progress is told.
pub const PAUSE: Duration = Duration::from_millis(50);

/// A phase, steps done, steps in all.
type Step = (&'static str, u64, u64);

/// What a run and the thread that waits for it share.
#[derive(Default)]
pub struct Watch {
    /// Set when the run should end.
    pub interrupt: Arc<AtomicBool>,
    step: Arc<Mutex<Option<Step>>>,
    done: Mutex<bool>,
    ended: Condvar,
}

impl Watch {
    /// Who is told of progress.
    pub fn listener(&self) -> Listener {
        let step = self.step.clone();
        Listener(Arc::new(move |phase, done, of| {
            *step.lock().unwrap_or_else(PoisonError::into_inner) = Some((phase, done, of));
        }))
    }

    /// Waits a little; whether the run has ended.
    fn wait(&self) -> bool {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.ended.wait_timeout_while(done, PAUSE, |done| !*done);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn end(&self) {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.notify_all();
    }

    fn tell(&self, progress: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let step = self.step.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (progress, step) {
            (Some(progress), Some(step)) => progress.call1(step).map(|_| ()),
            _ => Ok(()),
        }
    }
}

/// Does some work while other threads of Python run. `progress` is called with the phase, steps done and steps in all.
///
/// # Errors
/// What a signal or `progress` raised, once the work has ended; `featc.Bug` for a panic.
pub fn detached<T: Send>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Watch) -> T + Send,
) -> PyResult<T> {
    let watch = Watch::default();
    let shared = &watch;
    let mut raised = None;
    let ended = std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(shared)));
            shared.end();
            outcome
        });
        while !py.detach(|| shared.wait()) {
            if raised.is_none()
                && let Err(error) = py.check_signals().and_then(|()| shared.tell(progress))
            {
                shared.interrupt.store(true, Ordering::Relaxed);
                raised = Some(error);
            }
        }
        worker.join().unwrap_or_else(Err)
    });
    match (raised, ended) {
        (Some(error), _) => Err(error),
        (None, Ok(outcome)) => Ok(outcome),
        (None, Err(panic)) => Err(exception(py, "bug", (panic_text(&*panic),))),
    }
}

thread_local! {
    static FOREIGN: Cell<bool> = const { Cell::new(false) };
}

/// Does work with what others made: that it panics is their fault, and not a broken promise of ours; nothing is printed.
///
/// # Errors
/// `TypeError` with the words of the panic.
pub fn foreign<T>(work: impl FnOnce() -> T) -> PyResult<T> {
    let outer = FOREIGN.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    FOREIGN.set(outer);
    outcome.map_err(|panic| PyTypeError::new_err(format!("it is broken: {}", panic_text(&*panic))))
}

/// Lets nothing be printed of panics that are told otherwise.
pub fn keep_silent_about_what_is_caught() {
    featc::keep_silent_about_what_is_caught();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !FOREIGN.get() {
            before(info);
        }
    }));
}

/// Does some work on the caller's thread.
///
/// # Errors
/// `featc.Bug` for a panic.
pub fn caught<T>(py: Python<'_>, work: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| exception(py, "bug", (panic_text(&*panic),)))
}

/// Runs a command line, prints what it tells, and gives the exit code. `itself` are the words that start one like it.
#[pyfunction]
pub fn command_line(py: Python<'_>, words: Vec<OsString>, itself: Vec<OsString>) -> PyResult<u8> {
    caught(py, || py.detach(|| featc::command_line(&words, itself, |_| {})))
}

/// Panics, as nothing should, in work of either kind: what becomes of that is tested with it.
#[pyfunction]
pub fn _panic(py: Python<'_>, why: String, is_detached: bool) -> PyResult<()> {
    match is_detached {
        true => detached(py, None, |_| panic!("{why}")),
        false => caught(py, || panic!("{why}")),
    }
}
