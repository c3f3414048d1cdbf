//! G4 and G6 from the answer on: Identity, Crypto and Storage as the engine
//! places them on threads, and an answer that was recorded. And the negative
//! control, which commits each message alone.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix::prelude::*;
use anyhow::ensure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_crypto::{AccountKeys, Seed, message_hash};
use ramson_crypto_actor::{Crypto, CryptoPool};
use ramson_identity_actor::{IdentityActor, Ports};
use ramson_messages::events::EventBus;
use ramson_messages::identity::PollNow;
use ramson_messages::paths::{OnionAnswer, OnionError, OnionRequest};
use ramson_messages::storage::{
    AddAccount, Commit, Committed, ListMessages, LoadAccount, RecallHashes, RecallHistory,
    StoreError,
};
use ramson_messages::swarm::{
    DoubtMember, GetSwarm, LearnSwarm, PollDone, Spent, SwarmError, SwarmView,
};
use ramson_messages::{Clock, Entropy, Lifeline, LifelineEnd, Link};
use ramson_protocol::account::Answer;
use ramson_protocol::config::ConfigKind;
use ramson_protocol::onion::OnionReply;
use ramson_protocol::store::{Change, StoredAccount, Sync};
use ramson_protocol::swarm::PollOutcome;
use ramson_storage_actor::{HomeFiles, Storage, StoreHandle};
use ramson_system::{SystemClock, SystemEntropy};
use ramson_types::{AccountId, ConversationId, Namespace, ServiceNode, X25519PublicKey};
use serde_json::json;
use tempfile::TempDir;

use super::network::Author;
use crate::child::now;
use crate::library::{Library, Ours, Subject};
use crate::measure::{Rounds, ns, ns_per_call, process_cpu, waits};
use crate::table::{Goal, Row};

/// Messages in one answer.
const PER_ANSWER: usize = 20;

/// Answers in a round.
const ANSWERS: usize = 10;

/// Bodies of answers that are still to come.
type Recorded = Arc<Mutex<VecDeque<String>>>;

/// What a poll has in its request, and nothing else does.
const RETRIEVE: &[u8] = b"\"retrieve\"";

/// In the place of Paths: gives recorded answers to polls.
struct Player(Recorded);

/// In the place of Swarm: knows one member.
struct OneMember(ServiceNode);

/// In the place of Storage: keeps nothing, counts messages.
struct NoStorage(Arc<AtomicUsize>);

/// Before the store: makes one durable commit of each message.
struct OneByOne(StoreHandle);

impl Actor for Player {
    type Context = Context<Self>;
}
impl Actor for OneMember {
    type Context = Context<Self>;
}
impl Actor for NoStorage {
    type Context = Context<Self>;
}
impl Actor for OneByOne {
    type Context = Context<Self>;
}

impl Handler<OnionRequest> for Player {
    type Result = Result<OnionAnswer, OnionError>;

    fn handle(&mut self, ask: OnionRequest, _: &mut Context<Self>) -> Self::Result {
        // Settings that are to be stored are none of what is measured.
        let is_poll = ask.body.windows(RETRIEVE.len()).any(|part| part == RETRIEVE);
        let next = || self.0.lock().ok().and_then(|mut recorded| recorded.pop_front());
        let body = is_poll.then(next).flatten().ok_or(OnionError::Busy { in_flight: 0 })?;
        let reply = OnionReply { status: 200, body };
        let (path, clock_samples) = Default::default();
        Ok(OnionAnswer { reply, path, asked: now(), answered: now(), clock_samples })
    }
}

impl Handler<GetSwarm> for OneMember {
    type Result = Result<SwarmView, SwarmError>;

    fn handle(&mut self, _: GetSwarm, _: &mut Context<Self>) -> Self::Result {
        Ok(SwarmView { ask: vec![self.0], members: vec![self.0.ed25519] })
    }
}

