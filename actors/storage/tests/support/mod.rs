//! What the tests of the store share: things to store, a view of everything
//! in a store, and a workload that touches every table.
#![allow(dead_code, reason = "each test target uses a part of it")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ramson_crypto::Seed;
use ramson_messages::storage::{
    AddAccount, Commit, GetPluginCursor, LedgerSubject, ListAccounts, ListConversations,
    ListMessages, ListPluginData, LoadAccount, LoadGuards, LoadNodePool, LoggedEvent, ReadEvents,
    ReadLedger, RecallHashes, RecallHistory, RemoveAccount, SaveGuards, SaveNodePool, Sweep,
};
use ramson_messages::transport::IsolationClass;
use ramson_protocol::account::Question;
use ramson_protocol::config::ConfigKind;
use ramson_protocol::event::{EventKind, EventRef};
use ramson_protocol::store::{
    Change, ConfigDump, Copy, Counters, Cursor, Early, Errand, ErrandCopy, MessageEdit,
    OutboxEntry, PluginChange, StoredErrand, Sync,
};
use ramson_storage_actor::sealed::raw::RawFile;
use ramson_storage_actor::{OpenError, Store, StoreKey};
use ramson_types::conversation::Conversation;
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::message::{
    ExpiresFrom, Expiry, Message, MessageKind, MessageName, MessageState, Reaction,
};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Namespace, NodePool,
    Prefix, ServiceNode, Timestamp, X25519PublicKey,
};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

pub(crate) fn key() -> StoreKey {
    StoreKey::from_bytes([9; 32])
}

pub(crate) fn create(file: Arc<dyn RawFile>) -> Store {
    Store::create_on(file, Path::new("store"), key(), StdRng::seed_from_u64(1)).unwrap()
}

pub(crate) fn open(file: Arc<dyn RawFile>) -> Result<Store, OpenError> {
    Store::open_on(file, Path::new("store"), key(), StdRng::seed_from_u64(2))
}

/// 32 bytes that differ for each pair of numbers and look like no others.
pub(crate) fn bytes(what: u8, number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    StdRng::seed_from_u64(u64::MAX - (number << 8 | u64::from(what))).fill_bytes(&mut bytes);
    bytes
}

pub(crate) fn id(number: u64) -> AccountId {
    AccountId::new(Prefix::Account, bytes(1, number))
}

pub(crate) fn hash(number: u64) -> MessageHash {
    MessageHash(bytes(2, number))
}

pub(crate) fn node(number: u64) -> Ed25519PublicKey {
    Ed25519PublicKey(bytes(3, number))
}

pub(crate) fn add_account(number: u64) -> AddAccount {
    AddAccount {
        id: id(number),
        seed: Seed::from_bytes32(bytes(4, number)),
        name: Some(format!("Name of account {number}")),
        restored: true,
        at: Timestamp(number),
    }
}

pub(crate) fn message(account: u32, number: u64, peer: u64) -> Message {
    Message {
        id: MessageId { account, number },
        conversation: ConversationId::Account(id(peer)),
        author: id(peer),
        sent: Timestamp(1_000_000 + number),
        received: Timestamp(2_000_000 + number),
        kind: MessageKind::Visible,
        state: MessageState::Received,
        text: Some(format!("Message number {number} of conversation {peer}")),
        content: vec![0x5a; 40],
        hash: Some(hash(number)),
        own_hash: Some(hash(number)),
        expiry: None,
        reactions: Vec::new(),
        mentions_me: false,
        deleted: false,
    }
}

pub(crate) fn outbox_entry(account: u32, number: u64) -> OutboxEntry {
    OutboxEntry {
        number,
        message: MessageId { account, number },
        copy: if number.is_multiple_of(2) { Copy::Recipient } else { Copy::Sync },
        to: id(number),
        namespace: Namespace::INBOX,
        timestamp: Timestamp(number),
        ttl: Duration::from_secs(14 * 86_400),
        data: vec![0xa5; 300],
        attempts: 1,
        next_attempt: Timestamp(number),
        quiet: false,
        outside_history: false,
    }
}

