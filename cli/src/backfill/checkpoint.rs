//! `_checkpoint.json`: what a backfill is, and which of its parts are done.
//!
//! It holds no clock, thread or machine, so an undisturbed run and one that was killed and resumed end with equal bytes.

use crate::errors;
use crate::provenance::{refuse_changes, unchanged};
use crate::report::{Refused, Reporter};
use featc_driver::diag::Diagnostic;
use featr::Aside;
use featr::provenance::{FileRecord, Release, SourceFiles, TruthRecord};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

pub const FILE: &str = "_checkpoint.json";

const KIND: &str = "featc.backfill";
const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Always `featc.backfill`.
    pub kind: String,
    /// 1.
    pub version: u32,
    pub release: Release,
    pub module: String,
    /// The hash of the program.
    pub program: String,
    pub arguments: Arguments,
    /// Output column → fingerprint of its feature.
    pub features: BTreeMap<String, String>,
    pub sources: Vec<SourceFiles>,
    /// The file that names the entities, if there is one.
    pub entities: Option<FileRecord>,
    /// Rows of the whole result.
    pub rows: u64,
    /// Files of the whole result.
    pub parts: u64,
    /// In the order in which they were finished, which is that of their names.
    pub done: Vec<Done>,
}

/// What decides bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arguments {
    pub service: Option<String>,
    pub view: Option<String>,
    pub truth: TruthRecord,
    pub from: String,
    pub to: String,
    /// `None`: at the events.
    pub every_us: Option<i64>,
    /// As given; `None`: the usual one.
    pub chunk_us: Option<i64>,
    pub at_column: String,
    pub status: bool,
}

/// A finished part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub file: String,
    pub rows: u64,
    pub bytes: u64,
    pub xxh3_128: String,
}

impl Checkpoint {
    /// Nothing done.
    pub fn new(module: String, program: String, arguments: Arguments) -> Checkpoint {
        Checkpoint {
            kind: KIND.to_owned(),
            version: VERSION,
            release: Release::this(),
            module,
            program,
            arguments,
            features: BTreeMap::new(),
            sources: Vec::new(),
            entities: None,
            rows: 0,
            parts: 0,
            done: Vec::new(),
        }
    }

    /// Writes it into the folder, whole or not at all.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let aside = Aside::create(&folder.join(FILE))?;
        let mut text = serde_json::to_string_pretty(self).map_err(std::io::Error::other)?;
        text.push('\n');
        let mut file = aside.file();
        file.write_all(text.as_bytes())?;
        aside.put()
    }

    /// Refuses to go on with `self` when `now` is another backfill; `now` may lack counts.
    pub fn same_as(&self, now: &Checkpoint, folder: &Path, reporter: &Reporter) -> Result<(), Refused> {
        let path = folder.join(FILE).display().to_string();
        if self.release != now.release {
            return reporter.refuse(errors::other_release(&path, &self.release));
        }
        if self.program != now.program {
            return reporter.refuse(errors::program_changed(&path, &self.program, &now.program));
        }
        if let Some(diagnostic) = self.arguments.other(&now.arguments, folder) {
            return reporter.refuse(diagnostic);
        }
        const SINCE: &str = "since the backfill was begun";
        unchanged(&self.sources, &now.sources, SINCE, reporter)?;
        let list = |file: &Option<FileRecord>| file.clone().into_iter().collect::<Vec<_>>();
        let (was, is) = (list(&self.entities), list(&now.entities));
        refuse_changes("the entities", &was, &is, SINCE, reporter)
    }

    /// The finished part of this name, if its file is still there.
    pub fn finished(&self, file: &str, folder: &Path) -> Option<&Done> {
        let done = self.done.iter().find(|done| done.file == file)?;
        let found = std::fs::metadata(folder.join(file)).ok()?;
        (found.is_file() && found.len() == done.bytes).then_some(done)
    }
}

impl Arguments {
    /// The message about the first argument that differs.
    fn other(&self, now: &Arguments, folder: &Path) -> Option<Diagnostic> {
        let value = |arguments: &Arguments| serde_json::to_value(arguments).unwrap_or_default();
        let (was, is) = (value(self), value(now));
        let names = [
            "service",
            "view",
            "truth",
            "from",
            "to",
            "every_us",
            "chunk_us",
            "at_column",
            "status",
        ];
        let name = names.iter().find(|name| was[**name] != is[**name])?;
        let folder = folder.display().to_string();
        let (was, is) = (was[*name].to_string(), is[*name].to_string());
        Some(errors::begun_otherwise(&folder, &format!("`{name}`"), &was, &is))
    }
}

/// A folder that this process, and no other, writes to.
#[derive(Debug)]
pub struct Locked {
    pub path: PathBuf,
    /// The lock ends with the process, however that ends.
    _lock: File,
}

impl Locked {
    /// Takes a folder that exists.
    pub fn take(path: &Path, reporter: &Reporter) -> Result<Locked, Refused> {
        let name = path.display().to_string();
        let unwritable = |error: &std::io::Error| errors::unwritable(&name, &error.to_string());
        let lock = File::open(path).or_else(|error| reporter.refuse(unwritable(&error)))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return reporter.refuse(errors::busy(&name)),
            // A file system without locks cannot be shared safely; it is not refused for that.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return reporter.refuse(unwritable(&error)),
        }
        Ok(Locked {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The checkpoint in the folder. A folder with parts and no checkpoint is not ours.
    pub fn checkpoint(&self, reporter: &Reporter) -> Result<Option<Checkpoint>, Refused> {
        let name = self.path.display().to_string();
        let unusable = |why: &str| reporter.refuse(errors::unusable_folder(&name, why));
        match std::fs::read_to_string(self.path.join(FILE)) {
            Ok(text) => {
                let read: Result<Checkpoint, _> = serde_json::from_str(&text);
                match read {
                    Ok(found) if found.kind == KIND && found.version == VERSION => Ok(Some(found)),
                    Ok(_) => unusable(&format!("its `{FILE}` is of another kind or version")),
                    Err(error) => unusable(&format!("its `{FILE}` cannot be read: {error}")),
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let entries = std::fs::read_dir(&self.path).into_iter().flatten().flatten();
                let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
                match names.filter(|name| name.ends_with(".parquet")).min() {
                    Some(part) => unusable(&format!("it holds `{part}` and no `{FILE}`")),
                    None => Ok(None),
                }
            }
            Err(error) => unusable(&format!("its `{FILE}` cannot be read: {error}")),
        }
    }
}
