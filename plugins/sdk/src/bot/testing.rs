//! A host for tests of bots: it keeps records, sets alarms, and carries out
//! what a bot asks for, in memory and at once. Nothing of the network is in it;
//! the testkit has that.
//!
//! ```
//! use ramson_sdk::Manifest;
//! use ramson_sdk::bot::testing::{ANN, BEN, TestBot};
//! use ramson_sdk::bot::{Bot, bot_type};
//!
//! bot_type!(Counter = Manifest::bot("org.example.counter", "Counter", "1.0"), |bot: &mut Bot| {
//!     bot.on_text(|cx, _| {
//!         let count = cx.get::<u64>("count")?.unwrap_or(0) + 1;
//!         cx.put("count", &count)?;
//!         cx.reply(format!("the {count}th text"))
//!     });
//! });
//!
//! let mut bot = TestBot::new::<Counter>("{}");
//! assert_eq!(bot.asks(ANN, "hello"), ["the 1th text"]);
//! bot.restart();
//! assert_eq!(bot.asks(BEN, "hello"), ["the 2th text"]);
//! assert_eq!(bot.record("count"), Some("2".to_owned()));
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ramson_wire::{
    AccountCommand, AccountId, Change, Command, Conversation, Event, GrantSet, Message, MessageId,
    Millis, Quote, Reaction, Refusal,
};

use super::{Bot, Running, Setup};
use crate::testing::{close, host_of};
use crate::{Config, Delivery, Error, Host, Level, Manifest, Plugin, SubmitError};

mod world;

use world::World;

/// The bot's account.
pub const BOT: AccountId = account(0xb0);
/// Somebody.
pub const ANN: AccountId = account(0xa1);
/// Somebody else.
pub const BEN: AccountId = account(0xb2);

/// An account for tests, another one for each number.
pub const fn account(number: u8) -> AccountId {
    let mut id = [number; 33];
    id[0] = 5;
    AccountId(id)
}

/// Something that a bot said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The message.
    pub id: MessageId,
    /// To whom.
    pub to: AccountId,
    /// What.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
}

/// What hears events.
trait Hears {
    fn hear(&mut self, event: &Delivery) -> Result<(), Error>;
}

struct OfPlugin<P>(P);

impl<P: Plugin> Hears for OfPlugin<P> {
    fn hear(&mut self, event: &Delivery) -> Result<(), Error> {
        self.0.on_event(event)
    }
}

impl Hears for Running {
    fn hear(&mut self, event: &Delivery) -> Result<(), Error> {
        self.on_event(event);
        Ok(())
    }
}

type Make = Box<dyn Fn(Host, Config) -> Result<Box<dyn Hears>, Error>>;

/// A bot, and a host that carries out what it asks for. What is wrong in a
/// test panics.
pub struct TestBot {
    world: Arc<World>,
    make: Make,
    config: String,
    granted: GrantSet,
    running: Option<(Host, Box<dyn Hears>)>,
}

#[allow(clippy::panic, reason = "a test that goes wrong says why")]
impl TestBot {
    /// A bot of a type, with what `bot!` makes; the config is JSON.
    pub fn new<P: Plugin>(config: &str) -> Self {
        let make = |host, config| {
            let plugin = P::create(host, config)?;
            Ok(Box::new(OfPlugin(plugin)) as Box<dyn Hears>)
        };
        Self::begin(P::MANIFEST, config, P::MANIFEST.grants, Box::new(make))
    }

    /// A bot of a manifest and a function, without a type of its own.
    pub fn of<S: Setup>(
        manifest: Manifest,
        config: &str,
        setup: impl Fn(&mut Bot) -> S + 'static,
    ) -> Self {
        Self::granting(manifest, config, manifest.grants, setup)
    }

    /// The same, where its user gives it this only.
    pub fn granting<S: Setup>(
        manifest: Manifest,
        config: &str,
        granted: GrantSet,
        setup: impl Fn(&mut Bot) -> S + 'static,
    ) -> Self {
        let manifest = Running::manifest(manifest);
        let make = move |host, config| {
            let running = Running::new(&manifest, host, config, &setup)?;
            Ok(Box::new(running) as Box<dyn Hears>)
        };
        Self::begin(manifest, config, granted, Box::new(make))
    }

    fn begin(manifest: Manifest, config: &str, granted: GrantSet, make: Make) -> Self {
        let world = Arc::new(World::new(manifest.durable, granted));
        let config = config.to_owned();
        let mut bot = Self { world, make, config, granted, running: None };
        bot.start();
        bot.settle();
        bot
    }

    fn start(&mut self) {
        let host = host_of(self.granted, self.world.clone());
        let config = match Config::of_json(&self.config) {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        };
        match (self.make)(host.clone(), config) {
            Ok(hears) => self.running = Some((host, hears)),
            Err(error) => panic!("the bot does not start: {error}"),
        }
        self.world.begin();
    }

    /// Ends the bot in the middle of what it does: what the host was not told
    /// yet is lost.
    pub fn crash(&mut self) {
        if let Some((host, hears)) = self.running.take() {
            close(&host);
            drop(hears);
        }
        self.world.end();
    }

    /// Ends the bot, if it runs, and starts it again.
    pub fn restart(&mut self) {
        self.crash();
        self.start();
        self.settle();
    }

    /// Starts the bot; nothing is told to it yet.
    #[cfg(test)]
    pub(crate) fn start_only(&mut self) {
        self.start();
    }

