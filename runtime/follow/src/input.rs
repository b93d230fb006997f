//! What is read of a source, and what cannot be.

use featc_ir::{FileFormat, FileSet};
use featr_decode::{DecodeError, LocalStore, expand_in};
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

/// A source, and where its rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    pub source: String,
    pub input: Input,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Text of this format, from its beginning to its end.
    StandardInput(FileFormat),
    /// Files, folders and globs; `base` is what their paths are relative to.
    Files { files: FileSet, base: PathBuf },
}

/// Why sources cannot be read as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfollowable {
    /// Two of them want standard input.
    StandardInputTwice { sources: [String; 2] },
    /// It is named twice.
    Twice { source: String },
    /// The files are not on this machine.
    Elsewhere { source: String, place: String },
    /// A table, whose files its log names.
    Table { source: String, place: String },
    /// The pattern is none.
    Pattern { source: String, place: String, why: String },
    /// No source says where its rows come from.
    NothingDeclared,
}

impl Unfollowable {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Unfollowable::StandardInputTwice { .. } => {
                "follow files or named folders for one of them, or push its rows"
            }
            Unfollowable::Twice { .. } => "name it once: a folder or a glob means many files",
            Unfollowable::Elsewhere { .. } => "follow files of this machine, or push the rows",
            Unfollowable::Table { .. } => "follow a folder of Parquet files, or push the rows",
            Unfollowable::Pattern { .. } => "write a path, a folder or a glob such as `live/*.jsonl`",
            Unfollowable::NothingDeclared => {
                "write `stream jsonl \"live/*.jsonl\"` in a source, or name one with `--source NAME=PATH`"
            }
        }
    }

    /// Refuses what cannot be read.
    ///
    /// # Errors
    /// The first of it.
    pub fn check(all: &[Followed]) -> Result<(), Unfollowable> {
        let (mut named, mut standard_input) = (BTreeSet::new(), None);
        for Followed { source, input } in all {
            if !named.insert(source) {
                return Err(Unfollowable::Twice { source: source.clone() });
            }
            match input {
                Input::StandardInput(_) => {
                    if let Some(first) = standard_input.replace(source) {
                        let sources = [first.clone(), source.clone()];
                        return Err(Unfollowable::StandardInputTwice { sources });
                    }
                }
                Input::Files { files, base } => {
                    let place = files.paths.first().cloned().unwrap_or_default();
                    let source = source.clone();
                    let has_log = |path: &String| base.join(path).join("_delta_log").is_dir();
                    if files.format == FileFormat::Delta || files.paths.iter().any(has_log) {
                        return Err(Unfollowable::Table { source, place });
                    }
                    if let Some(place) = files.paths.iter().find(|path| path.contains("://")) {
                        let place = place.clone();
                        return Err(Unfollowable::Elsewhere { source, place });
                    }
                    if let Err(DecodeError::NoFiles { pattern, why }) = expand_in(&LocalStore, files, base)
                        && why.starts_with("not a glob")
                    {
                        let place = pattern;
                        return Err(Unfollowable::Pattern { source, place, why });
                    }
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Unfollowable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfollowable::StandardInputTwice {
                sources: [first, second],
            } => {
                write!(
                    f,
                    "standard input cannot be followed for `{second}`: `{first}` reads it"
                )
            }
            Unfollowable::Twice { source } => write!(f, "source `{source}` cannot be followed twice"),
            Unfollowable::Elsewhere { source, place } => {
                write!(
                    f,
                    "source `{source}` cannot be followed: `{place}` is not on this machine"
                )
            }
            Unfollowable::Table { source, place } => {
                write!(f, "source `{source}` cannot be followed: `{place}` is a Delta table")
            }
            Unfollowable::Pattern { source, place, why } => {
                write!(f, "source `{source}` cannot be followed: `{place}` is {why}")
            }
            Unfollowable::NothingDeclared => f.write_str("nothing can be followed: no source declares a `stream`"),
        }
    }
}

impl std::error::Error for Unfollowable {}
