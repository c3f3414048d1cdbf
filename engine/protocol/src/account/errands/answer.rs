//! What the answer of the own swarm to an errand is worth. A swarm did what
//! enough of its members signed for; `get_expiries`, which nobody signs, is one
//! member's word.

use std::collections::{BTreeMap, BTreeSet};

use ramson_codec::storage::{
    AnswerError, BatchAnswer, DeleteAnswer, ExpireAnswer, ExpiriesAnswer, NodeStatus, StoreAnswer,
    SubAnswer, SwarmAnswer,
};
use ramson_types::{AccountId, Ed25519PublicKey, MessageHash, ServiceNode, Timestamp};

use super::push::{Chunk, PushResult};
use super::request::{Part, Task};

/// From this attempt on, one member's signature is enough: a swarm whose other
/// members are down for long must not hold an errand up.
pub(super) const CONTENT_WITH_ONE: u32 = 3;

/// What became of a part.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// None of the copies is there any more.
    Deleted,
    /// When each copy expires by the word of the swarm; `None` for those that
    /// it does not have.
    Expires(BTreeMap<MessageHash, Option<Timestamp>>),
    /// When each copy that it has expires by the word of the node asked.
    Says(BTreeMap<MessageHash, Timestamp>),
    /// It was not done.
    Failed,
}

