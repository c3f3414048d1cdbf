//! Answers to requests that change messages which are there, or ask for them:
//! `delete`, `expire` and `get_expiries`, as clients read them. What a member
//! says of the first two counts by its signature, and by nothing else.

use std::collections::{BTreeMap, BTreeSet};

use ramson_crypto::ed25519;
use ramson_types::{AccountId, Ed25519PublicKey, MessageHash, Timestamp};
use serde_json::{Map, Value};

use super::answer::{AnswerError, NodeStatus, members, object, truthy};
use super::{base64_text, member_text};

/// The answer to `delete`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteAnswer {
    /// What each member says that it deleted, with its signature; `None` for
    /// those that failed or whose entry is not readable.
    pub swarm: BTreeMap<Ed25519PublicKey, Option<Deleted>>,
    /// The node's clock and hard fork.
    pub status: NodeStatus,
}

/// What one member says to a `delete`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Which of the hashes it had, and has no more.
    pub deleted: BTreeSet<String>,
    /// Its signature.
    pub signature: [u8; 64],
}

impl DeleteAnswer {
    /// Reads the body of a 200, or of a 404 of a `delete` with `required`.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let answer = object("delete", body)?;
        let swarm = members("delete", &answer)?;
        let swarm = swarm.map(|(key, member)| (key, Deleted::of(member))).collect();
        Ok(Self { swarm, status: NodeStatus::of(&answer) })
    }

    /// The members whose signature is good, and what each deleted. None of the
    /// hashes that were requested is at any of them now.
    pub fn confirmed(
        &self,
        account: &AccountId,
        requested: &[MessageHash],
    ) -> BTreeMap<Ed25519PublicKey, BTreeSet<MessageHash>> {
        let requested: Vec<String> = requested.iter().map(MessageHash::to_string).collect();
        let confirms = |(key, said): (&Ed25519PublicKey, &Option<Deleted>)| {
            let said = said.as_ref()?;
            let deleted: Vec<_> = said.deleted.iter().collect();
            let text = member_text::delete(account, &requested, &deleted);
            let of_ours = said.deleted.iter().all(|hash| requested.contains(hash));
            let good = of_ours && ed25519::verify(key, &text, &said.signature);
            good.then(|| (*key, said.deleted.iter().filter_map(|hash| hash.parse().ok()).collect()))
        };
        self.swarm.iter().filter_map(confirms).collect()
    }
}

impl Deleted {
    fn of(member: &Value) -> Option<Self> {
        let (member, signature) = signed(member)?;
        Some(Self { deleted: texts(member.get("deleted")?)?, signature })
    }
}

/// The answer to `expire`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpireAnswer {
    /// What each member says, with its signature; `None` for those that
    /// failed or whose entry is not readable.
    pub swarm: BTreeMap<Ed25519PublicKey, Option<Expired>>,
    /// The node's clock and hard fork.
    pub status: NodeStatus,
}

/// What one member says to an `expire`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// The time that it gave: one for all, or one for each that it updated.
    pub applied: Vec<Timestamp>,
    /// Which messages have that time now.
    pub updated: BTreeSet<String>,
    /// Which it has and left as they were, and when those expire; only told of
    /// a request that extends or shortens.
    pub unchanged: BTreeMap<String, Timestamp>,
    /// Its signature.
    pub signature: [u8; 64],
}

impl ExpireAnswer {
    /// Reads the body of a 200.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let answer = object("expire", body)?;
        let swarm = members("expire", &answer)?;
        let swarm = swarm.map(|(key, member)| (key, Expired::of(member))).collect();
        Ok(Self { swarm, status: NodeStatus::of(&answer) })
    }

    /// The members whose signature is good, and when each lets go of those of
    /// the messages requested that it has.
    pub fn confirmed(
        &self,
        account: &AccountId,
        requested: &[MessageHash],
    ) -> BTreeMap<Ed25519PublicKey, BTreeMap<MessageHash, Timestamp>> {
        let requested: Vec<String> = requested.iter().map(MessageHash::to_string).collect();
        let confirms = |(key, said): (&Ed25519PublicKey, &Option<Expired>)| {
            let said = said.as_ref()?;
            let updated: Vec<_> = said.updated.iter().collect();
            let text =
                member_text::expire(account, &said.applied, &requested, &updated, &said.unchanged);
            ed25519::verify(key, &text, &said.signature).then(|| (*key, said.expiries()))
        };
        self.swarm.iter().filter_map(confirms).collect()
    }
}

impl Expired {
    fn of(member: &Value) -> Option<Self> {
        let (member, signature) = signed(member)?;
        let updated = texts(member.get("updated")?)?;
        let applied = match member.get("expiry")? {
            Value::Array(times) => times.iter().map(time).collect::<Option<Vec<_>>>()?,
            one => vec![time(one)?],
        };
        let unchanged = match member.get("unchanged") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(unchanged) => {
                let each = |(hash, at): (&String, &Value)| Some((hash.clone(), time(at)?));
                unchanged.as_object()?.iter().map(each).collect::<Option<_>>()?
            }
        };
        Some(Self { applied, updated, unchanged, signature })
    }

    /// When the member lets go of each message, without those whose names are
    /// none.
    fn expiries(&self) -> BTreeMap<MessageHash, Timestamp> {
        // One time stands for all, several stand beside the hashes.
        let one = match self.applied.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        let times = self.applied.iter().copied().chain(one.into_iter().cycle());
        let updated = self.updated.iter().zip(times);
        let unchanged = self.unchanged.iter().map(|(hash, at)| (hash, *at));
        let named = updated.chain(unchanged);
        named.filter_map(|(hash, at)| Some((hash.parse().ok()?, at))).collect()
    }
}

/// The answer to `get_expiries`: the word of the one node that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiriesAnswer {
    /// When it lets go of those of the messages that it has.
    pub expiries: BTreeMap<MessageHash, Timestamp>,
}

impl ExpiriesAnswer {
    /// Reads the body of a 200. Unreadable entries are left out.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let answer = object("get_expiries", body)?;
        let expiries = answer.get("expiries").and_then(Value::as_object);
        let field = AnswerError::Field { method: "get_expiries", field: "expiries" };
        let named = expiries.ok_or(field)?.iter();
        let named = named.filter_map(|(hash, at)| Some((hash.parse().ok()?, time(at)?)));
        Ok(Self { expiries: named.collect() })
    }
}

/// The entry of a member that did not fail, and its signature.
fn signed(member: &Value) -> Option<(&Map<String, Value>, [u8; 64])> {
    let member = member.as_object().filter(|member| !truthy(member, "failed"))?;
    let signature = member.get("signature").and_then(Value::as_str)?;
    Some((member, base64_text::signature(signature)?))
}

/// A list of texts; sorted, as they are signed.
fn texts(list: &Value) -> Option<BTreeSet<String>> {
    list.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_u64().map(Timestamp)
}

#[cfg(test)]
mod tests;
