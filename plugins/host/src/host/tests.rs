//! With plugins in C, which gcc builds.

mod choose;
mod under_way;
mod untrusted;

use std::path::PathBuf;
use std::time::Duration;

use ramson_wire::{Grant, GrantSet};
use tempfile::TempDir;

use super::*;
use crate::trial::{c_plugin, soon};

const UI: [&str; 3] = ["-DFLAGS=RP_FLAG_UI", "-DRUN_UI=run_ui", "-DREQUEST_STOP=request_stop"];
const ALL: Allowed = Allowed::Everything { accounts: None };

/// A host on a folder of its own, with limits that a test can wait for.
struct Trial {
    folder: TempDir,
    host: Host,
}

impl Trial {
    fn new(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = HostConfig {
            home: folder.path().to_owned(),
            folders: vec![folder.path().join("plugins")],
            copies: folder.path().join("copies"),
            version: "1".to_owned(),
            child: crate::child::tests::command(),
            limits,
        };
        Self { host: Host::start(config), folder }
    }

    /// Builds a plugin that writes a diary.
    fn plugin(&self, name: &str, flags: &[&str]) -> PathBuf {
        let diary = self.folder.path().join(name);
        let file = self.folder.path().join("plugins.toml");
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        if !before.contains(&format!("[{name}]")) {
            let decided = format!(
                "{before}[{name}]\ngrants = [\"plugins\", \"read\"]\n[{name}.config]\ndiary = \"{}\"\n",
                diary.display()
            );
            std::fs::write(file, decided).unwrap();
        }
        c_plugin(&self.folder.path().join("plugins"), name, flags)
    }

    fn diary(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn has(&self, name: &str, line: &str) -> bool {
        self.diary(name).iter().any(|it| it == line)
    }

    fn count(&self, name: &str, line: &str) -> usize {
        self.diary(name).iter().filter(|it| *it == line).count()
    }

    fn state(&self, name: &str) -> PluginState {
        self.host.list().into_iter().find(|it| it.name == name).unwrap().state
    }

    fn crash(&self, name: &str) {
        std::fs::write(self.folder.path().join(format!("{name}.crash")), "").unwrap();
    }
}

fn quick() -> Limits {
    Limits {
        unresponsive: Duration::from_millis(50),
        retired: Duration::from_millis(300),
        stop: Duration::from_millis(500),
        back_off: Duration::from_millis(10),
        back_off_most: Duration::from_millis(20),
        ..Limits::default()
    }
}

fn mapped(name: &str) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains(name) && line.contains("r-x")).count()
}

#[tokio::test]
async fn a_plugin_is_found_loaded_listed_and_stopped() {
    let trial = Trial::new(Limits::default());
    trial.plugin("calm", &["-DGRANTS=RP_GRANT_PLUGINS|RP_GRANT_SEND"]);
    assert_eq!(trial.state("calm"), PluginState::Available);
    let plugin = trial.host.load("calm", Allowed::AsDecided).await.unwrap();
    assert_eq!((plugin.id.as_str(), plugin.state), ("org.example.trial", PluginState::Running));
    let asked: GrantSet = [Grant::Plugins, Grant::Send].into_iter().collect();
    assert_eq!((plugin.asked, plugin.granted), (asked, GrantSet::NONE.with(Grant::Plugins)));
    soon("a snapshot", || trial.has("calm", "event 1 seq 0")).await;
    let again = trial.host.load("calm", ALL).await;
    assert!(matches!(again, Err(HostError::Loaded { .. })), "{again:?}");
    trial.host.stop("calm").await.unwrap();
    assert_eq!(trial.state("calm"), PluginState::Stopped);
    assert_eq!(trial.diary("calm").last().unwrap(), "destroy");
    let stopped = trial.host.stop("calm").await;
    assert!(matches!(stopped, Err(HostError::NotLoaded { .. })), "{stopped:?}");
    assert!(std::fs::read_dir(trial.folder.path().join("copies")).unwrap().next().is_none());
    trial.host.end().await;
}

