//! Hashes of stored messages and the rules of namespaces.

use ramson_crypto::message_hash;
use ramson_tests::fields::{base64, flag, list, number, parsed, run_sections, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::{AccountId, MessageHash, Namespace};
use serde_json::{Value, json};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description"],
        &[("cases", hash), ("namespace_rules", namespace_rules), ("hash_text", hash_text)],
    );
}

fn namespace(case: &Value) -> Result<Namespace, String> {
    let number = case["namespace"].as_i64().and_then(|number| number.try_into().ok());
    number.map(Namespace).ok_or_else(|| "'namespace' is not one".to_owned())
}

fn hash(_: &Value, case: &Value) -> Result<(), String> {
    let account: AccountId = parsed(case, "pubkey")?;
    let hash = message_hash(&account, namespace(case)?, &base64(case, "data_b64")?);
    expect_eq("hash", hash.to_string().as_str(), text(case, "hash")?)?;
    expect_eq("hash read", parsed(case, "hash")?, hash)
}

fn namespace_rules(_: &Value, section: &Value) -> Result<(), String> {
    for case in list(section, "cases")? {
        let namespace = namespace(case)?;
        rules(namespace, case).map_err(|why| format!("namespace {namespace}: {why}"))?;
    }
    Ok(())
}

fn rules(namespace: Namespace, case: &Value) -> Result<(), String> {
    let (outbox, auth) = (namespace.is_public_outbox(), namespace.store_needs_auth());
    expect_eq("store_needs_auth", auth, flag(case, "store_needs_auth")?)?;
    expect_eq("public_outbox", outbox, flag(case, "public_outbox")?)?;
    let retrieve = namespace.retrieve_needs_auth();
    expect_eq("retrieve_needs_auth", retrieve, flag(case, "retrieve_needs_auth")?)?;
    let revoked = namespace.revoked_subaccount_may_retrieve();
    expect_eq("revoked", revoked, flag(case, "revoked_subaccount_may_retrieve")?)?;
    let ttl = namespace.max_ttl().as_millis();
    expect_eq("max_ttl_ms", ttl, number(case, "max_ttl_ms")?.into())?;
    let signed = namespace.signed_text();
    expect_eq("signed text", &*signed, text(case, "signature_namespace_text")?)?;
    let flags = match (auth, outbox) {
        (false, _) => json!([]),
        (true, false) => json!(["write"]),
        (true, true) => json!(["write", "delete"]),
    };
    expect_eq("flags", &flags, &case["store_subaccount_flags"])
}

fn hash_text(_: &Value, case: &Value) -> Result<(), String> {
    let read = text(case, "text")?.parse::<MessageHash>();
    expect_eq(text(case, "why")?, read.is_ok(), flag(case, "valid")?)
}
