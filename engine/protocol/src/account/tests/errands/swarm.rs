//! A swarm's members, and the home of an account.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::storage::{
    Auth, ExpireMode, Lifetime, Request, member_text, parse_request, signed_text,
};
use ramson_crypto::{AccountKeys, Ed25519Secret, ed25519};
use serde_json::{Map, Value, json};

use super::*;
use crate::config::ConfigKind;
use crate::store::{ConfigDump, Sync};

/// How a member behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Faithful,
    /// It does nothing, and the others wait for it in vain.
    Down,
    /// It does nothing, says that it did, and signs something else.
    Forges,
    /// It does what it should, and says that all copies expire at this time.
    SaysExpiry(Timestamp),
    /// It does what it should, and says that it has no copies.
    KnowsNothing,
}

pub(super) struct Member {
    secret: Ed25519Secret,
    pub(super) mood: Mood,
    /// What it keeps, and until when.
    pub(super) copies: BTreeMap<MessageHash, Timestamp>,
    pub(super) data: BTreeMap<MessageHash, (Namespace, Vec<u8>)>,
}

pub(super) struct Swarm {
    account: Arc<AccountKeys>,
    pub(super) members: Vec<Member>,
}

impl Swarm {
    pub(super) fn new(account: &Arc<AccountKeys>, members: u8) -> Self {
        let member = |n| Member {
            secret: Ed25519Secret::from_seed(&[n; 32]),
            mood: Mood::Faithful,
            copies: BTreeMap::new(),
            data: BTreeMap::new(),
        };
        Self { account: account.clone(), members: (1..=members).map(member).collect() }
    }

    pub(super) fn keys(&self) -> Vec<Ed25519PublicKey> {
        self.members.iter().map(|member| member.secret.public()).collect()
    }

    pub(super) fn nodes(&self) -> Vec<ServiceNode> {
        (1..).take(self.members.len()).map(node).collect()
    }

    /// Puts a copy into every member.
    pub(super) fn put(&mut self, hash: MessageHash, expires: Timestamp) {
        for member in &mut self.members {
            member.copies.insert(hash, expires);
        }
    }

    /// The hashes that any member has.
    pub(super) fn held(&self) -> BTreeSet<MessageHash> {
        self.members.iter().flat_map(|member| member.copies.keys().copied()).collect()
    }

    /// What a member answers to a request.
    pub(super) fn answer(&mut self, at: usize, request: &Request, now: Timestamp) -> String {
        let sent = parse_request(&request.to_bytes());
        assert_eq!(sent.as_ref(), Ok(request), "a node reads what was sent");
        let (requests, stops) = match request {
            Request::Batch(requests) => (requests, false),
            Request::Sequence(requests) => (requests, true),
            other => panic!("{other:?}"),
        };
        assert!((1..=20).contains(&requests.len()));
        let mut results = Vec::new();
        for request in requests {
            let (code, body) = self.carry_out(at, request, now);
            results.push(json!({ "code": code, "body": body }));
            if stops && code != 200 {
                break;
            }
        }
        json!({ "results": results }).to_string()
    }

    fn proves(&self, auth: &Auth, text: &[u8]) {
        let key = auth.pubkey_ed25519.expect("a key");
        assert_eq!(key, self.account.ed25519());
        assert!(ed25519::verify(&key, text, &auth.signature), "the request is signed");
    }

    fn carry_out(&mut self, at: usize, request: &Request, now: Timestamp) -> (u16, Value) {
        match request {
            Request::Store(store) => {
                let auth = store.auth.as_ref().expect("signed");
                let signed = store.sig_timestamp.unwrap_or(store.timestamp);
                self.proves(auth, &signed_text::store(store.namespace, signed));
                assert!(signed.distance(now) <= MINUTE);
                let Lifetime::Ttl(ttl) = store.lifetime else { panic!("a ttl") };
                assert_eq!(ttl, 30 * 86_400_000);
            }
            Request::Delete(delete) => {
                self.proves(&delete.auth, &signed_text::delete(&delete.messages));
            }
            Request::Expire(expire) => {
                let times = expire.expiries.as_slice();
                self.proves(
                    &expire.auth,
                    &signed_text::expire(expire.mode, times, &expire.messages),
                );
                if times.iter().any(|time| *time < now.minus(MINUTE)) {
                    return (401, "expire: timestamp should be >= current time".into());
                }
            }
            Request::GetExpiries(get) => {
                self.proves(&get.auth, &signed_text::get_expiries(get.timestamp, &get.messages));
                return (200, self.members[at].expiries(&get.messages));
            }
            other => panic!("{other:?} is no errand"),
        }
        let account = self.account.account_id();
        let swarm: Map<_, _> = self
            .members
            .iter_mut()
            .map(|member| (member.secret.public().to_string(), member.entry(&account, request)))
            .collect();
        (200, json!({ "swarm": swarm, "t": now.millis(), "hf": [19, 4] }))
    }
}

