//! Folders for what does not fit into memory: gone when their owner ends, however it ends.
//!
//! # Contract of [`Scratch`]
//! Dropped, the folder is removed with all that is in it. A process that is killed leaves it; the next scratch in the same
//! parent removes it. The folder of a living process is locked, and never removed (tested).

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use tempfile::TempDir;

const PREFIX: &str = "featc-spill-";

/// How often a new folder may be taken for a dead one before it is locked.
const ATTEMPTS: usize = 16;

/// A folder of our own for temporary files.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    /// The lock ends with the process.
    _lock: File,
}

impl Scratch {
    /// A new folder in `parent`, for example [`std::env::temp_dir`]; those of dead processes there are removed.
    ///
    /// # Errors
    /// The parent is missing or refuses.
    pub fn create(parent: &Path) -> io::Result<Scratch> {
        clear_dead(parent);
        for _ in 0..ATTEMPTS {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
            let lock = match File::open(folder.path()) {
                Ok(lock) => lock,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            match lock.try_lock() {
                Err(TryLockError::WouldBlock) => continue,
                // A file system without locks: then nobody can take folders for dead ones.
                Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
            if folder.path().exists() {
                return Ok(Scratch { folder, _lock: lock });
            }
        }
        Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "the folder is being cleared by others",
        ))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders that nobody holds. One that cannot be removed is no failure: the next run tries again.
fn clear_dead(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) || !entry.file_type().is_ok_and(|ty| ty.is_dir()) {
            continue;
        }
        if let Ok(folder) = File::open(entry.path())
            && folder.try_lock().is_ok()
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(parent: &Path) -> usize {
        std::fs::read_dir(parent).unwrap().count()
    }

    #[test]
    fn the_dead_are_cleared_and_the_living_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join("featc-spill-dead00");
        std::fs::create_dir_all(dead.join("deep")).unwrap();
        std::fs::write(dead.join("deep/run"), b"half").unwrap();
        std::fs::write(parent.path().join("featc-spill-file"), b"not a folder").unwrap();
        let living = Scratch::create(parent.path()).unwrap();
        std::fs::write(living.path().join("run"), b"mine").unwrap();
        let other = Scratch::create(parent.path()).unwrap();
        assert!(!dead.exists());
        assert!(living.path().join("run").exists());
        assert_eq!(folders(parent.path()), 3);
        drop((living, other));
        assert_eq!(folders(parent.path()), 1);
    }

    #[test]
    fn many_at_once_do_not_take_each_other_for_dead() {
        let parent = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let scratch = Scratch::create(parent.path()).unwrap();
                        std::fs::write(scratch.path().join("run"), b"mine").unwrap();
                    }
                });
            }
        });
        assert_eq!(folders(parent.path()), 0);
    }
}
