//! Configs that are stored.

use super::*;
use crate::config::ConfigKind;
use crate::config::contacts::Contact;
use crate::config::convo_volatile::{Convo, ReadState};
use rand::RngExt as _;

/// What a push stores, by namespace, and what it deletes behind it.
fn pushed(errand: &DueErrand) -> (Vec<(Namespace, Vec<u8>)>, Vec<MessageHash>) {
    assert!(matches!(errand.request, Request::Sequence(_)));
    assert_eq!(errand.timeout, SECOND * 30);
    let (mut stored, mut deleted) = (Vec::new(), Vec::new());
    for part in parts(errand) {
        match part {
            Request::Store(store) => {
                assert!(deleted.is_empty(), "the delete is the last");
                stored.push((store.namespace, store.data.clone()));
            }
            Request::Delete(delete) => {
                let hashes = delete.messages.iter().map(|text| text.parse::<MessageHash>());
                deleted.extend(hashes.map(Result::unwrap));
            }
            other => panic!("{other:?}"),
        }
    }
    let me = account(1, "Alice").id();
    for (namespace, data) in &stored {
        assert!(!deleted.contains(&message_hash(&me, *namespace, data)), "it was just stored");
    }
    (stored, deleted)
}

#[test]
fn what_changed_is_stored_and_what_it_replaces_deleted() {
    let mut bench = Bench::new(5);
    bench.name("Alice");
    let errand = bench.wait();
    let (stored, deleted) = pushed(&errand);
    let namespaces: Vec<_> = stored.iter().map(|(namespace, _)| *namespace).collect();
    assert_eq!((namespaces, deleted), (vec![Namespace(2)], vec![]));
    let done = bench.answers(&errand, 1);
    assert_eq!((bench.account.unstored_configs(), bench.account.next_errand()), (0, None));
    assert!(
        done.decision.changes.iter().any(|change| matches!(
            change,
            Change::PutConfig { kind: ConfigKind::UserProfile, .. }
        ))
    );
    assert!(failures(&done.decision).is_empty() && !done.doubtful);
    let first = bench.swarm.held();
    assert_eq!(first.len(), 1);

    bench.name("Alicia");
    let errand = bench.wait();
    let (_, deleted) = pushed(&errand);
    assert_eq!(deleted, first.iter().copied().collect::<Vec<_>>());
    bench.answers(&errand, 0);
    assert_eq!(bench.swarm.held().len(), 1);
    assert!(bench.swarm.held().is_disjoint(&first));
    assert_eq!((bench.account.unstored_configs(), bench.account.errands_waiting()), (0, 0));
}

#[test]
fn a_crash_between_store_and_confirm_leads_to_the_same_bytes_again() {
    let mut bench = Bench::new(3);
    bench.name("Alice");
    bench.finish();
    bench.name("Alicia");
    let errand = bench.wait();
    let (first, _) = pushed(&errand);
    // The swarm has it, and nobody heard of it.
    bench.swarm.answer(0, &errand.request, bench.now);
    let held = bench.swarm.held();
    bench.restart();
    assert_eq!(bench.account.unstored_configs(), 1);
    bench.now = bench.now.plus(MINUTE);
    let errand = bench.wait();
    assert_eq!(pushed(&errand).0, first, "bytes that were stored stay one message");
    bench.answers(&errand, 2);
    assert_eq!(bench.account.unstored_configs(), 0);
    assert_eq!(bench.swarm.held(), held);
}

#[test]
fn nothing_counts_as_stored_that_too_few_signed_for() {
    for mood in [Mood::Down, Mood::Forges] {
        let mut bench = Bench::new(4);
        bench.name("Alice");
        bench.swarm.members[0].mood = mood;
        bench.swarm.members[1].mood = mood;
        for attempt in 1..=4 {
            let errand = bench.wait();
            pushed(&errand);
            let done = bench.answers(&errand, 2);
            let stored = bench.account.unstored_configs() == 0;
            assert_eq!(stored, attempt == 4, "one member's word is enough from the fourth on");
            assert_eq!(failures(&done.decision).len(), usize::from(attempt == 1));
            assert!(!done.doubtful, "the node asked signed");
        }
    }
    let mut bench = Bench::new(3);
    bench.swarm.members.iter_mut().for_each(|member| member.mood = Mood::Forges);
    bench.name("Alice");
    for _ in 0..6 {
        let errand = bench.wait();
        assert!(bench.answers(&errand, 0).doubtful);
        assert_eq!(bench.account.unstored_configs(), 1);
    }
}

