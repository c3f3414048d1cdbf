//! Making, restoring, showing and removing accounts.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt};
use std::process::Command;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{Place, ramson, text};

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

    // Nobody is asked who is not there; the account is restored all the same.
    fs::write(place.path("gone.toml"), "seeds = [\"http://127.0.0.1:1/json_rpc\"]\n").unwrap();
    let args = ["--home", "two", "--network", "gone.toml", "--timeout", "1", "account", "restore"];
    let json = [&args[..], &["--json"]].concat();
    let restored = place.run_with(&json, &format!("  {}\n", phrase.to_uppercase())).done();
    assert_eq!(text(&restored.json()[0], "id"), id);
    assert!(!restored.stderr.contains(&phrase));
    assert!(restored.stderr.contains("not fetched yet"), "{restored:#?}");
    place.run_with(&args, &phrase).failed(1, &[&id, "already"]);
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
    // Nobody is there to be asked, so a script is taken at its word.
    let removed = place.run(&["--home", "home", "account", "remove", &id, "--json"]).done();
    assert_eq!(text(&removed.json()[0], "id"), id);
    assert!(!removed.stderr.contains("Type 'yes'"), "{removed:#?}");
    assert!(place.json(&["--home", "home", "account", "list"]).is_empty());
    place.run(&["--home", "home", "conversations"]).failed(1, &["no account", "account create"]);
}

#[test]
fn an_account_is_not_removed_when_the_question_would_not_be_seen() {
    let place = Place::new();
    let id = place.account("home", "testnet");
    // Somebody types, but what is said goes into a file.
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let path = ptsname(&keyboard, Vec::new()).unwrap();
    let remove = |flags: &[&str]| {
        let terminal = OpenOptions::new()
            .read(true)
            .custom_flags(i32::try_from(OFlags::NOCTTY.bits()).unwrap())
            .open(OsStr::from_bytes(path.as_bytes()))
            .unwrap();
        Command::new(ramson())
            .args(["--home", "home", "account", "remove", &id])
            .args(flags)
            .current_dir(place.path("."))
            .env_remove("RAMSON_PROXY")
            .stdin(terminal)
            .output()
            .unwrap()
    };
    let refused = remove(&[]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("gone for good") && said.contains("--yes"), "{said}");
    assert_eq!(place.json(&["--home", "home", "account", "list"]).len(), 1);
    assert!(remove(&["--yes"]).status.success());
    assert!(place.json(&["--home", "home", "account", "list"]).is_empty());
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
