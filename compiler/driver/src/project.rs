//! A program on disk: reading its files.

use crate::diag::{FileId, SourceMap};
use crate::plain;
use featc_ir::manifest::FILE;
use std::path::{Path, PathBuf};

/// The files of one program, read.
#[derive(Debug, Clone)]
pub struct Project {
    pub sources: SourceMap,
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
    NotFound {
        path: PathBuf,
        why: String,
    },
    Unreadable {
        path: PathBuf,
        why: String,
    },
    /// More bytes than a program may have.
    TooLarge {
        path: PathBuf,
        bytes: u64,
    },
}

/// Bytes that all files of a program may have together: what is larger is data that is named like a program.
pub const PROGRAM_BYTES_MAX: u64 = 4 << 20;

/// Whether a path is a build, which has a manifest and no text.
pub fn is_build(path: &Path) -> bool {
    let is_text = |entry: std::fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "feat");
    let has_text = || std::fs::read_dir(path).is_ok_and(|entries| entries.flatten().any(is_text));
    path.join(FILE).is_file() && !has_text()
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
        let unreadable = |path: &Path, why: String| LoadError::Unreadable {
            path: path.to_owned(),
            why,
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
        let paths = if kind.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, error.to_string()))?;
            let mut found: Vec<PathBuf> = entries
                .flatten()
                .map(|e| e.path())
                .filter(|p| p.extension().is_some_and(|x| x == "feat"))
                .collect();
            found.sort();
            found
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
        let mut sources = SourceMap::new();
        let mut files = Vec::new();
        let mut all = 0;
        for path in &paths {
            all += std::fs::metadata(path).map_or(0, |about| about.len());
            if all > PROGRAM_BYTES_MAX {
                let path = path.clone();
                return Err(LoadError::TooLarge { path, bytes: all });
            }
            let bytes = plain::read(path).map_err(|error| unreadable(path, error.to_string()))?;
            let text = String::from_utf8(bytes).map_err(|error| {
                unreadable(
                    path,
                    format!(
                        "it is not UTF-8 (first bad byte at {})",
                        error.utf8_error().valid_up_to()
                    ),
                )
            })?;
            files.push(sources.add(path.display().to_string(), text));
        }
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
