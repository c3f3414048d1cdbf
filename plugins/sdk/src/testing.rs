//! A host for tests: feeds a plugin and keeps what it asks for, without a
//! library file. It installs no panic hook and catches no panic.
//!
//! ```
//! use ramson_sdk::testing::FakeHost;
//! use ramson_sdk::{Config, Delivery, Error, Event, Host, Level, Manifest, Plugin};
//!
//! struct Quiet(Host);
//!
//! impl Plugin for Quiet {
//!     const MANIFEST: Manifest = Manifest::new("org.example.quiet", "Quiet", "1");
//!     fn create(host: Host, _: Config) -> Result<Self, Error> {
//!         Ok(Self(host))
//!     }
//!     fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
//!         self.0.log(Level::Info, &format!("{:?}", event.event.kind()));
//!         Ok(())
//!     }
//! }
//!
//! let fake = FakeHost::new();
//! let mut quiet: Quiet = fake.create("{}").unwrap();
//! fake.tell(&mut quiet, Event::Plugins { plugins: vec![] }).unwrap();
//! assert_eq!(fake.log(), [(Level::Info, "Plugins".to_owned())]);
//! ```

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ramson_abi::{self as abi, Status};
use ramson_wire::codec::{Encoding, decode_event, encode_event};
use ramson_wire::{Event, GrantSet, Millis, Reply, Request};

use crate::host::Line;
use crate::{Config, Delivery, Error, Host, Level, Plugin, RequestId, SubmitError, UiPlugin};

/// What stands behind a [`Host`] in a test that has no library file. It may be
/// called from any thread, and never blocks.
pub trait HostLine: Send + Sync {
    /// A request; its reply is an event that bears this id.
    fn submit(&self, id: RequestId, request: &Request) -> Status;

    /// A line of the log.
    fn log(&self, level: Level, text: &str);

    /// The time.
    fn now(&self) -> Millis;
}

/// A handle for a plugin in a test.
pub fn host_of(granted: GrantSet, line: Arc<dyn HostLine>) -> Host {
    Host::new(granted, Line::Test(line))
}

/// Ends a handle, as after the plugin was destroyed.
pub fn close(host: &Host) {
    host.close();
}

/// A host for tests.
pub struct FakeHost {
    fake: Arc<Fake>,
    host: Host,
    seq: AtomicU64,
}

/// What a fake host keeps.
pub(crate) struct Fake {
    granted: GrantSet,
    now: AtomicU64,
    kept: Mutex<Kept>,
    more: Condvar,
}

/// When a fake host's time begins.
const BEGIN: Millis = 1_700_000_000_000;

#[derive(Default)]
struct Kept {
    requests: VecDeque<(RequestId, Request)>,
    log: Vec<(Level, String)>,
    refusal: Option<Status>,
}

impl Default for FakeHost {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeHost {
    /// One that grants everything.
    pub fn new() -> Self {
        Self::granting(GrantSet::ALL)
    }

    /// One that grants this only. Of requests, it checks commands.
    pub fn granting(granted: GrantSet) -> Self {
        let (kept, more) = (Mutex::default(), Condvar::new());
        let fake = Arc::new(Fake { granted, now: AtomicU64::new(BEGIN), kept, more });
        let host = host_of(granted, fake.clone());
        Self { fake, host, seq: AtomicU64::new(0) }
    }

    /// Its handle, for what wants one without a plugin.
    pub fn host(&self) -> Host {
        self.host.clone()
    }

    /// The time, which stands still.
    pub fn now(&self) -> Millis {
        HostLine::now(&*self.fake)
    }

    /// Lets time pass; no alarm goes off by it.
    pub fn pass(&self, time: Duration) {
        let millis = Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX);
        self.fake.now.fetch_add(millis, Ordering::Relaxed);
    }

    /// Creates a plugin; the config is JSON.
    pub fn create<P: Plugin>(&self, config: &str) -> Result<P, Error> {
        P::create(self.host(), Config::of_json(config)?)
    }

    /// Creates a plugin with a user interface; the config is JSON.
    pub fn create_ui<U: UiPlugin>(&self, config: &str) -> Result<U, Error> {
        U::create(self.host(), Config::of_json(config)?)
    }

    /// Tells a plugin of an event.
    pub fn tell<P: Plugin>(&self, plugin: &mut P, event: Event) -> Result<(), Error> {
        plugin.on_event(&self.delivery(event)?)
    }

    /// Tells a plugin with a user interface of an event.
    pub fn tell_ui<U: UiPlugin>(&self, plugin: &U, event: Event) -> Result<(), Error> {
        plugin.on_event(self.delivery(event)?)
    }

    /// The next event, as a plugin gets it: it went through the wire's bytes.
    pub fn delivery(&self, event: Event) -> Result<Delivery, Error> {
        let event = decode_event(&encode_event(&event, Encoding::Bincode)?, Encoding::Bincode)?;
        let seq = self.seq.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        Ok(Delivery { seq, reply_to: None, event })
    }

    /// The reply to a request, as a plugin gets it.
    pub fn reply(&self, to: RequestId, reply: Reply) -> Result<Delivery, Error> {
        Ok(Delivery { reply_to: Some(to), ..self.delivery(Event::Reply(reply))? })
    }

    /// The requests since the last time, in order.
    pub fn requests(&self) -> Vec<(RequestId, Request)> {
        self.fake.kept().requests.drain(..).collect()
    }

    /// The next request; waits for it at most this long.
    pub fn next_request(&self, patience: Duration) -> Option<(RequestId, Request)> {
        let none = |kept: &mut Kept| kept.requests.is_empty();
        let waited = self.fake.more.wait_timeout_while(self.fake.kept(), patience, none);
        let (mut kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        kept.requests.pop_front()
    }

    /// The lines of the log since the last time, in order.
    pub fn log(&self) -> Vec<(Level, String)> {
        std::mem::take(&mut self.fake.kept().log)
    }

    /// From now on requests are refused, or taken again.
    pub fn refuse(&self, refusal: Option<SubmitError>) {
        self.fake.kept().refusal = refusal.map(|refusal| match refusal {
            SubmitError::Busy => abi::AGAIN,
            SubmitError::Denied => abi::DENIED,
            SubmitError::TooLarge => abi::TOO_LARGE,
            SubmitError::Unknown => abi::BAD_PAYLOAD,
            SubmitError::Closed => abi::CLOSED,
            SubmitError::NoRecipient { .. } => abi::FAILED,
            SubmitError::Failed { status } => status,
        });
    }

    /// Ends the host, as after the plugin was destroyed.
    pub fn close(&self) {
        self.host.close();
    }
}

impl Fake {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HostLine for Fake {
    fn submit(&self, id: RequestId, request: &Request) -> Status {
        let mut kept = self.kept();
        if let Some(refusal) = kept.refusal {
            return refusal;
        }
        if request.commands().iter().any(|it| !self.granted.has(it.command.needs())) {
            return abi::DENIED;
        }
        kept.requests.push_back((id, request.clone()));
        self.more.notify_all();
        abi::OK
    }

    fn log(&self, level: Level, text: &str) {
        self.kept().log.push((level, text.to_owned()));
    }

    fn now(&self) -> Millis {
        self.now.load(Ordering::Relaxed)
    }
}
