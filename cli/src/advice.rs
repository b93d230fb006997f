//! The next step for a value or a file that cannot be used, by what is wrong with it.

use featc_ir::display::instant;

/// For a row that was rejected: `file:line: reason: detail`.
pub fn row(example: &str) -> Option<String> {
    let (_, detail) = ["null_in_required", "bad_value", "unparsable", "late", "ahead"]
        .iter()
        .find_map(|reason| Some((reason, example.split_once(&format!(": {reason}: "))?.1)))?;
    let is = |reason: &str| example.contains(&format!(": {reason}: "));
    if is("null_in_required") {
        let column = detail.strip_prefix("column ")?.strip_suffix(" is null")?;
        if example.contains(".jsonl") {
            return Some(format!(
                "if `{column}` may be null, write a `?` behind its type in the source; a key that is absent is null, too: \
                 keys are spelt as the columns, and stand in no nested object"
            ));
        }
        return Some(format!(
            "if `{column}` may be null, write a `?` behind its type in the source; otherwise fill it in the file"
        ));
    }
    if is("late") {
        return Some("give the source a longer `lateness` if rows that come so late are to count".to_owned());
    }
    if is("ahead") {
        return Some(
            "compare the zones and units of event time and arrival; a clock that is ahead needs a longer `skew`".into(),
        );
    }
    if is("unparsable") {
        if detail == "a quote that never closes" {
            let step = "close the quote that is opened in that line, or leave it out; one that belongs to a quoted text is \
                        written twice";
            return Some(step.to_owned());
        }
        if detail.starts_with("longer than ") {
            return Some("end each record by a line feed, or leave its long column out of the file".to_owned());
        }
        if detail == "not UTF-8" {
            return Some(NOT_UTF8.to_owned());
        }
        if detail.contains(" fields where the header has ") {
            let step = "a text with a comma in it stands in double quotes, \"like, this\": write it so, or leave the comma \
                        out; what is divided by other signs is no CSV";
            return Some(step.to_owned());
        }
        if detail.contains("expected an object") || detail.contains("sequence") {
            return Some(format!("write one object a line: {LINES}"));
        }
        let is_no_json = detail.starts_with("not JSON");
        return is_no_json.then(|| {
            format!("each line is one whole object, with double quotes, no comma behind it and `null` for NaN: {LINES}")
        });
    }
    let (column, why) = detail.strip_prefix("column ")?.split_once(": ")?;
    value(column, why)
}

/// For text of another encoding.
pub const NOT_UTF8: &str = "the text has another encoding, such as Latin-1: write it as UTF-8";

/// How pandas writes JSONL.
const LINES: &str = "in pandas `to_json(path, orient=\"records\", lines=True, date_format=\"iso\")`";

