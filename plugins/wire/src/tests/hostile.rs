//! Bytes of strangers: any decoder says no, and does not panic.

use proptest::prelude::*;

use super::samples::{events, requests};
use crate::codec::{
    CodecError, Encoding, decode_event, decode_request, encode_event, encode_request,
};
use crate::*;

const BOTH: [Encoding; 2] = [Encoding::Json, Encoding::Bincode];
const KINDS: [RequestKind; 3] = [RequestKind::Command, RequestKind::Query, RequestKind::Control];

fn read(bytes: &[u8]) {
    for encoding in BOTH {
        let _ = decode_event(bytes, encoding);
        for kind in KINDS {
            let _ = decode_request(kind, bytes, encoding);
        }
    }
}

/// Without a limit these ask for more memory than there is, which ends the
/// process.
#[test]
fn a_few_bytes_that_ask_for_much_memory_are_refused() {
    // A list of 2^36 things, as bincode writes that number.
    let much = [0xfd, 0, 0, 0, 0, 0x10, 0, 0, 0];
    // Every place where a length can stand, found by replacing the tail of
    // each sample.
    for event in events() {
        let bytes = encode_event(&event, Encoding::Bincode).unwrap();
        for at in 0..bytes.len() {
            let hostile = [&bytes[..at], &much].concat();
            let refused = decode_event(&hostile, Encoding::Bincode);
            // Where a number is wanted, the nine bytes are one.
            if let Ok(event) = refused {
                assert_eq!(encode_event(&event, Encoding::Bincode).unwrap(), hostile);
            }
        }
    }
    let plugins = Event::Plugins { plugins: vec![] };
    let mut hostile = encode_event(&plugins, Encoding::Bincode).unwrap();
    hostile.pop();
    hostile.extend(much);
    let refused = decode_event(&hostile, Encoding::Bincode);
    let Err(CodecError::Malformed { reason }) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("LimitExceeded"), "{reason}");
}

#[test]
fn deep_json_is_refused() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!("{}0{}", open.repeat(10_000), close.repeat(10_000));
        for kind in KINDS {
            assert!(decode_request(kind, deep.as_bytes(), Encoding::Json).is_err());
            let hidden = format!(r#"{{"command": "decline_all", "x": {deep}}}"#);
            assert!(decode_request(kind, hidden.as_bytes(), Encoding::Json).is_err());
        }
    }
}

/// All samples as bytes.
fn payloads() -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    for encoding in BOTH {
        payloads.extend(events().iter().map(|it| encode_event(it, encoding).unwrap()));
        payloads.extend(requests().iter().map(|it| encode_request(it, encoding).unwrap()));
    }
    payloads
}

#[derive(Debug, Clone)]
enum Harm {
    Set(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    CutAt(usize),
    Repeat(usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = || 0..usize::from(u16::MAX);
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Harm::Set(at, byte)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Harm::Insert(at, byte)),
        at().prop_map(Harm::Remove),
        at().prop_map(Harm::CutAt),
        at().prop_map(Harm::Repeat),
    ]
}

fn harmed(mut bytes: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        let place = |at: &usize| at % bytes.len().max(1);
        match harm {
            _ if bytes.is_empty() => {}
            Harm::Set(at, byte) => {
                let at = place(at);
                bytes[at] = *byte;
            }
            Harm::Insert(at, byte) => bytes.insert(place(at), *byte),
            Harm::Remove(at) => drop(bytes.remove(place(at))),
            Harm::CutAt(at) => bytes.truncate(place(at)),
            Harm::Repeat(at) => {
                let tail = bytes.split_off(place(at));
                bytes.extend([tail.as_slice(), &tail].concat());
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_bytes_panic_nowhere(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        read(&bytes);
    }

    #[test]
    fn harmed_payloads_panic_nowhere(
        which in any::<proptest::sample::Index>(),
        harms in proptest::collection::vec(harm(), 1..6),
    ) {
        let payloads = payloads();
        read(&harmed(payloads[which.index(payloads.len())].clone(), &harms));
    }

    #[test]
    fn any_text_panics_nowhere_as_a_name(text in ".{0,80}") {
        let _ = text.parse::<AccountId>();
        let _ = text.parse::<MessageId>();
        let _ = ConversationId(text).account();
    }
}
