//! The machine behind a bot: events and the time in, requests out. It has no
//! thread and no clock, so that tests drive it.
//!
//! | file | what |
//! |---|---|
//! | `book` | accounts and conversations, as they were last told |
//! | `load` | the records, asked for at the start |
//! | `job` | what is to be handled |
//! | `turn` | a handler's turn, and what it asks for |
//! | `outbox` | what is told to be done with, pipelined |
//! | `guard` | handlers that fail or panic |

mod book;
mod guard;
mod job;
mod load;
mod outbox;
mod turn;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use ramson_wire::{Done, Event, Millis, Query, Record, Reply, Snapshot, Stage, Topic};

use super::build::Bot;
use super::cx::Setting;
use super::records::Records;
use super::timers::Timers;
use crate::{Delivery, Host, Level, Manifest, RequestId};
use book::Book;
use guard::guarded;
use job::{Job, What};
use load::Load;
use outbox::{Entry, Outbox};

/// What is handled in one call of the host, which looks whether it hangs.
const MOST_AT_ONCE: usize = 64;
/// So much may wait to be handled. A durable bot's events are bounded by the
/// host; of others the oldest go.
const MOST_WAITING: usize = 1_024;
/// Nothing more is handled while so much is not kept yet.
const MOST_UNKEPT: usize = 512;

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
            commands: bot.commands.iter().map(|handler| handler.commands).collect(),
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
        let numbered = delivery.event.is_numbered();
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
        // Whoever waits is told before those are that may wait for them to end.
        for inlet in &self.bot.inlets {
            inlet.close();
        }
        self.outbox = Outbox::default();
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
