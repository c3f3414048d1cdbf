//! Session Pro: proofs of both formats, messages of each status, communities,
//! rotating keys.

use ramson_codec::envelope;
use ramson_codec::proto::{Content, ProMessage, ProProof};
use ramson_crypto::pro::{Proof, ProofFormat, gen_index_hash, period_start, rotating_key};
use ramson_crypto::{AccountKeys, Ed25519Secret, Seed, blake2b, padding};
use ramson_protocol::inbox::{self, OpenError};
use ramson_protocol::pro::{
    Features, PRO_TEXT, Rules, STANDARD_TEXT, Status, longest_sent, open_community, seal_community,
};
use ramson_tests::fields::{
    base64, flag, hex, hex_array, number, parsed, run_sections, size, text,
};
use ramson_tests::{Cases, expect_eq};
use ramson_types::Timestamp;
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description"],
        &[
            ("limits", limits),
            ("bits", bits),
            ("proof_old", proof_old),
            ("proof_new", proof_new),
            ("messages", message),
            ("community", community),
            ("rotating_seed", rotating_seed),
        ],
    );
}

fn limits(_: &Value, case: &Value) -> Result<(), String> {
    expect_eq("standard", STANDARD_TEXT, size(case, "standard")?)?;
    expect_eq("pro", PRO_TEXT, size(case, "pro")?)?;
    expect_eq("sent", [false, true].map(longest_sent), [STANDARD_TEXT, PRO_TEXT])?;
    expect_eq("unit", text(case, "unit")?, "Unicode code points")
}

/// Each bit alone is its feature, and nothing else is.
fn bits(_: &Value, case: &Value) -> Result<(), String> {
    let read = |set: &str| -> Result<Vec<(u32, String)>, String> {
        let set = case[set].as_object().ok_or_else(|| format!("no '{set}'"))?;
        let entry = |(bit, name): (&String, &Value)| {
            let name = name.as_str().ok_or("a bit without a name")?;
            Ok((bit.parse().map_err(|why| format!("bit {bit}: {why}"))?, name.to_owned()))
        };
        set.iter().map(entry).collect()
    };
    let has = |features: Features| {
        [features.has_long_text(), features.has_badge(), features.has_animated_picture()]
    };
    for (set, names) in [
        ("message_bitset", ["longer message (10,000)", "", ""]),
        ("profile_bitset", ["", "Pro badge", "animated display picture"]),
    ] {
        let of = |bits| match set {
            "message_bitset" => Features { message: bits, profile: 0 },
            _ => Features { message: 0, profile: bits },
        };
        let (mut known, listed) = (0, read(set)?);
        for (bit, name) in listed {
            expect_eq(&name, has(of(1 << bit)), names.map(|other| other == name))?;
            known |= 1 << bit;
        }
        expect_eq("unknown bits", has(of(!known)), [false; 3])?;
    }
    Ok(())
}

fn proof_old(_: &Value, case: &Value) -> Result<(), String> {
    let salt = hex_array(case, "gen_index_salt_hex")?;
    let hash = gen_index_hash(number(case, "gen_index")?, &salt);
    expect_eq("hash of the index", hash, hex_array(case, "gen_index_hash_hex")?)?;
    let rotating = Ed25519Secret::from_seed(&hex_array(case, "rotating_ed25519_seed_hex")?);
    expect_eq("rotating key", rotating.public(), parsed(case, "rotating_public_hex")?)?;
    let hashed =
        blake2b::personal32(&[0; 16], b"ProProof________", &[&hex(case, "hashed_bytes_hex")?]);
    expect_eq("hash", hashed.to_vec(), hex(case, "hash_hex")?)?;
    let proof = Proof {
        version: number(case, "version")?.try_into().map_err(|_| "the version is too large")?,
        tag: hash,
        rotating: rotating.public(),
        expiry: number(case, "expiry_unix_ms")?,
        signature: hex_array(case, "signature_hex")?,
    };
    holds(case, &proof, [ProofFormat::Millis, ProofFormat::Seconds], &hex(case, "hash_hex")?)
}

