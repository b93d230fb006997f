//! Arrow IPC: files, whose batches are read from anywhere, and streams.

use crate::arrow_sizes::check_sizes;
use crate::arrow_stream::{MARKER, Stream};
use crate::error::DecodeError;
use crate::format::{Format, Opened, Part, Reading, parts_of_batches};
use crate::guard::guarded;
use crate::layout::Layout;
use crate::reject::Reject;
use crate::spec::{Decoded, Spec};
use crate::spine::{Spine, Wanted, columns};
use crate::store::{InputFile, RandomRead, Store, of_another_format, open_file};
use crate::write::{Encoder, Target, WriteError, WriteOptions};
use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileDecoder, FileReader, read_footer_length};
use arrow::ipc::writer::FileWriter;
use arrow::ipc::{Block, Message, MetadataVersion, root_as_footer, root_as_message};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The first bytes of a file; a stream has none.
const MAGIC: &[u8] = b"ARROW1";

pub(super) struct Arrow;

impl Format for Arrow {
    fn extensions(&self) -> &'static [&'static str] {
        &["arrow", "ipc", "feather"]
    }

    fn open(&'static self, input: InputFile, spec: &Spec, _keep_open: bool) -> Result<Arc<dyn Opened>, DecodeError> {
        let file = spec.options.store.open(&input)?;
        if !is_file(&input.name, &*file)? {
            return Ok(Arc::new(ArrowStream(input)));
        }
        let footer = guarded(&input.name, || footer(&*file))?;
        Ok(Arc::new(ArrowFile {
            layout: Layout::new(&input, &footer.schema, spec, |_| true)?,
            input,
            footer,
            content: (file.version(), file.len()),
        }))
    }

    fn begins(&self, head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn spine(&self, store: &dyn Store, input: &InputFile, wanted: &Wanted<'_>) -> Result<Spine, DecodeError> {
        let name = wanted.file;
        let file = store.open(input)?;
        if !is_file(name, &*file)? {
            let bytes = store.stream(input)?;
            let (schema, mut stream) = guarded(name, || Stream::open(name, bytes))?;
            return columns(schema, &mut || guarded(name, || stream.next()), wanted);
        }
        let footer = guarded(name, || footer(&*file))?;
        let decoder = guarded(name, || footer.decoder(&*file, None))?;
        let mut batches = footer.batches.iter();
        let mut next = || {
            let about = batches.next();
            guarded(name, || about.map(|about| batch(&decoder, &*file, about)).transpose())
        };
        columns(footer.schema.clone(), &mut next, wanted)
    }

    fn output(&self) -> Option<&'static str> {
        Some("arrow")
    }

    fn encoder(
        &self,
        target: Target,
        schema: SchemaRef,
        options: &WriteOptions,
    ) -> Result<Box<dyn Encoder>, WriteError> {
        let mut metadata = schema.metadata().clone();
        metadata.extend(options.metadata.iter().cloned());
        let schema = Schema::clone(&schema).with_metadata(metadata);
        Ok(Box::new(FileWriter::try_new(target, &schema)?))
    }

    fn metadata(&self, path: &Path, key: &str) -> Result<Option<String>, DecodeError> {
        let name = path.display().to_string();
        let file = open_file(path).map_err(|error| DecodeError::unreadable(&name, &error))?;
        let reader = guarded(&name, || FileReader::try_new(file, None))?;
        Ok(reader.schema().metadata().get(key).cloned())
    }
}

impl Encoder for FileWriter<Target> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        Ok(FileWriter::write(self, batch)?)
    }

    fn add_metadata(&mut self, key: &str, value: &str) {
        self.write_metadata(key, value);
    }

    fn finish(self: Box<Self>) -> Result<Target, WriteError> {
        Ok(self.into_inner()?)
    }
}

/// Whether it is a file, and no stream.
fn is_file(name: &str, file: &dyn RandomRead) -> Result<bool, DecodeError> {
    let head = MAGIC.len().min(usize::try_from(file.len()).unwrap_or(usize::MAX));
    let is_file = &file.read_at(0, head)?[..] == MAGIC;
    match of_another_format(name, &MARKER, file).filter(|_| !is_file) {
        Some(error) => Err(error),
        None => Ok(is_file),
    }
}

