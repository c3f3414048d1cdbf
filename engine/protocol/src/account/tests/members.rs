//! A swarm of pure members, some of which lose, lag, forget or make things up.

use std::collections::BTreeSet;

use ramson_codec::storage::Request;
use ramson_types::ledger::LedgerStep;
use rand::RngExt as _;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A member and what it has, in its own order.
struct Member {
    node: ServiceNode,
    stored: Vec<(Vec<u8>, Timestamp)>,
    /// It does not know any `last_hash`.
    forgets: bool,
    down: bool,
    copies_returned: usize,
}

struct World {
    bob: Account,
    alice: Account,
    members: Vec<Member>,
    seen: BTreeSet<MessageHash>,
    /// Texts in the order in which they came.
    received: Vec<String>,
    lines: Vec<LedgerStep>,
    doubted: Vec<Ed25519PublicKey>,
    now: Timestamp,
    rng: StdRng,
    asked: Vec<Ed25519PublicKey>,
}

impl World {
    fn new(members: u8, seed: u64) -> Self {
        let member = |n| Member {
            node: node(n),
            stored: Vec::new(),
            forgets: false,
            down: false,
            copies_returned: 0,
        };
        Self {
            bob: account(2, "Bob"),
            alice: account(1, "Alice"),
            members: (1..=members).map(member).collect(),
            seen: BTreeSet::new(),
            received: Vec::new(),
            lines: Vec::new(),
            doubted: Vec::new(),
            now: NOW,
            rng: StdRng::seed_from_u64(seed),
            asked: Vec::new(),
        }
    }

    /// Seals a text for Bob.
    fn seal(&mut self, text: &str) -> Vec<u8> {
        let to = self.bob.id();
        let plan = command(&mut self.alice, super::text(to, text), self.now).unwrap();
        let copy = &plan.outgoing[0];
        inbox::seal(self.alice.keys(), &to, &copy.content, copy.sent, &mut self.rng).unwrap()
    }

    /// Stores a text with those members that pass.
    fn store(&mut self, text: &str, with: impl Fn(usize) -> bool) -> MessageHash {
        let data = self.seal(text);
        let expires = self.now.plus(Duration::from_secs(14 * 86_400));
        for (at, member) in self.members.iter_mut().enumerate() {
            if with(at) {
                member.stored.push((data.clone(), expires));
            }
        }
        message_hash(&self.bob.id(), Namespace::INBOX, &data)
    }

    fn index_of(&self, key: &Ed25519PublicKey) -> usize {
        self.members.iter().position(|member| member.node.ed25519 == *key).unwrap()
    }

    /// What a member answers to a batch.
    fn answer(&mut self, at: usize, request: &Request) -> String {
        use base64::Engine as _;
        let me = self.bob.id();
        let hash = |data: &[u8]| message_hash(&me, Namespace::INBOX, data).to_string();
        let Request::Batch(requests) = request else { panic!("a batch") };
        let member = &mut self.members[at];
        let mut answer = |request: &Request| match request {
            Request::Retrieve(retrieve) if retrieve.namespace.is_some() => {
                json!({ "code": 200, "body": { "messages": [], "more": false } })
            }
            Request::Retrieve(retrieve) => {
                let known = |(data, _): &(Vec<u8>, Timestamp)| {
                    Some(hash(data)) == retrieve.last_hash && !member.forgets
                };
                let from = member.stored.iter().position(known).map_or(0, |at| at + 1);
                let message = |(data, expires): &(Vec<u8>, Timestamp)| {
                    let text = base64::engine::general_purpose::STANDARD.encode(data);
                    let expiration = expires.millis();
                    json!({ "hash": hash(data), "timestamp": 1, "expiration": expiration, "data": text })
                };
                let messages: Vec<_> = member.stored[from..].iter().map(message).collect();
                member.copies_returned += messages.len();
                json!({ "code": 200, "body": { "messages": messages, "more": false } })
            }
            Request::GetExpiries(get) => {
                let held = member.stored.iter().map(|(data, at)| (hash(data), at.millis()));
                let held = held.filter(|(hash, _)| get.messages.contains(hash));
                let held: serde_json::Map<_, _> =
                    held.map(|(hash, at)| (hash, at.into())).collect();
                json!({ "code": 200, "body": { "expiries": held } })
            }
            other => panic!("{other:?} in a poll"),
        };
        let results: Vec<_> = requests.iter().map(&mut answer).collect();
        json!({ "results": results }).to_string()
    }

