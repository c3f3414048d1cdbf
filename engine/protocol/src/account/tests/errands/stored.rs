//! Errands that are kept: copies deleted.

use super::*;

#[test]
fn a_copy_is_deleted_and_the_errand_is_gone() {
    let mut bench = Bench::new(5);
    bench.swarm.put(hash(1), NOW.plus(DAY));
    bench.swarm.put(hash(2), NOW.plus(DAY));
    bench.add(Errand::Delete(vec![hash(1)]));
    assert_eq!((bench.account.errands_waiting(), bench.home.errands.len()), (1, 1));
    let errand = bench.due().unwrap();
    assert_eq!(errand.timeout, SECOND * 10);
    let done = bench.answers(&errand, 2);
    assert_eq!(removed(&done.decision), [1]);
    assert!(!done.doubtful && !done.wrong_time && done.swarm.is_none());
    assert_eq!(done.time, Some(NOW));
    assert!(failures(&done.decision).is_empty());
    assert_eq!(bench.swarm.held(), [hash(2)].into());
    assert_eq!((bench.account.errands_waiting(), bench.account.next_errand()), (0, None));
    assert_eq!(bench.account.due_errand(bench.now.plus(DAY)).0, None);
}

#[test]
fn what_no_member_knows_counts_as_deleted_and_nothing_is_no_errand() {
    let mut bench = Bench::new(3);
    bench.add(Errand::Delete(vec![hash(1), hash(2)]));
    bench.add(Errand::Delete(Vec::new()));
    assert_eq!(bench.account.errands_waiting(), 1);
    let errand = bench.due().unwrap();
    assert_eq!(removed(&bench.answers(&errand, 0).decision), [1]);
}

#[test]
fn a_delete_survives_a_restart_before_during_and_after_its_request() {
    let mut bench = Bench::new(3);
    bench.swarm.put(hash(1), NOW.plus(DAY));
    bench.add(Errand::Delete(vec![hash(1)]));
    bench.restart();
    let first = bench.due().unwrap();
    bench.swarm.answer(0, &first.request, bench.now);
    bench.restart();
    let again = bench.due().unwrap();
    assert_eq!(again.request, first.request);
    let done = bench.answers(&again, 1);
    assert_eq!(removed(&done.decision), [1]);
    bench.restart();
    assert_eq!(bench.account.next_errand(), None);
    // Numbers are never given twice.
    bench.add(Errand::Delete(vec![hash(2)]));
    assert_eq!(bench.home.errands.keys().copied().collect::<Vec<_>>(), [2]);
}

#[test]
fn more_than_half_has_to_sign_and_one_member_from_the_fourth_attempt_on() {
    for members in 1..=7_u8 {
        for up in 0..=members {
            let mut bench = Bench::new(members);
            bench.swarm.put(hash(1), NOW.plus(DAY));
            for member in bench.swarm.members.iter_mut().skip(usize::from(up)) {
                member.mood = Mood::Down;
            }
            bench.add(Errand::Delete(vec![hash(1)]));
            for attempt in 1..=5 {
                let errand = bench.wait();
                let done = bench.answers(&errand, 0);
                let enough = up > members / 2 || (attempt >= 4 && up > 0);
                assert_eq!(removed(&done.decision).len() == 1, enough, "{up} of {members}");
                assert_eq!(done.doubtful, up == 0, "who signed is not to blame");
                if enough {
                    break;
                }
                let told = format!("{up} of {members} members of the swarm signed for it");
                let lines = if attempt == 1 { vec![told] } else { Vec::new() };
                assert_eq!(failures(&done.decision), lines, "one reason, one line");
                assert_eq!(bench.home.errands.len(), 1);
            }
        }
    }
}

#[test]
fn forged_signatures_and_those_of_strangers_count_for_nothing() {
    let mut bench = Bench::new(3);
    bench.swarm.put(hash(1), NOW.plus(DAY));
    bench.swarm.members[0].mood = Mood::Forges;
    bench.swarm.members[1].mood = Mood::Forges;
    bench.add(Errand::Delete(vec![hash(1)]));
    let errand = bench.due().unwrap();
    let done = bench.answers(&errand, 0);
    assert!(done.doubtful && removed(&done.decision).is_empty());

    let errand = bench.wait();
    let body = Swarm::new(bench.account.keys(), 9).answer(0, &errand.request, bench.now);
    let strangers = [node(11).ed25519, node(12).ed25519, node(1).ed25519];
    let done = bench.account.errand_done(
        &errand,
        Some(node(1).ed25519),
        &strangers,
        Ok((200, body.as_bytes())),
        bench.now,
    );
    assert!(removed(&done.decision).is_empty(), "one of three");
    // An answer to another request is no answer to this one.
    let errand = bench.wait();
    let mut other = Bench::new(3);
    other.add(Errand::Delete(vec![hash(2)]));
    let request = other.due().unwrap().request;
    let body = bench.swarm.answer(2, &request, bench.now);
    let done = bench.ends(&errand, Some(node(3).ed25519), Ok((200, body.as_bytes())));
    assert!(removed(&done.decision).is_empty() && done.doubtful);
}

