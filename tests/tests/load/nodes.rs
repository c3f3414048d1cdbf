//! Service nodes that die and come back, and swarms that move, under a running
//! client: nothing is lost, nothing comes twice, and sends soon succeed again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ramson_localnet::{Localnet, LocalnetConfig};
use ramson_system::{AccountEvent, AccountSummary, Engine, Event};
use ramson_types::swarm::swarm_of;
use ramson_types::{ConversationId, Ed25519PublicKey, MessageId};
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use rand::{RngExt, SeedableRng};

use crate::support::{PATIENCE, engine, localnet};

/// Messages that may be on their way at the same time.
const UNDER_WAY: usize = 40;

/// One message among so many waits for a moment, so that polls, sends and what
/// happens to the network mix.
const PAUSE_EVERY: usize = 20;

/// Two homes on one network, and what became of the messages between them.
struct Talk {
    net: Localnet,
    alice_home: Engine,
    bob_home: Engine,
    alice: AccountSummary,
    bob: AccountSummary,
    /// When each message was queued, and when its swarm had it.
    queued: BTreeMap<MessageId, Instant>,
    stored: BTreeMap<MessageId, Instant>,
    _folders: (tempfile::TempDir, tempfile::TempDir),
}

impl Talk {
    async fn start(seed: u8) -> Self {
        let net = localnet(LocalnetConfig::new([seed; 32])).await;
        let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let alice_home = engine(folders.0.path(), &net).await;
        let bob_home = engine(folders.1.path(), &net).await;
        let alice = alice_home.create_account(None).await.unwrap();
        let bob = bob_home.create_account(None).await.unwrap();
        Self {
            net,
            alice_home,
            bob_home,
            alice,
            bob,
            queued: BTreeMap::new(),
            stored: BTreeMap::new(),
            _folders: folders,
        }
    }

