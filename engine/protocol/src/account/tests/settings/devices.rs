//! One member of a swarm, and devices that poll it and store there.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use ramson_codec::storage::Request;
use ramson_crypto::{Seed, message_hash};
use ramson_types::conversation::Conversation;
use ramson_types::{AccountId, ConversationId, MessageHash, Namespace, Prefix, Timestamp};
use serde_json::{Value, json};

use crate::account::tests::support::{NOW, TestStore, node, rng};
use crate::account::*;
use crate::config::contacts::Contact;
use crate::store::Sync;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// What the swarm stores.
#[derive(Debug, Clone)]
pub(super) struct Copy {
    pub(super) namespace: Namespace,
    pub(super) hash: MessageHash,
    pub(super) data: Vec<u8>,
    pub(super) stored: Timestamp,
    pub(super) expires: Timestamp,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Swarm {
    pub(super) copies: Vec<Copy>,
    /// The most copies of a namespace in one answer; 0 for all.
    pub(super) page: usize,
    /// Hashes that it was asked to keep, by request.
    pub(super) prolonged: Vec<Vec<String>>,
}

impl Swarm {
    pub(super) fn store(
        &mut self,
        to: &AccountId,
        namespace: Namespace,
        data: &[u8],
        now: Timestamp,
    ) -> MessageHash {
        let hash = message_hash(to, namespace, data);
        let expires = now.plus(DAY * 30);
        match self.copies.iter_mut().find(|copy| copy.hash == hash) {
            Some(copy) => copy.expires = copy.expires.max(expires),
            None => {
                let data = data.to_vec();
                self.copies.push(Copy { namespace, hash, data, stored: now, expires });
            }
        }
        hash
    }

    pub(super) fn delete(&mut self, hashes: &[MessageHash]) {
        self.copies.retain(|copy| !hashes.contains(&copy.hash));
    }

    pub(super) fn count(&self, namespace: Namespace) -> usize {
        self.copies.iter().filter(|copy| copy.namespace == namespace).count()
    }

    pub(super) fn answer(&mut self, request: &Request) -> String {
        let Request::Batch(requests) = request else { panic!("a batch") };
        let results: Vec<_> = requests.iter().map(|request| self.answer_one(request)).collect();
        json!({ "results": results }).to_string()
    }

    fn answer_one(&mut self, request: &Request) -> Value {
        match request {
            Request::Retrieve(retrieve) => {
                let namespace = retrieve.namespace.unwrap_or(Namespace::INBOX);
                let all: Vec<_> =
                    self.copies.iter().filter(|copy| copy.namespace == namespace).collect();
                let known = |copy: &&Copy| Some(copy.hash.to_string()) == retrieve.last_hash;
                let from = all.iter().position(known).map_or(0, |at| at + 1);
                let page = if self.page == 0 { usize::MAX } else { self.page };
                let more = all.len() - from > page;
                let messages: Vec<_> = all[from..]
                    .iter()
                    .take(page)
                    .map(|copy| {
                        json!({
                            "hash": copy.hash.to_string(), "timestamp": copy.stored.millis(),
                            "expiration": copy.expires.millis(),
                            "data": base64::engine::general_purpose::STANDARD.encode(&copy.data),
                        })
                    })
                    .collect();
                json!({ "code": 200, "body": { "messages": messages, "more": more } })
            }
            Request::Expire(expire) => {
                self.prolonged.push(expire.messages.clone());
                let held =
                    |hash: &&String| self.copies.iter().any(|copy| copy.hash.to_string() == **hash);
                let held: Vec<_> = expire.messages.iter().filter(held).collect();
                let (updated, unchanged) = held.split_at(held.len() / 2);
                let unchanged: serde_json::Map<_, _> =
                    unchanged.iter().map(|hash| ((*hash).clone(), 1.into())).collect();
                let member = json!({ "updated": updated, "unchanged": unchanged, "expiry": 1 });
                let swarm = json!({ node(1).ed25519.to_string(): member });
                json!({ "code": 200, "body": { "swarm": swarm } })
            }
            other => panic!("{other:?} in a poll"),
        }
    }
}

/// What becomes of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// All of it is done, and heard of.
    Done,
    /// It does not arrive.
    Lost,
    /// It is stored, and nobody hears of it.
    Unheard,
    /// It is stored; what is obsolete is not deleted.
    NotDeleted,
}

pub(super) struct Device {
    pub(super) account: Account,
    pub(super) store: TestStore,
    pub(super) events: Vec<AccountEvent>,
}

impl Device {
    /// A device that was added to an account of its phrase.
    pub(super) fn restored(name: Option<&str>) -> Self {
        Self::of(TestStore { name: name.map(str::to_owned), ..TestStore::default() })
    }

    /// The device on which the account was made.
    pub(super) fn new(name: &str) -> Self {
        Self::of(TestStore { name: Some(name.to_owned()), ..TestStore::new() })
    }

    pub(super) fn of(store: TestStore) -> Self {
        let account = Account::load(store.stored(1, seed()));
        let mut device = Self { account, store, events: Vec::new() };
        let decision = device.account.started(NOW);
        device.commit(decision);
        device
    }

    pub(super) fn commit(&mut self, decision: Decision) {
        self.store.commit(&decision);
        self.events.extend(decision.events);
    }

