//! Files that are known by their number alone.

use crate::place::Id;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of folders by their numbers, each folder read once.
#[derive(Debug, Default)]
pub struct Beside {
    folders: BTreeMap<PathBuf, BTreeMap<Id, PathBuf>>,
}

impl Beside {
    /// The file of this number in the folder of a file.
    pub fn find(&mut self, path: &Path, id: Id) -> Option<PathBuf> {
        let folder = match path.parent()? {
            folder if folder.as_os_str().is_empty() => Path::new("."),
            folder => folder,
        };
        if !self.folders.contains_key(folder) {
            self.folders.insert(folder.to_owned(), of(folder));
        }
        self.folders.get(folder)?.get(&id).cloned()
    }
}

fn of(folder: &Path) -> BTreeMap<Id, PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let known = entries.filter_map(|entry| Some((Id::of(&entry.metadata().ok()?), entry.path())));
    known.collect()
}

/// What stands between the name of a file that goes and its number.
const FORMER: char = '#';

/// The name of a split that is at its name no more.
pub fn former(name: &str, id: Id) -> String {
    format!("{}{FORMER}{}", plain(name), id.inode())
}

/// The name that a split had.
pub fn plain(name: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match name.rsplit_once(FORMER) {
        Some((plain, number)) if is_number(number) => plain,
        Some(_) | None => name,
    }
}
