//! The way to a store, with threads behind it or without.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use ramson_messages::storage::StoreError;
use tokio::sync::watch;

use super::threads::{self, Answer, Queues};
use crate::store::{Question, Store, Write};

/// A way to a store; all clones lead to the same one. When the last is gone,
/// the store closes by itself.
#[derive(Clone)]
pub struct StoreHandle(Arc<Way>);

enum Way {
    Threads {
        /// `None` once the store was closed.
        queues: Mutex<Option<Queues>>,
        closed: watch::Receiver<Option<Result<(), StoreError>>>,
    },
    Inline(Mutex<Option<Store>>),
}

/// An answer that is there or comes from a thread.
enum Reply<A> {
    There(Result<A, StoreError>),
    Comes(Answer<A>),
}

impl<A> Reply<A> {
    fn of(asked: Result<Answer<A>, StoreError>) -> Self {
        asked.map_or_else(|error| Self::There(Err(error)), Self::Comes)
    }

    async fn wait(self) -> Result<A, StoreError> {
        match self {
            Self::There(answer) => answer,
            Self::Comes(answer) => answer.await.unwrap_or(Err(StoreError::Closed)),
        }
    }
}

impl StoreHandle {
    /// Starts a writer and a reader thread.
    pub fn threads(store: Store) -> io::Result<Self> {
        let (queues, closed) = threads::start(store)?;
        Ok(Self(Arc::new(Way::Threads { queues: Mutex::new(Some(queues)), closed })))
    }

    /// Everything is done where it is asked, without threads and without idle
    /// commits.
    pub fn inline(store: Store) -> Self {
        Self(Arc::new(Way::Inline(Mutex::new(Some(store)))))
    }

    /// Writes; the answer comes when it is durable. The write has its place in
    /// the order when this returns its future.
    pub fn write<W: Write>(
        &self,
        write: W,
    ) -> impl Future<Output = Result<W::Answer, StoreError>> + Send + use<W> {
        match &*self.0 {
            Way::Threads { queues, .. } => match &*unpoisoned(queues) {
                Some(queues) => Reply::of(queues.write(write)),
                None => Reply::There(Err(StoreError::Closed)),
            },
            Way::Inline(store) => Reply::There(match &*unpoisoned(store) {
                Some(store) => store.write(&write),
                None => Err(StoreError::Closed),
            }),
        }
        .wait()
    }

    /// Asks; the answer knows every commit that was answered before.
    pub fn ask<Q: Question>(
        &self,
        question: Q,
    ) -> impl Future<Output = Result<Q::Answer, StoreError>> + Send + use<Q> {
        match &*self.0 {
            Way::Threads { queues, .. } => match &*unpoisoned(queues) {
                Some(queues) => Reply::of(queues.ask(question)),
                None => Reply::There(Err(StoreError::Closed)),
            },
            Way::Inline(store) => Reply::There(match &*unpoisoned(store) {
                Some(store) => store.ask(&question),
                None => Err(StoreError::Closed),
            }),
        }
        .wait()
    }

    /// Carries out what waits, closes the store and answers when that is done.
    pub fn close(&self) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let (there, comes) = match &*self.0 {
            Way::Threads { queues, closed } => {
                drop(unpoisoned(queues).take());
                (None, Some(closed.clone()))
            }
            Way::Inline(store) => {
                (Some(unpoisoned(store).take().map_or(Ok(()), Store::close)), None)
            }
        };
        async move {
            if let Some(mut closed) = comes {
                let outcome = closed.wait_for(Option::is_some).await;
                return match outcome.as_deref() {
                    Ok(Some(outcome)) => outcome.clone(),
                    _ => Err(StoreError::Closed),
                };
            }
            there.unwrap_or(Ok(()))
        }
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
