//! A disk in memory that stops at any operation, and then loses, tears and keeps what was not synced, by seed. So with names: a
//! new file is there for sure once it was synced, and a removed one may come back.
//!
//! It is compiled into the tests of `featr-online` and into those of all engines: who includes it names `Append` and `Disk`.

use super::{Append, Disk};
use featr::Random;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// One file: what is durable, and what the system has been told since.
#[derive(Debug, Default, Clone)]
struct Content {
    durable: Vec<u8>,
    written: Vec<u8>,
    /// Whether its name is durable.
    is_named: bool,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Content>,
    /// Files that were removed since the last crash, with what was durable of them.
    removed: BTreeMap<String, Vec<u8>>,
    /// Whether operations panic, in place of being refused.
    panics: bool,
    /// What is refused: appending to files, replacing them, or syncing them, by how their names begin.
    refused: Vec<(&'static str, &'static str)>,
    /// How often each file was synced.
    syncs: BTreeMap<String, u64>,
    /// How long a sync takes.
    sync_takes: Duration,
    /// Operations until the machine stops.
    left: Option<u64>,
    /// Parts of files that were read.
    parts_read: u64,
    /// One more with each crash: what was open before is gone.
    life: u64,
    lost: Lost,
}

/// What crashes have done to files.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Files of which something was gone that had not been synced.
    pub files: u64,
    /// Of these, segments of the log of which a part was left, or a hole.
    pub torn: u64,
}

#[derive(Debug, Default, Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

fn stopped() -> io::Error {
    io::Error::other("the machine has stopped")
}

impl State {
    fn check(&self, what: &str, file: &str) -> io::Result<()> {
        let is_refused = |(refused, prefix): &(&str, &str)| *refused == what && file.starts_with(prefix);
        match self.refused.iter().any(is_refused) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl SimulatedDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with it")
    }

    /// Stops after so many operations.
    pub fn stop_after(&self, operations: u64) {
        self.state().left = Some(operations);
    }

    /// Lets every operation panic.
    pub fn panic_from_now(&self) {
        self.state().panics = true;
    }

    /// Refuses to `append`, `replace` or `sync` files with names that begin so; nothing else.
    pub fn refuse(&self, refused: &[(&'static str, &'static str)]) {
        self.state().refused = refused.to_vec();
    }

    /// Lets every sync take so long.
    pub fn slow(&self, sync_takes: Duration) {
        self.state().sync_takes = sync_takes;
    }

    pub fn syncs(&self, file: &str) -> u64 {
        self.state().syncs.get(file).copied().unwrap_or_default()
    }

    /// Whether it has stopped.
    pub fn has_stopped(&self) -> bool {
        self.state().left == Some(0)
    }

    /// Parts of files that were read so far.
    pub fn parts_read(&self) -> u64 {
        self.state().parts_read
    }

    /// What crashes have done so far.
    pub fn lost(&self) -> Lost {
        self.state().lost
    }

    /// Starts another process: what was open is gone, and all that was written is there.
    pub fn restart(&self) {
        let mut state = self.state();
        state.left = None;
        state.life += 1;
    }

    /// Starts the machine again. Of what was not synced each file keeps nothing, all, a part, or a part that is torn.
    pub fn crash(&self, random: &mut Random) {
        let mut state = self.state();
        state.left = None;
        state.life += 1;
        state
            .files
            .retain(|_, content| content.is_named || random.number() % 2 == 0);
        // In place of a file that was made again as well, where the new one is not there.
        for (name, durable) in std::mem::take(&mut state.removed) {
            if random.number() % 2 == 0 {
                state.files.entry(name).or_insert(Content {
                    written: durable.clone(),
                    durable,
                    is_named: true,
                });
            }
        }
        let mut lost = state.lost;
        for (name, content) in &mut state.files {
            let same = content
                .durable
                .iter()
                .zip(&content.written)
                .take_while(|(old, new)| old == new)
                .count();
            let below = |random: &mut Random, bound: usize| (random.number() % (bound as u64 + 1)) as usize;
            let kept = match random.number() % 4 {
                0 => content.durable.clone(),
                1 => content.written.clone(),
                2 => {
                    // The file's length, or less of it, is there; a page is not.
                    let mut torn = content.written.clone();
                    let from = same + below(random, torn.len() - same);
                    let to = (from + below(random, 64)).min(torn.len());
                    torn[from..to].fill(0);
                    torn
                }
                _ => {
                    let end = same + below(random, content.written.len() - same);
                    let mut part = content.written[..end].to_vec();
                    part.extend(content.durable.get(end..).unwrap_or_default());
                    part
                }
            };
            lost.files += u64::from(kept != content.written);
            let is_torn = ![&content.written, &content.durable].contains(&&kept);
            lost.torn += u64::from(is_torn && name.starts_with("log/"));
            *content = Content {
                durable: kept.clone(),
                written: kept,
                is_named: true,
            };
        }
        state.lost = lost;
    }

