//! Actors that fail come back with their state, or stay down visibly.

use ramson_localnet::LocalnetConfig;
use ramson_system::{CarryError, EngineError, EngineEvent, Event};
use ramson_types::ConversationId;

use crate::support::{engine, localnet, next_message, wait_for};

#[tokio::test]
async fn accounts_that_panic_lose_and_double_nothing() {
    let net = localnet(LocalnetConfig::new([30; 32])).await;
    let home = tempfile::tempdir().unwrap();
    let engine = engine(home.path(), &net).await;
    let alice = engine.create_account(None).await.unwrap();
    let bob = engine.create_account(None).await.unwrap();
    let (mut at_bob, mut told) = (engine.subscribe(), engine.subscribe());
    let mut sent = Vec::new();
    for n in 0..30 {
        // A sender that is down says so, and nothing of that message is kept.
        let text = format!("message {n}");
        match engine.send_text(&alice.id, bob.id, text.clone()).await {
            Ok(_) => sent.push(text),
            Err(EngineError::Carry(_) | EngineError::Link(_)) => {}
            Err(other) => panic!("{other}"),
        }
        if n % 8 == 3 {
            engine.panic_account(&alice.id).await;
            engine.panic_account(&bob.id).await;
            wait_for(&mut told, |event| match event {
                Event::Engine(EngineEvent::ActorRestarted { actor })
                    if *actor == format!("account {}", bob.number) =>
                {
                    Some(())
                }
                _ => None,
            })
            .await;
        }
    }
    assert!(sent.len() > 15, "most were taken in: {sent:?}");
    for text in &sent {
        assert_eq!(next_message(&mut at_bob).await.text.as_ref(), Some(text));
    }
    let with = ConversationId::Account(alice.id);
    assert_eq!(engine.messages(&bob.id, with, 100).await.unwrap().len(), sent.len());
    engine.shutdown().await;
}

#[tokio::test]
async fn an_account_that_panics_ten_times_in_a_minute_stays_down_and_the_others_live() {
    let net = localnet(LocalnetConfig::new([31; 32])).await;
    let home = tempfile::tempdir().unwrap();
    let engine = engine(home.path(), &net).await;
    let alice = engine.create_account(None).await.unwrap();
    let bob = engine.create_account(None).await.unwrap();
    let carol = engine.create_account(None).await.unwrap();
    let mut told = engine.subscribe();
    let mut given_up = false;
    for _ in 0..11 {
        assert!(!given_up, "ten failures are borne");
        engine.panic_account(&alice.id).await;
        given_up = wait_for(&mut told, |event| match event {
            Event::Engine(EngineEvent::ActorRestarted { .. }) => Some(false),
            Event::Engine(EngineEvent::ActorGivenUp { actor }) => {
                assert_eq!(*actor, format!("account {}", alice.number), "was given up");
                Some(true)
            }
            _ => None,
        })
        .await;
    }
    assert!(given_up);
    let refused = engine.send_text(&alice.id, bob.id, "from a dead account".into()).await;
    assert!(
        matches!(refused, Err(EngineError::Link(_) | EngineError::Carry(CarryError::Link(_)))),
        "{refused:?}"
    );
    engine.send_text(&carol.id, bob.id, "from a live one".into()).await.unwrap();
    assert_eq!(next_message(&mut told).await.text.as_deref(), Some("from a live one"));
    engine.shutdown().await;
}
