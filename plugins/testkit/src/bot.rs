//! A bot: a plugin, and the program that it runs in.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ramson_abi::{CLOSED, OK, Status};
use ramson_host::{GuestPlan, Told};
use ramson_sdk::testing::{HostLine, close, host_of};
use ramson_sdk::{Config, Delivery, Error, Host, Level, Manifest, Plugin, RequestId};
use ramson_system::Clock as _;
use ramson_wire::codec::{CodecError, Encoding, decode_event, encode_event};
use ramson_wire::{AccountId, Event, GrantSet, Millis, Request};

use crate::machine::TownClock;
use crate::record;
use crate::seat::Seat;
use crate::town::{Core, Resident};

/// A line of the log, and how much it matters.
pub type LogLine = (Level, String);

/// So many lines of a bot's log are kept.
const LINES: usize = 10_000;

/// So many of them are shown when a test fails.
const SHOWN: usize = 20;

/// A bot with its own account, engine and home. It is called on the test's
/// thread, while a call of [`crate::Town`], [`crate::Person`] or [`Bot`] lets
/// time pass.
#[derive(Clone)]
pub struct Bot {
    core: Rc<Core>,
    number: usize,
    id: AccountId,
}

impl Resident for Bot {
    fn id(&self) -> AccountId {
        self.id
    }
}

/// What of a plugin is called once it is made.
trait Hears {
    fn on_event(&mut self, event: &Delivery) -> Result<(), Error>;
}

impl<P: Plugin> Hears for P {
    fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
        Plugin::on_event(self, event)
    }
}

type Make = Box<dyn Fn(Host, Config) -> Result<Box<dyn Hears>, Error>>;

/// Where a bot's program ends by itself.
struct Crash {
    /// After the plugin heard of it and before anything that it asked for is
    /// done; else before it hears of it.
    after: bool,
    event: Box<dyn Fn(&Delivery) -> bool>,
}

/// What the town keeps of a bot.
pub(crate) struct BotState {
    manifest: Manifest,
    granted: GrantSet,
    config: String,
    make: Make,
    home: usize,
    id: AccountId,
    line: Option<Arc<BotLine>>,
    /// The plugin and its handle; `None` while it does not run.
    plugin: Option<(Box<dyn Hears>, Host)>,
    log: Arc<Mutex<VecDeque<LogLine>>>,
    failure: Option<String>,
    crash: Option<Crash>,
}

impl Bot {
    pub(crate) fn new<P: Plugin>(core: &Rc<Core>, config: &str, granted: GrantSet) -> Self {
        let manifest = P::MANIFEST;
        let home = core.add_home(&format!("bot {}", core.bots.borrow().len()));
        core.start(home);
        let engine = core.program(home).engine;
        let id = core.in_home(home, "the account was not made", async move {
            let account = engine.create_account(Some(manifest.name.to_owned())).await;
            account.map(|account| account.id.to_string())
        });
        let id: AccountId = match id.map(|id| id.parse()) {
            Ok(Ok(id)) => id,
            Ok(Err(error)) => core.fail(&error.to_string()),
            Err(error) => core.fail(&format!("there is no account for the bot: {error}")),
        };
        let number = core.bots.borrow().len();
        core.bots.borrow_mut().push(BotState {
            manifest,
            granted: granted.and(manifest.grants),
            config: config.to_owned(),
            make: Box::new(|host, config| {
                P::create(host, config).map(|plugin| Box::new(plugin) as Box<dyn Hears>)
            }),
            home,
            id,
            line: None,
            plugin: None,
            log: Arc::default(),
            failure: None,
            crash: None,
        });
        let bot = Self { core: core.clone(), number, id };
        bot.begin();
        bot
    }

    /// What the plugin wrote to the log so far, oldest first.
    pub fn log(&self) -> Vec<LogLine> {
        self.state(|state| state.lines().iter().cloned().collect())
    }

    /// Why the plugin is not called any more, if it panicked.
    pub fn failure(&self) -> Option<String> {
        self.state(|state| state.failure.clone())
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.state(|state| state.plugin.is_some())
    }

    /// Ends the bot's program as SIGKILL does. What is not in its store by now
    /// is gone, and what it asks for from now on is done by nobody. Its `drop`
    /// still runs, so that threads of its own can end.
    pub fn crash(&self) {
        BotState::crash(&self.core, self.number);
    }

