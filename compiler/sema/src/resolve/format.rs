//! Formats of texts that are instants or dates: what they say, found by writing an instant in them and reading it again.

use chrono::DateTime;
use chrono::format::{Fixed, Item, Numeric, Parsed, StrftimeItems, parse};
use std::fmt::Write as _;

/// What texts in a format say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Date,
    /// A date and a time of the day.
    Local,
    /// With an offset.
    Instant,
}

/// 2001-02-03T04:05:06.789012+01:00: no two parts of it are alike.
const SAMPLE: (i64, u32, i32) = (981_169_506, 789_012_000, 3_600);

/// What a format of `chrono` says.
///
/// # Errors
/// Why nothing is read by it, in words.
pub(super) fn says(format: &str) -> Result<Says, String> {
    let Ok(items) = StrftimeItems::new(format).parse() else {
        return Err(match unknown(format) {
            Some(specifier) => format!("`{specifier}` is not known"),
            None => "a specifier is not known".to_owned(),
        });
    };
    for item in &items {
        match item {
            Item::Fixed(Fixed::TimezoneName) => return Err("`%Z`: no instant follows from a name".to_owned()),
            // After a point it would take `.5` for 5 ns.
            Item::Numeric(Numeric::Nanosecond, _) => {
                return Err(
                    "`%f` reads a number of nanoseconds: write `%.f` for a point and the fraction after it".to_owned(),
                );
            }
            Item::Numeric(Numeric::Timestamp, _) => return Err("`%s`: write `as epoch_seconds`".to_owned()),
            _ => {}
        }
    }
    let (seconds, nanos, offset) = SAMPLE;
    let sample = DateTime::from_timestamp(seconds, nanos).zip(chrono::FixedOffset::east_opt(offset));
    let Some((sample, offset)) = sample else {
        return Err("it cannot be tried".to_owned());
    };
    let sample = sample.with_timezone(&offset);
    let mut text = String::new();
    let mut parsed = Parsed::new();
    let written = write!(text, "{}", sample.format_with_items(items.iter()));
    if written.is_err() || parse(&mut parsed, &text, items.iter()).is_err() {
        return Err("what is written by it cannot be read by it".to_owned());
    }
    if parsed.to_naive_date() != Ok(sample.date_naive()) {
        return Err("it does not say which day of which year".to_owned());
    }
    let hour = parsed.hour_div_12().or(parsed.hour_mod_12());
    let smaller = parsed.minute().or(parsed.second()).or(parsed.nanosecond());
    match (hour, smaller, parsed.to_naive_time()) {
        (None, None, _) => {}
        (_, _, Ok(_)) => {}
        (None, Some(_), Err(_)) => return Err("it does not say the hour".to_owned()),
        (Some(_), None, Err(_)) => return Err("it does not say the minute".to_owned()),
        (Some(_), Some(_), Err(_)) => return Err("it says no time of the day: 12 hours need `%p`".to_owned()),
    }
    Ok(match (parsed.offset(), hour) {
        (Some(_), _) => Says::Instant,
        (None, Some(_)) => Says::Local,
        (None, None) => Says::Date,
    })
}

/// The first specifier that is none.
fn unknown(format: &str) -> Option<String> {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let from = &rest[at..];
        let ends = from.char_indices().map(|(at, c)| at + c.len_utf8()).skip(1).take(4);
        let known = ends
            .map(|end| &from[..end])
            .find(|text| StrftimeItems::new(text).parse().is_ok());
        match known {
            Some(known) => rest = &from[known.len()..],
            None => return Some(from.chars().take(2).collect()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_formats_say() {
        for (format, said) in [
            ("%d.%m.%Y", Says::Date),
            ("%Y%m%d", Says::Date),
            ("%A, %d %B %y", Says::Date),
            ("%d.%m.%Y %H:%M", Says::Local),
            ("%m/%d/%Y %I:%M %p", Says::Local),
            ("%FT%T%.f", Says::Local),
            ("%FT%T%.3f%:z", Says::Instant),
            ("%a %b %e %T %z %Y", Says::Instant),
            ("%+", Says::Instant),
        ] {
            assert_eq!(says(format), Ok(said), "{format}");
        }
        for (format, why) in [
            ("", "it does not say which day of which year"),
            ("%H:%M", "it does not say which day of which year"),
            ("%d.%m.", "it does not say which day of which year"),
            ("yyyy-MM-dd", "it does not say which day of which year"),
            ("%d.%m.%Y %H", "it does not say the minute"),
            ("%d.%m.%Y %M", "it does not say the hour"),
            ("%d.%m.%Y %I:%M", "it says no time of the day: 12 hours need `%p`"),
            ("%F %Q", "`%Q` is not known"),
            ("%F %", "`%` is not known"),
            ("%F %T %Z", "`%Z`: no instant follows from a name"),
            (
                "%F %T.%f",
                "`%f` reads a number of nanoseconds: write `%.f` for a point and the fraction after it",
            ),
            ("%s", "`%s`: write `as epoch_seconds`"),
        ] {
            assert_eq!(says(format), Err(why.to_owned()), "{format}");
        }
    }
}
