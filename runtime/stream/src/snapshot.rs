//! Snapshots: the state of an engine as canonical bytes.
//!
//! ```text
//! "FEATSNAP"  version u32  program  truth  cut  logs u32  { state_key  entities  waiting }
//!             xxh3-128
//! entities:   number u64  { key  events u32  columns }
//! waiting:    number u32  arrivals i64…  keys…  columns
//! truth:      0 complete; 1 as of arrival; 2 the same, and the delay u64 that overrides those of sources
//! cut:        0; or 1 and an instant i64
//! columns:    τ i64…  ids…  digests u128…  poison  lifts…
//! text:       length u32, bytes          tags: 0, or 1 and one byte per row
//! ```
//!
//! All integers are little-endian. Entities ascend by key, events by (τ, id, digest); pages leave no trace, and what a
//! row that is not valid holds is written as zero. Of what waits stands what the log does not hold, by (key, τ, id,
//! digest), each event once and with its least arrival. So two engines that have seen the same set of rows up to the
//! same cut, in whatever order, chunking and multiplicity, write the same bytes.

mod columns;

use crate::operators::log::Log;
use crate::operators::waiting::{Run, Waiting};
use featc_ir::Truth;
use featr_kernels::events::Events;
use std::cmp::Ordering;
use std::fmt;
use xxhash_rust::xxh3::xxh3_128;

const MAGIC: &[u8; 8] = b"FEATSNAP";
/// A reader refuses any other.
pub const VERSION: u32 = 2;

/// Why a snapshot could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreError {
    /// The graph given with it is broken.
    Graph(featc_ir::Bug),
    /// Not a snapshot, or cut short, or changed since it was written; what was seen first.
    Corrupt(&'static str),
    /// Written by another version of the format.
    OtherVersion { found: u32 },
    /// Written by another program.
    OtherProgram { found: String, wanted: String },
    /// Written in another truth, or with another delay.
    OtherTruth { found: Truth, wanted: Truth },
    /// Written by a log whose state this graph's cannot use (or the graph has a different number of logs).
    OtherState { found: Vec<String>, wanted: Vec<String> },
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::Graph(bug) => bug.fmt(f),
            RestoreError::Corrupt(what) => write!(f, "the snapshot is damaged: {what}"),
            RestoreError::OtherVersion { found } => {
                write!(
                    f,
                    "the snapshot has format version {found}; this engine reads {VERSION}"
                )
            }
            RestoreError::OtherProgram { found, wanted } => {
                write!(f, "the snapshot was written by program {found}, not {wanted}")
            }
            RestoreError::OtherTruth { found, wanted } => {
                write!(
                    f,
                    "the snapshot was written in truth {}, not {}",
                    in_words(*found),
                    in_words(*wanted)
                )
            }
            RestoreError::OtherState { found, wanted } => {
                write!(
                    f,
                    "the snapshot holds the states [{}], not [{}]",
                    found.join(", "),
                    wanted.join(", ")
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
    }
}

/// What a snapshot says before its logs.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub program: String,
    pub truth: Truth,
    pub cut_us: Option<i64>,
}

