//! Numbers, durations, instants and strings: from their text to their value. Pure; the builder reports.

use crate::diag::Code;
use chrono::NaiveDate;

/// Microseconds of the units of durations, largest first.
const UNITS: [(&str, i64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// Why a literal is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: Code,
    pub message: String,
    pub help: String,
    /// What to write instead, when certain.
    pub edit: Option<String>,
}

impl Refusal {
    fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
            help: help.into(),
            edit: None,
        }
    }

    fn edit(code: Code, message: impl Into<String>, replacement: String) -> Refusal {
        Refusal {
            code,
            message: message.into(),
            help: format!("write `{replacement}`"),
            edit: Some(replacement),
        }
    }
}

/// A text that begins with a digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numeric {
    /// Digits only.
    Integer,
    /// With a point or an exponent; finite as a binary64.
    Number,
    /// Microseconds.
    Duration(i64),
}

/// What a `numeric` of the grammar is.
pub(crate) fn numeric(text: &str) -> Result<Numeric, Refusal> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Numeric::Integer);
    }
    if is_number(text) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Numeric::Number),
            Ok(_) | Err(_) => Err(Refusal::new(
                Code::InvalidNumber,
                "the number is out of range",
                "numbers go up to about 1.8e308",
            )),
        };
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if plain != text && (is_number(&plain) || plain.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Refusal::edit(
            Code::InvalidNumber,
            "numbers are written without `_`",
            plain,
        ));
    }
    let digits = text.bytes().take_while(|b| b.is_ascii_digit()).count();
    if matches!(text.as_bytes().get(digits), Some(b'.' | b'_')) && !text.contains(|c: char| c.is_ascii_alphabetic())
        || text.starts_with("0x")
        || text.contains(['+', '-'])
    {
        let help = "write digits, or digits with a point: `12`, `0.5`, `1e-3`";
        return Err(Refusal::new(
            Code::InvalidNumber,
            format!("`{text}` is not a number"),
            help,
        ));
    }
    duration(text).map(Numeric::Duration)
}

/// `digits [. digits] [e [+-] digits]` with a point or an exponent.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    (fraction.is_some() || exponent.is_some())
        && digits(whole)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

/// Microseconds of `90m`, `1h30m`: whole numbers with units, larger units first.
pub(crate) fn duration(text: &str) -> Result<i64, Refusal> {
    let refuse = |message: String, help: &str| Err(Refusal::new(Code::InvalidDuration, message, help));
    let mut rest = text;
    let mut total: i64 = 0;
    let mut smallest = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let word = rest[digits..]
            .bytes()
            .take_while(|b| b.is_ascii_alphabetic() || *b == b'_')
            .count();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + word]);
        if unit.is_empty() && !rest[digits..].is_empty() || digits == 0 {
            return refuse(
                format!("`{text}` has a fraction"),
                "write whole numbers of smaller units: `1h30m`, `1500ms`",
            );
        }
        if unit.is_empty() {
            let message = format!("`{text}` has no unit");
            return refuse(
                message,
                &format!("write the unit behind the number: `{text}d`, `{text}h`, `{text}m`, `{text}s`"),
            );
        }
        let Some((_, us)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(unknown_unit(text, number, unit));
        };
        if *us >= smallest {
            return refuse(
                format!("the units of `{text}` are out of order"),
                "write larger units first, each once: `1d12h`",
            );
        }
        smallest = *us;
        let part = number.parse::<i64>().ok().and_then(|number| number.checked_mul(*us));
        let Some(sum) = part.and_then(|part| total.checked_add(part)) else {
            return refuse(
                format!("`{text}` is too long"),
                "durations go up to 106751991d; a window without limit is `lifetime`",
            );
        };
        total = sum;
        rest = &rest[digits + word..];
    }
    Ok(total)
}

fn unknown_unit(text: &str, number: &str, unit: &str) -> Refusal {
    let message = format!("`{unit}` is not a unit of time");
    let short = match unit.to_ascii_lowercase().as_str() {
        // Not `M`, which may be a month.
        "d" | "day" | "days" => Some("d"),
        "h" | "hour" | "hours" | "hr" | "hrs" => Some("h"),
        "min" | "mins" | "minute" | "minutes" => Some("m"),
        "s" | "sec" | "secs" | "second" | "seconds" => Some("s"),
        "millis" | "msec" | "millisecond" | "milliseconds" => Some("ms"),
        "micros" | "usec" | "microsecond" | "microseconds" => Some("us"),
        _ => None,
    };
    if let Some(short) = short.filter(|_| text == format!("{number}{unit}")) {
        return Refusal::edit(Code::InvalidDuration, message, format!("{number}{short}"));
    }
    let weeks = matches!(unit, "w" | "week" | "weeks")
        .then(|| number.parse::<u64>().ok()?.checked_mul(7))
        .flatten();
    if let Some(days) = weeks {
        return Refusal::edit(Code::InvalidDuration, message, format!("{days}d"));
    }
    if matches!(unit, "mo" | "month" | "months" | "y" | "year" | "years") {
        return Refusal::new(
            Code::InvalidDuration,
            message,
            "months and years vary in length: write days, for example `30d`",
        );
    }
    Refusal::new(
        Code::InvalidDuration,
        message,
        "the units are `d`, `h`, `m`, `s`, `ms` and `us`",
    )
}

