//! The delivery ledger in the store: how lines are found, and how they go.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use ramson_messages::storage::{
    Commit, GetMessage, LedgerIsOn, LedgerSubject, ReadEvents, ReadLedger, RecallHashes,
    RecallHistory, SetLedger, Sweep,
};
use ramson_protocol::account::{Answer, Question};
use ramson_protocol::store::Change;
use ramson_storage_actor::Store;
use ramson_storage_actor::sealed::raw::MemoryFile;
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::{MessageHash, MessageId, Namespace, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support::{NOW, add_account, hash, id, message};

fn store() -> Store {
    Store::in_memory(StdRng::seed_from_u64(1)).unwrap()
}

fn apply(store: &Store, account: u32, changes: Vec<Change>) {
    store.write(&Commit { account, changes, events: vec![], at: NOW }).unwrap();
}

fn ledger_line(at: u64, message: Option<u64>, hash_number: Option<u64>) -> LedgerLine {
    LedgerLine {
        at: Timestamp(at),
        message: message.map(|number| MessageId { account: 1, number }),
        hash: hash_number.map(hash),
        step: LedgerStep::Queued { to: id(at), bytes: at },
    }
}

#[test]
fn the_ledger_is_found_by_message_hash_and_account() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    let lines = [
        ledger_line(1, Some(1), None),
        ledger_line(2, Some(1), Some(7)),
        ledger_line(3, None, Some(7)),
        ledger_line(4, Some(2), None),
    ];
    apply(&store, 1, lines.iter().cloned().map(Change::Ledger).collect());
    let read = |about| store.ask(&ReadLedger { about }).unwrap();
    let id = MessageId { account: 1, number: 1 };
    assert_eq!(read(LedgerSubject::Message(id)), lines[..2]);
    assert_eq!(read(LedgerSubject::Hash(hash(7))), lines[1..3]);
    assert_eq!(read(LedgerSubject::Hash(hash(8))), []);
    let newest = [lines[3].clone(), lines[2].clone(), lines[1].clone()];
    assert_eq!(read(LedgerSubject::Account(1, 3)), newest);
}

