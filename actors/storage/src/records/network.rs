//! What is kept of the network between starts: node pool and guards.

use std::net::Ipv4Addr;

use ramson_types::{Ed25519PublicKey, NodePool, ServiceNode, SwarmId, Timestamp, X25519PublicKey};

use super::{RecordError, bytes32, decode, encode, node, node_bytes, nodes};

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct PoolRecord {
    #[prost(uint64, tag = "1")]
    fetched: u64,
    #[prost(message, repeated, tag = "2")]
    nodes: Vec<NodeRecord>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct NodeRecord {
    #[prost(bytes = "vec", tag = "1")]
    ed25519: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    x25519: Vec<u8>,
    #[prost(fixed32, tag = "3")]
    ip: u32,
    #[prost(uint32, tag = "4")]
    https_port: u32,
    #[prost(fixed64, optional, tag = "5")]
    swarm: Option<u64>,
}

pub(crate) fn node_pool(pool: &NodePool, at: Timestamp) -> Vec<u8> {
    let nodes = pool.iter().map(|node| NodeRecord {
        ed25519: node.ed25519.0.to_vec(),
        x25519: node.x25519.0.to_vec(),
        ip: node.ip.to_bits(),
        https_port: node.https_port.into(),
        swarm: node.swarm.map(|swarm| swarm.0),
    });
    encode(&PoolRecord { fetched: at.0, nodes: nodes.collect() })
}

pub(crate) fn parse_node_pool(bytes: &[u8]) -> Result<(NodePool, Timestamp), RecordError> {
    let record: PoolRecord = decode(bytes)?;
    let pool = record.nodes.iter().map(|record| {
        Ok(ServiceNode {
            ed25519: node(&record.ed25519, "ed25519")?,
            x25519: X25519PublicKey(bytes32(&record.x25519, "x25519")?),
            ip: Ipv4Addr::from_bits(record.ip),
            https_port: record
                .https_port
                .try_into()
                .map_err(|_| RecordError::Field("https_port"))?,
            swarm: record.swarm.map(SwarmId),
        })
    });
    Ok((pool.collect::<Result<_, _>>()?, Timestamp(record.fetched)))
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct GuardsRecord {
    #[prost(bytes = "vec", repeated, tag = "1")]
    guards: Vec<Vec<u8>>,
}

pub(crate) fn guards(guards: &[Ed25519PublicKey]) -> Vec<u8> {
    encode(&GuardsRecord { guards: node_bytes(guards) })
}

pub(crate) fn parse_guards(bytes: &[u8]) -> Result<Vec<Ed25519PublicKey>, RecordError> {
    let record: GuardsRecord = decode(bytes)?;
    nodes(&record.guards, "guards")
}