/// The rows of a file, in order.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn batches(
    file: Arc<dyn RandomRead>,
) -> Result<impl Iterator<Item = Result<RecordBatch, DecodeError>>, DecodeError> {
    const NAME: &str = "rows";
    let footer = guarded(NAME, || footer(&*file))?;
    let decoder = guarded(NAME, || footer.decoder(&*file, None))?;
    let read = move |about| guarded(NAME, || batch(&decoder, &*file, &about));
    Ok(footer.batches.into_iter().map(read))
}

/// A file whose schema fits a source.
struct ArrowFile {
    input: InputFile,
    layout: Layout,
    footer: Footer,
    /// What the content was when the footer was read, and its length.
    content: (Option<String>, u64),
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
    // A length, since 0.15 after a marker of four bytes.
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

impl Opened for ArrowFile {
    fn name(&self) -> &str {
        &self.input.name
    }

    /// Batches that follow each other.
    fn parts(&self, rows_per_piece: usize, _: &Spec, _: &mut u64) -> Vec<Part> {
        let batches = self.footer.batches.iter();
        let sizes = batches.map(|(block, rows)| (*rows, block.bodyLength().max(0) as u64));
        parts_of_batches(sizes, rows_per_piece)
    }

    fn read(self: Arc<Self>, part: &Part, spec: &Spec) -> Result<Box<dyn Reading>, DecodeError> {
        let name = self.input.name.clone();
        let input = spec.options.store.open(&self.input)?;
        let (content, len) = &self.content;
        if input.version() != *content {
            return Err(DecodeError::changed(&name, *len, input.len()));
        }
        let read = Some(self.layout.read.clone());
        let decoder = guarded(&name, || self.footer.decoder(&*input, read))?;
        Ok(Box::new(ArrowReader {
            name,
            batches: Batches::File {
                next: part.units.clone(),
                file: self,
                input,
                decoder,
            },
            row: part.before,
            left: None,
        }))
    }
}

/// A stream, which is read from its beginning to its end.
struct ArrowStream(InputFile);

impl Opened for ArrowStream {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn parts(&self, _: usize, _: &Spec, _: &mut u64) -> Vec<Part> {
        let bytes = std::fs::metadata(&self.0.path).map_or(0, |about| about.len());
        vec![Part {
            units: 0..1,
            bytes,
            unpacked_bytes: bytes,
            ..Part::default()
        }]
    }

    fn read(self: Arc<Self>, _: &Part, spec: &Spec) -> Result<Box<dyn Reading>, DecodeError> {
        let name = self.0.name.clone();
        let bytes = spec.options.store.stream(&self.0)?;
        let (schema, stream) = guarded(&name, || Stream::open(&name, bytes))?;
        let mut layout = Layout::new(&self.0, &schema, spec, |_| true)?;
        // A stream gives all of its columns.
        layout.read_all();
        Ok(Box::new(ArrowReader {
            name,
            batches: Batches::Stream { layout, stream },
            row: 0,
            left: None,
        }))
    }
}

/// What the end of a file says.
struct Footer {
    pub schema: SchemaRef,
    version: MetadataVersion,
    dictionaries: Vec<Block>,
    /// With their rows.
    pub batches: Vec<(Block, u64)>,
}

impl Footer {
    /// With the dictionaries of the file.
    fn decoder(&self, file: &dyn RandomRead, projection: Option<Vec<usize>>) -> Result<FileDecoder, ArrowError> {
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
fn batch(decoder: &FileDecoder, file: &dyn RandomRead, about: &(Block, u64)) -> Result<RecordBatch, ArrowError> {
    let batch = decoder.read_record_batch(&about.0, &checked(file, &about.0)?)?;
    let batch = batch.filter(|batch| batch.num_rows() as u64 == about.1);
    batch.ok_or_else(|| ArrowError::IpcError("a batch does not have the rows that its message says".into()))
}

fn footer(file: &dyn RandomRead) -> Result<Footer, ArrowError> {
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
struct ArrowReader {
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

impl Reading for ArrowReader {
    fn next(&mut self, spec: &Spec, rejects: &mut Vec<Reject>) -> Result<Option<Decoded>, DecodeError> {
        let batch = match self.left.take() {
            Some(batch) => Some(batch),
            None => guarded(&self.name, || self.batches.next())?,
        };
        let Some(batch) = batch else { return Ok(None) };
        let layout = match &self.batches {
            Batches::File { file, .. } => &file.layout,
            Batches::Stream { layout, .. } => layout,
        };
        let first = self.row + 1;
        let (now, left) = guarded(&self.name, || layout.cut(batch, first, spec))?;
        self.left = left;
        self.row += now.num_rows() as u64;
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
