//! What is told to be done with, in order: up to 32 without a reply. When one
//! is refused, it and all behind it are sent again after a while.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use ramson_wire::{Answer, Done, Millis, Outcome, Refusal, Reply};

use crate::bot::InletError;
use crate::bot::receipt::Kept;
use crate::{Host, Level, RequestId, SubmitError};

/// So many may be without a reply.
const MOST_SENT: usize = 32;
/// How long is waited after a refusal: doubled each time.
const FIRST_PAUSE: Millis = 1_000;
/// The longest of these.
const LONGEST_PAUSE: Millis = 60_000;

/// What goes out together.
#[derive(Debug)]
pub(crate) struct Entry {
    done: Done,
    /// Who waits to be told that it is kept.
    kept: Option<Kept>,
    /// Records that name messages, by the place of the command.
    named: Vec<(usize, String)>,
    state: State,
    /// It was sent before. Then its number stays: after a refusal the host
    /// waits for that one.
    tried: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waits,
    Sent(RequestId),
    Kept,
}

impl Entry {
    pub(crate) fn new(done: Done, kept: Option<Kept>, named: Vec<(usize, String)>) -> Self {
        Self { done, kept, named, state: State::Waits, tried: false }
    }

    /// It says nothing but that events are done with.
    fn is_bare(&self) -> bool {
        self.done.records.is_empty() && self.done.commands.is_empty() && self.kept.is_none()
    }
}

/// What was kept.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Commands that were refused for themselves.
    pub(crate) refused: Vec<Refusal>,
    /// Records of names whose messages were refused.
    pub(crate) nameless: Vec<String>,
}

/// All that is on its way to the host.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Entry>,
    /// Nothing is sent before this time.
    pause: Option<Millis>,
    /// Refusals since something was kept.
    refusals: u32,
    /// Names that were given.
    names: u64,
    /// Another one for each instance, so that no name comes again.
    salt: Option<u64>,
}

impl Outbox {
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// A name that nothing had before.
    pub(crate) fn next_name(&mut self) -> String {
        let salt = *self.salt.get_or_insert_with(|| RandomState::new().build_hasher().finish());
        self.names = self.names.saturating_add(1);
        format!("{salt:x}/{}", self.names)
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        if let Some(last) = self.queue.back_mut().filter(|last| !last.tried)
            && last.done.through.is_some()
            && entry.done.through.is_some()
        {
            if entry.is_bare() {
                // What waits is done with then, too.
                last.done.through = entry.done.through;
                return;
            }
            if last.is_bare() {
                self.queue.pop_back();
            }
        }
        self.queue.push_back(entry);
    }

    /// When something has to be tried again, if nothing else happens.
    pub(crate) fn wakes(&self) -> Option<Millis> {
        self.pause.filter(|_| self.in_flight() == 0)
    }

    fn in_flight(&self) -> usize {
        self.queue.iter().filter(|entry| matches!(entry.state, State::Sent(_))).count()
    }

    /// Sends what can be sent.
    pub(crate) fn flush(&mut self, host: &Host, now: Millis) {
        let mut in_flight = self.in_flight();
        if let Some(until) = self.pause {
            // Those behind a refused one are refused, too; they come back first.
            if in_flight != 0 || now < until {
                return;
            }
            self.pause = None;
        }
        let mut alone = false;
        for entry in &mut self.queue {
            if entry.state != State::Waits {
                alone |= entry.done.through.is_none() && entry.state != State::Kept;
                continue;
            }
            // What has no number would be kept before a refused one in front
            // of it, so it goes alone. What says nothing else can wait until
            // more is to be said.
            let waits_for_others = entry.done.through.is_none() || entry.is_bare();
            if alone || in_flight >= MOST_SENT || (waits_for_others && in_flight != 0) {
                return;
            }
            match host.done(entry.done.clone()) {
                Ok(id) => {
                    (entry.state, entry.tried) = (State::Sent(id), true);
                    in_flight = in_flight.saturating_add(1);
                    alone = entry.done.through.is_none();
                }
                Err(SubmitError::Closed) => return,
                Err(SubmitError::Busy) => {
                    if in_flight == 0 {
                        self.pause = Some(now.saturating_add(FIRST_PAUSE));
                    }
                    return;
                }
                Err(error) => {
                    // It will never be taken as it is.
                    let pause = leave_out(entry, host, &error.to_string());
                    self.pause = Some(now.saturating_add(pause));
                    return;
                }
            }
        }
    }

