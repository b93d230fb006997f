//! Text that is packed by gzip or zstd, told by the name of its file.
//!
//! The members of gzip come one by one from `flate2::GzDecoder`, and not from its `MultiGzDecoder`, which takes the same
//! time (docs/benchmarks.md) but refuses the zeros that may stand after the last member, and cannot tell other bytes there
//! from a broken member.

use crate::error::{Damaged, DecodeError};
use crate::store::{InputFile, Store};
use flate2::bufread::GzDecoder;
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
        Packing::Gzip => Box::new(Members::new(stored)),
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

/// What the members of gzip say, one after the other. As `gzip -t` does it, zeros after the last one are left out.
struct Members<R> {
    member: Option<GzDecoder<R>>,
    is_first: bool,
}

impl<R: BufRead> Members<R> {
    fn new(input: R) -> Members<R> {
        Members {
            member: Some(GzDecoder::new(input)),
            is_first: true,
        }
    }

    /// Goes on after the end of a member.
    fn advance(&mut self) -> io::Result<()> {
        let Some(member) = &mut self.member else { return Ok(()) };
        let input = member.get_mut();
        match input.fill_buf()?.first().copied() {
            None => self.member = None,
            Some(0) => {
                while let (false, zeros) = zeros(input.fill_buf()?)? {
                    input.consume(zeros);
                }
                self.member = None;
            }
            // What a member begins with.
            Some(0x1f) => {
                self.member = self.member.take().map(|member| GzDecoder::new(member.into_inner()));
                self.is_first = false;
            }
            Some(_) => return Err(other_bytes()),
        }
        Ok(())
    }
}

/// Whether the end is reached, and how many zeros there are, which must be all.
fn zeros(bytes: &[u8]) -> io::Result<(bool, usize)> {
    match bytes.iter().all(|byte| *byte == 0) {
        true => Ok((bytes.is_empty(), bytes.len())),
        false => Err(other_bytes()),
    }
}

fn other_bytes() -> io::Error {
    let why = "other bytes stand after its last member";
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            match member.read(buffer) {
                Ok(0) if !buffer.is_empty() => self.advance()?,
                Err(error)
                    if error.kind() == io::ErrorKind::InvalidInput && !self.is_first && member.header().is_none() =>
                {
                    return Err(other_bytes());
                }
                done => return done,
            }
        }
        Ok(0)
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
