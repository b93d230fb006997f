//! A snapshot that is written in parts.

use super::body::put_waiting;
use super::{MAGIC, State, VERSION, put_head, put_instant, put_text};
use crate::now::Now;
use crate::place::shard_of;
use crate::stored::Record;
use crate::waiting::Run;
use featc_ir::Truth;
use featr_kernels::events::Events;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_128;

/// A part ends with the entity that brings it to so many bytes: a few may have most of the events.
const PART_BYTES: usize = 1 << 20;

/// A snapshot that is taken in parts, each of which needs the engine for a moment: [`Engine::begin_snapshot`](crate::Engine::begin_snapshot),
/// [`Engine::put_part`](crate::Engine::put_part) until there is no more, [`Snapshotting::finish`].
///
/// # Contract
/// - With an engine that does not change meanwhile it is the state, canonical.
/// - Rows may be stepped in between parts, and let in, but not retracted, and nothing may be released. It has every row then that
///   was there when it began, and of those that came later some; an event that came in meanwhile may be in it before the
///   cut that it says. So who restores it, lets in what had been let in when it was finished, and steps in again what was stepped
///   in since it began, has the state of an engine that took in all of it.
#[derive(Debug)]
pub struct Snapshotting {
    out: Vec<u8>,
    /// The entities of logs, where they become records beside the snapshot.
    records: Option<Vec<Record>>,
    /// Those that are not written whole, the next one at the end.
    states: Vec<Part>,
}

/// A state as it was in the beginning.
#[derive(Debug)]
struct Part {
    /// Its position in the graph.
    place: usize,
    head: Vec<u8>,
    floor_us: Option<i64>,
    /// The entities that are not written, the least at the end once they are sorted.
    keys: Vec<Box<[u8]>>,
    is_sorted: bool,
    waiting: Vec<u8>,
    /// Where its body stands, and how many entities are written there.
    begun: Option<(usize, u64)>,
}

impl Snapshotting {
    /// Of each state its shards, one or more, which are at one cut. With `files` those entities of logs become records that no file
    /// has as they are, or that stand in one of these.
    pub(crate) fn begin<'a>(
        program: &str,
        now: &Now,
        states: impl Iterator<Item = Vec<&'a dyn State>>,
        files: Option<&BTreeSet<u64>>,
    ) -> Snapshotting {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        put_text(&mut out, program.as_bytes());
        match now.truth {
            Truth::Complete => out.push(0),
            Truth::AsOfArrival { delay_us: None } => out.push(1),
            Truth::AsOfArrival { delay_us: Some(us) } => {
                out.push(2);
                out.extend_from_slice(&us.to_le_bytes());
            }
            Truth::AsServed => {
                out.push(3);
                let cuts = now.cuts.iter().flatten();
                out.extend_from_slice(&(cuts.clone().count() as u32).to_le_bytes());
                for (source, cut_us) in cuts {
                    put_text(&mut out, source.as_bytes());
                    out.extend_from_slice(&cut_us.to_le_bytes());
                }
            }
        }
        put_instant(&mut out, now.cut_us);
        let keys = |state: &dyn State| match files.zip(state.log()) {
            Some((files, log)) => log.unwritten(files),
            None => state.entities(),
        };
        let part = |(place, shards): (usize, Vec<&dyn State>)| {
            let (mut head, mut waiting) = (Vec::new(), Vec::new());
            let state = shards[0];
            put_head(&mut head, state);
            put_waiting(&mut waiting, &Run::joined(shards.iter().map(|shard| shard.waiting())));
            Part {
                place,
                head,
                floor_us: state.floor_us(),
                keys: shards.iter().flat_map(|shard| keys(*shard)).collect(),
                is_sorted: false,
                waiting,
                begun: None,
            }
        };
        let mut states: Vec<Part> = states.enumerate().map(part).collect();
        out.extend_from_slice(&(states.len() as u32).to_le_bytes());
        states.reverse();
        Snapshotting {
            out,
            records: files.map(|_| Vec::new()),
            states,
        }
    }

    /// Does what has to be done for the next part without the engine.
    pub fn prepare(&mut self) {
        if let Some(part) = self.states.last_mut().filter(|part| !part.is_sorted) {
            part.keys.sort_unstable_by(|left, right| right.cmp(left));
            part.is_sorted = true;
        }
    }

    /// Writes the next `entities` entities of a state, or fewer where they have many events; tells whether there is more.
    pub(crate) fn put_part<'a>(
        &mut self,
        entities: usize,
        mut states: impl Iterator<Item = Vec<&'a dyn State>>,
    ) -> bool {
        self.prepare();
        let Some(part) = self.states.last_mut() else {
            return false;
        };
        let out = &mut self.out;
        let (body, mut written) = *part.begun.get_or_insert_with(|| {
            out.append(&mut part.head);
            // The length of the body, and in it the number of its entities.
            out.extend_from_slice(&[0; 16]);
            (out.len() - 8, 0)
        });
        if let Some(shards) = states.nth(part.place) {
            let (mut left, mut bytes_left) = (entities.max(1), PART_BYTES);
            while left > 0
                && bytes_left > 0
                && let Some(key) = part.keys.pop()
            {
                left -= 1;
                let shard = shard_of(&key, shards.len());
                let bytes = match self.records.as_mut().zip(shards[0].log()) {
                    Some((records, log)) => {
                        let mut bytes = Vec::new();
                        if !shards[shard].put_entity(&key, part.floor_us, &mut bytes) {
                            super::put_entity(&mut bytes, &key, &Events::new(log.lift_types()));
                        }
                        let (state, length) = (part.place, bytes.len());
                        records.push(Record {
                            state,
                            shard,
                            key,
                            bytes,
                        });
                        length
                    }
                    None => {
                        let before = out.len();
                        written += u64::from(shards[shard].put_entity(&key, part.floor_us, out));
                        out.len() - before
                    }
                };
                bytes_left = bytes_left.saturating_sub(bytes);
            }
        }
        part.begun = Some((body, written));
        if part.keys.is_empty() {
            out[body..body + 8].copy_from_slice(&written.to_le_bytes());
            out.append(&mut part.waiting);
            let length = (out.len() - body) as u64;
            out[body - 8..body].copy_from_slice(&length.to_le_bytes());
            self.states.pop();
        }
        !self.states.is_empty()
    }

    /// The records of the parts since the last call.
    pub fn take_records(&mut self) -> Vec<Record> {
        self.records.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The bytes, when there is no more part.
    pub fn finish(mut self) -> Vec<u8> {
        debug_assert!(self.states.is_empty());
        let sum = xxh3_128(&self.out);
        self.out.extend_from_slice(&sum.to_le_bytes());
        self.out
    }
}
