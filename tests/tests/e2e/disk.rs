//! Nothing readable on disk.

use std::fs;
use std::path::{Path, PathBuf};

use ramson_crypto::mnemonic;

use crate::support::{Place, text};

/// All files of a home but those that are not the user's: the network's
/// public description, and the nodes of a local network with what they store.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            if name != "localnet" {
                found.extend(files(&path));
            }
        } else if name != "network.toml" {
            found.push(path);
        }
    }
    found
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Everything of a home's accounts that must not be found.
fn secrets(place: &Place, home: &str) -> Vec<Vec<u8>> {
    let mut secrets = Vec::new();
    for account in place.json(&["--home", home, "account", "list"]) {
        let id = text(&account, "id");
        let shown = place.json(&["--home", home, "account", "show", &id, "--phrase"]);
        let phrase = text(&shown[0], "phrase");
        let seed = mnemonic::decode(&phrase).unwrap();
        secrets.push(seed.entropy16().unwrap().to_vec());
        secrets.push(phrase.into_bytes());
        secrets.push(text(&account, "name").into_bytes());
        secrets.push(hex::decode(&id[2..]).unwrap());
        secrets.push(id.to_uppercase().into_bytes());
        secrets.push(id.into_bytes());
    }
    secrets
}

#[test]
fn no_file_of_a_home_holds_what_its_user_wrote() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice-of-the-disk-test", "net.toml");
    let bob = place.account("bob-of-the-disk-test", "net.toml");
    let homes = ["alice-of-the-disk-test", "bob-of-the-disk-test", "demo"];
    let texts = ["a text that nobody must find", "an answer that nobody must find"];
    let running = place.listen(homes[1]);
    place.run(&["--home", homes[0], "send", "--to", &bob, texts[0]]).done();
    running.event("message");
    place.run(&["--home", homes[1], "send", "--to", &alice, texts[1]]).done();
    place.json(&["--home", homes[0], "listen", "--count", "1"]);
    place.run(&["--home", "demo"]).done();

    let mut secrets: Vec<Vec<u8>> = homes.iter().flat_map(|home| secrets(&place, home)).collect();
    secrets.extend(texts.map(|text| text.as_bytes().to_vec()));
    secrets.push(b"Did this come through".to_vec());
    // Names shorter than this are found by chance.
    secrets.retain(|secret| secret.len() >= 8);
    let look = |when: &str| {
        for home in homes {
            let files = files(&place.path(home));
            assert!(files.len() >= 3, "{files:?}");
            for path in files.iter().filter(|path| path.is_file()) {
                let bytes = fs::read(path).unwrap();
                for secret in &secrets {
                    let shown = String::from_utf8_lossy(secret);
                    assert!(
                        !contains(&bytes, secret),
                        "{when}: '{shown}' is in {}",
                        path.display()
                    );
                }
            }
        }
    };
    look("while an engine runs");
    running.terminate().done();
    look("when all have ended");
    // The search itself finds what is there.
    assert!(contains(&fs::read(place.path("net.toml")).unwrap(), b"http://127.0.0.1"));
}