#[test]
fn a_421_names_the_swarm_wherever_it_stands_and_a_wrong_time_is_told() {
    let snode = json!({
        "ip": "127.0.0.1", "port_https": 1,
        "pubkey_ed25519": node(5).ed25519.to_string(),
        "pubkey_x25519": node(5).x25519.to_string(),
    });
    let swarm = json!({ "swarm": "1", "snodes": [snode], "t": 9 });
    let inside = json!({ "results": [{ "code": 421, "body": swarm }] }).to_string();
    let asked = Some(node(1).ed25519);
    let mut bench = Bench::new(3);
    bench.add(Errand::Delete(vec![hash(1)]));
    for (status, body) in [(200, inside), (421, swarm.to_string())] {
        let errand = bench.wait();
        let done = bench.ends(&errand, asked, Ok((status, body.as_bytes())));
        assert_eq!(done.swarm.unwrap()[0].ed25519, node(5).ed25519);
        assert!(!done.doubtful && !done.wrong_time);
        assert_eq!(done.time, Some(Timestamp(9)));
    }
    let inside = json!({ "results": [{ "code": 425, "body": "clock" }] }).to_string();
    for (status, body) in [(406, "too far from current time".to_owned()), (200, inside)] {
        let errand = bench.wait();
        let done = bench.ends(&errand, asked, Ok((status, body.as_bytes())));
        assert!(done.wrong_time && !done.doubtful && done.swarm.is_none());
    }
    for (status, body) in [(421, "no"), (500, ""), (401, "no"), (200, "{}"), (200, "\u{1}")] {
        let errand = bench.wait();
        let done = bench.ends(&errand, asked, Ok((status, body.as_bytes())));
        assert!(done.doubtful && !done.wrong_time, "{status} {body}");
        assert_eq!(bench.home.errands.len(), 1, "nothing ends it");
    }
    bench.finish();
    assert!(bench.home.errands.is_empty());
}

#[test]
fn many_errands_go_into_requests_of_twenty_parts() {
    let mut bench = Bench::new(3);
    for n in 0..45 {
        bench.swarm.put(hash(n), NOW.plus(DAY));
        bench.add(Errand::Delete(vec![hash(n)]));
    }
    let mut sizes = Vec::new();
    while bench.account.next_errand().is_some() {
        let errand = bench.wait();
        sizes.push(parts(&errand).len());
        bench.answers(&errand, 0);
    }
    assert_eq!(sizes, [20, 20, 5]);
    assert!(bench.swarm.held().is_empty() && bench.home.errands.is_empty());
}

