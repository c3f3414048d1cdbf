//! The layout of a story, held by its whole text.

use ramson_types::message::MessageKind;
use ramson_types::{Ed25519PublicKey, MessageHash, MessageId, Namespace, Prefix};

use super::*;

const START: u64 = 1_764_000_000_000;
const NAME: MessageId = MessageId { account: 1, number: 7 };

fn node(n: u8) -> Ed25519PublicKey {
    Ed25519PublicKey([n; 32])
}

fn alice() -> AccountId {
    AccountId::new(Prefix::Account, [0xa1; 32])
}

fn bob() -> AccountId {
    AccountId::new(Prefix::Account, [0xb0; 32])
}

fn at(millis: u64, step: LedgerStep) -> LedgerLine {
    LedgerLine { at: Timestamp(START + millis), message: Some(NAME), hash: None, step }
}

fn asked(attempt: u32, to: AccountId, n: u8, from: u64, until: u64) -> LedgerLine {
    let path = vec![node(0x11), node(0x22), node(0x33)];
    let (to, asked) = (Some(to), Some(Timestamp(START + from)));
    at(until, LedgerStep::Attempted { attempt, to, node: node(n), path, asked })
}

fn failed(n: Option<u8>, reason: &str, from: u64, until: u64, retry: Option<u64>) -> LedgerLine {
    at(
        until,
        LedgerStep::AttemptFailed {
            to: Some(bob()),
            node: n.map(node),
            reason: reason.to_owned(),
            asked: Some(Timestamp(START + from)),
            retry_at: retry.map(|at| Timestamp(START + at)),
        },
    )
}

fn stored(to: AccountId, millis: u64, confirmed: &[u8], failed: &[u8], hash: u8) -> LedgerLine {
    let nodes = |numbers: &[u8]| numbers.iter().map(|n| node(*n)).collect();
    let step = LedgerStep::Stored { to, confirmed: nodes(confirmed), failed: nodes(failed) };
    LedgerLine { hash: Some(MessageHash([hash; 32])), ..at(millis, step) }
}

fn message(author: AccountId, with: AccountId, state: MessageState) -> Message {
    Message {
        id: NAME,
        conversation: ramson_types::ConversationId::Account(with),
        author,
        sent: Timestamp(START),
        received: Timestamp(START + 4_200),
        kind: MessageKind::Visible,
        state,
        text: None,
        content: Vec::new(),
        hash: None,
        own_hash: None,
        expiry: None,
        reactions: Vec::new(),
        mentions_me: false,
        deleted: false,
    }
}

const DELAYED: &str = "\
m1-7: stored after 12.4 s, 2 attempts; asking node 3f3f… failed after 10.0 s (no answer through guard 1111… within 10 s); then node 5e5e… took it

2025-11-24 16:00:00Z
        +0.0 s  sealed for 05b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0, 412 bytes, and safe in the outbox
        +0.0 s  attempt 1: asked node 3f3f… through 1111…, 2222…, 3333…
       +10.0 s  asking node 3f3f… failed after 10.0 s: no answer through guard 1111… within 10 s; another member is tried after 0.2 s
       +10.2 s  attempt 2: asked node 5e5e… through 1111…, 2222…, 3333…
       +12.4 s  stored: 2 of 3 members signed (5e5e…, 5d5d…); not signed (3f3f…); hash CwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCws

the copy for this account's other devices
        +0.0 s  sealed for 05a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1, 398 bytes, and safe in the outbox
        +0.0 s  attempt 1: asked node 7777… through 1111…, 2222…, 3333…
        +0.8 s  stored: 2 of 2 members signed (7777…, 7878…); hash CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo

nodes
  7777…  7777777777777777777777777777777777777777777777777777777777777777
  1111…  1111111111111111111111111111111111111111111111111111111111111111
  2222…  2222222222222222222222222222222222222222222222222222222222222222
  3333…  3333333333333333333333333333333333333333333333333333333333333333
  7878…  7878787878787878787878787878787878787878787878787878787878787878
  3f3f…  3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f
  5e5e…  5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e
  5d5d…  5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d";

const WAITS: &str = "\
m1-7: not stored yet, no attempt; no node could be asked after 10.0 s (no service nodes are known yet)

2025-11-24 16:00:00Z
        +0.0 s  sealed for 05b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0, 412 bytes, and safe in the outbox
       +10.0 s  no node could be asked after 10.0 s: no service nodes are known yet; tried again after 1 min 0 s";

const MISSED: &str = "\
m1-7: received from node 5e5e…, 4.2 s after it was sent; node 3f3f… did not have it; meanwhile asking node 4444… failed after 3.0 s (service node is not ready)

2025-11-24 16:00:00Z
        +3.5 s  asking node 4444… failed after 3.0 s: service node is not ready; another member is polled
        +4.2 s  received from node 5e5e…, namespace 0 through 1111…; hash DAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw
        +4.2 s  the cursor at node 5e5e… moved past it, namespace 0
   +1 min 10 s  node 3f3f… did not have it, node 5e5e… did; noticed 1 min 5 s before, miss number 2, so others are asked first

