//! The table of file formats, and what follows from all of them together.

mod arrow;
mod avro;
mod csv;
mod delta;
mod jsonl;
mod parquet;

pub(crate) use arrow::batches as arrow_batches;

use crate::content::unread;
use crate::error::DecodeError;
use crate::files::{self, entry_name, has_extension, would_match};
use crate::format::{Format, Opened};
use crate::packed::unpacked;
use crate::spec::Spec;
use crate::store::{InputFile, Store};
use crate::table;
use crate::text_rows::TextFormat as _;
use ::arrow::datatypes::Schema;
use featc_ir::{FileFormat, FileSet};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The table.
pub(crate) fn of(format: FileFormat) -> &'static dyn Format {
    match format {
        FileFormat::Parquet => &parquet::Parquet,
        FileFormat::Csv => &csv::CSV,
        FileFormat::Tsv => &csv::TSV,
        FileFormat::Jsonl => &jsonl::Jsonl,
        FileFormat::Arrow => &arrow::Arrow,
        FileFormat::Delta => &delta::Delta,
        FileFormat::Avro => &avro::Avro,
    }
}

/// What stands between the fields of a text format; of one in which every line is a record `Some(None)`, and `None` of what is
/// no text.
pub(crate) fn delimiter(format: FileFormat) -> Option<Option<u8>> {
    match format {
        FileFormat::Csv => Some(csv::CSV.delimiter()),
        FileFormat::Tsv => Some(csv::TSV.delimiter()),
        FileFormat::Jsonl => Some(jsonl::Jsonl.delimiter()),
        FileFormat::Parquet | FileFormat::Arrow | FileFormat::Delta | FileFormat::Avro => None,
    }
}

/// Opens a file of a format, or the rows in memory that the store has in its place.
///
/// # Errors
/// What is wrong with the file before its first row.
pub(crate) fn open(
    format: FileFormat,
    input: InputFile,
    spec: &Spec,
    keep_open: bool,
) -> Result<Arc<dyn Opened>, DecodeError> {
    match spec.options.store.table(&input) {
        Some(table) => table::open(&input, &table, spec),
        None => of(format).open(input, spec, keep_open),
    }
}

/// The files of a set: patterns in the given order, the files of one pattern in bytewise name order, none twice.
///
/// A pattern is a path relative to `base`, or a glob. A folder means the files in it (not below it) whose extension
/// is the format's, as `.parquet`, `.csv` or `.csv.gz`; and so on in those of its folders that are named
/// `column=value`. Files and folders whose name begins with `.` or `_` are skipped unless the pattern says that very
/// name. A pattern without files is an error.
///
/// Of a Delta table these are the files of the version that the set says.
///
/// # Errors
/// [`DecodeError::NoFiles`], [`DecodeError::Unreadable`].
pub fn expand_in(store: &dyn Store, files: &FileSet, base: &Path) -> Result<Vec<InputFile>, DecodeError> {
    if of(files.format).is_table() {
        return store.snapshot(files, base);
    }
    if files.paths.is_empty() {
        return Err(DecodeError::NoFiles {
            pattern: String::new(),
            why: "no paths are given".into(),
            other: Vec::new(),
        });
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for pattern in &files.paths {
        let listed = store.list(pattern, of(files.format).extensions(), base);
        let listed = listed.map_err(|error| match error {
            DecodeError::NoFiles {
                pattern,
                why,
                mut other,
            } => {
                let is_read = |extension: &str| of_files().any(|format| of(format).extensions().contains(&extension));
                other.retain(|extension| is_read(extension) || unread(extension).is_some());
                DecodeError::NoFiles { pattern, why, other }
            }
            other => other,
        })?;
        found.extend(listed.into_iter().filter(|file| seen.insert(file.path.clone())));
    }
    Ok(found)
}

/// Whether a new local file at `target` would be one of the set's files from then on.
pub fn would_list(files: &FileSet, base: &Path, target: &Path) -> bool {
    let format = of(files.format);
    let would = |pattern: &String| would_match(pattern, format.extensions(), base, target);
    !format.is_table() && files.paths.iter().any(would)
}

/// Of the folders of a set on this machine: each with how many files look like its own and are not read, and the first.
pub fn left_out(set: &FileSet, base: &Path) -> Vec<(String, usize, PathBuf)> {
    let format = of(set.format);
    let paths = set.paths.iter().filter(|_| !format.is_table());
    let found = paths.filter_map(|path| {
        let (count, first) = files::left_out(path, format.extensions(), base)?;
        Some((path.clone(), count, first))
    });
    found.collect()
}

/// The formats whose files are found by their names.
fn of_files() -> impl Iterator<Item = FileFormat> {
    let all = FileFormat::ALL.iter().copied();
    all.filter(|format| format.is_of_files() && !of(*format).is_table())
}

/// The format that the name of a file says.
///
/// # Errors
/// [`DecodeError::UnknownFormat`].
pub fn format_of(path: &Path) -> Result<FileFormat, DecodeError> {
    let name = entry_name(path).to_ascii_lowercase();
    let found = of_files().find(|format| has_extension(&name, of(*format).extensions()));
    found.ok_or_else(|| DecodeError::UnknownFormat {
        file: path.display().to_string(),
        known: of_files().map(|format| of(format).extensions()[0]).collect(),
    })
}

/// The format of a file: by its name, or else by its first bytes.
pub(crate) fn format_in(store: &dyn Store, input: &InputFile) -> Result<FileFormat, DecodeError> {
    let by_name = format_of(&input.path);
    if by_name.is_ok() {
        return by_name;
    }
    let mut head = Vec::new();
    let read = unpacked(store, input)?.take(4_096).read_to_end(&mut head);
    read.map_err(|error| DecodeError::unreadable(&input.name, &error))?;
    let by_content = of_files().find(|format| of(*format).begins(&head));
    by_content.map_or(by_name, Ok)
}

/// The format of an output, by the extension of its name in any case.
///
/// # Errors
/// [`DecodeError::UnknownExtension`].
pub fn output_format(path: &Path) -> Result<FileFormat, DecodeError> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    let known = |format: FileFormat| of(format).output();
    let found = of_files().find(|format| known(*format) == Some(&extension));
    found.ok_or_else(|| DecodeError::UnknownExtension {
        file: path.display().to_string(),
        known: of_files().filter_map(known).collect(),
    })
}

/// Whether a file of this name can hold such columns.
///
/// # Errors
/// [`DecodeError::UnknownExtension`]; [`DecodeError::Unwritable`] with the column that it cannot hold.
pub fn check_columns(path: &Path, schema: &Schema) -> Result<(), DecodeError> {
    let held = of(output_format(path)?).holds(schema);
    held.map_err(|why| DecodeError::unwritable(path, why))
}
