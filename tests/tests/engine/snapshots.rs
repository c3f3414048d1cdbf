//! Questions about an account, and the events that follow on an answer.

use ramson_crypto::{AccountKeys, Seed};
use ramson_localnet::LocalnetConfig;
use ramson_system::{Command, Outcome, Post, Query, Snapshot};
use ramson_types::{ConversationId, MessageId};

use crate::support::{engine, localnet};

#[tokio::test]
async fn every_question_is_answered_with_the_number_of_an_event_to_go_on_from() {
    let net = localnet(LocalnetConfig::new([70; 32])).await;
    let folder = tempfile::tempdir().unwrap();
    let home = engine(folder.path(), &net).await;
    let me = home.create_account(Some("Alice".into())).await.unwrap();
    let other = home.create_account(Some("Carol".into())).await.unwrap();
    let to = AccountKeys::new(&Seed::from_bytes32([9; 32])).account_id();
    let conversation = ConversationId::Account(to);

    let (seq, snapshot) = home.snapshot(&me.id, Query::Conversations).await.unwrap();
    assert_eq!(snapshot, Snapshot::Conversations(Vec::new()));
    let command = Command::Send { to, post: Post::text("hello") };
    let Outcome::Queued(message) = home.command(&me.id, command).await.unwrap() else {
        panic!("it is queued");
    };
    let after = home.events_after(seq, 100).await.unwrap().events;
    assert!(after.iter().any(|event| event.id == Some(message.id)), "what came after is told");

    let ask = async |query| home.snapshot(&me.id, query).await.unwrap();
    let (now, Snapshot::Profile(profile)) = ask(Query::Profile).await else { panic!("a profile") };
    assert_eq!((profile.id, profile.name.as_deref()), (me.id, Some("Alice")));
    assert!(now > seq);
    let (_, Snapshot::Conversation(Some(line))) =
        ask(Query::Conversation(conversation.clone())).await
    else {
        panic!("a conversation");
    };
    assert_eq!((line.latest, line.approved), (message.sent, true));
    let (_, requests) = ask(Query::Requests).await;
    assert_eq!(requests, Snapshot::Conversations(Vec::new()), "who is written to is no request");
    let (_, Snapshot::Messages(messages)) = ask(Query::Messages { conversation, limit: 10 }).await
    else {
        panic!("messages");
    };
    assert_eq!(messages.iter().map(|one| one.id).collect::<Vec<_>>(), [message.id]);
    let (_, Snapshot::Message(Some(found))) = ask(Query::Message(message.id)).await else {
        panic!("a message");
    };
    assert_eq!(found.text.as_deref(), Some("hello"));
    let gone = MessageId { number: 999, ..message.id };
    assert_eq!(ask(Query::Message(gone)).await.1, Snapshot::Message(None));

    let (_, theirs) = home.snapshot(&other.id, Query::Message(message.id)).await.unwrap();
    assert_eq!(theirs, Snapshot::Message(None), "another account's message is none of its");
    home.shutdown().await;
}
