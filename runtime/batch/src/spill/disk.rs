//! Batches in a temporary file: messages of Arrow IPC, one after the other, each read by itself. What their columns are is
//! not read back: the buffer knows.

use super::SpillContext;
use crate::error::{BatchError, bug};
use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::FileDecoder;
use arrow::ipc::writer::StreamWriter;
use arrow::ipc::{Block, MetadataVersion};
use datafusion::error::{DataFusionError, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;

/// Writes batches after the end of a file.
pub(super) struct Writer<'a> {
    out: StreamWriter<Counted<'a>>,
    schema: &'a SchemaRef,
    context: &'a SpillContext,
}

/// A file that knows where it ends.
struct Counted<'a> {
    out: BufWriter<&'a File>,
    end: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.end += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

impl<'a> Writer<'a> {
    /// At the end of a file.
    pub fn new(file: &'a File, end: u64, schema: &'a SchemaRef, context: &'a SpillContext) -> Result<Writer<'a>> {
        let out = BufWriter::with_capacity(1 << 18, file);
        let out = StreamWriter::try_new(Counted { out, end }, schema);
        Ok(Writer {
            out: out.map_err(|error| failed(context, error))?,
            schema,
            context,
        })
    }

    /// Writes some batches as one: where it lies, and its length in bytes.
    pub fn write(&mut self, batches: &[RecordBatch]) -> Result<(u64, usize)> {
        let at = self.out.get_ref().end;
        match batches {
            [only] => self.out.write(only),
            several => self.out.write(&concat_batches(self.schema, several)?),
        }
        .map_err(|error| failed(self.context, error))?;
        Ok((at, (self.out.get_ref().end - at) as usize))
    }

    /// Where the file ends.
    pub fn finish(self) -> Result<u64> {
        let out = self.out.into_inner();
        Ok(out.map_err(|error| failed(self.context, error))?.end)
    }
}

fn failed(context: &SpillContext, error: ArrowError) -> DataFusionError {
    match error {
        ArrowError::IoError(_, error) => context.not_written(&error).into(),
        other => other.into(),
    }
}

/// The batch that lies at a place, so many bytes long.
pub(super) fn read(file: &File, (at, bytes): (u64, usize), schema: &SchemaRef) -> Result<RecordBatch> {
    let mut message = vec![0; bytes];
    let failed = |error: std::io::Error| BatchError::Resources {
        why: format!("cannot read a temporary file back: {error}"),
    };
    file.read_exact_at(&mut message, at).map_err(failed)?;
    // A mark, the length of what is said of the rows, that, and the rows.
    let lost = || bug("a temporary file lost its rows");
    let (_, said) = message.split_first_chunk::<4>().ok_or_else(lost)?;
    let (said, _) = said.split_first_chunk::<4>().ok_or_else(lost)?;
    let place = Block::new(0, 8 + i32::from_le_bytes(*said), 0);
    let decoder = FileDecoder::new(schema.clone(), MetadataVersion::V5);
    let batch = decoder.read_record_batch(&place, &Buffer::from_vec(message))?;
    batch.ok_or_else(lost)
}
