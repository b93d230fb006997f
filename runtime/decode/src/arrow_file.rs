//! Rows of a source from Arrow IPC: files, whose batches are read from anywhere, and streams.

use crate::arrow_sizes::check_sizes;
use crate::arrow_stream::Stream;
use crate::error::DecodeError;
use crate::files::InputFile;
use crate::guard::guarded;
use crate::layout::Layout;
use crate::piece::Shared;
use crate::reject::Reject;
use crate::source::{Decoded, Spec};
use crate::store::RandomRead;
use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::{Block, Message, MetadataVersion, root_as_footer, root_as_message};
use std::ops::Range;
use std::sync::Arc;

/// The first bytes of a file; a stream has none.
pub(crate) const MAGIC: &[u8] = b"ARROW1";
/// What begins a message, since 0.15.
pub(crate) const MARKER: [u8; 4] = [0xff; 4];

/// A file whose schema fits a source.
pub(crate) struct ArrowFile {
    input: InputFile,
    layout: Layout,
    footer: Footer,
    /// What the content was when the footer was read, and its length.
    content: (Option<String>, u64),
}

/// Batches that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub batches: Range<usize>,
    pub rows: u64,
    /// The rows of the file in front of them.
    pub before: u64,
}

/// Bytes that lie together: the footer, or a block.
fn block(file: &dyn RandomRead, block: &Block) -> Result<Buffer, ArrowError> {
    let len = i64::from(block.metaDataLength()).checked_add(block.bodyLength());
    bytes(file, block.offset(), len.unwrap_or(-1))
}

fn bytes(file: &dyn RandomRead, start: i64, len: i64) -> Result<Buffer, ArrowError> {
    let (Ok(start), Ok(len)) = (u64::try_from(start), usize::try_from(len)) else {
        return Err(ArrowError::IpcError("a negative length".into()));
    };
    if start.checked_add(len as u64).is_none_or(|end| end > file.len()) {
        return Err(ArrowError::IpcError("it ends too early".into()));
    }
    let read = file.read_at(start, len);
    read.map(Buffer::from)
        .map_err(|error| ArrowError::ExternalError(Box::new(error)))
}

/// The message that a block begins with.
fn message(bytes: &[u8]) -> Result<Message<'_>, ArrowError> {
    // A length, since 0.15 behind a marker of four bytes.
    let skipped = if bytes.starts_with(&MARKER) { 8 } else { 4 };
    let message = bytes.get(skipped..).map(root_as_message);
    message.and_then(Result::ok).ok_or_else(no_message)
}

fn no_message() -> ArrowError {
    ArrowError::IpcError("a batch without its message".into())
}

/// The rows of a block, by its metadata.
fn rows(file: &dyn RandomRead, block: &Block) -> Result<u64, ArrowError> {
    let bytes = bytes(file, block.offset(), i64::from(block.metaDataLength()))?;
    let batch = message(&bytes)?.header_as_record_batch().ok_or_else(no_message)?;
    u64::try_from(batch.length()).map_err(|_| no_message())
}

/// A whole block, the sizes in which were checked.
fn checked(file: &dyn RandomRead, about: &Block) -> Result<Buffer, ArrowError> {
    let bytes = block(file, about)?;
    let body = usize::try_from(about.metaDataLength())
        .ok()
        .and_then(|at| bytes.get(at..));
    check_sizes(&message(&bytes)?, body.unwrap_or_default())?;
    Ok(bytes)
}

impl ArrowFile {
    /// `None` when it is a stream.
    pub(crate) fn open(input: &InputFile, shared: &Shared) -> Result<Option<ArrowFile>, DecodeError> {
        let file = shared.store.open(input)?;
        let head = MAGIC.len().min(usize::try_from(file.len()).unwrap_or(usize::MAX));
        if &file.read_at(0, head)?[..] != MAGIC {
            return Ok(None);
        }
        let footer = guarded(&input.name, || footer(&*file))?;
        let layout = Layout::new(input, &footer.schema, &shared.spec, |_| true)?;
        Ok(Some(ArrowFile {
            input: input.clone(),
            layout,
            footer,
            content: (file.version(), file.len()),
        }))
    }

    pub(crate) fn name(&self) -> &str {
        &self.input.name
    }

    /// Cuts the file.
    pub(crate) fn runs(&self, rows_per_piece: usize) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut before = 0u64;
        for (at, (_, rows)) in self.footer.batches.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.rows.saturating_add(*rows) <= rows_per_piece as u64 => {
                    run.batches.end = at + 1;
                    run.rows += rows;
                }
                _ => runs.push(Run {
                    batches: at..at + 1,
                    rows: *rows,
                    before,
                }),
            }
            before = before.saturating_add(*rows);
        }
        runs
    }

    pub(crate) fn bytes(&self, run: &Run) -> u64 {
        let blocks = self.footer.batches.get(run.batches.clone()).unwrap_or_default();
        blocks.iter().map(|(block, _)| block.bodyLength().max(0) as u64).sum()
    }
}

/// What the end of a file says.
pub(crate) struct Footer {
    pub schema: SchemaRef,
    version: MetadataVersion,
    dictionaries: Vec<Block>,
    /// With their rows.
    pub batches: Vec<(Block, u64)>,
}

