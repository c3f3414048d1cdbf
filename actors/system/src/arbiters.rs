//! Places actors on threads. The only file that makes arbiters.

use actix::{Arbiter, ArbiterHandle};

/// The threads that accounts are spread over: all that belongs to an account
/// lives on one, so that its actors talk without waking another thread.
pub(crate) struct Shards {
    arbiters: Vec<Arbiter>,
}

impl Shards {
    /// So many threads, at least one.
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn start(count: usize) -> Self {
        Self { arbiters: (0..count.max(1)).map(|_| Arbiter::new()).collect() }
    }

    pub(crate) fn handles(&self) -> Vec<ArbiterHandle> {
        self.arbiters.iter().map(Arbiter::handle).collect()
    }

    /// Ends the threads and waits for them.
    pub(crate) fn stop(self) {
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        for arbiter in self.arbiters {
            // A shard that panicked has ended as well.
            let _ended = arbiter.join();
        }
    }
}
