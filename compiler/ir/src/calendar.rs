//! Days of the proleptic Gregorian calendar, and how days and instants are written: the one place that knows.
//!
//! Howard Hinnant's algorithms (<https://howardhinnant.github.io/date_algorithms.html>): years begin in March, eras are
//! 400 years of 146 097 days. How they are read, and their other parts, stands in `featr_kernels::calendar`.

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;
/// Microseconds of a second.
pub const SECOND_US: i64 = 1_000_000;

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

/// The day (since 1970-01-01, in UTC) of an instant.
#[inline]
pub fn day_of(us: i64) -> i64 {
    us.div_euclid(DAY_US)
}

/// `2013-01-01`; years outside 0–9999 print with their sign and six digits.
pub fn render_date(days: i64) -> String {
    let Civil { year, month, day } = civil_from_days(days);
    if (0..=9_999).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:+07}-{month:02}-{day:02}")
    }
}

/// RFC 3339 in UTC with `Z`; six digits of the second where it is not whole.
pub fn render_timestamp(us: i64) -> String {
    let date = render_date(day_of(us));
    let in_day = us.rem_euclid(DAY_US);
    let seconds = in_day / SECOND_US;
    let (hour, minute, second, fraction) = (seconds / 3_600, seconds / 60 % 60, seconds % 60, in_day % SECOND_US);
    if fraction == 0 {
        format!("{date}T{hour:02}:{minute:02}:{second:02}Z")
    } else {
        format!("{date}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
    }
}
