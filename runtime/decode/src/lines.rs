//! Physical lines, numbered from 1, of bounded length.

use std::collections::VecDeque;
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
    /// Lines that were read and given back.
    back: VecDeque<(Vec<u8>, Line)>,
    number: u64,
    started: bool,
}

impl Lines {
    pub(crate) fn new(input: Box<dyn BufRead + Send>) -> Lines {
        Lines {
            input,
            back: VecDeque::new(),
            number: 0,
            started: false,
        }
    }

    /// Of lines that `number` others are in front of.
    pub(crate) fn behind(input: Box<dyn BufRead + Send>, number: u64) -> Lines {
        Lines {
            number,
            started: true,
            ..Lines::new(input)
        }
    }

    /// The number of the line read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Appends the next line to `buffer`. A byte order mark at the start of the input is skipped.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Line> {
        if let Some((line, outcome)) = self.back.pop_front() {
            buffer.extend_from_slice(&line);
            self.number += 1;
            return Ok(outcome);
        }
        let start = buffer.len();
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
        self.number += 1;
        if buffer.len() - start <= RECORD_BYTES_MAX {
            return Ok(Line::Whole);
        }
        if buffer.last() != Some(&b'\n') {
            self.input.skip_until(b'\n')?;
        }
        buffer.truncate(start + 4_096);
        Ok(Line::TooLong)
    }

    /// Gives back what was read behind the line `number`, which becomes the line read last.
    /// `last` is how the last of these lines came out.
    pub(crate) fn rewind(&mut self, number: u64, bytes: &[u8], last: Line) {
        let mut outcome = if last == Line::TooLong { last } else { Line::Whole };
        for line in bytes.split_inclusive(|byte| *byte == b'\n').rev() {
            self.back.push_front((line.to_vec(), outcome));
            outcome = Line::Whole;
        }
        self.number = number;
    }
}

/// Without `\n` or `\r\n` at the end.
pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
