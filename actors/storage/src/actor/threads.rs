//! The writer thread, the reader thread, and the queues before them.
//!
//! A panic in one of them is a defect; it costs the write or question that led
//! to it, and nobody else anything.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ramson_messages::storage::StoreError;
use tokio::sync::{oneshot, watch};

use crate::store::{Failure, Job, Question, Store, Write};
use crate::tables::Tables;

/// How many writes may wait; a further one is answered with `Busy`.
pub const WRITES: usize = 1024;
/// How many questions may wait; a further one is answered with `Busy`.
pub const QUESTIONS: usize = 1024;
/// How many writes share one commit at most.
pub const GROUP: usize = 256;
/// How long nothing must have been written before the writer makes the next
/// start cheap.
const IDLE: Duration = Duration::from_secs(1);

/// A write that waits for its turn.
trait Waiting: Job + Send {
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Asked<W: Write> {
    write: W,
    answer: Option<W::Answer>,
    to: oneshot::Sender<Result<W::Answer, StoreError>>,
}

impl<W: Write> Job for Asked<W> {
    fn carry_out(&mut self, tables: &mut Tables<'_>) -> Result<(), Failure> {
        self.answer = Some(self.write.carry_out(tables)?);
        Ok(())
    }
}

impl<W: Write> Waiting for Asked<W> {
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { answer, to, .. } = *self;
        // Whoever asked may have gone; the commit stands.
        let _ = to.send(outcome.and_then(|()| answer.ok_or(StoreError::Closed)));
    }
}

/// An answer that comes from a thread.
pub(super) type Answer<A> = oneshot::Receiver<Result<A, StoreError>>;

type Answering = Box<dyn FnOnce(&Store) + Send>;

/// The threads end when this is dropped and the queues are empty.
pub(super) struct Queues {
    writes: SyncSender<Box<dyn Waiting>>,
    questions: SyncSender<Answering>,
}

impl Queues {
    pub(super) fn write<W: Write>(&self, write: W) -> Result<Answer<W::Answer>, StoreError> {
        let (to, answer) = oneshot::channel();
        let waiting = Box::new(Asked { write, answer: None, to });
        match self.writes.try_send(waiting) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(StoreError::Busy { waiting: WRITES }),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Closed),
        }
    }

    pub(super) fn ask<Q: Question>(&self, question: Q) -> Result<Answer<Q::Answer>, StoreError> {
        let (to, answer) = oneshot::channel();
        let answering: Answering = Box::new(move |store| {
            // What it was about is gone with the question itself; the store
            // writes nothing here.
            let answer = catch_unwind(AssertUnwindSafe(|| store.ask(&question)));
            let _ = to.send(answer.unwrap_or_else(|_| Err(panicked("a question"))));
        });
        match self.questions.try_send(answering) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(StoreError::Busy { waiting: QUESTIONS }),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Closed),
        }
    }
}

/// Tells how closing ended, once it did.
type Closed = watch::Receiver<Option<Result<(), StoreError>>>;

pub(super) fn start(store: Store) -> io::Result<(Queues, Closed)> {
    let (writes, waiting) = sync_channel(WRITES);
    let (questions, asked) = sync_channel::<Answering>(QUESTIONS);
    let (closed, outcome) = watch::channel(None);
    let store = Arc::new(store);
    let reading = store.clone();
    let reader = thread::Builder::new().name("store-reader".to_owned()).spawn(move || {
        for question in asked {
            question(&reading);
        }
    })?;
    thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        write_all(&store, &waiting);
        closed.send_replace(Some(close(store, reader)));
    })?;
    Ok((Queues { writes, questions }, outcome))
}

/// Writes until nobody can ask any more.
fn write_all(store: &Store, waiting: &Receiver<Box<dyn Waiting>>) {
    loop {
        let first = match waiting.recv_timeout(IDLE) {
            Ok(first) => first,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                if let Err(error) = store.idle_commit() {
                    tracing::warn!(%error, "the store could not be settled while idle");
                }
                match waiting.recv() {
                    Ok(first) => first,
                    Err(_) => return,
                }
            }
        };
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        let outcomes = run(store, &mut group);
        for (waiting, outcome) in group.into_iter().zip(outcomes) {
            waiting.answer(outcome);
        }
    }
}

/// Carries out a group in one transaction; when that panics, each by itself.
/// A transaction that is dropped halfway has written nothing.
fn run(store: &Store, group: &mut [Box<dyn Waiting>]) -> Vec<Result<(), StoreError>> {
    let together = |group: &mut [Box<dyn Waiting>]| {
        let mut jobs: Vec<&mut dyn Job> = Vec::with_capacity(group.len());
        jobs.extend(group.iter_mut().map(|waiting| &mut **waiting as &mut dyn Job));
        catch_unwind(AssertUnwindSafe(|| store.run_group(&mut jobs)))
    };
    if let Ok(outcomes) = together(group) {
        return outcomes;
    }
    tracing::error!(writes = group.len(), "writing panicked; each is tried by itself");
    let mut outcomes = Vec::with_capacity(group.len());
    for single in group.chunks_mut(1) {
        match together(single) {
            Ok(one) => outcomes.extend(one),
            Err(_) => outcomes.push(Err(panicked("a write"))),
        }
    }
    outcomes
}

fn panicked(what: &str) -> StoreError {
    let reason = "it made this program panic, which is a defect; please report it".to_owned();
    StoreError::NotKept { what: what.to_owned(), reason }
}

fn close(store: Arc<Store>, reader: JoinHandle<()>) -> Result<(), StoreError> {
    if reader.join().is_err() {
        tracing::error!("the store's reader thread panicked");
    }
    Arc::into_inner(store).map_or(Err(StoreError::Closed), Store::close)
}

#[cfg(test)]
mod tests {
    use ramson_messages::storage::{LastEvent, SetLedger};
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;
    use crate::StoreHandle;
    use crate::store::Reading;

    /// Writes halfway, then panics.
    struct Bomb;

    impl Write for Bomb {
        type Answer = ();

        fn carry_out(&self, tables: &mut Tables<'_>) -> Result<(), Failure> {
            SetLedger { on: false }.carry_out(tables)?;
            panic!("a panic on purpose");
        }
    }

    impl Question for Bomb {
        type Answer = ();

        fn answer(&self, _: &Reading) -> Result<(), Failure> {
            panic!("a panic on purpose");
        }
    }

    #[tokio::test]
    async fn a_panic_costs_nobody_else_anything() {
        let store = Store::in_memory(StdRng::seed_from_u64(1)).unwrap();
        let handle = StoreHandle::threads(store).unwrap();
        for _ in 0..3 {
            let before = handle.write(SetLedger { on: true });
            let (bomb, after) = (handle.write(Bomb), handle.write(SetLedger { on: true }));
            assert_eq!(before.await, Ok(()));
            assert!(matches!(bomb.await, Err(StoreError::NotKept { .. })));
            assert_eq!(after.await, Ok(()));
            assert!(matches!(handle.ask(Bomb).await, Err(StoreError::NotKept { .. })));
            assert_eq!(handle.ask(LastEvent).await, Ok(0));
        }
        assert_eq!(handle.close().await, Ok(()));
    }
}
