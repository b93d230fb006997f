//! Which files a file set means.

use crate::error::DecodeError;
use crate::store::{LocalStore, Store};
use crate::walk::{self, GlobError, Walk};
use featc_ir::{FileFormat, FileSet};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// A path, or what else the store knows the file by.
    pub path: PathBuf,
    /// What messages call it: relative to the base folder where it lies below it.
    pub name: Arc<str>,
    /// Columns whose one value is said outside of the file, by its place or by its table: names and texts, `None` for
    /// null. They count where the file does not hold the column itself, and decode as CSV text.
    pub values: Vec<(String, Option<String>)>,
}

impl InputFile {
    /// A file whose name says the values of its columns.
    pub fn new(path: PathBuf, name: impl Into<Arc<str>>) -> InputFile {
        let name = name.into();
        InputFile {
            path,
            values: values(&name),
            name,
        }
    }
}

/// The values that the folders of a path name as `column=value`, `%` escapes undone; of two of one column the inner.
fn values(name: &str) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let Some((folders, _)) = name.rsplit_once(['/', std::path::MAIN_SEPARATOR]) else {
        return found;
    };
    for (column, value) in folders
        .split(['/', std::path::MAIN_SEPARATOR])
        .filter_map(|part| part.split_once('='))
    {
        let column = unescaped(column);
        let value = (value != "__HIVE_DEFAULT_PARTITION__").then(|| unescaped(value));
        found.retain(|(known, _)| *known != column);
        found.push((column, value));
    }
    found
}

/// With bytes in place of their `%XX`; where that is not UTF-8, the text as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The files of a set: patterns in the given order, the files of one pattern in bytewise name order, none twice.
///
/// A pattern is a path relative to `base`, or a glob. A folder means the files in it (not below it) whose extension
/// is the format's: `.parquet`, `.csv`, `.jsonl` or `.ndjson`, `.arrow`, `.ipc` or `.feather`, of text also with `.gz`
/// or `.zst` behind it; and so on in those of its folders that are named `column=value`. Files and folders whose name
/// begins with `.` or `_` are skipped unless the pattern says that very name. A pattern without files is an error.
pub fn expand(files: &FileSet, base: &Path) -> Result<Vec<InputFile>, DecodeError> {
    expand_in(&LocalStore, files, base)
}

