//! Emoji on messages (01 section 3.5).

use ramson_codec::proto::ReactionAction;
use ramson_types::message::{Message, MessageKind, MessageName, Reaction};
use ramson_types::{AccountId, MessageId, Timestamp};

use super::super::Account;
use super::DropReason;
use super::batch::Batch;
use super::judge::{Incoming, Judged};
use crate::event::MessageChange;
use crate::inbox::Opened;
use crate::store::MessageEdit;

/// The most reactions on a message.
const MAX_REACTIONS: usize = 1_000;

/// The most that are kept for a message that is not there.
const MAX_EARLY: usize = 50;

/// The longest emoji, in bytes.
pub(super) const MAX_EMOJI: usize = 64;

impl Account {
    /// The message that a reaction is about.
    pub(super) fn reaction_target(&self, opened: &Opened, judged: &Judged) -> Option<MessageName> {
        let reaction = opened.content.data_message.as_ref()?.reaction.as_ref()?;
        let author = AccountId::parse_account(&reaction.author).ok()?;
        let there = author == judged.peer || author == self.id();
        there.then(|| judged.conversation_name(author, Timestamp(reaction.id)))
    }

    pub(super) fn take_reaction(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let given = incoming.content().data_message.as_ref();
        if !incoming.judged.from_self && !batch.heeded.contains(&incoming.opened.sender) {
            return Err(DropReason::NotApproved);
        }
        let Some(given) = given.and_then(|data| data.reaction.as_ref()) else {
            return Err(DropReason::BadTarget);
        };
        let name = self.reaction_target(&incoming.opened, &incoming.judged);
        let name = name.ok_or(DropReason::BadTarget)?;
        if !batch.history.is_known(&name) {
            return Err(DropReason::TooManyNames);
        }
        let emoji = given.emoji.clone().unwrap_or_default();
        if emoji.trim().is_empty() || emoji.len() > MAX_EMOJI {
            return Err(DropReason::BadEmoji);
        }
        let reaction = Reaction {
            author: incoming.opened.sender,
            emoji,
            at: incoming.opened.sent,
            removed: given.action == ReactionAction::Remove,
        };
        self.note_profile(incoming);
        let target = batch.history.named(&name).find(|target| target.kind == MessageKind::Visible);
        match target.cloned() {
            Some(target) => react(&target, reaction, batch).map(Some),
            None => react_early(name, reaction, batch).map(|()| None),
        }
    }
}

fn react(target: &Message, reaction: Reaction, batch: &mut Batch) -> Result<MessageId, DropReason> {
    if target.deleted {
        return Err(DropReason::TargetDeleted);
    }
    put(&mut target.reactions.clone(), &reaction, MAX_REACTIONS)?;
    batch.edit(target.id, MessageEdit::React(reaction.clone()));
    batch.tell(target, MessageChange::Reaction(reaction));
    Ok(target.id)
}

/// A reaction on a message that is not there yet.
fn react_early(name: MessageName, reaction: Reaction, batch: &mut Batch) -> Result<(), DropReason> {
    let mut early = batch.early(&name);
    if early.deleted {
        return Err(DropReason::TargetDeleted);
    }
    if !batch.may_still_come(name.sent) {
        return Err(DropReason::TargetUnknown);
    }
    put(&mut early.reactions, &reaction, MAX_EARLY)?;
    batch.put_news(name, early);
    Ok(())
}

/// Puts a reaction among others, unless something later was done or there are
/// too many.
fn put(reactions: &mut Vec<Reaction>, reaction: &Reaction, most: usize) -> Result<(), DropReason> {
    if reactions.len() >= most && !reactions.iter().any(|other| other.replaces(reaction)) {
        return Err(DropReason::TooManyReactions);
    }
    match reaction.clone().put_into(reactions) {
        true => Ok(()),
        false => Err(DropReason::Outdated),
    }
}
