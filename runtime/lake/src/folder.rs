//! A folder of objects that several machines reach: in a bucket, or in a file system that they share.

use crate::delta::Durable;
use crate::object::{Buckets, ask, key};
use crate::place::Place;
use crate::problem::problem;
use crate::upload::put_bytes;
use bytes::Bytes;
use featr_decode::{DecodeError, LakeCause};
use futures::TryStreamExt as _;
use object_store::path::Path as Key;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use std::path::PathBuf;
use std::sync::Arc;

/// Objects by names such as `data/7/a.bin`, below one address.
#[derive(Debug, Clone)]
pub struct ObjectFolder {
    store: Arc<dyn ObjectStore>,
    root: Key,
    /// What messages call the folder.
    address: String,
    /// Whether it lies in the file system.
    is_local: bool,
}

impl ObjectFolder {
    /// The folder at an address or a path; nobody is asked yet.
    ///
    /// # Errors
    /// [`DecodeError::Lake`]: `UnknownStore`, `Refused`.
    pub(crate) fn at(buckets: &Buckets, address: &str) -> Result<ObjectFolder, DecodeError> {
        let unusable = |why: String| problem(LakeCause::UnknownStore, address, why);
        let place = Place::of(address)?;
        let is_local = matches!(place, Place::Local(_));
        let (store, root): (Arc<dyn ObjectStore>, Key) = match place {
            Place::Object { bucket, key: text } => {
                let root = match text.is_empty() {
                    true => Key::default(),
                    false => key(&bucket, &text)?,
                };
                (buckets.get(&bucket)?, root)
            }
            Place::Local(path) => {
                let path = std::path::absolute(path).map_err(|error| unusable(error.to_string()))?;
                // As they are called: what is a link here may be a folder on the next machine.
                let path: PathBuf = path.components().collect();
                let root = Key::from_absolute_path(&path).map_err(|error| unusable(error.to_string()))?;
                (Arc::new(Durable::default()), root)
            }
        };
        Ok(ObjectFolder {
            store,
            root,
            address: address.trim_end_matches('/').to_owned(),
            is_local,
        })
    }

    /// What messages call an object; the folder itself for an empty name.
    pub fn name(&self, object: &str) -> String {
        match object {
            "" => self.address.clone(),
            object => format!("{}/{object}", self.address),
        }
    }

    fn key(&self, object: &str) -> Key {
        object.split('/').fold(self.root.clone(), Key::join)
    }

    /// What the names of objects in a folder begin with; of all objects of a bucket nothing.
    fn prefix(&self, folder: &str) -> Option<Key> {
        let key = match folder {
            "" => self.root.clone(),
            folder => self.key(folder),
        };
        (!key.as_ref().is_empty()).then_some(key)
    }

    /// Puts an object, in parts if it is long; one of that name is replaced.
    ///
    /// # Errors
    /// [`DecodeError::Lake`]: `Refused`; [`DecodeError::Unreadable`] of a file system.
    pub fn put(&self, object: &str, bytes: Vec<u8>) -> Result<(), DecodeError> {
        let (store, key, is_local) = (self.store.clone(), self.key(object), self.is_local);
        ask(&self.name(object), async move {
            match is_local {
                true => store.put(&key, bytes.into()).await.map(drop),
                false => put_bytes(&*store, &key, bytes.into()).await,
            }
        })
    }

    /// Puts an object unless there is one of that name; tells whether it did.
    ///
    /// # Errors
    /// As [`ObjectFolder::put`]; it may be there all the same.
    pub fn create(&self, object: &str, bytes: Vec<u8>) -> Result<bool, DecodeError> {
        let (store, key) = (self.store.clone(), self.key(object));
        let bytes = Bytes::from(bytes);
        ask(&self.name(object), async move {
            let put = store.put_opts(&key, bytes.into(), PutOptions::from(PutMode::Create));
            match put.await {
                Ok(_) => Ok(true),
                Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    /// The content of an object; `None`: there is none.
    ///
    /// # Errors
    /// As [`ObjectFolder::put`].
    pub fn get(&self, object: &str) -> Result<Option<Vec<u8>>, DecodeError> {
        let (store, key) = (self.store.clone(), self.key(object));
        ask(&self.name(object), async move {
            match store.get(&key).await {
                Ok(found) => Ok(Some(found.bytes().await?.into())),
                Err(StoreError::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    /// The name of any object in a folder or below it, if there is one.
    ///
    /// # Errors
    /// As [`ObjectFolder::put`].
    pub fn any(&self, folder: &str) -> Result<Option<String>, DecodeError> {
        let (store, prefix, root) = (self.store.clone(), self.prefix(folder), self.root.clone());
        let found = ask(&self.name(folder), async move {
            store.list(prefix.as_ref()).try_next().await
        })?;
        Ok(found.and_then(|object| below(&root, &object.location)))
    }

    /// The names of all objects in a folder and below it, in order, each with that folder in front.
    ///
    /// # Errors
    /// As [`ObjectFolder::put`].
    pub fn list(&self, folder: &str) -> Result<Vec<String>, DecodeError> {
        let (store, prefix, root) = (self.store.clone(), self.prefix(folder), self.root.clone());
        let found: Vec<_> = ask(&self.name(folder), async move {
            store.list(prefix.as_ref()).try_collect().await
        })?;
        let names = found.iter().filter_map(|object| below(&root, &object.location));
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    /// Removes an object, if it is there.
    ///
    /// # Errors
    /// As [`ObjectFolder::put`].
    pub fn remove(&self, object: &str) -> Result<(), DecodeError> {
        let (store, key) = (self.store.clone(), self.key(object));
        ask(&self.name(object), async move {
            match store.delete(&key).await {
                Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }
}

/// The name of an object below a folder.
fn below(root: &Key, location: &Key) -> Option<String> {
    let parts = location.prefix_match(root)?;
    Some(parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"))
}
