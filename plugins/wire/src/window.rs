//! What of a UI outlives it, so that the next one goes on there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};
use crate::{AccountId, ConversationId, MessageId};

/// Where the user is, and how they want it to look. Drafts are not here: they
/// stand in the conversations.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize, JsonSchema,
)]
pub struct Window {
    /// As which account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// In which conversation of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// Where in each conversation that is not shown at its end, by account; at
    /// most 64 altogether.
    #[serde(default)]
    pub places: BTreeMap<AccountId, BTreeMap<ConversationId, Place>>,
    /// How the user wants UIs to look, by names such as `terminal.theme`; at
    /// most 32, whose names and values have at most 256 bytes.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

impl Window {
    /// So many places are kept.
    pub const MOST_PLACES: usize = 64;
    /// So many settings are kept.
    pub const MOST_SETTINGS: usize = 32;
    /// A setting's name has at most so many bytes, and its value too.
    pub const LONGEST_SETTING: usize = 256;

    /// How many places there are.
    pub fn count_places(&self) -> usize {
        self.places.values().map(BTreeMap::len).sum()
    }
}

/// Where in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The message at the lower edge.
    pub message: MessageId,
    /// So many lines of it are below the edge.
    #[serde(default)]
    pub below: u32,
}
