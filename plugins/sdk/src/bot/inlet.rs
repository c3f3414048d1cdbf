//! What the bot's own threads hand in.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ramson_wire::{Query, Record};

use super::receipt::{self, Kept, Receipt};
use super::{Cx, Handled};
use crate::{Host, SubmitError};

/// So much may wait in one.
const MOST: usize = 256;

/// A way for the bot's own threads to hand something in, made by
/// [`super::Bot::inlet`]. Its handler runs on the bot's thread and asks for
/// things like every other one. Cheap to clone.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
///
/// use ramson_sdk::Manifest;
/// use ramson_sdk::bot::Bot;
/// use ramson_sdk::bot::testing::{ANN, TestBot};
///
/// const MANIFEST: Manifest = Manifest::bot("org.example.bell", "Bell", "1.0");
/// let bells = Arc::new(Mutex::new(Vec::new()));
/// let to = bells.clone();
/// let mut bot = TestBot::of(MANIFEST, "{}", move |bot: &mut Bot| {
///     let bell = bot.inlet("bell", |cx, who: &String| cx.send(ANN, format!("{who} rang")));
///     // Here a bot hands it to a thread, which `bot.on_stop` ends.
///     to.lock().unwrap().push(bell);
/// });
/// let ring = bells.lock().unwrap()[0].push("Ben".to_owned()).unwrap();
/// bot.settle();
/// assert_eq!(bot.said_to(ANN), ["Ben rang"]);
/// assert!(ring.wait(Duration::from_secs(5)).is_ok());
/// ```
pub struct Inlet<T>(Arc<Inner<T>>);

struct Inner<T> {
    host: Host,
    waiting: Mutex<Waiting<T>>,
}

struct Waiting<T> {
    queue: VecDeque<(T, Kept)>,
    /// The bot is there to take it.
    open: bool,
}

/// Why something did not come in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InletError {
    /// Too much waits in it.
    #[error("{MOST} things wait for the bot already; try again when it has caught up")]
    Full,
    /// The bot was stopped.
    #[error("the bot was stopped; hand it in when it runs again")]
    Stopped,
    /// Its handler failed.
    #[error("the bot could not do it: {error}; its log says more")]
    Failed {
        /// What went wrong.
        error: String,
    },
    /// Nobody knows yet.
    #[error("it was not kept in time; it may be kept later")]
    Late,
}

impl<T: Send + 'static> Inlet<T> {
    /// Hands something in, from any thread; never blocks. It is in memory only
    /// until the receipt says that it is kept.
    pub fn push(&self, value: T) -> Result<Receipt, InletError> {
        let (kept, receipt) = receipt::pair();
        {
            let mut waiting = self.0.waiting();
            if !waiting.open {
                return Err(InletError::Stopped);
            }
            if waiting.queue.len() >= MOST {
                return Err(InletError::Full);
            }
            waiting.queue.push_back((value, kept));
        }
        // Its reply is an event, at which the bot looks here. Where the host
        // is too busy for it, other replies are about to come.
        match self.0.host.query(Query::Record { key: WAKE.to_owned() }) {
            Err(SubmitError::Closed) => Err(InletError::Stopped),
            Ok(_) | Err(_) => Ok(receipt),
        }
    }
}

/// No record has this name.
const WAKE: &str = "kit/wake";
const _: () = assert!(WAKE.len() <= Record::MAX_KEY);

impl<T> Inner<T> {
    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Inlet<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> std::fmt::Debug for Inlet<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inlet").field("waiting", &self.0.waiting().queue.len()).finish()
    }
}

/// The bot's end of an inlet, whatever goes through it.
pub(crate) trait Taken: Send {
    /// What it is called.
    fn name(&self) -> &str;
    /// How much waits in it.
    fn waiting(&self) -> usize;
    /// Hands the first thing to the handler, and leaves it there.
    fn handle(&self, cx: &mut Cx) -> Handled;
    /// Takes the first thing out; whoever handed it in waits to be told.
    fn take(&self) -> Option<Kept>;
    /// Nothing is taken any more; whoever handed in what is left is told so.
    fn close(&self);
}

struct End<T, F> {
    name: String,
    inner: Arc<Inner<T>>,
    handler: F,
    /// What is being handled. It is tried again until it is taken out.
    current: Mutex<Option<(T, Kept)>>,
}

pub(crate) fn pair<T, F>(name: String, host: Host, handler: F) -> (Inlet<T>, Box<dyn Taken>)
where
    T: Send + 'static,
    F: Fn(&mut Cx, &T) -> Handled + Send + 'static,
{
    let waiting = Mutex::new(Waiting { queue: VecDeque::new(), open: true });
    let inner = Arc::new(Inner { host, waiting });
    let end = End { name, inner: Arc::clone(&inner), handler, current: Mutex::new(None) };
    (Inlet(inner), Box::new(end))
}

impl<T, F> Taken for End<T, F>
where
    T: Send + 'static,
    F: Fn(&mut Cx, &T) -> Handled + Send + 'static,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn waiting(&self) -> usize {
        self.inner.waiting().queue.len()
    }

    fn handle(&self, cx: &mut Cx) -> Handled {
        // No other thread has this lock; threads that hand in do not wait for
        // a handler.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_none() {
            *current = self.inner.waiting().queue.pop_front();
        }
        match &*current {
            Some((value, _)) => (self.handler)(cx, value),
            None => Ok(()),
        }
    }

    fn take(&self) -> Option<Kept> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.take().map(|(_, kept)| kept)
    }

    fn close(&self) {
        let left = {
            let mut waiting = self.inner.waiting();
            waiting.open = false;
            std::mem::take(&mut waiting.queue)
        };
        drop(left);
        drop(self.take());
    }
}
