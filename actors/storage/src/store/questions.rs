//! Questions, each answered from one read transaction.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ramson_messages::storage::{
    AccountSummary, GetMessage, LastEvent, LedgerSubject, ListAccounts, ListConversations,
    ListMessages, LoadAccount, LoadGuards, LoadNodePool, LogPage, LoggedEvent, ReadEvents,
    ReadLedger, RecallHashes, StoreError,
};
use ramson_protocol::event::{EventKind, EventRef};
use ramson_protocol::store::StoredAccount;
use ramson_types::conversation::Conversation;
use ramson_types::ledger::LedgerLine;
use ramson_types::message::{Message, MessageState};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageId, Namespace, NodePool, Timestamp,
};
use redb::{
    Database, Key, ReadOnlyTable, ReadTransaction, ReadableDatabase as _, TableDefinition, Value,
};

use super::Failure;
use crate::records::{self, AccountRecord};
use crate::tables::{
    ACCOUNTS, CONFIGS, CONVERSATION_NUMBERS, CONVERSATIONS, COUNTERS, CURSORS, ERRANDS, EVENTS,
    EXPIRING, GUARDS, LEDGER, LEDGER_BY_HASH, LEDGER_BY_MESSAGE, MESSAGE_PLACES, MESSAGES, META,
    OUTBOX, SEEDS, SEEN, counts, meta,
};

/// Events of the log that are looked at for one page.
const MAX_PASSED: usize = 10_000;

/// Lines found by the beginning of a hash, at most: it may be short.
const MAX_FOUND: usize = 1_000;

/// A message that only reads.
pub trait Question: Send + 'static {
    /// What is answered.
    type Answer: Send + 'static;

    /// Reads the answer from one state of the store.
    fn answer(&self, reading: &Reading) -> Result<Self::Answer, Failure>;
}

/// One state of the store, which stays as it is while others write.
pub struct Reading(ReadTransaction);

impl Reading {
    pub(crate) fn begin(database: &Database) -> Result<Self, Failure> {
        Ok(Self(database.begin_read()?))
    }

    pub(crate) fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<ReadOnlyTable<K, V>, Failure> {
        Ok(self.0.open_table(table)?)
    }

    /// How many records each table has, by its name.
    pub(super) fn counts(&self) -> Result<BTreeMap<&'static str, u64>, Failure> {
        Ok(counts(&self.0)?)
    }

    pub(super) fn account(&self, account: u32) -> Result<AccountRecord, Failure> {
        match self.table(ACCOUNTS)?.get(account)? {
            Some(record) => Failure::record(&format!("account {account}"), record.value()),
            None => Err(Failure::Refused(StoreError::NoSuchAccount { account })),
        }
    }

    /// The id of an account.
    pub(super) fn id(&self, account: u32) -> Result<AccountId, Failure> {
        self.account(account)?
            .id()
            .map_err(|error| Failure::damaged(format!("account {account}"), &error))
    }

    pub(super) fn conversation_number(
        &self,
        account: u32,
        id: &ConversationId,
    ) -> Result<Option<u32>, Failure> {
        let key = records::conversation_key(id)
            .map_err(|error| Failure::not_kept(id.to_string(), &error))?;
        let number = self.table(CONVERSATION_NUMBERS)?.get((account, key.as_slice()))?;
        Ok(number.map(|number| number.value()))
    }

    pub(super) fn conversation(&self, account: u32, number: u32) -> Result<Conversation, Failure> {
        let what = || format!("conversation {number} of account {account}");
        match self.table(CONVERSATIONS)?.get((account, number))? {
            Some(record) => records::parse_conversation(record.value())
                .map_err(|error| Failure::damaged(what(), &error)),
            None => Err(Failure::missing(what())),
        }
    }

    fn ledger_line(
        &self,
        lines: &ReadOnlyTable<(u32, u64), &'static [u8]>,
        account: u32,
        number: u64,
    ) -> Result<Option<LedgerLine>, Failure> {
        lines
            .get((account, number))?
            .map(|line| parse_line(account, number, line.value()))
            .transpose()
    }
}

fn parse_line(account: u32, number: u64, record: &[u8]) -> Result<LedgerLine, Failure> {
    records::parse_ledger_line(account, record).map_err(|error| {
        Failure::damaged(format!("ledger line {number} of account {account}"), &error)
    })
}