    /// Lets the program crash once the plugin is about to hear of an event.
    pub fn crash_before(&self, event: impl Fn(&Delivery) -> bool + 'static) {
        self.crash_at(Crash { after: false, event: Box::new(event) });
    }

    /// Lets the program crash once the plugin heard of an event, before
    /// anything is done that it asked for then.
    pub fn crash_after(&self, event: impl Fn(&Delivery) -> bool + 'static) {
        self.crash_at(Crash { after: true, event: Box::new(event) });
    }

    /// Waits until it does not run any more: it crashed, or it panicked.
    pub fn has_stopped(&self) {
        let otherwise = || "the bot did not stop".to_owned();
        self.core.wait(otherwise, || (!self.is_running()).then_some(()));
    }

    /// Starts the program again on what is in its store, and makes the plugin
    /// anew. One that runs is ended in its good order first.
    pub fn restart(&self) {
        if self.state(|state| state.line.is_some()) {
            let home = self.state(BotState::leave);
            self.core.shut_down(home);
        }
        self.core.start(self.state(|state| state.home));
        self.begin();
    }

    fn crash_at(&self, crash: Crash) {
        self.state(|state| state.crash = Some(crash));
    }

    /// Gives the plugin its place, and makes it.
    fn begin(&self) {
        let (home, plan) = self.state(|state| (state.home, state.plan()));
        let host = self.core.program(home).host;
        let guest =
            self.core.in_home(home, "nobody let the bot in", async move { host.guest(plan) });
        let seat = match guest {
            Ok(guest) => Seat::new(guest),
            Err(error) => self.core.fail(&format!("the bot has no place: {error}")),
        };
        let made = self.state(|state| {
            let clock = self.core.clock.clone();
            let (log, ids) = (state.log.clone(), Mutex::default());
            let line = Arc::new(BotLine { seat: Mutex::new(Some(seat)), clock, log, ids });
            state.line = Some(line.clone());
            let host = host_of(state.granted, line);
            let config = Config::of_json(&state.config)?;
            let made = catch_unwind(AssertUnwindSafe(|| (state.make)(host.clone(), config)));
            let made = made.unwrap_or_else(|panic| Err(said(&*panic).into()));
            made.map(|plugin| state.plugin = Some((plugin, host)))
        });
        if let Err::<(), Error>(error) = made {
            self.core.fail(&format!("the bot could not be made: {error}"));
        }
        self.core.note(&self.name(), "starts");
    }

    fn name(&self) -> String {
        self.state(|state| state.manifest.name.to_owned())
    }

    fn state<T>(&self, work: impl FnOnce(&mut BotState) -> T) -> T {
        match self.core.bots.borrow_mut().get_mut(self.number) {
            Some(state) => work(state),
            None => self.core.fail("this bot lives in no town"),
        }
    }
}

impl BotState {
    fn plan(&self) -> GuestPlan {
        GuestPlan {
            name: self.manifest.id.to_owned(),
            topics: self.manifest.topics,
            grants: self.granted,
            accounts: Some(vec![self.id]),
            conversations: None,
            rate: None,
            durable: self.manifest.durable,
        }
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<LogLine>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn seat(&self) -> Option<Seat> {
        self.line.as_ref().and_then(|line| line.seat().clone())
    }

    /// A bot is told something.
    pub(crate) fn hear(core: &Core, number: usize, told: &Told) {
        // Nothing is borrowed while the plugin is called.
        let taken = Self::of(core, number, |state| {
            let (plugin, line) = (state.plugin.take()?, state.line.clone()?);
            Some((plugin, line, state.crash.take(), state.manifest.name))
        });
        let Some(((mut plugin, host), line, crash, name)) = taken else { return };
        let event = match line.delivery(told) {
            Ok(event) => event,
            Err(error) => core.fail(&format!("an event does not fit the wire: {error}")),
        };
        let strikes = crash.as_ref().filter(|crash| (crash.event)(&event)).map(|it| it.after);
        let put_back = |state: &mut Self, plugin, host, failure: Option<String>| {
            if strikes.is_none() {
                state.crash = crash;
            }
            match failure {
                // It is not called again, not even dropped.
                Some(_) => mem::forget(plugin),
                None => state.plugin = Some((plugin, host)),
            }
            state.failure = failure;
        };
        if strikes == Some(false) {
            Self::of(core, number, |state| put_back(state, plugin, host, None));
            return Self::crash(core, number);
        }
        if let Some(words) = record::event(&event.event) {
            core.note(name, words);
        }
        let heard = catch_unwind(AssertUnwindSafe(|| plugin.on_event(&event)));
        line.asked(|words| core.note(name, words));
        let failure = match heard {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                line.log(Level::Error, &error.to_string());
                None
            }
            Err(panic) => {
                let failure = format!("it panicked: {}", said(&*panic));
                core.note(name, &failure);
                close(&host);
                Some(failure)
            }
        };
        Self::of(core, number, |state| put_back(state, plugin, host, failure));
        if strikes == Some(true) {
            Self::crash(core, number);
        }
    }

