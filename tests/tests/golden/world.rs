//! Six nodes of our own with the recorded keys, the clock of the transcript,
//! and what happened around them: nodes that were away, swarms that changed.

use std::sync::Arc;
use std::time::Duration;

use ramson_codec::ons::{NameQuestion, NameRecord};
use ramson_node::{HttpRequest, HttpResponse, Network, Node, Nodes, NodesStep, Quirks};
use ramson_types::{SwarmId, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use crate::answers;
use crate::outside;
use crate::transcript::{Step, Transcript};

/// How long before the first step the nodes start, so that their sweep does
/// not fall on the recorded moments.
const BEFORE: Duration = Duration::from_secs(5);

pub(crate) struct World<'a> {
    transcript: &'a Transcript,
    pub(crate) nodes: Nodes,
    network: Network,
    now: Timestamp,
    rng: StdRng,
}

impl<'a> World<'a> {
    pub(crate) fn new(transcript: &'a Transcript) -> Self {
        let mut network = Network::new(transcript.nodes.values().map(|node| node.contact));
        let recorded = transcript.steps.iter().filter_map(Step::answer).collect::<Value>();
        if let Some(height) = find(&recorded, "height").and_then(Value::as_u64) {
            network.height = height;
        }
        if let Some(hash) = find(&recorded, "block_hash").and_then(Value::as_str) {
            network.block_hash = hash.to_owned();
        }
        for (hash, record) in transcript.steps.iter().filter_map(registered) {
            network.register_record(hash, record);
        }
        let first = transcript.steps.first().map_or(Timestamp(0), |step| step.clock);
        let now = first.minus(BEFORE);
        let shared = Arc::new(network.clone());
        let mut nodes = Nodes::default();
        for node in transcript.nodes.values() {
            let mut node = Node::new(node.keys(), Arc::clone(&shared), now);
            node.set_quirks(Quirks::faithful());
            nodes.add(node);
        }
        Self { transcript, nodes, network, now, rng: StdRng::seed_from_u64(1) }
    }

    /// Sends a recorded request to our node. `None` for a node that is not in
    /// the file.
    pub(crate) fn serve(&mut self, step: &Step, request: &HttpRequest) -> Option<HttpResponse> {
        self.before(step);
        let key = self.transcript.nodes.get(&step.node)?.contact.ed25519;
        let mut led_to = self.nodes.serve(&key, request, self.now, &mut self.rng)?;
        loop {
            match led_to {
                NodesStep::Done(response) => return Some(response),
                NodesStep::AskServer { request, path, .. } => {
                    let reply = outside::ask(&self.transcript.json, step, &request);
                    led_to = self.nodes.resume(path, reply, self.now, &mut self.rng);
                }
            }
        }
    }

    /// Lets pass what passed before a step.
    fn before(&mut self, step: &Step) {
        while self.now.plus(Duration::from_secs(1)) < step.clock {
            self.now = self.now.plus(Duration::from_secs(1));
            self.nodes.tick(self.now, &mut self.rng);
        }
        let answer = step.answer().or_else(|| step.described()).unwrap_or_default();
        self.now = Timestamp(answers::clock(&answer).unwrap_or(step.clock.millis()));
        self.nodes.tick(self.now, &mut self.rng);
        if self.transcript.json.get("change_1").is_some() {
            self.follow_swarms(&answer);
        }
        for (number, node) in &self.transcript.nodes {
            let key = node.contact.ed25519;
            let away = timed_out(&answer, &key.to_string()) || hangs_on_the_path(step, *number);
            self.nodes.set_away(key, away);
            self.nodes.set_delay(key, delay(&answer, &key.to_string()));
        }
    }

    /// Where the recorded nodes see another swarm than ours, it has changed.
    fn follow_swarms(&mut self, answer: &Value) {
        let Some(id) = answer["swarm"].as_str().and_then(|id| id.parse::<SwarmId>().ok()) else {
            return;
        };
        let members: Vec<_> = answer["snodes"].as_array().into_iter().flatten().collect();
        let mut contacts: Vec<_> = self.network.nodes().copied().collect();
        for contact in &mut contacts {
            let key = Value::from(contact.ed25519.to_string());
            if members.iter().any(|member| member["pubkey_ed25519"] == key) {
                contact.swarm = id;
            }
        }
        let changed = self.network.with_nodes(contacts);
        if changed != self.network {
            self.network = changed;
            let shared = Arc::new(self.network.clone());
            self.nodes.set_network(&shared, self.now, &mut self.rng);
        }
    }
}

/// A name that the recorded daemon knows, with the record that it gives.
fn registered(step: &Step) -> Option<([u8; 32], NameRecord)> {
    let asked = &step.json["request"]["body_json"]["params"];
    let question = NameQuestion::parse(&asked["params"]).ok()?;
    let record = NameRecord::parse(&step.response).ok()?;
    (asked["endpoint"] == "ons_resolve" && step.status == 200)
        .then_some((question.name_hash, record))
}

/// The first value under a key, at any depth.
fn find<'v>(json: &'v Value, key: &str) -> Option<&'v Value> {
    match json {
        Value::Array(list) => list.iter().find_map(|value| find(value, key)),
        Value::Object(object) => {
            object.get(key).or_else(|| object.values().find_map(|value| find(value, key)))
        }
        _ => None,
    }
}

/// Whether a member is said to have let a request pass.
fn timed_out(answer: &Value, member: &str) -> bool {
    match answer {
        Value::Array(list) => list.iter().any(|value| timed_out(value, member)),
        Value::Object(object) => {
            answer["swarm"][member]["timeout"] == true
                || object.values().any(|value| timed_out(value, member))
        }
        _ => false,
    }
}

/// A path that timed out broke somewhere; all that can be seen is the same as
/// if its last node hung.
fn hangs_on_the_path(step: &Step, number: u64) -> bool {
    let last = step.json["onion"]["layers"].as_array().and_then(|layers| layers.last());
    step.status == 504 && last.is_some_and(|layer| layer["node"] == number)
}

/// How much later a member heard of a request than the node asked, where its
/// answer tells: it refused a time as too old, or counted from a later one.
fn delay(answer: &Value, member: &str) -> Duration {
    let Some(members) = answer["swarm"].as_object() else { return Duration::ZERO };
    let own = &answer["swarm"][member];
    if own["code"] == "406" {
        return Duration::from_millis(10);
    }
    let first = members.values().filter_map(|member| member["expiry"].as_u64()).min();
    let later = own["expiry"].as_u64().zip(first).map(|(own, first)| own.saturating_sub(first));
    Duration::from_millis(later.unwrap_or(0))
}
