//! The 33-byte ids of accounts and groups: a prefix byte and a 32-byte key
//! (protocol document 01 section 1.2).

use std::fmt;
use std::str::FromStr;

use crate::{Ed25519PublicKey, X25519PublicKey};

/// What the 32 bytes behind the prefix are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Prefix {
    /// `05`: an account; the key is its X25519 public key.
    Account,
    /// `03`: a group; the key is its Ed25519 public key.
    Group,
    /// `15`: an account blinded for one community server, first scheme.
    Blinded15,
    /// `25`: an account blinded for one community server, second scheme.
    Blinded25,
    /// `00`: an unblinded Ed25519 key in community authentication headers.
    Unblinded,
    /// `07`: the key for file-server and network-information requests.
    VersionCheck,
}

impl Prefix {
    /// The prefix byte as it stands on the wire.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Unblinded => 0x00,
            Self::Group => 0x03,
            Self::Account => 0x05,
            Self::VersionCheck => 0x07,
            Self::Blinded15 => 0x15,
            Self::Blinded25 => 0x25,
        }
    }

    /// The prefix that a wire byte names, if it names one.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x00 => Self::Unblinded,
            0x03 => Self::Group,
            0x05 => Self::Account,
            0x07 => Self::VersionCheck,
            0x15 => Self::Blinded15,
            0x25 => Self::Blinded25,
            _ => return None,
        })
    }
}

/// An id of 33 bytes, written as 66 hex digits. Ids compare by their bytes, so
/// the case of the text they came from does not matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId {
    prefix: Prefix,
    key: [u8; 32],
}

impl AccountId {
    /// Length of the text form.
    pub const TEXT_LEN: usize = 66;

    /// An id from its parts.
    pub const fn new(prefix: Prefix, key: [u8; 32]) -> Self {
        Self { prefix, key }
    }

    /// The `05` id of an account.
    pub const fn account(key: X25519PublicKey) -> Self {
        Self::new(Prefix::Account, key.0)
    }

    /// The `03` id of a group.
    pub const fn group(key: Ed25519PublicKey) -> Self {
        Self::new(Prefix::Group, key.0)
    }

    /// What kind of id this is.
    pub const fn prefix(&self) -> Prefix {
        self.prefix
    }

    /// The 32 bytes behind the prefix.
    pub const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The account's X25519 key; `None` for any prefix but `05`.
    pub const fn x25519(&self) -> Option<X25519PublicKey> {
        match self.prefix {
            Prefix::Account => Some(X25519PublicKey(self.key)),
            _ => None,
        }
    }

    /// Prefix byte and key.
    pub fn to_bytes(&self) -> [u8; 33] {
        let mut bytes = [0; 33];
        if let Some((first, rest)) = bytes.split_first_mut() {
            *first = self.prefix.byte();
            rest.copy_from_slice(&self.key);
        }
        bytes
    }

    /// Reads prefix byte and key.
    pub fn from_bytes(bytes: &[u8; 33]) -> Result<Self, AccountIdError> {
        let [first, key @ ..] = bytes;
        let prefix = Prefix::from_byte(*first)
            .ok_or_else(|| AccountIdError::Prefix { id: hex::encode(bytes) })?;
        Ok(Self { prefix, key: *key })
    }

    /// Reads an id to which a user may open a conversation: 66 hex digits
    /// with prefix `05`.
    pub fn parse_account(text: &str) -> Result<Self, AccountIdError> {
        let id = Self::from_str(text)?;
        match id.prefix {
            Prefix::Account => Ok(id),
            _ => Err(AccountIdError::NotAnAccount { id: text.to_owned() }),
        }
    }
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, AccountIdError> {
        let length = text.chars().count();
        if length != Self::TEXT_LEN {
            return Err(AccountIdError::Length { id: text.to_owned(), length });
        }
        let mut bytes = [0; 33];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| AccountIdError::NotHex { id: text.to_owned() })?;
        Self::from_bytes(&bytes).map_err(|_| AccountIdError::Prefix { id: text.to_owned() })
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}{}", self.prefix.byte(), hex::encode(self.key))
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not an id. Each variant carries the text as it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountIdError {
    /// Not 66 characters.
    #[error("Account ID '{id}' has {length} characters; an Account ID has 66, starting with 05")]
    Length {
        /// The text.
        id: String,
        /// Its length in characters.
        length: usize,
    },
    /// Characters other than 0-9 and a-f.
    #[error("Account ID '{id}' has characters other than 0-9 and a-f; copy it again in full")]
    NotHex {
        /// The text.
        id: String,
    },
    /// The first byte names no kind of id.
    #[error(
        "Account ID '{id}' starts with a prefix that Session does not use; an Account ID starts with 05"
    )]
    Prefix {
        /// The text.
        id: String,
    },
    /// A group or blinded id where only an account will do.
    #[error(
        "'{id}' is not an account: a conversation can only be opened with an Account ID that starts with 05"
    )]
    NotAnAccount {
        /// The text.
        id: String,
    },
}
