//! Temporary files and folders, locked by the process that made them, and cleared by the next one when that died.

use std::fs::{File, FileType, TryLockError};
use std::io;
use std::path::Path;

/// How often what is new may be taken for dead before it is locked.
pub(crate) const ATTEMPTS: usize = 16;

/// After so many attempts.
pub(crate) fn busy() -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, "the folder is being cleared by others")
}

/// Locks what is new; `false` when somebody else has taken it for dead.
pub(crate) fn locked(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        // A file system without locks: then nobody can take anything for dead.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes what is ours by its name and that nobody holds. What cannot be removed is no failure: the next run tries again.
pub(crate) fn clear_dead(folder: &Path, is_ours: impl Fn(&str, FileType) -> bool) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(ty) = entry.file_type() else { continue };
        if !is_ours(&entry.file_name().to_string_lossy(), ty) {
            continue;
        }
        if let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = match ty.is_dir() {
                true => std::fs::remove_dir_all(entry.path()),
                false => std::fs::remove_file(entry.path()),
            };
        }
    }
}