#[test]
fn a_sweep_forgets_what_is_past_its_time_and_nothing_else() {
    const DAY: u64 = 86_400_000;
    let store = store();
    store.write(&add_account(1)).unwrap();
    let seen = |number, until| Change::MarkSeen {
        namespace: Namespace(-1),
        hash: hash(number),
        until: Timestamp(until),
    };
    apply(&store, 1, vec![seen(1, 20 * DAY), seen(2, 20 * DAY + 1), seen(3, 5 * DAY)]);
    // Remembered for longer.
    apply(&store, 1, vec![seen(3, 50 * DAY)]);
    apply(
        &store,
        1,
        vec![
            Change::Ledger(ledger_line(6 * DAY - 1, Some(1), Some(1))),
            Change::Ledger(ledger_line(6 * DAY, Some(1), Some(1))),
        ],
    );
    assert_eq!(store.write(&Sweep { now: Timestamp(20 * DAY) }), Ok(2));
    assert_eq!(store.write(&Sweep { now: Timestamp(20 * DAY) }), Ok(0));
    let copies = [1, 2, 3, 4].map(|number| (Namespace(-1), hash(number))).to_vec();
    let recalled = store.ask(&RecallHashes { account: 1, copies });
    assert_eq!(recalled, Ok(vec![false, true, true, false]));
    let elsewhere = RecallHashes { account: 1, copies: vec![(Namespace(0), hash(2))] };
    assert_eq!(store.ask(&elsewhere), Ok(vec![false]));
    let about = LedgerSubject::Account(1, 9);
    let kept = store.ask(&ReadLedger { about }).unwrap();
    assert_eq!(kept, [ledger_line(6 * DAY, Some(1), Some(1))]);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn events_dated_by_a_wrong_clock_go_with_those_behind_them() {
    const DAY: u64 = 86_400_000;
    let store = store();
    store.write(&add_account(1)).unwrap();
    for at in [3 * DAY, 900 * DAY, 2 * DAY, 900 * DAY, 10 * DAY] {
        let (changes, events) = (Vec::new(), support::events(1, 1));
        store.write(&Commit { account: 1, changes, events, at: Timestamp(at) }).unwrap();
    }
    let kept = || {
        let events = store.ask(&ReadEvents { after: 0, limit: 9, only: None }).unwrap().events;
        events.iter().map(|event| event.seq).collect::<Vec<_>>()
    };
    assert_eq!(store.write(&Sweep { now: Timestamp(16 * DAY) }), Ok(0));
    assert_eq!(store.write(&Sweep { now: Timestamp(18 * DAY) }), Ok(3));
    assert_eq!(kept(), [4, 5], "nothing written after the fourth is old yet");
    assert_eq!(store.write(&Sweep { now: Timestamp(25 * DAY) }), Ok(2));
    assert!(kept().is_empty());
}

#[test]
fn lines_dated_by_a_wrong_clock_go_with_those_behind_them() {
    const DAY: u64 = 86_400_000;
    let store = store();
    store.write(&add_account(1)).unwrap();
    store.write(&add_account(2)).unwrap();
    let dates = [3 * DAY, 900 * DAY, 2 * DAY, 900 * DAY, 10 * DAY, 5 * DAY];
    let lines = dates.map(|at| Change::Ledger(ledger_line(at, Some(1), Some(1))));
    apply(&store, 1, lines.to_vec());
    let kept = |account| {
        let about = LedgerSubject::Account(account, 9);
        let lines = store.ask(&ReadLedger { about }).unwrap();
        lines.iter().rev().map(|line| line.at.0 / DAY).collect::<Vec<_>>()
    };
    assert_eq!(store.write(&Sweep { now: Timestamp(16 * DAY) }), Ok(0));
    assert_eq!(store.write(&Sweep { now: Timestamp(18 * DAY) }), Ok(3));
    assert_eq!(kept(1), [900, 10, 5]);
    assert_eq!(store.write(&Sweep { now: Timestamp(25 * DAY) }), Ok(3));
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_ledger_that_is_switched_off_keeps_nothing_until_it_is_on_again() {
    let file = Arc::new(MemoryFile::new());
    let store = support::create(file.clone());
    store.write(&add_account(1)).unwrap();
    let kept = |store: &Store| {
        let about = LedgerSubject::Account(1, 99);
        store.ask(&ReadLedger { about }).unwrap().len()
    };
    store.write(&support::commit(1, 1)).unwrap();
    assert_eq!((store.ask(&LedgerIsOn), kept(&store)), (Ok(true), 1));
    store.write(&SetLedger { on: false }).unwrap();
    assert_eq!((store.ask(&LedgerIsOn), kept(&store)), (Ok(false), 0));
    store.write(&support::commit(1, 2)).unwrap();
    assert_eq!(kept(&store), 0);
    assert_eq!(store.ask(&ReadLedger { about: LedgerSubject::Hash(hash(2)) }), Ok(vec![]));
    store.close().unwrap();
    let store = support::open(file).unwrap();
    assert_eq!(store.ask(&LedgerIsOn), Ok(false), "it stays off");
    store.write(&SetLedger { on: true }).unwrap();
    store.write(&support::commit(1, 3)).unwrap();
    assert_eq!(kept(&store), 1);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_message_is_removed_with_what_the_ledger_knows_of_it() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    for number in 1..=3 {
        store.write(&support::commit(1, number)).unwrap();
    }
    // Names the copy, not the message.
    apply(&store, 1, vec![Change::Ledger(ledger_line(9, None, Some(2)))]);
    let gone = message(1, 2, 2);
    apply(&store, 1, vec![Change::RemoveMessage(gone.id)]);
    assert_eq!(store.ask(&GetMessage { id: gone.id }), Ok(None));
    let recall = RecallHistory { account: 1, questions: vec![Question::Named(gone.name())] };
    assert_eq!(store.ask(&recall), Ok(vec![Answer::default()]));
    for about in [LedgerSubject::Message(gone.id), LedgerSubject::Hash(hash(2))] {
        assert_eq!(store.ask(&ReadLedger { about }), Ok(vec![]));
    }
    let about = LedgerSubject::Account(1, 99);
    assert_eq!(store.ask(&ReadLedger { about }).unwrap().len(), 2);
    let copies = vec![(Namespace::INBOX, hash(2))];
    assert_eq!(store.ask(&RecallHashes { account: 1, copies }), Ok(vec![true]));
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
    // Once more, and one that never was: nothing happens.
    let never = MessageId { account: 1, number: 77 };
    apply(&store, 1, vec![Change::RemoveMessage(gone.id), Change::RemoveMessage(never)]);
}

#[test]
fn copies_are_found_by_the_beginning_of_their_hash() {
    let store = store();
    store.write(&add_account(1)).unwrap();
    let lines = [ledger_line(1, None, Some(1)), ledger_line(2, Some(1), Some(2))];
    apply(&store, 1, lines.iter().cloned().map(Change::Ledger).collect());
    let (mut first, mut last) = (hash(2), hash(2));
    first.0[3..].fill(0);
    last.0[3..].fill(0xff);
    let read = |first, last| {
        let about = LedgerSubject::HashesFrom(first, last);
        store.ask(&ReadLedger { about }).unwrap()
    };
    assert_eq!(read(first, last), lines[1..]);
    assert_eq!(read(MessageHash([0; 32]), MessageHash([0xff; 32])), lines);
    assert_eq!(read(last, first), []);
}
