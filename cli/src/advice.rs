//! The next step for a value or a file that cannot be used, by what is wrong with it.

use featc_ir::display::instant;
use featr::{BadValue, Broken, Detail, Fault, Reason, Wrong};

/// For a row of a file that was rejected.
pub fn row(fault: &Fault, file: &str) -> Option<String> {
    match fault {
        Fault::Undecoded(Detail::Null { is_time: true, .. }) => None,
        Fault::Undecoded(Detail::Null { is_arrival: true, .. }) | Fault::Unaccepted(Reason::NullArrival) => {
            Some(WITHOUT_ARRIVAL.to_owned())
        }
        Fault::Undecoded(Detail::Null { column, .. }) if file.contains(".jsonl") => Some(format!(
            "if `{column}` may be null, write a `?` behind its type in the source; a key that is absent is null, too: keys \
             are spelt as the columns, and stand in no nested object"
        )),
        Fault::Undecoded(Detail::Null { column, .. }) => Some(format!(
            "if `{column}` may be null, write a `?` behind its type in the source; otherwise fill it in the file"
        )),
        Fault::Undecoded(Detail::Value { column, value }) => of_value(column, value),
        Fault::Undecoded(Detail::Record(broken)) => record(broken),
        Fault::Unaccepted(Reason::Late) => {
            Some("give the source a longer `lateness` if rows that come so late are to count".to_owned())
        }
        Fault::Unaccepted(Reason::Ahead) => Some(
            "compare the zones and units of event time and arrival; a clock that is ahead needs a longer `skew`".into(),
        ),
        Fault::Unaccepted(Reason::NullTime) | Fault::OfView => None,
    }
}

/// For rows whose arrival is null.
const WITHOUT_ARRIVAL: &str = "a row counts from its arrival on, so each needs one: fill the column, name the one that has it, or \
                               declare a lag that is sure, such as `arrival time + 5m`";

/// As [`row`], where no row of the source can be used: the first is no exception then.
pub fn all_rows(fault: &Fault, file: &str) -> Option<String> {
    match fault {
        Fault::Undecoded(Detail::Null { column, is_time: true, .. }) => Some(format!(
            "no row has an event time in `{column}`: name the file of this source, or in `time` the column that has it"
        )),
        Fault::Undecoded(Detail::Null { is_arrival: true, .. }) => row(fault, file),
        Fault::Undecoded(Detail::Null { column, .. }) => Some(format!(
            "`{column}` may be null in all of them, as it is in a file of another source: name the file of this one, whose \
             columns and keys are spelt as they are declared; or write a `?` behind the type of `{column}`"
        )),
        Fault::Unaccepted(Reason::Late) => Some(
            "if all are late by about as much, compare the zones and units of event time and arrival; give the source a longer \
             `lateness` only if rows that come so late are to count"
                .to_owned(),
        ),
        _ => row(fault, file),
    }
}

fn record(broken: &Broken) -> Option<String> {
    Some(match broken {
        Broken::OpenQuote => {
            "close the quote that is opened in that line, or leave it out; one that belongs to a quoted text is written twice"
                .to_owned()
        }
        Broken::TooLong => "end each record by a line feed, or leave its long column out of the file".to_owned(),
        Broken::NotUtf8 => NOT_UTF8.to_owned(),
        Broken::NoObject(_) => format!("write one object a line: {LINES}"),
        Broken::Fields { .. } => "a text with a comma in it stands in double quotes, \"like, this\": write it so, or leave the \
                                  comma out; what is divided by other signs is no CSV"
            .to_owned(),
        Broken::NoJson(_) => {
            format!("each line is one whole object, with double quotes, no comma behind it and `null` for NaN: {LINES}")
        }
        Broken::BehindQuote | Broken::KeyTwice(_) => return None,
    })
}

/// For text of another encoding.
pub const NOT_UTF8: &str = "the text has another encoding, such as Latin-1: write it as UTF-8";

/// How pandas writes JSONL.
const LINES: &str = "in pandas `to_json(path, orient=\"records\", lines=True, date_format=\"iso\")`";

