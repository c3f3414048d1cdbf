//! Takes polls, one at a time. Whoever writes '/join' gets every poll that an
//! owner makes, and votes by putting 1️⃣, 2️⃣ … on it.
//!
//! ```toml
//! [bot-poll.config]
//! owners = ["05…"]  # who makes polls and closes them; at least one
//! ```
//!
//! The vote of a person is the newest number that is still on the poll.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_sdk::bot::{Bot, Commands, Cx, Handled, Rest, bot};
use ramson_sdk::{AccountId, Error, Manifest, MessageId, Millis};
use serde::{Deserialize, Serialize};

bot!(Manifest::bot("org.ramson.bot-poll", "Poll", "1.0").unloads(), setup);

/// So many may join: that many votes fit into one record.
const MOST: usize = 200;
/// The longest poll, in characters, so that it fits into one message.
const LONGEST: usize = 1_500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    owners: Vec<AccountId>,
}

#[derive(Commands)]
enum Command {
    /// shows this help
    Help,
    /// sends you every poll from now on
    Join,
    /// sends you none any more
    Leave,
    /// tells how the newest poll stands
    Result,
    /// asks everybody who joined, as in '/poll Tea? | yes | no', or in lines
    Poll { text: Rest },
    /// ends the poll, and tells everybody how it went
    Close,
}

#[derive(Debug, Serialize, Deserialize)]
struct Poll {
    /// When it was asked.
    at: Millis,
    question: String,
    options: Vec<String>,
    open: bool,
    /// The messages that it stands in.
    posts: BTreeSet<MessageId>,
    /// The numbers that each has on it, and since when; the newest last.
    votes: BTreeMap<AccountId, Vec<(Millis, usize)>>,
}

fn setup(bot: &mut Bot) -> Result<(), Error> {
    let Settings { owners } = bot.config().get()?;
    if owners.is_empty() {
        return Err("config: nobody is in 'owners'; write down who makes polls".into());
    }
    bot.rate_limit(30, Duration::from_secs(60)).rate_limit_says("slowly, please");
    bot.on_command(move |cx, command: Command| match (command, owners.contains(&cx.peer()?)) {
        (Command::Help, _) => cx.say(Command::help()),
        (Command::Join, _) => join(cx),
        (Command::Leave, _) => leave(cx),
        (Command::Result, _) => match poll(cx)? {
            Some(poll) => cx.say(poll.result()),
            None => cx.say("there was no poll yet"),
        },
        (Command::Poll { text }, true) => ask(cx, &text),
        (Command::Close, true) => close(cx),
        (_, false) => cx.say("only an owner of this bot can do that"),
    });
    bot.on_timer("tell", |cx, person: AccountId| match poll(cx)? {
        Some(poll) if poll.open => cx.send_named(&poll.name(), person, poll.text()),
        Some(poll) => cx.send(person, poll.result()),
        None => Ok(()),
    });
    bot.on_sent(|cx, message| match poll(cx)? {
        Some(mut poll) if cx.name() == Some(&poll.name()) => {
            poll.posts.insert(message.id);
            cx.put(&record(cx, "poll"), &poll)
        }
        _ => Ok(()),
    });
    bot.on_reaction(|cx, it| {
        let Some(number) = number(&it.reaction.emoji) else { return Ok(()) };
        let counts = |poll: &Poll| {
            poll.open && poll.posts.contains(&it.message) && number <= poll.options.len()
        };
        let Some(mut poll) = poll(cx)?.filter(counts) else { return Ok(()) };
        let votes = poll.votes.entry(it.reaction.author).or_default();
        votes.retain(|(_, vote)| *vote != number);
        votes.extend((!it.removed).then_some((it.reaction.at, number)));
        votes.sort_by_key(|(at, _)| *at);
        cx.put(&record(cx, "poll"), &poll)
    });
    bot.otherwise(|cx, _| cx.say("/help shows what I can do"));
    Ok(())
}

