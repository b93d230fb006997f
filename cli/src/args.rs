//! The arguments of every subcommand.

use clap::{Args, Parser, Subcommand, ValueEnum};
use featc_driver::Project;
use featc_ir::Program;
use featr::{Limits, Most, Rows, Table, WriteOptions};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Features written once, computed in batch and online with the same bits.
#[derive(Debug, Parser)]
#[command(name = "featc", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Print results and messages as JSON, one document a line
    #[arg(long, global = true)]
    pub json: bool,
    /// How messages look
    #[arg(long, global = true, value_enum, default_value_t = MessageFormat::Full)]
    pub message_format: MessageFormat,
    /// When to colour messages
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  refused: the program, the data or an argument's value (each cause has a code, see `featc explain`),
     or differences found (`verify`, `fmt --check`)
  2  wrong usage of the command line (E0910): an unknown command or option, a missing or invalid value";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// With the lines of the program
    Full,
    /// One line each
    Short,
    /// One JSON object each
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check programs and print what is wrong with them
    Check(CheckArgs),
    /// Compile a program: typed IR, batch plans, stream graph, manifest
    Build(BuildArgs),
    /// Compare the plans of a build with its program again, without its source
    Certify(CertifyArgs),
    /// Rewrite programs in the canonical format
    Fmt(FmtArgs),
    /// Explain a message code, or a word
    Explain(ExplainArgs),
    /// Compute a training set with the batch engine
    Train(TrainCommand),
    /// Materialise a service or a view over a range of time, in chunks that survive a crash
    Backfill(BackfillArgs),
    /// Compute the same rows from the streaming engine's state, as events come in
    Replay(ReplayArgs),
    /// Run both engines (and the model on a sample) and compare them bit by bit
    Verify(VerifyArgs),
    /// Answer one entity at one instant, from online state
    Get(GetArgs),
    /// The whole tour on real flights
    Demo(DemoArgs),
    /// Print the licences of the crates that this binary contains
    Notices,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// `.feat` files, or folders that each hold one program
    #[arg(required = true, value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BuildArgs {
    /// A `.feat` file, or a folder that holds one program
    #[arg(value_name = "PROGRAM")]
    pub program: PathBuf,
    /// Where builds go; this one into `<DIR>/<module>/`
    #[arg(long, value_name = "DIR", default_value = "target/feat")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct CertifyArgs {
    /// The folder of a build, such as `target/feat/<module>`
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct FmtArgs {
    /// `.feat` files, or folders
    #[arg(required = true, value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
    /// Write nothing; list the files that are not formatted and exit with 1 if there are any
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A code such as E0203, or a word of the glossary such as `missing`
    #[arg(value_name = "CODE")]
    pub code: String,
}

