//! Passes on what comes in on a webhook: the alerts of servers to a phone.
//!
//! ```toml
//! [bot-alert.config]
//! to = ["05…"]                 # who gets alerts; at least one
//! token = "at least 16 signs"  # who knows it may send some: A-Z a-z 0-9 - _
//! listen = "127.0.0.1:8035"    # where they come in; port 0: one that is free, the log says which
//! public = false               # true: listens where others than this machine reach it, too
//! names = { ben = "05…" }      # whom an alert can name, too
//! ```
//!
//! ```sh
//! curl -H 'Authorization: Bearer …' -d 'the disk is full' http://127.0.0.1:8035/
//! ```
//!
//! The body is the text, or JSON: `{"text": "…", "to": "ben"}`, with whatever
//! else in it. `?token=…` does, too, where no header can be set. The answer is
//! 202 once the message is safe in the outbox, else one sentence. With an
//! `Idempotency-Key` header a call that is repeated within 14 days is one
//! message.

mod http;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use ramson_sdk::bot::{Bot, Cx, Handled, Requests, bot};
use ramson_sdk::{AccountId, Error, Manifest};
use serde::Deserialize;

use http::Door;

bot!(Manifest::bot("org.ramson.bot-alert", "Alert", "1.0"), setup);

/// The longest alert, in characters; what is longer is cut. One message.
const LONGEST: usize = 2_000;
/// So many get an alert; one handler may not ask for more.
const MOST_RECIPIENTS: usize = 16;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    to: Vec<AccountId>,
    token: String,
    #[serde(default = "usual_address")]
    listen: SocketAddr,
    #[serde(default)]
    public: bool,
    #[serde(default)]
    names: BTreeMap<String, AccountId>,
}

/// Something to pass on.
#[derive(Debug)]
struct Alert {
    to: Vec<AccountId>,
    text: String,
    /// Its name, if it has one.
    key: Option<String>,
}

fn setup(bot: &mut Bot) -> Result<(), Error> {
    let settings: Settings = bot.config().get()?;
    settings.check()?;
    let alerts = bot.inlet("alert", pass_on);
    let host = bot.host().clone();
    let server = http::start(Door { host, settings, alerts })?;
    bot.on_stop(|| server.stop());
    bot.requests(Requests::Ignore);
    Ok(())
}

/// Writes an alert to everybody it is for.
fn pass_on(cx: &mut Cx, alert: &Alert) -> Handled {
    alert.to.iter().try_for_each(|to| match &alert.key {
        Some(key) => cx.send_keyed(key, *to, &alert.text),
        None => cx.send(*to, &alert.text),
    })
}

fn usual_address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8035).into()
}

impl Settings {
    fn check(&self) -> Result<(), Error> {
        let (token, listen) = (&self.token, self.listen);
        let sign = |sign: char| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_';
        let wrong = if !(1..=MOST_RECIPIENTS).contains(&self.to.len()) {
            format!("'to' has {} accounts; write 1 to {MOST_RECIPIENTS} there", self.to.len())
        } else if token.len() < 16 || !token.chars().all(sign) {
            "'token' is none; write 16 or more of A-Z a-z 0-9 - _ there".to_owned()
        } else if !listen.ip().is_loopback() && !self.public {
            format!("others reach {listen}; write 'public = true' if that is meant")
        } else {
            return Ok(());
        };
        Err(format!("config: {wrong}").into())
    }
}