/// The name of a message that is not there.
pub(crate) fn early_name(number: u64) -> MessageName {
    MessageName {
        conversation: ConversationId::Account(id(70 + number % 2)),
        author: id(70),
        sent: Timestamp(number),
    }
}

/// How many of those names the workload uses.
const EARLY_NAMES: u64 = 12;

/// The changes of one response that store nothing which schema 2 did not have.
fn first_changes(account: u32, number: u64) -> Vec<Change> {
    let message = message(account, number, number % 3);
    let conversation = Conversation {
        name: Some(format!("Peer {}", number % 3)),
        latest: message.sent,
        unread: number,
        ..Conversation::new(message.conversation.clone())
    };
    let mut changes = vec![
        Change::Ledger(LedgerLine {
            at: Timestamp(number * 86_400_000),
            message: Some(message.id),
            hash: message.hash,
            step: LedgerStep::Received {
                node: node(number % 2),
                path: vec![node(5), node(6), node(7)],
                namespace: Namespace::INBOX,
            },
        }),
        Change::PutMessage(message),
        Change::PutConversation(conversation),
        Change::MoveCursor {
            node: node(number % 4),
            namespace: Namespace::INBOX,
            cursor: (!number.is_multiple_of(5))
                .then(|| Cursor { hash: hash(number), expires: Timestamp(number) }),
        },
        Change::MarkSeen {
            namespace: Namespace::INBOX,
            hash: hash(number),
            until: Timestamp(number * 86_400_000),
        },
        Change::PutOutbox(outbox_entry(account, number)),
        Change::SetCounters(Counters {
            next_message: number + 1,
            next_outbox: number + 1,
            next_errand: 1,
            last_sent: Timestamp(number),
        }),
    ];
    if number > 2 {
        changes.push(Change::RemoveOutbox(number - 2));
        changes.push(Change::SetMessageState {
            id: MessageId { account, number: number - 1 },
            state: MessageState::Failed { reason: format!("reason {number}") },
            hash: None,
        });
    }
    changes
}

/// One edit of each kind, in turn.
fn an_edit(number: u64) -> MessageEdit {
    match number % 6 {
        0 => MessageEdit::Delete,
        1 => MessageEdit::OwnHash(hash(number)),
        2 => MessageEdit::State(MessageState::Stored),
        3 => MessageEdit::React(Reaction {
            author: id(number),
            emoji: "👍".to_owned(),
            at: Timestamp(number),
            removed: number.is_multiple_of(2),
        }),
        _ => MessageEdit::Expiry((number % 12 != 4).then_some(Expiry {
            from: ExpiresFrom::Read,
            seconds: 60,
            ends: Some(Timestamp(number * 1_000)),
        })),
    }
}

/// The changes of one response that touch what schema 3 brought.
fn later_changes(account: u32, number: u64) -> Vec<Change> {
    let mut aside = message(account, 10_000 + number, 50 + number % 2);
    let (from, ends) = (ExpiresFrom::Sent, Some(Timestamp(number)));
    aside.expiry = Some(Expiry { from, seconds: 5, ends });
    let copy = ErrandCopy {
        hash: hash(number),
        message: MessageId { account, number },
        conversation: aside.conversation.clone(),
        seconds: 60,
    };
    let errand = match number % 3 {
        0 => Errand::Delete(vec![hash(number)]),
        1 => Errand::Shorten { copies: vec![copy], expiry: Timestamp(number) },
        _ => Errand::AskExpiries(vec![copy]),
    };
    let kinds = [ConfigKind::UserProfile, ConfigKind::Contacts, ConfigKind::Local];
    let early = Early {
        deleted: number.is_multiple_of(3),
        read: number.is_multiple_of(2),
        reactions: Vec::new(),
        until: Timestamp(number * 86_400_000),
    };
    let mut changes = vec![
        Change::EditMessage { id: MessageId { account, number }, edit: an_edit(number) },
        Change::PutErrand(StoredErrand { number, begun: Timestamp(number), errand }),
        Change::PutEarly { name: early_name(number % EARLY_NAMES), early },
        Change::PutConfig {
            kind: kinds[number as usize % 3],
            dump: ConfigDump(format!("Dump number {number}").into_bytes()),
        },
        Change::PutSync(Sync {
            done: number.is_multiple_of(2),
            contacts_stored: Timestamp(number),
        }),
        Change::SetName(Some(format!("Name of account {number}"))),
    ];
    if number % 11 == 10 {
        changes.push(Change::RemoveConversation(aside.conversation.clone()));
    } else {
        changes.push(Change::PutMessage(aside));
    }
    if number > 9 {
        changes.push(Change::RemoveErrand(number - 2));
        changes.push(Change::RemoveEarly(early_name((number - 5) % EARLY_NAMES)));
        changes.push(Change::RemoveMessage(MessageId { account, number: number - 9 }));
    }
    changes
}

