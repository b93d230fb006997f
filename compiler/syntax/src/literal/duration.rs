//! Durations: whole numbers with units.

use super::Refusal;
use crate::diag::{Diagnostic, Span};
use crate::errors;

/// Microseconds of the units of durations, largest first.
pub(super) const UNITS: [(&str, i64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// Microseconds of `90m`, `1h30m`: whole numbers with units, larger units first.
pub(crate) fn duration(text: &str, at: Span) -> Result<i64, Refusal> {
    total(text, at)?.ok_or_else(|| errors::duration_too_long(text, at).into())
}

/// As [`duration`]; `None` where an int64 cannot hold it.
pub(crate) fn total(text: &str, at: Span) -> Result<Option<i64>, Refusal> {
    let mut rest = text;
    let mut total = Some(0i64);
    let mut smallest = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let word = rest[digits..]
            .bytes()
            .take_while(|b| b.is_ascii_alphabetic() || *b == b'_')
            .count();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + word]);
        if unit.is_empty() && !rest[digits..].is_empty() || digits == 0 {
            return Err(match (number_of_another_unit(text), of_a_fraction(text)) {
                (Some((number, unit)), _) => errors::number_with_a_unit(number, unit, at).into(),
                (None, Some(whole)) => errors::fraction_as_a_duration(text, at, &whole).into(),
                (None, None) => errors::fraction_of_a_unit(text, at).into(),
            });
        }
        if unit.is_empty() {
            return Err(match text {
                "0" => errors::zero_without_unit(at).into(),
                _ => errors::duration_without_unit(text, at).into(),
            });
        }
        let Some((_, us)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(unknown_unit(text, number, unit, at).into());
        };
        if *us >= smallest {
            return Err(errors::units_out_of_order(text, at).into());
        }
        smallest = *us;
        let part = number.parse::<i64>().ok().and_then(|number| number.checked_mul(*us));
        total = total.zip(part).and_then(|(total, part)| total.checked_add(part));
        rest = &rest[digits + word..];
    }
    Ok(total)
}

/// `12h` of `0.5d`: the same length in whole numbers, if microseconds can say it.
fn of_a_fraction(text: &str) -> Option<String> {
    const PLACES_MAX: usize = 12;
    let (whole, rest) = text.split_once('.')?;
    let places = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, unit) = rest.split_at(places);
    let (_, us) = UNITS.iter().find(|(name, _)| *name == unit)?;
    if places == 0 || places > PLACES_MAX {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let parts = fraction.parse::<i128>().ok()?.checked_mul(i128::from(*us))?;
    let of_one = 10_i128.pow(u32::try_from(places).ok()?);
    let total = whole.checked_mul(i128::from(*us))?.checked_add(parts / of_one)?;
    let mut left = i64::try_from(total)
        .ok()
        .filter(|left| *left > 0 && parts % of_one == 0)?;
    let mut written = String::new();
    for (unit, us) in UNITS {
        if left >= us {
            written.push_str(&format!("{}{unit}", left / us));
            left %= us;
        }
    }
    Some(written)
}

/// `0.3` and `kWh` of `0.3kWh`: a number with a unit that is none of time.
fn number_of_another_unit(text: &str) -> Option<(&str, &str)> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '_');
    let (whole, fraction) = number.split_once('.')?;
    let unit = &text[number.len()..];
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = UNITS.iter().any(|(name, _)| *name == unit)
        || short_of(unit).is_some()
        || period_of(unit).is_some()
        || matches!(unit, "" | "M" | "w" | "week" | "weeks");
    (is_digits(whole) && is_digits(fraction) && !is_time).then_some((number, unit))
}

/// The unit of durations that is written otherwise elsewhere.
fn short_of(unit: &str) -> Option<&'static str> {
    Some(match unit.to_ascii_lowercase().as_str() {
        // Not `M`, which may be a month.
        "d" | "day" | "days" => "d",
        "h" | "hour" | "hours" | "hr" | "hrs" => "h",
        "min" | "mins" | "minute" | "minutes" => "m",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "millis" | "msec" | "millisecond" | "milliseconds" => "ms",
        "micros" | "usec" | "microsecond" | "microseconds" => "us",
        _ => return None,
    })
}

