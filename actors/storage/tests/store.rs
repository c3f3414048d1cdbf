//! The store without threads: every change and every question, groups, order,
//! refusals, and a disk that fails for a while.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod support;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ramson_messages::storage::{
    AccountSummary, AddAccount, Commit, GetMessage, GetPluginCursor, GetPluginData, KeepForPlugins,
    LastEvent, LedgerSubject, ListAccounts, ListConversations, ListMessages, ListPluginData,
    LoadAccount, LoadGuards, LoadNodePool, ReadEvents, ReadLedger, RecallHistory, RemoveAccount,
    SaveGuards, SaveNodePool, StoreError, Sweep,
};
use ramson_messages::transport::IsolationClass;
use ramson_protocol::account::Question;
use ramson_protocol::store::{Change, Counters, Cursor, PluginChange, Sync};
use ramson_storage_actor::sealed::raw::{MemoryFile, RawFile};
use ramson_storage_actor::{OpenError, Store};
use ramson_types::conversation::{CommunityRoom, Conversation};
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::message::{MessageName, MessageState};
use ramson_types::{ConversationId, MessageId, Namespace, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support::{NOW, add_account, events, hash, id, message, node, outbox_entry, pool};

fn store() -> Store {
    Store::in_memory(StdRng::seed_from_u64(1)).unwrap()
}

fn apply(store: &Store, account: u32, changes: Vec<Change>) {
    store.write(&Commit { account, changes, events: vec![], at: NOW }).unwrap();
}

#[test]
fn accounts_come_back_in_their_order_and_never_reuse_a_number() {
    let store = store();
    assert_eq!(store.ask(&ListAccounts), Ok(vec![]));
    for number in 1..=3 {
        assert_eq!(store.write(&add_account(number)), Ok(number as u32));
    }
    assert_eq!(store.write(&add_account(2)), Err(StoreError::AccountExists { id: id(2) }));
    store.write(&RemoveAccount { account: 3 }).unwrap();
    assert_eq!(store.write(&add_account(3)), Ok(4));
    let summary = |number: u32, of: u64| AccountSummary {
        number,
        id: id(of),
        name: Some(format!("Name of account {of}")),
    };
    assert_eq!(store.ask(&ListAccounts), Ok(vec![summary(1, 1), summary(2, 2), summary(4, 3)]));
}

#[test]
fn a_new_account_is_loaded_with_its_seed_and_nothing_else() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    let account = store.ask(&LoadAccount { account: 1 }).unwrap();
    assert_eq!((account.number, account.name.as_deref()), (1, Some("Name of account 1")));
    assert_eq!(account.seed.as_bytes(), &support::bytes(4, 1));
    assert_eq!(account.counters, Counters::default());
    assert!(account.cursors.is_empty() && account.outbox.is_empty());
    assert!(account.conversations.is_empty() && account.configs.is_empty());
    assert!(account.errands.is_empty() && account.expiring.is_empty());
    assert_eq!(account.sync, Sync::default(), "it may have been used elsewhere");
    let new = AddAccount { restored: false, ..add_account(2) };
    store.write(&new).unwrap();
    let account = store.ask(&LoadAccount { account: 2 }).unwrap();
    assert_eq!(account.sync, Sync { done: true, contacts_stored: Timestamp(0) });
}

