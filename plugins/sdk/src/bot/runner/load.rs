//! The records, asked for at the start.

use ramson_wire::{Answer, Millis, Query, Reply};

use crate::bot::records::Records;
use crate::{Host, Level, RequestId};

/// So many are asked for at once.
const PAGE: u32 = 1_000;
/// How long is waited when they are refused.
const PAUSE: Millis = 1_000;

/// How far it is.
#[derive(Debug, Default)]
pub(crate) struct Load {
    state: State,
    got: Records,
    /// The last one that came.
    after: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is no engine to ask.
    #[default]
    Waits,
    /// From this time on.
    Due(Millis),
    Asked(RequestId),
    Done,
}

impl Load {
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// An engine runs.
    pub(crate) fn may_begin(&mut self) {
        if self.state == State::Waits {
            self.state = State::Due(0);
        }
    }

    /// When it goes on, if nothing else happens.
    pub(crate) fn wakes(&self) -> Option<Millis> {
        match self.state {
            State::Due(at) => Some(at),
            _ => None,
        }
    }

    /// Asks for the next ones if it is time.
    pub(crate) fn ask(&mut self, host: &Host, now: Millis) {
        let State::Due(at) = self.state else { return };
        if now < at {
            return;
        }
        let (prefix, after, limit) = (String::new(), self.after.clone(), PAGE);
        self.state = match host.query(Query::Records { prefix, after, limit }) {
            Ok(request) => State::Asked(request),
            Err(_) => State::Due(now.saturating_add(PAUSE)),
        };
    }

    pub(crate) fn is_asked(&self, request: RequestId) -> bool {
        self.state == State::Asked(request)
    }

    /// Some came; all of them, once they are there.
    pub(crate) fn hear(&mut self, reply: &Reply, host: &Host, now: Millis) -> Option<Records> {
        match reply {
            Reply::Ok(Answer::Records { records, complete }) => {
                for record in records {
                    self.got.set(record.key.clone(), record.value.clone());
                }
                self.after = records.last().map(|record| record.key.clone());
                if *complete || records.is_empty() {
                    self.state = State::Done;
                    return Some(std::mem::take(&mut self.got));
                }
                self.state = State::Due(now);
            }
            Reply::Ok(_) => self.refused("the answer is none", host, now),
            Reply::Refused(refusal) => self.refused(&refusal.text, host, now),
        }
        None
    }

    fn refused(&mut self, why: &str, host: &Host, now: Millis) {
        host.log(Level::Warn, &format!("the bot cannot begin, its records do not come: {why}"));
        self.state = State::Due(now.saturating_add(PAUSE));
    }
}
