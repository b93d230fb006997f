//! Libraries that decode files, kept from taking the process down.

use crate::error::DecodeError;
use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use std::any::Any;
use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An error of a library.
pub trait Failure: Display {
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

/// The words of a panic.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in a step of a library whose panic becomes [`DecodeError::Corrupt`]: the panic hook of a program
/// may keep silent about it. This crate sets no hook.
pub fn panic_is_caught() -> bool {
    GUARDED.get()
}

/// Runs a step of a library; its errors, and its panics on broken files, become `Corrupt`.
///
/// # Errors
/// Those; what reading itself met stays what it was.
pub fn guarded<T, E: Failure>(file: &str, step: impl FnOnce() -> Result<T, E>) -> Result<T, DecodeError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{set_hook, take_hook};
    use std::sync::Mutex;

    #[test]
    fn a_hook_of_the_program_stays_and_hears_of_what_is_caught() {
        let mine = std::thread::current().id();
        let heard = std::sync::Arc::new(Mutex::new(Vec::new()));
        let (told, before) = (heard.clone(), take_hook());
        set_hook(Box::new(move |info| match std::thread::current().id() == mine {
            true => told.lock().unwrap().push(panic_is_caught()),
            false => before(info),
        }));
        let broken = || guarded::<(), String>("f", || panic!("a library gives up")).unwrap_err();
        assert_eq!(
            broken().to_string(),
            "f is corrupt or of another format: its content contradicts itself"
        );
        broken();
        assert!(std::panic::catch_unwind(|| panic!("of another's")).is_err());
        drop(take_hook());
        assert_eq!(*heard.lock().unwrap(), [true, true, false]);
    }
}
