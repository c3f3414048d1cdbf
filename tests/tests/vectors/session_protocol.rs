//! Messages to an account: sealed, wrapped, and what is refused.

use ramson_codec::envelope;
use ramson_codec::proto::Content;
use ramson_crypto::session_protocol::{
    DecryptError, Decrypted, decrypt, encrypt_deterministic, encrypt_with_ephemeral,
};
use ramson_crypto::{AccountKeys, Seed, X25519Secret, aead, blake2b, padding, sealed_box};
use ramson_protocol::inbox::{self, OpenError};
use ramson_tests::fields::{base64, hex, hex_array, number, parsed, run_sections, size, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::{AccountId, Timestamp};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description"],
        &[
            ("accounts", account),
            ("encrypt_deterministic", deterministic),
            ("encrypt_fixed_ephemeral", fixed_ephemeral),
            ("decrypt", opens),
            ("decrypt_errors", refused),
            ("full_messages", full_message),
            ("full_message_errors", full_message_refused),
            ("captured_message", captured),
            ("push_notification", push_notification),
            ("ons", ons),
        ],
    );
}

fn keys(case: &Value, field: &str) -> Result<AccountKeys, String> {
    Ok(AccountKeys::new(&Seed::from_entropy16(hex_array(case, field)?)))
}

fn account(_: &Value, case: &Value) -> Result<(), String> {
    let keys = keys(case, "seed_hex")?;
    expect_eq("Account ID", keys.account_id(), parsed(case, "account_id")?)?;
    expect_eq("Ed25519 key", keys.ed25519(), parsed(case, "ed25519_public_hex")?)
}

fn deterministic(_: &Value, case: &Value) -> Result<(), String> {
    let to: AccountId = parsed(case, "recipient_account_id")?;
    let message = hex(case, "message_hex")?;
    let sealed = encrypt_deterministic(&keys(case, "sender_seed_hex")?, &to, &message);
    expect_sealed(case, &sealed.map_err(|why| why.to_string())?)
}

fn fixed_ephemeral(_: &Value, case: &Value) -> Result<(), String> {
    let to: AccountId = parsed(case, "recipient_account_id")?;
    let ephemeral = X25519Secret::from_bytes(&hex_array(case, "ephemeral_secret_hex")?);
    let (from, message) = (keys(case, "sender_seed_hex")?, hex(case, "message_hex")?);
    let sealed = encrypt_with_ephemeral(&from, &to, &message, &ephemeral);
    expect_sealed(case, &sealed.map_err(|why| why.to_string())?)
}

/// The sealed bytes are the file's, what lies under the seal is the file's,
/// and the recipient opens it.
fn expect_sealed(case: &Value, sealed: &[u8]) -> Result<(), String> {
    expect_eq("ciphertext", sealed, &hex(case, "ciphertext_hex")?)?;
    let to = keys(case, "recipient_seed_hex")?;
    let inner = sealed_box::open(to.x25519_secret(), sealed).map_err(|why| why.to_string())?;
    expect_eq("under the seal", inner, hex(case, "inner_signed_hex")?)?;
    let from = keys(case, "sender_seed_hex")?;
    let opened = Decrypted {
        plaintext: hex(case, "message_hex")?,
        sender_ed25519: from.ed25519(),
        sender: from.account_id(),
    };
    expect_eq("opened", decrypt(&to, sealed), Ok(opened))
}

fn opens(_: &Value, case: &Value) -> Result<(), String> {
    let to = keys(case, "recipient_seed_hex")?;
    let opened = Decrypted {
        plaintext: hex(case, "message_hex")?,
        sender_ed25519: parsed(case, "sender_ed25519_public_hex")?,
        sender: parsed(case, "sender_account_id")?,
    };
    expect_eq("opened", decrypt(&to, &hex(case, "ciphertext_hex")?), Ok(opened))
}

fn refused(_: &Value, case: &Value) -> Result<(), String> {
    let opened = decrypt(&keys(case, "recipient_seed_hex")?, &hex(case, "ciphertext_hex")?);
    let class = match opened.err().ok_or("was accepted")? {
        DecryptError::TooShort { .. } => "TooShort",
        DecryptError::DecryptionFailed => "DecryptionFailed",
        DecryptError::BadSignature => "BadSignature",
    };
    expect_eq("error", class, text(case, "error")?)
}

