//! Places actors on threads. The only file that makes arbiters.

use actix::{Actor, Addr, Arbiter, ArbiterHandle, Context};

/// Where an actor runs.
#[derive(Clone)]
pub(crate) enum Place {
    /// On a thread of the engine's.
    Thread(ArbiterHandle),
    /// On the thread that starts it, in its `LocalSet`.
    Here,
}

impl Place {
    /// Starts an actor there.
    pub(crate) fn start<A, F>(&self, make: F) -> Addr<A>
    where
        A: Actor<Context = Context<A>>,
        F: FnOnce(&mut Context<A>) -> A + Send + 'static,
    {
        match self {
            Self::Thread(arbiter) => A::start_in_arbiter(arbiter, make),
            Self::Here => A::create(make),
        }
    }
}

/// The threads that accounts are spread over: all that belongs to an account
/// lives on one, so that its actors talk without waking another thread.
pub(crate) enum Shards {
    /// One arbiter for each.
    Threads(Vec<Arbiter>),
    /// A single shard, which is the current thread.
    Here,
}

impl Shards {
    /// So many threads, at least one.
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn threads(count: usize) -> Self {
        Self::Threads((0..count.max(1)).map(|_| Arbiter::new()).collect())
    }

    pub(crate) fn places(&self) -> Vec<Place> {
        match self {
            Self::Threads(arbiters) => {
                arbiters.iter().map(|arbiter| Place::Thread(arbiter.handle())).collect()
            }
            Self::Here => vec![Place::Here],
        }
    }

    /// Ends the threads and waits for them.
    pub(crate) fn stop(self) {
        let Self::Threads(arbiters) = self else { return };
        for arbiter in &arbiters {
            arbiter.stop();
        }
        for arbiter in arbiters {
            // A shard that panicked has ended as well.
            let _ended = arbiter.join();
        }
    }
}
