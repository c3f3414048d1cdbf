//! What the engine needs to know of its network.

use std::time::Duration;

use ramson_codec::network_file::{NetworkFile, SeedProof, ServerUrl};
use ramson_messages::transport::{Endpoint, Pin, Security};
use ramson_protocol::paths::PathsConfig;
use ramson_protocol::swarm::PollConfig;
use ramson_swarm_actor::{SeedAddress, SwarmConfig};

/// How often accounts are polled on a network of this machine.
const LOCAL_POLL: PollConfig = PollConfig {
    shortest: Duration::from_millis(250),
    longest: Duration::from_secs(2),
    longest_after_failure: Duration::from_secs(5),
};

/// A network, as the engine uses it.
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// What a home is bound to.
    pub name: String,
    /// Seeds, node pool and polling.
    pub swarm: SwarmConfig,
    /// How paths are made.
    pub paths: PathsConfig,
}

impl NetworkConfig {
    /// The network that a file describes.
    pub fn of_file(file: &NetworkFile) -> Self {
        let seeds = file.seeds.iter().map(|url| seed_address(file, url)).collect();
        // On this machine nobody is burdened, and a test need not wait.
        let local = file.seeds.iter().all(ServerUrl::is_loopback);
        let poll = if local { LOCAL_POLL } else { PollConfig::default() };
        Self {
            name: file.name.clone(),
            swarm: SwarmConfig { seeds, min_pool: file.min_pool, poll },
            paths: PathsConfig {
                subnet_diversity: file.subnet_diversity,
                ..PathsConfig::default()
            },
        }
    }
}

fn seed_address(file: &NetworkFile, url: &ServerUrl) -> SeedAddress {
    let security = match file.proof_of(url) {
        SeedProof::Plain => Security::Plain,
        SeedProof::AnyCertificate => Security::AnyCertificate,
        SeedProof::Ordinary => Security::WebPki,
        SeedProof::Pinned(pins) => Security::Pinned(
            pins.into_iter()
                .map(|pin| Pin {
                    spki_sha256: pin.spki_sha256,
                    certificate_sha256: pin.certificate_sha256,
                })
                .collect(),
        ),
    };
    SeedAddress {
        url: url.to_string(),
        endpoint: Endpoint::Server { host: url.host.clone(), port: url.port, security },
        path: url.path.clone(),
    }
}
