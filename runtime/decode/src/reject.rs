//! Rows that cannot be used: counted, kept with their place, never fatal and never lost in silence.

use crate::detail::Detail;
use crate::error::DecodeError;
use crate::system::plain;
use featr_kernels::rows;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read, Write};
use std::sync::Arc;

/// Why a row was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The line is not a record: broken quoting or JSON, wrong number of fields, not UTF-8, a key twice, too long.
    Unparsable,
    /// A cell does not decode to the declared type.
    BadValue,
    /// A null (or, unless it is kept, a NaN) in a column that is not nullable.
    NullInRequired,
    /// A null event time.
    NullTime,
}

impl Reason {
    /// All reasons, in the order in which reports list them.
    pub const ALL: [Reason; 4] = [
        Reason::Unparsable,
        Reason::BadValue,
        Reason::NullInRequired,
        Reason::NullTime,
    ];

    /// The name in reports and files.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Unparsable => "unparsable",
            Reason::BadValue => "bad_value",
            Reason::NullInRequired => "null_in_required",
            Reason::NullTime => "null_time",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A row that was not decoded. Where several things are wrong with it, the first column in declared order decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub file: Arc<str>,
    /// From 1: the first line of the record in text formats, the row in Parquet.
    pub line: u64,
    pub reason: Reason,
    pub detail: Detail,
    /// The text of the record, for CSV and JSONL; bytes that are not UTF-8 are replaced.
    pub raw: Option<String>,
}

/// A row that counts for nothing, as reports show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// `file:line: reason: detail`.
    pub text: String,
    /// The reason alone.
    pub reason: &'static str,
    pub fault: Fault,
}

/// By whom a row was refused, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The decoder.
    Undecoded(Detail),
    /// The clauses of the source: it is no event. With event time and arrival where they are why.
    Unaccepted(rows::Reason, Option<rows::Instants>),
    /// A view, for this reason.
    OfView(rows::ViewReason),
}

impl Example {
    /// The row of a line of a file, from 1.
    pub fn new((file, line): (&str, u64), reason: &'static str, detail: impl fmt::Display, fault: Fault) -> Example {
        let text = format!("{file}:{line}: {reason}: {detail}");
        Example { text, reason, fault }
    }
}

impl From<&Reject> for Example {
    fn from(row: &Reject) -> Example {
        let fault = Fault::Undecoded(row.detail.clone());
        Example::new((&row.file, row.line), row.reason.name(), &row.detail, fault)
    }
}

impl Serialize for Example {
    /// As its text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Receives every rejected row, in order. An error stops the reading: a row that can be kept nowhere must not vanish.
pub type RejectSink = Box<dyn FnMut(&Reject) -> Result<(), DecodeError> + Send>;

/// Counts of rejected rows, and the first of them in full.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejects {
    counts: [u64; Reason::ALL.len()],
    kept: Vec<Reject>,
}

impl Rejects {
    /// How many rows are kept with their detail.
    pub const KEPT_MAX: usize = 1_000;
    /// How much raw text of each of them is kept, in bytes.
    pub const RAW_BYTES_MAX: usize = 4_096;

    /// Rows rejected for a reason.
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts[reason as usize]
    }

    /// Rows rejected.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Reasons that occurred with their counts, in the order of [`Reason::ALL`].
    pub fn counts(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        Reason::ALL
            .into_iter()
            .map(|reason| (reason, self.count(reason)))
            .filter(|(_, count)| *count > 0)
    }

    /// The first [`Rejects::KEPT_MAX`] rows, in order, raw text cut to [`Rejects::RAW_BYTES_MAX`].
    pub fn kept(&self) -> &[Reject] {
        &self.kept
    }

    /// Counts a row, and keeps it while there is room.
    pub fn add(&mut self, mut reject: Reject) {
        self.counts[reject.reason as usize] += 1;
        if self.kept.len() < Self::KEPT_MAX {
            if let Some(raw) = &mut reject.raw {
                raw.truncate(raw.floor_char_boundary(Self::RAW_BYTES_MAX));
                raw.shrink_to_fit();
            }
            self.kept.push(reject);
        }
    }

    /// Adds the rejects of another reader after these.
    pub fn merge(&mut self, other: Rejects) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            *mine += theirs;
        }
        let room = Self::KEPT_MAX.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.into_iter().take(room));
    }
}

/// Writes rejected rows as JSONL: `{"file", "line", "reason", "detail", "raw"}`, in this order.
#[derive(Debug)]
pub struct JsonlRejects<W> {
    target: W,
    name: String,
}

#[derive(Serialize)]
struct JsonlReject<'a> {
    file: &'a str,
    line: u64,
    reason: &'a str,
    detail: &'a str,
    raw: Option<&'a str>,
}

/// Whether a text could be what [`JsonlRejects`] wrote: it has no rows, or begins with one of them.
pub fn begins_with_reject(text: impl Read) -> bool {
    const NAMES: [&str; 5] = ["detail", "file", "line", "raw", "reason"];
    // A row holds a line of an input, which can be long.
    let mut rows = serde_json::Deserializer::from_reader(BufReader::new(text.take(64 << 20)))
        .into_iter::<BTreeMap<String, serde_json::Value>>();
    match rows.next() {
        None => true,
        Some(row) => row.is_ok_and(|row| row.keys().eq(NAMES)),
    }
}

impl<W: Write> JsonlRejects<W> {
    /// `name` is what messages call the target.
    pub fn new(target: W, name: impl Into<String>) -> Self {
        JsonlRejects {
            target,
            name: name.into(),
        }
    }

    /// Writes one row.
    pub fn write(
        &mut self,
        file: &str,
        line: u64,
        reason: &str,
        detail: &str,
        raw: Option<&str>,
    ) -> Result<(), DecodeError> {
        let row = JsonlReject {
            file,
            line,
            reason,
            detail,
            raw,
        };
        // One write per row, so that a target without a buffer of its own is served well and loses nothing in silence.
        let mut line = serde_json::to_vec(&row).unwrap_or_default();
        line.push(b'\n');
        self.target.write_all(&line).map_err(|error| self.unwritable(&error))
    }

    /// Flushes and gives the target back.
    pub fn finish(mut self) -> Result<W, DecodeError> {
        self.target.flush().map_err(|error| self.unwritable(&error))?;
        Ok(self.target)
    }

    fn unwritable(&self, error: &std::io::Error) -> DecodeError {
        DecodeError::Unwritable {
            file: self.name.clone(),
            why: plain(error),
        }
    }
}

/// A cell's text as messages show it: quoted, at most 60 characters.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
