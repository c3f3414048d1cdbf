//! The onion paths of a client, as the actors of its isolation classes have
//! them.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ramson_messages::paths::{OnionAnswer, OnionError, OnionRequest};
use ramson_messages::{Clock as _, ClockWatch};
use ramson_protocol::account::Sample;
use ramson_protocol::paths::{Choice, Effect, Fault, Path, PathId, Paths, PathsConfig};
use ramson_types::{Ed25519PublicKey, NodePool};
use tokio::sync::oneshot;

use super::clock::Reading;
use super::engine::{Class, Engine};
use super::exchange;
use crate::world::queue::TaskId;

/// Requests under way or waiting; above, Busy is answered.
const MAX_IN_FLIGHT: usize = 256;

/// How long the verification of a new path may take.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(5);

/// With less time left than this a request is not sent.
const LEAST_TIME: Duration = Duration::from_secs(2);

/// So many nodes' times are passed on.
const CLOCK_SAMPLES: usize = 3;

/// The machine and the requests that wait for a path.
pub(crate) struct PathsRoom {
    machine: Paths,
    waiting: Vec<Waiting>,
    in_flight: usize,
    wake: Option<TaskId>,
    clock_samples: VecDeque<Sample>,
    clock_watch: ClockWatch,
}

struct Waiting {
    target: Ed25519PublicKey,
    path: oneshot::Sender<Path>,
}

impl PathsRoom {
    pub(crate) fn new(config: PathsConfig, guards: Vec<Ed25519PublicKey>, clock: &Reading) -> Self {
        Self {
            machine: Paths::new(config, guards),
            waiting: Vec::new(),
            in_flight: 0,
            wake: None,
            clock_samples: VecDeque::new(),
            clock_watch: ClockWatch::new(clock),
        }
    }
}

impl Engine {
    pub(super) fn take_pool(self: &Rc<Self>, class: Class, pool: Arc<NodePool>) {
        let now = self.steady();
        let effects = {
            let mut rng = self.rng.borrow_mut();
            self.paths(class).borrow_mut().machine.set_pool(pool, now, &mut *rng)
        };
        self.carry_out(class, effects);
        self.serve_waiting(class);
    }

