//! Decisions, and what follows from them.

use ramson_wire::AccountId;

use super::*;

fn grants(grants: impl IntoIterator<Item = Grant>) -> GrantSet {
    grants.into_iter().collect()
}

fn id(number: u8) -> AccountId {
    let mut id = [number; 33];
    id[0] = 5;
    AccountId(id)
}

impl Trial {
    /// A plugin about which nothing was decided.
    fn undecided(&self, name: &str, flags: &[&str]) -> PathBuf {
        c_plugin(&self.folder.path().join("plugins"), name, flags)
    }

    fn accounts(&self, name: &str) -> Option<Vec<AccountId>> {
        self.host.list().into_iter().find(|it| it.name == name).unwrap().accounts
    }
}

#[tokio::test]
async fn what_is_decided_is_written_down_and_runs_nothing() {
    let trial = Trial::new(Limits::default());
    trial.undecided("fresh", &["-DGRANTS=RP_GRANT_SEND|RP_GRANT_READ"]);
    let given = grants([Grant::Send, Grant::Plugins]);
    trial.host.decide("fresh", given, Some(vec![id(1)]), None).unwrap();
    assert_eq!(trial.state("fresh"), PluginState::Available);
    let plugin = trial.host.load("fresh", Allowed::AsDecided).await.unwrap();
    // What it does not ask for it does not get.
    assert_eq!((plugin.granted, plugin.accounts), (grants([Grant::Send]), Some(vec![id(1)])));
    let error = trial.host.decide("nobody", given, None, None).unwrap_err();
    assert!(matches!(error, HostError::NotFound { .. }), "{error}");
    let file = trial.folder.path().join("libfalse.so");
    std::fs::write(&file, "no library").unwrap();
    let error = trial.host.decide(&file.display().to_string(), given, None, None).unwrap_err();
    assert!(matches!(error, HostError::Refused { .. }), "{error}");
    trial.host.end().await;
}

#[tokio::test]
async fn a_decision_on_a_library_elsewhere_makes_the_name_stand_for_it() {
    let trial = Trial::new(Limits::default());
    let library = c_plugin(&trial.folder.path().join("elsewhere"), "far", &[]);
    let error = trial.host.load("far", Allowed::AsDecided).await.unwrap_err();
    assert!(matches!(error, HostError::NotFound { .. }), "{error}");
    trial.host.decide(&library.display().to_string(), GrantSet::NONE, None, None).unwrap();
    trial.host.load("far", Allowed::AsDecided).await.unwrap();
    trial.host.end().await;
}

#[tokio::test]
async fn what_is_to_start_starts_and_what_is_not_does_not() {
    let trial = Trial::new(Limits::default());
    for name in ["one", "two", "three"] {
        trial.plugin(name, &[]);
        trial.host.set_start(name, true).unwrap();
    }
    trial.host.set_start("two", false).unwrap();
    // Nobody decided what it may do.
    trial.undecided("four", &[]);
    trial.host.set_start("four", true).unwrap();
    trial.host.load_started().await;
    let states = ["one", "two", "three", "four"].map(|name| trial.state(name));
    let (runs, rests) = (PluginState::Running, PluginState::Available);
    assert_eq!(states, [runs.clone(), rests.clone(), runs, rests]);
    trial.host.end().await;
}

#[tokio::test]
async fn decisions_at_the_same_time_are_all_written_down() {
    let trial = Trial::new(Limits::default());
    let library = trial.undecided("name-0", &[]);
    let names: Vec<String> = (0..16).map(|number| format!("name-{number}")).collect();
    for name in &names[1..] {
        let file = format!("libramson_{}.so", name.replace('-', "_"));
        std::fs::copy(&library, library.with_file_name(file)).unwrap();
    }
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| trial.host.decide(name, GrantSet::NONE, None, None).unwrap());
        }
    });
    let text = std::fs::read_to_string(trial.folder.path().join("plugins.toml")).unwrap();
    for name in &names {
        assert!(text.contains(&format!("[{name}]\n")), "{name} is missing: {text}");
    }
    trial.host.end().await;
}

