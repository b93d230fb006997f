//! A file of text that grows.

use crate::cutter::{Cutter, Taken};
use crate::open_files::unopened;
use crate::place::{CHECK_BYTES, Id, Position, TextPosition};
use featc_ir::FileFormat;
use featr_online::{Ended, Reading, Sender};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes that are read at once.
const PIECE_BYTES: usize = 4 << 20;
/// Pieces that are taken before other files have their turn.
const PIECES: usize = 8;
/// By so many bytes of its beginning a file that was refused is known again.
const HEAD_BYTES: usize = 1 << 10;
/// So long nothing may have come to a text of which no line has ended before that is told.
const ENDLESS: Duration = Duration::from_secs(2);
/// The most that a header, and what stands in front of it, may have.
const HEADER_BYTES: u64 = 17 << 20;

/// What became of a look at a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing whole has come.
    Nothing,
    Moved,
    /// What was read is not there any more; why.
    Replaced(String),
    /// It cannot be read; why.
    Refused(String),
    /// It cannot be opened now; why, and what to do.
    Unopened(String, &'static str),
}

#[derive(Debug)]
pub struct Text {
    cutter: Cutter,
    path: PathBuf,
    /// `None`: it is closed, and opened again when something has come.
    file: Option<File>,
    /// Since when nothing has come.
    quiet: Instant,
    /// Whether what waits may have whole records that were not taken.
    has_more: bool,
    position: TextPosition,
    /// The last bytes in front of the position.
    before: Vec<u8>,
    /// Its length when it was looked at last.
    len: u64,
    /// How it began when it was refused.
    begins: Option<Vec<u8>>,
    /// Whether it was told that no record of it can be used.
    pub is_refused: bool,
}

impl Text {
    /// A file from a position on; `None`: the position is not one of this file. Without a position from the beginning.
    ///
    /// # Errors
    /// The system refuses.
    pub fn open(
        (name, path): (&str, &Path),
        format: FileFormat,
        known: Option<&TextPosition>,
    ) -> io::Result<Option<Text>> {
        let file = featr::open_file(path)?;
        let about = file.metadata()?;
        let mut text = Text {
            cutter: Cutter::new(name, format),
            position: TextPosition::start(Id::of(&about)),
            before: Vec::new(),
            len: about.len(),
            begins: None,
            is_refused: false,
            path: path.to_owned(),
            file: None,
            quiet: Instant::now(),
            has_more: false,
        };
        let Some(known) = known else {
            text.file = Some(file);
            return Ok(Some(text));
        };
        if about.len() < known.bytes || (known.checked as u64) > known.bytes {
            return Ok(None);
        }
        let before = read_at(&file, known.bytes - known.checked as u64, known.checked)?;
        if !known.is_behind(&before) {
            return Ok(None);
        }
        // It may have been copied here.
        text.position = known.of(text.position.id);
        text.before = before;
        (text.cutter.lines, text.cutter.skips) = (known.lines, known.skips);
        if known.bytes > 0 && text.cutter.needs_header() {
            let first = read_at(&file, 0, usize::try_from(known.bytes.min(HEADER_BYTES)).unwrap_or(0))?;
            if !text.cutter.set_header(&first) {
                return Ok(None);
            }
        }
        text.file = Some(file);
        Ok(Some(text))
    }

    /// Since when nothing has come, if it is open.
    pub fn open_since(&self) -> Option<Instant> {
        self.file.is_some().then_some(self.quiet)
    }

    /// It is opened again when something has come.
    pub fn close(&mut self) {
        self.file = None;
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn name(&self) -> &str {
        &self.cutter.name
    }

    pub fn renamed(&mut self, name: &str, path: &Path) {
        name.clone_into(&mut self.cutter.name);
        path.clone_into(&mut self.path);
    }

    pub fn position(&self) -> Position {
        Position::Text(self.position)
    }

    pub fn unread_bytes(&self) -> u64 {
        self.len.saturating_sub(self.position.bytes)
    }

    /// Reads what has come; all of it, if nothing more can come.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn look(&mut self, sender: &mut Sender, is_end: bool) -> Result<Look, Ended> {
        if let Err(look) = self.reopen(is_end) {
            return Ok(look);
        }
        let mut moved = Look::Nothing;
        let mut is_read = false;
        for _ in 0..PIECES {
            sender.check()?;
            if self.is_refused {
                return Ok(self.look_at_refused());
            }
            if !self.has_more {
                match self.more() {
                    Ok(Ok(read)) => is_read = read == 0,
                    Ok(Err(why)) => return Ok(Look::Replaced(why)),
                    Err(error) => return Ok(self.refuse(featr::plain(&error))),
                }
            }
            match self.cutter.next(&sender.feed, is_end && is_read) {
                Ok(None) => self.has_more = false,
                Ok(Some(taken)) => {
                    self.took(taken, sender)?;
                    (self.has_more, self.quiet) = (true, Instant::now());
                    moved = Look::Moved;
                }
                Err(error) => return Ok(self.refuse(error.to_string())),
            }
            if is_read && !self.has_more {
                break;
            }
        }
        if moved == Look::Nothing && self.quiet.elapsed() >= ENDLESS && self.cutter.has_other_ends() {
            let why = "no line of it ends with a line feed: its lines end with carriage returns alone";
            return Ok(self.refuse(why.to_owned()));
        }
        Ok(moved)
    }

