//! Requests as a node reads them, with the errors a node gives, in its order
//! (02 sections 4.2 to 4.13): types of the parameters by name, then what is
//! missing or contradictory, then their contents.

use ramson_types::{AccountId, Ed25519PublicKey, Namespace, Prefix};
use serde_json::{Map, Value};

use super::base64_text;
use super::fields::{Fields, not_both, required};
use super::parse_meta;
use super::request::*;
use super::{MAX_DATA, MAX_TOKENS};

/// Why a request is refused before anything is looked up. The text goes back
/// to the client as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct RequestError {
    /// HTTP status.
    pub status: u16,
    /// Plain text for the client.
    pub text: String,
}

impl RequestError {
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self { status: 400, text: text.into() }
    }

    pub(super) fn invalid(reason: impl std::fmt::Display) -> Self {
        Self::bad(format!("invalid request: {reason}"))
    }
}

/// Reads a whole request: a JSON object with `method` and `params`.
pub fn parse_request(body: &[u8]) -> Result<Request, RequestError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let json: Value =
        serde_json::from_slice(body).map_err(|_| RequestError::bad("invalid json"))?;
    let Some(method) = json.get("method").and_then(Value::as_str) else {
        return Err(RequestError::bad("invalid json: no `method` field"));
    };
    let Some(params) = json.get("params").and_then(Value::as_object) else {
        return Err(RequestError::bad("invalid json: no `params` field"));
    };
    parse_method(method, params)?.ok_or_else(|| RequestError::bad(format!("no method {method}")))
}

/// `None` if there is no such method.
pub(super) fn parse_method(
    method: &str,
    params: &Map<String, Value>,
) -> Result<Option<Request>, RequestError> {
    let fields = Fields(params);
    Ok(Some(match method {
        "store" => Request::Store(store(fields)?),
        "retrieve" => Request::Retrieve(retrieve(fields)?),
        "delete" => Request::Delete(delete(fields)?),
        "delete_all" => Request::DeleteAll(delete_all(fields)?),
        "delete_before" => Request::DeleteBefore(delete_before(fields)?),
        "expire" => Request::Expire(expire(fields)?),
        "expire_all" => Request::ExpireAll(expire_all(fields)?),
        "get_expiries" => Request::GetExpiries(get_expiries(fields)?),
        "revoke_subaccount" => Request::RevokeSubaccount(revocation(fields, "revoke")?),
        "unrevoke_subaccount" => Request::UnrevokeSubaccount(revocation(fields, "unrevoke")?),
        "revoked_subaccounts" => Request::RevokedSubaccounts(revoked_subaccounts(fields)?),
        "active_nodes_bin" => Request::ActiveNodesBin,
        "get_swarm" | "get_snodes_for_pubkey" => Request::GetSwarm(get_swarm(fields)?),
        "oxend_request" => Request::OxendRequest(oxend_request(fields)?),
        "info" => Request::Info,
        "batch" => Request::Batch(parse_meta::subrequests(params)?),
        "sequence" => Request::Sequence(parse_meta::subrequests(params)?),
        "ifelse" => Request::IfElse(Box::new(parse_meta::if_else(params)?)),
        _ => return Ok(None),
    }))
}

/// The parameters that say whose messages and by what right; types checked,
/// contents not.
struct Rights<'a> {
    pubkey: Option<&'a str>,
    pubkey_ed25519: Option<&'a str>,
    signature: Option<&'a str>,
    subaccount: Option<&'a str>,
    subaccount_sig: Option<&'a str>,
}

impl<'a> Rights<'a> {
    /// Reads the types in the order of the names.
    fn types(fields: Fields<'a>) -> Result<Self, RequestError> {
        Ok(Self {
            pubkey: fields.string("pubkey")?,
            pubkey_ed25519: fields.string("pubkey_ed25519")?,
            signature: fields.string("signature")?,
            subaccount: fields.string("subaccount")?,
            subaccount_sig: fields.string("subaccount_sig")?,
        })
    }

    /// For methods that must be signed.
    fn signed(self) -> Result<(AccountId, Auth), RequestError> {
        required("pubkey", self.pubkey)?;
        required("signature", self.signature)?;
        match self.contents()? {
            (account, Some(auth)) => Ok((account, auth)),
            (_, None) => Err(RequestError::invalid("Required field 'signature' missing")),
        }
    }