/// Reads one answer, and gathers what else it tells.
pub(super) struct Reader<'a> {
    pub(super) account: AccountId,
    /// The node asked.
    pub(super) node: Option<Ed25519PublicKey>,
    /// Whose signatures count.
    pub(super) members: &'a [Ed25519PublicKey],
    /// Why something was not done: the first reason of all.
    pub(super) reason: Option<String>,
    pub(super) doubtful: bool,
    pub(super) swarm: Option<Vec<ServiceNode>>,
    pub(super) wrong_time: bool,
    pub(super) time: Option<Timestamp>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(
        account: AccountId,
        node: Option<Ed25519PublicKey>,
        members: &'a [Ed25519PublicKey],
    ) -> Self {
        Self {
            account,
            node,
            members,
            reason: None,
            doubtful: false,
            swarm: None,
            wrong_time: false,
            time: None,
        }
    }

    /// Whether the node asked answered as a working one does not.
    pub(super) const fn is_doubtful(&self) -> bool {
        // What stands behind such a refusal in a sequence was not even tried.
        self.doubtful && !self.wrong_time && self.swarm.is_none()
    }

    pub(super) fn fails(&mut self, reason: String) {
        self.reason.get_or_insert(reason);
    }

    /// The parts of an answer to a `batch` or `sequence`; empty where the whole
    /// was refused.
    fn parts(&mut self, answer: Result<(u16, &[u8]), String>) -> Vec<SubAnswer> {
        let (status, body) = match answer {
            Ok(answer) => answer,
            Err(reason) => {
                self.fails(reason);
                return Vec::new();
            }
        };
        if status != 200 {
            self.refused(status, body);
            return Vec::new();
        }
        match BatchAnswer::parse(body) {
            Ok(answer) => answer.results,
            Err(error) => {
                self.unreadable(&error);
                Vec::new()
            }
        }
    }

    fn unreadable(&mut self, error: &AnswerError) {
        self.doubtful = true;
        self.fails(error.to_string());
    }

    /// What an answer says that is no 200.
    fn refused(&mut self, status: u16, body: &[u8]) {
        let text: String = String::from_utf8_lossy(body).chars().take(200).collect();
        match status {
            421 => match SwarmAnswer::parse(body) {
                Ok(swarm) => {
                    self.time = swarm.status.time.or(self.time);
                    self.swarm = Some(swarm.nodes);
                    self.fails("the node asked is not in this account's swarm (421)".to_owned());
                }
                Err(error) => self.unreadable(&error),
            },
            406 | 425 => {
                self.wrong_time = true;
                self.fails(format!("the node refused the time: {text}"));
            }
            _ => {
                self.doubtful = true;
                self.fails(format!("the node answered {status}: {text}"));
            }
        }
    }

    /// The body of a part that worked.
    fn body(&mut self, part: Option<&SubAnswer>) -> Option<Vec<u8>> {
        let Some(part) = part else {
            // A sequence ends with the first part that fails.
            let reason = "the node answered fewer requests than it was sent".to_owned();
            self.doubtful |= self.reason.is_none();
            self.fails(reason);
            return None;
        };
        if part.code == 200 {
            return Some(part.body_bytes());
        }
        self.refused(part.code, &part.body_bytes());
        None
    }

    /// Whether enough members signed. One that signed itself is not to blame
    /// for those that did not.
    fn enough(
        &mut self,
        signers: &BTreeSet<Ed25519PublicKey>,
        status: NodeStatus,
        attempts: u32,
    ) -> bool {
        self.time = status.time.or(self.time);
        self.doubtful |= self.node.is_some_and(|node| !signers.contains(&node));
        let (signed, of) = (signers.len(), self.members.len());
        let wanted = match attempts {
            CONTENT_WITH_ONE.. => 1,
            _ => (of / 2).saturating_add(1),
        };
        if signed < wanted {
            self.fails(format!("{signed} of {of} members of the swarm signed for it"));
        }
        signed >= wanted
    }

    /// Reads the answer to a request of a push.
    pub(super) fn push(
        &mut self,
        chunk: &Chunk,
        answer: Result<(u16, &[u8]), String>,
        attempts: u32,
    ) -> PushResult {
        let parts = self.parts(answer);
        let mut result = PushResult::default();
        let mut parts = parts.iter();
        for hash in &chunk.stores {
            let Some(body) = self.body(parts.next()) else { continue };
            match StoreAnswer::parse(&body) {
                Ok(mut stored) => {
                    // Before any signature is verified: there may be thousands
                    // of strangers' ones.
                    stored.swarm.retain(|key, _| self.members.contains(key));
                    let signers = stored.confirmed(*hash).into_iter().collect();
                    if self.enough(&signers, stored.status, attempts) {
                        result.stored.insert(*hash);
                    }
                }
                Err(error) => self.unreadable(&error),
            }
        }
        result.deleted = chunk.deletes.is_empty()
            || self
                .body(parts.next())
                .is_some_and(|body| self.deleted(&body, &chunk.deletes, attempts));
        result.failed = self.reason.is_some();
        result
    }

    /// Reads the answer to a `batch` for errands; `attempts` are those that
    /// were made before of each part's errand.
    pub(super) fn stored(
        &mut self,
        parts: &[Part],
        answer: Result<(u16, &[u8]), String>,
        attempts: impl Fn(&Part) -> u32,
    ) -> Vec<Outcome> {
        let answers = self.parts(answer);
        let read = |(index, part): (usize, &Part)| {
            let Some(body) = self.body(answers.get(index)) else { return Outcome::Failed };
            match part.task {
                Task::Delete => match self.deleted(&body, &part.hashes, attempts(part)) {
                    true => Outcome::Deleted,
                    false => Outcome::Failed,
                },
                Task::Shorten(_) => self.shortened(&body, &part.hashes, attempts(part)),
                Task::AskExpiries => match ExpiriesAnswer::parse(&body) {
                    Ok(answer) => Outcome::Says(answer.expiries),
                    Err(error) => {
                        self.unreadable(&error);
                        Outcome::Failed
                    }
                },
            }
        };
        parts.iter().enumerate().map(read).collect()
    }

    fn deleted(&mut self, body: &[u8], hashes: &[MessageHash], attempts: u32) -> bool {
        let mut answer = match DeleteAnswer::parse(body) {
            Ok(answer) => answer,
            Err(error) => {
                self.unreadable(&error);
                return false;
            }
        };
        answer.swarm.retain(|key, _| self.members.contains(key));
        let signers = answer.confirmed(&self.account, hashes).into_keys().collect();
        self.enough(&signers, answer.status, attempts)
    }

    fn shortened(&mut self, body: &[u8], hashes: &[MessageHash], attempts: u32) -> Outcome {
        let mut answer = match ExpireAnswer::parse(body) {
            Ok(answer) => answer,
            Err(error) => {
                self.unreadable(&error);
                return Outcome::Failed;
            }
        };
        answer.swarm.retain(|key, _| self.members.contains(key));
        let said = answer.confirmed(&self.account, hashes);
        let signers = said.keys().copied().collect();
        if !self.enough(&signers, answer.status, attempts) {
            return Outcome::Failed;
        }
        let agreed = |hash: &MessageHash| {
            (*hash, agreed(said.values().map(|said| said.get(hash).copied()).collect()))
        };
        Outcome::Expires(hashes.iter().map(agreed).collect())
    }
}

/// When a copy expires by the word of several members: the middle of those who
/// have it, the lower one of two, so that one of several that lies moves
/// nothing. `None` if nobody has it.
pub(super) fn agreed(said: Vec<Option<Timestamp>>) -> Option<Timestamp> {
    let mut times: Vec<Timestamp> = said.into_iter().flatten().collect();
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) / 2).copied()
}
