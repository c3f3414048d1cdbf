//! The nodes of a local network and what they say to each other.
//!
//! Each node stands behind its own lock, which is never held while anybody
//! waits: lock, take a step, unlock, make the calls it asks for.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use ramson_crypto::blake2b;
use ramson_node::{
    Call, Destination, HttpRequest, HttpResponse, Network, Node, NodeContact, NodeKeys, PeerCall,
    Reply, SnapshotError, Step,
};
use ramson_types::{Ed25519PublicKey, ServiceNode};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::mischief::{Mischief, Pace};
use crate::server::Answer;
use crate::{Now, Tap, layout, outside};

/// Who is in the network, before anybody answers.
pub(crate) struct Members {
    keys: Vec<NodeKeys>,
    contacts: Vec<NodeContact>,
}

impl Members {
    /// One node for each port, with keys derived from the seed.
    pub(crate) fn new(
        seed: &[u8; 32],
        swarm_size: usize,
        ip: Ipv4Addr,
        ports: impl ExactSizeIterator<Item = u16>,
    ) -> Self {
        let swarms = layout::swarms(ports.len(), swarm_size);
        let members = ports.zip(swarms).zip(0_u64..).map(|((https_port, swarm), index)| {
            let node: &[u8] = b"ramson local node";
            let node = [node, seed, &index.to_le_bytes()];
            let keys = NodeKeys::from_seed(&Zeroizing::new(blake2b::hash32(&node)));
            let contact = NodeContact {
                ed25519: keys.ed25519(),
                x25519: keys.x25519(),
                legacy: keys.ed25519().0,
                ip,
                https_port,
                // OMQ and QUIC are not spoken here; real lists always have a port.
                omq_port: https_port,
                swarm,
            };
            (keys, contact)
        });
        let (keys, contacts) = members.unzip();
        Self { keys, contacts }
    }

    pub(crate) fn service_nodes(&self) -> Vec<ServiceNode> {
        self.contacts.iter().map(NodeContact::service_node).collect()
    }

    pub(crate) fn network(&self) -> Network {
        Network::new(self.contacts.iter().copied())
    }
}

/// All nodes at work.
pub(crate) struct Hosts {
    hosts: Vec<Host>,
    by_key: BTreeMap<Ed25519PublicKey, usize>,
    now: Now,
    tap: Option<Tap>,
}

struct Host {
    inner: Mutex<Inner>,
    up: watch::Sender<bool>,
    pace: Mutex<Pace>,
    /// Something was asked of it since it was saved.
    touched: AtomicBool,
    /// Of what was saved last.
    saved: Mutex<Option<[u8; 32]>>,
}

struct Inner {
    node: Node,
    rng: StdRng,
}

