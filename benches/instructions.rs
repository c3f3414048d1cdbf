//! The engine's own work for one SEND, POLL and RECEIVE on fixed inputs, to be
//! counted by callgrind: `benches/instructions.sh`. No actor, socket, file or
//! clock; each of the three functions that are counted is called so often that
//! what happens only once does not show.

use std::hint::black_box;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::storage::Request;
use ramson_crypto::session_protocol::KnownSenders;
use ramson_crypto::{
    AccountKeys, Ed25519Secret, EncType, LayerKey, Seed, X25519Secret, message_hash,
};
use ramson_protocol::account::{
    Account, Answer, Arrival, ArrivalBody, Delivery, History, Intent, SendResult,
};
use ramson_protocol::command::{Command, Post};
use ramson_protocol::event::AccountEvent;
use ramson_protocol::inbox;
use ramson_protocol::onion::{self, Destination};
use ramson_protocol::store::{StoredAccount, Sync};
use ramson_types::{AccountId, Namespace, ServiceNode, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;

/// How often each function is called.
const TIMES: u64 = 20;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    let mut world = World::new();
    for number in 0..TIMES {
        let now = NOW.plus(Duration::from_secs(number));
        match what.as_str() {
            "send" => world.send(now),
            "poll" => world.poll(now),
            "receive" => world.receive(now),
            _ => {
                eprintln!("say send, poll or receive");
                std::process::exit(2);
            }
        }
    }
}

struct World {
    me: Account,
    other: AccountKeys,
    nodes: Vec<Node>,
    rng: StdRng,
    known: KnownSenders,
}

struct Node {
    public: ServiceNode,
    signing: Ed25519Secret,
    secret: X25519Secret,
}

/// A message ready to go, and what its delivery will be answered.
struct Outgoing {
    delivery: Delivery,
    reply: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let nodes = (0..8).map(|number| node(number, &mut rng)).collect();
        Self {
            me: account(&mut rng),
            other: AccountKeys::new(&Seed::generate(&mut rng)),
            nodes,
            rng,
            known: KnownSenders::default(),
        }
    }

    fn hops(&self) -> Vec<ServiceNode> {
        self.nodes.iter().take(3).map(|node| node.public).collect()
    }

    /// A random source, and the same once more.
    fn twice(&mut self) -> (StdRng, StdRng) {
        let seed = self.rng.next_u64();
        (StdRng::seed_from_u64(seed), StdRng::seed_from_u64(seed))
    }

    /// What the fourth node answers to a request built with this generator.
    fn sealed_reply(&self, mut request: StdRng, body: &str) -> Vec<u8> {
        let mut ephemeral = None;
        // In the order in which a request's secrets are drawn.
        for _ in 0..4 {
            ephemeral = Some(X25519Secret::generate(&mut request));
            request.fill_bytes(&mut [0; 24]);
        }
        let ephemeral = ephemeral.expect("four layers were drawn");
        let node = &self.nodes[3];
        let key = LayerKey::for_node(EncType::XChaCha20, &node.secret, &ephemeral.public())
            .expect("the key is usable");
        let text = json!({ "status": 200, "body": body }).to_string();
        key.seal(text.as_bytes(), &mut StdRng::seed_from_u64(9))
    }

    fn send(&mut self, now: Timestamp) {
        let to = self.other.account_id();
        for delivery in counted_seal(&mut self.me, to, now, &mut self.rng) {
            let (request, again) = self.twice();
            let outgoing = self.answer_to(delivery, again);
            let hops = self.hops();
            let swarm: Vec<_> = self.nodes[3..].iter().map(|node| node.public).collect();
            counted_deliver(&mut self.me, &hops, &swarm, &outgoing, request, now);
        }
    }

    /// All five members confirm.
    fn answer_to(&self, delivery: Delivery, request: StdRng) -> Outgoing {
        let Request::Store(store) = &delivery.request else { panic!("one message at a time") };
        let hash = message_hash(&store.account, store.namespace, &store.data).to_string();
        let members = self.nodes[3..].iter().map(|node| {
            let signature = STANDARD.encode(node.signing.sign(hash.as_bytes()));
            (node.public.ed25519.to_string(), json!({ "hash": hash, "signature": signature }))
        });
        let swarm: serde_json::Map<_, _> = members.collect();
        let body = json!({ "hash": hash, "swarm": swarm, "t": NOW.millis(), "hf": [20, 0] });
        Outgoing { delivery, reply: self.sealed_reply(request, &body.to_string()) }
    }

    fn poll(&mut self, now: Timestamp) {
        let (request, again) = self.twice();
        let reply = self.sealed_reply(again, &retrieved(&[], NOW));
        let hops = self.hops();
        let members = [self.nodes[3].public];
        counted_poll(&mut self.me, &hops, &members, &reply, request, now);
    }

    fn receive(&mut self, now: Timestamp) {
        let me = self.me.id();
        let messages: Vec<Vec<u8>> = (0..20)
            .map(|number| {
                let sent = now.plus(Duration::from_millis(number));
                let content = content(sent);
                inbox::seal(&self.other, &me, &content, sent, &mut self.rng).expect("an account")
            })
            .collect();
        let entries: Vec<_> = messages
            .iter()
            .map(|data| (message_hash(&me, Namespace::INBOX, data).to_string(), data.clone()))
            .collect();
        let body = retrieved(&entries, now);
        let kept =
            counted_receive(&mut self.me, &self.nodes[3].public, &body, &mut self.known, now);
        assert_eq!(kept, 20, "all messages are kept");
    }
}

