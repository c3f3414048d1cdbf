//! Onion requests: a request sealed in one layer per node, of which each node
//! opens its own and learns only where the rest goes (02 section 3).
//!
//! [`build`] makes the body for the guard and keeps the keys of all layers;
//! [`OnionKeys::open_reply`] reads what comes back of a node, in the clear or
//! sealed by any of the nodes, and [`OnionKeys::open_server_reply`] what comes
//! back of a server. Which nodes to take is [`crate::paths`]' business, and
//! what the request says is ramson-codec's.

use ramson_crypto::LayerKey;
use ramson_types::Ed25519PublicKey;
use zeroize::ZeroizeOnDrop;

mod build;
mod reply;

pub use build::{
    Destination, LayerSecrets, MAX_BODY, OnionBuildError, RequestForm, SealedOnion, Server, build,
    build_with,
};
pub use reply::{OnionReply, OnionReplyError};

/// The keys of one request's layers; they open its reply.
pub struct OnionKeys {
    /// Innermost first: the destination's if it is a node, then those of the
    /// hops back to the guard.
    layers: Vec<Layer>,
    /// The destination's if it is a server.
    server: Option<LayerKey>,
}

struct Layer {
    node: Ed25519PublicKey,
    key: LayerKey,
}

// All that is secret is in the layer keys, which wipe themselves.
impl ZeroizeOnDrop for OnionKeys {}

#[cfg(test)]
mod tests;
