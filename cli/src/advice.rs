//! The next step for a value or a file that cannot be used, by what is wrong with it.

mod arrivals;
mod instants;
mod nested;
mod numbers;
#[cfg(test)]
mod tests;

use featr::{BadValue, Broken, Detail, Example, Fault, Reason, ViewReason, Wrong};
use instants::{epoch, format_of, is_written_out, read_as, timestamp};
pub use instants::{instant_of_spine, option, zone};
use numbers::{COMMA, as_number, is_absent, is_bound, is_comma, is_whole, places};

/// For a row of a file that was rejected.
pub fn row(fault: &Fault, file: &str) -> Option<String> {
    match fault {
        Fault::Undecoded(Detail::Null { column, is_time: true, .. }) => Some(format!(
            "what has no `{column}` yet, as something that still goes on, is no event yet: leave such rows out of the file, or name in \
             `time` the column that every row has"
        )),
        Fault::Undecoded(Detail::Null { is_arrival: true, .. }) | Fault::Unaccepted(Reason::NullArrival, _) => {
            Some(WITHOUT_ARRIVAL.to_owned())
        }
        Fault::Undecoded(Detail::Null { column, .. }) if file.contains(".jsonl") => Some(format!(
            "if `{column}` may be null, write a `?` after its type in the source; a key that is absent is null, too: keys \
             are spelt as the columns, or as `from \"…\"` after the type says, which leads into objects: `from \"user.id\"`"
        )),
        Fault::Undecoded(Detail::Null { column, .. }) => Some(format!(
            "if `{column}` may be null, write a `?` after its type in the source; otherwise fill it in the file"
        )),
        Fault::Undecoded(Detail::Value { column, value }) => of_value(column, value),
        Fault::Undecoded(Detail::Record(broken @ (Broken::NoObject(_) | Broken::NoJson(_)))) => {
            record(broken).map(|step| format!("{step}, {EPOCHS}"))
        }
        Fault::Undecoded(Detail::Record(broken)) => record(broken),
        Fault::Unaccepted(Reason::Late, _) => {
            Some(
                "give the source a longer `lateness` if rows that come so late are to count; if they are late by months, compare the \
                 formats of `time` and `arrival`: day and month may be exchanged in one"
                    .to_owned(),
            )
        }
        Fault::Unaccepted(Reason::Ahead, Some(at)) if arrivals::is_of_that_day(at) => {
            Some(arrivals::OF_THAT_DAY.to_owned())
        }
        Fault::Unaccepted(Reason::Ahead, _) => Some(
            "an event time that is planned or forecast, such as that of a departure, needs a `skew` as long as it looks ahead, if it is to be \
             the `time`; what counts from when it was known has that column as its `time`; else compare the zones, units and formats of `time` and `arrival` (day and month may be exchanged in one), and whether they \
             are exchanged themselves; a clock that is ahead needs a longer `skew`"
                .into(),
        ),
        Fault::OfView(ViewReason::AtBeforeTime) => Some(
            "an event cannot count before the `time` of its row: compare the zones and formats of both columns; of an instant that may \
             be a plan, write the later one, such as `at greatest(planned, created)`, with the column of `time`"
                .to_owned(),
        ),
        Fault::OfView(ViewReason::AtTooFar) => Some(
            "if the row is right, write a longer `within` after `at`, so long that every such instant lies in it".to_owned(),
        ),
        Fault::Unaccepted(Reason::NullTime, _) | Fault::OfView(ViewReason::KeyError) => None,
    }
}

/// For rows whose arrival is null.
const WITHOUT_ARRIVAL: &str = "a row counts from its arrival on, so each needs one: fill the column, name the one that has it, or \
                               declare a lag that is sure, such as `arrival time + 5m`";

/// The example that says most of them: rows without an event time are told of where there are no others.
pub fn telling(examples: &[Example]) -> Option<&Example> {
    let has_time = |example: &&Example| !matches!(example.fault, Fault::Undecoded(Detail::Null { is_time: true, .. }));
    examples.iter().find(has_time).or(examples.first())
}