impl Host {
    fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hosts {
    pub(crate) fn new(members: Members, rng: &mut StdRng, now: Now, tap: Option<Tap>) -> Self {
        let network = Arc::new(members.network());
        let by_key = members.keys.iter().map(NodeKeys::ed25519).zip(0..).collect();
        let hosts = members.keys.into_iter().map(|keys| Host {
            inner: Mutex::new(Inner {
                node: Node::new(keys, network.clone(), now()),
                rng: StdRng::from_rng(rng),
            }),
            up: watch::Sender::new(true),
            pace: Mutex::default(),
            touched: AtomicBool::new(false),
            saved: Mutex::new(None),
        });
        Self { hosts: hosts.collect(), by_key, now, tap }
    }

    pub(crate) fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Lets the others see a node, or not.
    pub(crate) fn set_up(&self, index: usize, up: bool) {
        if let Some(host) = self.hosts.get(index) {
            host.up.send_replace(up);
        }
    }

    /// Lets a node misbehave, or mends it.
    pub(crate) fn set_mischief(&self, index: usize, mischief: Mischief) {
        if let Some(host) = self.hosts.get(index) {
            host.lock().node.faults = mischief.faults;
            *host.pace.lock().unwrap_or_else(PoisonError::into_inner) = mischief.pace;
        }
    }

    /// How a node's answers come.
    pub(crate) fn pace(&self, index: usize) -> Pace {
        self.hosts.get(index).map_or(Pace::Whole, Host::pace)
    }

    /// Gives a node what it held.
    pub(crate) fn restore(&self, index: usize, bytes: &[u8]) -> Result<(), SnapshotError> {
        match self.hosts.get(index) {
            Some(host) => host.lock().node.import(bytes),
            None => Ok(()),
        }
    }

    /// What a node holds, if that is not what was saved last.
    pub(crate) fn changed(&self, index: usize) -> Option<Vec<u8>> {
        let host = self.hosts.get(index)?;
        if !host.touched.swap(false, Ordering::Relaxed) {
            return None;
        }
        let bytes = host.lock().node.export();
        let hash = blake2b::hash32(&[&bytes]);
        let mut saved = host.saved.lock().unwrap_or_else(PoisonError::into_inner);
        (saved.replace(hash) != Some(hash)).then_some(bytes)
    }

    /// What [`Hosts::changed`] gave could not be saved.
    pub(crate) fn not_saved(&self, index: usize) {
        if let Some(host) = self.hosts.get(index) {
            host.touched.store(true, Ordering::Relaxed);
            *host.saved.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Lets time pass for all nodes that are there.
    pub(crate) fn tick(self: &Arc<Self>) {
        for (index, host) in self.hosts.iter().enumerate().filter(|(_, host)| *host.up.borrow()) {
            let calls = host.lock().node.tick((self.now)());
            if calls.is_empty() {
                continue;
            }
            let hosts = self.clone();
            tokio::spawn(async move {
                // In order: these are writes, and the later one counts.
                for call in calls {
                    let reply = hosts.call(call.clone()).await;
                    if let Some(host) = hosts.hosts.get(index) {
                        host.lock().node.concluded(call, &reply, (hosts.now)());
                    }
                }
            });
        }
    }

    async fn serve(self: Arc<Self>, index: usize, request: HttpRequest) -> HttpResponse {
        let Some(host) = self.hosts.get(index) else {
            return gone();
        };
        let step = {
            let Inner { node, rng } = &mut *host.lock();
            node.serve(&request, (self.now)(), rng)
        };
        let response = self.carry_out(host, step).await;
        if let Some(tap) = &self.tap {
            tap(index, &request.body, &response.body);
        }
        response
    }

    async fn carry_out(self: &Arc<Self>, host: &Host, mut step: Step) -> HttpResponse {
        host.touched.store(true, Ordering::Relaxed);
        loop {
            let (calls, pending) = match step {
                Step::Done(response) => return response,
                Step::Ask { calls, pending } => (calls, pending),
            };
            let replies = join_all(calls.into_iter().map(|call| self.call(call))).await;
            host.touched.store(true, Ordering::Relaxed);
            let Inner { node, rng } = &mut *host.lock();
            step = node.resume(pending, replies, (self.now)(), rng);
        }
    }

    /// Boxed, because an onion relay's call makes further calls.
    fn call(self: &Arc<Self>, call: Call) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        let hosts = self.clone();
        Box::pin(async move {
            let reply = match call.to {
                Destination::Node(to, message) => {
                    timeout(call.timeout, hosts.ask(to, message)).await
                }
                Destination::Server(request) => timeout(call.timeout, outside::post(request)).await,
            };
            reply.unwrap_or(Reply::TimedOut)
        })
    }

    /// Asks a node; one that is not there is waited for, as over OMQ.
    async fn ask(self: Arc<Self>, to: Ed25519PublicKey, message: PeerCall) -> Reply {
        let Some(host) = self.by_key.get(&to).and_then(|index| self.hosts.get(*index)) else {
            return Reply::Failed(format!("no node has the key {to}"));
        };
        if host.up.subscribe().wait_for(|up| *up).await.is_err() {
            return Reply::Failed("the local network ends".to_owned());
        }
        let step = {
            let Inner { node, rng } = &mut *host.lock();
            node.answer(&message, (self.now)(), rng)
        };
        let answer = self.carry_out(host, step).await;
        if host.pace() != Pace::Whole {
            // Its caller waits until its own patience ends.
            std::future::pending::<()>().await;
        }
        Reply::Answer(answer)
    }
}

/// Answers of one node over HTTP. A request that has come is carried out even
/// if its sender goes away, as real nodes do.
pub(crate) fn answer(hosts: Arc<Hosts>, index: usize) -> Answer {
    Arc::new(move |request| {
        let work = tokio::spawn(hosts.clone().serve(index, request));
        Box::pin(async move { work.await.unwrap_or_else(|_| gone()) })
    })
}

fn gone() -> HttpResponse {
    HttpResponse { status: 503, headers: Vec::new(), body: b"shutting down".to_vec() }
}
