//! A Delta table's place, log and state.

use super::durable::Durable;
use super::log::{Log, State};
use crate::object::{Buckets, key};
use crate::place::Place;
use crate::problem::problem;
use crate::requests::wait;
use featr_decode::{DecodeError, LakeCause};
use object_store::ObjectStore;
use object_store::aws::AmazonS3;
use object_store::path::Path as Location;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the files of a table are.
#[derive(Debug, Clone)]
pub(crate) enum Root {
    Local(PathBuf),
    Object {
        client: Arc<AmazonS3>,
        bucket: String,
        key: String,
        /// Where files wait for their upload.
        temp: PathBuf,
    },
}

/// A place where a table is or could be.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// What messages call it.
    pub address: String,
    pub root: Root,
    pub log: Log,
}

impl Table {
    /// Connects to the place; nothing is read.
    pub(crate) fn at(buckets: &Buckets, address: &str, base: &Path) -> Result<Table, DecodeError> {
        let wrong = |why: &str| problem(LakeCause::NoSuchTable, address, why);
        let (root, store, folder): (Root, Arc<dyn ObjectStore>, Location) = match Place::below(base, address)? {
            Place::Local(path) => {
                let path = std::path::absolute(&path).unwrap_or(path);
                // Links are followed as far as there is something.
                let path = path.canonicalize().unwrap_or(path);
                let location = Location::from_absolute_path(&path).map_err(|error| wrong(&error.to_string()))?;
                (Root::Local(path), Arc::new(Durable::default()), location)
            }
            Place::Object { bucket, key: folder } => {
                let location = key(&bucket, folder.trim_end_matches('/'))?;
                let client = buckets.get(&bucket)?;
                let root = Root::Object {
                    client: client.clone(),
                    bucket,
                    key: folder,
                    temp: buckets.temp(),
                };
                (root, client, location)
            }
        };
        Ok(Table {
            address: address.to_owned(),
            root,
            log: Log {
                address: address.to_owned(),
                store,
                folder: folder.join("_delta_log"),
            },
        })
    }

    /// The state at a version, or the latest one.
    pub(crate) fn state(&self, version: Option<u64>) -> Result<State, DecodeError> {
        let none = || problem(LakeCause::NoSuchTable, &self.address, "there is no `_delta_log` in it");
        self.load(version)?.ok_or_else(none)
    }

    /// The latest state; `None` where there is no table.
    pub(crate) fn state_if_any(&self) -> Result<Option<State>, DecodeError> {
        self.load(None)
    }

    fn load(&self, version: Option<u64>) -> Result<Option<State>, DecodeError> {
        if let Root::Local(folder) = &self.root
            && !folder.join("_delta_log").is_dir()
        {
            return Ok(None);
        }
        let log = self.log.clone();
        self.wait(async move { log.state(version).await })?
    }

    /// Waits for a request about this table.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        request: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, DecodeError> {
        wait(request).map_err(|why| problem(LakeCause::Refused, &self.address, why))
    }
}
