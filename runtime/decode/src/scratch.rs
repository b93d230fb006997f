//! Folders for what does not fit into memory: gone when their owner ends, however it ends.
//!
//! # Contract of [`Scratch`]
//! Dropped, the folder is removed with all that is in it. A process that is killed leaves it; the next scratch in the same
//! parent removes it. The folder of a living process is locked, and never removed (tested).

use crate::locks::{ATTEMPTS, busy, clear_dead, locked};
use std::fs::File;
use std::io;
use std::path::Path;
use tempfile::TempDir;

const PREFIX: &str = "featc-spill-";

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
        clear_dead(parent, |name, ty| name.starts_with(PREFIX) && ty.is_dir());
        for _ in 0..ATTEMPTS {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
            let lock = match File::open(folder.path()) {
                Ok(lock) => lock,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if locked(&lock)? && folder.path().exists() {
                return Ok(Scratch { folder, _lock: lock });
            }
        }
        Err(busy())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
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
