//! The files of a table at one version.

use super::check::readable;
use super::log::State;
use super::table::{Root, Table};
use crate::address::object_address;
use crate::object::Buckets;
use crate::place::Place;
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
                other: Vec::new(),
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
        // ColumnForm while the log is read: two questions about one table must not see two versions.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = (path.to_owned(), version);
        if let Some(snapshot) = known.get(&asked) {
            return Ok(snapshot.clone());
        }
        let table = Table::at(buckets, path, base)?;
        let state = table.state(version)?;
        readable(path, &state)?;
        let snapshot = Snapshot {
            id: format!("delta:{}@{}", state.metadata.id, state.version),
            files: inputs(&table, &state, base),
        };
        known.insert(asked, snapshot.clone());
        Ok(snapshot)
    }

    /// The id of a snapshot that was read.
    pub(crate) fn id(&self, path: &str, version: Option<u64>) -> Option<String> {
        let (path, said) = versioned(path);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = known.get(&(path.to_owned(), version.or(said)))?;
        Some(snapshot.id.clone())
    }

    /// The ids of all snapshots, by address; where a version was asked for, with `@v` and the version after it.
    pub(crate) fn read(&self) -> BTreeMap<String, String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .map(|((address, asked), snapshot)| {
                let version = asked.map(|version| format!("@v{version}")).unwrap_or_default();
                (format!("{address}{version}"), snapshot.id.clone())
            })
            .collect()
    }
}

/// A path and the version after it: `table@v12`.
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
fn inputs(table: &Table, state: &State, base: &Path) -> Vec<InputFile> {
    let mut found: Vec<InputFile> = state
        .files
        .values()
        .map(|file| {
            let values = state.columns.iter().map(|column| {
                let said = file
                    .partition_values
                    .as_ref()
                    .and_then(|values| values.get(&column.name));
                let value = said.cloned().flatten().filter(|value| !value.is_empty());
                let zoned = value.map(|value| if column.ty == "timestamp" { utc(value) } else { value });
                (column.name.clone(), zoned)
            });
            let values = values.collect();
            let (path, name) = path(&table.root, &unescaped(&file.path), base);
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

/// Paths of the log have `%XX` for bytes that an address cannot have. Addresses are read as such later.
fn unescaped(path: &str) -> String {
    if crate::address::is_address(path) {
        return path.to_owned();
    }
    percent_encoding::percent_decode_str(path)
        .decode_utf8_lossy()
        .into_owned()
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
    if crate::address::is_address(file) {
        let path = match Place::of(file) {
            Ok(Place::Local(path)) => path,
            Ok(Place::Object { .. }) | Err(_) => PathBuf::from(file),
        };
        return (path, file.to_owned());
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
            path(&root, "file:///x/b.parquet", Path::new("/data")).0,
            PathBuf::from("/x/b.parquet")
        );
        assert_eq!(
            path(&root, "s3://x/b.parquet", Path::new("/data")).0,
            PathBuf::from("s3://x/b.parquet")
        );
    }
}
