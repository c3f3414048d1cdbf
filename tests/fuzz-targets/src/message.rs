//! Messages as they lie in a swarm, layer by layer.

use std::sync::LazyLock;

use ramson_codec::envelope::{self, check_content};
use ramson_codec::proto::Content;
use ramson_crypto::session_protocol::{self, DecryptError};
use ramson_crypto::{X25519Secret, padding, sealed_box};
use ramson_protocol::inbox::{self, OpenError};
use ramson_protocol::pro;
use ramson_types::{Ed25519PublicKey, Prefix, Timestamp};

use crate::fixed::{ME, NOW, PEER, rng};
use crate::input::Input;
use crate::show;

/// Believes the Pro backend of the vectors.
static PRO: LazyLock<pro::Rules> = LazyLock::new(|| pro::Rules {
    backends: vec![Ed25519PublicKey([
        0x80, 0xfc, 0x64, 0x5b, 0x85, 0xcf, 0x46, 0xa1, 0x58, 0x2b, 0x03, 0xcf, 0xd0, 0xc3, 0xf9,
        0xc8, 0x88, 0x83, 0xfe, 0x5d, 0xf0, 0x4e, 0xdd, 0xc5, 0xf4, 0xc3, 0xe8, 0x05, 0xfe, 0x3d,
        0x86, 0xf6,
    ])],
    ..pro::Rules::default()
});

/// The outer wrapping. What is unwrapped is wrapped again and unwrapped to the
/// same; any bytes whatever come out as they went in.
pub fn envelope(data: &[u8]) {
    match envelope::unwrap(data) {
        Ok(parts) => {
            assert!(parts.content.len() <= data.len());
            let signature = parts.pro_sig.unwrap_or([0; 64]);
            let wrapped = envelope::wrap(parts.timestamp, parts.content.clone(), signature);
            let again = envelope::EnvelopeParts { pro_sig: Some(signature), ..parts };
            assert_eq!(envelope::unwrap(&wrapped), Ok(again));
        }
        Err(error) => show(&error, &[]),
    }
    let wrapped = envelope::wrap(NOW, data.to_vec(), [7; 64]);
    assert_eq!(envelope::unwrap(&wrapped).map(|parts| parts.content).as_deref(), Ok(data));
}

/// A Content. What is read is written and read to the same, and writing it
/// once more gives the same bytes.
pub fn content(data: &[u8]) {
    match Content::decode(data) {
        Ok(content) => {
            let written = content.encode();
            // Packed numbers are written one by one, each behind its key.
            assert!(written.len() <= data.len().saturating_mul(3), "{} bytes", written.len());
            match Content::decode(&written) {
                Ok(again) => {
                    assert_eq!(again, content);
                    assert_eq!(again.kind(), content.kind());
                    assert_eq!(again.encode(), written);
                }
                Err(error) => panic!("{error} in what was written"),
            }
            if let Err(error) = check_content(&content, NOW) {
                show(&error, &[]);
                assert_ne!(content.sig_timestamp, Some(NOW.millis()));
            }
            claims_pro(&content);
        }
        Err(error) => show(&error, &[]),
    }
    // What is posted in a community is padded.
    if let Ok((content, status)) = pro::open_community(&padding::pad(data), NOW, &PRO) {
        assert!(!status.is_pro() || content.pro_sig_for_community_message_only.is_some());
        assert_eq!(Ok(content), Content::decode(data));
    }
}

/// With a proof of its own or another's, but never signed with the proof's key.
fn claims_pro(content: &Content) {
    let envelope = envelope::EnvelopeParts {
        timestamp: NOW,
        content: b"sealed".to_vec(),
        pro_sig: Some([7; 64]),
    };
    let lenient = pro::Rules { drops_malformed: false, ..PRO.clone() };
    let lenient = pro::evaluate(&envelope, content, &lenient);
    match pro::evaluate(&envelope, content, &PRO) {
        Ok(status) => {
            assert!(!status.is_pro());
            assert_eq!(status == pro::Status::None, content.pro_message.is_none());
            assert_eq!(lenient, Ok(status));
        }
        Err(error) => {
            show(&error, &[]);
            assert!(content.pro_message.is_some());
            assert_eq!(lenient, Ok(pro::Status::Malformed));
        }
    }
}

/// A message to an account: as it is stored, as it is sealed, and correctly
/// sealed around bytes of every layer. Only what its author signed for this
/// account is ever opened, and then it is what was signed.
pub fn sealed_message(data: &[u8]) {
    let mut input = Input::new(data);
    match input.below(6) {
        0 => stored(input.rest()),
        1 => sealed(input.rest()),
        2 => around_content(input.rest()),
        3 => around_text(input.rest()),
        4 => around_signed_part(input.rest()),
        _ => {
            let sent = Timestamp(input.u64());
            let signature = input.array::<32>();
            let signature = [signature, signature].concat().try_into().unwrap_or([0; 64]);
            stored(&envelope::wrap(sent, input.rest().to_vec(), signature));
        }
    }
}

