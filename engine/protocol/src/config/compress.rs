//! Compression of config messages (03 section 5.3). Devices must come to the
//! same bytes, so there is one level and one way to write a frame.

use std::io::Read;

/// zstd's fastest level, whose frames did not change between its versions.
const LEVEL: i32 = 1;

/// Marks a compressed message.
const MARK: u8 = b'z';

/// The longest message that is decompressed. The largest that may be stored
/// has 5 MB before it is.
const MAX_MESSAGE: u64 = 32 * 1024 * 1024;

/// The memory that a frame may ask for, as a power of two: that of the longest
/// message.
const MAX_WINDOW_LOG: u32 = 25;

/// `z` and one zstd frame that says the message's length; `None` unless that
/// is shorter.
pub fn compress(message: &[u8]) -> Option<Vec<u8>> {
    // The only error is a message longer than memory.
    let frame = zstd::bulk::compress(message, LEVEL).ok()?;
    (frame.len().saturating_add(1) < message.len()).then(|| [&[MARK], frame.as_slice()].concat())
}

/// The message of a text that was decrypted and unpadded. `None` for a broken,
/// cut, empty or overlong frame.
pub fn decompress(text: Vec<u8>) -> Option<Vec<u8>> {
    match text.split_first() {
        Some((&MARK, frame)) => decode(frame),
        _ => Some(text),
    }
}

fn decode(frame: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(frame).ok()?.single_frame();
    decoder.window_log_max(MAX_WINDOW_LOG).ok()?;
    let mut message = Vec::new();
    // A frame that is cut gives an error here.
    decoder.by_ref().take(MAX_MESSAGE.saturating_add(1)).read_to_end(&mut message).ok()?;
    let whole = message.len() as u64 <= MAX_MESSAGE && decoder.finish().is_empty();
    (whole && !message.is_empty()).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_compressed_comes_back(text in "d[a-c]{0,4000}", cut: prop::sample::Index) {
            let Some(compressed) = compress(text.as_bytes()) else { return Ok(()) };
            prop_assert!(compressed.len() < text.len());
            let shorter = compressed[..1 + cut.index(compressed.len() - 1)].to_vec();
            prop_assert_eq!(decompress(shorter), None);
            let longer = [&compressed[..], b"x"].concat();
            prop_assert_eq!(decompress(longer), None);
            prop_assert_eq!(decompress(compressed), Some(text.into_bytes()));
        }

        #[test]
        fn garbage_ends(garbage: Vec<u8>) {
            let _ = decompress([&[MARK], &garbage[..]].concat());
        }
    }

    #[test]
    fn a_frame_that_blows_up_is_refused() {
        let long = vec![0; MAX_MESSAGE as usize + 1];
        let compressed = compress(&long).unwrap();
        assert!(compressed.len() < 10_000);
        assert_eq!(decompress(compressed), None);
        assert_eq!(
            decompress(compress(&long[1..]).unwrap()).map(|back| back.len()),
            Some(long.len() - 1)
        );
    }

    #[test]
    fn an_empty_frame_is_refused() {
        let empty = zstd::bulk::compress(&[], LEVEL).unwrap();
        assert_eq!(decompress([&[MARK], &empty[..]].concat()), None);
    }
}
