//! Well-formedness: of programs, which every later phase relies on (a violation is a bug of the phase before), and of
//! plans, which engines rely on when they run one that was read from a file.
//!
//! # Contract of the check of plans
//! - **Complete**: every plan that the lowering makes of a well-formed program is accepted (tested on all programs of
//!   the suites).
//! - **Sufficient**: no engine panics on a plan that is accepted (tested: random edits of builds).

mod batch;
mod fold;
mod program;
mod rows;
mod service;
mod stream;

pub use program::check;

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

/// What is wrong, in words.
pub type Wrong = String;

fn ensure(holds: bool, what: impl FnOnce() -> Wrong) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Whether no name occurs twice, and none is empty.
fn are_names<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = BTreeSet::new();
    names.into_iter().all(|name| !name.is_empty() && seen.insert(name))
}

fn are_different<T: Eq + Hash>(items: &[T]) -> bool {
    let seen: HashSet<&T> = items.iter().collect();
    seen.len() == items.len()
}

/// A length of time that the compiler can write.
fn is_span(us: u64) -> bool {
    i64::try_from(us).is_ok()
}
