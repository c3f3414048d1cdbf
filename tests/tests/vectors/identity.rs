//! Account keys, Account IDs and conversions between key forms.

use ramson_crypto::{
    AccountKeys, Ed25519Secret, Seed, X25519Secret, ed25519, ed25519_to_x25519, x25519_to_ed25519,
};
use ramson_tests::fields::{hex, hex_array, list, parsed, run_sections, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::{AccountId, Ed25519PublicKey, X25519PublicKey};
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description"],
        &[
            ("accounts", account),
            ("accounts_from_full_32_byte_seed", full_seed),
            ("ed25519_public_to_x25519", to_x25519),
            ("ed25519_public_not_convertible", not_convertible),
            ("ed25519_secret_to_x25519", secret_to_x25519),
            ("ed25519_signatures", signature),
            ("x25519_public_to_ed25519", to_ed25519),
            ("version_blinded_07", version_check_key),
            ("id_validation", id_validation),
        ],
    );
}

fn account(_: &Value, case: &Value) -> Result<(), String> {
    let seed = Seed::from_entropy16(hex_array(case, "seed_hex")?);
    expect_eq("padded seed", *seed.as_bytes(), hex_array(case, "seed_padded_32_hex")?)?;
    expect_keys(&seed, case)
}

fn full_seed(_: &Value, case: &Value) -> Result<(), String> {
    expect_keys(&Seed::from_bytes32(hex_array(case, "ed25519_seed_32_hex")?), case)
}

fn expect_keys(seed: &Seed, case: &Value) -> Result<(), String> {
    let keys = AccountKeys::new(seed);
    expect_eq("Account ID", keys.account_id(), parsed(case, "account_id")?)?;
    expect_eq("Ed25519 key", keys.ed25519(), parsed(case, "ed25519_public_hex")?)?;
    expect_eq("X25519 key", keys.x25519(), parsed(case, "x25519_public_hex")?)?;
    let secret = [seed.as_bytes().as_slice(), keys.ed25519().as_bytes()].concat();
    expect_eq("64-byte secret", secret, hex(case, "ed25519_secret_64_hex")?)?;
    // Secrets do not come out again; what they do shows that they are the same.
    let theirs = X25519Secret::from_bytes(&hex_array(case, "x25519_secret_hex")?);
    expect_eq("X25519 secret", keys.x25519_secret().public(), theirs.public())?;
    expect_eq("converted", ed25519_to_x25519(&keys.ed25519()), Some(keys.x25519()))
}

fn to_x25519(_: &Value, case: &Value) -> Result<(), String> {
    let key: Ed25519PublicKey = parsed(case, "ed25519_public_hex")?;
    expect_eq("X25519 key", ed25519_to_x25519(&key), Some(parsed(case, "x25519_public_hex")?))
}

fn not_convertible(_: &Value, case: &Value) -> Result<(), String> {
    let key: Ed25519PublicKey = parsed(case, "ed25519_public_hex")?;
    expect_eq("X25519 key", ed25519_to_x25519(&key), None)
}

fn secret_to_x25519(_: &Value, case: &Value) -> Result<(), String> {
    let secret: [u8; 64] = hex_array(case, "ed25519_secret_64_hex")?;
    let pair = Ed25519Secret::from_seed(secret.first_chunk().ok_or("no seed")?);
    expect_eq("public half", pair.public().0.as_slice(), &secret[32..])?;
    let theirs = X25519Secret::from_bytes(&hex_array(case, "x25519_secret_hex")?);
    expect_eq("X25519 key", pair.to_x25519().public(), theirs.public())
}

fn signature(_: &Value, case: &Value) -> Result<(), String> {
    let pair = Ed25519Secret::from_seed(&hex_array(case, "ed25519_seed_hex")?);
    let message = text(case, "message_utf8")?.as_bytes();
    let signature = pair.sign(message);
    expect_eq("signature", signature, hex_array(case, "signature_hex")?)?;
    expect_eq("verifies", ed25519::verify(&pair.public(), message, &signature), true)
}

fn to_ed25519(_: &Value, case: &Value) -> Result<(), String> {
    let key: X25519PublicKey = parsed(case, "x25519_public_hex")?;
    let positive = parsed(case, "ed25519_public_positive_hex")?;
    expect_eq("Ed25519 key", x25519_to_ed25519(&key), Some(positive))?;
    let mut truth: Ed25519PublicKey = parsed(case, "true_ed25519_public_hex")?;
    expect_eq("back", ed25519_to_x25519(&truth), Some(key))?;
    truth.0[31] &= 0x7f;
    expect_eq("true key without its sign", truth, positive)
}

fn version_check_key(_: &Value, case: &Value) -> Result<(), String> {
    let seed = Seed::from_bytes32(hex_array(case, "ed25519_seed_hex")?);
    let key = AccountKeys::new(&seed).version_check_key();
    expect_eq("id", key.id(), parsed(case, "id")?)?;
    expect_eq("key", *key.id().key(), hex_array(case, "blinded_public_hex")?)?;
    let of_seed = Ed25519Secret::from_seed(&hex_array(case, "blinded_seed_hex")?);
    expect_eq("seed", of_seed.public().0, *key.id().key())?;
    let signature = key.sign(text(case, "signed_message_ascii")?.as_bytes());
    expect_eq("signature", signature, hex_array(case, "signature_hex")?)
}

fn id_validation(_: &Value, case: &Value) -> Result<(), String> {
    for id in list(case, "valid_to_start_a_conversation")? {
        let id = id.as_str().ok_or("not a text")?;
        let parsed = AccountId::parse_account(id).map_err(|why| why.to_string())?;
        expect_eq("written", parsed.to_string(), id.to_lowercase())?;
    }
    for wrong in list(case, "invalid_to_start_a_conversation")? {
        let parsed = AccountId::parse_account(text(wrong, "id")?);
        expect_eq(text(wrong, "why")?, parsed.ok(), None)?;
    }
    Ok(())
}
