//! `featc state verify`: every file of a state, looked through.

use super::taken;
use crate::args::FolderArgs;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use featr_online::{StateError, verify};

pub fn run(args: &FolderArgs, reporter: &Reporter) -> Result<(), Refused> {
    let disk = taken(&args.state, reporter)?;
    let found = verify(&disk).or_else(|error| reporter.refuse(errors::kept_state(&args.state, &error)))?;
    let mut refused = None;
    for error in &found.damaged {
        refused = reporter.refuse::<()>(errors::state(error)).err();
    }
    for file in &found.torn {
        reporter.note(&format!(
            "a part of `{file}` was not written whole, of which nobody was told"
        ));
    }
    let folder = args.state.display().to_string();
    let bytes: u64 = found.files.iter().map(|(_, bytes)| bytes).sum();
    let text = format!(
        "{folder}: {} of {}; {} after the checkpoint, {} of Parquet: {}",
        counted(found.files.len(), "file"),
        counted(bytes, "byte"),
        counted(found.records, "record"),
        counted(found.rows, "row"),
        match found.damaged.len() {
            0 => "all whole".to_owned(),
            count => format!("{count} damaged"),
        }
    );
    let files: Vec<serde_json::Value> = found
        .files
        .iter()
        .map(|(file, bytes)| serde_json::json!({ "file": file, "bytes": bytes }))
        .collect();
    let value = serde_json::json!({
        "state": folder, "files": files, "records": found.records, "rows": found.rows, "torn": found.torn,
        "damaged": found.damaged.iter().map(StateError::to_string).collect::<Vec<_>>(),
    });
    reporter.result(&text, &value);
    refused.map_or(Ok(()), Err)
}