    fn drop_kept(&mut self) {
        while self.queue.front().is_some_and(|entry| entry.state == State::Kept) {
            self.queue.pop_front();
        }
    }

    /// A reply came; `None` if it is to something else.
    pub(crate) fn hear(
        &mut self,
        request: RequestId,
        reply: &Reply,
        host: &Host,
        now: Millis,
    ) -> Option<Settled> {
        let mut entries = self.queue.iter_mut().enumerate();
        let (place, entry) = entries.find(|(_, entry)| entry.state == State::Sent(request))?;
        let mut settled = Settled::default();
        match reply {
            Reply::Ok(answer) => {
                entry.state = State::Kept;
                let outcomes = match answer {
                    Answer::Kept { outcomes } => outcomes.as_slice(),
                    _ => &[],
                };
                let mut first_refusal = None;
                for (place, outcome) in outcomes.iter().enumerate() {
                    let Outcome::Refused(refusal) = outcome else { continue };
                    first_refusal.get_or_insert(refusal);
                    settled.refused.push(refusal.clone());
                    let named = entry.named.iter().filter(|(command, _)| *command == place);
                    settled.nameless.extend(named.map(|(_, key)| key.clone()));
                }
                if let Some(kept) = entry.kept.take() {
                    kept.tell(match first_refusal {
                        None => Ok(()),
                        Some(refusal) => Err(InletError::Failed { error: refusal.text.clone() }),
                    });
                }
                self.refusals = 0;
                self.drop_kept();
            }
            // It was kept before; only the answer did not come.
            Reply::Refused(refusal) if refusal.kind == "AlreadyDone" => {
                entry.state = State::Kept;
                if let Some(kept) = entry.kept.take() {
                    kept.tell(Ok(()));
                }
                self.drop_kept();
            }
            Reply::Refused(refusal) => {
                entry.state = State::Waits;
                let pause = match refusal.kind.as_str() {
                    // The one in front of it says how long.
                    "OutOfOrder" if place != 0 => 0,
                    kind if is_hopeless(kind) => leave_out(entry, host, &refusal.text),
                    _ => {
                        let pause = pause_after(self.refusals);
                        self.refusals = self.refusals.saturating_add(1);
                        let text = format!(
                            "nothing is kept at the moment, tried again in {} s: {refusal}",
                            pause.checked_div(1_000).unwrap_or(0)
                        );
                        host.log(Level::Warn, &text);
                        pause
                    }
                };
                let until = now.saturating_add(pause);
                self.pause = Some(self.pause.map_or(until, |pause| pause.max(until)));
            }
        }
        Some(settled)
    }
}

/// How long is waited after so many refusals before.
fn pause_after(refusals: u32) -> Millis {
    2_u64.saturating_pow(refusals).saturating_mul(FIRST_PAUSE).min(LONGEST_PAUSE)
}

/// Kinds of refusals that do not go away by waiting.
fn is_hopeless(kind: &str) -> bool {
    matches!(
        kind,
        "NotGranted" | "BadRecord" | "BadKey" | "TooLarge" | "NotDurable" | "InvalidAccountId"
    )
}

/// Leaves out what the host does not take, so that the rest is kept; how long
/// to wait before it is tried.
fn leave_out(entry: &mut Entry, host: &Host, why: &str) -> Millis {
    let what = if !entry.done.commands.is_empty() {
        entry.done.commands.clear();
        entry.named.clear();
        "commands"
    } else if !entry.done.records.is_empty() {
        entry.done.records.clear();
        "records"
    } else {
        host.log(Level::Error, &format!("events cannot be done with: {why}"));
        return LONGEST_PAUSE;
    };
    host.log(Level::Error, &format!("{what} of a handler were left out: {why}"));
    if let Some(kept) = entry.kept.take() {
        kept.tell(Err(InletError::Failed { error: why.to_owned() }));
    }
    0
}
