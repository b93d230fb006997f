//! The next step for what should be an instant.

use featc_ir::EpochUnit;
use featc_ir::display::instant;
use featr::{BadValue, Wrong};

/// For what should be an instant, without its quotes.
pub fn timestamp(written: &str) -> String {
    if let Some((us, unit)) = epoch(written) {
        return format!(
            "write it as `{}`, not as a number (in pandas `pd.to_datetime(x, unit=\"{unit}\", utc=True)`)",
            instant(us)
        );
    }
    let (time, zone) = written.rsplit_once([' ', '[']).unwrap_or((written, ""));
    if zone.contains('/') && zone.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let time = time.replacen(' ', "T", 1);
        return format!(
            "no instant names its zone: write its offset, such as `{time}+02:00`, or write it without, and `zone \"{}\"` in \
             the source",
            zone.trim_end_matches(']')
        );
    }
    if super::numbers::is_absent(written) {
        return "write its instant, or leave the row out: without one nothing can be said of it".to_owned();
    }
    if let Some(meant) = as_it_was_meant(written) {
        return format!("write `{meant}`");
    }
    if written.parse::<f64>().is_ok() {
        return match is_day_number(written) {
            true => DAY_NUMBER.to_owned(),
            false => "write it as `2024-05-01T00:00:00Z`, not as a number (in pandas, of seconds since 1970, \
                      `pd.to_datetime(x, unit=\"s\", utc=True)`)"
                .to_owned(),
        };
    }
    let marks = |date: &str| -> Vec<_> { date.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect() };
    let ends_with_year = |mark: char| written.get(..10).map(marks) == Some(vec![(2, mark), (5, mark)]);
    if written.contains('/') || ends_with_year('.') || ends_with_year('-') {
        return "write instants like `2024-05-01T00:00:00Z`, local times without the `Z` where a zone is said (`--zone` of a spine, \
                `zone` of a source); in pandas `pd.to_datetime(x, dayfirst=True)` where the day comes first, without `dayfirst` \
                where the month does, and with `utc=True` only where the times are those of UTC"
            .to_owned();
    }
    if (3..=5).contains(&zone.len()) && zone.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let offset = match abbreviated(zone) {
            Some(offset) => format!(
                "that of {zone} is `{offset}`, so `{}{offset}`",
                time.replacen(' ', "T", 1)
            ),
            None => format!("as `{}±hh:mm`", time.replacen(' ', "T", 1)),
        };
        return format!(
            "`{zone}` is no offset: write the offset, {offset}; or leave it out where a zone is said (`--zone` of a spine, `zone` \
             of a source)"
        );
    }
    let of_minutes = as_instant(&format!("{}:00Z", written.replacen(' ', "T", 1)));
    if written.len() == "2024-05-01 10:00".len() && of_minutes.is_some() {
        return format!(
            "write the seconds, too: `{written}:00`, where a zone is said (`--zone` of a spine, `zone` of a source), and else with the \
             offset"
        );
    }
    match dated(written) {
        Some(instant) => format!("write an instant with its time and zone: `{instant}`"),
        None if written.contains(|c: char| c.is_ascii_alphabetic()) && written.contains(' ') => {
            "write instants like `2024-05-01T00:00:00Z` (pandas reads many other forms: `pd.to_datetime(x, utc=True)`)"
                .to_owned()
        }
        None => "write instants like `2024-05-01T00:00:00Z`".to_owned(),
    }
}

/// The offset that a zone's abbreviation stands for, or stands for most often.
fn abbreviated(zone: &str) -> Option<&'static str> {
    Some(match zone {
        "UTC" | "GMT" | "WET" => "+00:00",
        "CET" | "MEZ" => "+01:00",
        "CEST" | "MESZ" | "EET" => "+02:00",
        "EEST" | "MSK" => "+03:00",
        "JST" => "+09:00",
        "EDT" => "-04:00",
        "EST" => "-05:00",
        "MST" | "PDT" => "-07:00",
        "PST" => "-08:00",
        _ => return None,
    })
}

/// For a number of days.
pub const DAY_NUMBER: &str = "days since 1900, as Excel counts them, are no instant: in pandas `pd.to_datetime(x, unit=\"D\", \
                              origin=\"1899-12-30\", utc=True)`";

/// Whether a number may count the days since 1900: of the years 1954 to 2119.
pub fn is_day_number(written: &str) -> bool {
    written
        .parse::<f64>()
        .is_ok_and(|number| (20_000.0..80_000.0).contains(&number))
}

/// For a `--zone` that is none: what is said of it in a program, whose names stand in quotes.
pub fn zone(written: &str) -> Option<String> {
    let said = featc_driver::step_for_zone(written)?;
    Some(said.replace("`\"", "`--zone ").replace("\"`", "`"))
}

