//! The right to write to a target: one run at a time.
//!
//! # Contract of [`Claim`]
//! - **One holder**: of the claims of one target, in one process or in several, at most one is held (tested).
//! - **Nothing stays**: dropped, it leaves no file. Of a process that was killed a hidden file stays that nobody holds;
//!   the next [`super::Aside`] in that folder removes it, and the next claim takes it over (tested).

use super::aside::{PREFIX, SUFFIX, folder};
use crate::error::DecodeError;
use crate::locks::locked;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a held lock is asked for: who clears a folder holds each lock for an instant.
const ATTEMPTS: usize = 25;

/// A target that this run, and no other, writes to. It ends with its drop or with the process.
#[derive(Debug)]
pub struct Claim {
    target: PathBuf,
    lock: PathBuf,
    _held: File,
}

impl Claim {
    /// Takes a target, which need not exist. A target that is a link is taken where it leads.
    ///
    /// # Errors
    /// [`DecodeError::Busy`] when another has it; [`DecodeError::Unwritable`] when the folder is missing or refuses.
    pub fn take(target: &Path) -> Result<Claim, DecodeError> {
        let refused = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => {
                DecodeError::unwritable(target, format!("no folder {}", folder(target).display()))
            }
            _ => DecodeError::refused(target, &error),
        };
        let real = if target.is_symlink() {
            target.canonicalize().unwrap_or(target.to_owned())
        } else {
            target.to_owned()
        };
        let name = real.file_name().map_or(&b""[..], |name| name.as_encoded_bytes());
        let lock = folder(&real).join(format!("{PREFIX}of-{:016x}{SUFFIX}", fnv(name)));
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            if let Some(held) = open(&lock).map_err(refused)? {
                let target = target.to_owned();
                return Ok(Claim {
                    target,
                    lock,
                    _held: held,
                });
            }
        }
        Err(DecodeError::Busy {
            file: target.display().to_string(),
        })
    }

    /// What is claimed, as it was named.
    pub fn target(&self) -> &Path {
        &self.target
    }
}

impl Drop for Claim {
    /// While it is still held, so that nobody can have taken it over.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.lock);
    }
}

/// The lock, held; `None` when another holds it or has removed it just then.
fn open(lock: &Path) -> io::Result<Option<File>> {
    if std::fs::symlink_metadata(lock).is_ok_and(|about| !about.is_file()) {
        let why = format!("{} is in the way", lock.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    // One that another user left may be locked without being written.
    let file = match File::open(lock) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            OpenOptions::new().create(true).truncate(false).write(true).open(lock)?
        }
        opened => opened?,
    };
    Ok((locked(&file)? && is_at(&file, lock)).then_some(file))
}

/// Whether the open file still has its name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |about: std::fs::Metadata| (about.dev(), about.ino());
    let (open, named) = (file.metadata().map(place), std::fs::symlink_metadata(path).map(place));
    matches!((open, named), (Ok(open), Ok(named)) if open == named)
}

/// Whether the open file still has its name.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// FNV-1a (Fowler, Noll and Vo), 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::super::Aside;
    use super::*;

    fn names(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_target_has_one_holder_and_nothing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.csv");
        let first = Claim::take(&target).unwrap();
        let busy = DecodeError::Busy {
            file: target.display().to_string(),
        };
        assert_eq!(Claim::take(&target).unwrap_err(), busy);
        let other = Claim::take(&folder.path().join("b.csv")).unwrap();
        assert_eq!(names(folder.path()), 2);
        // An aside in the folder clears nothing that is held.
        Aside::create(&target).unwrap().put().unwrap();
        assert_eq!(Claim::take(&target).unwrap_err(), busy);
        drop(first);
        let again = Claim::take(&target).unwrap();
        drop((again, other));
        assert_eq!(names(folder.path()), 1, "the target alone");
        let gone = Claim::take(&folder.path().join("gone/a.csv")).unwrap_err();
        assert!(gone.to_string().contains("no folder"), "{gone}");
    }

    #[test]
    fn a_dead_claim_is_taken_over_or_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.csv");
        let claim = Claim::take(&target).unwrap();
        let lock = claim.lock.clone();
        drop(claim);
        std::fs::write(&lock, "").unwrap();
        drop(Claim::take(&target).unwrap());
        assert_eq!(names(folder.path()), 0, "taken over");
        std::fs::write(&lock, "").unwrap();
        drop(Aside::create(&folder.path().join("b.csv")).unwrap());
        assert_eq!(names(folder.path()), 0, "cleared");
    }

    #[test]
    fn links_to_one_target_are_one_claim() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.csv"), folder.path().join("link.csv"));
        std::fs::write(&real, "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let held = Claim::take(&link).unwrap();
        assert!(Claim::take(&real).is_err());
        drop(held);
    }

    #[test]
    fn of_many_at_once_one_writes_at_a_time() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.csv");
        let (inside, held) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let Ok(claim) = Claim::take(&target) else { continue };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        held.fetch_add(1, Ordering::SeqCst);
                        drop(Aside::create(&target).unwrap());
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(claim);
                    }
                });
            }
        });
        assert!(held.into_inner() > 0, "somebody always comes first");
        assert_eq!(names(folder.path()), 0);
    }
}
