//! A town for the tests of bots.
//!
//! A test makes a town, lets the bot and a few people live in it, and lets
//! them talk. All of it is real but the sockets, the disk and the clock: nine
//! service nodes, an engine for the people and one for each bot, onions and
//! TLS between them, a plugin host, the wire's bytes. It runs on the test's
//! thread, and whenever nobody has anything to do the clock goes on to the
//! next thing that waits for a time. An hour takes a moment.
//!
//! ```
//! use ramson_sdk::Manifest;
//! use ramson_sdk::bot::{Bot, bot};
//! use ramson_testkit::Town;
//!
//! bot!(Manifest::bot("org.example.echo", "Echo", "1.0"), |bot: &mut Bot| {
//!     bot.on_text(|cx, text| cx.say(format!("echo: {text}")));
//! });
//!
//! # fn main() {
//! let town = Town::new(7);
//! let bot = town.bot::<TheBot>("{}");
//! let (ann, ben) = (town.person("Ann"), town.person("Ben"));
//!
//! ann.says(&bot, "hello");
//! assert_eq!(ann.hears(), "echo: hello");
//!
//! town.faults().lose_answers(30);
//! ben.says(&bot, "is anybody there?");
//! bot.crash();
//! bot.restart();
//! assert_eq!(ben.hears(), "echo: is anybody there?");
//! # }
//! ```
//!
//! Nothing waits for the machine's clock. A call that waits, such as
//! [`Person::hears`], lets time pass until the thing is there; after five
//! minutes of the town's time it fails the test, and says what happened and
//! what the bot wrote to its log. [`Town::pass`] lets time pass without
//! waiting for anything.
//!
//! What is left to chance follows from the town's seed: where people live in
//! the network, which requests fail, which nodes are asked. Two runs of a test
//! have the same [`Town::record`], as long as the bot has no threads of its
//! own; the clock does not wait for those.
//!
//! | to try | |
//! |---|---|
//! | a network that fails | [`Town::faults`] |
//! | a crash anywhere | [`Bot::crash`], [`Bot::crash_before`], [`Bot::crash_after`], then [`Bot::restart`] |
//! | a bot that was given less | [`Town::bot_granted`] |
//! | reminders, timeouts | [`Town::pass`] |
//! | reactions, quotes, deletions | [`Person::reacts`], [`Person::replies`], [`Person::deletes`], [`Person::does`] |
//!
//! | file | what |
//! |---|---|
//! | `town` | the handle; how time passes |
//! | `person`, `bot` | who lives there |
//! | `seat` | the place of each in a host |
//! | `home` | a disk in memory, and the engine on it |
//! | `net`, `faults` | the nodes, and what goes wrong |
//! | `machine` | clock and randomness |
//! | `record` | what happened, in words |

mod bot;
mod faults;
mod home;
mod machine;
mod net;
mod person;
mod record;
mod seat;
mod town;

pub use bot::{Bot, LogLine};
pub use faults::Faults;
pub use person::Person;
pub use town::{Resident, Town};