#[test]
fn counters_cursors_and_outbox_are_loaded_as_they_were_set_last() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    let cursor = |number| Some(Cursor { hash: hash(number), expires: Timestamp(number) });
    let inbox = Namespace::INBOX;
    let moved = |node_number, namespace, cursor| Change::MoveCursor {
        node: node(node_number),
        namespace,
        cursor,
    };
    apply(
        &store,
        1,
        vec![
            moved(1, inbox, cursor(1)),
            moved(1, Namespace(-30_000), cursor(2)),
            moved(2, inbox, cursor(3)),
            moved(3, inbox, cursor(4)),
            Change::PutOutbox(outbox_entry(1, 5)),
            Change::PutOutbox(outbox_entry(1, 4)),
            Change::PutOutbox(outbox_entry(1, 6)),
        ],
    );
    let counters =
        Counters { next_message: 7, next_outbox: 8, next_errand: 5, last_sent: Timestamp(9) };
    let mut later = outbox_entry(1, 6);
    later.attempts += 1;
    (later.quiet, later.outside_history) = (true, true);
    apply(
        &store,
        1,
        vec![
            moved(2, inbox, cursor(5)),
            moved(3, inbox, None),
            Change::RemoveOutbox(5),
            Change::RemoveOutbox(77),
            Change::PutOutbox(later.clone()),
            Change::SetCounters(counters),
        ],
    );
    let account = store.ask(&LoadAccount { account: 1 }).unwrap();
    let mut expected = vec![
        (node(1), Namespace(-30_000), cursor(2).unwrap()),
        (node(1), inbox, cursor(1).unwrap()),
        (node(2), inbox, cursor(5).unwrap()),
    ];
    expected.sort_by_key(|(node, namespace, _)| (*node, *namespace));
    assert_eq!(account.cursors, expected);
    assert_eq!(account.outbox, [outbox_entry(1, 4), later]);
    assert_eq!(account.counters, counters);
}

#[test]
fn messages_are_listed_by_conversation_newest_last() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    store.write(&add_account(2)).unwrap();
    for number in 1..=9 {
        apply(&store, 1, vec![Change::PutMessage(message(1, number, number % 2))]);
    }
    let list = |account, peer, limit| {
        let conversation = ConversationId::Account(id(peer));
        store.ask(&ListMessages { account, conversation, before: None, limit }).unwrap()
    };
    let odd: Vec<_> = [1, 3, 5, 7, 9].map(|number| message(1, number, 1)).to_vec();
    assert_eq!(list(1, 1, 99), odd);
    assert_eq!(list(1, 1, 2), odd[3..]);
    assert!(list(1, 1, 0).is_empty() && list(1, 5, 9).is_empty() && list(2, 1, 9).is_empty());
    let before = |number, limit| {
        let conversation = ConversationId::Account(id(1));
        let before = Some(MessageId { account: 1, number });
        store.ask(&ListMessages { account: 1, conversation, before, limit }).unwrap()
    };
    assert_eq!((before(9, 2), before(4, 99)), (odd[2..4].to_vec(), odd[..2].to_vec()));
    assert!(before(1, 9).is_empty());
    assert_eq!(store.ask(&GetMessage { id: odd[2].id }), Ok(Some(odd[2].clone())));
    assert_eq!(store.ask(&GetMessage { id: MessageId { account: 1, number: 10 } }), Ok(None));
}

