//! What is read of a source, and what cannot be.

use featc_ir::{FileFormat, FileSet};
use featr_decode::{DecodeError, LocalStore, expand_in, would_list};
use featr_kafka::{Properties, Topic};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// A source, and where its rows come from.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The name of the source.
    pub source: String,
    /// Where its rows come from.
    pub input: Input,
}

/// Where rows come from.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "fields are described with their variants")]
pub enum Input {
    /// Text of this format, from its beginning to its end.
    StandardInput(FileFormat),
    /// Files, folders and globs; `base` is what their paths are relative to.
    Files { files: FileSet, base: PathBuf },
    /// A topic of the brokers that the properties name.
    Topic { topic: Topic, properties: Properties },
}

/// Why sources cannot be read as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are described with their variants")]
pub enum Unfollowable {
    /// Two of them want standard input.
    StandardInputTwice { sources: [String; 2] },
    /// It is named twice.
    Twice { source: String },
    /// The files are not on this machine.
    Elsewhere { source: String, place: String },
    /// A table, whose files its log names.
    Table { source: String, place: String },
    /// Neither its name nor the source says in which format it is.
    Format { source: String, place: String },
    /// Files that the server itself writes would be among them.
    State { source: String, place: String },
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
            Unfollowable::Format { .. } => {
                "name files by their extension, as in `live/*.jsonl`, or declare the format in the source, as in \
                 `stream jsonl \"live/*.jsonl\"`"
            }
            Unfollowable::State { .. } => "keep the files that are followed in a folder beside that of the state",
            Unfollowable::Pattern { .. } => "write a path, a folder or a glob such as `live/*.jsonl`",
            Unfollowable::NothingDeclared => {
                "write `stream jsonl \"live/*.jsonl\"` in a source, or name one with `--source NAME=PATH`"
            }
        }
    }

    /// Refuses what cannot be read by a server that keeps its state in this folder.
    ///
    /// # Errors
    /// The first of it.
    pub fn check(all: &[Followed], state: &Path) -> Result<(), Unfollowable> {
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
                Input::Topic { .. } => {}
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
                    if is_of_state(files, base, state, &source) {
                        return Err(Unfollowable::State { source, place });
                    }
                    if let Err(DecodeError::NoFiles { pattern, why, .. }) = expand_in(&LocalStore, files, base)
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

/// Whether a set has files that a server keeps in the folder of its state, or would have once they are written.
fn is_of_state(files: &FileSet, base: &Path, state: &Path, source: &str) -> bool {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let settled = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| absolute(path));
    let own = settled(state);
    // The current folder.
    let base = match base.as_os_str().is_empty() {
        true => Path::new("."),
        false => base,
    };
    let is_within = |path: &String| absolute(&base.join(path)).starts_with(absolute(state));
    if files.paths.iter().any(is_within) {
        return true;
    }
    let pushed = format!("pushed/{source}/00000002.parquet");
    let written = ["aside/rejected-000002.jsonl", "aside/late-000002.jsonl", &pushed];
    let mut written = written.iter().map(|name| state.join(name));
    let there = expand_in(&LocalStore, files, base).unwrap_or_default();
    written.any(|target| would_list(files, base, &target))
        || there.iter().any(|file| settled(&file.path).starts_with(&own))
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
            Unfollowable::Format { source, place } => {
                write!(
                    f,
                    "source `{source}` cannot be followed: nothing says in which format `{place}` is"
                )
            }
            Unfollowable::State { source, place } => {
                write!(
                    f,
                    "source `{source}` cannot be followed: `{place}` reaches into the folder of the state, where the server \
                     writes itself"
                )
            }
            Unfollowable::Pattern { source, place, why } => {
                write!(f, "source `{source}` cannot be followed: `{place}` is {why}")
            }
            Unfollowable::NothingDeclared => f.write_str("nothing can be followed: no source declares a `stream`"),
        }
    }
}

impl std::error::Error for Unfollowable {}
