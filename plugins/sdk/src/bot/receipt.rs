//! Tells when something that was handed in is kept: to a thread that waits, or
//! to a future.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::InletError;

/// Tells when something that was handed in is kept: all that the handler asked
/// for is safe then, its messages in the outbox. A thread waits with
/// [`Receipt::wait`]; an async task awaits it. With the bot's end it is
/// [`InletError::Stopped`].
#[derive(Debug)]
pub struct Receipt(Arc<Shared>);

/// The kit's end. Dropped without a word, it says that the bot was stopped.
#[derive(Debug)]
pub(crate) struct Kept(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    told: Condvar,
}

#[derive(Debug, Default)]
struct State {
    result: Option<Result<(), InletError>>,
    waker: Option<Waker>,
}

pub(crate) fn pair() -> (Kept, Receipt) {
    let shared = Arc::<Shared>::default();
    (Kept(Arc::clone(&shared)), Receipt(shared))
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    pub(crate) fn tell(self, result: Result<(), InletError>) {
        self.tell_first(result);
    }

    /// What is told first counts.
    fn tell_first(&self, result: Result<(), InletError>) {
        let waker = {
            let mut state = self.0.state();
            state.result.get_or_insert(result);
            state.waker.take()
        };
        self.0.told.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.tell_first(Err(InletError::Stopped));
    }
}

impl Receipt {
    /// Waits until it is known. Not on the bot's own thread, which would wait
    /// for itself.
    pub fn wait(&self, patience: Duration) -> Result<(), InletError> {
        let unknown = |state: &mut State| state.result.is_none();
        let waited = self.0.told.wait_timeout_while(self.0.state(), patience, unknown);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.result.clone().unwrap_or(Err(InletError::Late))
    }
}

impl Future for Receipt {
    type Output = Result<(), InletError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state();
        match &state.result {
            Some(result) => Poll::Ready(result.clone()),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
