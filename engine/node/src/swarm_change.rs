//! When swarms change, those who hold an account's messages push them to the
//! nodes that have become responsible for it (02 section 4.17).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ramson_types::{Ed25519PublicKey, Timestamp};

use crate::database::StoredMessage;
use crate::network::Network;
use crate::step::{Call, PeerCall, PeerMessage};
use crate::{Node, database};

/// Data in one push, in bytes.
const MAX_PUSH: usize = 9_000_000;

const PUSH_TIMEOUT: Duration = Duration::from_secs(30);

impl Node {
    /// Takes note of a changed network. The calls returned push messages to
    /// new members; each is to be made, and told to [`Node::concluded`].
    pub fn set_network(&mut self, network: Arc<Network>) -> Vec<Call> {
        let old = std::mem::replace(&mut self.network, network);
        self.missed.keep_only(|key| self.network.node(key).is_some());
        let own = self.key();
        let mut pushes: BTreeMap<Ed25519PublicKey, Vec<&StoredMessage>> = BTreeMap::new();
        for message in self.database.messages() {
            let before = members(&old, message);
            if !before.contains(&own) {
                continue;
            }
            for member in members(&self.network, message) {
                if *member != own && !before.contains(member) {
                    pushes.entry(*member).or_default().push(message);
                }
            }
        }
        let calls = pushes.into_iter().flat_map(|(to, messages)| {
            batches(messages).into_iter().map(move |batch| {
                let call = PeerCall::new(PeerMessage::Messages(batch));
                Call::to_node(to, call, PUSH_TIMEOUT)
            })
        });
        calls.collect()
    }

    /// Takes messages that others held before.
    pub(crate) fn take_over(&mut self, messages: &[StoredMessage], now: Timestamp) {
        for message in messages.iter().filter(|message| message.expiry > now) {
            let alone = message.namespace.is_public_outbox();
            let stored = if alone {
                self.database.store_alone(message.clone(), false)
            } else {
                self.database.store(message.clone())
            };
            if stored == Err(database::StoreFailure::Full) {
                return;
            }
        }
    }
}

fn members<'a>(network: &'a Network, message: &StoredMessage) -> &'a [Ed25519PublicKey] {
    let swarm = network.swarm_of(message.account.key());
    swarm.map_or(&[], |swarm| network.members(swarm))
}

fn batches(messages: Vec<&StoredMessage>) -> Vec<Vec<StoredMessage>> {
    let (mut batches, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    for message in messages {
        if !batch.is_empty() && bytes.saturating_add(message.data.len()) > MAX_PUSH {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes = bytes.saturating_add(message.data.len());
        batch.push(message.clone());
    }
    batches.push(batch);
    batches
}