#[test]
fn a_refused_store_ends_the_sequence_and_nothing_is_deleted() {
    let mut bench = Bench::new(3);
    bench.name("Alice");
    bench.finish();
    let before = bench.swarm.held();
    bench.name("Alicia");
    let mut waits = Vec::new();
    for (code, body) in [(406, "check your clock"), (401, "no"), (503, "busy"), (421, "?")] {
        let from = bench.now;
        let errand = bench.wait();
        waits.push(bench.now.since(from).as_secs());
        let body = json!({ "results": [{ "code": code, "body": body }] }).to_string();
        let done = bench.ends(&errand, Some(node(1).ed25519), Ok((200, body.as_bytes())));
        assert_eq!(done.wrong_time, code == 406);
        assert_eq!(bench.account.unstored_configs(), 1);
        assert_eq!(failures(&done.decision).len(), 1);
    }
    assert!(waits[1..].is_sorted_by(|a, b| a < b), "{waits:?}");
    assert_eq!(bench.swarm.held(), before);
    let errand = bench.wait();
    assert_eq!(pushed(&errand).1.len(), 1, "what is obsolete is not forgotten");
    bench.answers(&errand, 0);
    assert_eq!(bench.swarm.held().len(), 1);
}

#[test]
fn what_could_not_be_deleted_is_an_errand_of_its_own() {
    let mut bench = Bench::new(3);
    bench.name("Alice");
    bench.finish();
    let obsolete = bench.swarm.held().into_iter().collect::<Vec<_>>();
    bench.name("Alicia");
    let errand = bench.wait();
    let body = bench.swarm.answer(0, &errand.request, bench.now);
    let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
    body["results"][1] = json!({ "code": 500, "body": "request failed" });
    let body = body.to_string();
    bench.ends(&errand, Some(node(1).ed25519), Ok((200, body.as_bytes())));
    assert_eq!(bench.account.unstored_configs(), 0, "it is stored all the same");
    bench.restart();
    assert_eq!(bench.home.errands[&1].errand, Errand::Delete(obsolete.clone()));
    bench.finish();
    assert!(bench.swarm.held().is_disjoint(&obsolete.into_iter().collect()));
}

/// Makes a contacts config of many parts: pictures' keys do not compress.
fn befriend(bench: &mut Bench, contacts: u32) {
    let mut rng = rng();
    for n in 0..contacts {
        let id: AccountId = format!("05{n:08x}{}", "00".repeat(28)).parse().unwrap();
        let mut contact = Contact::new(id);
        let noise = (0..90).map(|_| rng.random_range('!'..'~')).collect::<String>();
        contact.nickname = noise.as_str().into();
        bench.account.settings.contacts.set_contact(&contact);
    }
    let mut decision = Decision::default();
    bench.account.keep(&mut decision, bench.now);
    bench.home.keep(decision);
}

#[test]
fn a_large_config_goes_out_in_several_requests_and_is_stored_whole() {
    let mut bench = Bench::new(3);
    befriend(&mut bench, 14_000);
    let (mut requests, mut stored) = (0, 0);
    while bench.account.unstored_configs() > 0 {
        let errand = bench.wait();
        let (messages, _) = pushed(&errand);
        let bytes: usize = messages.iter().map(|(_, data)| data.len()).sum();
        assert!(bytes <= 1_000_000, "{bytes}");
        stored += messages.len();
        requests += 1;
        bench.answers(&errand, 0);
    }
    assert!(requests >= 2 && stored > 13, "{stored} messages in {requests} requests");
    assert_eq!(bench.swarm.held().len(), stored, "none twice");
    assert_eq!(bench.account.next_errand(), None);
}

#[test]
fn a_push_without_an_answer_is_made_in_small_steps_that_add_up() {
    let mut bench = Bench::new(3);
    befriend(&mut bench, 14_000);
    let errand = bench.wait();
    assert!(pushed(&errand).0.len() > 4);
    bench.fails(&errand, 1, "no answer within 30 s");
    let (mut tried, mut steps) = (0, 0);
    while bench.account.unstored_configs() > 0 {
        let errand = bench.wait();
        let messages = pushed(&errand).0.len();
        assert!(messages <= 4, "{messages}");
        tried += messages;
        steps += 1;
        // Every third one gets no answer either.
        match steps % 3 {
            0 => drop(bench.fails(&errand, 1, "no answer within 30 s")),
            _ => drop(bench.answers(&errand, 0)),
        }
        assert!(steps < 100);
    }
    let all = bench.swarm.held().len();
    assert!(tried < 2 * all, "{tried} stores of {all} messages");
}

#[test]
fn pushes_and_other_errands_take_turns() {
    let mut bench = Bench::new(3);
    for n in 0..60 {
        bench.add(Errand::Delete(vec![hash(n)]));
    }
    befriend(&mut bench, 14_000);
    bench.now = bench.now.plus(MINUTE);
    let mut kinds = Vec::new();
    while bench.account.next_errand().is_some() {
        let errand = bench.wait();
        kinds.push(matches!(errand.request, Request::Sequence(_)));
        bench.answers(&errand, 0);
    }
    assert_eq!(kinds[..4], [true, false, true, false]);
    assert!(bench.home.errands.is_empty() && bench.account.unstored_configs() == 0);
}

