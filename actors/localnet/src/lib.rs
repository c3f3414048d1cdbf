//! The network in a box: service nodes of `ramson-node` over TLS on loopback,
//! and a seed that names them, all in this process.
//!
//! Owns the listeners, the nodes and, when there is a state folder, their
//! files. The rules of storing, swarms and onions are the node's; here bytes
//! move. Nodes talk to each other in the process instead of over OMQ, with the
//! same timeouts. Clients of this process or of others reach them like any
//! network: through the seed's URL ([`Localnet::network_file`]).

mod certificate;
mod error;
mod files;
mod hosts;
mod layout;
mod mischief;
mod outside;
mod seed;
mod server;
mod state;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ramson_codec::network_file::{NetworkFile, ServerUrl};
use ramson_codec::seed_rpc::server::ChainState;
use ramson_node::Network;
use ramson_types::{ServiceNode, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub use error::LocalnetError;
pub use mischief::{Mischief, Pace};
pub use ramson_node::Faults;

use certificate::Certificate;
use files::Access;
use hosts::{Hosts, Members};
use state::State;

/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Is told what a node received and answered over the wire, after TLS: the
/// node's number, the body of the request, the body of the answer.
pub type Tap = Arc<dyn Fn(usize, &[u8], &[u8]) + Send + Sync>;

/// A local network to be.
#[derive(Clone)]
pub struct LocalnetConfig {
    /// What the network file calls it.
    pub name: String,
    /// How many service nodes; at least [`MIN_NODES`].
    pub nodes: usize,
    /// How many in a swarm; nodes that are left over join the first swarms.
    pub swarm_size: usize,
    /// The address of all nodes and the seed; clients must be able to reach it.
    pub bind: Ipv4Addr,
    /// The seed's port, those of the nodes follow; 0 lets the system choose,
    /// or the state folder, if the ports it remembers are free.
    pub base_port: u16,
    /// The folder in which keys and messages outlive the process.
    pub state: Option<PathBuf>,
    /// From which the nodes' keys are derived, unless the state folder has
    /// other ones.
    pub seed: [u8; 32],
    /// For tests: what goes over the wire.
    pub tap: Option<Tap>,
}

/// Three hops and a destination.
pub const MIN_NODES: usize = 4;

impl LocalnetConfig {
    /// Nine nodes in three swarms on 127.0.0.1, without a state folder.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            name: "local".to_owned(),
            nodes: 9,
            swarm_size: 3,
            bind: Ipv4Addr::LOCALHOST,
            base_port: 0,
            state: None,
            seed,
            tap: None,
        }
    }
}

/// How often messages go to the state folder, if there are new ones.
const SAVE_EVERY: Duration = Duration::from_secs(3);

/// How often nodes see to what has expired and what others missed.
const TICK_EVERY: Duration = Duration::from_secs(1);

/// A local network at work. Dropping it ends it at once, without saving what
/// came in since the last time; [`Localnet::stop`] ends it cleanly.
pub struct Localnet {
    name: String,
    seed: SocketAddr,
    nodes: Vec<ServiceNode>,
    hosts: Arc<Hosts>,
    tls: TlsAcceptor,
    listening: Vec<Option<Task>>,
    state: Option<Arc<State>>,
    background: JoinSet<()>,
    /// Keeps other processes out of the state folder.
    _lock: Option<File>,
}

