//! `network status`, `network proxy` and `ledger`.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Place, ramson, text};

fn ready_paths(account: &Value) -> usize {
    let paths = account["paths"].as_array().unwrap().iter();
    paths.filter(|path| path["state"] == "ready").count()
}

#[test]
fn status_shows_the_network_alone_and_of_a_running_engine() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    place.run(&["localnet", "name", "alice", &alice, "--state", "state"]).done();
    let alone = place.json(&["--home", "alice", "network", "status"]);
    let [status] = &alone[..] else { panic!("one line: {alone:#?}") };
    assert_eq!(status["event"], "network");
    assert_eq!(status["pool"]["nodes"], 9);
    assert_eq!(status["proxy"], Value::Null);
    let account = &status["accounts"][0];
    assert_eq!((text(account, "id"), text(account, "name")), (alice.clone(), "alice".into()));
    assert!(ready_paths(account) >= 1, "{status}");
    assert_eq!(account["paths"][0]["hops"].as_array().unwrap().len(), 3);
    assert!(!account["guards"].as_array().unwrap().is_empty());
    assert!(account["clock_offset"].as_i64().unwrap().abs() < 5_000, "{status}");

    let _engine = place.listen("alice");
    for whose in ["alice", &alice] {
        let status = place.json(&["--home", "alice", "network", "status", "--swarm", whose]);
        let swarm = &status[0]["swarm"];
        assert_eq!(text(swarm, "id"), alice);
        let members = swarm["members"].as_array().unwrap();
        assert_eq!(members.len(), 3, "{swarm}");
        assert!(text(&members[0], "address").starts_with("127.0.0.1:"));
        assert_eq!(text(&members[0], "ed25519").len(), 64);
        assert_eq!(status[0]["polls"]["accounts"], 1);
    }
    let shown = place.run(&["--home", "alice", "network", "status", "--swarm", "alice"]).done();
    assert_eq!(shown.stderr, "");
    for part in ["network local-", "nodes     9, from ", "guards", " > ", "ready for", "(alice)"] {
        assert!(shown.stdout.contains(part), "no '{part}' in {}", shown.stdout);
    }
    let nobody = ["--home", "alice", "network", "status", "--swarm", "nobody"];
    let failed = place.run(&nobody).failed(1, &["'nobody' is not registered"]);
    assert!(failed.stdout.starts_with("network local-"), "{failed:#?}");
}

#[test]
fn the_ledger_is_switched_off_and_on() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    let ledger = |command: &str| {
        let said = place.json(&["--home", "alice", "ledger", command]);
        assert_eq!(text(&said[0], "event"), "ledger");
        said[0]["on"].as_bool().unwrap()
    };
    let send = |words: &str| {
        let sent = place.json(&["--home", "alice", "send", "--to", &alice, words]);
        text(&sent[0], "message")
    };
    assert!(ledger("status"));
    let first = send("first");
    assert!(!place.json(&["--home", "alice", "trace", &first]).is_empty());
    assert!(!ledger("off"));
    let second = send("second");
    for message in [&first, &second] {
        place.run(&["--home", "alice", "trace", message]).failed(1, &[message]);
    }
    // It stays so, in a running engine as well.
    let _engine = place.engine("alice");
    assert!(!ledger("status"));
    assert!(ledger("on"));
    let third = send("third");
    assert!(!place.json(&["--home", "alice", "trace", &third]).is_empty());
}

/// A proxy that tells what it is asked to connect to, and refuses.
fn proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("socks5://{}", listener.local_addr().unwrap());
    let (tell, told) = sync_channel(1_000);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, tell) = (stream.unwrap(), tell.clone());
            // A client that ends in the middle is none to speak of.
            let mut serve = move || -> std::io::Result<()> {
                let mut head = [0; 2];
                stream.read_exact(&mut head)?;
                stream.read_exact(&mut vec![0; head[1].into()])?;
                stream.write_all(&[5, 0])?;
                let mut ask = [0; 10];
                stream.read_exact(&mut ask)?;
                let port = u16::from_be_bytes([ask[8], ask[9]]);
                let _full =
                    tell.try_send(format!("{}.{}.{}.{}:{port}", ask[4], ask[5], ask[6], ask[7]));
                stream.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0])
            };
            let _gone = serve();
        }
    });
    (url, told)
}