#[test]
fn an_edit_during_a_push_is_pushed_after_it() {
    let mut bench = Bench::new(3);
    bench.name("Alice");
    let errand = bench.wait();
    bench.name("Alicia");
    bench.answers(&errand, 0);
    assert_eq!(bench.account.unstored_configs(), 1);
    let first = bench.swarm.held();
    bench.finish();
    assert_eq!(bench.account.unstored_configs(), 0);
    assert!(!bench.swarm.held().is_subset(&first));
}

#[test]
fn a_push_that_failed_is_due_when_the_network_is_back() {
    let mut bench = Bench::new(3);
    bench.name("Alice");
    for _ in 0..8 {
        let errand = bench.wait();
        bench.fails(&errand, 1, "no network");
    }
    assert!(bench.account.next_errand().unwrap() > bench.now.plus(MINUTE));
    assert!(bench.account.network_works(bench.now));
    assert!(bench.due().is_some());
}

/// What no swarm stores: it cannot be compressed.
fn too_much() -> Vec<u8> {
    let mut bytes = vec![0; 5_100_000];
    rng().fill(&mut bytes[..]);
    bytes
}

#[test]
fn a_config_that_does_not_fit_is_told_of_once_and_stops_no_other() {
    let mut bench = Bench::new(3);
    bench.account.settings.contacts.set(&[b"zz"], too_much().as_slice());
    bench.name("Alice");
    assert_eq!(bench.account.unstored_configs(), 2);
    bench.now = bench.now.plus(MINUTE);
    let (errand, decision) = bench.account.due_errand(bench.now);
    let [reason] = &failures(&decision)[..] else { panic!("{decision:?}") };
    assert!(reason.contains("Contacts") && reason.contains("remove some"), "{reason}");
    let me = bench.account.id();
    assert!(decision.changes.iter().any(|change| matches!(
        change,
        Change::Ledger(LedgerLine { step: LedgerStep::AttemptFailed { to, .. }, .. })
            if *to == Some(me)
    )));
    bench.answers(&errand.unwrap(), 0);
    assert_eq!(bench.account.unstored_configs(), 1, "the profile is stored");
    for _ in 0..3 {
        bench.now = bench.account.next_errand().expect("it is tried again");
        let (errand, decision) = bench.account.due_errand(bench.now);
        assert_eq!((errand, failures(&decision)), (None, vec![]));
        assert!(bench.account.next_errand().unwrap() > bench.now, "no hot loop");
    }
    bench.account.settings.contacts.erase(&[b"zz"]);
    bench.finish();
    assert_eq!(bench.account.unstored_configs(), 0);
}

#[test]
fn what_a_push_that_fails_has_changed_is_kept() {
    let mut bench = Bench::new(3);
    let convo = Convo::Account(account(2, "Bob").id());
    let state = ReadState { last_read: 1, ..ReadState::default() };
    let volatile = &mut bench.account.settings.volatile;
    volatile.set_read_state(&convo, &state, Timestamp(1)).unwrap();
    volatile.set(&[b"zz"], too_much().as_slice());
    let mut decision = Decision::default();
    bench.account.keep(&mut decision, bench.now);
    bench.home.keep(decision);
    bench.now = bench.now.plus(MINUTE);
    assert_eq!(bench.due(), None);
    assert_eq!(bench.account.settings.volatile.read_state(&convo).unwrap(), None, "it was old");
    bench.restart();
    assert_eq!(bench.account.settings.volatile.read_state(&convo).unwrap(), None);
}

#[test]
fn what_is_in_use_again_is_not_deleted() {
    let mut bench = Bench::new(3);
    bench.name("Alice");
    bench.finish();
    let active = bench.swarm.held().into_iter().next().unwrap();
    bench.add(Errand::Delete(vec![active, hash(9)]));
    let errand = bench.wait();
    let [Request::Delete(delete)] = parts(&errand) else { panic!("{errand:?}") };
    assert_eq!(delete.messages, [hash(9).to_string()]);
    assert_eq!(bench.home.errands[&1].errand, Errand::Delete(vec![hash(9)]));
    bench.answers(&errand, 0);
    bench.add(Errand::Delete(vec![active]));
    assert_eq!(bench.due(), None);
    assert!(bench.home.errands.is_empty());
    assert_eq!((bench.account.next_errand(), bench.swarm.held().len()), (None, 1));
}

#[test]
fn what_a_push_has_just_stored_is_not_deleted_between_its_requests() {
    let mut bench = Bench::new(3);
    befriend(&mut bench, 14_000);
    let errand = bench.wait();
    let (messages, _) = pushed(&errand);
    bench.answers(&errand, 0);
    assert!(bench.account.unstored_configs() > 0, "there is more of it");
    let me = bench.account.id();
    let stored = messages.iter().map(|(of, data)| message_hash(&me, *of, data)).collect();
    bench.add(Errand::Delete(stored));
    let before = bench.swarm.held();
    bench.finish();
    assert!(bench.swarm.held().is_superset(&before));
}
