//! Accounts, swarm members and their answers for tests.

mod store;

use std::net::Ipv4Addr;
use std::time::Duration;

use ramson_crypto::{Ed25519Secret, Seed, message_hash};
use ramson_types::message::Message;
use ramson_types::{
    AccountId, Ed25519PublicKey, Namespace, ServiceNode, Timestamp, X25519PublicKey,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;

use crate::account::*;
use crate::command::{Command, Outcome, Post};
use crate::inbox;
use crate::store::{OutboxEntry, Sync};

pub(super) use store::TestStore;

pub(super) const NOW: Timestamp = Timestamp(1_764_000_000_000);

pub(super) fn account(seed: u8, name: &str) -> Account {
    Account::load(stored_account(seed, Some(name)))
}

/// An account as a store has it that knows nothing else of it.
pub(super) fn stored_account(seed: u8, name: Option<&str>) -> StoredAccount {
    StoredAccount {
        number: u32::from(seed),
        seed: Seed::from_entropy16([seed; 16]),
        name: name.map(str::to_owned),
        counters: Counters::default(),
        cursors: Vec::new(),
        outbox: Vec::new(),
        conversations: Vec::new(),
        configs: Vec::new(),
        sync: Sync { done: true, ..Sync::default() },
        errands: Vec::new(),
        expiring: Vec::new(),
    }
}

pub(super) fn rng() -> StdRng {
    StdRng::seed_from_u64(3)
}

pub(super) fn node(n: u8) -> ServiceNode {
    ServiceNode {
        ed25519: Ed25519Secret::from_seed(&[n; 32]).public(),
        x25519: X25519PublicKey([n; 32]),
        ip: Ipv4Addr::LOCALHOST,
        https_port: 1,
        swarm: None,
    }
}

/// Whose signatures count.
pub(super) fn members() -> Vec<Ed25519PublicKey> {
    vec![node(1).ed25519, node(2).ed25519, node(3).ed25519]
}

/// The command to send a text.
pub(super) fn text(to: AccountId, text: &str) -> Command {
    Command::Send { to, post: Post::text(text) }
}

/// Carries a command out that needs nothing of the history.
pub(super) fn command(
    account: &mut Account,
    command: Command,
    now: Timestamp,
) -> Result<Plan, CommandError> {
    account.carry_out(Intent::Command(command), &History::default(), now, &mut rng())
}

/// Seals what a plan has outgoing.
pub(super) fn seal(account: &Account, plan: &Plan) -> Vec<Vec<u8>> {
    let seal = |copy: &Outgoing| {
        let keys = account.keys();
        inbox::seal(keys, &copy.to, &copy.content, copy.sent, &mut rng()).expect("it seals")
    };
    plan.outgoing.iter().map(seal).collect()
}

/// Composes, seals and queues a text, and keeps it.
pub(super) fn queue(
    from: &mut Account,
    to: AccountId,
    body: &str,
    now: Timestamp,
) -> (Message, Decision) {
    let plan = command(from, text(to, body), now).expect("it can be sent");
    let sealed = seal(from, &plan);
    let (decision, outcome) = from.queue(plan, sealed, now);
    let Outcome::Queued(message) = outcome else { panic!("{outcome:?}") };
    from.kept(message.id);
    (*message, decision)
}

pub(super) fn entries(decision: &Decision) -> Vec<OutboxEntry> {
    let entry = |change: &Change| match change {
        Change::PutOutbox(entry) => Some(entry.clone()),
        _ => None,
    };
    decision.changes.iter().filter_map(entry).collect()
}

/// What a swarm member that has these bytes returns, opened by `to`.
pub(super) fn arrival(to: &Account, data: &[u8]) -> Arrival {
    Arrival {
        hash: message_hash(&to.id(), Namespace::INBOX, data),
        expires: NOW.plus(Duration::from_secs(14 * 86_400)),
        body: ArrivalBody::Opened(Box::new(inbox::open(to.keys(), data))),
    }
}

pub(super) fn receive(to: &mut Account, arrivals: Vec<Arrival>) -> Decision {
    let path = vec![node(7).ed25519];
    to.receive(node(1).ed25519, &path, Namespace::INBOX, arrivals, History::default(), NOW)
}

pub(super) fn received(decision: &Decision) -> Vec<&Message> {
    let mut messages = Vec::new();
    for event in &decision.events {
        if let AccountEvent::MessageReceived(message) = event {
            messages.push(message);
        }
    }
    messages
}

/// The answer of a swarm whose members all stored the entry.
pub(super) fn stored_by(entry: &OutboxEntry, members: &[u8]) -> serde_json::Value {
    use base64::Engine as _;
    let hash = message_hash(&entry.to, entry.namespace, &entry.data).to_string();
    let member = |n: &u8| {
        let secret = Ed25519Secret::from_seed(&[*n; 32]);
        let signature = secret.sign(hash.as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(signature);
        (secret.public().to_string(), json!({ "hash": hash, "signature": signature }))
    };
    let swarm: serde_json::Map<_, _> = members.iter().map(member).collect();
    json!({ "hash": hash, "swarm": swarm, "t": NOW.millis() + 5_000, "hf": [19, 4] })
}