#[test]
fn a_home_with_a_proxy_never_connects_without_it() {
    let place = Place::new();
    let (tor, asked) = proxy();
    let (other, asked_other) = proxy();
    // Nobody has that address; only a proxy is asked for it.
    let file = "seeds = [\"http://192.0.2.7:7001\"]\nallow_http = true\n";
    fs::write(place.path("far.toml"), file).unwrap();
    let make = ["--home", "home", "--network", "far.toml", "--proxy", &tor, "account", "create"];
    let made = place.run(&make).done();
    let shown = tor.as_str();
    assert!(made.stderr.contains(&format!("from now on this home goes through the proxy {shown}")));
    let id = text(&place.json(&["--home", "home", "account", "list"])[0], "id");

    // Without the flag as well.
    let send = ["--home", "home", "--timeout", "5", "send", "--to", &id, "x"];
    place.run(&send).failed(1, &["http://192.0.2.7:7001", "proxy 127.0.0.1:", "refused"]);
    assert_eq!(asked.recv_timeout(Duration::from_secs(5)).unwrap(), "192.0.2.7:7001");
    // Another one for one run, by flag.
    let once = [&["--proxy", &other][..], &send].concat();
    place.run(&once).failed(1, &["192.0.2.7"]);
    assert_eq!(asked_other.recv_timeout(Duration::from_secs(5)).unwrap(), "192.0.2.7:7001");
    while asked_other.try_recv().is_ok() {}
    let by_variable = Command::new(ramson())
        .args(send)
        .current_dir(place.path("."))
        .env("RAMSON_PROXY", &other)
        .output()
        .unwrap();
    assert_eq!(by_variable.status.code(), Some(1), "{by_variable:?}");
    assert_eq!(asked_other.recv_timeout(Duration::from_secs(5)).unwrap(), "192.0.2.7:7001");
    let show = || place.json(&["--home", "home", "network", "proxy"]).remove(0);
    assert_eq!((text(&show(), "proxy"), show()["login"].clone()), (tor.clone(), false.into()));

    // A running engine does not change its way.
    let engine = place.engine("home");
    let status = place.json(&["--home", "home", "network", "status"]);
    assert_eq!(text(&status[0], "proxy"), tor);
    let failed = place.run(&[&["--json"][..], &once].concat()).failed(1, &[&tor, &other]);
    let error = failed.json().pop().unwrap();
    assert_eq!(
        (text(&error, "kind"), text(&error, "hint")),
        ("OtherProxy".into(), "end it first, or leave the proxy out".into())
    );
    place.run(&[&["--proxy", &tor][..], &["--home", "home", "account", "list"]].concat()).done();
    let set = ["--home", "home", "network", "proxy", "off"];
    place.run(&set).failed(1, &["in use by process", "end it first"]);
    engine.terminate().done();

    // What is decided holds; what cannot be read is not taken for none.
    place.run(&set).done();
    assert_eq!(show()["proxy"], Value::Null);
    place.run(&["--home", "home", "network", "proxy", "socks5://me:secret@h:1"]).done();
    assert_eq!(
        (text(&show(), "proxy"), show()["login"].clone()),
        ("socks5://h:1".into(), true.into())
    );
    fs::write(place.path("home/settings.toml"), "proxy = \"http://me:secret@h:1\"\n").unwrap();
    let failed = place.run(&send).failed(2, &["settings.toml", "socks5://", "network proxy"]);
    assert!(!failed.stderr.contains("secret"), "{failed:#?}");
    for bad in ["h:1", "http://h:1", "socks5://h"] {
        place.run(&["--home", "home", "--proxy", bad, "account", "list"]).failed(2, &["9050"]);
        place.run(&["--home", "home", "network", "proxy", bad]).failed(2, &["9050"]);
    }
}

#[test]
fn a_proxy_may_be_set_before_there_is_a_home() {
    let place = Place::new();
    place.run(&["--home", "home", "network", "proxy", "socks5://127.0.0.1:1"]).done();
    let id = place.account("home", "testnet");
    let send = ["--home", "home", "--timeout", "5", "send", "--to", &id, "x"];
    place.run(&send).failed(1, &["the proxy 127.0.0.1:1 could not be reached"]);
    // A network of this machine needs none.
    let _network = place.network();
    let near = place.account("near", "net.toml");
    let send = ["--home", "near", "--proxy", "socks5://127.0.0.1:1", "send", "--to", &near, "x"];
    place.run(&send).done();
}