/// As [`row`], where no row of the source can be used: the first ones are no exceptions then.
pub fn all_rows(examples: &[Example]) -> Option<String> {
    let Example { text: file, fault, .. } = telling(examples)?;
    match fault {
        Fault::Undecoded(Detail::Null {
            column, is_time: true, ..
        }) => Some(format!(
            "no row has an event time in `{column}`: name the file of this source, or in `time` the column that has it"
        )),
        Fault::Undecoded(Detail::Null { is_arrival: true, .. }) => row(fault, file),
        Fault::Undecoded(Detail::Null { column, .. }) if file.contains(".jsonl") => Some(format!(
            "no line has a value where `{column}` is looked for: name the file of this source, compare the name with the keys of \
             the file, or say the way to it: after its type, `from \"user.id\"` is the `id` in the object `user`; a `?` would make it null in all rows"
        )),
        Fault::Undecoded(Detail::Null { column, .. }) => Some(format!(
            "`{column}` may be null in all of them, as it is in a file of another source: name the file of this one, whose \
             columns and keys are spelt as they are declared; or write a `?` after the type of `{column}`"
        )),
        Fault::Undecoded(Detail::Value { column, value }) if value.wrong == Wrong::NoInt64 => {
            of_value(column, with_fraction(column, examples).unwrap_or(value))
        }
        Fault::Unaccepted(Reason::Late, _) => Some(arrivals::where_all_are_late(examples)),
        Fault::Unaccepted(Reason::Ahead, _) => Some(arrivals::where_all_are_ahead(examples)),
        _ => row(fault, file),
    }
}

/// The value of a column that has most digits after the point, and a fraction: a whole number beside it is of the same kind.
fn with_fraction<'a>(column: &str, examples: &'a [Example]) -> Option<&'a BadValue> {
    let of_column = |example: &'a Example| match &example.fault {
        Fault::Undecoded(Detail::Value { column: of, value }) if of == column && value.wrong == Wrong::NoInt64 => {
            Some(value)
        }
        _ => None,
    };
    let plain = |value: &BadValue| value.written.trim_matches('"').to_owned();
    let has_fraction = |value: &&BadValue| plain(value).parse::<f64>().is_ok_and(|number| number.fract() != 0.0);
    let values = examples.iter().filter_map(of_column).filter(has_fraction);
    values.max_by_key(|value| places(&plain(value)))
}

/// For a record that cannot be read.
pub fn record(broken: &Broken) -> Option<String> {
    Some(match broken {
        Broken::OpenQuote => {
            "close the quote that is opened in that line, or leave it out; one that belongs to a quoted text is written twice"
                .to_owned()
        }
        Broken::TooLong => "end each record by a line feed, or leave its long column out of the file".to_owned(),
        Broken::NotUtf8 => NOT_UTF8.to_owned(),
        Broken::NoObject(_) => format!("write one object a line: {LINES}"),
        Broken::Fields { found, header } => {
            let last = if *found == header + 1 {
                "; where each row ends with a comma, leave it out"
            } else {
                ""
            };
            format!(
                "a text with a comma in it stands in double quotes, \"like, this\", and a number has a point before its fraction{last}; \
                 what is divided by other signs is no CSV"
            )
        }
        Broken::NoJson(_) => {
            format!("each line is one whole object, with double quotes, no comma after it and `null` for NaN: {LINES}")
        }
        Broken::BehindQuote | Broken::KeyTwice(_) => return None,
    })
}

/// For text of another encoding.
pub const NOT_UTF8: &str = "the text has another encoding, such as Latin-1: write it as UTF-8";

/// How pandas writes JSONL.
const LINES: &str = "in pandas `to_json(path, orient=\"records\", lines=True, date_format=\"iso\")`";

/// The same of a source, whose instants may be numbers.
const EPOCHS: &str = "where the source says `as epoch_millis`, with `date_format=\"epoch\", date_unit=\"ms\"`";

/// What a date stands for that is no day of its own: `9999-12-31` for an open end, `1900-01-01` for a day that is not known.
fn stands_for(plain: &str) -> Option<&'static str> {
    let begins_with = |days: &[&str]| days.iter().any(|day| plain.starts_with(day));
    if begins_with(&["9999-", "2999-", "3000-", "2099-12-31"]) {
        return Some("an open end");
    }
    begins_with(&["1900-01-01", "0001-01-01"]).then_some("an unknown one")
}

