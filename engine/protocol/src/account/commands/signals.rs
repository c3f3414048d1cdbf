//! What others are told by the way: that somebody types (01 section 3.8), that
//! media was saved (01 section 3.10).

use std::collections::BTreeMap;
use std::time::Duration;

use ramson_types::{AccountId, MessageId, Timestamp};

use super::super::settings::TYPING;
use super::super::{Account, History, Outgoing, Plan, compose};
use super::{is_reachable, peer_of, target};
use crate::command::{CommandError, Outcome};
use crate::store::Copy;

/// How long a swarm keeps that somebody types.
const TYPING_TTL: Duration = Duration::from_secs(20);

/// Who goes on typing says so again after this time.
const AGAIN: Duration = Duration::from_secs(10);

/// The peer takes somebody for typing so long.
const SHOWN: Duration = Duration::from_secs(15);

/// Whom this account told lately that it types, and when.
#[derive(Debug, Default)]
pub(in super::super) struct Typed(BTreeMap<AccountId, Timestamp>);

impl Typed {
    /// What is written ends the typing, and needs no word of it.
    pub(super) fn forget(&mut self, to: &AccountId) {
        self.0.remove(to);
    }

    /// Whether this is to be told now.
    fn tells(&mut self, to: AccountId, typing: bool, now: Timestamp) -> bool {
        self.0.retain(|_, at| at.distance(now) < SHOWN);
        if !typing {
            return self.0.remove(&to).is_some();
        }
        let told_lately = self.0.get(&to).is_some_and(|at| at.distance(now) < AGAIN);
        if !told_lately {
            self.0.insert(to, now);
        }
        !told_lately
    }
}

impl Account {
    pub(super) fn set_typing(
        &mut self,
        to: AccountId,
        typing: bool,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        if !is_reachable(&to) {
            return Err(CommandError::NotAnAccount { to });
        }
        let told = to != self.id()
            && self.settings.local.setting(TYPING) == Some(true)
            && self.friend(to).is_ok()
            && self.typed.tells(to, typing, now);
        let mut plan = Plan::default();
        if told {
            let (message, sent) = (self.next_message_id(), self.next_sent(now));
            let content = compose::typing(typing, sent).encode();
            let signal = compose::control(message, Copy::Recipient, to, content, sent);
            plan.outgoing =
                vec![Outgoing { ttl: TYPING_TTL, quiet: true, fleeting: true, ..signal }];
        }
        Ok(plan)
    }

    /// Nobody is told of own media.
    pub(super) fn tell_media_saved(
        &mut self,
        id: MessageId,
        history: &History,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        let target = target(id, history)?;
        let to = peer_of(&target.conversation)?;
        if target.author == self.id() {
            return Ok(Plan::default());
        }
        self.friend(to)?;
        let (message, sent) = (self.next_message_id(), self.next_sent(now));
        let setting = self.setting_with(&to);
        let content = compose::media_saved(target, setting, sent).encode();
        let outgoing = vec![compose::control(message, Copy::Recipient, to, content, sent)];
        Ok(Plan { outgoing, outcome: Outcome::Told(message), ..Plan::default() })
    }
}