/// For a value of a column: `"1.0" is not an int64`.
fn value(column: &str, why: &str) -> Option<String> {
    if let Some(written) = why.strip_suffix(" has more decimal places than the column") {
        let places = written
            .trim_matches('"')
            .rsplit_once('.')
            .map_or(0, |(_, places)| places.len());
        return Some(format!(
            "declare `{column}` with {places} digits behind the point, `decimal(…, {places})`, and as many more in all, or \
             round it in the file"
        ));
    }
    if let Some(written) = why.strip_suffix(" does not fit the column's precision") {
        let whole = written
            .trim_matches('"')
            .trim_start_matches('-')
            .split('.')
            .next()
            .map_or(0, str::len);
        return Some(format!(
            "it has {whole} digits before the point: declare `{column}` with more digits in all, the first number of \
             `decimal(p, s)`"
        ));
    }
    if why.ends_with(" does not fit int64") {
        return Some(format!(
            "declare `{column}: string` if nothing is computed with it, or `{column}: decimal(20, 0)`"
        ));
    }
    if why.ends_with(" is not exact in the column's decimal type") {
        return Some(format!(
            "declare `{column}` as the decimal that the file has: as many digits behind the point, and in all"
        ));
    }
    let (written, what) = why.rsplit_once(" is not ")?;
    let plain = written.trim_matches('"');
    let is_number = plain.parse::<f64>().is_ok();
    let is_absent = matches!(
        plain.to_lowercase().as_str(),
        "na" | "n/a" | "nan" | "null" | "none" | "nil" | "-" | "nat" | "\\n"
    );
    match what {
        _ if is_absent && what != "a string" => Some(format!(
            "what is absent is an empty field (in pandas `to_csv(path, na_rep=\"\")`): write nothing in place of `{plain}`, \
             and a `?` behind the type of `{column}`"
        )),
        _ if what.contains("timestamp") => Some(timestamp(plain)),
        "a string" if epoch(plain).is_some() => Some(format!(
            "if `{column}` is an instant: {}; if it is a number, declare it as `int64`",
            timestamp(plain)
        )),
        "a string" if is_number => Some(format!(
            "declare `{column}` as the number that it is, such as `{column}: int64`"
        )),
        "an int64" if plain.parse::<i64>().is_ok() => Some(format!(
            "it is text in the file: declare `{column}: string` and cast it in a transform, or write it as a number"
        )),
        "an int64" if is_number => Some(format!(
            "declare `{column}: float64`, or write whole numbers into the file"
        )),
        "a float64" | "a decimal" | "an int64" if as_number(plain).is_some() => Some(format!(
            "write digits, with a point before those of the fraction: {}",
            as_number(plain)?
        )),
        "true or false" if !is_number => Some(format!(
            "write `true` and `false` into the file, or declare `{column}: string` and compare: `{column} = \"{plain}\"`"
        )),
        "true or false" => Some(format!(
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

/// For a question whose instant cannot be used: `holds "…", which is not an RFC 3339 timestamp`.
pub fn instant_of_spine(why: &str) -> Option<String> {
    let written = why.strip_prefix("holds ")?.rsplit_once(", which is not ")?.0;
    Some(timestamp(written.trim_matches('"')))
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
        let step = |detail: &str| row(&format!("f.csv:2: {detail}")).unwrap_or_default();
        for (detail, words) in [
            ("null_in_required: column sku is null", "`?` behind its type"),
            ("bad_value: column x: \"1,50\" is not a decimal", "1.50"),
            ("bad_value: column x: \"$1.50\" is not a decimal", ": 1.50"),
            ("bad_value: column x: \"NA\" is not a decimal", "in place of `NA`"),
            (
                "bad_value: column x: \"1.505\" has more decimal places than the column",
                "`decimal(…, 3)`",
            ),
            ("bad_value: column ok: \"yes\" is not true or false", "`ok = \"yes\"`"),
            (
                "bad_value: column at: \"01/05/2024 10:00\" is not an RFC 3339 timestamp",
                "dayfirst",
            ),
            ("unparsable: not UTF-8", "write it as UTF-8"),
            ("unparsable: 9 fields where the header has 8", "in double quotes"),
            ("unparsable: not JSON: expected value at column 7", "`null` for NaN"),
            (
                "bad_value: column x: \"123456789.00\" does not fit the column's precision",
                "9 digits before the point",
            ),
            (
                "bad_value: column n: \"9223372036854775808\" does not fit int64",
                "`decimal(20, 0)`",
            ),
            (
                "bad_value: column x: 105 (unscaled) is not exact in the column's decimal type",
                "that the file has",
            ),
            (
                "bad_value: column at: \"2024-05-01T10:00:00 Europe/Berlin\" is not an RFC 3339 timestamp",
                "`zone \"Europe/Berlin\"`",
            ),
            (
                "bad_value: column at: \"01.05.2024 10:25\" is not an RFC 3339 timestamp",
                "dayfirst",
            ),
            ("bad_value: column n: \"1.0\" is not an int64", "`n: float64`"),
            ("bad_value: column n: \"1\" is not an int64", "declare `n: string`"),
            ("bad_value: column x: \"36,14\" is not a float64", "36.14"),
            ("bad_value: column ok: \"1\" is not true or false", "`ok = 1`"),
            ("bad_value: column id: 5 is not a string", "`id: int64`"),
            (
                "bad_value: column at: 1715336539000 is not a string",
                "`2024-05-10T10:22:19Z`",
            ),
            (
                "bad_value: column at: \"1715174759000\" is not an RFC 3339 timestamp",
                "unit=\"ms\"",
            ),
            (
                "bad_value: column at: \"2024-05-06\" is not an RFC 3339 timestamp",
                "`2024-05-06T00:00:00Z`",
            ),
            ("unparsable: a quote that never closes", "opened in that line"),
            ("unparsable: longer than 16 MiB", "by a line feed"),
            ("unparsable: invalid type: sequence, expected an object", "lines=True"),
            (
                "late: arrived 5m after its event time; at most 1m is accepted",
                "`lateness`",
            ),
            (
                "ahead: its event time is 6934s after its arrival; at most 5m is accepted",
                "`skew`",
            ),
        ] {
            assert!(step(detail).contains(words), "{detail}: {}", step(detail));
        }
        assert_eq!(as_number("1,500"), None, "a thousand and a half, or one and a half");
        assert_eq!(row("f.csv:2: null_time: column at is null"), None);
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
