//! A plugin that panics, stalls or floods harms itself only.

use std::time::Duration;

use ramson_host::{Allowed, Limits};
use ramson_wire::PluginState;

use crate::support::Scene;

/// More messages than a slow plugin is done with while they come.
const MANY: usize = 800;

fn hasty() -> Limits {
    Limits {
        unresponsive: Duration::from_millis(200),
        retired: Duration::from_secs(2),
        back_off: Duration::from_millis(50),
        back_off_most: Duration::from_millis(200),
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_plugin_that_panics_is_started_again_and_the_others_hear_everything() {
    let scene = Scene::new(106, hasty()).await;
    let (ann, bob) = (scene.account("Ann").await, scene.account("Bob").await);
    let bobs = format!("accounts = [\"{}\"]", bob.id);
    let config = "panic_at = \"boom\"\npanic_in_drop = true\necho = \"trial: \"";
    scene.trial("fragile", &bobs, config).await;
    scene.trial("witness", &bobs, "").await;
    for text in ["one", "boom", "two"] {
        scene.engine.send_text(&ann.id, bob.id, text.to_owned()).await.unwrap();
    }
    let heard = || {
        let notes = scene.notes("witness");
        notes.iter().filter(|note| note["told"]["message"]["outgoing"] == false).count()
    };
    scene.until("the witness hears all three", || (heard() == 3).then_some(())).await;
    let fragile = scene
        .until("the plugin runs again", || {
            let found = scene.host.list().into_iter().find(|plugin| plugin.name == "fragile")?;
            (found.restarts >= 1 && found.state == PluginState::Running).then_some(found)
        })
        .await;
    assert!(fragile.restarts >= 1);
    // Whoever was started again knows its work.
    scene.engine.send_text(&ann.id, bob.id, "three".to_owned()).await.unwrap();
    scene
        .until("it answers again", || {
            scene
                .notes("fragile")
                .iter()
                .any(|note| note["told"]["message"]["text"] == "trial: three")
                .then_some(())
        })
        .await;
    // A panic while it is dropped is caught as well.
    scene.host.stop("fragile").await.unwrap();
    assert!(scene.notes("fragile").iter().any(|note| note["did"] == "drop"), "it was dropped");
    scene.host.load("bot-echo", Allowed::Everything { accounts: None }).await.unwrap();
    scene.state("bot-echo", |state| *state == PluginState::Running).await;
    scene.end().await;
}

#[tokio::test]
async fn a_plugin_that_keeps_failing_is_given_up_with_its_reason() {
    let limits = Limits { failures: 2, ..hasty() };
    let scene = Scene::new(107, limits).await;
    let (ann, bob) = (scene.account("Ann").await, scene.account("Bob").await);
    scene.trial("fragile", &format!("accounts = [\"{}\"]", bob.id), "panic_at = \"boom\"").await;
    for count in 1..=3 {
        scene.state("fragile", |state| *state == PluginState::Running).await;
        scene.engine.send_text(&ann.id, bob.id, format!("boom {count}")).await.unwrap();
        scene.state("fragile", |state| *state != PluginState::Running).await;
    }
    let given_up = scene.state("fragile", |it| matches!(it, PluginState::Retired { .. })).await;
    let PluginState::Retired { reason } = &given_up.state else { unreachable!() };
    assert!(reason.contains("index out of bounds"), "{reason}");
    scene.end().await;
}

#[tokio::test]
async fn a_plugin_that_hangs_is_shown_then_retired_and_holds_up_nobody() {
    let scene = Scene::new(108, hasty()).await;
    let (ann, bob) = (scene.account("Ann").await, scene.account("Bob").await);
    let bobs = format!("accounts = [\"{}\"]", bob.id);
    scene.trial("stuck", &bobs, "hang_at = \"stop\"").await;
    scene.trial("witness", &bobs, "echo = \"here: \"").await;
    scene.engine.send_text(&ann.id, bob.id, "stop".to_owned()).await.unwrap();
    scene.state("stuck", |state| *state == PluginState::Unresponsive).await;
    let retired = |state: &PluginState| {
        matches!(state, PluginState::Retired { .. } | PluginState::Failed { .. })
    };
    scene.state("stuck", retired).await;
    scene.engine.send_text(&ann.id, bob.id, "go on".to_owned()).await.unwrap();
    let answers = scene.texts_of(&ann.id, bob.id, 2).await;
    assert_eq!(answers, ["here: stop", "here: go on"]);
    // What hangs does not hold up the end either.
    scene.end().await;
}

#[tokio::test]
async fn a_slow_plugin_loses_the_oldest_events_and_is_told_how_many() {
    let limits = Limits { queue: MANY / 2, ..Limits::default() };
    let scene = Scene::new(109, limits).await;
    let (ann, bob) = (scene.account("Ann").await, scene.account("Bob").await);
    let bobs = format!("accounts = [\"{}\"]", bob.id);
    scene.trial("slow", &bobs, "slow = 20").await;
    scene.trial("quick", &bobs, "").await;
    for number in 0..MANY {
        scene.engine.send_text(&ann.id, bob.id, format!("{number}")).await.unwrap();
    }
    let texts = |name: &str| -> Vec<String> {
        let notes = scene.notes(name);
        let theirs = notes.iter().filter(|note| note["told"]["event"] == "message");
        theirs
            .filter_map(|note| note["told"]["message"]["text"].as_str().map(str::to_owned))
            .collect()
    };
    let all: Vec<String> = (0..MANY).map(|number| number.to_string()).collect();
    scene.until("the quick one hears all", || (texts("quick").len() >= MANY).then_some(())).await;
    assert_eq!(texts("quick"), all);
    assert!(scene.notes("quick").iter().all(|note| note["told"]["event"] != "lagged"));
    // The slow one is told, and gets a new snapshot.
    let lagged = scene
        .until("the slow one lags", || {
            let notes = scene.notes("slow");
            let at = notes.iter().position(|note| note["told"]["event"] == "lagged")?;
            notes.iter().skip(at).find(|note| note["told"]["event"] == "snapshot")?;
            notes[at]["told"]["skipped"].as_u64()
        })
        .await;
    assert!(lagged > 0);
    let slow = scene.host.list().into_iter().find(|plugin| plugin.name == "slow").unwrap();
    assert!(slow.lagged >= lagged, "{slow:?}");
    // What it got is in order, nothing twice.
    let seqs: Vec<u64> = scene
        .notes("slow")
        .iter()
        .filter(|note| note["told"]["event"] == "message")
        .filter_map(|note| note["seq"].as_u64())
        .collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    scene.end().await;
}

#[tokio::test]
async fn a_flood_of_requests_is_held_back_and_every_one_taken_is_answered() {
    let scene = Scene::new(110, Limits::default()).await;
    let (ann, bob) = (scene.account("Ann").await, scene.account("Bob").await);
    let bobs = format!("accounts = [\"{}\"]", bob.id);
    scene.trial("flood", &bobs, "flood = 20000").await;
    scene.trial("witness", &bobs, "echo = \"here: \"").await;
    scene.engine.send_text(&ann.id, bob.id, "hello".to_owned()).await.unwrap();
    scene.flood_ends("flood").await;
    assert_eq!(scene.texts_of(&ann.id, bob.id, 1).await, ["here: hello"]);
    scene.end().await;
}

#[tokio::test]
async fn a_plugin_that_does_not_begin_says_why_and_stays_out() {
    let scene = Scene::new(111, Limits::default()).await;
    let library = crate::support::libraries().join("libramson_trial_plugin.so");
    let decided = format!("library = {:?}\ngrants = []", library.display().to_string());
    scene.decide("shy", &decided, "refuse = \"no disk\"");
    let error = scene.host.load("shy", Allowed::AsDecided).await.expect_err("it does not begin");
    let line = error.to_string();
    assert!(line.contains("shy") && line.contains("no disk"), "{line}");
    // And one of which nobody decided is not loaded.
    let error = scene.host.load("bot-echo", Allowed::AsDecided).await.expect_err("not decided");
    assert!(error.to_string().contains("read, send"), "{error}");
    scene.end().await;
}
