//! CSV records after RFC 4180, with the number of their first line and what was quoted.
//!
//! Our own scanner, because a record must know its line, its raw text, and whether an empty field was quoted.

use crate::lines::{Line, Lines, RECORD_BYTES_MAX, without_end};
use std::io;
use std::ops::Range;

/// A field of the current record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub text: &'a str,
    pub quoted: bool,
}

/// The next record of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// Fields are ready.
    Fields {
        line: u64,
    },
    Broken {
        line: u64,
        why: String,
    },
    End,
}

pub(crate) struct CsvReader {
    lines: Lines,
    raw: Vec<u8>,
    /// Field texts back to back, where the record has quotes; otherwise fields point into `line_text`.
    text: String,
    fields: Vec<(Range<usize>, bool)>,
}

/// Where the scanner stands in a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote inside a quoted field: it closes the field or is doubled.
    QuoteInQuoted,
}

impl CsvReader {
    pub(crate) fn new(lines: Lines) -> CsvReader {
        CsvReader {
            lines,
            raw: Vec::new(),
            text: String::new(),
            fields: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn field(&self, index: usize) -> Field<'_> {
        let (range, quoted) = &self.fields[index];
        Field {
            text: &self.text[range.clone()],
            quoted: *quoted,
        }
    }

    /// The last line of the current record.
    pub(crate) fn line(&self) -> u64 {
        self.lines.number()
    }

    /// The size of the current record.
    pub(crate) fn bytes(&self) -> usize {
        self.raw.len()
    }

    /// The text of the current record, without its line end.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(without_end(&self.raw)).into_owned()
    }

    /// Reads the next record that is not a blank line.
    pub(crate) fn next(&mut self) -> io::Result<Record> {
        loop {
            self.raw.clear();
            self.text.clear();
            self.fields.clear();
            let read = self.lines.next(&mut self.raw)?;
            let line = self.lines.number();
            match read {
                Line::End => return Ok(Record::End),
                Line::TooLong => {
                    return Ok(Record::Broken {
                        line,
                        why: "longer than 16 MiB".into(),
                    });
                }
                Line::Whole if without_end(&self.raw).is_empty() => {}
                Line::Whole if self.raw.contains(&b'"') => return self.quoted(line),
                Line::Whole => return Ok(self.plain(line)),
            }
        }
    }

    /// A line without any quote.
    fn plain(&mut self, line: u64) -> Record {
        let Ok(text) = std::str::from_utf8(without_end(&self.raw)) else {
            return Record::Broken {
                line,
                why: "not UTF-8".into(),
            };
        };
        self.text.push_str(text);
        let mut start = 0;
        for (at, byte) in text.bytes().enumerate() {
            if byte == b',' {
                self.fields.push((start..at, false));
                start = at + 1;
            }
        }
        self.fields.push((start..text.len(), false));
        Record::Fields { line }
    }

    /// A record whose first line has a quote; it may span lines.
    fn quoted(&mut self, line: u64) -> io::Result<Record> {
        let mut scan = Scan {
            state: State::FieldStart,
            cells: Vec::new(),
            ends: Vec::new(),
            quoted: false,
            broken: false,
        };
        let mut done = 0;
        loop {
            scan.line(&self.raw[done..]);
            if scan.state != State::Quoted {
                break;
            }
            done = self.raw.len();
            let more = self.lines.next(&mut self.raw)?;
            if more != Line::Whole || self.raw.len() > RECORD_BYTES_MAX {
                // Give up the first line only, and read the others again.
                let first = self
                    .raw
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .map_or(self.raw.len(), |end| end + 1);
                self.lines.rewind(line, &self.raw[first..], more);
                self.raw.truncate(first);
                return Ok(Record::Broken {
                    line,
                    why: "a quote that never closes".into(),
                });
            }
        }
        scan.end_field();
        if scan.broken {
            return Ok(Record::Broken {
                line,
                why: "text after a closing quote".into(),
            });
        }
        let Ok(text) = String::from_utf8(scan.cells) else {
            return Ok(Record::Broken {
                line,
                why: "not UTF-8".into(),
            });
        };
        self.text = text;
        let mut start = 0;
        for (end, quoted) in scan.ends {
            if !self.text.is_char_boundary(end) {
                return Ok(Record::Broken {
                    line,
                    why: "not UTF-8".into(),
                });
            }
            self.fields.push((start..end, quoted));
            start = end;
        }
        Ok(Record::Fields { line })
    }
}

/// A record being scanned, line by line.
struct Scan {
    state: State,
    cells: Vec<u8>,
    ends: Vec<(usize, bool)>,
    /// Whether the current field is a quoted one.
    quoted: bool,
    broken: bool,
}

impl Scan {
    fn end_field(&mut self) {
        self.ends.push((self.cells.len(), self.quoted));
        self.state = State::FieldStart;
        self.quoted = false;
    }

    /// Scans one physical line; afterwards the state is `Quoted` iff the record goes on.
    fn line(&mut self, line: &[u8]) {
        let body = without_end(line);
        for byte in body {
            match (self.state, *byte) {
                (State::FieldStart, b'"') => {
                    self.quoted = true;
                    self.state = State::Quoted;
                }
                (State::Quoted, b'"') => self.state = State::QuoteInQuoted,
                (State::QuoteInQuoted, b'"') => {
                    self.cells.push(b'"');
                    self.state = State::Quoted;
                }
                (State::FieldStart | State::Plain | State::QuoteInQuoted, b',') => self.end_field(),
                (State::QuoteInQuoted, _) => {
                    self.broken = true;
                    self.state = State::Plain;
                }
                (State::Quoted, byte) => self.cells.push(byte),
                (State::FieldStart | State::Plain, byte) => {
                    self.cells.push(byte);
                    self.state = State::Plain;
                }
            }
        }
        if self.state == State::Quoted {
            self.cells.extend_from_slice(&line[body.len()..]);
        }
    }
}