    /// Changes a byte of a file.
    pub fn flip(&self, file: &str, place: usize) {
        let mut state = self.state();
        let content = state.files.get_mut(file).expect("a file");
        content.written[place] ^= 1;
        content.durable = content.written.clone();
    }

    pub fn files(&self) -> Vec<(String, usize)> {
        let state = self.state();
        state
            .files
            .iter()
            .map(|(name, content)| (name.clone(), content.written.len()))
            .collect()
    }

    fn operate<T>(&self, do_it: impl FnOnce(&mut State) -> T) -> io::Result<T> {
        let mut state = self.state();
        if state.panics {
            drop(state);
            panic!("a disk that nobody can use");
        }
        match &mut state.left {
            Some(0) => return Err(stopped()),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(do_it(&mut state))
    }
}

impl Disk for SimulatedDisk {
    fn name(&self, file: &str) -> String {
        format!("disk/{file}")
    }

    fn read(&self, file: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.state().files.get(file).map(|content| content.written.clone()))
    }

    fn read_part(&self, file: &str, from: u64, bytes: u64) -> io::Result<Vec<u8>> {
        self.state().parts_read += 1;
        let all = self.read(file)?.ok_or(io::ErrorKind::NotFound)?;
        let part = all.get(from as usize..(from + bytes) as usize);
        part.map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let state = self.state();
        let below = state.files.keys().filter_map(|name| name.strip_prefix(&prefix));
        let mut names: Vec<String> = below
            .filter_map(|rest| rest.split('/').next())
            .map(str::to_owned)
            .collect();
        names.dedup();
        Ok(names)
    }

    fn append(&self, file: &str, len: u64) -> io::Result<Box<dyn Append>> {
        let life = self.operate(|state| {
            let content = state.files.entry(file.to_owned()).or_default();
            content.written.resize(len as usize, 0);
            state.life
        })?;
        Ok(Box::new(SimulatedFile {
            disk: self.clone(),
            file: file.to_owned(),
            life,
        }))
    }

    fn replace(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let content = Content {
            durable: bytes.to_vec(),
            written: bytes.to_vec(),
            is_named: true,
        };
        self.operate(|state| {
            state.check("replace", file)?;
            state.removed.remove(file);
            state.files.insert(file.to_owned(), content);
            Ok(())
        })?
    }

    fn remove(&self, file: &str) -> io::Result<()> {
        self.operate(|state| {
            if let Some(content) = state.files.remove(file).filter(|content| content.is_named) {
                state.removed.insert(file.to_owned(), content.durable);
            }
        })
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    file: String,
    life: u64,
}

impl SimulatedFile {
    fn operate(&self, do_it: impl FnOnce(&mut Content)) -> io::Result<()> {
        let life = self.life;
        self.disk.operate(
            |state| match state.files.get_mut(&self.file).filter(|_| state.life == life) {
                Some(content) => {
                    do_it(content);
                    Ok(())
                }
                None => Err(stopped()),
            },
        )?
    }
}

impl Append for SimulatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let refused = self.disk.state().check("append", &self.file);
        // A write that stops in the middle, as on a disk that is full.
        let (first, second) = bytes.split_at(bytes.len() / 2);
        self.operate(|content| content.written.extend_from_slice(first))?;
        refused?;
        self.operate(|content| content.written.extend_from_slice(second))
    }

    fn put(&mut self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.operate(|content| {
            let (start, end) = (place as usize, place as usize + bytes.len());
            content.written.resize(content.written.len().max(end), 0);
            content.written[start..end].copy_from_slice(bytes);
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        let file = self.file.clone();
        self.disk.state().check("sync", &file)?;
        let takes = self.disk.state().sync_takes;
        std::thread::sleep(takes);
        *self.disk.state().syncs.entry(file).or_default() += 1;
        self.operate(|content| {
            content.durable = content.written.clone();
            content.is_named = true;
        })
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.operate(|content| {
            content.written.resize(len as usize, 0);
            content.durable = content.written.clone();
        })
    }
}
