//! Asking a swarm member for what is new.

use ramson_codec::storage::{
    AnswerError, BatchAnswer, Request, RetrieveAnswer, Retrieved, SwarmAnswer,
};
use ramson_types::ledger::LedgerStep;
use ramson_types::{Ed25519PublicKey, Namespace, ServiceNode, Timestamp};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

use super::{Account, Decision};

/// The namespaces that are polled, in the order of the request.
const POLLED: &[Namespace] = &[Namespace::INBOX];

/// `max_size` of the inbox: half of what a node returns at most, as official
/// clients ask (02 section 5.1).
const INBOX_SIZE: i64 = -2;

/// Nodes whose last failure is remembered; a swarm has about seven members.
const MAX_POLL_FAILURES: usize = 32;

/// One member is asked so many times before another: its cursor is then good,
/// and yet no member alone decides what this account sees.
const POLLS_PER_NODE: u32 = 6;

/// A poll to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// The swarm member to ask.
    pub node: ServiceNode,
    /// A `batch` with one `retrieve` a namespace.
    pub request: Request,
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

impl Account {
    /// What to ask, and which of the swarm's members; `None` for an empty
    /// swarm.
    pub fn poll(
        &mut self,
        members: &[ServiceNode],
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Poll> {
        let node = self.poll_node(members, rng)?;
        let network_now = self.clock.at(now);
        let retrieve = |namespace: &Namespace| {
            let cursor = self.cursors.get(&(node.ed25519, *namespace));
            let cursor = cursor.filter(|cursor| cursor.expires > network_now);
            let last = cursor.map(|cursor| cursor.hash);
            let size = Some(INBOX_SIZE);
            Request::retrieve_signed(&*self.keys, *namespace, last, size, network_now)
        };
        let request = Request::Batch(POLLED.iter().map(retrieve).collect());
        Some(Poll { node, request })
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
        if let Some((asked, left)) = &mut self.poll_node
            && *asked == node
        {
            *left = 0;
        }
        if self.poll_failures.get(&node) != Some(&reason) {
            while self.poll_failures.len() >= MAX_POLL_FAILURES
                && self.poll_failures.pop_first().is_some()
            {}
            self.poll_failures.insert(node, reason.clone());
            let step = LedgerStep::AttemptFailed { node: Some(node), reason, retry_at: None };
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
        let answer = self.read_poll_answer(status, body)?;
        if matches!(answer, PollAnswer::Retrieved(_)) {
            self.poll_failures.remove(node);
        }
        Ok(answer)
    }

    fn read_poll_answer(&self, status: u16, body: &[u8]) -> Result<PollAnswer, PollError> {
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
        Ok(PollAnswer::Retrieved(retrieved))
    }

    fn poll_node(
        &mut self,
        members: &[ServiceNode],
        rng: &mut impl CryptoRng,
    ) -> Option<ServiceNode> {
        if let Some((key, left)) = &mut self.poll_node
            && let Some(after) = left.checked_sub(1)
            && let Some(node) = members.iter().find(|member| member.ed25519 == *key)
        {
            *left = after;
            return Some(*node);
        }
        let last = self.poll_node.map(|(key, _)| key);
        let others = members.iter().filter(|member| Some(member.ed25519) != last);
        let node = others.choose(rng).or_else(|| members.first())?;
        self.poll_node = Some((node.ed25519, POLLS_PER_NODE.saturating_sub(1)));
        Some(*node)
    }
}

fn refused(status: u16, body: &[u8]) -> PollError {
    let text = String::from_utf8_lossy(body).chars().take(200).collect();
    PollError::Refused { status, text }
}
