use super::samples::{ALICE, conversation, events, requests};
use crate::codec::{
    CodecError, Encoding, decode_event, decode_request, encode_event, encode_request,
};
use crate::*;

const BOTH: [Encoding; 2] = [Encoding::Json, Encoding::Bincode];

#[test]
fn every_event_comes_back_as_it_was() {
    for event in events() {
        for encoding in BOTH {
            let bytes = encode_event(&event, encoding).unwrap();
            assert_eq!(decode_event(&bytes, encoding).unwrap(), event, "{encoding:?}");
        }
    }
}

#[test]
fn every_request_comes_back_as_it_was() {
    for request in requests() {
        for encoding in BOTH {
            let bytes = encode_request(&request, encoding).unwrap();
            let back = decode_request(request.kind(), &bytes, encoding).unwrap();
            assert_eq!(back, request, "{encoding:?}");
        }
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    for event in events() {
        for (encoding, more) in [(Encoding::Bincode, 0), (Encoding::Json, b'x')] {
            let mut bytes = encode_event(&event, encoding).unwrap();
            bytes.push(more);
            let refused = decode_event(&bytes, encoding);
            assert!(matches!(refused, Err(CodecError::Malformed { .. })), "{event:?}");
        }
    }
    for request in requests() {
        for (encoding, more) in [(Encoding::Bincode, 0), (Encoding::Json, b'x')] {
            let mut bytes = encode_request(&request, encoding).unwrap();
            bytes.push(more);
            assert!(decode_request(request.kind(), &bytes, encoding).is_err(), "{request:?}");
        }
    }
}

#[test]
fn half_a_payload_is_refused() {
    for event in events() {
        for encoding in BOTH {
            let bytes = encode_event(&event, encoding).unwrap();
            for end in 0..bytes.len() {
                assert!(decode_event(&bytes[..end], encoding).is_err(), "{event:?} up to {end}");
            }
        }
    }
}

#[test]
fn what_is_not_known_in_json_is_passed_over() {
    let command = r#"{"command": "react", "account": "ACC", "message": "m1-2", "emoji": "x",
                      "later": {"more": [1, 2]}}"#
        .replace("ACC", &ALICE.to_string());
    let request = decode_request(RequestKind::Command, command.as_bytes(), Encoding::Json).unwrap();
    let Request::Command(it) = request else { panic!("{request:?}") };
    assert!(matches!(it.command, Command::React { remove: false, .. }));
    let set: GrantSet = serde_json::from_str(r#"["read", "fly"]"#).unwrap();
    assert_eq!(set, GrantSet::NONE.with(Grant::Read));
}

#[test]
fn a_large_payload_is_refused_on_both_sides() {
    let long = |bytes: usize| Request::Control(Control::UseUi { name: "x".repeat(bytes) });
    for encoding in BOTH {
        assert!(encode_request(&long(ramson_abi::MAX_REQUEST - 64), encoding).is_ok());
        let refused = encode_request(&long(ramson_abi::MAX_REQUEST), encoding);
        assert!(matches!(refused, Err(CodecError::TooLarge { .. })));
        let bytes = vec![b' '; ramson_abi::MAX_REQUEST + 1];
        let refused = decode_request(RequestKind::Control, &bytes, encoding);
        assert!(matches!(refused, Err(CodecError::TooLarge { .. })));
        let bytes = vec![b' '; ramson_abi::MAX_EVENT + 1];
        assert!(matches!(decode_event(&bytes, encoding), Err(CodecError::TooLarge { .. })));
    }
}

/// In memory things are larger than in a payload: that must not keep a payload
/// of an allowed size from being read.
#[test]
fn whatever_can_be_written_can_be_read() {
    for encoding in BOTH {
        let of = |count| Answer::Conversations {
            conversations: vec![Conversation::new(conversation().id); count],
        };
        let event = |count| Event::Reply(Reply::Ok(of(count)));
        let one = encode_event(&event(1001), encoding).unwrap().len()
            - encode_event(&event(1), encoding).unwrap().len();
        let event = event(ramson_abi::MAX_EVENT / (one / 1000 + 1));
        let bytes = encode_event(&event, encoding).unwrap();
        assert!(bytes.len() > ramson_abi::MAX_EVENT / 10 * 9, "{}", bytes.len());
        assert!(decode_event(&bytes, encoding).unwrap() == event, "{encoding:?}");
    }
}