    /// The guard of Alice's first path, once she has one.
    async fn guard(&self) -> usize {
        let found = async {
            loop {
                let paths = self.alice_home.paths(&self.alice.id).await.unwrap();
                if let Some(guard) = paths.first().and_then(|path| path.first()) {
                    return number(&self.net, guard);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("Alice has a path")
    }

    /// Alice writes `count` messages to Bob; `at` is told before each how many
    /// were written, and may change the network.
    #[allow(clippy::disallowed_methods, reason = "how long sends take is measured here")]
    async fn write(&mut self, count: usize, mut at: impl AsyncFnMut(&mut Localnet, usize)) {
        let mut events = self.alice_home.subscribe();
        for n in 0..count {
            at(&mut self.net, n).await;
            if n % PAUSE_EVERY == 0 {
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
            let text = format!("message {}", self.queued.len());
            let sent = self.alice_home.send_text(&self.alice.id, self.bob.id, text).await.unwrap();
            self.queued.insert(sent.id, Instant::now());
            while self.queued.len() - self.stored.len() >= UNDER_WAY {
                self.next_stored(&mut events).await;
            }
        }
        while self.stored.len() < self.queued.len() {
            self.next_stored(&mut events).await;
        }
    }

    #[allow(clippy::disallowed_methods, reason = "how long sends take is measured here")]
    async fn next_stored(&mut self, events: &mut tokio::sync::broadcast::Receiver<Event>) {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await;
        let event = event.expect("the next message is stored in time").unwrap();
        if let Event::Account { event: AccountEvent::MessageStored { id, .. }, .. } = event {
            self.stored.insert(id, Instant::now());
        }
    }

    /// The longest time from `since` to the first of those messages that were
    /// written after it and stored: sends succeed again.
    fn again_after(&self, since: Instant) -> Duration {
        let later = self.queued.iter().filter(|(_, at)| **at >= since);
        let first = later.filter_map(|(id, _)| self.stored.get(id)).min();
        first.map(|at| at.saturating_duration_since(since)).expect("something was sent after it")
    }

    /// The longest way of one message.
    fn slowest(&self) -> Duration {
        let ways =
            self.queued.iter().map(|(id, at)| self.stored[id].saturating_duration_since(*at));
        ways.max().unwrap_or_default()
    }

    /// Waits until Bob has every message, and checks that he has each once.
    async fn all_arrive_once(&self, count: usize) {
        let with = ConversationId::Account(self.alice.id);
        let come = async {
            loop {
                let got = self.bob_home.messages(&self.bob.id, with.clone(), count * 2).await;
                let got = got.unwrap();
                if got.len() >= count {
                    return got;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let got = tokio::time::timeout(PATIENCE, come).await.expect("everything arrives in time");
        // What comes twice comes within the polls after it.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        let got_later = self.bob_home.messages(&self.bob.id, with, count * 2).await.unwrap();
        for message in got_later {
            *times.entry(message.text.unwrap_or_default()).or_default() += 1;
        }
        assert_eq!(got.len(), count);
        assert_eq!(times.len(), count, "every text arrived");
        assert!(times.values().all(|times| *times == 1), "and each once");
    }

    async fn end(self) {
        self.alice_home.shutdown().await;
        self.bob_home.shutdown().await;
    }
}

fn number(net: &Localnet, key: &Ed25519PublicKey) -> usize {
    net.nodes().iter().position(|node| node.ed25519 == *key).unwrap()
}

/// Members of an account's swarm, by their numbers.
fn members(net: &Localnet, account: &AccountSummary) -> Vec<usize> {
    let swarm = swarm_of(account.id.key(), net.nodes().iter().filter_map(|node| node.swarm));
    let inside = |(number, node): (usize, &ramson_types::ServiceNode)| {
        (node.swarm == swarm).then_some(number)
    };
    net.nodes().iter().enumerate().filter_map(inside).collect()
}

fn seed() -> u64 {
    std::env::var("RAMSON_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(12)
}

#[tokio::test]
async fn three_of_nine_nodes_die_and_return_during_2000_messages() {
    const MESSAGES: usize = 2_000;
    let mut rng = StdRng::seed_from_u64(seed());
    let mut talk = Talk::start(31).await;
    // A guard of the sender, a member of the recipient's swarm, and one of the
    // third swarm: each has its majority left, as swarms in the open have.
    let guard = talk.guard().await;
    let swarm_of_node = |net: &Localnet, node: usize| net.nodes()[node].swarm;
    while members(&talk.net, &talk.bob).contains(&guard) {
        talk.bob = talk.bob_home.create_account(None).await.unwrap();
    }
    let member = *members(&talk.net, &talk.bob).first().unwrap();
    let hurt = [guard, member].map(|node| swarm_of_node(&talk.net, node));
    let whole = |node: &usize| !hurt.contains(&swarm_of_node(&talk.net, *node));
    let other = (0..9).filter(whole).choose(&mut rng).unwrap();
    let dying = [guard, member, other];

    let die_at = [100, 500, 900].map(|from| from + rng.random_range(0..200));
    let mut deaths: Vec<(Instant, &str)> = Vec::new();
    talk.write(MESSAGES, async |net, written| {
        #[allow(clippy::disallowed_methods, reason = "how long sends take is measured here")]
        let now = Instant::now();
        if let Some(which) = die_at.iter().position(|at| *at == written) {
            net.stop_node(dying[which]).await.unwrap();
            let who = ["a guard of the sender", "a member of the swarm", "another node"];
            deaths.push((now, who[which]));
        }
        if written == MESSAGES - 400 {
            for node in dying {
                net.start_node(node).await.unwrap();
            }
        }
    })
    .await;
    println!("seed {}: {MESSAGES} messages while 3 of 9 nodes die and return", seed());
    for (at, who) in &deaths {
        println!("  sends succeed again {:?} after the death of {who}", talk.again_after(*at));
    }
    println!("  the slowest message took {:?}", talk.slowest());
    assert_eq!(deaths.len(), 3);
    talk.all_arrive_once(MESSAGES).await;
    talk.end().await;
}

#[tokio::test]
async fn swarms_change_during_500_messages() {
    const MESSAGES: usize = 500;
    let mut rng = StdRng::seed_from_u64(seed());
    let mut talk = Talk::start(32).await;
    let of_bob = members(&talk.net, &talk.bob);
    let strangers: Vec<usize> = (0..9).filter(|node| !of_bob.contains(node)).collect();
    let mut changes: Vec<Instant> = Vec::new();
    talk.write(MESSAGES, async |net, written| {
        #[allow(clippy::disallowed_methods, reason = "how long sends take is measured here")]
        let now = Instant::now();
        match written {
            // A member leaves Bob's swarm, and a stranger comes in its place.
            120 => {
                let (leaver, comer) = (of_bob[0], strangers[0]);
                let swarms = net.status().swarms;
                let holds = |node: usize| {
                    let inside =
                        |swarm: &&ramson_localnet::SwarmStatus| swarm.nodes.contains(&node);
                    swarms.iter().find(inside).map(|swarm| swarm.swarm).unwrap()
                };
                net.move_node(leaver, Some(holds(comer))).await.unwrap();
                net.move_node(comer, Some(holds(leaver))).await.unwrap();
                changes.push(now);
            }
            // A new swarm of nodes from everywhere: accounts move to it.
            300 => {
                let nodes = (0..9).sample(&mut rng, 3);
                net.new_swarm(&nodes).await.unwrap();
                changes.push(now);
            }
            _ => {}
        }
    })
    .await;
    println!("seed {}: {MESSAGES} messages while swarms change", seed());
    for at in &changes {
        println!("  sends succeed again {:?} after the change", talk.again_after(*at));
    }
    println!("  the slowest message took {:?}", talk.slowest());
    assert_eq!(changes.len(), 2);
    talk.all_arrive_once(MESSAGES).await;
    talk.end().await;
}
