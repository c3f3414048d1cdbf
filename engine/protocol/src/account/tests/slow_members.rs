//! Swarms whose answers take long: what goes out beside them, and what not.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rand::RngExt;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// How a recipient's swarm answers a delivery: after how long, and whether
/// with success.
type Swarm = fn(&Delivery, &ServiceNode) -> (Duration, bool);

/// An account that sends, the answers that it waits for, and what came of all.
struct Bench {
    account: Account,
    now: Timestamp,
    under_way: Vec<(Timestamp, Delivery, ServiceNode, bool)>,
    /// Entries by recipient, in the order in which they were stored.
    stored: BTreeMap<AccountId, Vec<u64>>,
    /// Deliveries, and the most beside each other to one recipient.
    deliveries: usize,
    most_beside: usize,
    rng: StdRng,
}

impl Bench {
    fn new(account: Account) -> Self {
        let (now, rng) = (NOW, rng());
        let (under_way, stored) = (Vec::new(), BTreeMap::new());
        Self { account, now, under_way, stored, deliveries: 0, most_beside: 0, rng }
    }

    /// Queues notes to self: one copy each.
    fn notes(&mut self, count: usize) -> Vec<OutboxEntry> {
        (0..count).map(|_| self.send(self.account.id())).collect()
    }

    fn send(&mut self, to: AccountId) -> OutboxEntry {
        entries(&queue(&mut self.account, to, "x", self.now).1)[0].clone()
    }

    fn to_self(&self) -> Vec<u64> {
        self.stored.get(&self.account.id()).cloned().unwrap_or_default()
    }

    /// Starts what is due, and checks that it may be.
    fn start(&mut self, swarm: &mut dyn FnMut(&Delivery, &ServiceNode) -> (Duration, bool)) {
        for delivery in self.account.due_deliveries(self.now) {
            let nodes: Vec<ServiceNode> = (1..=5).map(node).collect();
            let asked = self.account.pick_member(&delivery, &nodes, &mut self.rng).unwrap();
            let (takes, succeeds) = swarm(&delivery, &asked);
            self.under_way.push((self.now.plus(takes), delivery, asked, succeeds));
            self.deliveries += 1;
        }
        let mut all = BTreeSet::new();
        let mut beside: BTreeMap<AccountId, usize> = BTreeMap::new();
        for (_, delivery, ..) in &self.under_way {
            assert!(delivery.entries.iter().all(|entry| all.insert(*entry)), "sent beside itself");
            *beside.entry(delivery.to).or_default() += 1;
        }
        assert!(self.under_way.len() <= 12);
        let most = beside.into_values().max().unwrap_or_default();
        assert!(most <= 4);
        self.most_beside = self.most_beside.max(most);
    }

    /// Goes to the next moment at which something happens, not beyond `end`.
    fn step(
        &mut self,
        end: Timestamp,
        swarm: &mut dyn FnMut(&Delivery, &ServiceNode) -> (Duration, bool),
    ) -> bool {
        self.start(swarm);
        let due = self.account.next_delivery();
        assert!(due.is_none_or(|due| due > self.now), "what is due was started");
        let answer = self.under_way.iter().map(|(at, ..)| *at).min();
        let Some(next) = answer.into_iter().chain(due).min().filter(|at| *at <= end) else {
            self.now = self.now.max(end);
            return false;
        };
        self.now = next;
        while let Some(at) = self.under_way.iter().position(|(at, ..)| *at <= self.now) {
            let (_, delivery, asked, succeeds) = self.under_way.remove(at);
            let result = match succeeds {
                true => SendResult::Stored { confirmed: Vec::new(), failed: Vec::new() },
                false => SendResult::NotNow { reason: "down".into() },
            };
            if succeeds {
                self.stored.entry(delivery.to).or_default().extend(&delivery.entries);
            }
            let results = vec![result; delivery.entries.len()];
            let asked = Some(asked.ed25519);
            let (now, rng) = (self.now, &mut self.rng);
            self.account.sent(&delivery, results, asked, Vec::new(), now, rng);
        }
        true
    }

    fn run(&mut self, time: Duration, mut swarm: Swarm) {
        let end = self.now.plus(time);
        while self.step(end, &mut swarm) {}
    }
}

