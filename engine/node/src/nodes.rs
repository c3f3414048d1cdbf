//! Nodes that call each other directly: a network without sockets, for a local
//! network in one process, for tests and for simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ramson_types::{Ed25519PublicKey, Timestamp};
use rand_core::CryptoRng;

use crate::network::Network;
use crate::step::{Call, Destination, Pending, Reply, ServerRequest, Step};
use crate::{HttpRequest, HttpResponse, Node};

/// What a request to one of the nodes led to.
#[derive(Debug)]
pub enum NodesStep {
    /// The answer.
    Done(HttpResponse),
    /// The end of an onion path is a server outside, which has to be asked.
    AskServer {
        /// What to post.
        request: ServerRequest,
        /// After this long the reply is [`Reply::TimedOut`].
        timeout: Duration,
        /// For [`Nodes::resume`].
        path: WaitingPath,
    },
}

/// The nodes of an onion path, each waiting for the next.
#[derive(Debug)]
pub struct WaitingPath(Vec<(Ed25519PublicKey, Pending)>);

/// A set of nodes that call each other directly. Calls to a node that is away
/// time out at once; the time that would have taken is added to the clock of
/// what follows.
#[derive(Default)]
pub struct Nodes {
    nodes: BTreeMap<Ed25519PublicKey, Node>,
    away: BTreeSet<Ed25519PublicKey>,
    delays: BTreeMap<Ed25519PublicKey, Duration>,
}

impl Nodes {
    /// Adds a node, or replaces the one with its key.
    pub fn add(&mut self, node: Node) {
        self.nodes.insert(node.key(), node);
    }

    /// One of the nodes.
    pub fn get_mut(&mut self, key: &Ed25519PublicKey) -> Option<&mut Node> {
        self.nodes.get_mut(key)
    }

    /// All nodes in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// Lets a node vanish from the others' sight, or come back.
    pub fn set_away(&mut self, key: Ed25519PublicKey, away: bool) {
        if away {
            self.away.insert(key);
        } else {
            self.away.remove(&key);
        }
    }

    /// Lets a node hear of what others tell it so much later than it is said.
    pub fn set_delay(&mut self, key: Ed25519PublicKey, delay: Duration) {
        self.delays.insert(key, delay);
    }

    fn heard(&self, by: &Ed25519PublicKey, now: Timestamp) -> Timestamp {
        now.plus(self.delays.get(by).copied().unwrap_or_default())
    }

    /// Carries out an HTTP request to one of the nodes, which is there even if
    /// the others do not see it. `None` if there is no such node.
    pub fn serve(
        &mut self,
        at: &Ed25519PublicKey,
        request: &HttpRequest,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Option<NodesStep> {
        let step = self.nodes.get_mut(at)?.serve(request, now, rng);
        Some(self.drive(Vec::new(), *at, step, now, rng))
    }

    /// Goes on after a server outside has answered or failed.
    pub fn resume(
        &mut self,
        path: WaitingPath,
        reply: Reply,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> NodesStep {
        let mut stack = path.0;
        match stack.pop() {
            Some((at, pending)) => {
                let step = self.resume_at(&at, pending, vec![reply], now, rng);
                self.drive(stack, at, step, now, rng)
            }
            None => NodesStep::Done(gone()),
        }
    }

    /// Lets time pass: expired messages go, and nodes that were away hear what
    /// they missed. To be called about once a second.
    pub fn tick(&mut self, now: Timestamp, rng: &mut (impl CryptoRng + ?Sized)) {
        let keys: Vec<_> = self.nodes.keys().copied().collect();
        for key in keys {
            // Each answer may be followed by more at once.
            loop {
                let calls = self.nodes.get_mut(&key).map(|node| node.tick(now));
                let calls = calls.filter(|calls| !calls.is_empty());
                let Some(calls) = calls else { break };
                self.make(&key, calls, now, rng);
            }
        }
    }

    /// Tells all nodes of a changed network; messages move to new members.
    pub fn set_network(
        &mut self,
        network: &Arc<Network>,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) {
        let mut pushes = Vec::new();
        for (key, node) in &mut self.nodes {
            pushes.push((*key, node.set_network(Arc::clone(network))));
        }
        for (key, calls) in pushes {
            self.make(&key, calls, now, rng);
        }
    }

    fn make(
        &mut self,
        from: &Ed25519PublicKey,
        calls: Vec<Call>,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) {
        for call in calls {
            let reply = match self.away.contains(from) {
                false => self.call(&call, now, rng),
                true => Reply::TimedOut,
            };
            if let Some(node) = self.nodes.get_mut(from) {
                node.concluded(call, &reply, now);
            }
        }
    }

    /// A call that the other node answers by itself.
    fn call(&mut self, call: &Call, now: Timestamp, rng: &mut (impl CryptoRng + ?Sized)) -> Reply {
        let Destination::Node(to, message) = &call.to else { return Reply::TimedOut };
        let heard = self.heard(to, now);
        let Some(node) = self.nodes.get_mut(to).filter(|_| !self.away.contains(to)) else {
            return Reply::TimedOut;
        };
        match node.answer(message, heard, rng) {
            Step::Done(answer) => Reply::Answer(answer),
            Step::Ask { .. } => Reply::TimedOut,
        }
    }

    fn resume_at(
        &mut self,
        at: &Ed25519PublicKey,
        pending: Pending,
        replies: Vec<Reply>,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Step {
        match self.nodes.get_mut(at) {
            Some(node) => node.resume(pending, replies, now, rng),
            None => Step::Done(gone()),
        }
    }

    /// Follows a request through the nodes. Only onion relays go deep, and
    /// they make one call at a time, so a stack of who waits is enough.
    fn drive(
        &mut self,
        mut stack: Vec<(Ed25519PublicKey, Pending)>,
        mut at: Ed25519PublicKey,
        mut step: Step,
        mut now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> NodesStep {
        loop {
            let (calls, pending) = match step {
                Step::Done(response) => match stack.pop() {
                    None => return NodesStep::Done(response),
                    Some((below, pending)) => {
                        at = below;
                        let replies = vec![Reply::Answer(response)];
                        step = self.resume_at(&at, pending, replies, now, rng);
                        continue;
                    }
                },
                Step::Ask { calls, pending } => (calls, pending),
            };
            if let [Call { to, timeout }] = calls.as_slice() {
                match to {
                    Destination::Server(request) => {
                        stack.push((at, pending));
                        let (request, timeout) = (request.clone(), *timeout);
                        return NodesStep::AskServer { request, timeout, path: WaitingPath(stack) };
                    }
                    Destination::Node(next, message) if !self.away.contains(next) => {
                        let heard = self.heard(next, now);
                        if let Some(node) = self.nodes.get_mut(next) {
                            step = node.answer(message, heard, rng);
                            stack.push((at, pending));
                            at = *next;
                            continue;
                        }
                    }
                    Destination::Node(..) => {}
                }
            }
            let replies: Vec<_> = calls.iter().map(|call| self.call(call, now, rng)).collect();
            let waits = calls.iter().zip(&replies).filter_map(|(call, reply)| {
                matches!(reply, Reply::TimedOut).then_some(call.timeout)
            });
            now = now.plus(waits.max().unwrap_or_default());
            step = self.resume_at(&at, pending, replies, now, rng);
        }
    }
}

fn gone() -> HttpResponse {
    HttpResponse { status: 503, headers: Vec::new(), body: b"shutting down".to_vec() }
}
