//! Writing a result into a Delta table: data files first, then one commit.

use super::check::{readable, writable};
use super::files::{Open, Written};
use super::schema::Columns;
use super::table::{Root, Table};
use crate::object::Buckets;
use crate::place::Place;
use crate::problem::{self, innermost, problem};
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use deltalake_core::DeltaTableError;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TableReference, TransactionError};
use deltalake_core::kernel::{Action, Protocol, new_metadata};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use featr_decode::{DecodeError, LakeCause, WriteOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};

/// How often an append is tried when other writers come first.
const APPENDS_MAX: usize = 100;
/// The rows of a data file, in memory.
const FILE_BYTES: usize = 512 << 20;

/// What happens with rows that the table has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// There must be no table yet.
    Create,
    /// They stay. A table that is missing is created.
    Append,
    /// They go, in the same commit. A table that is missing is created.
    Overwrite,
}

/// A table that rows are going to be written to.
#[derive(Debug)]
pub struct DeltaTarget {
    table: Table,
    state: Option<DeltaTableState>,
    mode: Mode,
}

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// `delta:<table id>@<version>`, the table as it is now.
    pub snapshot: String,
    pub version: u64,
    pub rows: u64,
    pub files: usize,
}

impl DeltaTarget {
    /// See [`crate::LakeStore::delta`].
    pub(crate) fn open(buckets: &Buckets, address: &str, mode: Mode) -> Result<DeltaTarget, DecodeError> {
        let table = Table::at(buckets, address, Path::new(""))?;
        if let Place::Local(path) = Place::of(address)? {
            check_folder(&path)?;
        }
        let state = table.state_if_any()?;
        match &state {
            Some(state) if mode == Mode::Create => {
                let why = format!("it is at version {}", state.version());
                return Err(problem(LakeCause::TableExists, address, why));
            }
            Some(state) => {
                readable(address, state)?;
                writable(address, state, mode)?;
            }
            None => check_empty(&table)?,
        }
        Ok(DeltaTarget { table, state, mode })
    }

    /// Begins with the data files, for rows of one schema.
    ///
    /// # Errors
    /// [`LakeCause::UnfitColumn`], [`LakeCause::SchemaDiffers`].
    pub fn writer(self, schema: &Schema) -> Result<DeltaWriter, DecodeError> {
        let mut columns = Columns::of(&self.table.address, schema)?;
        if let Some(state) = &self.state {
            columns.fit(&state.schema())?;
        }
        let made = match &self.table.root {
            Root::Local(folder) if !folder.exists() => Some(folder.clone()),
            _ => None,
        };
        Ok(DeltaWriter {
            target: self,
            columns,
            token: token(),
            made,
            files: Vec::new(),
            open: None,
            options: WriteOptions::default(),
            file_bytes: FILE_BYTES,
            kept: false,
        })
    }
}

fn check_folder(path: &Path) -> Result<(), DecodeError> {
    let no = |why: &str| {
        Err(DecodeError::Unwritable {
            file: path.display().to_string(),
            why: why.to_owned(),
        })
    };
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if path.exists() && !path.is_dir() {
        no("a Delta table is a folder, and this is none")
    } else if !path.exists() && !parent.is_dir() {
        no("no such folder")
    } else {
        Ok(())
    }
}

/// A folder with a purpose of its own does not become a table. Data files of a table in the making, or of one that was
/// never finished, are no such purpose.
fn check_empty(table: &Table) -> Result<(), DecodeError> {
    let Root::Local(folder) = &table.root else {
        return Ok(());
    };
    let foreign = |name: &str| {
        let ours = name.starts_with("part-") && name.ends_with(".parquet");
        !ours && !name.starts_with('.') && name != "_delta_log"
    };
    let mut names = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    match names.any(|name| foreign(&name.to_string_lossy())) {
        true => Err(problem(
            LakeCause::UnwritableTable,
            &table.address,
            "the folder holds other files and no table",
        )),
        false => Ok(()),
    }
}

/// A name that no other writer has.
fn token() -> String {
    // Two hashers with random keys: no clock, and nothing of the data.
    let word = || RandomState::new().hash_one(0u8);
    format!("{:016x}{:016x}", word(), word())
}

/// Rows on their way into a table. Dropped before [`DeltaWriter::commit`], it leaves the table as it was and removes its
/// files.
#[derive(Debug)]
pub struct DeltaWriter {
    target: DeltaTarget,
    columns: Columns,
    /// In the names of all our files.
    token: String,
    /// The folder that was not there before.
    made: Option<PathBuf>,
    files: Vec<Written>,
    open: Option<Open>,
    options: WriteOptions,
    /// A data file ends when its rows have this size in memory.
    file_bytes: usize,
    /// Whether the files must stay.
    kept: bool,
}

