//! A backfill that grows, by a later end or by more files: which of its parts stay as they are.
//!
//! No question sees a row before it happened, nor, as of arrival, before it had arrived. So a part that ends before the first of
//! these instants of all new rows has the values that it had, as long as it asks the same questions. That is compared by their hash:
//! a question that comes in front of others moves them all, into the next part where a chunk is cut, and no count shows it.

use super::checkpoint::{Checkpoint, Done};
use super::plan::{Part, Questions};
use crate::errors;
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use featc_ir::{Arrival, FileFormat, Source, Truth};
use featr::Error;
use featr::provenance::{SourceFiles, path_of};
use std::collections::BTreeSet;
use std::path::Path;

/// Refuses what is no growth of a backfill; `chunk_us` is what a part spans, if that was said.
///
/// # Errors
/// Other arguments than a later end, an end within a part, files that are gone or changed, features that compute something else.
pub fn check(
    known: &Checkpoint,
    now: &Checkpoint,
    ends_us: (i64, i64),
    folder: &Path,
    reporter: &Reporter,
) -> Result<(), Refused> {
    let mut before = now.clone();
    before.arguments.to.clone_from(&known.arguments.to);
    for source in &mut before.sources {
        let new: BTreeSet<String> = new_files(known, source).into_iter().cloned().collect();
        source.files.retain(|file| !new.contains(&file.path));
    }
    known.same_as(&before, folder, reporter)?;
    let (was_us, is_us) = ends_us;
    if was_us == is_us {
        return Ok(());
    }
    let to = &known.arguments.to;
    let why = match known.arguments.chunk_us {
        _ if is_us < was_us => format!("it goes to {to}, and grows to later instants only"),
        None => "what a part spans was not said when it was begun: without `--chunk` it is another one with more rows"
            .to_owned(),
        Some(chunk_us) if was_us.rem_euclid(chunk_us) != 0 => format!("it ends at {to}, within a part"),
        Some(_) => return Ok(()),
    };
    reporter.refuse(errors::cannot_grow(&folder.display().to_string(), &why))
}

/// The files of a source that a checkpoint does not know.
fn new_files<'a>(known: &Checkpoint, now: &'a SourceFiles) -> BTreeSet<&'a String> {
    let was = known.sources.iter().find(|was| was.source == now.source);
    let is_known = |path: &String| was.is_some_and(|was| was.files.iter().any(|file| file.path == *path));
    now.files
        .iter()
        .map(|file| &file.path)
        .filter(|path| !is_known(path))
        .collect()
}

/// The first instant of which a value may be another than the checkpoint's parts have; `None`: no file is new.
///
/// # Errors
/// A new file that cannot be read.
pub fn changed_from(known: &Checkpoint, now: &Checkpoint, prepared: &Prepared) -> Result<Option<i64>, Error> {
    let mut first: Option<i64> = None;
    for files in &now.sources {
        for path in new_files(known, files) {
            let seen = first_seen(prepared, files, &path_of(path))?;
            first = Some(first.map_or(seen, |first| first.min(seen)));
        }
    }
    Ok(first)
}

/// The first instant at which a question may see a row of a file; the first of all, where that cannot be told from the file alone.
fn first_seen(prepared: &Prepared, files: &SourceFiles, path: &Path) -> Result<i64, Error> {
    let format = FileFormat::ALL
        .iter()
        .copied()
        .find(|format| format.name() == files.format);
    let source = prepared.ir.sources.iter().find(|source| source.name == files.source);
    let path = prepared.program.base().join(path);
    let (Some(source), Some(format), true) = (source, format, files.table.is_none() && path.is_file()) else {
        return Ok(i64::MIN);
    };
    let mut first = i64::MAX;
    for incoming in prepared.program.incoming_file(&source.name, format, &path)? {
        let rows = incoming?.rows;
        let column = |place: usize| {
            let column = rows.column_by_name(&source.columns[place].name);
            column.map(|column| {
                column
                    .as_primitive::<TimestampMicrosecondType>()
                    .reinterpret_cast::<Int64Type>()
            })
        };
        let Some(times) = column(source.time.index()) else {
            return Ok(i64::MIN);
        };
        let arrivals = match source.arrival {
            Some(Arrival::Column(id)) => column(id.index()),
            _ => None,
        };
        for (row, time_us) in times.iter().enumerate() {
            let Some(time_us) = time_us else { continue };
            let arrival_us = arrivals.as_ref().map(|arrivals| arrivals.value(row));
            first = first.min(time_us.max(known_from(prepared.truth, source, time_us, arrival_us)));
        }
    }
    Ok(first)
}

/// The first instant at which a row is known.
fn known_from(truth: Truth, source: &Source, time_us: i64, arrival_us: Option<i64>) -> i64 {
    let Truth::AsOfArrival { delay_us } = truth else {
        return i64::MIN;
    };
    let arrival_us = match source.arrival {
        Some(Arrival::Column(_)) => arrival_us.unwrap_or(i64::MIN),
        Some(Arrival::AfterTime { offset_us }) => time_us.saturating_add_unsigned(offset_us),
        Some(Arrival::Static) | None => return i64::MIN,
    };
    arrival_us.saturating_add_unsigned(delay_us.unwrap_or(source.delay_us))
}

/// Keeps in `state`, of the finished parts of a checkpoint, those that have the values and rows that they would be given: no new row
/// is seen in them, and they ask what they asked. Files of the others that no part is called by are taken away. Gives how many stay.
///
/// # Errors
/// A file that cannot be taken away.
pub fn keep(
    known: &Checkpoint,
    state: &mut Checkpoint,
    (questions, parts): (&Questions, &[Part]),
    changed_from_us: Option<i64>,
    folder: &Path,
    reporter: &Reporter,
) -> Result<usize, Refused> {
    let named = |file: &String| parts.iter().find(|part| part.file == *file);
    let asks_the_same = |part: &Part, done: &Done| -> Result<bool, Refused> {
        if part.rows != done.rows {
            return Ok(false);
        }
        let spine = questions.spine(part.first..part.first + part.rows, &known.arguments.at_column);
        let spine = spine.or_else(|why| reporter.refuse(errors::bug(&why)))?;
        let hash = Questions::hash(&spine).or_else(|error| reporter.refuse(errors::run(&error, None)))?;
        Ok(hash == done.questions)
    };
    let stays = |part: &Part| changed_from_us.is_none_or(|from_us| part.to_us <= from_us);
    for done in known.done.iter().filter(|done| named(&done.file).is_none()) {
        let path = folder.join(&done.file);
        if path.exists() {
            let removed = std::fs::remove_file(&path);
            removed.or_else(|error| {
                reporter.refuse(errors::unwritable(&path.display().to_string(), &featr::plain(&error)))
            })?;
        }
    }
    for done in &known.done {
        if let Some(part) = named(&done.file).filter(|part| stays(part))
            && asks_the_same(part, done)?
        {
            state.done.push(done.clone());
        }
    }
    Ok(state.done.len())
}
