//! Files that the command line names: a spine, entities, a record, a served log.

use super::columns::resembling;
use super::files::{has, ill_header, zone_of_questions};
use super::runs::run;
use super::{ADDRESS, of_address};
use crate::args::AT_COLUMN;
use featc_driver::diag::{Code, Diagnostic};
use featc_ir::Key;
use featr::{DecodeError, Error};
use featr_online::has_state;
use std::path::Path;

/// As [`of_command`], about a served log.
pub fn of_log(error: &Error, at_column: &str) -> Diagnostic {
    match error {
        Error::Decode(DecodeError::MissingColumn { file, column, found, .. })
            if column != at_column || at_column == AT_COLUMN =>
        {
            Diagnostic::new(Code::MissingColumn, error.to_string())
                .with_note(has(file, found))
                .with_help(
                    "a served log says it of every answer: name the files that a server wrote, those in `STATE/served/SERVICE`",
                )
        }
        other => of_command(other, Some(at_column)),
    }
}

/// As [`of_command`], of a spine: `keys` are the columns that its service asks for, `identities` those that `excluding self`
/// compares with, `roles` those that bring keys in roles, with what the role is called. `zone` is one that a source says.
pub fn of_spine(
    error: &Error,
    at_column: &str,
    (keys, identities, roles): (&[Key], &[&str], &[(&str, &str)]),
    zone: Option<&str>,
) -> Diagnostic {
    let told = of_questions(error, Some(at_column));
    let is_key = |name: &str| keys.iter().any(|key| key.name == name);
    let role = |column: &str| roles.iter().find(|(name, _)| *name == column);
    match error {
        Error::Decode(DecodeError::MissingColumn { column, .. }) if role(column).is_some() => {
            let role = role(column).map_or("", |(_, role)| role);
            told.with_help(format!(
                "role `{role}` of the service is asked by `{column}`: give each question this column, under that name"
            ))
        }
        Error::Decode(DecodeError::MissingColumn { column, .. }) if identities.contains(&column.as_str()) => {
            told.with_help(format!(
                "a feature says `excluding self`: give each question the `{column}` of the event that it is about, null where \
                 it is about none"
            ))
        }
        Error::Decode(DecodeError::NaiveTimestamp { asks_by_day, .. }) if zone.is_some_and(|zone| zone != "UTC") => {
            let zone = zone.unwrap_or_default();
            let options = format!("`--zone {zone}` if it is that of the sources, else for example `--zone UTC`");
            told.with_help(zone_of_questions(&options, *asks_by_day))
        }
        Error::Decode(DecodeError::MissingColumn { column, found, .. })
            if column != at_column && ill_header(column, found).is_none() =>
        {
            // What is there under the name of a key is that key.
            let is_asked = |name: &&String| is_key(name) || identities.contains(&name.as_str());
            let others: Vec<String> = found.iter().filter(|name| !is_asked(name)).cloned().collect();
            let is_part = |name: &&String| column.ends_with(&format!("_{name}")) || column.starts_with(&format!("{name}_"));
            let nearest = resembling(column, &others).or_else(|| others.iter().find(is_part).map(String::as_str));
            match nearest {
                Some(nearest) => told.with_help(format!("did you mean `{nearest}`? rename the column in the spine")),
                None if resembling(column, found).is_some() => {
                    told.with_help(format!("the service asks for it: give each question its `{column}`"))
                }
                None => told,
            }
        }
        _ => told,
    }
}

/// The services of which a server has kept answers, by the folders below `served`.
fn logs(served: Option<&Path>) -> Vec<String> {
    let entries = served.and_then(|served| std::fs::read_dir(served).ok());
    let folders = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders
        .map(|entry| format!("`{}`", entry.file_name().to_string_lossy()))
        .collect();
    names.sort();
    names.truncate(20);
    names
}

/// A served log of which there are no files.
pub fn no_served_log(error: &Error) -> Diagnostic {
    let Error::Decode(DecodeError::NoFiles { pattern, other, .. }) = error else {
        return of_command(error, None);
    };
    if let Some(other) = other
        .iter()
        .find(|other| ["csv", "tsv", "jsonl", "arrow"].contains(&other.as_str()))
    {
        return Diagnostic::new(Code::FileNotFound, error.to_string()).with_help(format!(
            "a folder of a served log is one of Parquet files, as a server writes them; name others themselves: `--served-log \
             {}/*.{other}`",
            pattern.trim_end_matches('/')
        ));
    }
    let path = Path::new(pattern);
    let is_state = |folder: Option<&Path>| folder.is_some_and(has_state);
    let served = path.parent();
    let help = match path.file_name().is_some_and(|name| name == "served") {
        _ if is_state(Some(path)) => format!("name the log of the service, `{pattern}/served/SERVICE`"),
        true if is_state(served) => format!("name the log of the service, `{pattern}/SERVICE`"),
        _ if is_state(served.and_then(Path::parent)) => {
            let found = logs(served);
            match &found[..] {
                [] => "no answer is written here yet: a server writes them with a checkpoint, as when it ends by SIGTERM; one that was asked nothing has none"
                    .to_owned(),
                names => format!(
                    "the server has kept answers of: {}; those of a service that is not among them are written when it is \
                     asked, and the server ends by SIGTERM",
                    names.join(", ")
                ),
            }
        }
        _ => return of_command(error, None),
    };
    Diagnostic::new(Code::FileNotFound, error.to_string()).with_help(help)
}

/// As [`of_command`], of questions or entities, which lie on this machine.
pub fn of_questions(error: &Error, at_column: Option<&str>) -> Diagnostic {
    let address = match error {
        Error::Decode(unreadable @ DecodeError::Unreadable { file, .. }) if unreadable.is_not_found() => {
            of_address(file).map(|help| (file, help))
        }
        _ => None,
    };
    match address {
        Some((file, help)) => {
            Diagnostic::new(Code::FileNotFound, format!("cannot read {file}: {ADDRESS}")).with_help(help)
        }
        None => of_command(error, at_column),
    }
}

/// As [`run`], of a file that the command line names: a spine, entities, a record.
pub fn of_command(error: &Error, at_column: Option<&str>) -> Diagnostic {
    match error {
        Error::Decode(unreadable @ DecodeError::Unreadable { .. }) if unreadable.is_not_found() => {
            Diagnostic::new(Code::FileNotFound, error.to_string())
                .with_help("give a file that is there: paths that are given are relative to the current folder")
        }
        Error::Decode(DecodeError::MissingColumn {
            file, column, found, ..
        }) if at_column.is_none() && ill_header(column, found).is_none() => {
            Diagnostic::new(Code::MissingColumn, error.to_string())
                .with_note(has(file, found))
                .with_help(format!(
                    "an entity has every key of the service: give each row its `{column}`, under that name"
                ))
        }
        other => run(other, at_column),
    }
}
