//! A value of which everybody reads the newest; nobody can miss an update or
//! be slowed by another reader.
//!
//! Like tokio's `watch`, but readers wake in the order in which they began to
//! wait. A `watch` wakes them in a random one, and then no simulation of two
//! accounts could be replayed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A value, with the ends to change and to read it.
pub fn newest<T: Clone>(value: T) -> (Publisher<T>, Newest<T>) {
    let state = Mutex::new(State { value, version: 0, ended: false });
    let shared = Arc::new(Shared { state, changed: Notify::new() });
    (Publisher(Arc::new(Owner(shared.clone()))), Newest { shared, seen: 0 })
}

struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Notify,
}

struct State<T> {
    value: T,
    version: u64,
    ended: bool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Changes the value. All clones change the same one.
pub struct Publisher<T>(Arc<Owner<T>>);

impl<T> Clone for Publisher<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Lets readers know when the last publisher is gone.
struct Owner<T>(Arc<Shared<T>>);

impl<T> Drop for Owner<T> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_waiters();
    }
}

impl<T: Clone> Publisher<T> {
    /// Replaces the value and wakes everybody who waits for a new one.
    pub fn publish(&self, value: T) {
        let shared = &self.0.0;
        {
            let mut state = shared.lock();
            state.value = value;
            state.version = state.version.wrapping_add(1);
        }
        shared.changed.notify_waiters();
    }

    /// The value that was published last.
    pub fn get(&self) -> T {
        self.0.0.lock().value.clone()
    }
}

/// Reads the value. Each clone remembers for itself what it has seen.
pub struct Newest<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
}

impl<T> Clone for Newest<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), seen: self.seen }
    }
}

impl<T: Clone> Newest<T> {
    /// The value as it is now.
    pub fn get(&self) -> T {
        self.shared.lock().value.clone()
    }

    /// The value as it is now, which then counts as seen.
    pub fn take(&mut self) -> T {
        let state = self.shared.lock();
        self.seen = state.version;
        state.value.clone()
    }

    /// Waits until there is a value that was not seen; `None` when there will
    /// be none any more.
    pub async fn changed(&mut self) -> Option<T> {
        loop {
            // Before the look, so that no change is missed.
            let changed = self.shared.changed.notified();
            {
                let state = self.shared.lock();
                if state.version != self.seen {
                    self.seen = state.version;
                    return Some(state.value.clone());
                }
                if state.ended {
                    return None;
                }
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, test)
    }

    #[test]
    fn only_what_was_not_seen_is_waited_for_and_the_end_is_told() {
        run(async {
            let (publisher, mut reader) = newest(1);
            let mut late = reader.clone();
            publisher.publish(2);
            publisher.publish(3);
            assert_eq!((reader.get(), publisher.get()), (3, 3));
            assert_eq!(reader.changed().await, Some(3));
            let other = publisher.clone();
            drop(publisher);
            other.publish(4);
            assert_eq!(late.take(), 4);
            drop(other);
            assert_eq!((late.changed().await, reader.changed().await), (None, Some(4)));
            assert_eq!(reader.changed().await, None);
        });
    }

    #[test]
    fn readers_wake_in_the_order_in_which_they_wait() {
        run(async {
            let (publisher, reader) = newest(0);
            let order: Arc<Mutex<Vec<usize>>> = Arc::default();
            let waiting: Vec<_> = (0..50)
                .map(|number| {
                    let (mut reader, order) = (reader.clone(), order.clone());
                    tokio::task::spawn_local(async move {
                        reader.changed().await.unwrap();
                        order.lock().unwrap().push(number);
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            publisher.publish(1);
            for task in waiting {
                task.await.unwrap();
            }
            assert!(order.lock().unwrap().is_sorted());
        });
    }
}