fn proof_new(_: &Value, case: &Value) -> Result<(), String> {
    let proof = Proof {
        version: 0,
        tag: hex_array(case, "revocation_tag_hex")?,
        rotating: parsed(case, "rotating_public_hex")?,
        expiry: number(case, "expiry_unix_s")?,
        signature: hex_array(case, "signature_hex")?,
    };
    let signed = hex(case, "signed_bytes_hex")?;
    holds(case, &proof, [ProofFormat::Seconds, ProofFormat::Millis], &signed)
}

/// The proof is signed over these bytes in the first format and not in the
/// second; it is the one in the protobuf.
fn holds(
    case: &Value,
    proof: &Proof,
    [format, other]: [ProofFormat; 2],
    signed: &[u8],
) -> Result<(), String> {
    let backend = Ed25519Secret::from_seed(&hex_array(case, "backend_ed25519_seed_hex")?);
    expect_eq("backend", backend.public(), parsed(case, "backend_ed25519_public_hex")?)?;
    let bytes = proof.signed_bytes(format).ok_or("nothing to sign")?;
    expect_eq("signed bytes", bytes.as_slice(), signed)?;
    expect_eq("signature", backend.sign(&bytes), proof.signature)?;
    expect_eq("valid", proof.is_by(&backend.public(), format), true)?;
    expect_eq("valid as the other format", proof.is_by(&backend.public(), other), false)?;

    let old = format == ProofFormat::Millis;
    let written = ProProof {
        version: old.then_some(proof.version),
        gen_index_hash: Some(proof.tag.to_vec()),
        rotating_public_key: Some(proof.rotating.as_bytes().to_vec()),
        expiry: Some(proof.expiry),
        sig: Some(proof.signature.to_vec()),
    };
    let pro = ProMessage { proof: Some(written), ..ProMessage::default() };
    let content = Content { pro_message: Some(pro), ..Content::default() };
    let bytes = content.encode();
    expect_eq("protobuf", bytes.ends_with(&hex(case, "protobuf_hex")?), true)?;
    expect_eq("read again", Content::decode(&bytes), Ok(content))
}

fn rotating(file: &Value) -> Result<Ed25519Secret, String> {
    Ok(Ed25519Secret::from_seed(&hex_array(&file["proof_old"], "rotating_ed25519_seed_hex")?))
}

fn message(file: &Value, case: &Value) -> Result<(), String> {
    let format = match text(case, "proof_format")? {
        "old" => ProofFormat::Millis,
        "new" => ProofFormat::Seconds,
        other => return Err(format!("a proof of the format '{other}'")),
    };
    let rules = Rules {
        backends: vec![parsed(case, "backend_ed25519_public_hex")?],
        formats: vec![format],
        ..Rules::default()
    };
    let keys = AccountKeys::new(&Seed::from_entropy16(hex_array(case, "recipient_seed_hex")?));
    let stored = hex(case, "websocket_hex")?;
    let open = |rules: &Rules| inbox::open_under(&keys, &stored, &mut Default::default(), rules);
    let (opened, said) = (open(&rules), text(case, "status")?);
    expect_eq("delivered", opened.is_ok(), flag(case, "message_delivered")?)?;
    let status = match &opened {
        Ok(opened) => match opened.pro {
            Status::None => "NotEvaluated",
            Status::Valid(_) => "Valid",
            Status::Expired => "Expired",
            Status::Revoked => "Revoked",
            Status::NoProof => "Invalid",
            Status::InvalidBackend => "InvalidBackendSignature",
            Status::InvalidUser => "InvalidUserSignature",
            Status::Malformed => "Malformed",
        },
        Err(OpenError::Pro(_)) => "Malformed",
        Err(why) => return Err(why.to_string()),
    };
    expect_eq("status", status, said)?;

    let lenient = open(&Rules { drops_malformed: false, ..rules.clone() });
    let lenient = lenient.map_err(|why| why.to_string())?;
    expect_eq("sender", lenient.sender, parsed(case, "sender_account_id")?)?;
    expect_eq("content", &lenient.content_bytes, &hex(case, "content_hex")?)?;
    expect_eq("content written", lenient.content.encode(), hex(case, "content_hex")?)?;
    expect_eq("malformed", lenient.pro == Status::Malformed, said == "Malformed")?;
    // Whoever understands both formats sees a valid proof of the older one in
    // the newest place too, and otherwise the same.
    let both = open(&Rules { formats: Rules::default().formats, ..rules });
    match (&opened, both.map(|opened| opened.pro)) {
        (Ok(opened), Ok(Status::Valid(_))) if opened.pro == Status::InvalidBackend => {
            expect_eq("format", format, ProofFormat::Seconds)?;
        }
        (opened, both) => {
            expect_eq(
                "both formats",
                both,
                opened.as_ref().map(|opened| opened.pro).map_err(|why| *why),
            )?;
        }
    }
    written(file, said, &stored)
}

