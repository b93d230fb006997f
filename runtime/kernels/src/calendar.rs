//! The proleptic Gregorian calendar in UTC, and the text forms of timestamps and dates.

pub use featc_ir::calendar::{
    Civil, DAY_US, SECOND_US, civil_from_days, day_of, days_from_civil, render_date, render_timestamp,
};

/// The first microsecond of year 1.
pub const FIRST_US: i64 = -62_135_596_800_000_000;
/// The last microsecond of year 9999.
pub const LAST_US: i64 = 253_402_300_799_999_999;

/// Whether the year has 366 days.
pub fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// The number of days of a month (1 to 12) of a year.
#[inline]
pub fn days_of_month(year: i64, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 1 (Monday) to 7 (Sunday) of a day since 1970-01-01, which was a Thursday.
#[inline]
pub fn day_of_week(days: i64) -> i64 {
    days.saturating_add(3).rem_euclid(7) + 1
}

/// 1 to 366 of a day since 1970-01-01.
pub fn day_of_year(days: i64) -> i64 {
    let year = civil_from_days(days).year;
    days - days_from_civil(Civil { year, month: 1, day: 1 }) + 1
}

/// A timestamp as written: the reading of the clock, and the offset if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Microseconds since 1970-01-01T00:00:00 of the same clock.
    pub local_us: i64,
    /// Of that clock from UTC, east positive.
    pub offset_us: Option<i64>,
}

/// Reads a timestamp in the form of RFC 3339, offset optional: `2013-01-01T05:06:07[.digits][Z|±hh:mm]`. The `T` may
/// be a `t` or one space, the `Z` a `z`. Digits after the sixth of the second are dropped, which truncates towards
/// −∞. Years 0001 to 9999; there is no second 60. Anything else, surrounding white space too, is `None`.
pub fn parse_written(text: &str) -> Option<Written> {
    let bytes = text.as_bytes();
    let date = parse_date_bytes(bytes.first_chunk()?)?;
    let clock = bytes.get(10..19)?;
    if !matches!(clock[0], b'T' | b't' | b' ') || clock[3] != b':' || clock[6] != b':' {
        return None;
    }
    let (hour, minute, second) = (digits(&clock[1..3])?, digits(&clock[4..6])?, digits(&clock[7..9])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction_us, rest) = parse_fraction(bytes.get(19..)?)?;
    let offset_us = parse_offset(rest)?;
    let local_us = date * DAY_US + ((hour * 60 + minute) * 60 + second) * SECOND_US + fraction_us;
    Some(Written { local_us, offset_us })
}

/// Reads an instant: [`parse_written`] with the offset required and the instant within years 0001 to 9999 of UTC.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let written = parse_written(text)?;
    let us = written.local_us - written.offset_us?;
    (FIRST_US..=LAST_US).contains(&us).then_some(us)
}

/// Reads `YYYY-MM-DD`, years 0001 to 9999, into days since 1970-01-01.
pub fn parse_date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes().try_into().ok()?;
    i32::try_from(parse_date_bytes(bytes)?).ok()
}

/// As [`parse_date`], of bytes that need be no text.
#[inline]
pub fn parse_date_bytes(bytes: &[u8; 10]) -> Option<i64> {
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (
        digits(&bytes[..4])?,
        digits(&bytes[5..7])? as u32,
        digits(&bytes[8..10])? as u32,
    );
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_of_month(year, month) {
        return None;
    }
    Some(days_from_civil(Civil { year, month, day }))
}

/// An optional `.digits` at the front: its microseconds, and what follows it.
fn parse_fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', rest)) = bytes.split_first() else {
        return Some((0, bytes));
    };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let us = (0..6).fold(0, |us, at| {
        us * 10 + if at < length { i64::from(rest[at] - b'0') } else { 0 }
    });
    Some((us, &rest[length..]))
}

/// The offset that is the whole of `bytes`: nothing, `Z`, or `±hh:mm`.
fn parse_offset(bytes: &[u8]) -> Option<Option<i64>> {
    match bytes {
        [] => Some(None),
        [b'Z' | b'z'] => Some(Some(0)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let us = (hours * 60 + minutes) * 60 * SECOND_US;
            Some(Some(if *sign == b'-' { -us } else { us }))
        }
        _ => None,
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests;
