//! Locks that are taken whatever became of who held them.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of what is whole at any instant.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
