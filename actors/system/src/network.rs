//! What the engine needs to know of its network.

use std::net::IpAddr;
use std::time::Duration;

use ramson_codec::network_file::{NetworkFile, SeedProof, ServerUrl};
use ramson_messages::transport::{Endpoint, Pin, Security};
use ramson_protocol::paths::PathsConfig;
use ramson_protocol::swarm::{BudgetConfig, PollConfig};
use ramson_swarm_actor::{SeedAddress, SwarmConfig};

/// How often accounts are polled on a network of this machine.
const LOCAL_POLL: PollConfig = PollConfig {
    shortest: Duration::from_millis(250),
    longest: Duration::from_secs(2),
    longest_after_failure: Duration::from_secs(5),
};

/// What a network is asked for per second where its file does not say. A busy
/// official client with a dozen groups asks ten times a second; one person's
/// engine need not ask for more. It polls some twenty accounts at their pace
/// and sends two hundred messages a second to one recipient, since up to twenty
/// go in one request.
const SAFE_RATE: u32 = 10;

/// The same where all seeds have private addresses: one's own network, or a
/// laboratory's.
const PRIVATE_RATE: u32 = 200;

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
            swarm: SwarmConfig {
                seeds,
                min_pool: file.min_pool,
                refresh: true,
                subnet_diversity: file.subnet_diversity,
                poll,
                budget: budget(file),
            },
            paths: PathsConfig {
                subnet_diversity: file.subnet_diversity,
                ..PathsConfig::default()
            },
        }
    }
}

impl NetworkConfig {
    /// Whether it is a network of this machine: all its seeds are.
    pub fn is_local(&self) -> bool {
        let local = |seed: &SeedAddress| match &seed.endpoint {
            Endpoint::Node { ip, .. } => ip.is_loopback(),
            Endpoint::Server { host, .. } => match host.parse::<IpAddr>() {
                Ok(ip) => ip.is_loopback(),
                Err(_) => host.eq_ignore_ascii_case("localhost"),
            },
        };
        !self.swarm.seeds.is_empty() && self.swarm.seeds.iter().all(local)
    }
}

fn budget(file: &NetworkFile) -> BudgetConfig {
    let all = |is: fn(&ServerUrl) -> bool| file.seeds.iter().all(is);
    let per_second = match file.max_requests_per_second {
        0 if all(ServerUrl::is_loopback) => None,
        0 if all(|seed| seed.is_loopback() || is_private(seed)) => Some(PRIVATE_RATE),
        0 => Some(SAFE_RATE),
        limit => Some(limit),
    };
    BudgetConfig { per_second }
}

/// An address that the internet does not reach. A name may lead anywhere.
fn is_private(seed: &ServerUrl) -> bool {
    match seed.host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_follows_from_where_the_seeds_are_unless_the_file_says() {
        let rate = |seeds: &[&str], limit| {
            let seeds = seeds.iter().map(|url| url.parse().expect("a URL")).collect();
            let mut file = NetworkFile::with_seeds("a network", seeds);
            file.max_requests_per_second = limit;
            NetworkConfig::of_file(&file).swarm.budget.per_second
        };
        assert_eq!(rate(&["http://127.0.0.1:1", "http://localhost:2"], 0), None);
        assert_eq!(rate(&["http://127.0.0.1:1"], 7), Some(7));
        assert_eq!(rate(&["http://172.17.0.2:1", "http://127.0.0.1:1"], 0), Some(PRIVATE_RATE));
        assert_eq!(rate(&["http://172.17.0.2:1", "https://seed.example.org"], 0), Some(SAFE_RATE));
        assert_eq!(rate(&["https://seed.example.org"], 50), Some(50));
        let mainnet = NetworkConfig::of_file(&NetworkFile::mainnet());
        assert_eq!(mainnet.swarm.budget.per_second, Some(SAFE_RATE));
    }
}
