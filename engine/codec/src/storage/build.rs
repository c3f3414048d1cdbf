//! Requests as clients write them: numbers as numbers, data and signatures in
//! padded base64, and only the parameters that are needed.

use ramson_crypto::AccountKeys;
use ramson_types::{AccountId, Ed25519PublicKey, MessageHash, Namespace, Timestamp};
use serde_json::{Map, Value, json};

use super::request::*;
use super::{base64_text, signed_text};

/// Who signs storage requests: an account, or a member of a group with its
/// sub-account.
pub trait RequestSigner {
    /// Whose messages are asked for.
    fn account(&self) -> AccountId;

    /// The Ed25519 key behind a `05` id; `None` for groups.
    fn pubkey_ed25519(&self) -> Option<Ed25519PublicKey>;

    /// The sub-account that signs, if it is not the account itself.
    fn subaccount(&self) -> Option<Subaccount> {
        None
    }

    /// Signs a text of [`signed_text`].
    fn sign(&self, text: &[u8]) -> [u8; 64];

    /// The proof for a text.
    fn auth(&self, text: &[u8]) -> Auth {
        Auth {
            pubkey_ed25519: self.pubkey_ed25519(),
            subaccount: self.subaccount(),
            signature: self.sign(text),
        }
    }
}

impl Request {
    /// Stores without a signature, as anybody may in a public inbox.
    pub fn store_unsigned(
        account: AccountId,
        namespace: Namespace,
        timestamp: Timestamp,
        ttl_ms: u64,
        data: Vec<u8>,
    ) -> Self {
        let lifetime = Lifetime::Ttl(ttl_ms);
        let (sig_timestamp, auth) = (None, None);
        Self::Store(Store { account, namespace, timestamp, lifetime, data, sig_timestamp, auth })
    }

    /// Stores with a signature. `now` is signed where it differs from the
    /// message's own time, which may be long past.
    pub fn store_signed(
        signer: &impl RequestSigner,
        namespace: Namespace,
        timestamp: Timestamp,
        ttl_ms: u64,
        data: Vec<u8>,
        now: Timestamp,
    ) -> Self {
        Self::Store(Store {
            account: signer.account(),
            namespace,
            timestamp,
            lifetime: Lifetime::Ttl(ttl_ms),
            data,
            sig_timestamp: (now != timestamp).then_some(now),
            auth: Some(signer.auth(&signed_text::store(namespace, now))),
        })
    }

    /// Reads a namespace after `last_hash`, or from its beginning.
    pub fn retrieve_signed(
        signer: &impl RequestSigner,
        namespace: Namespace,
        last_hash: Option<MessageHash>,
        max_size: Option<i64>,
        now: Timestamp,
    ) -> Self {
        let auth = signer.auth(&signed_text::retrieve(namespace, now));
        Self::Retrieve(Retrieve {
            account: signer.account(),
            namespace: (namespace != Namespace::INBOX).then_some(namespace),
            last_hash: last_hash.map(|hash| hash.to_string()),
            max_count: None,
            max_size,
            auth: Some((now, auth)),
        })
    }

    /// Deletes messages wherever they are in the account.
    pub fn delete_signed(signer: &impl RequestSigner, messages: &[MessageHash]) -> Self {
        let messages = texts(messages);
        let auth = signer.auth(&signed_text::delete(&messages));
        Self::Delete(Delete { account: signer.account(), messages, required: false, auth })
    }

    /// Deletes everything.
    pub fn delete_all_signed(
        signer: &impl RequestSigner,
        namespaces: Namespaces,
        now: Timestamp,
    ) -> Self {
        let auth = signer.auth(&signed_text::delete_all(namespaces, now));
        let account = signer.account();
        Self::DeleteAll(DeleteAll { account, namespaces, timestamp: now, auth })
    }

    /// Changes when messages expire.
    pub fn expire_signed(
        signer: &impl RequestSigner,
        messages: &[MessageHash],
        expiry: Timestamp,
        mode: ExpireMode,
    ) -> Self {
        let messages = texts(messages);
        let expiries = Expiries::One(expiry);
        let auth = signer.auth(&signed_text::expire(mode, expiries.as_slice(), &messages));
        Self::Expire(Expire { account: signer.account(), messages, expiries, mode, auth })
    }

