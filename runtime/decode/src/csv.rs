//! CSV records after RFC 4180, with the number of their first line and what was quoted.
//!
//! Our own scanner, because a record must know its line, its raw text, and whether an empty field was quoted, and a quote
//! that never closes must cost its own line only: `csv` says none of these. It takes 1.2 times as long as `csv` where
//! nothing is quoted, and 1.7 times where every line has quotes (docs/benchmarks.md).

use crate::detail::Broken;
use crate::error::DecodeError;
use crate::lines::{Line, Lines, RECORD_BYTES_MAX, without_end};
use memchr::memchr;
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
        why: Broken,
    },
    End,
}

pub(crate) struct CsvReader {
    lines: Lines,
    delimiter: u8,
    raw: Vec<u8>,
    /// Field texts back to back, where the record has quotes; otherwise fields point into `raw`.
    text: String,
    fields: Vec<(Range<usize>, bool)>,
    /// Whether the last of the lines ahead was read, and not looked at: with it a record was too long.
    unseen: bool,
}

impl CsvReader {
    pub(crate) fn new(lines: Lines, delimiter: u8) -> CsvReader {
        CsvReader {
            lines,
            delimiter,
            raw: Vec::new(),
            text: String::new(),
            fields: Vec::new(),
            unseen: false,
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
                        why: Broken::TooLong,
                    });
                }
                Line::Whole if without_end(&self.raw).is_empty() => {}
                Line::Whole if memchr(b'"', &self.raw).is_some() => return self.quoted(line),
                Line::Whole => return Ok(self.plain(line)),
            }
        }
    }

    /// A line without any quote.
    fn plain(&mut self, line: u64) -> Record {
        let Ok(text) = std::str::from_utf8(without_end(&self.raw)) else {
            return Record::Broken {
                line,
                why: Broken::NotUtf8,
            };
        };
        self.text.push_str(text);
        let mut start = 0;
        // Fields are short: a search for each of them costs more than it skips.
        for (at, byte) in text.bytes().enumerate() {
            if byte == self.delimiter {
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
            cells: std::mem::take(&mut self.text).into_bytes(),
            fields: std::mem::take(&mut self.fields),
            ..Scan::new(self.delimiter)
        };
        scan.line(&self.raw);
        if scan.open && !self.closes()? {
            return Ok(Record::Broken {
                line,
                why: Broken::OpenQuote,
            });
        }
        while scan.open {
            let done = self.raw.len();
            if self.lines.next(&mut self.raw)? == Line::End {
                return Ok(Record::Broken {
                    line,
                    why: Broken::OpenQuote,
                });
            }
            scan.line(&self.raw[done..]);
        }
        scan.end_field();
        if scan.broken {
            return Ok(Record::Broken {
                line,
                why: Broken::BehindQuote,
            });
        }
        let Ok(text) = String::from_utf8(scan.cells) else {
            return Ok(Record::Broken {
                line,
                why: Broken::NotUtf8,
            });
        };
        self.text = text;
        self.fields = scan.fields;
        if self
            .fields
            .iter()
            .any(|(field, _)| !self.text.is_char_boundary(field.end))
        {
            return Ok(Record::Broken {
                line,
                why: Broken::NotUtf8,
            });
        }
        Ok(Record::Fields { line })
    }

    /// Whether the quote that is open after the line just taken closes in its record. What this looks at stays ahead.
    ///
    /// Lines that are ahead already were looked at for a record in front of them, whose quote was open at the end of each;
    /// so is that of this one, as there is nothing else to know of an open quote at the end of a line. So each byte is
    /// looked at once, however many quotes never close. Only the line with which that record was too long was not.
    fn closes(&mut self) -> io::Result<bool> {
        let mut scan = Scan::new(self.delimiter);
        let unseen = std::mem::take(&mut self.unseen) && self.lines.ahead_bytes() > 0;
        let mut is_ahead = unseen;
        loop {
            if !is_ahead && (self.is_too_long() || self.lines.look()? != Line::Whole) {
                return Ok(false);
            }
            is_ahead = false;
            if self.is_too_long() {
                self.unseen = true;
                return Ok(false);
            }
            (scan.open, scan.quoted) = (true, true);
            scan.line(self.lines.looked());
            if !scan.open {
                return Ok(true);
            }
            scan.cells.clear();
            scan.fields.clear();
        }
    }

    /// Whether the record has more bytes than one may have, with all lines ahead.
    fn is_too_long(&self) -> bool {
        self.raw.len() + self.lines.ahead_bytes() > RECORD_BYTES_MAX
    }
}

