//! Where a training set comes from: the program, the truth, the inputs, and what became of their rows.
//!
//! A record says everything that decides the bytes of a training set, and nothing else: no threads, memory limits,
//! clocks, users or names of machines. Equal inputs and equal commands give equal records (tested).

mod inputs;
mod memory;
mod path;
mod set;
#[cfg(test)]
mod tests;

pub use inputs::{Change, FileRecord, HASHED_BYTES, HashInputs, MEMORY, SourceFiles, changes, file_record};
pub use path::{name_of, path_of, relative};
pub use set::{StagedSet, sidecar, stage_set};

use crate::error::Error;
use crate::program::{Program, SeenEarly};
use crate::results::{ByView, RunReport};
use featc_ir::{Truth, hash};
use featr_decode::{DecodeError, open_file, read_metadata};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The key of the record in the metadata of Parquet and Arrow files.
pub const PROVENANCE_KEY: &str = "featc.provenance";

/// Version of the form of the record.
const VERSION: u32 = 1;

/// What a training set was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Always `featc.provenance`.
    pub kind: String,
    /// 1.
    pub version: u32,
    /// The versions that made it.
    pub release: Release,
    /// The program that was run.
    pub program: ProgramRecord,
    /// The service that was asked.
    pub service: String,
    /// Which events a question saw.
    pub truth: TruthRecord,
    /// Sources whose rows it shows though nothing says when they were known.
    #[serde(default, skip_serializing_if = "SeenEarly::is_empty")]
    pub seen_early: SeenEarly,
    /// Whether every row was read and counted, also those that can matter to no question (`--strict`, `--rejected`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub every_row: bool,
    /// Output column → fingerprint of its feature.
    pub features: BTreeMap<String, String>,
    /// The sources that the service reads, in the program's order.
    pub sources: Vec<SourceRecord>,
    /// The questions.
    pub spine: SpineRecord,
    /// The file that was written.
    pub output: OutputRecord,
}

/// The versions that decide bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// featc: decoders and writers.
    pub featc: String,
    /// What all features share in the kernels; versions of aggregates are in the fingerprints.
    pub kernels: String,
    /// The time zone database.
    pub tzdb: String,
}

impl Release {
    /// That of this library.
    pub fn this() -> Release {
        Release {
            featc: env!("CARGO_PKG_VERSION").to_owned(),
            kernels: hash::KERNELS_VERSION.to_owned(),
            tzdb: hash::TZDB_VERSION.to_owned(),
        }
    }
}

/// The program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramRecord {
    /// As it was given: relative to the working directory, or absolute.
    pub path: String,
    /// The name of its module.
    pub module: String,
    /// The hash of the program.
    pub hash: String,
}

/// Which events a question saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum TruthRecord {
    /// All of them, whenever they arrived.
    Complete,
    /// Those that had arrived.
    AsOfArrival {
        /// In microseconds: overrides the delays that the sources declare.
        delay_us: Option<u64>,
    },
    /// The spine is a served log.
    AsServed,
}

impl From<Truth> for TruthRecord {
    fn from(truth: Truth) -> TruthRecord {
        match truth {
            Truth::Complete => TruthRecord::Complete,
            Truth::AsOfArrival { delay_us } => TruthRecord::AsOfArrival { delay_us },
            Truth::AsServed => TruthRecord::AsServed,
        }
    }
}

impl From<TruthRecord> for Truth {
    fn from(record: TruthRecord) -> Truth {
        match record {
            TruthRecord::Complete => Truth::Complete,
            TruthRecord::AsOfArrival { delay_us } => Truth::AsOfArrival { delay_us },
            TruthRecord::AsServed => Truth::AsServed,
        }
    }
}

/// A source and what became of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Its files.
    #[serde(flatten)]
    pub files: SourceFiles,
    /// Rows that were read: accepted and rejected.
    pub rows: u64,
    /// Rows that count as events of the source.
    pub accepted: u64,
    /// Rows that count for nothing, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Accepted rows that a view rejects, by view, as reports name it, and reason.
    #[serde(default, skip_serializing_if = "ByView::is_empty")]
    pub rejected_by_view: ByView,
    /// Events with copies that differ in columns which the source does not declare.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub differing_copies: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpineRecord {
    /// Their file; of a served log the first one.
    pub file: FileRecord,
    /// Of a served log the files after the first one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<FileRecord>,
    /// The column with the instants.
    pub at_column: String,
    /// Of timestamps without offset.
    pub zone: Option<String>,
}

/// The file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRecord {
    /// `parquet`, `csv`, `tsv`, `jsonl` or `arrow`.
    pub format: String,
    /// Whether each feature is followed by its status.
    pub status: bool,
    /// How many rows it has.
    pub rows: u64,
    /// All of them, in order.
    pub columns: Vec<String>,
}

impl Provenance {
    /// The kind of every record.
    pub const KIND: &'static str = "featc.provenance";

