//! The name by which a folder of state owns its backup.

use crate::disk::Disk;
use crate::error::StateError;
use crate::refusals::{damaged, other_version, refused};
use crate::sealed::{Broken, seal, unseal};
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher as _, RandomState};

/// The file in a folder of state.
pub const FILE: &str = "owner";
const VERSION: u8 = 1;
const MAGIC: &str = "FEATROWNER";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub name: String,
    /// A restore is not at its end: nothing was ever served from what else is in the folder.
    pub restoring: bool,
}

/// A name that nobody else has.
pub fn fresh() -> String {
    // Two hashers with random keys.
    let word = || RandomState::new().hash_one(0u8);
    format!("{:016x}{:016x}", word(), word())
}

/// What a folder says, if it says so.
///
/// # Errors
/// The disk refuses; a file that is not whole.
pub fn read(disk: &dyn Disk) -> Result<Option<Owner>, StateError> {
    let Some(bytes) = disk.read(FILE).map_err(refused(disk, FILE))? else {
        return Ok(None);
    };
    match unseal(&bytes, MAGIC, VERSION..=VERSION) {
        Ok(body) => {
            let owner = serde_json::from_str(body);
            owner
                .map(Some)
                .map_err(|_| damaged(disk, FILE, "it does not say what it should"))
        }
        Err(Broken::Damaged(why)) => Err(damaged(disk, FILE, why)),
        Err(Broken::OtherVersion(found)) => Err(other_version(disk, FILE, found, VERSION)),
    }
}

/// Says it, durably.
///
/// # Errors
/// The disk refuses.
pub fn write(disk: &dyn Disk, owner: &Owner) -> Result<(), StateError> {
    let body = serde_json::to_string(owner).expect("plain data always serialises");
    disk.replace(FILE, &seal((MAGIC, VERSION), &body))
        .map_err(refused(disk, FILE))
}
