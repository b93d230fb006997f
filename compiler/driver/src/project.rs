//! A program on disk: reading its files.

use crate::diag::{FileId, SourceMap};
use crate::lock::Lock;
use crate::plain;
use featc_ir::manifest::FILE;
use std::path::{Path, PathBuf};

/// The files of one program, read.
#[derive(Debug, Clone)]
pub struct Project {
    /// The texts of the files.
    pub sources: SourceMap,
    /// Those that make the program, by name.
    pub files: Vec<FileId>,
    /// Where each of `files` is, in their order; names in `sources` are for messages.
    pub paths: Vec<PathBuf>,
    /// The folder that paths in the program are relative to.
    pub base: PathBuf,
    /// Whether all `.feat` files of the folder are the program.
    is_folder: bool,
}

/// Why a program's files could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// Nothing there is a program.
    NotFound {
        /// What was named.
        path: PathBuf,
        /// For people.
        why: String,
    },
    /// A file or a folder cannot be read, or is no text.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// For people.
        why: String,
    },
    /// More bytes than a program may have.
    TooLarge {
        /// The file with which they are too many.
        path: PathBuf,
        /// The bytes of all up to this one.
        bytes: u64,
    },
}

/// Bytes that all files of a program may have together: what is larger is data that is named like a program.
pub const PROGRAM_BYTES_MAX: u64 = 4 << 20;

/// Why the lock file of a program is none.
pub const LOCK_FILE: &str = "it is a lock file, which says what the features of a program meant when it was written";

/// Whether a path is a build, which has a manifest and no text.
pub fn is_build(path: &Path) -> bool {
    let is_text = |entry: std::fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "feat");
    let has_text = || std::fs::read_dir(path).is_ok_and(|entries| entries.flatten().any(is_text));
    path.join(FILE).is_file() && !has_text()
}

/// The `.feat` files of a folder, by name. An entry that cannot be read may be one of them, so none is passed over.
fn feat_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut found: Vec<PathBuf> = paths.collect::<std::io::Result<_>>()?;
    found.retain(|path| path.extension().is_some_and(|extension| extension == "feat"));
    found.sort();
    Ok(found)
}

/// Reads the files of a program.
fn read_all(paths: &[PathBuf]) -> Result<(SourceMap, Vec<FileId>), LoadError> {
    let (mut sources, mut files) = (SourceMap::new(), Vec::new());
    let mut all = 0;
    for path in paths {
        all += std::fs::metadata(path).map_or(0, |about| about.len());
        if all > PROGRAM_BYTES_MAX {
            let path = path.clone();
            return Err(LoadError::TooLarge { path, bytes: all });
        }
        let bytes = plain::read(path).map_err(|error| unreadable(path, error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            unreadable(path, format!("it is not UTF-8 (first bad byte at {at})"))
        })?;
        files.push(sources.add(path.display().to_string(), text));
    }
    Ok((sources, files))
}

fn unreadable(path: &Path, why: String) -> LoadError {
    LoadError::Unreadable {
        path: path.to_owned(),
        why,
    }
}

impl Project {
    /// Texts that are at hand, and not on disk; `base` is the folder that paths in them are relative to.
    pub fn at_hand(sources: SourceMap, files: Vec<FileId>, base: PathBuf) -> Project {
        Project {
            sources,
            files,
            paths: vec![],
            base,
            is_folder: false,
        }
    }

    /// Reads a program: a `.feat` file, or a folder whose `.feat` files make one module.
    ///
    /// # Errors
    /// A path that is not there or holds no `.feat` file; a file that cannot be read or is not UTF-8; files of more than
    /// [`PROGRAM_BYTES_MAX`].
    pub fn load(path: &Path) -> Result<Project, LoadError> {
        let not_found = |why: &str| LoadError::NotFound {
            path: path.to_owned(),
            why: why.to_owned(),
        };
        let kind = std::fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => not_found("no such file or folder"),
            _ => unreadable(path, error.to_string()),
        })?;
        let data = ["csv", "tsv", "parquet", "json", "jsonl", "arrow"];
        if kind.is_file()
            && path
                .extension()
                .is_some_and(|extension| data.iter().any(|data| extension == *data))
        {
            return Err(not_found("the file holds data"));
        }
        if kind.is_file() && Lock::is_path(path) {
            return Err(not_found(LOCK_FILE));
        }
        let paths = if kind.is_dir() {
            feat_files(path).map_err(|error| unreadable(path, error.to_string()))?
        } else {
            vec![path.to_owned()]
        };
        if paths.is_empty() && is_build(path) {
            return Err(not_found(
                "the folder holds a build, which has not the text of its program",
            ));
        }
        if paths.is_empty() {
            return Err(not_found("the folder holds no .feat file"));
        }
        let (sources, files) = read_all(&paths)?;
        let base = if kind.is_dir() {
            path.to_owned()
        } else {
            path.parent().unwrap_or(Path::new("")).to_owned()
        };
        let base = if base.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            base
        };
        Ok(Project {
            sources,
            files,
            paths,
            base,
            is_folder: kind.is_dir(),
        })
    }

    /// Whether a new file would be one of the program's from then on.
    pub fn would_read(&self, file: &Path) -> bool {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let place = |folder: &Path| folder.canonicalize().ok();
        self.is_folder
            && file.extension().is_some_and(|extension| extension == "feat")
            && place(folder.unwrap_or(Path::new("."))).is_some_and(|folder| Some(folder) == place(&self.base))
    }
}
