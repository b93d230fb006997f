//! What is said when a file of a state cannot be used.

use crate::disk::Disk;
use crate::error::StateError;
use std::io;

pub fn refused(disk: &dyn Disk, file: &str) -> impl Fn(io::Error) -> StateError {
    let file = disk.name(file);
    move |error| StateError::Io {
        file: file.clone(),
        why: featr::plain(&error),
    }
}

pub fn damaged(disk: &dyn Disk, file: &str, why: impl Into<String>) -> StateError {
    StateError::Damaged {
        file: disk.name(file),
        why: why.into(),
    }
}

pub fn other_version(disk: &dyn Disk, file: &str, found: impl Into<u32>, known: impl Into<u32>) -> StateError {
    StateError::OtherVersion {
        file: disk.name(file),
        found: found.into(),
        known: known.into(),
    }
}
