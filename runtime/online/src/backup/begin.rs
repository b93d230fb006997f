//! A process takes the backup of a state as its own, and the state from there where its folder has none.
//!
//! ```text
//! prepare   look at both, restore          nobody else notices
//! replay    program and state fit
//! claim     a manifest of our own          who owned the backup before can save nothing any more
//! ```

use super::manifest::{Saved, key, number};
use super::{ARCHIVE, Backup, DATA, MANIFESTS, Objects, State, is_ours, latest, refusal};
use crate::archive::{PUSHED, SERVED};
use crate::disk::Disk;
use crate::error::StateError;
use crate::locks::locked;
use crate::log::{self, Segment};
use crate::manifest::{self, Manifest};
use crate::mark::{self, Mark};
use crate::owner::{self, Owner};
use crate::recovery::{check_unused_but, read_manifest, segments};
use crate::refusals::refused;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// How often a restore is begun anew because a checkpoint was saved meanwhile.
const RESTORES: usize = 3;

/// What is found on a disk and in a folder of objects.
struct Found {
    here: Option<Manifest>,
    /// What the folder says of itself; a name of its own if it says nothing.
    owner: Owner,
    last: Saved,
}

impl Found {
    /// Looks; nothing is written.
    fn look(objects: &dyn Objects, disk: Option<&dyn Disk>) -> Result<Found, StateError> {
        let here = disk.map(read_manifest).transpose()?.flatten();
        let known = disk.map(owner::read).transpose()?.flatten();
        let last = latest(objects)?;
        if last.is_none()
            && let Some(found) = objects.any("").map_err(refusal)?
        {
            return Err(StateError::Foreign {
                folder: objects.name(""),
                found,
            });
        }
        // What a restore left that did not come to its end is no state.
        let is_restoring = known.as_ref().is_some_and(|owner| owner.restoring);
        let here = here.filter(|_| !is_restoring);
        if let Some(disk) = disk
            && let Some((here, last)) = here.as_ref().zip(last.as_ref())
        {
            let is_last = known.as_ref().is_some_and(|known| known.name == last.owner);
            if !is_last || !goes_on(disk, here, last.state.as_ref())? {
                return Err(StateError::NotLast {
                    folder: disk.name(""),
                    address: objects.name(""),
                });
            }
        }
        let owner = known.filter(|_| here.is_some()).unwrap_or_else(|| Owner {
            name: owner::fresh(),
            restoring: false,
        });
        let last = last.unwrap_or_else(|| Saved {
            number: 0,
            owner: owner.name.clone(),
            run: String::new(),
            state: None,
            objects: BTreeMap::new(),
        });
        Ok(Found { here, owner, last })
    }
}

/// Whether the state on a disk is not behind what was saved of it. A checkpoint is saved before it counts in the folder: one may
/// be ahead, and the log has what comes after it.
fn goes_on(disk: &dyn Disk, here: &Manifest, saved: Option<&Manifest>) -> Result<bool, StateError> {
    let Some(saved) = saved else { return Ok(true) };
    let is_ahead = saved.checkpoint == here.checkpoint + 1 && segments(disk)?.contains(&saved.first_segment);
    Ok(saved.epoch <= here.epoch && (saved.checkpoint <= here.checkpoint || is_ahead))
}

/// Removes what a restore that did not come to its end has written.
fn remove_state(disk: &dyn Disk) -> Result<(), StateError> {
    let mut files = vec![manifest::FILE.to_owned(), mark::FILE.to_owned()];
    for folder in ["checkpoint", "entities", "log"] {
        let names = disk.list(folder).map_err(refused(disk, folder))?;
        files.extend(names.into_iter().map(|name| format!("{folder}/{name}")));
    }
    files
        .iter()
        .try_for_each(|file| disk.remove(file).map_err(refused(disk, file)))
}

/// Restores a state on a disk that has none; `false`: it was replaced by a later one meanwhile.
fn restore(objects: &dyn Objects, disk: &dyn Disk, last: &Saved, state: &Manifest) -> Result<bool, StateError> {
    for file in state.files() {
        let object = last.objects.get(&file);
        let bytes = object.map_or(Ok(None), |object| objects.get(object)).map_err(refusal)?;
        let Some(bytes) = bytes else {
            return match latest(objects)?.is_some_and(|now| now.number > last.number) {
                true => Ok(false),
                false => Err(StateError::Damaged {
                    file: objects.name(object.unwrap_or(&file)),
                    why: "it is missing".to_owned(),
                }),
            };
        };
        disk.replace(&file, &bytes).map_err(refused(disk, &file))?;
    }
    let first = state.first_segment;
    let file = log::file(first);
    let segment = Segment::create(disk, first).map_err(refused(disk, &file))?;
    Mark::create(disk, (first, segment.len)).map_err(refused(disk, mark::FILE))?;
    disk.replace(manifest::FILE, &state.write())
        .map_err(refused(disk, manifest::FILE))?;
    Ok(true)
}

