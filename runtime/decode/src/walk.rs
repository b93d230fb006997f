//! Walking folders: globs, and folders in folders, such that links cannot make it endless.
//!
//! A walk knows the real place of each folder that it is in. A link that leads back to one of them is left out below
//! `**`, which has found its files already, and is an error among `column=value` folders, whose rows would get one
//! more value each time round.

use crate::error::DecodeError;
use crate::system::{LEADS_BACK, LINKS_FOLLOWED, plain};
use glob::{MatchOptions, Pattern};
use std::path::{Path, PathBuf};

/// So many links to folders are followed at most: links across can make many paths of few folders.
const LINKS_MAX: usize = 10_000;

/// The folders that a walk is in, and how far it went.
#[derive(Default)]
pub(crate) struct Walk {
    /// Real paths, the outermost first, and whether a link leads to it or to one around it.
    inside: Vec<(PathBuf, bool)>,
    links: usize,
}

/// An entry of a folder.
pub(crate) struct Entry {
    pub path: PathBuf,
    pub is_link: bool,
    /// Of what a link leads to.
    pub is_dir: bool,
    pub is_file: bool,
}

/// The entries of a folder, in no order.
pub(crate) fn entries(folder: &Path) -> Result<Vec<Entry>, DecodeError> {
    let unreadable = |error: std::io::Error| DecodeError::Unreadable {
        file: folder.display().to_string(),
        why: plain(&error),
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, ty) = (entry.path(), entry.file_type().map_err(unreadable)?);
        let is_link = ty.is_symlink();
        let (is_dir, is_file) = match is_link {
            true => (path.is_dir(), path.is_file()),
            false => (ty.is_dir(), ty.is_file()),
        };
        found.push(Entry {
            path,
            is_link,
            is_dir,
            is_file,
        });
    }
    Ok(found)
}

impl Walk {
    /// Goes into a folder; `false` when the walk is in it already. [`Walk::leave`] comes out of it.
    pub(crate) fn enter(&mut self, folder: &Path, is_link: bool) -> Result<bool, DecodeError> {
        let unreadable = |why: String| DecodeError::Unreadable {
            file: folder.display().to_string(),
            why,
        };
        let around = self.inside.last().filter(|_| !is_link);
        let real = match (around, folder.file_name()) {
            (Some((around, _)), Some(name)) => around.join(name),
            _ => folder.canonicalize().map_err(|error| unreadable(plain(&error)))?,
        };
        let is_linked = is_link || self.inside.last().is_some_and(|(_, is_linked)| *is_linked);
        if is_linked && self.inside.iter().any(|(known, _)| *known == real) {
            return Ok(false);
        }
        self.links += usize::from(is_link);
        if self.links > LINKS_MAX {
            return Err(unreadable(format!("more than {LINKS_MAX}{LINKS_FOLLOWED}")));
        }
        self.inside.push((real, is_linked));
        Ok(true)
    }

    /// Comes out of the folder that was entered last.
    pub(crate) fn leave(&mut self) {
        self.inside.pop();
    }

    /// As [`Walk::enter`], where a way back is an error.
    pub(crate) fn enter_once(&mut self, folder: &Path, is_link: bool) -> Result<(), DecodeError> {
        match self.enter(folder, is_link)? {
            true => Ok(()),
            false => Err(DecodeError::Unreadable {
                file: folder.display().to_string(),
                why: LEADS_BACK.into(),
            }),
        }
    }
}

/// What a glob matches, relative to `base`, in no order, some of it perhaps twice. Folders for which `skip` holds, by
/// their names, are not looked into below `**`.
///
/// # Errors
/// Why the pattern is none, or the folder that cannot be read.
pub(crate) fn glob(pattern: &str, base: &Path, skip: &dyn Fn(&Path) -> bool) -> Result<Vec<PathBuf>, GlobError> {
    Pattern::new(pattern).map_err(|error| GlobError::Pattern(error.msg))?;
    let root = match Path::new(pattern).is_absolute() {
        true => PathBuf::from("/"),
        false => base.to_owned(),
    };
    let parts: Vec<&str> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let mut globbing = Globbing {
        walk: Walk::default(),
        skip,
        found: Vec::new(),
    };
    globbing.step(&root, &parts)?;
    Ok(globbing.found)
}

/// Why a glob has no answer.
pub(crate) enum GlobError {
    Pattern(&'static str),
    Unreadable(DecodeError),
}

impl From<DecodeError> for GlobError {
    fn from(error: DecodeError) -> GlobError {
        GlobError::Unreadable(error)
    }
}

struct Globbing<'a> {
    walk: Walk,
    skip: &'a dyn Fn(&Path) -> bool,
    found: Vec<PathBuf>,
}

impl Globbing<'_> {
    /// Matches the rest of a pattern against what is in a folder.
    fn step(&mut self, folder: &Path, parts: &[&str]) -> Result<(), GlobError> {
        let Some((part, rest)) = parts.split_first() else {
            self.found.push(folder.to_owned());
            return Ok(());
        };
        if *part == "**" {
            let from = parts.iter().position(|part| *part != "**").unwrap_or(parts.len());
            if self.walk.enter(folder_or_here(folder), folder.is_symlink())? {
                self.below(folder, &parts[from..])?;
                self.walk.leave();
            }
            return Ok(());
        }
        if !part.contains(['*', '?', '[']) {
            let path = folder.join(part);
            if std::fs::symlink_metadata(&path).is_ok() && (rest.is_empty() || path.is_dir()) {
                self.step(&path, rest)?;
            }
            return Ok(());
        }
        let pattern = Pattern::new(part).map_err(|error| GlobError::Pattern(error.msg))?;
        for entry in entries(folder_or_here(folder))? {
            let name = entry
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if pattern.matches_with(&name, MatchOptions::new()) && (rest.is_empty() || entry.is_dir) {
                self.step(&folder.join(entry.path.file_name().unwrap_or_default()), rest)?;
            }
        }
        Ok(())
    }

    /// Matches the rest of a pattern in a folder that is entered, and in all folders below it. An empty rest matches
    /// these.
    fn below(&mut self, folder: &Path, rest: &[&str]) -> Result<(), GlobError> {
        if !rest.is_empty() {
            self.step(folder, rest)?;
        }
        for entry in entries(folder_or_here(folder))? {
            let path = folder.join(entry.path.file_name().unwrap_or_default());
            if !entry.is_dir || (self.skip)(&path) || !self.walk.enter(&path, entry.is_link)? {
                continue;
            }
            if rest.is_empty() {
                self.found.push(path.clone());
            }
            self.below(&path, rest)?;
            self.walk.leave();
        }
        Ok(())
    }
}

/// A folder as the system wants it: the empty path is the current one.
fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}
