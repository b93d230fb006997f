//! The files of a source: those that are there, those that come, those that were renamed, and those that go.

use crate::beside::{Beside, former, plain};
use crate::open_files::unopened;
use crate::place::{Id, Position};
use crate::split::Split;
use crate::text::Look;
use featc_ir::FileSet;
use featr_decode::{DecodeError, LocalStore, expand_in};
use featr_online::{Ended, Positions, Progress, Reading, Sender, Unread};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often it is looked whether something has come.
const EVERY: Duration = Duration::from_millis(50);
/// Who writes to a file that was renamed may do so for a while.
const GRACE: Duration = Duration::from_secs(2);
/// So long nothing may be where files are looked for before it is told.
const ABSENT: Duration = Duration::from_secs(2);

/// So much is told of files that cannot be opened.
const TOLD_MAX: usize = 1_000;

/// What is said of a file that is not the one any more that was read.
const ANEW: &str = "nothing: it is read from its beginning, and rows that come again count once";

/// The same of one that is not where it is looked for.
const GONE: &str = "nothing, if the rest of it may be missing; else push its rows";

/// What was found, by name: where it lies, and which file it is.
type There = BTreeMap<String, (PathBuf, Id)>;

#[derive(Debug)]
pub struct Files {
    set: FileSet,
    base: PathBuf,
    known: BTreeMap<String, Split>,
    /// Files that are not where they are looked for any more, each with the instant since when nothing of it came.
    leaving: Vec<(Split, Instant)>,
    /// Positions of the start, by name, that are of no file so far.
    unclaimed: BTreeMap<String, Position>,
    /// Whether nothing was looked for yet.
    is_first: bool,
    /// Since when there is nothing.
    absent: Option<Instant>,
    /// What was told of files that are there and cannot be opened.
    told: BTreeSet<String>,
    /// So many files of text are kept open.
    open_max: usize,
}

impl Files {
    /// Of files of which so many are kept open at most.
    pub fn new(sender: &Sender, set: FileSet, base: PathBuf, open_max: usize) -> Files {
        let positions = sender.feed.positions().into_iter();
        let known = |(name, position)| Some((name, serde_json::from_value(position).ok()?));
        Files {
            set,
            base,
            known: BTreeMap::new(),
            leaving: Vec::new(),
            unclaimed: positions.filter_map(known).collect(),
            is_first: true,
            absent: None,
            told: BTreeSet::new(),
            open_max,
        }
    }

