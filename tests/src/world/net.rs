//! What lies between hosts: latency, partitions, hosts that are down, and what
//! becomes of each request.

mod fate;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use ramson_node::HttpResponse;
use ramson_types::Timestamp;
use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::sync::oneshot;

use super::World;
use super::queue::Host;

pub use fate::{Fate, Rates};

/// One way of a request, in ms.
const LATENCY: std::ops::Range<u64> = 5..90;

/// The work of the host that is asked.
pub(crate) type Work = Pin<Box<dyn Future<Output = HttpResponse>>>;

/// How a host is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    /// Its machine runs, and refuses connections.
    Refuses,
    /// Nothing answers.
    Silent,
}

/// Why no answer came. That none ever comes is told by nobody: whoever asks
/// has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection.
    Refused,
    /// The connection broke.
    Reset,
}

/// The state of all links.
pub(crate) struct Net {
    rng: StdRng,
    /// Of requests that clients make.
    pub(crate) client_rates: Rates,
    /// Of requests among nodes.
    pub(crate) node_rates: Rates,
    down: BTreeMap<Host, Down>,
    /// Hosts of one side; everybody else is on the other.
    partitions: Vec<BTreeSet<Host>>,
    traffic: BTreeMap<Host, Traffic>,
    faults: u64,
}

/// What a host asked of others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic {
    requests: u64,
    minute: u64,
    in_minute: u32,
    pub(crate) busiest_minute: u32,
}

impl Traffic {
    fn count(&mut self, now: Timestamp) {
        let minute = now.millis() / 60_000;
        if minute != self.minute {
            (self.minute, self.in_minute) = (minute, 0);
        }
        self.requests += 1;
        self.in_minute += 1;
        self.busiest_minute = self.busiest_minute.max(self.in_minute);
    }
}

/// What is decided of a request when it leaves.
struct Way {
    fate: Fate,
    there: Duration,
    back: Duration,
    late: Duration,
}

impl Net {
    pub(crate) fn new(rng: StdRng, client_rates: Rates, node_rates: Rates) -> Self {
        Self {
            rng,
            client_rates,
            node_rates,
            down: BTreeMap::new(),
            partitions: Vec::new(),
            traffic: BTreeMap::new(),
            faults: 0,
        }
    }

    pub(crate) fn set_down(&mut self, host: Host, down: Option<Down>) {
        match down {
            Some(how) => self.down.insert(host, how),
            None => self.down.remove(&host),
        };
    }

    pub(crate) fn is_down(&self, host: Host) -> bool {
        self.down.contains_key(&host)
    }

    pub(crate) fn cut_off(&mut self, side: BTreeSet<Host>) {
        self.partitions.push(side);
    }

    pub(crate) fn repair(&mut self) {
        self.partitions.clear();
    }

    fn is_cut(&self, a: Host, b: Host) -> bool {
        self.partitions.iter().any(|side| side.contains(&a) != side.contains(&b))
    }

    pub(crate) fn traffic(&self, host: Host) -> Traffic {
        self.traffic.get(&host).cloned().unwrap_or_default()
    }

    fn of_clients(&self) -> impl Iterator<Item = &Traffic> {
        let clients = self.traffic.iter().filter(|(host, _)| matches!(host, Host::Client(_)));
        clients.map(|(_, traffic)| traffic)
    }

    /// How many requests clients made.
    pub(crate) fn requests(&self) -> u64 {
        self.of_clients().map(|traffic| traffic.requests).sum()
    }

    /// How many one client made in its busiest minute.
    pub(crate) fn busiest_minute(&self) -> u32 {
        self.of_clients().map(|traffic| traffic.busiest_minute).max().unwrap_or(0)
    }

    /// How many requests met a fault.
    pub(crate) fn faults(&self) -> u64 {
        self.faults
    }

    fn draw(&mut self, from: Host, to: Host, now: Timestamp) -> Way {
        self.traffic.entry(from).or_default().count(now);
        let rates = match from {
            Host::Client(_) => self.client_rates,
            _ => self.node_rates,
        };
        let fate = rates.draw(&mut self.rng);
        let fate = match self.down.get(&to) {
            Some(Down::Refuses) => Fate::Refused,
            Some(Down::Silent) => Fate::Hangs,
            None if self.is_cut(from, to) => Fate::Hangs,
            None => fate,
        };
        self.faults += u64::from(fate != Fate::Good);
        let mut latency = || Duration::from_millis(self.rng.random_range(LATENCY));
        let (there, back) = (latency(), latency());
        let late = match fate {
            Fate::Late => Duration::from_millis(self.rng.random_range(1_000..40_000)),
            _ => Duration::ZERO,
        };
        Way { fate, there, back, late }
    }
}

impl World {
    /// One request from host to host. `work` runs as a task of the host that
    /// is asked, once the request has come there.
    pub(crate) async fn request(
        self: &Rc<Self>,
        from: Host,
        to: Host,
        what: &'static str,
        work: impl FnOnce(Rc<Self>) -> Work + 'static,
    ) -> Result<HttpResponse, Failure> {
        let way = self.net.borrow_mut().draw(from, to, self.queue.now());
        if way.fate != Fate::Good || matches!(from, Host::Client(_)) {
            self.log(from, format_args!("{what} to {to}: {}", way.fate));
        }
        match way.fate {
            Fate::Refused => {
                self.queue.sleep(from, way.there).await;
                return Err(Failure::Refused);
            }
            Fate::Hangs => return std::future::pending().await,
            _ => {}
        }
        let (tell, told) = oneshot::channel();
        self.queue.spawn(to, self.clone().carry(from, to, way, tell, work));
        told.await.map_err(|_| Failure::Reset)
    }

    async fn carry(
        self: Rc<Self>,
        from: Host,
        to: Host,
        way: Way,
        mut tell: oneshot::Sender<HttpResponse>,
        work: impl FnOnce(Rc<Self>) -> Work,
    ) {
        self.queue.sleep(to, way.there).await;
        if way.fate == Fate::Reset {
            return;
        }
        let mut answer = work(self.clone()).await;
        if way.fate == Fate::AnswerLost {
            return tell.closed().await;
        }
        self.queue.sleep(to, way.back + way.late).await;
        if self.net.borrow().is_cut(from, to) {
            return tell.closed().await;
        }
        // A host that sleeps hears nothing: its connections are dead when it wakes.
        if self.queue.is_asleep(from) {
            return;
        }
        way.fate.mangle(&mut answer, &mut self.net.borrow_mut().rng);
        // Who asked may have given up.
        drop(tell.send(answer));
    }
}
