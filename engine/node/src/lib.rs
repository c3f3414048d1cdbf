//! What a service node is: storage rules, swarm rules, onion peeling, its HTTP
//! surface. Bytes in, bytes out: no socket, no clock, no randomness of its own.
//!
//! A driver moves bytes and does what a [`Step`] asks for:
//!
//! ```text
//! let mut step = node.serve(&request, now, rng);
//! let response = loop {
//!     match step {
//!         Step::Done(response) => break response,
//!         Step::Ask { calls, pending } => {
//!             // Make all calls at once, wait for each at most `call.timeout`,
//!             // and keep the replies in the order of the calls.
//!             let replies = …;
//!             step = node.resume(pending, replies, now, rng);
//!         }
//!     }
//! };
//! ```
//!
//! - A call to another node goes to that node's [`Node::answer`], which returns
//!   a step as well (an onion relay asks the next hop before it answers); its
//!   answer comes back as [`Reply::Answer`]. A peer that is gone, hangs or
//!   refuses the connection is a [`Reply`] like any other.
//! - [`Node::admit`] looks at the head of a request before its body is read.
//! - [`Node::tick`], about once a second, and [`Node::set_network`] return
//!   calls too; how each went is told to [`Node::concluded`].
//! - No node waits for another while it works, so each may stand behind its
//!   own lock: lock, take a step, unlock, make the calls.
//!
//! [`FileServer`] is a machine of the same kind beside the nodes.
//!
//! [`Nodes`] is a driver without sockets: a set of nodes that call each other
//! directly. Only requests to servers outside are left to its user.
//!
//! Not here: sockets and TLS (the local network's actor), the storage RPC's
//! shapes and signed texts (`ramson_codec::storage`), OMQ and QUIC. What one
//! node says to another is handed over in the process, but as the bytes of
//! `ramson_codec::node_to_node`, so that it hears no more than a real one.
#![warn(clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

mod auth;
mod batch;
mod change;
mod database;
mod faults;
mod file_server;
mod http;
mod member;
mod missed;
mod names;
mod network;
mod nodes;
mod onion;
mod quirks;
mod rate_limit;
mod retrieve;
mod rpc;
mod snapshot;
mod step;
mod store;
mod swarm_change;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use ramson_codec::storage::Auth;
use ramson_crypto::{Ed25519Secret, X25519Secret};
use ramson_types::{AccountId, Ed25519PublicKey, SwarmId, Timestamp, X25519PublicKey};

pub use database::StoredMessage;
pub use faults::{Faults, OVERSIZED};
pub use file_server::{FileIds, FileServer, FileServerConfig, FileServerKey};
pub use http::{HttpRequest, HttpResponse, MAX_BODY};
pub use network::{NEW_VERSION, Network, NodeContact, VERSION};
pub use nodes::{Nodes, NodesStep, WaitingPath};
pub use quirks::Quirks;
pub use snapshot::SnapshotError;
pub use step::{Call, Destination, PeerCall, Pending, Reply, ServerRequest, Step};

use database::Database;
use missed::Missed;
use rate_limit::RateLimit;

/// How often expired messages are deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// The secret keys of a node.
pub struct NodeKeys {
    ed25519: Ed25519Secret,
    x25519: X25519Secret,
}

impl NodeKeys {
    /// Keys that belong together only by the node's word; see
    /// [`NodeKeys::from_seed`].
    pub const fn new(ed25519: Ed25519Secret, x25519: X25519Secret) -> Self {
        Self { ed25519, x25519 }
    }

    /// An Ed25519 key and the X25519 key that it converts to, as all nodes of
    /// today have them.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let ed25519 = Ed25519Secret::from_seed(seed);
        let x25519 = ed25519.to_x25519();
        Self { ed25519, x25519 }
    }

    /// Its identity.
    pub const fn ed25519(&self) -> Ed25519PublicKey {
        self.ed25519.public()
    }

    /// To which its onion layers are sealed.
    pub const fn x25519(&self) -> X25519PublicKey {
        self.x25519.public()
    }
}

