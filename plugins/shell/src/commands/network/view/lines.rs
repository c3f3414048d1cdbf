//! The network for people.

use std::fmt;

use super::{Account, Member, PathView, Paths, Requests, View};
use crate::record::{harmless, one_line};

/// So many digits of a key tell nodes apart.
const SHORT: usize = 8;

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "network {}", one_line(&self.network))?;
        for seed in &self.seeds {
            line(f, "seed", seed)?;
        }
        if let Some(proxy) = &self.proxy {
            line(f, "proxy", proxy)?;
        }
        self.nodes(f)?;
        line(f, "requests", &self.requests.to_string())?;
        let polls = &self.polls;
        let waiting = if polls.waiting { ", others wait for their turn" } else { "" };
        let accounts = counted(polls.accounts, "account");
        line(f, "polls", &format!("{accounts}, {} under way{waiting}", polls.under_way))?;
        line(f, "engine", &format!("has run for {}", span(self.up)))?;
        for account in &self.accounts {
            account.fmt(f)?;
        }
        if !self.own_paths.paths.is_empty() {
            f.write_str("\n\nthe network itself")?;
            self.own_paths.fmt(f)?;
        }
        let Some(swarm) = &self.swarm else { return Ok(()) };
        write!(f, "\n\nswarm of {}", swarm.id)?;
        if let Some(name) = &swarm.name {
            write!(f, " ({name})")?;
        }
        let width = swarm.members.iter().map(|member| member.address.len()).max().unwrap_or(0);
        swarm.members.iter().try_for_each(|member| member.fmt(f, width))
    }
}

impl View {
    fn nodes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pool {
            Some(pool) => {
                let (age, from) = (span(pool.age), one_line(&pool.source));
                line(f, "nodes", &format!("{}, from {from}, {age} old", pool.nodes))?;
            }
            None => line(f, "nodes", "none known")?,
        }
        if let Some(error) = &self.pool_error {
            line(f, "", &format!("no newer list: {}", one_line(error)))?;
        }
        match self.pool_doubted {
            true => line(f, "", "in doubt, because no path could be built from them lately"),
            false => Ok(()),
        }
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ten, sixty) = (rate(self.in_10_s, 10), rate(self.in_60_s, 60));
        write!(f, "{ten} a second in the last 10 s, {sixty} in the last minute; ")?;
        match self.per_second {
            Some(limit) => write!(f, "at most {limit}")?,
            None => f.write_str("no limit")?,
        }
        match self.waiting {
            0 => Ok(()),
            waiting => write!(f, ", {waiting} wait for their turn"),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n\naccount {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " ({})", one_line(name))?;
        }
        line(f, "clock", &format!("{} ms to the network's", signed(self.clock_offset)))?;
        match self.outbox {
            0 => line(f, "outbox", "empty")?,
            waiting => line(f, "outbox", &format!("{} to go out", counted(waiting, "copy")))?,
        }
        let now = if self.polling { ", again just now" } else { "" };
        match &self.poll_member {
            Some(node) => {
                let ago = span(self.polled_ago);
                line(f, "polled", &format!("{ago} ago at {}{now}", short(node)))?;
            }
            None if self.polling => line(f, "polled", "for the first time just now")?,
            None => line(f, "polled", "not yet")?,
        }
        self.paths.fmt(f)
    }
}

impl fmt::Display for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.guards.is_empty() {
            let guards: Vec<_> = self.guards.iter().map(|node| short(node)).collect();
            line(f, "guards", &guards.join(", "))?;
        }
        for path in &self.paths {
            line(f, "path", &path.to_string())?;
        }
        if self.paths.is_empty() {
            line(f, "path", "none")?;
        }
        if self.strikes.is_empty() {
            return Ok(());
        }
        let strikes = self.strikes.iter();
        let strikes: Vec<_> =
            strikes.map(|it| format!("{} ({})", short(&it.node), it.strikes)).collect();
        line(f, "strikes", &strikes.join(", "))
    }
}

impl fmt::Display for PathView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hops: Vec<_> = self.hops.iter().map(|node| short(node)).collect();
        let age = span(self.age);
        write!(f, "{}  ", hops.join(" > "))?;
        match self.state {
            "ready" => write!(f, "ready for {age}")?,
            "suspected" => write!(f, "being verified again, {age} old")?,
            _ => write!(f, "being tried for {age}")?,
        }
        if self.replaces_another {
            f.write_str(", to replace an older one")?;
        }
        match self.strikes {
            0 => Ok(()),
            strikes => write!(f, ", {} failed", counted(strikes as usize, "request")),
        }
    }
}

impl Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>, width: usize) -> fmt::Result {
        write!(f, "\n  {}  {:<width$}", short(&self.ed25519), self.address)?;
        match self.doubted {
            0 => Ok(()),
            times => {
                let times = counted(times as usize, "time");
                write!(f, "  failed {times}; asked last for {}", span(self.doubted_for))
            }
        }
    }
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, text: &str) -> fmt::Result {
    write!(f, "\n  {what:<8}  {text}")
}

fn short(key: &str) -> String {
    harmless(&key.chars().take(SHORT).collect::<String>())
}

fn counted(count: usize, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {what}s"),
    }
}

fn signed(offset: i64) -> String {
    if offset == 0 { "0".to_owned() } else { format!("{offset:+}") }
}

/// Requests a second, to a tenth.
fn rate(requests: u64, seconds: u64) -> String {
    let tenths = requests.saturating_mul(10) / seconds;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A span of time in its largest unit, rounded down.
fn span(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0 => format!("{millis} ms"),
        1..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
