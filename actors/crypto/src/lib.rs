//! Seals and opens batches.
//!
//! Hears [`SealOnion`], [`OpenOnion`], [`SealCopies`], [`OpenInbox`]. Says
//! nothing. Owns its random source and the accounts of senders met before, and
//! no key: keys come with each message.
//!
//! One [`Crypto`] lives on each shard's thread and works there, because to
//! wake another thread costs about as much as to open a message. Responses
//! with many messages go to the [`CryptoPool`], so that one account's backlog
//! does not hold up the others of its shard. A simulation has no pool.

use actix::prelude::*;
use ramson_crypto::EncType;
use ramson_crypto::session_protocol::{EncryptError, KnownSenders};
use ramson_messages::crypto::{OpenInbox, OpenOnion, SealCopies, SealOnion};
use ramson_messages::{Entropy, Lifeline};
use ramson_protocol::inbox::{self, OpenError, Opened};
use ramson_protocol::onion::{
    self, Destination, OnionBuildError, OnionReply, OnionReplyError, SealedOnion,
};
use ramson_types::{AccountId, Timestamp};
use rand::rngs::StdRng;

/// Responses with more messages than this are opened by the pool.
const INLINE_MESSAGES: usize = 32;

/// Works on its shard's own thread.
pub struct Crypto {
    rng: StdRng,
    known: KnownSenders,
    pool: Option<Addr<CryptoPool>>,
    _lifeline: Option<Lifeline>,
}

impl Crypto {
    /// The crypto actor of one shard.
    pub fn new(entropy: &dyn Entropy, pool: Option<Addr<CryptoPool>>) -> Self {
        let (rng, known) = (entropy.generator("crypto"), KnownSenders::default());
        Self { rng, known, pool, _lifeline: None }
    }

    /// The same, with a guardian that learns of its end.
    pub fn with_lifeline(self, lifeline: Lifeline) -> Self {
        Self { _lifeline: Some(lifeline), ..self }
    }
}

impl Actor for Crypto {
    type Context = Context<Self>;
}

impl Handler<SealOnion> for Crypto {
    type Result = Result<SealedOnion, OnionBuildError>;

    fn handle(&mut self, ask: SealOnion, _: &mut Context<Self>) -> Self::Result {
        let SealOnion { hops, destination, body } = ask;
        let to = Destination::Node(&destination);
        onion::build(&hops, to, EncType::XChaCha20, &body, &mut self.rng)
    }
}

impl Handler<OpenOnion> for Crypto {
    type Result = Result<OnionReply, OnionReplyError>;

    fn handle(&mut self, ask: OpenOnion, _: &mut Context<Self>) -> Self::Result {
        ask.keys.open_reply(ask.status, &ask.body)
    }
}

impl Handler<SealCopies> for Crypto {
    type Result = Result<Vec<Vec<u8>>, EncryptError>;

    fn handle(&mut self, ask: SealCopies, _: &mut Context<Self>) -> Self::Result {
        let SealCopies { keys, copies } = ask;
        let seal = |(to, sent, content): (AccountId, Timestamp, Vec<u8>)| {
            inbox::seal(&keys, &to, &content, sent, &mut self.rng)
        };
        copies.into_iter().map(seal).collect()
    }
}

impl Handler<OpenInbox> for Crypto {
    type Result = ResponseFuture<Vec<Result<Opened, OpenError>>>;

    fn handle(&mut self, ask: OpenInbox, _: &mut Context<Self>) -> Self::Result {
        match &self.pool {
            Some(pool) if ask.stored.len() > INLINE_MESSAGES => {
                let (keys, stored) = (ask.keys.clone(), ask.stored.clone());
                let request = pool.send(ask);
                Box::pin(async move {
                    match request.await {
                        Ok(opened) => opened,
                        // The pool is gone: better slow than not at all.
                        Err(_) => open_all(&OpenInbox { keys, stored }, &mut Default::default()),
                    }
                })
            }
            _ => {
                let opened = open_all(&ask, &mut self.known);
                Box::pin(std::future::ready(opened))
            }
        }
    }
}

/// Threads for large batches; starts with [`SyncArbiter`].
pub struct CryptoPool;

impl Actor for CryptoPool {
    type Context = SyncContext<Self>;
}

impl Handler<OpenInbox> for CryptoPool {
    type Result = MessageResult<OpenInbox>;

    fn handle(&mut self, ask: OpenInbox, _: &mut SyncContext<Self>) -> Self::Result {
        MessageResult(open_all(&ask, &mut KnownSenders::default()))
    }
}

fn open_all(ask: &OpenInbox, known: &mut KnownSenders) -> Vec<Result<Opened, OpenError>> {
    ask.stored.iter().map(|stored| inbox::open_knowing(&ask.keys, stored, known)).collect()
}
