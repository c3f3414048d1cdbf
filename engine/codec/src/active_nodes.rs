//! The list of all active nodes in its short form (02 section 4.14): 51 bytes
//! a node.
//!
//! ```text
//! Ed25519 key 32 ‖ swarm u64 BE ‖ IPv4 4 ‖ HTTPS port u16 BE ‖ OMQ and QUIC port u16 BE ‖ version 3
//! ```

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_crypto::ed25519_to_x25519;
use ramson_types::{Ed25519PublicKey, NodePool, ServiceNode, SwarmId};

/// Length of one record.
pub const RECORD: usize = 51;

/// A node as the list describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveNode {
    /// Its identity.
    pub ed25519: Ed25519PublicKey,
    /// Its swarm; [`SwarmId::UNASSIGNED`] if it is in none.
    pub swarm: SwarmId,
    /// Its address; zero, as all that follows, while nobody has heard of it.
    pub ip: Ipv4Addr,
    /// Where its storage server takes HTTPS.
    pub https_port: u16,
    /// Where it takes OMQ (TCP) and QUIC (UDP).
    pub omq_port: u16,
    /// The version of its storage server.
    pub version: [u8; 3],
}

/// Bytes that are not a list of nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActiveNodesError {
    /// Not a whole number of records.
    #[error("a list of active nodes has {RECORD} bytes a node, {length} bytes were given")]
    Length {
        /// How many bytes.
        length: usize,
    },
}

impl ActiveNode {
    /// What a client needs of it; `None` if it cannot be reached, or if its
    /// key is none.
    pub fn to_service_node(&self) -> Option<ServiceNode> {
        if self.ip.is_unspecified() || self.ip.is_broadcast() || self.https_port == 0 {
            return None;
        }
        Some(ServiceNode {
            ed25519: self.ed25519,
            x25519: ed25519_to_x25519(&self.ed25519)?,
            ip: self.ip,
            https_port: self.https_port,
            swarm: (self.swarm != SwarmId::UNASSIGNED).then_some(self.swarm),
        })
    }
}

/// Writes the list.
pub fn encode<'a>(nodes: impl IntoIterator<Item = &'a ActiveNode>) -> Vec<u8> {
    let mut out = Vec::new();
    for node in nodes {
        out.extend_from_slice(node.ed25519.as_bytes());
        out.extend_from_slice(&node.swarm.0.to_be_bytes());
        out.extend_from_slice(&node.ip.octets());
        out.extend_from_slice(&node.https_port.to_be_bytes());
        out.extend_from_slice(&node.omq_port.to_be_bytes());
        out.extend_from_slice(&node.version);
    }
    out
}

/// Reads the list.
pub fn decode(bytes: &[u8]) -> Result<Vec<ActiveNode>, ActiveNodesError> {
    let (records, rest) = bytes.as_chunks::<RECORD>();
    let nodes: Option<Vec<_>> = records.iter().map(|bytes| record(bytes)).collect();
    match nodes {
        Some(nodes) if rest.is_empty() => Ok(nodes),
        _ => Err(ActiveNodesError::Length { length: bytes.len() }),
    }
}

/// Reads the body of an answer: the list itself over HTTP, its base64 in a
/// batch or an onion reply. Base64 is tried first: that of three nodes is as
/// long as four records, while no key is made of letters only.
pub fn decode_body(body: &[u8]) -> Result<Vec<ActiveNode>, ActiveNodesError> {
    match STANDARD.decode(body.trim_ascii()) {
        Ok(bytes) => decode(&bytes),
        Err(_) => decode(body),
    }
}

/// The nodes that can be reached.
pub fn pool(nodes: &[ActiveNode]) -> NodePool {
    nodes.iter().filter_map(ActiveNode::to_service_node).collect()
}

/// `None` cannot happen, the lengths are the record's.
fn record(bytes: &[u8]) -> Option<ActiveNode> {
    let (ed25519, rest) = bytes.split_first_chunk()?;
    let (swarm, rest) = rest.split_first_chunk()?;
    let (ip, rest) = rest.split_first_chunk::<4>()?;
    let (https_port, rest) = rest.split_first_chunk()?;
    let (omq_port, version) = rest.split_first_chunk()?;
    Some(ActiveNode {
        ed25519: Ed25519PublicKey(*ed25519),
        swarm: SwarmId(u64::from_be_bytes(*swarm)),
        ip: Ipv4Addr::from(*ip),
        https_port: u16::from_be_bytes(*https_port),
        omq_port: u16::from_be_bytes(*omq_port),
        version: version.try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ramson_crypto::Ed25519Secret;

    fn node(seed: u8) -> ActiveNode {
        ActiveNode {
            ed25519: Ed25519Secret::from_seed(&[seed; 32]).public(),
            swarm: SwarmId(7),
            ip: Ipv4Addr::new(10, 0, 0, seed),
            https_port: 22021,
            omq_port: 22020,
            version: [2, 11, seed],
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_list_of_nodes_or_of_the_wrong_length(bytes: Vec<u8>) {
            let padded = bytes.iter().copied().cycle().take(3 * RECORD).collect();
            for bytes in [bytes, padded] {
                match decode(&bytes) {
                    Ok(nodes) => {
                        prop_assert_eq!(nodes.len(), bytes.len() / RECORD);
                        prop_assert_eq!(encode(&nodes), bytes);
                    }
                    Err(_) => prop_assert_ne!(bytes.len() % RECORD, 0),
                }
            }
        }

        #[test]
        fn a_body_is_the_list_or_its_base64(seeds: Vec<u8>, body: Vec<u8>) {
            let nodes: Vec<_> = seeds.into_iter().map(node).collect();
            let bytes = encode(&nodes);
            prop_assert_eq!(decode_body(STANDARD.encode(&bytes).as_bytes()), Ok(nodes.clone()));
            prop_assert_eq!(decode_body(&bytes), Ok(nodes));
            let _ = decode_body(&body);
        }
    }

    #[test]
    fn nodes_without_contact_or_key_are_left_out_of_the_pool() {
        let (good, mut free, mut silent, mut bad) = (node(1), node(2), node(3), node(4));
        free.swarm = SwarmId::UNASSIGNED;
        silent.ip = Ipv4Addr::UNSPECIFIED;
        bad.ed25519 = Ed25519PublicKey([0; 32]);
        let closed = ActiveNode { https_port: 0, ..node(5) };
        let pool = pool(&[good, free, silent, bad, closed]);
        assert_eq!(pool.len(), 2);
        let found = pool.get(&good.ed25519).unwrap();
        assert_eq!((found.ip, found.https_port), (good.ip, 22021));
        let x25519 = Ed25519Secret::from_seed(&[1; 32]).to_x25519().public();
        assert_eq!((found.x25519, found.swarm), (x25519, Some(SwarmId(7))));
        assert_eq!(pool.get(&free.ed25519).unwrap().swarm, None);
    }
}