#[tokio::test]
async fn what_was_not_decided_is_not_loaded() {
    let trial = Trial::new(Limits::default());
    let flags = ["-DGRANTS=RP_GRANT_SEND"];
    let library = c_plugin(&trial.folder.path().join("plugins"), "new", &flags);
    let error = trial.host.load("new", Allowed::AsDecided).await.unwrap_err();
    assert_eq!(error.to_string(), "'new' asks for: send; it is loaded once you allow it");
    // A library elsewhere does not get what was decided about its name.
    trial.plugin("calm", &[]);
    let elsewhere = trial.folder.path().join("elsewhere");
    let other = c_plugin(&elsewhere, "calm", &[]);
    let error = trial.host.load(&other.display().to_string(), Allowed::AsDecided).await;
    assert!(matches!(error, Err(HostError::NotDecided { .. })), "{error:?}");
    let allowed = Allowed::These {
        grants: GrantSet::ALL,
        accounts: None,
        conversations: None,
        untrusted: false,
        remember: true,
    };
    let plugin = trial.host.load(&library.display().to_string(), allowed).await.unwrap();
    assert_eq!(plugin.granted, GrantSet::NONE.with(Grant::Send));
    trial.host.stop("new").await.unwrap();
    trial.host.load("new", Allowed::AsDecided).await.unwrap();
    trial.host.end().await;
}

#[tokio::test]
async fn what_is_refused_is_shown_with_the_reason() {
    let trial = Trial::new(Limits::default());
    trial.plugin("newer", &["-DABI=2,3"]);
    let line = "built for plugin ABI 2.3, this program speaks 1.1: \
                rebuild the plugin against this program's SDK";
    let refused = PluginState::Refused { reason: line.to_owned() };
    assert_eq!(trial.state("newer"), refused);
    let error = trial.host.load("newer", ALL).await.unwrap_err();
    assert_eq!(error.to_string(), format!("'newer' is not loaded: {line}"));
    assert_eq!(trial.state("newer"), refused);
    trial.plugin("sour", &["-DFAIL_CREATE"]);
    let error = trial.host.load("sour", ALL).await.unwrap_err();
    assert!(error.to_string().starts_with("'sour' did not start: its create failed"), "{error}");
    assert!(matches!(trial.state("sour"), PluginState::Refused { .. }));
    let error = trial.host.load("nobody", ALL).await.unwrap_err();
    assert!(error.to_string().starts_with("no plugin 'nobody' in /"), "{error}");
    for (name, shown) in [("a\u{1b}[2J", "'a\\u{1b}[2J'"), ("/a\0\u{1b}", "'/a\\u{0}\\u{1b}'")] {
        let error = trial.host.load(name, ALL).await.unwrap_err().to_string();
        assert!(error.contains(shown), "{error}");
    }
    trial.host.end().await;
}

#[tokio::test]
async fn what_a_plugin_asks_for_is_answered_or_refused_at_once() {
    let trial = Trial::new(Limits::default());
    trial.plugin("asker", &["-DASK", "-DGRANTS=RP_GRANT_PLUGINS"]);
    trial.host.load("asker", Allowed::AsDecided).await.unwrap();
    soon("the reply", || trial.diary("asker").iter().any(|it| it.starts_with("event 13"))).await;
    assert!(trial.has("asker", "asked 0 -4 -4 -5"), "{:?}", trial.diary("asker"));
    trial.host.stop("asker").await.unwrap();
    // Without the grant it is denied.
    trial.plugin("nosy", &["-DASK"]);
    trial.host.load("nosy", Allowed::AsDecided).await.unwrap();
    soon("the answer", || trial.has("nosy", "asked -3 -4 -4 -5")).await;
    trial.host.end().await;
}

#[tokio::test]
async fn a_plugin_that_panics_is_started_again_until_it_is_too_often() {
    let trial = Trial::new(quick());
    trial.plugin("panicky", &["-DPANIC"]);
    trial.host.load("panicky", Allowed::AsDecided).await.unwrap();
    soon("it is retired", || matches!(trial.state("panicky"), PluginState::Retired { .. })).await;
    assert_eq!(trial.count("panicky", "create"), 6);
    assert_eq!(trial.count("panicky", "destroy"), 0);
    let plugin = trial.host.list().into_iter().find(|it| it.name == "panicky").unwrap();
    assert_eq!(plugin.restarts, 5);
    trial.host.end().await;
}

