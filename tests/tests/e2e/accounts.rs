//! Making, restoring, showing and removing accounts.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Place, text};

#[test]
fn a_phrase_brings_the_same_account_back() {
    let place = Place::new();
    let made = place
        .run(&[
            "--home",
            "one",
            "--network",
            "testnet",
            "account",
            "create",
            "--name",
            "Example",
            "--json",
        ])
        .done();
    let id = text(&made.json()[0], "id");
    // No passphrase: that is said, and how to see the phrase.
    assert!(made.stderr.contains("store.key"), "{made:#?}");
    assert!(made.stderr.contains("--phrase"), "{made:#?}");

    let shown = place.json(&["--home", "one", "account", "show"]);
    assert_eq!((text(&shown[0], "id"), text(&shown[0], "name")), (id.clone(), "Example".into()));
    assert!(shown[0].get("phrase").is_none());
    let shown = place.json(&["--home", "one", "account", "show", &id, "--phrase"]);
    let phrase = text(&shown[0], "phrase");
    assert_eq!(phrase.split(' ').count(), 13);

    let args = ["--home", "two", "--network", "testnet", "account", "restore", "--json"];
    let restored = place.run_with(&args, &format!("  {}\n", phrase.to_uppercase())).done();
    assert_eq!(text(&restored.json()[0], "id"), id);
    assert!(!restored.stderr.contains(&phrase));
    place.run_with(&args[..6], &phrase).failed(1, &[&id, "already"]);
    let listed = place.run(&["--home", "two", "account", "list"]).done();
    assert!(listed.stdout.contains(&id));
}

#[test]
fn a_home_is_closed_to_others() {
    let place = Place::new();
    place.account("home", "testnet");
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("home"), 0o700);
    for file in fs::read_dir(place.path("home")).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
}

#[test]
fn a_home_that_is_read_needs_no_network() {
    let place = Place::new();
    // Nobody listens at that seed.
    fs::write(place.path("net.toml"), "name = \"gone\"\nseeds = [\"http://127.0.0.1:1\"]\n")
        .unwrap();
    let id = place.account("home", "net.toml");
    assert!(place.json(&["--home", "home", "conversations"]).is_empty());
    assert!(place.json(&["--home", "home", "messages", "--with", &id]).is_empty());
    place.run(&["--home", "home", "trace", "m1-1"]).failed(1, &["m1-1"]);
    // Nobody can be asked here.
    let refused = place.run(&["--home", "home", "account", "remove", &id, "--json"]);
    let refused = refused.failed(2, &[&id, "gone for good", "--yes"]);
    assert_eq!(refused.json()[0]["kind"], "Unconfirmed", "{refused:#?}");
    place.run(&["--home", "home", "account", "remove", &id, "--yes"]).done();
    assert!(place.json(&["--home", "home", "account", "list"]).is_empty());
    place.run(&["--home", "home", "conversations"]).failed(1, &["no account", "account create"]);
}

#[test]
fn homes_are_found_by_flag_variable_and_data_folder() {
    let place = Place::new();
    place.run(&["--network", "testnet", "account", "create"]).done();
    assert!(place.path("user/.local/share/ramson/store").exists());
    // Without --network a new home is on mainnet.
    let made = place.run(&["--home", "other", "account", "create"]).done();
    assert!(made.stderr.contains("'mainnet'"), "{made:#?}");
}

#[test]
fn help_and_version_are_no_failures() {
    let place = Place::new();
    for args in [&["--help"][..], &["send", "--help"], &["--version"]] {
        let ended = place.run(args).done();
        assert!(ended.stdout.contains("ramson"), "{ended:#?}");
        assert!(ended.stderr.is_empty(), "{ended:#?}");
    }
}
