//! How much a stream of Arrow becomes in memory, told before any of it is decoded.

use crate::arrow_stream::MARKER;
use arrow::ipc::root_as_message;

/// How many bytes the buffers of a stream say that they become; of one that is broken up to there.
pub(crate) fn unpacked_bytes(stream: &[u8]) -> u64 {
    let (mut rest, mut sum) = (stream, 0u64);
    while let Some((about, body, after)) = message(rest) {
        let Ok(message) = root_as_message(about) else { break };
        let dictionary = || message.header_as_dictionary_batch()?.data();
        let batch = message.header_as_record_batch().or_else(dictionary);
        let packed = batch.filter(|batch| batch.compression().is_some());
        for buffer in packed.iter().flat_map(|batch| batch.buffers()).flatten() {
            let start = usize::try_from(buffer.offset()).unwrap_or(usize::MAX);
            let length = usize::try_from(buffer.length()).unwrap_or(0);
            let part = body.get(start..).and_then(|after| after.get(..length));
            let size = part.and_then(|part| part.first_chunk::<8>());
            let size = size.map_or(0, |size| i64::from_le_bytes(*size));
            // −1: it is as it was.
            sum = sum.saturating_add(u64::try_from(size).unwrap_or(length as u64));
        }
        let plain = if packed.is_none() { body.len() as u64 } else { 0 };
        sum = sum.saturating_add(plain);
        rest = after;
    }
    sum
}

/// The head and the body of the first message, and what is after it.
fn message(stream: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (mut length, mut rest) = stream.split_first_chunk::<4>()?;
    if *length == MARKER {
        (length, rest) = rest.split_first_chunk::<4>()?;
    }
    let (about, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let length = root_as_message(about).ok()?.bodyLength();
    let (body, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((about, body, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::ipc::CompressionType;

    #[test]
    fn what_a_stream_becomes_is_said_before_it_is_unpacked() {
        use arrow::array::{Int64Array, RecordBatch};
        use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
        use std::sync::Arc;
        let column = Arc::new(Int64Array::from(vec![7; 100_000])) as arrow::array::ArrayRef;
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        for (codec, at_most) in [(None, 900_000), (Some(CompressionType::ZSTD), 20_000)] {
            let options = IpcWriteOptions::default().try_with_compression(codec).unwrap();
            let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
            writer.write(&batch).unwrap();
            let bytes = writer.into_inner().unwrap();
            assert!(bytes.len() < at_most, "{codec:?} {}", bytes.len());
            assert!((800_000..900_000).contains(&unpacked_bytes(&bytes)), "{codec:?}");
            assert_eq!(unpacked_bytes(&bytes[..40]), 0);
        }
        assert_eq!(unpacked_bytes(b"no stream at all"), 0);
    }
}
