//! How much a stream of Arrow becomes in memory, told before any of it is decoded.

use crate::arrow_stream::{MARKER, Stream};
use crate::guard::guarded;
use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::datatypes::{DataType, FieldRef};
use arrow::error::ArrowError;
use arrow::ipc::root_as_message;
use std::io::Read;

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

/// How many bytes the texts of a stream are where rows share them, when each row has its own; of one that is broken,
/// those up to there: what stands before it is decoded before that is met.
pub(crate) fn shared_text_bytes(name: &str, stream: Box<dyn Read + Send>) -> u64 {
    let mut sum = 0u64;
    let all = || -> Result<(), ArrowError> {
        let (schema, mut stream) = Stream::open(name, stream)?;
        if schema.fields().iter().any(is_shared) {
            while let Some(batch) = stream.next()? {
                let bytes = batch.columns().iter().map(text_bytes);
                sum = bytes.fold(sum, u64::saturating_add);
            }
        }
        Ok(())
    };
    // Whoever decodes it tells what is broken.
    let _ = guarded(name, all);
    sum
}

/// Whether rows share texts of a column, or of what lies inside of it.
fn is_shared(field: &FieldRef) -> bool {
    match field.data_type() {
        DataType::Dictionary(..) | DataType::Utf8View => true,
        DataType::Struct(fields) => fields.iter().any(is_shared),
        DataType::List(items) | DataType::LargeList(items) | DataType::FixedSizeList(items, _) => is_shared(items),
        _ => false,
    }
}

/// The bytes of the texts of a view or a dictionary, as often as they occur, and of those inside.
fn text_bytes(array: &ArrayRef) -> u64 {
    let rows = (0..array.len()).filter(|row| array.is_valid(*row));
    match array.data_type() {
        // The low half of a view is the length of its text.
        DataType::Utf8View => {
            let views = array.as_string_view().views();
            rows.map(|row| u64::from(views[row] as u32)).sum()
        }
        DataType::Struct(_) => {
            let bytes = array.as_struct().columns().iter().map(text_bytes);
            bytes.fold(0, u64::saturating_add)
        }
        DataType::List(_) => text_bytes(array.as_list::<i32>().values()),
        DataType::LargeList(_) => text_bytes(array.as_list::<i64>().values()),
        DataType::FixedSizeList(..) => text_bytes(array.as_fixed_size_list().values()),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = dictionary.values();
            let lengths: Vec<u64> = match values.data_type() {
                DataType::Utf8 => values.as_string::<i32>().iter().map(length).collect(),
                DataType::LargeUtf8 => values.as_string::<i64>().iter().map(length).collect(),
                DataType::Utf8View => values.as_string_view().iter().map(length).collect(),
                _ => return 0,
            };
            if lengths.is_empty() {
                return 0;
            }
            let keys = dictionary.normalized_keys();
            rows.map(|row| lengths[keys[row]]).fold(0, u64::saturating_add)
        }
        _ => 0,
    }
}

fn length(text: Option<&str>) -> u64 {
    text.map_or(0, |text| text.len() as u64)
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

    #[test]
    fn texts_that_rows_share_count_as_often_as_they_occur() {
        use arrow::array::{DictionaryArray, Int32Array, RecordBatch, StringArray, StringViewArray};
        use arrow::ipc::writer::StreamWriter;
        use std::sync::Arc;
        let (long, rows) = ("x".repeat(10_000), 500);
        let texts = Arc::new(StringArray::from(vec![long.as_str(), "y"]));
        let keys: Int32Array = (0..rows).map(|row| (row % 5 > 0).then_some(row % 2)).collect();
        let dictionary: ArrayRef = Arc::new(DictionaryArray::try_new(keys, texts.clone()).unwrap());
        let mut views = arrow::array::StringViewBuilder::new().with_deduplicate_strings();
        (0..rows).for_each(|_| views.append_value(&long));
        let views: StringViewArray = views.finish();
        for (array, expected) in [
            (dictionary, 200 * 10_000 + 200),
            (Arc::new(views) as ArrayRef, 500 * 10_000),
            (texts as ArrayRef, 0),
        ] {
            let batch = RecordBatch::try_from_iter([("x", array)]).unwrap();
            let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
            writer.write(&batch).unwrap();
            let bytes = writer.into_inner().unwrap();
            assert!(bytes.len() < 20_000, "{}", bytes.len());
            let found = shared_text_bytes("rows", Box::new(std::io::Cursor::new(bytes.clone())));
            assert_eq!(found, expected, "{}", batch.schema());
            // What is broken at the end does not hide what stands before.
            let broken = [&bytes[..bytes.len() - 8], &b"\xff\xff\xff\xff\x10\0\0\0"[..]].concat();
            let found = shared_text_bytes("rows", Box::new(std::io::Cursor::new(broken)));
            assert_eq!(found, expected, "{}", batch.schema());
            assert_eq!(
                shared_text_bytes("rows", Box::new(std::io::Cursor::new(bytes[..80].to_vec()))),
                0
            );
        }
    }
}
