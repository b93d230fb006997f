//! Objects: buckets, listings, and ranged reads.

use crate::address::object_address;
use crate::problem::{innermost, problem, refused};
use crate::requests::wait;
use bytes::Bytes;
use featr_decode::{DecodeError, InputFile, LakeCause, RandomRead};
use futures::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _, RetryConfig};
use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a request may be tried in all, and how often.
const RETRY_SECONDS: u64 = 60;
const RETRIES_MAX: usize = 6;
/// What one read brings at least: about what a connection carries while a request is on its way.
const GRANULE: usize = 1 << 20;

/// One client per bucket: it holds the connections.
#[derive(Default)]
pub(crate) struct Buckets {
    known: Mutex<HashMap<String, Arc<AmazonS3>>>,
    /// Variables that stand before those of the environment.
    settings: Vec<(AmazonS3ConfigKey, String)>,
    /// Where files wait for their upload; the system's temporary folder without a value.
    temp: Option<PathBuf>,
}

impl std::fmt::Debug for Buckets {
    /// Without the settings: there are secrets among them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buckets").finish_non_exhaustive()
    }
}

impl Buckets {
    /// Buckets whose variables are these, and for the rest those of the environment. What is no variable of an object
    /// store is left out, as it is there.
    pub(crate) fn with_settings(settings: impl IntoIterator<Item = (String, String)>) -> Buckets {
        let known = |(name, value): (String, String)| Some((name.to_lowercase().parse().ok()?, value));
        Buckets {
            known: Mutex::default(),
            settings: settings.into_iter().filter_map(known).collect(),
            temp: None,
        }
    }

    /// The same settings, and no connections.
    pub(crate) fn fresh_in(&self, temp: PathBuf) -> Buckets {
        Buckets {
            known: Mutex::default(),
            settings: self.settings.clone(),
            temp: Some(temp),
        }
    }

    /// Where files wait for their upload.
    pub(crate) fn temp(&self) -> PathBuf {
        self.temp.clone().unwrap_or_else(std::env::temp_dir)
    }

    /// The client of a bucket.
    pub(crate) fn get(&self, bucket: &str) -> Result<Arc<AmazonS3>, DecodeError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.get(bucket) {
            return Ok(client.clone());
        }
        let client = Arc::new(client(bucket, &self.settings)?);
        known.insert(bucket.to_owned(), client.clone());
        Ok(client)
    }
}

fn client(bucket: &str, settings: &[(AmazonS3ConfigKey, String)]) -> Result<AmazonS3, DecodeError> {
    let retry = RetryConfig {
        max_retries: RETRIES_MAX,
        retry_timeout: Duration::from_secs(RETRY_SECONDS),
        ..RetryConfig::default()
    };
    let set = |builder: AmazonS3Builder, (key, value): &(AmazonS3ConfigKey, String)| builder.with_config(*key, value);
    settings
        .iter()
        .fold(AmazonS3Builder::from_env(), set)
        .with_bucket_name(bucket)
        .with_retry(retry)
        .build()
        .map_err(|error| problem(LakeCause::Refused, &object_address(bucket, ""), innermost(&error)))
}

/// A request that says its errors in our words.
pub(crate) fn ask<T: Send + 'static>(
    place: &str,
    request: impl Future<Output = object_store::Result<T>> + Send + 'static,
) -> Result<T, DecodeError> {
    wait(request)
        .map_err(|why| problem(LakeCause::Refused, place, why))?
        .map_err(|error| refused(place, &error))
}

/// The key of an object, as the library wants it.
pub(crate) fn key(bucket: &str, text: &str) -> Result<Key, DecodeError> {
    Key::parse(text).map_err(|error| {
        problem(
            LakeCause::UnknownStore,
            &object_address(bucket, text),
            format!("not a usable key: {error}"),
        )
    })
}

