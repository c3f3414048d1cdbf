//! The Storage actor in front of a store, with threads and without.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod support;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix::{Actor as _, Addr};
use ramson_messages::storage::{
    Commit, GetMessage, ListAccounts, LoadAccount, RemoveAccount, Shutdown, StoreError, Sweep,
};
use ramson_protocol::store::{Change, Counters};
use ramson_storage_actor::sealed::raw::{MemoryFile, RawFile};
use ramson_storage_actor::{GROUP, Storage, Store, StoreHandle, WRITES};
use ramson_types::{MessageId, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support::{NOW, events};

/// Counts syncs and changes of its length, and waits in each sync while it is
/// held.
#[derive(Default)]
struct Gated {
    file: MemoryFile,
    held: AtomicBool,
    syncs: AtomicUsize,
    lengths: AtomicUsize,
}

impl RawFile for Gated {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, out)
    }
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, data)
    }
    fn set_len(&self, length: u64) -> io::Result<()> {
        self.lengths.fetch_add(1, Ordering::SeqCst);
        self.file.set_len(length)
    }
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn sync(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        while self.held.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        Ok(())
    }
}

fn counters(number: u64) -> Commit {
    let counters = Counters { next_message: number, ..Counters::default() };
    Commit {
        account: 1,
        changes: vec![Change::SetCounters(counters)],
        events: events(1, 1),
        at: NOW,
    }
}

async fn all_messages_are_answered(actor: Addr<Storage>) {
    assert_eq!(actor.send(support::add_account(1)).await.unwrap(), Ok(1));
    for number in 1..20 {
        let done = actor.send(support::commit(1, number)).await.unwrap().unwrap();
        assert_eq!(done.first_event, number * 2 - 1);
        // What was answered is seen at once.
        let id = MessageId { account: 1, number };
        assert!(actor.send(GetMessage { id }).await.unwrap().unwrap().is_some());
    }
    assert!(actor.send(Sweep { now: Timestamp(u64::MAX) }).await.unwrap().unwrap() > 0);
    assert_eq!(actor.send(ListAccounts).await.unwrap().unwrap().len(), 1);
    let missing = RemoveAccount { account: 9 };
    let unknown = Err(StoreError::NoSuchAccount { account: 9 });
    assert_eq!(actor.send(missing).await.unwrap(), unknown);

    assert_eq!(actor.send(Shutdown).await.unwrap(), Ok(()));
    assert_eq!(actor.send(ListAccounts).await.unwrap(), Err(StoreError::Closed));
    let late = actor.send(support::commit(1, 20)).await.unwrap();
    assert_eq!(late, Err(StoreError::Closed));
}

#[actix::test]
async fn with_threads() {
    let file = Arc::new(MemoryFile::new());
    let handle = StoreHandle::threads(support::create(file.clone())).unwrap();
    all_messages_are_answered(Storage::new(handle.clone()).start()).await;
    // Asked again, it is closed still.
    assert_eq!(handle.close().await, Ok(()));
    // Closed cleanly: the file is whole, and its last commit is there.
    let store = support::open(file).unwrap();
    assert_eq!(store.ask(&LoadAccount { account: 1 }).unwrap().counters.next_message, 20);
}

#[actix::test]
async fn without_threads() {
    let store = Store::in_memory(StdRng::seed_from_u64(1)).unwrap();
    all_messages_are_answered(Storage::new(StoreHandle::inline(store)).start()).await;
}

#[actix::test]
async fn another_actor_over_the_same_handle_goes_on() {
    let store = support::create(Arc::new(MemoryFile::new()));
    let handle = StoreHandle::threads(store).unwrap();
    let first = Storage::new(handle.clone()).start();
    first.send(support::add_account(1)).await.unwrap().unwrap();
    drop(first);
    let second = Storage::new(handle).start();
    assert_eq!(second.send(ListAccounts).await.unwrap().unwrap().len(), 1);
}

#[actix::test]
async fn what_waits_shares_commits_in_order_and_a_full_queue_is_busy() {
    let file = Arc::new(Gated::default());
    let store = support::create(file.clone());
    store.write(&support::add_account(1)).unwrap();
    let handle = StoreHandle::threads(store).unwrap();
    let (before, lengths) =
        (file.syncs.load(Ordering::SeqCst), file.lengths.load(Ordering::SeqCst));

    file.held.store(true, Ordering::SeqCst);
    let first = handle.write(counters(0));
    while file.syncs.load(Ordering::SeqCst) == before {
        std::thread::yield_now();
    }
    // The writer stands at the gate with the first commit; the rest waits.
    let waiting: Vec<_> =
        (1..=WRITES as u64).map(|number| handle.write(counters(number))).collect();
    let busy = handle.write(counters(99_999)).await;
    assert_eq!(busy, Err(StoreError::Busy { waiting: WRITES }));
    // Readers do not wait for writers.
    assert_eq!(handle.ask(ListAccounts).await.unwrap().len(), 1);
    file.held.store(false, Ordering::SeqCst);

    assert_eq!(first.await.unwrap().first_event, 1);
    for (number, done) in (2..).zip(waiting) {
        assert_eq!(done.await.unwrap().first_event, number);
    }
    let syncs = file.syncs.load(Ordering::SeqCst) - before;
    // One for each group; redb adds one when the file changes its length, which
    // it does seldom.
    let lengths = file.lengths.load(Ordering::SeqCst) - lengths;
    assert!(syncs <= 1 + WRITES.div_ceil(GROUP) + lengths && lengths < 3, "{syncs} syncs");
    let account = handle.ask(LoadAccount { account: 1 }).await.unwrap();
    assert_eq!(account.counters.next_message, WRITES as u64);
}

#[actix::test]
async fn shutdown_carries_out_what_waits() {
    let file = Arc::new(Gated::default());
    let store = support::create(file.clone());
    store.write(&support::add_account(1)).unwrap();
    let handle = StoreHandle::threads(store).unwrap();
    file.held.store(true, Ordering::SeqCst);
    let waiting: Vec<_> = (0..50).map(|number| handle.write(counters(number))).collect();
    let closed = handle.close();
    file.held.store(false, Ordering::SeqCst);
    assert_eq!(closed.await, Ok(()));
    for done in waiting {
        assert!(done.await.is_ok());
    }
}

#[actix::test]
async fn an_idle_second_settles_the_store() {
    let file = Arc::new(Gated::default());
    let handle = StoreHandle::threads(support::create(file.clone())).unwrap();
    handle.write(support::add_account(1)).await.unwrap();
    let before = file.syncs.load(Ordering::SeqCst);
    // A quick-repair commit syncs twice; a minute is for a busy machine.
    for _ in 0..600 {
        if file.syncs.load(Ordering::SeqCst) >= before + 2 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("nothing was settled");
}
