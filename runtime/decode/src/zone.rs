//! Local times to instants, for values that carry no offset.

use crate::error::DecodeError;
use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;

/// A zone of the time zone database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone(Tz);

impl Zone {
    pub(crate) fn named(name: &str) -> Result<Zone, DecodeError> {
        name.parse()
            .map(Zone)
            .map_err(|_| DecodeError::UnknownZone { zone: name.to_owned() })
    }

    /// Whether local times are instants.
    pub(crate) fn is_utc(self) -> bool {
        self.0 == Tz::UTC
    }

    /// The instant of a local time, both in microseconds since 1970-01-01T00:00:00 (there, and in UTC).
    /// Of two instants the first; `None` where the clock never showed it, or out of chrono's range.
    pub(crate) fn instant(self, local_us: i64) -> Option<i64> {
        if self.is_utc() {
            return Some(local_us);
        }
        let local = DateTime::from_timestamp_micros(local_us)?.naive_utc();
        Some(self.0.from_local_datetime(&local).earliest()?.timestamp_micros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_name_the_database_in_use() {
        assert_eq!(chrono_tz::IANA_TZDB_VERSION, featc_ir::hash::TZDB_VERSION);
    }

    #[test]
    fn repeated_hour_is_the_first_and_missing_hour_is_none() {
        let zone = Zone::named("Europe/Paris").unwrap();
        let local = |text: &str| crate::text::timestamp(text).unwrap().local_us;
        let utc = |text: &str| Some(crate::text::timestamp(text).unwrap().local_us);
        assert_eq!(zone.instant(local("2023-10-29 02:30:00")), utc("2023-10-29 00:30:00"));
        assert_eq!(zone.instant(local("2023-10-29 03:30:00")), utc("2023-10-29 02:30:00"));
        assert_eq!(zone.instant(local("2023-03-26 02:30:00")), None);
        assert_eq!(zone.instant(local("2023-03-26 03:00:00")), utc("2023-03-26 01:00:00"));
        assert_eq!(zone.instant(i64::MAX), None);
        assert_eq!(
            Zone::named("Europe/Pris"),
            Err(DecodeError::UnknownZone {
                zone: "Europe/Pris".into()
            })
        );
    }
}
