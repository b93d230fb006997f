//! How cells decode beyond their types, and why one does not.

use crate::detail::Wrong;
use crate::text;
use crate::zone::Zone;
use featr_kernels::calendar::{FIRST_US, LAST_US};

/// A day in microseconds.
pub(crate) const DAY_US: i64 = 86_400_000_000;

/// How the cells of a source decode, beyond their types.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub zone: Option<Zone>,
    pub keep_nan: bool,
    /// Whether a date stands for its first instant, and a fraction that is a whole number for that: in questions.
    pub loose: bool,
}

/// Why a cell did not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadCell {
    Bad(Wrong),
    /// A timestamp without offset where no zone is declared: the mistake of a whole file.
    Naive,
}

impl From<Wrong> for BadCell {
    fn from(wrong: Wrong) -> Self {
        BadCell::Bad(wrong)
    }
}

/// An instant from what was written.
pub(crate) fn instant(written: text::Written, zone: Option<Zone>) -> Result<i64, BadCell> {
    let us = match (written.offset_s, zone) {
        (Some(offset_s), _) => written.local_us - offset_s * 1_000_000,
        (None, Some(zone)) => zone
            .instant(written.local_us)
            .ok_or(BadCell::Bad(Wrong::NeverOccurred))?,
        (None, None) => return Err(BadCell::Naive),
    };
    match (FIRST_US..=LAST_US).contains(&us) {
        true => Ok(us),
        false => Err(BadCell::Bad(Wrong::BeyondYears)),
    }
}

/// The first instant of a day.
pub(crate) fn start_of(zone: Zone, day: i64) -> Result<i64, Wrong> {
    let local = day.checked_mul(DAY_US).ok_or(Wrong::BeyondYears)?;
    within(i128::from(local))?;
    within(i128::from(zone.start_of(local).ok_or(Wrong::NeverOccurred)?))
}

/// An instant of the years 1 to 9999.
pub(crate) fn within(us: i128) -> Result<i64, Wrong> {
    let us = i64::try_from(us).map_err(|_| Wrong::BeyondYears)?;
    (FIRST_US..=LAST_US)
        .contains(&us)
        .then_some(us)
        .ok_or(Wrong::BeyondYears)
}
