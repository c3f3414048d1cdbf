//! Greets whoever writes for the first time, and keeps the door.
//!
//! ```toml
//! [bot-greeter.config]              # all of it may be left out
//! open = true                       # false: strangers are left to you, as message requests
//! phrase = "open sesame"            # lets only those in who say this; left out: everybody
//! per_hour = 60                     # so many newcomers in an hour; more are left to you
//! greeting = "Welcome."             # the first thing that somebody hears
//! rules = "Be kind to each other."  # follows it, and answers '/rules'
//! ```
//!
//! Who is not let in hears nothing, and may try again.

#[cfg(test)]
mod tests;

use std::time::Duration;

use ramson_sdk::bot::filter::{self, Filter};
use ramson_sdk::bot::{Bot, Chain, Commands, Cx, Handled, Requests, bot};
use ramson_sdk::{Error, Manifest, Message, Millis};
use serde::Deserialize;

bot!(Manifest::bot("org.ramson.bot-greeter", "Greeter", "1.0").unloads(), setup);

const HOUR: Millis = 60 * 60 * 1_000;

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    open: bool,
    phrase: Option<String>,
    per_hour: usize,
    greeting: String,
    rules: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            open: true,
            phrase: None,
            per_hour: 60,
            greeting: "Welcome.".to_owned(),
            rules: "Be kind to each other.".to_owned(),
        }
    }
}

#[derive(Commands)]
enum Command {
    /// shows this help
    Help,
    /// says what is asked of everybody here
    Rules,
}

fn setup(bot: &mut Bot) -> Result<(), Error> {
    let settings: Settings = bot.config().get()?;
    let (door, rules) = (settings.clone(), settings.rules.clone());
    bot.rate_limit(20, Duration::from_secs(60)).rate_limit_says("slowly, please");
    bot.requests(move |cx: &mut Cx, message: &Message| lets_in(&door, cx, message));
    bot.layer(move |cx, next| greet(&settings, cx, next));
    bot.on_command(move |cx, command: Command| match command {
        Command::Help => cx.say(Command::help()),
        Command::Rules => cx.say(&rules),
    });
    bot.otherwise(|cx, _| cx.say("/help shows what I can do"));
    Ok(())
}

/// Whether a stranger comes in, who then counts as one of this hour.
fn lets_in(door: &Settings, cx: &mut Cx, message: &Message) -> Result<Requests, Error> {
    let says = |phrase: &String| filter::contains(phrase).takes(cx, message);
    if !door.open || !door.phrase.as_ref().is_none_or(says) {
        return Ok(Requests::Ignore);
    }
    let mut came: Vec<Millis> = cx.get("came")?.unwrap_or_default();
    came.retain(|at| cx.now().saturating_sub(*at) < HOUR);
    if came.len() >= door.per_hour {
        return Ok(Requests::Ignore);
    }
    came.push(cx.now());
    cx.put("came", &came)?;
    Ok(Requests::Accept)
}

/// Greets whoever was not greeted yet; a first message that is a command is
/// answered, too.
fn greet(settings: &Settings, cx: &mut Cx, next: Chain<'_>) -> Handled {
    let (Some(message), Ok(peer)) = (cx.message(), cx.peer()) else { return next.run(cx) };
    let asks = filter::command().takes(cx, message);
    let greeted = format!("greeted/{}/{peer}", cx.account());
    if cx.get::<Millis>(&greeted)?.is_some() {
        return next.run(cx);
    }
    cx.put(&greeted, &cx.now())?;
    cx.say(format!("{}\n\n{}", settings.greeting, settings.rules))?;
    if asks { next.run(cx) } else { Ok(()) }
}
