//! Messages arrive once, in order, with their author, whatever happens.

use ramson_localnet::LocalnetConfig;
use ramson_types::ConversationId;
use ramson_types::ledger::LedgerStep;
use ramson_types::message::MessageState;

use crate::support::{engine, localnet, next_message, stored};
use ramson_system::LedgerSubject;

#[tokio::test]
async fn a_message_and_its_answer_arrive_once_and_the_ledger_knows_the_way() {
    let net = localnet(LocalnetConfig::new([1; 32])).await;
    let homes = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (alice_home, bob_home) =
        (engine(homes.0.path(), &net).await, engine(homes.1.path(), &net).await);
    let alice = alice_home.create_account(Some("Alice".into())).await.unwrap();
    let bob = bob_home.create_account(Some("Bob".into())).await.unwrap();
    let (mut at_alice, mut at_bob) = (alice_home.subscribe(), bob_home.subscribe());

    let sent = alice_home.send_text(&alice.id, bob.id, "hello".into()).await.unwrap();
    assert_eq!(stored(&mut at_alice, &sent).await, 3, "every member of the swarm signs");
    let got = next_message(&mut at_bob).await;
    assert_eq!((got.author, got.sent, got.text.as_deref()), (alice.id, sent.sent, Some("hello")));

    bob_home.send_text(&bob.id, alice.id, "hello back".into()).await.unwrap();
    let answer = next_message(&mut at_alice).await;
    assert_eq!((answer.author, answer.text.as_deref()), (bob.id, Some("hello back")));

    let ledger = alice_home.ledger(LedgerSubject::Message(sent.id)).await.unwrap();
    let path = ledger.iter().find_map(|line| match &line.step {
        LedgerStep::Attempted { path, node, .. } => Some((path.clone(), *node)),
        _ => None,
    });
    let (path, node) = path.expect("the attempt is in the ledger");
    assert_eq!(path.len(), 3);
    assert!(!path.contains(&node));

    let history =
        alice_home.messages(&alice.id, ConversationId::Account(bob.id), 10).await.unwrap();
    let lines: Vec<_> = history
        .iter()
        .filter_map(|message| Some((message.text.as_deref()?, message.state.clone())))
        .collect();
    assert_eq!(lines, [("hello", MessageState::Stored), ("hello back", MessageState::Received)]);
    alice_home.shutdown().await;
    bob_home.shutdown().await;
}

#[tokio::test]
async fn a_burst_arrives_in_order_and_survives_a_restart_of_the_receiver() {
    let net = localnet(LocalnetConfig::new([2; 32])).await;
    let homes = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sender = engine(homes.0.path(), &net).await;
    let receiver = engine(homes.1.path(), &net).await;
    let alice = sender.create_account(None).await.unwrap();
    let bob = receiver.create_account(None).await.unwrap();
    let mut at_bob = receiver.subscribe();
    for n in 0..30 {
        sender.send_text(&alice.id, bob.id, format!("message {n}")).await.unwrap();
    }
    for n in 0..30 {
        assert_eq!(next_message(&mut at_bob).await.text, Some(format!("message {n}")));
    }
    receiver.shutdown().await;
    let receiver = engine(homes.1.path(), &net).await;
    let mut at_bob = receiver.subscribe();
    sender.send_text(&alice.id, bob.id, "after the restart".into()).await.unwrap();
    let next = next_message(&mut at_bob).await;
    assert_eq!(next.text.as_deref(), Some("after the restart"), "nothing comes a second time");
    let with = ConversationId::Account(alice.id);
    assert_eq!(receiver.messages(&bob.id, with, 100).await.unwrap().len(), 31);
    receiver.shutdown().await;
    sender.shutdown().await;
}