fn stored(bytes: &[u8]) {
    match inbox::open(&ME, bytes) {
        Ok(opened) => {
            assert_eq!(opened.sender.prefix(), Prefix::Account);
            assert_eq!(Content::decode(&opened.content_bytes).as_ref(), Ok(&opened.content));
            assert_eq!(check_content(&opened.content, opened.sent), Ok(()));
            assert!(opened.content_bytes.len() < bytes.len());
        }
        Err(error) => show(&error, &[]),
    }
}

fn sealed(bytes: &[u8]) {
    match session_protocol::decrypt(&ME, bytes) {
        Ok(opened) => {
            assert_eq!(opened.plaintext.len() + session_protocol::OVERHEAD, bytes.len());
            assert_eq!(opened.sender.prefix(), Prefix::Account);
        }
        Err(error) => show(&error, &[]),
    }
}

fn around_content(content: &[u8]) {
    let Ok(stored) = inbox::seal(&PEER, &ME.account_id(), content, NOW, &mut rng()) else {
        panic!("the recipient is an account");
    };
    let readable = Content::decode(content);
    match inbox::open(&ME, &stored) {
        Ok(opened) => {
            assert_eq!(opened.content_bytes, content);
            assert_eq!((opened.sender, opened.sent), (PEER.account_id(), NOW));
            assert_eq!(Ok(opened.content), readable);
        }
        Err(OpenError::BadContent) => assert!(readable.is_err()),
        Err(OpenError::Pro(_)) => {
            assert!(readable.is_ok_and(|content| content.pro_message.is_some()));
        }
        Err(OpenError::TimestampMismatch) => {
            assert!(readable.is_ok_and(|content| check_content(&content, NOW).is_err()));
        }
        Err(error) => panic!("{error}, though it was sealed well"),
    }
}

/// What is under the signature need not be padded as ours is.
fn around_text(text: &[u8]) {
    let ephemeral = X25519Secret::from_bytes(&[9; 32]);
    let to = ME.account_id();
    let sealed = session_protocol::encrypt_with_ephemeral(&PEER, &to, text, &ephemeral);
    let Ok(sealed) = sealed else { panic!("the recipient is an account") };
    match session_protocol::decrypt(&ME, &sealed) {
        Ok(opened) => {
            assert_eq!((opened.plaintext.as_slice(), opened.sender), (text, PEER.account_id()))
        }
        Err(error) => panic!("{error}, though it was sealed well"),
    }
    let unpadded = padding::unpad(text);
    assert!(text.starts_with(unpadded));
    assert_eq!(padding::unpad(&padding::pad(text)), text);
    stored(&envelope::wrap(NOW, sealed, [0; 64]));
}

/// Nobody but the author can make what is under the seal.
fn around_signed_part(inner: &[u8]) {
    let ephemeral = X25519Secret::from_bytes(&[9; 32]);
    let Ok(sealed) = sealed_box::seal_with_ephemeral(&ME.x25519(), inner, &ephemeral) else {
        panic!("the recipient's key is good");
    };
    let expected = match inner.len() {
        0..96 => DecryptError::TooShort { length: sealed.len() },
        _ => DecryptError::BadSignature,
    };
    let signed = corpus::signed_parts();
    if !signed.iter().any(|good| good == inner) {
        assert_eq!(session_protocol::decrypt(&ME, &sealed), Err(expected));
    }
}

pub(crate) mod corpus {
    use super::{ME, PEER, X25519Secret, padding, sealed_box, session_protocol};
    use crate::corpus::{Known, behind};

    /// Well signed, to be cut and changed.
    pub(super) fn signed_parts() -> Vec<Vec<u8>> {
        let ephemeral = X25519Secret::from_bytes(&[9; 32]);
        let to = ME.account_id();
        let seal = |text: &&[u8]| {
            session_protocol::encrypt_with_ephemeral(&PEER, &to, text, &ephemeral).ok()
        };
        let open = |sealed: Vec<u8>| sealed_box::open(ME.x25519_secret(), &sealed).ok();
        [&b""[..], b"text"].iter().filter_map(seal).filter_map(open).collect()
    }

    pub(crate) fn envelope(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.hex("session-protocol", &["websocket_hex"]);
        inputs.extend(known.hex("pro", &["websocket_hex"]));
        inputs
    }

    pub(crate) fn content(known: &Known) -> Vec<Vec<u8>> {
        let mut inputs = known.hex("content", &["content_hex"]);
        inputs.extend(known.hex("session-protocol", &["content_hex"]));
        let pro = known.hex("pro", &["content_hex", "payload_hex"]);
        inputs.extend(pro.iter().map(|content| padding::unpad(content).to_vec()));
        inputs
    }

    pub(crate) fn sealed_message(known: &Known) -> Vec<Vec<u8>> {
        let hex = |field| known.hex("session-protocol", &[field]);
        let mut inputs = behind(&[&[0]], &hex("websocket_hex"));
        inputs.extend(behind(&[&[1]], &hex("ciphertext_hex")));
        inputs.extend(behind(&[&[2]], &content(known)));
        inputs.extend(behind(&[&[3]], &hex("padded_hex")));
        inputs.extend(behind(&[&[4]], &signed_parts()));
        inputs.extend(behind(&[&[5; 41]], &hex("ciphertext_hex")));
        inputs
    }
}