/// Plugins of the workload.
const PLUGINS: u64 = 2;

fn plugin(number: u64) -> String {
    format!("plugin {}", number % PLUGINS)
}

/// The changes that touch what schema 4 brought: a plugin is done with an
/// event, and its records follow.
fn plugin_changes(account: u32, number: u64) -> Vec<Change> {
    let plugin = plugin(u64::from(account));
    let record = |key: String, value: Option<String>| {
        let (plugin, value) = (plugin.clone(), value.map(String::into_bytes));
        PluginChange::PutData { plugin, key, value }
    };
    let mut changes = vec![
        record(format!("record {}", number % 5), Some("x".repeat(number as usize))),
        record("count".to_owned(), Some(number.to_string())),
        record(format!("record {}", number % 3), None),
        PluginChange::SetCursor { plugin: plugin.clone(), seq: number },
    ];
    if number % 17 == 16 {
        changes.insert(1, PluginChange::Forget { plugin });
    }
    changes.into_iter().map(Change::Plugin).collect()
}

pub(crate) fn commit(account: u32, number: u64) -> Commit {
    let mut commit = commit_without_plugins(account, number);
    commit.changes.extend(plugin_changes(account, number));
    commit
}

/// The same as schema 3 had it.
pub(crate) fn commit_without_plugins(account: u32, number: u64) -> Commit {
    let changes = [first_changes(account, number), later_changes(account, number)].concat();
    Commit { account, changes, events: events(account, 2), at: NOW }
}

/// The same as the versions up to schema 2 committed it.
fn commit_of_schema_2(account: u32, number: u64) -> Commit {
    Commit { changes: first_changes(account, number), ..commit(account, number) }
}

pub(crate) fn pool(number: u64) -> NodePool {
    let nodes = 0..3 + number % 5;
    nodes
        .map(|index| ServiceNode {
            ed25519: node(index),
            x25519: X25519PublicKey(bytes(5, index)),
            ip: std::net::Ipv4Addr::new(127, 0, 0, index as u8),
            https_port: 22_021,
            swarm: index.is_multiple_of(2).then_some(ramson_types::SwarmId(index)),
        })
        .collect()
}