fn account(rng: &mut StdRng) -> Account {
    Account::load(StoredAccount {
        number: 1,
        seed: Seed::generate(rng),
        name: Some("Ada".to_owned()),
        counters: Default::default(),
        cursors: Vec::new(),
        outbox: Vec::new(),
        conversations: Vec::new(),
        configs: Vec::new(),
        sync: Sync { done: true, ..Sync::default() },
        errands: Vec::new(),
        expiring: Vec::new(),
    })
}

fn node(number: u8, rng: &mut StdRng) -> Node {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let (signing, secret) = (Ed25519Secret::from_seed(&seed), X25519Secret::generate(rng));
    let public = ServiceNode {
        ed25519: signing.public(),
        x25519: secret.public(),
        ip: [10, 0, 0, number].into(),
        https_port: 22021,
        swarm: None,
    };
    Node { public, signing, secret }
}

fn content(sent: Timestamp) -> Vec<u8> {
    use ramson_codec::proto::{Content, DataMessage};
    let data = DataMessage { body: Some("x".repeat(160)), ..DataMessage::default() };
    let sig_timestamp = Some(sent.millis());
    Content { data_message: Some(data), sig_timestamp, ..Content::default() }.encode()
}

fn retrieved(entries: &[(String, Vec<u8>)], now: Timestamp) -> String {
    let time = now.millis();
    let message = |(hash, data): &(String, Vec<u8>)| {
        let data = STANDARD.encode(data);
        json!({ "hash": hash, "timestamp": time, "expiration": time + 1_000_000, "data": data })
    };
    let messages: Vec<_> = entries.iter().map(message).collect();
    let body = json!({ "messages": messages, "more": false, "t": time, "hf": [20, 0] });
    // The inbox stands last, behind the configs.
    let none = json!({ "messages": [], "more": false, "t": time, "hf": [20, 0] });
    let mut results = vec![json!({ "code": 200, "body": none }); 4];
    results.push(json!({ "code": 200, "body": body }));
    json!({ "results": results }).to_string()
}

/// Both copies of one message, sealed and put into the outbox.
#[inline(never)]
fn counted_seal(
    me: &mut Account,
    to: AccountId,
    now: Timestamp,
    rng: &mut StdRng,
) -> Vec<Delivery> {
    let keys = me.keys().clone();
    let intent = Intent::Command(Command::Send { to, post: Post::text("x".repeat(160)) });
    let history = nothing(me.questions(&intent));
    let plan = me.carry_out(intent, &history, now, rng).expect("it can be sent");
    let seal = |copy: &ramson_protocol::account::Outgoing| {
        inbox::seal(&keys, &copy.to, &copy.content, copy.sent, rng).expect("an account")
    };
    let sealed = plan.outgoing.iter().map(seal).collect();
    let messages: Vec<_> = plan.outgoing.iter().map(|copy| copy.message).collect();
    black_box(me.queue(plan, sealed, now));
    messages.into_iter().for_each(|message| me.kept(message));
    me.due_deliveries(now)
}

