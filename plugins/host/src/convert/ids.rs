//! How things are named.

use ramson_types as types;
use ramson_wire as wire;

use super::refusal::{Refused, refusal};

/// An id of the engine.
pub(crate) fn account_id(id: &types::AccountId) -> wire::AccountId {
    wire::AccountId(id.to_bytes())
}

/// An id of a plugin, which may be any 33 bytes.
pub(crate) fn account_of(id: &wire::AccountId) -> Refused<types::AccountId> {
    types::AccountId::from_bytes(&id.0).map_err(|error| refusal("InvalidAccountId", error))
}

/// A conversation of the engine.
pub(crate) fn conversation_id(id: &types::ConversationId) -> wire::ConversationId {
    wire::ConversationId(id.to_string())
}

/// A conversation of a plugin, which may be any text.
pub(crate) fn conversation_of(id: &wire::ConversationId) -> Refused<types::ConversationId> {
    id.0.parse().map_err(|error| refusal("InvalidAccountId", error))
}

/// A message of the engine.
pub(crate) const fn message_id(id: types::MessageId) -> wire::MessageId {
    wire::MessageId { account: id.account, number: id.number }
}

/// A message of a plugin.
pub(crate) const fn message_of(id: wire::MessageId) -> types::MessageId {
    types::MessageId { account: id.account, number: id.number }
}
