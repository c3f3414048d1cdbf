//! Emoji on messages (01 section 3.5).

use std::time::Duration;

use ramson_types::conversation::Disappearing;
use ramson_types::message::{ExpiresFrom, Expiry, MessageKind, Reaction};
use ramson_types::{MessageId, Timestamp};

use super::super::compose::{self, Draft, FAR_AHEAD};
use super::super::{Account, History, Plan};
use super::{emoji, peer_of, target};
use crate::command::{CommandError, Outcome};
use crate::event::{AccountEvent, MessageChange};
use crate::store::{Change, MessageEdit};

/// The most reactions in a [`MINUTE`], as with official clients.
const MOST: usize = 20;

const MINUTE: Duration = Duration::from_secs(60);

impl Account {
    pub(super) fn react(
        &mut self,
        id: MessageId,
        emoji: &str,
        remove: bool,
        unsynced: bool,
        history: &History,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        let target = target(id, history)?;
        if target.kind != MessageKind::Visible {
            return Err(CommandError::NoSuchMessage { message: id });
        }
        let (me, to) = (self.id(), peer_of(&target.conversation)?);
        if to != me {
            self.friend(to)?;
        }
        if !emoji::is_one(emoji) {
            return Err(CommandError::BadEmoji { emoji: emoji.to_owned() });
        }
        let mine = |reaction: &&Reaction| reaction.author == me && reaction.emoji == emoji;
        let before = target.reactions.iter().find(mine);
        if before.is_some_and(|before| !before.removed) != remove {
            return Ok(Plan::default());
        }
        self.may_react(now)?;

        // Later than what another device did, whose clock may be ahead.
        let network_now = self.clock.at(now);
        let near = before.map(|before| before.at).filter(|at| at.since(network_now) < FAR_AHEAD);
        self.counters.last_sent = self.counters.last_sent.max(near.unwrap_or_default());
        let (message, sent) = (self.next_message_id(), self.next_sent(now));
        // As long as its target: where a swarm let go of it sooner, a device
        // that sleeps would never show it. A target that was not read on all
        // devices is still there when its timer would be over.
        let setting = match target.expiry {
            Some(Expiry { from: ExpiresFrom::Sent, seconds, .. }) => {
                Disappearing::AfterSend(seconds)
            }
            _ => Disappearing::Off,
        };
        let draft = Draft { message, to, sent, setting, outside_history: true, unsynced };
        let data = compose::reaction(target, emoji, remove);
        let outgoing = self.data_copies(&draft, data, false)?;
        self.reacted.retain(|at| at.distance(now) < MINUTE);
        self.reacted.push(now);
        let mut plan = Plan { outgoing, outcome: Outcome::Told(message), ..Plan::default() };
        // Later here even than what was dated by a clock that is far ahead.
        let least = before.map(|before| before.at.plus(Duration::from_millis(1)));
        let at = sent.max(least.unwrap_or_default());
        let reaction = Reaction { author: me, emoji: emoji.to_owned(), at, removed: remove };
        let edit = MessageEdit::React(reaction.clone());
        plan.decision.changes.push(Change::EditMessage { id, edit });
        plan.decision.events.push(AccountEvent::MessageChanged {
            id,
            conversation: target.conversation.clone(),
            change: MessageChange::Reaction(reaction),
        });
        Ok(plan)
    }

    fn may_react(&self, now: Timestamp) -> Result<(), CommandError> {
        let lately = || self.reacted.iter().filter(|at| at.distance(now) < MINUTE);
        let Some(first) = lately().min().filter(|_| lately().count() >= MOST) else {
            return Ok(());
        };
        let wait = MINUTE.saturating_sub(now.since(*first)).as_millis().div_ceil(1_000);
        let seconds = u64::try_from(wait).unwrap_or(u64::MAX);
        Err(CommandError::TooManyReactions { limit: MOST, seconds })
    }
}
