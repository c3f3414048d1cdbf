//! What a bot does: which handler is for what.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ramson_wire::{Message, MessageId, Reaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::dialogue::{self, Next, Step};
use super::filter::{self, Filter};
use super::inlet::{self, Inlet, Taken};
use super::layers::{Chain, Layer};
use super::rate::Limit;
use super::requests::{Policy, Requests};
use super::{About, CommandError, Commands, Cx, Handled};
use crate::{Config, Delivery, Error, Host};

/// What a bot does. Handlers are given to it once, when the bot is made; they
/// run one after the other, in the order of the events. What a handler
/// remembers belongs into records ([`Cx::put`]): after a restart, or when it is
/// tried again, nothing else is as it was.
///
/// A message goes to the first of these that is for it: [`Bot::on_command`], the
/// dialogue of its conversation, [`Bot::on_text`] and [`Bot::on`] in the order
/// in which they were given, [`Bot::otherwise`]. It is always a message that somebody else wrote: not one
/// of the account's own devices, no notice, and not taken back.
pub struct Bot {
    pub(crate) host: Host,
    pub(crate) config: Config,
    pub(crate) starts: Vec<StartHandler>,
    pub(crate) stops: Vec<Box<dyn FnOnce() + Send>>,
    pub(crate) failures: Vec<Handler<Failure>>,
    pub(crate) raw: Vec<Handler<Delivery>>,
    pub(crate) commands: Vec<CommandHandler>,
    pub(crate) messages: Vec<(Box<dyn Filter>, Handler<Message>)>,
    pub(crate) otherwise: Option<Handler<Message>>,
    pub(crate) reactions: Vec<Handler<Reacted>>,
    pub(crate) sent: Vec<Handler<Message>>,
    pub(crate) timers: BTreeMap<String, TimerHandler>,
    pub(crate) dialogues: BTreeMap<String, Step>,
    pub(crate) inlets: Vec<Box<dyn Taken>>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) policy: Box<dyn Policy>,
    pub(crate) limit: Option<Limit>,
    pub(crate) dialogue_expiry: Duration,
    pub(crate) syncs: bool,
}

/// What something is handed to.
pub(crate) type Handler<T> = Box<dyn Fn(&mut Cx, &T) -> Handled + Send>;

/// What runs first.
pub(crate) type StartHandler = Box<dyn Fn(&mut Cx) -> Handled + Send>;

/// What a timer's data is handed to.
pub(crate) type TimerHandler = Box<dyn Fn(&mut Cx, Value) -> Handled + Send>;

/// What a text is handed to that may be a command.
pub(crate) struct CommandHandler {
    /// Those that it knows.
    pub(crate) commands: &'static [About],
    pub(crate) call: Box<Call>,
}

/// Parses a text and handles it; `None` if it looks like no command.
type Call = dyn Fn(&mut Cx, &str) -> Option<Called> + Send;

/// What became of a text that looks like a command.
pub(crate) enum Called {
    /// It is one, and was handled.
    Handled(Handled),
    /// It is none, which its author is told.
    Wrong(CommandError),
}

/// An emoji that somebody put on a message, or took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reacted {
    /// On which message.
    pub message: MessageId,
    /// Who, which emoji, and when.
    pub reaction: Reaction,
    /// It was taken away.
    pub removed: bool,
}

/// What a handler could not do, so that it was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it was about: "message m1-3", "timer 'remind/3'".
    pub what: String,
    /// What went wrong, the last time.
    pub error: String,
}

/// A dialogue ends after so long without a word.
const DIALOGUE_EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);

