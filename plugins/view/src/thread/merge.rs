//! What is heard of a message twice, or in another order, comes to the same.

use ramson_wire::{Change, Message, MessageState};

use super::Kept;

/// How far a state is: it never goes back.
const fn rank(state: &MessageState) -> u8 {
    match state {
        MessageState::Queued | MessageState::Received => 0,
        MessageState::Sending => 1,
        MessageState::Failed { .. } => 2,
        MessageState::Stored => 3,
        MessageState::Read => 4,
    }
}

/// Whether another attempt to send it follows.
const fn waits(state: &MessageState) -> bool {
    rank(state) <= rank(&MessageState::Sending)
}

/// Takes in how a message is now.
pub(crate) fn merge(kept: &mut Message, now: Message) {
    let old = std::mem::replace(kept, now);
    if rank(&old.state) > rank(&kept.state) {
        kept.state = old.state;
    }
    kept.hash = kept.hash.take().or(old.hash);
    if old.deleted {
        delete(kept);
    }
}

/// Takes in that something of it is different.
pub(crate) fn change(kept: &mut Kept, change: &Change) {
    match change {
        Change::Stored { nodes, .. } => {
            kept.nodes.clone_from(nodes);
            kept.delayed = None;
        }
        Change::Delayed { reason, retry_at } if waits(&kept.message.state) => {
            kept.delayed = Some((reason.clone(), *retry_at));
        }
        Change::State { state } if !waits(state) => kept.delayed = None,
        _ => {}
    }
    change_message(&mut kept.message, change);
}

/// The same for the message alone.
pub(crate) fn change_message(message: &mut Message, change: &Change) {
    match change {
        Change::Stored { hash, .. } => {
            message.hash = Some(hash.clone());
            state(message, MessageState::Stored);
        }
        Change::Delayed { .. } => {}
        Change::State { state: new } => state(message, new.clone()),
        Change::Reaction { reaction, removed } => {
            message
                .reactions
                .retain(|it| (it.author, &it.emoji) != (reaction.author, &reaction.emoji));
            if !removed && !message.deleted {
                message.reactions.push(reaction.clone());
            }
        }
        Change::Expiry { expiry } => message.expiry.clone_from(expiry),
        Change::Deleted => delete(message),
        Change::Now { message: now } => merge(message, now.clone()),
    }
}

fn state(message: &mut Message, new: MessageState) {
    if rank(&new) >= rank(&message.state) {
        message.state = new;
    }
}

fn delete(message: &mut Message) {
    message.deleted = true;
    message.text = None;
    message.quote = None;
    message.preview = None;
    message.invitation = None;
    message.attachments.clear();
    message.reactions.clear();
}
