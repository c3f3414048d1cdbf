//! The nodes of a local network and what they say to each other.
//!
//! Each node stands behind its own lock, which is never held while anybody
//! waits: lock, take a step, unlock, make the calls it asks for.

mod shared;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use ramson_codec::faults_file::RequestFault;
use ramson_crypto::blake2b;
use ramson_node::{
    Call, Destination, HttpRequest, HttpResponse, Node, NodeContact, NodeKeys, PeerCall, Quirks,
    Reply, SnapshotError, Step,
};
use ramson_types::{Ed25519PublicKey, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::activity::{Activity, Who};
use crate::members::Members;
use crate::mischief::{self, Mischief};
use crate::script::{Condition, Place};
use crate::server::Answer;
use crate::{Now, Tap, outside};

use shared::Shared;

/// How often a node looks whether it is still kept from another.
const PARTED: Duration = Duration::from_millis(200);

/// All nodes at work.
pub(crate) struct Hosts {
    hosts: Vec<Host>,
    by_key: BTreeMap<Ed25519PublicKey, usize>,
    contacts: Vec<NodeContact>,
    shared: Mutex<Shared>,
    pub(crate) activity: Activity,
    now: Now,
    tap: Option<Tap>,
}

struct Host {
    inner: Mutex<Inner>,
    up: AtomicBool,
    /// Wakes in a fixed order, which a `watch` does not: simulations count on it.
    returned: Notify,
    /// What a test lets it do.
    mischief: Mutex<Mischief>,
    /// It may have changed since it was saved.
    touched: AtomicBool,
    /// Of what was saved last.
    saved: Mutex<Option<[u8; 32]>>,
}

struct Inner {
    node: Node,
    rng: StdRng,
}

impl Host {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hosts {
    pub(crate) fn new(
        members: Members,
        quirks: Quirks,
        rng: &mut StdRng,
        now: Now,
        tap: Option<Tap>,
    ) -> Self {
        let Members { keys, contacts, layout } = members;
        let shared = Shared::new(layout, &contacts);
        let by_key = keys.iter().map(NodeKeys::ed25519).zip(0..).collect();
        let hosts = keys.into_iter().map(|keys| {
            let mut node = Node::new(keys, shared.network.clone(), now());
            node.set_quirks(quirks);
            // Nothing is not worth a file.
            let saved = Mutex::new(Some(blake2b::hash32(&[&node.export()])));
            Host {
                inner: Mutex::new(Inner { node, rng: StdRng::from_rng(rng) }),
                up: AtomicBool::new(true),
                returned: Notify::new(),
                mischief: Mutex::default(),
                touched: AtomicBool::new(false),
                saved,
            }
        });
        let (hosts, activity) = (hosts.collect(), Activity::new(contacts.len()));
        Self { hosts, by_key, contacts, shared: Mutex::new(shared), activity, now, tap }
    }

    pub(crate) fn len(&self) -> usize {
        self.hosts.len()
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Whether the others see a node.
    pub(crate) fn is_up(&self, index: usize) -> bool {
        self.hosts.get(index).is_some_and(|host| host.up.load(Ordering::Acquire))
    }

    /// Lets the others see a node, or not. One that comes back learns where
    /// everybody is now.
    pub(crate) fn set_up(self: &Arc<Self>, index: usize, up: bool) {
        let Some(host) = self.hosts.get(index) else { return };
        if up {
            self.tell_network(index);
        }
        host.up.store(up, Ordering::Release);
        if up {
            host.returned.notify_waiters();
        }
    }

    /// Lets a node misbehave, or mends it.
    pub(crate) fn set_mischief(&self, index: usize, mischief: Mischief) {
        if let Some(host) = self.hosts.get(index) {
            *host.mischief.lock().unwrap_or_else(PoisonError::into_inner) = mischief;
        }
    }

    /// What is wrong with a node now: what a test asked for and what the
    /// faults file says.
    pub(crate) fn condition(&self, index: usize) -> Condition {
        let Some(host) = self.hosts.get(index) else { return Condition::default() };
        let mischief = *host.mischief.lock().unwrap_or_else(PoisonError::into_inner);
        let scripted = match self.script() {
            Some(script) => script.condition(self.place(Who::Node(index)), (self.now)()),
            None => Condition::default(),
        };
        scripted.with(mischief)
    }

    /// A request came: what befalls it.
    fn asked(&self, who: Who, by_a_node: bool) -> Option<RequestFault> {
        let now = (self.now)();
        match who {
            Who::Node(index) if by_a_node => self.activity.call(index),
            who => self.activity.request(who, now),
        }
        let (fault, name) = self.script()?.request(self.place(who), by_a_node, now)?;
        self.activity.struck(who, name, now);
        Some(fault)
    }

    /// How many messages a node holds.
    pub(crate) fn message_count(&self, index: usize) -> usize {
        self.hosts.get(index).map_or(0, |host| host.lock().node.message_count())
    }

    /// How often a node said 421.
    pub(crate) fn misdirections(&self, index: usize) -> u64 {
        self.hosts.get(index).map_or(0, |host| host.lock().node.misdirections())
    }

    /// Gives a node what it held.
    pub(crate) fn restore(&self, index: usize, bytes: &[u8]) -> Result<(), SnapshotError> {
        let Some(host) = self.hosts.get(index) else { return Ok(()) };
        host.lock().node.import(bytes)?;
        let hash = blake2b::hash32(&[bytes]);
        *host.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(hash);
        Ok(())
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
        for index in (0..self.len()).filter(|index| self.is_up(*index)) {
            let calls = self.look(index, |node, _, now| {
                let held = node.message_count();
                let calls = node.tick(now);
                if node.message_count() != held {
                    self.touch(index);
                }
                calls
            });
            self.conclude(index, calls.unwrap_or_default());
        }
    }

    /// Lets a node work for a moment, in the condition that it is in. What it
    /// holds may be another thing afterwards.
    fn step<T>(
        &self,
        index: usize,
        work: impl FnOnce(&mut Node, &mut StdRng, Timestamp) -> T,
    ) -> Option<T> {
        self.look(index, |node, rng, now| {
            // Before others see the node as it is then: whoever saves because
            // of that saves this node too.
            self.touch(index);
            work(node, rng, now)
        })
    }

    /// It is to be saved again.
    fn touch(&self, index: usize) {
        if let Some(host) = self.hosts.get(index) {
            host.touched.store(true, Ordering::Relaxed);
        }
    }

    /// The same as [`Hosts::step`], for work that changes nothing that is saved,
    /// or says itself that it did.
    fn look<T>(
        &self,
        index: usize,
        work: impl FnOnce(&mut Node, &mut StdRng, Timestamp) -> T,
    ) -> Option<T> {
        let faults = self.condition(index).mischief.faults;
        let Inner { node, rng } = &mut *self.hosts.get(index)?.lock();
        node.faults = faults;
        Some(work(node, rng, (self.now)()))
    }

    /// Makes a node's calls, in order: these are writes, and the later one
    /// counts. They are made whether or not somebody waits for their end.
    fn conclude(self: &Arc<Self>, index: usize, calls: Vec<Call>) -> Option<JoinHandle<()>> {
        if calls.is_empty() {
            return None;
        }
        let hosts = self.clone();
        Some(tokio::spawn(async move {
            for call in calls {
                let reply = hosts.call(index, call.clone()).await;
                hosts.step(index, |node, _, now| node.concluded(call, &reply, now));
            }
        }))
    }

    async fn serve(self: Arc<Self>, index: usize, request: HttpRequest) -> HttpResponse {
        let step = self.step(index, |node, rng, now| node.serve(&request, now, rng));
        let response = self.carry_out(index, step).await;
        if let Some(tap) = &self.tap {
            tap(index, &request.body, &response.body);
        }
        self.note_status(Who::Node(index), &response);
        response
    }

    fn note_status(&self, who: Who, response: &HttpResponse) {
        if response.status >= 400 {
            let reason = String::from_utf8_lossy(&response.body);
            self.activity.status(who, response.status, &reason, (self.now)());
        }
    }

    async fn carry_out(self: &Arc<Self>, index: usize, mut step: Option<Step>) -> HttpResponse {
        loop {
            let (calls, pending) = match step {
                Some(Step::Done(response)) => return response,
                Some(Step::Ask { calls, pending }) => (calls, pending),
                None => return gone(),
            };
            let replies = join_all(calls.into_iter().map(|call| self.call(index, call))).await;
            step = self.step(index, |node, rng, now| node.resume(pending, replies, now, rng));
        }
    }

    /// Boxed, because an onion relay's call makes further calls.
    fn call(
        self: &Arc<Self>,
        from: usize,
        call: Call,
    ) -> Pin<Box<dyn Future<Output = Reply> + Send>> {
        let hosts = self.clone();
        Box::pin(async move {
            let reply = match call.to {
                Destination::Node(to, message) => {
                    timeout(call.timeout, hosts.ask(from, to, message)).await
                }
                Destination::Server(request) => timeout(call.timeout, outside::post(request)).await,
            };
            reply.unwrap_or(Reply::TimedOut)
        })
    }

    /// Asks a node; one that is not there is waited for, as over OMQ.
    async fn ask(self: Arc<Self>, from: usize, to: Ed25519PublicKey, message: PeerCall) -> Reply {
        let host = self.by_key.get(&to).and_then(|index| Some((*index, self.hosts.get(*index)?)));
        let Some((index, host)) = host else {
            return Reply::Failed(format!("no node has the key {to}"));
        };
        while self.parts(from, index) {
            sleep(PARTED).await;
        }
        loop {
            // Before the look, so that no return is missed.
            let returned = host.returned.notified();
            if host.up.load(Ordering::Acquire) {
                break;
            }
            returned.await;
        }
        let fault = self.asked(Who::Node(index), true);
        let Condition { slow, mischief, .. } = self.condition(index);
        let work = async {
            let step = self.step(index, |node, rng, now| node.answer(&message, now, rng));
            self.carry_out(index, step).await
        };
        mischief::befall(fault, slow, mischief.pace, work).await.into_reply().await
    }

    fn parts(&self, one: usize, other: usize) -> bool {
        let place = |index| self.place(Who::Node(index));
        self.script().is_some_and(|script| script.parts(place(one), place(other), (self.now)()))
    }

    fn place(&self, who: Who) -> Place {
        let swarm = match who {
            Who::Node(index) => self.shared().layout.swarm(index),
            Who::Seed | Who::FileServer => None,
        };
        Place { who, swarm }
    }
}

/// Answers of one node over HTTP. A request that has come is carried out even
/// if its sender goes away, as real nodes do.
pub(crate) fn answer(hosts: Arc<Hosts>, index: usize) -> Answer {
    Arc::new(move |request| {
        let hosts = hosts.clone();
        Box::pin(async move {
            let fault = hosts.asked(Who::Node(index), false);
            let Condition { slow, mischief, .. } = hosts.condition(index);
            let work = async {
                let work = tokio::spawn(hosts.serve(index, request));
                work.await.unwrap_or_else(|_| gone())
            };
            mischief::befall(fault, slow, mischief.pace, work).await
        })
    })
}

/// Answers of somebody who needs to ask nobody: the seed, the file server.
pub(crate) fn answer_alone(
    hosts: Arc<Hosts>,
    who: Who,
    answer: impl Fn(&HttpRequest) -> HttpResponse + Send + Sync + 'static,
) -> Answer {
    let answer = Arc::new(answer);
    Arc::new(move |request| {
        let (hosts, answer) = (hosts.clone(), answer.clone());
        Box::pin(async move {
            let fault = hosts.asked(who, false);
            let work = async {
                let response = answer(&request);
                hosts.note_status(who, &response);
                response
            };
            mischief::befall(fault, Duration::ZERO, mischief::Pace::Whole, work).await
        })
    })
}

fn gone() -> HttpResponse {
    HttpResponse { status: 503, headers: Vec::new(), body: b"shutting down".to_vec() }
}