/// The envelope is written to the same bytes, signed with the rotating key.
fn written(file: &Value, said: &str, stored: &[u8]) -> Result<(), String> {
    let envelope = envelope::unwrap(stored).map_err(|why| why.to_string())?;
    let Some(signature) = envelope.pro_sig else {
        return expect_eq("status without a signature", said, "NotEvaluated");
    };
    let ours = rotating(file)?.sign(&envelope.content);
    expect_eq("signed by the proof's key", ours == signature, said != "InvalidUserSignature")?;
    let wrapped = envelope::wrap(envelope.timestamp, envelope.content, signature);
    expect_eq("envelope written", wrapped.as_slice(), stored)
}

fn community(file: &Value, case: &Value) -> Result<(), String> {
    let payload = hex(case, "payload_hex")?;
    expect_eq("data", &base64(case, "data_base64")?, &payload)?;
    let backend = parsed(&file["proof_old"], "backend_ed25519_public_hex")?;
    let rules = Rules { backends: vec![backend], ..Rules::default() };
    let read = Content::decode(padding::unpad(&payload)).map_err(|why| why.to_string())?;
    let posted = Timestamp(read.sig_timestamp.ok_or("no signed time")?);
    let opened = open_community(&payload, posted, &rules).map_err(|why| why.to_string())?;
    let Some(status) = case["status"].as_str() else {
        expect_eq("status", opened.1, Status::None)?;
        return expect_eq("sealed", seal_community(read, None), payload);
    };
    expect_eq("status known here", status, "Valid")?;
    expect_eq("valid", opened.1.is_pro(), true)?;
    let signature = hex_array::<64>(case, "signature_hex")?;
    expect_eq("signature", rotating(file)?.sign(&hex(case, "signed_bytes_hex")?), signature)?;
    let field = opened.0.pro_sig_for_community_message_only.as_deref();
    expect_eq("field 17", field, Some(signature.as_slice()))?;
    let unsigned = hex(case, "content_without_17_hex")?;
    expect_eq("signed bytes", padding::pad(&unsigned), hex(case, "signed_bytes_hex")?)?;
    let content = Content::decode(&unsigned).map_err(|why| why.to_string())?;
    expect_eq("sealed", seal_community(content, Some(&rotating(file)?)), payload.clone())?;

    // Nobody else can have written it, and not later.
    let late = open_community(&payload, Timestamp(u64::MAX), &rules);
    expect_eq("late", late.map(|(_, status)| status), Ok(Status::Expired))?;
    let other = Ed25519Secret::from_seed(&[1; 32]);
    let forged = open_community(&seal_community(read, Some(&other)), posted, &rules);
    expect_eq("forged", forged.map(|(_, status)| status), Ok(Status::InvalidUser))
}

fn rotating_seed(_: &Value, case: &Value) -> Result<(), String> {
    let (master, time) = (hex_array(case, "master_seed_hex")?, number(case, "unix_s")?);
    let (start, period) = (number(case, "period_start")?, number(case, "period_s")?);
    expect_eq("period", period_start(time), start)?;
    let last = start.saturating_add(period).saturating_sub(1);
    for time in [start, time, last] {
        let key = rotating_key(&master, time);
        expect_eq("seed", *key.seed(), hex_array(case, "rotating_seed_hex")?)?;
        expect_eq("key", key.public(), parsed(case, "rotating_public_hex")?)?;
    }
    let next = rotating_key(&master, last.saturating_add(1)).public();
    expect_eq("next period's key", next != parsed(case, "rotating_public_hex")?, true)
}