    /// Nothing more is read of it until it begins otherwise.
    fn refuse(&mut self, why: String) -> Look {
        self.is_refused = true;
        let waiting = self.cutter.waiting();
        if self.position.bytes == 0 && !waiting.is_empty() {
            self.begins = Some(waiting[..waiting.len().min(HEAD_BYTES)].to_vec());
        }
        Look::Refused(why)
    }

    /// Opens it, if it is closed and there is something to read, or to take at the end.
    fn reopen(&mut self, is_end: bool) -> Result<(), Look> {
        if self.file.is_some() {
            return Ok(());
        }
        // What is not there goes with the next look at the folder.
        let about = std::fs::metadata(&self.path).map_err(|_| Look::Nothing)?;
        if Id::of(&about) != self.position.id {
            return Err(Look::Nothing);
        }
        self.len = about.len();
        let waiting = self.cutter.waiting().len() as u64;
        let has_come = self.len != self.position.bytes + waiting || (is_end && waiting > 0);
        if !has_come && !self.has_more && !self.is_refused {
            return Err(Look::Nothing);
        }
        let opened = featr::open_file(&self.path).and_then(|file| Ok((Id::of(&file.metadata()?), file)));
        match opened {
            Ok((id, file)) if id == self.position.id => self.file = Some(file),
            Ok(_) => return Err(Look::Nothing),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Look::Nothing),
            Err(error) => {
                let (why, help) = unopened(self.name(), &error);
                return Err(Look::Unopened(why, help));
            }
        }
        Ok(())
    }

    fn open_file(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::Error::other("the file is closed"))
    }

    /// Reads the next bytes; how many those are, or why they are not those that follow.
    fn more(&mut self) -> io::Result<Result<usize, String>> {
        let waiting = self.cutter.waiting();
        let from = self.position.bytes + waiting.len() as u64;
        let known = last(&self.before, waiting);
        let file = self.open_file()?;
        let bytes = read_at(file, from, PIECE_BYTES)?;
        // Looked at after the reading: what was cut and written anew by then is not taken for what follows.
        let len = file.metadata()?.len();
        let before = match bytes.is_empty() {
            true => known.clone(),
            false => read_at(file, from.saturating_sub(known.len() as u64), known.len())?,
        };
        if len != self.len {
            self.quiet = Instant::now();
        }
        self.len = len;
        if self.len < from {
            let read = self.position.bytes;
            return Ok(Err(format!(
                "it was cut to {} bytes, and {read} had been read",
                self.len
            )));
        }
        if before != known {
            return Ok(Err(format!(
                "the bytes in front of byte {from} are not those that were read"
            )));
        }
        self.cutter.add(&bytes);
        Ok(Ok(bytes.len()))
    }

    /// One that was told of is looked at again when it was cut.
    fn look_at_refused(&mut self) -> Look {
        let Ok(len) = self.open_file().and_then(File::metadata).map(|about| about.len()) else {
            return Look::Nothing;
        };
        if len < std::mem::replace(&mut self.len, len) {
            return Look::Replaced(format!("it could not be read, and was cut to {len} bytes"));
        }
        let head = usize::try_from(len).unwrap_or(HEAD_BYTES).min(HEAD_BYTES);
        let Ok(begins) = self.open_file().and_then(|file| read_at(file, 0, head)) else {
            return Look::Nothing;
        };
        let before = self.begins.get_or_insert_with(|| begins.clone());
        match begins.starts_with(before) {
            true => Look::Nothing,
            false => Look::Replaced("it could not be read, and begins otherwise now".to_owned()),
        }
    }

    fn took(&mut self, taken: Taken, sender: &mut Sender) -> Result<(), Ended> {
        self.before = last(&self.before, &taken.bytes);
        self.position.bytes += taken.bytes.len() as u64;
        self.position.lines = self.cutter.lines;
        self.position.skips = self.cutter.skips;
        self.position.set_check(&self.before);
        match taken.rows {
            None => Ok(()),
            Some(rows) => {
                let reading = Reading {
                    from: self.name().to_owned(),
                    positions: [(self.name().to_owned(), self.position().json())].into(),
                };
                sender.send(rows, reading)?;
                sender.sent_bytes = taken.bytes.len() as u64;
                Ok(())
            }
        }
    }
}

/// The last bytes of two parts that follow each other, so many as are compared.
fn last(front: &[u8], back: &[u8]) -> Vec<u8> {
    let back = &back[back.len().saturating_sub(CHECK_BYTES)..];
    let front = &front[front.len().saturating_sub(CHECK_BYTES - back.len())..];
    [front, back].concat()
}

/// So many bytes from a place on, or those up to the end.
fn read_at(file: &File, from: u64, bytes: usize) -> io::Result<Vec<u8>> {
    let there = file.metadata()?.len().saturating_sub(from);
    let mut buffer = vec![0; usize::try_from(there).unwrap_or(usize::MAX).min(bytes)];
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], from + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(read);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_of_two_parts() {
        let long = vec![1; CHECK_BYTES];
        assert_eq!(last(b"ab", b"cd"), b"abcd");
        assert_eq!(last(&long, b"cd"), [&long[2..], b"cd"].concat());
        assert_eq!(last(b"ab", &long), long);
    }
}
