//! Networks whose seeds do not answer, and networks of which only the seeds
//! are known.

use std::fs;

use crate::support::{Place, text};

/// Lets the seed of [`Place::network`] close every connection.
fn break_seed(place: &Place) {
    fs::write(place.path("faults.toml"), "[[rule]]\nfault = 'refused'\nnodes = 'seed'\n").unwrap();
    place.run(&["localnet", "faults", "faults.toml", "--state", "state"]).done();
}

#[test]
fn with_a_kept_list_of_nodes_seeds_are_not_needed() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    place.run(&["--home", "alice", "send", "--to", &bob, "first"]).done();
    break_seed(&place);
    place.run(&["--home", "alice", "send", "--to", &bob, "second"]).done();
    let status = place.json(&["--home", "alice", "network", "status"]);
    assert_eq!(text(&status[0]["pool"], "source"), "cache", "{}", status[0]);
    assert_eq!(status[0]["pool"]["nodes"], 9);

    // Who was never here before gets one sentence, and in time.
    let seed = status[0]["seeds"][0].as_str().unwrap().to_owned();
    let args = ["--home", "bob", "--timeout", "4", "--json"];
    for command in
        [&["send", "--to", &alice, "kept"][..], &["resolve", "bob"], &["network", "status"]]
    {
        let failed = place.run(&[&args[..], command].concat()).failed(1, &[&seed]);
        let error = failed.json().pop().unwrap();
        assert_eq!(error["kind"], "UnreachableSeed", "{failed:#?}");
    }
    let listener = place.start(&["--home", "bob", "listen", "--json"]);
    listener.event("listening");
    // Nothing of it is lost when the seed is back.
    place.run(&["localnet", "clear-faults", "--state", "state"]).done();
    let mut texts =
        [listener.event("message"), listener.event("message")].map(|it| text(&it, "text"));
    texts.sort();
    assert_eq!(texts, ["first", "second"]);
    let came = place.json(&["--home", "alice", "listen", "--count", "1"]);
    assert_eq!(text(came.last().unwrap(), "text"), "kept");
    listener.terminate().done();
}

#[test]
fn a_listener_says_once_that_no_node_is_known() {
    let place = Place::new();
    fs::write(place.path("gone.toml"), "seeds = [\"http://127.0.0.1:1/json_rpc\"]\n").unwrap();
    place.account("bob", "gone.toml");
    let listen = ["--home", "bob", "listen", "--count", "1", "--timeout", "6"];
    let ended = place.run(&listen);
    assert_eq!(ended.status, Some(1), "{ended:#?}");
    let said: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(said.len(), 2, "{ended:#?}");
    assert!(said[0].contains("no service node is known yet, the seed http://127.0.0.1:1/json_rpc"));
    assert!(said[1].contains("0 of 1"), "{ended:#?}");
}

#[test]
fn a_seed_that_moved_away_is_not_needed_either() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    place.run(&["--home", "alice", "send", "--to", &alice, "first"]).done();
    // The same network, of which only a seed is known that is not there.
    let file = fs::read_to_string(place.path("net.toml")).unwrap();
    let name = file.lines().find(|line| line.starts_with("name")).unwrap();
    let gone = format!("{name}\nseeds = [\"http://127.0.0.1:1/json_rpc\"]\n");
    fs::write(place.path("gone.toml"), gone).unwrap();
    let send = ["--home", "alice", "--network", "gone.toml", "send", "--to", &alice, "second"];
    place.run(&send).done();
    place.run(&["--home", "alice", "send", "--to", &alice, "third"]).done();
}

#[test]
fn a_network_file_with_seeds_alone_is_enough() {
    let place = Place::new();
    let network = place.start(&["localnet", "--json"]);
    let seed = text(&network.event("ready"), "seed");
    fs::write(place.path("seeds.toml"), format!("seeds = [\"{seed}\"]\n")).unwrap();
    place.account("alice", "seeds.toml");
    let bob = place.account("bob", "seeds.toml");
    place.run(&["--home", "alice", "send", "--to", &bob, "hello"]).done();
    let came = place.json(&["--home", "bob", "listen", "--count", "1"]);
    assert_eq!(text(came.last().unwrap(), "text"), "hello");
}
