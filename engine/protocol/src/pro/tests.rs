use super::*;
use proptest::prelude::*;
use ramson_codec::proto::{DataMessage, ProMessage};
use ramson_crypto::Ed25519Secret;

const TAG: [u8; 32] = [5; 32];

/// Seconds and milliseconds at which the proofs here end.
const END: (u64, u64) = (1_000, 1_000_000);

fn backend() -> Ed25519Secret {
    Ed25519Secret::from_seed(&[1; 32])
}

fn rotating() -> Ed25519Secret {
    Ed25519Secret::from_seed(&[2; 32])
}

fn rules() -> Rules {
    Rules { backends: vec![backend().public()], ..Rules::default() }
}

fn proof(format: ProofFormat) -> ProProof {
    let expiry = if format == ProofFormat::Seconds { END.0 } else { END.1 };
    let rotating = rotating().public();
    let mut proof = Proof { version: 0, tag: TAG, rotating, expiry, signature: [0; 64] };
    proof.signature = backend().sign(&proof.signed_bytes(format).unwrap());
    ProProof {
        version: None,
        gen_index_hash: Some(TAG.to_vec()),
        rotating_public_key: Some(rotating.0.to_vec()),
        expiry: Some(expiry),
        sig: Some(proof.signature.to_vec()),
    }
}

fn content(format: ProofFormat, sent: u64) -> Content {
    let proof = Some(proof(format));
    let pro = ProMessage { proof, profile_bitset: Some(0b111), msg_bitset: Some(0b10) };
    let data = DataMessage { body: Some("text".to_owned()), ..DataMessage::default() };
    Content {
        data_message: Some(data),
        sig_timestamp: Some(sent),
        pro_message: Some(pro),
        ..Content::default()
    }
}

fn envelope(key: &Ed25519Secret) -> EnvelopeParts {
    let content = b"sealed".to_vec();
    let pro_sig = Some(key.sign(&content));
    EnvelopeParts { timestamp: Timestamp(END.1), content, pro_sig }
}

fn judged(content: &Content, rules: &Rules) -> Result<Status, Malformed> {
    evaluate(&envelope(&rotating()), content, rules)
}

const VALID: Status = Status::Valid(Features { message: 0b10, profile: 0b111 });

#[test]
fn both_formats_hold_until_they_end() {
    for (format, last) in [(ProofFormat::Seconds, END.1 + 999), (ProofFormat::Millis, END.1)] {
        assert_eq!(judged(&content(format, last), &rules()), Ok(VALID));
        assert_eq!(judged(&content(format, last + 1), &rules()), Ok(Status::Expired));
    }
    assert!(VALID.features().has_badge() && VALID.features().has_animated_picture());
    assert!(!VALID.features().has_long_text());
    assert_eq!(Status::Expired.features(), Features::default());
}

#[test]
fn only_believed_backends_and_the_proofs_own_key_count() {
    let content = content(ProofFormat::Seconds, 5);
    let others = Rules { backends: vec![rotating().public()], ..rules() };
    assert_eq!(judged(&content, &others), Ok(Status::InvalidBackend));
    assert_eq!(judged(&content, &Rules::default()), Ok(Status::InvalidBackend));
    let older = Rules { formats: vec![ProofFormat::Millis], ..rules() };
    assert_eq!(judged(&content, &older), Ok(Status::InvalidBackend));
    let several = Rules { backends: vec![rotating().public(), backend().public()], ..rules() };
    assert_eq!(judged(&content, &several), Ok(VALID));
    let by_another = evaluate(&envelope(&backend()), &content, &rules());
    assert_eq!(by_another, Ok(Status::InvalidUser));
}

#[test]
fn a_proof_that_was_taken_back_holds_for_what_was_sent_before() {
    for format in [ProofFormat::Seconds, ProofFormat::Millis] {
        let revoking = |tag| Rules { revoked: [(tag, Timestamp(500))].into(), ..rules() };
        assert_eq!(judged(&content(format, 499), &revoking(TAG)), Ok(VALID));
        assert_eq!(judged(&content(format, 500), &revoking(TAG)), Ok(Status::Revoked));
        assert_eq!(judged(&content(format, 500), &revoking([6; 32])), Ok(VALID));
    }
}

