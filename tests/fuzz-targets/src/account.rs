//! What the account machine makes of answers, whoever gave them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::proto::Content;
use ramson_codec::storage::Retrieved;
use ramson_crypto::{AccountKeys, message_hash};
use ramson_protocol::account::{
    Account, Answer, Arrival, ArrivalBody, Decision, History, PollAnswer, PollError, Question,
    SendResult,
};
use ramson_protocol::event::AccountEvent;
use ramson_protocol::inbox;
use ramson_protocol::store::{Change, Copy, Counters, Early, OutboxEntry, StoredAccount, Sync};
use ramson_types::ledger::LedgerStep;
use ramson_types::message::{Message, MessageName};
use ramson_types::{
    AccountId, ConversationId, MessageHash, MessageId, Namespace, ServiceNode, Timestamp,
};
use serde_json::{Value, json};

use crate::fixed::{ME, NODES, NOW, PEER, my_seed, rng};
use crate::input::Input;
use crate::show;

/// The machine as it stands before any answer.
fn account() -> Account {
    Account::load(StoredAccount {
        number: 1,
        seed: my_seed(),
        name: None,
        counters: Counters::default(),
        cursors: Vec::new(),
        outbox: outbox(),
        conversations: Vec::new(),
        configs: Vec::new(),
        sync: Sync { done: true, ..Sync::default() },
        errands: Vec::new(),
        expiring: Vec::new(),
    })
}

/// The namespaces that are polled, in the order of the answers.
const POLLED: [Namespace; 5] = [
    Namespace::USER_PROFILE,
    Namespace::CONTACTS,
    Namespace::USER_GROUPS,
    Namespace::CONVO_INFO_VOLATILE,
    Namespace::INBOX,
];

/// A good answer to a poll whose inbox holds these.
fn polled(messages: &[Value], more: bool) -> Value {
    let result = |messages: &[Value], more| {
        let body = json!({ "messages": messages, "more": more, "t": NOW.millis(), "hf": [19, 4] });
        json!({ "code": 200, "body": body })
    };
    let mut results = vec![result(&[], false); POLLED.len() - 1];
    results.push(result(messages, more));
    json!({ "results": results })
}

/// Two messages for the peer, sent in one request, and one for ourselves.
fn outbox() -> Vec<OutboxEntry> {
    let to = [PEER.account_id(), PEER.account_id(), ME.account_id()];
    let entry = |(to, number): (AccountId, u64)| OutboxEntry {
        number,
        message: MessageId { account: 1, number },
        copy: if to == ME.account_id() { Copy::Sync } else { Copy::Recipient },
        to,
        namespace: Namespace::INBOX,
        timestamp: NOW,
        ttl: Duration::from_secs(14 * 24 * 60 * 60),
        data: vec![1, 2, 3],
        attempts: 0,
        next_attempt: NOW,
        quiet: false,
        outside_history: false,
    };
    to.into_iter().zip(1..).map(entry).collect()
}

fn status(input: &mut Input<'_>) -> u16 {
    const STATUS: [u16; 8] = [200, 421, 400, 401, 406, 500, 503, 0];
    STATUS.get(input.below(STATUS.len())).copied().unwrap_or(200)
}

fn usable(nodes: &[ServiceNode]) -> bool {
    nodes.iter().all(|node| node.https_port != 0 && !node.ip.is_unspecified())
}

/// The answer to a poll: any status, any body. What is taken is about this
/// account, whatever the node says.
pub fn poll_answer(data: &[u8]) {
    let mut input = Input::new(data);
    let [node, ..] = &*NODES;
    match account().read_poll(&node.ed25519, status(&mut input), input.rest()) {
        Ok(PollAnswer::Retrieved(retrieved)) => {
            let of = retrieved.iter().map(|(namespace, _)| *namespace);
            assert_eq!(of.collect::<Vec<_>>(), POLLED, "each was asked for");
            for (namespace, answer) in retrieved {
                let ours = |message: &Retrieved| message.hash_is_right(&ME.account_id(), namespace);
                assert!(answer.messages.is_empty() || answer.messages.iter().any(ours));
            }
        }
        Ok(PollAnswer::WrongSwarm(nodes)) => assert!(usable(&nodes)),
        Err(error) => show(&error, &[0; 50]),
    }
}

/// Stored copies of every kind, well wrapped by a node: garbage, wrong hashes,
/// correctly sealed Contents of the peer and of our own devices. The machine
/// accounts for each exactly once, and the cursor passes them all.
pub fn account_receive(data: &[u8]) {
    received(data);
}