fn unknown_unit(text: &str, number: &str, unit: &str, at: Span) -> Diagnostic {
    let short = short_of(unit);
    let days = || number.parse::<u64>().ok()?.checked_mul(7);
    // Of several units the first says too little.
    let count = number.parse::<u64>().ok().filter(|_| text == format!("{number}{unit}"));
    match (unit, short) {
        (_, Some(short)) if text == format!("{number}{unit}") => {
            errors::other_unit(unit, at, &format!("{number}{short}"))
        }
        ("w" | "week" | "weeks", _) => match days() {
            Some(days) => errors::other_unit(unit, at, &format!("{days}d")),
            None => errors::unknown_unit(unit, at),
        },
        ("events", _) if text == format!("{number}{unit}") => errors::number_of_events(at, &format!("{number} {unit}")),
        ("M", _) => errors::month_or_minute(text, number, &calendar(count, "month", 30), at),
        _ => match period_of(unit) {
            Some((period, days)) => errors::unit_that_varies(unit, &calendar(count, period, days), at),
            None => errors::unknown_unit(unit, at),
        },
    }
}

/// Whether a text is a number of periods of the calendar, which vary in length.
pub(crate) fn is_of_periods(text: &str) -> bool {
    period_of(text.trim_start_matches(|c: char| c.is_ascii_digit())).is_some()
}

/// The period of the calendar that a unit is elsewhere, and about how many days it has.
fn period_of(unit: &str) -> Option<(&'static str, u64)> {
    match unit.to_ascii_lowercase().as_str() {
        "mo" | "mos" | "mon" | "month" | "months" => Some(("month", 30)),
        "q" | "qtr" | "quarter" | "quarters" => Some(("quarter", 91)),
        "y" | "yr" | "yrs" | "year" | "years" => Some(("year", 365)),
        _ => None,
    }
}

/// How so many periods can be written, in days and as a window of the calendar.
fn calendar(count: Option<u64>, period: &str, days: u64) -> String {
    let count = count.filter(|count| (1..=1000).contains(count)).unwrap_or(1);
    let (days, plural) = (count * days, if count == 1 { "" } else { "s" });
    let periods = if count == 1 {
        period.to_owned()
    } else {
        format!("{count} whole {period}s")
    };
    format!(
        "write days, such as `{days}d`; a window of the {periods} before this {period} is `over last {count} {period}{plural}`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duration(text: &str) -> Result<i64, Refusal> {
        super::duration(text, Span::default())
    }

    #[test]
    fn months_and_years_are_periods() {
        for text in ["1month", "3mo", "2Years", "1q"] {
            assert!(is_of_periods(text) && duration(text).is_err(), "{text}");
        }
        for text in ["1m", "1M", "2weeks", "1month5d", ""] {
            assert!(!is_of_periods(text), "{text}");
        }
    }

    #[test]
    fn durations_are_microseconds() {
        assert_eq!(duration("90m"), Ok(5_400_000_000));
        assert_eq!(duration("1h30m"), Ok(5_400_000_000));
        assert_eq!(duration("1d2h3m4s5ms6us"), Ok(93_784_005_006));
        assert_eq!(duration("0s"), Ok(0));
        assert_eq!(duration("106751991d"), Ok(9_223_372_022_400_000_000));
        assert_eq!(total("106751992d1h", Span::default()), Ok(None));
        assert!(total("106751992d1x", Span::default()).is_err());
        assert_eq!(
            duration("2weeks").map_err(|refusal| refusal.replacement()),
            Err(Some("14d".to_owned()))
        );
        for (text, whole) in [
            ("0.5d", Some("12h")),
            ("1.5h", Some("1h30m")),
            ("2.75s", Some("2s750ms")),
            ("0.5us", None),
            ("0.0h", None),
            ("1.5h2m", None),
            ("0.1234567890123d", None),
            ("106751991.9999d", None),
        ] {
            let written = duration(text).map_err(|refusal| refusal.replacement());
            assert_eq!(written, Err(whole.map(str::to_owned)), "{text}");
        }
        let message = |text: &str| duration(text).map_err(|refusal| refusal.message);
        assert_eq!(message("0.3kWh"), Err("`kWh` is not a unit of time".to_owned()));
        for text in ["1.5hours", "1.5M", "0.5weeks", "1.5mo"] {
            assert_eq!(message(text), Err(format!("`{text}` has a fraction")));
        }
        assert_eq!(
            duration("7").map_err(|refusal| refusal.message),
            Err("`7` has no unit".to_owned())
        );
    }
}