#[test]
fn what_does_not_claim_to_be_pro_is_not_looked_at() {
    let mut plain = content(ProofFormat::Seconds, 5);
    plain.pro_message = None;
    plain.sig_timestamp = None;
    assert_eq!(judged(&plain, &rules()), Ok(Status::None));
    let unsigned = EnvelopeParts { pro_sig: None, ..envelope(&rotating()) };
    let mut broken = content(ProofFormat::Seconds, 5);
    broken.pro_message.as_mut().unwrap().proof.as_mut().unwrap().sig = None;
    assert_eq!(evaluate(&unsigned, &broken, &rules()), Ok(Status::None));
    let mut unproven = content(ProofFormat::Seconds, 5);
    unproven.pro_message.as_mut().unwrap().proof = None;
    assert_eq!(judged(&unproven, &rules()), Ok(Status::NoProof));
}

#[test]
fn broken_fields_drop_the_message_where_that_is_the_rule() {
    let lenient = Rules { drops_malformed: false, ..rules() };
    let refused = |change: fn(&mut ProProof), why| {
        let mut content = content(ProofFormat::Seconds, 5);
        change(content.pro_message.as_mut().unwrap().proof.as_mut().unwrap());
        // Also while no backend is known.
        for rules in [rules(), Rules::default()] {
            assert_eq!(judged(&content, &rules), Err(why));
        }
        assert_eq!(judged(&content, &lenient), Ok(Status::Malformed));
    };
    refused(|proof| proof.gen_index_hash = None, Malformed::Missing { field: "tag" });
    refused(|proof| proof.expiry = None, Malformed::Missing { field: "expiry" });
    let size = |field, length, expected| Malformed::Size { field, length, expected };
    refused(|proof| proof.gen_index_hash = Some(vec![5; 33]), size("tag", 33, 32));
    refused(|proof| proof.rotating_public_key = Some(vec![]), size("rotating key", 0, 32));
    refused(|proof| proof.sig = Some(vec![5; 65]), size("signature", 65, 64));
    for time in [None, Some(0)] {
        let timeless = Content { sig_timestamp: time, ..content(ProofFormat::Seconds, 5) };
        assert_eq!(judged(&timeless, &rules()), Err(Malformed::NoSignedTime));
        assert_eq!(judged(&timeless, &lenient), Ok(Status::Malformed));
    }
}

#[test]
fn texts_are_as_long_as_the_status_allows() {
    assert_eq!((longest_sent(false), longest_sent(true)), (2_000, 10_000));
    assert_eq!(rules().longest_kept(VALID), 10_000);
    assert_eq!(rules().longest_kept(Status::Revoked), 2_000);
    assert_eq!(Rules::default().longest_kept(Status::None), 10_000, "Pro is off");
}

#[test]
fn a_community_is_judged_by_the_time_of_the_post() {
    let signed = |sent| seal_community(content(ProofFormat::Millis, sent), Some(&rotating()));
    let open = |payload: &[u8], posted| {
        open_community(payload, Timestamp(posted), &rules()).map(|(_, status)| status)
    };
    // No signed time is needed.
    assert_eq!(open(&signed(0), END.1), Ok(VALID));
    assert_eq!(open(&signed(0), END.1 + 1), Ok(Status::Expired));
    assert_eq!(open(&seal_community(content(ProofFormat::Millis, 5), None), 5), Ok(Status::None));
    let by_another = seal_community(content(ProofFormat::Millis, 5), Some(&backend()));
    assert_eq!(open(&by_another, 5), Ok(Status::InvalidUser));
    assert!(matches!(open(&[0xff], 5), Err(CommunityError::Content(_))));

    let mut short = content(ProofFormat::Millis, 5);
    short.pro_sig_for_community_message_only = Some(vec![7; 63]);
    let why = CommunityError::Pro(Malformed::Signature { length: 63 });
    assert_eq!(open(&short.encode(), 5), Err(why));
    short.pro_message = None;
    assert_eq!(open(&short.encode(), 5), Ok(Status::None), "nothing is claimed");
}

proptest! {
    #[test]
    fn nothing_but_what_was_signed_is_valid(at in 0..200_usize, bit in 0..8_u8, millis: bool) {
        let format = if millis { ProofFormat::Millis } else { ProofFormat::Seconds };
        let mut payload = seal_community(content(format, 5), Some(&rotating()));
        let whole = open_community(&payload, Timestamp(5), &rules());
        prop_assert_eq!(whole.unwrap().1, VALID);
        payload[at] ^= 1_u8 << bit;
        if let Ok((_, status)) = open_community(&payload, Timestamp(5), &rules()) {
            prop_assert!(!status.is_pro());
        }
    }
}
