//! The onion paths of one isolation class.
//!
//! Hears [`OnionRequest`], [`ReadyPaths`], [`GetPathsStatus`]. Says
//! [`SealOnion`], [`OpenOnion`], [`Post`], [`SaveGuards`], and tells Swarm
//! [`DoubtPool`], [`ReportGone`] and [`Spent`]. Owns [`Paths`], the machine that
//! chooses, and the requests that wait for a path.
//!
//! Nothing is retried here: who asks knows whether to ask again, and whom.

mod exchange;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::StreamExt as _;
use ramson_messages::crypto::{OpenOnion, SealOnion};
use ramson_messages::events::{EngineEvent, Event, EventBus};
use ramson_messages::paths::{GetPathsStatus, OnionAnswer, OnionError, OnionRequest, ReadyPaths};
use ramson_messages::storage::SaveGuards;
use ramson_messages::swarm::{DoubtPool, ReportGone, Spent};
use ramson_messages::transport::{IsolationClass, Post};
use ramson_messages::{Clock, ClockWatch, Entropy, Lifeline, Link, Newest, Stop};
use ramson_protocol::account::Sample;
use ramson_protocol::paths::{Choice, Effect, Fault, Path, PathId, Paths, PathsConfig};
use ramson_types::ledger::Hops;
use ramson_types::{Ed25519PublicKey, NodePool};
use rand::rngs::StdRng;
use tokio::sync::oneshot;

/// Requests of one class under way or waiting; above, Busy is answered.
const MAX_IN_FLIGHT: usize = 256;

/// How long the verification of a new path may take.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(5);

/// With less time left than this a request is not sent: it would fail through
/// no fault of the path that came so late.
const LEAST_TIME: Duration = Duration::from_secs(2);

/// So many nodes' times are passed on.
const CLOCK_SAMPLES: usize = 3;

/// Where the actor's messages go.
#[derive(Clone)]
pub struct Ports {
    /// To seal requests.
    pub seal: Link<SealOnion>,
    /// To open answers.
    pub open: Link<OpenOnion>,
    /// To send them.
    pub post: Link<Post>,
    /// To keep guards.
    pub save_guards: Link<SaveGuards>,
    /// To have the node pool fetched again.
    pub doubt: Link<DoubtPool>,
    /// To tell of nodes that the network does not know any more.
    pub gone: Link<ReportGone>,
    /// To have requests counted that nobody asked for.
    pub spent: Link<Spent>,
    /// The node pool, whenever it changes.
    pub pool: Newest<Arc<NodePool>>,
    /// To tell which paths are ready.
    pub events: EventBus,
}

/// The actor.
pub struct PathsActor {
    class: IsolationClass,
    machine: Paths,
    ports: Ports,
    clock: Arc<dyn Clock>,
    rng: StdRng,
    waiting: Vec<Waiting>,
    in_flight: usize,
    wake: Option<SpawnHandle>,
    clock_samples: VecDeque<Sample>,
    clock_watch: ClockWatch,
    _lifeline: Lifeline,
}

struct Waiting {
    target: Ed25519PublicKey,
    path: oneshot::Sender<Result<Path, OnionError>>,
}

impl PathsActor {
    /// The actor of a class that prefers the given guards.
    pub fn new(
        class: IsolationClass,
        config: PathsConfig,
        guards: Vec<Ed25519PublicKey>,
        ports: Ports,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
        lifeline: Lifeline,
    ) -> Self {
        let clock_watch = ClockWatch::new(&*clock);
        Self {
            class,
            machine: Paths::new(config, guards),
            ports,
            clock,
            rng: entropy.generator("paths"),
            waiting: Vec::new(),
            in_flight: 0,
            wake: None,
            clock_samples: VecDeque::new(),
            clock_watch,
            _lifeline: lifeline,
        }
    }

    fn take_pool(&mut self, pool: Arc<NodePool>, ctx: &mut Context<Self>) {
        let effects = self.machine.set_pool(pool, self.clock.steady(), &mut self.rng);
        self.carry_out(effects, ctx);
        self.serve_waiting(ctx);
    }