#[test]
fn while_answers_come_within_a_second_one_delivery_follows_the_other_in_order() {
    let mut bench = Bench::new(account(1, "Alice"));
    let calm: Swarm = |_, _| (Duration::from_millis(900), true);
    let mut numbers: Vec<u64> = bench.notes(40).iter().map(|entry| entry.number).collect();
    for _ in 0..100 {
        numbers.push(bench.notes(1)[0].number);
        bench.run(Duration::from_millis(130), calm);
    }
    bench.run(SECOND * 10, calm);
    assert_eq!(bench.to_self(), numbers);
    assert_eq!(bench.most_beside, 2, "the first forty at once, and then each for itself");

    let mut bench = Bench::new(account(1, "Alice"));
    let mut numbers = Vec::new();
    for _ in 0..100 {
        numbers.push(bench.notes(1)[0].number);
        bench.run(Duration::from_millis(130), calm);
    }
    bench.run(SECOND * 10, calm);
    assert_eq!((bench.to_self(), bench.most_beside), (numbers, 1));
}

#[test]
fn a_dead_member_costs_each_write_five_seconds_and_throughput_is_four_times_as_high() {
    let mut bench = Bench::new(account(1, "Alice"));
    bench.notes(800);
    bench.run(SECOND * 20, |_, _| (SECOND * 5, true));
    // One after the other that were 4 requests of 20.
    assert!(bench.to_self().len() >= 4 * 80, "{}", bench.to_self().len());
    assert_eq!(bench.most_beside, 4);
    // Also in a conversation, a message each 100 ms: at most some seconds late.
    let mut bench = Bench::new(account(1, "Alice"));
    for _ in 0..600 {
        bench.notes(1);
        bench.run(Duration::from_millis(100), |_, _| (SECOND * 5, true));
    }
    let missing = 600 - bench.to_self().len();
    assert!(missing <= 70, "{missing} of the last 6.5 seconds");
}

#[test]
fn what_waits_behind_a_member_that_hangs_goes_to_another_after_a_second() {
    let mut bench = Bench::new(account(1, "Alice"));
    let first = bench.notes(1)[0].number;
    let mut swarm = |delivery: &Delivery, _: &ServiceNode| match delivery.entries.contains(&first) {
        true => (SECOND * 10, false),
        false => (Duration::from_millis(300), true),
    };
    bench.start(&mut swarm);
    let hangs = bench.under_way[0].2;
    let behind: Vec<u64> = bench.notes(3).iter().map(|entry| entry.number).collect();
    assert_eq!(bench.account.next_delivery(), Some(NOW.plus(SECOND)));
    let just_before = NOW.plus(Duration::from_millis(999));
    assert!(bench.account.due_deliveries(just_before).is_empty());
    while bench.step(NOW.plus(SECOND), &mut swarm) {}
    let beside: Vec<_> = bench.under_way.iter().map(|(_, sent, ..)| &sent.entries).collect();
    assert_eq!(beside, [&vec![first], &behind]);
    assert_ne!(bench.under_way[1].2, hangs);
    while bench.step(NOW.plus(SECOND * 2), &mut swarm) {}
    assert_eq!(bench.to_self(), behind);
    // And what comes now does not wait at all.
    let later = bench.notes(1)[0].number;
    while bench.step(NOW.plus(SECOND * 3), &mut swarm) {}
    assert_eq!(bench.to_self().last(), Some(&later));
    while bench.step(NOW.plus(SECOND * 30), &mut |_, _| (SECOND, true)) {}
    assert_eq!(bench.account.outbox_len(), 0);
}

#[test]
fn a_recipient_whose_swarm_fails_gets_one_delivery_at_a_time_until_one_succeeds() {
    let mut bench = Bench::new(account(1, "Alice"));
    bench.notes(200);
    let down: Swarm = |_, _| (SECOND * 5, false);
    bench.run(SECOND * 6, down);
    assert_eq!(bench.most_beside, 4, "nobody knew");
    bench.most_beside = 0;
    let before = bench.deliveries;
    for _ in 0..3_600 {
        bench.run(SECOND, down);
        // Other requests come through, and more is written all the time.
        bench.account.network_works(bench.now);
        bench.notes(usize::from(bench.now.millis().is_multiple_of(7_000)));
    }
    let attempts = bench.deliveries - before;
    assert_eq!(bench.most_beside, 1);
    assert!(attempts < 120, "{attempts} attempts in an hour");
    bench.run(SECOND * 120, |_, _| (SECOND * 5, true));
    assert_eq!(bench.account.outbox_len(), 0);
    assert!(bench.most_beside > 1, "it works again");
}

