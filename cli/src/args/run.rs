//! What commands that run a program have in common: the program, how rows are read, the questions.

use super::AT_COLUMN;
use super::local::local;
use clap::{Args, ValueEnum};
use featc_driver::Project;
use featc_ir::Program;
use featr::{Limits, Most, Rows, Table, WriteOptions};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What train, replay, verify and get have in common.
#[derive(Debug, Args)]
pub struct ProgramArgs {
    /// A `.feat` file, a folder that holds one program, or a build
    #[arg(value_name = "PROGRAM")]
    pub program: PathBuf,
    /// The service whose features are wanted
    #[arg(long, value_name = "NAME")]
    pub service: String,
    #[command(flatten)]
    pub run: RunArgs,
}

/// How rows are read and questions answered.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Read a source or a table from elsewhere: a file, a folder or a glob, in the format that its extension names (once for each)
    #[arg(long = "source", value_name = "NAME=PATH")]
    pub sources: Vec<String>,
    /// Which events a question may see; as-of-arrival unless told. Of a source that has no arrival and is not static only `complete` can be asked
    #[arg(long, value_enum)]
    pub truth: Option<TruthArg>,
    /// Pipeline delay for as-of-arrival instead of the sources' own, for example 5s
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub delay: Option<String>,
    /// Fail if any row of a source cannot be used, or if nothing is asked
    #[arg(long)]
    pub strict: bool,
    /// How many rows of a source may be rejected, as a share or a number
    #[arg(long, value_name = "SHARE", default_value = "10%")]
    pub max_rejected: Most,
    /// How many questions may find nothing in a view, as a share or a number; without it, not all of them. 100% allows lookups
    /// that never find a row, too
    #[arg(long, value_name = "SHARE")]
    pub max_missing: Option<Most>,
    /// Write rows that cannot be used aside, as JSON lines with file, line and reason
    #[arg(long, value_name = "FILE", value_parser = local())]
    pub rejected: Option<PathBuf>,
    /// Threads of the batch engine; all cores by default. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// About how much memory the batch engine may take, for example 256MB or 2GiB; what it collects beyond that goes to
    /// temporary files. Results do not depend on it
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory_limit: Option<usize>,
    /// The folder of those files, which have no names: nothing can be left behind
    #[arg(long, value_name = "FOLDER", value_parser = local())]
    pub temp_dir: Option<PathBuf>,
    /// Whether every row is read, also those that can matter to no question: what a record says
    #[arg(skip)]
    pub every_row: bool,
    /// The served log that the questions are, of commands that take one: files, folders and globs
    #[arg(skip)]
    pub served_log: Vec<PathBuf>,
    /// What a caller in this process gives in place of files
    #[arg(skip)]
    pub given: Given,
}

impl RunArgs {
    /// Who wants to hear of every row that cannot be used needs every row read.
    pub fn reads_every_row(&self) -> bool {
        self.strict || self.rejected.is_some() || self.every_row
    }

    /// What is refused for its data.
    pub fn limits(&self) -> Limits {
        Limits {
            rejected: self.max_rejected,
            missing: self.max_missing,
        }
    }

    /// How Parquet is written. Not the memory limit: where row groups end is part of the bytes.
    pub fn write_options(&self) -> WriteOptions {
        let mut options = WriteOptions::default();
        if let Some(threads) = self.threads {
            options.threads = usize::from(threads);
        }
        options
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TruthArg {
    /// All accepted events: the value once everything has arrived
    Complete,
    /// What had arrived by the instant of the question, less the pipeline delay
    AsOfArrival,
    /// What had arrived by the cut of each answer of a served log (--served-log)
    AsServed,
}

#[derive(Debug, Args)]
pub struct SpineArgs {
    /// The questions: Parquet, Arrow IPC, CSV, TSV or JSONL with the entity columns and a time column; other columns pass through
    #[arg(long, value_name = "FILE")]
    pub spine: PathBuf,
    /// The spine's column with the instant of each question
    #[arg(long, value_name = "COLUMN", default_value = AT_COLUMN)]
    pub at_column: String,
    /// Time zone of the spine's timestamps that carry no offset, for example UTC
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
}

/// What a caller in the same process has in place of files.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// A program that is compiled already, and was told of.
    pub program: Option<Arc<Compiled>>,
    /// Rows of sources.
    pub sources: BTreeMap<String, Rows>,
    /// The questions.
    pub spine: Option<Arc<Table>>,
    /// The entities of a backfill.
    pub entities: Option<Arc<Table>>,
    /// Ends runs soon after somebody sets it.
    pub interrupt: Option<Arc<AtomicBool>>,
}

/// A compiled program with its text.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub project: Project,
    pub ir: Program,
}

/// The least memory that a limit may name.
const MEMORY_MIN: usize = 32 << 20;

/// A number of bytes: `256MB`, `2GiB`, `1000000`.
///
/// # Errors
/// Why the text is none, in words.
pub fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: usize = match &text[digits.len()..] {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        other => return Err(format!("`{other}` is no unit: write B, kB, MB, GB, KiB, MiB or GiB")),
    };
    let number: usize = digits.trim().parse().map_err(|_| "not a whole number".to_owned())?;
    let bytes = number.checked_mul(unit).ok_or("too large")?;
    if bytes < MEMORY_MIN {
        let unit = if digits.len() == text.len() {
            "; write a unit, for example MB"
        } else {
            ""
        };
        return Err(format!("at least 32MiB are needed{unit}"));
    }
    Ok(bytes)
}
