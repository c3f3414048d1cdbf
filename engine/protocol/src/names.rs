//! Finding the account behind a name (02 section 8).
//!
//! One node's word is not enough: whoever answers a name falsely gets the
//! messages. So random nodes are asked, and it is decided like this:
//!
//! - The first three answers must all say the same, be it an account or that
//!   the name is nobody's. Answers are compared by what they hold, not by their
//!   bytes.
//! - Once two answers contradict each other a liar is among those asked, or the
//!   name changes just now. Then up to nine are heard, and seven of them must
//!   agree. That is harder for liars than the undisputed case, so to contradict
//!   gains them nothing; and two of them cannot keep a name from being found.
//! - Whoever does not answer, or answers nothing usable, has no vote. Another is
//!   asked in its place, up to twelve in all.
//!
//! Records of the old form take 256 MiB of memory to open, so one is opened
//! only when the answers agreed on it.

mod cache;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use ramson_codec::ons::{Name, NameRecord};
use ramson_crypto::ons;
use ramson_types::{AccountId, Ed25519PublicKey, NodePool, Prefix, ServiceNode};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

pub use cache::NameCache;

/// So many answers must agree while none contradicts.
const UNDISPUTED: usize = 3;

/// So many must agree once one contradicts.
const DISPUTED: usize = 7;

/// So many answers are heard in a dispute.
const HEARD: usize = 9;

/// So many nodes are asked at most, those that do not answer included.
const ASKED: usize = 12;

/// How much of an error's text is shown, in characters.
const EXCERPT: usize = 120;

/// What the network says of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameOutcome {
    /// It is this account's.
    Registered(AccountId),
    /// It is nobody's.
    NotRegistered,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send the [`request`](Resolution::request) to these, and tell
    /// [`Resolution::answered`] or [`Resolution::failed`] of each.
    Ask(Vec<ServiceNode>),
    /// Answers are still to come.
    Wait,
    /// Open this record of the old form with [`open_old`], away from threads
    /// that others wait for and one at a time, and tell [`Resolution::opened`].
    OpenOld(Vec<u8>),
    /// It is decided.
    Done(Result<NameOutcome, ResolveError>),
}

/// Why a name could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// Nodes contradict each other.
    #[error(
        "service nodes contradict each other about the name '{name}': {agreeing} of {answers} \
         agree, where all but two must; one of them lies, or the name changes just now, so do not \
         trust any of it and try again in some minutes"
    )]
    Disagreement {
        /// The name.
        name: String,
        /// How many gave the answer that was given most.
        agreeing: usize,
        /// How many answered.
        answers: usize,
    },
    /// Too few nodes answered.
    #[error(
        "only {answers} of {asked} service nodes asked told about the name '{name}', {UNDISPUTED} \
         must; try again later. The last one that did not: {reason}"
    )]
    TooFewAnswers {
        /// The name.
        name: String,
        /// How many answered.
        answers: usize,
        /// How many were asked.
        asked: usize,
        /// Why the last one did not.
        reason: String,
    },
    /// A record of the old form that does not open.
    #[error("the record of the name '{name}' cannot be used: {reason}")]
    Unusable {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// What one answer says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Told(NameOutcome),
    /// A record of the old form, not opened.
    Old(Vec<u8>),
}

/// The machine that resolves one name once.
#[derive(Debug)]
pub struct Resolution {
    name: Name,
    /// In the order in which they are asked.
    to_ask: Vec<ServiceNode>,
    waiting: BTreeSet<Ed25519PublicKey>,
    asked: usize,
    claims: BTreeMap<Claim, usize>,
    last_failure: String,
    decided: Option<Result<NameOutcome, ResolveError>>,
}

impl Resolution {
    /// Begins to resolve a name with random nodes of a pool.
    pub fn new(name: Name, pool: &NodePool, rng: &mut impl CryptoRng) -> Self {
        Self {
            name,
            to_ask: pool.iter().copied().sample(rng, ASKED),
            waiting: BTreeSet::new(),
            asked: 0,
            claims: BTreeMap::new(),
            last_failure: "no node was left to ask".to_owned(),
            decided: None,
        }
    }

    /// The request for a node.
    pub fn request(&self) -> Vec<u8> {
        self.name.request().to_bytes()
    }

    /// How many nodes were asked so far.
    pub fn asked(&self) -> usize {
        self.asked
    }

