//! The folder of a backfill: it is made, locked, and holds nothing else.

use super::checkpoint::{Checkpoint, FILE, KIND, VERSION};
use super::plan;
use crate::args::BackfillArgs;
use crate::errors;
use crate::outputs::{check_overwrites, same_file};
use crate::report::{Refused, Reporter};
use crate::run::Prepared;
use featc_driver::diag::Diagnostic;
use featr::open_file;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A folder that this process, and no other, writes to.
#[derive(Debug)]
pub struct Locked {
    pub path: PathBuf,
    /// The lock ends with the process, however that ends.
    _lock: File,
}

impl Locked {
    /// Takes a folder that exists.
    pub fn take(path: &Path, reporter: &Reporter) -> Result<Locked, Refused> {
        let name = path.display().to_string();
        let unwritable = |error: &std::io::Error| errors::unwritable(&name, &error.to_string());
        let lock = File::open(path).or_else(|error| reporter.refuse(unwritable(&error)))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return reporter.refuse(errors::busy(&name)),
            // A file system without locks cannot be shared safely; it is not refused for that.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return reporter.refuse(unwritable(&error)),
        }
        Ok(Locked {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The checkpoint in the folder.
    pub fn checkpoint(&self, reporter: &Reporter) -> Result<Option<Checkpoint>, Refused> {
        let name = self.path.display().to_string();
        let unusable = |why: &str| reporter.refuse(errors::unusable_folder(&name, why));
        match open_file(&self.path.join(FILE)).and_then(std::io::read_to_string) {
            Ok(text) => {
                let read: Result<Checkpoint, _> = serde_json::from_str(&text);
                match read {
                    Ok(found) if found.kind == KIND && found.version == VERSION => Ok(Some(found)),
                    Ok(_) => unusable(&format!("its `{FILE}` is of another kind or version")),
                    Err(error) => unusable(&format!("its `{FILE}` cannot be read: {error}")),
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => unusable(&format!("its `{FILE}` cannot be read: {error}")),
        }
    }

    /// Refuses a folder that holds files which `ours` does not know by their places in it. Names that begin with `.`
    /// or `_` are nobody's business: readers of folders leave them out.
    pub fn refuse_strangers(&self, ours: &dyn Fn(&Path) -> bool, reporter: &Reporter) -> Result<(), Refused> {
        let name = self.path.display().to_string();
        match stranger(&self.path, Path::new(""), ours) {
            Ok(None) => Ok(()),
            Err((place, error)) => {
                let why = match place.as_os_str().is_empty() {
                    true => format!("it cannot be listed: {error}"),
                    false => format!("`{}` in it cannot be listed: {error}", place.display()),
                };
                reporter.refuse(errors::unusable_folder(&name, &why))
            }
            Ok(Some(file)) => {
                let is_begun = self.path.join(FILE).exists();
                reporter.refuse(errors::foreign_file(&name, &file.display().to_string(), is_begun))
            }
        }
    }
}

/// The first file below `inside`, a folder in `folder`, that is not `ours`, by the order of the names; or the folder
/// that cannot be listed.
fn stranger(folder: &Path, inside: &Path, ours: &dyn Fn(&Path) -> bool) -> Result<Option<PathBuf>, (PathBuf, String)> {
    let failed = |error: std::io::Error| (inside.to_owned(), error.kind().to_string());
    let entries = std::fs::read_dir(folder.join(inside)).map_err(failed)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let place = inside.join(entry.file_name());
        if entry.file_name().to_string_lossy().starts_with(['.', '_']) || ours(&place) {
            continue;
        }
        // A link to a folder is not followed: it is a stranger itself.
        if !entry.file_type().map_err(failed)?.is_dir() {
            return Ok(Some(place));
        }
        if let Some(found) = stranger(folder, &place, ours)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether a file of the folder is one that the command names.
pub fn named(args: &BackfillArgs, name: &Path) -> bool {
    let mut files = [&args.run.rejected, &args.entities].into_iter().flatten();
    files.any(|file| same_file(file, &args.out.join(name)))
}

/// Refuses a folder that a source reads, and other files that would be replaced.
pub fn check_folder(args: &BackfillArgs, prepared: &Prepared, reporter: &Reporter) -> Result<(), Refused> {
    let inside = prepared.program.input_files(&prepared.service).unwrap_or_default();
    let part = args.out.join("part.parquet");
    if !args.out.exists() && featr::output_format(&args.out).is_ok() {
        let help = "name a folder, such as `--out daily`: its parts are Parquet files";
        let name = args.out.display().to_string();
        return reporter.refuse(errors::argument(
            "--out",
            &name,
            "a backfill writes a folder, and this names a file",
            help,
        ));
    }
    if inside.iter().any(|file| same_folder(file, &args.out)) || prepared.program.would_read(&prepared.service, &part) {
        let why = "a source reads files of that folder";
        return reporter.refuse(errors::unusable_folder(&args.out.display().to_string(), why));
    }
    if let Some(rejected) = args.run.rejected.as_deref().filter(|file| same_folder(file, &args.out)) {
        let name = Path::new(rejected.file_name().unwrap_or_default());
        if name == Path::new(FILE) || plan::may_be_part(name) {
            let path = rejected.display().to_string();
            return reporter.refuse(errors::overwrites(&path, "a file of the backfill, and so an output"));
        }
    }
    check_overwrites(prepared, &args.run, args.entities.as_deref(), None, reporter)
}

/// Whether a file lies in a folder.
fn same_folder(file: &Path, folder: &Path) -> bool {
    let folder = std::fs::canonicalize(folder);
    let parent = file.parent().map(std::fs::canonicalize);
    matches!((folder, parent), (Ok(folder), Some(Ok(parent))) if folder == parent)
}

pub fn make(folder: &Path, reporter: &Reporter) -> Result<Locked, Refused> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let made = std::fs::create_dir(folder).and_then(|()| featr::sync_folder(parent.unwrap_or(Path::new("."))));
    made.or_else(|error| reporter.refuse(not_made(folder, &error)))?;
    Locked::take(folder, reporter)
}

/// Why a folder that was not there a moment ago cannot be made.
fn not_made(folder: &Path, error: &std::io::Error) -> Diagnostic {
    let name = folder.display().to_string();
    match error.kind() {
        std::io::ErrorKind::AlreadyExists => errors::busy(&name),
        std::io::ErrorKind::NotFound => errors::unwritable(&name, errors::NO_FOLDER),
        _ => errors::unwritable(&name, &featr::plain(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use featc_driver::diag::Code;

    #[test]
    fn the_first_stranger_is_found_by_name_and_errors_are_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("b/deep")).expect("writable");
        std::fs::create_dir(at("a")).expect("writable");
        for file in ["b/deep/x", "b/y", "c", ".hidden", "_log", "ours"] {
            std::fs::write(at(file), "").expect("writable");
        }
        let ours = |place: &Path| place == Path::new("ours");
        let found = || stranger(folder.path(), Path::new(""), &ours);
        for expected in ["b/deep/x", "b/y", "c"] {
            assert_eq!(found(), Ok(Some(PathBuf::from(expected))));
            std::fs::remove_file(at(expected)).expect("removable");
        }
        assert_eq!(found(), Ok(None));
        let gone = stranger(folder.path(), Path::new("gone"), &ours);
        assert_eq!(gone, Err((PathBuf::from("gone"), "entity not found".to_owned())));
    }

    #[test]
    fn a_folder_that_another_run_has_just_made_is_busy() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let refused = std::fs::create_dir(folder.path()).expect_err("it is there");
        assert_eq!(not_made(folder.path(), &refused).code, Code::FolderBusy);
        let lost = std::fs::create_dir(folder.path().join("a/b")).expect_err("no folder");
        assert_eq!(not_made(Path::new("a/b"), &lost).code, Code::UnwritableOutput);
    }
}
