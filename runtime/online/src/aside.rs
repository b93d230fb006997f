//! What is kept beside the state: rows that cannot be used, and rows that came after a cut which should have shown them.
//!
//! JSON lines, one file per process that owned the folder: `aside/rejected-<epoch>.jsonl` and `aside/late-<epoch>.jsonl`.
//! A push is acknowledged when its lines are durable; those of a group are written at once. A push that is sent again after
//! a crash may have its lines twice.

use crate::disk::{Append, Disk};
use featc_ir::{Source, Type};
use featr::{Incoming, PushReport, Value, from_arrow, json_value};
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

/// A row that cannot be used, or one that came late.
#[derive(Debug, Serialize)]
struct Line<'a> {
    source: &'a str,
    reason: &'a str,
    detail: &'a str,
    request_id: Option<&'a str>,
    /// Line or row of the push, from 1.
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

    /// Notes what of a push cannot be used or came late; tells whether there is anything.
    ///
    /// # Errors
    /// None but bugs.
    pub fn note(
        &mut self,
        source: &Source,
        (incoming, report): (&Incoming, &PushReport),
        (request_id, received_us): (Option<&str>, i64),
    ) -> io::Result<bool> {
        let line = |reason, detail, place, payload| Line {
            source: &incoming.source,
            reason,
            detail,
            request_id,
            place,
            received_us,
            payload,
        };
        let place = |row: u64| incoming.places.get(row as usize).copied().unwrap_or(row + 1);
        let payload = |row: u64| json(source, incoming, row);
        let undecoded = incoming.rejected.iter();
        let undecoded = undecoded.map(|row| line(row.reason, &row.detail, row.place, row.raw.clone()));
        let refused = report.rejected.iter();
        let refused = refused.map(|row| line(row.reason, &row.detail, place(row.row), payload(row.row)));
        let by_view = report.rejected_by_view.iter();
        let by_view = by_view.map(|(row, transform, reason)| line(reason, transform, place(*row), payload(*row)));
        let why = "its arrival is not after the cut that answers were given with";
        let late = report.overdue_rows.iter();
        let late = late.map(|row| line("late_for_cut", why, place(*row), payload(*row)));
        let rejected = self.rejected.add(undecoded.chain(refused).chain(by_view))?;
        Ok(self.late.add(late)? || rejected)
    }

    /// Makes durable what was noted.
    ///
    /// # Errors
    /// The disk refuses: nothing of it counts. With `true` one may try again; else nobody knows what is there.
    pub fn keep(&mut self) -> Result<(), (io::Error, bool)> {
        let rejected = self.rejected.write(&*self.disk);
        rejected.and(self.late.write(&*self.disk))
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
        object.insert(column.name.clone(), decodable(&value, column.ty));
    }
    Some(serde_json::Value::Object(object).to_string())
}

fn decodable(value: &Value, ty: Type) -> serde_json::Value {
    match value {
        Value::Float64(value) if value.is_infinite() && *value > 0.0 => "Infinity".into(),
        Value::Float64(value) if value.is_infinite() => "-Infinity".into(),
        other => json_value(other, ty),
    }
}
