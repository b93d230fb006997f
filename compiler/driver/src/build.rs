//! Writing a build: aside and whole, then in place, so that neither a crash nor a second build leaves a mixture.
//!
//! ```text
//! lock ─▶ .featc-new/ all files, on disk ─renamed─▶ .featc-next/ ─▶ each file to its place ─▶ manifest.json, last
//!         the old build stands                      the new build stands: readers look there first
//! ```
//!
//! # Contract
//! - **Whole**: at every instant a reader finds the old build or the new one (tested: `tests::killed_at_any_step`).
//! - **Nothing stays**: what a killed build left, the next one completes or clears.
//! - **Files of others stay**: only what the old manifest lists is ever replaced or removed.

#[cfg(test)]
mod tests;

use crate::{Certificate, Plans, Refusal, certify, listed, plain};
use featc_ir::Program;
use featc_ir::manifest::{CERTIFICATE, FILE, Manifest, NEXT, ORIGINS, content_hash};
use featc_ir::wire::Wire;
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where a build is written before it is whole.
const NEW: &str = ".featc-new";

/// How long a build waits for another one in its folder: so many pauses of [`PAUSE`].
const PAUSES: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(20);

/// A build has at most so many bytes: each service has its plans, whatever they share with those of others.
const BYTES_MAX: usize = 256 << 20;

/// Why a build could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are described with their variants")]
pub enum BuildError {
    Unwritable {
        path: PathBuf,
        why: String,
    },
    /// What stands in the way, and is not of a build.
    Foreign {
        path: PathBuf,
    },
    /// The build is whole, and found by readers; this path keeps its files from their places.
    Unfinished {
        path: PathBuf,
        why: String,
    },
    /// Another build does not let go of the folder.
    Busy {
        folder: PathBuf,
    },
    /// A plan does not mean what the program says.
    Refused(Box<Refusal>),
    /// It would have more than `most` bytes; `features` are those of all services together.
    TooLarge {
        services: usize,
        features: usize,
        most: usize,
    },
}

/// Writes a build into `<out>/<module>/`: the typed program, both plans as text and JSON, the stream graphs as Mermaid,
/// the certificate, the places of declarations, and the manifest. Its bytes depend on the program alone. Waits for another build of the
/// folder. Returns the folder.
///
/// # Errors
/// A plan that does not mean what the program says; a build of more than 256 MiB; the first path that could not be written, or that is not of a build: an
/// old build is then still there, whole. But for [`BuildError::Unfinished`]: then the new one is, and the next build
/// completes it.
pub fn build(program: &Program, plans: &Plans, out: &Path) -> Result<PathBuf, BuildError> {
    let certificate = certify(program, plans).map_err(BuildError::Refused)?;
    let folder = out.join(&program.module);
    let files = contents(program, plans, &certificate, BYTES_MAX)?;
    create(&folder)?;
    let _lock = lock(&folder)?;
    let written = write(&folder, &files, &mut Steps::all());
    if written.is_err() {
        // Whole and committed it stays; anything less is cleared. Failing to clear is no failure: the next build tries.
        let _ = remove_folder(&folder.join(NEW));
    }
    written.map(|()| folder)
}

/// Every file of the build by its name.
fn contents(
    program: &Program,
    plans: &Plans,
    certificate: &Certificate,
    most: usize,
) -> Result<BTreeMap<String, String>, BuildError> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut left = most;
    for (name, text) in listed::files(program, plans, certificate) {
        left = left.checked_sub(text.len()).ok_or_else(|| BuildError::TooLarge {
            services: program.services.len(),
            features: program
                .services
                .iter()
                .map(|service| service.fields.len() + service.features.len())
                .sum(),
            most,
        })?;
        files.insert(name, text);
    }
    let hashes = files
        .iter()
        .map(|(name, text)| (name.clone(), content_hash(text.as_bytes())))
        .collect();
    files.insert(FILE.to_owned(), Manifest::new(program, hashes).to_json());
    files.insert(ORIGINS.to_owned(), program.origins.to_json());
    Ok(files)
}

/// The steps on the file system that are still allowed: all, but in tests of crashes.
struct Steps(usize);

impl Steps {
    fn all() -> Steps {
        Steps(usize::MAX)
    }

    fn take(&mut self) -> io::Result<()> {
        self.0 = self
            .0
            .checked_sub(1)
            .ok_or_else(|| io::Error::other("no further step"))?;
        Ok(())
    }
}

