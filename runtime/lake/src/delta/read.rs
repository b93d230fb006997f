//! The files of a table at one version.

use super::check::readable;
use super::table::{Root, Table};
use crate::object::Buckets;
use crate::place::object_address;
use deltalake_core::kernel::DataType;
use deltalake_core::table::state::DeltaTableState;
use featr_decode::{DecodeError, InputFile};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The tables that were read, each at one version from the first question to the last.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// By address and the version that was asked for.
    known: Mutex<BTreeMap<(String, Option<u64>), Snapshot>>,
}

#[derive(Debug, Clone)]
struct Snapshot {
    id: String,
    files: Vec<InputFile>,
}

impl Tables {
    /// The files of tables, at a version or at their latest ones; `table@v12` says a version too.
    pub(crate) fn files(
        &self,
        buckets: &Buckets,
        paths: &[String],
        version: Option<u64>,
        base: &Path,
    ) -> Result<Vec<InputFile>, DecodeError> {
        if paths.is_empty() {
            return Err(DecodeError::NoFiles {
                pattern: String::new(),
                why: "no paths are given".into(),
            });
        }
        let mut found = Vec::new();
        for path in paths {
            let (path, said) = versioned(path);
            found.extend(self.snapshot(buckets, path, version.or(said), base)?.files);
        }
        Ok(found)
    }

    fn snapshot(
        &self,
        buckets: &Buckets,
        path: &str,
        version: Option<u64>,
        base: &Path,
    ) -> Result<Snapshot, DecodeError> {
        // Held while the log is read: two questions about one table must not see two versions.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = (path.to_owned(), version);
        if let Some(snapshot) = known.get(&asked) {
            return Ok(snapshot.clone());
        }
        let table = Table::at(buckets, path, base)?;
        let state = table.state(version)?;
        readable(path, &state)?;
        let snapshot = Snapshot {
            id: format!("delta:{}@{}", state.metadata().id(), state.version()),
            files: inputs(&table, &state, base),
        };
        known.insert(asked, snapshot.clone());
        Ok(snapshot)
    }

    /// The ids of all snapshots, by address.
    pub(crate) fn read(&self) -> BTreeMap<String, String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .map(|((address, _), snapshot)| (address.clone(), snapshot.id.clone()))
            .collect()
    }
}

/// A path and the version behind it: `table@v12`.
pub(crate) fn versioned(path: &str) -> (&str, Option<u64>) {
    let said = path
        .rsplit_once("@v")
        .and_then(|(path, version)| Some((path, version.parse().ok()?)));
    match said {
        Some((path, version)) => (path, Some(version)),
        None => (path, None),
    }
}

/// The active files, in bytewise order of their paths. A column that the table has and a file lacks is null there: the
/// file is older than the column.
fn inputs(table: &Table, state: &DeltaTableState, base: &Path) -> Vec<InputFile> {
    let schema = state.schema();
    let mut found: Vec<InputFile> = state
        .log_data()
        .iter()
        .map(|file| {
            let mut partition = file.partition_values_map();
            let values = schema.fields().map(|field| {
                let value = partition
                    .remove(field.name())
                    .flatten()
                    .filter(|value| !value.is_empty());
                let zoned = value.map(|value| {
                    if *field.data_type() == DataType::TIMESTAMP {
                        utc(value)
                    } else {
                        value
                    }
                });
                (field.name().clone(), zoned)
            });
            let values = values.collect();
            let (path, name) = path(&table.root, &file.path(), base);
            InputFile {
                path,
                name: name.into(),
                values,
            }
        })
        .collect();
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}

/// Timestamps of partitions are in UTC whether they say so or not.
fn utc(value: String) -> String {
    let time = value.get(10..).unwrap_or("");
    if value.ends_with(['Z', 'z']) || time.contains(['+', '-']) {
        value
    } else {
        format!("{value}Z")
    }
}

/// The path of a file and its name in messages. A file that the log names with an address lies outside of the table.
fn path(root: &Root, file: &str, base: &Path) -> (PathBuf, String) {
    if crate::is_address(file) {
        return (PathBuf::from(file), file.to_owned());
    }
    match root {
        Root::Local(folder) => {
            let path = folder.join(file);
            let base = base.canonicalize().unwrap_or(base.to_owned());
            let name = path.strip_prefix(base).unwrap_or(&path).display().to_string();
            (path, name)
        }
        Root::Object { bucket, key, .. } => {
            let key = if key.is_empty() {
                file.to_owned()
            } else {
                format!("{key}/{file}")
            };
            let address = object_address(bucket, &key);
            (PathBuf::from(&address), address)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_stand_behind_the_path() {
        assert_eq!(versioned("s3://b/t@v12"), ("s3://b/t", Some(12)));
        assert_eq!(versioned("a@v/t@version"), ("a@v/t@version", None));
    }

    #[test]
    fn timestamps_of_partitions_are_utc() {
        for (text, expected) in [
            ("2024-01-02 03:04:05", "2024-01-02 03:04:05Z"),
            ("2024-01-02T03:04:05.5Z", "2024-01-02T03:04:05.5Z"),
            ("2024-01-02 03:04:05+01:00", "2024-01-02 03:04:05+01:00"),
        ] {
            assert_eq!(utc(text.to_owned()), expected);
        }
    }

    #[test]
    fn files_lie_in_the_table_or_where_their_address_says() {
        let root = Root::Local("/data/t".into());
        assert_eq!(
            path(&root, "a/b.parquet", Path::new("/data")).0,
            PathBuf::from("/data/t/a/b.parquet")
        );
        assert_eq!(
            path(&root, "s3://x/b.parquet", Path::new("/data")).0,
            PathBuf::from("s3://x/b.parquet")
        );
    }
}