    fn crash(core: &Core, number: usize) {
        let (home, name) = Self::of(core, number, |state| (state.leave(), state.manifest.name));
        core.note(name, "crashes");
        core.kill(home);
    }

    /// Takes the plugin out of its place; gives the home.
    fn leave(&mut self) -> usize {
        if let Some((plugin, host)) = self.plugin.take() {
            close(&host);
            drop(plugin);
        }
        if let Some(line) = self.line.take() {
            *line.seat() = None;
        }
        self.failure = None;
        self.crash = None;
        self.home
    }

    fn of<T>(core: &Core, number: usize, work: impl FnOnce(&mut Self) -> T) -> T {
        match core.bots.borrow_mut().get_mut(number) {
            Some(state) => work(state),
            None => core.fail("this bot lives in no town"),
        }
    }

    /// How it is, for people.
    pub(crate) fn explain(&self) -> String {
        let how = match (&self.failure, &self.plugin) {
            (Some(failure), _) => failure,
            (None, Some(_)) => "runs",
            (None, None) => "does not run",
        };
        let mut text = format!("\nThe bot '{}': {how}. Its log:\n", self.manifest.name);
        let lines = self.lines();
        for (level, line) in lines.iter().skip(lines.len().saturating_sub(SHOWN)) {
            // Writing into a text does not fail.
            let _written = writeln!(text, "  {level:?}: {line}");
        }
        text
    }
}

/// The plugin's way to its place.
struct BotLine {
    /// `None` once it left.
    seat: Mutex<Option<Seat>>,
    clock: TownClock,
    log: Arc<Mutex<VecDeque<LogLine>>>,
    ids: Mutex<Asked>,
}

/// What the plugin asked for.
#[derive(Default)]
struct Asked {
    /// Without a reply.
    waiting: BTreeMap<u64, RequestId>,
    /// In words, until the town has written them down.
    words: Vec<String>,
}

impl BotLine {
    fn seat(&self) -> MutexGuard<'_, Option<Seat>> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ids(&self) -> MutexGuard<'_, Asked> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self, note: impl FnMut(String)) {
        mem::take(&mut self.ids().words).into_iter().for_each(note);
    }

    /// An event as the plugin gets it: it went through the wire's bytes.
    fn delivery(&self, told: &Told) -> Result<Delivery, CodecError> {
        let event: Event =
            decode_event(&encode_event(told.event(), Encoding::Bincode)?, Encoding::Bincode)?;
        let reply_to = told.reply_to.and_then(|id| self.ids().waiting.remove(&id));
        Ok(Delivery { seq: told.seq, reply_to, event })
    }
}

impl HostLine for BotLine {
    fn submit(&self, id: RequestId, request: &Request) -> Status {
        let Some(seat) = self.seat().clone() else { return CLOSED };
        self.ids().waiting.insert(id.number(), id);
        let status = seat.submit(id.number(), request);
        let mut asked = self.ids();
        match status {
            OK => asked.words.extend(record::request(request)),
            status => {
                asked.waiting.remove(&id.number());
                asked.words.push(format!("is not heard (status {status})"));
            }
        }
        status
    }

    fn log(&self, level: Level, text: &str) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() >= LINES {
            log.pop_front();
        }
        log.push_back((level, text.to_owned()));
    }

    fn now(&self) -> Millis {
        self.clock.now().millis()
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words")
}