impl DeltaWriter {
    /// Writes data files in another way than the usual one.
    #[must_use]
    pub fn with_options(mut self, options: WriteOptions) -> DeltaWriter {
        self.options = options;
        self
    }

    /// Ends data files at another size than the usual one; the size is that of the rows in memory.
    #[must_use]
    pub fn with_file_bytes(mut self, bytes: usize) -> DeltaWriter {
        self.file_bytes = bytes;
        self
    }

    /// Appends a batch of the schema.
    ///
    /// # Errors
    /// [`DecodeError::Unwritable`], [`LakeCause::UnfitColumn`], [`LakeCause::SchemaDiffers`], [`LakeCause::Refused`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), DecodeError> {
        let rows = self.columns.rows(batch)?;
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let name = format!("part-{:05}-{}.zstd.parquet", self.files.len(), self.token);
                Open::new(&self.target.table, name, self.columns.arrow.clone(), &self.options)?
            }
        };
        open.write(&rows)?;
        if open.bytes() < self.file_bytes {
            self.open = Some(open);
            return Ok(());
        }
        self.end(open)
    }

    fn end(&mut self, open: Open) -> Result<(), DecodeError> {
        // Named before it is sent: what fails on the way may have arrived.
        let (ended, written) = open.end(&self.target.table)?;
        self.files.push(written);
        ended.send(&self.target.table)
    }

    /// Makes the rows part of the table, all in one commit; `info` goes into the table's history.
    ///
    /// # Errors
    /// [`LakeCause::TableChanged`], [`LakeCause::TableExists`], [`LakeCause::SchemaDiffers`] and the causes of
    /// [`crate::LakeStore::delta`]. The table is then as the others left it.
    pub fn commit(mut self, info: &[(String, String)]) -> Result<Committed, DecodeError> {
        if let Some(open) = self.open.take() {
            self.end(open)?;
        }
        let outcome = self.commit_once(info);
        let Err(DecodeError::Lake {
            cause: LakeCause::TableChanged,
            ..
        }) = &outcome
        else {
            return outcome;
        };
        if self.target.state.is_some() {
            return outcome;
        }
        match self.target.mode {
            Mode::Append => {}
            Mode::Overwrite => return outcome,
            Mode::Create => {
                let why = "another writer created it in the meantime".to_owned();
                return Err(problem(LakeCause::TableExists, &self.target.table.address, why));
            }
        }
        // Somebody created the table just now: this is an append to it.
        let Some(state) = self.target.table.state_if_any()? else {
            return outcome;
        };
        readable(&self.target.table.address, &state)?;
        writable(&self.target.table.address, &state, self.target.mode)?;
        self.columns.fit(&state.schema())?;
        self.target.state = Some(state);
        self.commit_once(info)
    }

    fn commit_once(&mut self, info: &[(String, String)]) -> Result<Committed, DecodeError> {
        let table = &self.target.table;
        let (actions, id) = self.actions()?;
        let (mode, retries) = match (&self.target.state, self.target.mode) {
            (None, _) => (SaveMode::ErrorIfExists, 0),
            (Some(_), Mode::Append) => (SaveMode::Append, APPENDS_MAX),
            (Some(_), Mode::Create | Mode::Overwrite) => (SaveMode::Overwrite, 0),
        };
        let operation = DeltaOperation::Write {
            mode,
            partition_by: None,
            predicate: None,
        };
        let info = info
            .iter()
            .cloned()
            .chain([("featcWrite".to_owned(), self.token.clone())]);
        let properties = CommitProperties::default()
            .with_max_retries(retries)
            .with_cleanup_expired_logs(Some(false))
            .with_metadata(info.map(|(name, value)| (name, value.into())));
        let (log, state) = (table.log.clone(), self.target.state.clone());
        let outcome = table.wait(async move {
            let known = state.as_ref().map(|state| state as &dyn TableReference);
            let commit = CommitBuilder::from(properties)
                .with_actions(actions)
                .build(known, log, operation);
            let done = commit.into_prepared_commit_future().await?.await?;
            let version = done.version;
            // Committed. A checkpoint that is due is a help to readers; without it they read the log.
            let _ = done.await;
            Ok::<u64, DeltaTableError>(version)
        });
        let version = match outcome {
            Ok(Ok(version)) => version,
            Ok(Err(error)) => self.landed(commit_problem(&table.address, &error))?,
            Err(error) => self.landed(error)?,
        };
        self.kept = true;
        Ok(Committed {
            snapshot: format!("delta:{id}@{version}"),
            version,
            rows: self.files.iter().map(|file| file.rows).sum(),
            files: self.files.len(),
        })
    }

    /// What the commit says, and the id of the table.
    fn actions(&self) -> Result<(Vec<Action>, String), DecodeError> {
        let mut actions = Vec::new();
        let id = match &self.target.state {
            Some(state) => {
                if self.target.mode == Mode::Overwrite {
                    let known = state.log_data();
                    actions.extend(known.iter().map(|file| Action::Remove(file.remove_action(true))));
                }
                state.metadata().id().to_owned()
            }
            None => {
                let bug = |why: String| problem(LakeCause::UnwritableTable, &self.target.table.address, why);
                let none: [(&str, &str); 0] = [];
                let metadata = new_metadata(&self.columns.delta, none.map(|(name, _)| name), none)
                    .map_err(|error| bug(innermost(&error)))?;
                let id = metadata.id().to_owned();
                actions.push(Action::Protocol(protocol(self.columns.local_timestamps).map_err(bug)?));
                actions.push(Action::Metadata(metadata));
                id
            }
        };
        actions.extend(self.files.iter().map(|file| Action::Add(file.add())));
        Ok((actions, id))
    }

    /// After an error of the commit: the version that it made all the same (an answer can be lost), or the error. Files
    /// of a commit whose outcome cannot be told stay where they are.
    fn landed(&mut self, error: DecodeError) -> Result<u64, DecodeError> {
        let table = &self.target.table;
        let from = self.target.state.as_ref().map_or(0, |state| state.version() + 1);
        let (log, token) = (table.log.clone(), self.token.clone());
        let found = table.wait(async move {
            let mut version = from;
            while let Some(entry) = log.read_commit_entry(version).await? {
                if String::from_utf8_lossy(&entry).contains(&token) {
                    return Ok(Some(version));
                }
                version += 1;
            }
            Ok::<Option<u64>, DeltaTableError>(None)
        });
        match found {
            Ok(Ok(Some(version))) => Ok(version),
            Ok(Ok(None)) => Err(error),
            Ok(Err(_)) | Err(_) => {
                self.kept = true;
                Err(error)
            }
        }
    }
}

