//! A shrunk case as files: a folder with the program, one Parquet file per source (or per side of it) and a spine, and the
//! command that shows the difference again.

use super::case::{Case, Events, source_rows};
use super::engines::Setting;
use crate::args::{AT_COLUMN, VerifyArgs};
use crate::outputs::{folder_aside, put_folder};
use crate::run::Prepared;
use featc_driver::diag::printable;
use featc_ir::{Source, Truth};
use featr::{Batch, Error, Side};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// Where cases go unless `--case` says so: the first of `case-1`, `case-2`, … that is not there.
const PARENT: &str = "target/feat";
const SPINE: &str = "spine.parquet";

/// A case that was written.
#[derive(Debug)]
pub struct Written {
    pub folder: PathBuf,
    pub command: String,
}

/// Why a folder cannot take a case: it must not be there, or be empty.
pub fn refusal(folder: &Path) -> Option<String> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().map(|_| "it is a folder with files in it".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(_) => Some("it exists and is no folder".to_owned()),
    }
}

/// Writes a case aside, reads it again, and puts it in place.
pub fn write(
    prepared: &Prepared,
    args: &VerifyArgs,
    case: &Case,
    (setting, is_metamorphic): (&Setting, bool),
) -> Result<Written, String> {
    if prepared.project.files.is_empty() {
        return Err(
            "a case has the text of its program, and a build has none: `featc verify` of the text writes it".to_owned(),
        );
    }
    let folder = match &args.case {
        Some(folder) => folder.clone(),
        None => free_folder(Path::new(PARENT)),
    };
    let said = |error: io::Error| format!("cannot write `{}`: {}", folder.display(), featr::plain(&error));
    let aside = folder_aside(&folder, ".featc-case-").map_err(said)?;
    let at_column = case.asked.at_column(&args.spine.at_column);
    write_files(prepared, case, &at_column, aside.path()).map_err(|why| match why {
        Error::Resources { why } => why,
        other => other.to_string(),
    })?;
    check(prepared, case, &at_column, aside.path())?;
    if let Some(why) = refusal(&folder) {
        return Err(format!("cannot write `{}`: {why}", folder.display()));
    }
    put_folder(&aside, &folder).map_err(said)?;
    let command = command(prepared, case, &at_column, setting, args, is_metamorphic, &folder);
    Ok(Written { folder, command })
}

fn free_folder(parent: &Path) -> PathBuf {
    let names = (1..=u32::MAX).map(|number| parent.join(format!("case-{number}")));
    let mut free = names.filter(|folder| std::fs::symlink_metadata(folder).is_err());
    free.next().unwrap_or_else(|| parent.join("case"))
}

/// The files of a source with their sides: one of both, or one each.
fn files(events: &Events) -> Vec<(String, Side)> {
    let name = &events.source.name;
    match events.sides_are_one() {
        true => vec![(file_of(name), Side::Batch)],
        false => vec![
            (format!("{name}.batch.parquet"), Side::Batch),
            (format!("{name}.stream.parquet"), Side::Stream),
        ],
    }
}

fn write_files(prepared: &Prepared, case: &Case, at_column: &str, folder: &Path) -> Result<(), Error> {
    for events in &case.sources {
        for (name, side) in files(events) {
            let rows = source_rows(&events.source, &events.side(side))?;
            featr::write_rows(&folder.join(name), rows.schema(), vec![rows])?;
        }
    }
    let is_written = |table: &Source| case.sources.iter().any(|events| events.source.name == table.name);
    let tables = prepared.program.table_rows()?.into_iter();
    for (table, rows) in tables.filter(|(table, _)| !is_written(table)) {
        let rows = source_rows(&table, &rows)?;
        featr::write_rows(&folder.join(file_of(&table.name)), rows.schema(), vec![rows])?;
    }
    let spine = case.asked.to_arrow(at_column)?;
    featr::write_rows(&folder.join(SPINE), spine.schema(), vec![spine])?;
    let clauses = |name: &str| {
        let events = case.sources.iter().find(|events| events.source.name == name)?;
        let clause = |(file, side): (String, Side)| match side {
            Side::Batch => format!("batch parquet \"{file}\""),
            Side::Stream => format!("stream parquet \"{file}\""),
        };
        Some(files(events).into_iter().map(clause).collect::<Vec<_>>().join("\n  "))
    };
    let project = &prepared.project;
    for (file, path) in project.files.iter().zip(&project.paths) {
        let text = featc_driver::read_elsewhere(*file, project.sources.text(*file), &clauses);
        let name = path.file_name().unwrap_or("program.feat".as_ref());
        let written = std::fs::write(folder.join(name), text);
        written.map_err(|error| Error::Resources {
            why: featr::plain(&error),
        })?;
    }
    Ok(())
}

