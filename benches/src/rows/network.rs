//! A local network in a child process, an engine on it, and messages put
//! straight into inboxes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor as _, Addr};
use anyhow::{Context as _, ensure};
use ramson_codec::network_file::NetworkFile;
use ramson_codec::proto::{Content, DataMessage};
use ramson_codec::storage::Request;
use ramson_crypto::{AccountKeys, Seed};
use ramson_messages::transport::{Endpoint, IsolationClass, Post};
use ramson_protocol::inbox;
use ramson_protocol::swarm::PollConfig;
use ramson_system::{Activity, Engine, EngineConfig, Isolation, NetworkConfig};
use ramson_transport_actor::{RealDial, Transport, TransportConfig};
use ramson_types::{AccountId, Namespace, SwarmId, Timestamp, swarm};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::child::{Child, now};
use crate::measure::process_cpu;

/// A text whose Content has about 200 bytes and is padded to 320.
pub(super) fn text() -> String {
    "x".repeat(160)
}

/// A local network in a process of its own.
pub(super) struct Net {
    pub(super) child: Child,
    pub(super) ports: Vec<u16>,
    config: NetworkConfig,
    swarms: Vec<SwarmId>,
    transport: Addr<Transport>,
}

impl Net {
    /// Starts one with swarms of `swarm` members.
    pub(super) fn start(swarm: usize) -> anyhow::Result<Self> {
        let (child, ready) = Child::start(&["localnet", &swarm.to_string()])?;
        let numbers = |name: &str| {
            let list = ready[name].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(|number| number.as_u64()).collect::<Vec<_>>()
        };
        let file = ready["network"].as_str().context("the network has a file")?;
        let ports = numbers("ports").into_iter().map(u16::try_from).collect::<Result<_, _>>()?;
        Ok(Self {
            child,
            ports,
            config: NetworkConfig::of_file(&NetworkFile::parse(file)?),
            swarms: numbers("swarms").into_iter().map(SwarmId).collect(),
            transport: Transport::new(Arc::new(RealDial), TransportConfig::default()).start(),
        })
    }

    /// An engine that polls only when it is told to.
    pub(super) async fn engine(&self, home: &Path) -> anyhow::Result<Engine> {
        let config = EngineConfig::new(home.to_owned(), self.config.clone());
        Ok(Engine::start(EngineConfig { activity: Activity::Sending, ..config }).await?)
    }

    /// An engine for many accounts, which polls as the program does.
    pub(super) async fn shared_engine(&self, home: &Path) -> anyhow::Result<Engine> {
        let config = EngineConfig::new(home.to_owned(), self.config.clone());
        let config = EngineConfig { shards: 2, isolation: Isolation::Shared, ..config };
        Ok(Engine::start(config).await?)
    }

    /// An engine that polls by itself, as often as its schedule goes.
    pub(super) async fn polling_engine(&self, home: &Path) -> anyhow::Result<Engine> {
        let mut network = self.config.clone();
        let always = Duration::from_millis(1);
        network.swarm.poll =
            PollConfig { shortest: always, longest: always, longest_after_failure: always };
        Ok(Engine::start(EngineConfig::new(home.to_owned(), network)).await?)
    }

    /// Stores messages at one member of an account's swarm in one request.
    pub(super) async fn store(&self, to: AccountId, messages: Vec<Vec<u8>>) -> anyhow::Result<()> {
        let swarm = swarm::swarm_of(to.key(), self.swarms.iter().copied());
        let node = self.swarms.iter().position(|one| Some(*one) == swarm);
        let port = node.and_then(|node| self.ports.get(node)).context("the account has a swarm")?;
        let (time, ttl) = (now(), 14 * 86_400_000);
        let stores = messages
            .into_iter()
            .map(|data| Request::store_unsigned(to, Namespace::INBOX, time, ttl, data));
        let post = Post {
            class: IsolationClass::NETWORK,
            to: Endpoint::Node { ip: [127, 0, 0, 1].into(), port: *port },
            path: "/storage_rpc/v1".to_owned(),
            content_type: None,
            body: Request::Batch(stores.collect()).to_bytes(),
            timeout: Duration::from_secs(20),
        };
        let answer = self.transport.send(post).await??;
        ensure!(answer.status == 200, "the node refused to store: {}", answer.status);
        Ok(())
    }
}

/// Somebody who writes to an account without an engine.
pub(super) struct Author {
    keys: AccountKeys,
    rng: StdRng,
    last: Timestamp,
}

impl Author {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        Self { keys: AccountKeys::new(&Seed::generate(&mut rng)), rng, last: now() }
    }

    pub(super) fn id(&self) -> AccountId {
        self.keys.account_id()
    }

    /// So many different messages, sealed.
    pub(super) fn write(&mut self, to: &AccountId, count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut one = || {
            self.last = now().max(self.last.plus(Duration::from_millis(1)));
            let data = DataMessage { body: Some(text()), ..DataMessage::default() };
            let content = Content {
                data_message: Some(data),
                sig_timestamp: Some(self.last.millis()),
                ..Content::default()
            };
            inbox::seal(&self.keys, to, &content.encode(), self.last, &mut self.rng)
        };
        Ok((0..count).map(|_| one()).collect::<Result<_, _>>()?)
    }
}

/// Waits until this process has nothing to do, and gives the CPU it used.
pub(super) async fn quiet() -> Duration {
    let mut before = process_cpu();
    loop {
        tokio::time::sleep(Duration::from_millis(8)).await;
        let after = process_cpu();
        // To wake up and look costs some 10 us itself.
        if after - before < Duration::from_micros(100) {
            return before;
        }
        before = after;
    }
}
