//! Files: what is wrong with one, with its columns, and with those of the questions.

use super::columns::{caller, declared_otherwise, resembling};
use super::store;
use crate::advice;
use featc_driver::diag::{Code, Diagnostic};
use featc_ir::Type;
use featr::{Broken, DecodeError};

pub fn decode(error: &DecodeError, at_column: Option<&str>) -> Diagnostic {
    let code = match error {
        DecodeError::NoFiles { .. } => Code::FileNotFound,
        // Files of a source are looked for by pattern, see above: this one was found by then.
        DecodeError::Unreadable { .. } if error.is_not_found() => {
            return Diagnostic::new(Code::FileNotFound, error.to_string()).with_help(
                "bring it back: it was there when the files were listed, or a Delta table names it and it is gone",
            );
        }
        DecodeError::Changed { .. } => Code::InputChanged,
        DecodeError::Unreadable { .. } => Code::UnreadableFile,
        DecodeError::Corrupt { .. } | DecodeError::BrokenHeader { .. } | DecodeError::BeyondBounds { .. } => {
            Code::CorruptFile
        }
        DecodeError::MissingColumn { file, found, .. }
            if file.ends_with(".jsonl") && found.first().is_some_and(|first| first.starts_with('{')) =>
        {
            return Diagnostic::new(Code::MissingColumn, format!("{file} is no CSV: its lines are JSON objects")).with_help(
                "name the files of this source and of one format, as in `data/*.csv`; or write `batch jsonl` in the source",
            );
        }
        DecodeError::MissingColumn {
            file, column, found, ..
        } if ill_header(column, found).is_some() => {
            return Diagnostic::new(Code::MissingColumn, error.to_string())
                .with_note(has(file, found))
                .with_help(ill_header(column, found).unwrap_or_default());
        }
        DecodeError::MissingColumn {
            file, column, found, ..
        } if Some(column.as_str()) == at_column => {
            let help = match instants(found) {
                Some(name) => format!("pass its name: `--at-column {name}`"),
                None => "if these are the questions that are meant, pass the name of the column with their instants, for example \
                         `--at-column decided_at`"
                    .to_owned(),
            };
            return Diagnostic::new(Code::MissingSpineTime, error.to_string())
                .with_note(has(file, found))
                .with_help(help);
        }
        DecodeError::MissingColumn {
            file,
            column,
            found,
            declared: Some(own),
            ..
        } => {
            return Diagnostic::new(Code::MissingColumn, error.to_string())
                .with_note(has(file, found))
                .with_help(declared_otherwise(own, column, (file, found)));
        }
        DecodeError::MissingColumn {
            file,
            column,
            found,
            cased,
            declared: None,
        } => {
            // A file may have columns under names that no program can write.
            let reserved = |name: &&String| featc_driver::is_reserved(name);
            let renamed = found
                .iter()
                .filter(reserved)
                .find(|name| column.trim_matches('_') == name.as_str());
            if let Some(name) = renamed {
                return Diagnostic::new(Code::MissingColumn, error.to_string())
                    .with_note(has(file, found))
                    .with_help(format!(
                        "write after the type of `{column}` what the file calls it: `from \"{name}\"`"
                    ));
            }
            let help = resembling(column, found).map_or_else(
                || {
                    match at_column {
                        None => format!(
                            "if this is the file that is meant, write after the type of the column what {} calls it, \
                             `from \"…\"`, or add it to the file; an arrival that no column says is `arrival time + 5m`: no \
                             other instant of the row stands for it",
                            caller(file)
                        ),
                        Some(_) => "the service asks for it: if these are the questions that are meant, rename the column in \
                                    the spine, or add it; if it is the key of views whose features are not wanted, ask a \
                                    service without them"
                            .to_owned(),
                    }
                },
                |nearest| match at_column {
                    // The same in other letters is what files of databases have: the program keeps its name.
                    None if !is_name(nearest) || nearest.eq_ignore_ascii_case(column) => {
                        let others: String = cased.iter().map(|(name, there)| format!(", of `{name}`: `from {there:?}`")).collect();
                        format!("write after the type of `{column}` what the file calls it: `from {nearest:?}`{others}")
                    }
                    None => format!(
                        "if the file's `{nearest}` is meant, write `from {nearest:?}` after the type of `{column}`; else add \
                         `{column}` to the file, or take it out of the program"
                    ),
                    Some(_) => format!("did you mean `{nearest}`? rename the column in the spine"),
                },
            );
            return Diagnostic::new(Code::MissingColumn, error.to_string())
                .with_note(has(file, found))
                .with_help(help);
        }
        DecodeError::WrongType {
            file,
            column,
            expected: Some(expected),
            found,
        } if is_frame(file) => {
            return Diagnostic::new(Code::WrongColumnType, error.to_string())
                .with_help(of_frame(column, *expected, found));
        }
        DecodeError::WrongType {
            expected: Some(Type::Timestamp),
            found,
            ..
        } if at_column.is_none() => {
            let is_number = ["Int", "UInt", "Float", "Decimal"]
                .iter()
                .any(|number| found.starts_with(number));
            let help = match found.as_str() {
                _ if is_number => {
                    "say after the column's type what it counts: `timestamp as epoch_seconds`, `epoch_millis` or `epoch_micros`"
                }
                at if at.starts_with("a timestamp") => {
                    "it holds instants already: declare the column as `timestamp`, without `as …` after it; where they say no zone, the \
                     source's `zone` says whose they are"
                }
                date if date.starts_with("Date") => {
                    "say that it is a date: `timestamp as date`, with `in \"UTC\"` or another zone after it where the source has no `zone`"
                }
                text if text.contains("Utf8") => {
                    "say the format of the texts: `timestamp as \"%+\"` of those like 2024-05-01T00:00:00Z, with `Z` or an offset; \
                     without one such as `timestamp as \"%d.%m.%Y %H:%M\"`, with `in \"UTC\"` or another zone after it where the \
                     source has no `zone`"
                }
                _ => {
                    "no form of this type is an instant: declare another column, or read this one as the type that it has"
                }
            };
            return Diagnostic::new(Code::WrongColumnType, error.to_string()).with_help(help);
        }
        DecodeError::AmbiguousColumn { .. } => Code::MissingColumn,
        DecodeError::WrongType { .. } => Code::WrongColumnType,
        DecodeError::NaiveTimestamp { .. } => Code::NaiveTimestamp,
        DecodeError::UnknownZone { .. } => Code::InvalidArgument,
        DecodeError::SpineInstant { .. } | DecodeError::SpineKey { .. } | DecodeError::SpineLine { .. } => {
            Code::UnusableSpineRow
        }
        DecodeError::SpineTooWide { .. } => Code::SpineTooWide,
        DecodeError::ReadOtherwise { .. } => Code::RowsReadOtherwise,
        DecodeError::Unwritable { .. } => Code::UnwritableOutput,
        DecodeError::BeyondText { .. } => Code::BeyondText,
        DecodeError::Busy { .. } => Code::OutputBusy,
        DecodeError::UnknownFormat { .. } | DecodeError::UnknownExtension { .. } => Code::UnknownOutputFormat,
        DecodeError::Lake { cause, .. } => return store::problem(*cause, error),
    };
    let of_spine = at_column.and_then(|_| spine_step(error, code));
    let by_value = match error {
        DecodeError::SpineInstant { value, .. } => value.as_ref().and_then(advice::instant_of_spine),
        DecodeError::SpineKey { column, value, .. } => {
            value.as_ref().and_then(|value| advice::key_of_spine(column, value))
        }
        DecodeError::SpineLine { broken, .. } => broken.as_ref().and_then(advice::record),
        DecodeError::UnknownFormat { file, .. } => advice::format(file),
        DecodeError::UnknownZone { zone } => advice::zone(zone),
        DecodeError::BrokenHeader {
            why: Broken::NotUtf8, ..
        } => Some(advice::NOT_UTF8.to_owned()),
        DecodeError::Corrupt { .. } => error.help(),
        DecodeError::WrongType {
            column,
            expected: Some(Type::Duration),
            found,
            ..
        } if found.starts_with("Float") && at_column.is_none() => Some(format!(
            "declare `{column}: float64`, and compute in a transform: `cast({column} * 1000000.0 as int64) * 1us` if it counts seconds, \
             `cast({column} * 1000.0 as int64) * 1us` milliseconds"
        )),
        DecodeError::NoFiles { pattern, other, .. } => {
            other.iter().min().map(|other| of_another_format(pattern, other))
        }
        DecodeError::WrongType {
            column,
            expected: Some(number @ (Type::Int64 | Type::Float64 | Type::Decimal { .. })),
            found,
            ..
        } if found.contains("Utf8") && at_column.is_none() => Some(format!(
            "declare `{column}: string`, and compute in a transform: `cast({column} as {number})` of texts that are numbers as they \
             stand, `cast(replace({column}, \" €\", \"\") as {number})` of those with a sign or a unit"
        )),
        _ => None,
    };
    let help = by_value.or(of_spine).or_else(|| error.help());
    let help = help.unwrap_or_else(|| next_step(code).to_owned());
    Diagnostic::new(code, error.to_string()).with_help(help)
}