pub(super) fn parse_message(
    id: MessageId,
    conversation: ConversationId,
    record: &[u8],
) -> Result<Message, Failure> {
    records::parse_message(id, conversation, record)
        .map_err(|error| Failure::damaged(format!("message {id}"), &error))
}

/// A message as it is shown: one that somebody else wrote is read as far as
/// its conversation was read, although nobody wrote that into its record.
fn as_shown(mut message: Message, own: AccountId, line: &Conversation) -> Message {
    let is_read = message.author != own && message.sent <= line.last_read;
    if is_read && message.state == MessageState::Received {
        message.state = MessageState::Read;
    }
    message
}

impl Question for ListAccounts {
    type Answer = Vec<AccountSummary>;

    fn answer(&self, reading: &Reading) -> Result<Self::Answer, Failure> {
        let mut accounts = Vec::new();
        for entry in reading.table(ACCOUNTS)?.range(0..)? {
            let (number, record) = entry?;
            let number = number.value();
            let what = format!("account {number}");
            let record: AccountRecord = Failure::record(&what, record.value())?;
            let id = record.id().map_err(|error| Failure::damaged(what, &error))?;
            accounts.push(AccountSummary { number, id, name: record.name });
        }
        Ok(accounts)
    }
}

impl Question for LoadAccount {
    type Answer = StoredAccount;

    fn answer(&self, reading: &Reading) -> Result<StoredAccount, Failure> {
        let number = self.account;
        let account = reading.account(number)?;
        let of = |what: &str| format!("{what} of account {number}");
        let seed = match reading.table(SEEDS)?.get(number)? {
            Some(seed) => records::parse_seed(seed.value())
                .map_err(|error| Failure::damaged(of("the seed"), &error))?,
            None => return Err(Failure::missing(of("the seed"))),
        };
        let counters = match reading.table(COUNTERS)?.get(number)? {
            Some(record) => records::parse_counters(record.value())
                .map_err(|error| Failure::damaged(of("the counters"), &error))?,
            None => Default::default(),
        };
        let mut cursors = Vec::new();
        let all = (number, &[0; 32], i16::MIN)..=(number, &[u8::MAX; 32], i16::MAX);
        for entry in reading.table(CURSORS)?.range(all)? {
            let (key, record) = entry?;
            let (_, node, namespace) = key.value();
            let cursor = records::parse_cursor(record.value())
                .map_err(|error| Failure::damaged(of("a cursor"), &error))?;
            cursors.push((Ed25519PublicKey(*node), Namespace(namespace), cursor));
        }
        let mut outbox = Vec::new();
        for entry in reading.table(OUTBOX)?.range((number, 0)..=(number, u64::MAX))? {
            let (key, record) = entry?;
            let (_, entry) = key.value();
            let parsed = records::parse_outbox(number, entry, record.value())
                .map_err(|error| Failure::damaged(of("an outbox entry"), &error))?;
            outbox.push(parsed);
        }
        let mut configs = Vec::new();
        for entry in reading.table(CONFIGS)?.range((number, 0)..=(number, u8::MAX))? {
            let (key, record) = entry?;
            let config = records::config_kind(key.value().1)
                .and_then(|kind| Ok((kind, records::parse_config(record.value())?)))
                .map_err(|error| Failure::damaged(of("a config"), &error))?;
            configs.push(config);
        }
        let mut errands = Vec::new();
        for entry in reading.table(ERRANDS)?.range((number, 0)..=(number, u64::MAX))? {
            let (key, record) = entry?;
            let errand = records::parse_errand(number, key.value().1, record.value())
                .map_err(|error| Failure::damaged(of("an errand"), &error))?;
            errands.push(errand);
        }
        let mut expiring = Vec::new();
        let all = (number, 0, 0)..=(number, u64::MAX, u64::MAX);
        for entry in reading.table(EXPIRING)?.range(all)? {
            let (account, ends, number) = entry?.0.value();
            expiring.push((Timestamp(ends), MessageId { account, number }));
        }
        Ok(StoredAccount {
            number,
            seed,
            sync: account.sync(),
            name: account.name,
            counters,
            cursors,
            outbox,
            conversations: ListConversations { account: number }.answer(reading)?,
            configs,
            errands,
            expiring,
        })
    }
}

