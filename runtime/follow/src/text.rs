//! A file of text that grows.

use crate::cutter::{Cutter, Taken};
use crate::place::{CHECK_BYTES, Id, Position, TextPosition};
use crate::sender::{Ended, Sender};
use featc_ir::FileFormat;
use featr_online::Reading;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 4 << 20;
/// Pieces that are read before other files have their turn.
const PIECES: usize = 8;
/// By so many bytes of its beginning a file that was refused is known again.
const HEAD_BYTES: usize = 1 << 10;
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
}

#[derive(Debug)]
pub struct Text {
    cutter: Cutter,
    file: File,
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
            file,
        };
        let Some(known) = known else {
            return Ok(Some(text));
        };
        if about.len() < known.bytes || (known.checked as u64) > known.bytes {
            return Ok(None);
        }
        let before = read_at(&text.file, known.bytes - known.checked as u64, known.checked)?;
        if !known.is_behind(&before) {
            return Ok(None);
        }
        // It may have been copied here.
        text.position = known.of(text.position.id);
        text.before = before;
        (text.cutter.lines, text.cutter.skips) = (known.lines, known.skips);
        if known.bytes > 0 && text.cutter.needs_header() {
            let first = read_at(
                &text.file,
                0,
                usize::try_from(known.bytes.min(HEADER_BYTES)).unwrap_or(0),
            )?;
            if !text.cutter.set_header(&first) {
                return Ok(None);
            }
        }
        Ok(Some(text))
    }

    pub fn name(&self) -> &str {
        &self.cutter.name
    }

    pub fn set_name(&mut self, name: &str) {
        name.clone_into(&mut self.cutter.name);
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
        let mut moved = Look::Nothing;
        for _ in 0..PIECES {
            sender.check()?;
            if self.is_refused {
                return Ok(self.look_at_refused());
            }
            let read = match self.more() {
                Ok(Ok(read)) => read,
                Ok(Err(why)) => return Ok(Look::Replaced(why)),
                Err(error) => {
                    self.is_refused = true;
                    return Ok(Look::Refused(featr::plain(&error)));
                }
            };
            loop {
                match self.cutter.next(&sender.feed, is_end && read == 0) {
                    Ok(None) => break,
                    Ok(Some(taken)) => self.took(taken, sender)?,
                    Err(error) => {
                        self.is_refused = true;
                        return Ok(Look::Refused(error.to_string()));
                    }
                }
                moved = Look::Moved;
            }
            if read == 0 {
                break;
            }
        }
        Ok(moved)
    }

    /// Reads the next bytes; how many those are, or why they are not those that follow.
    fn more(&mut self) -> io::Result<Result<usize, String>> {
        let waiting = self.cutter.waiting();
        let from = self.position.bytes + waiting.len() as u64;
        let known = last(&self.before, waiting);
        let bytes = read_at(&self.file, from, PIECE_BYTES)?;
        // Looked at behind the reading: what was cut and written anew by then is not taken for what follows.
        self.len = self.file.metadata()?.len();
        if self.len < from {
            let read = self.position.bytes;
            return Ok(Err(format!(
                "it was cut to {} bytes, and {read} had been read",
                self.len
            )));
        }
        if !bytes.is_empty() && read_at(&self.file, from - known.len() as u64, known.len())? != known {
            return Ok(Err(format!(
                "the bytes in front of byte {from} are not those that were read"
            )));
        }
        self.cutter.add(&bytes);
        Ok(Ok(bytes.len()))
    }

    /// One that was told of is looked at again when it was cut.
    fn look_at_refused(&mut self) -> Look {
        let Ok(about) = self.file.metadata() else {
            return Look::Nothing;
        };
        let len = about.len();
        if len < std::mem::replace(&mut self.len, len) {
            return Look::Replaced(format!("it could not be read, and was cut to {len} bytes"));
        }
        let Ok(begins) = read_at(
            &self.file,
            0,
            usize::try_from(len).unwrap_or(HEAD_BYTES).min(HEAD_BYTES),
        ) else {
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
