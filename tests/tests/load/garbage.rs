//! Garbage in the inbox: anybody may store there.

use std::time::Duration;

use ramson_codec::envelope;
use ramson_codec::proto::{
    AttachmentPointer, Content, DataMessage, Fixed64, ReceiptKind, ReceiptMessage, TypingAction,
    TypingMessage,
};
use ramson_crypto::{AccountKeys, Seed, padding, pro, session_protocol};
use ramson_protocol::inbox;
use ramson_types::{AccountId, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::memory::peak_kib;
use crate::program::Place;
use crate::raw::Network;
use crate::support::now;

/// Resident memory of the receiving process, at most.
const MEMORY_KIB: u64 = 150 * 1024;

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
                let attachments = (0..33).map(attachment).collect();
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

#[test]
fn a_hundred_messages_among_garbage_all_arrive() {
    let place = Place::new();
    let network = Network::start(6, &place);
    let victim: AccountId = place.account("victim", "net.toml").parse().unwrap();
    let mut rng = StdRng::seed_from_u64(6);
    let stranger = AccountKeys::new(&Seed::generate(&mut rng));
    let mut garbage = Garbage { stranger, victim, rng };
    let start = now();
    let mut messages = Vec::new();
    let every = pieces() / GOOD;
    for n in 0..pieces() {
        let sent = start.plus(Duration::from_millis(n as u64));
        messages.push(garbage.piece(n, sent));
        if n % every == every - 1 && n / every < GOOD {
            let body = Some(format!("good {}", n / every));
            let data = DataMessage { body, ..DataMessage::default() };
            messages.push(garbage.of(data, sent.plus(Duration::from_secs(3600))));
        }
    }
    let size: usize = messages.iter().map(Vec::len).sum();
    network.store(victim, messages);

    let listener = place.listen("victim");
    for n in 0..GOOD {
        assert_eq!(listener.event("message")["text"], format!("good {n}"));
    }
    let peak = peak_kib(listener.pid());
    println!(
        "{} pieces of garbage, {} KiB in all, among {GOOD} messages: resident memory {peak} KiB \
         at most",
        pieces(),
        size / 1024,
    );
    assert!(peak < MEMORY_KIB, "{peak} KiB, more than {MEMORY_KIB}");
    listener.terminate().done();
}
