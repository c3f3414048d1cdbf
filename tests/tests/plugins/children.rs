//! Plugins in processes of their own: what crashes, hangs or lies there harms
//! nobody else, and no process is left behind.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ramson_host::{Allowed, Limits};
use ramson_system::AccountSummary;
use ramson_types::AccountId;
use ramson_wire::{Plugin, PluginState};
use rustix::process::{Pid, Signal, kill_process, test_kill_process_group};
use serde_json::Value;

use crate::support::{Scene, c_library, program};

fn hasty() -> Limits {
    Limits {
        unresponsive: Duration::from_millis(200),
        retired: Duration::from_secs(2),
        back_off: Duration::from_millis(300),
        back_off_most: Duration::from_millis(300),
        ..Limits::default()
    }
}

fn is_there(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

fn pid(process: u32) -> Pid {
    Pid::from_raw(process.cast_signed()).unwrap()
}

/// A bot in C that behaves badly when it is told to, untrusted, for an account
/// of its own.
async fn fragile(scene: &Scene) -> AccountSummary {
    program();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/fragile.c");
    let include = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/../plugins/bot-c");
    c_library(&source, &scene.path("plugins/libramson_fragile.so"), &[include]);
    let account = scene.account("Fragile").await;
    let decided =
        format!("grants = [\"read\", \"send\"]\nuntrusted = true\naccounts = [\"{}\"]", account.id);
    scene.decide("fragile", &decided, "");
    let plugin = scene.host.load("fragile", Allowed::AsDecided).await.unwrap();
    assert!(plugin.process.is_some_and(is_there), "{plugin:?}");
    account
}

async fn say(scene: &Scene, from: &AccountSummary, to: AccountId, text: &str) {
    scene.engine.send_text(&from.id, to, text.to_owned()).await.unwrap();
}

/// Waits until a plugin failed, and gives the reason.
async fn failure(scene: &Scene, name: &str) -> String {
    let failed = scene.state(name, |state| matches!(state, PluginState::Failed { .. })).await;
    assert_eq!(failed.process, None);
    let PluginState::Failed { reason, .. } = failed.state else { unreachable!() };
    reason
}

/// Waits until a plugin runs again after so many failures.
async fn again(scene: &Scene, name: &str, restarts: u64) -> Plugin {
    scene
        .until("it runs again", || {
            let found = scene.host.list().into_iter().find(|plugin| plugin.name == name)?;
            let runs = found.state == PluginState::Running && found.process.is_some();
            (runs && found.restarts == restarts).then_some(found)
        })
        .await
}

#[tokio::test]
async fn a_crash_is_one_failure_with_its_reason_while_the_others_answer() {
    let scene = Scene::new(140, hasty()).await;
    let bad = fragile(&scene).await;
    let (ann, good) = (scene.account("Ann").await, scene.account("Good").await);
    let only = Some(vec![good.id.to_string().parse().unwrap()]);
    scene.host.load("bot-echo", Allowed::Everything { accounts: only }).await.unwrap();
    say(&scene, &ann, bad.id, "hello").await;
    assert_eq!(scene.texts_of(&ann.id, bad.id, 1).await, ["c: hello"]);
    let ends = [
        ("crash", "its process ended by signal 11 (SIGSEGV)"),
        ("abort", "its process ended by signal 6 (SIGABRT)"),
        ("exit", "its process ended with exit status 7"),
        ("garbage", "what its process sent makes no sense: a frame has 4294967295 bytes"),
    ];
    let mut answers = vec!["c: hello".to_owned()];
    for (count, (text, reason)) in (1..).zip(ends) {
        say(&scene, &ann, bad.id, text).await;
        let told = failure(&scene, "fragile").await;
        assert!(told.starts_with(reason), "{text}: {told}");
        // It is down, and nobody else is.
        say(&scene, &ann, good.id, text).await;
        let echoed = scene.texts_of(&ann.id, good.id, usize::try_from(count).unwrap()).await;
        assert_eq!(echoed.last(), Some(&format!("echo: {text}")));
        // One crash is one failure, and the next instance answers.
        again(&scene, "fragile", count).await;
        say(&scene, &ann, bad.id, &format!("after {text}")).await;
        answers.push(format!("c: after {text}"));
        assert_eq!(scene.texts_of(&ann.id, bad.id, answers.len()).await, answers);
    }
    let echo = scene.host.list().into_iter().find(|plugin| plugin.name == "bot-echo").unwrap();
    assert_eq!((echo.state, echo.restarts, echo.process), (PluginState::Running, 0, None));
    scene.end().await;
}

#[tokio::test]
async fn a_process_that_is_killed_is_started_again_and_none_is_left_at_the_end() {
    let scene = Scene::new(141, hasty()).await;
    let bad = fragile(&scene).await;
    let ann = scene.account("Ann").await;
    scene.trial("far", "untrusted = true", "").await;
    let process = |name: &str| {
        let found = scene.host.list().into_iter().find(|plugin| plugin.name == name);
        found.unwrap().process.unwrap()
    };
    let (first, far) = (process("fragile"), process("far"));
    kill_process(pid(first), Signal::KILL).unwrap();
    assert_eq!(failure(&scene, "fragile").await, "its process ended by signal 9 (SIGKILL)");
    let second = again(&scene, "fragile", 1).await.process.unwrap();
    say(&scene, &ann, bad.id, "hello").await;
    assert_eq!(scene.texts_of(&ann.id, bad.id, 1).await, ["c: hello"]);
    // What it started ends with it, where it did not see to that.
    say(&scene, &ann, bad.id, "leave").await;
    let third = again(&scene, "fragile", 2).await.process.unwrap();
    let left = || test_kill_process_group(pid(second)).is_err().then_some(());
    scene.until("what it started is gone", left).await;
    assert_eq!(process("far"), far);
    // A plugin that ends in good order is destroyed where it is.
    scene.host.stop("far").await.unwrap();
    assert!(!is_there(far));
    assert!(scene.notes("far").iter().any(|note| note["did"] == "drop"));
    scene.end().await;
    for process in [first, second, third] {
        assert!(!is_there(process), "{process} is left");
    }
}

#[tokio::test]
async fn a_process_that_hangs_is_retired_and_gone() {
    let scene = Scene::new(142, hasty()).await;
    program();
    let (ann, bob) = (scene.account("Ann").await, scene.account("Bob").await);
    let bobs = format!("accounts = [\"{}\"]", bob.id);
    let stuck = format!("untrusted = true\n{bobs}");
    let stuck = scene.trial("stuck", &stuck, "hang_at = \"stop\"").await.process.unwrap();
    scene.trial("witness", &bobs, "echo = \"here: \"").await;
    say(&scene, &ann, bob.id, "stop").await;
    scene.state("stuck", |state| *state == PluginState::Unresponsive).await;
    assert!(is_there(stuck));
    scene.state("stuck", |state| matches!(state, PluginState::Retired { .. })).await;
    scene.until("its process is gone", || (!is_there(stuck)).then_some(())).await;
    say(&scene, &ann, bob.id, "go on").await;
    assert_eq!(scene.texts_of(&ann.id, bob.id, 2).await, ["here: stop", "here: go on"]);
    scene.end().await;
}

#[tokio::test]
async fn a_flood_from_another_process_is_held_back_and_every_request_taken_is_answered() {
    let scene = Scene::new(143, Limits::default()).await;
    program();
    let (ann, bob) = (scene.account("Ann").await, scene.account("Bob").await);
    let bobs = format!("accounts = [\"{}\"]", bob.id);
    scene.trial("flood", &format!("untrusted = true\n{bobs}"), "flood = 20000").await;
    scene.trial("witness", &bobs, "echo = \"here: \"").await;
    say(&scene, &ann, bob.id, "hello").await;
    scene.flood_ends("flood").await;
    assert_eq!(scene.texts_of(&ann.id, bob.id, 1).await, ["here: hello"]);
    scene.end().await;
}

#[tokio::test]
async fn an_untrusted_plugin_is_denied_what_it_was_not_granted_and_hears_replies() {
    let scene = Scene::new(144, Limits::default()).await;
    program();
    let bob = scene.account("Bob").await;
    scene.trial("far", "untrusted = true\ngrants = [\"read\"]", "").await;
    let query = serde_json::json!({ "query": "accounts" });
    let answer = scene.answer("far", "query", &query).await;
    assert_eq!(answer["ok"]["accounts"][0]["id"], bob.id.to_string());
    let send = serde_json::json!({
        "command": "send", "account": bob.id.to_string(), "to": bob.id.to_string(), "text": "x",
    });
    let denied = scene.answer("far", "command", &send).await;
    assert!(denied.as_str().is_some_and(|it| it.contains("may not do that")), "{denied}");
    scene.end().await;
}

#[test]
fn the_end_of_the_engine_is_the_end_of_its_plugins_even_when_it_is_killed() {
    let place = tempfile::tempdir().unwrap();
    let ramson = |args: &[&str]| {
        let mut command = Command::new(program());
        let home = place.path().join("home").display().to_string();
        command.args(["--home", &home, "--network", "local", "--json"]).args(args);
        for variable in ["RAMSON_HOME", "RAMSON_PROXY", "RAMSON_PLUGINS", "XDG_STATE_HOME"] {
            command.env_remove(variable);
        }
        command.env("HOME", place.path()).stdin(Stdio::null()).stderr(Stdio::null());
        command
    };
    let made = ramson(&["account", "create", "--name", "Bot"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let run = ["plugin", "run", "bot-echo", "--yes", "--untrusted"];
    let mut engine = ramson(&run).stdout(Stdio::piped()).spawn().unwrap();
    let printed = BufReader::new(engine.stdout.take().unwrap());
    let process = printed.lines().find_map(|line| {
        let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
        record["process"].as_u64()
    });
    let process = u32::try_from(process.expect("it runs in a process of its own")).unwrap();
    let about = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap();
    assert!(about.contains("plugin-host\0bot-echo"), "{about}");
    engine.kill().unwrap();
    engine.wait().unwrap();
    for _ in 0..6_000 {
        // Whoever inherits it may leave it to lie for a while.
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the plugin's process {process} is left behind");
}
