//! Every wrong input: one sentence with the value and the way out.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use ramson_crypto::{MnemonicError, mnemonic};

use crate::support::{Place, text};

const PHRASE: [&str; 7] =
    ["--home", "home", "--network", "testnet", "account", "restore", "--json"];

#[test]
fn phrases() {
    let place = Place::new();
    place.account("other", "testnet");
    let shown = place.json(&["--home", "other", "account", "show", "--phrase"]);
    let good = text(&shown[0], "phrase");
    let words: Vec<&str> = good.split(' ').collect();
    // Not every swap is noticed: the last word is one of twelve.
    let swapped = (1..12).map(|at| {
        let mut words = words.clone();
        words.swap(0, at);
        words.join(" ")
    });
    let noticed = |phrase: &String| {
        matches!(mnemonic::decode(phrase), Err(MnemonicError::ChecksumMismatch { .. }))
    };
    let swapped = swapped.into_iter().find(noticed).unwrap();
    let cases = [
        (String::new(), "0".to_owned()),
        (words[..12].join(" "), "12".to_owned()),
        (format!("{good} {}", words[0]), "14".to_owned()),
        (good.replacen(words[4], "xylophone", 1), "'xylophone'".to_owned()),
        (good.replacen(words[0], "ab", 1), "'ab'".to_owned()),
        (swapped, format!("'{}'", words[12])),
    ];
    for (phrase, part) in cases {
        let failed = place.run_with(&PHRASE, &phrase).failed(2, &[&part]);
        assert_eq!(failed.json()[0]["kind"], "InvalidPhrase", "{failed:#?}");
        assert!(!place.path("home").exists(), "nothing is made for a wrong phrase");
        assert!(
            phrase.is_empty() || !failed.stderr.contains(&phrase),
            "a phrase is never repeated"
        );
    }
    place.run_with(&PHRASE, &"a".repeat(2 << 20)).failed(2, &["1048576"]);
}

#[test]
fn account_ids() {
    let place = Place::new();
    let good = place.account("home", "testnet");
    let group = format!("03{}", &good[2..]);
    let unknown = format!("99{}", &good[2..]);
    let not_hex = format!("{}zz", &good[..64]);
    let short = good[..65].to_owned();
    for bad in [short.as_str(), &not_hex, &unknown, &group, "", "bob", "b!b"] {
        // Where a peer is meant, some of them are names.
        let peers = [&["send", "x", "--to", bad][..], &["network", "status", "--swarm", bad]];
        let own = [
            &["send", "x", "--to", &good, "--account", bad][..],
            &["listen", "--account", bad],
            &["account", "show", bad],
            &["account", "remove", bad],
        ];
        let peers = peers.into_iter().filter(|_| bad != "bob");
        for args in peers.chain(own) {
            let args = [&["--home", "home", "--json"][..], args].concat();
            let failed = place.run(&args).failed(2, &[&format!("'{bad}'"), "05"]);
            assert_eq!(failed.json()[0]["kind"], "InvalidAccountId", "{failed:#?}");
        }
    }
    // The case of hex digits says nothing.
    place.run(&["--home", "home", "account", "show", &good.to_uppercase()]).done();
    let other = format!("05{}", "ab".repeat(32));
    place.run(&["--home", "home", "account", "show", &other]).failed(1, &[&other, "account list"]);
    place
        .run(&["--home", "home", "send", "--to", &good, "--account", &other, "x"])
        .failed(1, &[&other]);
}

#[test]
fn network_files() {
    let place = Place::new();
    let cases = [
        (None, "missing.toml", "UnreadableNetworkFile"),
        (Some("seeds = [\n\n\"http"), "line 3", "InvalidNetworkFile"),
        (Some("name = 5\nseeds = []"), "line 1", "InvalidNetworkFile"),
        (Some("name = \"x\""), "no seed", "InvalidNetworkFile"),
        (Some("seeds = [\"ftp://x\"]"), "'ftp://x'", "InvalidNetworkFile"),
        (Some("seeds = [\"http://example.org\"]"), "allow_http", "InvalidNetworkFile"),
        (
            Some("seeds = [\"http://127.0.0.1\"]\nmin_pool = 3"),
            "min_pool = 3",
            "InvalidNetworkFile",
        ),
        (
            Some("name = \"mainnet\"\nseeds = [\"http://127.0.0.1\"]"),
            "'mainnet'",
            "ReservedNetworkName",
        ),
    ];
    for (content, part, kind) in cases {
        let name = if content.is_some() { "net.toml" } else { "missing.toml" };
        if let Some(content) = content {
            fs::write(place.path(name), content).unwrap();
        }
        let args = ["--home", "home", "--network", name, "account", "create", "--json"];
        let failed = place.run(&args).failed(2, &[name, part]);
        assert_eq!(failed.json()[0]["kind"], kind, "{failed:#?}");
        assert!(!place.path("home").exists(), "nothing is made for a wrong network");
    }
}

#[test]
fn another_network_than_the_homes() {
    let place = Place::new();
    let id = place.account("home", "testnet");
    fs::write(place.path("net.toml"), "name = \"mine\"\nseeds = [\"http://127.0.0.1:1\"]\n")
        .unwrap();
    for network in ["mainnet", "net.toml", "local"] {
        for args in [
            &["account", "create"][..],
            &["send", "--to", &id, "x"],
            &["listen"],
            &["account", "list"],
        ] {
            let args = [&["--home", "home", "--network", network, "--json"][..], args].concat();
            let name = if network == "net.toml" { "mine" } else { network };
            let failed = place.run(&args).failed(1, &["'testnet'", &format!("'{name}'"), "--home"]);
            assert_eq!(failed.json()[0]["kind"], "WrongNetwork", "{failed:#?}");
        }
    }
    place.run(&["--home", "home", "--network", "testnet", "account", "list"]).done();
    // Also when the home's copy is gone: the store knows.
    fs::remove_file(place.path("home/network.toml")).unwrap();
    place.run(&["--home", "home", "account", "list"]).failed(1, &["'testnet'", "'mainnet'"]);
    place.run(&["--home", "home", "--network", "testnet", "account", "list"]).done();
}

