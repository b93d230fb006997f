//! What tables featc reads and writes. Whatever is not known to be right is refused.

use super::write::Mode;
use crate::problem::{innermost, problem};
use deltalake_core::kernel::transaction::PROTOCOL;
use deltalake_core::table::state::DeltaTableState;
use featr_decode::{DecodeError, LakeCause};

/// Features that change nothing in how the rows of the files that we accept are read.
const READER_FEATURES: [&str; 4] = ["deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"];

/// Refuses a table whose rows are not those of its Parquet files: deletion vectors, column mapping, and features that we
/// do not know.
pub(crate) fn readable(address: &str, state: &DeltaTableState) -> Result<(), DecodeError> {
    let no = |why: String| Err(problem(LakeCause::UnreadableTable, address, why));
    let protocol = state.protocol();
    let version = protocol.min_reader_version();
    if version > 3 {
        return no(format!("it needs reader version {version}, and featc knows up to 3"));
    }
    for feature in protocol.reader_features().into_iter().flatten() {
        let name = feature.to_string();
        if !READER_FEATURES.contains(&name.as_str()) {
            return no(format!("it uses the feature {name}"));
        }
    }
    let mapping = state.metadata().configuration().get("delta.columnMapping.mode");
    if let Some(mode) = mapping.filter(|mode| mode.as_str() != "none") {
        return no(format!("it maps its columns by {mode}"));
    }
    let deleted = state
        .log_data()
        .iter()
        .filter(|file| file.deletion_vector_descriptor().is_some())
        .count();
    match deleted {
        0 => Ok(()),
        1 => no("1 of its files has deleted rows (a deletion vector)".into()),
        _ => no(format!("{deleted} of its files have deleted rows (deletion vectors)")),
    }
}

/// Refuses a table to which we cannot add files and keep its promises.
pub(crate) fn writable(address: &str, state: &DeltaTableState, mode: Mode) -> Result<(), DecodeError> {
    let no = |why: String| Err(problem(LakeCause::UnwritableTable, address, why));
    if let Err(error) = PROTOCOL.can_write_to(state) {
        return no(innermost(&error));
    }
    let metadata = state.metadata();
    if !metadata.partition_columns().is_empty() {
        return no(format!(
            "it is partitioned by {}",
            metadata.partition_columns().join(", ")
        ));
    }
    let configuration = metadata.configuration();
    let is_on = |key: &str| {
        configuration
            .get(key)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    };
    if configuration.contains_key("delta.columnMapping.mode")
        && configuration["delta.columnMapping.mode"].as_str() != "none"
    {
        return no("it maps its columns".into());
    }
    if let Some(key) = configuration.keys().find(|key| key.starts_with("delta.constraints.")) {
        return no(format!("it has a constraint, {key}"));
    }
    if is_on("delta.enableChangeDataFeed") {
        return no("it records its changes (delta.enableChangeDataFeed)".into());
    }
    if mode == Mode::Overwrite && is_on("delta.appendOnly") {
        return no("it takes appended rows only (delta.appendOnly)".into());
    }
    for field in state.schema().fields() {
        if let Some(key) = field.metadata().keys().find(|key| key.starts_with("delta.")) {
            return no(format!("its column `{}` has a rule, {key}", field.name()));
        }
    }
    Ok(())
}