    fn keep(&mut self, decision: Decision) {
        for change in decision.changes {
            match change {
                Change::MarkSeen { hash, .. } => assert!(self.seen.insert(hash), "seen twice"),
                Change::Ledger(line) => self.lines.push(line.step),
                _ => {}
            }
        }
        for event in decision.events {
            if let AccountEvent::MessageReceived(message) = event {
                self.received.push(message.text.unwrap());
            }
        }
    }

    /// One round of polls, as the actor makes it.
    fn round(&mut self) {
        self.asked.clear();
        let swarm: Vec<_> = self.members.iter().map(|member| member.node).collect();
        let mut poll = self.bob.poll(&swarm, self.now, &mut self.rng);
        while let Some(asked) = poll {
            let node = asked.node.ed25519;
            self.asked.push(node);
            let at = self.index_of(&node);
            if self.members[at].down {
                let failed = self.bob.poll_failed(node, "down".into(), self.now);
                self.keep(failed);
            } else {
                let body = self.answer(at, &asked.request);
                let read = self.bob.read_poll(&node, 200, body.as_bytes());
                let Ok(PollAnswer::Retrieved(retrieved)) = read else { panic!("{read:?}") };
                for (namespace, answer) in retrieved {
                    let arrivals = answer.messages.into_iter().map(|message| {
                        let body = match self.seen.contains(&message.hash) {
                            true => ArrivalBody::Seen,
                            false => {
                                let opened = inbox::open(self.bob.keys(), &message.data.unwrap());
                                ArrivalBody::Opened(Box::new(opened))
                            }
                        };
                        Arrival { hash: message.hash, expires: message.expiration.unwrap(), body }
                    });
                    let (arrivals, path) = (arrivals.collect(), Vec::new());
                    let (history, now) = (History::default(), self.now);
                    let decision = self.bob.receive(node, &path, namespace, arrivals, history, now);
                    self.keep(decision);
                }
                let verdict = self.bob.polled(node, self.now, &mut self.rng);
                self.keep(verdict.decision);
                self.doubted.extend(verdict.doubt);
            }
            poll = self.bob.poll_more(&swarm, self.now, &mut self.rng);
        }
        self.now = self.now.plus(SECOND * 5);
    }

    fn rounds(&mut self, rounds: usize) {
        (0..rounds).for_each(|_| self.round());
    }

    fn missed(&self) -> Vec<(usize, u32)> {
        let missed = self.lines.iter().filter_map(|step| match step {
            LedgerStep::Missed { node, times, .. } => Some((self.index_of(node), *times)),
            _ => None,
        });
        missed.collect()
    }

    fn replays(&self) -> usize {
        self.lines.iter().filter(|step| matches!(step, LedgerStep::Replayed { .. })).count()
    }
}

#[test]
fn a_second_member_is_asked_soon_after_a_start_and_a_long_sleep_and_now_and_then() {
    for seed in 0..20 {
        let mut world = World::new(5, seed);
        world.round();
        assert_eq!(world.asked.len(), 2, "after the start");
        let mut between = Vec::new();
        let mut since = 0;
        for _ in 0..200 {
            world.round();
            since += 1;
            if world.asked.len() == 2 {
                between.push(since);
                since = 0;
            }
        }
        assert!(between.iter().all(|polls| (6..=12).contains(polls)), "{between:?}");
        assert!(between.iter().max() > between.iter().min(), "not in step: {between:?}");
        world.round();
        world.now = world.now.plus(Duration::from_secs(7 * 86_400));
        world.round();
        assert_eq!(world.asked.len(), 2, "after a week of sleep");
    }
}

#[test]
fn what_one_member_lost_is_taken_from_another_and_the_loser_is_named_and_then_doubted() {
    for seed in 0..50 {
        let mut world = World::new(5, seed);
        // Whoever is polled loses every other message for good.
        world.round();
        let loser = world.index_of(&world.asked[0].clone());
        for number in 0..40 {
            world.store(&number.to_string(), |at| at != loser || number % 2 == 0);
            world.rounds(10);
        }
        world.rounds(60);
        let mut received = world.received.clone();
        received.sort_by_key(|text| text.parse::<u32>().unwrap());
        let all: Vec<_> = (0..40).map(|number| number.to_string()).collect();
        assert_eq!(received, all, "seed {seed}");
        let missed = world.missed();
        assert!(!missed.is_empty(), "seed {seed}");
        assert!(missed.iter().all(|(at, _)| *at == loser), "seed {seed}: {missed:?}");
        let doubted = world.doubted.iter().all(|key| world.index_of(key) == loser);
        assert!(doubted, "seed {seed}");
        let again = missed.iter().any(|(_, times)| *times >= 2);
        assert_eq!(again, !world.doubted.is_empty(), "seed {seed}");
    }
}

