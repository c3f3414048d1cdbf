//! One push of a file: what was stored, what it holds, and the dump after it.

use std::collections::BTreeSet;
use std::ops::DerefMut;

use ramson_crypto::{AccountKeys, blake2b, config_cipher};
use ramson_protocol::config::{
    Config, ConfigKind, Message, Owner, Stored, compress, decompress, unwrap_own,
};
use ramson_tests::expect_eq;
use ramson_tests::fields::{flag, hex, list, size};
use serde_json::Value;

use super::{NOW, notation};

const FIELDS: [&str; 11] = [
    "seqno",
    "obsolete_hashes",
    "data",
    "plaintext_hex",
    "hash_hex",
    "compressed",
    "padded_length",
    "encrypted_hex",
    "protobuf_wrapped",
    "message_hex",
    "dump_after_push_hex",
];

/// Pushes, and compares all that the file says of it; then reads it again on
/// another device.
pub(crate) fn check(
    config: &mut Config,
    keys: &AccountKeys,
    result: &Value,
    more_fields: &[&str],
) -> Result<(), String> {
    for field in result.as_object().into_iter().flat_map(|result| result.keys()) {
        if !FIELDS.contains(&field.as_str()) && !more_fields.contains(&field.as_str()) {
            return Err(format!("nobody reads '{field}'"));
        }
    }
    let owner = Owner::Account(keys);
    let push = config.push(&owner, NOW).map_err(|why| why.to_string())?;
    let (plaintext, data) = (hex(result, "plaintext_hex")?, notation::dict(&result["data"])?);
    expect_eq("seqno", Some(push.seqno), result["seqno"].as_i64())?;
    expect_eq("obsolete hashes", push.obsolete, hashes(result, "obsolete_hashes")?)?;
    expect_eq("data", config.data(), &data)?;

    let [stored] = push.messages.as_slice() else {
        return Err(format!("{} messages", push.messages.len()));
    };
    let encrypted = unwrap_own(config.kind(), keys, stored);
    expect_eq("wrapped", encrypted.is_some(), flag(result, "protobuf_wrapped")?)?;
    let encrypted = encrypted.unwrap_or_else(|| stored.clone());
    let padded = open(config.kind(), keys, &encrypted)?;
    let text = config_cipher::unpad(&padded).to_vec();
    expect_eq("padded length", padded.len(), size(result, "padded_length")?)?;
    expect_eq("compressed", text.first() == Some(&b'z'), flag(result, "compressed")?)?;
    let message = decompress(text).ok_or("does not decompress")?;
    let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
    expect_eq("plaintext", shown(&message), shown(&plaintext))?;
    expect_eq(
        "compressed if shorter",
        compress(&plaintext).is_some(),
        flag(result, "compressed")?,
    )?;
    expect_eq("encrypted", &encrypted, &hex(result, "encrypted_hex")?)?;
    expect_eq("stored", stored, &hex(result, "message_hex")?)?;
    let dump = config.clone().dump();
    expect_eq("dump", shown(&dump), shown(&hex(result, "dump_after_push_hex")?))?;
    config.dump();

    read_again(config.kind(), keys, result)
}

fn open(kind: ConfigKind, keys: &AccountKeys, encrypted: &[u8]) -> Result<Vec<u8>, String> {
    config_cipher::decrypt(keys.seed().as_bytes(), domain(kind), encrypted)
        .map_err(|why| why.to_string())
}

pub(crate) fn domain(kind: ConfigKind) -> config_cipher::Domain<'static> {
    match kind {
        ConfigKind::UserProfile => config_cipher::Domain::USER_PROFILE,
        ConfigKind::Contacts => config_cipher::Domain::CONTACTS,
        ConfigKind::ConvoInfoVolatile => config_cipher::Domain::CONVO_INFO_VOLATILE,
        _ => config_cipher::Domain::USER_GROUPS,
    }
}

/// The file's bytes, wrapped and not, read by a new device; its message is the
/// same, and its dump loads.
fn read_again(kind: ConfigKind, keys: &AccountKeys, result: &Value) -> Result<(), String> {
    let owner = Owner::Account(keys);
    let (plaintext, data) = (hex(result, "plaintext_hex")?, notation::dict(&result["data"])?);
    let message = Message::read(&plaintext, None).map_err(|why| why.to_string())?;
    expect_eq("hash", message.hash(), &blake2b::hash32(&[&plaintext]))?;
    expect_eq("hash", message.hash().to_vec(), hex(result, "hash_hex")?)?;
    expect_eq("written again", message.encode(), plaintext)?;
    for field in ["message_hex", "encrypted_hex"] {
        let stored = hex(result, field)?;
        let mut other = Config::new(kind);
        other.merge(&owner, &[Stored { hash: "h", data: &stored }], NOW);
        expect_eq("read", other.data(), &data)?;
        expect_eq("clean", other.is_clean(), true)?;
        let again = other.push(&owner, NOW).map_err(|why| why.to_string())?;
        expect_eq("pushed again", again.messages, vec![hex(result, "message_hex")?])?;
    }
    let dump = hex(result, "dump_after_push_hex")?;
    let mut loaded = Config::load(kind, &owner, &dump).map_err(|why| why.to_string())?;
    expect_eq("loaded", loaded.data(), &data)?;
    expect_eq("waiting", (loaded.is_clean(), loaded.is_dirty()), (false, false))?;
    expect_eq("dumped again", loaded.dump(), dump)
}

pub(crate) fn hashes(case: &Value, field: &str) -> Result<BTreeSet<String>, String> {
    list(case, field)?
        .iter()
        .map(|hash| hash.as_str().map(str::to_owned).ok_or_else(|| format!("{hash} is no text")))
        .collect()
}

/// Every step becomes its data, is pushed and confirmed as h1, h2 and so on,
/// or as it says.
pub(crate) fn steps<C: DerefMut<Target = Config>>(
    config: &mut C,
    keys: &AccountKeys,
    steps: &[Value],
    mut edit: impl FnMut(&mut C, usize, &Value) -> Result<(), String>,
) -> Result<(), String> {
    for (at, step) in steps.iter().enumerate() {
        let in_step = |why: String| format!("step {at}: {why}");
        edit(config, at, step).map_err(in_step)?;
        let more = ["confirmed_with", "dump_after_confirm_hex"];
        check(config, keys, step, &more).map_err(in_step)?;
        let hash =
            step["confirmed_with"].as_str().map_or_else(|| format!("h{}", at + 1), Into::into);
        let seqno = step["seqno"].as_i64().ok_or("no seqno")?;
        config.confirm(seqno, BTreeSet::from([hash]));
        if step.get("dump_after_confirm_hex").is_some() {
            let dump = config.clone().dump();
            expect_eq("confirmed", dump, hex(step, "dump_after_confirm_hex")?).map_err(in_step)?;
        }
    }
    Ok(())
}