nodes
  5e5e…  5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e
  1111…  1111111111111111111111111111111111111111111111111111111111111111
  3f3f…  3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f
  4444…  4444444444444444444444444444444444444444444444444444444444444444";

#[test]
fn a_message_that_a_dead_node_delayed() {
    let lines = [
        at(0, LedgerStep::Queued { to: bob(), bytes: 412 }),
        at(0, LedgerStep::Queued { to: alice(), bytes: 398 }),
        asked(1, alice(), 0x77, 0, 800),
        stored(alice(), 800, &[0x77, 0x78], &[], 0x0a),
        asked(1, bob(), 0x3f, 0, 10_000),
        failed(
            Some(0x3f),
            &format!("no answer through guard {} within 10 s", node(0x11)),
            0,
            10_000,
            Some(10_250),
        ),
        asked(2, bob(), 0x5e, 10_250, 12_400),
        stored(bob(), 12_400, &[0x5e, 0x5d], &[0x3f], 0x0b),
    ];
    let message = message(alice(), bob(), MessageState::Stored);
    let told = tell("m1-7", &lines, Some(&message), &[]);
    let expected = DELAYED;
    assert_eq!(told, expected, "\n{told}");
}

#[test]
fn a_message_whose_swarm_waited_for_a_dead_member() {
    let lines = [
        at(0, LedgerStep::Queued { to: bob(), bytes: 412 }),
        asked(1, bob(), 0x5e, 10, 5_040),
        stored(bob(), 5_040, &[0x5e, 0x5d], &[0x3f], 11),
    ];
    let message = message(alice(), bob(), MessageState::Stored);
    let told = tell("m1-7", &lines, Some(&message), &[]);
    let first = told.lines().next().unwrap();
    assert_eq!(
        first,
        "m1-7: stored after 5.0 s, 1 attempt; node 5e5e… took 5.0 s to answer, and 3f3f… did not sign"
    );
}

#[test]
fn a_message_that_still_waits_and_one_that_was_given_up() {
    let lines = [
        at(0, LedgerStep::Queued { to: bob(), bytes: 412 }),
        failed(None, "no service nodes are known yet", 5, 10_005, Some(70_005)),
    ];
    let waits = message(alice(), bob(), MessageState::Queued);
    let told = tell("m1-7", &lines, Some(&waits), &[]);
    let expected = WAITS;
    assert_eq!(told, expected, "\n{told}");

    let refused = "the swarm refused it (400: no)";
    let lines = [
        at(0, LedgerStep::Queued { to: bob(), bytes: 412 }),
        asked(3, bob(), 0x3f, 90_000, 90_020),
        failed(Some(0x3f), refused, 90_000, 90_020, None),
    ];
    let state = MessageState::Failed { reason: refused.to_owned() };
    let told = tell("m1-7", &lines, Some(&message(alice(), bob(), state)), &[]);
    let first = told.lines().next().unwrap();
    assert_eq!(first, "m1-7: given up after 3 attempts: the swarm refused it (400: no)");
    assert!(told.contains(
        "+1 min 30 s  asking node 3f3f… failed after 0.0 s: the swarm refused it (400: no); given up"
    ));
}

#[test]
fn a_message_that_one_member_missed_and_a_poll_that_failed_meanwhile() {
    let hash = Some(MessageHash([0x0c; 32]));
    let about = |millis, message, step| LedgerLine { hash, message, ..at(millis, step) };
    let namespace = Namespace::INBOX;
    let received = LedgerStep::Received { node: node(0x5e), path: vec![node(0x11)], namespace };
    let missed = LedgerStep::Missed {
        node: node(0x3f),
        had: node(0x5e),
        noticed: Timestamp(START + 4_200),
        times: 2,
    };
    let lines = [
        about(4_200, Some(NAME), received),
        about(4_200, None, LedgerStep::CursorMoved { node: node(0x5e), namespace }),
        about(70_000, None, missed),
    ];
    let poll = LedgerLine {
        message: None,
        ..at(
            3_500,
            LedgerStep::AttemptFailed {
                to: None,
                node: Some(node(0x44)),
                reason: "service node is not ready".to_owned(),
                asked: Some(Timestamp(START + 500)),
                retry_at: None,
            },
        )
    };
    let message = message(bob(), bob(), MessageState::Received);
    let told = tell("m1-7", &lines, Some(&message), &[poll]);
    let expected = MISSED;
    assert_eq!(told, expected, "\n{told}");
}

#[test]
fn nodes_that_begin_alike_are_told_apart_and_durations_are_readable() {
    let (mut one, mut two) = (node(0x3f), node(0x3f));
    (one.0[3], two.0[3]) = (1, 2);
    let moved = |node| at(0, LedgerStep::CursorMoved { node, namespace: Namespace::INBOX });
    let names = Names::of(&[moved(one), moved(two)]);
    assert_eq!((names.short(&one), names.short(&two)), ("3f3f3f01…".into(), "3f3f3f02…".into()));
    let cases = [
        (0, "0.0 s"),
        (12_449, "12.4 s"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h 0 min"),
        (90_000_000, "1 d 1 h"),
    ];
    for (millis, text) in cases {
        assert_eq!(seconds(Duration::from_millis(millis)), text);
    }
}