/// Whether a program can say it as the name of a column.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What is wrong with the header of a text file in which a column is not found, if it is one of the usual things.
pub(super) fn ill_header(column: &str, found: &[String]) -> Option<String> {
    if found.first().is_some_and(|first| first.starts_with(['[', '{'])) {
        return advice::format("rows.json");
    }
    if let [all] = found
        && let Some(mark) = all.chars().find(|mark| [';', '\t', '|', ','].contains(mark))
    {
        let own = |what: &str, format: &str| {
            format!(
                "{what} stand between its columns: write `batch {format}` in the source, or name the file .{format}"
            )
        };
        return Some(match mark {
            '\t' => own("tabs", "tsv"),
            ',' => own("commas", "csv"),
            mark => format!(
                "write the file with commas between its columns, and points in its numbers where they have a comma (`5.00`, not `5,00`): its \
                 header has {mark:?}"
            ),
        });
    }
    let padded = found
        .iter()
        .find(|name| name.as_str() != column && name.trim() == column && !name.contains('\r'));
    let blanks =
        |padded: &String| format!("remove the blanks around the name in the header of the file: it is {padded:?}");
    padded.map(blanks).or_else(|| advice::header(found))
}

/// The columns that are there, of a file or of rows that have none.
pub(super) fn has(file: &str, found: &[String]) -> String {
    let what = match is_frame(file) {
        true => "the rows have",
        false => "the file has",
    };
    format!("{what}: {}", listed(found))
}

