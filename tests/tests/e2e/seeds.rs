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
    place.account("alice", "net.toml");
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
        [&["send", "--to", &bob, "kept"][..], &["resolve", "bob"], &["network", "status"]]
    {
        let failed = place.run(&[&args[..], command].concat()).failed(1, &[&seed]);
        let error = failed.json().pop().unwrap();
        assert_eq!(error["kind"], "UnreachableSeed", "{failed:#?}");
    }
    // Nothing of it is lost when the seed is back.
    place.run(&["localnet", "clear-faults", "--state", "state"]).done();
    let came = place.json(&["--home", "bob", "listen", "--count", "3"]);
    let texts = came.iter().filter(|line| line["event"] == "message");
    let mut texts: Vec<String> = texts.map(|line| text(line, "text")).collect();
    texts.sort();
    assert_eq!(texts, ["first", "kept", "second"]);
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
