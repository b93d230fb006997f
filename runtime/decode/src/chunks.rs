//! A stored file as the Parquet library reads it: few reads, each of some size, and no byte twice in a row.

use crate::error::DecodeError;
use crate::store::RandomRead;
use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file, and the parts of it that are read from front to back.
#[derive(Clone)]
pub(crate) struct Chunks(Arc<Inner>);

struct Inner {
    file: Arc<dyn RandomRead>,
    /// In order, without overlap, and of each what was read last.
    spans: Vec<(Range<u64>, Mutex<Window>)>,
    failure: Mutex<Option<DecodeError>>,
}

#[derive(Default)]
struct Window {
    start: u64,
    bytes: Bytes,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Chunks {
    /// `spans` are the column chunks that will be read.
    pub(crate) fn new(file: Arc<dyn RandomRead>, mut spans: Vec<Range<u64>>) -> Chunks {
        spans.sort_unstable_by_key(|span| span.start);
        let mut last = 0;
        // A broken file may have chunks one over the other; what has no span is read as it is asked for.
        spans.retain(|span| {
            let fine = span.start >= last && span.end > span.start;
            last = if fine { span.end } else { last };
            fine
        });
        let spans = spans.into_iter().map(|span| (span, Mutex::default())).collect();
        Chunks(Arc::new(Inner {
            file,
            spans,
            failure: Mutex::new(None),
        }))
    }

    /// For the metadata, which is at the end of a file.
    pub(crate) fn tail(file: Arc<dyn RandomRead>) -> Chunks {
        let end = file.len();
        let start = end.saturating_sub(file.granule() as u64);
        Chunks::new(file, std::iter::once(start..end).collect())
    }

    /// Why reading failed, if it was the file that could not be read; the library only says that something did.
    pub(crate) fn failure(&self) -> Option<DecodeError> {
        lock(&self.0.failure).take()
    }

    fn read(&self, start: u64, len: usize) -> Result<Bytes> {
        let end = start.checked_add(len as u64).filter(|end| *end <= self.0.file.len());
        if end.is_none() {
            return Err(ParquetError::EOF(format!("the file ends before byte {start} + {len}")));
        }
        self.0.file.read_at(start, len).map_err(|error| {
            let why = ParquetError::General(error.to_string());
            *lock(&self.0.failure) = Some(error);
            why
        })
    }

    /// At least `len` bytes from `start` on, and what else is at hand.
    fn bytes(&self, start: u64, len: usize) -> Result<Bytes> {
        let after = self.0.spans.partition_point(|(span, _)| span.start <= start);
        let span = after.checked_sub(1).and_then(|at| self.0.spans.get(at));
        let Some((span, window)) = span.filter(|(span, _)| start < span.end) else {
            return self.read(start, len);
        };
        let mut window = lock(window);
        let begin = start.checked_sub(window.start).and_then(|at| usize::try_from(at).ok());
        if let Some(begin) =
            begin.filter(|begin| window.bytes.len().checked_sub(*begin).is_some_and(|left| left >= len))
        {
            return Ok(window.bytes.slice(begin..));
        }
        let granule = self.0.file.granule();
        let left = usize::try_from(span.end - start).unwrap_or(usize::MAX);
        let whole = usize::try_from(span.end - span.start).unwrap_or(usize::MAX);
        if whole <= granule && len <= left {
            *window = Window {
                start: span.start,
                bytes: self.read(span.start, whole)?,
            };
            return Ok(window.bytes.slice(whole - left..));
        }
        if len > granule.min(left) {
            return self.read(start, len);
        }
        *window = Window {
            start,
            bytes: self.read(start, granule.min(left))?,
        };
        Ok(window.bytes.clone())
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.file.len()
    }
}

impl ChunkReader for Chunks {
    type T = FromChunks;

    fn get_read(&self, start: u64) -> Result<FromChunks> {
        Ok(FromChunks {
            chunks: self.clone(),
            at: start,
            bytes: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, len: usize) -> Result<Bytes> {
        if len == 0 {
            return Ok(Bytes::new());
        }
        let mut bytes = self.bytes(start, len)?;
        bytes.truncate(len);
        Ok(bytes)
    }
}

/// The bytes of a file from some place on.
pub(crate) struct FromChunks {
    chunks: Chunks,
    /// Where the bytes after `bytes` are.
    at: u64,
    bytes: Bytes,
}

impl Read for FromChunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            if self.at >= self.chunks.len() {
                return Ok(0);
            }
            self.bytes = self.chunks.bytes(self.at, 1).map_err(io::Error::other)?;
            self.at += self.bytes.len() as u64;
        }
        let len = buffer.len().min(self.bytes.len());
        self.bytes.copy_to_slice(&mut buffer[..len]);
        Ok(len)
    }
}