impl Question for RecallHashes {
    type Answer = Vec<bool>;

    fn answer(&self, reading: &Reading) -> Result<Vec<bool>, Failure> {
        reading.account(self.account)?;
        let seen = reading.table(SEEN)?;
        let copies = self
            .copies
            .iter()
            .map(|(namespace, hash)| Ok(seen.get((self.account, namespace.0, &hash.0))?.is_some()));
        copies.collect()
    }
}

impl Question for ListConversations {
    type Answer = Vec<Conversation>;

    fn answer(&self, reading: &Reading) -> Result<Vec<Conversation>, Failure> {
        reading.account(self.account)?;
        let all = (self.account, 0)..=(self.account, u32::MAX);
        let mut conversations = Vec::new();
        for entry in reading.table(CONVERSATIONS)?.range(all)? {
            let (key, record) = entry?;
            let (account, number) = key.value();
            let what = || format!("conversation {number} of account {account}");
            let conversation = records::parse_conversation(record.value())
                .map_err(|error| Failure::damaged(what(), &error))?;
            conversations.push(conversation);
        }
        // Hidden ones are sorted like those that are not pinned.
        conversations.sort_by_key(|line| Reverse((line.priority.max(0), line.latest)));
        Ok(conversations)
    }
}

impl Question for ListMessages {
    type Answer = Vec<Message>;

    fn answer(&self, reading: &Reading) -> Result<Vec<Message>, Failure> {
        reading.account(self.account)?;
        let account = self.account;
        let Some(number) = reading.conversation_number(account, &self.conversation)? else {
            return Ok(Vec::new());
        };
        if reading.table(CONVERSATIONS)?.get((account, number))?.is_none() {
            return Ok(Vec::new());
        }
        let (own, line) = (reading.id(account)?, reading.conversation(account, number)?);
        let end = self.before.map_or(u64::MAX, |before| before.number);
        let all = (account, number, 0)..(account, number, end);
        let mut messages = Vec::new();
        for entry in reading.table(MESSAGES)?.range(all)?.rev().take(self.limit) {
            let (key, record) = entry?;
            let (_, _, number) = key.value();
            let id = MessageId { account, number };
            let message = parse_message(id, self.conversation.clone(), record.value())?;
            messages.push(as_shown(message, own, &line));
        }
        messages.reverse();
        Ok(messages)
    }
}

impl Question for GetMessage {
    type Answer = Option<Message>;

    fn answer(&self, reading: &Reading) -> Result<Option<Message>, Failure> {
        let MessageId { account, number } = self.id;
        let place = reading.table(MESSAGE_PLACES)?.get((account, number))?;
        let Some(place) = place.map(|place| place.value()) else { return Ok(None) };
        let (own, line) = (reading.id(account)?, reading.conversation(account, place)?);
        let Some(record) = reading.table(MESSAGES)?.get((account, place, number))? else {
            return Err(Failure::missing(format!("message {}", self.id)));
        };
        let message = parse_message(self.id, line.id.clone(), record.value())?;
        Ok(Some(as_shown(message, own, &line)))
    }
}

impl Question for LastEvent {
    type Answer = u64;

    fn answer(&self, reading: &Reading) -> Result<u64, Failure> {
        let Some(record) = reading.table(META)?.get(meta::NEXT_EVENT)? else { return Ok(0) };
        let next: records::Number = Failure::record(meta::NEXT_EVENT, record.value())?;
        Ok(next.value.saturating_sub(1))
    }
}

impl Question for ReadEvents {
    type Answer = LogPage;

    fn answer(&self, reading: &Reading) -> Result<LogPage, Failure> {
        let mut page = LogPage { events: Vec::new(), through: self.after };
        let mut owners = BTreeMap::new();
        let log = reading.table(EVENTS)?;
        for entry in log.range(self.after.saturating_add(1)..)?.take(MAX_PASSED) {
            if page.events.len() >= self.limit {
                break;
            }
            let (seq, record) = entry?;
            let seq = seq.value();
            let kept = records::parse_event(record.value())
                .map_err(|error| Failure::damaged(format!("event {seq}"), &error));
            let kept = passable(kept.map(Some), "an event")?;
            page.through = seq;
            let Some(kept) = kept else { continue };
            // One of a later version is not for this one to tell.
            let Some(EventRef { kind, message: id, conversation }) = kept.event else { continue };
            let owner = match owners.entry(kept.account) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(unknown) => *unknown.insert(owner(kept.account, reading)?),
            };
            let asked = |id: &AccountId| self.only.as_ref().is_none_or(|only| only.contains(id));
            let Some(account) = owner.filter(asked) else { continue };
            let message = match (kind, id) {
                (EventKind::MessageReceived, Some(id)) => {
                    passable(GetMessage { id }.answer(reading), "a message that came")?
                }
                _ => None,
            };
            page.events.push(LoggedEvent { seq, account, kind, conversation, id, message });
        }
        Ok(page)
    }
}