#[test]
fn an_entry_that_fails_waits_for_its_turn_and_holds_nobody_up_where_others_succeed() {
    let mut alice = account(1, "Alice");
    let me = alice.id();
    let mut rng = rng();
    let sealed: Vec<_> =
        (0..3).map(|_| entries(&queue(&mut alice, me, "x", NOW).1)[0].clone()).collect();
    let delivery = alice.due_deliveries(NOW).remove(0);
    let ok = SendResult::Stored { confirmed: Vec::new(), failed: Vec::new() };
    let results = vec![SendResult::NotNow { reason: "odd".into() }, ok.clone(), ok.clone()];
    alice.sent(&delivery, results, None, Vec::new(), NOW, &mut rng);
    // An answer came through, so it is sent again at once, but only this once.
    let second = entries(&queue(&mut alice, me, "x", NOW).1)[0].clone();
    let again = alice.due_deliveries(NOW).remove(0);
    assert_eq!(again.entries, [sealed[0].number, second.number]);
    let results = vec![SendResult::NotNow { reason: "odd".into() }, ok.clone()];
    alice.sent(&again, results, None, Vec::new(), NOW, &mut rng);
    let retry_at = alice.next_delivery().expect("it is sent again");
    assert!(retry_at > NOW);
    let next = entries(&queue(&mut alice, me, "x", NOW).1)[0].clone();
    let due = alice.due_deliveries(NOW);
    assert_eq!(due.iter().map(|sent| &sent.entries[..]).collect::<Vec<_>>(), [[next.number]]);
    alice.sent(&due[0], vec![ok], None, Vec::new(), NOW, &mut rng);
    let due = alice.due_deliveries(retry_at);
    assert_eq!(due[0].entries, [sealed[0].number]);
    // A delivery that is not under way says nothing.
    assert!(alice.sent(&delivery, Vec::new(), None, Vec::new(), NOW, &mut rng).is_empty());
    assert!(alice.due_deliveries(retry_at).is_empty());
}

#[test]
fn slow_recipients_leave_room_for_others() {
    let mut bench = Bench::new(account(1, "Alice"));
    for n in 2..5 {
        let to = account(n, "slow").id();
        (0..100).for_each(|_| drop(bench.send(to)));
    }
    bench.run(SECOND, |_, _| (SECOND * 5, true));
    assert_eq!(bench.under_way.len(), 8);
    let bob = account(9, "Bob").id();
    let entry = bench.send(bob);
    bench.run(SECOND, |_, _| (SECOND / 2, true));
    assert_eq!(bench.stored.get(&bob), Some(&vec![entry.number]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever swarms do, and wherever it crashes in between: no entry is in
    /// two deliveries at a time, and each is stored in the end.
    #[test]
    fn nothing_is_sent_beside_itself_and_nothing_is_lost(seed: u64, crash in 0usize..60) {
        let mut random = StdRng::seed_from_u64(seed);
        let mut bench = Bench::new(account(1, "Alice"));
        let mut kept = BTreeMap::new();
        let recipients = [1, 2, 3].map(|n| account(n, "any").id());
        for step in 0..60 {
            for _ in 0..random.random_range(0..10) {
                let to = recipients[random.random_range(0..3_usize)];
                let (_, decision) = queue(&mut bench.account, to, "x", bench.now);
                kept.extend(entries(&decision).into_iter().map(|entry| (entry.number, entry)));
            }
            let end = bench.now.plus(Duration::from_millis(random.random_range(0..2_000)));
            let mut swarm = |_: &Delivery, _: &ServiceNode| {
                let millis = random.random_range(1..10_000);
                (Duration::from_millis(millis), random.random_bool(0.7))
            };
            while bench.step(end, &mut swarm) {}
            if step == crash {
                let stored: BTreeSet<u64> = bench.stored.values().flatten().copied().collect();
                let outbox = kept.values().filter(|entry| !stored.contains(&entry.number));
                let counters =
                    Counters { next_outbox: 1_000_000, next_message: 1_000_000, ..Counters::default() };
                bench.account = Account::load(StoredAccount {
                    counters,
                    outbox: outbox.cloned().collect(),
                    ..stored_account(1, None)
                });
                // What was under way is stored or not; nobody hears of it.
                bench.under_way.clear();
            }
        }
        let end = bench.now.plus(SECOND * 3_600);
        while bench.step(end, &mut |_, _| (SECOND * 5, true)) {}
        prop_assert_eq!(bench.account.outbox_len(), 0);
        let stored: Vec<u64> = bench.stored.values().flatten().copied().collect();
        let once: BTreeSet<u64> = stored.iter().copied().collect();
        prop_assert_eq!((stored.len(), once.len()), (kept.len(), kept.len()));
    }
}
