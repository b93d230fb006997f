//! How far the cut lies behind the instant: what `ttl` is compared with.

use crate::column::{Column, Tag};
use featc_ir::plan::FinishSpec;
use featc_ir::{Status, Truth};

/// How many microseconds the cut of a source lies behind the instants of questions.
#[derive(Debug, Clone, Copy)]
pub enum Lag<'a> {
    /// The same for all; `None` where arrival plays no role.
    All(Option<u64>),
    /// Of each question: 0 where the cut is not behind, `u64::MAX` where there is none.
    Each(&'a [u64]),
}

/// How far a cut lies behind an instant, as [`Lag::Each`] has it.
pub fn lag_us(at_us: i64, cut_us: Option<i64>) -> u64 {
    let lag = |cut_us| u64::try_from(i128::from(at_us) - i128::from(cut_us));
    cut_us.map_or(u64::MAX, |cut_us| lag(cut_us).unwrap_or(0))
}

impl Lag<'_> {
    /// That of a truth in which the cut is a function of the instant.
    pub fn of(spec: &FinishSpec, truth: Truth) -> Lag<'static> {
        Lag::All(truth.delay_us(spec.source_delay_us))
    }

    /// Whether all answers are stale.
    pub(super) fn exceeds(self, ttl_us: Option<u64>) -> bool {
        match (self, ttl_us) {
            (Lag::All(Some(lag_us)), Some(ttl_us)) => lag_us > ttl_us,
            (Lag::All(_) | Lag::Each(_), _) => false,
        }
    }

    /// Which answers are stale, where some of them are and others may not be.
    pub(super) fn stale(self, ttl_us: Option<u64>) -> Option<Vec<bool>> {
        let (Lag::Each(lags_us), Some(ttl_us)) = (self, ttl_us) else {
            return None;
        };
        let stale: Vec<bool> = lags_us.iter().map(|lag_us| *lag_us > ttl_us).collect();
        stale.contains(&true).then_some(stale)
    }
}

/// Makes the answers that are stale null, whatever they were.
pub(super) fn apply(stale: &[bool], values: &mut Column, statuses: Option<&mut Vec<Status>>) {
    let tags = values.tags.get_or_insert_with(|| vec![Tag::VALID; stale.len()]);
    for (tag, _) in tags.iter_mut().zip(stale).filter(|(_, stale)| **stale) {
        *tag = Tag::NULL;
    }
    let statuses = statuses.into_iter().flatten().zip(stale);
    for (status, _) in statuses.filter(|(_, stale)| **stale) {
        *status = Status::Stale;
    }
}