#[test]
fn a_message_changes_state_moves_and_is_recognised() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    let mut expected = message(1, 1, 1);
    expected.hash = None;
    apply(&store, 1, vec![Change::PutMessage(expected.clone())]);
    let set = |state, hash| Change::SetMessageState { id: expected.id, state, hash };
    let failed = MessageState::Failed { reason: "no node answers".to_owned() };
    apply(&store, 1, vec![set(MessageState::Stored, Some(hash(5)))]);
    apply(&store, 1, vec![set(failed.clone(), None)]);
    (expected.state, expected.hash) = (failed, Some(hash(5)));
    assert_eq!(store.ask(&GetMessage { id: expected.id }), Ok(Some(expected.clone())));
    // A message that is not there does not stand in the way of its commit.
    let id = MessageId { account: 1, number: 99 };
    let gone = Change::SetMessageState { id, state: MessageState::Read, hash: None };
    apply(
        &store,
        1,
        vec![
            gone,
            Change::MarkSeen { namespace: Namespace::INBOX, hash: hash(9), until: Timestamp(1) },
        ],
    );

    let name = expected.name();
    let others = [
        MessageName { sent: Timestamp(1), ..name.clone() },
        MessageName { author: support::id(8), ..name.clone() },
        MessageName { conversation: ConversationId::Group(support::id(1)), ..name.clone() },
    ];
    let known = |names: &[MessageName]| {
        let questions = names.iter().cloned().map(Question::Named).collect();
        let answers = store.ask(&RecallHistory { account: 1, questions }).unwrap();
        answers.into_iter().map(|answer| answer.messages).collect::<Vec<_>>()
    };
    assert_eq!(known(std::slice::from_ref(&name)), [[expected.clone()]]);
    assert!(known(&others).iter().all(Vec::is_empty));

    // Written again elsewhere, it is there and nowhere else.
    let mut moved = expected.clone();
    moved.conversation = ConversationId::Community(CommunityRoom {
        server: "https://example.org".to_owned(),
        room: "room".to_owned(),
    });
    apply(&store, 1, vec![Change::PutMessage(moved.clone())]);
    assert_eq!(store.ask(&GetMessage { id: moved.id }), Ok(Some(moved.clone())));
    let list = |conversation| {
        store.ask(&ListMessages { account: 1, conversation, before: None, limit: 9 }).unwrap()
    };
    assert!(list(expected.conversation).is_empty());
    assert_eq!(list(moved.conversation.clone()), [moved.clone()]);
    assert_eq!(known(&[name, moved.name()]), [vec![], vec![moved]]);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn conversations_are_listed_with_the_newest_first() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    let line = |peer, latest, priority| Conversation {
        name: Some(format!("Peer {peer}")),
        latest: Timestamp(latest),
        priority,
        ..Conversation::new(ConversationId::Account(id(peer)))
    };
    // Pinned ones stand above the others, and hidden ones are in the list, too.
    let lines = [line(1, 10, 0), line(2, 30, 0), line(4, 5, 1), line(5, 1, 2), line(6, 25, -1)];
    apply(&store, 1, lines.iter().cloned().map(Change::PutConversation).collect());
    apply(&store, 1, vec![Change::PutMessage(message(1, 1, 3))]);
    apply(&store, 1, vec![Change::PutConversation(line(1, 20, 0))]);
    // A message makes its conversation, if nobody wrote its line.
    let made = Conversation {
        latest: message(1, 1, 3).sent,
        ..Conversation::new(ConversationId::Account(id(3)))
    };
    let [_, two, four, five, six] = lines;
    let expected = vec![five, four, made, two, six, line(1, 20, 0)];
    assert_eq!(store.ask(&ListConversations { account: 1 }), Ok(expected.clone()));
    assert_eq!(store.ask(&LoadAccount { account: 1 }).unwrap().conversations, expected);
}

#[test]
fn a_removed_account_leaves_nothing_behind() {
    let store = store();
    store.write(&add_account(2)).unwrap();
    assert!((1..40).all(|number| store.write(&support::commit(1, number)).is_ok()));
    let (before, told) = (support::view(&store), support::told(&store));
    let records = |store: &Store| store.check().unwrap().records;
    let without = records(&store);

    // Nothing but what belongs to the whole home is untouched by an account.
    store.write(&add_account(1)).unwrap();
    let commit = |number| support::commit_without_plugins(2, number);
    assert!((1..40).all(|number| store.write(&commit(number)).is_ok()));
    let with = records(&store);
    let same: Vec<_> = with.iter().filter(|(name, count)| without[*name] == **count).collect();
    let home: Vec<_> = same.into_iter().map(|(name, _)| *name).collect();
    assert_eq!(home, ["guards", "meta", "plugin_cursors", "plugin_data"]);

    // No table has anything of it any more, and what others have is as it was.
    store.write(&RemoveAccount { account: 2 }).unwrap();
    assert_eq!(records(&store), without);
    assert_eq!(support::view(&store), before);
    assert_eq!(support::told(&store), told);
    store.write(&RemoveAccount { account: 1 }).unwrap();
    for (name, count) in records(&store) {
        // What plugins keep is theirs, whichever account it came with.
        let stays = name == "meta" || name.starts_with("plugin_");
        assert!(count == 0 || stays, "{count} records are left in {name}");
    }
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
    let unknown = StoreError::NoSuchAccount { account: 1 };
    assert_eq!(store.write(&RemoveAccount { account: 1 }), Err(unknown.clone()));
    assert_eq!(store.ask(&LoadAccount { account: 1 }).err(), Some(unknown));
    let about = LedgerSubject::Hash(hash(5));
    assert_eq!(store.ask(&ReadLedger { about }), Ok(vec![]));
    // Nothing is left to sweep either.
    assert_eq!(store.write(&Sweep { now: Timestamp(u64::MAX) }), Ok(0));
    assert!(store.compact().is_ok());
}

