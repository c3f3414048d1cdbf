//! The files of a home on a real disk: made once, opened again, locked, and
//! each way in which they can be wrong named in one sentence.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ramson_messages::storage::ListAccounts;
use ramson_storage_actor::{HomeFiles, OpenError, Store};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

fn random(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn used_home(home: &Path) -> HomeFiles {
    let files = HomeFiles::in_folder(home);
    let store = files.open_or_create(random(1)).unwrap();
    store.bind_network("the network's name").unwrap();
    for number in 0..20 {
        support::step(&store, number);
    }
    store.close().unwrap();
    files
}

/// Refused, with a sentence that names the file.
fn refused(files: &HomeFiles) -> OpenError {
    let error = files.open_or_create(random(2)).err().unwrap();
    assert!(error.to_string().contains(files.store.parent().unwrap().to_str().unwrap()), "{error}");
    error
}

#[test]
fn a_home_is_made_once_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("a").join("home");
    let files = HomeFiles::in_folder(&home);
    assert!(matches!(files.open(random(1)), Err(OpenError::NotFound { .. })));

    let store = files.open_or_create(random(1)).unwrap();
    store.write(&support::add_account(1)).unwrap();
    let view = support::view(&store);
    store.close().unwrap();
    assert_eq!(support::view(&files.open(random(2)).unwrap()), view);
    assert_eq!(support::view(&files.open_or_create(random(3)).unwrap()), view);

    let mut names: Vec<_> =
        fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["store", "store.key", "store.keys"]);
    for name in names {
        let mode = fs::metadata(home.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&home).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_killed_store_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let files = used_home(folder.path());
    let store = files.open(random(1)).unwrap();
    support::step(&store, 20);
    let view = support::view(&store);
    // What a killed process leaves: the file as it is now.
    let copy = folder.path().join("copy");
    fs::create_dir(&copy).unwrap();
    let copied = HomeFiles::in_folder(&copy);
    fs::copy(&files.store, &copied.store).unwrap();
    fs::copy(&files.keys, &copied.keys).unwrap();
    fs::copy(&files.key_file, &copied.key_file).unwrap();
    assert_eq!(support::view(&copied.open(random(2)).unwrap()), view);
}

#[test]
fn only_one_process_has_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let files = used_home(folder.path());
    let store = files.open(random(1)).unwrap();
    assert!(matches!(refused(&files), OpenError::Locked { .. }));
    drop(store);
    assert!(files.open(random(1)).is_ok());
}

#[test]
fn a_start_that_was_cut_off_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let files = HomeFiles::in_folder(folder.path());
    fs::write(folder.path().join("store.new"), [1; 5000]).unwrap();
    fs::write(folder.path().join("store.key.new"), [1; 5]).unwrap();
    fs::write(folder.path().join("store.keys.new"), [1; 5]).unwrap();
    drop(files.open_or_create(random(1)).unwrap());
    // Keys there already, but no store yet.
    fs::remove_file(&files.store).unwrap();
    drop(files.open_or_create(random(2)).unwrap());
    assert!(files.open(random(3)).is_ok());
}

