//! Text as it comes, cut into whole records.

use featc_ir::FileFormat;
use featr::{Error, Incoming, TextPiece, Undecoded};
use featr_decode::{whole_records, whole_records_up_to};
use featr_online::Feed;

/// Lines of a piece, at most.
const LINES: u64 = 1 << 16;
/// How much of a line that is too long is kept.
const SHOWN_BYTES: usize = 4 << 10;

/// Text of which a part was taken.
#[derive(Debug)]
pub struct Cutter {
    pub name: String,
    format: FileFormat,
    /// What stands in front of the first record; `None`: it has not come yet.
    header: Option<Vec<u8>>,
    /// What came and was not taken.
    waiting: Vec<u8>,
    /// Lines that were taken.
    pub lines: u64,
    /// Whether it is in a line that is no record.
    pub skips: bool,
}

/// What was taken of a text.
#[derive(Debug)]
pub struct Taken {
    pub bytes: Vec<u8>,
    /// `None`: nothing of it is a record.
    pub rows: Option<Incoming>,
}

impl Cutter {
    /// A text of which nothing was taken.
    pub fn new(name: &str, format: FileFormat) -> Cutter {
        Cutter {
            name: name.to_owned(),
            format,
            header: (format == FileFormat::Jsonl).then(Vec::new),
            waiting: Vec::new(),
            lines: 0,
            skips: false,
        }
    }

    /// Whether what stands in front of the first record is not known.
    pub fn needs_header(&self) -> bool {
        self.header.is_none()
    }

    /// Takes the header from the first bytes of the text, of which more was taken. Whether it is there.
    pub fn set_header(&mut self, first: &[u8]) -> bool {
        let end = whole_records(self.format, first).and_then(|whole| whole.first);
        self.header = end.map(|end| first[..end].to_vec());
        end.is_some()
    }

    pub fn add(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    pub fn waiting(&self) -> &[u8] {
        &self.waiting
    }

    /// Whether nothing was taken because its lines end in another way than all others.
    pub fn has_other_ends(&self) -> bool {
        let count = |end| self.waiting.iter().filter(|byte| **byte == end).take(2).count();
        self.lines == 0 && !self.skips && count(b'\n') == 0 && count(b'\r') == 2
    }

    fn take(&mut self, bytes: usize, lines: u64, rows: Option<Incoming>) -> Option<Taken> {
        self.lines += lines;
        let bytes = self.waiting.drain(..bytes).collect();
        Some(Taken { bytes, rows })
    }

    /// Takes what is whole; what waits is too, if nothing more can come. `None`: nothing is.
    ///
    /// # Errors
    /// No record of this text can be used.
    pub fn next(&mut self, feed: &Feed, is_end: bool) -> Result<Option<Taken>, Error> {
        if self.waiting.is_empty() {
            return Ok(None);
        }
        if self.skips {
            let end = self.waiting.iter().position(|byte| *byte == b'\n');
            self.skips = end.is_none();
            let bytes = end.map_or(self.waiting.len(), |end| end + 1);
            return Ok(self.take(bytes, u64::from(end.is_some()), None));
        }
        let whole = whole_records_up_to(self.format, &self.waiting, LINES).unwrap_or_default();
        if self.header.is_none() {
            let end = match whole.first {
                None if is_end || whole.is_too_long => self.waiting.len(),
                None => return Ok(None),
                Some(end) => end,
            };
            let header = self.waiting[..end].to_vec();
            let lines = header.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.decoded(feed, &header, &[], lines)?;
            self.header = Some(header);
            return Ok(self.take(end, lines, None));
        }
        if whole.bytes == 0 && whole.is_too_long {
            let rows = self.too_long(feed)?;
            self.skips = true;
            return Ok(self.take(self.waiting.len(), 0, Some(rows)));
        }
        let (bytes, lines) = match is_end {
            false if whole.bytes == 0 => return Ok(None),
            false => (whole.bytes, whole.lines),
            true if whole.lines >= LINES => (whole.bytes, whole.lines),
            true => {
                let ends = self.waiting.iter().filter(|byte| **byte == b'\n').count() as u64;
                (self.waiting.len(), ends)
            }
        };
        let header = self.header.as_deref().unwrap_or_default();
        let rows = self.decoded(feed, header, &self.waiting[..bytes], self.lines)?;
        Ok(self.take(bytes, lines, Some(rows)))
    }

    fn decoded(&self, feed: &Feed, header: &[u8], records: &[u8], lines_before: u64) -> Result<Incoming, Error> {
        let piece = TextPiece {
            name: &self.name,
            header,
            records,
            lines_before,
        };
        feed.program().incoming_piece(&feed.source().name, self.format, &piece)
    }

    /// The reject of a line that is longer than a record may be.
    fn too_long(&self, feed: &Feed) -> Result<Incoming, Error> {
        let header = self.header.as_deref().unwrap_or_default();
        let mut rows = self.decoded(feed, header, &[], self.lines)?;
        let shown = &self.waiting[..SHOWN_BYTES.min(self.waiting.len())];
        rows.rejected.push(Undecoded {
            place: self.lines + 1,
            reason: "unparsable",
            detail: "longer than 16 MiB".to_owned(),
            help: None,
            raw: Some(String::from_utf8_lossy(shown).into_owned()),
        });
        Ok(rows)
    }
}
