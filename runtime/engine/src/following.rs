//! Rows of a source that somebody else is still writing: pieces of text as they come, and whole files.

use crate::error::Error;
use crate::program::Program;
use crate::serving::{Incoming, joined, lenient, undecoded};
use arrow::compute::concat_batches;
use featc_ir::{FileFormat, FileSet, Source};
use featr_decode::{
    Bounds, DecodeError, LocalStore, ReadOptions, Reason, Reject, SourceReader, decode_bytes, format_of, read_source,
    whole_records,
};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A batch of rows of a file that becomes so much more than it is makes the file one that cannot be used.
const BATCH_BYTES_MAX: u64 = 1 << 30;

/// A piece of text that is still being written: whole records of it.
#[derive(Debug, Clone, Copy)]
pub struct TextPiece<'a> {
    /// What messages call the text; its folders may say values of columns.
    pub name: &'a str,
    /// What stands in front of the first record, up to the end of its line: the header, of formats that have one.
    pub header: &'a [u8],
    /// Whole records, as bytes of the format.
    pub records: &'a [u8],
    /// Lines of the text in front of these records, those of the header among them.
    pub lines_before: u64,
}

impl TextPiece<'_> {
    fn header_lines(&self) -> u64 {
        lines(self.header)
    }

    /// Its records before and after one of about its middle; `None`: it has one.
    fn halves(&self, format: FileFormat) -> Option<[Self; 2]> {
        let whole = |text: &[u8]| whole_records(format, text).unwrap_or_default();
        let middle = match whole(&self.records[..self.records.len() / 2]).bytes {
            0 => whole(self.records).first.unwrap_or(self.records.len()),
            middle => middle,
        };
        let (front, back) = self.records.split_at(middle);
        let halves = [
            TextPiece {
                records: front,
                ..*self
            },
            TextPiece {
                records: back,
                lines_before: self.lines_before + lines(front),
                ..*self
            },
        ];
        (!back.is_empty()).then_some(halves)
    }
}

fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

impl Program {
    /// The files that a reader of a source follows, and the folder that their paths are relative to: those at a place, in the
    /// format that its name says (`live/*.csv`, `live/*.csv*`), or else in the declared one; without a place those that the source
    /// declares as its `stream`. `None` where nothing is declared.
    ///
    /// # Errors
    /// [`Error::UnknownSource`].
    pub fn stream_files(&self, source: &str, place: Option<&str>) -> Result<Option<(FileSet, PathBuf)>, Error> {
        let declared = self.declared(source)?;
        let Some(place) = place else {
            let base = self.base.clone();
            return Ok(declared.stream.map(|files| (files, base)));
        };
        let own = declared.stream.as_ref().or(declared.batch.as_ref());
        // Rotated files have something after their extension.
        let by_name = format_of(Path::new(place.trim_end_matches(['*', '?', '.']))).ok();
        let files = by_name.or(own.map(|files| files.format)).map(|format| FileSet {
            format,
            paths: vec![place.to_owned()],
            version: None,
        });
        Ok(files.map(|files| (files, PathBuf::new())))
    }

    /// The format of rows that come without a name: the declared one where it is text, else JSON lines.
    ///
    /// # Errors
    /// [`Error::UnknownSource`].
    pub fn text_format(&self, source: &str) -> Result<FileFormat, Error> {
        let declared = self.declared(source)?;
        let own = [declared.stream, declared.batch].into_iter().flatten();
        let mut own = own.map(|files| files.format);
        let is_text = |format: &FileFormat| whole_records(*format, b"").is_some();
        Ok(own.find(is_text).unwrap_or(FileFormat::Jsonl))
    }

    /// Decodes whole records of a text. Those that cannot be used are in [`Incoming::rejected`], with their lines in the
    /// whole text, also where one of them would spoil a file by its first bytes.
    ///
    /// # Errors
    /// [`Error::UnknownSource`]; [`Error::Decode`] where no record of this text can be used, because of its header or its
    /// first bytes.
    pub fn incoming_piece(&self, source: &str, format: FileFormat, piece: &TextPiece<'_>) -> Result<Incoming, Error> {
        decode_piece(&lenient(&self.declared(source)?), format, piece)
    }

