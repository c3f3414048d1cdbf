//! What a swarm's answer to a delivery means.

use ramson_codec::storage::{BatchAnswer, NodeStatus, StoreAnswer, StoreOutcome, SwarmAnswer};
use ramson_types::{Ed25519PublicKey, MessageHash, ServiceNode};

use super::Delivery;
use crate::account::Account;
use crate::store::OutboxEntry;

/// From this attempt on, one member's signature is enough: a swarm whose
/// other members are down for long must not hold a message up.
const CONTENT_WITH_ONE: u32 = 3;

/// What came of one stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendResult {
    /// The swarm has it.
    Stored {
        /// Members whose signatures over the hash verify.
        confirmed: Vec<Ed25519PublicKey>,
        /// Members that failed or whose signatures do not verify.
        failed: Vec<Ed25519PublicKey>,
    },
    /// The node asked is not in the swarm (421).
    WrongSwarm {
        /// How many members its answer named instead.
        members: u32,
    },
    /// The node refused it as it is.
    Refused {
        /// Status of the answer.
        status: u16,
        /// Its text.
        reason: String,
    },
    /// The node refused the time of the request (406): its clock or ours is
    /// wrong.
    WrongTime {
        /// Why.
        reason: String,
    },
    /// Anything else; a later attempt may succeed.
    NotNow {
        /// Why.
        reason: String,
    },
}

/// What the answer to a delivery says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeliveryAnswer {
    /// One result for each entry, in the order of the delivery.
    pub results: Vec<SendResult>,
    /// The right swarm, if the node asked is not in it.
    pub swarm: Option<Vec<ServiceNode>>,
    /// The node's clock.
    pub status: NodeStatus,
    /// The node answered as a working one does not: ask others first.
    pub doubtful: bool,
    /// The node refused the time: learn it before [`Account::sent`] is told,
    /// and the next attempt follows at once.
    pub wrong_time: bool,
    /// Members that signed for any of the messages.
    signers: Vec<Ed25519PublicKey>,
}

impl Account {
    /// Reads the answer to a delivery: one result for each of its entries, and
    /// what else it tells. Signatures count only of `members` of the swarm.
    pub fn read_delivery(
        &self,
        delivery: &Delivery,
        node: &Ed25519PublicKey,
        members: &[Ed25519PublicKey],
        status: u16,
        body: &[u8],
    ) -> DeliveryAnswer {
        let mut answer = self.read_results(delivery, members, status, body);
        answer.doubtful = answer.results.iter().any(|result| match result {
            SendResult::Stored { failed, .. } => failed.contains(node),
            // One that signed itself is not to blame for members that did not.
            SendResult::NotNow { .. } => !answer.signers.contains(node),
            SendResult::Refused { .. } => true,
            // Its clock or ours is wrong; that is no lie about the message.
            SendResult::WrongSwarm { .. } | SendResult::WrongTime { .. } => false,
        });
        let wrong = |result: &SendResult| matches!(result, SendResult::WrongTime { .. });
        answer.wrong_time = answer.results.iter().any(wrong);
        // What stands behind it in a sequence was not even tried.
        answer.doubtful &= !answer.wrong_time && answer.swarm.is_none();
        answer
    }

    fn read_results(
        &self,
        delivery: &Delivery,
        members: &[Ed25519PublicKey],
        status: u16,
        body: &[u8],
    ) -> DeliveryAnswer {
        let mut answer = DeliveryAnswer::default();
        let one_alone = delivery.entries.len() == 1;
        if status != 200 || one_alone {
            for number in &delivery.entries {
                let part = Part { delivery, number: *number, status, body };
                let result = self.read_store(&part, members, &mut answer);
                answer.results.push(result);
            }
            return answer;
        }
        let parts = BatchAnswer::parse(body).map(|batch| batch.results);
        for (index, number) in delivery.entries.iter().enumerate() {
            let result = match &parts {
                Err(error) => SendResult::NotNow { reason: error.to_string() },
                Ok(parts) => match parts.get(index) {
                    Some(part) => {
                        let (status, body) = (part.code, part.body_bytes());
                        let part = Part { delivery, number: *number, status, body: &body };
                        self.read_store(&part, members, &mut answer)
                    }
                    // A sequence ends with the first part that fails.
                    None => SendResult::NotNow {
                        reason: "a message before it was not stored".to_owned(),
                    },
                },
            };
            answer.results.push(result);
        }
        answer
    }

    fn read_store(
        &self,
        part: &Part<'_>,
        members: &[Ed25519PublicKey],
        answer: &mut DeliveryAnswer,
    ) -> SendResult {
        let text = || String::from_utf8_lossy(part.body).chars().take(200).collect::<String>();
        let not_now = |reason: String| SendResult::NotNow { reason };
        let queue = self.outbox.queues.get(&part.delivery.to);
        let Some(waiting) = queue.and_then(|queue| queue.entries.get(&part.number)) else {
            return not_now("the entry is not in the outbox".to_owned());
        };
        match part.status {
            200 => match StoreAnswer::parse(part.body) {
                Ok(mut stored) => {
                    answer.status = stored.status;
                    // Before any signature is verified: there may be thousands
                    // of strangers' ones.
                    stored.swarm.retain(|key, _| members.contains(key));
                    let hash = hash_of(&waiting.entry);
                    let confirmed = stored.confirmed(hash);
                    answer.signers.extend(&confirmed);
                    judge_store(&waiting.entry, &stored, confirmed, members)
                }
                Err(error) => not_now(error.to_string()),
            },
            421 => match SwarmAnswer::parse(part.body) {
                Ok(swarm) => {
                    let members = u32::try_from(swarm.nodes.len()).unwrap_or(u32::MAX);
                    answer.status = swarm.status;
                    answer.swarm = Some(swarm.nodes);
                    SendResult::WrongSwarm { members }
                }
                Err(error) => not_now(error.to_string()),
            },
            406 => {
                SendResult::WrongTime { reason: format!("the node refused the time: {}", text()) }
            }
            400 | 401 | 403 | 413 => SendResult::Refused { status: part.status, reason: text() },
            status => not_now(format!("the node answered {status}: {}", text())),
        }
    }
}

/// The part of an answer that is about one entry.
struct Part<'a> {
    delivery: &'a Delivery,
    number: u64,
    status: u16,
    body: &'a [u8],
}

fn hash_of(entry: &OutboxEntry) -> MessageHash {
    ramson_crypto::message_hash(&entry.to, entry.namespace, &entry.data)
}

/// An answer counts by the signatures of the swarm's members in it, never by
/// its word. More than half of them have to sign: iOS is content with half
/// (02 section 4.6), but half of an even swarm may be cut off from the rest.
fn judge_store(
    entry: &OutboxEntry,
    answer: &StoreAnswer,
    confirmed: Vec<Ed25519PublicKey>,
    members: &[Ed25519PublicKey],
) -> SendResult {
    let wanted = match entry.attempts {
        CONTENT_WITH_ONE.. => 1,
        _ => (members.len() / 2).saturating_add(1),
    };
    if confirmed.len() >= wanted {
        let failed = answer.swarm.keys().filter(|key| !confirmed.contains(key)).copied().collect();
        return SendResult::Stored { confirmed, failed };
    }
    let said = answer.swarm.values().find_map(|outcome| match outcome {
        StoreOutcome::Failed { reason, .. } => reason.as_deref(),
        StoreOutcome::Stored { .. } => None,
    });
    let (signed, of) = (confirmed.len(), members.len());
    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
    SendResult::NotNow {
        reason: format!("{signed} of {of} members of the swarm signed for it{said}"),
    }
}