/// How many messages were kept.
fn received(data: &[u8]) -> usize {
    let copies = copies(&mut Input::new(data));
    let answer = polled(&copies, false);
    let mut account = account();
    let [node, ..] = &*NODES;
    let retrieved = match account.read_poll(&node.ed25519, 200, answer.to_string().as_bytes()) {
        Ok(PollAnswer::Retrieved(retrieved)) => retrieved,
        Err(PollError::ForeignMessages { messages }) => {
            assert_eq!(messages, copies.len());
            return 0;
        }
        other => panic!("{other:?} of a good answer"),
    };
    let Some((Namespace::INBOX, answer)) = retrieved.last() else {
        panic!("the inbox was asked for");
    };
    assert_eq!((answer.messages.len(), answer.unnamed), (copies.len(), 0));

    let mut kept = Kept::default();
    let decision = receive(&mut account, &answer.messages, &kept);
    let new = check(&decision, &answer.messages);
    kept.take(decision.changes.clone());
    let names: BTreeSet<_> = new.iter().map(|message| (message.name(), message.kind)).collect();
    assert_eq!(names.len(), new.len(), "a message was kept twice");
    let again = receive(&mut account, &answer.messages, &kept);
    let came = again.events.iter().find(|it| matches!(it, AccountEvent::MessageReceived(_)));
    assert_eq!(came, None, "what is in the history came again");
    new.len()
}

/// What is kept of the account's history.
#[derive(Default)]
struct Kept {
    messages: BTreeMap<MessageId, Message>,
    early: BTreeMap<MessageName, Early>,
}

impl Kept {
    fn take(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::PutMessage(message) => {
                    self.messages.insert(message.id, message);
                }
                Change::EditMessage { id, edit } => {
                    if let Some(message) = self.messages.get_mut(&id) {
                        edit.apply(message);
                    }
                }
                Change::RemoveMessage(id) => {
                    self.messages.remove(&id);
                }
                Change::PutEarly { name, early } => {
                    self.early.insert(name, early);
                }
                Change::RemoveEarly(name) => {
                    self.early.remove(&name);
                }
                _ => {}
            }
        }
    }

    fn answer(&self, question: &Question) -> Answer {
        let found = |pick: &dyn Fn(&&Message) -> bool| {
            self.messages.values().filter(pick).cloned().collect()
        };
        match question {
            Question::Named(name) => {
                let messages = found(&|message| message.name() == *name);
                Answer { messages, early: self.early.get(name).cloned() }
            }
            Question::Id(id) => Answer { messages: found(&|it| it.id == *id), early: None },
            other => panic!("{other:?} of arrivals"),
        }
    }
}

fn copies(input: &mut Input<'_>) -> Vec<Value> {
    let mut copies = Vec::new();
    while !input.is_empty() && copies.len() < 6 {
        let kind = input.below(5);
        let length = usize::from(input.u16() % 4096);
        let content = input.take(length);
        let data = match kind {
            0 => content.to_vec(),
            1 => seal(&PEER, content, NOW),
            2 => seal(&ME, content, NOW),
            3 => seal(&PEER, content, Timestamp(input.u64())),
            _ => seal(&PEER, content, NOW),
        };
        let account = if kind == 4 { PEER.account_id() } else { ME.account_id() };
        copies.push(json!({
            "hash": message_hash(&account, Namespace::INBOX, &data).to_string(),
            "timestamp": NOW.millis(),
            "expiration": NOW.millis().saturating_add(1),
            "data": STANDARD.encode(&data),
        }));
    }
    copies
}

/// A Content is sealed at the time that it names, so that more of them pass.
fn seal(from: &AccountKeys, content: &[u8], otherwise: Timestamp) -> Vec<u8> {
    let named = Content::decode(content).ok().and_then(|content| content.sig_timestamp);
    let sent = named.map_or(otherwise, Timestamp);
    match inbox::seal(from, &ME.account_id(), content, sent, &mut rng()) {
        Ok(sealed) => sealed,
        Err(error) => panic!("{error}"),
    }
}

fn receive(account: &mut Account, messages: &[Retrieved], kept: &Kept) -> Decision {
    let arrival = |message: &Retrieved| Arrival {
        hash: message.hash,
        expires: message.expiration.unwrap_or(NOW),
        body: if message.hash_is_right(&ME.account_id(), Namespace::INBOX) {
            let data = message.data.clone().unwrap_or_default();
            ArrivalBody::Opened(Box::new(inbox::open(&ME, &data)))
        } else {
            ArrivalBody::WrongHash
        },
    };
    let arrivals: Vec<_> = messages.iter().map(arrival).collect();
    let questions = account.arrival_questions(&arrivals);
    let answers = questions.into_iter().map(|question| {
        let answer = kept.answer(&question);
        (question, answer)
    });
    let history = History::new(answers);
    let [node, ..] = *NODES;
    account.receive(node.ed25519, &vec![node.ed25519], Namespace::INBOX, arrivals, history, NOW)
}