macro_rules! take_silently {
    ($($message:ty),+) => {
        $(impl Handler<$message> for OneMember {
            type Result = ();

            fn handle(&mut self, _: $message, _: &mut Context<Self>) {}
        })+
    };
}
take_silently! { LearnSwarm, DoubtMember, PollDone, Spent }

impl Handler<RecallHashes> for NoStorage {
    type Result = Result<Vec<bool>, StoreError>;

    fn handle(&mut self, ask: RecallHashes, _: &mut Context<Self>) -> Self::Result {
        Ok(vec![false; ask.copies.len()])
    }
}

impl Handler<RecallHistory> for NoStorage {
    type Result = Result<Vec<Answer>, StoreError>;

    fn handle(&mut self, ask: RecallHistory, _: &mut Context<Self>) -> Self::Result {
        Ok(vec![Answer::default(); ask.questions.len()])
    }
}

impl Handler<Commit> for NoStorage {
    type Result = Result<Committed, StoreError>;

    fn handle(&mut self, commit: Commit, _: &mut Context<Self>) -> Self::Result {
        let messages = commit.changes.iter().filter(|it| matches!(it, Change::PutMessage(_)));
        self.0.fetch_add(messages.count(), Ordering::SeqCst);
        Ok(Committed { first_event: 0 })
    }
}

impl Handler<Commit> for OneByOne {
    type Result = ResponseFuture<Result<Committed, StoreError>>;

    fn handle(&mut self, commit: Commit, _: &mut Context<Self>) -> Self::Result {
        let store = self.0.clone();
        Box::pin(async move {
            let Commit { account, changes, events, at } = commit;
            let mut changes = changes.into_iter().peekable();
            let mut events = events.into_iter();
            let mut last = Committed { first_event: 0 };
            while let Some(first) = changes.next() {
                let mut changes_of_one = vec![first];
                // Each message's changes begin with its tombstone.
                while let Some(next) =
                    changes.next_if(|next| !matches!(next, Change::MarkSeen { .. }))
                {
                    changes_of_one.push(next);
                }
                let events = events.next().into_iter().collect();
                last = store.write(Commit { account, changes: changes_of_one, events, at }).await?;
            }
            Ok(last)
        })
    }
}

/// Where an account's decisions go.
enum Keeping {
    /// The folder goes when this is dropped.
    Store(
        #[allow(dead_code, reason = "the folder lives as long as the store")] TempDir,
        StoreHandle,
    ),
    Nowhere(Arc<AtomicUsize>),
}

/// One account alive, and what its swarm will answer.
struct House {
    id: AccountId,
    author: Author,
    recorded: Recorded,
    poll: Link<PollNow>,
    keeping: Keeping,
    _end: LifelineEnd,
}

/// What a house keeps with.
enum Kind {
    Engine,
    OneByOne,
    Nothing,
}

impl House {
    async fn build(kind: Kind, shard: &Arbiter, number: u64) -> anyhow::Result<Self> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::open()?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let seed = Seed::generate(&mut entropy.generator("account"));
        let id = AccountKeys::new(&seed).account_id();
        let handle = shard.handle();
        let counted = Arc::new(AtomicUsize::new(0));

        let mut ports = ports(&handle, &*entropy);
        let (keeping, stored) = if let Kind::Nothing = kind {
            let count = counted.clone();
            let nowhere = NoStorage::start_in_arbiter(&handle, move |_| NoStorage(count));
            ports.commit.point_at(&nowhere);
            ports.recall_hashes.point_at(&nowhere);
            ports.recall_history.point_at(&nowhere);
            let stored = StoredAccount {
                number: 1,
                seed,
                name: None,
                counters: Default::default(),
                cursors: Vec::new(),
                outbox: Vec::new(),
                conversations: Vec::new(),
                configs: Vec::new(),
                sync: Sync { done: true, ..Sync::default() },
                errands: Vec::new(),
                expiring: Vec::new(),
            };
            (Keeping::Nowhere(counted), stored)
        } else {
            let home = tempfile::tempdir()?;
            let store =
                HomeFiles::in_folder(home.path()).open_or_create(entropy.generator("store"))?;
            let store = StoreHandle::threads(store)?;
            let add = AddAccount { id, seed, name: None, restored: false, at: now() };
            let account = store.write(add).await?;
            let stored = store.ask(LoadAccount { account }).await?;
            storage(&mut ports, &handle, &store);
            if let Kind::OneByOne = kind {
                let store = store.clone();
                let before = OneByOne::start_in_arbiter(&handle, move |_| OneByOne(store));
                ports.commit.point_at(&before);
            }
            (Keeping::Store(home, store), stored)
        };

