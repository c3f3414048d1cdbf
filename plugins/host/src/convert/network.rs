//! The network, as it is for one account.

use std::collections::BTreeMap;

use ramson_protocol::paths::PathsConfig;
use ramson_system::{NetworkStatus, SwarmMember};
use ramson_types::ledger::Hops;
use ramson_types::{AccountId, Ed25519PublicKey};
use ramson_wire::{Hop, Network, Path};

/// How the network is for an account: only its own paths and clock, since
/// those of other accounts tell which ones belong together.
pub(crate) fn network(
    name: &str,
    own: &AccountId,
    status: &NetworkStatus,
    swarm: &[SwarmMember],
) -> Network {
    let addresses: BTreeMap<Ed25519PublicKey, String> = swarm
        .iter()
        .map(|member| {
            (member.node.ed25519, format!("{}:{}", member.node.ip, member.node.https_port))
        })
        .collect();
    let hop =
        |key: &Ed25519PublicKey| Hop { key: key.to_string(), address: addresses.get(key).cloned() };
    let account = status.accounts.iter().find(|account| account.id == *own);
    let paths = account.map(|account| account.paths.paths.as_slice()).unwrap_or_default();
    Network {
        name: name.to_owned(),
        nodes: status.swarm.pool.as_ref().map_or(0, |pool| pool.nodes as u64),
        paths: paths
            .iter()
            .filter(|path| path.ready)
            .map(|path| Path { hops: path.hops.iter().map(hop).collect() })
            .collect(),
        paths_wanted: PathsConfig::default().paths as u64,
        swarm: swarm.iter().map(|member| hop(&member.node.ed25519)).collect(),
        // What is added to the local clock is how far it is behind.
        clock_ahead: account.map_or(0, |account| account.status.clock_offset.saturating_neg()),
        trouble: status.swarm.last_pool_error.clone(),
    }
}

/// A path of which only the keys are known.
pub(crate) fn path(hops: &Hops) -> Path {
    Path { hops: hops.iter().map(|key| Hop { key: key.to_string(), address: None }).collect() }
}