/// The next step for a column of another type of rows that are in no file.
fn of_frame(column: &str, expected: Type, found: &str) -> String {
    match expected {
        Type::Decimal { precision, scale } if found == "Float64" => format!(
            "these floats are no decimals that were written: round them, in Polars by \
             `pl.col(\"{column}\").cast(pl.Decimal({precision}, {scale}))`, or declare `{column}: float64`"
        ),
        // Without a unit pandas takes numbers for nanoseconds.
        Type::Timestamp if ["Int", "UInt", "Float"].iter().any(|number| found.starts_with(number)) => format!(
            "give instants: where the numbers count seconds since 1970, in pandas `pd.to_datetime(x, unit=\"s\", utc=True)`, in \
             Polars `pl.from_epoch(\"{column}\", time_unit=\"s\")`; `\"ms\"` where they count milliseconds"
        ),
        Type::Timestamp => {
            "give instants: in pandas `pd.to_datetime(x, utc=True)`, with `dayfirst=True` where the day comes first; in Polars \
             `.str.to_datetime(time_zone=\"UTC\")`; texts are \
             read if all of them have an offset, as 2024-05-01T10:00:00Z has"
                .to_owned()
        }
        _ => format!("give the column as {expected}, or declare the type that it has and cast in a transform"),
    }
}

