//! What is signed towards and by storage servers.

use std::collections::BTreeMap;

use ramson_codec::storage::{Request, member_text, parse_request, signed_text};
use ramson_crypto::subaccount::{
    Access, SubaccountAuth, SubaccountSigner, SubaccountToken, accept_token,
};
use ramson_crypto::{AccountKeys, Ed25519Secret, Seed, blake2b, ed25519, x25519_to_ed25519};
use ramson_tests::fields::{
    base64, base64_array, flag, hex, hex_array, list, number, parsed, run_sections, text,
};
use ramson_tests::{Cases, expect_eq};
use ramson_types::{AccountId, Ed25519PublicKey, Namespace, Timestamp};
use serde_json::{Value, json};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description"],
        &[
            ("keys", keys),
            ("requests", request),
            ("swarm_member_responses", member_response),
            ("monitor", monitor),
            ("subaccount", subaccount),
            ("subaccount_tokens", token),
            ("subaccount_acceptance", acceptance),
            ("must_not_verify", must_not_verify),
        ],
    );
}

/// A key of the file by its owner.
fn owner<'a>(file: &'a Value, name: &str) -> &'a Value {
    let keys = &file["keys"];
    &keys[name]
}

fn pair(case: &Value, field: &str) -> Result<Ed25519Secret, String> {
    Ok(Ed25519Secret::from_seed(&hex_array(case, field)?))
}

fn user(file: &Value) -> Result<AccountKeys, String> {
    let seed = Seed::from_bytes32(hex_array(owner(file, "user"), "ed25519_seed_hex")?);
    Ok(AccountKeys::new(&seed))
}

fn group(file: &Value) -> Result<Ed25519Secret, String> {
    pair(owner(file, "group"), "ed25519_seed_hex")
}

/// The member of the file's group, who signs as a sub-account.
fn member(file: &Value) -> Result<SubaccountSigner, String> {
    let seed = Seed::from_bytes32(hex_array(&file["subaccount"], "member_seed_hex")?);
    let keys = AccountKeys::new(&seed);
    let auth = SubaccountAuth::grant(&group(file)?, &keys.account_id(), Access::MEMBER);
    SubaccountSigner::new(&keys, &auth.ok_or("not granted")?).ok_or("no signer".to_owned())
}

fn keys(file: &Value, section: &Value) -> Result<(), String> {
    let user_keys = user(file)?;
    expect_eq("user", user_keys.account_id(), parsed(&section["user"], "account_id")?)?;
    expect_eq("user", user_keys.ed25519(), parsed(&section["user"], "ed25519_pubkey")?)?;
    expect_eq("user", user_keys.x25519(), parsed(&section["user"], "x25519_pubkey")?)?;
    let group = AccountId::group(group(file)?.public());
    expect_eq("group", *group.key(), hex_array(&section["group"], "ed25519_pubkey")?)?;
    expect_eq("group", group, parsed(&section["group"], "account_id")?)?;
    let node = pair(&section["node"], "ed25519_seed_hex")?;
    expect_eq("node", node.public(), parsed(&section["node"], "ed25519_pubkey")?)
}

fn request(file: &Value, case: &Value) -> Result<(), String> {
    let (signed, params) = (signed(case)?, &case["params"]);
    let body = json!({ "method": case["method"], "params": params });
    let ours = if case["method"] == "revoked_subaccounts" {
        // Of newer servers only, and nothing asks it.
        format!("revoked_subaccounts{}", number(params, "timestamp")?).into_bytes()
    } else {
        let request = parse_request(body.to_string().as_bytes());
        text_of(&request.map_err(|why| why.to_string())?)?
    };
    expect_eq("signed text", &ours, &signed)?;
    let (signature, key) = match text(case, "signer")? {
        "user" => (user(file)?.sign(&signed), user(file)?.ed25519()),
        "group" => (group(file)?.sign(&signed), group(file)?.public()),
        "subaccount" => {
            let member = member(file)?;
            let token = base64_array(params, "subaccount")?;
            expect_eq("token", *member.token(), SubaccountToken(token))?;
            (member.sign(&signed), member.token().key())
        }
        other => return Err(format!("unknown signer {other}")),
    };
    expect_account(file, params)?;
    expect_signature(case, &key, &signed, signature)?;
    expect_eq("signature in the request", &params["signature"], &case["signature_b64"])
}

