//! That the swarm does not forget the configs (03 section 8): it keeps what it
//! stores for 30 days, which a poll prolongs now and then. The answer tells
//! what the swarm lost meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use ramson_codec::storage::{ExpireMode, Request, SubAnswer};
use ramson_types::{Ed25519PublicKey, MessageHash, Timestamp};
use serde_json::Value;

use super::super::Account;
use super::Settings;
use crate::config::ConfigKind;

/// How long the swarm is to keep them from now on.
const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Between two prolongations.
const BETWEEN: Duration = Duration::from_secs(24 * 60 * 60);

/// After a refusal.
const AFTER_REFUSAL: Duration = Duration::from_secs(60 * 60);

/// When it is to be done, and what is under way.
#[derive(Debug, Default)]
pub(super) struct KeepAlive {
    /// The first poll after a start does it.
    next: Timestamp,
    asked: Option<Asked>,
}

#[derive(Debug)]
struct Asked {
    node: Ed25519PublicKey,
    at: Timestamp,
    hashes: BTreeSet<MessageHash>,
}

impl Account {
    /// What a poll of a member asks it to keep, if that is due.
    pub(in crate::account) fn keep_alive(
        &mut self,
        node: Ed25519PublicKey,
        now: Timestamp,
    ) -> Option<Request> {
        self.settings.alive.asked = None;
        let hashes = self.settings.active_hashes();
        if hashes.is_empty() || !self.settings.alive.next.is_due(now, BETWEEN) {
            return None;
        }
        let list: Vec<_> = hashes.iter().copied().collect();
        self.settings.alive.asked = Some(Asked { node, at: now, hashes });
        let expiry = self.clock.at(now).plus(LIFE);
        Some(Request::expire_signed(&*self.keys, &list, expiry, ExpireMode::Extend))
    }

    /// What the member answered.
    pub(in crate::account) fn kept_alive(
        &mut self,
        node: &Ed25519PublicKey,
        answer: Option<&SubAnswer>,
    ) {
        let asked = self.settings.alive.asked.take_if(|asked| asked.node == *node);
        let Some(asked) = asked else { return };
        let held = answer.filter(|answer| answer.code == 200).and_then(held);
        let wait = if held.is_some() { BETWEEN } else { AFTER_REFUSAL };
        self.settings.alive.next = asked.at.plus(wait);
        if let Some(held) = held {
            let lost = asked.hashes.difference(&held).copied().collect();
            self.settings.lost_in_swarm(&lost);
        }
    }
}

impl Settings {
    fn lost_in_swarm(&mut self, lost: &BTreeSet<MessageHash>) {
        for kind in ConfigKind::OF_ACCOUNT {
            self.push_again(kind, lost);
        }
    }
}

/// What at least one member holds; `None` if none of them says anything.
fn held(answer: &SubAnswer) -> Option<BTreeSet<MessageHash>> {
    let members = answer.body.get("swarm")?.as_object()?.values();
    let mut held = None;
    for member in members {
        let updated = member.get("updated").and_then(Value::as_array);
        let unchanged = member.get("unchanged").and_then(Value::as_object);
        if updated.is_none() && unchanged.is_none() {
            continue;
        }
        let updated = updated.into_iter().flatten().filter_map(Value::as_str);
        let unchanged = unchanged.into_iter().flat_map(|all| all.keys()).map(String::as_str);
        let hashes = updated.chain(unchanged).filter_map(|hash| hash.parse::<MessageHash>().ok());
        held.get_or_insert_with(BTreeSet::new).extend(hashes);
    }
    held
}
