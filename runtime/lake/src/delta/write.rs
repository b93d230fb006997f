//! Writing a result into a Delta table: data files first, then one commit.

use super::action::Line;
use super::check::{readable, writable};
use super::commit::{APPENDS_MAX, commit_text, metadata, now_ms, protocol, put, token};
use super::files::{Open, Written};
use super::schema::Columns;
use super::table::Root;
use super::target::{DeltaTarget, Mode};
use crate::problem::problem;
use arrow::array::RecordBatch;
use featr_decode::{DecodeError, LakeCause, WriteOptions};
use std::path::PathBuf;

/// The rows of a data file, in memory.
const FILE_BYTES: usize = 512 << 20;

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// `delta:<table id>@<version>`, the table as it is now.
    pub snapshot: String,
    pub version: u64,
    pub rows: u64,
    pub files: usize,
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
    pub(super) fn begin(target: DeltaTarget, columns: Columns) -> DeltaWriter {
        let made = match &target.table.root {
            Root::Local(folder) if !folder.exists() => Some(folder.clone()),
            _ => None,
        };
        DeltaWriter {
            target,
            columns,
            token: token(),
            made,
            files: Vec::new(),
            open: None,
            options: WriteOptions::default(),
            file_bytes: FILE_BYTES,
            kept: false,
        }
    }

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
