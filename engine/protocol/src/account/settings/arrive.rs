//! Config messages that came in (03 sections 4.1 and 8).

use ramson_codec::storage::RetrieveAnswer;
use ramson_types::ledger::LedgerStep;
use ramson_types::{AccountId, Ed25519PublicKey, MessageHash, Namespace, Timestamp};

use super::super::{Account, Arrival, ArrivalBody, Decision, DropReason};
use super::Settings;
use crate::config::{ConfigKind, Owner, Stored};
use crate::store::{Change, Cursor};

impl Account {
    /// Takes in what one swarm member returned of a config's namespace, all of
    /// it at once. Whatever lies behind the cursor is merged: taking the same
    /// in twice changes nothing, so that nothing is remembered as seen.
    pub(in crate::account) fn receive_config(
        &mut self,
        node: Ed25519PublicKey,
        namespace: Namespace,
        arrivals: &[Arrival],
        now: Timestamp,
        decision: &mut Decision,
    ) {
        let Some(kind) = ConfigKind::of_account(namespace) else { return };
        let mut copies = Vec::new();
        let mut changed = Vec::new();
        for Arrival { hash, expires, body } in arrivals {
            match body {
                ArrivalBody::WrongHash => {
                    changed.push(*hash);
                    continue;
                }
                ArrivalBody::Config(data) => copies.push((hash.to_string(), *hash, data)),
                ArrivalBody::Seen | ArrivalBody::Opened(_) => {}
            }
            // No evidence against a member that does not have it: what is
            // stored next takes the place of it.
            self.watch.given(node, (namespace, *hash), *expires, false);
        }
        let stored: Vec<_> = copies.iter().map(|(hash, _, data)| Stored { hash, data }).collect();
        let before: Vec<AccountId> = match kind {
            ConfigKind::Contacts => self.settings.contacts.contacts().map(|one| one.id).collect(),
            _ => Vec::new(),
        };
        let keys = self.keys.clone();
        let owner = Owner::Account(&keys);
        let network_now = self.clock.at(now);
        let merged = self.settings.config_mut(kind);
        let merged = merged.map(|to| to.merge(&owner, &stored, network_now));
        let accepted = merged.unwrap_or_default().accepted;
        if kind == ConfigKind::Contacts {
            let accepted = copies.iter().filter(|(hash, ..)| accepted.contains(hash));
            self.found_contacts(accepted.map(|(_, hash, _)| *hash), now, decision);
            let Settings { contacts, sync, .. } = &self.settings;
            let gone = before.iter().filter(|id| contacts.contact(id).is_none());
            gone.for_each(|id| self.vanished.note(*id, sync.contacts_stored));
        }
        if kind == ConfigKind::ConvoInfoVolatile {
            self.read_farther(now);
        }
        let unread = copies.iter().filter(|(hash, ..)| !accepted.contains(hash));
        let unread: Vec<_> = unread.map(|(_, hash, ..)| *hash).collect();
        dropped(node, DropReason::UnknownConfig, &unread, now, decision);
        dropped(node, DropReason::WrongHash, &changed, now, decision);
        if let Some(last) = arrivals.last() {
            let cursor = Cursor { hash: last.hash, expires: last.expires };
            if self.cursors.insert((node, namespace), cursor) != Some(cursor) {
                decision.changes.push(Change::MoveCursor { node, namespace, cursor: Some(cursor) });
                let step = LedgerStep::CursorMoved { node, namespace };
                decision.ledger(now, None, Some(last.hash), step);
            }
        }
    }

    /// When the newest contacts were stored says which messages are older than
    /// what they say. No node's word makes that a time to come.
    fn found_contacts(
        &mut self,
        found: impl Iterator<Item = MessageHash>,
        now: Timestamp,
        decision: &mut Decision,
    ) {
        let network_now = self.clock.at(now);
        let sync = &mut self.settings.sync;
        let stored = found.filter_map(|hash| self.settings.stored.get(&hash)).max();
        let stored = stored.map(|stored| (*stored).min(network_now));
        if let Some(stored) = stored.filter(|stored| *stored > sync.contacts_stored) {
            sync.contacts_stored = stored;
            decision.changes.push(Change::PutSync(*sync));
        }
    }
}

impl Settings {
    /// When the contacts of an answer were stored, as the node says.
    pub(in crate::account) fn note_stored(
        &mut self,
        namespace: Namespace,
        answer: &RetrieveAnswer,
    ) {
        if namespace == Namespace::CONTACTS {
            let times = answer.messages.iter().map(|copy| (copy.hash, copy.timestamp));
            self.stored = times.collect();
        }
    }
}

/// One line, however many.
fn dropped(
    node: Ed25519PublicKey,
    reason: DropReason,
    copies: &[MessageHash],
    now: Timestamp,
    decision: &mut Decision,
) {
    if let Some(first) = copies.first() {
        let reason = format!("{reason} ({} copies)", copies.len());
        let step = LedgerStep::Dropped { node, reason, remembered_until: None };
        decision.ledger(now, None, Some(*first), step);
    }
}
