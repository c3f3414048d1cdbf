//! Errands about when copies expire: shortened, and asked.

use super::*;
use crate::event::MessageChange;
use crate::store::MessageEdit;
use ramson_types::message::{ExpiresFrom, Expiry};

const SECONDS: u32 = 3_600;

/// A copy of message `n`, whose time ends after this many seconds.
fn copy(bench: &mut Bench, n: u8, ends: u64) -> ErrandCopy {
    let message = MessageId { account: 1, number: n.into() };
    bench.account.expiring.set(message, Some(at(ends)));
    let conversation = ConversationId::Account(account(2, "Bob").id());
    ErrandCopy { hash: hash(n), message, conversation, seconds: SECONDS }
}

fn at(seconds: u64) -> Timestamp {
    NOW.plus(SECOND * u32::try_from(seconds).unwrap())
}

/// What an answer changed: message numbers and new ends.
fn changed(done: &ErrandAnswer) -> Vec<(u64, Timestamp)> {
    let mut changed = Vec::new();
    for change in &done.decision.changes {
        if let Change::EditMessage { id, edit } = change {
            let MessageEdit::Expiry(Some(expiry)) = edit else { panic!("{edit:?}") };
            assert_eq!((expiry.from, expiry.seconds), (ExpiresFrom::Read, SECONDS));
            changed.push((id.number, expiry.ends.unwrap()));
        }
    }
    let told = |event: &AccountEvent| match event {
        AccountEvent::MessageChanged { id, change, .. } => Some((id.number, change.clone())),
        _ => None,
    };
    let told: Vec<_> = done.decision.events.iter().filter_map(told).collect();
    let same = |(number, ends): &(u64, Timestamp)| {
        let expiry = Expiry { from: ExpiresFrom::Read, seconds: SECONDS, ends: Some(*ends) };
        (*number, MessageChange::Expiry(Some(expiry)))
    };
    assert_eq!(told, changed.iter().map(same).collect::<Vec<_>>(), "each is told");
    changed
}

#[test]
fn copies_are_shortened_and_the_lower_time_holds() {
    let mut bench = Bench::new(5);
    for (n, expires) in [(1, 14 * 86_400), (2, 100)] {
        bench.swarm.put(hash(n), at(expires));
    }
    let copies = (1..=4).map(|n| copy(&mut bench, n, 3_600)).collect::<Vec<_>>();
    // The fourth message was deleted meanwhile.
    bench.account.expiring.set(copies[3].message, None);
    bench.add(Errand::Shorten { copies, expiry: at(3_600) });
    bench.now = at(10);
    let errand = bench.due().unwrap();
    let done = bench.answers(&errand, 0);
    assert_eq!(removed(&done.decision), [1]);
    // The second was shortened by another device; the third is nowhere, so
    // its time is over.
    assert_eq!(changed(&done), [(2, at(100)), (3, at(10))]);
    let ends = |n| bench.account.expiring.ends(MessageId { account: 1, number: n });
    assert_eq!([1, 2, 3, 4].map(ends), [Some(at(3_600)), Some(at(100)), Some(at(10)), None]);
    let held: Vec<_> = bench.swarm.members[4].copies.values().copied().collect();
    assert_eq!(held, [at(3_600), at(100)]);
}

#[test]
fn a_time_that_has_passed_meanwhile_is_a_delete() {
    let mut bench = Bench::new(3);
    bench.swarm.put(hash(1), at(86_400));
    let copies = vec![copy(&mut bench, 1, 60)];
    bench.add(Errand::Shorten { copies, expiry: at(60) });
    bench.now = at(300);
    let errand = bench.due().unwrap();
    assert!(matches!(parts(&errand), [Request::Delete(_)]));
    let done = bench.answers(&errand, 0);
    assert_eq!((removed(&done.decision), changed(&done)), (vec![1], vec![]));
    assert!(bench.swarm.held().is_empty());
}

#[test]
fn each_time_is_a_request_of_its_own_beside_the_others() {
    let mut bench = Bench::new(3);
    for n in 1..=3 {
        bench.swarm.put(hash(n), at(86_400));
        let copies = vec![copy(&mut bench, n, 60 * u64::from(n))];
        bench.add(Errand::Shorten { copies, expiry: at(60 * u64::from(n)) });
    }
    bench.add(Errand::Delete(vec![hash(9)]));
    let copies = vec![copy(&mut bench, 4, 60)];
    bench.add(Errand::AskExpiries(copies));
    let errand = bench.due().unwrap();
    let methods: Vec<_> = parts(&errand).iter().map(Request::method).collect();
    assert_eq!(methods, ["expire", "expire", "expire", "delete", "get_expiries"]);
    let done = bench.answers(&errand, 0);
    assert_eq!(removed(&done.decision), [1, 2, 3, 4]);
    bench.finish();
    assert!(bench.home.errands.is_empty());
}

