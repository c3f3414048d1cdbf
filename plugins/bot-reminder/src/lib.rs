//! Reminds people of things: '/remind 10m tea'.
//!
//! A reminder that comes due while the bot is away is said when it is back.
//! There is no config.

#[cfg(test)]
mod tests;

use std::time::Duration;

use ramson_sdk::bot::{Bot, Commands, Cx, Handled, Next, Rest, Span, bot};
use ramson_sdk::{Error, Manifest, Millis};
use serde::{Deserialize, Serialize};

bot!(Manifest::bot("org.ramson.bot-reminder", "Reminder", "1.0").unloads(), setup);

/// So many may wait in one conversation.
const MOST: usize = 50;

/// The longest text, in characters.
const LONGEST: usize = 500;

/// What is late by so many seconds is said to be late.
const LATE: u64 = 60;

#[derive(Commands)]
enum Command {
    /// shows this help
    Help,
    /// reminds you, as in '/remind 10m tea'; what you leave out is asked for
    #[command(alias = "r")]
    Remind { after: Option<Span>, text: Option<Rest> },
    /// lists what is to come
    List,
    /// takes away what has this number in the list
    Cancel { number: usize },
}

/// What a timer hands over.
#[derive(Debug, Serialize, Deserialize)]
struct Reminder {
    number: usize,
    text: String,
}

/// What the dialogue asked for last.
#[derive(Debug, Serialize, Deserialize)]
enum Asked {
    When,
    What { after: Span },
}

fn setup(bot: &mut Bot) {
    bot.rate_limit(30, Duration::from_secs(60)).rate_limit_says("slowly, please");
    bot.on_command(|cx, command: Command| match command {
        Command::Help => cx.say(Command::help()),
        Command::Remind { after, text } => match remind(cx, after, text.as_deref())? {
            Next::Stay(asked) => cx.begin("remind", &asked),
            Next::End => cx.end_dialogue().map(drop),
        },
        Command::List => list(cx),
        Command::Cancel { number } => cancel(cx, number),
    });
    bot.dialogue("remind", |cx, asked, _| {
        let text = cx.text().trim().to_owned();
        match asked {
            Asked::When => {
                let (when, what) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
                match when.parse() {
                    Ok(after) => remind(cx, Some(after), Some(what)),
                    Err(_) => remind(cx, None, None),
                }
            }
            Asked::What { after } => remind(cx, Some(after), Some(&text)),
        }
    });
    bot.on_timer("remind", |cx, it: Reminder| {
        let late = cx.due().map_or(0, |due| cx.now().saturating_sub(due)) / 1_000;
        let away = match late {
            0..LATE => String::new(),
            late => format!(" (due {} ago, when I was away)", Span::of_seconds(late)),
        };
        cx.say(format!("remember: {}{away}", it.text))
    });
    bot.otherwise(|cx, _| cx.say("/help shows what I can do"));
}

/// Sets a reminder once all of it is known; until then asks for what is not.
fn remind(cx: &mut Cx, after: Option<Span>, text: Option<&str>) -> Result<Next<Asked>, Error> {
    let Some(after) = after else {
        cx.say("when? Write it like 10m, 2h30m or 1d; /cancel ends this")?;
        return Ok(Next::Stay(Asked::When));
    };
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        cx.say("of what? /cancel ends this")?;
        return Ok(Next::Stay(Asked::What { after }));
    };
    let waiting = waiting(cx)?;
    if waiting.len() >= MOST {
        cx.say(format!("{MOST} reminders wait here already; /cancel takes one away"))?;
    } else if text.chars().nth(LONGEST).is_some() {
        cx.say(format!("that is too long to remember; at most {LONGEST} characters, please"))?;
    } else {
        let is_free = |number: &usize| waiting.iter().all(|(_, it)| it.number != *number);
        let number = (1..).find(is_free).unwrap_or(MOST);
        cx.say(format!("in {after}, then: {text}"))?;
        let reminder = Reminder { number, text: text.to_owned() };
        cx.timer_after(&format!("{}{number}", prefix(cx)?), after, &reminder)?;
    }
    Ok(Next::End)
}

fn list(cx: &mut Cx) -> Handled {
    let waiting = waiting(cx)?;
    if waiting.is_empty() {
        return cx.say("nothing is to come; /remind 10m tea changes that");
    }
    let line = |(due, it): &(Millis, Reminder)| {
        let left = due.saturating_sub(cx.now()) / 1_000;
        format!("{}: {} (in {})", it.number, it.text, Span::of_seconds(left))
    };
    let lines: Vec<_> = waiting.iter().map(line).collect();
    cx.say(lines.join("\n"))
}

fn cancel(cx: &mut Cx, number: usize) -> Handled {
    match cx.cancel(&format!("{}{number}", prefix(cx)?))? {
        true => cx.say("forgotten"),
        false => cx.say(format!("nothing has the number {number}; /list shows what there is")),
    }
}

/// What is to come in this conversation, and when; the next first.
fn waiting(cx: &Cx) -> Result<Vec<(Millis, Reminder)>, Error> {
    let all = cx.timers(&prefix(cx)?)?;
    Ok(all.into_iter().map(|(_, due, reminder)| (due, reminder)).collect())
}

/// The timers of a conversation are called so.
fn prefix(cx: &Cx) -> Result<String, Error> {
    Ok(format!("remind/{}/{}/", cx.account(), cx.peer()?))
}
