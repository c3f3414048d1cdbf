//! One account in two homes: what is done in one shows in the other.

use std::time::Duration;

use ramson_localnet::LocalnetConfig;
use ramson_system::{Command, DeleteScope, Engine, Outcome, Post};
use ramson_types::conversation::Conversation;
use ramson_types::message::{Message, MessageState};
use ramson_types::{AccountId, ConversationId};

use crate::support::{PATIENCE, engine, localnet, next_message};

/// A home, and the account that is looked at in it.
struct Device {
    home: Engine,
    me: AccountId,
}

impl Device {
    async fn does(&self, command: Command) -> Outcome {
        self.home.command(&self.me, command).await.expect("it is carried out")
    }

    async fn writes(&self, to: AccountId, text: &str) -> Message {
        match self.does(Command::Send { to, post: Post::text(text) }).await {
            Outcome::Queued(message) => *message,
            other => panic!("a text leads to {other:?}"),
        }
    }

    /// Waits until the line with somebody is as it should be.
    async fn shows(&self, with: AccountId, what: &str, is: impl Fn(&Conversation) -> bool) {
        let id = ConversationId::Account(with);
        let mut last = None;
        let found = async {
            loop {
                let lines = self.home.conversations(&self.me).await.unwrap();
                last = lines.into_iter().find(|line| line.id == id);
                if last.as_ref().is_some_and(&is) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        assert!(found.is_ok(), "{what}: {last:?}");
    }

    /// Waits until a message that the other device has, too, is as it should
    /// be.
    async fn has(&self, message: &Message, what: &str, is: impl Fn(&Message) -> bool) -> Message {
        let name = message.name();
        let mut last = None;
        let found = async {
            loop {
                let with = name.conversation.clone();
                let messages = self.home.messages(&self.me, with, 100).await.unwrap();
                last = messages.into_iter().find(|other| other.name() == name);
                if let Some(message) = last.as_ref().filter(|message| is(message)) {
                    return message.clone();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(message) => message,
            Err(_) => panic!("{what}: {last:?}"),
        }
    }

    async fn settles(&self) {
        let settled = self.home.settled(&self.me);
        let settled = tokio::time::timeout(PATIENCE, settled).await;
        settled.expect("everything is stored in time").expect("the account runs");
    }
}

#[tokio::test]
async fn what_one_device_does_shows_on_the_other() {
    let net = localnet(LocalnetConfig::new([60; 32])).await;
    let folders: [_; 3] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
    let bob_home = engine(folders[2].path(), &net).await;
    let bob = bob_home.create_account(Some("Bob".into())).await.unwrap().id;
    let bob = Device { home: bob_home, me: bob };
    let home = engine(folders[0].path(), &net).await;
    let me = home.create_account(Some("Alice".into())).await.unwrap().id;
    let first = Device { home, me };

    // A talk that is older than the second device.
    let mut at_bob = bob.home.subscribe();
    let mut at_first = first.home.subscribe();
    let hello = first.writes(bob.me, "hello").await;
    assert_eq!(next_message(&mut at_bob).await.text.as_deref(), Some("hello"));
    bob.does(Command::Approve(me)).await;
    bob.writes(me, "hello back").await;
    let answer = loop {
        let message = next_message(&mut at_first).await;
        if message.text.as_deref() == Some("hello back") {
            break message;
        }
    };
    first.does(Command::SetNickname { account: bob.me, nickname: Some("Bobby".into()) }).await;
    first.settles().await;

    // Restored from the phrase, with another name that does not count.
    let home = engine(folders[1].path(), &net).await;
    let phrase = first.home.recovery_phrase(&me).await.unwrap();
    let restored = home.restore_account(&phrase, Some("Old".into())).await.unwrap();
    assert_eq!(restored.id, me);
    let second = Device { home, me };
    second.shows(bob.me, "the nickname", |line| line.nickname.as_deref() == Some("Bobby")).await;
    second.shows(bob.me, "the approval", |line| line.approved && line.approved_me).await;
    second.has(&hello, "what was sent", |message| message.text.is_some()).await;
    let theirs = second.has(&answer, "what came", |message| message.text.is_some()).await;
    assert_eq!(second.home.profile(&me).await.unwrap().name.as_deref(), Some("Alice"));
    second.settles().await;
    assert_eq!(first.home.profile(&me).await.unwrap().name.as_deref(), Some("Alice"));

    // Both ways: name, read state, reaction, pin, block, deletion.
    second.does(Command::SetName("Alicia".into())).await;
    let named = async {
        while first.home.profile(&me).await.unwrap().name.as_deref() != Some("Alicia") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, named).await.expect("the name arrives");
    first.shows(bob.me, "something unread", |line| line.unread > 0).await;
    second.does(Command::MarkRead { conversation: theirs.conversation.clone(), up_to: None }).await;
    first.shows(bob.me, "nothing unread", |line| line.unread == 0).await;
    first.has(&answer, "read", |message| message.state == MessageState::Read).await;
    let emoji = "👍".to_owned();
    second.does(Command::React { message: theirs.id, emoji, remove: false, unsynced: false }).await;
    first.has(&answer, "the reaction", |message| message.reactions.len() == 1).await;
    bob.has_reaction_of(me, &answer).await;
    let conversation = answer.conversation.clone();
    first.does(Command::SetPriority { conversation, priority: 3 }).await;
    second.shows(bob.me, "the pin", |line| line.priority == 3).await;
    first.does(Command::Delete { message: hello.id, scope: DeleteScope::Everyone }).await;
    second.has_not(&hello).await;
    second.does(Command::Block { account: bob.me, blocked: true }).await;
    first.shows(bob.me, "the block", |line| line.blocked).await;
    first.settles().await;
    second.settles().await;

    // All of it is there after a restart.
    let lines = [&first, &second].map(|device| device.home.conversations(&me));
    let [one, other] = futures_util::future::join_all(lines).await.try_into().unwrap();
    let with_bob = |lines: Vec<Conversation>| {
        lines.into_iter().find(|line| line.id == ConversationId::Account(bob.me)).unwrap()
    };
    let (one, other) = (with_bob(one.unwrap()), with_bob(other.unwrap()));
    assert_eq!(Conversation { read_handled: other.read_handled, ..one.clone() }, other);
    second.home.shutdown().await;
    let second = engine(folders[1].path(), &net).await;
    assert_eq!(with_bob(second.conversations(&me).await.unwrap()), other);
    assert_eq!(second.accounts().await.unwrap()[0].name.as_deref(), Some("Alicia"));
    for home in [second, first.home, bob.home] {
        home.shutdown().await;
    }
}

impl Device {
    /// Waits until somebody's reaction stands on an own message.
    async fn has_reaction_of(&self, author: AccountId, at_author: &Message) {
        let conversation = ConversationId::Account(author);
        let message = Message { conversation, ..at_author.clone() };
        let by = |message: &Message| message.reactions.iter().any(|it| it.author == author);
        self.has(&message, "the reaction", by).await;
    }

    /// Waits until nothing that its author wrote is left of a message.
    async fn has_not(&self, message: &Message) {
        let name = message.name();
        let gone = async {
            loop {
                let with = name.conversation.clone();
                let messages = self.home.messages(&self.me, with, 100).await.unwrap();
                let left = messages.iter().find(|other| other.name() == name);
                if left.is_none_or(|message| message.deleted) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("it is deleted");
    }
}
