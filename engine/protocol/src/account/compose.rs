//! What is sent: its sent time, and its way into the outbox.
//!
//! | file | makes |
//! |---|---|
//! | `content` | the Content of each kind of message |
//! | `copies` | the copies for recipient and own devices |

mod content;
mod copies;

use std::time::Duration;

use ramson_types::ledger::LedgerStep;
use ramson_types::{Namespace, Timestamp};

use super::{Account, Decision, Plan};
use crate::command::Outcome;
use crate::pro;
use crate::store::{Change, OutboxEntry};

pub(super) use content::{media_saved, reaction, timer_update, typing, unsend, visible};
pub(super) use copies::{Draft, control};

/// The longest text, in Unicode code points: that of an account without Pro.
pub const MAX_TEXT: usize = pro::longest_sent(false);

/// The last sent time may be this far ahead: many messages in one moment.
pub(super) const FAR_AHEAD: Duration = Duration::from_secs(60 * 60 * 2);

/// By so much an answer to a message request follows the word that it was
/// accepted.
pub(super) const BEFORE_ANSWER: Duration = Duration::from_millis(100);

/// How long a swarm keeps a message without a timer.
pub(super) const MESSAGE_TTL: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Account {
    /// Takes what a plan has outgoing into the outbox, with its sealed bytes in
    /// the same order. Nothing is sent before [`Account::kept`] says that the
    /// decision is on disk.
    pub fn queue(
        &mut self,
        plan: Plan,
        sealed: Vec<Vec<u8>>,
        now: Timestamp,
    ) -> (Decision, Outcome) {
        let Plan { mut decision, outgoing, outcome } = plan;
        for (copy, data) in outgoing.into_iter().zip(sealed) {
            let number = self.counters.next_outbox;
            self.counters.next_outbox = number.saturating_add(1);
            let bytes = data.len() as u64;
            let entry = OutboxEntry {
                number,
                message: copy.message,
                copy: copy.copy,
                to: copy.to,
                namespace: Namespace::INBOX,
                timestamp: copy.sent,
                ttl: copy.ttl,
                data,
                attempts: 0,
                next_attempt: now,
                quiet: copy.quiet,
                outside_history: copy.outside_history,
            };
            if !copy.fleeting {
                self.keep_back(entry.message);
                decision.changes.push(Change::PutOutbox(entry.clone()));
            }
            if !copy.quiet {
                let step = LedgerStep::Queued { to: copy.to, bytes };
                decision.ledger(now, Some(entry.message), None, step);
            }
            match copy.fleeting {
                true => self.outbox.add_fleeting(entry),
                false => self.outbox.add(entry),
            }
            // Who writes now is not to wait for an earlier failure's sake.
            self.outbox.wake(&copy.to, now);
            self.outbox.tell_who_waits(&copy.to, now, &mut decision);
        }
        decision.changes.push(Change::SetCounters(self.counters));
        (decision, outcome)
    }

    /// A sent time that no other message of this account has: Android drops
    /// any message that shares its millisecond with another (01 section 2.8).
    pub(super) fn next_sent(&mut self, now: Timestamp) -> Timestamp {
        let network_now = self.clock.at(now);
        let earliest = self.counters.last_sent.plus(Duration::from_millis(1));
        // A clock that was once far ahead must not date all later messages.
        let stuck = earliest.since(network_now) > FAR_AHEAD;
        let sent = if stuck { network_now } else { network_now.max(earliest) };
        self.counters.last_sent = sent;
        sent
    }
}