/// Everything that can be asked, as a text.
pub(crate) fn view(store: &Store) -> String {
    let mut view = String::new();
    let copies: Vec<_> = (0..400).map(|number| (Namespace::INBOX, hash(number))).collect();
    for account in store.ask(&ListAccounts).unwrap() {
        let number = account.number;
        let loaded = store.ask(&LoadAccount { account: number }).unwrap();
        writeln!(view, "{account:?} {:?} {:?}", loaded.seed.as_bytes(), loaded.counters).unwrap();
        writeln!(view, "{:?} {:?}", loaded.cursors, loaded.outbox).unwrap();
        let dumps = loaded.configs.iter().map(|(kind, dump)| (kind, &dump.0)).collect::<Vec<_>>();
        writeln!(view, "{:?} {:?} {dumps:?}", loaded.name, loaded.sync).unwrap();
        writeln!(view, "{:?} {:?}", loaded.errands, loaded.expiring).unwrap();
        let early = (0..EARLY_NAMES).map(early_name).map(Question::Named).collect();
        let early = RecallHistory { account: number, questions: early };
        writeln!(view, "{:?}", store.ask(&early).unwrap()).unwrap();
        for conversation in store.ask(&ListConversations { account: number }).unwrap() {
            writeln!(view, "{conversation:?}").unwrap();
            let list = ListMessages {
                account: number,
                conversation: conversation.id,
                before: None,
                limit: 999,
            };
            let messages = store.ask(&list).unwrap();
            let questions = messages.iter().map(|message| Question::Named(message.name()));
            let recall = RecallHistory { account: number, questions: questions.collect() };
            let known = store.ask(&recall).unwrap().into_iter();
            let known = known.map(|answer| answer.messages.len()).collect::<Vec<_>>();
            writeln!(view, "{messages:?} {known:?}").unwrap();
        }
        let about = LedgerSubject::Account(number, 999);
        writeln!(view, "{:?}", store.ask(&ReadLedger { about }).unwrap()).unwrap();
        let recall = RecallHashes { account: number, copies: copies.clone() };
        let seen = store.ask(&recall).unwrap().into_iter().map(|seen| if seen { '1' } else { '0' });
        writeln!(view, "{}", seen.collect::<String>()).unwrap();
    }
    writeln!(view, "{:?}", store.ask(&LoadNodePool).unwrap()).unwrap();
    let class = IsolationClass(7);
    writeln!(view, "{:?}", store.ask(&LoadGuards { class }).unwrap()).unwrap();
    for plugin in (0..PLUGINS).map(plugin) {
        let cursor = GetPluginCursor { plugin: plugin.clone() };
        let records = ListPluginData { plugin, prefix: String::new(), after: None, limit: 999 };
        let (cursor, records) = (store.ask(&cursor).unwrap(), store.ask(&records).unwrap());
        writeln!(view, "{cursor:?} {records:?}").unwrap();
    }
    view
}

/// The events whose messages are there.
pub(crate) fn told(store: &Store) -> Vec<LoggedEvent> {
    let mut events = store.ask(&ReadEvents { after: 0, limit: 9_999, only: None }).unwrap().events;
    events.retain(|event| event.message.is_some());
    events
}

/// One step of the workload on a store with two accounts or so: commits of
/// several accounts, and now and then everything else that writes.
pub(crate) fn step(store: &Store, number: u64) {
    step_with(store, number, commit);
}

/// The same with no more than schema 3 could store.
pub(crate) fn step_of_schema_3(store: &Store, number: u64) {
    step_with(store, number, commit_without_plugins);
}

/// The same with no more than schema 2 could store.
pub(crate) fn step_of_schema_2(store: &Store, number: u64) {
    step_with(store, number, commit_of_schema_2);
}

fn step_with(store: &Store, number: u64, commit: impl Fn(u32, u64) -> Commit) {
    let accounts: Vec<u32> =
        store.ask(&ListAccounts).unwrap().iter().map(|account| account.number).collect();
    match number % 12 {
        0 => {
            store.write(&add_account(number)).unwrap();
        }
        3 if accounts.len() > 2 => {
            store.write(&RemoveAccount { account: accounts[0] }).unwrap();
        }
        5 => {
            store.write(&SaveNodePool { pool: pool(number), at: Timestamp(number) }).unwrap();
        }
        6 => {
            let guards = vec![node(number), node(number + 1)];
            store.write(&SaveGuards { class: IsolationClass(7), guards }).unwrap();
        }
        7 => {
            store.write(&Sweep { now: Timestamp(number * 86_400_000) }).unwrap();
        }
        9 => {
            store.idle_commit().unwrap();
        }
        _ => {
            let commits: Vec<_> = accounts.iter().map(|account| commit(*account, number)).collect();
            assert!(store.apply(&commits).iter().all(Result::is_ok));
        }
    }
}

/// The time of every commit here.
pub(crate) const NOW: Timestamp = Timestamp(1_764_000_000_000);

/// So many events of an account.
pub(crate) fn events(account: u32, count: u64) -> Vec<EventRef> {
    let event = |number| EventRef {
        kind: EventKind::MessageReceived,
        message: Some(MessageId { account, number }),
        conversation: ConversationId::Account(id(number % 3)),
    };
    (1..=count).map(event).collect()
}