#[tokio::test]
async fn uis_see_what_they_are_shown_and_never_more_than_was_decided() {
    let trial = Trial::new(Limits::default());
    trial.plugin("ui-a", &UI);
    trial.host.decide("ui-a", GrantSet::ALL, Some(vec![id(1), id(2)]), None).unwrap();
    let main = lend(&trial.host);
    trial.host.show_to_uis(Some(vec![id(1)])).await.unwrap();
    trial.host.use_ui("ui-a").await.unwrap();
    assert_eq!(trial.accounts("ui-a"), Some(vec![id(1)]));
    soon("it shows", || trial.has("ui-a", "run_ui")).await;
    trial.host.show_to_uis(Some(vec![id(2), id(3)])).await.unwrap();
    assert_eq!(trial.accounts("ui-a"), Some(vec![id(2)]));
    // Another copy, which knows no other account.
    assert_eq!(trial.count("ui-a", "create"), 2);
    trial.host.show_to_uis(None).await.unwrap();
    assert_eq!(trial.accounts("ui-a"), Some(vec![id(1), id(2)]));
    trial.host.end().await;
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
}

#[tokio::test]
async fn another_home_has_its_own_decisions() {
    let trial = Trial::new(Limits::default());
    trial.plugin("calm", &[]);
    let other = trial.folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    trial.host.move_to(&other);
    let error = trial.host.load("calm", Allowed::AsDecided).await.unwrap_err();
    assert!(matches!(error, HostError::NotDecided { .. }), "{error}");
    trial.host.decide("calm", GrantSet::NONE, None, None).unwrap();
    assert!(other.join("plugins.toml").exists());
    trial.host.move_to(trial.folder.path());
    trial.host.load("calm", Allowed::AsDecided).await.unwrap();
    trial.host.end().await;
}

#[tokio::test]
async fn a_plugin_brings_in_no_ui_that_nobody_decided_on() {
    let trial = Trial::new(Limits::default());
    trial.undecided("ui-new", &[&UI[..], &["-DGRANTS=RP_GRANT_READ"]].concat());
    let main = lend(&trial.host);
    let error = trial.host.use_ui_for_plugin("ui-new").await.unwrap_err();
    assert_eq!(error.to_string(), "'ui-new' asks for: read; it is loaded once you allow it");
    assert_eq!(trial.host.ui(), None);
    trial.host.decide("ui-new", GrantSet::NONE, None, None).unwrap();
    trial.host.use_ui_for_plugin("ui-new").await.unwrap();
    assert_eq!(trial.host.ui().as_deref(), Some("ui-new"));
    // The user may have any that is found.
    trial.undecided("ui-own", &UI);
    trial.host.use_ui("ui-own").await.unwrap();
    trial.host.end().await;
    main.join().unwrap();
}

#[tokio::test]
async fn a_plugin_does_not_change_what_a_name_stands_for() {
    let trial = Trial::new(Limits::default());
    trial.plugin("calm", &[]);
    let other = c_plugin(&trial.folder.path().join("elsewhere"), "calm", &[]);
    let before = std::fs::read_to_string(trial.folder.path().join("plugins.toml")).unwrap();
    let path = other.display().to_string();
    let error = trial.host.allow_for_plugin(&path, GrantSet::NONE, None).await.unwrap_err();
    let text = "'calm' is not loaded: another library has that name; give its file another one";
    assert_eq!(error.to_string(), text);
    let after = std::fs::read_to_string(trial.folder.path().join("plugins.toml")).unwrap();
    assert_eq!(after, before);
    trial.host.allow_for_plugin("calm", GrantSet::NONE, None).await.unwrap();
    trial.host.end().await;
}

