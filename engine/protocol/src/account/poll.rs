//! Asking swarm members for what is new. Whom to ask, and what follows from
//! the difference between two answers, is decided in `watch`.

use std::collections::BTreeSet;

use ramson_codec::storage::{
    AnswerError, BatchAnswer, Request, RetrieveAnswer, Retrieved, SwarmAnswer,
};
use ramson_types::ledger::LedgerStep;
use ramson_types::{Ed25519PublicKey, MessageHash, Namespace, ServiceNode, Timestamp};
use rand_core::CryptoRng;

use super::watch::Role;
use super::{Account, Decision};

/// The namespaces that are polled, in the order in which they are taken in:
/// what the configs say decides what a message means (02 section 5.1).
const POLLED: &[Namespace] = &[
    Namespace::USER_PROFILE,
    Namespace::CONTACTS,
    Namespace::USER_GROUPS,
    Namespace::CONVO_INFO_VOLATILE,
    Namespace::INBOX,
];

/// `max_size` of the inbox: half of what a node returns at most, as official
/// clients ask (02 section 5.1).
const INBOX_SIZE: i64 = -2;

/// `max_size` of each config: an eighth.
const CONFIG_SIZE: i64 = -8;

/// Nodes whose last failure is remembered; a swarm has about seven members.
const MAX_POLL_FAILURES: usize = 32;

/// A request that a node refused for its time is made again at once if the
/// clock was corrected by more than this meanwhile, in ms.
pub(super) const CLOCK_MATTERS: u64 = 1_000;

/// A poll to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// The swarm member to ask.
    pub node: ServiceNode,
    /// A `batch` with one `retrieve` a namespace and now and then an `expire`
    /// that keeps the configs, or a question for copies by their names.
    pub request: Request,
    pub(super) role: Role,
    /// The clock's offset that it was signed with.
    offset: i64,
}

/// What a member answered to a poll.
#[derive(Debug, Clone, PartialEq)]
pub enum PollAnswer {
    /// What each namespace holds behind its cursor.
    Retrieved(Vec<(Namespace, RetrieveAnswer)>),
    /// The node is not in the account's swarm; these are (421).
    WrongSwarm(Vec<ServiceNode>),
}

/// Why an answer to a poll is worth nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PollError {
    /// Not the answer of a storage server.
    #[error("the answer is not readable: {0}")]
    Unreadable(#[from] AnswerError),
    /// An error status.
    #[error("the node refused ({status}: {text})")]
    Refused {
        /// The status.
        status: u16,
        /// What it said.
        text: String,
    },
    /// Fewer results than requests.
    #[error("the node answered {answered} of {asked} requests")]
    Incomplete {
        /// Results in the answer.
        answered: usize,
        /// Requests in the batch.
        asked: usize,
    },
    /// Not one of the messages has the hash of its bytes in this account.
    #[error("the node returned {messages} messages of another account")]
    ForeignMessages {
        /// How many.
        messages: usize,
    },
}

impl PollError {
    /// The node refused the time of the request: its clock or ours is wrong.
    pub const fn is_wrong_time(&self) -> bool {
        matches!(self, Self::Refused { status: 406, .. })
    }
}

impl Poll {
    /// Whether an answer that has more is to be followed up at once. What a
    /// second member has more follows with the next poll.
    pub fn is_first(&self) -> bool {
        self.role == Role::Main
    }
}

