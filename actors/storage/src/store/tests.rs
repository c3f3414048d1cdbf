use std::path::Path;
use std::sync::Arc;

use ramson_crypto::Seed;
use ramson_messages::storage::{AddAccount, ListAccounts, LoadAccount, ReadEvents};
use ramson_protocol::event::{EventKind, EventRef};
use ramson_protocol::store::{Change, Early};
use ramson_types::message::{ExpiresFrom, Expiry, Message, MessageKind, MessageName, MessageState};
use ramson_types::{AccountId, ConversationId, MessageId, Prefix, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;
use crate::sealed::Cipher;

fn key() -> StoreKey {
    StoreKey::from_bytes([3; 32])
}

fn new_store() -> (Arc<MemoryFile>, Store) {
    let file = Arc::new(MemoryFile::new());
    let random = StdRng::seed_from_u64(1);
    (file.clone(), Store::create_on(file, Path::new("store"), key(), random).unwrap())
}

fn reopen(file: &MemoryFile) -> Result<Store, OpenError> {
    let file = Arc::new(MemoryFile::with_bytes(file.bytes()));
    Store::open_on(file, Path::new("store"), key(), StdRng::seed_from_u64(2))
}

fn add(store: &Store, number: u8) {
    let add = AddAccount {
        id: AccountId::new(Prefix::Account, [number; 32]),
        seed: Seed::from_bytes32([number; 32]),
        name: None,
        restored: false,
        at: Timestamp(1),
    };
    store.write(&add).unwrap();
}

fn peer() -> AccountId {
    AccountId::new(Prefix::Account, [9; 32])
}

/// Puts bytes where they do not belong, as damage would.
fn put(store: &Store, work: impl Fn(&mut Tables<'_>)) {
    store
        .with_database(|database| {
            let transaction = database.begin_write()?;
            work(&mut Tables::open(&transaction)?);
            Ok(transaction.commit()?)
        })
        .unwrap();
}

/// Each kind of damage to the tables that are to say the same is found.
#[test]
fn a_check_finds_tables_that_do_not_say_the_same() {
    type Damage = fn(&mut Tables<'_>);
    const ID: [u8; 33] = [5; 33];
    let damages: [(&str, Damage); 12] = [
        ("would never disappear", |tables| drop(tables.expiring.remove((1, 9, 1)).unwrap())),
        ("are to disappear that", |tables| drop(tables.expiring.insert((1, 8, 1), ()).unwrap())),
        ("cannot be recognised", |tables| tables.message_keys.retain(|_, _| false).unwrap()),
        ("recognised and not there", |tables| {
            drop(tables.message_keys.insert((1, 1, 7, &[0; 34]), 99).unwrap());
        }),
        ("would stay", |tables| tables.early_by_time.retain(|_, ()| false).unwrap()),
        ("names what is not there", |tables| {
            drop(tables.early_by_time.insert((5, 1, 2, 3, &ID), ()).unwrap());
        }),
        ("was said early to account 1: it has version 9", |tables| {
            drop(tables.early.insert((1, 2, 5, &ID), [9].as_slice()).unwrap());
        }),
        ("conversation 3 of account 1 has no name", |tables| {
            drop(tables.early.insert((1, 3, 5, &ID), [1].as_slice()).unwrap());
        }),
        ("left of account 7", |tables| {
            drop(tables.configs.insert((7, 1), [1].as_slice()).unwrap());
        }),
        ("left of account 8", |tables| {
            drop(tables.errands.insert((8, 1), [1].as_slice()).unwrap());
        }),
        ("a config of account 1", |tables| {
            drop(tables.configs.insert((1, 99), [1].as_slice()).unwrap());
        }),
        ("event 5: its field 'conversation'", |tables| {
            drop(tables.events.insert(5, [1, 8, 1].as_slice()).unwrap());
        }),
    ];
    for (problem, damage) in damages {
        let (_file, store) = new_store();
        add(&store, 1);
        let expiry = Expiry { from: ExpiresFrom::Sent, seconds: 1, ends: Some(Timestamp(9)) };
        let message = Message {
            id: MessageId { account: 1, number: 1 },
            conversation: ConversationId::Account(peer()),
            author: peer(),
            sent: Timestamp(8),
            received: Timestamp(8),
            kind: MessageKind::Visible,
            state: MessageState::Received,
            text: None,
            content: Vec::new(),
            hash: None,
            own_hash: None,
            expiry: Some(expiry),
            reactions: Vec::new(),
            mentions_me: false,
            deleted: false,
        };
        let conversation = ConversationId::Group(peer());
        let name = MessageName { conversation, author: peer(), sent: Timestamp(3) };
        let early = Change::PutEarly { name, early: Early::default() };
        let changes = vec![Change::PutMessage(message), early];
        let commit = Commit { account: 1, changes, events: vec![], at: Timestamp(1) };
        store.write(&commit).unwrap();
        assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
        put(&store, damage);
        let problems = store.check().unwrap().problems;
        assert!(problems.iter().any(|found| found.contains(problem)), "{problem}: {problems:?}");
    }
}

#[test]
fn what_cannot_be_read_of_the_log_holds_up_nothing_behind_it() {
    let (_file, store) = new_store();
    (1..=3).for_each(|number| add(&store, number));
    let kinds = [EventKind::MessageReceived, EventKind::MessageStored, EventKind::MessageStored];
    for account in [1, 2, 3] {
        let event = |kind| EventRef {
            kind,
            message: Some(MessageId { account, number: 1 }),
            conversation: ConversationId::Account(peer()),
        };
        let events = kinds.map(event).to_vec();
        store.write(&Commit { account, changes: vec![], events, at: Timestamp(1) }).unwrap();
    }
    put(&store, |tables| {
        drop(tables.message_places.insert((1, 1), 7).unwrap());
        drop(tables.messages.insert((1, 7, 1), [9].as_slice()).unwrap());
        // A damaged one, and at the end one of a later version.
        drop(tables.events.insert(2, [1, 8, 1].as_slice()).unwrap());
        drop(tables.events.insert(9, [1, 8, 99, 16, 3].as_slice()).unwrap());
        drop(tables.accounts.insert(2, [].as_slice()).unwrap());
    });
    let page = store.ask(&ReadEvents { after: 0, limit: 100, only: None }).unwrap();
    let seqs: Vec<_> = page.events.iter().map(|event| event.seq).collect();
    assert_eq!((seqs, page.through), (vec![1, 3, 7, 8], 9));
    assert!(page.events.iter().all(|event| event.message.is_none()));
}

#[test]
fn an_idle_commit_spares_the_next_start_the_repair() {
    let (file, store) = new_store();
    let needs_repair = || crate::sealed::may_have_torn_pages(&*file, &Cipher::new(&key()));
    add(&store, 1);
    assert_eq!(needs_repair(), Some(true));
    assert_eq!(store.idle_commit(), Ok(true));
    assert_eq!(needs_repair(), Some(false));
    assert_eq!(reopen(&file).unwrap().ask(&ListAccounts).unwrap().len(), 1);
    add(&store, 2);
    assert_eq!(needs_repair(), Some(true));
    assert_eq!(reopen(&file).unwrap().ask(&ListAccounts).unwrap().len(), 2);
}

#[test]
fn a_later_schema_is_refused_by_its_number() {
    let (file, store) = new_store();
    for schema in [SCHEMA + 1, 0] {
        put(&store, |tables| {
            let record = records::encode(&records::Number { value: schema });
            tables.meta.insert(meta::SCHEMA, record.as_slice()).unwrap();
        });
        let error = reopen(&file).err().unwrap();
        if schema > SCHEMA {
            let path = "store".into();
            assert_eq!(error, OpenError::LaterVersion { path, found: 5, known: 4 });
        } else {
            assert!(matches!(error, OpenError::Damaged { .. }));
        }
    }
    put(&store, |tables| drop(tables.meta.remove(meta::SCHEMA).unwrap()));
    assert!(matches!(reopen(&file), Err(OpenError::Damaged { .. })));
}

#[test]
fn a_damaged_record_is_named_and_touches_no_other_account() {
    let (_file, store) = new_store();
    add(&store, 1);
    add(&store, 2);
    put(&store, |tables| drop(tables.counters.insert(1, [9, 9].as_slice()).unwrap()));
    let error = store.ask(&LoadAccount { account: 1 }).err().unwrap();
    assert!(error.to_string().contains("the counters of account 1"), "{error}");
    assert!(error.to_string().contains("version 9"), "{error}");
    assert!(store.ask(&LoadAccount { account: 2 }).is_ok());

    // A write that meets damage halfway is left out, the others of its group
    // are carried out.
    put(&store, |tables| drop(tables.accounts.insert(1, [].as_slice()).unwrap()));
    let event = |account| EventRef {
        kind: EventKind::MessageReceived,
        message: Some(MessageId { account, number: 1 }),
        conversation: ConversationId::Account(peer()),
    };
    let at = Timestamp(1);
    let commit = |account| Commit { account, changes: vec![], events: vec![event(account)], at };
    let outcomes = store.apply(&[commit(2), commit(1), commit(2)]);
    assert!(matches!(outcomes[1], Err(StoreError::Damaged { .. })));
    let first = |outcome: &Result<Committed, StoreError>| outcome.clone().unwrap().first_event;
    assert_eq!((first(&outcomes[0]), first(&outcomes[2])), (1, 2));
    assert!(!store.check().unwrap().problems.is_empty());
}
