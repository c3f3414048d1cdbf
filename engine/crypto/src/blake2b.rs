//! BLAKE2b with the digest lengths, keys and personalisations that the
//! network uses. Every function hashes its parts one after the other, as if
//! they were one text.

use blake2::Blake2bMac;
use blake2::digest::consts::{U24, U32, U33, U64};
use blake2::digest::{FixedOutput, Update};

macro_rules! blake2b {
    ($(#[$doc:meta])* $name:ident, $(#[$keyed_doc:meta])* $keyed:ident, $(#[$with_doc:meta])* $with:ident, $size:ty, $len:literal) => {
        $(#[$doc])*
        pub fn $name(parts: &[&[u8]]) -> [u8; $len] {
            $with(None, &[], &[], parts)
        }

        $(#[$keyed_doc])*
        pub fn $keyed<const K: usize>(key: &[u8; K], parts: &[&[u8]]) -> [u8; $len] {
            const { assert!(K > 0 && K <= 64, "BLAKE2b takes a key of 1 to 64 bytes") }
            $with(Some(key), &[], &[], parts)
        }

        fn $with(key: Option<&[u8]>, salt: &[u8], person: &[u8], parts: &[&[u8]]) -> [u8; $len] {
            // The callers' types bound the lengths of all three, so that the
            // error cannot happen.
            let Ok(mut state) = Blake2bMac::<$size>::new_with_salt_and_personal(key, salt, person)
            else {
                return [0; $len];
            };
            for part in parts {
                state.update(part);
            }
            state.finalize_fixed().into()
        }
    };
}

blake2b! {
    /// 24 bytes, no key: the nonce of a sealed box.
    hash24,
    /// 24 bytes with a key.
    keyed24,
    with24, U24, 24
}
blake2b! {
    /// 32 bytes, no key.
    hash32,
    /// 32 bytes with a key.
    keyed32,
    with32, U32, 32
}
blake2b! {
    /// 64 bytes, no key.
    hash64,
    /// 64 bytes with a key.
    keyed64,
    with64, U64, 64
}

/// 32 bytes, no key, with a salt and a personalisation.
pub fn personal32(salt: &[u8; 16], person: &[u8; 16], parts: &[&[u8]]) -> [u8; 32] {
    with32(None, salt, person, parts)
}

/// 33 bytes, no key, with a salt: the id of a file.
pub fn salted33(salt: &[u8; 16], parts: &[&[u8]]) -> [u8; 33] {
    let Ok(mut state) = Blake2bMac::<U33>::new_with_salt_and_personal(None, salt, &[]) else {
        // As above: a salt of 16 bytes is always taken.
        return [0; 33];
    };
    for part in parts {
        state.update(part);
    }
    state.finalize_fixed().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_one_text() {
        assert_eq!(hash32(&[b"ab", b"", b"c"]), hash32(&[b"abc"]));
        assert_ne!(keyed32(b"k", &[b"abc"]), hash32(&[b"abc"]));
        assert_ne!(personal32(&[0; 16], b"ProProof________", &[]), hash32(&[]));
    }

    #[test]
    fn known_answer_of_rfc_7693() {
        let expected = "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
                        7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923";
        assert_eq!(hex::encode(hash64(&[b"abc"])), expected);
    }
}
