//! Files of text: plain ones may be cut into parts, packed ones are read from their beginning to their end.

use crate::csv::{CsvReader, header};
use crate::cuts::{Place, cuts};
use crate::error::DecodeError;
use crate::format::{Opened, Part, Reading};
use crate::lines::Lines;
use crate::packed::{Packing, unpacked};
use crate::spec::Spec;
use crate::store::{InputFile, Ranged};
use crate::text_rows::{TextFormat, TextReader};
use std::ops::Range;
use std::sync::Arc;

/// A file of text, and how it is cut.
pub(crate) struct TextFile {
    input: InputFile,
    format: &'static dyn TextFormat,
    cut: Option<Cut>,
}

struct Cut {
    /// The names in the header, if the format has one.
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
    pub(crate) fn open(input: InputFile, format: &'static dyn TextFormat, spec: &Spec) -> TextFile {
        let cut = match Packing::of(&input.path) {
            None => cut(&input, format, spec),
            Some(_) => None,
        };
        TextFile { input, format, cut }
    }
}

impl Opened for TextFile {
    fn name(&self) -> &str {
        &self.input.name
    }

    fn parts(&self, _: usize, _: &Spec, _: &mut u64) -> Vec<Part> {
        let times = Packing::of(&self.input.path).map_or(1, |_| UNPACKED_TIMES);
        let part = |(at, bytes): (usize, u64)| Part {
            units: at..at + 1,
            bytes,
            unpacked_bytes: bytes.saturating_mul(times),
            ..Part::default()
        };
        match &self.cut {
            None => {
                let bytes = std::fs::metadata(&self.input.path).map_or(0, |about| about.len());
                vec![part((0, bytes))]
            }
            Some(cut) => {
                let sizes = (0..cut.starts.len()).map(|at| cut.range(at));
                sizes
                    .map(|range| range.end - range.start)
                    .enumerate()
                    .map(part)
                    .collect()
            }
        }
    }

    /// A later part of a file with a header goes without it.
    fn read(self: Arc<Self>, part: &Part, spec: &Spec) -> Result<Box<dyn Reading>, DecodeError> {
        let (store, part) = (&*spec.options.store, part.units.start);
        let (lines, names) = match &self.cut {
            None => (Lines::new(unpacked(store, &self.input)?), None),
            Some(cut) => {
                let open = store.open(&self.input)?;
                if open.version() != cut.content {
                    return Err(DecodeError::changed(&self.input.name, cut.len, open.len()));
                }
                let input = Box::new(Ranged::new(open, cut.range(part)));
                match part {
                    0 => (Lines::new(input), None),
                    _ => (
                        Lines::starting_at_line(input, cut.starts[part].lines),
                        Some(&*cut.names),
                    ),
                }
            }
        };
        let records = self.format.records(&self.input, lines, names, spec)?;
        Ok(Box::new(TextReader::new(self.input.name.clone(), records, spec)))
    }
}

impl Cut {
    fn range(&self, part: usize) -> Range<u64> {
        let end = self.starts.get(part + 1).map_or(self.len, |next| next.offset);
        self.starts[part].offset..end
    }
}

/// `None` where the file is not worth it, or has to be read once, or cannot be read: its one piece will say so.
fn cut(input: &InputFile, format: &dyn TextFormat, spec: &Spec) -> Option<Cut> {
    let options = &spec.options;
    let len = options.store.near(input)?;
    let usual = (len / 64).clamp(PIECE_BYTES.start, PIECE_BYTES.end);
    let piece_bytes = options.bytes_per_piece.map_or(usual, |bytes| bytes as u64).max(1);
    if len / 2 < piece_bytes {
        return None;
    }
    let file = options.store.open(input).ok()?;
    let (len, content) = (file.len(), file.version());
    let mut starts = cuts(&file, format.delimiter(), piece_bytes, options.threads)?;
    let mut names = Vec::new();
    if let Some(delimiter) = format.delimiter() {
        let mut reader = CsvReader::new(Lines::new(Box::new(Ranged::new(file, 0..len))), delimiter);
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