/// Waits for the folder. The lock ends with the process, however that ends.
fn lock(folder: &Path) -> Result<File, BuildError> {
    let lock = File::open(folder).map_err(unwritable(folder))?;
    for _ in 0..PAUSES {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            // A file system without locks cannot be shared safely; it is not refused for that.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => return Ok(lock),
            Err(TryLockError::Error(error)) => return Err(unwritable(folder)(error)),
        }
    }
    Err(BuildError::Busy {
        folder: folder.to_owned(),
    })
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> BuildError {
    move |error| BuildError::Unwritable {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

fn unfinished(path: &Path) -> impl Fn(io::Error) -> BuildError {
    move |error| BuildError::Unfinished {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

/// Writes the files into the folder, which is locked.
fn write(folder: &Path, files: &BTreeMap<String, String>, steps: &mut Steps) -> Result<(), BuildError> {
    let (new, next) = (folder.join(NEW), folder.join(NEXT));
    for own in [&new, &next] {
        if std::fs::symlink_metadata(own).is_ok_and(|about| !about.is_dir()) {
            return Err(BuildError::Foreign { path: own.clone() });
        }
    }
    // What a killed build had committed, and what it had not.
    put_in_place(folder, steps)?;
    check_places(folder, files)?;
    remove_folder(&new).map_err(unwritable(&new))?;
    for (name, text) in files {
        let path = new.join(name);
        create(path.parent().unwrap_or(&new))?;
        let written = steps.take().and_then(|()| write_flushed(&path, text));
        written.map_err(unwritable(&folder.join(name)))?;
        create(folder.join(name).parent().unwrap_or(folder))?;
    }
    for inner in [new.join("batch"), new.join("stream"), new.clone()] {
        sync_if_there(&inner).map_err(unwritable(&inner))?;
    }
    let committed = steps.take().and_then(|()| std::fs::rename(&new, &next));
    committed.map_err(unwritable(&next))?;
    sync(folder).map_err(unfinished(&next))?;
    put_in_place(folder, steps)
}

/// Finds what could stand in the way later, while the old build is whole: folders, and files that are not of it.
fn check_places(folder: &Path, files: &BTreeMap<String, String>) -> Result<(), BuildError> {
    let old = manifest(folder)?.map(|bytes| listed(&bytes));
    for name in files.keys() {
        let place = folder.join(name);
        if place.is_dir() {
            return Err(unwritable(&place)(io::Error::other("it is a folder")));
        }
        let is_ours = match &old {
            // The manifest lists neither itself nor the places of declarations.
            Some(Some(old)) => old.contains(name) || [FILE, ORIGINS].contains(&name.as_str()),
            Some(None) | None => false,
        };
        if !is_ours && std::fs::symlink_metadata(&place).is_ok() {
            return Err(BuildError::Foreign { path: place });
        }
    }
    Ok(())
}

/// Moves the files of a committed build to their places, the manifest last, and removes plans that only the build
/// before had. Does nothing where there is no such build. May be ended anywhere and run again.
fn put_in_place(folder: &Path, steps: &mut Steps) -> Result<(), BuildError> {
    let next = folder.join(NEXT);
    let Some(bytes) = manifest(&next)? else {
        return remove_folder(&next).map_err(unwritable(&next));
    };
    // A folder may come from elsewhere: no name in it leads out of the build.
    let mut new = listed(&bytes).unwrap_or_default();
    new.retain(|name| is_ours(name));
    let old = manifest(folder)?.and_then(|bytes| listed(&bytes)).unwrap_or_default();
    for name in old.iter().filter(|name| is_plan(name) && !new.contains(name)) {
        let path = folder.join(name);
        steps.take().map_err(unfinished(&path))?;
        // Readers go by the manifest, so one that cannot be removed misleads nobody but people.
        let _ = std::fs::remove_file(path);
    }
    for name in new.iter().map(String::as_str).chain([ORIGINS]) {
        let (from, to) = (next.join(name), folder.join(name));
        match steps.take().and_then(|()| std::fs::rename(&from, &to)) {
            // It was moved by the run that was ended.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            moved => moved.map_err(unfinished(&to))?,
        }
    }
    for inner in [folder.join("batch"), folder.join("stream"), folder.to_owned()] {
        sync_if_there(&inner).map_err(unfinished(&inner))?;
    }
    let place = folder.join(FILE);
    let moved = steps.take().and_then(|()| std::fs::rename(next.join(FILE), &place));
    moved.and_then(|()| sync(folder)).map_err(unfinished(&place))?;
    steps
        .take()
        .and_then(|()| remove_folder(&next))
        .map_err(unfinished(&next))
}

/// The bytes of the manifest in a folder; `None` where there is none.
fn manifest(folder: &Path) -> Result<Option<Vec<u8>>, BuildError> {
    let path = folder.join(FILE);
    match plain::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unwritable(&path)(error)),
    }
}

/// The files that a manifest names, of whichever release; `None` where it is no manifest.
fn listed(manifest: &[u8]) -> Option<Vec<String>> {
    let found: serde_json::Value = serde_json::from_slice(manifest).ok()?;
    let files = found["files"].as_object()?;
    (found["kind"] == Manifest::KIND).then(|| files.keys().cloned().collect())
}

/// Whether it is the name of a file of a build.
fn is_ours(name: &str) -> bool {
    is_plan(name) || ["program.txt", "program.json", CERTIFICATE].contains(&name)
}

/// Whether it is the name of a plan of a service: others than these are never removed.
fn is_plan(name: &str) -> bool {
    let plan = name.strip_prefix("batch/").or_else(|| name.strip_prefix("stream/"));
    let ends = [".json", ".txt", ".mmd"];
    let stem = plan.and_then(|name| ends.iter().find_map(|end| name.strip_suffix(end)));
    stem.is_some_and(|stem| !stem.is_empty() && !stem.contains(['/', '\\', '.']))
}

fn create(folder: &Path) -> Result<(), BuildError> {
    std::fs::create_dir_all(folder).map_err(unwritable(folder))
}

fn write_flushed(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn sync_if_there(folder: &Path) -> io::Result<()> {
    if folder.is_dir() { sync(folder) } else { Ok(()) }
}

/// Removes a folder of ours with all that it holds, if it is there.
fn remove_folder(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
