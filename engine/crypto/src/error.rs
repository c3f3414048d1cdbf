//! What can go wrong with keys and sealed bytes.

use ramson_types::X25519PublicKey;

/// Why a key could not be used or sealed bytes not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The shared secret with this key is all zero, whoever holds the other
    /// half: the key has small order.
    #[error("X25519 key {key} is of small order and keeps no secret; refuse whoever sent it")]
    WeakPublicKey {
        /// The key.
        key: X25519PublicKey,
    },
    /// Fewer bytes than the format has around an empty text.
    #[error("{length} bytes are too few: at least {least} are needed; the data was cut")]
    TooShort {
        /// How many there are.
        length: usize,
        /// How many the format needs.
        least: usize,
    },
    /// The authenticator does not match: another key, or changed bytes.
    #[error("the data does not open with this key: it is for another key or was changed")]
    DoesNotOpen,
    /// A nonce of the wrong size for its cipher.
    #[error("a nonce of {length} bytes was given, the cipher takes {expected}")]
    NonceLength {
        /// The size given.
        length: usize,
        /// The size the cipher takes.
        expected: usize,
    },
}
