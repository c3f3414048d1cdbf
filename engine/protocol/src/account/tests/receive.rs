//! What received messages lead to: a device whose store is in memory, and
//! contents as peers and other devices send them.

mod changes;
mod contacts;
mod dropped;
mod expiry;
mod notices;
mod order;
mod visible;

use ramson_codec::proto::{
    Content, DataMessage, ExpirationType, LokiProfile, Reaction as GivenReaction, ReactionAction,
    ReceiptKind, ReceiptMessage, UnsendRequest,
};
use ramson_types::message::MessageKind;

use super::support::*;
use super::*;
use crate::config::contacts::Contact;
use crate::inbox::Opened;
use crate::store::Early;

const DAY: Duration = Duration::from_secs(86_400);

/// A moment shortly before now; later ones with larger numbers.
fn at(n: u64) -> Timestamp {
    Timestamp(NOW.millis() - 1_000_000 + n * 10)
}

fn id(seed: u8) -> AccountId {
    account(seed, "").id()
}

fn with(id: AccountId) -> ConversationId {
    ConversationId::Account(id)
}

/// One of the account's devices.
struct Device {
    account: Account,
    store: TestStore,
}

impl Device {
    /// A device of account 1, with these contacts: each approved the other.
    fn new(contacts: &[AccountId]) -> Self {
        let mut device = Self { account: account(1, "Me"), store: TestStore::new() };
        for id in contacts {
            device.edit_contact(*id, |contact| {
                (contact.approved, contact.approved_me) = (true, true);
            });
        }
        device
    }

    fn me(&self) -> AccountId {
        self.account.id()
    }

    fn take_all(&mut self, arrivals: Vec<Arrival>) -> Decision {
        let history = self.store.history(self.account.arrival_questions(&arrivals));
        let path = vec![node(7).ed25519];
        let node = node(1).ed25519;
        let decision = self.account.receive(node, &path, Namespace::INBOX, arrivals, history, NOW);
        self.store.commit(&decision);
        decision
    }

    fn take(&mut self, arrival: Arrival) -> Decision {
        self.take_all(vec![arrival])
    }

    /// Takes what is to be dropped, and says why it was.
    fn reason(&mut self, arrival: Arrival) -> String {
        let hash = arrival.hash;
        let messages = self.store.messages.clone();
        let decision = self.take(arrival);
        let seen = Change::MarkSeen {
            namespace: Namespace::INBOX,
            hash,
            until: NOW.plus(DAY * (14 + 45)),
        };
        let forgotten = DropReason::Forgotten.to_string();
        let seen = decision.changes.contains(&seen);
        assert!(decision.signals.is_empty());
        assert_eq!(messages.len(), self.store.messages.len(), "nothing new stands there");
        let reason = decision.changes.iter().find_map(|change| match change {
            Change::Ledger(line) => match &line.step {
                LedgerStep::Dropped { reason, .. } => Some(reason.clone()),
                _ => None,
            },
            _ => None,
        });
        let reason = reason.unwrap_or_else(|| panic!("it is not dropped: {decision:?}"));
        assert_eq!(seen, reason != forgotten, "its hash is remembered: {decision:?}");
        reason
    }

    fn messages(&self) -> Vec<&Message> {
        self.store.messages.values().collect()
    }

    fn only(&self) -> &Message {
        let [message] = self.messages()[..] else { panic!("{:?}", self.messages()) };
        message
    }

    fn line(&self, peer: AccountId) -> &ramson_types::conversation::Conversation {
        self.account.lines.get(&with(peer)).expect("there is a line")
    }

    fn contact(&self, id: AccountId) -> Contact {
        self.account.settings.contacts.contact(&id).expect("it is a contact")
    }

    fn edit_contact(&mut self, id: AccountId, edit: impl FnOnce(&mut Contact)) {
        let contacts = &mut self.account.settings.contacts;
        let mut contact = contacts.contact(&id).unwrap_or(Contact::new(id));
        edit(&mut contact);
        contacts.set_contact(&contact);
        self.keep();
    }

    fn switch_on(&mut self, setting: &str) {
        self.account.settings.local.set_setting(setting, true);
        self.keep();
    }

    fn keep(&mut self) {
        let mut decision = Decision::default();
        self.account.keep(&mut decision, NOW);
        self.store.commit(&decision);
    }

    /// What is to be deleted in the own swarm.
    fn to_delete(decision: &Decision) -> Vec<ramson_types::MessageHash> {
        let errand = |change: &Change| match change {
            Change::PutErrand(stored) => match &stored.errand {
                crate::store::Errand::Delete(hashes) => hashes.clone(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        decision.changes.iter().flat_map(errand).collect()
    }
}

/// A Content as it arrives at account 1; `copy` tells copies of the same
/// message apart.
fn copy_of(sender: AccountId, sent: Timestamp, content: &Content, copy: u8) -> Arrival {
    let bytes = content.encode();
    let mut stored = bytes.clone();
    stored.extend_from_slice(&sender.to_bytes());
    stored.extend_from_slice(&sent.millis().to_le_bytes());
    stored.push(copy);
    let content = Content::decode(&bytes).expect("it is a Content");
    let pro = crate::pro::Status::None;
    let opened = Opened { sender, sent, content, content_bytes: bytes, pro };
    Arrival {
        hash: message_hash(&id(1), Namespace::INBOX, &stored),
        expires: NOW.plus(DAY * 14),
        body: ArrivalBody::Opened(Box::new(Ok(opened))),
    }
}

fn from(sender: AccountId, sent: Timestamp, content: &Content) -> Arrival {
    copy_of(sender, sent, content, 0)
}

fn data(data: DataMessage) -> Content {
    Content { data_message: Some(data), ..Content::default() }
}

fn body(text: &str) -> DataMessage {
    DataMessage { body: Some(text.to_owned()), ..DataMessage::default() }
}

fn words(text: &str) -> Content {
    data(body(text))
}

/// The copy for the own devices of what was written to somebody.
fn synced(to: AccountId, mut content: Content) -> Content {
    let data = content.data_message.get_or_insert_default();
    data.sync_target = Some(to.to_string());
    content
}

fn profile(name: &str, updated: Option<u64>) -> LokiProfile {
    LokiProfile {
        display_name: Some(name.to_owned()),
        last_update_seconds: updated,
        ..LokiProfile::default()
    }
}

fn emoji(author: AccountId, sent: Timestamp, emoji: &str, remove: bool) -> Content {
    data(DataMessage {
        reaction: Some(GivenReaction {
            id: sent.millis(),
            author: author.to_string(),
            emoji: Some(emoji.to_owned()),
            action: if remove { ReactionAction::Remove } else { ReactionAction::React },
        }),
        ..DataMessage::default()
    })
}

fn unsend(author: AccountId, sent: Timestamp) -> Content {
    let request = UnsendRequest { timestamp: sent.millis(), author: author.to_string() };
    Content { unsend_request: Some(request), ..Content::default() }
}

fn receipt(times: &[Timestamp]) -> Content {
    let timestamp = times.iter().map(|sent| sent.millis()).collect();
    let receipt = ReceiptMessage { kind: ReceiptKind::Read, timestamp };
    Content { receipt_message: Some(receipt), ..Content::default() }
}

fn timed(mut content: Content, kind: ExpirationType, seconds: u32) -> Content {
    content.expiration_type = Some(kind);
    content.expiration_timer = Some(seconds);
    content
}

fn timer_update(kind: ExpirationType, seconds: u32) -> Content {
    timed(data(DataMessage { flags: Some(2), ..DataMessage::default() }), kind, seconds)
}
