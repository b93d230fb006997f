//! What is written for other tools.

use super::local::local;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct ExportCommand {
    #[command(subcommand)]
    pub what: ExportTarget,
}

#[derive(Debug, Subcommand)]
pub enum ExportTarget {
    /// Write a repository of Feast, with which its Python SDK reads from `featc serve`
    Feast(FeastArgs),
}

#[derive(Debug, Args)]
pub struct FeastArgs {
    /// A `.feat` file, a folder that holds one program, or a build
    #[arg(value_name = "PROGRAM")]
    pub program: PathBuf,
    /// A folder for the repository: one that is not there yet, or is empty
    #[arg(long, value_name = "DIR", value_parser = local())]
    pub out: PathBuf,
    /// Where `featc serve` answers
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7733", value_parser = url)]
    pub url: String,
}

/// An address that a path can be appended to.
fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '?' | '#');
    match rest {
        Some(host) if !host.trim_matches('/').is_empty() && host.chars().all(plain) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("write it like http://127.0.0.1:7733".to_owned()),
    }
}