/// What was written must be what was shrunk, bit by bit.
fn check(prepared: &Prepared, case: &Case, at_column: &str, folder: &Path) -> Result<(), String> {
    let bug = |why: &str| format!("the case is not written: {why}");
    let project = featc_driver::Project::load(folder).map_err(|_| bug("its program cannot be read"))?;
    let compiled = featc_driver::compile(&project.sources, &project.files).value;
    let compiled = compiled.ok_or_else(|| bug("its program does not compile"))?;
    let plans = featc_driver::lower(&compiled);
    let mut program = featr::Program::new(plans.batch, plans.stream, folder);
    for table in program.tables() {
        let read = program.read_from(&table.name, &folder.join(file_of(&table.name)));
        read.map_err(|error| bug(&error.to_string()))?;
    }
    let service = &prepared.service;
    for side in [Side::Batch, Side::Stream] {
        let read = program
            .record(service, side, None)
            .map_err(|error| bug(&error.to_string()))?;
        for events in &case.sources {
            let rows = read.iter().find(|read| read.source.name == events.source.name);
            if !rows.is_some_and(|read| same(&read.rows, &events.side(side))) {
                return Err(bug(&format!(
                    "the rows of {} do not come back as they are",
                    events.source.name
                )));
            }
        }
    }
    let spine = program.read_spine(service, &folder.join(SPINE), at_column, None);
    let spine = spine.map_err(|error| bug(&error.to_string()))?;
    match spine.times == case.asked.times && spine.columns == case.asked.columns {
        true => Ok(()),
        false => Err(bug("the questions do not come back as they are")),
    }
}

/// Of a table, or of a source both sides of which are one.
fn file_of(name: &str) -> String {
    format!("{name}.parquet")
}

fn same(left: &Batch, right: &Batch) -> bool {
    left.rows == right.rows && left.columns == right.columns
}

/// What shows the difference again.
fn command(
    prepared: &Prepared,
    case: &Case,
    at_column: &str,
    setting: &Setting,
    args: &VerifyArgs,
    is_metamorphic: bool,
    folder: &Path,
) -> String {
    let mut words = vec!["featc".to_owned(), "verify".to_owned(), quoted(folder.as_os_str())];
    let mut option = |name: &str, value: OsString| words.extend([format!("--{name}"), quoted(&value)]);
    option("service", prepared.service.clone().into());
    option("spine", folder.join(SPINE).into());
    for table in prepared.program.tables() {
        let mut given = OsString::from(format!("{}=", table.name));
        given.push(folder.join(file_of(&table.name)));
        option("source", given);
    }
    if at_column != AT_COLUMN {
        option("at-column", at_column.to_owned().into());
    }
    match prepared.truth {
        Truth::Complete => option("truth", "complete".into()),
        Truth::AsServed => option("truth", "as-served".into()),
        Truth::AsOfArrival { delay_us } => {
            option("truth", "as-of-arrival".into());
            if let Some(delay) = delay_us.and_then(|us| i64::try_from(us).ok()) {
                option("delay", featc_ir::window::format_duration(delay).into());
            }
        }
    }
    if setting.threads > 0 {
        option("threads", setting.threads.to_string().into());
    }
    if let Some(bytes) = setting.memory_bytes {
        option("memory-limit", bytes.to_string().into());
    }
    option("chunk", setting.chunk.to_string().into());
    if let Some(seed) = setting.shuffle {
        option("shuffle", seed.to_string().into());
    }
    if let Some(every) = setting.restart_every {
        option("restart-every", every.to_string().into());
    }
    option("sample", (2 * case.asked.len()).to_string().into());
    option("seed", args.seed.to_string().into());
    option("max-rejected", "100%".into());
    option("max-missing", "100%".into());
    if is_metamorphic {
        words.push("--metamorphic".to_owned());
    }
    words.join(" ")
}

/// As a shell takes it. What a terminal obeys, and bytes that are no text, are escapes, which bash and zsh know.
fn quoted(word: &OsStr) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./%:@=+,".contains(letter);
    let is_shown = |word: &&str| printable(word) == *word && !word.contains(['\n', '\t']);
    match word.to_str().filter(is_shown) {
        Some(word) if !word.is_empty() && word.chars().all(plain) => word.to_owned(),
        Some(word) => format!("'{}'", word.replace('\'', r"'\''")),
        None => {
            let escape = |byte: &u8| match byte {
                b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                byte => format!("\\x{byte:02x}"),
            };
            let escaped: String = word.as_encoded_bytes().iter().map(escape).collect();
            format!("$'{escaped}'")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_copied_whatever_the_names() {
        for (word, said) in [
            ("a/b-1.csv", "a/b-1.csv"),
            ("", "''"),
            ("a b's", r"'a b'\''s'"),
            ("é", "'é'"),
            ("a\u{1b}[31m'b\\", r"$'a\x1b[31m\'b\\'"),
            ("a\nb", r"$'a\x0ab'"),
            ("\u{202e}x", r"$'\xe2\x80\xaex'"),
        ] {
            assert_eq!(quoted(word.as_ref()), said);
        }
    }
}
