//! One commit: its lines, and putting it after those that there are.

use super::action::{Line, Metadata, Protocol};
use super::log::{Log, Put};
use super::schema::{Columns, schema_string};
use crate::problem::{of_this_machine, problem, refused};
use featr_decode::{DecodeError, LakeCause};
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

/// How often an append is tried when other writers come first.
pub(super) const APPENDS_MAX: u64 = 100;

/// Puts a commit, which says `token`, after those that there are. An append reads nothing of the table, so it may stand
/// after any others that leave columns and rules alone.
pub(super) async fn put(log: &Log, versions: Range<u64>, text: String, token: &str) -> Result<u64, DecodeError> {
    let changed = |why: String| problem(LakeCause::TableChanged, &log.address, why);
    for version in versions {
        match log.put(version, text.clone()).await {
            Ok(Put::Done) => return Ok(version),
            Ok(Put::Taken) => {
                // A request that was sent again meets its own success, of which the answer was lost.
                if log.says(version, token).await? == Some(true) {
                    return Ok(version);
                }
                let theirs = log.commit(version).await?.unwrap_or_default();
                if theirs
                    .iter()
                    .any(|line| line.meta_data.is_some() || line.protocol.is_some())
                {
                    return Err(changed(format!("version {version} changed its columns or rules")));
                }
            }
            Err(error) => return Err(not_put(&log.address, &error)),
        }
    }
    Err(changed("another writer was first".to_owned()))
}

/// Why a commit could not be written.
fn not_put(address: &str, error: &object_store::Error) -> DecodeError {
    if let Some(why) = of_this_machine(address, error) {
        let file = address.to_owned();
        return DecodeError::Unwritable { file, why };
    }
    match refused(address, error) {
        refused @ DecodeError::Lake { .. } => refused,
        other => problem(LakeCause::UnwritableTable, address, other.to_string()),
    }
}

/// The lines of a commit; what happened comes first.
pub(super) fn commit_text(at_ms: i64, mode: &str, token: &str, info: &[(String, String)], actions: &[Line]) -> String {
    let mut about = serde_json::json!({
        "timestamp": at_ms,
        "operation": "WRITE",
        "operationParameters": {"mode": mode},
        "engineInfo": concat!("featc/", env!("CARGO_PKG_VERSION")),
        "isBlindAppend": mode != "Overwrite",
        "featcWrite": token,
    });
    for (name, value) in info {
        about[name] = value.as_str().into();
    }
    let mut text = format!("{}\n", serde_json::json!({ "commitInfo": about }));
    for action in actions {
        // Plain data always serialises.
        text.push_str(&serde_json::to_string(action).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// The time stamp of a commit, which the protocol wants.
pub(super) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Tables for every reader, unless a column needs a feature.
pub(super) fn protocol(local_timestamps: bool) -> Protocol {
    let features = local_timestamps.then(|| vec!["timestampNtz".to_owned()]);
    Protocol {
        min_reader_version: if local_timestamps { 3 } else { 1 },
        min_writer_version: if local_timestamps { 7 } else { 2 },
        reader_features: features.clone(),
        writer_features: features,
    }
}

/// A new table of these columns.
pub(super) fn metadata(columns: &Columns, at_ms: i64) -> Metadata {
    let random = token();
    let format = serde_json::json!({"provider": "parquet", "options": {}});
    let more: [(&str, serde_json::Value); 2] = [("format", format), ("createdTime", at_ms.into())];
    Metadata {
        // In the form of a UUID, version 4.
        id: format!(
            "{}-{}-4{}-8{}-{}",
            &random[..8],
            &random[8..12],
            &random[13..16],
            &random[17..20],
            &random[20..32]
        ),
        schema_string: schema_string(&columns.delta),
        partition_columns: vec![],
        configuration: [].into(),
        more: more.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// A name that no other writer has.
pub(super) fn token() -> String {
    // Two hashers with random keys: no clock, and nothing of the data.
    let word = || RandomState::new().hash_one(0u8);
    format!("{:016x}{:016x}", word(), word())
}

#[cfg(test)]
mod tests;
