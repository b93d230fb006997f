//! Accepted rows that a view rejects: those that `at` moves to where no event may be, and those without a readable key.
//!
//! | reason | the row |
//! |---|---|
//! | `at_before_time` | its event time lies before the source's: an event cannot count before it happens |
//! | `at_too_far` | its event time lies later than the source's by more than the bound of `at` |
//! | `key_error` | a key column is an error, and none is null: no entity could carry the error |

use crate::column::{Column, Data, Tag};
use crate::value::render_duration;
use featc_ir::At;
use featc_ir::plan::RowSpec;

/// Why a view rejects an accepted row. The row may count for another view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ViewReason {
    /// The event time of the transform lies before the source's.
    AtBeforeTime,
    /// It lies later than the source's by more than the transform allows.
    AtTooFar,
    /// A key column is an error.
    KeyError,
}

impl ViewReason {
    /// All reasons, in the order in which they are asked.
    pub const ALL: [ViewReason; 3] = [ViewReason::AtBeforeTime, ViewReason::AtTooFar, ViewReason::KeyError];

    /// The word that run reports use.
    pub fn name(self) -> &'static str {
        match self {
            ViewReason::AtBeforeTime => "at_before_time",
            ViewReason::AtTooFar => "at_too_far",
            ViewReason::KeyError => "key_error",
        }
    }
}

/// An accepted row that a view rejects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewRejected {
    /// Its row in the batch that was applied.
    pub row: u32,
    pub reason: ViewReason,
    /// How far the event time lies from the source's, in microseconds; of a key its [`Tag`].
    measure: u64,
}

impl ViewRejected {
    pub(super) fn key(row: u32, tag: u8) -> ViewRejected {
        ViewRejected {
            row,
            reason: ViewReason::KeyError,
            measure: u64::from(tag),
        }
    }

    /// The reason in words, with the numbers of this row; `spec` is what was applied.
    pub fn detail(&self, spec: &RowSpec) -> String {
        let name = &spec.name;
        let length = |us: u64| render_duration(i64::try_from(us).unwrap_or(i64::MAX));
        match self.reason {
            ViewReason::AtBeforeTime => format!(
                "`at` of transform {name} lies {} before its event time",
                length(self.measure)
            ),
            ViewReason::AtTooFar => {
                let bound = spec.at.and_then(|at| at.within_us).unwrap_or(u64::MAX);
                format!(
                    "`at` of transform {name} lies {} after its event time; at most {} is accepted",
                    length(self.measure),
                    length(bound)
                )
            }
            ViewReason::KeyError => {
                let code = u8::try_from(self.measure).ok().and_then(Tag::as_error);
                let code = code.map_or_else(String::new, |code| format!(" ({})", code.name()));
                format!("a key column of transform {name} is an error{code}")
            }
        }
    }
}

/// Whether a view with this spec can reject rows of a source with `width` columns: those hold no errors.
pub fn can_reject(spec: &RowSpec, width: usize) -> bool {
    spec.at.is_some() || spec.key.iter().any(|id| id.index() >= width)
}

/// What is wrong with an event time.
#[inline]
pub(super) fn misplaced(at: At, row: u32, source_us: i64, time_us: i64) -> Option<ViewRejected> {
    let measure = time_us.abs_diff(source_us);
    let reason = if time_us < source_us {
        ViewReason::AtBeforeTime
    } else if at.within_us.is_some_and(|within_us| measure > within_us) {
        ViewReason::AtTooFar
    } else {
        return None;
    };
    Some(ViewRejected { row, reason, measure })
}

/// Whether every event time is in its place; of nulls nothing is asked.
pub(super) fn all_in_place(at: At, source: &[i64], times: &[i64]) -> bool {
    let within_us = at.within_us.unwrap_or(u64::MAX);
    let pairs = source.iter().zip(times);
    // No branch: nearly always it holds.
    pairs.fold(true, |all, (source, time)| {
        all & (time >= source) & (time.abs_diff(*source) <= within_us)
    })
}

/// Sets errors of an event time to the source's time. Gives the tags that they had, if there were any.
pub(super) fn fall_back(source: &[i64], time: &mut Column) -> Option<Vec<u8>> {
    let tags = time.tags.as_mut()?;
    if tags.iter().all(|tag| *tag <= Tag::NULL) {
        return None;
    }
    let errors = tags.clone();
    if let Data::I64(times) = &mut time.data {
        for ((time, tag), source) in times.iter_mut().zip(tags.iter_mut()).zip(source) {
            if *tag > Tag::NULL {
                (*time, *tag) = (*source, Tag::VALID);
            }
        }
    }
    Some(errors)
}
