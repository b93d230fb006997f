//! The actions of a Delta log, as its JSON and its checkpoints have them: the Delta transaction protocol, "Actions".
//!
//! Only what featc looks at has a field; the rest of an action is kept as it came, for checkpoints.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One line of a commit: the actions that decide a table's state, each at most once.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta_data: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add: Option<FileAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove: Option<FileAction>,
    /// How far an application came that writes exactly once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txn: Option<Transaction>,
    /// Of a checkpoint: a further file of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sidecar: Option<Sidecar>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub min_reader_version: i32,
    pub min_writer_version: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader_features: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer_features: Option<Vec<String>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub id: String,
    /// The columns, as JSON in a text.
    pub schema_string: String,
    #[serde(default)]
    pub partition_columns: Vec<String>,
    #[serde(default)]
    pub configuration: BTreeMap<String, Option<String>>,
    /// Name, description, format, time of creation.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A data file that comes or goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileAction {
    /// As the log spells it: below the table or an address, in both cases with `%XX` escapes.
    pub path: String,
    /// By column; a null where there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_values: Option<BTreeMap<String, Option<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_vector: Option<Value>,
    /// Statistics, tags, times.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    pub app_id: String,
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sidecar {
    /// A name in `_delta_log/_sidecars`.
    pub path: String,
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl FileAction {
    /// What makes a file of the table one file: its path, and which of its rows are deleted.
    pub(crate) fn key(&self) -> (String, String) {
        let part = |name: &str| {
            let vector = self.deletion_vector.as_ref()?;
            Some(vector.get(name)?.to_string())
        };
        let vector = ["storageType", "pathOrInlineDv", "offset"].map(|name| part(name).unwrap_or_default());
        (self.path.clone(), vector.concat())
    }

    /// The action that takes a file out of the table.
    pub(crate) fn removed(&self, at_ms: i64) -> FileAction {
        let more = [
            ("dataChange", Value::Bool(true)),
            ("deletionTimestamp", at_ms.into()),
            ("extendedFileMetadata", Value::Bool(true)),
        ];
        FileAction {
            more: more.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ..self.clone()
        }
    }
}

/// The actions of a file of JSON lines. Lines that are none of ours are left out.
///
/// # Errors
/// The number of the line from 1, and what is wrong with it.
pub(crate) fn lines(text: &[u8]) -> Result<Vec<Line>, String> {
    let mut found = Vec::new();
    for (place, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        found.push(serde_json::from_slice(line).map_err(|error| format!("line {}: {error}", place + 1))?);
    }
    Ok(found)
}
