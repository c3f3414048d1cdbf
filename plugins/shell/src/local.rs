//! Starts a local network in this process.

use std::sync::Arc;

use ramson_codec::network_file::NetworkFile;
use ramson_localnet::{Localnet, LocalnetConfig};
use ramson_messages::{Clock as _, Entropy as _};
use ramson_system::{SystemClock, SystemEntropy};
use rand::Rng as _;

use crate::error::Failure;

/// Starts a local network. `shape` changes the configuration of nine nodes in
/// three swarms.
pub(crate) async fn start(shape: impl FnOnce(&mut LocalnetConfig)) -> Result<Localnet, Failure> {
    let entropy = SystemEntropy::open().map_err(|error| Failure::System {
        reason: format!("the operating system gives no randomness: {error}"),
    })?;
    let mut random = entropy.generator("localnet");
    let mut seed = [0; 32];
    random.fill_bytes(&mut seed);
    let mut config = LocalnetConfig::new(seed);
    shape(&mut config);
    let clock = SystemClock::start();
    Ok(Localnet::start(config, random, Arc::new(move || clock.now())).await?)
}

/// How others find the network. Each has a name of its own, so that a home
/// made for one is not opened on another by mistake.
pub(crate) fn network_file(localnet: &Localnet) -> NetworkFile {
    let mut file = localnet.network_file();
    if let Some(first) = localnet.nodes().first() {
        let key: String = first.ed25519.to_string().chars().take(8).collect();
        file.name = format!("local-{key}");
    }
    file
}