fn join(cx: &mut Cx) -> Handled {
    let mut people = people(cx)?;
    if people.len() >= MOST {
        return cx.say("there is no room for more people here");
    }
    people.insert(cx.peer()?);
    cx.put(&record(cx, "people"), &people)?;
    cx.say("you get every poll from now on; /leave ends that")
}

fn leave(cx: &mut Cx) -> Handled {
    let mut people = people(cx)?;
    people.remove(&cx.peer()?);
    cx.put(&record(cx, "people"), &people)?;
    cx.say("you get no more polls; /join begins again")
}

fn ask(cx: &mut Cx, text: &str) -> Handled {
    let between = if text.contains('\n') { '\n' } else { '|' };
    let parts = text.split(between).map(|part| part.trim().to_owned());
    let mut parts = parts.filter(|part| !part.is_empty());
    let (question, options) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>());
    if !(2..=9).contains(&options.len()) || text.chars().nth(LONGEST).is_some() {
        let most = format!("with 2 to 9 answers and {LONGEST} characters at most");
        return cx.say(format!("write it like '/poll Tea? | yes | no', {most}"));
    }
    if poll(cx)?.is_some_and(|poll| poll.open) {
        return cx.say("another poll is open; /close ends it");
    }
    let (at, posts, votes) = (cx.now(), BTreeSet::new(), BTreeMap::new());
    cx.put(&record(cx, "poll"), &Poll { at, question, options, open: true, posts, votes })?;
    tell_everybody(cx)
}

fn close(cx: &mut Cx) -> Handled {
    let Some(mut poll) = poll(cx)?.filter(|poll| poll.open) else {
        return cx.say("no poll is open; /poll begins one");
    };
    poll.open = false;
    cx.put(&record(cx, "poll"), &poll)?;
    tell_everybody(cx)
}

/// Tells everybody how the poll is now; one by one, as one handler may not
/// write to that many.
fn tell_everybody(cx: &mut Cx) -> Handled {
    let people = people(cx)?;
    for person in &people {
        cx.timer_after(&format!("tell/{}/{person}", cx.account()), Duration::ZERO, person)?;
    }
    cx.say(format!("everybody who joined is told ({})", people.len()))
}

/// Who joined.
fn people(cx: &Cx) -> Result<BTreeSet<AccountId>, Error> {
    Ok(cx.get(&record(cx, "people"))?.unwrap_or_default())
}

fn poll(cx: &Cx) -> Result<Option<Poll>, Error> {
    cx.get(&record(cx, "poll"))
}

/// What a record is called; each account of the bot has its own.
fn record(cx: &Cx, what: &str) -> String {
    format!("{what}/{}", cx.account())
}

/// The number that an emoji such as 1️⃣ shows.
fn number(emoji: &str) -> Option<usize> {
    let digit = emoji.strip_suffix('\u{20e3}')?.trim_end_matches('\u{fe0f}');
    digit.parse().ok().filter(|number| (1..=9).contains(number))
}

impl Poll {
    /// What its messages are called.
    fn name(&self) -> String {
        format!("poll/{}", self.at)
    }

    fn text(&self) -> String {
        let lines = self.lines(|_, option| option.to_owned());
        format!("Poll: {}{lines}\nTo vote, put a number on this message.", self.question)
    }

    fn result(&self) -> String {
        let how = if self.open { "so far" } else { "at the end" };
        let votes = self.votes.values().filter_map(|it| it.last()).map(|(_, number)| *number);
        let lines = self.lines(|number, option| {
            format!("{option}: {}", votes.clone().filter(|vote| *vote == number).count())
        });
        format!("Votes {how}: {}{lines}", self.question)
    }

    fn lines(&self, line: impl Fn(usize, &str) -> String) -> String {
        let key = |number| format!("\n{number}\u{fe0f}\u{20e3} ");
        (1..).zip(&self.options).map(|(number, it)| key(number) + &line(number, it)).collect()
    }
}