/// One service node.
pub struct Node {
    keys: NodeKeys,
    network: Arc<Network>,
    database: Database,
    missed: Missed,
    rate_limit: RateLimit,
    quirks: Quirks,
    /// What is wrong with it.
    pub faults: Faults,
    misdirections: u64,
    next_sweep: Timestamp,
    /// The latest time that it was told.
    seen: Timestamp,
}

impl Node {
    /// A node without messages and [`Quirks`]. It answers once its key is in a
    /// swarm of the network.
    pub fn new(keys: NodeKeys, network: Arc<Network>, now: Timestamp) -> Self {
        Self {
            keys,
            network,
            database: Database::default(),
            missed: Missed::default(),
            rate_limit: RateLimit::default(),
            quirks: Quirks::default(),
            faults: Faults::default(),
            misdirections: 0,
            next_sweep: now.plus(SWEEP_EVERY),
            seen: now,
        }
    }

    /// Its identity.
    pub const fn key(&self) -> Ed25519PublicKey {
        self.keys.ed25519()
    }

    /// Which mistakes it makes.
    pub const fn quirks(&self) -> &Quirks {
        &self.quirks
    }

    /// Lets it make other mistakes, or none.
    pub const fn set_quirks(&mut self, quirks: Quirks) {
        self.quirks = quirks;
        self.database.revocations_need_messages = quirks.revocations_need_messages;
    }

    /// Sets how many bytes of data it holds at most, 3.5 GB if it is not
    /// called. What it holds already stays.
    pub const fn set_capacity(&mut self, bytes: u64) {
        self.database.capacity = bytes;
    }

    /// The version of the storage server that it is.
    pub(crate) const fn version(&self) -> [u16; 3] {
        if self.quirks.is_old { VERSION } else { NEW_VERSION }
    }

    /// What the network says of it.
    pub fn contact(&self) -> Option<&NodeContact> {
        self.network.node(&self.key())
    }

    /// The network as it sees it.
    pub const fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// How many messages it holds.
    pub fn message_count(&self) -> usize {
        self.database.len()
    }

    /// How often it said 421 since it was made, in batches and onions too,
    /// where nobody else sees it.
    pub const fn misdirections(&self) -> u64 {
        self.misdirections
    }

    /// Lets time pass: deletes what has expired, at most every ten seconds,
    /// and returns what others have to be told again.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Call> {
        self.seen = now;
        if now >= self.next_sweep {
            self.database.sweep(now);
            self.rate_limit.forget_full(now);
            self.next_sweep = now.plus(SWEEP_EVERY);
        }
        self.missed.due(now)
    }

    /// Learns how a call of [`Node::tick`] or [`Node::set_network`] went; what
    /// nobody heard is tried again later. After an answer [`Node::tick`] may
    /// have more for the same node at once.
    pub fn concluded(&mut self, call: Call, reply: &Reply, now: Timestamp) {
        if let Destination::Node(to, message) = call.to {
            self.missed.concluded(to, &message, matches!(reply, Reply::Answer(_)), now);
        }
    }

    /// Puts messages into the node as if its peers had pushed them.
    pub fn push(&mut self, messages: &[StoredMessage], now: Timestamp) {
        self.take_over(messages, now);
    }

    fn swarm(&self) -> SwarmId {
        self.contact().map_or(SwarmId::UNASSIGNED, |contact| contact.swarm)
    }

    fn is_ready(&self) -> bool {
        self.swarm() != SwarmId::UNASSIGNED && !self.faults.not_ready
    }

    /// Whether `auth` gives `rights` over the account's messages.
    fn authorizes(&self, account: &AccountId, auth: &Auth, text: &[u8], rights: u8) -> bool {
        let revoked = |token: &[u8; 36]| self.database.is_revoked(account, token);
        auth::verifies(account, auth, text, rights, revoked)
    }
}

/// Padded base64, as nodes write it.
fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