fn check<'a>(decision: &'a Decision, messages: &[Retrieved]) -> Vec<&'a Message> {
    let (mut seen, mut accounted, mut written) = (0, 0, 0);
    let mut cursor: Option<MessageHash> = None;
    for change in &decision.changes {
        match change {
            Change::MarkSeen { .. } => seen += 1,
            Change::PutMessage(_) => written += 1,
            Change::MoveCursor { cursor: moved, .. } => cursor = moved.map(|moved| moved.hash),
            Change::Ledger(line) => match line.step {
                LedgerStep::Received { .. } | LedgerStep::Dropped { .. } => accounted += 1,
                _ => {}
            },
            _ => {}
        }
    }
    let right = |message: &&Retrieved| message.hash_is_right(&ME.account_id(), Namespace::INBOX);
    assert_eq!(seen, messages.iter().filter(right).count(), "what was opened is remembered");
    // Those whose bytes a node changed share one.
    let lines = seen + usize::from(seen < messages.len());
    assert_eq!(accounted, lines, "each copy has a line in the ledger");
    assert_eq!(cursor, messages.last().map(|last| last.hash), "the cursor passes everything");
    let message = |event: &'a AccountEvent| match event {
        AccountEvent::MessageReceived(message) => Some(message),
        _ => None,
    };
    let kept: Vec<_> = decision.events.iter().filter_map(message).collect();
    assert_eq!(written, kept.len());
    for message in &kept {
        let from_me = message.author == ME.account_id();
        assert!(from_me || message.author == PEER.account_id());
        assert!(from_me || message.conversation == ConversationId::Account(message.author));
        assert!(message.text.as_deref().map_or(0, |text| text.chars().count()) <= 10_000);
        assert!(Content::decode(&message.content).is_ok());
    }
    kept
}

/// The answer to a delivery: any status, any body, for one message and for
/// several. Without a signature nothing is stored, and an entry leaves the
/// outbox or is tried again, never neither.
pub fn delivery_answer(data: &[u8]) {
    settled(data);
}

/// How many entries left the outbox.
fn settled(data: &[u8]) -> usize {
    let mut input = Input::new(data);
    let mut account = account();
    let deliveries = account.due_deliveries(NOW);
    let Some(delivery) = deliveries.get(input.below(deliveries.len())) else {
        panic!("the outbox is due");
    };
    let [node, ..] = *NODES;
    let status = status(&mut input);
    let members = NODES.iter().map(|node| node.ed25519).collect::<Vec<_>>();
    let read = account.read_delivery(delivery, &node.ed25519, &members, status, input.rest());
    assert_eq!(read.results.len(), delivery.entries.len());
    assert!(read.swarm.as_deref().is_none_or(usable));
    let mut done = 0;
    for result in &read.results {
        match result {
            SendResult::Stored { confirmed, failed } => {
                done += 1;
                assert!(!confirmed.is_empty());
                assert!(confirmed.iter().all(|key| NODES.iter().any(|node| node.ed25519 == *key)));
                assert!(failed.iter().all(|key| !confirmed.contains(key)));
            }
            // One refusal is one node's word: it is tried again.
            SendResult::Refused { reason, .. } => assert!(reason.chars().count() <= 200),
            SendResult::WrongSwarm { .. } => assert!(read.swarm.is_some()),
            SendResult::WrongTime { reason } | SendResult::NotNow { reason } => show(reason, data),
        }
    }
    let before = account.outbox_len();
    // A swarm that was named is asked at once.
    let hurries = read.swarm.is_some();
    let path = vec![node.ed25519];
    let decision = account.sent(delivery, read.results, Some(node.ed25519), path, NOW, &mut rng());
    let mut removed = 0;
    for change in &decision.changes {
        if let Change::RemoveOutbox(number) = change {
            removed += 1;
            assert!(delivery.entries.contains(number));
        }
    }
    assert_eq!(removed, done);
    assert_eq!(account.outbox_len(), before - done);
    let mut due = account.due_deliveries(NOW).into_iter().map(|due| due.to);
    assert!(done > 0 || hurries || due.all(|to| to != delivery.to));
    done
}

