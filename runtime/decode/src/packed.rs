//! Text that is packed by gzip or zstd, told by the name of its file.

use crate::error::DecodeError;
use crate::files::InputFile;
use crate::store::Store;
use flate2::bufread::MultiGzDecoder;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a file of text is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Members one after the other.
    Gzip,
    /// Frames one after the other.
    Zstd,
}

/// The ends of the names of packed files.
const ENDS: [(&str, Packing); 2] = [("gz", Packing::Gzip), ("zst", Packing::Zstd)];

impl Packing {
    pub(crate) fn of(path: &Path) -> Option<Packing> {
        let end = path.extension()?.to_str()?;
        ENDS.iter()
            .find(|(known, _)| end.eq_ignore_ascii_case(known))
            .map(|(_, packing)| *packing)
    }

    fn name(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
        }
    }
}

/// What a file of text says, from its beginning to its end.
///
/// # Errors
/// [`DecodeError::Unreadable`]. Of packed data that is broken, reading says it by an error which
/// [`DecodeError::unreadable`] turns into [`DecodeError::Corrupt`].
pub(crate) fn unpacked(store: &dyn Store, file: &InputFile) -> Result<Box<dyn BufRead + Send>, DecodeError> {
    const BUFFER: usize = 1 << 18;
    let stored = store.stream(file)?;
    let Some(packing) = Packing::of(&file.path) else {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, stored)));
    };
    let watch = Arc::new(Watch::default());
    let stored = Stored {
        input: stored,
        watch: watch.clone(),
    };
    let stored = BufReader::with_capacity(BUFFER, stored);
    let unpack: Box<dyn Read + Send> = match packing {
        Packing::Gzip => Box::new(MultiGzDecoder::new(stored)),
        Packing::Zstd => Box::new(
            zstd::stream::read::Decoder::with_buffer(stored)
                .map_err(|error| DecodeError::unreadable(&file.name, &error))?,
        ),
    };
    let unpack = Unpacked { packing, unpack, watch };
    Ok(Box::new(BufReader::with_capacity(BUFFER, unpack)))
}

/// What is known of the stored bytes.
#[derive(Default)]
struct Watch {
    read: AtomicU64,
    failed: AtomicU64,
}

/// Bytes as they are stored.
struct Stored {
    input: Box<dyn Read + Send>,
    watch: Arc<Watch>,
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer);
        match &read {
            Ok(bytes) => self.watch.read.fetch_add(*bytes as u64, Ordering::Relaxed),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(_) => self.watch.failed.fetch_add(1, Ordering::Relaxed),
        };
        read
    }
}

/// Bytes as they are said; an error that is not one of reading is [`Damaged`].
struct Unpacked {
    packing: Packing,
    unpack: Box<dyn Read + Send>,
    watch: Arc<Watch>,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.unpack.read(buffer);
        let nothing = || !buffer.is_empty() && self.watch.read.load(Ordering::Relaxed) == 0;
        let why = match &read {
            Ok(0) if nothing() => "ends too early".to_owned(),
            Ok(_) => return read,
            Err(_) if self.watch.failed.load(Ordering::Relaxed) > 0 => return read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return read,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => "ends too early".to_owned(),
            Err(error) => format!("is broken: {error}"),
        };
        let why = format!("its {} data {why}", self.packing.name());
        Err(io::Error::new(io::ErrorKind::InvalidData, Damaged(why)))
    }
}

/// Packed data that cannot be unpacked.
#[derive(Debug)]
pub(crate) struct Damaged(String);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Damaged {}
