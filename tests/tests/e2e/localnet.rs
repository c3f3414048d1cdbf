//! `localnet` as testers and authors of bots run it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Place, Running, text};

/// Longer than what comes in goes to disk.
const SAVED: Duration = Duration::from_millis(3500);

/// Starts a network with more arguments than [`Place::network`] gives.
fn network(place: &Place, more: &[&str]) -> (Running, Value) {
    let args = ["localnet", "--state", "state", "--write-network", "net.toml", "--json"];
    let args: Vec<&str> = args.iter().chain(more).copied().collect();
    let network = place.start(&args);
    let ready = network.event("ready");
    (network, ready)
}

/// Does something to the network.
fn control(place: &Place, words: &[&str]) -> Value {
    let args: Vec<&str> =
        ["localnet"].iter().chain(words).chain(&["--state", "state"]).copied().collect();
    let mut said = place.json(&args);
    assert_eq!(said.len(), 1, "{said:?}");
    said.remove(0)
}

fn status(place: &Place) -> Value {
    control(place, &["status"])
}

/// What a network that runs holds is asked until it is as it should be.
fn wait_for(place: &Place, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let status = status(place);
        if is(&status) {
            return status;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} does not come: {}", status(place))
}

fn messages(status: &Value) -> u64 {
    let nodes = status["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["messages"].as_u64().unwrap()).sum()
}

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap()
}

