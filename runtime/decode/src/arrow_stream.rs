//! Arrow IPC as a stream of messages.

use crate::arrow_sizes::check_sizes;
use crate::error::DecodeError;
use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::root_as_message;
use std::collections::VecDeque;
use std::io::Read;

/// What begins a message, since 0.15.
pub(crate) const MARKER: [u8; 4] = [0xff; 4];

/// Messages one after the other. Memory grows with what was read, whatever lengths a broken stream claims.
pub(crate) struct Stream {
    /// Of the file.
    name: String,
    input: Box<dyn Read + Send>,
    decoder: StreamDecoder,
    /// Read, and not decoded.
    waiting: VecDeque<Buffer>,
    /// A batch that was met before it was asked for.
    met: Option<RecordBatch>,
}

impl Stream {
    /// Reads the schema.
    pub(crate) fn open(name: &str, input: Box<dyn Read + Send>) -> Result<(SchemaRef, Stream), ArrowError> {
        let mut stream = Stream {
            name: name.to_owned(),
            input,
            decoder: StreamDecoder::new(),
            waiting: VecDeque::new(),
            met: None,
        };
        stream.met = stream.next()?;
        let schema = stream.decoder.schema();
        let schema = schema.ok_or_else(|| ArrowError::IpcError("no schema".into()))?;
        Ok((schema, stream))
    }

    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if let Some(batch) = self.met.take() {
            return Ok(Some(batch));
        }
        loop {
            while let Some(bytes) = self.waiting.front_mut() {
                if let Some(batch) = self.decoder.decode(bytes)? {
                    return Ok(Some(batch));
                }
                self.waiting.pop_front();
            }
            self.message()?;
            if self.waiting.is_empty() {
                self.decoder.finish()?;
                return Ok(None);
            }
        }
    }

    /// Reads a message, or as much of it as there is; what is wrong with it the decoder will say.
    fn message(&mut self) -> Result<(), ArrowError> {
        let mut length = self.bytes(4)?;
        if length[..] == MARKER {
            length = self.bytes(4)?;
        }
        let Ok(length) = <[u8; 4]>::try_from(&length[..]) else {
            return Ok(());
        };
        let about = self.bytes(u64::from(u32::from_le_bytes(length)))?;
        let Ok(message) = root_as_message(&about) else {
            return Ok(());
        };
        let Ok(length) = u64::try_from(message.bodyLength()) else {
            return Err(ArrowError::IpcError("a negative length".into()));
        };
        let body = self.bytes(length)?;
        if body.len() as u64 == length {
            check_sizes(&message, &body)?;
        }
        Ok(())
    }

    /// Reads so many bytes, or what there is, and puts them in front of the decoder.
    fn bytes(&mut self, length: u64) -> Result<Buffer, ArrowError> {
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(length).read_to_end(&mut bytes);
        read.map_err(|error| ArrowError::ExternalError(Box::new(DecodeError::unreadable(&self.name, &error))))?;
        let bytes = Buffer::from(bytes);
        if !bytes.is_empty() {
            self.waiting.push_back(bytes.clone());
        }
        Ok(bytes)
    }
}
