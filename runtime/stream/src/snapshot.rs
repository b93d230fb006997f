//! Snapshots: the state of an engine as canonical bytes.
//!
//! ```text
//! "FEATSNAP"  version u32  program  truth  cut  states u32 { head  body }  xxh3-128
//! head:       state_key  source  transform  keys u32 {name}  columns u32 {key, type}  to be rebuilt u8  floor
//!             length of the body u64
//! body:       entities  waiting
//! entities:   number u64  { key  events u32  columns }
//! waiting:    number u32  arrivals i64…  weights  keys…  columns
//! truth:      0 complete; 1 as of arrival; 2 the same, and the delay u64 that overrides those of sources;
//!             3 as served: number u32 { source  cut i64 }, ascending by source
//! cut, floor: 0; or 1 and an instant i64
//! weights:    0 (insertions); or 1 and a byte per row, 0 insertion, 1 retraction
//! columns:    τ i64…  ids…  digests u128…  poison  lifts…
//! text:       length u32, bytes          tags: 0, or 1 and one byte per row
//! ```
//!
//! All integers are little-endian. Entities ascend by key, events by (τ, id, digest); pages leave no trace, and what a
//! row that is not valid holds is written as zero. What waits ascends by (key, τ, id, digest, arrival), and copies of one
//! arrival are one. Events up to the floor are not written. So two engines that have seen the same set of rows up to the
//! same cut, in whatever order, chunking and multiplicity, write the same bytes.

mod body;
mod columns;
mod state;
mod writing;

pub(crate) use body::{RecordHead, put_entity, record_head, take_record};
pub(crate) use state::{Schema, State, StateColumn, StateKind};
pub use writing::Snapshotting;

use crate::now::{Cuts, Now};
use crate::restored::LogName;
use featc_ir::{Truth, Type};
use std::fmt;
use xxhash_rust::xxh3::xxh3_128;

const MAGIC: &[u8; 8] = b"FEATSNAP";
/// A reader refuses any other.
pub const VERSION: u32 = 3;

/// Why a snapshot could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreError {
    /// The graph given with it is broken.
    Graph(featc_ir::Bug),
    /// Not a snapshot, or cut short, or changed since it was written; what was seen first.
    Corrupt(&'static str),
    /// Written by another version of the format.
    OtherVersion { found: u32, known: u32 },
    /// Written in another truth, or with another delay.
    OtherTruth { found: Truth, wanted: Truth },
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::Graph(bug) => bug.fmt(f),
            RestoreError::Corrupt(what) => write!(f, "the snapshot is damaged: {what}"),
            RestoreError::OtherVersion { found, known } => {
                write!(f, "the snapshot has format version {found}; this engine reads {known}")
            }
            RestoreError::OtherTruth { found, wanted } => {
                write!(
                    f,
                    "the snapshot was written in truth {}, not {}",
                    in_words(*found),
                    in_words(*wanted)
                )
            }
        }
    }
}

impl std::error::Error for RestoreError {}

fn in_words(truth: Truth) -> String {
    match truth {
        Truth::Complete => "complete".to_owned(),
        Truth::AsOfArrival { delay_us: None } => "as of arrival".to_owned(),
        Truth::AsOfArrival { delay_us: Some(us) } => format!("as of arrival with a delay of {us} µs"),
        Truth::AsServed => "as served".to_owned(),
    }
}

/// One state in a snapshot.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub key: String,
    pub name: LogName,
    pub columns: Vec<StateColumn>,
    pub to_be_rebuilt: bool,
    /// Events with τ ≤ this had been released.
    pub floor_us: Option<i64>,
    body: &'a [u8],
}

impl<'a> Section<'a> {
    pub fn body(&self) -> Reader<'a> {
        Reader { bytes: self.body }
    }

    /// Types of what its events carry.
    pub(crate) fn types(&self) -> Vec<Type> {
        self.columns.iter().map(|column| column.ty).collect()
    }
}