#[test]
fn an_errand_with_many_copies_goes_in_parts_and_what_is_done_is_kept() {
    let mut bench = Bench::new(3);
    let all = hashes(0..5_000);
    all.iter().for_each(|hash| bench.swarm.put(*hash, NOW.plus(DAY)));
    bench.add(Errand::Delete(all));
    let errand = bench.due().unwrap();
    let lengths: Vec<_> = parts(&errand)
        .iter()
        .map(|part| match part {
            Request::Delete(delete) => delete.messages.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lengths, [200; 20]);
    bench.answers(&errand, 0);
    let Errand::Delete(left) = &bench.home.errands[&1].errand else { panic!("a delete") };
    assert_eq!(left.len(), 1_000);
    bench.restart();
    let errand = bench.due().unwrap();
    assert_eq!(parts(&errand).len(), 5);
    bench.answers(&errand, 0);
    assert!(bench.swarm.held().is_empty() && bench.home.errands.is_empty());
}

#[test]
fn a_part_that_failed_is_tried_again_without_those_that_did_not() {
    let mut bench = Bench::new(3);
    for n in 0..3 {
        bench.swarm.put(hash(n), NOW.plus(DAY));
        bench.add(Errand::Delete(vec![hash(n)]));
    }
    let errand = bench.due().unwrap();
    let body = bench.swarm.answer(0, &errand.request, bench.now);
    let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
    body["results"][1] = json!({ "code": 500, "body": "request failed" });
    let body = body.to_string();
    let done = bench.ends(&errand, Some(node(1).ed25519), Ok((200, body.as_bytes())));
    assert_eq!(removed(&done.decision), [1, 3]);
    assert_eq!(failures(&done.decision), ["the node answered 500: request failed"]);
    let errand = bench.wait();
    assert_eq!(parts(&errand).len(), 1);
    assert_eq!(removed(&bench.answers(&errand, 0).decision), [2]);
}

#[test]
fn another_member_is_asked_than_the_one_that_failed_last() {
    let mut bench = Bench::new(3);
    bench.add(Errand::Delete(vec![hash(1)]));
    let nodes = bench.swarm.nodes();
    for n in 1..=3 {
        let errand = bench.wait();
        bench.fails(&errand, n, "down");
        let errand = bench.wait();
        for seed in 0..20 {
            let mut rng = StdRng::seed_from_u64(seed);
            let picked = bench.account.pick_errand_member(&errand, &nodes, &mut rng).unwrap();
            assert_ne!(picked, node(n));
        }
        let only = [node(n)];
        assert_eq!(bench.account.pick_errand_member(&errand, &only, &mut rng()), Some(node(n)));
        assert_eq!(bench.account.pick_errand_member(&errand, &[], &mut rng()), None);
        bench.fails(&errand, n, "down");
    }
}

#[test]
fn failures_wait_longer_each_time_and_an_errand_is_dropped_after_thirty_days() {
    let mut bench = Bench::new(3);
    bench.add(Errand::Delete(vec![hash(1)]));
    let (mut waits, mut last) = (Vec::new(), None);
    let mut attempts = 0;
    while bench.account.next_errand().is_some() {
        let errand = bench.wait();
        if let Some(last) = last.replace(bench.now) {
            waits.push(bench.now.since(last).as_secs());
        }
        bench.now = bench.now.plus(SECOND);
        last = Some(bench.now);
        let done = bench.fails(&errand, 1, "down");
        attempts += 1;
        assert_eq!(failures(&done.decision).len(), usize::from(attempts % 1_000 == 1), "told once");
        if attempts % 1_000 == 0 {
            bench.restart();
            last = None;
        }
    }
    assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(waits.last(), Some(&300));
    assert!(bench.home.errands.is_empty());
    let age = bench.now.since(NOW);
    assert!(age > DAY * 30 && age < DAY * 30 + MINUTE * 10, "{age:?}");
    assert!((8_000..12_000).contains(&attempts), "{attempts} in 30 days");
}

#[test]
fn an_answer_that_came_through_makes_errands_due_but_not_again_and_again() {
    let mut bench = Bench::new(3);
    bench.add(Errand::Delete(vec![hash(1)]));
    for _ in 0..10 {
        let errand = bench.wait();
        assert!(!bench.account.network_works(bench.now), "it is under way");
        bench.fails(&errand, 1, "down");
    }
    assert!(bench.account.network_works(bench.now));
    assert_eq!(bench.account.next_errand(), Some(bench.now));
    let (mut attempts, until) = (0, bench.now.plus(MINUTE * 60));
    while bench.now < until {
        if let Some(errand) = bench.due() {
            bench.fails(&errand, 1, "down");
            attempts += 1;
        }
        bench.now = bench.now.plus(SECOND * 2);
        bench.account.network_works(bench.now);
    }
    assert!(attempts < 100, "{attempts} attempts in an hour");
}

#[test]
fn after_the_clock_was_set_back_what_waits_is_due() {
    let mut bench = Bench::new(3);
    bench.add(Errand::Delete(vec![hash(1)]));
    let errand = bench.due().unwrap();
    bench.fails(&errand, 1, "down");
    assert!(bench.due().is_none());
    bench.now = bench.now.minus(DAY);
    assert!(bench.due().is_some());
}

#[test]
fn an_old_answer_changes_nothing() {
    let mut bench = Bench::new(3);
    bench.swarm.put(hash(1), NOW.plus(DAY));
    bench.add(Errand::Delete(vec![hash(1)]));
    let first = bench.due().unwrap();
    let body = bench.swarm.answer(0, &first.request, bench.now);
    bench.fails(&first, 1, "too late");
    let asked = Some(node(1).ed25519);
    let late = bench.ends(&first, asked, Ok((200, body.as_bytes())));
    assert_eq!(late, ErrandAnswer::default());
    let second = bench.wait();
    assert_eq!(bench.ends(&first, asked, Ok((200, body.as_bytes()))), ErrandAnswer::default());
    assert_eq!(removed(&bench.answers(&second, 1).decision), [1]);
}

#[test]
fn no_more_errands_wait_than_there_is_room_for() {
    let mut bench = Bench::new(3);
    for hash in hashes(0..4_200) {
        bench.add(Errand::Delete(vec![hash]));
    }
    assert_eq!(bench.account.errands_waiting(), 4_096);
    assert_eq!(bench.home.errands.len(), 4_096);
    assert_eq!(bench.home.errands.first_key_value().unwrap().0, &105, "the oldest go");
}
