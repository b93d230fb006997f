//! What is asked about a folder of state.

use super::local::local;
use super::run::Given;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct StateCommand {
    #[command(subcommand)]
    pub what: StateQuestion,
}

#[derive(Debug, Subcommand)]
pub enum StateQuestion {
    /// List what is kept: events, entities and bytes by source and entity, with the views that read them
    List(StateArgs),
    /// Show an entity: the events that are kept of it, and its values at an instant
    Show(ShowArgs),
    /// Check every file of the folder
    Verify(FolderArgs),
    /// Remove what nothing reaches, and join small files of rows that were pushed and answered; nothing is lost
    Compact(FolderArgs),
    /// Write the rows that were pushed, with their arrivals, as Parquet
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub struct StateArgs {
    /// A `.feat` file, a folder that holds one program, or a build
    #[arg(value_name = "PROGRAM")]
    pub program: PathBuf,
    #[command(flatten)]
    pub folder: FolderArgs,
    /// What a caller in this process gives in place of files
    #[arg(skip)]
    pub given: Given,
}

#[derive(Debug, Args)]
pub struct FolderArgs {
    /// The folder of the durable state, which no server has at the time
    #[arg(long, value_name = "FOLDER", value_parser = local())]
    pub state: PathBuf,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    pub state: StateArgs,
    /// The service whose features are shown
    #[arg(long, value_name = "NAME")]
    pub service: String,
    /// A key of the entity, an `excluding self` column or a field of a request, for example card=a (may be repeated)
    #[arg(long = "key", value_name = "NAME=VALUE")]
    pub keys: Vec<String>,
    /// The instant of the values, for example 2013-03-01T12:00:00Z: they are what a server would answer then
    #[arg(long, value_name = "INSTANT")]
    pub at: String,
    /// The `--delay` of the server, if it has one
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub delay: Option<String>,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub folder: FolderArgs,
    /// A folder for the files, `SOURCE.parquet` each: one that is not there yet, or is empty
    #[arg(long, value_name = "FOLDER", value_parser = local())]
    pub out: PathBuf,
}