/// The account of a request, and the proof that its signer may act for it.
fn expect_account(file: &Value, params: &Value) -> Result<(), String> {
    let (user, group) = (user(file)?, group(file)?.public());
    let account: AccountId = parsed(params, "pubkey")?;
    if params.get("pubkey_ed25519").is_some() {
        expect_eq("account", account, user.account_id())?;
        expect_eq("its key", user.ed25519(), parsed(params, "pubkey_ed25519")?)?;
    } else {
        expect_eq("account", account, AccountId::group(group))?;
    }
    if params.get("subaccount").is_some() {
        let token = SubaccountToken(base64_array(params, "subaccount")?);
        let signature = base64_array(params, "subaccount_sig")?;
        let accepted = accept_token(&account, &group, &token, &signature, Access::READ);
        expect_eq("token", accepted, Ok(token.key()))?;
    }
    Ok(())
}

/// The exact bytes signed; the text, where there is one, says the same.
fn signed(case: &Value) -> Result<Vec<u8>, String> {
    let signed = hex(case, "signed_hex")?;
    if case.get("signed_text").is_some() {
        expect_eq("text and hex", text(case, "signed_text")?.as_bytes(), &signed)?;
    }
    Ok(signed)
}

fn expect_signature(
    case: &Value,
    key: &Ed25519PublicKey,
    signed: &[u8],
    ours: [u8; 64],
) -> Result<(), String> {
    let theirs = base64_array(case, "signature_b64")?;
    expect_eq("signature", ours, theirs)?;
    expect_eq("verifies", ed25519::verify(key, signed, &theirs), true)
}

fn text_of(request: &Request) -> Result<Vec<u8>, String> {
    Ok(match request {
        Request::Store(store) => {
            let timestamp = store.sig_timestamp.unwrap_or(store.timestamp);
            signed_text::store(store.namespace, timestamp)
        }
        Request::Retrieve(retrieve) => {
            let (timestamp, _) = retrieve.auth.ok_or("not signed")?;
            signed_text::retrieve(retrieve.namespace.unwrap_or(Namespace::INBOX), timestamp)
        }
        Request::Delete(delete) => signed_text::delete(&delete.messages),
        Request::DeleteAll(delete) => signed_text::delete_all(delete.namespaces, delete.timestamp),
        Request::DeleteBefore(delete) => {
            signed_text::delete_before(delete.namespaces, delete.before)
        }
        Request::Expire(expire) => {
            signed_text::expire(expire.mode, expire.expiries.as_slice(), &expire.messages)
        }
        Request::ExpireAll(expire) => signed_text::expire_all(expire.namespaces, expire.expiry),
        Request::GetExpiries(get) => signed_text::get_expiries(get.timestamp, &get.messages),
        Request::RevokeSubaccount(revoke) => {
            signed_text::revoke_subaccount(revoke.timestamp, &revoke.tokens)
        }
        Request::UnrevokeSubaccount(revoke) => {
            signed_text::unrevoke_subaccount(revoke.timestamp, &revoke.tokens)
        }
        other => return Err(format!("{} is not signed", other.method())),
    })
}

