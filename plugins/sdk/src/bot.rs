//! The bot kit. A bot says which handler is for what; the kit does the rest:
//! commands with generated help, dialogues, timers, records, retries. A handler
//! is a plain function of an event and a transaction ([`Cx`]).
//!
//! ```
//! //! Answers every text with the same text.
//! use ramson_sdk::Manifest;
//! use ramson_sdk::bot::{Bot, bot};
//!
//! bot!(Manifest::bot("org.example.echo", "Echo", "1.0"), |bot: &mut Bot| {
//!     bot.on_text(|cx, text| cx.say(format!("echo: {text}")));
//! });
//! # fn main() {
//! use ramson_sdk::bot::testing::{ANN, TestBot};
//!
//! let mut bot = TestBot::new::<TheBot>("{}");
//! assert_eq!(bot.asks(ANN, "hello"), ["echo: hello"]);
//! # }
//! ```
//!
//! One with commands, a dialogue, a timer and something to remember:
//!
//! ```
//! use std::time::Duration;
//! use ramson_sdk::Manifest;
//! use ramson_sdk::bot::testing::{ANN, TestBot};
//! use ramson_sdk::bot::{Bot, Commands, Next, Rest, Span, bot};
//!
//! #[derive(Commands)]
//! enum Command {
//!     /// shows this help
//!     Help,
//!     /// reminds you, as in '/remind 10m tea'
//!     #[command(alias = "r")]
//!     Remind { after: Span, text: Rest },
//!     /// asks what to remind you of
//!     Ask,
//! }
//!
//! bot!(Reminder = Manifest::bot("org.example.reminder", "Reminder", "1.0"), |bot: &mut Bot| {
//!     bot.rate_limit(20, Duration::from_secs(60)).rate_limit_says("slowly, please");
//!     bot.on_command(|cx, command: Command| match command {
//!         Command::Help => cx.say(Command::help()),
//!         Command::Remind { after, text } => {
//!             let number = cx.get::<u64>("number")?.unwrap_or(0) + 1;
//!             cx.put("number", &number)?;
//!             cx.timer_after(&format!("remind/{number}"), after, &*text)?;
//!             cx.say(format!("in {after}, then"))
//!         }
//!         Command::Ask => {
//!             cx.begin("ask", &())?;
//!             cx.say("of what? /cancel ends this")
//!         }
//!     });
//!     bot.dialogue("ask", |cx, (), _| {
//!         let text = cx.text().to_owned();
//!         cx.timer_after("remind/soon", Duration::from_secs(60), &text)?;
//!         cx.say("in a minute, then")?;
//!         Ok(Next::End)
//!     });
//!     bot.on_timer("remind", |cx, text: String| cx.say(format!("remember: {text}")));
//!     bot.otherwise(|cx, _| cx.reply("try /help"));
//! });
//! # fn main() {
//! let mut bot = TestBot::new::<Reminder>("{}");
//! assert_eq!(bot.asks(ANN, "/r 10m tea"), ["in 10m, then"]);
//! bot.restart();
//! bot.pass(Duration::from_secs(600));
//! assert_eq!(bot.said_to(ANN), ["remember: tea"]);
//! assert_eq!(bot.asks(ANN, "/ask"), ["of what? /cancel ends this"]);
//! assert_eq!(bot.asks(ANN, "cake"), ["in a minute, then"]);
//! # }
//! ```
//!
//! What it promises, with the events of a durable plugin:
//!
//! - What a handler says, writes down and asks for happens once it returned
//!   `Ok`, together with "this event is done with", or not at all. So every
//!   event is handled effectively once, whatever crashes.
//! - A handler that fails or panics has its turn again after 1 s and after 5 s;
//!   then the event is passed over with an error in the log, and
//!   [`Bot::on_failure`] may say something. Others wait that long: events are
//!   handled in order.
//! - While nothing can be kept (the engine is away, the outbox is full), what
//!   was asked for waits and is told in the same order as soon as it can be.
//! - Of one message a handler hears once, when it is there as a whole; own
//!   messages, notices and what was taken back reach no handler of messages. A
//!   bot sends no read receipts, and tells other devices of its account nothing
//!   ([`Bot::tells_other_devices`]).
//!
//! Limits: of one handler 64 commands and 192 KiB; of a record's name 256
//! bytes, of its value 64 KiB; all records of a bot are in memory. Texts above
//! 2,000 code points become several messages. Records whose names begin with
//! `kit/` are the kit's own: timers, dialogues, names of messages, reactions.
//!
//! | file | what |
//! |---|---|
//! | `build` | [`Bot`]: which handler is for what |
//! | `cx` | [`Cx`]: what a handler has |
//! | `commands`, `argument`, `span` | what begins with '/' |
//! | `filter` | which messages a handler is for |
//! | `dialogue`, `timers`, `said`, `reactions` | records of the kit, and what they are for |
//! | `requests`, `rate`, `layers` | what happens before a handler |
//! | `inlet`, `receipt` | what the bot's own threads hand in, and when it is kept |
//! | `route` | which handlers an event goes to |
//! | `records`, `text` | what is written down; texts that are too long |
//! | `runner` | the machine: events in, requests out |
//! | `running` | the plugin around it |
//! | `testing` | a host for tests of bots |

