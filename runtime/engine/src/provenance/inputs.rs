//! Input files as a record names them, and how they changed.

use super::path::{name_of, relative};
use crate::error::Error;
use featc_ir::{FileFormat, FileSet, Source};
use featr_decode::{DecodeError, InputFile, LocalStore, RandomRead, Rows, Store, expand_in};
use featr_lake::LakeStore;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// A file as it was read.
///
/// With `xxh3_128`, the hash of all its bytes, equal records mean equal contents, up to collisions. Otherwise they mean
/// that length, time stamp and (for Parquet) footer are equal: a change that hides from all of them is not seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Relative to the program's folder, if it was named so; as [`super::name_of`] says it.
    pub path: String,
    /// Its length; of rows in memory, see [`FileRecord::in_memory`].
    pub bytes: u64,
    /// The hash of all its bytes, as 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xxh3_128: Option<String>,
    /// Of the last bytes of a Parquet file: schema, places, sizes and statistics of all its columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer_xxh3_128: Option<String>,
    /// When it was changed last, in nanoseconds since 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_ns: Option<i64>,
    /// What an object store says instead of a time: an etag, or a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The files of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFiles {
    /// The name of the source.
    pub source: String,
    /// `csv`, `parquet` …
    pub format: String,
    /// The patterns, relative to the program's folder unless absolute.
    pub paths: Vec<String>,
    /// Whether the command named them, and not the program.
    pub given: bool,
    /// The version of a Delta table: `delta:<table id>@<version>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The files that the patterns found, in order.
    pub files: Vec<FileRecord>,
}

/// Which files are known by the hash of all their bytes, and not by length, time stamp and footer. Rows in memory are, but
/// with [`HashInputs::Nothing`].
#[derive(Debug, Clone, Copy)]
pub enum HashInputs<'a> {
    /// None: to see changes of files during a run.
    Nothing,
    /// No file, but rows in memory: to see changes of either.
    Memory,
    /// Those of this machine, as long as those of a source (or the one file) are [`HASHED_BYTES`] together at most.
    Usual,
    /// All files.
    All,
    /// Those that these records know so.
    As(&'a [SourceFiles]),
}

/// What [`HashInputs::Usual`] reads once more of a source: a fraction of a second.
pub const HASHED_BYTES: u64 = 256 << 20;

impl HashInputs<'_> {
    /// Whether a file of a source is hashed; `left` is what may still be read of the source.
    fn wants(&self, source: &str, name: &str, (bytes, is_elsewhere): (u64, bool), left: &mut u64) -> bool {
        match self {
            HashInputs::Nothing | HashInputs::Memory => false,
            HashInputs::All => true,
            HashInputs::Usual => {
                let fits = !is_elsewhere && bytes <= *left;
                *left -= if fits { bytes } else { 0 };
                fits
            }
            HashInputs::As(records) => {
                let of_source = records.iter().filter(|record| record.source == source);
                let mut files = of_source.flat_map(|record| &record.files);
                files.any(|file| file.path == name && file.xxh3_128.is_some())
            }
        }
    }
}

/// How an input differs from what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file, as its record names it.
    pub file: String,
    /// `is gone`, `has 12 bytes, not 10` …
    pub how: String,
    /// Whether only the time stamp is another one, and the record knows no hash: it may be a copy.
    pub may_be_copy: bool,
    /// Whether it was not there.
    pub is_new: bool,
}

/// What records call rows in memory, as a format and as a file.
pub const MEMORY: &str = "memory";

impl FileRecord {
    /// Of rows in memory: with `hash` that of their schema and values, and how many bytes these are; else about how many
    /// bytes they take. That they were spooled leaves no trace.
    ///
    /// # Errors
    /// [`Error::Decode`]: the temporary file of rows that were spooled cannot be read.
    pub fn in_memory(rows: &Rows, hash: bool) -> Result<FileRecord, Error> {
        record_of(rows, hash, &|_| true)
    }
}

/// As [`FileRecord::in_memory`], of some columns.
fn record_of(rows: &Rows, hash: bool, counts: &dyn Fn(&str) -> bool) -> Result<FileRecord, Error> {
    let (bytes, hash) = match hash {
        true => super::memory::content(rows, counts).map(|(bytes, hash)| (bytes, Some(hash)))?,
        false => (rows.bytes(), None),
    };
    Ok(FileRecord {
        path: MEMORY.to_owned(),
        bytes,
        xxh3_128: hash,
        footer_xxh3_128: None,
        modified_ns: None,
        version: None,
    })
}

/// A source whose rows are in memory: the columns that it declares are hashed, however many rows there are, unless nothing
/// is.
pub(super) fn in_memory(source: &Source, rows: &Rows, hash: HashInputs<'_>) -> Result<SourceFiles, Error> {
    let hash = !matches!(hash, HashInputs::Nothing);
    let declares = |name: &str| source.columns.iter().any(|column| column.is_in(name));
    Ok(SourceFiles {
        source: source.name.clone(),
        format: MEMORY.to_owned(),
        paths: vec![],
        given: true,
        table: None,
        files: vec![record_of(rows, hash, &declares)?],
    })
}

/// The record of a file of this machine as it is now; `name` is what the record calls it, `hash` reads it whole.
///
/// # Errors
/// [`Error::Decode`]: the file cannot be read.
pub fn file_record(path: &Path, name: String, hash: bool) -> Result<FileRecord, Error> {
    let file = InputFile::new(path.to_owned(), path.display().to_string());
    record_in(&LocalStore, &file, name, |_| hash)
}