/// The keys below a folder (`""` for the whole bucket), in bytewise order, without those that mark folders.
pub(crate) fn keys_below(client: &Arc<AmazonS3>, bucket: &str, folder: &str) -> Result<Vec<String>, DecodeError> {
    let prefix = if folder.is_empty() {
        None
    } else {
        Some(key(bucket, folder)?)
    };
    let client = client.clone();
    let mut keys: Vec<(String, u64)> = ask(&object_address(bucket, folder), async move {
        let listed = client.list(prefix.as_ref());
        let listed = listed.map_ok(|found| (found.location.to_string(), found.size));
        listed.try_collect().await
    })?;
    keys.sort();
    Ok(without_folders(keys))
}

/// Of sorted keys with their sizes those that are objects of their own: some tools make an empty object for a folder, whose
/// key ends in `/` (here that is gone), in front of what is in it.
fn without_folders(keys: Vec<(String, u64)>) -> Vec<String> {
    let is_folder = |(key, size): &(String, u64)| {
        let inside = format!("{key}/");
        let next = keys.partition_point(|(other, _)| *other < inside);
        *size == 0 && keys.get(next).is_some_and(|(other, _)| other.starts_with(&inside))
    };
    let files = keys.iter().filter(|key| !is_folder(key));
    files.map(|(key, _)| key.clone()).collect()
}

/// Whether there is an object with this very key.
pub(crate) fn exists(client: &Arc<AmazonS3>, bucket: &str, text: &str) -> Result<bool, DecodeError> {
    if text.is_empty() {
        return Ok(false);
    }
    let place = object_address(bucket, text);
    let (client, key) = (client.clone(), key(bucket, text)?);
    match ask(&place, async move { client.head(&key).await }) {
        Ok(_) => Ok(true),
        Err(DecodeError::NoFiles { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}

/// An object as an input file.
pub(crate) fn input(bucket: &str, key: &str) -> InputFile {
    let address = object_address(bucket, key);
    InputFile::new(PathBuf::from(&address), address)
}

/// An object that is being read. Every read says which content it expects, so that a replaced object is an error.
#[derive(Debug)]
pub(crate) struct Object {
    client: Arc<AmazonS3>,
    key: Key,
    address: String,
    len: u64,
    version: Option<String>,
}

impl Object {
    pub(crate) fn open(client: Arc<AmazonS3>, bucket: &str, text: &str) -> Result<Object, DecodeError> {
        let (address, key) = (object_address(bucket, text), key(bucket, text)?);
        let (asked, wanted) = (client.clone(), key.clone());
        let about = ask(&address, async move { asked.head(&wanted).await })?;
        Ok(Object {
            client,
            key,
            address,
            len: about.size,
            version: about.e_tag,
        })
    }
}

impl RandomRead for Object {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, start: u64, len: usize) -> Result<Bytes, DecodeError> {
        if len == 0 {
            return Ok(Bytes::new());
        }
        let end = start.saturating_add(len as u64);
        let short = || DecodeError::Unreadable {
            file: self.address.clone(),
            why: format!("it ends before byte {end}"),
        };
        if end > self.len {
            return Err(short());
        }
        let (client, key) = (self.client.clone(), self.key.clone());
        let options = GetOptions {
            range: Some(GetRange::Bounded(start..end)),
            if_match: self.version.clone(),
            ..GetOptions::default()
        };
        let expected = self.version.clone();
        let bytes = ask(&self.address, async move {
            let found = client.get_opts(&key, options).await?;
            // A server that does not know `If-Match` still says what it gives.
            if expected.is_some() && found.meta.e_tag != expected {
                return Err(object_store::Error::Precondition {
                    path: key.to_string(),
                    source: "replaced".into(),
                });
            }
            found.bytes().await
        })?;
        if bytes.len() == len { Ok(bytes) } else { Err(short()) }
    }

    fn version(&self) -> Option<String> {
        self.version.clone()
    }

    fn granule(&self) -> usize {
        GRANULE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_of_folders_are_no_objects() {
        let keys = [
            ("a", 0),
            ("a-b", 0),
            ("a/day=1", 0),
            ("a/day=1/x.csv", 5),
            ("a/empty.csv", 0),
            ("b", 3),
            ("b/c", 1),
        ];
        let keys = keys.map(|(key, size)| (key.to_owned(), size)).to_vec();
        assert_eq!(
            without_folders(keys),
            ["a-b", "a/day=1/x.csv", "a/empty.csv", "b", "b/c"]
        );
    }
}