impl Account {
    /// Begins a round of polls: what to ask, and which of the swarm's members;
    /// `None` for an empty swarm. [`Account::poll_more`] goes on with it.
    pub fn poll(
        &mut self,
        members: &[ServiceNode],
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Poll> {
        let node = self.begin_round(members, now, rng)?;
        Some(self.poll_of(node, Role::Main, now))
    }

    /// The next poll of the same round, once the one before was answered and
    /// taken in, or failed; `None` when the round is over. A member that
    /// failed is replaced, and now and then a second one is asked, too.
    pub fn poll_more(
        &mut self,
        members: &[ServiceNode],
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Poll> {
        let (node, role) = self.next_of_round(members, rng, now)?;
        Some(self.poll_of(node, role, now))
    }

    /// The same poll once more with the right time, if the clock was corrected
    /// since it was signed; once a round.
    pub fn poll_again(&mut self, poll: &Poll, now: Timestamp) -> Option<Poll> {
        let corrected = self.clock.offset().abs_diff(poll.offset) > CLOCK_MATTERS;
        let again = corrected && !std::mem::replace(&mut self.watch.round.again, true);
        again.then(|| self.poll_of(poll.node, poll.role, now))
    }

    fn poll_of(&mut self, node: ServiceNode, role: Role, now: Timestamp) -> Poll {
        self.watch.asks(node.ed25519, role, now);
        let (network_now, offset) = (self.clock.at(now), self.clock.offset());
        let keep_alive = match role {
            Role::Main => self.keep_alive(node.ed25519, now),
            _ => None,
        };
        // A config that another device stored once more stands behind newer
        // ones then, and so does a cursor on it. Now and then all is read.
        let all_configs = keep_alive.is_some() && self.settings.sync.done;
        let retrieve = |namespace: &Namespace| {
            let cursor = self.cursors.get(&(node.ed25519, *namespace));
            let cursor = cursor.filter(|cursor| cursor.expires > network_now);
            let cursor = cursor.filter(|_| !all_configs || *namespace == Namespace::INBOX);
            let last = cursor.map(|cursor| cursor.hash);
            let size = if *namespace == Namespace::INBOX { INBOX_SIZE } else { CONFIG_SIZE };
            let size = Some(size);
            Request::retrieve_signed(&*self.keys, *namespace, last, size, network_now)
        };
        let requests = match role {
            Role::Main | Role::Witness => POLLED.iter().map(retrieve).chain(keep_alive).collect(),
            Role::Third => {
                let missing = self.watch.missing();
                vec![Request::get_expiries_signed(&*self.keys, &missing, network_now)]
            }
        };
        Poll { node, request: Request::Batch(requests), role, offset }
    }

    /// A poll failed: another member is asked next. The same failure of the
    /// same node stands in the ledger once, however often it comes back.
    pub fn poll_failed(
        &mut self,
        node: Ed25519PublicKey,
        reason: String,
        now: Timestamp,
    ) -> Decision {
        let mut decision = Decision::default();
        let asked = self.watch.failed(node);
        if self.poll_failures.get(&node) != Some(&reason) {
            while self.poll_failures.len() >= MAX_POLL_FAILURES
                && self.poll_failures.pop_first().is_some()
            {}
            self.poll_failures.insert(node, reason.clone());
            let node = Some(node);
            let step = LedgerStep::AttemptFailed { to: None, node, reason, asked, retry_at: None };
            decision.ledger(now, None, None, step);
        }
        decision
    }

    /// Reads the answer to a poll, and checks that it is about this account.
    pub fn read_poll(
        &mut self,
        node: &Ed25519PublicKey,
        status: u16,
        body: &[u8],
    ) -> Result<PollAnswer, PollError> {
        if status == 200 && self.watch.asks_third(node) {
            return Ok(match read_held(body)? {
                Held::Copies(held) => {
                    self.watch.holds(&held);
                    PollAnswer::Retrieved(Vec::new())
                }
                Held::WrongSwarm(members) => PollAnswer::WrongSwarm(members),
            });
        }
        let answer = self.read_poll_answer(node, status, body)?;
        if let PollAnswer::Retrieved(retrieved) = &answer {
            for (namespace, answer) in retrieved {
                self.settings.note_stored(*namespace, answer);
            }
            self.poll_failures.remove(node);
            self.watch.answers(*node, !retrieved.iter().any(|(_, answer)| answer.more));
        }
        Ok(answer)
    }

    fn read_poll_answer(
        &mut self,
        node: &Ed25519PublicKey,
        status: u16,
        body: &[u8],
    ) -> Result<PollAnswer, PollError> {
        match status {
            200 => {}
            421 => return Ok(PollAnswer::WrongSwarm(SwarmAnswer::parse(body)?.nodes)),
            _ => return Err(refused(status, body)),
        }
        let results = BatchAnswer::parse(body)?.results;
        if results.len() < POLLED.len() {
            return Err(PollError::Incomplete { answered: results.len(), asked: POLLED.len() });
        }
        let mut retrieved = Vec::new();
        for (namespace, result) in POLLED.iter().zip(&results) {
            let body = result.body_bytes();
            match result.code {
                200 => {}
                421 => return Ok(PollAnswer::WrongSwarm(SwarmAnswer::parse(&body)?.nodes)),
                code => return Err(refused(code, &body)),
            }
            let answer = RetrieveAnswer::parse(&body)?;
            let ours = |message: &Retrieved| message.hash_is_right(&self.id(), *namespace);
            if !answer.messages.is_empty() && !answer.messages.iter().any(ours) {
                return Err(PollError::ForeignMessages { messages: answer.messages.len() });
            }
            retrieved.push((*namespace, answer));
        }
        self.kept_alive(node, results.get(POLLED.len()));
        Ok(PollAnswer::Retrieved(retrieved))
    }
}

/// The answer to `get_expiries`.
enum Held {
    /// Which copies the member holds.
    Copies(BTreeSet<MessageHash>),
    /// It is not in the account's swarm; these are (421).
    WrongSwarm(Vec<ServiceNode>),
}

fn read_held(body: &[u8]) -> Result<Held, PollError> {
    let results = BatchAnswer::parse(body)?.results;
    let Some(result) = results.first() else {
        return Err(PollError::Incomplete { answered: 0, asked: 1 });
    };
    let answer = result.body_bytes();
    match result.code {
        200 => {}
        421 => return Ok(Held::WrongSwarm(SwarmAnswer::parse(&answer)?.nodes)),
        code => return Err(refused(code, &answer)),
    }
    let held = result.body.get("expiries").and_then(|expiries| expiries.as_object());
    let field = AnswerError::Field { method: "get_expiries", field: "expiries" };
    let hashes = held.ok_or(field)?.keys().filter_map(|hash| hash.parse().ok());
    Ok(Held::Copies(hashes.collect()))
}

fn refused(status: u16, body: &[u8]) -> PollError {
    let text = String::from_utf8_lossy(body).chars().take(200).collect();
    PollError::Refused { status, text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_third_member_that_is_not_in_the_swarm_names_those_that_are() {
        let key = "11".repeat(32);
        let snode = json!({
            "address": "x.snode", "ip": "10.0.0.1", "port": "22021", "port_https": "22021",
            "port_omq": "22020", "pubkey_ed25519": key, "pubkey_x25519": key,
        });
        let wrong = json!({ "code": 421, "body": { "swarm": "1", "snodes": [snode] } });
        let body = json!({ "results": [wrong] }).to_string();
        let Ok(Held::WrongSwarm(members)) = read_held(body.as_bytes()) else {
            panic!("it is a redirect");
        };
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].ed25519, Ed25519PublicKey([0x11; 32]));
        let refused = json!({ "results": [{ "code": 500, "body": "no" }] }).to_string();
        let read = read_held(refused.as_bytes());
        assert!(matches!(read, Err(PollError::Refused { status: 500, .. })));
    }
}
