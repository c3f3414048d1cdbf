//! The network in a box: service nodes of `ramson-node` over TLS on loopback,
//! a seed that names them and a file server, all in this process.
//!
//! Owns the listeners, the nodes and, when there is a state folder, their
//! files. The rules of storing, swarms, onions and files are `ramson-node`'s;
//! here bytes move, and faults are carried out. Nodes talk to each other in the
//! process instead of over OMQ, with the same timeouts. Clients of this process
//! or of others reach them like any network: through the seed's URL
//! ([`Localnet::network_file`]).
//!
//! While it runs, the network can be changed: by the owner of [`Localnet`], and
//! by other processes over its control socket ([`control`]). [`Localnet::status`]
//! tells how it stands, and a page on loopback shows it.

mod activity;
mod certificate;
pub mod control;
mod error;
mod file_host;
mod files;
mod hosts;
mod layout;
mod listen;
mod members;
mod mischief;
mod net;
mod nodes;
mod outside;
mod page;
mod ports;
mod script;
mod seed;
mod server;
mod start;
mod state;
mod status;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ramson_codec::faults_file::FaultsFile;
use ramson_codec::network_file::NetworkFile;
use ramson_codec::ons::Name;
use ramson_types::{AccountId, ServiceNode, Timestamp};
use tokio::task::JoinSet;

pub use certificate::Certificate;
pub use error::LocalnetError;
pub use listen::{Accepted, Accepting, Listen, Stream};
pub use mischief::{Mischief, Pace};
pub use nodes::Nodes;
pub use ramson_node::{Faults, Quirks};
pub use status::{
    FileServerStatus, NameStatus, NodeStatus, RuleStatus, Status, SwarmStatus, Trouble,
};

use control::Control;
use files::Access;
use net::Net;
use start::tick;

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
    /// The seed's port, those of the nodes and of the file server follow; 0
    /// lets the system choose, or the state folder, if the ports it remembers
    /// are free.
    pub base_port: u16,
    /// The folder in which keys, messages, files and what was changed by hand
    /// outlive the process.
    pub state: Option<PathBuf>,
    /// Where the control socket is opened, if anywhere. Only with a state
    /// folder, whose lock keeps two networks from one socket.
    pub control: Option<PathBuf>,
    /// The port of the status page on 127.0.0.1, if there is to be one; 0 lets
    /// the system choose, or the state folder.
    pub page: Option<u16>,
    /// Which of the real server's mistakes the nodes make.
    pub quirks: Quirks,
    /// Names of accounts, beside those of the state folder.
    pub names: BTreeMap<Name, AccountId>,
    /// What goes wrong, from the start.
    pub faults: Option<FaultsFile>,
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
            control: None,
            page: None,
            quirks: Quirks::default(),
            names: BTreeMap::new(),
            faults: None,
            seed,
            tap: None,
        }
    }
}

/// A local network at work. Dropping it ends it at once, without saving what
/// came in since the last time; [`Localnet::stop`] ends it cleanly.
pub struct Localnet {
    net: Arc<Net>,
    background: JoinSet<()>,
    control: Option<Control>,
    /// Keeps other processes out of the state folder.
    lock: Option<File>,
}

impl Localnet {
    /// Where the list of nodes is told.
    pub fn seed_url(&self) -> String {
        self.net.seed_server().to_string()
    }

    /// Where the status page is, if there is one.
    pub fn page_url(&self) -> Option<String> {
        self.net.page.map(|page| format!("http://{page}/"))
    }

    /// All nodes by their numbers, stopped ones too, in the swarms in which
    /// they were at the start.
    pub fn nodes(&self) -> &[ServiceNode] {
        &self.net.nodes
    }

    /// How everything stands.
    pub fn status(&self) -> Status {
        self.net.status()
    }

    /// How clients find this network.
    pub fn network_file(&self) -> NetworkFile {
        self.net.network_file()
    }

    /// Writes [`Localnet::network_file`]; whoever sees the file can use it.
    pub fn write_network_file(&self, path: &Path) -> Result<(), LocalnetError> {
        let text = self.network_file().to_toml();
        files::replace(path, text.as_bytes(), Access::Shared)
            .map_err(|error| LocalnetError::file(path, &error))
    }

    /// Lets a node die: its port refuses, and what the others ask of it is
    /// not answered until it is back. It stays dead over restarts.
    pub async fn stop_node(&mut self, index: usize) -> Result<(), LocalnetError> {
        self.net.stop_node(index).await
    }

    /// Brings a stopped node back on its port, with what it held. The others
    /// hand it what it missed.
    pub async fn start_node(&mut self, index: usize) -> Result<(), LocalnetError> {
        self.net.start_node(index).await
    }

    /// Puts a node into another swarm, counted from 0 in the order in which
    /// they were made, or into none. The seed tells it at once, and messages
    /// move to those who have to hold them now.
    pub async fn move_node(&self, index: usize, swarm: Option<usize>) -> Result<(), LocalnetError> {
        self.net.move_node(index, swarm).await
    }

    /// Makes a swarm of nodes that leave theirs, and gives its number.
    pub async fn new_swarm(&self, nodes: &[usize]) -> Result<usize, LocalnetError> {
        self.net.new_swarm(nodes).await
    }

    /// Registers a name for an account, or takes it out.
    pub async fn register(
        &self,
        name: Name,
        account: Option<AccountId>,
    ) -> Result<(), LocalnetError> {
        self.net.register(name, account).await
    }

    /// What goes wrong from now on, in place of what went wrong before.
    pub async fn set_faults(&self, faults: Option<FaultsFile>) {
        self.net.set_faults(faults).await;
    }

    /// Lets a node misbehave from now on; [`Mischief::default`] mends it.
    pub fn set_mischief(&self, index: usize, mischief: Mischief) {
        self.net.hosts.set_mischief(index, mischief);
    }

    /// Returns when somebody asks over the control socket for the network's
    /// end; that is left to the caller.
    pub async fn stop_asked(&self) {
        // Its sender is in `net`, so it does not end before.
        let mut asked = self.net.stop_asked.subscribe();
        let _asked = asked.wait_for(|asked| *asked).await;
    }

    /// Ends the network and keeps what it holds, if there is a state folder.
    pub async fn stop(mut self) -> Result<(), LocalnetError> {
        self.background.shutdown().await;
        self.net.end_nodes().await;
        let saved = match self.net.state.clone() {
            Some(state) => self.net.save(&state).await,
            None => Ok(()),
        };
        // Whoever waits for the end over the control socket may begin anew.
        drop(self.lock.take());
        drop(self.control.take());
        saved
    }
}
