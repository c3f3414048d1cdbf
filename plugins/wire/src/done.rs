//! What a durable plugin says of events, and what it keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};
use crate::{AccountCommand, MessageId, Refusal};

/// Events are done with. All that stands here is kept in one commit: after a
/// crash all of it was done, or nothing, and then the events are told again.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize, JsonSchema,
)]
pub struct Done {
    /// Every event with a number up to this one is done with. Left out, none
    /// is: only the rest is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<u64>,
    /// What the plugin writes down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Record>,
    /// What follows from the events. A command that is refused for itself does
    /// not stand in the way of the rest. Commands of several accounts are
    /// carried out one account after the other, and none of them twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<AccountCommand>,
}

/// Something that a plugin wrote down; it stays in the home, sealed, until the
/// plugin takes it away.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Its name: 1 to 256 bytes, no control characters.
    pub key: String,
    /// At most 65,536 bytes; left out, the record is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Record {
    /// The longest key in bytes.
    pub const MAX_KEY: usize = 256;
    /// The longest value in bytes.
    pub const MAX_VALUE: usize = 65_536;

    /// Whether it may be written down.
    pub fn is_allowed(&self) -> bool {
        let value = self.value.as_ref().map_or(0, String::len);
        Self::is_key(&self.key) && value <= Self::MAX_VALUE
    }

    /// Whether a text can name a record.
    pub fn is_key(key: &str) -> bool {
        (1..=Self::MAX_KEY).contains(&key.len()) && !key.chars().any(char::is_control)
    }
}

/// What came of one of several commands.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is done, or nothing had to be done.
    Done,
    /// A message stands in the history and waits for the network.
    Queued {
        /// Which.
        message: MessageId,
    },
    /// Something that is no message of the history waits for the network.
    Told {
        /// Its name in events and ledger.
        message: MessageId,
    },
    /// It was not done.
    Refused(Refusal),
}