/// Whether messages call rows so that are in no file.
fn is_frame(name: &str) -> bool {
    name == "the spine" || name.starts_with("rows of ")
}

/// The one column that has the instants, by its name.
fn instants(found: &[String]) -> Option<&str> {
    let may_be = |name: &&String| {
        let name = name.to_lowercase();
        let ends = ["time", "timestamp", "_at", "_ts"]
            .iter()
            .any(|end| name.ends_with(end));
        ends || ["at", "ts", "date", "datetime", "instant"].contains(&name.as_str())
    };
    let mut named = found.iter().filter(may_be);
    named.next().filter(|_| named.next().is_none()).map(String::as_str)
}

/// Names in a message: the first of them, and how many more there are.
fn listed(names: &[String]) -> String {
    const MOST: usize = 30;
    const LONGEST: usize = 100;
    let short = |name: &String| match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.clone(),
    };
    let shown: Vec<String> = names.iter().take(MOST).map(short).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The next step where the file is a spine, which no program declares.
fn spine_step(error: &DecodeError, code: Code) -> Option<String> {
    if let DecodeError::WrongType { found, column, .. } = error
        && found.starts_with("the key of type")
    {
        return Some(format!(
            "`{column}` brings the key of the question: name the column of its instant, such as `--at-column timestamp`"
        ));
    }
    if let DecodeError::WrongType {
        expected: Some(expected),
        found,
        column,
        ..
    } = error
    {
        let how = match expected {
            Type::Decimal { precision, scale } if found == "Float64" => format!(
                " (in pandas `{column}.astype(pd.ArrowDtype(pa.decimal128({precision}, {scale})))`), or declare what the request \
                 brings as float64"
            ),
            _ => String::new(),
        };
        return Some(format!("write the column of the spine as {expected}{how}"));
    }
    if let DecodeError::NaiveTimestamp { asks_by_day, .. } = error {
        return Some(zone_of_questions("`--zone UTC`, `--zone Europe/Paris`", *asks_by_day));
    }
    let step = match code {
        Code::WrongColumnType => "write the column of the spine in one type, such as text, or leave it out",
        Code::CorruptFile => "the spine is damaged or named by another format: write it again",
        Code::MissingColumn => "give each column of the spine one name",
        _ => return None,
    };
    Some(step.to_owned())
}

/// Where instants of questions say no zone: what is to be passed, and what it means where they are dates.
pub(super) fn zone_of_questions(options: &str, asks_by_day: bool) -> String {
    let by_day = match asks_by_day {
        true => {
            "; a date asks at its first instant there, midnight, before all that happens on that day: where questions are asked \
             during the day, write their instants with the time"
        }
        false => "",
    };
    format!("say which zone such values are in: {options}{by_day}")
}

/// For a folder whose files have another format than the declared one.
fn of_another_format(pattern: &str, extension: &str) -> String {
    if let Some(unread) = featr::unread(extension) {
        return unread.to_owned();
    }
    let files = format!("{}/*.{extension}", pattern.trim_end_matches('/'));
    format!(
        "a folder is read in the declared format: declare that of its files, or name them, as in `--source 'NAME={files}'`"
    )
}

fn next_step(code: Code) -> &'static str {
    match code {
        Code::FileNotFound => {
            "paths in a program are relative to its folder, that of `--source NAME=PATH` to the current one"
        }
        Code::UnreadableFile => "mend the permissions of the file",
        Code::CorruptFile => {
            "the file is damaged or of another format: fetch it again, or correct the format in the source"
        }
        Code::WrongColumnType => {
            "declare the type that the file has, and compute in a transform: numbers are cast, a number is a bool by `x != 0`, and a \
             duration by `x * 1s` if it counts seconds; a key or an identity has to be written anew, in its type"
        }
        Code::UnusableSpineRow => "correct or remove the row: no row of a spine is dropped silently",
        Code::UnwritableOutput => "make the folder, free space, or choose another place",
        Code::MissingColumn => "give each column one name",
        _ => "see `featc explain` and the code above",
    }
}
