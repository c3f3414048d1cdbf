//! The turn of a handler: what it is given, and what becomes of what it asks
//! for.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use ramson_wire::{Command, Done, Event, Millis};

use super::Runner;
use super::guard::guarded;
use super::job::{Job, What};
use super::outbox::Entry;
use crate::Level;
use crate::bot::build::{Bot, Failure};
use crate::bot::cx::{Scene, form};
use crate::bot::records::told;
use crate::bot::timers::{self, Timer};
use crate::bot::{Cx, Handled, InletError, dialogue};

/// How long a handler that failed waits for its next turn; then it is passed
/// over.
const TURNS: [Millis; 2] = [1_000, 5_000];
/// So many dialogues that are over are forgotten at a start.
const MOST_FORGOTTEN: usize = 1_000;

impl Runner {
    /// Lets a handler have its turn.
    pub(crate) fn attempt(&mut self, mut job: Job, now: Millis) {
        let Some((scene, timer)) = self.scene(&job, now) else { return };
        let mut cx = self.transaction(scene.clone(), now);
        let bot = &mut self.bot;
        let stranger = self.knows_strangers
            && match &job.what {
                What::Event(delivery) => self.book.is_stranger(&delivery.event),
                _ => false,
            };
        let result = guarded(|| match &job.what {
            What::Start => start(bot, &mut cx),
            What::Event(delivery) => bot.handle(&mut cx, delivery, stranger, &mut job.once),
            What::Timer(name) => bot.timer(&mut cx, name, timer),
            What::Inlet(place) => match bot.inlets.get(*place) {
                Some(inlet) => inlet.handle(&mut cx),
                None => Ok(()),
            },
        });
        let Err(error) = result else { return self.commit(&job, cx, None) };
        self.records = std::mem::take(&mut cx.records);
        let what = job.what.words(&self.bot);
        if let Some(pause) = TURNS.get(job.failed) {
            job.failed = job.failed.saturating_add(1);
            let seconds = pause.checked_div(1_000).unwrap_or(0);
            self.host.log(Level::Warn, &format!("{what}: {error}; tried again in {seconds} s"));
            self.current = Some((job, now.saturating_add(*pause)));
            return;
        }
        self.host.log(Level::Error, &format!("{what}: {error}; it is passed over"));
        let failure = Failure { what, error };
        let cx = self.pass_over(&job, scene, &failure, now);
        self.commit(&job, cx, Some(failure));
    }

    /// What goes with the end of a job that failed.
    fn pass_over(&mut self, job: &Job, scene: Scene, failure: &Failure, now: Millis) -> Cx {
        let mut cx = self.transaction(scene.clone(), now);
        let bot = &self.bot;
        let result =
            guarded(|| bot.failures.iter().try_for_each(|handler| handler(&mut cx, failure)));
        if let Err(error) = result {
            self.host.log(Level::Error, &format!("on_failure: {error}"));
            self.records = std::mem::take(&mut cx.records);
            cx = self.transaction(scene, now);
        }
        if let What::Timer(name) = &job.what
            && let Ok(key) = timers::key(name)
            && let btree_map::Entry::Vacant(timer) = cx.changes.entry(key)
        {
            timer.insert(None);
        }
        cx
    }

    /// Where a job happens; of a timer, also what it is. `None`: there is
    /// nothing to do any more.
    fn scene(&self, job: &Job, now: Millis) -> Option<(Scene, Option<Timer>)> {
        let mut scene = self.book.scene()?;
        let mut timer = None;
        match &job.what {
            What::Start | What::Inlet(_) => {}
            What::Event(delivery) => {
                if let Some(account) = delivery.event.account() {
                    scene.account = account;
                }
                scene.conversation = delivery.event.conversation().cloned();
                match &delivery.event {
                    Event::Message { message, .. } => {
                        scene.message = Some(Arc::new(message.clone()));
                    }
                    Event::MessageChanged { message, .. } => scene.reacted = Some(*message),
                    _ => {}
                }
            }
            What::Timer(name) => {
                let key = timers::key(name).ok()?;
                // Cancelled meanwhile, or set to another time.
                let value = self.records.get(&key)?;
                let read: Option<Timer> = form(&key, value).ok();
                if let Some(it) = &read {
                    if it.at > now {
                        return None;
                    }
                    (scene.account, scene.conversation) = (it.account, it.conversation.clone());
                }
                scene.due = read.as_ref().map(|it| it.at);
                scene.name = Some(name.clone());
                timer = read;
            }
        }
        scene.line = self.book.line(scene.account, scene.conversation.as_ref()).cloned();
        Some((scene, timer))
    }

    fn transaction(&mut self, scene: Scene, now: Millis) -> Cx {
        Cx {
            setting: Arc::clone(&self.setting),
            now,
            scene,
            records: std::mem::take(&mut self.records),
            changes: BTreeMap::new(),
            commands: Vec::new(),
            named: Vec::new(),
            bytes: 0,
        }
    }

    /// A job is done with: all that it asked for goes out together.
    fn commit(&mut self, job: &Job, mut cx: Cx, failure: Option<Failure>) {
        self.records = std::mem::take(&mut cx.records);
        let through = match &job.what {
            What::Event(it) if self.durable && it.event.is_numbered() => Some(it.seq),
            _ => None,
        };
        let records = told(&cx.changes);
        for (key, value) in cx.changes {
            self.timers.change(&key, self.records.get(&key), value.as_deref());
            self.records.set(key, value);
        }
        for asked in &cx.commands {
            if let Command::Send { to: peer, .. } | Command::Approve { contact: peer } =
                &asked.command
            {
                self.book.accepted(asked.account, *peer);
            }
        }
        let mut kept = match &job.what {
            What::Inlet(place) => self.bot.inlets.get(*place).and_then(|inlet| inlet.take()),
            _ => None,
        };
        if let Some(failure) = failure
            && let Some(kept) = kept.take()
        {
            kept.tell(Err(InletError::Failed { error: failure.error }));
        }
        let mut commands = cx.commands;
        if through.is_none() {
            // No number says that it was done: what is said again after an end
            // that nobody heard of must not be sent again.
            let name = self.outbox.next_name();
            for (at, asked) in commands.iter_mut().enumerate().filter(|(_, it)| it.key.is_none()) {
                asked.key = Some(format!("kit/{name}/{at}"));
            }
        }
        let done = Done { through, records, commands };
        if done != Done::default() {
            self.outbox.push(Entry::new(done, kept, cx.named));
        } else if let Some(kept) = kept {
            kept.tell(Ok(()));
        }
    }
}

/// Forgets what is over, and lets the bot begin.
fn start(bot: &Bot, cx: &mut Cx) -> Handled {
    for key in dialogue::expired(&cx.records, cx.now(), MOST_FORGOTTEN) {
        cx.keep(key, None)?;
    }
    bot.starts.iter().try_for_each(|handler| handler(cx))
}
