//! When swarms change, those who hold an account's messages push them to the
//! nodes that have become responsible for it (02 section 4.17). What cannot be
//! pushed at once waits in [`Missed`](crate::missed::Missed), and finds its way
//! if the swarms change again meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ramson_codec::node_to_node::push::{self, PushedMessage};
use ramson_codec::storage::{Request, Store};
use ramson_crypto::message_hash;
use ramson_types::{AccountId, Ed25519PublicKey, Namespace, Timestamp};

use crate::database::StoredMessage;
use crate::network::Network;
use crate::step::{Call, Command, PeerCall, PeerMessage, Push};
use crate::{Node, database, member, store};

/// Data in one push, in bytes; with what stands around it, it is somewhat more
/// on the way.
const MAX_PUSH: usize = push::MAX_BATCH;

const PUSH_TIMEOUT: Duration = Duration::from_secs(30);

/// What waits for another node, as a snapshot keeps it.
#[derive(Debug)]
pub(crate) enum OnItsWay {
    /// A message that is pushed.
    Message(StoredMessage),
    /// A request that the node missed.
    Request(Box<Command>),
}

/// Messages by the node that they are for.
type Pushes = BTreeMap<Ed25519PublicKey, Vec<StoredMessage>>;

impl Node {
    /// Takes note of a changed network. The calls returned push messages to
    /// new members; each is to be made, in this order, and told to
    /// [`Node::concluded`].
    pub fn set_network(&mut self, network: Arc<Network>) -> Vec<Call> {
        let old = std::mem::replace(&mut self.network, network);
        let own = self.key();
        let mut pushes = self.retarget();
        for message in self.database.messages() {
            let before = old.members_of(message.account.key());
            if !before.contains(&own) {
                continue;
            }
            for member in self.network.members_of(message.account.key()) {
                if *member != own && !before.contains(member) {
                    pushes.entry(*member).or_default().push(message.clone());
                }
            }
        }
        let mut calls = Vec::new();
        for (to, batch) in pushes
            .into_iter()
            .flat_map(|(to, messages)| batches(messages).into_iter().map(move |batch| (to, batch)))
        {
            let call = self.push_call(batch);
            self.missed.add_under_way(to, call.clone(), self.seen);
            calls.push(Call::to_node(to, call, PUSH_TIMEOUT));
        }
        calls
    }

    /// Messages that wait for nodes that are not responsible for them any
    /// more, now for those that are. Other requests to such nodes are dropped.
    fn retarget(&mut self) -> Pushes {
        let (network, own) = (&self.network, self.key());
        let stale = self.missed.take(|to, message| match message {
            PeerMessage::Messages(push) => push
                .messages
                .iter()
                .any(|message| !network.members_of(message.account.key()).contains(to)),
            PeerMessage::Member(command) => member::account_of(&command.request)
                .is_none_or(|account| !network.members_of(account.key()).contains(to)),
            PeerMessage::Onion(_) => true,
        });
        let mut pushes = Pushes::new();
        for call in &stale {
            let PeerMessage::Messages(push) = &*call.0 else { continue };
            for message in &push.messages {
                let members = network.members_of(message.account.key());
                for member in members.iter().filter(|member| **member != own) {
                    pushes.entry(*member).or_default().push(message.clone());
                }
            }
        }
        pushes
    }

    /// What a member that did not hear of a request is to hear later. A store
    /// turns into the message itself, which does not grow too old on the way.
    pub(crate) fn to_be_told(&self, request: &PeerCall) -> PeerCall {
        match &*request.0 {
            PeerMessage::Member(command) => match &command.request {
                Request::Store(store) if !self.quirks.missed_stores_grow_too_old => {
                    self.push_call(vec![stored(store)])
                }
                _ => request.clone(),
            },
            _ => request.clone(),
        }
    }

    fn push_call(&self, messages: Vec<StoredMessage>) -> PeerCall {
        let namespaces = !self.quirks.moved_messages_lose_their_namespace;
        PeerCall::new(PeerMessage::Messages(Push { messages, namespaces }))
    }

