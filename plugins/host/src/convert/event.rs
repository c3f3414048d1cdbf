//! What happened. What an event does not say itself is looked up: then it is
//! a [`Lookup`].

use ramson_system::{AccountEvent, AccountSignal, EngineEvent, EventKind, EventRef, MessageChange};
use ramson_types::message::MessageState;
use ramson_types::{AccountId, ConversationId, MessageId};
use ramson_wire::{Change, Event, NetworkEvent};

use super::conversation::conversation;
use super::ids::{account_id, conversation_id, message_id};
use super::message::{expiry, message, reaction, state};
use super::network::path;

/// What has to be asked for before an event can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A message. It is new to plugins, or changed.
    Message {
        /// Which.
        id: MessageId,
        /// Where it belongs.
        conversation: ConversationId,
        /// It was not told of before.
        new: bool,
    },
    /// A conversation.
    Conversation(ConversationId),
    /// The account's own profile.
    Profile,
}

/// An event of an account.
pub(crate) fn event(own: &AccountId, event: &AccountEvent) -> Result<Event, Lookup> {
    let account = account_id(own);
    let changed = |id: &MessageId, place: &ConversationId, change| Event::MessageChanged {
        account,
        conversation: conversation_id(place),
        message: message_id(*id),
        change,
    };
    Ok(match event {
        AccountEvent::MessageReceived(came) | AccountEvent::MessageQueued(came) => {
            Event::Message { account, message: message(own, came) }
        }
        AccountEvent::MessageStored { id, conversation, hash, nodes, .. } => {
            let nodes = nodes.iter().map(ToString::to_string).collect();
            changed(id, conversation, Change::Stored { hash: hash.to_string(), nodes })
        }
        AccountEvent::SendDelayed { id, conversation, reason, retry_at } => {
            let (reason, retry_at) = (reason.clone(), retry_at.millis());
            changed(id, conversation, Change::Delayed { reason, retry_at })
        }
        AccountEvent::MessageFailed { id, conversation, reason } => {
            let failed = MessageState::Failed { reason: reason.clone() };
            changed(id, conversation, Change::State { state: state(&failed) })
        }
        AccountEvent::MessageChanged { id, conversation, change } => {
            let Some(change) = change_of(change) else { return Err(lookup(&event.reference())) };
            changed(id, conversation, change)
        }
        AccountEvent::MessageRemoved { id, conversation, expired } => {
            removed(own, *id, conversation, *expired)
        }
        AccountEvent::ConversationChanged(line) => {
            Event::Conversation { account, conversation: conversation(line) }
        }
        AccountEvent::ConversationRemoved(id) => {
            Event::ConversationRemoved { account, conversation: conversation_id(id) }
        }
        other => return Err(lookup(&other.reference())),
    })
}

/// An event of which only the log knows.
pub(crate) fn logged(own: &AccountId, what: &EventRef) -> Result<Event, Lookup> {
    match (what.kind, what.message) {
        (EventKind::MessageRemoved, Some(id)) => Ok(removed(own, id, &what.conversation, false)),
        (EventKind::ConversationRemoved, _) => Ok(conversation_removed(own, &what.conversation)),
        _ => Err(lookup(what)),
    }
}

/// A message is gone.
pub(crate) fn removed(
    own: &AccountId,
    id: MessageId,
    conversation: &ConversationId,
    expired: bool,
) -> Event {
    Event::MessageRemoved {
        account: account_id(own),
        conversation: conversation_id(conversation),
        message: message_id(id),
        expired,
    }
}

/// A conversation is gone.
pub(crate) fn conversation_removed(own: &AccountId, id: &ConversationId) -> Event {
    Event::ConversationRemoved { account: account_id(own), conversation: conversation_id(id) }
}

fn lookup(what: &EventRef) -> Lookup {
    let new = matches!(what.kind, EventKind::MessageQueued | EventKind::MessageReceived);
    let conversation = what.conversation.clone();
    match what.message {
        Some(id) => Lookup::Message { id, conversation, new },
        None if what.kind == EventKind::ProfileChanged => Lookup::Profile,
        None => Lookup::Conversation(conversation),
    }
}

/// `None` for one of a later engine.
fn change_of(change: &MessageChange) -> Option<Change> {
    Some(match change {
        MessageChange::Reaction(one) => {
            Change::Reaction { reaction: reaction(one), removed: one.removed }
        }
        MessageChange::ReadByPeer => Change::State { state: state(&MessageState::Read) },
        MessageChange::Expiry(new) => Change::Expiry { expiry: new.map(expiry) },
        MessageChange::Deleted => Change::Deleted,
        _ => return None,
    })
}

/// What is so for a moment; `None` for what a later engine knows.
pub(crate) fn signal(own: &AccountId, signal: &AccountSignal) -> Option<Event> {
    match signal {
        AccountSignal::Typing { conversation, typing } => Some(Event::Typing {
            account: account_id(own),
            conversation: conversation_id(conversation),
            typing: *typing,
        }),
        _ => None,
    }
}

/// What happened beside the accounts; `None` for what is told otherwise.
pub(crate) fn network_event(event: &EngineEvent) -> Option<NetworkEvent> {
    Some(match event {
        EngineEvent::PoolReady { nodes } => NetworkEvent::Nodes { count: *nodes as u64 },
        EngineEvent::SeedFailed { seed, reason } => {
            NetworkEvent::SeedFailed { seed: seed.clone(), reason: reason.clone() }
        }
        EngineEvent::StoreTrouble { reason } => {
            NetworkEvent::StoreTrouble { reason: reason.clone() }
        }
        EngineEvent::PathReady { path: hops } => NetworkEvent::PathReady { path: path(hops) },
        EngineEvent::PathFailed { reason, .. } => {
            NetworkEvent::PathFailed { reason: reason.clone() }
        }
        EngineEvent::ActorRestarted { actor } => {
            NetworkEvent::PartFailed { part: actor.clone(), restarted: true }
        }
        EngineEvent::ActorGivenUp { actor } => {
            NetworkEvent::PartFailed { part: actor.clone(), restarted: false }
        }
        _ => return None,
    })
}
