//! A file that is read when it is whole: Parquet, Arrow IPC, packed text.

use crate::place::{Position, Stamp, WholePosition};
use crate::text::Look;
use featc_ir::FileFormat;
use featr::{Error, Incoming};
use featr_online::{Ended, Reading, Sender};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file that nobody has written to for so long is whole, where its content does not say it.
const QUIET: Duration = Duration::from_secs(1);
/// The first and the last bytes of a whole Parquet file.
const PARQUET: &[u8; 4] = b"PAR1";

#[derive(Debug)]
pub struct Whole {
    pub name: String,
    pub path: PathBuf,
    format: FileFormat,
    position: WholePosition,
    /// What it was when it was looked at last, and since when it is.
    seen: (Stamp, Instant),
    /// What it was when it was told that it cannot be read.
    refused: Option<Stamp>,
}

impl Whole {
    /// A file from a position on; `None`: the position is not one of this file, or of what it was then. Without a position from
    /// the beginning.
    ///
    /// # Errors
    /// The system refuses.
    pub fn open(
        (name, path): (&str, &Path),
        format: FileFormat,
        known: Option<&WholePosition>,
    ) -> io::Result<Option<Whole>> {
        let stamp = Stamp::of(&std::fs::metadata(path)?);
        let position = match known {
            Some(known) if known.stamp != stamp => return Ok(None),
            Some(known) => *known,
            None => WholePosition {
                stamp,
                rows: 0,
                done: false,
            },
        };
        Ok(Some(Whole {
            name: name.to_owned(),
            path: path.to_owned(),
            format,
            position,
            seen: (stamp, Instant::now()),
            refused: None,
        }))
    }

    pub fn position(&self) -> Position {
        Position::Whole(self.position)
    }

    pub fn is_refused(&self) -> bool {
        self.refused == Some(self.seen.0)
    }

    pub fn unread_bytes(&self) -> u64 {
        match self.position.done {
            true => 0,
            false => self.seen.0.bytes,
        }
    }

    /// Reads it, if it is whole and was not read.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn look(&mut self, sender: &mut Sender) -> Result<Look, Ended> {
        // What is not there goes with the next look at the folder.
        let Ok(about) = std::fs::metadata(&self.path) else {
            return Ok(Look::Nothing);
        };
        let stamp = Stamp::of(&about);
        if self.seen.0 != stamp {
            self.seen = (stamp, Instant::now());
        }
        if self.refused == Some(stamp) || (self.position.done && self.position.stamp == stamp) {
            return Ok(Look::Nothing);
        }
        if self.position.stamp != stamp && self.position.rows > 0 {
            return Ok(Look::Replaced(format!(
                "it has changed since {} rows of it were read",
                self.position.rows
            )));
        }
        if !self.is_whole(stamp) {
            return Ok(Look::Nothing);
        }
        self.position = WholePosition {
            stamp,
            done: false,
            ..self.position
        };
        match self.read(sender)? {
            Ok(()) => Ok(Look::Moved),
            Err(error) => {
                self.refused = Some(stamp);
                Ok(Look::Refused(error.to_string()))
            }
        }
    }

    fn is_whole(&self, stamp: Stamp) -> bool {
        let is_quiet = self.seen.1.elapsed() >= QUIET;
        let ends = |path: &Path| -> io::Result<bool> {
            let mut end = [0; 4];
            File::open(path)?.read_exact_at(&mut end, stamp.bytes.saturating_sub(4))?;
            Ok(end == *PARQUET)
        };
        match self.format {
            FileFormat::Parquet => stamp.bytes >= 12 && (is_quiet || ends(&self.path).unwrap_or(false)),
            _ => stamp.bytes > 0 && is_quiet,
        }
    }

    fn read(&mut self, sender: &mut Sender) -> Result<Result<(), Error>, Ended> {
        let (program, source) = (sender.feed.program(), &sender.feed.source().name);
        let mut parts = match program.incoming_file(source, self.format, &self.path) {
            Ok(parts) => parts.peekable(),
            Err(error) => return Ok(Err(error)),
        };
        while let Some(part) = parts.next() {
            let part = match part {
                Ok(part) => part,
                Err(error) => return Ok(Err(error)),
            };
            let rows = rows_after(part, self.position.rows);
            let ends = [rows.places.last().copied(), rows.rejected.last().map(|row| row.place)];
            let last = ends.into_iter().flatten().max();
            self.position.done = parts.peek().is_none();
            if last.is_none() && !self.position.done {
                continue;
            }
            self.position.rows = last.unwrap_or(0).max(self.position.rows);
            sender.send(rows, self.reading())?;
        }
        if !self.position.done {
            self.position.done = true;
            sender.moved(self.reading())?;
        }
        Ok(Ok(()))
    }

    fn reading(&self) -> Reading {
        Reading {
            from: self.name.clone(),
            positions: [(self.name.clone(), self.position().json())].into(),
        }
    }
}

/// The rows after the one with this number.
fn rows_after(mut part: Incoming, number: u64) -> Incoming {
    let known = part.places.partition_point(|place| *place <= number);
    part.rows = part.rows.slice(known, part.places.len() - known);
    part.places.drain(..known);
    part.rejected.retain(|row| row.place > number);
    part
}
