//! Files of CSV and JSONL: plain ones may be cut into parts, packed ones are read from their beginning to their end.

use crate::csv::CsvReader;
use crate::cuts::{Place, cuts};
use crate::error::DecodeError;
use crate::files::InputFile;
use crate::lines::Lines;
use crate::packed::{Packing, unpacked};
use crate::piece::Shared;
use crate::store::Ranged;
use crate::text_rows::{TextReader, header};
use featc_ir::FileFormat;
use std::ops::Range;

/// A file of text, and how it is cut.
pub(crate) struct TextFile {
    pub input: InputFile,
    packing: Option<Packing>,
    cut: Option<Cut>,
}

struct Cut {
    /// Of CSV, the names in the header.
    names: Vec<String>,
    /// Where the parts begin.
    starts: Vec<Place>,
    len: u64,
    /// What the content was when it was cut.
    content: Option<String>,
}

/// How large a piece is: a 64th of the file, within these bounds.
const PIECE_BYTES: Range<u64> = 8 << 20..32 << 20;

/// Of text that is packed, about how much longer it becomes.
const UNPACKED_TIMES: u64 = 6;

impl TextFile {
    /// Looks through a large file for places to cut it.
    pub(crate) fn open(input: InputFile, shared: &Shared) -> TextFile {
        let packing = Packing::of(&input.path);
        let cut = match packing {
            None => cut(&input, shared),
            Some(_) => None,
        };
        TextFile { input, packing, cut }
    }

    /// Its parts, in order; 1 when it is not cut.
    pub(crate) fn parts(&self) -> usize {
        self.cut.as_ref().map_or(1, |cut| cut.starts.len())
    }

    /// The bytes of a part, as they are stored.
    pub(crate) fn bytes(&self, part: usize) -> u64 {
        match &self.cut {
            Some(cut) => cut.range(part).map_or(0, |range| range.end - range.start),
            None => std::fs::metadata(&self.input.path).map_or(0, |about| about.len()),
        }
    }

    /// About how many bytes of text a part has.
    pub(crate) fn unpacked_bytes(&self, part: usize) -> u64 {
        match self.packing {
            None => self.bytes(part),
            Some(_) => self.bytes(part).saturating_mul(UNPACKED_TIMES),
        }
    }

    /// Opens a part. If it is a later one of CSV, it goes without the header.
    pub(crate) fn read(&self, part: usize, shared: &Shared) -> Result<TextReader, DecodeError> {
        let (file, values) = (self.input.name.clone(), &self.input.values);
        let (lines, names) = match self.cut.as_ref().and_then(|cut| Some((cut, cut.range(part)?))) {
            None => (Lines::new(unpacked(&*shared.store, &self.input)?), None),
            Some((cut, range)) => {
                let open = shared.store.open(&self.input)?;
                if open.version() != cut.content {
                    return Err(DecodeError::changed(&file, cut.len, open.len()));
                }
                let lines_before = cut.starts[part].lines;
                let input = Box::new(Ranged::new(open, range));
                match part {
                    0 => (Lines::new(input), None),
                    _ => (Lines::behind(input, lines_before), Some(cut.names.as_slice())),
                }
            }
        };
        match shared.format {
            FileFormat::Csv => TextReader::csv(file, values, lines, names, &shared.spec),
            _ => Ok(TextReader::jsonl(file, values, lines, &shared.spec)),
        }
    }
}

impl Cut {
    fn range(&self, part: usize) -> Option<Range<u64>> {
        let start = self.starts.get(part)?.offset;
        let end = self.starts.get(part + 1).map_or(self.len, |next| next.offset);
        Some(start..end)
    }
}

/// `None` where the file is not worth it, or has to be read once, or cannot be read: its one piece will say so.
fn cut(input: &InputFile, shared: &Shared) -> Option<Cut> {
    let len = shared.store.near(input)?;
    let usual = (len / 64).clamp(PIECE_BYTES.start, PIECE_BYTES.end);
    let piece_bytes = shared.bytes_per_piece.map_or(usual, |bytes| bytes as u64).max(1);
    if len / 2 < piece_bytes {
        return None;
    }
    let file = shared.store.open(input).ok()?;
    let (len, content) = (file.len(), file.version());
    let csv = shared.format == FileFormat::Csv;
    let mut starts = cuts(&file, csv, piece_bytes, shared.threads)?;
    let mut names = Vec::new();
    if csv {
        let mut reader = CsvReader::new(Lines::new(Box::new(Ranged::new(file, 0..len))));
        names = header(&mut reader, &input.name).ok()?;
        // Blank lines may stand in front of the header, and the first piece has to have it.
        let header_line = reader.line();
        starts.retain(|start| start.offset == 0 || start.lines >= header_line);
    }
    (starts.len() > 1).then_some(Cut {
        names,
        starts,
        len,
        content,
    })
}
