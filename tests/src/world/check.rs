//! What must hold when a run is over, and what is looked at meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use ramson_protocol::config::ConfigKind;
use ramson_types::ConversationId;
use ramson_types::ledger::LedgerStep;
use ramson_types::message::{Message, MessageKind, MessageState};

use super::World;
use super::client::{ClientHost, Home};
use super::queue::Host;
use super::tally::Expected;

/// A message that takes longer than this was delayed, and its ledger says why.
const DELAYED: Duration = Duration::from_secs(30);

/// How far ahead a cursor may expire: the longest time that a swarm keeps
/// anything, and some clock.
const LONGEST_EXPIRY: Duration = Duration::from_secs(31 * 24 * 60 * 60);

impl World {
    /// Whether nothing is left to do: every message is where it belongs.
    pub(crate) fn is_settled(&self) -> bool {
        let tally = self.tally.borrow();
        self.script_is_over.get()
            && self.errands.get() == 0
            && tally.expected.iter().all(|expected| expected.kept)
            && self.clients.iter().all(|client| client.home.borrow().outbox.is_empty())
            && (!self.plan.acts || (0..self.clients.len()).all(|client| self.is_quiet(client)))
            && self.clients.iter().all(|client| {
                let home = client.home.borrow();
                let due = tally.expected.iter().filter(|expected| concerns(expected, client));
                // Exactness is for the end; here it must only be all there.
                due.count() <= visible(&home).count()
            })
    }

    /// Everything that must hold at the end.
    pub(crate) fn check_end(&self) {
        if self.plan.acts {
            self.compare_devices();
        } else {
            for client in &self.clients {
                self.check_client(client);
            }
        }
        let net = self.net.borrow();
        for client in &self.clients {
            let host = Host::Client(client.number);
            let busiest = net.traffic(host).busiest_minute;
            let limit = self.plan.limits.requests_per_minute;
            if busiest > limit {
                let what = format_args!("made {busiest} requests in a minute, above {limit}");
                self.complain(host, what);
            }
        }
    }

    fn check_client(&self, client: &ClientHost) {
        let host = Host::Client(client.number);
        let home = client.home.borrow();
        if !home.outbox.is_empty() {
            self.complain(host, format_args!("{} entries wait in the outbox", home.outbox.len()));
        }
        let tally = self.tally.borrow();
        let mut found: BTreeMap<&str, u32> = BTreeMap::new();
        for message in visible(&home) {
            *found.entry(message.text.as_deref().unwrap_or_default()).or_default() += 1;
        }
        for expected in tally.expected.iter().filter(|expected| concerns(expected, client)) {
            let times = found.remove(expected.text.as_str()).unwrap_or(0);
            if times != 1 {
                let text = &expected.text;
                self.complain(host, format_args!("has '{text}' {times} times"));
            }
        }
        for (text, times) in found {
            self.complain(host, format_args!("has '{text}', which is not for it, {times} times"));
        }
        for message in visible(&home) {
            self.check_state(client, message);
        }
        self.check_ledger(client, &home);
        self.check_cursors(host, &home);
    }

    fn check_state(&self, client: &ClientHost, message: &Message) {
        let own = message.author == client.id;
        let right = if own {
            message.state == MessageState::Stored
        } else {
            matches!(message.state, MessageState::Received | MessageState::Read)
        };
        // Of what another device sent, only the own copy is known.
        if !right || message.hash.or(message.own_hash).is_none() {
            let (id, state) = (message.id, &message.state);
            self.complain(Host::Client(client.number), format_args!("{id} is {state:?}"));
        }
    }

    /// The ledger tells of every message what became of it, and of every
    /// delay why: in a line about the message, or about one before it that
    /// went to the same swarm.
    fn check_ledger(&self, client: &ClientHost, home: &Home) {
        let host = Host::Client(client.number);
        let tally = self.tally.borrow();
        for message in visible(home) {
            let id = message.id;
            let lines = || home.ledger.iter().filter(|line| line.message == Some(id));
            let queued = lines().any(|line| matches!(line.step, LedgerStep::Queued { .. }));
            let ended = lines().any(|line| match line.step {
                LedgerStep::Stored { .. } => queued,
                LedgerStep::Received { .. } => !queued,
                _ => false,
            });
            if !ended {
                self.complain(host, format_args!("the ledger does not tell the end of {id}"));
            }
            let (stored, key) = (tally.stored.get(&(client.number, id)), (client.number, id));
            let (Some(queued), Some(stored)) = (tally.queued.get(&key), stored) else { continue };
            let waited = stored.since(*queued);
            if waited <= DELAYED || client.was_away.get() {
                continue;
            }
            let from = message.received;
            let until = from.plus(waited);
            let told = home.ledger.iter().any(|line| match line.step {
                LedgerStep::AttemptFailed { to, .. } | LedgerStep::WrongSwarm { to, .. } => {
                    let about = line.message == Some(id)
                        || to.map(ConversationId::Account) == Some(message.conversation.clone());
                    about && (from..=until).contains(&line.at)
                }
                // A request that took so long by itself, with the search for a
                // path and for the swarm.
                LedgerStep::Attempted { asked: Some(asked), .. } => {
                    line.message == Some(id) && line.at.since(asked) + DELAYED >= waited
                }
                _ => false,
            });
            if !told {
                let seconds = waited.as_secs();
                let what =
                    format_args!("{id} was stored after {seconds} s; the ledger says not why");
                self.complain(host, what);
            }
        }
    }

    fn check_cursors(&self, host: Host, home: &Home) {
        let latest = self.queue.now().plus(LONGEST_EXPIRY);
        for ((node, namespace), cursor) in &home.cursors {
            let name = self.node_name(node);
            // Configs are recognised by what they say.
            let config = ConfigKind::of_account(*namespace).is_some();
            if !config && !home.has_seen(*namespace, cursor.hash) {
                self.complain(host, format_args!("its cursor at {name} was never seen"));
            }
            if cursor.expires > latest {
                self.complain(host, format_args!("its cursor at {name} expires too late"));
            }
        }
    }
}

/// Notices aside.
fn visible(home: &Home) -> impl Iterator<Item = &Message> {
    home.messages.values().filter(|message| message.kind == MessageKind::Visible)
}

/// Whether a client must have a message: it is its author's device or its
/// recipient's.
fn concerns(expected: &Expected, client: &ClientHost) -> bool {
    expected.from_account == client.account || expected.to == client.account
}
