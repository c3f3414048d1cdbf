//! Which handlers an event goes to, in one transaction.

use std::sync::Arc;

use ramson_wire::{AccountId, Change, Event, Message};

use super::build::{Bot, Called};
use super::commands::{split, unknown};
use super::layers::Chain;
use super::rate::Verdict;
use super::timers::{self, Timer};
use super::{CommandError, Cx, Handled, dialogue, reactions, requests, said};
use crate::{Delivery, Level};

/// What is decided once for an event, however often it is tried.
#[derive(Debug, Default)]
pub(crate) struct Once {
    /// By the rate limit.
    pub(crate) verdict: Option<Verdict>,
}

impl Bot {
    /// Whether an event is for any handler.
    pub(crate) fn hears(&self, event: &Event) -> bool {
        let for_handlers = match event {
            Event::Message { .. } => true,
            Event::MessageChanged { change, .. } => {
                !self.reactions.is_empty() && reactions::concern(change)
            }
            Event::MessageRemoved { .. } => !self.reactions.is_empty(),
            _ => false,
        };
        for_handlers || !self.raw.is_empty()
    }

    /// Hands an event to its handlers. `stranger`: its author was not accepted
    /// yet.
    pub(crate) fn handle(
        &mut self,
        cx: &mut Cx,
        delivery: &Delivery,
        stranger: bool,
        once: &mut Once,
    ) -> Handled {
        for handler in &self.raw {
            handler(cx, delivery)?;
        }
        match &delivery.event {
            Event::Message { account, message } => {
                self.message(cx, *account, message, stranger, once)
            }
            Event::MessageChanged { message, change: Change::Deleted, .. }
            | Event::MessageRemoved { message, .. } => reactions::forget(cx, *message),
            Event::MessageChanged { message, change, .. } if !self.reactions.is_empty() => {
                reactions::new(cx, *message, change)?.iter().try_for_each(|reacted| {
                    let each = |cx: &mut Cx| {
                        self.reactions.iter().try_for_each(|handler| handler(cx, reacted))
                    };
                    Chain::new(&self.layers, &each).run(cx)
                })
            }
            _ => Ok(()),
        }
    }

    fn message(
        &mut self,
        cx: &mut Cx,
        account: AccountId,
        message: &Message,
        stranger: bool,
        once: &mut Once,
    ) -> Handled {
        if message.deleted || message.notice.is_some() {
            return Ok(());
        }
        cx.scene.message = Some(Arc::new(message.clone()));
        if message.outgoing || message.author == account {
            cx.scene.name = said::name(cx, message)?;
            return self.sent.iter().try_for_each(|handler| handler(cx, message));
        }
        if stranger {
            let decided = self.policy.decide(cx, message)?;
            if !requests::carry_out(cx, decided)? {
                return Ok(());
            }
        }
        if let Some(limit) = &mut self.limit {
            let now = cx.now();
            let verdict =
                once.verdict.get_or_insert_with(|| limit.take(account, &message.conversation, now));
            if let Verdict::Over { first } = *verdict {
                return match &limit.says {
                    Some(text) if first => cx.say(text),
                    _ => Ok(()),
                };
            }
        }
        let route = |cx: &mut Cx| self.route(cx, message);
        Chain::new(&self.layers, &route).run(cx)?;
        if stranger { requests::accept(cx) } else { Ok(()) }
    }

    fn route(&self, cx: &mut Cx, message: &Message) -> Handled {
        let text = message.text.as_deref().unwrap_or_default();
        let dialogue = dialogue::current(cx)?;
        let cancels = dialogue.is_some()
            && split(text)
                .is_some_and(|(name, rest)| name.eq_ignore_ascii_case("cancel") && rest.is_empty());
        match self.call(cx, text) {
            Some(Called::Handled(result)) => return result,
            Some(Called::Wrong(error)) if !cancels => return cx.say(error.to_string()),
            _ => {}
        }
        if cancels {
            cx.end_dialogue()?;
            return cx.say("cancelled");
        }
        if let Some(dialogue) = dialogue {
            match self.dialogues.get(&dialogue.name) {
                Some(step) => {
                    if step(cx, dialogue.state, message)? {
                        return Ok(());
                    }
                }
                None => {
                    let text = format!("the dialogue '{}' ended, nobody hears it", dialogue.name);
                    cx.log(Level::Warn, text);
                    cx.end_dialogue()?;
                }
            }
        }
        let found = self.messages.iter().find(|(filter, _)| filter.takes(cx, message));
        match (found, &self.otherwise) {
            (Some((_, handler)), _) | (None, Some(handler)) => handler(cx, message),
            (None, None) => Ok(()),
        }
    }

    /// Hands a text to the first enum that has its command; `None` if it looks
    /// like none, or the bot has none.
    fn call(&self, cx: &mut Cx, text: &str) -> Option<Called> {
        for handler in &self.commands {
            match (handler.call)(cx, text)? {
                Called::Wrong(CommandError::Unknown { .. }) => {}
                called => return Some(called),
            }
        }
        let (name, _) = split(text).filter(|_| !self.commands.is_empty())?;
        let all = self.commands.iter().flat_map(|handler| handler.commands);
        Some(Called::Wrong(unknown(name, all)))
    }

    /// A timer goes off. Its record goes first, so that the handler can set it
    /// again.
    pub(crate) fn timer(&self, cx: &mut Cx, name: &str, timer: Option<Timer>) -> Handled {
        cx.keep(timers::key(name)?, None)?;
        let Some(timer) = timer else {
            cx.log(Level::Error, format!("the timer '{name}' cannot be read, and is forgotten"));
            return Ok(());
        };
        let called = name.split_once('/').map_or(name, |(called, _)| called);
        let handler = self.timers.get(name).or_else(|| self.timers.get(called));
        let handler = handler.ok_or_else(|| format!("no handler is for the timer '{name}'"))?;
        let data = timer.data;
        let run = |cx: &mut Cx| handler(cx, data.clone());
        Chain::new(&self.layers, &run).run(cx)
    }
}