#[test]
fn pool_and_guards_are_kept() {
    let store = store();
    assert_eq!(store.ask(&LoadNodePool), Ok(None));
    assert_eq!(store.ask(&LoadGuards { class: IsolationClass(1) }), Ok(vec![]));
    for number in [1, 2] {
        store.write(&SaveNodePool { pool: pool(number), at: Timestamp(number) }).unwrap();
        let guards = vec![node(number), node(9)];
        store.write(&SaveGuards { class: IsolationClass(number), guards }).unwrap();
    }
    assert_eq!(store.ask(&LoadNodePool), Ok(Some((pool(2), Timestamp(2)))));
    let guards = store.ask(&LoadGuards { class: IsolationClass(1) });
    assert_eq!(guards, Ok(vec![node(1), node(9)]));
}

#[test]
fn an_invalid_commit_fails_alone() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    let good = |number| support::commit(1, number);
    let foreign = Change::PutMessage(message(2, 5, 1));
    let changes = vec![Change::PutMessage(message(1, 5, 1)), foreign];
    let outcomes = store.apply(&[
        good(1),
        support::commit(7, 2),
        good(3),
        Commit { account: 1, changes, events: events(1, 1), at: NOW },
        good(4),
    ]);
    let first: Vec<_> =
        outcomes.iter().map(|outcome| outcome.clone().map(|done| done.first_event)).collect();
    let id = MessageId { account: 2, number: 5 };
    assert_eq!(
        first,
        [
            Ok(1),
            Err(StoreError::NoSuchAccount { account: 7 }),
            Ok(3),
            Err(StoreError::OtherAccount { id, account: 1 }),
            Ok(5),
        ]
    );
    assert_eq!(store.ask(&GetMessage { id: MessageId { account: 1, number: 5 } }), Ok(None));
    assert!(store.ask(&GetMessage { id: MessageId { account: 1, number: 4 } }).unwrap().is_some());
    // The sequence has no gaps and goes on.
    let next = store
        .write(&Commit { account: 1, changes: vec![], events: events(1, 3), at: NOW })
        .unwrap();
    assert_eq!(next.first_event, 7);
    let next =
        store.write(&Commit { account: 1, changes: vec![], events: vec![], at: NOW }).unwrap();
    assert_eq!(next.first_event, 10);
}

#[test]
fn commits_of_one_account_take_effect_in_their_order() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    let commits: Vec<_> = (0..50)
        .map(|number| Commit {
            account: 1,
            changes: vec![
                Change::SetCounters(Counters { next_message: number, ..Counters::default() }),
                Change::Ledger(LedgerLine {
                    at: Timestamp(number),
                    message: None,
                    hash: None,
                    step: LedgerStep::Queued { to: id(number), bytes: number },
                }),
            ],
            events: vec![],
            at: NOW,
        })
        .collect();
    assert!(store.apply(&commits).iter().all(Result::is_ok));
    let account = store.ask(&LoadAccount { account: 1 }).unwrap();
    assert_eq!(account.counters.next_message, 49);
    let about = LedgerSubject::Account(1, 99);
    let order = store.ask(&ReadLedger { about }).unwrap();
    assert!(order.iter().rev().map(|line| line.at.0).eq(0..50));
}

#[test]
fn a_home_stays_with_its_network() {
    let store = store();
    store.bind_network("one").unwrap();
    store.bind_network("one").unwrap();
    let error = store.bind_network("two").unwrap_err();
    let expected = OpenError::OtherNetwork { home: "one".to_owned(), asked: "two".to_owned() };
    assert_eq!(error, expected);
    assert!(error.to_string().contains("'one', not to 'two'"));
}

