//! Local times to instants, for values that carry no offset.

use crate::error::DecodeError;
use featc_ir::calendar::DAY_US;

/// A zone of the time zone database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone(featc_ir::Zone);

impl Zone {
    pub(crate) fn named(name: &str) -> Result<Zone, DecodeError> {
        name.parse()
            .map(Zone)
            .map_err(|_| DecodeError::UnknownZone { zone: name.to_owned() })
    }

    /// Whether local times are instants.
    pub(crate) fn is_utc(self) -> bool {
        self.0.is_utc()
    }

    /// The instant of a local time, both in microseconds since 1970-01-01T00:00:00 (there, and in UTC).
    /// Of two instants the first; `None` where the clock never showed it, or out of chrono's range.
    pub(crate) fn instant(self, local_us: i64) -> Option<i64> {
        self.0.instant(local_us)
    }

    /// The first instant of the day that begins at this local time. It is later than midnight where the clocks left that out;
    /// `None` where they left the day out.
    pub(crate) fn start_of(self, midnight_us: i64) -> Option<i64> {
        let start = self.0.reached(midnight_us)?;
        (self.0.shown(start)? < midnight_us.checked_add(DAY_US)?).then_some(start)
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
        assert_eq!(zone.start_of(local("2023-10-29 00:00:00")), utc("2023-10-28 22:00:00"));
        assert_eq!(zone.start_of(i64::MAX), None);
        let start = |zone: &str, day: &str| Zone::named(zone).unwrap().start_of(local(&format!("{day} 00:00:00")));
        // From midnight to 1:00, from half past 23 to half past 0, and from one day to the next but one.
        assert_eq!(start("America/Sao_Paulo", "2018-11-04"), utc("2018-11-04 03:00:00"));
        assert_eq!(start("America/Toronto", "1919-03-31"), utc("1919-03-31 04:30:00"));
        assert_eq!(start("Pacific/Apia", "2011-12-30"), None);
        assert_eq!(start("Pacific/Apia", "2011-12-31"), utc("2011-12-30 10:00:00"));
        // Midnight twice: the first one.
        assert_eq!(start("America/Havana", "2023-11-05"), utc("2023-11-05 04:00:00"));
        assert_eq!(
            Zone::named("Europe/Pris"),
            Err(DecodeError::UnknownZone {
                zone: "Europe/Pris".into()
            })
        );
    }
}
