//! The town's network: service nodes and a seed that stand in this process,
//! joined to engines by pipes in memory. No socket is opened.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ramson_codec::faults_file::FaultsFile;
use ramson_codec::network_file::{NetworkFile, ServerUrl};
use ramson_localnet::{Accepting, Certificate, Listen, Nodes, Stream};
use ramson_messages::transport::IsolationClass;
use ramson_system::{Clock as _, NetworkConfig};
use ramson_transport_actor::{Address, BoxedStream, Dial, Dialing, Host};
use tokio::io::{DuplexStream, duplex};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::machine::{TownClock, bytes, generator};

/// How many service nodes a town has, in swarms of three.
pub(crate) const NODES: usize = 9;

const SWARM: usize = 3;
const SEED_PORT: u16 = 22_020;
const NODE_PORT: u16 = 22_021;

/// How rarely an account is polled in a long silence. The pause grows by a
/// tenth each time, so that only who was silent for ten minutes notices; and
/// hours without a word cost little.
const LONGEST_POLL: Duration = Duration::from_secs(60);

/// Connections that wait to be accepted by one node; more are refused.
const WAITING: usize = 512;

/// What a pipe takes before it is read.
const PIPE: usize = 64 * 1024;

/// Where connections come in, by port.
type Doors = Arc<Mutex<BTreeMap<u16, mpsc::Sender<DuplexStream>>>>;

fn open(doors: &Doors) -> MutexGuard<'_, BTreeMap<u16, mpsc::Sender<DuplexStream>>> {
    doors.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Dials what listens in this town.
struct Pipes(Doors);

impl Dial for Pipes {
    fn dial(&self, to: &Address, _: IsolationClass) -> Dialing {
        let door = match to.host {
            Host::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST)) => open(&self.0).get(&to.port).cloned(),
            _ => None,
        };
        let (ours, theirs) = duplex(PIPE);
        let opened = door.is_some_and(|door| door.try_send(theirs).is_ok());
        let refused = || Err(io::ErrorKind::ConnectionRefused.into());
        let dialled = if opened { Ok(Box::new(ours) as BoxedStream) } else { refused() };
        Box::pin(std::future::ready(dialled))
    }
}

/// Listens at one door.
struct Door(mpsc::Receiver<DuplexStream>);

impl Door {
    fn at(doors: &Doors, port: u16) -> Self {
        let (door, waiting) = mpsc::channel(WAITING);
        open(doors).insert(port, door);
        Self(waiting)
    }
}

impl Listen for Door {
    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async move {
            match self.0.recv().await {
                Some(stream) => {
                    Ok((Box::new(stream) as Box<dyn Stream>, IpAddr::V4(Ipv4Addr::LOCALHOST)))
                }
                // It was closed: the node is about to go.
                None => std::future::pending().await,
            }
        })
    }
}

/// All nodes and the seed.
pub(crate) struct Net {
    runtime: Handle,
    doors: Doors,
    nodes: Nodes,
    /// Those that are up.
    serving: BTreeMap<usize, AbortHandle>,
}

impl Net {
    /// Nodes that all work.
    #[allow(clippy::expect_used, reason = "a test without a network is none")]
    pub(crate) fn new(seed: u64, runtime: &Handle, clock: &TownClock) -> Self {
        let addresses =
            (0..NODES).map(|node| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port(node))).collect();
        let (rng, clock) = (generator(seed, "nodes"), clock.clone());
        let now = Arc::new(move || clock.now());
        let keys = bytes(seed, "keys of nodes");
        let nodes = Nodes::new(addresses, SWARM, &keys, certificate(), rng, now);
        let nodes = nodes.expect("the certificate is good enough for all nodes");
        let (doors, serving) = (Doors::default(), BTreeMap::new());
        let mut net = Self { runtime: runtime.clone(), doors, nodes, serving };
        let (at_seed, in_time) = (net.nodes.clone(), net.nodes.clone());
        let door = Door::at(&net.doors, SEED_PORT);
        runtime.spawn(async move { at_seed.serve_seed(door).await });
        runtime.spawn(async move { in_time.live().await });
        (0..NODES).for_each(|node| net.set_up(node, true));
        net
    }

    /// What engines dial with.
    pub(crate) fn dial(&self) -> Arc<dyn Dial> {
        Arc::new(Pipes(self.doors.clone()))
    }

    /// How engines find the nodes.
    #[allow(clippy::expect_used, reason = "it is always the same text")]
    pub(crate) fn config() -> NetworkConfig {
        let url = format!("http://127.0.0.1:{SEED_PORT}/json_rpc");
        let seed: ServerUrl = url.parse().expect("the seed has a URL");
        let file = NetworkFile { allow_http: true, ..NetworkFile::with_seeds("town", vec![seed]) };
        let mut config = NetworkConfig::of_file(&file);
        config.swarm.poll.longest = LONGEST_POLL;
        config
    }

    /// Lets a node die, its connections with it, or brings it back with what
    /// it held.
    pub(crate) fn set_up(&mut self, node: usize, up: bool) {
        if up == self.serving.contains_key(&node) || node >= NODES {
            return;
        }
        if up {
            let (nodes, door) = (self.nodes.clone(), Door::at(&self.doors, port(node)));
            let serving = self.runtime.spawn(async move { nodes.serve(node, door).await });
            self.serving.insert(node, serving.abort_handle());
        } else {
            open(&self.doors).remove(&port(node));
            if let Some(serving) = self.serving.remove(&node) {
                serving.abort();
            }
        }
        self.nodes.set_up(node, up);
    }

    /// What goes wrong from now on.
    pub(crate) fn set_faults(&self, faults: FaultsFile) {
        self.nodes.set_faults(faults);
    }
}

fn port(node: usize) -> u16 {
    NODE_PORT.saturating_add(u16::try_from(node).unwrap_or(u16::MAX))
}

/// The certificate of all nodes: making one takes long, and nothing depends on
/// which key it has.
#[allow(clippy::expect_used, reason = "a test without a network is none")]
fn certificate() -> &'static Certificate {
    static MADE: OnceLock<Certificate> = OnceLock::new();
    MADE.get_or_init(|| Certificate::generate().expect("a certificate can be made"))
}
