//! A folder of objects in memory, that refuses, loses answers and lets other things happen between two operations.
//!
//! It is compiled into the tests of `featr-online` and into those of all engines: who includes it names `Objects`.

use super::Objects;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

type Hook = Box<dyn FnOnce() + Send>;

/// Objects in memory.
#[derive(Default)]
struct Held {
    objects: BTreeMap<String, Vec<u8>>,
    /// Operations so far.
    done: u64,
    /// Before the operation with this number something else happens.
    before: Option<(u64, Hook)>,
    /// From this operation on all are refused; the first of them is done all the same if `true`.
    refused: Option<(u64, bool)>,
    /// Puts never find an object there.
    replaces: bool,
}

#[derive(Default, Clone)]
pub struct Store(Arc<Mutex<Held>>);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    fn operate<T>(&self, object: &str, do_it: impl FnOnce(&mut Held) -> T) -> Result<T, String> {
        let hook = {
            let mut held = self.0.lock().unwrap();
            held.done += 1;
            let now = held.done;
            held.before.take_if(|(at, _)| *at == now)
        };
        if let Some((_, hook)) = hook {
            hook();
        }
        let mut held = self.0.lock().unwrap();
        let refused = || Err(format!("`{object}`: nobody is there"));
        match held.refused {
            Some((from, true)) if held.done == from => {
                do_it(&mut held);
                refused()
            }
            Some((from, _)) if held.done >= from => refused(),
            _ => Ok(do_it(&mut held)),
        }
    }

    /// From the operation with this number on, counted from here, all are refused.
    pub fn refuse_from(&self, at: Option<(u64, bool)>) {
        let mut held = self.0.lock().unwrap();
        held.refused = at.map(|(at, is_done)| (held.done + at, is_done));
    }

    /// Before the operation with this number, counted from here, something happens.
    pub fn before(&self, at: u64, hook: Hook) {
        let mut held = self.0.lock().unwrap();
        held.before = Some((held.done + at, hook));
    }

    /// Whether that has happened.
    pub fn has_happened(&self) -> bool {
        self.0.lock().unwrap().before.is_none()
    }

    /// From now on objects that are to be put where none is replace those that are there.
    pub fn replace_all(&self) {
        self.0.lock().unwrap().replaces = true;
    }

    /// Operations so far.
    pub fn operations(&self) -> u64 {
        self.0.lock().unwrap().done
    }

    /// The names of objects that begin so.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let held = self.0.lock().unwrap();
        let below = held.objects.keys().filter(|name| name.starts_with(folder));
        below.cloned().collect()
    }
}

impl Objects for Store {
    fn name(&self, object: &str) -> String {
        format!("store/{object}")
    }

    fn put(&self, object: &str, bytes: Vec<u8>) -> Result<(), String> {
        self.operate(object, |held| drop(held.objects.insert(object.to_owned(), bytes)))
    }

    fn create(&self, object: &str, bytes: Vec<u8>) -> Result<bool, String> {
        self.operate(object, |held| {
            let is_there = held.objects.contains_key(object) && !held.replaces;
            if !is_there {
                held.objects.insert(object.to_owned(), bytes);
            }
            !is_there
        })
    }

    fn get(&self, object: &str) -> Result<Option<Vec<u8>>, String> {
        self.operate(object, |held| held.objects.get(object).cloned())
    }

    fn any(&self, folder: &str) -> Result<Option<String>, String> {
        self.operate(folder, |held| {
            held.objects.keys().find(|name| name.starts_with(folder)).cloned()
        })
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let below = format!("{folder}/");
        self.operate(folder, |held| {
            let names = held.objects.keys().filter(|name| name.starts_with(&below));
            names.cloned().collect()
        })
    }

    fn remove(&self, object: &str) -> Result<(), String> {
        self.operate(object, |held| drop(held.objects.remove(object)))
    }
}