impl Backup {
    /// The checkpoint that [`Backup::prepare`] would restore, if it would, on a disk or in a folder that is not there yet. Nothing
    /// is written.
    ///
    /// # Errors
    /// As [`Backup::prepare`].
    pub fn look(objects: &dyn Objects, disk: Option<&dyn Disk>) -> Result<Option<u64>, StateError> {
        let found = Found::look(objects, disk)?;
        let state = found.last.state.filter(|_| found.here.is_none());
        Ok(state.map(|state| state.checkpoint))
    }

    /// The backup in a folder of objects, for the state on a disk. Where the disk has none, it is restored from there; tells the
    /// checkpoint that was restored, if one was. The backup is not ours yet: [`crate::Runtime::open`] claims it, when the
    /// program can go on with the state.
    ///
    /// # Errors
    /// [`StateError::NotLast`]: the backup is of another folder, or of a later state of this one; [`StateError::Foreign`];
    /// [`StateError::TakenOver`]: another process saves all the time; what is not whole; who refuses.
    pub fn prepare(objects: Arc<dyn Objects>, disk: &dyn Disk) -> Result<(Backup, Option<u64>), StateError> {
        for _ in 0..RESTORES {
            let Found { here, owner, last } = Found::look(&*objects, Some(disk))?;
            let state = last.state.clone().filter(|_| here.is_none());
            if here.is_none() {
                if owner::read(disk)?.is_some_and(|known| known.restoring) {
                    remove_state(disk)?;
                }
                // Files beside a state may have been brought here in front of it.
                let beside: &[&str] = if state.is_some() {
                    &[SERVED, PUSHED, "aside"]
                } else {
                    &[]
                };
                check_unused_but(disk, beside)?;
            }
            let restoring = state.is_some();
            owner::write(
                disk,
                &Owner {
                    restoring,
                    ..owner.clone()
                },
            )?;
            if let Some(state) = &state
                && !restore(&*objects, disk, &last, state)?
            {
                continue;
            }
            let restored = state.map(|state| state.checkpoint);
            let backup = Backup {
                owner: owner.name,
                run: owner::fresh(),
                state: Mutex::new(State::new(last)),
                objects,
            };
            return Ok((backup, restored));
        }
        Err(StateError::TakenOver {
            address: objects.name(""),
        })
    }

    /// Makes the backup ours: nobody else can save anything after it.
    ///
    /// # Errors
    /// [`StateError::TakenOver`]: another process saved meanwhile, or claimed it; [`StateError::Unconditional`]; who refuses.
    pub fn claim(&self, disk: &dyn Disk) -> Result<(), StateError> {
        let here = read_manifest(disk)?;
        let claim = {
            let state = locked(&self.state);
            Saved {
                number: state.last.number + 1,
                owner: self.owner.clone(),
                run: self.run.clone(),
                ..state.last.clone()
            }
        };
        let create = || self.objects.create(&key(claim.number), claim.write()).map_err(refusal);
        if !create()? && self.objects.get(&key(claim.number)).map_err(refusal)? != Some(claim.write()) {
            return Err(self.taken_over());
        }
        // A store that replaces what is there keeps nobody out.
        if create()? {
            return Err(StateError::Unconditional { address: self.name() });
        }
        let owner = Owner {
            name: self.owner.clone(),
            restoring: false,
        };
        owner::write(disk, &owner)?;
        self.take_stock(claim, here)
    }

    /// Looks at what is there after a claim, and removes what nobody names any more.
    fn take_stock(&self, claim: Saved, here: Option<Manifest>) -> Result<(), StateError> {
        let names = self.objects.list(MANIFESTS).map_err(refusal)?;
        let data = self.objects.list(DATA).map_err(refusal)?;
        let archive = format!("{ARCHIVE}/{}", self.owner);
        let archived = self.objects.list(&archive).map_err(refusal)?;
        let state = &mut *locked(&self.state);
        // Numbers of files are given again when a checkpoint does not come to its end: they say the same in one manifest alone.
        if here.map(|here| Manifest { end: None, ..here }) == claim.state {
            state.know(&claim.objects);
        }
        let numbers = names.iter().filter_map(|name| number(name));
        state.oldest = numbers.min().unwrap_or(claim.number);
        state.last = claim;
        let within = |name: &String| Some(name.strip_prefix(&archive)?.strip_prefix('/')?.to_owned());
        state.archived = archived.iter().filter_map(within).collect();
        // All that was listed was put by us, or by those who can put no manifest any more.
        self.check_behind(state.last.number)?;
        state.unnamed = data
            .into_iter()
            .filter(|object| is_ours(object))
            .collect::<BTreeSet<_>>();
        self.clear(state);
        Ok(())
    }
}
