//! Keys, nodes and times that are the same in every run, so that an input is
//! all that a finding needs.

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use ramson_crypto::{AccountKeys, Ed25519Secret, Seed, X25519Secret};
use ramson_node::{NodeContact, NodeKeys};
use ramson_types::{ServiceNode, SwarmId, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// The time of every run.
pub(crate) const NOW: Timestamp = Timestamp(1_764_000_000_000);

/// The account that everything is for: the recipient of the vectors.
pub(crate) static ME: LazyLock<AccountKeys> = LazyLock::new(|| AccountKeys::new(&my_seed()));

/// The account that everything is from.
pub(crate) static PEER: LazyLock<AccountKeys> =
    LazyLock::new(|| AccountKeys::new(&Seed::from_entropy16([7; 16])));

/// Nodes 1 to 4.
pub(crate) static NODES: LazyLock<[ServiceNode; 4]> =
    LazyLock::new(|| [1, 2, 3, 4].map(|n| contact(n, SwarmId::UNASSIGNED).service_node()));

pub(crate) fn my_seed() -> Seed {
    let mut entropy = [0; 16];
    for (byte, number) in entropy.iter_mut().zip(0_u8..) {
        *byte = number.wrapping_mul(0x11);
    }
    Seed::from_entropy16(entropy)
}

pub(crate) fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

pub(crate) fn node_keys(n: u8) -> NodeKeys {
    NodeKeys::new(node_secret(n), X25519Secret::from_bytes(&[n; 32]))
}

pub(crate) fn node_secret(n: u8) -> Ed25519Secret {
    Ed25519Secret::from_seed(&[n; 32])
}

pub(crate) fn contact(n: u8, swarm: SwarmId) -> NodeContact {
    let keys = node_keys(n);
    NodeContact {
        ed25519: keys.ed25519(),
        x25519: keys.x25519(),
        legacy: keys.ed25519().0,
        ip: Ipv4Addr::new(127, 0, 0, n),
        https_port: 22_000,
        omq_port: 22_001,
        swarm,
    }
}