impl Bot {
    pub(crate) fn new(host: Host, config: Config) -> Self {
        Self {
            host,
            config,
            starts: Vec::new(),
            stops: Vec::new(),
            failures: Vec::new(),
            raw: Vec::new(),
            commands: Vec::new(),
            messages: Vec::new(),
            otherwise: None,
            reactions: Vec::new(),
            sent: Vec::new(),
            timers: BTreeMap::new(),
            dialogues: BTreeMap::new(),
            inlets: Vec::new(),
            layers: Vec::new(),
            policy: Box::new(Requests::Accept),
            limit: None,
            dialogue_expiry: DIALOGUE_EXPIRY,
            syncs: false,
        }
    }

    /// What the user wrote for the bot in `plugins.toml`.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The host, for a thread of the bot's own.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Hears texts that are no command of the bot.
    pub fn on_text(
        &mut self,
        handler: impl Fn(&mut Cx, &str) -> Handled + Send + 'static,
    ) -> &mut Self {
        self.on(filter::text(), move |cx, message| {
            handler(cx, message.text.as_deref().unwrap_or_default())
        })
    }

    /// Hears messages that the filter takes, also those without a text.
    pub fn on(
        &mut self,
        filter: impl Filter,
        handler: impl Fn(&mut Cx, &Message) -> Handled + Send + 'static,
    ) -> &mut Self {
        self.messages.push((Box::new(filter), Box::new(handler)));
        self
    }

    /// Hears messages that nothing else is for.
    pub fn otherwise(
        &mut self,
        handler: impl Fn(&mut Cx, &Message) -> Handled + Send + 'static,
    ) -> &mut Self {
        self.otherwise = Some(Box::new(handler));
        self
    }