/// Reads from the front of a slice; never beyond its end.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], RestoreError> {
        let (head, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or(RestoreError::Corrupt("it ends too early"))?;
        self.bytes = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        self.take(N).map(|bytes| bytes.try_into().unwrap_or([0; N]))
    }

    fn u32(&mut self) -> Result<u32, RestoreError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, RestoreError> {
        self.array().map(u64::from_le_bytes)
    }

    fn u8(&mut self) -> Result<u8, RestoreError> {
        self.array().map(u8::from_le_bytes)
    }

    /// Checks that the snapshot is one of this truth; returns it with its cuts.
    pub(crate) fn header(&mut self, wanted: Truth) -> Result<Now, RestoreError> {
        // What was compiled is told apart by its states.
        let _program = self.string()?;
        let found = match self.u8()? {
            0 => Truth::Complete,
            1 => Truth::AsOfArrival { delay_us: None },
            2 => Truth::AsOfArrival {
                delay_us: Some(self.u64()?),
            },
            3 => Truth::AsServed,
            _ => return Err(RestoreError::Corrupt("a truth is unknown")),
        };
        if found != wanted {
            return Err(RestoreError::OtherTruth { found, wanted });
        }
        let mut now = Now::of(found);
        if now.cuts.is_some() {
            now.cuts = Some(self.cuts()?);
        }
        now.cut_us = self.instant()?;
        Ok(now)
    }

    fn cuts(&mut self) -> Result<Cuts, RestoreError> {
        let mut cuts = Cuts::new();
        for _ in 0..self.u32()? {
            let source = self.string()?;
            if cuts.last_key_value().is_some_and(|(last, _)| *last >= source) {
                return Err(RestoreError::Corrupt("cuts are not in order"));
            }
            let cut_us = self.array().map(i64::from_le_bytes)?;
            cuts.insert(source, cut_us);
        }
        Ok(cuts)
    }

    fn instant(&mut self) -> Result<Option<i64>, RestoreError> {
        match self.u8()? {
            0 => Ok(None),
            1 => self.array().map(|bytes| Some(i64::from_le_bytes(bytes))),
            _ => Err(RestoreError::Corrupt("an instant flag is neither 0 nor 1")),
        }
    }

    /// Reads the heads of all states, and finds their bodies.
    pub(crate) fn sections(mut self, cut_us: Option<i64>) -> Result<Vec<Section<'a>>, RestoreError> {
        let mut sections = Vec::new();
        for _ in 0..self.u32()? {
            let section = self.section()?;
            if section
                .floor_us
                .is_some_and(|floor| cut_us.is_none_or(|cut| floor > cut))
            {
                return Err(RestoreError::Corrupt("more was released than the cut allows"));
            }
            sections.push(section);
        }
        match self.bytes.is_empty() {
            true => Ok(sections),
            false => Err(RestoreError::Corrupt("something follows its end")),
        }
    }

    fn section(&mut self) -> Result<Section<'a>, RestoreError> {
        let (key, source, transform) = (self.string()?, self.string()?, self.string()?);
        let (mut keys, mut columns) = (Vec::new(), Vec::new());
        for _ in 0..self.u32()? {
            keys.push(self.string()?);
        }
        for _ in 0..self.u32()? {
            let key = self.string()?;
            columns.push(StateColumn {
                key,
                ty: columns::take_type(self)?,
            });
        }
        let to_be_rebuilt = match self.u8()? {
            0 => false,
            1 => true,
            _ => return Err(RestoreError::Corrupt("a flag is neither 0 nor 1")),
        };
        let floor_us = self.instant()?;
        let length = self.u64()?;
        let length = usize::try_from(length).map_err(|_| RestoreError::Corrupt("it ends too early"))?;
        Ok(Section {
            key,
            name: LogName {
                source,
                transform,
                keys,
            },
            columns,
            to_be_rebuilt,
            floor_us,
            body: self.take(length)?,
        })
    }

    fn text(&mut self) -> Result<&'a [u8], RestoreError> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    fn string(&mut self) -> Result<String, RestoreError> {
        let text = std::str::from_utf8(self.text()?).map_err(|_| RestoreError::Corrupt("a name is not UTF-8"))?;
        Ok(text.to_owned())
    }
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text);
}

fn put_instant(out: &mut Vec<u8>, instant: Option<i64>) {
    out.push(u8::from(instant.is_some()));
    instant
        .iter()
        .for_each(|instant| out.extend_from_slice(&instant.to_le_bytes()));
}

fn put_head(out: &mut Vec<u8>, state: &dyn State) {
    let Schema { key, columns } = state.schema();
    let name = state.name();
    for text in [key, &name.source, &name.transform] {
        put_text(out, text.as_bytes());
    }
    out.extend_from_slice(&(name.keys.len() as u32).to_le_bytes());
    name.keys.iter().for_each(|key| put_text(out, key.as_bytes()));
    out.extend_from_slice(&(columns.len() as u32).to_le_bytes());
    for column in columns {
        put_text(out, column.key.as_bytes());
        columns::put_type(out, column.ty);
    }
    out.push(u8::from(state.is_to_be_rebuilt()));
    put_instant(out, state.floor_us());
}

/// Checks that bytes are a whole snapshot of this version, by their checksum; of what program and truth does not matter.
///
/// # Errors
/// [`RestoreError::Corrupt`], [`RestoreError::OtherVersion`].
pub fn check(bytes: &[u8]) -> Result<(), RestoreError> {
    open(bytes).map(|_| ())
}

/// Checks that bytes are a whole snapshot of this version; what is left to read begins with the header.
pub(crate) fn open(bytes: &[u8]) -> Result<Reader<'_>, RestoreError> {
    let body = bytes
        .len()
        .checked_sub(16)
        .ok_or(RestoreError::Corrupt("it is too short"))?;
    let (body, sum) = bytes.split_at(body);
    let mut reader = Reader { bytes: body };
    if reader.take(MAGIC.len())? != MAGIC {
        return Err(RestoreError::Corrupt("it does not begin like a snapshot"));
    }
    // All versions end in this sum: a version that is damaged is no other one.
    if xxh3_128(body).to_le_bytes() != sum {
        return Err(RestoreError::Corrupt("its checksum does not match"));
    }
    let found = reader.u32()?;
    if found != VERSION {
        return Err(RestoreError::OtherVersion { found, known: VERSION });
    }
    Ok(reader)
}
