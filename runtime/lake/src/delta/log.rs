//! A table's log: from checkpoint and commits to the state of one version, and one commit more.
//!
//! The Delta transaction protocol, "Action Reconciliation": the newest `protocol`, `metaData` and `txn` count; a file is in
//! the table from its `add` to its `remove`.

use super::action::{FileAction, Line, Metadata, Protocol, Transaction, lines};
use super::checkpoint;
use super::schema::{Table as Columns, columns};
use crate::problem::{problem, refused};
use bytes::Bytes;
use featr_decode::{DecodeError, LakeCause};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of a file of the log that are read: they are in memory at once.
const CONTENT_BYTES_MAX: u64 = 256 << 20;

/// A table's log, where it lies.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    /// What messages call the table.
    pub address: String,
    pub store: Arc<dyn ObjectStore>,
    /// The folder `_delta_log`.
    pub folder: Path,
}

/// A table at one version.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub version: u64,
    pub protocol: Protocol,
    pub metadata: Metadata,
    pub columns: Columns,
    /// The files of the table, in order of their paths.
    pub files: BTreeMap<(String, String), FileAction>,
    /// Files that went, for those who clean up.
    pub gone: BTreeMap<(String, String), FileAction>,
    pub transactions: BTreeMap<String, Transaction>,
}

/// What came of a commit.
#[derive(Debug)]
pub(crate) enum Put {
    Done,
    /// The version is another writer's.
    Taken,
}

/// The files of a log by what they are.
#[derive(Debug, Default)]
struct Listing {
    commits: Vec<u64>,
    /// Version and names of the parts of whole checkpoints.
    checkpoints: BTreeMap<u64, Vec<String>>,
}

impl Listing {
    fn of(names: Vec<String>) -> Listing {
        let mut listing = Listing::default();
        let mut parts: BTreeMap<(u64, usize), Vec<String>> = BTreeMap::new();
        for name in names {
            let pieces: Vec<&str> = name.split('.').collect();
            let version = |digits: &str| (digits.len() == 20).then(|| digits.parse::<u64>().ok()).flatten();
            let Some(version) = version(pieces[0]) else { continue };
            match pieces[1..] {
                ["json"] => listing.commits.push(version),
                ["checkpoint", "parquet"] | ["checkpoint", _, "parquet" | "json"] => {
                    // Several checkpoints of one version say the same.
                    listing.checkpoints.insert(version, vec![name.clone()]);
                }
                ["checkpoint", _, of, "parquet"] => {
                    if let Ok(of) = of.parse() {
                        parts.entry((version, of)).or_default().push(name.clone());
                    }
                }
                _ => {}
            }
        }
        for ((version, of), names) in parts {
            if names.len() == of {
                listing.checkpoints.insert(version, names);
            }
        }
        listing.commits.sort_unstable();
        listing
    }

    fn latest(&self) -> Option<u64> {
        self.commits.last().max(self.checkpoints.keys().last()).copied()
    }
}

/// The name of a commit in the folder of the log.
fn commit_name(version: u64) -> String {
    format!("{version:020}.json")
}

impl Log {
    fn unreadable(&self, why: impl Into<String>) -> DecodeError {
        problem(LakeCause::UnreadableTable, &self.address, why)
    }

    fn failed(&self, error: &StoreError) -> DecodeError {
        match refused(&self.address, error) {
            DecodeError::NoFiles { .. } => {
                problem(LakeCause::NoSuchTable, &self.address, "a file of its log is missing")
            }
            other => other,
        }
    }

    async fn listing(&self) -> Result<Listing, DecodeError> {
        let found = self.store.list_with_delimiter(Some(&self.folder)).await;
        let found = found.map_err(|error| self.failed(&error))?;
        let names = found.objects.iter().filter_map(|object| object.location.filename());
        Ok(Listing::of(names.map(str::to_owned).collect()))
    }

    /// The content of a file below the folder of the log; `None` where there is none.
    async fn content(&self, name: &str) -> Result<Option<Bytes>, DecodeError> {
        let location = name
            .split('/')
            .fold(self.folder.clone(), |folder, part| folder.join(part));
        let bytes = match self.store.get(&location).await {
            Ok(found) if found.meta.size > CONTENT_BYTES_MAX => {
                let (mib, most) = (found.meta.size >> 20, CONTENT_BYTES_MAX >> 20);
                return Err(self.unreadable(format!("{name} has {mib} MiB, and at most {most} are read")));
            }
            Ok(found) => found.bytes().await,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => Err(error),
        };
        bytes.map(Some).map_err(|error| match self.failed(&error) {
            DecodeError::Unreadable { file, why } => DecodeError::Unreadable {
                file: format!("{file}/_delta_log/{name}"),
                why,
            },
            other => other,
        })
    }

