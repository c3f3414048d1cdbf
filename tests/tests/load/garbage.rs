//! Garbage in the inbox: anybody may store there.

use std::sync::Arc;

use actix::Actor as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::proto::{
    AttachmentPointer, Content, DataMessage, Fixed64, ReceiptKind, ReceiptMessage, TypingAction,
    TypingMessage,
};
use ramson_codec::{envelope, storage::Request};
use ramson_crypto::{AccountKeys, Seed, padding, pro, session_protocol};
use ramson_localnet::{Localnet, LocalnetConfig};
use ramson_messages::transport::{Endpoint, IsolationClass, Post};
use ramson_protocol::inbox;
use ramson_system::{Engine, LedgerSubject};
use ramson_transport_actor::{RealDial, Transport, TransportConfig};
use ramson_types::ledger::LedgerStep;
use ramson_types::{AccountId, Namespace, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::memory::resident_kib;
use crate::support::{PATIENCE, engine, localnet, next_message, now};

/// Pieces of garbage; `RAMSON_LOAD_GARBAGE` changes it.
fn pieces() -> usize {
    std::env::var("RAMSON_LOAD_GARBAGE").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000)
}

const GOOD: usize = 100;

/// Twenty kinds of garbage, by number.
struct Garbage {
    stranger: AccountKeys,
    victim: AccountId,
    rng: StdRng,
}

