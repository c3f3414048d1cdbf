//! What the accounts of one thread share: connections, crypto, and a way to
//! the store that wakes no other thread than the store's own.

use std::sync::Arc;

use actix::prelude::*;
use ramson_crypto_actor::{Crypto, CryptoPool};
use ramson_messages::Link;
use ramson_messages::crypto::{OpenInbox, OpenOnion, SealCopies, SealOnion};
use ramson_messages::transport::Post;
use ramson_storage_actor::{Storage, StoreHandle};
use ramson_transport_actor::{RealDial, Transport, TransportConfig};

use super::{Basics, link};
use crate::arbiters::Shards;

/// Links to a shard's own actors. They hold no state, and a panic in one would
/// be one in a library: they are not guarded.
#[derive(Clone)]
pub(crate) struct ShardLinks {
    pub(crate) post: Link<Post>,
    pub(crate) seal_onion: Link<SealOnion>,
    pub(crate) open_onion: Link<OpenOnion>,
    pub(crate) seal_copies: Link<SealCopies>,
    pub(crate) open_inbox: Link<OpenInbox>,
    pub(crate) storage: Addr<Storage>,
}

/// Starts Transport, Crypto and Storage on every shard.
pub(crate) fn start_all(shards: &Shards, basics: &Basics, store: &StoreHandle) -> Vec<ShardLinks> {
    let handles = shards.handles();
    let pool = SyncArbiter::start(handles.len(), || CryptoPool);
    let start = |arbiter: ArbiterHandle| {
        let clock = basics.clock.clone();
        let transport = Transport::start_in_arbiter(&arbiter, move |_| {
            let config = TransportConfig { clock: Some(clock), ..TransportConfig::default() };
            Transport::new(Arc::new(RealDial), config)
        });
        let (entropy, pool) = (basics.entropy.clone(), pool.clone());
        let crypto =
            Crypto::start_in_arbiter(&arbiter, move |_| Crypto::new(&*entropy, Some(pool)));
        let store = store.clone();
        let storage = Storage::start_in_arbiter(&arbiter, move |_| Storage::new(store));
        ShardLinks {
            post: link("transport", &transport),
            seal_onion: link("crypto", &crypto),
            open_onion: link("crypto", &crypto),
            seal_copies: link("crypto", &crypto),
            open_inbox: link("crypto", &crypto),
            storage,
        }
    };
    handles.into_iter().map(start).collect()
}