#[tokio::test]
async fn a_plugin_that_waits_to_be_started_again_can_be_stopped() {
    let trial = Trial::new(Limits { back_off: Duration::from_secs(3_600), ..quick() });
    trial.plugin("waits", &["-DPANIC"]);
    trial.host.load("waits", Allowed::AsDecided).await.unwrap();
    soon("it waits", || matches!(trial.state("waits"), PluginState::Failed { .. })).await;
    trial.host.stop("waits").await.unwrap();
    assert_eq!(trial.state("waits"), PluginState::Stopped);
    trial.plugin("waits", &[]);
    trial.host.load("waits", Allowed::AsDecided).await.unwrap();
    assert_eq!(trial.state("waits"), PluginState::Running);
    trial.host.end().await;
}

#[tokio::test]
async fn a_plugin_that_hangs_is_shown_and_then_given_up() {
    let trial = Trial::new(quick());
    trial.plugin("hangs", &["-DHANG"]);
    trial.host.load("hangs", Allowed::AsDecided).await.unwrap();
    soon("it is shown", || trial.state("hangs") == PluginState::Unresponsive).await;
    soon("it is retired", || matches!(trial.state("hangs"), PluginState::Retired { .. })).await;
    assert_eq!(trial.count("hangs", "create"), 1);
    trial.plugin("stuck", &["-DHANG_CREATE"]);
    let error = trial.host.load("stuck", Allowed::AsDecided).await.unwrap_err();
    assert!(error.to_string().contains("did not return from create"), "{error}");
    trial.plugin("clings", &["-DHANG_DESTROY"]);
    trial.host.load("clings", Allowed::AsDecided).await.unwrap();
    trial.host.stop("clings").await.unwrap();
    assert!(matches!(trial.state("clings"), PluginState::Retired { .. }));
    trial.host.end().await;
}

#[tokio::test]
async fn after_200_swaps_no_mapping_is_left_where_unloading_was_promised() {
    let trial = Trial::new(Limits::default());
    trial.plugin("swapped", &["-DFLAGS=RP_FLAG_UNLOAD"]);
    trial.host.load("swapped", Allowed::AsDecided).await.unwrap();
    for _ in 0..200 {
        trial.host.swap("swapped").await.unwrap();
    }
    assert_eq!(mapped("libramson_swapped.so"), 1);
    trial.host.stop("swapped").await.unwrap();
    assert_eq!(mapped("libramson_swapped.so"), 0);
    assert_eq!(trial.count("swapped", "create"), 201);
    assert_eq!(trial.count("swapped", "destroy"), 201);
    // Without the promise they stay.
    trial.plugin("kept", &[]);
    trial.host.load("kept", Allowed::AsDecided).await.unwrap();
    trial.host.swap("kept").await.unwrap();
    trial.host.stop("kept").await.unwrap();
    assert_eq!(mapped("libramson_kept.so"), 2);
    trial.host.end().await;
}

#[tokio::test]
async fn a_swap_that_fails_leaves_the_old_one() {
    let trial = Trial::new(Limits::default());
    trial.plugin("fragile", &[]);
    trial.host.load("fragile", Allowed::AsDecided).await.unwrap();
    trial.plugin("fragile", &["-DFAIL_CREATE"]);
    let error = trial.host.swap("fragile").await.unwrap_err();
    assert!(matches!(error, HostError::Create { .. }), "{error}");
    assert_eq!(trial.state("fragile"), PluginState::Running);
    // The file is another one by now, and that is what the next swap takes.
    trial.plugin("fragile", &["-DVERSION=\"2.0\""]);
    assert_eq!(trial.host.swap("fragile").await.unwrap().version, "2.0");
    trial.host.end().await;
}