        let recorded = Recorded::default();
        let player = recorded.clone();
        ports.onion.point_at(&Player::start_in_arbiter(&handle, move |_| Player(player)));
        let (lifeline, end) = Lifeline::new();
        let identity = IdentityActor::start_in_arbiter(&handle, move |_| {
            IdentityActor::new(stored, ports, clock, &*entropy, lifeline)
        });
        let poll = Link::new("identity");
        poll.point_at(&identity);
        Ok(Self { id, author: Author::new(number), recorded, poll, keeping, _end: end })
    }

    /// Lets the swarm have new messages for so many polls.
    fn record(&mut self) -> anyhow::Result<()> {
        for _ in 0..ANSWERS {
            let sealed = self.author.write(&self.id, PER_ANSWER)?;
            let body = answer(&self.id, &sealed);
            if let Ok(mut recorded) = self.recorded.lock() {
                recorded.push_back(body);
            }
        }
        Ok(())
    }

    async fn kept(&self) -> anyhow::Result<usize> {
        match &self.keeping {
            Keeping::Nowhere(counted) => Ok(counted.load(Ordering::SeqCst)),
            Keeping::Store(_, store) => {
                let conversation = ConversationId::Account(self.author.id());
                let ask =
                    ListMessages { account: 1, conversation, before: None, limit: usize::MAX };
                Ok(store.ask(ask).await?.len())
            }
        }
    }
}

/// Crypto and Swarm on the shard, as with the engine's first one.
fn ports(shard: &ArbiterHandle, entropy: &dyn Entropy) -> Ports {
    let pool = SyncArbiter::start(1, || CryptoPool);
    let crypto = Crypto::new(entropy, Some(pool));
    let crypto = Crypto::start_in_arbiter(shard, move |_| crypto);
    let member = ServiceNode {
        ed25519: ramson_types::Ed25519PublicKey([1; 32]),
        x25519: X25519PublicKey([2; 32]),
        ip: [127, 0, 0, 1].into(),
        https_port: 1,
        swarm: None,
    };
    let swarm = OneMember::start_in_arbiter(shard, move |_| OneMember(member));
    let ports = Ports {
        onion: Link::new("player"),
        seal: Link::new("crypto"),
        open: Link::new("crypto"),
        commit: Link::new("storage"),
        recall_hashes: Link::new("storage"),
        recall_history: Link::new("storage"),
        get_swarm: Link::new("swarm"),
        learn_swarm: Link::new("swarm"),
        doubt_member: Link::new("swarm"),
        poll_done: Link::new("swarm"),
        spent: Link::new("swarm"),
        events: EventBus::new(),
    };
    ports.seal.point_at(&crypto);
    ports.open.point_at(&crypto);
    ports.get_swarm.point_at(&swarm);
    ports.learn_swarm.point_at(&swarm);
    ports.doubt_member.point_at(&swarm);
    ports.poll_done.point_at(&swarm);
    ports.spent.point_at(&swarm);
    ports
}

/// Storage, placed as the engine places it.
fn storage(ports: &mut Ports, shard: &ArbiterHandle, store: &StoreHandle) {
    let store = store.clone();
    let storage = Storage::start_in_arbiter(shard, move |_| Storage::new(store));
    ports.commit.point_at(&storage);
    ports.recall_hashes.point_at(&storage);
    ports.recall_history.point_at(&storage);
}

