//! The machine behind a bot: events and the time in, requests out. It has no
//! thread and no clock, so that tests drive it.
//!
//! | file | what |
//! |---|---|
//! | `book` | accounts and conversations, as they were last told |
//! | `load` | the records, asked for at the start |
//! | `outbox` | what is told to be done with, pipelined |
//! | `guard` | handlers that fail or panic |

mod book;
mod guard;
mod load;
mod outbox;

use std::collections::{BTreeMap, BTreeSet, VecDeque, btree_map};
use std::sync::Arc;

use ramson_wire::{Command, Done, Event, Millis, Query, Record, Reply, Snapshot, Stage, Topic};

use super::build::{Bot, Failure};
use super::cx::{Scene, Setting, form};
use super::records::{Records, told};
use super::route::Once;
use super::timers::{self, Timer, Timers};
use super::{Cx, Handled, dialogue};
use crate::{Delivery, Host, Level, Manifest, RequestId};
use book::Book;
use guard::guarded;
use load::Load;
use outbox::{Entry, Outbox};

/// How long a handler that failed waits for its next turn; then it is passed
/// over.
const TURNS: [Millis; 2] = [1_000, 5_000];
/// What is handled in one call of the host, which looks whether it hangs.
const MOST_AT_ONCE: usize = 64;
/// So much may wait to be handled. A durable bot's events are bounded by the
/// host; of others the oldest go.
const MOST_WAITING: usize = 1_024;
/// Nothing more is handled while so much is not kept yet.
const MOST_UNKEPT: usize = 512;
/// So many dialogues that are over are forgotten at a start.
const MOST_FORGOTTEN: usize = 1_000;

/// The machine behind a bot.
#[derive(Debug)]
pub(crate) struct Runner {
    host: Host,
    bot: Bot,
    setting: Arc<Setting>,
    /// Events are told until they are done with.
    durable: bool,
    /// Who is a stranger is told.
    knows_strangers: bool,
    book: Book,
    load: Load,
    records: Records,
    timers: Timers,
    waiting: VecDeque<Job>,
    /// What is handled now, and has its turn at a time after it failed.
    current: Option<(Job, Millis)>,
    outbox: Outbox,
    /// The newest event that was taken in.
    newest: u64,
    /// Events up to this one that come again are known.
    known: u64,
    alarm: Alarm,
    /// Alarms that a later one replaced, and whose replies are to come.
    replaced: BTreeSet<RequestId>,
}

/// What is to be handled.
#[derive(Debug)]
struct Job {
    what: What,
    /// How often it failed.
    failed: usize,
    once: Once,
}

#[derive(Debug)]
enum What {
    Start,
    Event(Arc<Delivery>),
    Timer(String),
    Inlet(usize),
}

#[derive(Debug, Default)]
enum Alarm {
    #[default]
    None,
    Set(RequestId, Millis),
    /// It was refused. It is not tried again before something else happens.
    Refused,
}

impl Runner {
    pub(crate) fn new(manifest: &Manifest, mut bot: Bot) -> Self {
        let host = bot.host.clone();
        let setting = Arc::new(Setting {
            host: host.clone(),
            config: std::mem::take(&mut bot.config),
            dialogue_expiry: bot.dialogue_expiry,
            syncs: bot.syncs,
        });
        Self {
            host,
            bot,
            setting,
            durable: manifest.durable,
            knows_strangers: manifest.topics.has(Topic::Conversations),
            book: Book::default(),
            load: Load::default(),
            records: Records::default(),
            timers: Timers::default(),
            waiting: VecDeque::from([Job::new(What::Start)]),
            current: None,
            outbox: Outbox::default(),
            newest: 0,
            known: 0,
            alarm: Alarm::None,
            replaced: BTreeSet::new(),
        }
    }