#[tokio::test]
async fn a_thread_that_was_left_behind_is_told_that_it_is_closed() {
    let trial = Trial::new(Limits::default());
    trial.plugin("messy", &["-DLEAVE_THREAD"]);
    trial.host.load("messy", Allowed::AsDecided).await.unwrap();
    trial.host.stop("messy").await.unwrap();
    std::fs::write(trial.folder.path().join("messy.go"), "").unwrap();
    soon("it asked", || trial.has("messy", "late -6")).await;
    trial.host.end().await;
}

fn lend(host: &Host) -> std::thread::JoinHandle<SlotEnd> {
    let slot = host.slot().unwrap();
    std::thread::spawn(move || slot.run())
}

#[tokio::test]
async fn uis_take_turns_and_the_slot_ends_with_the_host() {
    let trial = Trial::new(Limits::default());
    trial.plugin("ui-a", &UI);
    trial.plugin("ui-b", &UI);
    trial.plugin("bot", &[]);
    let main = lend(&trial.host);
    let error = trial.host.use_ui("bot").await.unwrap_err();
    assert!(matches!(error, HostError::NoUi { .. }), "{error}");
    trial.host.use_ui("ui-a").await.unwrap();
    soon("a shows", || trial.has("ui-a", "run_ui")).await;
    assert_eq!(trial.host.ui().as_deref(), Some("ui-a"));
    let error = trial.host.stop("ui-a").await.unwrap_err();
    assert!(matches!(error, HostError::Shows { .. }), "{error}");
    trial.host.use_ui("ui-b").await.unwrap();
    soon("b shows", || trial.has("ui-b", "run_ui")).await;
    assert_eq!(trial.diary("ui-a").last().unwrap(), "destroy");
    assert_eq!(trial.state("ui-a"), PluginState::Stopped);
    let error = trial.host.use_ui("ui-c").await.unwrap_err();
    assert!(matches!(error, HostError::NotFound { .. }), "{error}");
    assert_eq!(trial.host.ui().as_deref(), Some("ui-b"));
    trial.host.swap("ui-b").await.unwrap();
    soon("b shows anew", || trial.count("ui-b", "run_ui") == 2).await;
    assert_eq!(trial.count("ui-b", "destroy"), 1);
    trial.host.end().await;
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
    assert_eq!(trial.count("ui-b", "destroy"), 2);
}

#[tokio::test]
async fn a_ui_that_its_user_closes_ends_the_slot() {
    let trial = Trial::new(Limits::default());
    trial.plugin("ui-brief", &[&UI[..], &["-DUI_CLOSES"]].concat());
    let main = lend(&trial.host);
    trial.host.use_ui("ui-brief").await.unwrap();
    let end = tokio::task::spawn_blocking(move || main.join().unwrap()).await.unwrap();
    assert_eq!(end, SlotEnd::Closed { ui: "ui-brief".into() });
    trial.host.end().await;
}

#[tokio::test]
async fn a_ui_that_fails_at_once_gives_the_screen_back_to_the_one_before() {
    let trial = Trial::new(Limits::default());
    trial.plugin("ui-good", &UI);
    trial.plugin("ui-bad", &[&UI[..], &["-DUI_FAILS"]].concat());
    let main = lend(&trial.host);
    trial.host.use_ui("ui-good").await.unwrap();
    soon("it shows", || trial.has("ui-good", "run_ui")).await;
    trial.host.use_ui("ui-bad").await.unwrap();
    soon("it shows again", || trial.count("ui-good", "run_ui") == 2).await;
    soon("it has the screen", || trial.host.ui().as_deref() == Some("ui-good")).await;
    assert!(matches!(trial.state("ui-bad"), PluginState::Retired { .. }));
    trial.host.end().await;
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
}

#[tokio::test]
async fn a_first_ui_that_fails_ends_the_slot_with_the_reason() {
    let trial = Trial::new(Limits::default());
    trial.plugin("ui-bad", &[&UI[..], &["-DUI_FAILS"]].concat());
    let main = lend(&trial.host);
    trial.host.use_ui("ui-bad").await.unwrap();
    let end = tokio::task::spawn_blocking(move || main.join().unwrap()).await.unwrap();
    let SlotEnd::Failed { ui, reason } = end else { panic!("{end:?}") };
    assert_eq!((ui.as_str(), reason.as_str()), ("ui-bad", "its run_ui failed; the log says why"));
    trial.host.end().await;
}