/// An `at_literal`: with a time of day it is a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instant {
    /// Microseconds since the epoch.
    Timestamp(i64),
    /// Days since the epoch.
    Date(i32),
}

/// The instant or date behind an `@`: RFC 3339 with an offset, at most six digits of a second, years 1 to 9999.
pub(crate) fn instant(text: &str) -> Result<Instant, Refusal> {
    let shape = || {
        let help = "write `@2025-01-31` or `@2025-01-31T12:00:00Z`";
        Refusal::new(
            Code::InvalidTimestamp,
            format!("`{text}` is neither a date nor a timestamp"),
            help,
        )
    };
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
        return Err(Refusal::new(
            Code::InvalidTimestamp,
            format!("the day {date} does not exist"),
            "check month and day",
        ));
    };
    let days = known.to_epoch_days();
    let Some(time) = time else {
        return Ok(Instant::Date(days));
    };
    let (clock, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => (&time[..at], &time[at..]),
        None => (time, ""),
    };
    let of_day = time_of_day(clock, number).ok_or_else(shape)?;
    if offset.is_empty() {
        return Err(Refusal::edit(
            Code::InvalidTimestamp,
            "a timestamp needs an offset from UTC",
            format!("{text}Z"),
        ));
    }
    let offset_us = offset_us(offset, number).ok_or_else(shape)?;
    Ok(Instant::Timestamp(i64::from(days) * UNITS[0].1 + of_day - offset_us))
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

/// The value of a string literal, and the byte ranges (within the literal) of escapes that do not exist.
pub(crate) fn string(literal: &str) -> (String, Vec<(usize, usize)>) {
    let inner = literal
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or("");
    let mut value = String::with_capacity(inner.len());
    let mut unknown = vec![];
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at]);
        let start = 1 + inner.len() - rest.len() + at;
        let escape = &rest[at..];
        let length = match escape.chars().nth(1) {
            Some('"') => push(&mut value, '"'),
            Some('\\') => push(&mut value, '\\'),
            Some('n') => push(&mut value, '\n'),
            Some('t') => push(&mut value, '\t'),
            Some('u') => {
                let (length, found) = unicode_escape(escape);
                match found {
                    Some(found) => value.push(found),
                    None => unknown.push((start, start + length)),
                }
                length
            }
            Some(other) => {
                unknown.push((start, start + 1 + other.len_utf8()));
                1 + other.len_utf8()
            }
            None => 1,
        };
        rest = &escape[length..];
    }
    value.push_str(rest);
    (value, unknown)
}

fn push(value: &mut String, found: char) -> usize {
    value.push(found);
    2
}

/// The length of `\u{…}` at the beginning, and its character if it names one.
fn unicode_escape(escape: &str) -> (usize, Option<char>) {
    let Some(digits) = escape[2..]
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .map(|(digits, _)| digits)
    else {
        return (2, None);
    };
    let valid = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let found = u32::from_str_radix(digits, 16)
        .ok()
        .filter(|_| valid)
        .and_then(char::from_u32);
    (digits.len() + 4, found)
}

/// The text of a string literal with this value.
pub(crate) fn quote(value: &str) -> String {
    let mut text = String::from("\"");
    for found in value.chars() {
        match found {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            other if other.is_control() => text.push_str(&format!("\\u{{{:x}}}", u32::from(other))),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_apart() {
        assert_eq!(numeric("12"), Ok(Numeric::Integer));
        for number in ["1.5", "1e-3", "0.0", "12E+4", "1e5"] {
            assert_eq!(numeric(number), Ok(Numeric::Number), "{number}");
        }
        for bad in ["1_000", "0x1f", "1.2.3", "1e999", "1.5_0"] {
            assert_eq!(
                numeric(bad).map_err(|refusal| refusal.code),
                Err(Code::InvalidNumber),
                "{bad}"
            );
        }
        for bad in ["7days", "1.5h", "3w", "1m1h", "5x", "1h30", "99999999999999d"] {
            assert_eq!(
                numeric(bad).map_err(|refusal| refusal.code),
                Err(Code::InvalidDuration),
                "{bad}"
            );
        }
    }

    #[test]
    fn durations_are_microseconds() {
        assert_eq!(duration("90m"), Ok(5_400_000_000));
        assert_eq!(duration("1h30m"), Ok(5_400_000_000));
        assert_eq!(duration("1d2h3m4s5ms6us"), Ok(93_784_005_006));
        assert_eq!(duration("0s"), Ok(0));
        assert_eq!(
            duration("2weeks").map_err(|refusal| refusal.edit),
            Err(Some("14d".to_owned()))
        );
        assert_eq!(
            duration("7").map_err(|refusal| refusal.message),
            Err("`7` has no unit".to_owned())
        );
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

    #[test]
    fn strings_round_trip() {
        for value in ["", "plain", "a\"b\\c\n\t", "é\u{1}\u{7f}😀", "\r"] {
            assert_eq!(string(&quote(value)), (value.to_owned(), vec![]));
        }
        assert_eq!(string(r#""a\u{e9}b""#).0, "aéb");
        assert_eq!(
            string(r#""a\qb\u{110000}c\é""#),
            ("abc".to_owned(), vec![(2, 4), (5, 15), (16, 19)])
        );
    }
}
