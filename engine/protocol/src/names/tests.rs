//! The machine against nodes that tell the truth, lie, and do not answer.

use std::net::Ipv4Addr;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use ramson_types::X25519PublicKey;
use serde_json::json;

const TRUE: AccountId = AccountId::new(Prefix::Account, [1; 32]);
const FALSE: AccountId = AccountId::new(Prefix::Account, [2; 32]);

/// How a node behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    Honest,
    Liar,
    Denier,
    Silent,
    Garbage,
}

use Manner::*;

fn name() -> Name {
    "hloth".parse().expect("a name")
}

fn pool(size: u8) -> NodePool {
    let node = |n: u8| ServiceNode {
        ed25519: Ed25519PublicKey([n; 32]),
        x25519: X25519PublicKey([n; 32]),
        ip: Ipv4Addr::new(10, 0, 0, n),
        https_port: 1,
        swarm: None,
    };
    (0..size).map(node).collect()
}

fn record(outcome: NameOutcome, nonce: u8) -> Vec<u8> {
    let record = match outcome {
        NameOutcome::NotRegistered => NameRecord::NotRegistered,
        NameOutcome::Registered(account) => {
            let nonce = [nonce; ons::NONCE_LEN];
            let id = account.to_bytes();
            let encrypted_value = ons::seal(name().as_str(), &id, nonce);
            NameRecord::Registered { encrypted_value, nonce: Some(nonce) }
        }
    };
    json!({ "result": record.to_json(), "t": 1 }).to_string().into_bytes()
}

/// Resolves while nodes behave like this, in the order in which they are
/// asked; the outcome, and how many were asked.
fn resolve(nodes: u8, manners: &[Manner]) -> (Result<NameOutcome, ResolveError>, usize) {
    let mut rng = StdRng::seed_from_u64(nodes.into());
    let mut machine = Resolution::new(name(), &pool(nodes), &mut rng);
    let mut manners = manners.iter().chain(std::iter::repeat(&Honest));
    for round in 0.. {
        match machine.step() {
            Step::Ask(nodes) => {
                for (at, node) in nodes.iter().enumerate() {
                    let key = node.ed25519;
                    let nonce = u8::try_from(round * 16 + at).expect("few rounds");
                    let told = |outcome| record(outcome, nonce);
                    match manners.next() {
                        Some(Honest) => {
                            machine.answered(&key, 200, &told(NameOutcome::Registered(TRUE)));
                        }
                        Some(Liar) => {
                            machine.answered(&key, 200, &told(NameOutcome::Registered(FALSE)));
                        }
                        Some(Denier) => {
                            machine.answered(&key, 200, &told(NameOutcome::NotRegistered));
                        }
                        Some(Silent) => machine.failed(&key, "it did not answer".to_owned()),
                        _ => machine.answered(&key, 200, b"what?"),
                    }
                    // A second answer is no second vote.
                    machine.answered(&key, 200, &told(NameOutcome::Registered(FALSE)));
                }
            }
            Step::Done(outcome) => return (outcome, machine.asked()),
            step => panic!("nothing else is due: {step:?}"),
        }
    }
    unreachable!("the rounds have no end")
}

#[test]
fn three_that_agree_are_enough() {
    assert_eq!(resolve(20, &[]), (Ok(NameOutcome::Registered(TRUE)), 3));
    assert_eq!(resolve(20, &[Denier; 3]), (Ok(NameOutcome::NotRegistered), 3));
    assert_eq!(resolve(3, &[]), (Ok(NameOutcome::Registered(TRUE)), 3));
}

#[test]
fn one_that_lies_or_denies_does_not_win_and_keeps_nobody_from_the_truth() {
    for lie in [Liar, Denier] {
        for at in 0..3 {
            let mut manners = [Honest; 3];
            manners[at] = lie;
            assert_eq!(resolve(20, &manners), (Ok(NameOutcome::Registered(TRUE)), 9));
        }
        assert_eq!(resolve(20, &[lie, lie]), (Ok(NameOutcome::Registered(TRUE)), 9));
    }
}

#[test]
fn what_is_disputed_by_more_than_two_is_not_believed() {
    let (outcome, asked) = resolve(20, &[Liar, Honest, Liar, Liar]);
    let disagreement =
        ResolveError::Disagreement { name: "hloth".to_owned(), agreeing: 6, answers: 9 };
    assert_eq!((outcome, asked), (Err(disagreement), 9));
    // In a small network a dispute cannot be settled.
    assert!(matches!(resolve(6, &[Liar]).0, Err(ResolveError::Disagreement { .. })));
}