#[test]
fn wrong_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let files = used_home(folder.path());
    let (store, keys) = (fs::read(&files.store).unwrap(), fs::read(&files.keys).unwrap());
    let key = fs::read(&files.key_file).unwrap();

    fs::write(&files.store, b"something else entirely, and longer than a preamble").unwrap();
    assert!(matches!(refused(&files), OpenError::Foreign { .. }));
    fs::write(&files.store, b"").unwrap();
    assert!(matches!(refused(&files), OpenError::Foreign { .. }));
    for length in [16, 4096, 12_287] {
        fs::write(&files.store, &store[..length]).unwrap();
        let error = refused(&files);
        assert!(matches!(error, OpenError::Truncated { .. }), "{length}: {error}");
    }
    for length in [12_288, 20_000, store.len() - 1] {
        fs::write(&files.store, &store[..length]).unwrap();
        let error = refused(&files);
        let found = length as u64;
        assert!(matches!(error, OpenError::Truncated { length, .. } if length == found));
    }
    let mut newer = store[..12_288].to_vec();
    newer[15] = 2;
    newer[4096..].fill(0);
    fs::write(&files.store, &newer).unwrap();
    assert!(matches!(refused(&files), OpenError::LaterVersion { found: 2, known: 1, .. }));
    fs::write(&files.store, &store).unwrap();

    fs::remove_file(&files.keys).unwrap();
    assert!(matches!(refused(&files), OpenError::KeyMissing { path } if path == files.keys));
    fs::write(&files.keys, &keys[..20]).unwrap();
    assert!(matches!(refused(&files), OpenError::KeyDamaged { .. }));
    fs::write(&files.keys, &keys[..5]).unwrap();
    assert!(matches!(refused(&files), OpenError::KeyDamaged { .. }));
    let mut later = keys.clone();
    later[11] = 3;
    fs::write(&files.keys, &later).unwrap();
    assert!(matches!(refused(&files), OpenError::LaterVersion { found: 3, .. }));
    fs::write(&files.keys, &keys).unwrap();

    fs::remove_file(&files.key_file).unwrap();
    assert!(matches!(refused(&files), OpenError::KeyMissing { path } if path == files.key_file));
    fs::write(&files.key_file, [7; 32]).unwrap();
    fs::set_permissions(&files.key_file, fs::Permissions::from_mode(0o644)).unwrap();
    let error = refused(&files);
    assert!(matches!(error, OpenError::KeyReadable { mode: 0o644, .. }));
    assert!(error.to_string().contains("chmod 600"));
    fs::set_permissions(&files.key_file, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(refused(&files), OpenError::WrongKey { .. }));
    for wrong in [&key[..31], &[key.as_slice(), &[0]].concat()] {
        fs::write(&files.key_file, wrong).unwrap();
        assert!(matches!(refused(&files), OpenError::KeyDamaged { .. }));
    }
    fs::write(&files.key_file, &key).unwrap();

    // Nothing was lost on the way.
    let store: Store = files.open_or_create(random(4)).unwrap();
    assert!(!store.ask(&ListAccounts).unwrap().is_empty());

    // A store under another data key.
    drop(store);
    let other = tempfile::tempdir().unwrap();
    let others = HomeFiles::in_folder(other.path());
    drop(others.open_or_create(random(5)).unwrap());
    fs::copy(&others.store, &files.store).unwrap();
    assert!(matches!(refused(&files), OpenError::WrongKey { path } if path == files.store));
}

#[test]
fn nothing_readable_lies_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let files = used_home(folder.path());
    let store = files.open(random(1)).unwrap();
    let mut needles: Vec<Vec<u8>> = vec![
        b"the network's name".to_vec(),
        b"Message number".to_vec(),
        b"Name of account".to_vec(),
        b"Peer ".to_vec(),
        b"Dump number".to_vec(),
        b"MESSAGES".to_vec(),
        b"redb".to_vec(),
        vec![0x5a; 8],
        vec![0xa5; 8],
    ];
    for number in 0..20 {
        for key in [support::id(number).key(), &support::hash(number).0, &support::node(number).0]
            .into_iter()
            .chain([&support::bytes(4, number), &support::bytes(5, number)])
        {
            needles.push(key[..8].to_vec());
            let hex: String = key.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            needles.push(hex.into_bytes());
        }
        needles.push(support::hash(number).to_string().into_bytes());
    }
    // The view shows that the corpus is really in the store.
    let view = support::view(&store);
    assert!(view.contains("Message number") && view.contains("Peer 1"));
    let mut searched = 0;
    for path in [&files.store, &files.keys, &files.key_file] {
        let bytes = fs::read(path).unwrap();
        searched += bytes.len();
        for needle in &needles {
            let found = bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{} is in {}", String::from_utf8_lossy(needle), path.display());
        }
    }
    println!("{} needles are in none of {searched} bytes", needles.len());
}