    /// Begins to decode a whole file of a source. What is wrong with the file comes from the reader.
    ///
    /// # Errors
    /// [`Error::UnknownSource`]; [`Error::Decode`] if there is no such file.
    pub fn incoming_file(&self, source: &str, format: FileFormat, path: &Path) -> Result<IncomingFile, Error> {
        let source = lenient(&self.declared(source)?);
        let rejects: Arc<Mutex<Vec<Reject>>> = Arc::default();
        let kept = rejects.clone();
        let options = ReadOptions {
            batch_bytes_max: Some(BATCH_BYTES_MAX),
            store: Some(Arc::new(LocalStore)),
            sink: Some(Box::new(move |reject| {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(reject.clone());
                Ok(())
            })),
            ..ReadOptions::default()
        };
        let files = FileSet {
            format,
            paths: vec![path.display().to_string()],
            version: None,
        };
        let reader = read_source(&source, &files, Path::new(""), options)?;
        Ok(IncomingFile {
            source,
            reader: Some(reader),
            rejects,
        })
    }
}

fn decode_piece(source: &Source, format: FileFormat, piece: &TextPiece<'_>) -> Result<Incoming, Error> {
    let decode = |text: Vec<u8>| decode_bytes(source, format, text, piece.name, &Bounds::default());
    let line = |line: u64| (piece.lines_before + line).saturating_sub(piece.header_lines());
    match decode([piece.header, piece.records].concat()) {
        Ok((decoded, rejects)) => {
            let mut incoming = joined(source, decoded)?;
            incoming.rejected = rejects.into_iter().map(|reject| undecoded(source, reject)).collect();
            incoming.rejected.iter_mut().for_each(|row| row.place = line(row.place));
            incoming.places.iter_mut().for_each(|place| *place = line(*place));
            Ok(incoming)
        }
        Err(error) => {
            let is_of_another_format =
                matches!(error, DecodeError::Corrupt { .. }) && piece.lines_before == piece.header_lines();
            // An instant without an offset that is not in a record: a folder says it, for all of them.
            if is_of_another_format || matches!(error, DecodeError::NaiveTimestamp { .. }) {
                return Err(error.into());
            }
            let (nothing, _) = decode(piece.header.to_vec())?;
            let Some([front, back]) = piece.halves(format) else {
                let mut incoming = joined(source, nothing)?;
                incoming.rejected.push(unusable(&error, piece));
                return Ok(incoming);
            };
            let (mut front, back) = (
                decode_piece(source, format, &front)?,
                decode_piece(source, format, &back)?,
            );
            let rows = concat_batches(&front.rows.schema(), [&front.rows, &back.rows]);
            front.rows = rows.map_err(|error| Error::Bug { why: error.to_string() })?;
            front.places.extend(back.places);
            front.rejected.extend(back.rejected);
            Ok(front)
        }
    }
}

/// A record of which the decoder says that the text is none.
fn unusable(error: &DecodeError, piece: &TextPiece<'_>) -> crate::serving::Undecoded {
    crate::serving::Undecoded {
        place: piece.lines_before + 1,
        reason: Reason::Unparsable.name(),
        detail: error.to_string(),
        help: None,
        raw: Some(String::from_utf8_lossy(piece.records.trim_ascii_end()).into_owned()),
    }
}

/// The rows of a whole file, batch by batch. Where a row stands does not depend on how often, or on how far, it was read before.
pub struct IncomingFile {
    source: Source,
    /// `None` after the end.
    reader: Option<SourceReader>,
    rejects: Arc<Mutex<Vec<Reject>>>,
}

impl fmt::Debug for IncomingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingFile")
            .field("source", &self.source.name)
            .finish_non_exhaustive()
    }
}

impl Iterator for IncomingFile {
    type Item = Result<Incoming, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let decoded = match self.reader.as_mut()?.next() {
            Some(Ok(decoded)) => vec![decoded],
            Some(Err(error)) => {
                self.reader = None;
                return Some(Err(error.into()));
            }
            None => {
                self.reader = None;
                Vec::new()
            }
        };
        let rejects = std::mem::take(&mut *self.rejects.lock().unwrap_or_else(PoisonError::into_inner));
        if decoded.is_empty() && rejects.is_empty() {
            return None;
        }
        let incoming = joined(&self.source, decoded).map(|mut incoming| {
            incoming.rejected = rejects
                .into_iter()
                .map(|reject| undecoded(&self.source, reject))
                .collect();
            incoming
        });
        Some(incoming)
    }
}
