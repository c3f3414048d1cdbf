//! Commands: what goes out, byte for byte, what is kept, and what is refused.

mod contacts;
mod deleting;
mod reactions;
mod refused;
mod sending;
mod settings;
mod signals;

use ramson_codec::proto::Content;
use ramson_crypto::Seed;
use ramson_types::conversation::Conversation;
use ramson_types::message::{MessageKind, Reaction};

use super::*;
use crate::command::{Command, CommandError, DeleteScope, Outcome, Post};
use crate::config::contacts::{Contact, Disappearing as Timer};
use crate::event::MessageChange;
use crate::store::{Errand, MessageEdit};

const DAY: Duration = Duration::from_secs(86_400);
const FORTNIGHT: Duration = Duration::from_secs(14 * 86_400);

/// An account, what its store has, and what it answers.
struct Home {
    account: Account,
    store: TestStore,
    now: Timestamp,
}

/// What a command led to.
struct Done {
    outgoing: Vec<Outgoing>,
    decision: Decision,
    outcome: Outcome,
}

impl Home {
    fn new() -> Self {
        let store = TestStore { name: Some("Alice".into()), ..TestStore::new() };
        let account = Account::load(store.stored(1, Seed::from_entropy16([1; 16])));
        let mut home = Self { account, store, now: NOW };
        let started = home.account.started(NOW);
        home.store.commit(&started);
        home
    }

    /// Alice, and Bob who may write to her and she to him.
    fn with_friend() -> (Self, AccountId) {
        let (mut home, bob) = (Self::new(), account(2, "Bob").id());
        home.knows(Contact { approved: true, approved_me: true, ..Contact::new(bob) });
        (home, bob)
    }

    fn id(&self) -> AccountId {
        self.account.id()
    }

    fn knows(&mut self, contact: Contact) {
        self.account.settings.contacts.set_contact(&contact);
        self.keep(Decision::default());
    }

    fn keep(&mut self, mut decision: Decision) {
        self.account.keep(&mut decision, self.now);
        self.store.commit(&decision);
    }

    fn contact(&self, account: AccountId) -> Option<Contact> {
        self.account.settings.contacts.contact(&account)
    }

    fn line(&self, account: AccountId) -> Conversation {
        self.store.lines.get(&ConversationId::Account(account)).expect("it has a line").clone()
    }

    fn messages(&self, with: AccountId) -> Vec<&Message> {
        let of = |message: &&Message| message.conversation == ConversationId::Account(with);
        self.store.messages.values().filter(of).collect()
    }

    /// Asks the store, carries out, seals, queues and commits.
    fn does(&mut self, command: Command) -> Result<Done, CommandError> {
        let intent = Intent::Command(command);
        let history = self.store.recall(&self.account, &intent);
        let plan = self.account.carry_out(intent, &history, self.now, &mut rng())?;
        let outgoing = plan.outgoing.clone();
        let sealed = seal(&self.account, &plan);
        let (decision, outcome) = self.account.queue(plan, sealed, self.now);
        self.store.commit(&decision);
        outgoing.iter().for_each(|copy| self.account.kept(copy.message));
        Ok(Done { outgoing, decision, outcome })
    }

    /// Carries out what is due.
    fn works(&mut self, work: Work) {
        let intent = Intent::Work(work);
        let history = self.store.recall(&self.account, &intent);
        let plan = self.account.carry_out(intent, &history, self.now, &mut rng()).unwrap();
        let sealed = seal(&self.account, &plan);
        let (decision, _) = self.account.queue(plan, sealed, self.now);
        self.store.commit(&decision);
    }

    /// Somebody's message stands in the history.
    fn hears(&mut self, from: AccountId, sent: Timestamp) -> MessageId {
        let id = self.account.next_message_id();
        let conversation = ConversationId::Account(from);
        let message = Message {
            id,
            conversation: conversation.clone(),
            author: from,
            sent,
            received: self.now,
            kind: MessageKind::Visible,
            state: MessageState::Received,
            text: Some("hi".into()),
            content: vec![1],
            hash: Some(message_hash(&from, Namespace::INBOX, &sent.millis().to_le_bytes())),
            own_hash: Some(message_hash(&from, Namespace::INBOX, &sent.millis().to_le_bytes())),
            expiry: None,
            reactions: Vec::new(),
            mentions_me: true,
            deleted: false,
        };
        let line = self.account.lines.edit(&conversation);
        line.latest = line.latest.max(sent);
        line.unread += 1;
        line.mentions += 1;
        let changes = vec![Change::PutMessage(message), Change::SetCounters(self.account.counters)];
        self.keep(Decision { changes, ..Decision::default() });
        id
    }

    /// Writes a text and answers its id and sent time.
    fn writes(&mut self, to: AccountId) -> (MessageId, Timestamp) {
        let done = self.does(text(to, "hello")).expect("it can be sent");
        let Outcome::Queued(message) = done.outcome else { panic!("{:?}", done.outcome) };
        (message.id, message.sent)
    }

    /// Every swarm stores what is due.
    fn delivers(&mut self) {
        for delivery in self.account.due_deliveries(self.now) {
            let stored = SendResult::Stored { confirmed: Vec::new(), failed: Vec::new() };
            let results = vec![stored; delivery.entries.len()];
            let (now, path) = (self.now, Vec::new());
            let decision = self.account.sent(&delivery, results, None, path, now, &mut rng());
            self.store.commit(&decision);
        }
    }

    fn timer(&mut self, with: AccountId, disappearing: Timer) {
        let contact = self.contact(with).expect("a contact");
        self.knows(Contact { disappearing, ..contact });
    }

    /// All that a refused command must leave as it is.
    fn state(&self) -> String {
        let Account { counters, settings, lines, errands, expiring, outbox, .. } = &self.account;
        let configs = [
            settings.profile.data(),
            settings.contacts.data(),
            settings.volatile.data(),
            settings.groups.data(),
            settings.local.data(),
        ];
        let Account { reacted, typed, name, pending, .. } = &self.account;
        format!(
            "{counters:?} {configs:?} {lines:?} {errands:?} {expiring:?} {outbox:?} {reacted:?} \
             {typed:?} {name:?} {pending:?}"
        )
    }
}

/// A copy without its bytes: whose, to whom, for how long, and its flags.
fn shape(copy: &Outgoing) -> (Copy, AccountId, Duration, [bool; 3]) {
    (copy.copy, copy.to, copy.ttl, [copy.quiet, copy.outside_history, copy.fleeting])
}

const KEPT: [bool; 3] = [false, false, false];
const OUTSIDE: [bool; 3] = [false, true, false];
const QUIET: [bool; 3] = [true, true, false];

/// What an official client reads in a copy.
fn read(copy: &Outgoing) -> Content {
    let content = Content::decode(&copy.content).expect("it decodes");
    assert_eq!(content.sig_timestamp, Some(copy.sent.millis()));
    content
}

fn pushed<'d>(decision: &'d Decision, wanted: impl Fn(&Change) -> bool + 'd) -> usize {
    decision.changes.iter().filter(|change| wanted(change)).count()
}
