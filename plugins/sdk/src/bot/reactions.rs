//! Reactions that were handled, by message. After a restart an event only says
//! how a message is now; what is new on it follows from what was there.

use std::collections::BTreeSet;

use ramson_wire::{AccountId, Change, Message, MessageId, Reaction};

use super::Cx;
use super::build::Reacted;
use crate::Error;

/// Their records' names begin so.
const REACTIONS: &str = "kit/reactions/";

type Known = BTreeSet<(AccountId, String)>;

fn key(message: MessageId) -> String {
    format!("{REACTIONS}{message}")
}

/// What of a change has not been handled yet, and is from now on.
pub(crate) fn new(cx: &mut Cx, message: MessageId, change: &Change) -> Result<Vec<Reacted>, Error> {
    let own = cx.account();
    let key = key(message);
    let mut known: Known = cx.read(&key).ok().flatten().unwrap_or_default();
    let mut all = Vec::new();
    match change {
        Change::Reaction { reaction, removed } => all.push((reaction.clone(), *removed)),
        Change::Now { message } => {
            let is = |who: &AccountId, emoji: &str| {
                message.reactions.iter().any(|it| it.author == *who && it.emoji == emoji)
            };
            let gone = known.iter().filter(|(who, emoji)| !is(who, emoji));
            let at = cx.now();
            all.extend(gone.map(|(author, emoji)| {
                let (author, emoji) = (*author, emoji.clone());
                (Reaction { author, emoji, at }, true)
            }));
            all.extend(message.reactions.iter().map(|reaction| (reaction.clone(), false)));
        }
        _ => return Ok(Vec::new()),
    }
    all.retain(|(reaction, removed)| {
        let one = (reaction.author, reaction.emoji.clone());
        reaction.author != own && if *removed { known.remove(&one) } else { known.insert(one) }
    });
    if !all.is_empty() {
        let value = if known.is_empty() { None } else { Some(serde_json::to_string(&known)?) };
        cx.keep(key, value)?;
    }
    let reacted = |(reaction, removed)| Reacted { message, reaction, removed };
    Ok(all.into_iter().map(reacted).collect())
}

/// A message is gone, or what was on it.
pub(crate) fn forget(cx: &mut Cx, message: MessageId) -> Result<(), Error> {
    let key = key(message);
    if cx.raw(&key).is_some() {
        cx.keep(key, None)?;
    }
    Ok(())
}

/// Whether a change may have to do with reactions.
pub(crate) const fn concern(change: &Change) -> bool {
    matches!(change, Change::Reaction { .. } | Change::Now { .. } | Change::Deleted)
}

/// For tests: a reaction as it stands on a message.
pub(crate) fn put(message: &mut Message, reaction: &Reaction, removed: bool) {
    message.reactions.retain(|it| it.author != reaction.author || it.emoji != reaction.emoji);
    if !removed {
        message.reactions.push(reaction.clone());
    }
}
