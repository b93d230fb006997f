//! Writing a result into a Delta table: data files first, then one commit.

use super::action::{Line, Metadata, Protocol};
use super::check::{readable, writable};
use super::files::{Open, Written};
use super::log::{Log, Put, State};
use super::schema::{Columns, schema_string};
use super::table::{Root, Table};
use crate::object::Buckets;
use crate::place::Place;
use crate::problem::{of_this_machine, problem, refused};
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use featr_decode::{DecodeError, LakeCause, WriteOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How often an append is tried when other writers come first.
const APPENDS_MAX: u64 = 100;
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
    state: Option<State>,
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
                let why = format!("it is at version {}", state.version);
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
            columns.fit(&state.columns)?;
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
        self.columns.fit(&state.columns)?;
        self.target.state = Some(state);
        self.commit_once(info)
    }

    fn commit_once(&mut self, info: &[(String, String)]) -> Result<Committed, DecodeError> {
        let table = &self.target.table;
        let at_ms = now_ms();
        let (actions, id) = self.actions(at_ms);
        let mode = match (&self.target.state, self.target.mode) {
            (None, _) => "ErrorIfExists",
            (Some(_), Mode::Append) => "Append",
            (Some(_), Mode::Create | Mode::Overwrite) => "Overwrite",
        };
        let tries = if mode == "Append" { APPENDS_MAX } else { 1 };
        let text = commit_text(at_ms, mode, &self.token, info, &actions);
        let first = self.target.state.as_ref().map_or(0, |state| state.version + 1);
        let (log, token) = (table.log.clone(), self.token.clone());
        let outcome = table.wait(async move { put(&log, first..first + tries, text, &token).await });
        let version = match outcome {
            Ok(Ok(version)) => version,
            Ok(Err(error)) | Err(error) => self.landed(error)?,
        };
        self.kept = true;
        let log = self.target.table.log.clone();
        // Committed. A checkpoint that is due is a help to readers; without it they read the log.
        let _ = self
            .target
            .table
            .wait(async move { log.checkpoint_if_due(version).await });
        Ok(Committed {
            snapshot: format!("delta:{id}@{version}"),
            version,
            rows: self.files.iter().map(|file| file.rows).sum(),
            files: self.files.len(),
        })
    }

    /// What the commit says, and the id of the table.
    fn actions(&self, at_ms: i64) -> (Vec<Line>, String) {
        let mut actions = Vec::new();
        let id = match &self.target.state {
            Some(state) => {
                if self.target.mode == Mode::Overwrite {
                    actions.extend(state.files.values().map(|file| Line {
                        remove: Some(file.removed(at_ms)),
                        ..Line::default()
                    }));
                }
                state.metadata.id.clone()
            }
            None => {
                let metadata = metadata(&self.columns, at_ms);
                let id = metadata.id.clone();
                actions.push(Line {
                    protocol: Some(protocol(self.columns.local_timestamps)),
                    ..Line::default()
                });
                actions.push(Line {
                    meta_data: Some(metadata),
                    ..Line::default()
                });
                id
            }
        };
        actions.extend(self.files.iter().map(|file| Line {
            add: Some(file.add()),
            ..Line::default()
        }));
        (actions, id)
    }

    /// After an error of the commit: the version that it made all the same (an answer can be lost), or the error. Files
    /// of a commit whose outcome cannot be told stay where they are.
    fn landed(&mut self, error: DecodeError) -> Result<u64, DecodeError> {
        let table = &self.target.table;
        let from = self.target.state.as_ref().map_or(0, |state| state.version + 1);
        let (log, token) = (table.log.clone(), self.token.clone());
        let found = table.wait(async move {
            let mut version = from;
            while let Some(ours) = log.says(version, &token).await? {
                if ours {
                    return Ok(Some(version));
                }
                version += 1;
            }
            Ok::<Option<u64>, DecodeError>(None)
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

/// Puts a commit, which says `token`, behind those that there are. An append reads nothing of the table, so it may stand
/// behind any others that leave columns and rules alone.
async fn put(log: &Log, versions: Range<u64>, text: String, token: &str) -> Result<u64, DecodeError> {
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
fn commit_text(at_ms: i64, mode: &str, token: &str, info: &[(String, String)], actions: &[Line]) -> String {
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
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Tables for every reader, unless a column needs a feature.
fn protocol(local_timestamps: bool) -> Protocol {
    let features = local_timestamps.then(|| vec!["timestampNtz".to_owned()]);
    Protocol {
        min_reader_version: if local_timestamps { 3 } else { 1 },
        min_writer_version: if local_timestamps { 7 } else { 2 },
        reader_features: features.clone(),
        writer_features: features,
    }
}

/// A new table of these columns.
fn metadata(columns: &Columns, at_ms: i64) -> Metadata {
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

#[cfg(test)]
mod tests;