/// Counts syncs, and refuses writes while it is full.
#[derive(Default)]
struct Fickle {
    file: MemoryFile,
    syncs: AtomicUsize,
    full: AtomicBool,
}

impl Fickle {
    fn refuse(&self) -> io::Result<()> {
        match self.full.load(Ordering::SeqCst) {
            true => Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device")),
            false => Ok(()),
        }
    }
}

impl RawFile for Fickle {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, out)
    }
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.refuse()?;
        self.file.write_at(offset, data)
    }
    fn set_len(&self, length: u64) -> io::Result<()> {
        self.refuse()?;
        self.file.set_len(length)
    }
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn sync(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn a_group_is_one_commit_on_disk() {
    let file = Arc::new(Fickle::default());
    let store = support::create(file.clone());
    store.write(&add_account(1)).unwrap();
    let syncs = |work: &dyn Fn()| {
        let before = file.syncs.load(Ordering::SeqCst);
        work();
        file.syncs.load(Ordering::SeqCst) - before
    };
    let commits: Vec<_> = (0..100).map(|number| support::commit(1, number)).collect();
    let grouped = syncs(&|| assert!(store.apply(&commits).iter().all(Result::is_ok)));
    let single = syncs(&|| {
        for commit in &commits {
            store.write(commit).unwrap();
        }
    });
    // redb adds a sync when the file changes its length.
    assert!(grouped < 5 && single >= 100, "{grouped} and {single} syncs");
    assert_eq!(syncs(&|| assert_eq!(store.idle_commit(), Ok(true))), 2);
    assert_eq!(syncs(&|| assert_eq!(store.idle_commit(), Ok(false))), 0);
}

#[test]
fn a_full_disk_loses_nothing_and_can_be_tried_again() {
    let file = Arc::new(Fickle::default());
    let store = support::create(file.clone());
    store.write(&add_account(1)).unwrap();
    store.write(&support::commit(1, 1)).unwrap();
    let view = support::view(&store);
    for _ in 0..2 {
        file.full.store(true, Ordering::SeqCst);
        for number in 2..4 {
            let error = store.write(&support::commit(1, number)).unwrap_err();
            assert!(matches!(&error, StoreError::Write { .. }), "{error}");
        }
        file.full.store(false, Ordering::SeqCst);
        assert_eq!(support::view(&store), view);
    }
    store.write(&support::commit(1, 2)).unwrap();
    store.close().unwrap();
    let store = support::open(file).unwrap();
    assert!(store.ask(&GetMessage { id: MessageId { account: 1, number: 2 } }).unwrap().is_some());
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn the_workload_keeps_every_table_in_order() {
    let file = Arc::new(MemoryFile::new());
    let store = support::create(file.clone());
    for number in 0..60 {
        support::step(&store, number);
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new(), "step {number}");
    }
    let view = support::view(&store);
    store.compact().unwrap();
    assert_eq!(support::view(&store), view);
    store.close().unwrap();
    let store = support::open(file).unwrap();
    assert!(!store.check().unwrap().repaired);
    assert_eq!(support::view(&store), view);
}

#[test]
fn a_store_under_another_key_is_named() {
    let file = Arc::new(MemoryFile::new());
    support::create(file.clone()).close().unwrap();
    let key = ramson_storage_actor::StoreKey::from_bytes([8; 32]);
    let opened = Store::open_on(file, Path::new("store"), key, StdRng::seed_from_u64(1));
    assert_eq!(opened.err(), Some(OpenError::WrongKey { path: "store".into() }));
}

#[test]
fn the_event_log_gives_what_was_missed_and_forgets_what_is_old() {
    let store = store();
    let account = store.write(&add_account(1)).unwrap();
    assert_eq!(store.ask(&LastEvent), Ok(0));
    let kept = message(account, 1, 2);
    let commit = Commit {
        account,
        changes: vec![Change::PutMessage(kept.clone())],
        events: events(account, 2),
        at: NOW,
    };
    store.write(&commit).unwrap();
    let later = NOW.plus(std::time::Duration::from_secs(86_400));
    store
        .write(&Commit { changes: vec![], events: events(account, 1), at: later, ..commit })
        .unwrap();
    assert_eq!(store.ask(&LastEvent), Ok(3));
    let read = |after, limit| {
        let events = store.ask(&ReadEvents { after, limit, only: None }).unwrap().events;
        events.into_iter().map(|event| (event.seq, event.message)).collect::<Vec<_>>()
    };
    // The second event's message is not in the history: it was deleted.
    assert_eq!(read(0, 10), [(1, Some(kept.clone())), (2, None), (3, Some(kept))]);
    assert_eq!(read(0, 1).len(), 1);
    assert_eq!(read(2, 10).len(), 1);
    let two_weeks = std::time::Duration::from_secs(14 * 86_400);
    store
        .write(&Sweep { now: NOW.plus(two_weeks).plus(std::time::Duration::from_secs(1)) })
        .unwrap();
    assert_eq!(read(0, 10).iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [3]);
    assert_eq!(store.ask(&LastEvent), Ok(3), "the sequence goes on");
}

#[test]
fn what_a_plugin_keeps_is_its_own_and_shares_the_fate_of_its_commit() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    let plugin = |name: &str| name.to_owned();
    let cursor = |name| store.ask(&GetPluginCursor { plugin: plugin(name) }).unwrap();
    let list = |name, prefix: &str| {
        let ask = ListPluginData {
            plugin: plugin(name),
            prefix: prefix.to_owned(),
            after: None,
            limit: 9,
        };
        store.ask(&ask).unwrap()
    };
    let put = |name, key: &str, value: Option<&[u8]>| PluginChange::PutData {
        plugin: plugin(name),
        key: key.to_owned(),
        value: value.map(<[u8]>::to_vec),
    };
    let seen = |name, seq| PluginChange::SetCursor { plugin: plugin(name), seq };
    assert_eq!((cursor("a"), list("a", "")), (None, vec![]));

    let changes = [seen("a", 3), put("a", "x/1", Some(b"one")), put("a", "x/2", Some(b""))];
    let with_message =
        [vec![Change::PutMessage(message(1, 1, 1))], changes.map(Change::Plugin).to_vec()];
    apply(&store, 1, with_message.concat());
    store.write(&KeepForPlugins { changes: vec![seen("a", 2)] }).unwrap();
    let changes = vec![put("a", "y", Some(b"y")), put("ab", "x/1", Some(b"other")), seen("b", 9)];
    store.write(&KeepForPlugins { changes }).unwrap();
    assert_eq!((cursor("a"), cursor("b"), cursor("ab")), (Some(3), Some(9), None));
    let both = [("x/1".to_owned(), b"one".to_vec()), ("x/2".to_owned(), Vec::new())];
    assert_eq!(list("a", "x/"), both);
    assert_eq!((list("a", "").len(), list("ab", "").len()), (3, 1));
    let one = GetPluginData { plugin: plugin("a"), key: "x/1".to_owned() };
    assert_eq!(store.ask(&one), Ok(Some(b"one".to_vec())));

    // A commit that is refused keeps nothing of it.
    let foreign = vec![
        Change::RemoveMessage(MessageId { account: 2, number: 1 }),
        Change::Plugin(seen("a", 99)),
    ];
    let commit = Commit { account: 1, changes: foreign, events: vec![], at: NOW };
    assert!(store.write(&commit).is_err());
    assert_eq!(cursor("a"), Some(3));

    let changes = vec![put("a", "x/1", None), PluginChange::Forget { plugin: plugin("ab") }];
    store.write(&KeepForPlugins { changes }).unwrap();
    assert_eq!((store.ask(&one), list("ab", "")), (Ok(None), vec![]));
    store
        .write(&KeepForPlugins { changes: vec![PluginChange::Forget { plugin: plugin("a") }] })
        .unwrap();
    assert_eq!((cursor("a"), list("a", ""), cursor("b")), (None, vec![], Some(9)));
}
