//! How things are named. In JSON each is a text.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{Decode, Encode};

/// A text that names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no {what}; {form}")]
pub struct IdError {
    /// The text.
    pub text: String,
    /// What was expected.
    pub what: &'static str,
    /// What that looks like.
    pub form: &'static str,
}

/// An account, group or blinded account: 66 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct AccountId(pub [u8; 33]);

impl AccountId {
    /// The first digits and the last ones, for where there is little room.
    pub fn short(&self) -> String {
        let text = self.to_string();
        let (head, tail) = (text.get(..6), text.get(text.len().saturating_sub(4)..));
        format!("{}…{}", head.unwrap_or_default(), tail.unwrap_or_default())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AccountId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = || IdError {
            text: text.to_owned(),
            what: "Account ID",
            form: "an Account ID has 66 characters, 0-9 and a-f",
        };
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
        let mut id = [0; 33];
        if text.len() != 66 {
            return Err(bad());
        }
        for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = pair else { return Err(bad()) };
            let (high, low) = digit(high).zip(digit(low)).ok_or_else(bad)?;
            *byte = high << 4 | low;
        }
        Ok(Self(id))
    }
}

/// A message in this home: `m<account>-<number>`. Later ones of an account
/// have larger numbers; it says nothing about the order in which they were
/// sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct MessageId {
    /// The account's number in the home.
    pub account: u32,
    /// The message's number in the account.
    pub number: u64,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}-{}", self.account, self.number)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MessageId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let parse = || {
            let (account, number) = text.strip_prefix('m')?.split_once('-')?;
            Some(Self { account: account.parse().ok()?, number: number.parse().ok()? })
        };
        // A number may have a sign and zeros in front; a name is one text.
        parse().filter(|id| id.to_string() == text).ok_or_else(|| IdError {
            text: text.to_owned(),
            what: "message",
            form: "messages are called like m1-42",
        })
    }
}

/// What a conversation is with: the id of an account (`05…`, one's own for the
/// note to self), of a group (`03…`) or of a blinded account (`15…`, `25…`),
/// or the address of a community's room (`https://host/room`).
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct ConversationId(pub String);

impl ConversationId {
    /// The account that it is with, if it is with one.
    pub fn account(&self) -> Option<AccountId> {
        if self.0.starts_with("05") { self.0.parse().ok() } else { None }
    }
}

impl From<AccountId> for ConversationId {
    fn from(account: AccountId) -> Self {
        Self(account.to_string())
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! text_in_json {
    ($id:ident, $pattern:literal) => {
        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $id {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($id).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

text_in_json!(AccountId, "^[0-9a-f]{66}$");
text_in_json!(MessageId, "^m[0-9]+-[0-9]+$");