    /// For methods that need not be signed.
    fn contents(self) -> Result<(AccountId, Option<Auth>), RequestError> {
        let account = account(required("pubkey", self.pubkey)?)?;
        let pubkey_ed25519 = self.pubkey_ed25519.map(|text| ed25519(&account, text)).transpose()?;
        let subaccount = match self.subaccount.filter(|token| !token.is_empty()) {
            Some(token) => Some(subaccount(token, self.subaccount_sig)?),
            None => None,
        };
        let signature = match self.signature {
            Some(text) => Some(base64_text::signature(text).ok_or_else(|| {
                RequestError::invalid(
                    "invalid signature: expected base64 encoded Ed25519 signature",
                )
            })?),
            None => None,
        };
        let auth = signature.map(|signature| Auth { pubkey_ed25519, subaccount, signature });
        Ok((account, auth))
    }
}

/// 66 hex digits in either case, or 33 raw bytes.
fn pubkey_bytes(text: &str) -> Option<[u8; 33]> {
    match text.len() {
        66 => hex::decode(text).ok()?.try_into().ok(),
        33 => text.as_bytes().try_into().ok(),
        _ => None,
    }
}

/// Unlike the real server, ids of a kind that nobody uses are refused here.
fn account(text: &str) -> Result<AccountId, RequestError> {
    pubkey_bytes(text)
        .and_then(|bytes| AccountId::from_bytes(&bytes).ok())
        .ok_or_else(|| RequestError::invalid("Pubkey must be 66 hex digits (33 bytes) long"))
}

fn ed25519(account: &AccountId, text: &str) -> Result<Ed25519PublicKey, RequestError> {
    if account.prefix() != Prefix::Account {
        return Err(RequestError::invalid("pubkey_ed25519 is only permitted for 05[...] pubkeys"));
    }
    match text.len() {
        64 => text
            .parse()
            .map_err(|_| RequestError::invalid("invalid pubkey_ed25519: value is not hex")),
        32 => Ok(Ed25519PublicKey(text.as_bytes().try_into().unwrap_or_default())),
        _ => Err(RequestError::invalid(
            "Invalid pubkey_ed25519: expected 64 hex char or 32 byte pubkey",
        )),
    }
}

fn subaccount(token: &str, signature: Option<&str>) -> Result<Subaccount, RequestError> {
    let token = base64_text::token(token).ok_or_else(|| {
        RequestError::invalid("invalid subaccount: expected base64 or hex-encoded subaccount token")
    })?;
    let signature = signature.ok_or_else(|| {
        RequestError::invalid(
            "invalid subaccount: subaccount_sig is required when using subaccount",
        )
    })?;
    let signature = base64_text::signature(signature).ok_or_else(|| {
        RequestError::invalid(
            "invalid subaccount signature: expected base64 encoded Ed25519 signature",
        )
    })?;
    Ok(Subaccount { token, signature })
}

fn store(fields: Fields<'_>) -> Result<Store, RequestError> {
    let data = fields.string("data")?;
    let expiry = fields.timestamp("expiry")?;
    let namespace = fields.namespace("namespace")?;
    let pubkey_alias = fields.string("pubKey")?;
    let mut rights = Rights::types(fields)?;
    let sig_timestamp = fields.timestamp("sig_timestamp")?;
    let timestamp = fields.stringified_timestamp("timestamp")?;
    let ttl = fields.stringified_unsigned("ttl")?;

    let timestamp = required("timestamp", timestamp)?;
    let lifetime =
        not_both(("expiry", expiry.map(Lifetime::Until)), ("ttl", ttl.map(Lifetime::Ttl)))?
            .ok_or_else(|| RequestError::invalid("Required field 'expiry' or 'ttl' missing"))?;
    rights.pubkey = not_both(("pubkey", rights.pubkey), ("pubKey", pubkey_alias))?;
    let (account, auth) = rights.contents()?;
    let data = required("data", data)?;
    let data = base64_text::decode(data)
        .ok_or_else(|| RequestError::invalid("Invalid 'data' value: not base64 encoded"))?;
    if data.len() > MAX_DATA {
        return Err(RequestError::invalid(format!(
            "Message body exceeds maximum allowed length of {MAX_DATA} bytes"
        )));
    }
    let namespace = namespace.unwrap_or(Namespace::INBOX);
    Ok(Store { account, namespace, timestamp, lifetime, data, sig_timestamp, auth })
}

