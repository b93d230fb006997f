//! Parts of a source that decode by themselves, on any thread.

use crate::error::DecodeError;
use crate::format::{Opened, Part, Reading};
use crate::formats::{expand_in, open};
use crate::reject::Reject;
use crate::spec::{Decoded, PieceOptions, Spec};
use featc_ir::{FileSet, Source};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Files that stay open between cutting and reading; of a longer list they are opened again.
const OPEN_MAX: usize = 64;

/// A part of a source that can be decoded by itself, on any thread.
///
/// # Contract
/// - The pieces of a source, read in order, give the rows and the rejects that [`crate::read_source`] gives (without
///   `prune`), in that order; the cut cannot be seen but in where batches end.
/// - Row numbers are those of the file.
pub struct Piece {
    spec: Arc<Spec>,
    file: Arc<dyn Opened>,
    part: Part,
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("file", &self.file())
            .field("part", &self.part)
            .finish_non_exhaustive()
    }
}

/// Lists the files of a source and cuts them into pieces, in the order of the files and of their rows.
/// Of Parquet and Arrow files the metadata is read; large text files are looked through for places to cut.
///
/// # Errors
/// [`DecodeError::NoFiles`], [`DecodeError::UnknownZone`], and what is wrong with the schema of a Parquet file.
pub fn pieces(
    source: &Source,
    files: &FileSet,
    base: &Path,
    options: &PieceOptions,
) -> Result<Vec<Piece>, DecodeError> {
    let spec = Arc::new(Spec::new(source, options.clone())?);
    let found = expand_in(&*options.store, files, base)?;
    let keep_open = found.len() <= OPEN_MAX;
    let opened = found.into_iter().map(|file| open(files.format, file, &spec, keep_open));
    let opened = opened.collect::<Result<Vec<_>, _>>()?;
    Ok(cut(&spec, opened))
}

/// The pieces of files, in order.
pub(crate) fn cut(spec: &Arc<Spec>, files: Vec<Arc<dyn Opened>>) -> Vec<Piece> {
    let few = match files.iter().map(|file| file.row_groups()).sum() {
        ..4 => 1 << 18,
        4..16 => 1 << 19,
        _ => 1 << 20,
    };
    let rows_per_piece = spec.options.rows_per_piece.unwrap_or(few).max(1);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut skipped = 0;
    let last = files.last().cloned();
    for file in files {
        let parts = file.parts(rows_per_piece, spec, &mut skipped).into_iter();
        pieces.extend(parts.map(|part| Piece {
            spec: spec.clone(),
            file: file.clone(),
            part,
        }));
    }
    match (pieces.last_mut(), last) {
        (Some(piece), _) => piece.part.skipped += skipped,
        // No rows; there to carry the number of those that were skipped.
        (None, Some(file)) if skipped > 0 => pieces.push(Piece {
            spec: spec.clone(),
            file,
            part: Part {
                rows: Some(0),
                skipped,
                ..Part::default()
            },
        }),
        (None, _) => {}
    }
    pieces
}

impl Piece {
    /// The rows of it, rejected ones included, where the file says that without being read.
    pub fn rows(&self) -> Option<u64> {
        self.part.rows
    }

    /// About how many bytes are to be read.
    pub fn bytes(&self) -> u64 {
        self.part.bytes
    }

    /// About how many bytes these are when text is unpacked.
    pub fn unpacked_bytes(&self) -> u64 {
        self.part.unpacked_bytes
    }

    /// Rows in front of this piece (after it, if it is the last one) that were left out because of their statistics.
    pub fn skipped_rows(&self) -> u64 {
        self.part.skipped
    }

    /// What messages call its file.
    pub fn file(&self) -> &str {
        self.file.name()
    }

    /// Decodes: gives each batch to `each`, and each rejected row to `rejects` before the rows after it; stops at the
    /// first error of either side. It may be called again.
    ///
    /// # Errors
    /// What is wrong with the file, and what `rejects` and `each` say.
    pub fn read<E: From<DecodeError>>(
        &self,
        rejects: &mut dyn FnMut(Reject) -> Result<(), E>,
        each: &mut dyn FnMut(Decoded) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(mut reading) = self.open()? else { return Ok(()) };
        let mut rejected = Vec::new();
        loop {
            let next = reading.next(&self.spec, &mut rejected);
            rejected.drain(..).try_for_each(&mut *rejects)?;
            match next? {
                None => return Ok(()),
                Some(decoded) if decoded.batch.rows > 0 => each(decoded)?,
                Some(_) => {}
            }
        }
    }

    /// `None` where there is nothing to read.
    pub(crate) fn open(&self) -> Result<Option<Box<dyn Reading>>, DecodeError> {
        if self.part.units.is_empty() {
            return Ok(None);
        }
        self.file.clone().read(&self.part, &self.spec).map(Some)
    }
}
