//! A count of steps of work, so that tests can say how work grows with the size of a program. Nothing depends on it.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Counts steps that grow with the size of something.
pub fn add(steps: usize) {
    STEPS.with(|counted| counted.set(counted.get().wrapping_add(steps as u64)));
}

/// The steps that this thread has counted.
pub fn steps() -> u64 {
    STEPS.with(Cell::get)
}