#[test]
fn nodes_that_do_not_answer_have_no_vote() {
    assert_eq!(resolve(20, &[Silent, Garbage]), (Ok(NameOutcome::Registered(TRUE)), 5));
    let (outcome, asked) = resolve(20, &[Silent; 12]);
    let Err(ResolveError::TooFewAnswers { answers: 0, reason, .. }) = outcome else {
        panic!("nobody answered: {outcome:?}");
    };
    assert_eq!((asked, reason.as_str()), (ASKED, "it did not answer"));
    let (outcome, _) = resolve(2, &[]);
    assert!(matches!(outcome, Err(ResolveError::TooFewAnswers { answers: 2, asked: 2, .. })));
    assert!(matches!(resolve(0, &[]).0, Err(ResolveError::TooFewAnswers { asked: 0, .. })));
}

#[test]
fn a_record_of_another_name_is_no_answer() {
    let mut machine = Resolution::new(name(), &pool(3), &mut StdRng::seed_from_u64(1));
    let Step::Ask(nodes) = machine.step() else { panic!("three are asked") };
    let nonce = [1; ons::NONCE_LEN];
    let other = NameRecord::Registered {
        encrypted_value: ons::seal("other", &TRUE.to_bytes(), nonce),
        nonce: Some(nonce),
    };
    let body = json!({ "result": other.to_json() }).to_string();
    for node in nodes {
        machine.answered(&node.ed25519, 200, body.as_bytes());
    }
    assert!(matches!(
        machine.step(),
        Step::Done(Err(ResolveError::TooFewAnswers { answers: 0, asked: 3, .. }))
    ));
}

#[test]
fn an_old_record_is_opened_once_and_only_when_three_agree_on_it() {
    let old = NameRecord::Registered { encrypted_value: vec![7; ons::SEALED_LEN], nonce: None };
    let body = json!({ "result": old.to_json() }).to_string();
    let mut machine = Resolution::new(name(), &pool(9), &mut StdRng::seed_from_u64(1));
    let Step::Ask(nodes) = machine.step() else { panic!("three are asked") };
    for (at, node) in nodes.iter().enumerate() {
        assert_eq!(machine.step(), Step::Wait, "after {at}");
        machine.answered(&node.ed25519, 200, body.as_bytes());
    }
    assert_eq!(machine.step(), Step::OpenOld(vec![7; ons::SEALED_LEN]));
    machine.opened(Ok(TRUE));
    assert_eq!(machine.step(), Step::Done(Ok(NameOutcome::Registered(TRUE))));

    // One node's word costs no 256 MiB.
    let mut machine = Resolution::new(name(), &pool(9), &mut StdRng::seed_from_u64(1));
    let Step::Ask(nodes) = machine.step() else { panic!("three are asked") };
    machine.answered(&nodes[0].ed25519, 200, body.as_bytes());
    for node in &nodes[1..] {
        let told = record(NameOutcome::Registered(TRUE), 1);
        machine.answered(&node.ed25519, 200, &told);
    }
    assert!(matches!(machine.step(), Step::Ask(more) if more.len() == 6));
}

proptest! {
    /// However they behave: a name is never resolved to what fewer than three
    /// said, nor past three that say otherwise, and an end always comes.
    #[test]
    fn the_outcome_is_what_was_said_by_enough(
        nodes in 0u8..30,
        manners in prop::collection::vec(
            prop::sample::select(vec![Honest, Liar, Denier, Silent, Garbage]), 12),
    ) {
        let (outcome, asked) = resolve(nodes, &manners);
        prop_assert!(asked <= ASKED);
        let said = |manner| manners[..asked].iter().filter(|said| **said == manner).count();
        if let Ok(outcome) = outcome {
            let [agreeing, against] = match outcome {
                NameOutcome::Registered(TRUE) => [said(Honest), said(Liar) + said(Denier)],
                NameOutcome::Registered(_) => [said(Liar), said(Honest) + said(Denier)],
                NameOutcome::NotRegistered => [said(Denier), said(Honest) + said(Liar)],
            };
            let needed = if against == 0 { UNDISPUTED } else { DISPUTED };
            prop_assert!(agreeing >= needed);
            prop_assert!(against <= 2);
        }
    }
}