#[test]
fn one_member_that_lies_shortens_nothing() {
    for mood in [Mood::SaysExpiry(Timestamp(1)), Mood::KnowsNothing, Mood::Forges] {
        for ask in [false, true] {
            let mut bench = Bench::new(5);
            bench.swarm.put(hash(1), at(86_400));
            bench.swarm.members[0].mood = mood;
            let copies = vec![copy(&mut bench, 1, 3_600)];
            bench.add(match ask {
                true => Errand::AskExpiries(copies),
                false => Errand::Shorten { copies, expiry: at(3_600) },
            });
            let mut asked = 0;
            while bench.account.next_errand().is_some() {
                let errand = bench.wait();
                let done = bench.answers(&errand, asked);
                assert_eq!(changed(&done), [], "{mood:?}");
                asked += 1;
            }
            assert!(bench.home.errands.is_empty());
            assert_eq!(asked, if ask { 3 } else { 1 });
        }
    }
}

#[test]
fn three_members_are_asked_when_copies_expire_and_each_once() {
    let mut bench = Bench::new(5);
    bench.swarm.put(hash(1), at(100));
    bench.swarm.put(hash(2), at(9_000));
    // One of them missed what the others know.
    bench.swarm.members[2].copies.insert(hash(1), at(86_400));
    let copies = (1..=3).map(|n| copy(&mut bench, n, 3_600)).collect();
    bench.add(Errand::AskExpiries(copies));
    let nodes = bench.swarm.nodes();
    let mut asked = BTreeSet::new();
    for round in 1..=3 {
        bench.now = at(round);
        let errand = bench.due().unwrap();
        let node = match round {
            1 => nodes[2],
            _ => bench.account.pick_errand_member(&errand, &nodes, &mut rng()).unwrap(),
        };
        assert!(asked.insert(node.ed25519));
        let index = nodes.iter().position(|other| *other == node).unwrap();
        let done = bench.answers(&errand, index);
        match round {
            3 => assert_eq!(changed(&done), [(1, at(100)), (3, at(3))]),
            _ => assert_eq!((changed(&done), removed(&done.decision)), (vec![], vec![])),
        }
    }
    assert!(bench.home.errands.is_empty());
}

#[test]
fn a_swarm_with_few_that_answer_is_asked_four_times() {
    for (members, wanted) in [(1, 1), (2, 2), (5, 4)] {
        let mut bench = Bench::new(members);
        bench.swarm.put(hash(1), at(100));
        let copies = vec![copy(&mut bench, 1, 3_600)];
        bench.add(Errand::AskExpiries(copies));
        let mut asked = 0;
        while bench.account.next_errand().is_some() {
            let errand = bench.wait();
            // Of five only one answers.
            bench.answers(&errand, if members == 2 { asked } else { 0 });
            asked += 1;
        }
        assert_eq!(asked, wanted);
        assert!(bench.home.errands.is_empty());
        let ends = bench.account.expiring.ends(MessageId { account: 1, number: 1 });
        assert_eq!(ends, Some(at(100)));
    }
}

#[test]
fn the_word_of_a_node_that_is_no_member_is_not_heard() {
    let mut bench = Bench::new(3);
    bench.swarm.put(hash(1), at(100));
    let copies = vec![copy(&mut bench, 1, 3_600)];
    bench.add(Errand::AskExpiries(copies));
    for _ in 0..6 {
        let before = bench.now;
        let errand = bench.wait();
        let body = bench.swarm.answer(0, &errand.request, bench.now);
        let done = bench.ends(&errand, Some(node(9).ed25519), Ok((200, body.as_bytes())));
        assert!(changed(&done).is_empty() && removed(&done.decision).is_empty());
        assert!(bench.account.next_errand().unwrap() > before, "no hot loop");
    }
}

#[test]
fn the_ends_are_those_of_the_networks_clock() {
    let mut bench = Bench::new(3);
    let copies = vec![copy(&mut bench, 1, 3_600)];
    bench.add(Errand::Shorten { copies, expiry: at(3_600) });
    for n in 1..=3 {
        let (node, theirs) = (node(n).ed25519, at(60));
        let sample = Sample { node, asked: NOW, answered: NOW, theirs };
        bench.account.clock_mut().learn(sample);
    }
    let errand = bench.due().unwrap();
    let done = bench.answers(&errand, 0);
    assert_eq!(changed(&done), [(1, at(60))], "nobody has it, so its time is over");
}

#[test]
fn nobody_has_a_copy_whose_life_is_over_and_that_ends_nothing() {
    for (lapses, ends) in [(5, 3_600), (60, 10)] {
        for ask in [false, true] {
            let mut bench = Bench::new(1);
            let copies = vec![copy(&mut bench, 1, 3_600)];
            let message = copies[0].message;
            bench.account.expiring.set_lapse(message, at(lapses));
            bench.add(match ask {
                true => Errand::AskExpiries(copies),
                false => Errand::Shorten { copies, expiry: at(3_600) },
            });
            bench.now = at(10);
            let errand = bench.due().unwrap();
            bench.answers(&errand, 0);
            assert_eq!(bench.account.expiring.ends(message), Some(at(ends)));
            assert!(bench.home.errands.is_empty());
        }
    }
}
