//! Days of the proleptic Gregorian calendar: the one place that knows how many days there are between two of them.
//!
//! Howard Hinnant's algorithms (<https://howardhinnant.github.io/date_algorithms.html>): years begin in March, eras are
//! 400 years of 146 097 days. Everything else about instants stands in `featr_kernels::calendar`.

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// Astronomical: 0 is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

/// Days since 1970-01-01 of a day that exists. Source: Hinnant, `days_from_civil`.
#[inline]
pub fn days_from_civil(civil: Civil) -> i64 {
    let year = if civil.month <= 2 { civil.year - 1 } else { civil.year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((civil.month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(civil.day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The day that is `days` after 1970-01-01. Source: Hinnant, `civil_from_days`.
#[inline]
pub fn civil_from_days(days: i64) -> Civil {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Civil { year, month, day }
}