/// A task that ends with its owner.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Localnet {
    /// Starts a local network; all its nodes and its seed answer when this
    /// returns. Its tasks run on the current tokio runtime.
    pub async fn start(
        config: LocalnetConfig,
        mut rng: StdRng,
        now: Now,
    ) -> Result<Self, LocalnetError> {
        if config.nodes < MIN_NODES {
            return Err(LocalnetError::TooFewNodes { nodes: config.nodes });
        }
        if config.bind.is_unspecified() {
            return Err(LocalnetError::NoAddress { bind: config.bind });
        }
        let for_files = config.clone();
        let prepared = tokio::task::spawn_blocking(move || prepare(&for_files)).await;
        let (state, lock, certificate) = prepared.unwrap_or(Err(LocalnetError::Interrupted))?;
        let tls = certificate.acceptor().map_err(LocalnetError::certificate)?;

        let remembered = state.as_ref().map(State::ports).unwrap_or_default();
        let (seed, seed_listener, listeners) = bind(&config, remembered).await?;
        let seed_key = state.as_ref().map_or(config.seed, State::seed);
        let ports = listeners.iter().map(|(address, _)| address.port());
        let members = Members::new(&seed_key, config.swarm_size, config.bind, ports);
        let nodes = members.service_nodes();
        let network = members.network();
        let hosts = Arc::new(Hosts::new(members, &mut rng, now, config.tap.clone()));
        let state = match state {
            Some(mut state) => {
                let ports = listeners.iter().map(|(address, _)| address.port());
                state.remember_ports(std::iter::once(seed.port()).chain(ports))?;
                state.load(&hosts)?;
                Some(Arc::new(state))
            }
            None => None,
        };

        let mut background = JoinSet::new();
        let answer = seed::seed(nodes.clone(), chain(&network), StdRng::from_rng(&mut rng));
        background.spawn(server::serve(seed_listener, None, answer, Arc::new(|| Pace::Whole)));
        background.spawn(tick(hosts.clone()));
        if let Some(state) = &state {
            background.spawn(save(hosts.clone(), state.clone()));
        }
        let mut localnet = Self {
            name: config.name,
            seed,
            nodes,
            hosts,
            tls,
            listening: Vec::new(),
            state,
            background,
            _lock: lock,
        };
        for (index, (_, listener)) in listeners.into_iter().enumerate() {
            let task = localnet.listen(index, listener);
            localnet.listening.push(Some(task));
        }
        Ok(localnet)
    }

    /// Where the list of nodes is told.
    pub fn seed_url(&self) -> String {
        self.seed_server().to_string()
    }

    fn seed_server(&self) -> ServerUrl {
        ServerUrl::http(&self.seed.ip().to_string(), self.seed.port(), "/json_rpc")
    }

    /// All nodes by their numbers, stopped ones too.
    pub fn nodes(&self) -> &[ServiceNode] {
        &self.nodes
    }

    /// How clients find this network.
    pub fn network_file(&self) -> NetworkFile {
        let seeds = vec![self.seed_server()];
        NetworkFile {
            allow_stress: true,
            allow_http: !self.seed.ip().is_loopback(),
            ..NetworkFile::with_seeds(self.name.clone(), seeds)
        }
    }

    /// Writes [`Localnet::network_file`]; whoever sees the file can use it.
    pub fn write_network_file(&self, path: &Path) -> Result<(), LocalnetError> {
        let text = self.network_file().to_toml();
        files::replace(path, text.as_bytes(), Access::Shared)
            .map_err(|error| LocalnetError::file(path, &error))
    }

    /// Lets a node die: its port refuses, and what the others ask of it is
    /// not answered until it is back.
    pub async fn stop_node(&mut self, index: usize) -> Result<(), LocalnetError> {
        let listening = self.listening.get_mut(index).ok_or(LocalnetError::NoSuchNode { index })?;
        self.hosts.set_up(index, false);
        if let Some(mut task) = listening.take() {
            task.0.abort();
            // Until the listener and its connections are gone.
            let _ = (&mut task.0).await;
        }
        Ok(())
    }

    /// Brings a stopped node back on its port, with what it held. The others
    /// hand it what it missed.
    pub async fn start_node(&mut self, index: usize) -> Result<(), LocalnetError> {
        let node = self.nodes.get(index).ok_or(LocalnetError::NoSuchNode { index })?;
        if matches!(self.listening.get(index), Some(Some(_))) {
            return Ok(());
        }
        let (_, listener) = listen(node.ip, node.https_port).await?;
        let task = self.listen(index, listener);
        if let Some(listening) = self.listening.get_mut(index) {
            *listening = Some(task);
        }
        self.hosts.set_up(index, true);
        Ok(())
    }

    /// Lets a node misbehave from now on; [`Mischief::default`] mends it.
    pub fn set_mischief(&self, index: usize, mischief: Mischief) {
        self.hosts.set_mischief(index, mischief);
    }

    /// Ends the network and keeps its messages, if there is a state folder.
    pub async fn stop(mut self) -> Result<(), LocalnetError> {
        self.background.shutdown().await;
        for index in 0..self.listening.len() {
            self.stop_node(index).await?;
        }
        match self.state.take() {
            Some(state) => save_once(&self.hosts, &state).await,
            None => Ok(()),
        }
    }

    fn listen(&self, index: usize, listener: TcpListener) -> Task {
        let answer = hosts::answer(self.hosts.clone(), index);
        let hosts = self.hosts.clone();
        let pacing = Arc::new(move || hosts.pace(index));
        Task(tokio::spawn(server::serve(listener, Some(self.tls.clone()), answer, pacing)))
    }
}