impl Member {
    fn sign(&self, text: &[u8]) -> String {
        let text = if self.mood == Mood::Forges { b"something else" } else { text };
        STANDARD.encode(self.secret.sign(text))
    }

    fn expiries(&self, messages: &[String]) -> Value {
        let known = |hash: &String| {
            let at = self.copies.get(&hash.parse().unwrap())?;
            match self.mood {
                Mood::SaysExpiry(at) => Some((hash.clone(), at.millis().into())),
                Mood::KnowsNothing => None,
                _ => Some((hash.clone(), at.millis().into())),
            }
        };
        json!({ "expiries": messages.iter().filter_map(known).collect::<Map<_, _>>() })
    }

    /// Does its part.
    fn entry(&mut self, account: &AccountId, request: &Request) -> Value {
        if self.mood == Mood::Down {
            return json!({ "failed": true, "timeout": true });
        }
        let does = self.mood != Mood::Forges;
        match request {
            Request::Store(store) => {
                let hash = message_hash(account, store.namespace, &store.data);
                let already = self.copies.contains_key(&hash);
                if does {
                    let expires = store.timestamp.plus(DAY * 30);
                    self.copies.insert(hash, expires);
                    self.data.insert(hash, (store.namespace, store.data.clone()));
                }
                let signature = self.sign(&member_text::store(&hash.to_string()));
                json!({ "hash": hash.to_string(), "signature": signature, "already": already })
            }
            Request::Delete(delete) => {
                let gone = |hash: &&String| self.copies.contains_key(&hash.parse().unwrap());
                let mut deleted: Vec<_> = delete.messages.iter().filter(gone).cloned().collect();
                deleted.sort();
                if does {
                    for hash in &deleted {
                        self.copies.remove(&hash.parse().unwrap());
                    }
                }
                let text = member_text::delete(account, &delete.messages, &deleted);
                json!({ "deleted": deleted, "signature": self.sign(&text) })
            }
            Request::Expire(expire) => {
                assert_eq!(expire.mode, ExpireMode::Shorten);
                let [applied] = expire.expiries.as_slice() else { panic!("one time") };
                let mut shown = *applied;
                let (mut updated, mut unchanged) = (Vec::new(), BTreeMap::new());
                for text in &expire.messages {
                    match self.copies.get_mut(&text.parse().unwrap()) {
                        Some(_) if self.mood == Mood::KnowsNothing => {}
                        Some(at) if *applied < *at => {
                            *at = *applied;
                            updated.push(text.clone());
                        }
                        Some(at) => drop(unchanged.insert(text.clone(), *at)),
                        None => {}
                    }
                }
                if let Mood::SaysExpiry(lie) = self.mood {
                    shown = lie;
                    unchanged.values_mut().for_each(|at| *at = lie);
                }
                updated.sort();
                let said =
                    member_text::expire(account, &[shown], &expire.messages, &updated, &unchanged);
                let each: Map<_, _> =
                    unchanged.into_iter().map(|(hash, at)| (hash, at.millis().into())).collect();
                json!({
                    "updated": updated, "expiry": shown.millis(), "unchanged": each,
                    "signature": self.sign(&said),
                })
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What the store has of the account.
#[derive(Default)]
pub(super) struct Home {
    pub(super) configs: BTreeMap<ConfigKind, ConfigDump>,
    pub(super) errands: BTreeMap<u64, StoredErrand>,
    pub(super) counters: Counters,
    pub(super) events: Vec<AccountEvent>,
}

impl Home {
    pub(super) fn keep(&mut self, decision: Decision) {
        for change in decision.changes {
            match change {
                Change::PutConfig { kind, dump } => drop(self.configs.insert(kind, dump)),
                Change::PutErrand(errand) => drop(self.errands.insert(errand.number, errand)),
                Change::RemoveErrand(number) => {
                    assert!(self.errands.remove(&number).is_some(), "errand {number} was kept");
                }
                Change::SetCounters(counters) => self.counters = counters,
                _ => {}
            }
        }
        self.events.extend(decision.events);
    }

    pub(super) fn load(&self, stored: StoredAccount) -> StoredAccount {
        StoredAccount {
            counters: self.counters,
            configs: self.configs.iter().map(|(kind, dump)| (*kind, dump.clone())).collect(),
            errands: self.errands.values().cloned().collect(),
            sync: Sync { done: true, ..Sync::default() },
            ..stored
        }
    }
}