fn member_response(file: &Value, case: &Value) -> Result<(), String> {
    let entry = &case["swarm_entry"];
    let account = match case.get("account") {
        Some(_) => parsed(case, "account")?,
        None => user(file)?.account_id(),
    };
    let at = |field| Ok::<_, String>(Timestamp(number(case, field)?));
    let ours = match text(case, "method")? {
        "store" => member_text::store(text(entry, "hash")?),
        "delete" => member_text::delete(
            &account,
            &texts(case, "request_messages")?,
            &hashes(&entry["deleted"])?,
        ),
        "delete_all" => {
            member_text::at_time(&account, at("request_timestamp")?, &hashes(&entry["deleted"])?)
        }
        "delete_before" => {
            member_text::at_time(&account, at("request_before")?, &hashes(&entry["deleted"])?)
        }
        "expire_all" => {
            member_text::at_time(&account, at("request_expiry")?, &hashes(&entry["updated"])?)
        }
        "expire" => member_text::expire(
            &account,
            &times(&entry["expiry"])?,
            &texts(case, "request_messages")?,
            &hashes(&entry["updated"])?,
            &unchanged(&entry["unchanged"])?,
        ),
        "revoke_subaccount" | "unrevoke_subaccount" => {
            let tokens: Result<Vec<_>, String> = texts(case, "request_tokens")?
                .iter()
                .map(|token| hex_array(&json!({ "token": token }), "token"))
                .collect();
            member_text::revocation(&account, at("request_timestamp")?, &tokens?)
        }
        other => return Err(format!("unknown method {other}")),
    };
    let signed = signed(case)?;
    expect_eq("signed text", &ours, &signed)?;
    let node = pair(owner(file, "node"), "ed25519_seed_hex")?;
    expect_signature(case, &node.public(), &signed, node.sign(&signed))?;
    expect_eq("signature in the entry", &entry["signature"], &case["signature_b64"])
}

fn texts(case: &Value, field: &str) -> Result<Vec<String>, String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    list(case, field)?.iter().map(|value| text(value).ok_or("not a text".to_owned())).collect()
}

/// Hashes of a list, or of an object of lists by namespace, sorted together.
fn hashes(value: &Value) -> Result<Vec<String>, String> {
    let lists: Vec<&Value> = match value {
        Value::Object(namespaces) => namespaces.values().collect(),
        list => vec![list],
    };
    let mut hashes = Vec::new();
    for list in lists {
        hashes.extend(texts(&json!({ "hashes": list }), "hashes")?);
    }
    hashes.sort();
    Ok(hashes)
}

/// One time or a list of them.
fn times(value: &Value) -> Result<Vec<Timestamp>, String> {
    let one = std::slice::from_ref(value);
    let values = value.as_array().map_or(one, Vec::as_slice);
    let time = |value: &Value| value.as_u64().map(Timestamp).ok_or("not a time".to_owned());
    values.iter().map(time).collect()
}

fn unchanged(value: &Value) -> Result<BTreeMap<String, Timestamp>, String> {
    let entries = value.as_object().into_iter().flatten();
    let entry = |(hash, expiry): (&String, &Value)| {
        let expiry = expiry.as_u64().ok_or("not a time".to_owned())?;
        Ok((hash.clone(), Timestamp(expiry)))
    };
    entries.map(entry).collect()
}

/// Subscriptions are not built yet; what they sign is covered by Ed25519.
fn monitor(file: &Value, case: &Value) -> Result<(), String> {
    let signed = text(case, "signed_text")?.as_bytes();
    let signature: [u8; 64] = base64_array(case, "signature_b64")?;
    expect_eq("both forms", signature, hex_array(case, "signature_hex")?)?;
    let (user, group, member) = (user(file)?, group(file)?, member(file)?);
    let signatures = [user.sign(signed), group.sign(signed), member.sign(signed)];
    let keys = [user.ed25519(), group.public(), member.token().key()];
    let signer = signatures.iter().position(|ours| *ours == signature);
    let key = signer.and_then(|signer| keys.get(signer)).ok_or("nobody signs like this")?;
    expect_eq("verifies", ed25519::verify(key, signed, &signature), true)?;
    let request = hex(case, "monitor_request_bencoded_hex")?;
    let sent = request.windows(64).any(|bytes| bytes == signature);
    expect_eq("the request holds the signature", sent, true)
}