    /// The actions of a commit; `None` where there is no such version.
    pub(crate) async fn commit(&self, version: u64) -> Result<Option<Vec<Line>>, DecodeError> {
        let name = commit_name(version);
        let Some(bytes) = self.content(&name).await? else {
            return Ok(None);
        };
        let found = lines(&bytes).map_err(|why| self.unreadable(format!("{name}: {why}")))?;
        Ok(Some(found))
    }

    /// Whether a commit says a word.
    pub(crate) async fn says(&self, version: u64, word: &str) -> Result<Option<bool>, DecodeError> {
        let bytes = self.content(&commit_name(version)).await?;
        Ok(bytes.map(|bytes| memchr::memmem::find(&bytes, word.as_bytes()).is_some()))
    }

    async fn checkpoint(&self, names: &[String]) -> Result<Vec<Line>, DecodeError> {
        let mut found = Vec::new();
        let mut waiting: Vec<String> = names.to_vec();
        while let Some(name) = waiting.pop() {
            let Some(bytes) = self.content(&name).await? else {
                return Err(self.unreadable(format!("its checkpoint lacks {name}")));
            };
            let read = if name.ends_with(".json") {
                lines(&bytes)
            } else {
                checkpoint::read(bytes)
            };
            for line in read.map_err(|why| self.unreadable(format!("{name}: {why}")))? {
                match line.sidecar {
                    Some(sidecar) if sidecar.path.contains('/') => {
                        return Err(self.unreadable("a part of its checkpoint lies outside of its log"));
                    }
                    Some(sidecar) => waiting.push(format!("_sidecars/{}", sidecar.path)),
                    None => found.push(line),
                }
            }
        }
        Ok(found)
    }

    /// The state at a version, or the latest one; `None` where there is no table.
    ///
    /// # Errors
    /// [`LakeCause::NoSuchTable`] for a version that there is not, or not any more; [`LakeCause::UnreadableTable`] for a
    /// log with gaps or with lines that are no actions; [`LakeCause::Refused`].
    pub(crate) async fn state(&self, version: Option<u64>) -> Result<Option<State>, DecodeError> {
        let listing = self.listing().await?;
        let Some(latest) = listing.latest() else {
            return Ok(None);
        };
        let version = version.unwrap_or(latest);
        let gone = |why: String| problem(LakeCause::NoSuchTable, &self.address, why);
        if version > latest {
            return Err(gone(format!("it has no version {version}: the latest is {latest}")));
        }
        let checkpoint = listing.checkpoints.range(..=version).next_back();
        let first = checkpoint.map_or(0, |(version, _)| version + 1);
        for wanted in first..=version {
            if listing.commits.binary_search(&wanted).is_err() {
                return Err(
                    if wanted == first && listing.commits.first().is_some_and(|least| *least > wanted) {
                        gone(format!(
                            "version {version} cannot be read any more: its log begins later"
                        ))
                    } else {
                        self.unreadable(format!("its log lacks version {wanted}"))
                    },
                );
            }
        }
        let mut replay = Replay::default();
        if let Some((_, names)) = checkpoint {
            self.checkpoint(names)
                .await?
                .into_iter()
                .for_each(|line| replay.apply(line));
        }
        for wanted in first..=version {
            let Some(lines) = self.commit(wanted).await? else {
                return Err(self.unreadable(format!("its log lacks version {wanted}")));
            };
            lines.into_iter().for_each(|line| replay.apply(line));
        }
        replay.end(version).map(Some).map_err(|why| self.unreadable(why))
    }

    /// Puts a commit into the log, unless the version is there already. It is durable when this returns.
    pub(crate) async fn put(&self, version: u64, text: String) -> Result<Put, StoreError> {
        let location = self.folder.clone().join(commit_name(version));
        self.create(&location, text.into()).await
    }