mod argument;
mod build;
mod commands;
mod cx;
mod dialogue;
pub mod filter;
mod inlet;
mod layers;
mod rate;
mod reactions;
mod receipt;
mod records;
mod requests;
mod route;
mod runner;
mod running;
mod said;
mod span;
pub mod testing;
#[cfg(test)]
mod tests;
mod text;
mod timers;

pub use argument::{Argument, Rest, Unread};
pub use build::{Bot, Failure, Reacted};
pub use commands::{About, CommandError, Commands, Field, Words};
pub use cx::{Cx, CxError};
pub use dialogue::Next;
pub use filter::Filter;
pub use inlet::{Inlet, InletError};
pub use layers::Chain;
pub use ramson_sdk_derive::Commands;
pub use receipt::Receipt;
pub use requests::{Policy, Requests};
pub use running::{Running, Setup};
pub use span::{Span, SpanError};

pub use crate::{__bot as bot, __bot_type as bot_type};

/// What a handler returns.
pub type Handled = Result<(), crate::Error>;

/// Makes a library's plugin of a manifest and a function that says what the
/// bot does: `bot!(manifest, |bot: &mut Bot| { … })`. The type of the plugin is
/// `TheBot`, or what stands in front: `bot!(Echo = manifest, …)`. The function
/// returns nothing, or a `Result`; after an error the bot is not started.
///
/// To the manifest it adds that the bot is durable and hears conversations, by
/// which strangers are told from contacts.
#[doc(hidden)]
#[macro_export]
macro_rules! __bot {
    ($name:ident = $manifest:expr, $setup:expr $(,)?) => {
        $crate::__bot_type!($name = $manifest, $setup);
        $crate::plugin!($name);
    };
    ($manifest:expr, $setup:expr $(,)?) => {
        $crate::__bot!(TheBot = $manifest, $setup);
    };
}

/// The type of a bot without a library's symbol, of which there can be one
/// only: for several bots in one test. `bot_type!(Echo = manifest, |bot| …)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __bot_type {
    ($name:ident = $manifest:expr, $setup:expr $(,)?) => {
        /// The bot.
        #[derive(Debug)]
        pub struct $name($crate::bot::Running);

        impl $crate::Plugin for $name {
            const MANIFEST: $crate::Manifest = $crate::bot::Running::manifest($manifest);

            fn create(
                host: $crate::Host,
                config: $crate::Config,
            ) -> ::core::result::Result<Self, $crate::Error> {
                $crate::bot::Running::new(&Self::MANIFEST, host, config, $setup).map(Self)
            }

            fn on_event(
                &mut self,
                event: &$crate::Delivery,
            ) -> ::core::result::Result<(), $crate::Error> {
                self.0.on_event(event);
                ::core::result::Result::Ok(())
            }
        }
    };
}