fn subaccount(file: &Value, case: &Value) -> Result<(), String> {
    let owner = pair(case, "group_seed_hex")?;
    expect_eq("group", AccountId::group(owner.public()), parsed(case, "group_pubkey")?)?;
    let seed = Seed::from_bytes32(hex_array(case, "member_seed_hex")?);
    let keys = AccountKeys::new(&seed);
    expect_eq("member", keys.account_id(), parsed(case, "member_account_id")?)?;
    let negative = keys.ed25519().0[31] & 0x80 != 0;
    expect_eq("sign bit", negative, flag(case, "member_pubkey_sign_bit_set")?)?;
    let flags = json!({
        "read": Access::READ.0, "write": Access::WRITE.0,
        "delete": Access::DELETE.0, "any_prefix": Access::ANY_PREFIX.0,
    });
    expect_eq("flags", &flags, &case["flags"])?;

    let auth = SubaccountAuth::grant(&owner, &keys.account_id(), Access::MEMBER);
    let auth = auth.ok_or("not granted")?;
    let bytes = auth.to_bytes();
    expect_eq("auth data", bytes.to_vec(), hex(case, "auth_data_100_hex")?)?;
    let mask = blake2b::keyed32(b"SessionGroupSubaccountMask", &[owner.seed()]);
    expect_eq("mask", mask, hex_array(case, "mask_key_hex")?)?;
    // The factor k stands in the auth data; it comes from the mask.
    expect_eq("k", bytes.get(4..36), Some(hex(case, "k_hex")?.as_slice()))?;
    expect_eq("owner's signature", *auth.signature(), base64_array(case, "subaccount_sig_b64")?)?;
    let positive = x25519_to_ed25519(&keys.x25519());
    expect_eq("T", positive, Some(parsed(case, "T_hex")?))?;
    let again = SubaccountAuth::from_bytes(bytes.as_slice().try_into().map_err(|_| "length")?);
    let signer = SubaccountSigner::new(&keys, &again.ok_or("not read")?).ok_or("no signer")?;
    let token = *signer.token();
    expect_eq("kT", token.key(), parsed(case, "kT_hex")?)?;
    expect_eq("token", token, SubaccountToken(hex_array(case, "token_hex")?))?;
    expect_eq("token in base64", token.0.to_vec(), base64(case, "token_b64")?)?;
    let group_key = group(file)?.public();
    expect_eq("the file's group", owner.public(), group_key)?;

    let test = &case["sign_test"];
    let message = text(test, "message")?.as_bytes();
    expect_signature(test, &token.key(), message, signer.sign(message))
}

fn token(file: &Value, case: &Value) -> Result<(), String> {
    let owner = group(file)?;
    let key = member(file)?.token().key();
    let access = Access(number(case, "flags")?.try_into().map_err(|_| "flags")?);
    let token = SubaccountToken::new(ramson_types::Prefix::Group, access, &key);
    expect_eq("token", token, SubaccountToken(hex_array(case, "token_hex")?))?;
    let signature = owner.sign(&token.0);
    expect_eq("signature", signature, base64_array(case, "subaccount_sig_b64")?)?;
    let account = AccountId::group(owner.public());
    let accepted = accept_token(&account, &owner.public(), &token, &signature, access);
    expect_eq("accepted", accepted, Ok(key))
}

fn acceptance(file: &Value, case: &Value) -> Result<(), String> {
    let account = parsed(case, "account")?;
    let token = SubaccountToken(hex_array(case, "token_hex")?);
    let signature: [u8; 64] = base64_array(case, "subaccount_sig_b64")?;
    let required = match case["required"].as_str() {
        Some("write") => Access::WRITE,
        Some("delete") => Access::DELETE,
        Some("read") | None => Access::READ,
        Some(other) => return Err(format!("unknown right {other}")),
    };
    let owner = group(file)?.public();
    expect_eq("the owner signed it", ed25519::verify(&owner, &token.0, &signature), true)?;
    let accepted = accept_token(&account, &owner, &token, &signature, required);
    expect_eq("accepted", accepted.is_ok(), flag(case, "accepted")?)
}

fn must_not_verify(_: &Value, case: &Value) -> Result<(), String> {
    let signature = base64_array(case, "signature_b64")?;
    let verifies = ed25519::verify(&parsed(case, "pubkey")?, &hex(case, "signed_hex")?, &signature);
    expect_eq("verifies", verifies, false)
}
