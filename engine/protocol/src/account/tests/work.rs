//! What is due by itself, and marking as read.

mod forgetting;
mod outbox;
mod reading;
mod rules;
mod timers;
mod unread;

use ramson_crypto::Seed;
use ramson_types::conversation::Conversation;
use ramson_types::message::{ExpiresFrom, Expiry, MessageKind};

use super::*;
use crate::account::work::count_unread;
use crate::command::Command;
use crate::config::contacts::Contact;
use crate::event::AccountEvent;
use crate::store::Errand;

const DAY: Duration = Duration::from_secs(86_400);

/// One device of an account with its store.
struct Home {
    account: Account,
    store: TestStore,
    now: Timestamp,
    next: u64,
}

impl Home {
    fn new() -> Self {
        Self::of(TestStore::new())
    }

    fn of(store: TestStore) -> Self {
        let account = Account::load(store.stored(1, Seed::from_entropy16([1; 16])));
        Self { account, store, now: NOW, next: 1_000_000 }
    }

    /// The machine starts again from what is kept.
    fn restart(&mut self) {
        self.account = Account::load(self.store.stored(1, Seed::from_entropy16([1; 16])));
    }

    fn commit(&mut self, mut decision: Decision) -> Decision {
        self.account.keep(&mut decision, self.now);
        self.store.commit(&decision);
        decision
    }

    /// An approved contact.
    fn contact(&mut self, seed: u8) -> AccountId {
        let peer = account(seed, "").id();
        let contact = Contact { approved: true, approved_me: true, ..Contact::new(peer) };
        self.account.settings.contacts.set_contact(&contact);
        self.commit(Decision::default());
        peer
    }

    fn receipts(&mut self, on: bool) {
        self.account.settings.local.set_setting("read_receipts", on);
        self.commit(Decision::default());
    }

    fn message(&mut self, from: AccountId, sent: Timestamp) -> Message {
        self.next += 1;
        let hash = message_hash(&from, Namespace::INBOX, &self.next.to_le_bytes());
        Message {
            id: MessageId { account: 1, number: self.next },
            conversation: ConversationId::Account(from),
            author: from,
            sent,
            received: self.now,
            kind: MessageKind::Visible,
            state: MessageState::Received,
            text: Some("x".to_owned()),
            content: Vec::new(),
            hash: Some(hash),
            own_hash: Some(hash),
            expiry: None,
            reactions: Vec::new(),
            mentions_me: false,
            deleted: false,
        }
    }

    /// Keeps a message as `receive` does.
    fn put(&mut self, message: Message) -> MessageId {
        let me = self.account.id();
        let id = message.id;
        let line = self.account.lines.edit(&message.conversation);
        line.latest = line.latest.max(message.sent);
        count_unread(line, &message, me);
        self.account.expiring.set(id, message.expiry.and_then(|expiry| expiry.ends));
        let changes = vec![Change::PutMessage(message)];
        self.commit(Decision { changes, ..Decision::default() });
        id
    }

    fn incoming(&mut self, from: AccountId, sent: Timestamp) -> MessageId {
        let message = self.message(from, sent);
        self.put(message)
    }

    fn line(&self, peer: AccountId) -> &Conversation {
        &self.store.lines[&ConversationId::Account(peer)]
    }

    /// Carries out an intent, and commits it.
    fn turn(&mut self, intent: Intent) -> Turn {
        let history = self.store.recall(&self.account, &intent);
        let plan = self.account.carry_out(intent, &history, self.now, &mut rng()).unwrap();
        let outgoing = plan.outgoing.clone();
        let sealed = seal(&self.account, &plan);
        let (decision, _) = self.account.queue(plan, sealed, self.now);
        self.store.commit(&decision);
        outgoing.iter().for_each(|copy| self.account.kept(copy.message));
        Turn { decision, outgoing }
    }

    fn command(&mut self, command: Command) -> Turn {
        self.turn(Intent::Command(command))
    }

    fn mark_read(&mut self, peer: AccountId, up_to: Option<Timestamp>) -> Turn {
        self.command(Command::MarkRead { conversation: ConversationId::Account(peer), up_to })
    }

    /// Another device read a conversation.
    fn read_elsewhere(&mut self, peer: AccountId, up_to: Timestamp) {
        self.account.lines.edit(&ConversationId::Account(peer)).last_read = up_to;
        self.commit(Decision::default());
    }

    /// Does what is due; each turn once.
    fn work(&mut self) -> Vec<Turn> {
        let mut turns = Vec::new();
        while let Some(work) = self.account.due_work(self.now) {
            assert!(self.account.next_work().is_some_and(|at| at <= self.now));
            turns.push(self.turn(Intent::Work(work)));
            assert!(turns.len() < 100, "work has no end");
        }
        assert!(self.account.next_work().is_none_or(|at| at > self.now));
        turns
    }
}

/// What a turn led to.
struct Turn {
    decision: Decision,
    outgoing: Vec<Outgoing>,
}

impl Turn {
    fn errands(&self) -> Vec<&Errand> {
        let changes = self.decision.changes.iter();
        let errands = changes.filter_map(|change| match change {
            Change::PutErrand(stored) => Some(&stored.errand),
            _ => None,
        });
        errands.collect()
    }

    fn removed(&self) -> Vec<(MessageId, bool)> {
        let removed = |event: &AccountEvent| match event {
            AccountEvent::MessageRemoved { id, expired, .. } => Some((*id, *expired)),
            _ => None,
        };
        self.decision.events.iter().filter_map(removed).collect()
    }

    /// Sent times in the receipts that go out.
    fn receipts(&self) -> Vec<u64> {
        let receipt = |copy: &Outgoing| {
            let content = ramson_codec::proto::Content::decode(&copy.content).unwrap();
            assert_eq!(content.sig_timestamp, Some(copy.sent.millis()));
            assert!(copy.quiet && copy.outside_history && !copy.fleeting);
            assert_eq!((copy.copy, copy.ttl), (Copy::Recipient, 14 * DAY));
            content.receipt_message.unwrap().timestamp
        };
        self.outgoing.iter().flat_map(receipt).collect()
    }
}

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn on_reading(seconds: u32) -> Option<Expiry> {
    Some(Expiry { from: ExpiresFrom::Read, seconds, ends: None })
}

/// Both nodes say that the local clock is `millis` behind.
fn clock_is_behind(account: &mut Account, millis: i64) {
    for n in [1, 2] {
        let theirs = NOW.offset(millis);
        let sample = Sample { node: node(n).ed25519, asked: NOW, answered: NOW, theirs };
        account.clock_mut().learn(sample);
    }
    assert_eq!(account.clock().offset(), millis);
}
