//! Which files a file set means.

use crate::error::{DecodeError, plain};
use featc_ir::{FileFormat, FileSet};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    pub path: PathBuf,
    /// What messages call it: relative to the base folder where it lies below it.
    pub name: Arc<str>,
}

/// The files of a set: patterns in the given order, the files of one pattern in bytewise name order, none twice.
///
/// A pattern is a path relative to `base`, or a glob. A folder means the files in it (not below it) whose extension
/// is the format's: `.parquet`, `.csv`, `.jsonl` or `.ndjson`. Files and folders whose name begins with `.` or `_`
/// are skipped unless the pattern says that very name. A pattern without files is an error.
pub fn expand(files: &FileSet, base: &Path) -> Result<Vec<InputFile>, DecodeError> {
    if files.paths.is_empty() {
        return Err(DecodeError::NoFiles {
            pattern: String::new(),
            why: "no paths are given".into(),
        });
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for pattern in &files.paths {
        for path in matches(pattern, files.format, base)? {
            if seen.insert(path.clone()) {
                let name = path.strip_prefix(base).unwrap_or(&path).display().to_string();
                found.push(InputFile {
                    path,
                    name: name.into(),
                });
            }
        }
    }
    Ok(found)
}

fn matches(pattern: &str, format: FileFormat, base: &Path) -> Result<Vec<PathBuf>, DecodeError> {
    let none = |why: &str| DecodeError::NoFiles {
        pattern: pattern.to_owned(),
        why: why.to_owned(),
    };
    let literal = base.join(pattern);
    if literal.is_dir() {
        let found = folder(&literal, format)?;
        return if found.is_empty() {
            Err(none(&no_such_files(format)))
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
    let rooted = if Path::new(pattern).is_absolute() {
        pattern.to_owned()
    } else {
        let prefix = glob::Pattern::escape(&base.to_string_lossy());
        if prefix.is_empty() {
            pattern.to_owned()
        } else {
            format!("{prefix}/{pattern}")
        }
    };
    let paths = glob::glob(&rooted).map_err(|error| none(&format!("not a glob: {}", error.msg)))?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|error| DecodeError::unreadable(&error.path().display().to_string(), error.error()))?;
        if below(&path, base).any(|part| hidden(part) && !pattern.split('/').any(|said| said == part)) {
            continue;
        }
        if path.is_dir() {
            found.extend(folder(&path, format)?)
        } else {
            found.push(path)
        }
    }
    found.sort();
    if found.is_empty() {
        Err(none("nothing matches"))
    } else {
        Ok(found)
    }
}

fn folder(path: &Path, format: FileFormat) -> Result<Vec<PathBuf>, DecodeError> {
    let unreadable = |error: std::io::Error| DecodeError::Unreadable {
        file: path.display().to_string(),
        why: plain(&error),
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        let name = entry_name(&file);
        if file.is_file() && !hidden(name) && extensions(format).contains(&extension) {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}

fn entry_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or("")
}

/// The parts of a path, after the base folder where it lies below it.
fn below<'a>(path: &'a Path, base: &Path) -> impl Iterator<Item = &'a str> {
    path.strip_prefix(base)
        .unwrap_or(path)
        .iter()
        .filter_map(|part| part.to_str())
}

fn hidden(name: &str) -> bool {
    (name.starts_with('.') && name != "." && name != "..") || name.starts_with('_')
}

fn extensions(format: FileFormat) -> &'static [&'static str] {
    match format {
        FileFormat::Parquet => &["parquet"],
        FileFormat::Csv => &["csv"],
        FileFormat::Jsonl => &["jsonl", "ndjson"],
    }
}

fn no_such_files(format: FileFormat) -> String {
    format!("the folder has no .{} files", extensions(format).join(" or ."))
}