    /// An event came.
    pub(crate) fn hear(&mut self, delivery: &Delivery, now: Millis) {
        let own = match (&delivery.event, delivery.reply_to) {
            (Event::Reply(reply), Some(request)) => self.hear_reply(request, reply, now),
            _ => false,
        };
        if !own {
            if matches!(self.alarm, Alarm::Refused) {
                self.alarm = Alarm::None;
            }
            match &delivery.event {
                Event::Snapshot(snapshot) => self.hear_snapshot(snapshot),
                Event::Lagged(lagged) => {
                    let text = format!("{} events were lost; the bot goes on", lagged.skipped);
                    self.host.log(Level::Warn, &text);
                }
                event => self.book.hear(event),
            }
            self.take_in(delivery);
        }
        self.go_on(now);
    }

    /// Puts an event in the queue, if it is for anybody.
    fn take_in(&mut self, delivery: &Delivery) {
        let numbered = is_numbered(&delivery.event);
        if numbered {
            if delivery.seq <= self.known {
                return;
            }
            self.newest = self.newest.max(delivery.seq);
        }
        let counts = numbered && self.durable;
        if !counts {
            if !self.bot.hears(&delivery.event) {
                return;
            }
            if self.waiting.len() >= MOST_WAITING {
                let text = "the bot is too slow, an event is not handled";
                self.host.log(Level::Warn, text);
                return;
            }
        }
        self.waiting.push_back(Job::new(What::Event(Arc::new(delivery.clone()))));
    }

    fn hear_snapshot(&mut self, snapshot: &Snapshot) {
        // What was told before is told again, but was handled or waits for it.
        self.known = self.newest;
        let another = self.book.begin(snapshot);
        if another {
            self.host.log(Level::Info, "another home: the bot begins anew");
            let start = Job::new(What::Start);
            self.waiting = VecDeque::from([start]);
            self.current = None;
            self.outbox = Outbox::default();
            self.records = Records::default();
            self.timers = Timers::default();
            (self.newest, self.known) = (snapshot.seq, snapshot.seq);
            self.load = Load::default();
        }
        if snapshot.stage == Stage::Running {
            self.load.may_begin();
        }
    }

    /// Whether a reply was one to the machine's own requests.
    fn hear_reply(&mut self, request: RequestId, reply: &Reply, now: Millis) -> bool {
        if let Alarm::Set(id, _) = self.alarm
            && id == request
        {
            self.alarm = match reply {
                Reply::Ok(_) => Alarm::None,
                Reply::Refused(_) => Alarm::Refused,
            };
            return true;
        }
        if self.load.is_asked(request) {
            if let Some(records) = self.load.hear(reply, &self.host, now) {
                self.timers = Timers::of(&records);
                self.records = records;
            }
            return true;
        }
        let Some(settled) = self.outbox.hear(request, reply, &self.host, now) else {
            return self.replaced.remove(&request);
        };
        for refusal in &settled.refused {
            self.host.log(Level::Warn, &format!("a command was not carried out: {refusal}"));
        }
        if !settled.nameless.is_empty() {
            let mut done = Done::default();
            for key in settled.nameless {
                self.records.set(key.clone(), None);
                done.records.push(Record { key, value: None });
            }
            self.outbox.push(Entry::new(done, None, Vec::new()));
        }
        true
    }

    /// Does what can be done now.
    fn go_on(&mut self, now: Millis) {
        self.load.ask(&self.host, now);
        let mut more = false;
        if self.load.is_done() && self.book.has_account() {
            more = self.work(now);
        }
        self.outbox.flush(&self.host, now);
        let turn = self.current.as_ref().map(|(_, at)| *at);
        let timer = self.timers.next().filter(|_| self.load.is_done() && self.book.has_account());
        // Timers wait while too much is unkept; a reply or the pause wakes.
        let timer = timer.filter(|_| turn.is_none() && self.outbox.len() < MOST_UNKEPT);
        let next = [self.outbox.wakes(), self.load.wakes(), turn, timer, more.then_some(now)];
        self.set_alarm(next.into_iter().flatten().min());
    }

