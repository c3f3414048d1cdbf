//! Nodes without sockets of their own, for simulations: each stands on a host
//! of somebody else's, who listens for it.

use std::net::SocketAddrV4;
use std::sync::Arc;

use ramson_codec::faults_file::FaultsFile;
use ramson_types::ServiceNode;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio_rustls::TlsAcceptor;

use crate::hosts::{self, Hosts};
use crate::layout::Layout;
use crate::members::Members;
use crate::server::Answer;
use crate::{Certificate, Listen, LocalnetError, Mischief, Now, Quirks, seed, server};

/// The service nodes and the seed of a network, as [`Localnet`](crate::Localnet)
/// has them, but served wherever the futures of this run. What nodes say to
/// each other goes past all sockets.
#[derive(Clone)]
pub struct Nodes {
    nodes: Vec<ServiceNode>,
    hosts: Arc<Hosts>,
    tls: TlsAcceptor,
    seed: Answer,
}

impl Nodes {
    /// One node for each address, in swarms of `swarm_size`, with keys derived
    /// from `seed`. Nobody answers yet.
    pub fn new(
        addresses: Vec<SocketAddrV4>,
        swarm_size: usize,
        seed: &[u8; 32],
        certificate: &Certificate,
        mut rng: StdRng,
        now: Now,
    ) -> Result<Self, LocalnetError> {
        let layout = Layout::new(addresses.len(), swarm_size);
        let members = Members::new(seed, layout, addresses.into_iter());
        let nodes = members.service_nodes();
        let hosts = Arc::new(Hosts::new(members, Quirks::default(), &mut rng, now, None));
        let seed = seed::seed(hosts.clone(), StdRng::from_rng(&mut rng));
        let tls = certificate.acceptor().map_err(LocalnetError::certificate)?;
        Ok(Self { nodes, hosts, tls, seed })
    }

    /// All nodes by their numbers.
    pub fn service_nodes(&self) -> &[ServiceNode] {
        &self.nodes
    }

    /// Serves a node until the future is dropped, its connections with it.
    pub async fn serve(&self, index: usize, listener: impl Listen) {
        let answer = hosts::answer(self.hosts.clone(), index);
        server::serve(listener, Some(self.tls.clone()), answer).await;
    }

    /// Serves the seed over plain HTTP, at `/json_rpc`, until the future is
    /// dropped.
    pub async fn serve_seed(&self, listener: impl Listen) {
        server::serve(listener, None, self.seed.clone()).await;
    }

    /// Lets time pass for the nodes, until the future is dropped.
    pub async fn live(&self) {
        crate::tick(self.hosts.clone()).await;
    }

    /// Lets the others see a node, or not: what they ask of one that is not
    /// up is not answered until it is.
    pub fn set_up(&self, index: usize, up: bool) {
        self.hosts.set_up(index, up);
    }

    /// What goes wrong from now on; its times count from now.
    pub fn set_faults(&self, faults: FaultsFile) {
        self.hosts.set_script(Some(faults));
    }

    /// Lets a node misbehave from now on; [`Mischief::default`] mends it.
    pub fn set_mischief(&self, index: usize, mischief: Mischief) {
        self.hosts.set_mischief(index, mischief);
    }
}