    pub(super) fn restart(&mut self, now: Timestamp) {
        self.account = Account::load(self.store.stored(1, seed()));
        let decision = self.account.started(now);
        self.commit(decision);
    }

    pub(super) fn edit(&mut self, now: Timestamp, edit: impl FnOnce(&mut Account)) -> Decision {
        edit(&mut self.account);
        let mut decision = Decision::default();
        self.account.keep(&mut decision, now);
        self.store.commit(&decision);
        decision
    }

    pub(super) fn edit_contact(
        &mut self,
        id: AccountId,
        now: Timestamp,
        edit: impl FnOnce(&mut Contact),
    ) -> Decision {
        self.edit(now, |account| {
            let contacts = &mut account.settings.contacts;
            let mut contact = contacts.contact(&id).unwrap_or_else(|| Contact::new(id));
            edit(&mut contact);
            contacts.set_contact(&contact);
        })
    }

    /// One answer of one poll is taken in.
    pub(super) fn poll_once(&mut self, swarm: &mut Swarm, now: Timestamp) {
        let poll = self.account.poll(&[node(1)], now, &mut rng()).expect("a member to ask");
        let body = swarm.answer(&poll.request);
        let read = self.account.read_poll(&node(1).ed25519, 200, body.as_bytes());
        let Ok(PollAnswer::Retrieved(retrieved)) = read else { panic!("{read:?}") };
        for (namespace, answer) in retrieved {
            let arrivals: Vec<_> = answer
                .messages
                .into_iter()
                .map(|copy| Arrival {
                    hash: copy.hash,
                    expires: copy.expiration.unwrap(),
                    body: ArrivalBody::Config(copy.data.unwrap()),
                })
                .collect();
            if arrivals.is_empty() {
                continue;
            }
            let (history, path) = (History::default(), Vec::new());
            let decision =
                self.account.receive(node(1).ed25519, &path, namespace, arrivals, history, now);
            self.commit(decision);
        }
        let verdict = self.account.polled(node(1).ed25519, now, &mut rng());
        self.commit(verdict.decision);
    }

    /// Stores what is to be stored; whether something was.
    pub(super) fn push(&mut self, swarm: &mut Swarm, now: Timestamp, fate: Fate) -> bool {
        let keys = self.account.keys().clone();
        let network_now = self.account.clock().at(now);
        let batch = self.account.settings.take_push(&keys, now, network_now);
        let Some(batch) = batch else { return false };
        self.edit(now, |_| ());
        if fate == Fate::Lost {
            self.account.settings.push_failed(now);
            return true;
        }
        let me = self.account.id();
        for part in &batch.parts {
            let store = |data: &Vec<u8>| swarm.store(&me, part.namespace, data, now);
            let hashes = part.messages.iter().map(store).map(|hash| hash.to_string()).collect();
            if fate != Fate::Unheard {
                self.account.settings.push_stored(part.kind, part.seqno, hashes);
            }
        }
        if fate != Fate::NotDeleted {
            swarm.delete(&batch.obsolete);
        }
        match fate {
            Fate::Unheard => self.account.settings.push_failed(now),
            Fate::NotDeleted => {}
            _ => self.account.settings.obsolete_deleted(&batch.obsolete),
        }
        self.edit(now, |_| ());
        true
    }

    pub(super) fn line(&self, id: AccountId) -> &Conversation {
        let id = ConversationId::Account(id);
        let line = self.account.lines.get(&id).expect("it has a line");
        assert_eq!(self.store.lines.get(&id), Some(line), "what is shown is on disk");
        line
    }

    pub(super) fn name(&self) -> Option<String> {
        self.account.profile().name
    }
}

/// Lets all devices poll and push until nothing is left to do.
pub(super) fn settle(devices: &mut [Device], swarm: &mut Swarm, now: &mut Timestamp) {
    rest(devices, swarm, now);
    // Once a day everything is read: also what lies before a cursor because
    // another device stored an older config once more.
    *now = now.plus(SECOND * 60 * 60 * 25);
    rest(devices, swarm, now);
}

fn rest(devices: &mut [Device], swarm: &mut Swarm, now: &mut Timestamp) {
    for _ in 0..40 {
        let mut pushed = false;
        for device in devices.iter_mut() {
            *now = now.plus(SECOND * 400);
            device.poll_once(swarm, *now);
            *now = now.plus(SECOND * 2);
            pushed |= device.push(swarm, *now, Fate::Done);
        }
        if !pushed {
            assert!(devices.iter().all(|device| device.account.unstored_configs() == 0));
            return;
        }
    }
    panic!("the devices do not come to rest");
}

pub(super) fn seed() -> Seed {
    Seed::from_entropy16([9; 16])
}

pub(super) fn peer(n: u8) -> AccountId {
    AccountId::new(Prefix::Account, [n; 32])
}

/// The hashes of a namespace.
pub(super) fn hashes(swarm: &Swarm, namespace: Namespace) -> BTreeSet<MessageHash> {
    let copies = swarm.copies.iter().filter(|copy| copy.namespace == namespace);
    copies.map(|copy| copy.hash).collect()
}

/// A store whose account was synced once.
pub(super) fn synced() -> Sync {
    Sync { done: true, ..Sync::default() }
}