    /// What a node answered.
    pub fn answered(&mut self, node: &Ed25519PublicKey, status: u16, body: &[u8]) {
        if !self.waiting.remove(node) {
            return;
        }
        match self.read(status, body) {
            Ok(claim) => {
                let votes = self.claims.entry(claim).or_insert(0);
                *votes = votes.saturating_add(1);
            }
            Err(reason) => self.last_failure = format!("{node}: {reason}"),
        }
    }

    /// A node could not be asked, or did not answer.
    pub fn failed(&mut self, node: &Ed25519PublicKey, reason: String) {
        if self.waiting.remove(node) {
            self.last_failure = reason;
        }
    }

    /// What was in the record of the old form.
    pub fn opened(&mut self, account: Result<AccountId, String>) {
        let name = self.name.to_string();
        self.decided = Some(match account {
            Ok(account) => Ok(NameOutcome::Registered(account)),
            Err(reason) => Err(ResolveError::Unusable { name, reason }),
        });
    }

    /// What to do next.
    pub fn step(&mut self) -> Step {
        if let Some(decided) = &self.decided {
            return Step::Done(decided.clone());
        }
        let answers = self.claims.values().fold(0_usize, |sum, votes| sum.saturating_add(*votes));
        let leading = self.claims.iter().max_by_key(|(_, votes)| **votes);
        let agreeing = leading.map_or(0, |(_, votes)| *votes);
        let against = answers.saturating_sub(agreeing);
        let (needed, heard) = match against {
            0 => (UNDISPUTED, UNDISPUTED),
            _ => (DISPUTED, HEARD),
        };
        if agreeing >= needed && self.waiting.is_empty() {
            match leading {
                Some((Claim::Told(outcome), _)) => self.decided = Some(Ok(*outcome)),
                Some((Claim::Old(record), _)) => return Step::OpenOld(record.clone()),
                None => {}
            }
            return self.end();
        }
        let hopeless = against > HEARD.saturating_sub(DISPUTED);
        let wanted = match hopeless {
            true => 0,
            false => heard.saturating_sub(answers).saturating_sub(self.waiting.len()),
        };
        let more: Vec<_> = self.to_ask.drain(..wanted.min(self.to_ask.len())).collect();
        if !more.is_empty() {
            self.asked = self.asked.saturating_add(more.len());
            self.waiting.extend(more.iter().map(|node| node.ed25519));
            return Step::Ask(more);
        }
        if !self.waiting.is_empty() {
            return Step::Wait;
        }
        let name = self.name.to_string();
        self.decided = Some(Err(match against {
            0 => {
                let (asked, reason) = (self.asked, self.last_failure.clone());
                ResolveError::TooFewAnswers { name, answers, asked, reason }
            }
            _ => ResolveError::Disagreement { name, agreeing, answers },
        }));
        self.end()
    }

    fn end(&self) -> Step {
        self.decided.clone().map_or(Step::Wait, Step::Done)
    }

    fn read(&self, status: u16, body: &[u8]) -> Result<Claim, String> {
        if status != 200 {
            let text: String = String::from_utf8_lossy(body).chars().take(EXCERPT).collect();
            return Err(format!("it refused ({status}: {text})"));
        }
        match NameRecord::parse(body).map_err(|error| error.to_string())? {
            NameRecord::NotRegistered => Ok(Claim::Told(NameOutcome::NotRegistered)),
            NameRecord::Registered { encrypted_value, nonce: None } => {
                match encrypted_value.len() {
                    ons::SEALED_LEN => Ok(Claim::Old(encrypted_value)),
                    length => Err(format!("its record has {length} bytes")),
                }
            }
            NameRecord::Registered { encrypted_value, nonce } => {
                let id = ons::open(self.name.as_str(), &encrypted_value, nonce)
                    .map_err(|error| error.to_string())?;
                Ok(Claim::Told(NameOutcome::Registered(account(&id)?)))
            }
        }
    }
}

/// Opens a record of the old form: 256 MiB and about a second.
pub fn open_old(name: &Name, record: &[u8]) -> Result<AccountId, String> {
    let id = ons::open_legacy(name.as_str(), record).map_err(|error| error.to_string())?;
    account(&id)
}

fn account(id: &[u8; 33]) -> Result<AccountId, String> {
    let account = AccountId::from_bytes(id).map_err(|error| error.to_string())?;
    match account.prefix() {
        Prefix::Account => Ok(account),
        _ => Err(format!("the name stands for {account}, which is no account")),
    }
}