/// Tables for every reader, unless a column needs a feature.
fn protocol(local_timestamps: bool) -> Result<Protocol, String> {
    let text = if local_timestamps {
        serde_json::json!({"minReaderVersion": 3, "minWriterVersion": 7,
            "readerFeatures": ["timestampNtz"], "writerFeatures": ["timestampNtz"]})
    } else {
        serde_json::json!({"minReaderVersion": 1, "minWriterVersion": 2})
    };
    serde_json::from_value(text).map_err(|error| error.to_string())
}

fn commit_problem(address: &str, error: &DeltaTableError) -> DecodeError {
    let changed = |why: String| problem(LakeCause::TableChanged, address, why);
    if let Some(why) = problem::of_this_machine(address, error) {
        let file = address.to_owned();
        return DecodeError::Unwritable { file, why };
    }
    match error {
        DeltaTableError::VersionAlreadyExists(version) => changed(format!("version {version} is another writer's")),
        DeltaTableError::Transaction { source } => match source {
            TransactionError::MaxCommitAttempts(_) | TransactionError::VersionAlreadyExists(_) => {
                changed("another writer was first".into())
            }
            TransactionError::CommitConflict(conflict) => changed(innermost(conflict)),
            other => problem(LakeCause::UnwritableTable, address, innermost(other)),
        },
        DeltaTableError::ObjectStore { source } => match problem::refused(address, source) {
            refused @ DecodeError::Lake { .. } => refused,
            other => problem(LakeCause::UnwritableTable, address, other.to_string()),
        },
        other => problem(LakeCause::UnwritableTable, address, innermost(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_store_that_cannot_be_reached() {
        let error = || object_store::Error::Generic {
            store: "local",
            source: Box::new(std::io::Error::from(std::io::ErrorKind::StorageFull)),
        };
        let told = |address: &str| commit_problem(address, &DeltaTableError::ObjectStore { source: error() });
        assert_eq!(told("/data/t").to_string(), "cannot write /data/t: no space left");
        assert!(matches!(told("file:///data/t"), DecodeError::Unwritable { .. }));
        let of_a_store = told("s3://bucket/t");
        assert!(
            matches!(
                of_a_store,
                DecodeError::Lake {
                    cause: LakeCause::Refused,
                    ..
                }
            ),
            "{of_a_store:?}"
        );
        let read = problem::refused("/data/t", &error()).to_string();
        assert_eq!(read, "cannot read /data/t: no space left");
    }
}

impl Drop for DeltaWriter {
    /// Removes what no commit names, as far as it can.
    fn drop(&mut self) {
        self.open = None;
        if self.kept {
            return;
        }
        self.files.iter().for_each(|file| file.remove(&self.target.table));
        if let Some(folder) = &self.made {
            // Only if nobody else put something there.
            let _ = std::fs::remove_dir(folder.join("_delta_log"));
            let _ = std::fs::remove_dir(folder);
        }
    }
}
