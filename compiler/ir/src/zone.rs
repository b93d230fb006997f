//! Zones of the time zone database, and what their clocks show.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// No clock is further from UTC, and none is ever put forward or back by as much.
pub(crate) const FURTHEST_US: i64 = 26 * 3_600_000_000;

/// A zone of the time zone database; it travels by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// There is no zone of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoZone;

impl fmt::Display for NoZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no zone of the time zone database")
    }
}

impl std::error::Error for NoZone {}

impl FromStr for Zone {
    type Err = NoZone;

    fn from_str(name: &str) -> Result<Zone, NoZone> {
        name.parse().map(Zone).map_err(|_| NoZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Zone) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Zone) -> Ordering {
        self.0.name().cmp(other.0.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

impl Zone {
    pub const UTC: Zone = Zone(Tz::UTC);

    /// [`Zone::UTC`], where a function is wanted.
    pub fn utc() -> Zone {
        Zone::UTC
    }

    /// Whether local times are instants.
    pub fn is_utc(self) -> bool {
        self.0 == Tz::UTC
    }

    /// The same by reference, where that is wanted.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub fn is_utc_of(zone: &Zone) -> bool {
        zone.is_utc()
    }

    /// What the clocks show at an instant, both in microseconds since 1970-01-01T00:00:00 (in UTC, and there); `None` out of
    /// chrono's range.
    pub fn shown(self, us: i64) -> Option<i64> {
        if self.is_utc() {
            return Some(us);
        }
        let utc = DateTime::from_timestamp_micros(us)?.naive_utc();
        let seconds = self.0.offset_from_utc_datetime(&utc).fix().local_minus_utc();
        us.checked_add(i64::from(seconds) * 1_000_000)
    }

    /// The instant of a local time. Of two instants the first; `None` where the clocks never showed it, or out of chrono's range.
    pub fn instant(self, local_us: i64) -> Option<i64> {
        if self.is_utc() {
            return Some(local_us);
        }
        let local = DateTime::from_timestamp_micros(local_us)?.naive_utc();
        Some(self.0.from_local_datetime(&local).earliest()?.timestamp_micros())
    }

    /// The first instant at which the clocks show a local time, or, where they leave it out, a later one; `None` out of
    /// chrono's range.
    pub fn reached(self, local_us: i64) -> Option<i64> {
        if let Some(instant) = self.instant(local_us) {
            return Some(instant);
        }
        let (mut before, mut after) = (local_us.checked_sub(FURTHEST_US)?, local_us.checked_add(FURTHEST_US)?);
        // Clocks go on without a break but for the gap.
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            match self.shown(middle)? < local_us {
                true => before = middle,
                false => after = middle,
            }
        }
        Some(after)
    }

    /// The greatest local time that has been [`reached`](Zone::reached) at an instant: what the clocks show, or, where they were
    /// put back, what they showed before. `None` out of chrono's range.
    pub fn furthest(self, us: i64) -> Option<i64> {
        let shown = self.shown(us)?;
        let is_reached = |local: i64| self.reached(local).is_some_and(|reached| reached <= us);
        if self.is_utc() || !is_reached(shown.checked_add(1)?) {
            return Some(shown);
        }
        let (mut reached, mut not) = (shown, shown.checked_add(FURTHEST_US)?);
        while not - reached > 1 {
            let middle = reached + (not - reached) / 2;
            match is_reached(middle) {
                true => reached = middle,
                false => not = middle,
            }
        }
        Some(reached)
    }
}
