//! Input files as a record names them, and how they changed.

use super::path::relative;
use crate::error::Error;
use featc_ir::{FileFormat, FileSet, Source};
use featr_decode::{DecodeError, expand};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use xxhash_rust::xxh3::Xxh3;

/// A file as it was read.
///
/// With `xxh3_128`, the hash of all its bytes, equal records mean equal contents, up to collisions. Otherwise they mean
/// that length, time stamp and (for Parquet) footer are equal: a change that hides from all of them is not seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Relative to the program's folder, if it was named so.
    pub path: String,
    pub bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xxh3_128: Option<String>,
    /// Of the last bytes of a Parquet file: schema, places, sizes and statistics of all its columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer_xxh3_128: Option<String>,
    /// Since 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_ns: Option<i64>,
}

/// The files of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFiles {
    pub source: String,
    pub format: String,
    /// The patterns, relative to the program's folder unless absolute.
    pub paths: Vec<String>,
    /// Whether the command named them, and not the program.
    pub given: bool,
    pub files: Vec<FileRecord>,
}

/// How an input differs from what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub file: String,
    /// `is gone`, `has 12 bytes, not 10` …
    pub how: String,
}

/// The record of a file as it is now; `name` is what the record calls it, `hash` reads it whole.
///
/// # Errors
/// [`Error::Decode`]: the file cannot be read.
pub fn file_record(path: &Path, name: String, hash: bool) -> Result<FileRecord, Error> {
    let read = || -> std::io::Result<FileRecord> {
        let mut file = File::open(path)?;
        let found = file.metadata()?;
        let since = found
            .modified()?
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos());
        let mut record = FileRecord {
            path: name.clone(),
            bytes: found.len(),
            xxh3_128: None,
            footer_xxh3_128: None,
            modified_ns: None,
        };
        if hash {
            record.xxh3_128 = Some(hash_whole(&mut file)?);
        } else {
            record.footer_xxh3_128 = hash_footer(&mut file, found.len())?;
            record.modified_ns = Some(i64::try_from(since).unwrap_or(i64::MAX));
        }
        Ok(record)
    };
    read().map_err(|error| DecodeError::unreadable(&path.display().to_string(), &error).into())
}

fn hash_whole(file: &mut File) -> std::io::Result<String> {
    let mut hasher = Xxh3::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:032x}", hasher.digest128())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// The hash of the footer of a Parquet file with its length and mark; `None` for other files.
fn hash_footer(file: &mut File, bytes: u64) -> std::io::Result<Option<String>> {
    const TAIL: u64 = 8;
    if bytes < TAIL {
        return Ok(None);
    }
    let mut tail = [0; TAIL as usize];
    file.seek(SeekFrom::Start(bytes - TAIL))?;
    file.read_exact(&mut tail)?;
    if &tail[4..] != b"PAR1" {
        return Ok(None);
    }
    let [a, b, c, d, ..] = tail;
    let length = u64::from(u32::from_le_bytes([a, b, c, d])) + TAIL;
    if length > bytes {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(bytes - length))?;
    let mut footer = Vec::new();
    file.take(length).read_to_end(&mut footer)?;
    Ok(Some(format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&footer))))
}

/// The word that the wire form has for a format.
fn format_word(format: FileFormat) -> String {
    let word = serde_json::to_value(format).ok();
    word.as_ref()
        .and_then(|word| word.as_str())
        .unwrap_or_default()
        .to_owned()
}

/// The files of a source as they are now.
pub(super) fn source_files(
    source: &Source,
    set: &FileSet,
    given: bool,
    base: &Path,
    hash: bool,
) -> Result<SourceFiles, Error> {
    // What the command names has been made absolute on its way here.
    let name = |path: &Path| -> String {
        if path.to_str().is_some_and(|text| text.contains("://")) {
            return path.display().to_string();
        }
        let short = if given {
            relative(path, base)
        } else {
            path.strip_prefix(base).unwrap_or(path).to_owned()
        };
        short.display().to_string()
    };
    let mut files = Vec::new();
    for file in expand(set, base)? {
        files.push(file_record(&file.path, name(&file.path), hash)?);
    }
    Ok(SourceFiles {
        source: source.name.clone(),
        format: format_word(set.format),
        paths: set.paths.iter().map(|path| name(&PathBuf::from(path))).collect(),
        given,
        files,
    })
}

/// How files differ from what they were, one entry per file.
pub fn changes(were: &[FileRecord], are: &[FileRecord]) -> Vec<Change> {
    let mut found = Vec::new();
    let change = |file: &str, how: String| Change {
        file: file.to_owned(),
        how,
    };
    for was in were {
        match are.iter().find(|is| is.path == was.path) {
            None => found.push(change(&was.path, "is gone".to_owned())),
            Some(is) => found.extend(how(was, is).map(|how| change(&was.path, how))),
        }
    }
    for is in are {
        if !were.iter().any(|was| was.path == is.path) {
            found.push(change(&is.path, "is new".to_owned()));
        }
    }
    let order = |files: &[FileRecord]| files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
    if found.is_empty() && order(were) != order(are) {
        found.push(change(&were[0].path, "is read in another order".to_owned()));
    }
    found
}

fn how(was: &FileRecord, is: &FileRecord) -> Option<String> {
    if was.bytes != is.bytes {
        return Some(format!("has {} bytes, not {}", is.bytes, was.bytes));
    }
    if was.xxh3_128 != is.xxh3_128 {
        return Some("has the same length, but another content (hash of all bytes)".to_owned());
    }
    if was.footer_xxh3_128 != is.footer_xxh3_128 {
        return Some("has the same length, but another Parquet footer".to_owned());
    }
    (was.modified_ns != is.modified_ns).then(|| {
        "has the same length, but was modified at another time; whether its content changed is not known".to_owned()
    })
}
