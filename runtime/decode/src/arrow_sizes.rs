//! What compressed Arrow buffers say of their sizes, compared with what their bytes can be, before memory is taken for them.

use arrow::error::ArrowError;
use arrow::ipc::{CompressionType, Message};
use std::io::Read as _;
use zstd::zstd_safe::{find_frame_compressed_size, get_frame_content_size};

/// From here on it is asked whether there is that much memory: taking it without asking would end the process.
const ASKED_BYTES: usize = 16 << 20;

/// Checks the buffers of a batch or a dictionary.
pub(crate) fn check_sizes(message: &Message<'_>, body: &[u8]) -> Result<(), ArrowError> {
    let dictionary = || message.header_as_dictionary_batch()?.data();
    let Some(batch) = message.header_as_record_batch().or_else(dictionary) else {
        return Ok(());
    };
    let Some(codec) = batch.compression().map(|compression| compression.codec()) else {
        return Ok(());
    };
    for buffer in batch.buffers().into_iter().flatten() {
        let part = |start: i64, len: i64| {
            let (start, len) = (usize::try_from(start).ok()?, usize::try_from(len).ok()?);
            body.get(start..start.checked_add(len)?)
        };
        let Some(bytes) = part(buffer.offset(), buffer.length()) else {
            return Err(ArrowError::IpcError("a buffer does not lie in its batch".into()));
        };
        // Shorter ones are for the library to judge; −1 is not compressed, 0 is empty.
        let Some((size, packed)) = bytes.split_first_chunk::<8>() else {
            continue;
        };
        let Ok(size) = usize::try_from(i64::from_le_bytes(*size)) else {
            continue;
        };
        let most = match codec {
            CompressionType::ZSTD => most_of_zstd(packed),
            _ => most_of_lz4(packed),
        };
        let fits = size <= most && (size < ASKED_BYTES || Vec::<u8>::new().try_reserve_exact(size).is_ok());
        let fits = fits && (codec == CompressionType::ZSTD || size == 0 || is_lz4_of(packed, size as u64));
        if !fits {
            let why = format!("a compressed buffer says that it becomes {size} bytes");
            return Err(ArrowError::IpcError(why));
        }
    }
    Ok(())
}

/// Every byte of a length stands for 255 bytes at most.
fn most_of_lz4(packed: &[u8]) -> usize {
    packed.len().saturating_mul(255)
}

/// Whether LZ4 becomes no more than it says: the library takes all that comes, and compares then.
fn is_lz4_of(packed: &[u8], size: u64) -> bool {
    let mut unpacked = lz4_flex::frame::FrameDecoder::new(packed).take(size.saturating_add(1));
    // What is broken the library tells.
    std::io::copy(&mut unpacked, &mut std::io::sink()).map_or(true, |come| come <= size)
}

/// What the frames say, and where they do not, blocks of 128 KiB in four bytes each.
fn most_of_zstd(packed: &[u8]) -> usize {
    let (mut rest, mut most) = (packed, 0usize);
    while !rest.is_empty() {
        let Ok(frame) = find_frame_compressed_size(rest) else {
            break;
        };
        let said = match get_frame_content_size(rest) {
            Ok(Some(size)) => usize::try_from(size).unwrap_or(usize::MAX),
            Ok(None) => (frame / 4 + 1).saturating_mul(128 << 10),
            Err(_) => 0,
        };
        most = most.saturating_add(said);
        rest = rest.get(frame..).unwrap_or_default();
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lz4_becomes_no_more_than_it_says() {
        let zeros = vec![0u8; 300_000];
        let mut stream = lz4_flex::frame::FrameEncoder::new(Vec::new());
        std::io::copy(&mut &zeros[..], &mut stream).unwrap();
        let packed = stream.finish().unwrap();
        assert!(packed.len() < 10_000);
        assert!(is_lz4_of(&packed, 300_000) && is_lz4_of(&packed, u64::MAX));
        assert!(!is_lz4_of(&packed, 299_999) && !is_lz4_of(&packed, 8));
        // What is no frame is for the library to judge.
        assert!(is_lz4_of(b"no frame", 8));
    }

    #[test]
    fn what_zstd_can_become() {
        let zeros = vec![0u8; 300_000];
        let whole = zstd::bulk::compress(&zeros, 1).unwrap();
        assert_eq!(most_of_zstd(&whole), zeros.len());
        assert_eq!(most_of_zstd(&[&whole[..], &whole[..]].concat()), 2 * zeros.len());
        assert_eq!(most_of_zstd(b"no frame"), 0);
        // A frame that does not say its length.
        let mut stream = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
        std::io::copy(&mut &zeros[..], &mut stream).unwrap();
        let stream = stream.finish().unwrap();
        assert!((zeros.len()..100 * zeros.len()).contains(&most_of_zstd(&stream)));
    }
}