    /// Asks when messages expire.
    pub fn get_expiries_signed(
        signer: &impl RequestSigner,
        messages: &[MessageHash],
        now: Timestamp,
    ) -> Self {
        let messages = texts(messages);
        let auth = signer.auth(&signed_text::get_expiries(now, &messages));
        let account = signer.account();
        Self::GetExpiries(GetExpiries { account, messages, timestamp: now, auth })
    }

    /// Asks which nodes hold an account.
    pub fn get_swarm(account: &AccountId) -> Self {
        Self::GetSwarm(GetSwarm { pubkey: account.to_bytes() })
    }

    /// The whole request: `method` and `params`.
    pub fn to_json(&self) -> Value {
        json!({ "method": self.method(), "params": self.params() })
    }

    /// The bytes to post, or to put into the innermost onion layer.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_json().to_string().into_bytes()
    }

    fn params(&self) -> Value {
        let mut params = Map::new();
        let mut put = |name: &str, value: Value| {
            params.insert(name.to_owned(), value);
        };
        match self {
            Self::Store(store) => {
                put("pubkey", text(&store.account));
                if store.namespace != Namespace::INBOX {
                    put("namespace", store.namespace.0.into());
                }
                put("timestamp", time(store.timestamp));
                match store.lifetime {
                    Lifetime::Ttl(ttl) => put("ttl", ttl.into()),
                    Lifetime::Until(expiry) => put("expiry", time(expiry)),
                }
                put("data", base64_text::encode(&store.data).into());
                if let Some(signed) = store.sig_timestamp {
                    put("sig_timestamp", time(signed));
                }
                if let Some(auth) = &store.auth {
                    put_auth(&mut params, auth);
                }
            }
            Self::Retrieve(retrieve) => {
                put("pubkey", text(&retrieve.account));
                if let Some(namespace) = retrieve.namespace {
                    put("namespace", namespace.0.into());
                }
                if let Some(hash) = &retrieve.last_hash {
                    put("last_hash", hash.as_str().into());
                }
                if let Some(count) = retrieve.max_count {
                    put("max_count", count.into());
                }
                if let Some(size) = retrieve.max_size {
                    put("max_size", size.into());
                }
                if let Some((timestamp, auth)) = &retrieve.auth {
                    put("timestamp", time(*timestamp));
                    put_auth(&mut params, auth);
                }
            }
            Self::Delete(delete) => {
                put("pubkey", text(&delete.account));
                put("messages", json!(delete.messages));
                if delete.required {
                    put("required", true.into());
                }
                put_auth(&mut params, &delete.auth);
            }
            Self::DeleteAll(delete) => {
                put("pubkey", text(&delete.account));
                put("timestamp", time(delete.timestamp));
                put_namespaces(&mut params, delete.namespaces);
                put_auth(&mut params, &delete.auth);
            }
            Self::DeleteBefore(delete) => {
                put("pubkey", text(&delete.account));
                put("before", time(delete.before));
                put_namespaces(&mut params, delete.namespaces);
                put_auth(&mut params, &delete.auth);
            }
            Self::Expire(expire) => {
                put("pubkey", text(&expire.account));
                put("messages", json!(expire.messages));
                put(
                    "expiry",
                    match &expire.expiries {
                        Expiries::One(expiry) => time(*expiry),
                        Expiries::Each(expiries) => expiries.iter().map(|at| time(*at)).collect(),
                    },
                );
                match expire.mode {
                    ExpireMode::Set => {}
                    ExpireMode::Extend => put("extend", true.into()),
                    ExpireMode::Shorten => put("shorten", true.into()),
                }
                put_auth(&mut params, &expire.auth);
            }
            Self::ExpireAll(expire) => {
                put("pubkey", text(&expire.account));
                put("expiry", time(expire.expiry));
                put_namespaces(&mut params, expire.namespaces);
                put_auth(&mut params, &expire.auth);
            }
            Self::GetExpiries(get) => {
                put("pubkey", text(&get.account));
                put("timestamp", time(get.timestamp));
                put("messages", json!(get.messages));
                put_auth(&mut params, &get.auth);
            }
            Self::RevokeSubaccount(revocation) => {
                put_revocation(&mut params, "revoke", revocation);
            }
            Self::UnrevokeSubaccount(revocation) => {
                put_revocation(&mut params, "unrevoke", revocation);
            }
            Self::RevokedSubaccounts(get) => {
                put("pubkey", text(&get.account));
                put("timestamp", time(get.timestamp));
                put_auth(&mut params, &get.auth);
            }
            Self::GetSwarm(get) => put("pubkey", hex::encode(get.pubkey).into()),
            Self::OxendRequest(request) => {
                put("endpoint", request.endpoint.name().into());
                if !request.params.is_null() {
                    put("params", request.params.clone());
                }
            }
            Self::Info | Self::ActiveNodesBin => {}
            Self::Batch(requests) | Self::Sequence(requests) => {
                put("requests", requests.iter().map(Self::to_json).collect());
            }
            Self::IfElse(choice) => {
                put("if", choice.conditions.iter().map(condition).collect::<Map<_, _>>().into());
                if let Some(then) = &choice.then {
                    put("then", then.to_json());
                }
                if let Some(otherwise) = &choice.otherwise {
                    put("else", otherwise.to_json());
                }
            }
        }
        params.into()
    }
}

