//! A Delta table's place, log and state.

use super::durable::Durable;
use crate::object::{Buckets, key};
use crate::place::{Place, object_address};
use crate::problem::{self, problem};
use crate::requests::wait;
use deltalake_core::DeltaTableError;
use deltalake_core::logstore::{LogStoreRef, ObjectStoreRef, StorageConfig, default_logstore};
use deltalake_core::table::state::DeltaTableState;
use featr_decode::{DecodeError, LakeCause};
use object_store::aws::AmazonS3;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// Where the files of a table are.
#[derive(Debug, Clone)]
pub(crate) enum Root {
    Local(PathBuf),
    Object {
        client: Arc<AmazonS3>,
        bucket: String,
        key: String,
    },
}

/// A place where a table is or could be.
#[derive(Clone)]
pub(crate) struct Table {
    /// What messages call it.
    pub address: String,
    pub root: Root,
    pub log: LogStoreRef,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Table {
    /// Connects to the place; nothing is read.
    pub(crate) fn at(buckets: &Buckets, address: &str, base: &Path) -> Result<Table, DecodeError> {
        let wrong = |why: &str| problem(LakeCause::NoSuchTable, address, why);
        let (root, store, location): (Root, ObjectStoreRef, Url) = match Place::below(base, address)? {
            Place::Local(path) => {
                let path = std::path::absolute(&path).unwrap_or(path);
                // Links are followed as far as there is something.
                let path = path.canonicalize().unwrap_or(path);
                let location = Url::from_directory_path(&path).map_err(|()| wrong("not a usable path"))?;
                (Root::Local(path), Arc::new(Durable::default()), location)
            }
            Place::Object { bucket, key: folder } => {
                key(&bucket, &folder)?;
                let client = buckets.get(&bucket)?;
                let mut location =
                    Url::parse(&object_address(&bucket, "")).map_err(|error| wrong(&error.to_string()))?;
                location
                    .path_segments_mut()
                    .map_err(|()| wrong("not a usable address"))?
                    .pop_if_empty()
                    .extend(folder.split('/').filter(|part| !part.is_empty()))
                    .push("");
                let root = Root::Object {
                    client: client.clone(),
                    bucket,
                    key: folder,
                };
                (root, client, location)
            }
        };
        let config = StorageConfig::default();
        let below = config.decorate_store(store.clone(), &location);
        let below = below.map_err(|error| problem::table(address, &error))?;
        Ok(Table {
            address: address.to_owned(),
            root,
            log: default_logstore(Arc::new(below), store, &location, &config),
        })
    }

    /// The state at a version, or the latest one.
    pub(crate) fn state(&self, version: Option<u64>) -> Result<DeltaTableState, DecodeError> {
        let error = match self.load(version)? {
            Ok(state) => return Ok(state),
            Err(error) => error,
        };
        if let Some(version) = version
            && let Ok(latest) = self.load(None)?
        {
            let why = if latest.version() < version {
                format!("it has no version {version}: the latest is {}", latest.version())
            } else {
                format!(
                    "version {version} cannot be read any more: {}",
                    problem::innermost(&error)
                )
            };
            return Err(problem(LakeCause::NoSuchTable, &self.address, why));
        }
        Err(problem::table(&self.address, &error))
    }

    /// The latest state; `None` where there is no table.
    pub(crate) fn state_if_any(&self) -> Result<Option<DeltaTableState>, DecodeError> {
        match self.load(None)? {
            Ok(state) => Ok(Some(state)),
            Err(error) => match problem::table(&self.address, &error) {
                DecodeError::Lake {
                    cause: LakeCause::NoSuchTable,
                    ..
                } => Ok(None),
                other => Err(other),
            },
        }
    }

    fn load(&self, version: Option<u64>) -> Result<Result<DeltaTableState, DeltaTableError>, DecodeError> {
        if let Root::Local(folder) = &self.root
            && !folder.join("_delta_log").is_dir()
        {
            return Ok(Err(DeltaTableError::NotATable(self.address.clone())));
        }
        let log = self.log.clone();
        self.wait(async move { DeltaTableState::try_new(&log, version).await })
    }

    /// Waits for a request about this table.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        request: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, DecodeError> {
        wait(request).map_err(|why| problem(LakeCause::Refused, &self.address, why))
    }
}