#[tokio::test]
async fn allowing_anew_keeps_the_conversations_that_were_decided() {
    let trial = Trial::new(Limits::default());
    trial.undecided("calm", &["-DGRANTS=RP_GRANT_SEND|RP_GRANT_READ"]);
    let only = Some(vec![id(7).into()]);
    trial.host.decide("calm", grants([Grant::Read]), None, only.clone()).unwrap();
    let (both, accounts) = (grants([Grant::Read, Grant::Send]), Some(vec![id(1)]));
    trial.host.allow_for_plugin("calm", both, accounts.clone()).await.unwrap();
    let found = trial.host.list().into_iter().find(|it| it.name == "calm").unwrap();
    assert_eq!((found.granted, &found.accounts, &found.conversations), (both, &accounts, &only));
    trial.host.stop("calm").await.unwrap();
    let decided = trial.host.load("calm", Allowed::AsDecided).await.unwrap();
    assert_eq!((decided.granted, decided.conversations), (both, only));
    trial.host.end().await;
}

#[tokio::test]
async fn one_that_runs_goes_on_with_what_it_is_allowed_anew() {
    let trial = Trial::new(Limits::default());
    trial.plugin("calm", &["-DGRANTS=RP_GRANT_PLUGINS|RP_GRANT_SEND|RP_GRANT_READ"]);
    trial.host.load("calm", Allowed::AsDecided).await.unwrap();
    let wide = grants([Grant::Plugins, Grant::Read, Grant::Send]);
    for (count, given) in [(2, wide), (3, grants([Grant::Send]))] {
        trial.host.allow_for_plugin("calm", given, None).await.unwrap();
        let plugin = trial.host.list().into_iter().find(|it| it.name == "calm").unwrap();
        assert_eq!((plugin.granted, plugin.state), (given, PluginState::Running));
        assert_eq!(trial.count("calm", "create"), count);
    }
    // Where the new copy does not start, the old one goes on unless it has
    // more than was decided.
    trial.plugin("calm", &["-DFAIL_CREATE", "-DGRANTS=RP_GRANT_READ|RP_GRANT_SEND"]);
    let more = grants([Grant::Read, Grant::Send]);
    let error = trial.host.allow_for_plugin("calm", more, None).await.unwrap_err();
    assert!(matches!(error, HostError::Create { .. }), "{error}");
    let plugin = trial.host.list().into_iter().find(|it| it.name == "calm").unwrap();
    assert_eq!((plugin.granted, plugin.state), (grants([Grant::Send]), PluginState::Running));
    let error = trial.host.allow_for_plugin("calm", grants([Grant::Read]), None).await.unwrap_err();
    assert!(matches!(error, HostError::Create { .. }), "{error}");
    assert!(matches!(trial.state("calm"), PluginState::Refused { .. }));
    trial.plugin("calm", &["-DGRANTS=RP_GRANT_READ"]);
    let plugin = trial.host.load("calm", Allowed::AsDecided).await.unwrap();
    assert_eq!(plugin.granted, grants([Grant::Read]));
    trial.host.end().await;
}

#[tokio::test]
async fn a_ui_that_shows_is_allowed_anew_as_well() {
    let trial = Trial::new(Limits::default());
    trial.plugin("ui-a", &[&UI[..], &["-DGRANTS=RP_GRANT_READ|RP_GRANT_SEND"]].concat());
    let main = lend(&trial.host);
    trial.host.show_to_uis(Some(vec![id(1)])).await.unwrap();
    trial.host.use_ui("ui-a").await.unwrap();
    soon("it shows", || trial.has("ui-a", "run_ui")).await;
    let given = grants([Grant::Send]);
    trial.host.allow_for_plugin("ui-a", given, Some(vec![id(1), id(2)])).await.unwrap();
    soon("it shows anew", || trial.count("ui-a", "run_ui") == 2).await;
    let plugin = trial.host.list().into_iter().find(|it| it.name == "ui-a").unwrap();
    assert_eq!((plugin.granted, plugin.accounts), (given, Some(vec![id(1)])));
    trial.host.end().await;
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
}

#[tokio::test]
async fn what_is_wrong_with_the_decisions_can_be_asked() {
    let trial = Trial::new(Limits::default());
    assert_eq!(trial.host.decisions_error(), None);
    let text = "[calm]\ngrants = [\"raed\"]\n";
    std::fs::write(trial.folder.path().join("plugins.toml"), text).unwrap();
    let error = trial.host.decisions_error().unwrap();
    assert!(error.starts_with("plugins.toml: line 2: 'raed' is nothing"), "{error}");
    trial.host.end().await;
}