/// For a value of a column: `"1.0" is not an int64`.
fn of_value(column: &str, value: &BadValue) -> Option<String> {
    let plain = value.written.trim_matches('"');
    let is_number = plain.parse::<f64>().is_ok();
    let is_absent = matches!(
        plain.to_lowercase().as_str(),
        "na" | "n/a" | "nan" | "null" | "none" | "nil" | "-" | "nat" | "\\n"
    );
    let is_kind = matches!(
        value.wrong,
        Wrong::NoBool
            | Wrong::NoInt64
            | Wrong::NoFloat64
            | Wrong::NoDecimal
            | Wrong::NoTimestamp
            | Wrong::NoDate
            | Wrong::NoDuration
    );
    match value.wrong {
        Wrong::MorePlaces => {
            let places = plain.rsplit_once('.').map_or(0, |(_, places)| places.len());
            Some(format!(
                "declare `{column}` with {places} digits behind the point, `decimal(…, {places})`, and as many more in all, or \
                 round it in the file"
            ))
        }
        Wrong::BeyondPrecision => {
            let whole = plain.trim_start_matches('-').split('.').next().map_or(0, str::len);
            Some(format!(
                "it has {whole} digits before the point: declare `{column}` with more digits in all, the first number of \
                 `decimal(p, s)`"
            ))
        }
        Wrong::BeyondInt64 => Some(format!(
            "declare `{column}: string` if nothing is computed with it, or `{column}: decimal(20, 0)`"
        )),
        Wrong::Inexact => Some(format!(
            "declare `{column}` as the decimal that the file has: as many digits behind the point, and in all"
        )),
        _ if is_kind && is_absent => Some(format!(
            "what is absent is an empty field (in pandas `to_csv(path, na_rep=\"\")`): write nothing in place of `{plain}`, \
             and a `?` behind the type of `{column}`"
        )),
        Wrong::NoTimestamp => Some(timestamp(plain)),
        Wrong::NoString if epoch(plain).is_some() => Some(format!(
            "if `{column}` is an instant: {}; if it is a number, declare it as `int64`",
            timestamp(plain)
        )),
        Wrong::NoString if is_number => Some(format!(
            "declare `{column}` as the number that it is, such as `{column}: int64`"
        )),
        Wrong::NoInt64 if plain.parse::<i64>().is_ok() => Some(format!(
            "it is text in the file: declare `{column}: string` and cast it in a transform, or write it as a number"
        )),
        Wrong::NoInt64 if is_number => Some(format!(
            "declare `{column}: float64`, or write whole numbers into the file"
        )),
        Wrong::NoFloat64 | Wrong::NoDecimal | Wrong::NoInt64 => {
            as_number(plain).map(|number| format!("write digits, with a point before those of the fraction: {number}"))
        }
        Wrong::NoBool if !is_number => Some(format!(
            "write `true` and `false` into the file, or declare `{column}: string` and compare: `{column} = \"{plain}\"`"
        )),
        Wrong::NoBool => Some(format!(
            "write `true` and `false` into the file, or declare `{column}: int64` and compare: `{column} = 1`"
        )),
        _ => None,
    }
}

/// A number with a comma for its point, or with a currency beside it, as it can be read. Where a comma may stand between
/// thousands it is not told which is meant.
fn as_number(written: &str) -> Option<String> {
    let bare = written.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '+');
    let bare = bare.trim();
    let point = match bare.split_once(',') {
        Some((whole, fraction)) if fraction.len() != 3 && !whole.contains('.') => format!("{whole}.{fraction}"),
        Some(_) => return None,
        None => bare.to_owned(),
    };
    (point != written && point.parse::<f64>().is_ok()).then_some(point)
}

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
    let marks = |date: &str| -> Vec<_> { date.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect() };
    let is_dotted = written.get(..10).map(marks) == Some(vec![(2, '.'), (5, '.')]);
    if written.contains('/') || is_dotted {
        return "write instants like `2024-05-01T00:00:00Z` (in pandas `pd.to_datetime(x, dayfirst=True, utc=True)` where the \
                day comes first, without `dayfirst` where the month does)"
            .to_owned();
    }
    match dated(written) {
        Some(instant) => format!("write an instant with its time and zone: `{instant}`"),
        None => "write instants like `2024-05-01T00:00:00Z`".to_owned(),
    }
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
fn epoch(written: &str) -> Option<(i64, &'static str)> {
    let digits = written.strip_suffix(".0").unwrap_or(written);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    match digits.len() {
        9..=10 => Some((number * 1_000_000, "s")),
        12..=13 => Some((number * 1_000, "ms")),
        15..=16 => Some((number, "us")),
        18..=19 => Some((number / 1_000, "ns")),
        _ => None,
    }
}

/// For a question whose instant cannot be used.
pub fn instant_of_spine(value: &BadValue) -> Option<String> {
    let is_instant = matches!(value.wrong, Wrong::NoTimestamp | Wrong::NoString);
    is_instant.then(|| timestamp(value.written.trim_matches('"')))
}

/// For a name whose ending says no format that is read.
pub fn format(name: &str) -> Option<String> {
    let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match ending.as_str() {
        "json" => format!("write one object a line, and name the file .jsonl: {LINES}"),
        "feather" | "ipc" => "a Feather file of version 2 is an Arrow file: name it .arrow".to_owned(),
        "xlsx" | "xls" | "ods" | "pkl" | "pickle" | "h5" | "hdf" | "hdf5" | "orc" | "avro" | "sqlite" | "db" => {
            "this format is not read: write it as Parquet (in pandas `to_parquet(path)`) or as CSV".to_owned()
        }
        "tab" | "txt" => "name it .tsv if tabs stand between its columns, .csv if commas do".to_owned(),
        _ => return None,
    })
}