    /// Handles what waits; whether there is more of it.
    fn work(&mut self, now: Millis) -> bool {
        // Those that become due meanwhile have the next turn, so that a timer
        // that sets itself again does not keep everything else waiting.
        let mut due = self.timers.due(now, MOST_AT_ONCE / 2).into_iter();
        let inlets = self.bot.inlets.iter().enumerate();
        let mut handed_in: VecDeque<usize> =
            inlets.flat_map(|(place, inlet)| std::iter::repeat_n(place, inlet.waiting())).collect();
        for _ in 0..MOST_AT_ONCE {
            if self.outbox.len() >= MOST_UNKEPT {
                return false;
            }
            let job = match self.current.take() {
                Some((job, at)) if at > now => {
                    self.current = Some((job, at));
                    return false;
                }
                Some((job, _)) => job,
                None if self.starts_first() => match self.waiting.pop_front() {
                    Some(job) => job,
                    None => return false,
                },
                None => {
                    let timer = due.next().map(|name| Job::new(What::Timer(name)));
                    let inlet = || handed_in.pop_front().map(|place| Job::new(What::Inlet(place)));
                    match timer.or_else(inlet).or_else(|| self.waiting.pop_front()) {
                        Some(job) => job,
                        None => return false,
                    }
                }
            };
            self.attempt(job, now);
        }
        !(self.waiting.is_empty() && handed_in.is_empty())
    }

    /// The start stands in front of everything.
    fn starts_first(&self) -> bool {
        self.waiting.front().is_some_and(|job| matches!(job.what, What::Start))
    }

    /// Lets a handler have its turn.
    fn attempt(&mut self, mut job: Job, now: Millis) {
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
            What::Event(it) if self.durable && is_numbered(&it.event) => Some(it.seq),
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
            kept.tell(Err(super::InletError::Failed { error: failure.error }));
        }
        let done = Done { through, records, commands: cx.commands };
        if done != Done::default() {
            self.outbox.push(Entry::new(done, kept, cx.named));
        } else if let Some(kept) = kept {
            kept.tell(Ok(()));
        }
    }

    /// Sees to it that the host wakes the bot at this time, or before.
    fn set_alarm(&mut self, next: Option<Millis>) {
        let Some(at) = next else { return };
        match self.alarm {
            Alarm::Set(_, set) if set <= at => {}
            Alarm::Refused => {}
            Alarm::None | Alarm::Set(..) => {
                // What is refused at once is tried again at the next event.
                if let Ok(request) = self.host.query(Query::Alarm { at }) {
                    if let Alarm::Set(before, _) = self.alarm {
                        self.replaced.insert(before);
                    }
                    self.alarm = Alarm::Set(request, at);
                }
            }
        }
    }

    /// The bot ends.
    pub(crate) fn stop(&mut self) {
        for inlet in &self.bot.inlets {
            inlet.close();
        }
        for stop in self.bot.stops.drain(..) {
            if let Err(error) = guarded(|| {
                stop();
                Ok(())
            }) {
                self.host.log(Level::Error, &format!("on_stop: {error}"));
            }
        }
    }
}

impl Job {
    fn new(what: What) -> Self {
        Self { what, failed: 0, once: Once::default() }
    }
}

impl What {
    /// For people.
    fn words(&self, bot: &Bot) -> String {
        match self {
            Self::Start => "on_start".to_owned(),
            Self::Event(delivery) => match &delivery.event {
                Event::Message { message, .. } => format!("message {}", message.id),
                Event::MessageChanged { message, .. } => format!("reaction on {message}"),
                event => format!("event {:?}", event.kind()),
            },
            Self::Timer(name) => format!("timer '{name}'"),
            Self::Inlet(place) => {
                let name = bot.inlets.get(*place).map(|inlet| inlet.name()).unwrap_or_default();
                format!("inlet '{name}'")
            }
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

/// Whether an event has a number of its own, up to which it is done with.
fn is_numbered(event: &Event) -> bool {
    matches!(
        event,
        Event::Message { .. }
            | Event::MessageChanged { .. }
            | Event::MessageRemoved { .. }
            | Event::Conversation { .. }
            | Event::ConversationRemoved { .. }
            | Event::Profile { .. }
    )
}