    fn carry_out(&mut self, effects: Vec<Effect>, ctx: &mut Context<Self>) {
        for effect in effects {
            match effect {
                Effect::Verify(path) => self.verify(path, ctx),
                Effect::SaveGuards(guards) => {
                    // Guards that are not kept are chosen anew at the next start.
                    let save = self.ports.save_guards.ask(SaveGuards { class: self.class, guards });
                    ctx.spawn(async move { drop(save.await) }.into_actor(self));
                }
            }
        }
        self.set_wake(ctx);
    }

    fn verify(&mut self, path: Path, ctx: &mut Context<Self>) {
        // Where Swarm has too much to do, a request more or less is no matter.
        drop(self.ports.spent.tell(Spent { requests: 1 }));
        let (ports, class, clock) = (self.ports.clone(), self.class, self.clock.clone());
        let check = async move {
            let outcome = exchange::info(&ports, class, &path, VERIFY_TIMEOUT, &*clock).await;
            (path, outcome)
        };
        ctx.spawn(check.into_actor(self).map(|(path, outcome), actor, ctx| {
            let (now, id, hops) = (actor.clock.steady(), path.id, path.keys());
            let event = match &outcome {
                Ok(_) => EngineEvent::PathReady { path: hops },
                Err(error) => EngineEvent::PathFailed { path: hops, reason: error.to_string() },
            };
            actor.ports.events.publish(Event::Engine(event));
            let verdict = match outcome {
                Ok(sample) => {
                    actor.learn_clock(sample);
                    Ok(())
                }
                // Whatever failed, this path did not carry a request.
                Err(error) => Err(error.fault(None).unwrap_or(Fault::Path)),
            };
            actor.report(verdict.as_ref().err());
            let effects = actor.machine.verified(id, verdict, now);
            actor.carry_out(effects, ctx);
            if actor.machine.pool_is_doubtful() {
                // A full mailbox means that Swarm is busy fetching already.
                drop(actor.ports.doubt.tell(DoubtPool));
            }
            actor.serve_waiting(ctx);
        }));
    }

    /// Lets Swarm look whether a node that a relay names as gone is.
    fn report(&self, fault: Option<&Fault>) {
        if let Some(Fault::NodeGone(node)) = fault {
            // A full mailbox means that Swarm hears enough already.
            drop(self.ports.gone.tell(ReportGone { node: *node }));
        }
    }

    fn learn_clock(&mut self, sample: Option<Sample>) {
        if self.clock_watch.jumped(&*self.clock) {
            self.clock_samples.clear();
        }
        self.clock_samples.extend(sample);
        if self.clock_samples.len() > CLOCK_SAMPLES {
            self.clock_samples.pop_front();
        }
    }

    /// Gives a path to every waiting request for which there is one.
    fn serve_waiting(&mut self, ctx: &mut Context<Self>) {
        for waiting in std::mem::take(&mut self.waiting) {
            if !waiting.path.is_closed() {
                self.find_path(waiting, ctx);
            }
        }
    }

    fn find_path(&mut self, waiting: Waiting, ctx: &mut Context<Self>) {
        let (choice, effects) =
            self.machine.choose(&waiting.target, self.clock.steady(), &mut self.rng);
        match choice {
            // The other side is gone when its time is over.
            Choice::Use(path) => drop(waiting.path.send(Ok(path))),
            Choice::Building | Choice::NotBefore(_) | Choice::TooFewNodes { .. } => {
                self.waiting.retain(|waiting| !waiting.path.is_closed());
                self.waiting.push(waiting);
            }
        }
        self.carry_out(effects, ctx);
    }

    /// Wakes when the machine may build again.
    fn set_wake(&mut self, ctx: &mut Context<Self>) {
        if let Some(wake) = self.wake.take() {
            ctx.cancel_future(wake);
        }
        let now = self.clock.steady();
        let waiting = !self.waiting.is_empty();
        let Some(at) = self.machine.next_attempt(waiting) else { return };
        // Not at once again and again: an attempt that is due now was made.
        let wait = at.since(now).max(Duration::from_millis(50));
        self.wake = Some(ctx.run_later(wait, |actor, ctx| {
            actor.wake = None;
            let effects = actor.machine.keep_ready(actor.clock.steady(), &mut actor.rng);
            actor.carry_out(effects, ctx);
            actor.serve_waiting(ctx);
        }));
    }