    fn carry_out(self: &Rc<Self>, class: Class, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Verify(path) => self.verify(class, path),
                Effect::SaveGuards(guards) => {
                    if let Some(client) = self.client() {
                        let mut home = client.home.borrow_mut();
                        match class {
                            Class::Account => home.guards = guards,
                            Class::Network => home.network_guards = guards,
                        }
                    }
                }
            }
        }
        self.set_wake(class);
    }

    fn verify(self: &Rc<Self>, class: Class, path: Path) {
        self.spend(1);
        let own = self.clone();
        self.spawn(async move {
            let outcome = exchange::info(&own, &path, VERIFY_TIMEOUT).await;
            let names: Vec<String> =
                path.hops.iter().map(|hop| own.world.node_name(&hop.ed25519)).collect();
            let verdict = match outcome {
                Ok(sample) => {
                    own.log(format_args!("path {names:?} is ready"));
                    own.learn_path_clock(class, sample);
                    Ok(())
                }
                Err(error) => {
                    own.log(format_args!("path {names:?} failed: {error}"));
                    // Whatever failed, this path did not carry a request.
                    Err(error.fault(None).unwrap_or(Fault::Path))
                }
            };
            own.report(verdict.as_ref().err());
            let now = own.steady();
            let effects = own.paths(class).borrow_mut().machine.verified(path.id, verdict, now);
            own.carry_out(class, effects);
            let doubtful = own.paths(class).borrow().machine.pool_is_doubtful();
            if doubtful {
                own.doubt_pool();
            }
            own.serve_waiting(class);
        });
    }

    /// Lets Swarm look whether a node that a relay names as gone is.
    fn report(self: &Rc<Self>, fault: Option<&Fault>) {
        if let Some(Fault::NodeGone(node)) = fault {
            self.report_gone(node);
        }
    }

    fn learn_path_clock(&self, class: Class, sample: Option<Sample>) {
        let clock = self.clock();
        let mut paths = self.paths(class).borrow_mut();
        if paths.clock_watch.jumped(&clock) {
            paths.clock_samples.clear();
        }
        paths.clock_samples.extend(sample);
        if paths.clock_samples.len() > CLOCK_SAMPLES {
            paths.clock_samples.pop_front();
        }
    }

    /// Gives a path to every waiting request for which there is one.
    fn serve_waiting(self: &Rc<Self>, class: Class) {
        let waiting = std::mem::take(&mut self.paths(class).borrow_mut().waiting);
        for waiting in waiting {
            if !waiting.path.is_closed() {
                self.find_path(class, waiting);
            }
        }
    }

    fn find_path(self: &Rc<Self>, class: Class, waiting: Waiting) {
        let now = self.steady();
        let (choice, effects) = {
            let mut rng = self.rng.borrow_mut();
            self.paths(class).borrow_mut().machine.choose(&waiting.target, now, &mut *rng)
        };
        match choice {
            // The other side is gone when its time is over.
            Choice::Use(path) => drop(waiting.path.send(path)),
            Choice::Building | Choice::NotBefore(_) | Choice::TooFewNodes { .. } => {
                let mut paths = self.paths(class).borrow_mut();
                paths.waiting.retain(|waiting| !waiting.path.is_closed());
                paths.waiting.push(waiting);
            }
        }
        self.carry_out(class, effects);
    }

    /// Wakes when the machine may build again.
    fn set_wake(self: &Rc<Self>, class: Class) {
        let wake = self.paths(class).borrow_mut().wake.take();
        if let Some(wake) = wake {
            self.world.queue.cancel(wake);
        }
        let next = {
            let paths = self.paths(class).borrow();
            paths.machine.next_attempt(!paths.waiting.is_empty())
        };
        let Some(at) = next else { return };
        // Not at once again and again: an attempt that is due now was made.
        let wait = at.since(self.steady()).max(Duration::from_millis(50));
        let wake = self.later(wait, move |own| {
            own.paths(class).borrow_mut().wake = None;
            let now = own.steady();
            let effects = {
                let mut rng = own.rng.borrow_mut();
                own.paths(class).borrow_mut().machine.keep_ready(now, &mut *rng)
            };
            own.carry_out(class, effects);
            own.serve_waiting(class);
        });
        self.paths(class).borrow_mut().wake = Some(wake);
    }

    /// Carries a request to a service node through three others.
    pub(super) async fn onion(
        self: &Rc<Self>,
        class: Class,
        ask: OnionRequest,
    ) -> Result<OnionAnswer, OnionError> {
        {
            let mut paths = self.paths(class).borrow_mut();
            if paths.in_flight >= MAX_IN_FLIGHT {
                return Err(OnionError::Busy { in_flight: paths.in_flight });
            }
            paths.in_flight += 1;
        }
        let target = ask.destination.ed25519;
        let (id, mut result) = self.find_and_send(class, ask).await;
        self.paths(class).borrow_mut().in_flight -= 1;
        if let Some(id) = id {
            self.settle(class, id, &target, &result);
        } else if let Err(OnionError::NoPath { reason }) = &mut result {
            *reason = self.why_no_path(&target);
        }
        if let Ok(answer) = &mut result {
            self.learn_path_clock(class, None);
            answer.clock_samples.extend(&self.paths(class).borrow().clock_samples);
        }
        result
    }

    async fn find_and_send(
        self: &Rc<Self>,
        class: Class,
        ask: OnionRequest,
    ) -> (Option<PathId>, Result<OnionAnswer, OnionError>) {
        let no_path = || Err(OnionError::NoPath { reason: String::new() });
        let asked = self.clock().elapsed();
        let (give, path) = oneshot::channel();
        self.find_path(class, Waiting { target: ask.destination.ed25519, path: give });
        let Some(Ok(path)) = self.world.queue.timeout(self.host, ask.timeout, path).await else {
            return (None, no_path());
        };
        let left = ask.timeout.saturating_sub(self.clock().elapsed().saturating_sub(asked));
        if left < LEAST_TIME.min(ask.timeout / 2) {
            return (None, no_path());
        }
        let answer = exchange::send(self, &path, ask.destination, ask.body, left).await;
        (Some(path.id), answer)
    }

    fn why_no_path(&self, target: &Ed25519PublicKey) -> String {
        match self.swarm.borrow().pool_len() {
            0 => "no service nodes are known yet".to_owned(),
            known => format!(
                "{known} service nodes are known, but none of the paths tried to {target} carried a request"
            ),
        }
    }

    fn settle(
        self: &Rc<Self>,
        class: Class,
        id: PathId,
        target: &Ed25519PublicKey,
        result: &Result<OnionAnswer, OnionError>,
    ) {
        let Err(error) = result else { return };
        self.log(format_args!("onion to {} failed: {error}", self.world.node_name(target)));
        let Some(fault) = error.fault(Some(target)) else { return };
        self.report(Some(&fault));
        let now = self.steady();
        let effects = {
            let mut rng = self.rng.borrow_mut();
            self.paths(class).borrow_mut().machine.failed(id, &fault, now, &mut *rng)
        };
        self.carry_out(class, effects);
    }
}
