//! Words of the Session network: ids, public keys, times, namespaces, service
//! nodes, and the conversation model. Nothing here computes with a secret,
//! opens a socket or reads a clock.
#![warn(clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

mod account_id;
pub mod conversation;
pub mod ledger;
pub mod message;
mod message_hash;
mod namespace;
mod public_key;
mod service_node;
pub mod swarm;
mod time;

pub use account_id::{AccountId, AccountIdError, Prefix};
pub use conversation::ConversationId;
pub use message::MessageId;
pub use message_hash::{MessageHash, MessageHashError};
pub use namespace::Namespace;
pub use public_key::{Ed25519PublicKey, PublicKeyError, X25519PublicKey};
pub use service_node::{NodePool, ServiceNode};
pub use swarm::SwarmId;
pub use time::Timestamp;
