//! The name of a stored message.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// BLAKE2b-256 of account, namespace and data, which names a stored message in
/// its swarm; written as 43 characters of unpadded base64 (02 section 4.5).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageHash(pub [u8; 32]);

impl MessageHash {
    /// Length of the text form.
    pub const TEXT_LEN: usize = 43;
}

impl fmt::Display for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MessageHash {
    type Err = MessageHashError;

    fn from_str(text: &str) -> Result<Self, MessageHashError> {
        let bad = || MessageHashError { text: text.to_owned() };
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| bad())?;
        Ok(Self(bytes.try_into().map_err(|_| bad())?))
    }
}

/// A text that is not 43 characters of base64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a message hash: 43 characters of base64 are expected")]
pub struct MessageHashError {
    /// The text as it was given.
    pub text: String,
}
