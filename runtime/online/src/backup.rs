//! The backup of a state: its last checkpoint, in a folder of objects that several machines reach.
//!
//! ```text
//! manifest/0000000007                      what was saved as number 7: by whom, and where the files stand
//! checkpoints/RUN-3/entities/00000005.ent  files that the manifest of a state names, put once
//! archive/OWNER/pushed/…, served/…         the Parquet files beside the state, as they are called there
//! ```
//!
//! # Contract
//! - **One owner**: a manifest is put where none is, after the one that its process knows; who finds another one there has lost
//!   the state, and says so ([`StateError::TakenOver`]). A process begins with a manifest of its own, a claim, so that those
//!   before it can save nothing any more.
//! - **Whole**: a manifest is put when all that it names is there, and what is removed was named by no manifest since. That
//!   holds wherever a process stops, for as long as it stops: who goes on after a manifest that was removed meanwhile
//!   finds the last one that it knows missing.
//! - **Old ones go in order**: of all manifests that are there the last two count, and no gap comes before one that is there.

mod begin;
mod manifest;

use crate::archive::{PUSHED, SERVED};
use crate::disk::Disk;
use crate::entities;
use crate::error::StateError;
use crate::locks::locked;
use crate::manifest::Manifest;
use crate::refusals::{damaged, refused};
use featr::lake::ObjectFolder;
use manifest::{Saved, key, number};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

/// The folders of files that manifests name, of files beside the state, and of manifests.
const DATA: &str = "checkpoints";
const ARCHIVE: &str = "archive";
const MANIFESTS: &str = "manifest";

/// A folder of objects: each appears whole, and is there when the call returns. An error says what it was about.
pub trait Objects: Send + Sync + fmt::Debug {
    /// What messages call an object, or the folder itself for an empty name.
    fn name(&self, object: &str) -> String;

    /// Puts an object; one of that name is replaced.
    fn put(&self, object: &str, bytes: Vec<u8>) -> Result<(), String>;

    /// Puts an object where none is; whether it did. After an error it may be there all the same.
    fn create(&self, object: &str, bytes: Vec<u8>) -> Result<bool, String>;

    /// An object; `None`: there is none.
    fn get(&self, object: &str) -> Result<Option<Vec<u8>>, String>;

    /// The name of any object below a folder, if there is one; below all of it for an empty name.
    fn any(&self, folder: &str) -> Result<Option<String>, String>;

    /// The names below a folder, in order, with the folder in front.
    fn list(&self, folder: &str) -> Result<Vec<String>, String>;

    /// Removes an object, if it is there.
    fn remove(&self, object: &str) -> Result<(), String>;
}

/// The backup of a state.
#[derive(Debug)]
pub struct Backup {
    objects: Arc<dyn Objects>,
    owner: String,
    /// A name that no other process has.
    run: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What was saved last, by us once the backup is ours.
    last: Saved,
    /// Where files of entities stand of which the folder has the same.
    known: BTreeMap<String, String>,
    /// What was put or named, and may be named no more.
    unnamed: BTreeSet<String>,
    /// Files beside the state that are there.
    archived: BTreeSet<String>,
    /// How often a checkpoint was to be saved.
    attempts: u64,
    /// No manifest before this one is there.
    oldest: u64,
}

/// Whether an object is a file of a checkpoint that some process saved.
fn is_ours(object: &str) -> bool {
    let parts: Vec<&str> = object.split('/').collect();
    match parts[..] {
        [DATA, run, kind, _] => {
            let (name, attempt) = run.split_once('-').unwrap_or_default();
            let is_name = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_name && attempt.parse::<u64>().is_ok() && ["checkpoint", "entities"].contains(&kind)
        }
        _ => false,
    }
}

impl State {
    /// After what was saved last.
    fn new(last: Saved) -> State {
        State {
            oldest: last.number,
            last,
            known: BTreeMap::new(),
            unnamed: BTreeSet::new(),
            archived: BTreeSet::new(),
            attempts: 0,
        }
    }

    /// The folder has the files of entities that stand there.
    fn know(&mut self, objects: &BTreeMap<String, String>) {
        self.known = objects.clone();
        self.known.retain(|file, _| entities::is_file(file));
    }
}

fn refusal(why: String) -> StateError {
    StateError::Objects { why }
}

impl Backup {
    /// What messages call the folder.
    pub fn name(&self) -> String {
        self.objects.name("")
    }

    fn taken_over(&self) -> StateError {
        StateError::TakenOver { address: self.name() }
    }

    /// Saves a checkpoint whose files are on the disk.
    ///
    /// # Errors
    /// [`StateError::TakenOver`]; the disk or the objects refuse, and what was saved before counts, or this.
    pub fn put(&self, disk: &dyn Disk, manifest: &Manifest) -> Result<(), StateError> {
        let state = &mut *locked(&self.state);
        state.attempts += 1;
        let folder = format!("{DATA}/{}-{}", self.run, state.attempts);
        let mut objects = BTreeMap::new();
        for file in manifest.files() {
            let object = match state.known.get(&file) {
                Some(object) => object.clone(),
                None => {
                    let object = format!("{folder}/{file}");
                    let bytes = disk.read(&file).map_err(refused(disk, &file))?;
                    let bytes = bytes.ok_or_else(|| damaged(disk, &file, "it is missing"))?;
                    state.unnamed.insert(object.clone());
                    self.objects.put(&object, bytes).map_err(refusal)?;
                    object
                }
            };
            objects.insert(file, object);
        }
        self.put_archive(disk, &mut state.archived)?;
        let manifest = Manifest {
            end: None,
            ..manifest.clone()
        };
        let next = Saved {
            number: state.last.number + 1,
            owner: self.owner.clone(),
            run: self.run.clone(),
            state: Some(manifest),
            objects,
        };
        self.commit(state, next)?;
        self.clear(state);
        Ok(())
    }

