//! Physical lines, numbered from 1, of bounded length.

use crate::content::no_text;
use crate::error::Damaged;
use memchr::{memchr, memrchr};
use std::io::{self, BufRead, Read};

/// The longest record that is read, in bytes.
pub(crate) const RECORD_BYTES_MAX: usize = 16 << 20;

/// How a line came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Appended to the buffer, with its line feed if it had one.
    Whole,
    /// Longer than the bound: read to its end, a beginning of it appended.
    TooLong,
    End,
}

pub(crate) struct Lines {
    input: Box<dyn BufRead + Send>,
    /// What was read ahead: its lines from `at` on are the next ones.
    ahead: Vec<u8>,
    at: usize,
    /// How the last line that was read came out.
    last: Line,
    number: u64,
    started: bool,
}

impl Lines {
    pub(crate) fn new(input: Box<dyn BufRead + Send>) -> Lines {
        Lines {
            input,
            ahead: Vec::new(),
            at: 0,
            last: Line::Whole,
            number: 0,
            started: false,
        }
    }

    /// Of lines that `number` others are in front of.
    pub(crate) fn starting_at_line(input: Box<dyn BufRead + Send>, number: u64) -> Lines {
        Lines {
            number,
            started: true,
            ..Lines::new(input)
        }
    }

    /// The number of the line taken last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Appends the next line to `buffer`. A byte order mark at the start of the input is skipped; a file that is
    /// no text by its first bytes is an error.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Line> {
        let left = &self.ahead[self.at..];
        if left.is_empty() {
            let came = self.read(buffer)?;
            self.number += u64::from(came != Line::End);
            return Ok(came);
        }
        let end = memchr(b'\n', left).map_or(left.len(), |end| end + 1);
        buffer.extend_from_slice(&left[..end]);
        let is_last = end == left.len();
        self.at += end;
        self.number += 1;
        if is_last {
            (self.ahead, self.at) = (Vec::new(), 0);
        }
        Ok(match is_last && self.last == Line::TooLong {
            true => Line::TooLong,
            false => Line::Whole,
        })
    }

    /// Reads a line ahead, which [`Lines::next`] gives when those in front of it are taken. Nothing is read after a line
    /// that is too long.
    pub(crate) fn look(&mut self) -> io::Result<Line> {
        if self.ahead_bytes() > 0 && self.last != Line::Whole {
            return Ok(self.last);
        }
        // What was taken goes when it is most of it, so that a byte is moved once.
        if self.at > self.ahead.len() / 2 {
            self.ahead.drain(..self.at);
            self.at = 0;
        }
        let mut ahead = std::mem::take(&mut self.ahead);
        let came = self.read(&mut ahead);
        self.ahead = ahead;
        came
    }

    /// The line read ahead last.
    pub(crate) fn looked(&self) -> &[u8] {
        let left = &self.ahead[self.at..];
        let body = left.strip_suffix(b"\n").unwrap_or(left);
        &left[memrchr(b'\n', body).map_or(0, |end| end + 1)..]
    }

    /// How much is read ahead.
    pub(crate) fn ahead_bytes(&self) -> usize {
        self.ahead.len() - self.at
    }

    /// The memory of what is read ahead.
    #[cfg(test)]
    pub(crate) fn kept_bytes(&self) -> usize {
        self.ahead.capacity()
    }

    fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<Line> {
        self.last = self.read_line(buffer)?;
        Ok(self.last)
    }

    fn read_line(&mut self, buffer: &mut Vec<u8>) -> io::Result<Line> {
        let start = buffer.len();
        if !self.started
            && let Some(why) = no_text(self.input.fill_buf()?)
        {
            return Err(io::Error::new(io::ErrorKind::InvalidData, Damaged(why.to_owned())));
        }
        let bound = RECORD_BYTES_MAX as u64 + 1;
        let read = self.input.by_ref().take(bound).read_until(b'\n', buffer)?;
        if read == 0 {
            return Ok(Line::End);
        }
        if !self.started {
            self.started = true;
            if buffer[start..].starts_with(b"\xef\xbb\xbf") {
                buffer.drain(start..start + 3);
                if buffer.len() == start {
                    return Ok(Line::End);
                }
            }
        }
        if buffer.len() - start <= RECORD_BYTES_MAX {
            return Ok(Line::Whole);
        }
        if buffer.last() != Some(&b'\n') {
            self.input.skip_until(b'\n')?;
        }
        buffer.truncate(start + 4_096);
        Ok(Line::TooLong)
    }
}

/// Without `\n` or `\r\n` at the end.
pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