    fn why_no_path(&self, target: &Ed25519PublicKey) -> String {
        let known = self.ports.pool.get().len();
        match known {
            0 => "no service nodes are known yet".to_owned(),
            _ => format!(
                "{known} service nodes are known, but none of the paths tried to {target} carried a request"
            ),
        }
    }

    fn settle(
        &mut self,
        id: PathId,
        target: &Ed25519PublicKey,
        result: &Result<OnionAnswer, OnionError>,
        ctx: &mut Context<Self>,
    ) {
        let Err(error) = result else { return };
        let Some(fault) = error.fault(Some(target)) else { return };
        self.report(Some(&fault));
        let effects = self.machine.failed(id, &fault, self.clock.steady(), &mut self.rng);
        self.carry_out(effects, ctx);
    }
}

impl Actor for PathsActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let pool = self.ports.pool.take();
        self.take_pool(pool, ctx);
        let changes = futures_util::stream::unfold(self.ports.pool.clone(), |mut pool| async {
            let new = pool.changed().await?;
            Some((new, pool))
        });
        ctx.spawn(
            changes
                .boxed_local()
                .into_actor(self)
                .map(|pool, actor, ctx| actor.take_pool(pool, ctx))
                .finish(),
        );
    }
}

impl Handler<OnionRequest> for PathsActor {
    type Result = ResponseActFuture<Self, Result<OnionAnswer, OnionError>>;

    fn handle(&mut self, ask: OnionRequest, ctx: &mut Context<Self>) -> Self::Result {
        if self.in_flight >= MAX_IN_FLIGHT {
            let busy = OnionError::Busy { in_flight: self.in_flight };
            return Box::pin(actix::fut::ready(Err(busy)));
        }
        self.in_flight = self.in_flight.saturating_add(1);
        let target = ask.destination.ed25519;
        let (give, path) = oneshot::channel();
        self.find_path(Waiting { target, path: give }, ctx);
        let (ports, class, clock) = (self.ports.clone(), self.class, self.clock.clone());
        let work = async move {
            let asked = clock.elapsed();
            let path = match tokio::time::timeout(ask.timeout, path).await {
                Ok(Ok(path)) => path,
                Ok(Err(_)) | Err(_) => {
                    return (None, Err(OnionError::NoPath { reason: String::new() }));
                }
            };
            let path = match path {
                Ok(path) => path,
                Err(error) => return (None, Err(error)),
            };
            let left = ask.timeout.saturating_sub(clock.elapsed().saturating_sub(asked));
            if left < LEAST_TIME.min(ask.timeout / 2) {
                return (None, Err(OnionError::NoPath { reason: String::new() }));
            }
            let answer =
                exchange::send(&ports, class, &path, ask.destination, ask.body, left, &*clock)
                    .await;
            (Some(path.id), answer)
        };
        Box::pin(work.into_actor(self).map(move |(id, mut result), actor, ctx| {
            actor.in_flight = actor.in_flight.saturating_sub(1);
            if let Some(id) = id {
                actor.settle(id, &target, &result, ctx);
            } else if let Err(OnionError::NoPath { reason }) = &mut result {
                *reason = actor.why_no_path(&target);
            }
            if let Ok(answer) = &mut result {
                actor.learn_clock(None);
                answer.clock_samples.extend(&actor.clock_samples);
            }
            result
        }))
    }
}

impl Handler<ReadyPaths> for PathsActor {
    type Result = Vec<Hops>;

    fn handle(&mut self, _: ReadyPaths, _: &mut Context<Self>) -> Self::Result {
        self.machine.ready().map(Path::keys).collect()
    }
}

impl Handler<GetPathsStatus> for PathsActor {
    type Result = MessageResult<GetPathsStatus>;

    fn handle(&mut self, _: GetPathsStatus, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.machine.status(self.clock.steady()))
    }
}

impl Handler<Stop> for PathsActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}