pub(crate) mod corpus {
    use super::{
        AccountId, ME, NOW, Namespace, PEER, STANDARD, Value, json, message_hash, outbox, polled,
    };
    use crate::corpus::{Known, behind};
    use crate::fixed::{NODES, node_secret};
    use base64::Engine as _;

    pub(crate) fn poll_answer(known: &Known) -> Vec<Vec<u8>> {
        let message = |account: &AccountId, data: &[u8]| {
            json!({
                "hash": message_hash(account, Namespace::INBOX, data).to_string(),
                "timestamp": NOW.millis(), "expiration": NOW.millis() + 5, "data": STANDARD.encode(data),
            })
        };
        let (mine, foreign) = (message(&ME.account_id(), b"1"), message(&PEER.account_id(), b"2"));
        let mut inputs = Vec::new();
        for messages in [json!([mine]), json!([mine, foreign]), json!([foreign]), json!([])] {
            let answer = polled(messages.as_array().map_or(&[], Vec::as_slice), true);
            inputs.push([b"\0", answer.to_string().as_bytes()].concat());
        }
        inputs.extend(behind(&[&[0], &[1]], &known.storage_answers()));
        inputs
    }

    pub(crate) fn account_receive(known: &Known) -> Vec<Vec<u8>> {
        let mut contents = known.hex("content", &["content_hex"]);
        contents.truncate(40);
        let one = |kind: u8, content: &Vec<u8>| {
            let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_le_bytes();
            [&[kind], length.as_slice(), content].concat()
        };
        let mut inputs: Vec<_> =
            contents.iter().flat_map(|it| [1, 2].map(|kind| one(kind, it))).collect();
        for several in contents.chunks(3) {
            inputs.push(several.iter().zip(0..).flat_map(|(it, kind)| one(kind, it)).collect());
            inputs.push(several.iter().flat_map(|it| [one(1, it), one(4, it)].concat()).collect());
        }
        inputs
    }

    /// What a swarm answers that stored an entry of the outbox.
    fn stored(to: AccountId) -> Value {
        let data = outbox().into_iter().next().map(|entry| entry.data).unwrap_or_default();
        let hash = message_hash(&to, Namespace::INBOX, &data).to_string();
        let member = |n: u8| {
            let secret = node_secret(n);
            let signature = STANDARD.encode(secret.sign(hash.as_bytes()));
            (secret.public().to_string(), json!({ "hash": hash, "signature": signature }))
        };
        let swarm: serde_json::Map<_, _> = [1, 2, 3].into_iter().map(member).collect();
        json!({ "hash": hash, "swarm": swarm, "t": NOW.millis(), "hf": [19, 4] })
    }

    pub(crate) fn delivery_answer(known: &Known) -> Vec<Vec<u8>> {
        let (peer, me) = (stored(PEER.account_id()), stored(ME.account_id()));
        let parts = [json!({ "code": 200, "body": peer }), json!({ "code": 503, "body": "busy" })];
        let batch = |parts: &[Value]| json!({ "results": parts }).to_string().into_bytes();
        let both =
            [batch(&[parts[0].clone(), parts[0].clone()]), batch(&parts), batch(&parts[..1])];
        let mut inputs = behind(&[&[0, 0], &[1, 0]], &both);
        let alone = [peer.to_string().into_bytes(), me.to_string().into_bytes()];
        inputs.extend(behind(&[&[0, 0], &[1, 0]], &alone));
        let nodes: Vec<_> = NODES
            .iter()
            .map(|node| {
                json!({ "ip": "127.0.0.1", "port_https": 1, "pubkey_ed25519": node.ed25519.to_string(),
                    "pubkey_x25519": node.x25519.to_string() })
            })
            .collect();
        let moved = json!({ "snodes": nodes, "swarm": "7f", "t": 1 }).to_string().into_bytes();
        inputs.extend(behind(&[&[0, 1], &[1, 1]], &[moved]));
        let mut recorded = known.storage_answers();
        recorded.truncate(100);
        inputs.extend(behind(&[&[0, 0], &[1, 0]], &recorded));
        inputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Known;

    #[test]
    fn the_corpora_lead_past_the_first_checks() {
        let known = Known::read().unwrap();
        let kept =
            corpus::account_receive(&known).iter().map(|input| received(input)).sum::<usize>();
        assert!(kept > 20, "{kept} messages are kept");
        let settled: Vec<_> =
            corpus::delivery_answer(&known).iter().map(|it| settled(it)).collect();
        assert!(settled.contains(&1) && settled.contains(&2), "{settled:?}");
    }
}
