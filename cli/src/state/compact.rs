//! `featc state compact`: a folder of state without what nothing reaches, and in fewer files.

use super::taken;
use crate::args::FolderArgs;
use crate::errors;
use crate::report::{Refused, Reporter, counted};
use featr_online::compact;

pub fn run(args: &FolderArgs, reporter: &Reporter) -> Result<(), Refused> {
    let disk = taken(&args.state, reporter)?;
    let folder = args.state.display().to_string();
    let done = compact(&disk).or_else(|error| reporter.refuse(errors::kept_state(&args.state, &error)))?;
    let parts: usize = done.joined.iter().map(|(_, parts)| parts).sum();
    let [before, after] = done.bytes;
    let text = format!(
        "{folder}: {} joined into {}, {} that nothing reaches removed; {before} bytes before, {after} after",
        counted(parts as u64, "file"),
        done.joined.len(),
        counted(done.unreached.len() as u64, "file"),
    );
    let joined = done.joined.iter();
    let joined = joined.map(|(file, parts)| serde_json::json!({ "file": file, "parts": parts }));
    let value = serde_json::json!({
        "state": folder, "joined": joined.collect::<Vec<_>>(), "removed": done.unreached, "bytes_before": before,
        "bytes_after": after,
    });
    reporter.result(&text, &value);
    Ok(())
}