/// As [`file_record`]; `hash` decides by the length.
fn record_in(
    store: &dyn Store,
    file: &InputFile,
    name: String,
    hash: impl FnOnce(u64) -> bool,
) -> Result<FileRecord, Error> {
    let open = store.open(file)?;
    let hash = hash(open.len());
    let mut record = FileRecord {
        path: name,
        bytes: open.len(),
        xxh3_128: None,
        footer_xxh3_128: None,
        modified_ns: None,
        version: None,
    };
    if hash {
        record.xxh3_128 = Some(hash_whole(&*open)?);
        return Ok(record);
    }
    record.footer_xxh3_128 = hash_footer(&*open)?;
    let version = open.version();
    if is_elsewhere(&file.path) {
        record.version = version;
    } else {
        // Files of this machine say time and length.
        let modified = version.as_deref().and_then(|version| version.split_once('+'));
        record.modified_ns = modified.and_then(|(modified, _)| modified.parse().ok());
    }
    Ok(record)
}

/// Whether a path is an address of a store.
fn is_elsewhere(path: &Path) -> bool {
    path.to_str().is_some_and(featr_lake::is_address)
}

fn hash_whole(file: &dyn RandomRead) -> Result<String, DecodeError> {
    const STEP: u64 = 4 << 20;
    let mut hasher = Xxh3::new();
    let mut at = 0;
    while at < file.len() {
        let step = STEP.min(file.len() - at);
        hasher.update(&file.read_at(at, step as usize)?);
        at += step;
    }
    Ok(format!("{:032x}", hasher.digest128()))
}

/// The hash of the footer of a Parquet file with its length and mark; `None` for other files.
fn hash_footer(file: &dyn RandomRead) -> Result<Option<String>, DecodeError> {
    const TAIL: u64 = 8;
    let bytes = file.len();
    if bytes < TAIL {
        return Ok(None);
    }
    let tail = file.read_at(bytes - TAIL, TAIL as usize)?;
    let Some((length, b"PAR1")) = tail.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u64::from(u32::from_le_bytes(*length)) + TAIL;
    if length > bytes {
        return Ok(None);
    }
    let footer = file.read_at(bytes - length, length as usize)?;
    Ok(Some(format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&footer))))
}

/// The files of a source as they are now.
pub(super) fn source_files(
    source: &Source,
    set: &FileSet,
    given: bool,
    (store, base): (&LakeStore, &Path),
    hash: HashInputs<'_>,
) -> Result<SourceFiles, Error> {
    let is_table = set.format == FileFormat::Delta;
    // What the command names has been made absolute on its way here, and so have the files of tables.
    let name = |path: &Path| -> String {
        if is_elsewhere(path) {
            return path.display().to_string();
        }
        let short = if path.is_absolute() && (given || is_table) {
            relative(path, base)
        } else {
            path.strip_prefix(base).unwrap_or(path).to_owned()
        };
        name_of(&short)
    };
    let found = match is_table {
        true => store.snapshot(set, base)?,
        false => expand_in(store, set, base)?,
    };
    let mut files = Vec::new();
    let mut left = HASHED_BYTES;
    for file in found {
        let name = name(&file.path);
        let elsewhere = is_elsewhere(&file.path);
        let wants = |bytes| hash.wants(&source.name, &name, (bytes, elsewhere), &mut left);
        files.push(record_in(store, &file, name.clone(), wants)?);
    }
    Ok(SourceFiles {
        source: source.name.clone(),
        format: set.format.name().to_owned(),
        paths: set.paths.iter().map(|path| name(&PathBuf::from(path))).collect(),
        given,
        table: is_table.then(|| store.snapshot_id(set)).flatten(),
        files,
    })
}

/// How files differ from what they were, one entry per file.
pub fn changes(were: &[FileRecord], are: &[FileRecord]) -> Vec<Change> {
    let mut found = Vec::new();
    let change = |file: &str, how: String| Change {
        file: file.to_owned(),
        how,
        may_be_copy: false,
        is_new: false,
    };
    for was in were {
        match are.iter().find(|is| is.path == was.path) {
            None => found.push(change(&was.path, "is gone".to_owned())),
            Some(is) => found.extend(how(was, is).map(|how| Change {
                may_be_copy: may_be_copy(was, is),
                ..change(&was.path, how)
            })),
        }
    }
    for is in are {
        if !were.iter().any(|was| was.path == is.path) {
            let is_new = true;
            found.push(Change {
                is_new,
                ..change(&is.path, "is new".to_owned())
            });
        }
    }
    let order = |files: &[FileRecord]| files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
    if found.is_empty() && order(were) != order(are) {
        found.push(change(&were[0].path, "is read in another order".to_owned()));
    }
    found
}

fn may_be_copy(was: &FileRecord, is: &FileRecord) -> bool {
    let timeless = |record: &FileRecord| FileRecord {
        modified_ns: None,
        ..record.clone()
    };
    was.xxh3_128.is_none() && timeless(was) == timeless(is)
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
    if was.version != is.version {
        return Some("has the same length, but another version in its store".to_owned());
    }
    (was.modified_ns != is.modified_ns).then(|| {
        "has the same length, but was modified at another time; whether its content changed is not known".to_owned()
    })
}
