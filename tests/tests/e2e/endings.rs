//! How programs end.

use std::process::{Command, Stdio};

use crate::support::{Place, ramson};

#[test]
fn signals_end_cleanly() {
    for signal in ["-TERM", "-INT"] {
        let place = Place::new();
        let network = place.network();
        place.account("alice", "net.toml");
        let listener = place.listen("alice");
        listener.signal(signal);
        let ended = listener.wait().done();
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
        assert!(!place.path("alice/control.sock").exists());
        network.signal(signal);
        let ended = network.wait().done();
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let place = Place::new();
    place.account("alice", "testnet");
    let mut child = Command::new(ramson())
        .args(["account", "list", "--home"])
        .arg(place.path("alice"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}