/// For a value of a column: `"1.0" is not an int64`.
fn of_value(column: &str, value: &BadValue) -> Option<String> {
    let plain = value.written.trim_matches('"');
    let is_number = plain.parse::<f64>().is_ok();
    let is_absent = is_absent(plain);
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
    if (is_kind || value.wrong == Wrong::NoString) && value.written.starts_with(['{', '[']) {
        return Some(nested::text(column, &value.written));
    }
    if matches!(value.wrong, Wrong::NoTimestamp | Wrong::NotInFormat)
        && let Some(meant) = stands_for(plain)
    {
        return Some(format!(
            "a day that stands for {meant} is no instant: write nothing in its place, and a `?` after the type of `{column}`"
        ));
    }
    match value.wrong {
        Wrong::MorePlaces => {
            let places = plain.rsplit_once('.').map_or(0, |(_, places)| places.len());
            if places >= FLOAT_PLACES {
                return Some(format!(
                    "so many digits are those of a float: declare `{column}: float64`, or round it where the file is written (in \
                     pandas `.round(2)`)"
                ));
            }
            let thousands = if places == 3 {
                "; a point between thousands is left out in the file"
            } else {
                ""
            };
            Some(format!(
                "declare `{column}` with as many digits after the point as any value has, for this one `decimal(…, {places})`, and as \
                 many more in all; or round it in the file; what a computation leaves behind the point is read as `{column}: \
                 float64`{thousands}"
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
            "declare `{column}` as the decimal that the file has: as many digits after the point, and in all"
        )),
        _ if is_absent && (is_kind || matches!(value.wrong, Wrong::NotInFormat | Wrong::NoNumber)) => Some(format!(
            "{} of `{column}`",
            numbers::absent(plain, ", and a `?` after the type")
        )),
        Wrong::NoTimestamp => Some(read_as(column, plain).unwrap_or_else(|| timestamp(plain))),
        Wrong::NotInFormat | Wrong::NoDate if instants::is_day_number(plain) => Some(instants::DAY_NUMBER.to_owned()),
        Wrong::NoDate => format_of(plain).map(|format| {
            format!("say its format: `as \"{format}\"` after the type of `{column}`, where another order of day and month is another format")
        }),
        Wrong::NoNumber if is_written_out(plain) => Some(format!(
            "it is no number: declare `{column}: timestamp`, without what it counts, or write such numbers into the file, in pandas \
             by `to_json`, {EPOCHS}"
        )),
        Wrong::NotInFormat => Some(match format_of(plain) {
            Some(format) => format!(
                "that value has the format `{format}`: compare it with the one after the type of `{column}`, where one that \
                 exchanges day and month reads the other rows wrongly"
            ),
            None if instants::has_half_of_day(plain) => format!(
                "a time with AM or PM is `%I:%M %p` in the format of `{column}`: hours from 1 to 12 are `%I`, and `%H` are those from 0 \
                 to 23; compare the rest of it with the value"
            ),
            None => {
                format!("compare it with the format after the type of `{column}`; texts in another one are rejected")
            }
        }),
        Wrong::ShortYear => Some(format!(
            "a year of two digits is `%y` in the format of `{column}`, in place of `%Y`: `24` is 2024, `70` is 1970"
        )),
        Wrong::BeyondYears if epoch(plain).is_some_and(|(_, unit)| unit == "ns") => Some(
            "if it counts nanoseconds, which are not read: divide by 1000 where the file is written, and say `as epoch_micros`"
                .to_owned(),
        ),
        Wrong::BeyondYears if is_number => Some(format!(
            "compare it with what the numbers of `{column}` are said to count: seconds, millis or micros"
        )),
        Wrong::PartOfMicrosecond => Some(format!(
            "instants are whole microseconds: write `{column}` with fewer digits after the point, as text or as a decimal"
        )),
        Wrong::NoObject => Some(nested::object(column, &value.written)),
        Wrong::NoList => Some(nested::list(column)),
        Wrong::NoDuration => Some(nested::duration(column, &value.written, is_number)),
        Wrong::NoString if epoch(plain).is_some() => Some(format!(
            "if `{column}` is an instant: {}; if it is a number, declare it as `int64`",
            read_as(column, plain).unwrap_or_else(|| timestamp(plain))
        )),
        Wrong::NoString if is_number => Some(format!(
            "declare `{column}` as the number that it is, such as `{column}: int64`; the key of an entity has one type, in the entity and \
             in all sources: where others have it as text, write it as text into this file, too"
        )),
        Wrong::NoInt64 if plain.parse::<i64>().is_ok() => Some(format!(
            "it is text in the file: declare `{column}: string` and cast it in a transform, or write it as a number"
        )),
        Wrong::NoInt64 if is_number && (2..=4).contains(&places(plain)) => Some(format!(
            "an amount is declared as `{column}: decimal({}, {})`, with as many digits after the point as any value has, and a \
             measurement as `{column}: float64`; an id is written without a point (in pandas `astype(\"Int64\")` first)",
            10 + places(plain),
            places(plain)
        )),
        Wrong::NoInt64 if is_whole(plain) => Some(format!(
            "write whole numbers without a point into the file (in pandas `astype(\"Int64\")` first); only if `{column}` \
             measures something, and is no id and no key, declare `{column}: float64`"
        )),
        Wrong::NoInt64 if is_number => Some(format!(
            "declare `{column}: float64`, or as a decimal with as many digits after the point as any value has, such as \
             `decimal(12, 2)` for amounts; or write whole numbers into the file"
        )),
        Wrong::NoFloat64 | Wrong::NoDecimal | Wrong::NoInt64 if is_bound(plain) => Some(numbers::bound(column, plain)),
        Wrong::NoFloat64 | Wrong::NoDecimal | Wrong::NoInt64 => Some(match as_number(plain) {
            Some(number) => format!("write digits, with a point before those of the fraction: {number}"),
            None if is_comma(plain) => COMMA.to_owned(),
            None => format!("declare `{column}: string` if its values are texts, or write numbers into the file"),
        }),
        Wrong::NoBool if !is_number => Some(format!(
            "write `true` and `false` into the file, or declare `{column}: string` and compare: `{column} = \"{}\"`",
            affirmed(plain)
        )),
        Wrong::NoBool => Some(format!(
            "write `true` and `false` into the file, or declare `{column}: int64` and compare: `{column} = 1`"
        )),
        _ => None,
    }
}

/// The text that says yes where `written` says no.
fn affirmed(written: &str) -> &str {
    const NO: [&str; 7] = ["N", "n", "No", "NO", "no", "F", "f"];
    const YES: [&str; 7] = ["Y", "y", "Yes", "YES", "yes", "T", "t"];
    let place = NO.iter().position(|no| *no == written);
    place.map_or(written, |place| YES[place])
}

/// So many digits after the point no amount has: a float was written.
const FLOAT_PLACES: usize = 10;

/// Whether a row is rejected because of the format of a column.
pub fn is_of_format(fault: &Fault) -> bool {
    matches!(fault, Fault::Undecoded(Detail::Value { value, .. }) if value.wrong == Wrong::NotInFormat)
}

/// For a row of a table that was rejected.
pub fn row_of_table(fault: &Fault, file: &str) -> Option<String> {
    match fault {
        // Keys and instants of tables are never null.
        Fault::Undecoded(Detail::Null { .. }) => None,
        other => row(other, file),
    }
}

/// For a question whose key cannot be used.
pub fn key_of_spine(column: &str, value: &BadValue) -> Option<String> {
    let plain = value.written.trim_matches('"');
    match value.wrong {
        Wrong::NoInt64 if is_whole(plain) => Some(format!(
            "floats round whole numbers of this size: write `{column}` without a point, as it was before it became a float \
             (in pandas `astype(\"Int64\")` where it is read)"
        )),
        Wrong::NoInt64 | Wrong::NoDecimal | Wrong::NoFloat64 | Wrong::NoBool if is_absent(plain) => {
            Some(numbers::absent(plain, ""))
        }
        Wrong::NoInt64 if plain.parse::<f64>().is_ok_and(f64::is_finite) => Some(format!(
            "write `{column}` in all rows without a fraction; a field of a request that has fractions is declared `float64`"
        )),
        Wrong::NoInt64 | Wrong::NoDecimal | Wrong::NoFloat64 | Wrong::NoBool | Wrong::NoString => {
            let number = as_number(plain).filter(|_| value.wrong != Wrong::NoString);
            Some(match number {
                Some(number) => format!("write digits, with a point before those of the fraction: {number}"),
                None if value.wrong == Wrong::NoString => {
                    format!("write `{column}` in all rows as the source has it, as text")
                }
                None if is_comma(plain) => COMMA.to_owned(),
                None => format!(
                    "write those that the source has; if it has such values, declare `{column}: string` in the program, there and in \
                     the entity; a field of a request is written as the program declares it"
                ),
            })
        }
        _ => None,
    }
}

/// For a name whose ending says no format that is read.
pub fn format(name: &str) -> Option<String> {
    let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match ending.as_str() {
        "json" => format!("write one object a line, and name the file .jsonl: {LINES}"),
        "feather" | "ipc" => "a Feather file of version 2 is an Arrow file: name it .arrow".to_owned(),
        "tab" | "txt" => "name it .tsv if tabs stand between its columns, .csv if commas do".to_owned(),
        other => return featr::unread(other).map(str::to_owned),
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
    if found.iter().any(is_value) {
        return Some("the file has no header: write the names of the columns into its first line".to_owned());
    }
    // Sheets fill a line up with commas.
    let is_alone = !first.is_empty() && found[1..].iter().all(String::is_empty);
    (is_alone && (found.len() > 1 || first.trim().contains(' '))).then(|| {
        format!(
            "the first line of a file names its columns, and this one has a single name: if `{first}` is a title, remove the lines \
             above the header"
        )
    })
}
