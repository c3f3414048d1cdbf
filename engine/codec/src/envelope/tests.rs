use proptest::prelude::*;

use super::*;

const SENT: Timestamp = Timestamp(1_754_971_101_000);

fn envelope(change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
    let mut envelope = Envelope {
        kind: EnvelopeKind::SessionMessage,
        source: None,
        timestamp: SENT.millis(),
        source_device: None,
        content: Some(vec![1, 2, 3]),
        server_timestamp: None,
        pro_sig: None,
    };
    change(&mut envelope);
    wrapped(schema::encode(&envelope))
}

fn wrapped(body: Vec<u8>) -> Vec<u8> {
    let request = WebSocketRequest { body: Some(body), ..Default::default() };
    schema::encode(&WebSocketMessage { request: Some(request), ..Default::default() })
}

#[test]
fn wrapped_bytes_are_those_of_the_apps() {
    let stored = wrap(SENT, vec![0xaa; 3], [0x55; 64]);
    let mut expected = hex::decode("0801125a 0a00 1200 1a52".replace(' ', "")).unwrap();
    expected
        .extend(hex::decode("0806 28c8aeb7e38933 3801 4203aaaaaa 5a40".replace(' ', "")).unwrap());
    expected.extend([0x55; 64]);
    expected.extend([0x20, 0x00]);
    assert_eq!(hex::encode(stored), hex::encode(expected));
}

#[test]
fn source_is_empty_or_an_account_id() {
    for (source, good) in [("", true), (&"0".repeat(66), true), (&"0".repeat(65), false)] {
        let stored = envelope(|envelope| envelope.source = Some(source.to_owned()));
        assert_eq!(unwrap(&stored).is_ok(), good, "source of {}", source.len());
    }
}

#[test]
fn an_unknown_type_counts_as_missing() {
    // Field 1 is 5, a type of the app that Session came from.
    let body = hex::decode("080528014201ff").unwrap();
    let missing = ProtoError::Missing { field: "Envelope.kind" };
    assert_eq!(unwrap(&wrapped(body)), Err(UnwrapError::BadEnvelope(missing)));
}

#[test]
fn each_fault_has_its_name() {
    assert_eq!(unwrap(&[0x00, 0x64]), Err(UnwrapError::UnsupportedVersion));
    assert!(matches!(unwrap(&[]), Err(UnwrapError::BadWrapper(_))));
    assert!(matches!(unwrap(&[0x08, 0x01]), Err(UnwrapError::BadWrapper(_))));
    assert!(matches!(unwrap(&wrapped(vec![])), Err(UnwrapError::BadEnvelope(_))));
    let no_content = envelope(|envelope| envelope.content = None);
    assert!(matches!(unwrap(&no_content), Err(UnwrapError::BadEnvelope(_))));
    for length in [0, 63, 65] {
        let stored = envelope(|envelope| envelope.pro_sig = Some(vec![0; length]));
        assert_eq!(unwrap(&stored), Err(UnwrapError::BadProSignatureSize { length }));
    }
}

#[test]
fn a_signed_time_must_be_the_envelopes() {
    let content = |sig_timestamp| Content { sig_timestamp, ..Default::default() };
    assert_eq!(check_content(&content(None), SENT), Ok(()));
    assert_eq!(check_content(&content(Some(0)), SENT), Ok(()));
    assert_eq!(check_content(&content(Some(SENT.millis())), SENT), Ok(()));
    let off = TimestampMismatch { envelope: SENT, signed: Timestamp(SENT.millis() + 1) };
    assert_eq!(check_content(&content(Some(SENT.millis() + 1)), SENT), Err(off));
}

proptest! {
    #[test]
    fn what_was_wrapped_unwraps(
        time: u64,
        content: Vec<u8>,
        half in prop::array::uniform32(any::<u8>()),
    ) {
        let mut pro_sig = [0; 64];
        pro_sig[..32].copy_from_slice(&half);
        let parts = unwrap(&wrap(Timestamp(time), content.clone(), pro_sig));
        prop_assert_eq!(
            parts,
            Ok(EnvelopeParts { timestamp: Timestamp(time), content, pro_sig: Some(pro_sig) })
        );
    }

    #[test]
    fn any_bytes_are_taken(bytes: Vec<u8>) {
        let _ = unwrap(&bytes);
        let _ = unwrap(&wrapped(bytes));
    }
}