    async fn create(&self, location: &Path, bytes: Bytes) -> Result<Put, StoreError> {
        let options = PutOptions::from(PutMode::Create);
        match self.store.put_opts(location, bytes.into(), options).await {
            Ok(_) => Ok(Put::Done),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(Put::Taken),
            Err(error) => Err(error),
        }
    }

    /// Writes a checkpoint of a version, where the table wants one. It only helps readers: what fails is left out.
    pub(crate) async fn checkpoint_if_due(&self, version: u64) {
        let Ok(Some(state)) = self.state(Some(version)).await else {
            return;
        };
        if !checkpoint::due(&state) {
            return;
        }
        let Ok((bytes, actions)) = checkpoint::written(&state) else {
            return;
        };
        let location = self.folder.clone().join(format!("{version:020}.checkpoint.parquet"));
        if let Ok(Put::Done) = self.create(&location, bytes).await {
            let hint = serde_json::json!({"version": version, "size": actions}).to_string();
            let _ = self
                .store
                .put(&self.folder.clone().join("_last_checkpoint"), hint.into())
                .await;
        }
    }
}

/// The state that actions make, in their order.
#[derive(Debug, Default)]
struct Replay {
    protocol: Option<Protocol>,
    metadata: Option<Metadata>,
    files: BTreeMap<(String, String), FileAction>,
    gone: BTreeMap<(String, String), FileAction>,
    transactions: BTreeMap<String, Transaction>,
}

impl Replay {
    fn apply(&mut self, line: Line) {
        self.protocol = line.protocol.or(self.protocol.take());
        self.metadata = line.meta_data.or(self.metadata.take());
        if let Some(file) = line.remove {
            let key = file.key();
            self.files.remove(&key);
            self.gone.insert(key, file);
        }
        if let Some(file) = line.add {
            let key = file.key();
            self.gone.remove(&key);
            self.files.insert(key, file);
        }
        if let Some(transaction) = line.txn {
            self.transactions.insert(transaction.app_id.clone(), transaction);
        }
    }

    fn end(self, version: u64) -> Result<State, String> {
        let protocol = self.protocol.ok_or("its log says no protocol")?;
        let metadata = self.metadata.ok_or("its log says no columns")?;
        Ok(State {
            version,
            columns: columns(&metadata.schema_string)?,
            protocol,
            metadata,
            files: self.files,
            gone: self.gone,
            transactions: self.transactions,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_file_is() {
        let zeros = "00000000000000000000";
        let one = "00000000000000000001";
        let names = [
            format!("{zeros}.json"),
            format!("{one}.json"),
            format!("{one}.checkpoint.0000000001.0000000002.parquet"),
            format!("{zeros}.checkpoint.parquet"),
            format!("{zeros}.{one}.compacted.json"),
            "_last_checkpoint".into(),
            "1.json".into(),
            format!("{one}.crc"),
        ];
        let mut names = names.to_vec();
        let listing = Listing::of(names.clone());
        assert_eq!(listing.commits, [0, 1]);
        assert_eq!(listing.checkpoints.keys().copied().collect::<Vec<_>>(), [0]);
        names.push(format!("{one}.checkpoint.0000000002.0000000002.parquet"));
        assert_eq!(Listing::of(names.clone()).checkpoints[&1].len(), 2);
        names.push(format!("{one}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json"));
        assert_eq!(Listing::of(names).latest(), Some(1));
    }

    #[test]
    fn what_came_last_counts() {
        let text = r#"{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":0,"dataChange":true}}
{"add":{"path":"b","partitionValues":{},"size":1,"modificationTime":0,"dataChange":true}}

{"remove":{"path":"a","dataChange":true}}
{"commitInfo":{"operation":"WRITE"}}
{"txn":{"appId":"x","version":1}}
{"txn":{"appId":"x","version":2}}
{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{}}}"#;
        let mut replay = Replay::default();
        lines(text.as_bytes())
            .unwrap()
            .into_iter()
            .for_each(|line| replay.apply(line));
        let state = replay.end(3).unwrap();
        let paths =
            |files: &BTreeMap<(String, String), FileAction>| files.keys().map(|key| key.0.clone()).collect::<Vec<_>>();
        assert_eq!(
            (paths(&state.files), paths(&state.gone)),
            (vec!["b".into()], vec!["a".to_owned()])
        );
        assert_eq!(state.transactions["x"].more["version"], 2);
        assert_eq!(lines(b"{\"add\":{}}").unwrap_err().split(':').next(), Some("line 1"));
    }
}
