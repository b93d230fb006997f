//! The range of time of a backfill, and its parts.

use super::local::local;
use super::{AT_COLUMN, RunArgs};
use clap::Args;
use std::path::PathBuf;

/// Parts that can be asked for: the checkpoint lists them all, and is written after each.
pub const PARTS_BOUND: u64 = 1_000_000;

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["service", "view"])))]
#[command(group(clap::ArgGroup::new("when").required(true).args(["every", "at_events"])))]
pub struct BackfillArgs {
    /// A `.feat` file, a folder that holds one program, or a build
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
    #[arg(long, value_name = "FOLDER", value_parser = local())]
    pub out: PathBuf,
    /// The time that a file spans, for example 1d; without it, so much that a file has about a million rows
    #[arg(long, value_name = "DURATION")]
    pub chunk: Option<String>,
    /// Make up to N parts; without it 10000, and a backfill of more is refused
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=PARTS_BOUND))]
    pub max_parts: Option<u64>,
    /// Ask about these entities only: Parquet, Arrow, CSV, TSV or JSONL with the key columns
    #[arg(long, value_name = "FILE")]
    pub entities: Option<PathBuf>,
    /// The name of the column with the instants
    #[arg(long, value_name = "COLUMN", default_value = AT_COLUMN)]
    pub at_column: String,
    /// Add a column `<feature>__status` after each feature
    #[arg(long)]
    pub status: bool,
    /// Record all inputs by the hash of their bytes; without it, those of a source beyond 256 MiB by length, time stamp
    /// and Parquet footer
    #[arg(long)]
    pub hash_inputs: bool,
    /// Go on with a later --to, and with files that have come: of the parts that are there only those are made again that new
    /// rows may change
    #[arg(long)]
    pub grow: bool,
    /// In the end, answer N rows again with the slow model and compare them bit by bit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub verify: u64,
    /// Which rows --verify draws
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub run: RunArgs,
}
