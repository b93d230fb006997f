//! Files on their way to their place: written aside, locked by their writer, cleared when the writer died.
//!
//! # Contract of [`Aside`]
//! - **All or nothing**: the target holds the whole new content, on disk, or what it held before (tested: `tests`).
//! - **Nothing stays**: dropped before [`Aside::put`], it leaves no file. A process that is killed leaves one; the next
//!   aside in that folder removes it. What a living process holds is locked, and never removed (tested).

use crate::locks::{ATTEMPTS, busy, clear_dead, locked};
use std::fs::{File, FileType, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How the names of hidden files begin and end, beside targets.
pub(super) const PREFIX: &str = ".featc-";
pub(super) const SUFFIX: &str = ".aside";

/// A hidden file beside a target.
#[derive(Debug)]
pub struct Aside {
    file: NamedTempFile,
    target: PathBuf,
}

impl Aside {
    /// A new file beside `target`, with the permissions of any new file. A target that is a link is written where it
    /// leads. What dead processes left in the folder is removed.
    ///
    /// # Errors
    /// The folder is missing or refuses.
    pub fn create(target: &Path) -> io::Result<Aside> {
        let target = if target.is_symlink() {
            target.canonicalize().unwrap_or(target.to_owned())
        } else {
            target.to_owned()
        };
        clear_asides(folder(&target));
        for _ in 0..ATTEMPTS {
            let file = new_file(folder(&target))?;
            if locked(file.as_file())? && file.path().exists() {
                return Ok(Aside { file, target });
            }
        }
        Err(busy())
    }

    /// The open file.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Where the content is until it is put in place.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Puts the content in place: file synced, renamed, folder synced.
    ///
    /// # Errors
    /// The target is then as it was, and nothing stays aside.
    pub fn put(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.target).map_err(|error| error.error)?;
        sync_folder(folder(&self.target))
    }

    /// As [`Aside::put`], where there must be nothing yet: of several writers one comes first.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`]; the target is then as it was, and nothing stays aside.
    pub fn put_new(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.target).map_err(|error| error.error)?;
        sync_folder(folder(&self.target))
    }
}

/// Removes what dead processes left in a folder.
pub fn clear_asides(folder: &Path) {
    // Opening a pipe of such a name would wait for its other end.
    let is_aside = |name: &str, ty: FileType| name.starts_with(PREFIX) && name.ends_with(SUFFIX) && ty.is_file();
    clear_dead(folder, is_aside);
}

fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// The folder of a target.
pub(crate) fn folder(target: &Path) -> &Path {
    target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Makes names in the folder durable.
///
/// # Errors
/// The system refuses.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes names in the folder durable.
///
/// # Errors
/// None here.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_put_is_whole_and_what_is_dropped_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        let aside = Aside::create(&target).unwrap();
        aside.file().write_all(b"new").unwrap();
        assert!(!target.exists());
        aside.put().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        drop(Aside::create(&target).unwrap());
        let refused = Aside::create(&target).unwrap().put_new().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        Aside::create(&folder.path().join("b.txt")).unwrap().put_new().unwrap();
        assert_eq!(names(folder.path()), ["a.txt", "b.txt"]);
    }

    #[test]
    fn the_dead_are_cleared_and_the_living_are_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".featc-dead00.aside"), b"half").unwrap();
        std::fs::write(folder.path().join(".featc-mine"), b"not ours").unwrap();
        let living = Aside::create(&folder.path().join("a.txt")).unwrap();
        let other = Aside::create(&folder.path().join("b.txt")).unwrap();
        assert!(living.path().exists() && other.path().exists());
        assert_eq!(names(folder.path()).len(), 3, "{:?}", names(folder.path()));
        drop((living, other));
        assert_eq!(names(folder.path()), [".featc-mine"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_named_like_an_aside_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join(".featc-x.aside");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let target = folder.path().join("a.txt");
        // On a thread of its own: a reader of the pipe would wait for ever.
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send(Aside::create(&target).map(drop).is_ok()));
        assert_eq!(told.recv_timeout(std::time::Duration::from_secs(20)), Ok(true));
        assert_eq!(names(folder.path()), [".featc-x.aside"]);
    }

    #[test]
    fn many_writers_at_once_do_not_take_each_other_for_dead() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let target = folder.path().join(format!("{writer}.txt"));
                scope.spawn(move || {
                    for round in 0..50 {
                        let aside = Aside::create(&target).unwrap();
                        aside.file().write_all(format!("{round}").as_bytes()).unwrap();
                        aside.put().unwrap();
                    }
                });
            }
        });
        assert_eq!(names(folder.path()), ["0.txt", "1.txt", "2.txt", "3.txt"]);
    }
}
