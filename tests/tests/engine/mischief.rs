//! Service nodes that lie, stall or flood: nothing is lost, and the ledger
//! names them.

use ramson_localnet::{Faults, Localnet, LocalnetConfig, Mischief, Pace};
use ramson_system::{AccountSummary, Engine, LedgerSubject};
use ramson_types::Ed25519PublicKey;
use ramson_types::ledger::LedgerStep;
use ramson_types::swarm::swarm_of;

use crate::support::{PATIENCE, engine, localnet, next_message};

/// The first member of an account's swarm, by its number.
fn member(net: &Localnet, account: &AccountSummary) -> usize {
    let swarm = swarm_of(account.id.key(), net.nodes().iter().filter_map(|node| node.swarm));
    net.nodes().iter().position(|node| node.swarm == swarm).unwrap()
}

/// Whether an account's ledger blames a node.
async fn blames(home: &Engine, account: &AccountSummary, node: Ed25519PublicKey) -> bool {
    let about = LedgerSubject::Account(account.number, 10_000);
    let lines = home.ledger(about).await.unwrap();
    lines.iter().any(|line| match &line.step {
        LedgerStep::AttemptFailed { node: blamed, .. } => *blamed == Some(node),
        LedgerStep::Stored { failed, .. } => failed.contains(&node),
        LedgerStep::Dropped { node: blamed, .. } => *blamed == node,
        _ => false,
    })
}

/// One member of the recipient's swarm misbehaves while messages go to and
/// fro: all arrive, and somebody's ledger names it.
async fn all_arrive_although(seed: u8, mischief: Mischief) {
    let net = localnet(LocalnetConfig::new([seed; 32])).await;
    let homes = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let alice_home = engine(homes.0.path(), &net).await;
    let bob_home = engine(homes.1.path(), &net).await;
    let alice = alice_home.create_account(None).await.unwrap();
    let bob = bob_home.create_account(None).await.unwrap();
    let bad = member(&net, &bob);
    // Something lies in Bob's swarm that is not his.
    let neighbour = loop {
        let other = alice_home.create_account(None).await.unwrap();
        if member(&net, &other) == bad {
            break other;
        }
    };
    let note = "a note".to_owned();
    alice_home.send_text(&neighbour.id, neighbour.id, note).await.unwrap();
    net.set_mischief(bad, mischief);
    let key = net.nodes()[bad].ed25519;

    let mut at_bob = bob_home.subscribe();
    let (mut sent, mut named) = (0, false);
    let work = async {
        while sent < 5 || !named {
            let text = format!("message {sent}");
            alice_home.send_text(&alice.id, bob.id, text.clone()).await.unwrap();
            assert_eq!(next_message(&mut at_bob).await.text, Some(text));
            sent += 1;
            named = blames(&alice_home, &alice, key).await || blames(&bob_home, &bob, key).await;
        }
    };
    tokio::time::timeout(PATIENCE * 2, work).await.expect("everything arrives, and it is named");
    alice_home.shutdown().await;
    bob_home.shutdown().await;
}

fn faults(faults: Faults) -> Mischief {
    Mischief { faults, ..Mischief::default() }
}

#[tokio::test]
async fn a_member_that_answers_everything_with_8_mb() {
    all_arrive_although(20, faults(Faults { oversized_answers: true, ..Faults::default() })).await;
}

#[tokio::test]
async fn a_member_whose_signatures_are_wrong() {
    all_arrive_although(21, faults(Faults { wrong_signatures: true, ..Faults::default() })).await;
}

#[tokio::test]
async fn a_member_that_returns_another_accounts_messages() {
    all_arrive_although(22, faults(Faults { foreign_messages: true, ..Faults::default() })).await;
}

#[tokio::test]
async fn a_member_whose_clock_is_a_day_ahead() {
    let clock_offset = 86_400_000;
    all_arrive_although(23, faults(Faults { clock_offset, ..Faults::default() })).await;
}

#[tokio::test]
async fn a_member_whose_clock_is_a_day_behind() {
    let clock_offset = -86_400_000;
    all_arrive_although(24, faults(Faults { clock_offset, ..Faults::default() })).await;
}

#[tokio::test]
async fn a_member_that_sends_a_byte_a_second() {
    all_arrive_although(25, Mischief { pace: Pace::Dripping, ..Mischief::default() }).await;
}

#[tokio::test]
async fn a_member_whose_answers_never_end() {
    all_arrive_although(26, Mischief { pace: Pace::Endless, ..Mischief::default() }).await;
}