/// As [`expand`], in any store; of a Delta table the files of the version that the set says.
///
/// # Errors
/// [`DecodeError::NoFiles`], [`DecodeError::Unreadable`].
pub fn expand_in(store: &dyn Store, files: &FileSet, base: &Path) -> Result<Vec<InputFile>, DecodeError> {
    if files.format == FileFormat::Delta {
        return store.snapshot(files, base);
    }
    if files.paths.is_empty() {
        return Err(DecodeError::NoFiles {
            pattern: String::new(),
            why: "no paths are given".into(),
        });
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for pattern in &files.paths {
        for file in store.list(pattern, extensions(files.format), base)? {
            if seen.insert(file.path.clone()) {
                found.push(file);
            }
        }
    }
    Ok(found)
}

/// The files of one pattern on this machine.
pub(crate) fn local(pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<InputFile>, DecodeError> {
    let named = |path: PathBuf| {
        let name = path.strip_prefix(base).unwrap_or(&path).display().to_string();
        InputFile::new(path, name)
    };
    Ok(matches(pattern, extensions, base)?.into_iter().map(named).collect())
}

fn matches(pattern: &str, extensions: &[&str], base: &Path) -> Result<Vec<PathBuf>, DecodeError> {
    let none = |why: &str| DecodeError::NoFiles {
        pattern: pattern.to_owned(),
        why: why.to_owned(),
    };
    let literal = base.join(pattern);
    if literal.is_dir() {
        let mut found = Vec::new();
        folder(&literal, extensions, &mut Walk::default(), &mut found)?;
        found.sort();
        return if found.is_empty() {
            Err(none(&no_such_files(extensions)))
        } else {
            Ok(found)
        };
    }
    if literal.exists() {
        return Ok(vec![literal]);
    }
    if !pattern.contains(['*', '?', '[']) {
        return Err(none("no such file or folder"));
    }
    let is_skipped = |path: &Path| {
        let said = |part: &[u8]| pattern.split('/').any(|said| said.as_bytes() == part);
        below(path, base).any(|part| hidden(part) && !said(part))
    };
    let paths = walk::glob(pattern, base, &is_skipped).map_err(|error| match error {
        GlobError::Pattern(why) => none(&format!("not a glob: {why}")),
        GlobError::Unreadable(error) => error,
    })?;
    let mut found = Vec::new();
    for path in paths {
        if is_skipped(&path) {
            continue;
        }
        if path.is_dir() {
            folder(&path, extensions, &mut Walk::default(), &mut found)?;
        } else {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        Err(none("nothing matches"))
    } else {
        Ok(found)
    }
}

/// Whether a new local file at `target` would be one of the set's files from then on.
pub fn would_list(files: &FileSet, base: &Path, target: &Path) -> bool {
    if files.format == FileFormat::Delta {
        // The log of the table says which files count.
        return false;
    }
    let (base, target) = (settled(base), settled(target));
    let fits = has_extension(entry_name(&target), extensions(files.format));
    files.paths.iter().any(|pattern| {
        let root = settled(&base.join(pattern));
        if root.is_dir() {
            let mut folders = below(&target, &root).collect::<Vec<_>>();
            let inside = target.starts_with(&root) && folders.pop().is_some();
            return inside && fits && folders.iter().all(|folder| folder.contains(&b'='));
        }
        // Folders in front of the first wildcard may be links; what is matched is where they lead.
        let is_wild = |part: &Path| part.to_string_lossy().contains(['*', '?', '[']);
        let pattern = Path::new(pattern);
        let named: PathBuf = pattern.iter().map_while(|part| Some(part).filter(|part| !is_wild(Path::new(part)))).collect();
        let wild = pattern.strip_prefix(&named).unwrap_or(Path::new(""));
        let settled = glob::Pattern::escape(&settled(&base.join(named)).to_string_lossy());
        let rooted = match wild.to_string_lossy() {
            wild if wild.is_empty() => settled,
            wild => format!("{settled}/{wild}"),
        };
        let options = glob::MatchOptions {
            require_literal_separator: true,
            ..glob::MatchOptions::default()
        };
        let target = target.to_string_lossy();
        glob::Pattern::new(&rooted).is_ok_and(|rooted| rooted.matches_with(&target, options))
    })
}

/// An absolute path without links, as far as it exists.
fn settled(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for known in absolute.ancestors() {
        if let Ok(real) = known.canonicalize() {
            return match absolute.strip_prefix(known) {
                Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
                _ => real,
            };
        }
    }
    absolute
}

/// The files of a folder, and of its folders that are named `column=value`.
fn folder(path: &Path, extensions: &[&str], walk: &mut Walk, found: &mut Vec<PathBuf>) -> Result<(), DecodeError> {
    walk.enter_once(path, path.is_symlink())?;
    for entry in walk::entries(path)? {
        let name = entry_name(&entry.path);
        if hidden(name) {
            continue;
        }
        if entry.is_file {
            if has_extension(name, extensions) {
                found.push(entry.path);
            }
        } else if name.contains(&b'=') && entry.is_dir {
            folder(&entry.path, extensions, walk, found)?;
        }
    }
    walk.leave();
    Ok(())
}

/// The bytes of a name, which need not be UTF-8.
fn entry_name(path: &Path) -> &[u8] {
    path.file_name().map_or(&[], |name| name.as_encoded_bytes())
}

/// The parts of a path, after the base folder where it lies below it.
fn below<'a>(path: &'a Path, base: &Path) -> impl Iterator<Item = &'a [u8]> {
    let parts = path.strip_prefix(base).unwrap_or(path).iter();
    parts.map(|part| part.as_encoded_bytes())
}

fn hidden(name: &[u8]) -> bool {
    (name.starts_with(b".") && name != b"." && name != b"..") || name.starts_with(b"_")
}

/// The format that a name says, `None` if it says none that can be read.
pub fn format_of(path: &Path) -> Option<FileFormat> {
    let name = entry_name(path).to_ascii_lowercase();
    [
        FileFormat::Parquet,
        FileFormat::Csv,
        FileFormat::Jsonl,
        FileFormat::Arrow,
    ]
    .into_iter()
    .find(|format| has_extension(&name, extensions(*format)))
}

fn extensions(format: FileFormat) -> &'static [&'static str] {
    match format {
        FileFormat::Parquet => &["parquet"],
        FileFormat::Csv => &["csv", "csv.gz", "csv.zst"],
        FileFormat::Jsonl => &["jsonl", "ndjson", "jsonl.gz", "ndjson.gz", "jsonl.zst", "ndjson.zst"],
        FileFormat::Arrow => &["arrow", "ipc", "feather"],
        // The table's log says which files count.
        FileFormat::Delta => &["parquet"],
    }
}

/// Whether the name of a file ends in one of these, behind a dot.
pub fn has_extension(name: impl AsRef<[u8]>, extensions: &[&str]) -> bool {
    let ends = |extension: &&str| {
        let stem = name.as_ref().strip_suffix(extension.as_bytes());
        stem.is_some_and(|stem| stem.ends_with(b"."))
    };
    extensions.iter().any(ends)
}

/// What is said of a folder without files that have one of these.
pub fn no_such_files(extensions: &[&str]) -> String {
    let plain: Vec<&str> = extensions
        .iter()
        .copied()
        .filter(|known| !known.contains('.'))
        .collect();
    format!("the folder has no .{} files", plain.join(" or ."))
}