#[test]
fn a_member_that_lags_forgets_or_orders_otherwise_is_accused_of_nothing() {
    for seed in 0..50 {
        let mut world = World::new(4, seed);
        world.members[1].forgets = true;
        // Number, when each member gets it (in rounds), and its bytes.
        let mut on_its_way: Vec<(usize, usize, Vec<u8>)> = Vec::new();
        let end = |world: &World| world.now.plus(Duration::from_secs(14 * 86_400));
        for round in 0..300 {
            if round % 3 == 0 && round < 240 {
                let data = world.seal(&round.to_string());
                for at in 0..4 {
                    // Up to 40 seconds late, each on its own.
                    let late = world.rng.random_range(0..8);
                    on_its_way.push((round + late, at, data.clone()));
                }
            }
            let expires = end(&world);
            on_its_way.retain(|(due, at, data)| {
                let arrives = *due <= round;
                if arrives {
                    world.members[*at].stored.push((data.clone(), expires));
                }
                !arrives
            });
            world.round();
        }
        assert_eq!(world.received.len(), 80, "seed {seed}");
        assert_eq!(world.missed(), [], "seed {seed}");
        assert_eq!(world.doubted, [], "seed {seed}");
    }
}

#[test]
fn deleted_expiring_and_made_up_messages_accuse_nobody() {
    for seed in 0..50 {
        let mut world = World::new(4, seed);
        world.round();
        let (main, witness) = (world.asked[0], world.asked[1]);
        let (main, witness) = (world.index_of(&main), world.index_of(&witness));
        // The witness alone has the first for good: it may have made it up.
        world.store("made up", |at| at == witness);
        // Deleted everywhere before the suspicion is settled.
        world.store("deleted", |at| at != main);
        // Gone before long.
        world.store("short", |at| at != main);
        let soon = world.now.plus(Duration::from_secs(100));
        for member in &mut world.members {
            if let Some(last) = member.stored.last_mut() {
                last.1 = soon;
            }
        }
        while world.received.len() < 3 {
            world.round();
        }
        for at in (0..4).filter(|at| *at != main) {
            let deleted = if at == witness { 1 } else { 0 };
            world.members[at].stored.remove(deleted);
        }
        world.rounds(100);
        assert_eq!(world.missed(), [], "seed {seed}");
        assert_eq!(world.received.len(), 3);
    }
}

#[test]
fn a_member_that_forgets_its_cursors_doubles_nothing_and_is_named_once_and_left() {
    for seed in 0..20 {
        let mut world = World::new(4, seed);
        world.round();
        let main = world.index_of(&world.asked[0].clone());
        for number in 0..30 {
            world.store(&number.to_string(), |_| true);
        }
        world.round();
        assert_eq!(world.received.len(), 30);
        world.members[main].forgets = true;
        let before = world.lines.len();
        world.round();
        let news: Vec<_> = world.lines[before..].to_vec();
        let replayed = LedgerStep::Replayed {
            node: world.members[main].node.ed25519,
            namespace: Namespace::INBOX,
            messages: 30,
        };
        assert_eq!(news, [replayed], "and its cursor stands where it stood");
        world.rounds(20);
        assert_eq!((world.received.len(), world.replays()), (30, 1), "seed {seed}");
        assert!(!world.asked.contains(&world.members[main].node.ed25519));
        world.store("later", |_| true);
        world.rounds(1);
        assert_eq!(world.received.len(), 31);
    }
}

#[test]
fn a_dead_member_is_replaced_at_once() {
    for seed in 0..20 {
        let mut world = World::new(4, seed);
        world.round();
        let main = world.index_of(&world.asked[0].clone());
        world.members[main].down = true;
        world.store("hello", |_| true);
        world.round();
        assert_eq!(world.received, ["hello"], "in the same round");
        let failed = world.lines.iter().find_map(|step| match step {
            LedgerStep::AttemptFailed { node, asked, .. } => Some((*node, *asked)),
            _ => None,
        });
        let began = world.now.minus(SECOND * 5);
        assert_eq!(failed, Some((Some(world.members[main].node.ed25519), Some(began))));
    }
}

#[test]
fn each_message_is_fetched_about_twice_and_by_no_member_twice() {
    let mut world = World::new(7, 1);
    for number in 0..20 {
        world.store(&number.to_string(), |_| true);
        world.rounds(4);
    }
    let returned: usize = world.members.iter().map(|member| member.copies_returned).sum();
    assert!((20..=40).contains(&returned), "{returned} copies of 20 messages");
    for number in 20..400 {
        world.store(&number.to_string(), |_| true);
        world.rounds(4);
    }
    assert_eq!(world.received.len(), 400);
    for member in &world.members {
        assert!((1..=400).contains(&member.copies_returned), "{}", member.copies_returned);
    }
}