fn texts(messages: &[MessageHash]) -> Vec<String> {
    messages.iter().map(MessageHash::to_string).collect()
}

fn text(account: &AccountId) -> Value {
    account.to_string().into()
}

fn time(timestamp: Timestamp) -> Value {
    timestamp.millis().into()
}

fn put_auth(params: &mut Map<String, Value>, auth: &Auth) {
    if let Some(key) = auth.pubkey_ed25519 {
        params.insert("pubkey_ed25519".to_owned(), key.to_string().into());
    }
    if let Some(subaccount) = &auth.subaccount {
        let token = base64_text::encode(&subaccount.token);
        params.insert("subaccount".to_owned(), token.into());
        let signature = base64_text::encode(&subaccount.signature);
        params.insert("subaccount_sig".to_owned(), signature.into());
    }
    params.insert("signature".to_owned(), base64_text::encode(&auth.signature).into());
}

fn put_namespaces(params: &mut Map<String, Value>, namespaces: Namespaces) {
    let value = match namespaces {
        Namespaces::One(Namespace::INBOX) => return,
        Namespaces::One(namespace) => namespace.0.into(),
        Namespaces::All => "all".into(),
    };
    params.insert("namespace".to_owned(), value);
}

fn put_revocation(params: &mut Map<String, Value>, list: &str, revocation: &Revocation) {
    let tokens = revocation.tokens.iter().map(|token| base64_text::encode(token));
    params.insert("pubkey".to_owned(), text(&revocation.account));
    params.insert("timestamp".to_owned(), time(revocation.timestamp));
    params.insert(list.to_owned(), tokens.collect());
    put_auth(params, &revocation.auth);
}

fn condition(condition: &Condition) -> (String, Value) {
    let (name, value) = match condition {
        Condition::HfAtLeast(list) => ("hf_at_least", json!(list)),
        Condition::HfBefore(list) => ("hf_before", json!(list)),
        Condition::VersionAtLeast(list) => ("v_at_least", json!(list)),
        Condition::VersionBefore(list) => ("v_before", json!(list)),
        Condition::HeightAtLeast(height) => ("height_at_least", json!(height)),
        Condition::HeightBefore(height) => ("height_before", json!(height)),
    };
    (name.to_owned(), value)
}

impl RequestSigner for AccountKeys {
    fn account(&self) -> AccountId {
        self.account_id()
    }

    fn pubkey_ed25519(&self) -> Option<Ed25519PublicKey> {
        Some(self.ed25519())
    }

    fn sign(&self, text: &[u8]) -> [u8; 64] {
        AccountKeys::sign(self, text)
    }
}
