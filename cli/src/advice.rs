//! The next step for a value or a file that cannot be used, by what is wrong with it.

use featc_ir::display::instant;
use featr::{BadValue, Broken, Detail, Fault, Reason, Wrong};

/// For a row that was rejected.
pub fn row(fault: &Fault) -> Option<String> {
    match fault {
        Fault::Undecoded(Detail::Null { is_time: true, .. }) => None,
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
        Fault::Unaccepted(Reason::NullTime | Reason::NullArrival) | Fault::OfView => None,
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
        Broken::BehindQuote | Broken::Fields { .. } | Broken::NoJson(_) | Broken::KeyTwice(_) => return None,
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
    if written.contains('/') {
        return "write instants like `2024-05-01T00:00:00Z` (in pandas `pd.to_datetime(x, dayfirst=True, utc=True)` where the \
                day comes first, without `dayfirst` where the month does)"
            .to_owned();
    }
    let is_date = written.len() == 10 && written.bytes().filter(|byte| *byte == b'-').count() == 2;
    match is_date && written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        true => format!("write an instant with its time and zone: `{written}T00:00:00Z`"),
        false => "write instants like `2024-05-01T00:00:00Z`".to_owned(),
    }
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
        let step = |fault: Fault| row(&fault).unwrap_or_default();
        let value = |column: &str, written: &str, wrong| {
            let (column, written) = (column.to_owned(), written.to_owned());
            let value = BadValue { written, wrong };
            Fault::Undecoded(Detail::Value { column, value })
        };
        let record = |broken| Fault::Undecoded(Detail::Record(broken));
        let null = |is_time| {
            let column = "sku".to_owned();
            Fault::Undecoded(Detail::Null { column, is_time })
        };
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
        assert_eq!(row(&null(true)), None);
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