    /// Puts a manifest after the last one.
    fn commit(&self, state: &mut State, mut next: Saved) -> Result<(), StateError> {
        loop {
            let is_put = self.objects.create(&key(next.number), next.write()).map_err(refusal)?;
            let put = match is_put {
                true => next.clone(),
                // One of ours was put, and the answer to that was lost.
                false => {
                    let found = self.objects.get(&key(next.number)).map_err(refusal)?;
                    let found = found.and_then(|found| Saved::read(&found).ok());
                    let ours = found.filter(|found| found.run == self.run);
                    ours.ok_or_else(|| self.taken_over())?
                }
            };
            // Where others have gone on and removed what they found, one can be put that does not count.
            let last = self.objects.get(&key(state.last.number)).map_err(refusal)?;
            if last != Some(state.last.write()) {
                return Err(self.taken_over());
            }
            state.unnamed.extend(state.last.objects.values().cloned());
            state.last = put;
            if state.last == next {
                state.know(&next.objects);
                return Ok(());
            }
            next.number = state.last.number + 1;
        }
    }

    /// Removes what the last manifest does not name. What stays does no harm, and is tried again.
    fn clear(&self, state: &mut State) {
        let named: BTreeSet<&String> = state.last.objects.values().collect();
        let stays = |object: &String| !named.contains(object) && self.objects.remove(object).is_err();
        state.unnamed.retain(stays);
        while state.oldest + 1 < state.last.number && self.objects.remove(&key(state.oldest)).is_ok() {
            state.oldest += 1;
        }
    }

    /// Puts the files beside the state that are not there yet.
    fn put_archive(&self, disk: &dyn Disk, archived: &mut BTreeSet<String>) -> Result<(), StateError> {
        for file in archive_files(disk)? {
            if archived.contains(&file) {
                continue;
            }
            // One that is joined with others meanwhile is in what joins them.
            if let Some(bytes) = disk.read(&file).map_err(refused(disk, &file))? {
                let object = format!("{ARCHIVE}/{}/{file}", self.owner);
                self.objects.put(&object, bytes).map_err(refusal)?;
            }
            archived.insert(file);
        }
        Ok(())
    }

    /// Looks whether the state is still this process's.
    ///
    /// # Errors
    /// [`StateError::TakenOver`]; the objects refuse, and nobody knows.
    pub fn check(&self) -> Result<(), StateError> {
        let last = locked(&self.state).last.number;
        self.check_behind(last)
    }

    fn check_behind(&self, last: u64) -> Result<(), StateError> {
        let Some(latest) = latest(&*self.objects)?.filter(|latest| latest.number >= last) else {
            return Err(self.taken_over());
        };
        match latest.run == self.run {
            true => Ok(()),
            false => Err(self.taken_over()),
        }
    }
}

/// The files of the archive in a folder of state.
fn archive_files(disk: &dyn Disk) -> Result<Vec<String>, StateError> {
    let mut files = Vec::new();
    for kind in [SERVED, PUSHED] {
        for folder in disk.list(kind).map_err(refused(disk, kind))? {
            let folder = format!("{kind}/{folder}");
            let names = disk.list(&folder).map_err(refused(disk, &folder))?;
            let names = names.into_iter().filter(|name| name.ends_with(".parquet"));
            files.extend(names.map(|name| format!("{folder}/{name}")));
        }
    }
    Ok(files)
}

/// What was saved last.
fn latest(objects: &dyn Objects) -> Result<Option<Saved>, StateError> {
    /// A manifest may be removed between its listing and its reading, when others have been put.
    const TRIES: usize = 10;
    for _ in 0..TRIES {
        let names = objects.list(MANIFESTS).map_err(refusal)?;
        let Some(last) = names.iter().filter_map(|name| number(name)).max() else {
            return Ok(None);
        };
        if let Some(bytes) = objects.get(&key(last)).map_err(refusal)? {
            return Saved::read(&bytes)
                .map(Some)
                .map_err(|broken| broken.told(objects, last));
        }
    }
    Err(refusal(format!("`{}` changes all the time", objects.name(MANIFESTS))))
}

impl Objects for ObjectFolder {
    fn name(&self, object: &str) -> String {
        ObjectFolder::name(self, object)
    }

    fn put(&self, object: &str, bytes: Vec<u8>) -> Result<(), String> {
        ObjectFolder::put(self, object, bytes).map_err(|error| error.to_string())
    }

    fn create(&self, object: &str, bytes: Vec<u8>) -> Result<bool, String> {
        ObjectFolder::create(self, object, bytes).map_err(|error| error.to_string())
    }

    fn get(&self, object: &str) -> Result<Option<Vec<u8>>, String> {
        ObjectFolder::get(self, object).map_err(|error| error.to_string())
    }

    fn any(&self, folder: &str) -> Result<Option<String>, String> {
        ObjectFolder::any(self, folder).map_err(|error| error.to_string())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        ObjectFolder::list(self, folder).map_err(|error| error.to_string())
    }

    fn remove(&self, object: &str) -> Result<(), String> {
        ObjectFolder::remove(self, object).map_err(|error| error.to_string())
    }
}
