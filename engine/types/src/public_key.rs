//! Public halves of keys, as bytes with a name.

use std::fmt;
use std::str::FromStr;

macro_rules! public_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = PublicKeyError;

            fn from_str(text: &str) -> Result<Self, PublicKeyError> {
                let mut key = [0; 32];
                hex::decode_to_slice(text, &mut key)
                    .map_err(|_| PublicKeyError { text: text.to_owned() })?;
                Ok(Self(key))
            }
        }
    };
}

public_key! {
    /// An Ed25519 public key: who signs. Service nodes are named by theirs.
    Ed25519PublicKey
}
public_key! {
    /// An X25519 public key: to whom something is sealed.
    X25519PublicKey
}

/// A text that is not 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a public key: 64 hex digits are expected")]
pub struct PublicKeyError {
    /// The text as it was given.
    pub text: String,
}
