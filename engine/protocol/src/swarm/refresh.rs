//! A new node pool from the nodes themselves (02 section 1.4): several are
//! asked, and only what two of them say alike is taken. What becomes of it is
//! [`Bootstrap`](super::Bootstrap)'s to judge.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ramson_codec::storage::{OxendEndpoint, OxendRequest, Request};
use ramson_types::{Ed25519PublicKey, NodePool, ServiceNode, X25519PublicKey};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;
use serde_json::json;

/// So many answers must say the same of a node.
const AGREEING: usize = 2;

/// Asks a service node for all active nodes; the answer is read like a seed's.
pub fn service_nodes_request() -> Request {
    Request::OxendRequest(OxendRequest {
        endpoint: OxendEndpoint::GetServiceNodes,
        params: json!({
            "active_only": true,
            "fields": {
                "public_ip": true, "storage_port": true,
                "pubkey_x25519": true, "pubkey_ed25519": true,
            },
        }),
    })
}

/// Random nodes to ask, at most `count`: where `subnet_diversity` is on in
/// different /24, since neighbours are likely run by one operator.
pub fn pick_askers(
    pool: &NodePool,
    count: usize,
    subnet_diversity: bool,
    rng: &mut impl CryptoRng,
) -> Vec<ServiceNode> {
    let mut subnets = BTreeSet::new();
    let all = pool.iter().copied().sample(rng, pool.len());
    let fits = |node: &ServiceNode| !subnet_diversity || subnets.insert(node.subnet());
    all.into_iter().filter(fits).take(count).collect()
}

/// The nodes that are in at least two answers with the same keys and address.
pub fn agreed(answers: &[NodePool]) -> NodePool {
    type Contact = (Ed25519PublicKey, X25519PublicKey, Ipv4Addr, u16);
    let mut votes: BTreeMap<Contact, (ServiceNode, usize)> = BTreeMap::new();
    for node in answers.iter().flat_map(NodePool::iter) {
        let contact = (node.ed25519, node.x25519, node.ip, node.https_port);
        let (_, count) = votes.entry(contact).or_insert((*node, 0));
        *count = count.saturating_add(1);
    }
    let agreed = votes.into_values().filter(|(_, count)| *count >= AGREEING);
    agreed.map(|(node, _)| node).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn node(n: u8, port: u16) -> ServiceNode {
        ServiceNode {
            ed25519: Ed25519PublicKey([n; 32]),
            x25519: X25519PublicKey([n; 32]),
            ip: Ipv4Addr::new(10, 0, n / 4, n),
            https_port: port,
            swarm: None,
        }
    }

    #[test]
    fn what_one_node_alone_says_counts_for_nothing() {
        let honest: NodePool = (0..9).map(|n| node(n, 1)).collect();
        // It leaves nodes out, invents some, and moves one to its own address.
        let liar: NodePool =
            (4..9).map(|n| node(n, 1)).chain([node(0, 666), node(77, 1)]).collect();
        assert_eq!(agreed(&[honest.clone(), liar.clone(), honest.clone()]), honest);
        let both: NodePool = (4..9).map(|n| node(n, 1)).collect();
        assert_eq!(agreed(&[honest.clone(), liar]), both);
        assert!(agreed(&[honest]).is_empty());
    }

    #[test]
    fn those_asked_are_no_neighbours_where_that_matters() {
        let pool: NodePool = (0..20).map(|n| node(n, 1)).collect();
        for seed in 0..50 {
            let mut rng = StdRng::seed_from_u64(seed);
            let asked = pick_askers(&pool, 5, true, &mut rng);
            let subnets: BTreeSet<_> = asked.iter().map(ServiceNode::subnet).collect();
            assert_eq!((asked.len(), subnets.len()), (5, 5));
            assert_eq!(pick_askers(&pool, 6, true, &mut rng).len(), 5, "there are no more /24");
            assert_eq!(pick_askers(&pool, 6, false, &mut rng).len(), 6);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_agreed_that_fewer_than_two_said(
            answers in prop::collection::vec(prop::collection::vec((0u8..12, 1u16..4), 0..12), 0..5),
        ) {
            let answers: Vec<NodePool> = answers
                .into_iter()
                .map(|nodes| nodes.into_iter().map(|(n, port)| node(n, port)).collect())
                .collect();
            for node in agreed(&answers).iter() {
                let said = answers.iter().filter(|pool| pool.get(&node.ed25519) == Some(node));
                prop_assert!(said.count() >= AGREEING);
            }
        }
    }
}
