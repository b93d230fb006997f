//! Libraries that decode files, kept from taking the process down.

use crate::error::DecodeError;
use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a step of a library; its errors, and its panics on broken files, become `Corrupt`.
///
/// The library does panic on some broken files. Such a panic is a finding about the file, so the process's panic hook
/// is wrapped, once, to keep silent about it; all other panics reach the hook that was there before.
pub(crate) fn guarded<T, E: Display>(file: &str, step: impl FnOnce() -> Result<T, E>) -> Result<T, DecodeError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(step));
    GUARDED.set(outer);
    let why = match outcome {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its content contradicts itself".to_owned(),
    };
    let why = why.strip_prefix("Parquet error: ").unwrap_or(&why).to_owned();
    Err(DecodeError::Corrupt {
        file: file.to_owned(),
        why,
    })
}