fn retrieve(fields: Fields<'_>) -> Result<Retrieve, RequestError> {
    let last_hash_alias = fields.string("lastHash")?;
    let last_hash = fields.string("last_hash")?;
    let max_count = fields.integer("max_count")?;
    let max_size = fields.integer("max_size")?;
    let namespace = fields.namespace("namespace")?;
    let pubkey_alias = fields.string("pubKey")?;
    let mut rights = Rights::types(fields)?;
    let timestamp = fields.timestamp("timestamp")?;

    rights.pubkey = not_both(("pubkey", rights.pubkey), ("pubKey", pubkey_alias))?;
    let last_hash = not_both(("last_hash", last_hash), ("lastHash", last_hash_alias))?;
    let (account, auth) = if rights.pubkey_ed25519.is_some()
        || rights.signature.is_some()
        || timestamp.is_some()
        || namespace.is_some_and(Namespace::retrieve_needs_auth)
    {
        let (account, auth) = rights.signed()?;
        (account, Some((required("timestamp", timestamp)?, auth)))
    } else {
        (account(required("pubkey", rights.pubkey)?)?, None)
    };
    let last_hash = match last_hash.filter(|hash| !hash.is_empty()) {
        Some(hash) if hash.len() != 43 => {
            return Err(RequestError::invalid("Invalid last_hash: expected base64 (43 chars)"));
        }
        Some(hash) if !base64_text::is_hash(hash) => {
            return Err(RequestError::invalid("Invalid last_hash: not base64"));
        }
        hash => hash.map(str::to_owned),
    };
    Ok(Retrieve { account, namespace, last_hash, max_count, max_size, auth })
}

fn delete(fields: Fields<'_>) -> Result<Delete, RequestError> {
    let messages = fields.strings("messages")?;
    let rights = Rights::types(fields)?;
    let must = fields.boolean("required")?;
    let (account, auth) = rights.signed()?;
    let messages = hashes(messages)?;
    Ok(Delete { account, messages, required: must.unwrap_or(false), auth })
}

/// A list of hashes that must have their form.
fn hashes(messages: Option<Vec<String>>) -> Result<Vec<String>, RequestError> {
    let messages = any_texts(messages)?;
    match messages.iter().find(|hash| !base64_text::is_hash(hash)) {
        Some(bad) => Err(RequestError::invalid(format!("invalid message hash: {bad}"))),
        None => Ok(messages),
    }
}

fn any_texts(messages: Option<Vec<String>>) -> Result<Vec<String>, RequestError> {
    let messages = required("messages", messages)?;
    if messages.is_empty() {
        return Err(RequestError::invalid("messages does not contain any message hashes"));
    }
    Ok(messages)
}

fn delete_all(fields: Fields<'_>) -> Result<DeleteAll, RequestError> {
    let namespaces = fields.namespaces("namespace")?;
    let rights = Rights::types(fields)?;
    let timestamp = fields.timestamp("timestamp")?;
    let (account, auth) = rights.signed()?;
    let timestamp = required("timestamp", timestamp)?;
    Ok(DeleteAll { account, namespaces, timestamp, auth })
}

fn delete_before(fields: Fields<'_>) -> Result<DeleteBefore, RequestError> {
    let before = fields.timestamp("before")?;
    let namespaces = fields.namespaces("namespace")?;
    let (account, auth) = Rights::types(fields)?.signed()?;
    let before = required("before", before)?;
    Ok(DeleteBefore { account, namespaces, before, auth })
}