fn http(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn get(address: SocketAddr, path: &str, host: &str) -> String {
    http(address, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
}

#[test]
fn messages_arrive_once_although_faults_are_scripted() {
    let place = Place::new();
    let faults = "seed = 3\n\
        [[rule]]\nfault = 'answer lost'\nnodes = 'all'\nasked_by = 'clients'\nprobability = 0.15\n\
        [[rule]]\nfault = 'late'\nms = 100\nnodes = 'swarm 1'\nprobability = 0.5\n\
        [[rule]]\nfault = 'wrong clock'\nms = 600000\nnodes = 2\n\
        [[rule]]\nfault = 'down'\nnodes = 7\nfrom = 1\nuntil = 20\n";
    fs::write(place.path("faults.toml"), faults).unwrap();
    let (_network, _) = network(&place, &["--faults", "faults.toml"]);
    place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    let sent: Vec<String> = (0..6).map(|number| format!("message {number}")).collect();
    for text in &sent {
        place.run(&["--home", "alice", "send", "--to", &bob, text]).done();
    }
    let came = place.json(&["--home", "bob", "listen", "--count", "6"]);
    let texts = came.iter().filter(|line| line["event"] == "message");
    let mut texts: Vec<String> = texts.map(|line| text(line, "text")).collect();
    texts.sort();
    assert_eq!(texts, sent);
    let status = status(&place);
    assert!(status["faults"][0]["struck"].as_u64().unwrap() > 0, "{status}");
    assert_eq!(control(&place, &["clear-faults"])["event"], "done");
    assert_eq!(self::status(&place)["faults"], json!([]));
}

#[test]
fn a_running_network_is_changed_from_outside() {
    let place = Place::new();
    let (network, _) = network(&place, &[]);
    let socket = place.path("state/control.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let alice = place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    let listener = place.listen("bob");
    place.run(&["--home", "alice", "send", "--to", &bob, "before"]).done();
    assert_eq!(text(&listener.event("message"), "text"), "before");

    // Nodes die, swarms change; what is sent meanwhile arrives all the same.
    let nodes = status(&place)["nodes"].as_array().unwrap().clone();
    let held: Vec<_> = nodes.into_iter().filter(|node| node["messages"] != 0).collect();
    let holder = held[0]["node"].to_string();
    let stopped = control(&place, &["stop-node", &holder]);
    assert_eq!(text(&stopped, "detail"), format!("node {holder} is stopped"));
    place.run(&["--home", "alice", "send", "--to", &bob, "one is away"]).done();
    assert_eq!(text(&listener.event("message"), "text"), "one is away");
    control(&place, &["start-node", &holder]);
    // A whole swarm is replaced; who held its messages is in another one.
    let swarm = held[0]["swarm"].to_string();
    let state = status(&place);
    let others = state["nodes"].as_array().unwrap().iter();
    let others = others.filter(|node| node["swarm"] != held[0]["swarm"]);
    let new: Vec<String> = others.take(2).map(|node| node["node"].to_string()).collect();
    for node in &new {
        control(&place, &["move", node, &swarm]);
    }
    let all = |status: &Value| {
        new.iter().all(|node| status["nodes"][node.parse::<usize>().unwrap()]["messages"] != 0)
    };
    wait_for(&place, "what moves", all);
    let away = if swarm == "0" { "1" } else { "0" };
    for node in held.iter().filter(|node| node["swarm"] == held[0]["swarm"]) {
        control(&place, &["move", &node["node"].to_string(), away]);
    }
    let sending = ["--home", "alice", "--timeout", "80", "send", "--to", &bob, "after the move"];
    place.run(&sending).done();
    assert_eq!(text(&listener.event("message"), "text"), "after the move");

    let made = control(&place, &["new-swarm", &holder]);
    assert_eq!(text(&made, "detail"), format!("swarm 3 is made, of {holder}"));
    control(&place, &["name", "Alice", &alice]);
    assert_eq!(status(&place)["names"], json!([{ "name": "alice", "id": alice }]));
    let people = place.run(&["localnet", "status", "--state", "state"]).done().stdout;
    assert!(people.contains("swarm 3") && people.contains(&alice), "{people}");
    control(&place, &["forget-name", "alice"]);

    let refused = |words: &[&str], status, parts: &[&str]| {
        let args: Vec<&str> =
            ["localnet"].iter().chain(words).chain(&["--state", "state"]).copied().collect();
        place.run(&args).failed(status, parts);
    };
    refused(&["stop-node", "99"], 1, &["no node 99"]);
    refused(&["move", "1", "9"], 1, &["no swarm 9"]);
    refused(&["move", "1", "left"], 2, &["'left'", "'none'"]);
    refused(&["name", "-x", &alice], 2, &["-x"]);
    refused(&["name", "x-", &alice], 1, &["'x-' is not a name"]);
    fs::write(place.path("bad.toml"), "[[rule]]\nfault = 'hagn'").unwrap();
    refused(&["faults", "bad.toml"], 2, &["bad.toml", "line 2", "'hagn'"]);
    refused(&["faults", "nowhere.toml"], 1, &["nowhere.toml"]);

    assert_eq!(text(&control(&place, &["stop"]), "detail"), "the network ends");
    assert!(!socket.exists());
    network.wait().done();
    refused(&["status"], 1, &["no local network runs", "--state"]);
}

#[test]
fn the_control_socket_takes_lines_from_any_program() {
    let place = Place::new();
    let (mut network, _) = network(&place, &[]);
    let connect = || UnixStream::connect(place.path("state/control.sock")).unwrap();
    let ask = |stream: &UnixStream, line: &[u8]| {
        (&*stream).write_all(line).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    let stalled = connect();
    (&stalled).write_all(b"{\"do\":").unwrap();
    let client = connect();
    let refused = ask(&client, b"rubbish\n");
    assert!(text(&refused, "refused").contains("no command"), "{refused}");
    let answer = ask(&client, b"{\"do\":\"start-node\",\"node\":0}\n");
    assert_eq!(answer, json!({ "done": "node 0 is up" }));

    // A socket that a killed process left is replaced.
    network.kill_now();
    assert!(place.path("state/control.sock").exists());
    let (_network, _) = self::network(&place, &[]);
    assert_eq!(ask(&connect(), b"{\"do\":\"clear-faults\"}\n")["done"], "no rule is in force");
}

#[test]
fn everything_outlives_a_kill() {
    let place = Place::new();
    let (mut network, ready) = network(&place, &[]);
    let before = fs::read_to_string(place.path("net.toml")).unwrap();
    place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    place.run(&["--home", "alice", "send", "--to", &bob, "kept"]).done();
    let server = address(&text(&ready, "file_server"));
    let upload = "POST /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                  Content-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\nfile";
    let uploaded = http(server, upload);
    let id = uploaded.split("\"id\":").nth(1).unwrap().split('"').nth(1).unwrap().to_owned();
    assert!(get(server, &format!("/file/{id}"), "x").ends_with("\r\n\r\nfile"));
    thread::sleep(SAVED);
    // What is done by hand is on disk at once.
    control(&place, &["stop-node", "4"]);
    control(&place, &["new-swarm", "0", "3"]);
    control(&place, &["name", "bob", &bob]);
    let old = status(&place);
    network.kill_now();

    let (network, ready) = self::network(&place, &[]);
    assert_eq!(fs::read_to_string(place.path("net.toml")).unwrap(), before);
    let new = status(&place);
    for kept in ["swarms", "names", "file_server", "page", "seed"] {
        assert_eq!(new[kept], old[kept], "{kept}");
    }
    assert_eq!(
        (&new["nodes"][4]["stopped"], &new["nodes"][4]["up"]),
        (&json!(true), &json!(false))
    );
    assert!(messages(&new) >= 2, "{new}");
    let server = address(&text(&ready, "file_server"));
    assert!(get(server, &format!("/file/{id}"), "x").ends_with("\r\n\r\nfile"));
    control(&place, &["start-node", "4"]);
    let came = place.json(&["--home", "bob", "listen", "--count", "1"]);
    assert_eq!(text(came.last().unwrap(), "text"), "kept");

    // And a clean end keeps what came a moment before.
    place.run(&["--home", "alice", "send", "--to", &bob, "the last"]).done();
    network.signal("-INT");
    network.wait().done();
    assert!(!place.path("state/control.sock").exists());
    let (network, _) = self::network(&place, &[]);
    let came = place.json(&["--home", "bob", "listen", "--count", "1"]);
    assert_eq!(text(came.last().unwrap(), "text"), "the last");
    network.terminate().done();
}

#[test]
fn the_page_shows_how_the_network_stands() {
    let place = Place::new();
    let id = format!("05{}", "ab".repeat(32));
    fs::write(place.path("names.toml"), format!("Example = '{id}'\n")).unwrap();
    let (_network, ready) = network(&place, &["--names", "names.toml"]);
    let url = text(&ready, "page");
    let page = address(&url);
    assert!(page.ip().is_loopback());
    let host = page.to_string();
    control(&place, &["stop-node", "5"]);
    let html = get(page, "/", &host);
    assert!(html.starts_with("HTTP/1.1 200 OK\r\n"), "{html}");
    for part in
        ["Content-Security-Policy: default-src 'none'", "Swarm 2", "stopped", "example", &id]
    {
        assert!(html.to_lowercase().contains(&part.to_lowercase()), "no {part} in {html}");
    }
    let json = get(page, "/status.json", &format!("localhost:{}", page.port()));
    let (_, body) = json.split_once("\r\n\r\n").unwrap();
    let shown: Value = serde_json::from_str(body).unwrap();
    assert_eq!(shown["nodes"][5]["up"], false);
    assert_eq!(shown["names"][0]["id"], id.as_str());
    // Only here, only to be read.
    assert!(get(page, "/", "evil.example").starts_with("HTTP/1.1 403 "));
    let post = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    assert!(http(page, &post).starts_with("HTTP/1.1 405 "));
    let none = place.start(&["localnet", "--no-page", "--json"]);
    assert_eq!(none.event("ready")["page"], Value::Null);
}

#[test]
fn faithful_nodes_carry_messages_too_and_bad_files_are_refused() {
    let place = Place::new();
    let (network, _) = network(&place, &["--faithful"]);
    let alice = place.account("alice", "net.toml");
    place.run(&["--home", "alice", "send", "--to", &alice, "note"]).done();
    network.terminate().done();
    fs::write(place.path("bad.toml"), "x = 7\n").unwrap();
    place.run(&["localnet", "--names", "bad.toml"]).failed(2, &["bad.toml", "line 1"]);
    place.run(&["localnet", "--faults", "bad.toml"]).failed(2, &["bad.toml", "line 1", "x"]);
    place.run(&["localnet", "--names", "none.toml"]).failed(1, &["none.toml"]);
}