    /// A record without counts; [`Provenance::counted`] adds them after the run.
    pub fn begin(program: ProgramRecord, service: &str, truth: Truth, spine: SpineRecord) -> Provenance {
        Provenance {
            kind: Provenance::KIND.to_owned(),
            version: VERSION,
            release: Release::this(),
            program,
            service: service.to_owned(),
            truth: truth.into(),
            seen_early: SeenEarly::default(),
            every_row: false,
            features: BTreeMap::new(),
            sources: Vec::new(),
            spine,
            output: OutputRecord {
                format: String::new(),
                status: false,
                rows: 0,
                columns: Vec::new(),
            },
        }
    }

    /// The same with the files of the sources and what a run made of their rows.
    pub fn counted(mut self, files: Vec<SourceFiles>, report: &RunReport) -> Provenance {
        let record = |files: SourceFiles| {
            let found = report.sources.iter().find(|source| source.source == files.source);
            let accepted = found.map_or(0, |source| source.accepted);
            SourceRecord {
                rows: accepted + found.map_or(0, |source| source.rejected_total()),
                accepted,
                rejected: found.map(|source| source.rejected.clone()).unwrap_or_default(),
                rejected_by_view: found.map(|source| source.rejected_by_view.clone()).unwrap_or_default(),
                differing_copies: found.map_or(0, |source| source.differing_copies),
                files,
            }
        };
        self.sources = files.into_iter().map(record).collect();
        self
    }

    /// The record as it stands in files: indented JSON, a line feed at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data always serialises");
        text.push('\n');
        text
    }

    /// Reads a record.
    ///
    /// # Errors
    /// Why the text is none, in words.
    pub fn from_json(text: &str) -> Result<Provenance, String> {
        #[derive(Deserialize)]
        struct Head {
            kind: String,
            version: u32,
        }
        let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if head.kind != Provenance::KIND {
            return Err(format!("its kind is `{}`, not `{}`", head.kind, Provenance::KIND));
        }
        if head.version != VERSION {
            return Err(format!("its version is {}, not {VERSION}", head.version));
        }
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Finds the record of a training set: `path` is a sidecar (`.json`), or the training set itself, whose record is in
    /// its metadata (Parquet, Arrow) or beside it (CSV, JSONL).
    ///
    /// # Errors
    /// A file that cannot be read, or (as text) one without a record.
    pub fn find(path: &Path) -> Result<Result<Provenance, String>, DecodeError> {
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let inside = if is_json {
            None
        } else {
            read_metadata(path, PROVENANCE_KEY)?
        };
        let text = match inside {
            Some(text) => text,
            None => {
                let file = if is_json { path.to_owned() } else { sidecar(path) };
                match open_file(&file).and_then(std::io::read_to_string) {
                    Ok(text) => text,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_json && path.exists() => {
                        return Ok(Err(format!("it holds none, and there is no `{}`", file.display())));
                    }
                    Err(error) => {
                        return Err(DecodeError::unreadable(&file.display().to_string(), &error));
                    }
                }
            }
        };
        Ok(Provenance::from_json(&text))
    }

    /// The first thing in which two records of one training set differ: its name, and both values.
    pub fn first_difference(&self, other: &Provenance) -> Option<(String, String, String)> {
        let value = |record: &Provenance| serde_json::to_value(record).expect("plain data always serialises");
        path::first_difference("", &value(self), &value(other))
    }
}

impl Program {
    /// The folder that paths in the program are relative to.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The files of the sources that a service reads, as they are now; `hash` says which are read whole.
    ///
    /// # Errors
    /// [`Error::UnknownService`], [`Error::NoFiles`], [`Error::Decode`].
    pub fn source_files(&self, service: &str, hash: HashInputs<'_>) -> Result<Vec<SourceFiles>, Error> {
        let tables = self.graph(service)?.tables();
        let tables = tables.iter().map(featc_ir::Table::as_source);
        let sources = self.service_sources(service)?;
        let files = sources.into_iter().chain(tables).map(|source| {
            let set = self.files(&source, crate::recorded::Side::Batch)?;
            let given = source.batch.as_ref().is_none_or(|declared| declared.paths != set.paths);
            match self.rows_of(&source.name) {
                Some(rows) => inputs::in_memory(&source, rows, hash),
                None => inputs::source_files(&source, &set, given, (&self.lake, self.base()), hash),
            }
        });
        files.collect()
    }

    /// Reads the Delta table of a source at the version that a record says: `delta:<table id>@<version>`.
    ///
    /// # Errors
    /// [`Error::NoFiles`], [`Error::UnknownSource`].
    pub fn pin(&mut self, source: &str, table: &str) -> Result<(), Error> {
        let Some(declared) = self.readable().into_iter().find(|known| known.name == source) else {
            let known = self.readable().iter().map(|source| source.name.clone()).collect();
            return Err(Error::UnknownSource {
                source: source.to_owned(),
                known,
            });
        };
        let mut set = self.files(&declared, crate::recorded::Side::Batch)?;
        set.version = table.rsplit_once('@').and_then(|(_, version)| version.parse().ok());
        self.files.insert(source.to_owned(), set);
        Ok(())
    }
}