/// What a swarm member answers to a poll: no configs, and an inbox.
fn answer(me: &AccountId, messages: &[Vec<u8>]) -> String {
    let time = now().millis();
    let messages: Vec<_> = messages
        .iter()
        .map(|data| {
            json!({
                "hash": message_hash(me, Namespace::INBOX, data).to_string(),
                "timestamp": time,
                "expiration": time + 14 * 86_400_000,
                "data": STANDARD.encode(data),
            })
        })
        .collect();
    let result = |messages: serde_json::Value| {
        let body = json!({ "messages": messages, "more": false, "t": time, "hf": [20, 0] });
        json!({ "code": 200, "body": body })
    };
    let mut results = vec![result(json!([])); ConfigKind::OF_ACCOUNT.len()];
    results.push(result(json!(messages)));
    json!({ "results": results }).to_string()
}

/// What the work on the shard found.
struct Found {
    used: f64,
    woken: f64,
}

/// Polls all that is recorded, on the account's own thread, so that the one
/// who asks wakes nobody.
async fn window(shard: &Arbiter, house: &House) -> anyhow::Result<Found> {
    let poll = house.poll.clone();
    let (tell, told) = tokio::sync::oneshot::channel();
    shard.spawn(async move {
        let (slept, before) = (waits(), process_cpu());
        for _ in 0..ANSWERS {
            let outcome = poll.ask(PollNow).await;
            if outcome != Ok(Some(PollOutcome::Messages)) {
                drop(tell.send(Err(format!("a poll ended with {outcome:?}"))));
                return;
            }
        }
        let used = ns(process_cpu() - before) / (ANSWERS * PER_ANSWER) as f64;
        let woken = (waits() - slept) as f64 / ANSWERS as f64;
        drop(tell.send(Ok(Found { used, woken })));
    });
    told.await?.map_err(anyhow::Error::msg)
}

/// The rows from the answer on, and the control.
pub(super) fn rows(rounds: usize) -> anyhow::Result<Vec<Row>> {
    actix_rt::System::new().block_on(measure(rounds))
}

async fn measure(rounds: usize) -> anyhow::Result<Vec<Row>> {
    let shard = Arbiter::new();
    let mut houses = [
        House::build(Kind::Engine, &shard, 31).await?,
        House::build(Kind::Nothing, &shard, 32).await?,
        House::build(Kind::OneByOne, &shard, 33).await?,
    ];
    let mut ours = Ours::new(&Subject::new());
    let mut all: [Rounds; 3] = Default::default();
    let mut woken = [0.0; 3];
    for round in 0..=rounds {
        for (at, house) in houses.iter_mut().enumerate() {
            house.record()?;
            let receive = ns_per_call(60, || assert_eq!(std::hint::black_box(ours.receive()), 200));
            let sign = ns_per_call(40, || {
                std::hint::black_box(ours.sign());
            });
            let found = window(&shard, house).await?;
            // The first one warms up.
            if round > 0 {
                all[at].push(found.used, receive + sign / PER_ANSWER as f64);
                woken[at] += found.woken / rounds as f64;
            }
        }
    }
    for house in &houses {
        let (kept, given) = (house.kept().await?, (rounds + 1) * ANSWERS * PER_ANSWER);
        ensure!(kept == given, "{kept} messages were kept of {given}");
    }
    shard.stop();
    let note = |woken: f64| format!("20 an answer, {woken:.1} wake-ups an answer");
    let row = |goal, what, at: usize, limit| {
        Row::of(goal, what, &all[at], rounds, limit).note(note(woken[at]))
    };
    Ok(vec![
        row("G4", "answer to event and commit / RECEIVE floor", 0, Goal::AtMost(1.30)),
        row("control", "the same, one durable commit a message", 2, Goal::Control(3.0)),
        row("G6", "the same, storage off", 1, Goal::AtMost(1.10)),
        Row::number(
            "G6",
            "wake-ups across threads an answer, storage off",
            woken[1],
            Goal::AtMost(1.0),
        ),
    ])
}
