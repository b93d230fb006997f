//! Reading what may be no file.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// Reads a file whole. A pipe, a socket or a device is none: to open a pipe could wait for ever.
///
/// # Errors
/// What the system says; a folder, or what is no file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let about = std::fs::metadata(path)?;
    if about.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !about.is_file() {
        return Err(Error::other("it is a pipe, a socket or a device, and no file"));
    }
    std::fs::read(path)
}