impl Footer {
    /// With the dictionaries of the file.
    pub(crate) fn decoder(
        &self,
        file: &dyn RandomRead,
        projection: Option<Vec<usize>>,
    ) -> Result<FileDecoder, ArrowError> {
        let mut decoder = FileDecoder::new(self.schema.clone(), self.version);
        if let Some(projection) = projection {
            decoder = decoder.with_projection(projection);
        }
        for dictionary in &self.dictionaries {
            decoder.read_dictionary(dictionary, &checked(file, dictionary)?)?;
        }
        Ok(decoder)
    }
}

/// A batch of a file, which must have the rows that its message says.
pub(crate) fn batch(
    decoder: &FileDecoder,
    file: &dyn RandomRead,
    about: &(Block, u64),
) -> Result<RecordBatch, ArrowError> {
    let batch = decoder.read_record_batch(&about.0, &checked(file, &about.0)?)?;
    let batch = batch.filter(|batch| batch.num_rows() as u64 == about.1);
    batch.ok_or_else(|| ArrowError::IpcError("a batch does not have the rows that its message says".into()))
}

pub(crate) fn footer(file: &dyn RandomRead) -> Result<Footer, ArrowError> {
    let broken = |why: &str| ArrowError::IpcError(why.into());
    let end = i64::try_from(file.len()).unwrap_or(i64::MAX) - 10;
    let tail = bytes(file, end, 10)?;
    let tail = <[u8; 10]>::try_from(&tail[..]).map_err(|_| broken("no footer"))?;
    let len = read_footer_length(tail)? as i64;
    let bytes = bytes(file, end - len, len)?;
    let footer = root_as_footer(&bytes).map_err(|_| broken("its footer is broken"))?;
    let schema = footer.schema().ok_or_else(|| broken("no schema"))?;
    if !schema.endianness().equals_to_target_endianness() {
        return Err(broken("numbers are of the other byte order"));
    }
    let batches = footer.recordBatches().into_iter().flatten().copied();
    let batches = batches.map(|block| rows(file, &block).map(|rows| (block, rows)));
    Ok(Footer {
        schema: Arc::new(fb_to_schema(schema)),
        version: footer.version(),
        dictionaries: footer.dictionaries().into_iter().flatten().copied().collect(),
        batches: batches.collect::<Result<_, _>>()?,
    })
}

/// Batches being read.
pub(crate) struct ArrowReader {
    name: Arc<str>,
    batches: Batches,
    /// Rows of the file in front of the next one.
    row: u64,
    /// What is left of the batch that was read last.
    left: Option<RecordBatch>,
}

enum Batches {
    File {
        file: Arc<ArrowFile>,
        input: Arc<dyn RandomRead>,
        decoder: FileDecoder,
        next: Range<usize>,
    },
    Stream {
        layout: Layout,
        stream: Stream,
    },
}

impl ArrowReader {
    pub(crate) fn file(file: &Arc<ArrowFile>, run: &Run, shared: &Shared) -> Result<ArrowReader, DecodeError> {
        let name = file.input.name.clone();
        let input = shared.store.open(&file.input)?;
        let (content, len) = &file.content;
        if input.version() != *content {
            return Err(DecodeError::changed(&name, *len, input.len()));
        }
        let read = Some(file.layout.read.clone());
        let decoder = guarded(&name, || file.footer.decoder(&*input, read))?;
        let batches = Batches::File {
            file: file.clone(),
            input,
            decoder,
            next: run.batches.clone(),
        };
        let (row, left) = (run.before, None);
        Ok(ArrowReader {
            name,
            batches,
            row,
            left,
        })
    }

    pub(crate) fn stream(input: &InputFile, shared: &Shared) -> Result<ArrowReader, DecodeError> {
        let name = input.name.clone();
        let input_bytes = shared.store.stream(input)?;
        let (schema, stream) = guarded(&name, || Stream::open(&name, input_bytes))?;
        let mut layout = Layout::new(input, &schema, &shared.spec, |_| true)?;
        // A stream gives all of its columns.
        layout.read_all();
        let batches = Batches::Stream { layout, stream };
        let (row, left) = (0, None);
        Ok(ArrowReader {
            name,
            batches,
            row,
            left,
        })
    }

    /// The next rows; `None` at the end.
    pub(crate) fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError> {
        let batch = match self.left.take() {
            Some(batch) => Some(batch),
            None => guarded(&self.name, || self.batches.next())?,
        };
        let Some(batch) = batch else { return Ok(None) };
        let rows = batch.num_rows();
        let now = if rows > spec.rows_per_batch {
            self.left = Some(batch.slice(spec.rows_per_batch, rows - spec.rows_per_batch));
            batch.slice(0, spec.rows_per_batch)
        } else {
            batch
        };
        let first = self.row + 1;
        self.row += now.num_rows() as u64;
        let layout = match &self.batches {
            Batches::File { file, .. } => &file.layout,
            Batches::Stream { layout, .. } => layout,
        };
        layout.decode(now, first, spec, rejects).map(Some)
    }
}

impl Batches {
    fn next(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        match self {
            Batches::Stream { stream, .. } => stream.next(),
            Batches::File {
                file,
                input,
                decoder,
                next,
            } => {
                let about = next.next().and_then(|at| file.footer.batches.get(at));
                about.map(|about| batch(decoder, &**input, about)).transpose()
            }
        }
    }
}