impl Garbage {
    fn random(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// A Content correctly signed, sealed and wrapped.
    fn sealed(&mut self, content: &[u8], sent: Timestamp) -> Vec<u8> {
        inbox::seal(&self.stranger, &self.victim, content, sent, &mut self.rng).unwrap()
    }

    fn of(&mut self, data: DataMessage, sent: Timestamp) -> Vec<u8> {
        let content = Content {
            data_message: Some(data),
            sig_timestamp: Some(sent.millis()),
            ..Content::default()
        };
        self.sealed(&content.encode(), sent)
    }

    fn piece(&mut self, kind: usize, sent: Timestamp) -> Vec<u8> {
        let text = |text: &str| DataMessage { body: Some(text.into()), ..DataMessage::default() };
        let marker = self.random(16);
        let name = hex::encode(&marker);
        match kind % 20 {
            0 => marker,
            1 => [&[0, 2], &marker[..]].concat(),
            2 => self.random(300),
            3 => self.random(70_000),
            // A WebSocketMessage without a request, and one whose body is noise.
            4 => [&[8, 1, 0x1a, 16], &marker[..]].concat(),
            5 => [&[8, 1, 0x12, 22, 0x0a, 0, 0x12, 0, 0x1a, 16], &marker[..]].concat(),
            // Sealed to somebody else.
            6 => {
                let other = AccountKeys::new(&Seed::generate(&mut self.rng)).account_id();
                inbox::seal(&self.stranger, &other, b"", sent, &mut self.rng).unwrap()
            }
            // Cut short, and with one bit changed, after sealing.
            7 => {
                let whole = self.of(text(&name), sent);
                whole[..whole.len() / 2].to_vec()
            }
            8 => {
                let mut whole = self.of(text(&name), sent);
                let middle = whole.len() / 2;
                whole[middle] ^= 1;
                whole
            }
            // Signed time and envelope's time differ.
            9 => {
                let content = Content {
                    data_message: Some(text(&name)),
                    sig_timestamp: Some(sent.millis() + 1),
                    ..Content::default()
                };
                self.sealed(&content.encode(), sent)
            }
            // Sealed noise instead of a Content.
            10 => self.sealed(&marker, sent),
            11 => self.sealed(b"", sent),
            12 => self.of(DataMessage { flags: Some(9), ..text(&name) }, sent),
            13 => {
                // Attachments without anything in them.
                let attachments = (0..33).map(|n| attachment(n)).collect();
                self.of(DataMessage { attachments, ..text(&name) }, sent)
            }
            14 => {
                let sync_target = Some(self.victim.to_string());
                self.of(DataMessage { sync_target, ..text(&name) }, sent)
            }
            15 => self.of(text("  "), sent),
            16 => {
                let typing =
                    TypingMessage { timestamp: sent.millis(), action: TypingAction::Started };
                let content = Content { typing_message: Some(typing), ..Content::default() };
                self.sealed(&content.encode(), sent)
            }
            17 => {
                let receipt =
                    ReceiptMessage { kind: ReceiptKind::Read, timestamp: vec![sent.millis()] };
                let content = Content { receipt_message: Some(receipt), ..Content::default() };
                self.sealed(&content.encode(), sent)
            }
            // A sealed box without an envelope's Pro signature size, and a
            // sealed box in an envelope with a strange source.
            18 => {
                let sealed = session_protocol::encrypt(
                    &self.stranger,
                    &self.victim,
                    &padding::pad(&marker),
                    &mut self.rng,
                );
                let mut wrapped =
                    envelope::wrap(sent, sealed.unwrap(), pro::decoy_signature(&mut self.rng));
                wrapped.truncate(wrapped.len() - 8);
                wrapped
            }
            _ => [&[0xff; 160], &marker[..]].concat(),
        }
    }
}

fn attachment(id: u64) -> AttachmentPointer {
    AttachmentPointer {
        id: Fixed64(id),
        content_type: None,
        key: None,
        size: None,
        thumbnail: None,
        digest: None,
        file_name: None,
        flags: None,
        width: None,
        height: None,
        caption: None,
        url: None,
    }
}

/// Stores messages straight at a swarm member, twenty a request.
async fn store_all(net: &Localnet, to: AccountId, messages: Vec<Vec<u8>>) {
    let transport = Transport::new(Arc::new(RealDial), TransportConfig::default()).start();
    let swarms = net.nodes().iter().filter_map(|node| node.swarm);
    let swarm = ramson_types::swarm::swarm_of(to.key(), swarms);
    let node = net.nodes().iter().find(|node| node.swarm == swarm).unwrap();
    for batch in messages.chunks(20) {
        let time = now();
        let ttl = 14 * 86_400_000;
        let stores = batch
            .iter()
            .map(|data| Request::store_unsigned(to, Namespace::INBOX, time, ttl, data.clone()))
            .collect();
        let post = Post {
            class: IsolationClass::NETWORK,
            to: Endpoint::Node { ip: node.ip, port: node.https_port },
            path: "/storage_rpc/v1".into(),
            content_type: None,
            body: Request::Batch(stores).to_bytes(),
            timeout: PATIENCE,
        };
        let answer = transport.send(post).await.unwrap().unwrap();
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        // Below the real server's 300 requests a second for one address.
        tokio::time::sleep(std::time::Duration::from_millis(4)).await;
    }
}

#[actix_rt::test]
async fn a_hundred_messages_among_garbage_all_arrive() {
    let net = localnet(LocalnetConfig::new([6; 32])).await;
    let home = tempfile::tempdir().unwrap();
    let engine: Engine = engine(home.path(), &net).await;
    let victim = engine.create_account(None).await.unwrap().id;
    let mut rng = StdRng::seed_from_u64(6);
    let stranger = AccountKeys::new(&Seed::generate(&mut rng));
    let mut garbage = Garbage { stranger, victim, rng };
    let start = now();
    let mut messages = Vec::new();
    let every = pieces() / GOOD;
    for n in 0..pieces() {
        let sent = start.plus(std::time::Duration::from_millis(n as u64));
        messages.push(garbage.piece(n, sent));
        if n % every == every - 1 && n / every < GOOD {
            let data =
                DataMessage { body: Some(format!("good {}", n / every)), ..DataMessage::default() };
            let sent = sent.plus(std::time::Duration::from_secs(3600));
            messages.push(garbage.of(data, sent));
        }
    }
    let size: usize = messages.iter().map(Vec::len).sum();
    assert!(STANDARD.encode(&messages[0]).len() > 10);
    let mut events = engine.subscribe();
    let before = resident_kib("self");
    let receive = async {
        let mut most = before;
        for n in 0..GOOD {
            let message = next_message(&mut events).await;
            assert_eq!(message.text, Some(format!("good {n}")));
            most = most.max(resident_kib("self"));
        }
        most
    };
    let (most, ()) = tokio::join!(receive, store_all(&net, victim, messages));
    println!(
        "{} pieces of garbage, {} KiB in all, among {GOOD} messages; resident memory, \
         the network included: {before} KiB before, {most} KiB at most",
        pieces(),
        size / 1024,
    );
    let ledger = engine.ledger(LedgerSubject::Account(1, 100_000)).await.unwrap();
    let dropped =
        ledger.iter().filter(|line| matches!(line.step, LedgerStep::Dropped { .. })).count();
    assert_eq!(dropped, pieces(), "every piece has its line, with the reason");
    engine.shutdown().await;
}
