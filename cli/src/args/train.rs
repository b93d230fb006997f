//! Where a training set goes, and what it is made of.

use super::{AT_COLUMN, ProgramArgs, RunArgs, SpineArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

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
    pub lake: OutArgs,
    /// Add a column `<feature>__status` after each feature
    #[arg(long)]
    pub status: bool,
}

/// As [`TrainArgs`], or the record of an earlier run in place of all that decides bytes.
#[derive(Debug, Args)]
pub struct TrainCommand {
    /// A `.feat` file, a folder that holds one program, or a build
    #[arg(value_name = "PROGRAM", required_unless_present = "from_provenance")]
    pub program: Option<PathBuf>,
    /// The service whose features are wanted
    #[arg(long, value_name = "NAME", required_unless_present = "from_provenance")]
    pub service: Option<String>,
    /// The questions: Parquet, Arrow IPC, CSV, TSV or JSONL with the entity columns and a time column; other columns pass through
    #[arg(long, value_name = "FILE", required_unless_present_any = ["from_provenance", "served_log"])]
    pub spine: Option<PathBuf>,
    /// In place of --spine: the answers of a served log, Parquet files, folders or globs; the truth is as-served then
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["spine", "from_provenance"])]
    pub served_log: Vec<PathBuf>,
    /// The spine's column with the instant of each question
    #[arg(long, value_name = "COLUMN", default_value = AT_COLUMN)]
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
    pub lake: OutArgs,
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

/// What `--out` means.
#[derive(Debug, Clone, Args)]
pub struct OutArgs {
    /// What --out is: one file, or a Delta table
    #[arg(long, value_enum, default_value_t = OutFormat::File)]
    pub out_format: OutFormat,
    /// What becomes of the rows that the Delta table has
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutFormat {
    /// One file, in the format of its extension
    File,
    /// The folder of a Delta table, written in one commit
    Delta,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// There must be no table yet (default)
    Create,
    /// They stay
    Append,
    /// They are replaced
    Overwrite,
}
