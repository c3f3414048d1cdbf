//! What the accounts of one thread share: connections, crypto, and a way to
//! the store that wakes no other thread than the store's own.

use std::sync::Arc;

use actix::prelude::*;
use ramson_crypto_actor::{Crypto, CryptoPool};
use ramson_messages::crypto::{OpenInbox, OpenOnion, SealCopies, SealOnion};
use ramson_messages::transport::Post;
use ramson_messages::{Lifeline, LifelineEnd, Link};
use ramson_storage_actor::{Storage, StoreHandle};
use ramson_transport_actor::{RealDial, Transport, TransportConfig};

use super::Basics;
use crate::arbiters::Shards;
use crate::engine::EngineError;
use crate::guardian::{self, Guarded};

/// Links to a shard's own actors.
#[derive(Clone)]
pub(crate) struct ShardLinks {
    pub(crate) post: Link<Post>,
    pub(crate) seal_onion: Link<SealOnion>,
    pub(crate) open_onion: Link<OpenOnion>,
    pub(crate) seal_copies: Link<SealCopies>,
    pub(crate) open_inbox: Link<OpenInbox>,
    /// Stateless, and over a handle that survives it: not guarded.
    pub(crate) storage: Addr<Storage>,
}

impl ShardLinks {
    fn new(storage: Addr<Storage>) -> Self {
        Self {
            post: Link::new("transport"),
            seal_onion: Link::new("crypto"),
            open_onion: Link::new("crypto"),
            seal_copies: Link::new("crypto"),
            open_inbox: Link::new("crypto"),
            storage,
        }
    }
}

/// Starts Transport, Crypto and Storage on every shard. The first two meet the bytes from
/// outside first, so a panic of theirs must not silence a whole shard.
pub(crate) async fn start_all(
    shards: &Shards,
    basics: &Basics,
    store: &StoreHandle,
) -> Result<(Vec<ShardLinks>, Vec<Guarded>), EngineError> {
    let handles = shards.handles();
    let pool = SyncArbiter::start(handles.len(), || CryptoPool);
    let (mut links, mut guarded) = (Vec::new(), Vec::new());
    for (number, arbiter) in handles.into_iter().enumerate() {
        let store = store.clone();
        let storage = Storage::start_in_arbiter(&arbiter, move |_| Storage::new(store));
        let shard = ShardLinks::new(storage);
        guarded.push(start_transport(number, arbiter.clone(), basics, &shard).await?);
        guarded.push(start_crypto(number, arbiter, basics, &pool, &shard).await?);
        links.push(shard);
    }
    Ok((links, guarded))
}

async fn start_transport(
    number: usize,
    arbiter: ArbiterHandle,
    basics: &Basics,
    shard: &ShardLinks,
) -> Result<Guarded, EngineError> {
    let (clock, links) = (basics.clock.clone(), shard.clone());
    let start = move || {
        let (lifeline, end) = Lifeline::new();
        let clock = clock.clone();
        let transport = Transport::start_in_arbiter(&arbiter, move |_| {
            let config = TransportConfig { clock: Some(clock), ..TransportConfig::default() };
            Transport::new(Arc::new(RealDial), config).with_lifeline(lifeline)
        });
        links.post.point_at(&transport);
        std::future::ready(Ok(end))
    };
    guard(format!("transport {number}"), basics, start).await
}

async fn start_crypto(
    number: usize,
    arbiter: ArbiterHandle,
    basics: &Basics,
    pool: &Addr<CryptoPool>,
    shard: &ShardLinks,
) -> Result<Guarded, EngineError> {
    let (entropy, pool, links) = (basics.entropy.clone(), pool.clone(), shard.clone());
    let start = move || {
        let (lifeline, end) = Lifeline::new();
        let (entropy, pool) = (entropy.clone(), pool.clone());
        let crypto = Crypto::start_in_arbiter(&arbiter, move |_| {
            Crypto::new(&*entropy, Some(pool)).with_lifeline(lifeline)
        });
        links.seal_onion.point_at(&crypto);
        links.open_onion.point_at(&crypto);
        links.seal_copies.point_at(&crypto);
        links.open_inbox.point_at(&crypto);
        std::future::ready(Ok(end))
    };
    guard(format!("crypto {number}"), basics, start).await
}

async fn guard<S, F>(name: String, basics: &Basics, start: S) -> Result<Guarded, EngineError>
where
    S: FnMut() -> F + 'static,
    F: Future<Output = Result<LifelineEnd, String>> + 'static,
{
    let (events, clock) = (basics.events.clone(), basics.clock.clone());
    let guarded = guardian::guard(name, events, clock, start).await;
    guarded.map_err(|reason| EngineError::Start { reason })
}