/// The slow part of a start: the state folder, and the certificate's key.
fn prepare(
    config: &LocalnetConfig,
) -> Result<(Option<State>, Option<File>, Certificate), LocalnetError> {
    let Some(folder) = &config.state else {
        let certificate = Certificate::generate().map_err(LocalnetError::certificate)?;
        return Ok((None, None, certificate));
    };
    let (state, lock) = State::open(folder, config)?;
    let certificate = state.certificate()?;
    Ok((Some(state), Some(lock), certificate))
}

fn chain(network: &Network) -> ChainState {
    let mut block_hash = [0; 32];
    // The node's own text of zeros; anything else would be as good.
    let _ = hex::decode_to_slice(&network.block_hash, &mut block_hash);
    ChainState {
        height: network.height,
        block_hash,
        hardfork: network.hard_fork.0,
        snode_revision: network.hard_fork.1,
    }
}

async fn tick(hosts: Arc<Hosts>) {
    loop {
        tokio::time::sleep(TICK_EVERY).await;
        hosts.tick();
    }
}

async fn save(hosts: Arc<Hosts>, state: Arc<State>) {
    loop {
        tokio::time::sleep(SAVE_EVERY).await;
        if let Err(error) = save_once(&hosts, &state).await {
            tracing::error!(%error, "the local network's messages could not be saved");
        }
    }
}

async fn save_once(hosts: &Arc<Hosts>, state: &Arc<State>) -> Result<(), LocalnetError> {
    let (hosts, state) = (hosts.clone(), state.clone());
    let saved = tokio::task::spawn_blocking(move || state.save(&hosts)).await;
    saved.unwrap_or(Err(LocalnetError::Interrupted))
}

type Bound = (SocketAddr, TcpListener);

/// Binds the seed and all nodes, to the ports of the configuration, else to
/// those remembered if all are free, else to any.
async fn bind(
    config: &LocalnetConfig,
    remembered: &[u16],
) -> Result<(SocketAddr, TcpListener, Vec<Bound>), LocalnetError> {
    let count = config.nodes.saturating_add(1);
    let any = vec![0; count];
    let mut bound = match u16::try_from(config.nodes) {
        _ if config.base_port == 0 && remembered.len() == count => {
            match bind_all(config.bind, remembered).await {
                Ok(bound) => bound,
                Err(_) => bind_all(config.bind, &any).await?,
            }
        }
        _ if config.base_port == 0 => bind_all(config.bind, &any).await?,
        Ok(nodes) if config.base_port.checked_add(nodes).is_some() => {
            let last = config.base_port.saturating_add(nodes);
            let ports: Vec<u16> = (config.base_port..=last).collect();
            bind_all(config.bind, &ports).await?
        }
        _ => {
            return Err(LocalnetError::NoPorts {
                base_port: config.base_port,
                nodes: config.nodes,
            });
        }
    };
    let (address, listener) = bound.remove(0);
    Ok((address, listener, bound))
}

async fn bind_all(ip: Ipv4Addr, ports: &[u16]) -> Result<Vec<Bound>, LocalnetError> {
    let mut bound = Vec::with_capacity(ports.len());
    for port in ports {
        bound.push(listen(ip, *port).await?);
    }
    Ok(bound)
}

async fn listen(ip: Ipv4Addr, port: u16) -> Result<Bound, LocalnetError> {
    let failed = |error: std::io::Error| LocalnetError::Bind {
        address: SocketAddr::from((ip, port)),
        reason: error.to_string(),
    };
    let listener = TcpListener::bind((ip, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((address, listener))
}
