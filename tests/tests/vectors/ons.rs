//! Names: which are valid, what they are asked for by, and what is sealed
//! with them.

use std::panic::resume_unwind;
use std::thread;

use ramson_codec::ons::{Name, NameQuestion, NameRecord};
use ramson_codec::storage::{OxendEndpoint, OxendRequest, Request, parse_request};
use ramson_crypto::ons;
use ramson_tests::fields::{base64, flag, hex, hex_array, run_sections, text};
use ramson_tests::{Cases, expect_eq};
use serde_json::{Value, json};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description"],
        &[
            ("hashes", hash),
            ("modern", modern),
            ("legacy", legacy),
            ("other_types", other_type),
            ("names", name),
            ("must_fail", must_fail),
            ("requests", request),
        ],
    );
}

fn told<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|why| why.to_string())
}

fn hash(_: &Value, case: &Value) -> Result<(), String> {
    let hash = ons::name_hash(text(case, "name")?).to_vec();
    expect_eq("hash", hash, base64(case, "name_hash_b64")?)
}

/// The record that a client reads of a node's answer.
fn record(case: &Value) -> Result<NameRecord, String> {
    let result = match &case["nonce"] {
        Value::Null => json!({ "status": "OK", "encrypted_value": case["encrypted_value"] }),
        nonce => json!({
            "status": "OK",
            "encrypted_value": case["encrypted_value"],
            "nonce": nonce,
        }),
    };
    let answer = json!({ "result": result, "t": 1, "hf": [19, 4] });
    let record = told(NameRecord::parse(answer.to_string().as_bytes()))?;
    expect_eq("a node's answer", record.to_json(), result)?;
    Ok(record)
}

fn modern(file: &Value, case: &Value) -> Result<(), String> {
    let name: Name = told(text(case, "name")?.parse())?;
    hash(file, case)?;
    expect_eq("hash in hex", name.hash().to_vec(), hex(case, "name_hash_hex")?)?;
    expect_eq("key", ons::record_key(name.as_str()), hex_array(case, "key_hex")?)?;
    let NameRecord::Registered { encrypted_value, nonce } = record(case)? else {
        return Err("not registered".to_owned());
    };
    let id = told(ons::open(name.as_str(), &encrypted_value, nonce))?;
    expect_eq("id", id, hex_array(case, "account_id")?)?;
    let nonce = nonce.ok_or("no nonce")?;
    expect_eq("sealed", ons::seal(name.as_str(), &id, nonce), encrypted_value)
}

/// 256 MiB of memory for each; so the cases run one after the other, and on a
/// thread of their own, as in the program.
fn legacy(file: &Value, case: &Value) -> Result<(), String> {
    hash(file, case)?;
    let name: Name = told(text(case, "name")?.parse())?;
    let NameRecord::Registered { encrypted_value, nonce } = record(case)? else {
        return Err("not registered".to_owned());
    };
    let refused = told(ons::open(name.as_str(), &encrypted_value, nonce));
    expect_eq("opens without being asked for", refused.is_ok(), false)?;
    let opened = thread::scope(|scope| {
        let work = scope.spawn(|| {
            let key = told(ons::legacy_key(name.as_str()))?;
            expect_eq("key", *key, hex_array(case, "argon2id_key_hex")?)?;
            told(ons::open_legacy(name.as_str(), &encrypted_value))
        });
        work.join().unwrap_or_else(|panic| resume_unwind(panic))
    })?;
    expect_eq("id", opened, hex_array(case, "account_id")?)
}

fn other_type(_: &Value, case: &Value) -> Result<(), String> {
    let (name, value) = (text(case, "name")?, hex(case, "encrypted_value")?);
    let nonce = hex_array(case, "nonce")?;
    let opened = told(ons::open_value(name, &value, &nonce))?;
    expect_eq("plaintext", opened, hex(case, "plaintext")?)?;
    expect_eq("taken for an account", ons::open(name, &value, Some(nonce)).is_ok(), false)
}

fn name(_: &Value, case: &Value) -> Result<(), String> {
    let name: Result<Name, _> = text(case, "input")?.parse();
    expect_eq("valid", name.is_ok(), flag(case, "valid")?)?;
    expect_eq("normalised", name.as_ref().ok().map(Name::as_str), case["normalised"].as_str())
}

fn must_fail(_: &Value, case: &Value) -> Result<(), String> {
    let name: Name = told(text(case, "name")?.parse())?;
    let opens = match record(case) {
        Ok(NameRecord::Registered { encrypted_value, nonce }) => {
            ons::open(name.as_str(), &encrypted_value, nonce).is_ok()
        }
        Ok(NameRecord::NotRegistered) => return Err("not registered".to_owned()),
        Err(_) => false,
    };
    expect_eq("opens", opens, false)
}

fn request(_: &Value, case: &Value) -> Result<(), String> {
    let name: Name = told(text(case, "name")?.parse())?;
    let body = &case["storage_rpc_body"];
    expect_eq("our request", &name.request().to_json(), body)?;
    match told(parse_request(body.to_string().as_bytes()).map_err(|why| why.text))? {
        Request::OxendRequest(OxendRequest { endpoint: OxendEndpoint::OnsResolve, params }) => {
            let asked = told(NameQuestion::parse(&params))?;
            expect_eq("hash", asked.name_hash, name.hash())?;
            let told = body.pointer("/params/params/type").and_then(Value::as_u64);
            expect_eq("type", Some(asked.kind), told)
        }
        other => Err(format!("a node reads {other:?}")),
    }
}
