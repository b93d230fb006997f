//! `_checkpoint.json`: what a backfill is, and which of its parts are done.
//!
//! It holds no clock, thread or machine, so an undisturbed run and one that was killed and resumed end with equal
//! bytes.

use super::plan::Part;
use crate::errors;
use crate::provenance::{other_values, refuse_changes, unchanged};
use crate::report::{Refused, Reporter};
use featc_driver::diag::Diagnostic;
use featr::Aside;
use featr::provenance::{FileRecord, Release, SourceFiles, TruthRecord};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

pub const FILE: &str = "_checkpoint.json";

pub const KIND: &str = "featc.backfill";
pub const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Always `featc.backfill`.
    pub kind: String,
    /// 1.
    pub version: u32,
    pub release: Release,
    pub module: String,
    /// The hash of the program. It may change between runs if [`Checkpoint::columns`] and features do not.
    pub program: String,
    pub arguments: Arguments,
    /// What the rows have, in order: keys (and identities), features.
    pub columns: Vec<String>,
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
    /// The hash of its questions, as [`Questions::hash`] gives it.
    ///
    /// [`Questions::hash`]: super::plan::Questions::hash
    pub questions: String,
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
            columns: Vec::new(),
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
        if let Some(diagnostic) = self.arguments.other(&now.arguments, folder) {
            return reporter.refuse(diagnostic);
        }
        if let Some(what) = other_values((&self.columns, &self.features), (&now.columns, &now.features)) {
            return reporter.refuse(errors::features_changed(&path, &what, "begin in another folder"));
        }
        const SINCE: &str = "since the backfill was begun";
        unchanged(&self.sources, &now.sources, SINCE, reporter)?;
        let list = |file: &Option<FileRecord>| file.clone().into_iter().collect::<Vec<_>>();
        let (was, is) = (list(&self.entities), list(&now.entities));
        refuse_changes("the entities", &was, &is, SINCE, reporter)
    }

    /// Whether what it says of parts is possible for the backfill that it is of.
    pub fn check_parts(&self, rows: u64, parts: &[Part]) -> Result<(), String> {
        if (self.rows, self.parts) != (rows, parts.len() as u64) {
            return Err(format!(
                "it says {} rows in {} parts, and the backfill has {rows} in {}",
                self.rows,
                self.parts,
                parts.len()
            ));
        }
        let mut rest = parts.iter();
        for done in &self.done {
            let Some(part) = rest.find(|part| part.file == done.file) else {
                return Err(format!("`{}` is no part that comes there", done.file));
            };
            let is_hash = |text: &String| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if done.rows != part.rows || !is_hash(&done.xxh3_128) || !is_hash(&done.questions) {
                return Err(format!("what it says of `{}` is not what was written", done.file));
            }
        }
        Ok(())
    }
}

impl Done {
    /// Whether its file is still there.
    pub fn is_there(&self, folder: &Path) -> bool {
        std::fs::metadata(folder.join(&self.file)).is_ok_and(|found| found.is_file() && found.len() == self.bytes)
    }
}

impl Arguments {
    /// The message about the first argument that differs.
    fn other(&self, now: &Arguments, folder: &Path) -> Option<Diagnostic> {
        let (was, is) = (self.words(), now.words());
        let (was, is) = was.iter().zip(&is).find(|(was, is)| was != is)?;
        Some(errors::begun_otherwise(
            &folder.display().to_string(),
            was,
            is,
            self.chunk_us.is_some(),
        ))
    }

    /// As one writes them, one after the other: `with --every 6h`.
    fn words(&self) -> [String; 8] {
        let with = |words: String| format!("with `{words}`");
        let span = featc_ir::window::format_duration;
        let what = match (&self.service, &self.view) {
            (Some(service), _) => format!("--service {service}"),
            (None, view) => format!("--view {}", view.as_deref().unwrap_or_default()),
        };
        let truth = match self.truth {
            TruthRecord::Complete => "--truth complete".to_owned(),
            TruthRecord::AsServed => "--truth as-served".to_owned(),
            TruthRecord::AsOfArrival { delay_us: None } => "--truth as-of-arrival".to_owned(),
            TruthRecord::AsOfArrival { delay_us: Some(us) } => {
                let delay = span(i64::try_from(us).unwrap_or(i64::MAX));
                format!("--truth as-of-arrival --delay {delay}")
            }
        };
        [
            with(what),
            with(truth),
            with(format!("--from {}", self.from)),
            with(format!("--to {}", self.to)),
            with(
                self.every_us
                    .map_or_else(|| "--at-events".to_owned(), |us| format!("--every {}", span(us))),
            ),
            match self.chunk_us {
                Some(us) => with(format!("--chunk {}", span(us))),
                None => "without `--chunk`".to_owned(),
            },
            with(format!("--at-column {}", self.at_column)),
            match self.status {
                true => with("--status".to_owned()),
                false => "without `--status`".to_owned(),
            },
        ]
    }
}