    /// Hears commands. Whoever writes one wrongly is told so in a sentence.
    /// There may be several enums; a name counts for the first that has it, and
    /// [`Cx::help`] is the help of all of them.
    pub fn on_command<C: Commands + 'static>(
        &mut self,
        handler: impl Fn(&mut Cx, C) -> Handled + Send + 'static,
    ) -> &mut Self {
        let call = move |cx: &mut Cx, text: &str| {
            C::parse(text).map(|parsed| match parsed {
                Ok(command) => Called::Handled(handler(cx, command)),
                Err(error) => Called::Wrong(error),
            })
        };
        self.commands.push(CommandHandler { commands: C::COMMANDS, call: Box::new(call) });
        self
    }

    /// Hears what is written in a conversation after [`Cx::begin`] of this
    /// name there, until the handler returns [`Next::End`], somebody writes
    /// '/cancel' and nothing else, or nothing was written for a day
    /// ([`Bot::dialogues_expire`]). Commands of the bot pass it by, also one
    /// that is called 'cancel', unless it lacks what has to follow its name.
    pub fn dialogue<S: Serialize + DeserializeOwned + 'static>(
        &mut self,
        name: impl Into<String>,
        handler: impl Fn(&mut Cx, S, &Message) -> Result<Next<S>, Error> + Send + 'static,
    ) -> &mut Self {
        let name = name.into();
        self.dialogues.insert(name.clone(), dialogue::step(name, handler));
        self
    }

    /// Dialogues end after so long without a word; a day if this is not called.
    pub fn dialogues_expire(&mut self, after: impl Into<Duration>) -> &mut Self {
        self.dialogue_expiry = after.into();
        self
    }

    /// Hears reactions of others, each once. What came and went while the bot
    /// was down is not heard of. [`Cx::reply`] quotes the message that it was
    /// put on.
    pub fn on_reaction(
        &mut self,
        handler: impl Fn(&mut Cx, &Reacted) -> Handled + Send + 'static,
    ) -> &mut Self {
        self.reactions.push(Box::new(handler));
        self
    }

    /// Hears messages of the account itself, once they stand in the history:
    /// those of the bot, and of other devices. [`Cx::name`] has the name that
    /// [`Cx::say_named`] or [`Cx::send_named`] gave one.
    pub fn on_sent(
        &mut self,
        handler: impl Fn(&mut Cx, &Message) -> Handled + Send + 'static,
    ) -> &mut Self {
        self.sent.push(Box::new(handler));
        self
    }

    /// Hears the timers of this name, and of names that begin with it and '/':
    /// `on_timer("remind", …)` is for `remind` and `remind/7`. It gets what
    /// [`Cx::timer`] was given, and [`Cx::due`] is the time for which it was set.
    pub fn on_timer<T: DeserializeOwned + 'static>(
        &mut self,
        name: impl Into<String>,
        handler: impl Fn(&mut Cx, T) -> Handled + Send + 'static,
    ) -> &mut Self {
        let handler = move |cx: &mut Cx, data: Value| handler(cx, serde_json::from_value(data)?);
        self.timers.insert(name.into(), Box::new(handler));
        self
    }

    /// Hears every event as the host told it, also of the account's own
    /// messages, before the other handlers and in one transaction with them.
    /// Topics are the manifest's.
    pub fn on_event(
        &mut self,
        handler: impl Fn(&mut Cx, &Delivery) -> Handled + Send + 'static,
    ) -> &mut Self {
        self.raw.push(Box::new(handler));
        self
    }

    /// A way for the bot's own threads to hand something in: the handler gets
    /// it on the bot's thread.
    pub fn inlet<T: Send + 'static>(
        &mut self,
        name: impl Into<String>,
        handler: impl Fn(&mut Cx, &T) -> Handled + Send + 'static,
    ) -> Inlet<T> {
        let (inlet, taken) = inlet::pair(name.into(), self.host.clone(), handler);
        self.inlets.push(taken);
        inlet
    }

    /// Puts something around the handlers of messages, reactions and timers:
    /// it may do things before and after `next.run(cx)`, or leave that out. The
    /// first one is the outermost.
    pub fn layer(
        &mut self,
        layer: impl Fn(&mut Cx, Chain<'_>) -> Handled + Send + 'static,
    ) -> &mut Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// What becomes of strangers who write; they are accepted if this is not
    /// called. Needs the topic `conversations`, which `bot!` adds.
    pub fn requests(&mut self, policy: impl Policy) -> &mut Self {
        self.policy = Box::new(policy);
        self
    }

    /// In one conversation so many messages are handled in so long; what is
    /// more is passed over.
    pub fn rate_limit(&mut self, messages: u32, per: impl Into<Duration>) -> &mut Self {
        self.limit = Some(Limit::new(messages, per.into()));
        self
    }

    /// What is said, once, to somebody who is over [`Bot::rate_limit`], which
    /// is set before.
    pub fn rate_limit_says(&mut self, text: impl Into<String>) -> &mut Self {
        if let Some(limit) = &mut self.limit {
            limit.says = Some(text.into());
        }
        self
    }

    /// Tells the account's other devices what the bot writes. Without it they
    /// are not told, which is half the traffic; an account that a person uses
    /// elsewhere, too, wants it.
    pub fn tells_other_devices(&mut self) -> &mut Self {
        self.syncs = true;
        self
    }

    /// Runs first, once an account is there. [`Cx::account`] is the first one.
    pub fn on_start(&mut self, handler: impl Fn(&mut Cx) -> Handled + Send + 'static) -> &mut Self {
        self.starts.push(Box::new(handler));
        self
    }

    /// Runs last, to end threads and close what is open. Nothing can be asked
    /// of the host any more; what was not done with comes again, and whoever
    /// waits for a [`super::Receipt`] was told so before.
    pub fn on_stop(&mut self, handler: impl FnOnce() + Send + 'static) -> &mut Self {
        self.stops.push(Box::new(handler));
        self
    }

    /// Runs when a handler failed three times, and what it was for is passed
    /// over; in its conversation. The place for an apology.
    pub fn on_failure(
        &mut self,
        handler: impl Fn(&mut Cx, &Failure) -> Handled + Send + 'static,
    ) -> &mut Self {
        self.failures.push(Box::new(handler));
        self
    }
}

impl fmt::Debug for Bot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot").finish_non_exhaustive()
    }
}
