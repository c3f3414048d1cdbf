//! Service nodes and the pool of all that are known.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::{Ed25519PublicKey, SwarmId, X25519PublicKey};

/// What a client knows of a service node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceNode {
    /// Its identity.
    pub ed25519: Ed25519PublicKey,
    /// To which its onion layers are sealed.
    pub x25519: X25519PublicKey,
    /// Its address.
    pub ip: Ipv4Addr,
    /// The port of its storage server's HTTPS.
    pub https_port: u16,
    /// Its swarm, where the list that named the node told it.
    pub swarm: Option<SwarmId>,
}

impl ServiceNode {
    /// The first three octets of its address: nodes that share them are
    /// likely run by one operator.
    pub const fn subnet(&self) -> [u8; 3] {
        let [a, b, c, _] = self.ip.octets();
        [a, b, c]
    }
}

/// All service nodes a client knows, by their Ed25519 keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodePool {
    nodes: BTreeMap<Ed25519PublicKey, ServiceNode>,
}

impl NodePool {
    /// How many nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node with that key.
    pub fn get(&self, key: &Ed25519PublicKey) -> Option<&ServiceNode> {
        self.nodes.get(key)
    }

    /// All nodes in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &ServiceNode> {
        self.nodes.values()
    }

    /// Takes a node out.
    pub fn remove(&mut self, key: &Ed25519PublicKey) -> Option<ServiceNode> {
        self.nodes.remove(key)
    }
}

impl FromIterator<ServiceNode> for NodePool {
    fn from_iter<I: IntoIterator<Item = ServiceNode>>(nodes: I) -> Self {
        Self { nodes: nodes.into_iter().map(|node| (node.ed25519, node)).collect() }
    }
}
