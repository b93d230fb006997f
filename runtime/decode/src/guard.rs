//! Libraries that decode files, kept from taking the process down.

use crate::error::DecodeError;
use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// An error of a library.
pub(crate) trait Failure: Display {
    /// What went wrong, if it was not the content of the file but the reading of it.
    fn of_reading(&self) -> Option<DecodeError> {
        None
    }
}

impl Failure for String {}

impl Failure for ParquetError {}

impl Failure for DecodeError {
    fn of_reading(&self) -> Option<DecodeError> {
        Some(self.clone())
    }
}

impl Failure for ArrowError {
    /// Bytes are read by ourselves, and what goes wrong then comes as an external error. The library's own errors of
    /// input are those of its decompressors, about the content.
    fn of_reading(&self) -> Option<DecodeError> {
        match self {
            ArrowError::ExternalError(error) => error.downcast_ref().cloned(),
            _ => None,
        }
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a step of a library; its errors, and its panics on broken files, become `Corrupt`.
///
/// The library does panic on some broken files. Such a panic is a finding about the file, so the process's panic hook
/// is wrapped, once, to keep silent about it; all other panics reach the hook that was there before.
pub(crate) fn guarded<T, E: Failure>(file: &str, step: impl FnOnce() -> Result<T, E>) -> Result<T, DecodeError> {
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
        Ok(Err(error)) => match error.of_reading() {
            Some(error) => return Err(error),
            None => error.to_string(),
        },
        Err(_) => "its content contradicts itself".to_owned(),
    };
    let ours = ["Parquet error: ", "Io error: "]
        .iter()
        .find_map(|who| why.strip_prefix(who));
    let why = ours.unwrap_or(&why).to_owned();
    Err(DecodeError::Corrupt {
        file: file.to_owned(),
        why,
    })
}
