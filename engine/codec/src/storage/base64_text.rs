//! Base64 as storage servers read it: the standard alphabet, padding either
//! complete or left out, stray bits in the last character ignored.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};

const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The bytes of `text`, or `None` if it is not base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    UNPADDED.decode(without_padding(text)).ok()
}

/// Padded, as clients and nodes write it.
pub(super) fn encode(bytes: &[u8]) -> String {
    general_purpose::STANDARD.encode(bytes)
}

/// Padding counts only where it fills up to a multiple of four.
fn without_padding(text: &str) -> &str {
    if !text.len().is_multiple_of(4) {
        return text;
    }
    match text.strip_suffix('=') {
        Some(rest) => rest.strip_suffix('=').unwrap_or(rest),
        None => text,
    }
}

/// A signature: 86 characters, or 88 with their padding.
pub(super) fn signature(text: &str) -> Option<[u8; 64]> {
    let right_length = text.len() == 86 || (text.len() == 88 && text.ends_with("=="));
    if !right_length {
        return None;
    }
    decode(text)?.try_into().ok()
}

/// A sub-account token: 48 characters of base64 or 72 of hex. One that is
/// shorter for its padding is filled with zeros, as it cannot verify anyway.
pub(super) fn token(text: &str) -> Option<[u8; 36]> {
    let bytes = match text.len() {
        48 => decode(text)?,
        72 => hex::decode(text).ok()?,
        _ => return None,
    };
    let mut token = [0; 36];
    for (to, from) in token.iter_mut().zip(bytes) {
        *to = from;
    }
    Some(token)
}

/// Whether a text has the form of a message hash: 43 characters of base64.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 43 && decode(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_complete_or_absent() {
        for good in ["", "AA==", "AA", "AAA=", "AAA", "AAAA", "AB"] {
            assert!(decode(good).is_some(), "{good}");
        }
        for bad in ["A", "=", "==", "A===", "AA=", "A=A=", "_-_-", "aGVs\nbG8=", "####"] {
            assert!(decode(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn signatures_have_two_lengths() {
        let text = encode(&[7; 64]);
        assert_eq!(signature(&text), Some([7; 64]));
        assert_eq!(signature(text.trim_end_matches('=')), Some([7; 64]));
        assert_eq!(signature(text.strip_suffix('=').unwrap()), None);
        assert_eq!(signature(&hex::encode([7; 64])), None);
    }
}
