//! What the reference library's own tests assert.

use ramson_crypto::config_cipher::{self, Domain};
use ramson_crypto::{Ed25519Secret, aead, blake2b, x25519};
use ramson_protocol::config::{Config, Message, Owner};
use ramson_tests::fields::{hex, hex_array, list, text};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;

use super::encrypt::{account, compressed, encrypt, kind, padded_sizes, wrapped};
use super::{NOW, run_cases};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_cases(file, cases, &[], |_, case| match text(case, "kind")? {
        "message_hash" => message_hash(case),
        "signed_message" => signed_message(case),
        "encrypt" => encrypt(case),
        "encrypt_nonce" => encrypt_nonce(case),
        "padded_size" => {
            padded_sizes(&case["table_size_overhead_result"], |row| row.try_into().ok())
        }
        "compress" => compressed(case),
        "user_config_push" => user_config_push(case),
        "user_config_encrypted" => user_config_encrypted(case),
        "multi_encrypt" => multi_encrypt(case),
        "protobuf_wrap_digest" => wrapped(case),
        other => Err(format!("cases of the kind {other} are not known")),
    });
}

fn message_hash(case: &Value) -> Result<(), String> {
    let bytes = hex(case, "plaintext_hex")?;
    let message = Message::read(&bytes, None).map_err(|why| why.to_string())?;
    expect_eq("seqno", Some(message.seqno()), case["seqno"].as_i64())?;
    expect_eq("hash", message.hash().to_vec(), hex(case, "hash_hex")?)?;
    expect_eq("written again", message.encode(), bytes)
}

fn signed_message(case: &Value) -> Result<(), String> {
    let secret: [u8; 64] = hex_array(case, "ed25519_secret_key_hex")?;
    let seed = secret.first_chunk().ok_or("no seed")?;
    let secret = Ed25519Secret::from_seed(seed);
    let (bytes, text) = (hex(case, "message_hex")?, hex(case, "signed_bytes_hex")?);
    let signature: [u8; 64] = hex_array(case, "signature_hex")?;
    expect_eq("signature", secret.sign(&text), signature)?;
    let (read, public) = (|signer| Message::read(&bytes, signer), secret.public());
    let message = read(Some(&public)).map_err(|why| why.to_string())?;
    expect_eq("kept", message.signature(), Some(&signature))?;
    expect_eq("written again", message.encode(), bytes.clone())?;
    let other = Ed25519Secret::from_seed(&[7; 32]).public();
    expect_eq("of another key", read(Some(&other)).is_ok(), false)?;
    let unchecked = read(None).map_err(|why| why.to_string())?;
    expect_eq("unchecked", unchecked.signature(), None)?;
    expect_eq("unchecked", unchecked.encode(), [text.as_slice(), b"e"].concat())
}

fn encrypt_nonce(case: &Value) -> Result<(), String> {
    let domain = Domain::new(text(case, "domain")?).ok_or("no domain")?;
    let key = hex_array(case, "key_base_hex")?;
    let sealed = config_cipher::encrypt(&key, domain, &hex(case, "plaintext_hex")?);
    expect_eq("nonce", sealed.ends_with(&hex(case, "nonce_hex")?), true)
}

/// A new device pushes what the library's does.
fn user_config_push(case: &Value) -> Result<(), String> {
    let (kind, keys) = (kind(case)?, account(case)?);
    let mut config = Config::new(kind);
    let push = config.push(&Owner::Account(&keys), NOW).map_err(|why| why.to_string())?;
    expect_eq("seqno", Some(push.seqno), case["seqno"].as_i64())?;
    expect_eq("plaintext", Message::empty().encode(), hex(case, "plaintext_hex")?)?;
    expect_eq("stored", push.messages, vec![hex(case, "message_hex")?])
}

fn user_config_encrypted(case: &Value) -> Result<(), String> {
    let (kind, keys) = (kind(case)?, account(case)?);
    let plaintext = hex(case, "plaintext_hex")?;
    let padded = config_cipher::pad(&plaintext);
    let domain = Domain::new(text(case, "domain")?).ok_or("no domain")?;
    let encrypted = config_cipher::encrypt(keys.seed().as_bytes(), domain, &padded);
    expect_eq("encrypted", encrypted, hex(case, "encrypted_hex")?)?;
    // The dump holds the same message, waiting.
    let owner = Owner::Account(&keys);
    let dump = hex(case, "dump_after_push_hex")?;
    let mut loaded = Config::load(kind, &owner, &dump).map_err(|why| why.to_string())?;
    expect_eq("waiting", (loaded.is_clean(), loaded.is_dirty()), (false, false))?;
    let push = loaded.push(&owner, NOW).map_err(|why| why.to_string())?;
    expect_eq("seqno", Some(push.seqno), case["seqno"].as_i64())?;
    let message = Message::read(&plaintext, None).map_err(|why| why.to_string())?;
    expect_eq("data", loaded.data(), message.data())
}

/// The scheme of a group's removal notices: one key for each recipient, from
/// the shared secret and both keys.
fn multi_encrypt(case: &Value) -> Result<(), String> {
    let sender = Ed25519Secret::from_seed(&hex_array(case, "sender_ed25519_seed_hex")?).to_x25519();
    expect_eq("sender", sender.public().0, hex_array(case, "sender_x25519_public_hex")?)?;
    let (nonce, domain) = (hex_array(case, "nonce_hex")?, text(case, "domain")?);
    let domain: &[u8; 10] = domain.as_bytes().try_into().map_err(|_| "another domain")?;
    let fields = ["recipient_ed25519_seeds_hex", "recipient_x25519_public_hex", "encrypted_hex"];
    for (at, message) in list(case, "messages")?.iter().enumerate() {
        let [seed, public, sealed] =
            fields.map(|field| hex::decode(case[field][at].as_str().unwrap_or_default()));
        let (seed, public, sealed) = match (seed, public, sealed) {
            (Ok(seed), Ok(public), Ok(sealed)) => (seed, public, sealed),
            _ => return Err(format!("recipient {at} is not in hex")),
        };
        let seed: [u8; 32] = seed.try_into().map_err(|_| "no seed")?;
        let recipient = Ed25519Secret::from_seed(&seed).to_x25519();
        expect_eq("recipient", recipient.public().0.to_vec(), public)?;
        let shared =
            x25519::shared_secret(&recipient, &sender.public()).map_err(|why| why.to_string())?;
        let key = blake2b::keyed32(
            domain,
            &[shared.as_bytes(), &sender.public().0, &recipient.public().0],
        );
        let text = message.as_str().unwrap_or_default().as_bytes();
        let ours = aead::xchacha20poly1305_seal(&key, &nonce, &[], text);
        expect_eq("sealed", ours, sealed)?;
    }
    Ok(())
}