    /// Does one thing: carries out a request, or tells an event. `false`:
    /// there is nothing to do, unless time passes.
    pub fn step(&mut self) -> bool {
        if self.world.carry_out() {
            return true;
        }
        self.tell_next()
    }

    /// Carries out one request; `false`: there is none.
    #[cfg(test)]
    pub(crate) fn carry_out(&self) -> bool {
        self.world.carry_out()
    }

    /// Tells one event; `false`: there is none.
    pub(crate) fn tell_next(&mut self) -> bool {
        let Some((_, hears)) = &mut self.running else { return false };
        let Some(delivery) = self.world.next() else { return false };
        if let Err(error) = hears.hear(&delivery) {
            panic!("on_event failed: {error}");
        }
        true
    }

    /// Lets everything happen that can happen now.
    pub fn settle(&mut self) {
        const MOST: u32 = 1_000_000;
        for _ in 0..MOST {
            if !self.step() {
                return;
            }
        }
        panic!("the bot does not come to rest");
    }

    /// Lets time pass; timers go off meanwhile, each in its time.
    pub fn pass(&mut self, time: impl Into<Duration>) {
        let millis = Millis::try_from(time.into().as_millis()).unwrap_or(Millis::MAX);
        let until = self.world.now_millis().saturating_add(millis);
        self.settle();
        while self.world.go_to(until) {
            self.settle();
        }
    }

    /// The time.
    pub fn now(&self) -> Millis {
        self.world.now_millis()
    }

    /// Somebody writes to the bot; nothing else happens yet. Who wrote never
    /// before is a stranger.
    pub fn write(&mut self, from: AccountId, text: &str) -> MessageId {
        self.write_with(from, text, |_| {})
    }

    /// The same, with a message that is changed first.
    pub fn write_with(
        &mut self,
        from: AccountId,
        text: &str,
        change: impl FnOnce(&mut Message),
    ) -> MessageId {
        self.world.write(from, text, change)
    }

    /// Somebody writes to the bot, and everything happens that follows.
    pub fn says(&mut self, from: AccountId, text: &str) -> MessageId {
        let id = self.write(from, text);
        self.settle();
        id
    }

    /// Somebody writes to the bot: what the bot says to them after it.
    pub fn asks(&mut self, from: AccountId, text: &str) -> Vec<String> {
        self.settle();
        let _ = self.said_to(from);
        self.says(from, text);
        self.said_to(from)
    }

    /// Somebody answers a message of the bot.
    pub fn replies(&mut self, from: AccountId, to: MessageId, text: &str) -> MessageId {
        let quote = Quote { author: BOT, sent: self.world.sent(to) };
        let id = self.write_with(from, text, |message| message.quote = Some(quote));
        self.settle();
        id
    }

    /// Somebody puts an emoji on a message, or takes it away.
    pub fn reacts(&mut self, from: AccountId, message: MessageId, emoji: &str, removed: bool) {
        let reaction = Reaction { author: from, emoji: emoji.to_owned(), at: self.now() };
        let change = Change::Reaction { reaction, removed };
        let conversation = from.into();
        self.tell(Event::MessageChanged { account: BOT, conversation, message, change });
        self.settle();
    }

    /// Something else happens.
    pub fn tell(&mut self, event: Event) {
        self.world.happens(event);
    }

    /// Makes a contact of somebody.
    pub fn knows(&mut self, contact: AccountId) {
        let id = contact.into();
        let conversation =
            Conversation { approved: true, approved_me: true, ..Conversation::new(id) };
        self.tell(Event::Conversation { account: BOT, conversation });
        self.settle();
    }

    /// What the bot said since the last time.
    pub fn said(&mut self) -> Vec<Said> {
        self.world.said(None)
    }

    /// The texts that it said to somebody since the last time.
    pub fn said_to(&mut self, to: AccountId) -> Vec<String> {
        self.world.said(Some(to)).into_iter().map(|said| said.text).collect()
    }

    /// What else it asked its account for since the last time.
    pub fn commands(&mut self) -> Vec<AccountCommand> {
        self.world.commands()
    }

    /// A record, as it is kept.
    pub fn record(&self, key: &str) -> Option<String> {
        self.world.record(key)
    }

    /// The names of all records, the kit's own among them.
    pub fn records(&self) -> Vec<String> {
        self.world.records()
    }

    /// What the bot wrote to the log so far, oldest first.
    pub fn log(&self) -> Vec<(Level, String)> {
        self.world.log_lines()
    }

    /// How many events the bot is not done with.
    pub fn undone(&self) -> usize {
        self.world.undone()
    }

    /// From now on what is to be kept is refused, or kept again.
    pub fn refuse(&mut self, refusal: Option<Refusal>) {
        self.world.refuse(refusal);
    }

    /// From now on requests are not even taken, or are again.
    pub fn refuse_requests(&mut self, refusal: Option<SubmitError>) {
        self.world.refuse_requests(refusal);
    }

    /// From now on commands for which this is true are refused for themselves.
    pub fn refuse_commands(&mut self, refuses: impl Fn(&Command) -> bool + Send + 'static) {
        self.world.refuse_commands(Box::new(refuses));
    }

    /// The engine goes and comes again: what the bot was told and is not done
    /// with is told again.
    pub fn new_engine(&mut self) {
        self.world.begin();
    }
}

impl Drop for TestBot {
    fn drop(&mut self) {
        self.crash();
    }
}

impl fmt::Debug for TestBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBot").field("runs", &self.running.is_some()).finish_non_exhaustive()
    }
}
