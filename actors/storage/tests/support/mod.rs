//! What the tests of the store share: things to store, a view of everything
//! in a store, and a workload that touches every table.
#![allow(dead_code, reason = "each test target uses a part of it")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ramson_crypto::Seed;
use ramson_messages::storage::{
    AddAccount, Commit, LedgerSubject, ListAccounts, ListConversations, ListMessages, LoadAccount,
    LoadGuards, LoadNodePool, ReadLedger, RecallHashes, RecallMessages, RemoveAccount, SaveGuards,
    SaveNodePool, Sweep,
};
use ramson_messages::transport::IsolationClass;
use ramson_protocol::event::{EventKind, EventRef};
use ramson_protocol::store::{Change, Copy, Counters, Cursor, MessageKey, OutboxEntry};
use ramson_storage_actor::sealed::raw::RawFile;
use ramson_storage_actor::{OpenError, Store, StoreKey};
use ramson_types::conversation::Conversation;
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::message::{Message, MessageKind, MessageState};
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
    }
}

/// The changes of one response: a message with all that goes with it.
pub(crate) fn response(account: u32, number: u64) -> Vec<Change> {
    let message = message(account, number, number % 3);
    let conversation = Conversation {
        id: message.conversation.clone(),
        name: Some(format!("Peer {}", number % 3)),
        latest: message.sent,
        unread: number,
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

pub(crate) fn commit(account: u32, number: u64) -> Commit {
    let changes = response(account, number);
    Commit { account, changes, events: events(account, 2), at: NOW }
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
        for conversation in store.ask(&ListConversations { account: number }).unwrap() {
            writeln!(view, "{conversation:?}").unwrap();
            let list = ListMessages { account: number, conversation: conversation.id, limit: 999 };
            let messages = store.ask(&list).unwrap();
            let keys = messages.iter().map(MessageKey::of).collect();
            let known = store.ask(&RecallMessages { account: number, keys }).unwrap();
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
    view
}

/// One step of the workload on a store with two accounts or so: commits of
/// several accounts, and now and then everything else that writes.
pub(crate) fn step(store: &Store, number: u64) {
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
        message: MessageId { account, number },
    };
    (1..=count).map(event).collect()
}
