//! Who is in the network, before anybody answers.

use std::net::SocketAddrV4;

use ramson_crypto::blake2b;
use ramson_node::{Network, NodeContact, NodeKeys};
use ramson_types::{ServiceNode, SwarmId};
use zeroize::Zeroizing;

use crate::layout::Layout;

/// Keys and addresses of all nodes, and who is in which swarm.
pub(crate) struct Members {
    pub(crate) keys: Vec<NodeKeys>,
    pub(crate) contacts: Vec<NodeContact>,
    pub(crate) layout: Layout,
}

impl Members {
    /// One node for each address, with keys derived from the seed. The layout
    /// has to be of as many nodes.
    pub(crate) fn new(
        seed: &[u8; 32],
        layout: Layout,
        addresses: impl ExactSizeIterator<Item = SocketAddrV4>,
    ) -> Self {
        let members = addresses.zip(layout.ids()).zip(0_u64..).map(|((address, swarm), index)| {
            let node: &[u8] = b"ramson local node";
            let node = [node, seed, &index.to_le_bytes()];
            let keys = NodeKeys::from_seed(&Zeroizing::new(blake2b::hash32(&node)));
            let contact = NodeContact {
                ed25519: keys.ed25519(),
                x25519: keys.x25519(),
                legacy: keys.ed25519().0,
                ip: *address.ip(),
                https_port: address.port(),
                // OMQ and QUIC are not spoken here; real lists always have a port.
                omq_port: address.port(),
                swarm,
            };
            (keys, contact)
        });
        let (keys, contacts) = members.unzip();
        Self { keys, contacts, layout }
    }

    pub(crate) fn service_nodes(&self) -> Vec<ServiceNode> {
        self.contacts.iter().map(NodeContact::service_node).collect()
    }
}

/// `before` with the nodes in the swarms of a layout. The chain has gone on by
/// a block for each change, so that nobody takes the list for the old one.
pub(crate) fn arranged(before: &Network, contacts: &[NodeContact], layout: &Layout) -> Network {
    let contacts = contacts.iter().zip(layout.ids());
    let contacts =
        contacts.map(|(contact, swarm): (&NodeContact, SwarmId)| NodeContact { swarm, ..*contact });
    let first = Network::default();
    let mut network = before.with_nodes(contacts);
    network.height = first.height.saturating_add(layout.changes());
    network.block_hash = match layout.changes() {
        0 => first.block_hash,
        changes => hex::encode(blake2b::hash32(&[b"ramson local block", &changes.to_le_bytes()])),
    };
    network
}