/// A record being scanned, line by line.
struct Scan {
    delimiter: u8,
    cells: Vec<u8>,
    fields: Vec<(Range<usize>, bool)>,
    /// Whether the current field is a quoted one.
    quoted: bool,
    /// Whether its quote is open.
    open: bool,
    /// Whether something stands between a closing quote and the end of its field.
    broken: bool,
}

impl Scan {
    fn new(delimiter: u8) -> Scan {
        Scan {
            delimiter,
            cells: Vec::new(),
            fields: Vec::new(),
            quoted: false,
            open: false,
            broken: false,
        }
    }

    fn end_field(&mut self) {
        let start = self.fields.last().map_or(0, |(field, _)| field.end);
        self.fields.push((start..self.cells.len(), self.quoted));
        self.quoted = false;
    }

    /// Scans one physical line; afterwards a quote is open iff the record goes on.
    fn line(&mut self, line: &[u8]) {
        #[cfg(test)]
        tests::SCANNED.with(|scanned| scanned.set(scanned.get() + line.len()));
        let body = without_end(line);
        let mut rest = body;
        loop {
            if !self.open && rest.first() == Some(&b'"') {
                (self.quoted, self.open) = (true, true);
                rest = &rest[1..];
            }
            if self.open {
                let Some(close) = memchr(b'"', rest) else {
                    self.cells.extend_from_slice(rest);
                    self.cells.extend_from_slice(&line[body.len()..]);
                    return;
                };
                self.cells.extend_from_slice(&rest[..close]);
                rest = &rest[close + 1..];
                if let Some((b'"', tail)) = rest.split_first() {
                    self.cells.push(b'"');
                    rest = tail;
                    continue;
                }
                self.open = false;
                self.broken |= rest.first().is_some_and(|next| *next != self.delimiter);
            }
            let Some(end) = memchr(self.delimiter, rest) else {
                self.cells.extend_from_slice(rest);
                return;
            };
            self.cells.extend_from_slice(&rest[..end]);
            self.end_field();
            rest = &rest[end + 1..];
        }
    }
}

/// The names in the header line of a file.
pub(crate) fn header(reader: &mut CsvReader, file: &str) -> Result<Vec<String>, DecodeError> {
    let name = || file.to_owned();
    match reader.next().map_err(|error| DecodeError::unreadable(file, &error))? {
        Record::End => Err(DecodeError::Corrupt {
            file: name(),
            why: "no header line".into(),
        }),
        Record::Broken { why, .. } => Err(DecodeError::BrokenHeader { file: name(), why }),
        Record::Fields { .. } => Ok((0..reader.len())
            .map(|index| reader.field(index).text.to_owned())
            .collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// Bytes that [`Scan::line`] looked at.
        pub(super) static SCANNED: Cell<usize> = const { Cell::new(0) };
    }

    /// The records of a text: how many have fields, and how many are broken; the most bytes that were kept.
    fn read(text: Vec<u8>) -> (usize, usize, usize) {
        let mut reader = CsvReader::new(Lines::new(Box::new(io::Cursor::new(text))), b',');
        let (mut whole, mut broken, mut kept) = (0, 0, 0);
        loop {
            match reader.next().unwrap() {
                Record::End => return (whole, broken, kept),
                Record::Fields { .. } => whole += 1,
                Record::Broken { .. } => broken += 1,
            }
            kept = kept.max(reader.lines.kept_bytes() + reader.raw.capacity() + reader.text.capacity());
        }
    }

    #[test]
    fn many_quotes_that_never_close_are_looked_at_once() {
        // Every line closes a quote, if one is open, and opens one.
        let line = b"8,a\" ,\"b\n";
        for bytes in [1 << 20, 18 << 20] {
            let lines = bytes / line.len();
            SCANNED.set(0);
            let (whole, broken, _) = read(line.repeat(lines));
            assert_eq!((whole, broken), (0, lines));
            let scanned = SCANNED.get();
            assert!(scanned <= 3 * bytes, "{scanned} bytes were looked at, of {bytes}");
        }
    }

    #[test]
    fn what_stands_behind_an_open_quote_takes_no_more_than_its_bytes() {
        let text = [&b"\"\n"[..], &b"a\n".repeat(20 << 20)].concat();
        let (whole, broken, kept) = read(text);
        assert_eq!((whole, broken), (20 << 20, 1));
        assert!(kept < 3 * RECORD_BYTES_MAX, "{kept} bytes are kept");
    }
}
