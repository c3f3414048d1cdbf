//! Commands: refused with a reason, carried out in order, and kept or not at
//! all when the engine ends in between.

use futures_util::future::join_all;
use ramson_crypto::{AccountKeys, Seed};
use ramson_localnet::LocalnetConfig;
use ramson_system::{
    Activity, CarryError, Command, CommandError, DeleteScope, Engine, EngineConfig, EngineError,
    Followed, NetworkConfig, Outcome, PluginChange, Post,
};
use ramson_types::message::{Message, MessageState};
use ramson_types::{AccountId, ConversationId, MessageId};

use crate::support::{PATIENCE, engine, localnet, next_message};

fn write(to: AccountId, text: impl Into<String>) -> Command {
    Command::Send { to, post: Post::text(text) }
}

fn somebody(n: u8) -> AccountId {
    AccountKeys::new(&Seed::from_bytes32([n; 32])).account_id()
}

fn queued(outcome: Outcome) -> Message {
    match outcome {
        Outcome::Queued(message) => *message,
        other => panic!("a text leads to {other:?}"),
    }
}

async fn refused(home: &Engine, me: &AccountId, command: Command) -> CommandError {
    match home.command(me, command).await {
        Err(EngineError::Carry(CarryError::Command(error))) => error,
        other => panic!("it is not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_its_reason_and_changes_nothing() {
    let net = localnet(LocalnetConfig::new([50; 32])).await;
    let folder = tempfile::tempdir().unwrap();
    let home = engine(folder.path(), &net).await;
    let me = home.create_account(Some("Alice".into())).await.unwrap();
    let stranger = somebody(7);
    let message = MessageId { account: me.number, number: 999 };

    let error = refused(&home, &me.id, write(stranger, " \n")).await;
    assert_eq!(error, CommandError::Empty);
    // The first turn of all was that of the start.
    let before = home.last_event().await.unwrap();
    let error = refused(&home, &me.id, write(stranger, "x".repeat(2_001))).await;
    assert_eq!(error, CommandError::TooLong { length: 2_001, limit: 2_000 });
    let delete = Command::Delete { message, scope: DeleteScope::Here };
    assert_eq!(refused(&home, &me.id, delete).await, CommandError::NoSuchMessage { message });
    let react = Command::React { message, emoji: "👍".into(), remove: false, unsynced: false };
    assert_eq!(refused(&home, &me.id, react).await, CommandError::NoSuchMessage { message });
    let name = Command::SetNickname { account: stranger, nickname: Some("x".into()) };
    let no_contact = CommandError::NoSuchContact { account: stranger };
    assert_eq!(refused(&home, &me.id, name).await, no_contact);
    let error = refused(&home, &me.id, Command::SetName(String::new())).await;
    assert_eq!(error, CommandError::BadName { name: String::new(), bytes: 0 });

    assert_eq!(home.last_event().await.unwrap(), before, "nothing happened");
    let nobody = home.command(&stranger, write(me.id, "hello")).await;
    assert!(matches!(nobody, Err(EngineError::NoSuchAccount { id }) if id == stranger));
    home.shutdown().await;

    let network = NetworkConfig::of_file(&net.network_file());
    let config = EngineConfig {
        activity: Activity::Offline,
        ..EngineConfig::new(folder.path().to_owned(), network)
    };
    let offline = Engine::start(config).await.unwrap();
    let off = offline.command(&me.id, write(stranger, "hello")).await;
    assert!(matches!(off, Err(EngineError::Offline)), "{off:?}");
    assert_eq!(offline.profile(&me.id).await.unwrap().name.as_deref(), Some("Alice"));
    offline.shutdown().await;
}

#[tokio::test]
async fn many_commands_at_once_are_carried_out_in_order() {
    let net = localnet(LocalnetConfig::new([51; 32])).await;
    let folder = tempfile::tempdir().unwrap();
    let home = engine(folder.path(), &net).await;
    let me = home.create_account(None).await.unwrap();
    let friend = somebody(9);
    home.command(&me.id, Command::AddContact(friend)).await.unwrap();
    let nickname =
        |n: usize| Command::SetNickname { account: friend, nickname: Some(format!("friend {n}")) };
    let all = (0..120).map(|n| match n % 2 {
        0 => home.command(&me.id, write(me.id, format!("note {n}"))),
        _ => home.command(&me.id, nickname(n)),
    });
    let outcomes = join_all(all).await;
    let notes: Vec<_> = outcomes
        .into_iter()
        .map(Result::unwrap)
        .step_by(2)
        .map(|outcome| queued(outcome).text.unwrap())
        .collect();
    let asked: Vec<_> = (0..120).step_by(2).map(|n| format!("note {n}")).collect();
    assert_eq!(notes, asked, "each answer is to its command");

    let history = home.messages(&me.id, ConversationId::Account(me.id), 1_000).await.unwrap();
    let kept: Vec<_> = history.iter().map(|message| message.text.clone().unwrap()).collect();
    assert_eq!(kept, asked);
    assert!(history.is_sorted_by(|one, next| one.sent < next.sent && one.id < next.id));
    let lines = home.conversations(&me.id).await.unwrap();
    let line = lines.iter().find(|line| line.id == ConversationId::Account(friend)).unwrap();
    assert_eq!(line.nickname.as_deref(), Some("friend 119"), "the last one holds");

    // What does not fit into the line is refused, and the rest in order.
    let asked = 1_500;
    let all = (0..asked).map(|n| home.command(&me.id, write(me.id, format!("more {n}"))));
    let outcomes = join_all(all).await;
    let mut done = Vec::new();
    for (n, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(outcome) => done.push((queued(outcome).sent, n)),
            Err(EngineError::Carry(CarryError::Command(CommandError::Busy { waiting }))) => {
                assert!(waiting >= 256, "{waiting} wait");
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(done.len() > 256 && done.len() < asked, "{} were carried out", done.len());
    home.shutdown().await;
}

#[tokio::test]
async fn an_engine_that_ends_in_the_middle_of_commands_loses_and_doubles_nothing() {
    let net = localnet(LocalnetConfig::new([52; 32])).await;
    let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bob_home = engine(folders.1.path(), &net).await;
    let bob = bob_home.create_account(None).await.unwrap();
    let mut at_bob = bob_home.subscribe();
    let home = engine(folders.0.path(), &net).await;
    let me = home.create_account(None).await.unwrap();

    // The engine ends while some of them wait for their turn.
    let all = (0..200).map(|n| {
        let home = home.clone();
        async move { home.command(&me.id, write(bob.id, format!("message {n}"))).await }
    });
    let ending = async {
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        home.shutdown().await;
    };
    let (outcomes, ()) = tokio::join!(join_all(all), ending);
    let told: Vec<_> = outcomes.into_iter().filter_map(Result::ok).map(queued).collect();

    let home = engine(folders.0.path(), &net).await;
    let with = ConversationId::Account(bob.id);
    let kept = home.messages(&me.id, with.clone(), 1_000).await.unwrap();
    for message in &told {
        assert!(kept.iter().any(|other| other.id == message.id), "{} is there", message.id);
    }
    tokio::time::timeout(PATIENCE, home.settled(&me.id)).await.unwrap().unwrap();
    let kept = home.messages(&me.id, with, 1_000).await.unwrap();
    assert!(kept.iter().all(|message| message.state == MessageState::Stored));
    for message in &kept {
        assert_eq!(next_message(&mut at_bob).await.text, message.text);
    }
    let from = ConversationId::Account(me.id);
    assert_eq!(bob_home.messages(&bob.id, from, 1_000).await.unwrap().len(), kept.len());
    home.shutdown().await;
    bob_home.shutdown().await;
}

#[tokio::test]
async fn a_bots_answers_and_its_place_are_kept_together_or_not_at_all() {
    let net = localnet(LocalnetConfig::new([58; 32])).await;
    let folder = tempfile::tempdir().unwrap();
    let home = engine(folder.path(), &net).await;
    let me = home.create_account(Some("Bot".into())).await.unwrap();
    let (one, two, bot) = (somebody(1), somebody(2), "bot".to_owned());
    let seen = |seq| PluginChange::SetCursor { plugin: bot.clone(), seq };
    let count = |value: u8| PluginChange::PutData {
        plugin: bot.clone(),
        key: "count".into(),
        value: Some(vec![value]),
    };
    let commands =
        vec![write(one, "first"), write(me.id, " "), write(one, "second"), write(two, "x")];
    let outcomes = home.commands(&me.id, commands, vec![seen(7), count(3)]).await.unwrap();
    assert_eq!(outcomes.len(), 4);
    assert_eq!(outcomes[1], Err(CommandError::Empty));
    let sent: Vec<Message> = [0, 2, 3].map(|at| queued(outcomes[at].clone().unwrap())).to_vec();
    assert!(sent[0].id < sent[1].id && sent[0].sent < sent[1].sent);
    assert_eq!(home.plugin_cursor(bot.clone()).await.unwrap(), Some(7));
    let record = home.plugin_record(bot.clone(), "count".into()).await.unwrap();
    assert_eq!(record, Some(vec![3]));
    // Nothing but its place.
    assert_eq!(home.commands(&me.id, vec![], vec![seen(8)]).await.unwrap(), vec![]);
    home.keep_for_plugins(vec![count(4)]).await.unwrap();
    home.shutdown().await;

    let home = engine(folder.path(), &net).await;
    assert_eq!(home.plugin_cursor(bot.clone()).await.unwrap(), Some(8));
    assert_eq!(
        home.plugin_records(bot.clone(), "c".into(), None, 9).await.unwrap(),
        [("count".into(), vec![4])]
    );
    let with = ConversationId::Account(one);
    let texts: Vec<_> = home.messages(&me.id, with, 9).await.unwrap();
    assert_eq!(
        texts.iter().map(|it| it.text.as_deref()).collect::<Vec<_>>(),
        [Some("first"), Some("second")]
    );
    // What happened since a place is told again.
    let mut after = home.follow_after(0);
    assert!(matches!(
        after.next().await.unwrap(),
        Followed::Changed { seq: 1, .. } | Followed::Received { seq: 1, .. }
    ));
    assert_eq!(home.oldest_event().await.unwrap(), Some(1));
    home.shutdown().await;
}