/// For the names that a text file's first line has, where one that is wanted is not among them.
pub fn header(found: &[String]) -> Option<String> {
    let first = found.first()?;
    if found.iter().any(|name| name.contains('\r')) {
        return Some("lines of the file end with a carriage return alone: end them with a line feed".to_owned());
    }
    if first.starts_with('#') {
        return Some("remove the lines before the header: the first line of a file names its columns".to_owned());
    }
    let is_value = |name: &String| {
        let is_instant = name.len() >= 10 && name.as_bytes()[4] == b'-' && name.as_bytes()[0].is_ascii_digit();
        name.parse::<f64>().is_ok() || is_instant || matches!(name.as_str(), "true" | "false")
    };
    found
        .iter()
        .any(is_value)
        .then(|| "the file has no header: write the names of the columns into its first line".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_row_has_its_step() {
        let step = |fault: Fault| row(&fault, "f.csv").unwrap_or_default();
        let value = |column: &str, written: &str, wrong| {
            let (column, written) = (column.to_owned(), written.to_owned());
            let value = BadValue { written, wrong };
            Fault::Undecoded(Detail::Value { column, value })
        };
        let record = |broken| Fault::Undecoded(Detail::Record(broken));
        let null_of = |is_time, is_arrival| {
            let column = "sku".to_owned();
            Fault::Undecoded(Detail::Null {
                column,
                is_time,
                is_arrival,
            })
        };
        let null = |is_time| null_of(is_time, false);
        assert!(step(null_of(false, true)).contains("`arrival time + 5m`"));
        let of_all = |fault: Fault| all_rows(&fault, "f.csv").unwrap_or_default();
        assert!(of_all(null_of(false, true)).contains("`arrival time + 5m`"));
        assert!(of_all(null(true)).contains("no row has an event time in `sku`"));
        assert!(of_all(null(false)).contains("a file of another source"));
        assert!(of_all(Fault::Unaccepted(Reason::Late)).contains("compare the zones"));
        for (fault, words) in [
            (null(false), "`?` behind its type"),
            (value("x", "\"1,50\"", Wrong::NoDecimal), "1.50"),
            (value("x", "\"$1.50\"", Wrong::NoDecimal), ": 1.50"),
            (value("x", "\"NA\"", Wrong::NoDecimal), "in place of `NA`"),
            (value("x", "\"1.505\"", Wrong::MorePlaces), "`decimal(…, 3)`"),
            (value("ok", "\"yes\"", Wrong::NoBool), "`ok = \"yes\"`"),
            (value("at", "\"01/05/2024 10:00\"", Wrong::NoTimestamp), "dayfirst"),
            (value("n", "\"1.0\"", Wrong::NoInt64), "`n: float64`"),
            (value("n", "\"1\"", Wrong::NoInt64), "declare `n: string`"),
            (value("x", "\"36,14\"", Wrong::NoFloat64), "36.14"),
            (value("ok", "\"1\"", Wrong::NoBool), "`ok = 1`"),
            (value("id", "5", Wrong::NoString), "`id: int64`"),
            (value("at", "1715336539000", Wrong::NoString), "`2024-05-10T10:22:19Z`"),
            (value("at", "\"1715174759000\"", Wrong::NoTimestamp), "unit=\"ms\""),
            (
                value("at", "\"2024-05-06\"", Wrong::NoTimestamp),
                "`2024-05-06T00:00:00Z`",
            ),
            (
                value("at", "\"2024-05-01T10:00:00 Europe/Berlin\"", Wrong::NoTimestamp),
                "`zone \"Europe/Berlin\"`",
            ),
            (value("at", "\"01.05.2024 10:25\"", Wrong::NoTimestamp), "dayfirst"),
            (
                value("x", "\"123456789.00\"", Wrong::BeyondPrecision),
                "9 digits before the point",
            ),
            (
                value("n", "\"9223372036854775808\"", Wrong::BeyondInt64),
                "`decimal(20, 0)`",
            ),
            (value("x", "105", Wrong::Inexact), "that the file has"),
            (record(Broken::Fields { found: 9, header: 8 }), "in double quotes"),
            (
                record(Broken::NoJson("expected value at column 7".to_owned())),
                "`null` for NaN",
            ),
            (record(Broken::NotUtf8), "write it as UTF-8"),
            (record(Broken::OpenQuote), "opened in that line"),
            (record(Broken::TooLong), "by a line feed"),
            (record(Broken::NoObject("a sequence".to_owned())), "lines=True"),
            (Fault::Unaccepted(Reason::Late), "`lateness`"),
            (Fault::Unaccepted(Reason::Ahead), "`skew`"),
        ] {
            let told = step(fault.clone());
            assert!(told.contains(words), "{fault:?}: {told}");
        }
        assert_eq!(as_number("1,500"), None, "a thousand and a half, or one and a half");
        assert_eq!(row(&null(true), "f.csv"), None);
        assert!(row(&null(false), "f.jsonl").is_some_and(|told| told.contains("spelt as the columns")));
    }

    #[test]
    fn a_first_line_that_is_no_header_is_told() {
        let told = |names: &[&str]| header(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert!(told(&["0", "c11", "36.14"]).is_some_and(|help| help.contains("no header")));
        assert!(told(&["# exported 2024"]).is_some_and(|help| help.contains("before the header")));
        assert!(told(&["id", "known_at\r0"]).is_some_and(|help| help.contains("line feed")));
        assert_eq!(told(&["id", "card", "at_2024"]), None);
        assert_eq!(told(&[]), None);
    }
}