/// Whose events these are; `None` for an account that is gone, or damaged.
fn owner(account: u32, reading: &Reading) -> Result<Option<AccountId>, Failure> {
    match reading.id(account) {
        Err(Failure::Refused(StoreError::NoSuchAccount { .. })) => Ok(None),
        id => passable(id.map(Some), "the events of an account"),
    }
}

/// What cannot be read of one record is passed over: it is no reason to hold up
/// all that came after it.
fn passable<T>(read: Result<Option<T>, Failure>, what: &str) -> Result<Option<T>, Failure> {
    match read {
        Err(failure) if failure.is_of_one_record() => {
            tracing::error!("{what} cannot be told: {}", failure.on_read());
            Ok(None)
        }
        read => read,
    }
}

impl Question for ReadLedger {
    type Answer = Vec<LedgerLine>;

    fn answer(&self, reading: &Reading) -> Result<Vec<LedgerLine>, Failure> {
        let lines = reading.table(LEDGER)?;
        let mut found = Vec::new();
        match &self.about {
            LedgerSubject::Message(MessageId { account, number }) => {
                let all = (*account, *number, 0)..=(*account, *number, u64::MAX);
                for entry in reading.table(LEDGER_BY_MESSAGE)?.range(all)? {
                    let (account, _, line) = entry?.0.value();
                    found.extend(reading.ledger_line(&lines, account, line)?);
                }
            }
            LedgerSubject::Hash(hash) => {
                let all = (&hash.0, 0, 0)..=(&hash.0, u32::MAX, u64::MAX);
                for entry in reading.table(LEDGER_BY_HASH)?.range(all)? {
                    let entry = entry?;
                    let (_, account, line) = entry.0.value();
                    found.extend(reading.ledger_line(&lines, account, line)?);
                }
                // Copies of one hash may lie in several accounts, whose lines
                // are numbered apart.
                found.sort_by_key(|line| line.at);
            }
            LedgerSubject::HashesFrom(first, last) => {
                let all = (&first.0, 0, 0)..=(&last.0, u32::MAX, u64::MAX);
                for entry in reading.table(LEDGER_BY_HASH)?.range(all)?.take(MAX_FOUND) {
                    let entry = entry?;
                    let (_, account, line) = entry.0.value();
                    found.extend(reading.ledger_line(&lines, account, line)?);
                }
                found.sort_by_key(|line| line.at);
            }
            LedgerSubject::Account(account, limit) => {
                reading.account(*account)?;
                let all = (*account, 0)..=(*account, u64::MAX);
                for entry in lines.range(all)?.rev().take(*limit) {
                    let (key, record) = entry?;
                    let (account, number) = key.value();
                    found.push(parse_line(account, number, record.value())?);
                }
            }
        }
        Ok(found)
    }
}

impl Question for LoadNodePool {
    type Answer = Option<(NodePool, Timestamp)>;

    fn answer(&self, reading: &Reading) -> Result<Self::Answer, Failure> {
        let record = reading.table(META)?.get(meta::NODE_POOL)?;
        let pool = record.map(|record| records::parse_node_pool(record.value()));
        pool.transpose().map_err(|error| Failure::damaged("the node pool", &error))
    }
}

impl Question for LoadGuards {
    type Answer = Vec<Ed25519PublicKey>;

    fn answer(&self, reading: &Reading) -> Result<Self::Answer, Failure> {
        let record = reading.table(GUARDS)?.get(self.class.0)?;
        let guards = record.map(|record| records::parse_guards(record.value()));
        let guards = guards.transpose().map_err(|error| Failure::damaged("the guards", &error))?;
        Ok(guards.unwrap_or_default())
    }
}
