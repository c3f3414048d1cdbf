//! Plugins that their user does not trust.

use super::*;

fn lines(name: &str) -> String {
    format!("[{name}]\ngrants = []\nuntrusted = true\n")
}

impl Trial {
    fn process(&self, name: &str) -> Option<u32> {
        self.host.list().into_iter().find(|it| it.name == name).unwrap().process
    }

    /// Decides on a plugin in front of what is there.
    fn distrust(&self, name: &str) {
        let file = self.folder.path().join("plugins.toml");
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        let diary = self.folder.path().join(name);
        let config = format!("[{name}.config]\ndiary = \"{}\"\n", diary.display());
        std::fs::write(file, before + &lines(name) + &config).unwrap();
    }
}

#[tokio::test]
async fn an_untrusted_plugin_runs_elsewhere_is_swapped_and_leaves_no_process() {
    let trial = Trial::new(quick());
    trial.distrust("abroad");
    trial.plugin("abroad", &["-DASK", "-DGRANTS=RP_GRANT_PLUGINS"]);
    trial.host.load("abroad", Allowed::AsDecided).await.unwrap();
    soon("it hears", || trial.has("abroad", "event 1 seq 0")).await;
    // Not granted, and the plugin is told so there as here.
    soon("it asked", || trial.has("abroad", "asked -3 -4 -4 -5")).await;
    let first = trial.process("abroad").unwrap();
    assert_eq!(mapped("libramson_abroad"), 0);
    trial.host.swap("abroad").await.unwrap();
    let second = trial.process("abroad").unwrap();
    assert_ne!(first, second);
    trial.host.end().await;
    assert_eq!(trial.count("abroad", "destroy"), 2);
    for process in [first, second] {
        assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
    }
}

#[tokio::test]
async fn a_crash_is_one_failure_with_its_reason_and_harms_nobody_else() {
    let trial = Trial::new(Limits { failures: 1, ..quick() });
    trial.distrust("fragile");
    trial.plugin("fragile", &["-DCRASH=*(volatile int*)8=1"]);
    trial.plugin("calm", &[]);
    trial.host.load("calm", Allowed::AsDecided).await.unwrap();
    trial.host.load("fragile", Allowed::AsDecided).await.unwrap();
    let retired = |state| matches!(state, PluginState::Retired { .. });
    soon("it is given up", || retired(trial.state("fragile"))).await;
    let PluginState::Retired { reason } = trial.state("fragile") else { unreachable!() };
    assert_eq!(reason, "it failed too often: its process ended by signal 11 (SIGSEGV)");
    assert_eq!((trial.count("fragile", "create"), trial.process("fragile")), (2, None));
    assert_eq!(trial.state("calm"), PluginState::Running);
    trial.host.end().await;
}

#[tokio::test]
async fn a_killed_process_is_started_again() {
    let trial = Trial::new(quick());
    trial.distrust("bot");
    trial.plugin("bot", &[]);
    trial.host.load("bot", Allowed::AsDecided).await.unwrap();
    let first = trial.process("bot").unwrap();
    let pid = rustix::process::Pid::from_raw(first.cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let again = || trial.process("bot").is_some_and(|process| process != first);
    soon("it runs again", again).await;
    assert_eq!(trial.host.list().iter().find(|it| it.name == "bot").unwrap().restarts, 1);
    trial.host.end().await;
}

#[tokio::test]
async fn what_hangs_is_retired_and_its_process_is_gone() {
    let trial = Trial::new(quick());
    for (name, flag) in
        [("stuck", "-DHANG"), ("born", "-DBEGIN=pause()"), ("late", "-DHANG_CREATE")]
    {
        trial.distrust(name);
        trial.plugin(name, &[flag]);
    }
    trial.host.load("stuck", Allowed::AsDecided).await.unwrap();
    let process = trial.process("stuck").unwrap();
    let retired = |state| matches!(state, PluginState::Retired { .. });
    soon("it is given up", || retired(trial.state("stuck"))).await;
    let there = || std::path::Path::new(&format!("/proc/{process}")).exists();
    soon("its process is gone", || !there()).await;
    for name in ["born", "late"] {
        let error = trial.host.load(name, Allowed::AsDecided).await.unwrap_err().to_string();
        assert!(error.contains("did not return from"), "{error}");
    }
    trial.host.end().await;
}

#[tokio::test]
async fn a_user_interface_cannot_be_untrusted() {
    let trial = Trial::new(quick());
    trial.distrust("ui-far");
    trial.plugin("ui-far", &UI);
    let error = trial.host.load("ui-far", Allowed::AsDecided).await.unwrap_err().to_string();
    assert!(error.contains("cannot be untrusted"), "{error}");
    let error = trial.host.set_untrusted("ui-far").unwrap_err().to_string();
    assert!(error.contains("cannot be untrusted"), "{error}");
    trial.host.end().await;
}

#[tokio::test]
async fn who_is_untrusted_stays_so_until_its_user_changes_the_file() {
    let trial = Trial::new(quick());
    trial.plugin("bot", &[]);
    let these = |untrusted| Allowed::These {
        grants: GrantSet::NONE,
        accounts: None,
        conversations: None,
        untrusted,
        remember: true,
    };
    trial.host.load("bot", these(false)).await.unwrap();
    assert_eq!(trial.process("bot"), None);
    trial.host.set_untrusted("bot").unwrap();
    for allowed in [Allowed::AsDecided, these(false), ALL, these(true)] {
        trial.host.stop("bot").await.unwrap();
        trial.host.load("bot", allowed.clone()).await.unwrap();
        assert!(trial.process("bot").is_some(), "{allowed:?}");
    }
    trial.host.end().await;
}
