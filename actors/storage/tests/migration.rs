//! Stores that earlier versions wrote still open, with everything in them.
//! `data/schema-1.store` was written by the first released version: forty
//! steps of the workload under the key of these tests, then closed.
//! `data/schema-2.store` was written by the last version before schema 3: the
//! same steps, then for each account what [`Store`]s kept in another way then.
//! `data/schema-3.store` was written by the last version before schema 4: forty
//! steps of the workload.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use ramson_messages::storage::{
    Commit, GetMessage, LedgerSubject, ListAccounts, LoadAccount, ReadEvents, ReadLedger, Sweep,
};
use ramson_protocol::store::Change;
use ramson_storage_actor::Store;
use ramson_storage_actor::sealed::raw::MemoryFile;
use ramson_types::message::MessageState;
use ramson_types::{MessageId, Timestamp};

const SCHEMA_1: &[u8] = include_bytes!("data/schema-1.store");
const SCHEMA_2: &[u8] = include_bytes!("data/schema-2.store");
const SCHEMA_3: &[u8] = include_bytes!("data/schema-3.store");

/// The same steps by this version.
fn expected() -> Store {
    let store = support::create(Arc::new(MemoryFile::new()));
    (0..40).for_each(|number| support::step_of_schema_2(&store, number));
    store
}

/// What was done after them to the store of schema 2: each account sent a
/// message, number 1001, and had a reaction and an unsend request, numbers 1002
/// and 1003, which were messages of their own then. The reaction had a line in
/// the ledger, and 1001 and 1002 had events.
fn expected_of_schema_2() -> Store {
    let store = expected();
    for account in store.ask(&ListAccounts).unwrap() {
        let mut own = support::message(account.number, 1001, 1);
        (own.author, own.state, own.own_hash) = (account.id, MessageState::Stored, None);
        let mut events = support::events(account.number, 1);
        events[0].message = Some(own.id);
        let changes = vec![Change::PutMessage(own)];
        store
            .write(&Commit { account: account.number, changes, events, at: support::NOW })
            .unwrap();
    }
    store
}

fn expected_of_schema_3() -> Store {
    let store = support::create(Arc::new(MemoryFile::new()));
    (0..40).for_each(|number| support::step_of_schema_3(&store, number));
    store
}

fn works_as_one_of_today(bytes: &[u8], new: &Store) {
    let file = Arc::new(MemoryFile::with_bytes(bytes.to_vec()));
    let old = support::open(file.clone()).unwrap();
    let found = old.check().unwrap();
    assert_eq!(found.problems, Vec::<String>::new());
    assert_eq!(found.messages, new.check().unwrap().messages);
    assert_eq!(support::view(&old), support::view(new));
    for number in 40..60 {
        support::step(&old, number);
        support::step(new, number);
    }
    assert_eq!(support::view(&old), support::view(new));
    let sweep = Sweep { now: Timestamp(55 * 86_400_000) };
    assert_eq!(old.write(&sweep), new.write(&sweep));
    assert_eq!(support::view(&old), support::view(new));
    old.close().unwrap();

    // Opened again, there is nothing left to do.
    let again = support::open(file).unwrap();
    assert_eq!(support::view(&again), support::view(new));
    assert_eq!(again.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_store_of_schema_1_opens_and_works_as_one_of_today() {
    works_as_one_of_today(SCHEMA_1, &expected());
}

#[test]
fn a_store_of_schema_2_opens_and_works_as_one_of_today() {
    works_as_one_of_today(SCHEMA_2, &expected_of_schema_2());
}

#[test]
fn a_store_of_schema_3_opens_and_works_as_one_of_today() {
    works_as_one_of_today(SCHEMA_3, &expected_of_schema_3());
}

#[test]
fn reactions_and_unsend_requests_of_schema_2_leave_nothing_behind() {
    let store = support::open(Arc::new(MemoryFile::with_bytes(SCHEMA_2.to_vec()))).unwrap();
    let accounts = store.ask(&ListAccounts).unwrap();
    assert!(accounts.len() > 1);
    for account in accounts.iter().map(|account| account.number) {
        let id = |number| MessageId { account, number };
        assert!(store.ask(&GetMessage { id: id(1001) }).unwrap().is_some());
        for gone in [id(1002), id(1003)] {
            assert_eq!(store.ask(&GetMessage { id: gone }), Ok(None));
            let about = LedgerSubject::Message(gone);
            assert_eq!(store.ask(&ReadLedger { about }), Ok(vec![]));
        }
        // What the swarm has is fetched before anything of it is changed.
        assert!(!store.ask(&LoadAccount { account }).unwrap().sync.done);
    }
    // Events say where they belong now; those of messages that are gone went.
    let events = store.ask(&ReadEvents { after: 0, limit: 9_999, only: None }).unwrap().events;
    assert_eq!(events.len(), accounts.len());
    for event in events {
        let message = event.message.unwrap();
        assert_eq!((Some(message.id), message.conversation), (event.id, event.conversation));
    }
}

#[test]
fn a_migration_that_is_cut_off_begins_again() {
    for (bytes, expected) in [
        (SCHEMA_1, expected()),
        (SCHEMA_2, expected_of_schema_2()),
        (SCHEMA_3, expected_of_schema_3()),
    ] {
        let file = Arc::new(MemoryFile::with_bytes(bytes.to_vec()));
        // Opened and never closed: what is on disk then is one schema or the other.
        let opened = support::open(file.clone()).unwrap();
        let bytes = file.bytes();
        drop(opened);
        let again = support::open(Arc::new(MemoryFile::with_bytes(bytes))).unwrap();
        assert_eq!(support::view(&again), support::view(&expected));
    }
}
