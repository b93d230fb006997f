//! Instants and dates after an `@`.

use super::Refusal;
use super::duration::UNITS;
use crate::diag::Span;
use crate::errors;
use chrono::NaiveDate;

/// An `at_literal`: with a time of day it is a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instant {
    /// Microseconds since the epoch.
    Timestamp(i64),
    /// Days since the epoch.
    Date(i32),
}

/// The instant or date after an `@`: RFC 3339 with an offset, at most six digits of a second, years 1 to 9999.
pub(crate) fn instant(text: &str, at: Span) -> Result<Instant, Refusal> {
    let shape = || Refusal::new(errors::not_an_instant(text, at));
    let body = text.strip_prefix('@').unwrap_or(text);
    let (date, time) = match body.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (body, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else {
        return Err(shape());
    };
    let number = |part: &str, width: usize| -> Option<i64> {
        if part.len() == width && part.bytes().all(|b| b.is_ascii_digit()) {
            part.parse().ok()
        } else {
            None
        }
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return Err(shape());
    };
    let known = NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32).filter(|_| year > 0);
    let Some(known) = known else {
        return Err(errors::no_such_day(date, at).into());
    };
    let days = known.to_epoch_days();
    let Some(time) = time else {
        return Ok(Instant::Date(days));
    };
    let (clock, offset) = match time.find(['Z', '+', '-']) {
        Some(sign) => (&time[..sign], &time[sign..]),
        None => (time, ""),
    };
    let of_day = time_of_day(clock, number).ok_or_else(shape)?;
    if offset.is_empty() {
        return Err(errors::instant_without_offset(text, at).into());
    }
    let offset_us = offset_us(offset, number).ok_or_else(shape)?;
    Ok(Instant::Timestamp(i64::from(days) * UNITS[0].1 + of_day - offset_us))
}

/// The literal that a text in quotes is meant as: `@2024-01-01T10:00:00Z` of `2024-01-01 10:00`, or its day.
pub fn meant_instant(text: &str, is_date: bool) -> Option<String> {
    let body = text.trim().replacen(' ', "T", 1);
    let endings: &[&str] = if is_date {
        &[""]
    } else {
        &["", "Z", ":00Z", "T00:00:00Z"]
    };
    let body = if is_date { body.get(..10)? } else { &body };
    let meant = endings.iter().map(|ending| format!("@{body}{ending}"));
    let fits = |literal: &String| match instant(literal, Span::default()) {
        Ok(Instant::Date(_)) => is_date,
        Ok(Instant::Timestamp(_)) => !is_date,
        Err(_) => false,
    };
    meant.into_iter().find(fits)
}

fn time_of_day(clock: &str, number: impl Fn(&str, usize) -> Option<i64>) -> Option<i64> {
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = parts[..] else { return None };
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let us = match fraction {
        None => 0,
        Some(fraction) if fraction.len() <= 6 => {
            let value = number(fraction, fraction.len())?;
            value * 10_i64.pow(6 - u32::try_from(fraction.len()).ok()?)
        }
        Some(_) => return None,
    };
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 3600 + minute * 60 + second) * 1_000_000 + us)
}

fn offset_us(offset: &str, number: impl Fn(&str, usize) -> Option<i64>) -> Option<i64> {
    if offset == "Z" {
        return Some(0);
    }
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = offset[1..].split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    fn instant(text: &str) -> Result<Instant, Refusal> {
        super::instant(text, Span::default())
    }

    #[test]
    fn instants_are_exact() {
        assert_eq!(instant("@1970-01-01"), Ok(Instant::Date(0)));
        assert_eq!(instant("@2013-01-01"), Ok(Instant::Date(15_706)));
        assert_eq!(instant("@1969-12-31"), Ok(Instant::Date(-1)));
        assert_eq!(instant("@0001-01-01"), Ok(Instant::Date(-719_162)));
        assert_eq!(instant("@2000-02-29"), Ok(Instant::Date(11_016)));
        assert_eq!(
            instant("@2013-01-01T00:00:00Z"),
            Ok(Instant::Timestamp(1_356_998_400_000_000))
        );
        assert_eq!(instant("@1970-01-01T01:00:00.000001+01:00"), Ok(Instant::Timestamp(1)));
        assert_eq!(instant("@1969-12-31T19:00:00.5-05:00"), Ok(Instant::Timestamp(500_000)));
        for bad in [
            "@2013-02-29",
            "@2013-13-01",
            "@2013-1-1",
            "@13-01-01",
            "@2013",
            "@2013-01-01T00:00:00",
            "@2013-01-01T24:00:00Z",
            "@2013-01-01T00:00Z",
            "@2013-01-01T00:00:00.1234567Z",
            "@2013-01-01T00:00:00+0100",
            "@0000-01-01",
            "@2013-01-01T00:00:00.Z",
        ] {
            assert_eq!(
                instant(bad).map_err(|refusal| refusal.code),
                Err(Code::InvalidTimestamp),
                "{bad}"
            );
        }
    }
}
