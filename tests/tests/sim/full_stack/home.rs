//! One person: an engine, an account, and a correspondence.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ramson_crypto::{AccountKeys, Seed, mnemonic};
use ramson_system::{
    AccountEvent, Engine, EngineConfig, Environment, Event, LedgerSubject, NetworkConfig, Stage,
    Store,
};
use ramson_transport_actor::Dial;
use ramson_types::message::{MessageKind, MessageState};
use ramson_types::{AccountId, ConversationId};
use rand::RngExt;
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::log::Log;
use super::machine::{SimClock, SimEntropy, generator};

/// How many messages each writes.
pub(super) const MESSAGES: usize = 12;

/// In which time they are written.
const WRITING: Duration = Duration::from_secs(75);

/// How long it must stay quiet after the last message.
const QUIET: Duration = Duration::from_secs(30);

/// After this something does not work.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Who a person is.
#[derive(Clone, Copy)]
pub(super) struct Person {
    pub(super) name: &'static str,
    number: u8,
}

pub(super) const ALICE: Person = Person { name: "alice", number: 1 };
pub(super) const BOB: Person = Person { name: "bob", number: 2 };

impl Person {
    fn account_seed(self, seed: u64) -> Seed {
        let mut entropy = [self.number; 16];
        entropy[..8].copy_from_slice(&seed.to_le_bytes());
        Seed::from_entropy16(entropy)
    }

    pub(super) fn id(self, seed: u64) -> AccountId {
        AccountKeys::new(&self.account_seed(seed)).account_id()
    }
}

/// What a home stands on.
pub(super) struct Ground {
    pub(super) seed: u64,
    pub(super) network: NetworkConfig,
    pub(super) dial: Arc<dyn Dial>,
    pub(super) log: Log,
}

/// Writes to the other and reads what comes, until both have everything; then
/// looks whether it is everything, and once.
pub(super) async fn live(me: Person, other: Person, ground: Ground) -> turmoil::Result {
    let Ground { seed, network, dial, log } = ground;
    let entropy = SimEntropy::new(seed, me.name);
    let store = Store::in_memory(generator(seed, &format!("{} store", me.name)))?;
    let environment = Environment {
        clock: Arc::new(SimClock),
        entropy: Arc::new(entropy),
        dial,
        stage: Stage::Current { store: Box::new(store) },
    };
    let config = EngineConfig::new(PathBuf::from("no folder is used"), network);
    let engine = Engine::start_in(config, environment).await?;
    let events = engine.subscribe();
    let all = tokio::task::spawn_local(follow(me, events, log.clone()));
    let phrase = mnemonic::encode(&me.account_seed(seed));
    let account = engine.restore_account(&phrase, Some(me.name.to_owned())).await?;
    assert_eq!(account.id, me.id(seed));
    // Somebody to whom nobody writes lives here, too: whatever order there is
    // between two accounts has to be the same each time.
    engine.create_account(Some("a quiet one".to_owned())).await?;

    let mut rng = generator(seed, &format!("{} writes", me.name));
    let mut times: Vec<_> =
        (0..MESSAGES).map(|_| WRITING.mul_f64(rng.random_range(0.0..1.0))).collect();
    times.sort();
    let began = Instant::now();
    for (number, time) in times.into_iter().enumerate() {
        sleep_until(began + time).await;
        engine.send_text(&me.id(seed), other.id(seed), text(me, number)).await?;
    }
    timeout(PATIENCE, all).await.expect("everything arrives in time")?;
    sleep(QUIET).await;
    check(&engine, me, other, seed, &log).await?;
    engine.shutdown().await;
    Ok(())
}

fn text(author: Person, number: usize) -> String {
    format!("{} writes letter {number}", author.name)
}

/// Writes all events into the log. Ends when every message of both was stored
/// or received, and goes on beside.
async fn follow(me: Person, mut events: broadcast::Receiver<Event>, log: Log) {
    let (mut stored, mut received) = (0, 0);
    while stored < MESSAGES || received < MESSAGES {
        let event = events.recv().await.expect("this test keeps up");
        log.note(me.name, format_args!("{event:?}"));
        match event {
            Event::Account { event: AccountEvent::MessageStored { .. }, .. } => stored += 1,
            Event::Account { event: AccountEvent::MessageReceived(message), .. }
                if message.kind == MessageKind::Visible =>
            {
                received += 1;
            }
            _ => {}
        }
    }
    tokio::task::spawn_local(async move {
        while let Ok(event) = events.recv().await {
            log.note(me.name, format_args!("{event:?}"));
        }
    });
}

async fn check(
    engine: &Engine,
    me: Person,
    other: Person,
    seed: u64,
    log: &Log,
) -> turmoil::Result {
    let with = ConversationId::Account(other.id(seed));
    let history = engine.messages(&me.id(seed), with, 1_000).await?;
    let mut received = BTreeMap::new();
    let mut stored = BTreeMap::new();
    for message in &history {
        let Some(text) = message.text.clone() else {
            let notice = message.kind;
            assert_eq!(notice, MessageKind::MessageRequestResponse, "only texts were sent");
            log.note(me.name, format_args!("history: {notice:?}"));
            continue;
        };
        log.note(me.name, format_args!("history: {text} ({:?})", message.state));
        for line in engine.ledger(LedgerSubject::Message(message.id)).await? {
            log.note(me.name, format_args!("ledger of {:?}: {line:?}", message.id));
        }
        let heap = match message.state {
            MessageState::Received | MessageState::Read => &mut received,
            MessageState::Stored => &mut stored,
            ref other => panic!("{}: {text} is {other:?}", me.name),
        };
        *heap.entry(text).or_insert(0) += 1;
    }
    let letters = |author| -> BTreeMap<_, _> {
        (0..MESSAGES).map(|number| (text(author, number), 1)).collect()
    };
    assert_eq!(received, letters(other), "{} has each letter once", me.name);
    assert_eq!(stored, letters(me), "{} has sent each letter once", me.name);
    Ok(())
}
