//! Cipher, padding, compression and the protobuf wrapping.

use ramson_crypto::config_cipher::{self, Domain};
use ramson_crypto::{AccountKeys, Seed, aead, blake2b};
use ramson_protocol::config::{ConfigKind, compress, decompress, unwrap_own, wrap};
use ramson_tests::fields::{flag, hex, hex_array, list, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::Namespace;
use serde_json::Value;

use super::run_cases;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_cases(file, cases, &["known_answers"], |_, case| match text(case, "kind")? {
        "encrypt" => encrypt(case),
        "decrypt" => decrypt(case),
        "padded_size" => padded_sizes(&case["table"], |row| Some([row[0], 40, *row.get(1)?])),
        "pad" => pad(case),
        "compress" => compressed(case),
        "protobuf_wrap" => wrapped(case),
        other => Err(format!("cases of the kind {other} are not known")),
    });
    for case in list(file, "known_answers").unwrap_or_default() {
        cases.check(case["what"].as_str().unwrap_or_default(), || {
            expect_eq("frame", compress(&[0xaa; 81]), Some(hex(case, "hex")?))
        });
    }
}

fn of_domain(case: &Value) -> Result<Domain<'_>, String> {
    Domain::new(text(case, "domain")?).ok_or_else(|| "no domain".to_owned())
}

pub(super) fn encrypt(case: &Value) -> Result<(), String> {
    let (key, domain) = (hex_array(case, "key_base_hex")?, of_domain(case)?);
    let (plain, sealed) = (hex(case, "plaintext_hex")?, hex(case, "ciphertext_hex")?);
    expect_eq("encrypted", &config_cipher::encrypt(&key, domain, &plain), &sealed)?;
    let opened = config_cipher::decrypt(&key, domain, &sealed).map_err(|why| why.to_string())?;
    expect_eq("decrypted", &opened, &plain)?;
    let (sealed, nonce) = sealed.split_last_chunk().ok_or("short")?;
    if case.get("nonce_hex").is_some() {
        expect_eq("nonce", nonce, &hex_array(case, "nonce_hex")?)?;
        let key = hex_array(case, "derived_key_hex")?;
        let opened = aead::xchacha20poly1305_open(&key, nonce, &[], sealed);
        expect_eq("with the derived key", opened, Ok(plain))?;
    }
    Ok(())
}

fn decrypt(case: &Value) -> Result<(), String> {
    let key = hex_array(case, "key_base_hex")?;
    let opened = config_cipher::decrypt(&key, of_domain(case)?, &hex(case, "ciphertext_hex")?);
    expect_eq("opens", opened.is_ok(), flag(case, "ok")?)
}

/// Rows as length, overhead, padded length.
pub(super) fn padded_sizes(
    table: &Value,
    row: impl Fn(&[usize]) -> Option<[usize; 3]>,
) -> Result<(), String> {
    let table: Vec<Vec<usize>> =
        serde_json::from_value(table.clone()).map_err(|why| why.to_string())?;
    for numbers in &table {
        let [length, overhead, padded] = row(numbers).ok_or("a row is short")?;
        let what = format!("{length} bytes and {overhead}");
        expect_eq(&what, config_cipher::padded_len(length, overhead), padded)?;
    }
    if table.is_empty() { Err("no table".to_owned()) } else { Ok(()) }
}

fn pad(case: &Value) -> Result<(), String> {
    let (input, padded) = (hex(case, "input_hex")?, hex(case, "padded_hex")?);
    expect_eq("padded", &config_cipher::pad(&input), &padded)?;
    expect_eq("unpadded", config_cipher::unpad(&padded), input.as_slice())
}

/// Only level 1 is written; frames of other levels are read.
pub(super) fn compressed(case: &Value) -> Result<(), String> {
    let (input, output) = (hex(case, "input_hex")?, hex(case, "output_hex")?);
    if case["level"] == 1 {
        let ours = compress(&input);
        let expected = case["compressed"].as_bool().unwrap_or(true);
        expect_eq("compressed", ours.is_some(), expected)?;
        expect_eq("bytes", &ours.unwrap_or_else(|| input.clone()), &output)?;
    }
    let read = if output == input { Some(output) } else { decompress(output) };
    expect_eq("decompressed", read, Some(input))
}

pub(super) fn kind(case: &Value) -> Result<ConfigKind, String> {
    let namespace = case["namespace"].as_i64().and_then(|number| number.try_into().ok());
    namespace
        .and_then(|number| ConfigKind::of_account(Namespace(number)))
        .ok_or_else(|| format!("{} is no config's namespace", case["namespace"]))
}

pub(super) fn account(case: &Value) -> Result<AccountKeys, String> {
    Ok(AccountKeys::new(&Seed::from_bytes32(hex_array(case, "ed25519_seed_hex")?)))
}

pub(super) fn wrapped(case: &Value) -> Result<(), String> {
    let (kind, keys) = (kind(case)?, account(case)?);
    let (data, seqno) = (hex(case, "data_hex")?, case["seqno"].as_i64().ok_or("no seqno")?);
    let wrapped = wrap(kind, &keys, seqno, &data).ok_or("is not wrapped")?;
    if case.get("wrapped_hex").is_some() {
        expect_eq("wrapped", &wrapped, &hex(case, "wrapped_hex")?)?;
    }
    let digest = blake2b::hash32(&[&wrapped]).to_vec();
    expect_eq("digest", digest, hex(case, "blake2b32_hex")?)?;
    expect_eq("unwrapped", unwrap_own(kind, &keys, &wrapped), Some(data))?;
    for other in ConfigKind::OF_ACCOUNT.into_iter().filter(|other| *other != kind) {
        expect_eq("as another kind", unwrap_own(other, &keys, &wrapped), None)?;
    }
    Ok(())
}