/// What an empty store answers.
fn nothing(questions: Vec<ramson_protocol::account::Question>) -> History {
    History::new(questions.into_iter().map(|question| (question, Answer::default())))
}

/// One of them on its way, and what the swarm says to it.
#[inline(never)]
fn counted_deliver(
    me: &mut Account,
    hops: &[ServiceNode],
    swarm: &[ServiceNode],
    outgoing: &Outgoing,
    mut rng: StdRng,
    now: Timestamp,
) {
    let Outgoing { delivery, reply } = outgoing;
    let (node, body) = (&swarm[0], delivery.request.to_bytes());
    let members: Vec<_> = swarm.iter().map(|member| member.ed25519).collect();
    let to = Destination::Node(node);
    let sealed = onion::build(hops, to, EncType::XChaCha20, &body, &mut rng).expect("a path");
    black_box(&sealed.body);
    let answer = sealed.keys.open_reply(200, reply).expect("it opens");
    let text = answer.body.as_bytes();
    let read = me.read_delivery(delivery, &node.ed25519, &members, answer.status, text);
    let stored = matches!(read.results.as_slice(),
        [SendResult::Stored { confirmed, .. }] if confirmed.len() == 5);
    assert!(stored, "all members confirm: {:?}", read.results);
    black_box(me.sent(
        delivery,
        read.results,
        Some(node.ed25519),
        Default::default(),
        now,
        &mut rng,
    ));
}

/// One poll that brings nothing.
#[inline(never)]
fn counted_poll(
    me: &mut Account,
    hops: &[ServiceNode],
    members: &[ServiceNode],
    reply: &[u8],
    rng: StdRng,
    now: Timestamp,
) {
    let poll = me.poll(members, now, &mut StdRng::seed_from_u64(3)).expect("a member");
    let body = poll.request.to_bytes();
    let (to, mut rng) = (Destination::Node(&poll.node), rng);
    let sealed = onion::build(hops, to, EncType::XChaCha20, &body, &mut rng).expect("a path");
    black_box(&sealed.body);
    let answer = sealed.keys.open_reply(200, reply).expect("it opens");
    let read = me.read_poll(&poll.node.ed25519, answer.status, answer.body.as_bytes());
    black_box(read.expect("it is readable"));
}

/// Twenty messages, from the answer's text to the decision; tells how many
/// are kept.
#[inline(never)]
fn counted_receive(
    me: &mut Account,
    node: &ServiceNode,
    body: &str,
    known: &mut KnownSenders,
    now: Timestamp,
) -> usize {
    use ramson_protocol::account::PollAnswer;
    let read = me.read_poll(&node.ed25519, 200, body.as_bytes());
    let Ok(PollAnswer::Retrieved(mut retrieved)) = read else { return 0 };
    let Some((namespace, answer)) = retrieved.pop() else { return 0 };
    let id = me.id();
    let keys = me.keys().clone();
    let arrivals: Vec<Arrival> = answer
        .messages
        .into_iter()
        .filter(|message| message.hash_is_right(&id, namespace))
        .map(|message| {
            let data = message.data.unwrap_or_default();
            let opened = inbox::open_knowing(&keys, &data, known);
            let body = ArrivalBody::Opened(Box::new(opened));
            Arrival { hash: message.hash, expires: now, body }
        })
        .collect();
    let path = Default::default();
    let history = nothing(me.arrival_questions(&arrivals));
    let decision = me.receive(node.ed25519, &path, namespace, arrivals, history, now);
    let received = |event: &&AccountEvent| matches!(event, AccountEvent::MessageReceived(_));
    decision.events.iter().filter(received).count()
}