/// What train, replay, verify and get have in common.
#[derive(Debug, Args)]
pub struct ProgramArgs {
    /// A `.feat` file, or a folder that holds one program
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
    /// Read a source from elsewhere: a file, a folder or a glob, in the format that its extension names (may be repeated)
    #[arg(long = "source", value_name = "NAME=PATH")]
    pub sources: Vec<String>,
    /// Which events a question may see; as-of-arrival unless told. Of a source that has no arrival and is not static only `complete` can be asked
    #[arg(long, value_enum)]
    pub truth: Option<TruthArg>,
    /// Pipeline delay for as-of-arrival instead of the sources' own, for example 5s
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub delay: Option<String>,
    /// Fail if any row of a source cannot be used
    #[arg(long)]
    pub strict: bool,
    /// How many rows of a source may be rejected, as a share or a number
    #[arg(long, value_name = "SHARE", default_value = "10%")]
    pub max_rejected: Most,
    /// How many questions may find nothing in a view, as a share or a number; without it, not all of them
    #[arg(long, value_name = "SHARE")]
    pub max_missing: Option<Most>,
    /// Write rows that cannot be used aside, as JSON lines with file, line and reason
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    /// Threads of the batch engine; all cores by default. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// About how much memory the batch engine may take, for example 256MB or 2GiB; what it collects beyond that goes to
    /// temporary files. Results do not depend on it
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory_limit: Option<usize>,
    /// The folder of those files, which have no names: nothing can be left behind
    #[arg(long, value_name = "FOLDER")]
    pub temp_dir: Option<PathBuf>,
    /// Whether every row is read, also those that can matter to no question: what a record says
    #[arg(skip)]
    pub every_row: bool,
    /// What a caller in this process gives in place of files
    #[arg(skip)]
    pub given: Given,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TruthArg {
    /// All accepted events: the value once everything has arrived
    Complete,
    /// What had arrived by the instant of the question, less the pipeline delay
    AsOfArrival,
}

#[derive(Debug, Args)]
pub struct SpineArgs {
    /// The questions: Parquet, Arrow IPC, CSV or JSONL with the entity columns and a time column; other columns pass through
    #[arg(long, value_name = "FILE")]
    pub spine: PathBuf,
    /// The spine's column with the instant of each question
    #[arg(long, value_name = "COLUMN", default_value = "timestamp")]
    pub at_column: String,
    /// Time zone of the spine's timestamps that carry no offset, for example UTC
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
}

#[derive(Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    pub program: ProgramArgs,
    #[command(flatten)]
    pub spine: SpineArgs,
    /// The result: .parquet, .csv, .tsv, .jsonl or .arrow, also at s3://…; or the folder of a Delta table
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    #[command(flatten)]
    pub lake: crate::lake::OutArgs,
    /// Add a column `<feature>__status` after each feature
    #[arg(long)]
    pub status: bool,
}

/// As [`TrainArgs`], or the record of an earlier run in place of all that decides bytes.
#[derive(Debug, Args)]
pub struct TrainCommand {
    /// A `.feat` file, or a folder that holds one program
    #[arg(value_name = "PROGRAM", required_unless_present = "from_provenance")]
    pub program: Option<PathBuf>,
    /// The service whose features are wanted
    #[arg(long, value_name = "NAME", required_unless_present = "from_provenance")]
    pub service: Option<String>,
    /// The questions: Parquet, Arrow IPC, CSV or JSONL with the entity columns and a time column; other columns pass through
    #[arg(long, value_name = "FILE", required_unless_present = "from_provenance")]
    pub spine: Option<PathBuf>,
    /// The spine's column with the instant of each question
    #[arg(long, value_name = "COLUMN", default_value = "timestamp")]
    pub at_column: String,
    /// Time zone of the spine's timestamps that carry no offset, for example UTC
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// The result: .parquet, .csv, .tsv, .jsonl or .arrow, also at s3://…; or the folder of a Delta table. The record of a file
    /// goes beside it, as <FILE>.provenance.json
    #[arg(long, value_name = "FILE", required_unless_present = "from_provenance")]
    pub out: Option<PathBuf>,
    /// Add a column `<feature>__status` after each feature
    #[arg(long)]
    pub status: bool,
    #[command(flatten)]
    pub lake: crate::lake::OutArgs,
    /// Record all inputs by the hash of their bytes; without it, those of a source beyond 256 MiB by length, time stamp
    /// and Parquet footer
    #[arg(long)]
    pub hash_inputs: bool,
    /// Afterwards, print the plan that ran, with rows, bytes and time of every node
    #[arg(long)]
    pub explain: bool,
    /// Make the training set that FILE (a record, or a training set with one) tells of again, byte for byte; PROGRAM and
    /// --out say where the program is and where the set goes, if not where they were
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "service", "spine", "at_column", "zone", "status", "hash_inputs", "sources", "truth", "delay",
        "out_format", "mode",
    ])]
    pub from_provenance: Option<PathBuf>,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["service", "view"])))]