#[tokio::test]
async fn a_ui_that_crashes_later_is_started_again() {
    let trial = Trial::new(Limits { ui_trial: Duration::ZERO, ..quick() });
    trial.plugin("ui-frail", &UI);
    let main = lend(&trial.host);
    trial.host.use_ui("ui-frail").await.unwrap();
    soon("it shows", || trial.has("ui-frail", "run_ui")).await;
    trial.crash("ui-frail");
    soon("it shows again", || trial.count("ui-frail", "run_ui") == 2).await;
    assert_eq!(trial.count("ui-frail", "create"), 2);
    // What panicked is not destroyed.
    assert_eq!(trial.count("ui-frail", "destroy"), 0);
    trial.host.end().await;
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
}

#[tokio::test]
async fn a_ui_whose_thread_panics_gives_the_screen_back_and_is_started_again() {
    let trial = Trial::new(quick());
    trial.plugin("ui-torn", &[&UI[..], &["-DPANIC"]].concat());
    let main = lend(&trial.host);
    trial.host.use_ui("ui-torn").await.unwrap();
    let end = tokio::task::spawn_blocking(move || main.join().unwrap()).await.unwrap();
    let SlotEnd::Failed { ui, .. } = end else { panic!("{end:?}") };
    assert_eq!((ui.as_str(), trial.count("ui-torn", "create")), ("ui-torn", 6));
    assert!(matches!(trial.state("ui-torn"), PluginState::Retired { .. }));
    trial.host.end().await;
}

#[tokio::test]
async fn a_paused_ui_goes_on_where_it_was() {
    let trial = Trial::new(Limits::default());
    trial.plugin("ui-calm", &UI);
    let main = lend(&trial.host);
    trial.host.use_ui("ui-calm").await.unwrap();
    soon("it shows", || trial.has("ui-calm", "run_ui")).await;
    trial.host.pause_ui().await.unwrap();
    assert_eq!(trial.diary("ui-calm").last().unwrap(), "returned");
    trial.host.resume_ui().await;
    soon("it shows again", || trial.count("ui-calm", "run_ui") == 2).await;
    assert_eq!(trial.count("ui-calm", "create"), 1);
    trial.host.end().await;
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
}

#[tokio::test]
async fn a_ui_that_cannot_show_twice_is_replaced_after_a_pause() {
    let trial = Trial::new(Limits::default());
    trial.plugin("ui-once", &[&UI[..], &["-DUI_ONCE"]].concat());
    let main = lend(&trial.host);
    trial.host.use_ui("ui-once").await.unwrap();
    soon("it shows", || trial.has("ui-once", "run_ui")).await;
    trial.host.pause_ui().await.unwrap();
    trial.host.resume_ui().await;
    soon("it shows again", || trial.count("ui-once", "run_ui") == 3).await;
    assert_eq!(trial.count("ui-once", "create"), 2);
    assert_eq!(trial.host.ui().as_deref(), Some("ui-once"));
    trial.host.end().await;
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
}

#[tokio::test]
async fn a_ui_that_keeps_the_screen_is_named() {
    let trial = Trial::new(quick());
    trial.plugin("ui-stuck", &[&UI[..], &["-DUI_STUCK"]].concat());
    trial.plugin("ui-other", &UI);
    let _main = lend(&trial.host);
    trial.host.use_ui("ui-stuck").await.unwrap();
    soon("it shows", || trial.has("ui-stuck", "run_ui")).await;
    let error = trial.host.use_ui("ui-other").await.unwrap_err();
    assert_eq!(error.to_string(), "'ui-stuck' does not give the screen back; quit to end it");
    assert_eq!(trial.state("ui-other"), PluginState::Stopped);
    assert_eq!(trial.host.ui().as_deref(), Some("ui-stuck"));
    assert!(trial.host.pause_ui().await.is_err());
    // The main thread is lost; everything else ends all the same.
    trial.host.end().await;
}