/// The instant that is meant, where there is no doubt: `2025/06/10 10:00:00`, `2025-06-10T10:00Z`, `2025-06-10 10:00:00 UTC`, and
/// with blanks around it.
fn as_it_was_meant(written: &str) -> Option<String> {
    let trimmed = written.trim();
    let zoned = [" UTC", " GMT", "UTC", " Z"];
    let bare = zoned.iter().find_map(|zone| trimmed.strip_suffix(zone));
    let (bare, zone) = match (bare, trimmed.strip_suffix('Z')) {
        (Some(bare), _) | (None, Some(bare)) => (bare, "Z"),
        (None, None) => match trimmed.rfind(['+', '-']).filter(|at| *at > 10) {
            Some(at) => trimmed.split_at(at),
            None => (trimmed, "Z"),
        },
    };
    let (date, time) = bare.split_once([' ', 'T']).unwrap_or((bare, "00:00:00"));
    let has_year = date
        .get(..4)
        .is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()));
    let seconds = if time.len() == 5 { ":00" } else { "" };
    let whole = format!("{}T{}{seconds}{zone}", date.replace(['/', '.'], "-"), time.trim());
    // What says no zone may be of any.
    let says_zone = trimmed.len() > bare.len();
    as_instant(&whole).filter(|_| has_year && (says_zone || date.contains(['/', '.'])))
}

/// Whether it begins with a date: `2024-05-01T10:00:00.571`.
pub fn is_written_out(written: &str) -> bool {
    written.get(..10).is_some_and(|date| dated(date).is_some())
}

/// A date as an instant in UTC.
fn dated(written: &str) -> Option<String> {
    as_instant(&format!("{written}T00:00:00Z"))
}

fn as_instant(text: &str) -> Option<String> {
    featr::parse_value(text, featc_ir::Type::Timestamp).map(|_| text.to_owned())
}

/// For an option that takes an instant: a date, or a time without an offset, as one in UTC.
pub fn option(written: &str) -> String {
    let zoned = || as_instant(&format!("{}Z", written.replacen(' ', "T", 1)));
    let instant = dated(written).or_else(zoned);
    format!("write it like {}", instant.as_deref().unwrap_or("2013-03-01T12:00:00Z"))
}

/// A number of seconds, or of parts of them, since 1970, in microseconds, and which it is by its digits.
pub fn epoch(written: &str) -> Option<(i64, &'static str)> {
    let digits = written.strip_suffix(".0").unwrap_or(written);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    match EpochUnit::of_digits(digits.len()) {
        Some(EpochUnit::Seconds) => Some((number * 1_000_000, "s")),
        Some(EpochUnit::Millis) => Some((number * 1_000, "ms")),
        Some(EpochUnit::Micros) => Some((number, "us")),
        None => (18..=19).contains(&digits.len()).then_some((number / 1_000, "ns")),
    }
}

/// Where local times are read.
const WHERE: &str =
    "the clock is that of the source's `zone`; where it has none, write `in \"UTC\"` or another zone after it";

/// Whether it says AM or PM.
pub fn has_half_of_day(written: &str) -> bool {
    let half = written.trim_end().get(written.trim_end().len().saturating_sub(2)..);
    half.is_some_and(|half| half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm")) && written.contains(':')
}

/// How a column of a source has to be read, by a value that is no instant as it is.
pub fn read_as(column: &str, written: &str) -> Option<String> {
    if epoch(written).is_some() {
        return featr::what_it_counts(column, written);
    }
    if dated(written).is_some() {
        return Some(format!(
            "say that it is a date: `as date` after the type of `{column}`; {WHERE}"
        ));
    }
    let format = format_of(written)?;
    // A day beyond the twelfth is no month.
    let is_day = written
        .get(..2)
        .and_then(|day| day.parse::<u8>().ok())
        .is_some_and(|day| day > 12);
    let turned = match format.get(..3) {
        Some("%d/") if !is_day => ", or `%m/%d` where the month comes first",
        Some("%d-") if !is_day => ", or `%m-%d` where the month comes first",
        _ => "",
    };
    Some(format!(
        "say its format: `as \"{format}\"` after the type of `{column}`{turned}; {WHERE}"
    ))
}

/// The format of an instant without a zone, with the day first where it may be.
pub fn format_of(written: &str) -> Option<String> {
    let digits: String = written
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    let (day, time) = digits.split_once(' ').unwrap_or((&digits, ""));
    let is_month = |from: usize| {
        written
            .get(from..from + 2)?
            .parse::<u8>()
            .ok()
            .map(|number| number <= 12)
    };
    let day = match day {
        "00.00.0000" => "%d.%m.%Y",
        "00/00/0000" if is_month(3) == Some(false) => "%m/%d/%Y",
        "00/00/0000" => "%d/%m/%Y",
        "00-00-0000" if is_month(3) == Some(false) => "%m-%d-%Y",
        "00-00-0000" => "%d-%m-%Y",
        "0000/00/00" => "%Y/%m/%d",
        "0000-00-00" => "%Y-%m-%d",
        "00.00.00" => "%d.%m.%y",
        _ => return None,
    };
    let time = match time {
        "" => "",
        "00:00" => " %H:%M",
        "00:00:00" => " %H:%M:%S",
        _ => return None,
    };
    Some(format!("{day}{time}"))
}

/// For a question whose instant cannot be used.
pub fn instant_of_spine(value: &BadValue) -> Option<String> {
    let is_instant = matches!(value.wrong, Wrong::NoTimestamp | Wrong::NoString);
    is_instant.then(|| timestamp(value.written.trim_matches('"')))
}
