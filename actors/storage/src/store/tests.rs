use std::path::Path;
use std::sync::Arc;

use ramson_crypto::Seed;
use ramson_messages::storage::{AddAccount, ListAccounts, LoadAccount};
use ramson_protocol::event::{EventKind, EventRef};
use ramson_types::{AccountId, MessageId, Prefix, Timestamp};
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
        at: Timestamp(1),
    };
    store.write(&add).unwrap();
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
            assert_eq!(error, OpenError::LaterVersion { path, found: 3, known: 2 });
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
        message: MessageId { account, number: 1 },
    };
    let at = Timestamp(1);
    let commit = |account| Commit { account, changes: vec![], events: vec![event(account)], at };
    let outcomes = store.apply(&[commit(2), commit(1), commit(2)]);
    assert!(matches!(outcomes[1], Err(StoreError::Damaged { .. })));
    let first = |outcome: &Result<Committed, StoreError>| outcome.clone().unwrap().first_event;
    assert_eq!((first(&outcomes[0]), first(&outcomes[2])), (1, 2));
    assert!(!store.check().unwrap().problems.is_empty());
}
