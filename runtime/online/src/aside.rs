//! What is kept beside the state: rows that cannot be used, and rows that came after a cut which should have shown them.
//!
//! JSON lines, one file per process that owned the folder: `aside/rejected-<epoch>.jsonl` and `aside/late-<epoch>.jsonl`.
//! A push is acknowledged when its lines are durable. A push that is sent again after a crash may have its lines twice.

use crate::disk::{Append, Disk};
use arrow::array::RecordBatch;
use featr::{Incoming, PushReport};
use serde::Serialize;
use std::io;
use std::sync::Arc;

#[derive(Debug)]
pub struct Aside {
    disk: Arc<dyn Disk>,
    epoch: u64,
    rejected: Option<Box<dyn Append>>,
    late: Option<Box<dyn Append>>,
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
        Aside {
            disk,
            epoch,
            rejected: None,
            late: None,
        }
    }

    /// Keeps what of a push cannot be used or came late.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn keep(
        &mut self,
        incoming: &Incoming,
        report: &PushReport,
        (request_id, received_us): (Option<&str>, i64),
    ) -> io::Result<()> {
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
        let undecoded = incoming.rejected.iter();
        let undecoded = undecoded.map(|row| line(row.reason, &row.detail, row.place, row.raw.clone()));
        let refused = report.rejected.iter();
        let refused = refused.map(|row| line(row.reason, &row.detail, place(row.row), json(&incoming.rows, row.row)));
        let by_view = report.rejected_by_view.iter();
        let by_view =
            by_view.map(|(row, transform, reason)| line(reason, transform, place(*row), json(&incoming.rows, *row)));
        write(
            (&*self.disk, &format!("aside/rejected-{:06}.jsonl", self.epoch)),
            &mut self.rejected,
            undecoded.chain(refused).chain(by_view),
        )?;
        let why = "its arrival is not after the cut that answers were given with";
        let late = report.overdue_rows.iter();
        let late = late.map(|row| line("late_for_cut", why, place(*row), json(&incoming.rows, *row)));
        let name = format!("aside/late-{:06}.jsonl", self.epoch);
        write((&*self.disk, &name), &mut self.late, late)
    }
}

fn write<'a>(
    (disk, name): (&dyn Disk, &str),
    file: &mut Option<Box<dyn Append>>,
    lines: impl Iterator<Item = Line<'a>>,
) -> io::Result<()> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, &line)?;
        text.push(b'\n');
    }
    if text.is_empty() {
        return Ok(());
    }
    let open = match file {
        Some(open) => open,
        None => file.insert(disk.append(name, 0)?),
    };
    open.append(&text)?;
    open.sync()
}

/// A row as JSON.
fn json(rows: &RecordBatch, row: u64) -> Option<String> {
    let row = usize::try_from(row).ok().filter(|row| *row < rows.num_rows())?;
    let mut writer = arrow::json::LineDelimitedWriter::new(Vec::new());
    writer.write(&rows.slice(row, 1)).ok()?;
    writer.finish().ok()?;
    let text = String::from_utf8(writer.into_inner()).ok()?;
    Some(text.trim_end().to_owned())
}
