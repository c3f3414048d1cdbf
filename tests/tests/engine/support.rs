//! A local network and engines on it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ramson_localnet::{Localnet, LocalnetConfig};
use ramson_system::{AccountEvent, Engine, EngineConfig, Event, NetworkConfig};
use ramson_types::Timestamp;
use ramson_types::message::{Message, MessageKind};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::broadcast;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(110);

#[allow(clippy::disallowed_methods)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(u64::try_from(since.as_millis()).unwrap())
}

pub(crate) async fn localnet(config: LocalnetConfig) -> Localnet {
    let rng = StdRng::from_seed(config.seed);
    Localnet::start(config, rng, Arc::new(now)).await.expect("the local network starts")
}

pub(crate) async fn engine(home: &Path, net: &Localnet) -> Engine {
    let network = NetworkConfig::of_file(&net.network_file());
    Engine::start(EngineConfig::new(home.to_owned(), network)).await.expect("the engine starts")
}

/// Waits for the first event that `pick` takes.
pub(crate) async fn wait_for<T>(
    events: &mut broadcast::Receiver<Event>,
    mut pick: impl FnMut(&Event) -> Option<T>,
) -> T {
    let found = async {
        loop {
            let event = events.recv().await.expect("the engine runs and this test keeps up");
            if let Some(found) = pick(&event) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it happens in time")
}

/// Waits for the next message that came in and that somebody wrote; notices
/// are passed over.
pub(crate) async fn next_message(events: &mut broadcast::Receiver<Event>) -> Message {
    wait_for(events, |event| match event {
        Event::Account { event: AccountEvent::MessageReceived(message), .. }
            if message.kind == MessageKind::Visible =>
        {
            Some(message.clone())
        }
        _ => None,
    })
    .await
}

/// Waits until the swarm has stored a message.
pub(crate) async fn stored(events: &mut broadcast::Receiver<Event>, sent: &Message) -> usize {
    wait_for(events, |event| match event {
        Event::Account { event: AccountEvent::MessageStored { id, nodes, .. }, .. }
            if *id == sent.id =>
        {
            Some(nodes.len())
        }
        _ => None,
    })
    .await
}
