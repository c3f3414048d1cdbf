//! Configs of one, two and six messages.

use std::collections::BTreeSet;

use ramson_crypto::{blake2b, config_cipher};
use ramson_protocol::config::{Config, ConfigKind, Message, Owner, Stored, decompress, unwrap_own};
use ramson_tests::fields::{base64, flag, hex, list, size, text};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;

use super::pushed::{domain, hashes};
use super::{NOW, account, run_cases};

const KIND: ConfigKind = ConfigKind::Contacts;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_cases(file, cases, &["constants"], |_, case| {
        expect_eq("config", text(case, "config")?, "Contacts")?;
        let messages = stored(case)?;
        match messages.as_slice() {
            [message] => one(case, message),
            parts => several(case, parts),
        }
    });
}

fn stored(case: &Value) -> Result<Vec<Vec<u8>>, String> {
    let keys = account(case)?;
    let mut config = generated(size(&case["generator"], "contacts")?);
    let push = config.push(&Owner::Account(&keys), NOW).map_err(|why| why.to_string())?;
    expect_eq("seqno", Some(push.seqno), case["seqno"].as_i64())?;
    expect_eq("messages", push.messages.len(), size(case, "messages")?)?;
    Ok(push.messages)
}

fn generated(contacts: usize) -> Config {
    let mut config = Config::new(KIND);
    for at in 0..contacts {
        let hash = blake2b::hash32(&[format!("multipart contact {at}").as_bytes()]);
        let id = [&[5], hash.as_slice()].concat();
        config.set(&[b"c", &id, b"N"], format!("My friend {at}").as_str());
        config.set(&[b"c", &id, b"a"], 1);
        config.set(&[b"c", &id, b"n"], "");
    }
    config
}

fn decrypted(case: &Value, encrypted: &[u8]) -> Result<Vec<u8>, String> {
    config_cipher::decrypt(account(case)?.seed().as_bytes(), domain(KIND), encrypted)
        .map_err(|why| why.to_string())
}

fn one(case: &Value, message: &[u8]) -> Result<(), String> {
    let part = &case["parts"][0];
    stored_message(part, message)?;
    expect_eq("wrapped", true, flag(part, "protobuf_wrapped")?)?;
    let encrypted = unwrap_own(KIND, &account(case)?, message).ok_or("not wrapped")?;
    let padded = decrypted(case, &encrypted)?;
    expect_eq("padded", padded.len(), size(part, "padded_length")?)?;
    let text = config_cipher::unpad(&padded).to_vec();
    expect_eq("compressed", text.first() == Some(&b'z'), flag(part, "compressed")?)?;
    plaintext(case, text)
}

fn stored_message(part: &Value, message: &[u8]) -> Result<(), String> {
    expect_eq("length", message.len(), size(part, "message_length")?)?;
    let digest = blake2b::hash32(&[message]).to_vec();
    expect_eq("digest", digest, hex(part, "message_blake2b32_hex")?)
}

fn plaintext(case: &Value, text: Vec<u8>) -> Result<(), String> {
    let plaintext = decompress(text).ok_or("does not decompress")?;
    expect_eq("plaintext", plaintext.len(), size(case, "plaintext_length")?)?;
    let message = Message::read(&plaintext, None).map_err(|why| why.to_string())?;
    expect_eq("hash", message.hash().to_vec(), hex(case, "plaintext_hash_hex")?)?;
    expect_eq("written again", message.encode() == plaintext, true)
}

fn several(case: &Value, messages: &[Vec<u8>]) -> Result<(), String> {
    let mut whole = Vec::new();
    for (part, message) in list(case, "parts")?.iter().zip(messages) {
        stored_message(part, message)?;
        if part.get("message_base64").is_some() {
            expect_eq("bytes", message == &base64(part, "message_base64")?, true)?;
        }
        let text = decrypted(case, message)?;
        expect_eq("text", text.len(), size(part, "part_plaintext_length")?)?;
        expect_eq("head", text.starts_with(&hex(part, "part_plaintext_head_hex")?), true)?;
        let digest = blake2b::hash32(&[&text]).to_vec();
        expect_eq("digest", digest, hex(part, "part_plaintext_blake2b32_hex")?)?;
        expect_eq("names", text[5..37].to_vec(), hex(part, "final_hash_hex")?)?;
        let index_and_count = [size(part, "index")?, size(part, "count")?];
        expect_eq("index, count", [text[39], text[42]].map(usize::from), index_and_count)?;
        let chunk = size(part, "chunk_length")?;
        let begin = format!("{chunk}:").len() + 43;
        whole.extend_from_slice(&text[begin..begin + chunk]);
    }
    expect_eq("whole", whole.len(), size(case, "recombined_length")?)?;
    let digest = blake2b::hash32(&[&whole]).to_vec();
    expect_eq("digest", digest, hex(case, "recombined_blake2b32_hex")?)?;
    let text = config_cipher::unpad(&whole).to_vec();
    expect_eq("compressed", text.first() == Some(&b'z'), flag(case, "compressed")?)?;
    expect_eq("compressed", text.len(), size(case, "compressed_length")?)?;
    plaintext(case, text)?;
    received(case, messages)
}

/// Another device takes them in one by one.
fn received(case: &Value, messages: &[Vec<u8>]) -> Result<(), String> {
    let keys = account(case)?;
    let mut device = Config::new(KIND);
    for step in list(case, "receive_in_reverse_order")? {
        let hash = text(step, "merged")?;
        let at: usize = hash.trim_start_matches('h').parse().map_err(|_| "no number")?;
        let stored = Stored { hash, data: &messages[at] };
        let received = device.merge(&Owner::Account(&keys), &[stored], NOW);
        expect_eq("accepted", received.accepted, hashes(step, "accepted")?)?;
        expect_eq("active", device.active_hashes(), hashes(step, "active_hashes")?)?;
        expect_eq("current", device.current_hashes(), &hashes(step, "current_hashes")?)?;
        let contacts = device.data().dict(b"c").map_or(0, |contacts| contacts.iter().count());
        expect_eq("contacts", contacts, size(step, "contacts")?)?;
        // A restart in between loses nothing.
        let dump = device.dump();
        device =
            Config::load(KIND, &Owner::Account(&keys), &dump).map_err(|why| why.to_string())?;
        expect_eq("dumped again", device.dump() == dump, true)?;
    }
    expect_eq(
        "obsolete",
        device.push(&Owner::Account(&keys), NOW).map(|push| push.obsolete),
        Ok(BTreeSet::new()),
    )
}