fn expire(fields: Fields<'_>) -> Result<Expire, RequestError> {
    let expiry = fields.timestamps("expiry")?;
    let extend = fields.boolean("extend")?.unwrap_or(false);
    let messages = fields.strings("messages")?;
    let rights = Rights::types(fields)?;
    let shorten = fields.boolean("shorten")?.unwrap_or(false);

    let (account, auth) = rights.signed()?;
    let mode = match (extend, shorten) {
        (true, true) => {
            return Err(RequestError::invalid("cannot specify both 'shorten' and 'extend'"));
        }
        (true, false) => ExpireMode::Extend,
        (false, true) => ExpireMode::Shorten,
        (false, false) => ExpireMode::Set,
    };
    let (expiry, listed) = required("expiry", expiry)?;
    let messages = hashes(messages)?;
    let expiries = match expiry.as_slice() {
        [] => {
            return Err(RequestError::invalid(
                "'expiry' does not contain any expiration timestamps",
            ));
        }
        [one] if !listed => Expiries::One(*one),
        many if many.len() == 1 || many.len() == messages.len() => Expiries::Each(expiry),
        _ => {
            return Err(RequestError::invalid(
                "'expiry' must be a single expiry, or the same length as 'messages'",
            ));
        }
    };
    Ok(Expire { account, messages, expiries, mode, auth })
}

fn expire_all(fields: Fields<'_>) -> Result<ExpireAll, RequestError> {
    let expiry = fields.timestamp("expiry")?;
    let namespaces = fields.namespaces("namespace")?;
    let (account, auth) = Rights::types(fields)?.signed()?;
    let expiry = required("expiry", expiry)?;
    Ok(ExpireAll { account, namespaces, expiry, auth })
}

fn get_expiries(fields: Fields<'_>) -> Result<GetExpiries, RequestError> {
    let messages = fields.strings("messages")?;
    let rights = Rights::types(fields)?;
    let timestamp = fields.timestamp("timestamp")?;
    let (account, auth) = rights.signed()?;
    let timestamp = required("timestamp", timestamp)?;
    // Hashes of any form are looked up here.
    let messages = any_texts(messages)?;
    Ok(GetExpiries { account, messages, timestamp, auth })
}

fn revocation(fields: Fields<'_>, list: &str) -> Result<Revocation, RequestError> {
    // By name `revoke` comes first and `unrevoke` last.
    let revoke = if list == "revoke" { fields.strings(list)? } else { None };
    let rights = Rights::types(fields)?;
    let timestamp = fields.timestamp("timestamp")?;
    let unrevoke = if list == "revoke" { None } else { fields.strings(list)? };
    let tokens = revoke.or(unrevoke);
    let (account, auth) = rights.signed()?;
    let texts = required(list, tokens)?;
    if texts.len() > MAX_TOKENS {
        return Err(RequestError::invalid(format!(
            "invalid {list}: cannot {list} more than {MAX_TOKENS} subaccounts at once"
        )));
    }
    let tokens = texts.iter().map(|text| base64_text::token(text)).collect::<Option<Vec<_>>>();
    let tokens = tokens.ok_or_else(|| {
        RequestError::invalid(format!(
            "invalid {list}: expected base64 or hex-encoded subaccount tag"
        ))
    })?;
    let timestamp = required("timestamp", timestamp)?;
    Ok(Revocation { account, tokens, timestamp, auth })
}

fn revoked_subaccounts(fields: Fields<'_>) -> Result<RevokedSubaccounts, RequestError> {
    let rights = Rights::types(fields)?;
    let timestamp = fields.timestamp("timestamp")?;
    let (account, auth) = rights.signed()?;
    let timestamp = required("timestamp", timestamp)?;
    Ok(RevokedSubaccounts { account, timestamp, auth })
}

fn get_swarm(fields: Fields<'_>) -> Result<GetSwarm, RequestError> {
    let alias = fields.string("pubKey")?;
    let pubkey = fields.string("pubkey")?;
    let pubkey = not_both(("pubkey", pubkey), ("pubKey", alias))?;
    match pubkey_bytes(required("pubkey", pubkey)?) {
        Some(pubkey) => Ok(GetSwarm { pubkey }),
        None => Err(RequestError::invalid("Pubkey must be 66 hex digits/33 bytes long")),
    }
}

fn oxend_request(fields: Fields<'_>) -> Result<OxendRequest, RequestError> {
    let endpoint = match required("endpoint", fields.string("endpoint")?)? {
        "get_service_nodes" => OxendEndpoint::GetServiceNodes,
        "ons_resolve" => OxendEndpoint::OnsResolve,
        other => {
            return Err(RequestError::invalid(format!("Invalid oxend endpoint '{other}'")));
        }
    };
    let params = fields.0.get("params").cloned().unwrap_or_default();
    Ok(OxendRequest { endpoint, params })
}