#[test]
fn seeds_that_cannot_be_used() {
    let place = Place::new();
    let garbage = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = garbage.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in garbage.incoming() {
            let mut stream = stream.unwrap();
            let _asked = stream.read(&mut [0; 4096]);
            let body = r#"{"result":{"service_node_states":[{"public_ip":"nonsense"}]}}"#;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let _told = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    for (name, seed) in [
        ("nobody", "http://127.0.0.1:1/json_rpc".to_owned()),
        ("garbage", format!("http://127.0.0.1:{port}/json_rpc")),
    ] {
        let file = format!("{name}.toml");
        fs::write(place.path(&file), format!("name = \"{name}\"\nseeds = [\"{seed}\"]\n")).unwrap();
        let id = place.account(name, &file);
        let other = format!("05{}", &place.account("other", "testnet")[2..]);
        fs::remove_dir_all(place.path("other")).unwrap();
        let failed = place
            .run(&["--home", name, "--timeout", "4", "send", "--to", &other, "kept", "--json"])
            .failed(1, &[&seed, "kept"]);
        assert_eq!(failed.json()[0]["kind"], "UnreachableSeed", "{failed:#?}");
        let kept = place.json(&["--home", name, "messages", "--with", &other]);
        assert_eq!((text(&kept[0], "text"), text(&kept[0], "author")), ("kept".into(), id));
        // Listening goes on until it is ended: the seed may come back.
        place.listen(name).terminate().done();
    }
}

#[test]
fn stores_that_are_none() {
    let place = Place::new();
    let id = place.account("home", "testnet");
    let store = place.path("home/store");
    let good = fs::read(&store).unwrap();
    let list = ["--home", "home", "account", "list", "--json"];
    let cases = [
        (b"not a store at all, but long enough to be looked at".repeat(200), "ForeignStore"),
        (b"short".to_vec(), "ForeignStore"),
        (Vec::new(), "ForeignStore"),
        (good[..good.len() / 2].to_vec(), "TruncatedStore"),
    ];
    for (bytes, kind) in cases {
        fs::write(&store, &bytes).unwrap();
        let failed = place.run(&list).failed(1, &[store.to_str().unwrap()]);
        assert_eq!(failed.json()[0]["kind"], kind, "{failed:#?}");
        assert_eq!(fs::read(&store).unwrap(), bytes, "a store that does not open is left alone");
    }
    fs::write(&store, &good).unwrap();
    assert_eq!(text(&place.json(&list[..4])[0], "id"), id);

    // A store of another home.
    place.account("other", "testnet");
    fs::copy(place.path("other/store"), &store).unwrap();
    let failed = place.run(&list).failed(1, &[store.to_str().unwrap()]);
    assert_eq!(failed.json()[0]["kind"], "WrongKey", "{failed:#?}");
    fs::write(&store, &good).unwrap();
    fs::rename(place.path("home/store.key"), place.path("key")).unwrap();
    let failed = place.run(&list).failed(1, &["store.key"]);
    assert_eq!(failed.json()[0]["kind"], "KeyMissing", "{failed:#?}");
    fs::rename(place.path("key"), place.path("home/store.key")).unwrap();
    place.run(&list).done();
}

#[test]
fn texts() {
    let place = Place::new();
    let id = place.account("home", "testnet");
    let send = ["--home", "home", "send", "--to", &id];
    place.run_with(&send, " \n").failed(2, &["empty"]);
    place.run_with(&send, &"x".repeat(2001)).failed(2, &["2001", "2000"]);
    let name = "n".repeat(101);
    place.run(&["--home", "home", "account", "create", "--name", &name]).failed(2, &[&name, "101"]);
    place.run(&["--home", "home", "resolve", "b!b", "--json"]).failed(2, &["'b!b'", "'!'"]);
    place.run(&["--home", "home", "messages", "--with", "b!b"]).failed(2, &["'b!b'", "66"]);
    place.run(&["--home", "home", "trace", "x1-2"]).failed(2, &["'x1-2'", "m1-42"]);
    assert!(place.json(&["--home", "home", "messages", "--with", &id]).is_empty());
}

#[test]
fn command_lines() {
    let place = Place::new();
    let cases: [(&[&str], &str); 12] = [
        (&["sned"], "'sned'"),
        (&["send"], "--to"),
        (&["account"], "create"),
        (&["network"], "status"),
        (&["ledger"], "off"),
        (&["resolve"], "<NAME>"),
        (&["listen", "--count", "0"], "0"),
        (&["messages"], "--with"),
        (&["--timeout", "soon", "run"], "'soon'"),
        (&["localnet", "--nodes", "3"], "3"),
        (&["localnet", "--bind", "nowhere"], "'nowhere'"),
        (&["--frobnicate"], "'--frobnicate'"),
    ];
    for (args, part) in cases {
        let args = [args, &["--json"]].concat();
        let failed = place.run(&args).failed(2, &[part, "--help"]);
        assert_eq!(failed.json()[0]["kind"], "Usage", "{failed:#?}");
    }
    place.run(&["localnet", "--bind", "0.0.0.0"]).failed(2, &["0.0.0.0"]);
    place.run(&["--home", "none", "listen"]).failed(1, &["none", "account create"]);
    assert!(!place.path("none").exists());
}