    /// Whether messages are on their way to other nodes, which have not said
    /// yet that they hold them.
    pub fn is_moving_messages(&self) -> bool {
        self.missed.iter().any(|(_, message)| matches!(message, PeerMessage::Messages(_)))
    }

    /// Puts on its way to one node, in this order, what a snapshot says was.
    pub(crate) fn put_on_the_way(
        &mut self,
        to: Ed25519PublicKey,
        waiting: Vec<OnItsWay>,
        now: Timestamp,
    ) {
        let mut messages = Vec::new();
        for one in waiting {
            match one {
                OnItsWay::Message(message) => messages.push(message),
                OnItsWay::Request(command) => {
                    self.send_on_to(to, std::mem::take(&mut messages), now);
                    let call = PeerCall::new(PeerMessage::Member(command));
                    self.missed.add_due(to, call, now);
                }
            }
        }
        self.send_on_to(to, messages, now);
    }

    fn send_on_to(&mut self, to: Ed25519PublicKey, messages: Vec<StoredMessage>, now: Timestamp) {
        for batch in batches(messages) {
            let call = self.push_call(batch);
            self.missed.add_due(to, call, now);
        }
    }

    /// Takes messages that others held before. What is new here and belongs to
    /// another swarm by now is sent on to it.
    pub(crate) fn take_over(&mut self, messages: &[StoredMessage], now: Timestamp) {
        if self.faults.loses_messages {
            return;
        }
        let own = self.key();
        let mut pushes = Pushes::new();
        for message in messages.iter().filter(|message| message.expiry > now) {
            let stored = if message.namespace.is_public_outbox() {
                self.database.store_alone(message.clone(), false, true)
            } else {
                self.database.store(message.clone())
            };
            match stored {
                Ok((false, _)) => {}
                Err(database::StoreFailure::Full) => break,
                Ok((true, _)) | Err(_) => continue,
            }
            let members = self.network.members_of(message.account.key());
            if !members.contains(&own) {
                for member in members {
                    pushes.entry(*member).or_default().push(message.clone());
                }
            }
        }
        for (to, messages) in pushes {
            self.send_on_to(to, messages, now);
        }
    }
}

/// The message that a request stores.
pub(crate) fn stored(request: &Store) -> StoredMessage {
    let (account, namespace) = (request.account, request.namespace);
    StoredMessage {
        account,
        namespace,
        hash: message_hash(&account, namespace, &request.data),
        timestamp: request.timestamp,
        expiry: store::expiry(request),
        data: request.data.as_slice().into(),
    }
}

impl Push {
    /// What arrives of it.
    pub(crate) fn heard(&self) -> Vec<StoredMessage> {
        let told = |message: &StoredMessage| PushedMessage {
            account: message.account.to_bytes(),
            hash: message.hash.to_string().into_bytes(),
            timestamp: message.timestamp,
            expiry: message.expiry,
            data: message.data.to_vec(),
            namespace: self.namespaces.then_some(message.namespace),
        };
        let told: Vec<_> = self.messages.iter().map(told).collect();
        let blobs = push::encode(&told);
        // What this node wrote it can read.
        let heard = blobs.iter().filter_map(|blob| push::decode(blob).ok()).flatten();
        heard.filter_map(understood).collect()
    }
}

/// A message of another node, if it makes sense.
fn understood(message: PushedMessage) -> Option<StoredMessage> {
    Some(StoredMessage {
        account: AccountId::from_bytes(&message.account).ok()?,
        namespace: message.namespace.unwrap_or(Namespace::INBOX),
        hash: std::str::from_utf8(&message.hash).ok()?.parse().ok()?,
        timestamp: message.timestamp,
        expiry: message.expiry,
        data: message.data.into(),
    })
}

fn batches(messages: Vec<StoredMessage>) -> Vec<Vec<StoredMessage>> {
    let (mut batches, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    for message in messages {
        if !batch.is_empty() && bytes.saturating_add(message.data.len()) > MAX_PUSH {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes = bytes.saturating_add(message.data.len());
        batch.push(message);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}
