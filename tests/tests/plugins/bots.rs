//! A bot in Rust and one in C, at once.

use std::path::Path;

use ramson_host::{Allowed, Limits};
use ramson_system::LedgerSubject;
use ramson_types::ledger::LedgerStep;
use ramson_types::{AccountId, ConversationId};
use ramson_wire::PluginState;

use crate::support::{Scene, c_library};

fn only(account: AccountId) -> Allowed {
    let account = account.to_string().parse().unwrap();
    Allowed::Everything { accounts: Some(vec![account]) }
}

#[tokio::test]
async fn a_rust_bot_and_a_c_bot_answer_each_for_its_own_account_over_three_hops() {
    let scene = Scene::new(101, Limits::default()).await;
    let (ann, rust, c) =
        (scene.account("Ann").await, scene.account("Rust").await, scene.account("C").await);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/bot-c/bot.c");
    c_library(&source, &scene.path("plugins/libramson_bot_c.so"), &[]);
    scene.host.load("bot-echo", only(rust.id)).await.unwrap();
    scene.host.load("bot-c", only(c.id)).await.unwrap();
    for name in ["bot-echo", "bot-c"] {
        scene.state(name, |state| *state == PluginState::Running).await;
    }

    let texts = ["hello", "a \"quoted\" line\nand another \\ 👋", "שלום, 你好"];
    for text in texts {
        for bot in [rust.id, c.id] {
            scene.engine.send_text(&ann.id, bot, text.to_owned()).await.unwrap();
        }
    }
    let answers = scene.texts_of(&ann.id, rust.id, 3).await;
    assert_eq!(answers, texts.map(|text| format!("echo: {text}")));
    let answers = scene.texts_of(&ann.id, c.id, 3).await;
    assert_eq!(answers, texts.map(|text| format!("c: {text}")));

    // The answers went through three service nodes to another one.
    for bot in [&rust, &c] {
        scene.engine.settled(&bot.id).await.unwrap();
        let with = ConversationId::Account(ann.id);
        let sent = scene.engine.messages(&bot.id, with, 10).await.unwrap();
        let sent = sent.iter().find(|message| message.author == bot.id).unwrap();
        let ledger = scene.engine.ledger(LedgerSubject::Message(sent.id)).await.unwrap();
        let hops = ledger.iter().find_map(|line| match &line.step {
            LedgerStep::Attempted { path, node, .. } => {
                assert!(!path.contains(node));
                Some(path.len())
            }
            _ => None,
        });
        assert_eq!(hops, Some(3));
    }
    // Each heard its own account only, and the answers did not loop.
    assert_eq!(scene.texts(&ann.id, rust.id).await.len(), 3);
    assert_eq!(scene.texts(&ann.id, c.id).await.len(), 3);
    scene.end().await;
}
