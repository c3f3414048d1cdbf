//! What the accounts of one thread share: connections, crypto, and a way to
//! the store that wakes no other thread than the store's own.

use actix::prelude::*;
use ramson_crypto_actor::{Crypto, CryptoPool};
use ramson_messages::crypto::{OpenInbox, OpenOnion, SealCopies, SealOnion};
use ramson_messages::transport::Post;
use ramson_messages::{Lifeline, LifelineEnd, Link};
use ramson_storage_actor::{Storage, StoreHandle};
use ramson_transport_actor::{Transport, TransportConfig};

use super::Basics;
use crate::arbiters::{Place, Shards};
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
    let places = shards.places();
    let pool = match shards {
        Shards::Threads(_) => Some(SyncArbiter::start(places.len(), || CryptoPool)),
        Shards::Here => None,
    };
    let (mut links, mut guarded) = (Vec::new(), Vec::new());
    for (number, place) in places.into_iter().enumerate() {
        let store = store.clone();
        let storage = place.start(move |_| Storage::new(store));
        let shard = ShardLinks::new(storage);
        guarded.push(start_transport(number, place.clone(), basics, &shard).await?);
        guarded.push(start_crypto(number, place, basics, &pool, &shard).await?);
        links.push(shard);
    }
    Ok((links, guarded))
}

async fn start_transport(
    number: usize,
    place: Place,
    basics: &Basics,
    shard: &ShardLinks,
) -> Result<Guarded, EngineError> {
    let (clock, dial, links) = (basics.clock.clone(), basics.dial.clone(), shard.clone());
    let start = move || {
        let (lifeline, end) = Lifeline::new();
        let (clock, dial) = (clock.clone(), dial.clone());
        let transport = place.start(move |_| {
            let config = TransportConfig { clock: Some(clock), ..TransportConfig::default() };
            Transport::new(dial, config).with_lifeline(lifeline)
        });
        links.post.point_at(&transport);
        std::future::ready(Ok(end))
    };
    guard(format!("transport {number}"), basics, start).await
}

async fn start_crypto(
    number: usize,
    place: Place,
    basics: &Basics,
    pool: &Option<Addr<CryptoPool>>,
    shard: &ShardLinks,
) -> Result<Guarded, EngineError> {
    let (entropy, pool, links) = (basics.entropy.clone(), pool.clone(), shard.clone());
    let start = move || {
        let (lifeline, end) = Lifeline::new();
        let (entropy, pool) = (entropy.clone(), pool.clone());
        let crypto = place.start(move |_| Crypto::new(&*entropy, pool).with_lifeline(lifeline));
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