    /// Reads until the state is closed.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn read(mut self, sender: &mut Sender) -> Result<(), Ended> {
        loop {
            let has_moved = self.look(sender)?;
            self.show(sender);
            if !has_moved {
                sender.settle()?;
                self.show(sender);
                sender.feed.caught_up();
                sender.pause(EVERY)?;
            }
        }
    }

    /// Looks at everything once; whether something was read.
    fn look(&mut self, sender: &mut Sender) -> Result<bool, Ended> {
        if let Some(there) = self.list(sender) {
            self.meet(&there, sender)?;
        }
        let mut has_moved = false;
        let mut told = Vec::new();
        for (mut split, since) in std::mem::take(&mut self.leaving) {
            let is_end = since.elapsed() >= GRACE;
            let look = split.look(sender, is_end)?;
            has_moved |= look == Look::Moved;
            match (look, is_end) {
                // The same look again: with `is_end` it ends after its last piece.
                (Look::Moved, _) => self.leaving.push((split, Instant::now())),
                (Look::Nothing, false) => self.leaving.push((split, since)),
                (Look::Unopened(why, help), _) => {
                    told.push((why, help));
                    self.leaving.push((split, since));
                }
                (look, _) => {
                    if let Look::Refused(why) | Look::Replaced(why) = look {
                        sender.feed.tell("E0815", split.name(), why, GONE);
                    }
                    let positions = [(split.name().to_owned(), Value::Null)].into();
                    let from = split.name().to_owned();
                    sender.moved(Reading { from, positions })?;
                }
            }
        }
        let format = self.set.format;
        let mut lost = Vec::new();
        let mut open = self.known.values().filter(|split| split.open_since().is_some()).count();
        for (name, split) in &mut self.known {
            let was_open = split.open_since().is_some();
            let look = split.look(sender, false)?;
            // All may have been written to at once.
            if !was_open && split.open_since().is_some() {
                open += 1;
                if open > self.open_max + self.open_max / 4 {
                    split.close();
                    open -= 1;
                }
            }
            match look {
                Look::Nothing => {}
                Look::Unopened(why, help) => told.push((why, help)),
                Look::Moved => has_moved = true,
                Look::Refused(why) => {
                    let help = "mend the file, or take it away: the others are read";
                    sender.feed.tell("E0816", name, why, help);
                }
                Look::Replaced(why) => {
                    sender.feed.tell("E0815", name, why, ANEW);
                    let path = self.base.join(name);
                    match Split::open((name, &path), format, None) {
                        Ok(Some(anew)) => {
                            has_moved = true;
                            *split = anew;
                        }
                        // Met again when the folder is listed.
                        Ok(None) | Err(_) => lost.push(name.clone()),
                    }
                }
            }
        }
        for name in lost {
            self.known.remove(&name);
        }
        for (why, help) in told {
            self.tell_once(sender, why, help);
        }
        self.close_quiet();
        Ok(has_moved)
    }

    /// Closes the files that have been quiet longest, if too many are open.
    fn close_quiet(&mut self) {
        let all = self.known.values_mut();
        let mut open: Vec<(Instant, &mut Split)> = all.filter_map(|split| Some((split.open_since()?, split))).collect();
        let beyond = open.len().saturating_sub(self.open_max);
        if beyond > 0 {
            open.sort_by_key(|(since, _)| *since);
            open.iter_mut().take(beyond).for_each(|(_, split)| split.close());
        }
    }

    /// What is there; `None`: that is not known.
    fn list(&mut self, sender: &Sender) -> Option<There> {
        let listed = match expand_in(&LocalStore, &self.set, &self.base) {
            Ok(listed) => {
                self.absent = None;
                listed
            }
            Err(DecodeError::NoFiles { why, .. }) => {
                let since = *self.absent.get_or_insert_with(Instant::now);
                if since.elapsed() >= ABSENT {
                    self.tell_once(sender, why, "it is read when it is there");
                }
                Vec::new()
            }
            Err(error) => {
                let help = error.help().unwrap_or_else(|| "mend the permissions".to_owned());
                self.tell_once(sender, error.to_string(), &help);
                return None;
            }
        };
        // Positions are kept by name, and two such names would be one.
        for file in listed.iter().filter(|file| file.path.to_str().is_none()) {
            let why = format!("the name of `{}` is not UTF-8, so the file is not read", file.name);
            self.tell_once(sender, why, "rename it");
        }
        let about = |file: featr_decode::InputFile| {
            file.path.to_str()?;
            // What goes meanwhile is not there.
            let about = std::fs::metadata(&file.path).ok()?;
            Some((file.name.to_string(), (file.path, Id::of(&about))))
        };
        Some(listed.into_iter().filter_map(about).collect())
    }

    fn tell_once(&mut self, sender: &Sender, why: String, help: &str) {
        if self.told.len() < TOLD_MAX && self.told.insert(why.clone()) {
            sender.feed.tell("E0816", &self.set.paths.join(", "), why, help);
        }
    }

    /// Finds the files again that are known, and meets those that are not.
    fn meet(&mut self, there: &There, sender: &mut Sender) -> Result<(), Ended> {
        let is_there = |split: &Split| there.get(split.name()).is_some_and(|(_, id)| *id == split.id());
        let gone: Vec<String> = self
            .known
            .values()
            .filter(|split| !is_there(split))
            .map(|split| split.name().to_owned())
            .collect();
        let mut gone: Vec<Split> = gone.iter().filter_map(|name| self.known.remove(name)).collect();
        let mut moved = Positions::new();
        let mut new: Vec<(&String, &(PathBuf, Id))> = there
            .iter()
            .filter(|(name, _)| !self.known.contains_key(*name))
            .collect();
        // Renamed since the last look.
        new.retain(|(name, (path, id))| {
            let Some(at) = gone.iter().position(|split| split.id() == *id) else {
                return true;
            };
            let mut split = gone.swap_remove(at);
            moved.entry(split.name().to_owned()).or_insert(Value::Null);
            split.renamed(name, path);
            moved.insert((*name).clone(), split.position().json());
            self.known.insert((*name).clone(), split);
            false
        });
        self.claim(&mut new, &mut moved, sender);
        let is_crowded = there.len() > self.open_max;
        for (name, (path, _)) in new {
            match Split::open((name, path), self.set.format, None) {
                Ok(Some(mut split)) => {
                    if is_crowded {
                        split.close();
                    }
                    self.known.insert(name.clone(), split);
                }
                Ok(None) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let (why, help) = unopened(name, &error);
                    self.tell_once(sender, why, help);
                }
            }
        }
        let mut beside = Beside::default();
        for split in gone {
            if let Split::Whole(_) = split
                && there.contains_key(split.name())
            {
                sender
                    .feed
                    .tell("E0815", split.name(), "another file has taken its place", ANEW);
            }
            self.leave(split, &mut moved, &mut beside, sender);
        }
        if std::mem::take(&mut self.is_first) {
            self.look_for_unclaimed(there, &mut moved, sender);
        }
        if moved.is_empty() {
            return Ok(());
        }
        let from = self.set.paths.join(", ");
        sender.moved(Reading { from, positions: moved })
    }

    /// Gives files the positions of the start that are theirs: by name, or else as the same files under other names.
    fn claim(&mut self, new: &mut Vec<(&String, &(PathBuf, Id))>, moved: &mut Positions, sender: &Sender) {
        if self.unclaimed.is_empty() {
            return;
        }
        let format = self.set.format;
        let opened = |place: (&str, &Path), known: &Position| {
            let mut split = Split::open(place, format, Some(known)).unwrap_or_else(|error| {
                let (why, help) = unopened(place.0, &error);
                sender.feed.tell("E0816", place.0, why, help);
                None
            });
            // It is opened when there is something to read.
            split.iter_mut().for_each(Split::close);
            split
        };
        new.retain(|(name, (path, _))| {
            let known = self.unclaimed.get(*name);
            let Some(split) = known.and_then(|known| opened((name, path), known)) else {
                return true;
            };
            self.unclaimed.remove(*name);
            self.known.insert((*name).clone(), split);
            false
        });
        new.retain(|(name, (path, id))| {
            let same = self.unclaimed.iter().filter(|(_, position)| position.id() == *id);
            let mut same = same.filter_map(|(former, known)| Some((former.clone(), opened((name, path), known)?)));
            let Some((former, split)) = same.next() else {
                return true;
            };
            self.unclaimed.remove(&former);
            moved.entry(former).or_insert(Value::Null);
            moved.insert((*name).clone(), split.position().json());
            self.known.insert((*name).clone(), split);
            false
        });
    }

    /// A file that is not where it is looked for any more: text is read to its end, under a name that no other has.
    fn leave(&mut self, mut split: Split, moved: &mut Positions, beside: &mut Beside, sender: &Sender) {
        moved.entry(split.name().to_owned()).or_insert(Value::Null);
        let Split::Text(text) = &split else {
            return;
        };
        let found = match text.open_since() {
            Some(_) => Some(PathBuf::new()),
            None => beside.find(text.path(), split.id()),
        };
        let Some(path) = found else {
            if split.unread_bytes() > 0 {
                let why = format!(
                    "it was taken away before {} bytes of it were read",
                    split.unread_bytes()
                );
                sender.feed.tell("E0815", split.name(), why, GONE);
            }
            return;
        };
        let name = former(split.name(), split.id());
        split.renamed(&name, &path);
        moved.insert(name, split.position().json());
        self.leaving.push((split, Instant::now()));
    }

    /// What positions of the start are of no file: text may have been renamed to where nobody looks; its folder is searched.
    fn look_for_unclaimed(&mut self, there: &There, moved: &mut Positions, sender: &Sender) {
        let mut beside = Beside::default();
        for (name, position) in std::mem::take(&mut self.unclaimed) {
            let path = self.base.join(plain(&name));
            let format = self.set.format;
            let found = beside.find(&path, position.id()).and_then(|path| {
                let under = former(&name, position.id());
                Split::open((&under, &path), format, Some(&position)).ok().flatten()
            });
            moved.entry(name.clone()).or_insert(Value::Null);
            match (found, &position) {
                (Some(split @ Split::Text(_)), _) => {
                    moved.insert(split.name().to_owned(), split.position().json());
                    self.leaving.push((split, Instant::now()));
                }
                (_, Position::Text(text)) if there.contains_key(&name) => {
                    let why = format!(
                        "it is not the file any more of which {} bytes were read, and that one is not in its folder: what was \
                         added to it since is not read",
                        text.bytes
                    );
                    sender.feed.tell("E0815", &name, why, ANEW);
                }
                (_, Position::Whole(whole)) if there.contains_key(&name) => {
                    let why = format!("it has changed since {} rows of it were read", whole.rows);
                    sender.feed.tell("E0815", &name, why, ANEW);
                }
                // What was read and then taken away is the life of a folder.
                (_, Position::Text(_) | Position::Whole(_)) => {}
            }
        }
    }

    fn show(&self, sender: &Sender) {
        let all = || self.known.values().chain(self.leaving.iter().map(|(split, _)| split));
        sender.feed.show(Progress {
            splits: all().count() as u64,
            unread: Unread::Bytes(all().map(Split::unread_bytes).sum::<u64>() + sender.sent_bytes),
            refused: all().filter(|split| split.is_refused()).count() as u64,
            has_ended: false,
        });
    }
}
