//! The manifest of a backup.

use super::{MANIFESTS, Objects};
use crate::error::StateError;
use crate::manifest::Manifest;
use crate::numbered;
use crate::sealed::{Broken, seal, unseal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const VERSION: u8 = 1;
const MAGIC: &str = "FEATRBACKUP";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// One more than that of the manifest before.
    pub number: u64,
    /// The folder of state that it is the backup of.
    pub owner: String,
    /// The process that put it.
    pub run: String,
    /// The manifest of the state; without one there was no checkpoint yet.
    pub state: Option<Manifest>,
    /// Where the files stand that it names.
    pub objects: BTreeMap<String, String>,
}

/// The name of the manifest with a number.
pub fn key(number: u64) -> String {
    format!("{MANIFESTS}/{number:010}")
}

/// The number in the name of a manifest.
pub fn number(name: &str) -> Option<u64> {
    numbered::number(name.strip_prefix(MANIFESTS)?.strip_prefix('/')?, "", 10)
}

impl Saved {
    pub fn write(&self) -> Vec<u8> {
        let body = serde_json::to_string(self).expect("plain data always serialises");
        seal((MAGIC, VERSION), &body)
    }

    /// Reads what [`Saved::write`] wrote.
    ///
    /// # Errors
    /// Anything else.
    pub fn read(bytes: &[u8]) -> Result<Saved, Broken> {
        let body = unseal(bytes, MAGIC, VERSION..=VERSION)?;
        serde_json::from_str(body).map_err(|_| Broken::Damaged("it does not say what it should"))
    }
}

impl Broken {
    /// What is said of the manifest with a number.
    pub fn told(self, objects: &dyn Objects, of: u64) -> StateError {
        let file = objects.name(&key(of));
        match self {
            Broken::Damaged(why) => StateError::Damaged {
                file,
                why: why.to_owned(),
            },
            Broken::OtherVersion(found) => StateError::OtherVersion {
                file,
                found: found.into(),
                known: VERSION.into(),
            },
        }
    }
}