/// An empty log that a snapshot is read into.
#[derive(Debug)]
pub(crate) struct LogState<'a> {
    pub key: &'a str,
    pub log: &'a mut Log,
    pub waiting: &'a mut Waiting,
    /// The greatest arrival that does not wait; `None` where nothing does.
    pub visible_until: Option<i128>,
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

    /// Checks that the snapshot is one of this program and truth; returns its cut.
    pub(crate) fn header(&mut self, program: &str, truth: Truth) -> Result<Option<i64>, RestoreError> {
        let found = self.string()?;
        if found != program {
            return Err(RestoreError::OtherProgram {
                found,
                wanted: program.to_owned(),
            });
        }
        let found = match self.u8()? {
            0 => Truth::Complete,
            1 => Truth::AsOfArrival { delay_us: None },
            2 => Truth::AsOfArrival {
                delay_us: Some(self.u64()?),
            },
            _ => return Err(RestoreError::Corrupt("a truth is unknown")),
        };
        if found != truth {
            return Err(RestoreError::OtherTruth { found, wanted: truth });
        }
        match (self.u8()?, truth) {
            (0, _) => Ok(None),
            (1, Truth::AsOfArrival { .. }) => self.array().map(|bytes| Some(i64::from_le_bytes(bytes))),
            (_, _) => Err(RestoreError::Corrupt("a cut is out of place")),
        }
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

/// Writes the state of the logs, each with its state key, in graph order.
pub(crate) fn write(header: &Header, logs: &[(&str, &Log, &Waiting)]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    put_text(&mut out, header.program.as_bytes());
    match header.truth {
        Truth::Complete => out.push(0),
        Truth::AsOfArrival { delay_us: None } => out.push(1),
        Truth::AsOfArrival { delay_us: Some(us) } => {
            out.push(2);
            out.extend_from_slice(&us.to_le_bytes());
        }
    }
    out.push(u8::from(header.cut_us.is_some()));
    if let Some(cut_us) = header.cut_us {
        out.extend_from_slice(&cut_us.to_le_bytes());
    }
    out.extend_from_slice(&(logs.len() as u32).to_le_bytes());
    for (state_key, log, waiting) in logs {
        put_text(&mut out, state_key.as_bytes());
        let entities = log.sorted();
        out.extend_from_slice(&(entities.len() as u64).to_le_bytes());
        for (key, entity) in entities {
            put_text(&mut out, key);
            let mut events = Events::new(log.lift_types());
            entity.pages().for_each(|page| events.append(page));
            out.extend_from_slice(&(events.len() as u32).to_le_bytes());
            columns::put_events(&mut out, &events);
        }
        let waiting = waiting.sorted(log);
        out.extend_from_slice(&(waiting.arrivals.len() as u32).to_le_bytes());
        let arrivals = waiting.arrivals.iter();
        arrivals.for_each(|arrival| out.extend_from_slice(&arrival.to_le_bytes()));
        waiting.entities.iter().for_each(|key| put_text(&mut out, key));
        columns::put_events(&mut out, &waiting.events);
    }
    let sum = xxh3_128(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
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
    let found = reader.u32()?;
    if found != VERSION {
        return Err(RestoreError::OtherVersion { found });
    }
    if xxh3_128(body).to_le_bytes() != sum {
        return Err(RestoreError::Corrupt("its checksum does not match"));
    }
    Ok(reader)
}

/// Reads what follows the header into empty logs of the same graph.
pub(crate) fn read(mut reader: Reader<'_>, logs: &mut [LogState<'_>]) -> Result<(), RestoreError> {
    let count = reader.u32()? as usize;
    let mut found = Vec::new();
    for position in 0..count {
        found.push(reader.string()?);
        let known = logs
            .get_mut(position)
            .filter(|state| found.last().is_some_and(|key| key == state.key));
        let Some(state) = known else {
            return Err(other_state(found, logs));
        };
        read_log(&mut reader, state.log)?;
        read_waiting(&mut reader, state)?;
    }
    if count != logs.len() {
        return Err(other_state(found, logs));
    }
    if reader.bytes.is_empty() {
        Ok(())
    } else {
        Err(RestoreError::Corrupt("something follows its end"))
    }
}

fn other_state(found: Vec<String>, logs: &[LogState<'_>]) -> RestoreError {
    RestoreError::OtherState {
        found,
        wanted: logs.iter().map(|state| state.key.to_owned()).collect(),
    }
}

fn read_waiting(reader: &mut Reader<'_>, state: &mut LogState<'_>) -> Result<(), RestoreError> {
    let rows = reader.u32()? as usize;
    let arrivals = columns::numbers(reader, rows, i64::from_le_bytes)?;
    let entities = columns::texts(reader, rows)?;
    let events = columns::take_events(reader, rows, state.log.lift_types())?;
    let run = Run::of(arrivals, entities, events);
    if !(1..rows).all(|row| run.compare(row - 1, row) == Ordering::Less) {
        return Err(RestoreError::Corrupt("waiting events are not in order"));
    }
    let waits = |row: usize| {
        let late = state
            .visible_until
            .is_some_and(|until| i128::from(run.arrivals[row]) > until);
        late && !state.log.holds(run.entities.get(row), &run.events, row)
    };
    if !(0..rows).all(waits) {
        return Err(RestoreError::Corrupt("an event waits that should not"));
    }
    state.waiting.put(&run, &(0..rows as u32).collect::<Vec<u32>>());
    Ok(())
}

fn read_log(reader: &mut Reader<'_>, log: &mut Log) -> Result<(), RestoreError> {
    let mut last: Option<&[u8]> = None;
    for _ in 0..reader.u64()? {
        let key = reader.text()?;
        if last.is_some_and(|last| last >= key) {
            return Err(RestoreError::Corrupt("entities are not in order"));
        }
        last = Some(key);
        let rows = reader.u32()? as usize;
        let events = columns::take_events(reader, rows, log.lift_types())?;
        let ascend = (1..rows).all(|row| events.compare(row - 1, &events, row) == Ordering::Less);
        if rows == 0 || !ascend {
            return Err(RestoreError::Corrupt("events are not in order"));
        }
        log.restore_entity(key, &events);
    }
    Ok(())
}
