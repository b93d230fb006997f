//! What is kept beside the state: rows that cannot be used, and rows that came after a cut which should have shown them.
//!
//! JSON lines, one file per process that owned the folder: `aside/rejected-<epoch>.jsonl` and `aside/late-<epoch>.jsonl`.
//! A push is acknowledged when its lines are durable; those of a group are written at once. A push that is sent again after
//! a crash may have its lines twice.

use crate::disk::{Append, Disk};
use crate::group::Push;
use featc_ir::Source;
use featr::{Incoming, PushReport, from_arrow, json_value};
use serde::Serialize;
use std::io;
use std::sync::Arc;

#[derive(Debug)]
pub struct Aside {
    disk: Arc<dyn Disk>,
    rejected: Lines,
    late: Lines,
}

/// A file of lines, and those that are to be added.
#[derive(Debug)]
struct Lines {
    name: String,
    file: Option<Box<dyn Append>>,
    /// Bytes that count.
    len: u64,
    waiting: Vec<u8>,
}

/// What is said of all rows of a push.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    pub request_id: Option<&'a str>,
    /// Where they were read, if nobody pushed them.
    pub from: Option<&'a str>,
    /// When they came, in microseconds since the epoch.
    pub received_us: i64,
}

impl About<'_> {
    pub fn of(push: &Push, received_us: i64) -> About<'_> {
        About {
            request_id: push.request_id.as_deref(),
            from: push.read.as_ref().map(|read| read.from.as_str()),
            received_us,
        }
    }
}

/// A row that cannot be used, or one that came late.
#[derive(Debug, Serialize)]
struct Line<'a> {
    source: &'a str,
    reason: &'a str,
    detail: &'a str,
    request_id: Option<&'a str>,
    /// What was read, if nobody pushed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    /// Line or row of the push, or of what was read, from 1.
    place: u64,
    /// When it came, in microseconds since the epoch.
    received_us: i64,
    /// The text of the row, or the row as JSON; of rows of Arrow that do not decode there is none.
    payload: Option<String>,
}

impl Aside {
    pub fn new(disk: Arc<dyn Disk>, epoch: u64) -> Aside {
        let lines = |what: &str| Lines {
            name: format!("aside/{what}-{epoch:06}.jsonl"),
            file: None,
            len: 0,
            waiting: Vec::new(),
        };
        Aside {
            disk,
            rejected: lines("rejected"),
            late: lines("late"),
        }
    }

    /// Notes what of a push does not decode; tells whether there is anything.
    ///
    /// # Errors
    /// None but bugs.
    pub fn note_undecoded(&mut self, incoming: &Incoming, about: About<'_>) -> io::Result<bool> {
        let undecoded = incoming.rejected.iter();
        let source = &incoming.source;
        self.rejected.add(undecoded.map(|row| {
            let payload = row.raw.clone();
            Line::of(about, (source, row.reason, &row.detail), row.place, payload)
        }))
    }

    /// Notes what of a push cannot be used or came late; tells whether there is anything. What a reader could not decode was
    /// noted before its position was committed.
    ///
    /// # Errors
    /// None but bugs.
    pub fn note(
        &mut self,
        source: &Source,
        (incoming, report): (&Incoming, &PushReport),
        about: About<'_>,
    ) -> io::Result<bool> {
        let line = |reason, detail, row: u64| {
            let place = incoming.places.get(row as usize).copied().unwrap_or(row + 1);
            Line::of(
                about,
                (&incoming.source, reason, detail),
                place,
                json(source, incoming, row),
            )
        };
        let undecoded = about.from.is_none() && self.note_undecoded(incoming, about)?;
        let refused = report.rejected.iter();
        let refused = refused.map(|row| line(row.reason, &row.detail, row.row));
        let by_view = report.rejected_by_view.iter();
        let by_view = by_view.map(|(row, transform, reason)| line(reason, transform, *row));
        let why = "its arrival is not after the cut that answers were given with";
        let late = report.overdue_rows.iter().map(|row| line("late_for_cut", why, *row));
        let rejected = self.rejected.add(refused.chain(by_view))?;
        Ok(self.late.add(late)? || rejected || undecoded)
    }

    /// Makes durable what was noted.
    ///
    /// # Errors
    /// The disk refuses: nothing of it counts. With `true` one may try again; else nobody knows what is there.
    pub fn keep(&mut self) -> Result<(), (io::Error, bool)> {
        let rejected = self.rejected.write(&*self.disk);
        let late = self.late.write(&*self.disk);
        match (rejected, late) {
            (Err((error, again)), Err((_, too))) => Err((error, again && too)),
            (rejected, late) => rejected.and(late),
        }
    }
}

impl<'a> Line<'a> {
    fn of(
        about: About<'a>,
        (source, reason, detail): (&'a str, &'a str, &'a str),
        place: u64,
        payload: Option<String>,
    ) -> Line<'a> {
        Line {
            source,
            reason,
            detail,
            request_id: about.request_id,
            from: about.from,
            place,
            received_us: about.received_us,
            payload,
        }
    }
}

impl Lines {
    fn add<'a>(&mut self, lines: impl Iterator<Item = Line<'a>>) -> io::Result<bool> {
        let before = self.waiting.len();
        for line in lines {
            serde_json::to_writer(&mut self.waiting, &line)?;
            self.waiting.push(b'\n');
        }
        Ok(self.waiting.len() > before)
    }

    fn write(&mut self, disk: &dyn Disk) -> Result<(), (io::Error, bool)> {
        let text = std::mem::take(&mut self.waiting);
        if text.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let file = disk.append(&self.name, self.len).map_err(|error| (error, true))?;
                self.file.insert(file)
            }
        };
        if let Err(error) = file.append(&text) {
            let is_cut = file.cut(self.len).is_ok();
            return Err((error, is_cut));
        }
        file.sync().map_err(|error| (error, false))?;
        self.len += text.len() as u64;
        Ok(())
    }
}

/// A row as JSON that the decoder reads as the same row.
fn json(source: &Source, incoming: &Incoming, row: u64) -> Option<String> {
    let row = usize::try_from(row)
        .ok()
        .filter(|row| *row < incoming.rows.num_rows())?;
    let mut object = serde_json::Map::new();
    for (column, array) in source.columns.iter().zip(incoming.rows.columns()) {
        let value = from_arrow(&array.slice(row, 1), column.ty).ok()?.value(0);
        object.insert(column.name.clone(), json_value(&value, column.ty));
    }
    Some(serde_json::Value::Object(object).to_string())
}
