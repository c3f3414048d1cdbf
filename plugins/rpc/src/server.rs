//! What all clients share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::client::NAMELESS;
use crate::desk::Desk;
use crate::failure::Outcome;
use crate::scope::Scope;
use crate::seat::Seats;
use crate::stored::Watcher;

/// Serves clients. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
    scope: Arc<Scope>,
}

struct Inner {
    seats: Arc<dyn Seats>,
    version: String,
    clients: Arc<AtomicU64>,
    subscribed: Arc<AtomicU64>,
    watcher: Mutex<Option<Arc<Watcher>>>,
}

/// Counts until it is dropped.
pub(crate) struct Count(Option<Arc<AtomicU64>>);

impl Count {
    fn new(of: &Arc<AtomicU64>) -> Self {
        of.fetch_add(1, Ordering::Relaxed);
        Self(Some(of.clone()))
    }

    /// For what is counted elsewhere.
    pub(crate) fn uncounted() -> Self {
        Self(None)
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        if let Some(of) = &self.0 {
            of.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Server {
    /// Serves clients with guests of a host. `version` is that of the program.
    pub fn new(seats: impl Seats, version: &str) -> Self {
        let inner = Inner {
            seats: Arc::new(seats),
            version: version.to_owned(),
            clients: Arc::default(),
            subscribed: Arc::default(),
            watcher: Mutex::default(),
        };
        Self { inner: Arc::new(inner), scope: Arc::default() }
    }

    /// The same for clients that may do only this.
    #[must_use]
    pub fn narrowed(&self, scope: &Scope) -> Self {
        Self { inner: self.inner.clone(), scope: Arc::new(self.scope.and(scope)) }
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn seats(&self) -> &dyn Seats {
        &*self.inner.seats
    }

    pub(crate) fn version(&self) -> &str {
        &self.inner.version
    }

    pub(crate) fn count_client(&self) -> Count {
        Count::new(&self.inner.clients)
    }

    pub(crate) fn count_subscribed(&self) -> Count {
        Count::new(&self.inner.subscribed)
    }

    /// How many clients there are, and how many of them are subscribed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        (count(&self.inner.clients), count(&self.inner.subscribed))
    }

    /// A guest that only asks.
    pub(crate) fn nameless(&self) -> Outcome<Arc<Desk>> {
        Ok(Desk::open(self.seats().guest(self.scope.asks(NAMELESS))?, None))
    }

    /// Whoever watches what becomes of messages; the first who asks starts it.
    pub(crate) async fn watcher(&self) -> Outcome<Arc<Watcher>> {
        let known = self.inner.watcher.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known = known.filter(|watcher| !watcher.is_over());
        let watcher = match known {
            Some(watcher) => watcher,
            None => {
                let started = Watcher::begin(self.seats())?;
                let mut place = self.inner.watcher.lock().unwrap_or_else(PoisonError::into_inner);
                // Another one may have been quicker.
                match place.as_ref().filter(|watcher| !watcher.is_over()) {
                    Some(other) => other.clone(),
                    None => place.insert(started).clone(),
                }
            }
        };
        watcher.sees().await?;
        Ok(watcher)
    }
}
