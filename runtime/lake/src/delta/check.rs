//! What tables featc reads and writes. Whatever is not known to be right is refused.

use super::log::State;
use super::target::Mode;
use crate::problem::problem;
use featr_decode::{DecodeError, LakeCause};

/// Features that change nothing in how the rows of the files that we accept are read.
const READER_FEATURES: [&str; 4] = ["deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"];

/// Features that ask nothing of a commit that adds files to a table without partitions, rules and change data feed, all of
/// which are looked at one by one.
const WRITER_FEATURES: [&str; 11] = [
    "appendOnly",
    "changeDataFeed",
    "checkConstraints",
    "columnMapping",
    "deletionVectors",
    "generatedColumns",
    "identityColumns",
    "invariants",
    "timestampNtz",
    "v2Checkpoint",
    "vacuumProtocolCheck",
];

/// What a table says of itself.
fn setting<'a>(state: &'a State, key: &str) -> Option<&'a str> {
    state.metadata.configuration.get(key)?.as_deref()
}

/// Refuses a table whose rows are not those of its Parquet files: deletion vectors, column mapping, and features that we
/// do not know.
pub(crate) fn readable(address: &str, state: &State) -> Result<(), DecodeError> {
    let no = |why: String| Err(problem(LakeCause::UnreadableTable, address, why));
    let version = state.protocol.min_reader_version;
    if version > 3 {
        return no(format!("it needs reader version {version}, and featc knows up to 3"));
    }
    for name in state.protocol.reader_features.iter().flatten() {
        if !READER_FEATURES.contains(&name.as_str()) {
            return no(format!("it uses the feature {name}"));
        }
    }
    if let Some(mode) = setting(state, "delta.columnMapping.mode").filter(|mode| *mode != "none") {
        return no(format!("it maps its columns by {mode}"));
    }
    let deleted = state
        .files
        .values()
        .filter(|file| file.deletion_vector.is_some())
        .count();
    match deleted {
        0 => Ok(()),
        1 => no("1 of its files has deleted rows (a deletion vector)".into()),
        _ => no(format!("{deleted} of its files have deleted rows (deletion vectors)")),
    }
}

/// Refuses a table to which we cannot add files and keep its promises.
pub(crate) fn writable(address: &str, state: &State, mode: Mode) -> Result<(), DecodeError> {
    let no = |why: String| Err(problem(LakeCause::UnwritableTable, address, why));
    let version = state.protocol.min_writer_version;
    if version > 7 {
        return no(format!("it needs writer version {version}, and featc knows up to 7"));
    }
    for name in state.protocol.writer_features.iter().flatten() {
        if !WRITER_FEATURES.contains(&name.as_str()) {
            return no(format!("it uses the feature {name}"));
        }
    }
    let metadata = &state.metadata;
    if !metadata.partition_columns.is_empty() {
        return no(format!(
            "it is partitioned by {}",
            metadata.partition_columns.join(", ")
        ));
    }
    let is_on = |key: &str| setting(state, key).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if let Some(key) = metadata
        .configuration
        .keys()
        .find(|key| key.starts_with("delta.constraints."))
    {
        return no(format!("it has a constraint, {key}"));
    }
    if is_on("delta.enableChangeDataFeed") {
        return no("it records its changes (delta.enableChangeDataFeed)".into());
    }
    for key in ["delta.enableRowTracking", "delta.enableInCommitTimestamps"] {
        if is_on(key) {
            return no(format!("its commits have to say more than featc knows ({key})"));
        }
    }
    if mode == Mode::Overwrite && is_on("delta.appendOnly") {
        return no("it takes appended rows only (delta.appendOnly)".into());
    }
    for column in &state.columns {
        if let Some(key) = column.metadata.keys().find(|key| key.starts_with("delta.")) {
            return no(format!("its column `{}` has a rule, {key}", column.name));
        }
    }
    Ok(())
}