#[command(group(clap::ArgGroup::new("when").required(true).args(["every", "at_events"])))]
pub struct BackfillArgs {
    /// A `.feat` file, or a folder that holds one program
    #[arg(value_name = "PROGRAM")]
    pub program: PathBuf,
    /// The service whose features are wanted
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// The view whose features are wanted
    #[arg(long, value_name = "NAME")]
    pub view: Option<String>,
    /// The first instant, for example 2024-01-01T00:00:00Z
    #[arg(long, value_name = "INSTANT")]
    pub from: String,
    /// The instant before which all questions lie
    #[arg(long, value_name = "INSTANT")]
    pub to: String,
    /// Ask about every entity at every multiple of this since 1970-01-01T00:00:00Z, for example 1d
    #[arg(long, value_name = "DURATION")]
    pub every: Option<String>,
    /// Ask about the entity of every event at its instant
    #[arg(long)]
    pub at_events: bool,
    /// The folder of the result: one Parquet file per chunk, and `_checkpoint.json`
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// The time that a file spans, for example 1d; without it, so much that a file has about a million rows
    #[arg(long, value_name = "DURATION")]
    pub chunk: Option<String>,
    /// Make up to N parts; without it 10000, and a backfill of more is refused
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=crate::backfill::PARTS_BOUND))]
    pub max_parts: Option<u64>,
    /// Ask about these entities only: Parquet, CSV or JSONL with the key columns
    #[arg(long, value_name = "FILE")]
    pub entities: Option<PathBuf>,
    /// The name of the column with the instants
    #[arg(long, value_name = "COLUMN", default_value = "timestamp")]
    pub at_column: String,
    /// Add a column `<feature>__status` after each feature
    #[arg(long)]
    pub status: bool,
    /// Record all inputs by the hash of their bytes; without it, those of a source beyond 256 MiB by length, time stamp
    /// and Parquet footer
    #[arg(long)]
    pub hash_inputs: bool,
    /// In the end, answer N rows again with the slow model and compare them bit by bit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub verify: u64,
    /// Which rows --verify draws
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// Events handed over at a time
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u64).range(1..))]
    pub chunk: u64,
    /// Disorder the arrival order with this seed (as-of-arrival: only what arrives between two questions)
    #[arg(long, value_name = "SEED")]
    pub shuffle: Option<u64>,
    /// Snapshot, drop and restore the engine every N events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub restart_every: Option<u64>,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub train: TrainArgs,
    #[command(flatten)]
    pub options: ReplayOptions,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub program: ProgramArgs,
    #[command(flatten)]
    pub spine: SpineArgs,
    #[command(flatten)]
    pub options: ReplayOptions,
    /// Questions that the slow model answers too: rows of the spine, and as many or more at the edges of windows, about any
    /// entity that has events
    #[arg(long, value_name = "N", default_value_t = VerifyArgs::SAMPLE)]
    pub sample: usize,
    /// Which questions --sample and --metamorphic draw
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    /// Answer the spine again after changes that must not change a bit: other questions, other entities, shifted instants,
    /// events outside all windows, split files, a memory limit, other threads, another order of delivery
    #[arg(long)]
    pub metamorphic: bool,
    /// Write what was compared as JUnit XML: a test case per check and feature
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write what --json prints to a file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Where a difference goes, shrunk to the fewest events and questions: a folder that is not there yet, or is empty. Without
    /// it, `target/feat/case-1` or the next number that is free
    #[arg(long, value_name = "FOLDER")]
    pub case: Option<PathBuf>,
}

impl VerifyArgs {
    /// The sample where nobody says.
    pub const SAMPLE: usize = 100;
}

#[derive(Debug, Args)]
pub struct GetArgs {
    #[command(flatten)]
    pub program: ProgramArgs,
    /// A key (or `excluding self` column) of the entity, for example origin=JFK (may be repeated)
    #[arg(long = "key", value_name = "NAME=VALUE")]
    pub keys: Vec<String>,
    /// The instant of the question, for example 2013-03-01T12:00:00Z
    #[arg(long, value_name = "INSTANT")]
    pub at: String,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the files of the tour in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}