fn full_message(_: &Value, case: &Value) -> Result<(), String> {
    let to = keys(case, "recipient_seed_hex")?;
    let stored = hex(case, "websocket_hex")?;
    expect_eq("stored as", &stored, &base64(case, "store_data_base64")?)?;
    let ciphertext = hex(case, "ciphertext_hex")?;
    expect_eq("envelope", holds(&stored, &hex(case, "envelope_hex")?), true)?;
    expect_eq("recipient", to.account_id(), parsed(case, "recipient_account_id")?)?;
    let sender = keys(case, "sender_seed_hex")?.account_id();
    let envelope = envelope::unwrap(&stored).map_err(|why| why.to_string())?;
    expect_eq("sealed box", &envelope.content, &ciphertext)?;
    let decrypted = decrypt(&to, &ciphertext).map_err(|why| why.to_string())?;
    expect_eq("padded", decrypted.plaintext, hex(case, "padded_hex")?)?;

    expect_eq("expected", text(case, "expect")?, "accept")?;
    let opened = inbox::open(&to, &stored).map_err(|why| why.to_string())?;
    expect_eq("sender", opened.sender, sender)?;
    expect_eq("sender", sender, parsed(case, "sender_account_id")?)?;
    let sent = Timestamp(number(case, "timestamp_ms")?);
    expect_eq("sent time", opened.sent, sent)?;
    expect_eq("content", opened.content_bytes, hex(case, "content_hex")?)?;
    // Only what current apps write has a Pro signature, and so have we.
    match envelope.pro_sig {
        Some(pro_sig) => expect_eq("written", envelope::wrap(sent, ciphertext, pro_sig), stored),
        None => Ok(()),
    }
}

fn full_message_refused(_: &Value, case: &Value) -> Result<(), String> {
    let opened = inbox::open(&keys(case, "recipient_seed_hex")?, &hex(case, "websocket_hex")?);
    let class = match opened.err().ok_or("was accepted")? {
        OpenError::UnsupportedVersion => "UnsupportedVersion",
        OpenError::BadWrapper => "BadWrapper",
        OpenError::BadEnvelope => "BadEnvelope",
        OpenError::BadProSignatureSize => "BadProSignatureSize",
        OpenError::TooShort => "TooShort",
        OpenError::DecryptionFailed => "DecryptionFailed",
        OpenError::BadSignature => "BadSignature",
        OpenError::BadContent => "BadContent",
        OpenError::Pro(_) => "Malformed",
        OpenError::TimestampMismatch => "TimestampMismatch",
    };
    expect_eq("error", class, text(case, "error")?)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

/// What a real client stored in 2023.
fn captured(_: &Value, case: &Value) -> Result<(), String> {
    let to = keys(case, "recipient_seed_hex")?;
    let stored = hex(case, "websocket_hex")?;
    let envelope = envelope::unwrap(&stored).map_err(|why| why.to_string())?;
    for field in ["request_verb", "request_path"] {
        expect_eq(field, holds(&stored, text(case, field)?.as_bytes()), true)?;
    }
    let sent = Timestamp(number(case, "envelope_timestamp_ms")?);
    expect_eq("envelope's time", envelope.timestamp, sent)?;
    let decrypted = decrypt(&to, &envelope.content).map_err(|why| why.to_string())?;
    expect_eq("sender", decrypted.sender, parsed(case, "sender_account_id")?)?;
    expect_eq("padded length", decrypted.plaintext.len(), size(case, "padded_content_len")?)?;
    let content = hex(case, "content_hex")?;
    expect_eq("content", padding::unpad(&decrypted.plaintext), &content)?;
    let config = Content::decode(&content).map_err(|why| why.to_string())?;
    let config = config.shared_config_message.ok_or("no config message")?;
    let kind = u64::from(config.kind.number());
    expect_eq("kind of config", kind, number(case, "shared_config_kind")?)?;
    let seqno = u64::try_from(config.seqno).ok();
    expect_eq("sequence number", seqno, Some(number(case, "shared_config_seqno")?))?;
    let digest: [u8; 32] = Sha256::digest(&config.data).into();
    expect_eq("config", digest, hex_array(case, "shared_config_data_sha256")?)
}

fn push_notification(_: &Value, case: &Value) -> Result<(), String> {
    let payload = hex(case, "payload_hex")?;
    let (nonce, sealed) = payload.split_first_chunk::<24>().ok_or("too short")?;
    let key = hex_array(case, "key_hex")?;
    let opened = aead::xchacha20poly1305_open(&key, nonce, &[], sealed);
    let opened = opened.map_err(|why| why.to_string())?;
    let zeros = opened.iter().rev().take_while(|byte| **byte == 0).count();
    let plaintext = hex(case, "plaintext_hex")?;
    expect_eq("length", opened.len(), plaintext.len().saturating_add(zeros))?;
    expect_eq("plaintext", opened.starts_with(&plaintext), true)?;
    expect_eq("sealed", aead::xchacha20poly1305_seal(&key, nonce, &[], &opened), sealed.to_vec())
}

fn ons(_: &Value, case: &Value) -> Result<(), String> {
    let name = text(case, "name")?.as_bytes();
    let key = blake2b::keyed32(&blake2b::hash32(&[name]), &[name]);
    expect_eq("key", key, hex_array(case, "key_hex")?)?;
    let nonce = hex_array(case, "nonce_hex")?;
    let opened = aead::xchacha20poly1305_open(&key, &nonce, &[], &hex(case, "ciphertext_hex")?);
    let id: AccountId = parsed(case, "account_id")?;
    expect_eq("id", opened, Ok(id.to_bytes().to_vec()))
}
