//! Periods of the calendar in a zone: hours, days, ISO weeks, months, quarters and years of its clocks.
//!
//! A period begins at the first instant at which the clocks show its start, or, where they leave that out, something later.
//! Clocks that are put back do not begin it again, so that of two instants the later one never lies in an earlier period.

use crate::calendar::{Civil, DAY_US, civil_from_days, days_from_civil};
use crate::zone::Zone;
use serde::{Deserialize, Serialize};
use std::fmt;

const HOUR_US: u64 = 3_600_000_000;

/// What a calendar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Hour,
    Day,
    /// From Monday on.
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    /// Every unit, the shortest first.
    pub const ALL: [Unit; 6] = [
        Unit::Hour,
        Unit::Day,
        Unit::Week,
        Unit::Month,
        Unit::Quarter,
        Unit::Year,
    ];

    /// `day`.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
        }
    }

    /// How long the longest is, by clocks that are never put forward or back.
    pub fn longest_us(self) -> u64 {
        match self {
            Unit::Hour => HOUR_US,
            Unit::Day => 24 * HOUR_US,
            Unit::Week => 7 * 24 * HOUR_US,
            Unit::Month => 31 * 24 * HOUR_US,
            Unit::Quarter => 92 * 24 * HOUR_US,
            Unit::Year => 366 * 24 * HOUR_US,
        }
    }

    /// The number of the period in which a local time lies.
    fn number(self, local_us: i64) -> i64 {
        let day = local_us.div_euclid(DAY_US);
        let month = || {
            let civil = civil_from_days(day);
            civil.year * 12 + i64::from(civil.month) - 1
        };
        match self {
            Unit::Hour => local_us.div_euclid(HOUR_US.cast_signed()),
            Unit::Day => day,
            // 1970-01-01 was a Thursday.
            Unit::Week => (day + 3).div_euclid(7),
            Unit::Month => month(),
            Unit::Quarter => month().div_euclid(3),
            Unit::Year => month().div_euclid(12),
        }
    }

    /// The local time at which a period starts; `None` out of the range of instants.
    fn start(self, number: i64) -> Option<i64> {
        let of_month = |month: i64| {
            let (year, month) = (month.div_euclid(12), month.rem_euclid(12) as u32 + 1);
            days_from_civil(Civil { year, month, day: 1 })
        };
        let day = match self {
            Unit::Hour => return number.checked_mul(HOUR_US.cast_signed()),
            Unit::Day => number,
            Unit::Week => number * 7 - 3,
            Unit::Month => of_month(number),
            Unit::Quarter => of_month(number * 3),
            Unit::Year => of_month(number * 12),
        };
        day.checked_mul(DAY_US)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The instant at which a period begins; at the ends of time its local time stands for it.
fn begin(unit: Unit, zone: Zone, number: i64) -> Option<i64> {
    let local = unit.start(number)?;
    Some(zone.reached(local).unwrap_or(local))
}

/// The number of the period that contains an instant: the last one that has begun.
fn number(unit: Unit, zone: Zone, us: i64) -> i64 {
    let mut number = unit.number(zone.shown(us).unwrap_or(us));
    while begin(unit, zone, number + 1).is_some_and(|begin| begin <= us) {
        number += 1;
    }
    number
}

/// When the period begins that is so many periods before the one that contains an instant; `None`: before all instants.
pub(crate) fn period(unit: Unit, zone: Zone, back: u32, us: i64) -> Option<i64> {
    begin(unit, zone, number(unit, zone, us) - i64::from(back))
}

/// From when on [`period`] is an instant or a later one; `None`: after all instants.
pub(crate) fn period_reaches(unit: Unit, zone: Zone, back: u32, us: i64) -> Option<i64> {
    let number = number(unit, zone, us);
    let mut first = match begin(unit, zone, number) == Some(us) {
        true => number,
        false => number + 1,
    };
    // Of a day that the clocks left out, and the next one, the first.
    while begin(unit, zone, first) == begin(unit, zone, first - 1) {
        first -= 1;
    }
    begin(unit, zone, first + i64::from(back))
}
