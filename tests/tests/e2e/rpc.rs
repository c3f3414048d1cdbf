//! Bots of other processes: JSON-RPC over stdio, the socket, and HTTP.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Place, Running, text, until};

/// A client of `ramson rpc` on stdin and stdout.
struct Stdio {
    running: Running,
    last: u64,
}

impl Stdio {
    fn start(place: &Place, args: &[&str]) -> Self {
        Self { running: place.start_piped(args), last: 0 }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        self.running
            .say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let line = self.running.line().expect("a response comes");
            if line["id"] == id {
                return line;
            }
            assert_eq!(line["method"], "event", "{line}");
        }
    }

    fn done(&mut self, method: &str, params: Value) -> Value {
        let response = self.ask(method, params);
        assert!(response.get("result").is_some(), "{method}: {response}");
        response["result"].clone()
    }

    fn refused(&mut self, method: &str, params: Value) -> String {
        text(&self.ask(method, params)["error"]["data"], "kind")
    }

    /// The next event of a kind.
    fn event(&self, event: &str) -> Value {
        loop {
            let line = self.running.line().expect("an event comes");
            if line["method"] == "event" && line["params"]["event"] == event {
                return line["params"].clone();
            }
        }
    }

    /// Ends as a client does that has read enough.
    fn hang_up(mut self) {
        self.running.hang_up();
        self.running.wait().done();
    }
}

#[test]
fn two_homes_talk_and_what_was_not_acknowledged_is_told_again() {
    let place = Place::new();
    let _network = place.network();
    let rpc = |home| Stdio::start(&place, &["--home", home, "--network", "net.toml", "rpc"]);
    let mut alice = rpc("alice");
    let mut bob = rpc("bob");
    let alice_id = text(&alice.done("account.create", json!({ "name": "Alice" }))["account"], "id");
    let bob_id = text(&bob.done("account.create", json!({ "name": "Bob" }))["account"], "id");
    bob.done("subscribe", json!({ "client": "b", "durable": true, "topics": ["messages"] }));
    assert_eq!(bob.event("snapshot")["accounts"][0]["id"], bob_id);

    let sent = alice.done("send", json!({ "to": bob_id, "text": "one", "key": "k1" }));
    assert_eq!((&sent["state"], &sent["account"]), (&json!("stored"), &json!(alice_id)));
    assert!(!text(&sent, "hash").is_empty() && !sent["nodes"].as_array().unwrap().is_empty());
    // What may have been lost on the way can be asked for again.
    let again = alice.done("send", json!({ "to": bob_id, "text": "one", "key": "k1" }));
    assert_eq!(again["message"], sent["message"]);
    let one = bob.event("message");
    assert_eq!(one["message"]["text"], "one");
    bob.done("record.put", json!({ "key": "seen", "value": "1" }));
    bob.hang_up();

    let mut bob = rpc("bob");
    bob.done("subscribe", json!({ "client": "b", "durable": true, "topics": ["messages"] }));
    let told_again = bob.event("message");
    assert_eq!(
        (&told_again["seq"], &told_again["message"]["id"]),
        (&one["seq"], &one["message"]["id"])
    );
    assert_eq!(bob.done("record.get", json!({ "key": "seen" }))["value"], "1");
    let reply = json!({ "command": "send", "to": alice_id, "text": "echo: one", "key": "r1" });
    let done = json!({ "through": one["seq"], "commands": [reply], "records": [{ "key": "seen", "value": "2" }] });
    let outcomes = bob.done("done", done)["outcomes"].clone();
    assert_eq!(outcomes[0]["outcome"], "queued", "{outcomes}");
    bob.hang_up();

    let mut bob = rpc("bob");
    bob.done("subscribe", json!({ "client": "b", "durable": true, "topics": ["messages"] }));
    alice.done("send", json!({ "to": bob_id, "text": "two" }));
    loop {
        let next = bob.event("message");
        if next["message"]["outgoing"] == false {
            assert_eq!(next["message"]["text"], "two", "what was done with comes no more");
            break;
        }
    }
    assert_eq!(bob.done("record.get", json!({ "key": "seen" }))["value"], "2");
    let heard = || {
        let params = json!({ "with": bob_id });
        let messages = alice.done("messages", params)["messages"].clone();
        let texts = messages.as_array().unwrap().iter().map(|it| it["text"].clone());
        let echoes = texts.filter(|it| it == "echo: one").count();
        (echoes > 0).then_some(echoes)
    };
    assert_eq!(until("the answer", heard), 1);
}

#[test]
fn a_running_engine_serves_bots_and_narrows_them() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    let engine = place.engine("alice");
    let socket = place.path("alice/rpc.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);

    let mut wide = Stdio::start(&place, &["--home", "alice", "rpc", "--json"]);
    wide.done("send", json!({ "to": bob, "text": "through the engine" }));
    assert_eq!(wide.done("health", json!({}))["ok"], true);
    assert_eq!(place.comes("alice", &bob, "through the engine")["state"], "stored");
    let mut narrow =
        Stdio::start(&place, &["--home", "alice", "rpc", "--grant", "read", "--account", &alice]);
    assert_eq!(narrow.done("account.show", json!({}))["account"]["id"], alice);
    assert_eq!(narrow.refused("send", json!({ "to": bob, "text": "no" })), "NotGranted");
    narrow.hang_up();

    // Another path, and no second server there.
    let served = place.start(&["--home", "alice", "rpc", "--socket", "own.sock", "--json"]);
    assert!(text(&served.event("ready"), "socket").ends_with("own.sock"));
    let mut own = UnixStream::connect(place.path("own.sock")).unwrap();
    own.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\"}").unwrap();
    own.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    own.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\"program\":\"ramson\""), "{answer}");
    place
        .run(&["--home", "alice", "rpc", "--socket", "own.sock"])
        .failed(1, &["own.sock", "give another path"]);
    served.terminate().done();

    engine.terminate().done();
    while wide.running.line().is_some() {}
    wide.running.wait().failed(1, &["stopped", "run it again"]);
    assert!(!socket.exists());
    place.run(&["--home", "alice", "rpc", "--http", "0.0.0.0:0"]).failed(2, &["127.0.0.1:0"]);
}

/// A server of HTTP, and what is known of it.
struct Http {
    address: String,
    token: String,
}

impl Http {
    fn of(running: &Running) -> Self {
        let ready = running.event("ready");
        let file = text(&ready, "token_file");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let token = fs::read_to_string(Path::new(&file)).unwrap().trim().to_owned();
        let address = text(&ready, "url").strip_prefix("http://").unwrap().to_owned();
        Self { address, token }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        stream
    }

    /// Sends bytes as they are, and gives the status and the body.
    fn send(&self, head: &str, body: &[u8]) -> (u16, Value) {
        let mut stream = self.connect();
        let head = format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        // It may be refused before all of it is there.
        let _closed = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or(0), serde_json::from_str(body).unwrap_or_default())
    }

    fn head(&self, first: &str, more: &str) -> String {
        let Self { address, token } = self;
        format!("{first} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{more}")
    }

    fn call(&self, more: &str, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let head = self.head("POST /api/v1/rpc", more);
        let (status, answer) = self.send(&head, body.to_string().as_bytes());
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

#[test]
fn http_serves_whoever_has_the_token_and_nobody_else() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    let running = place.start(&["--home", "alice", "rpc", "--http", "127.0.0.1:0", "--json"]);
    let http = Http::of(&running);
    let (host, token) = (&http.address, &http.token);

    let check = format!("GET /api/v1/check HTTP/1.1\r\nHost: {host}\r\n");
    assert_eq!(http.send(&check, b""), (200, json!({ "ok": true })));
    let rpc = "POST /api/v1/rpc HTTP/1.1\r\n";
    let cases = [
        (format!("{rpc}Host: {host}\r\n"), 401),
        (format!("{rpc}Host: {host}\r\nAuthorization: Bearer {}\r\n", "0".repeat(64)), 401),
        (format!("{rpc}Host: evil.example\r\nAuthorization: Bearer {token}\r\n"), 403),
        (http.head("POST /api/v1/rpc", "Origin: http://evil.example\r\n"), 403),
        (http.head("GET /api/v2", ""), 404),
    ];
    for (head, expected) in cases {
        let (status, answer) = http.send(&head, b"{}");
        assert_eq!(status, expected, "{head}");
        assert!(answer["error"]["data"]["kind"].is_string(), "{answer}");
    }
    let ten_mb = vec![b' '; 10 << 20];
    assert_eq!(http.send(&http.head("POST /api/v1/rpc", ""), &ten_mb).0, 413);
    let garbage = http.send(&http.head("POST /api/v1/rpc", ""), b"\x00\xff");
    assert_eq!((garbage.0, &garbage.1["error"]["code"]), (200, &json!(-32_700)));
    assert_eq!(http.call("", "nonsense", json!({}))["error"]["code"], -32_601);

    // Events, and what is said of them.
    let mut stream = http.connect();
    let query = "GET /api/v1/events?client=a&durable=true&topics=messages";
    stream.write_all(http.head(query, "\r\n").as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "event: snapshot"));
    place.run(&["--home", "bob", "send", "--to", &alice, "over HTTP"]).done();
    assert!(lines.any(|line| line == "event: message"));
    let data = lines.find_map(|line| line.strip_prefix("data: ").map(str::to_owned)).unwrap();
    let event: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(event["message"]["text"], "over HTTP");
    let reply = json!({ "command": "send", "to": bob, "text": "heard", "key": "1" });
    let done = json!({ "through": event["seq"], "commands": [reply] });
    let done = http.call("X-Ramson-Client: a\r\n", "done", done);
    assert_eq!(done["result"]["outcomes"][0]["outcome"], "queued", "{done}");
    place.run(&["--home", "bob", "listen", "--count", "1", "--timeout", "60"]).done();
    assert_eq!(place.texts("bob", &alice), ["over HTTP", "heard"]);
    running.terminate().done();
}

/// Resident memory of a process in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn hostile_clients_cost_little_and_messages_go_on_coming() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    place.account("bob", "net.toml");
    let engine = place.engine("alice");
    let served = place.start(&["--home", "alice", "rpc", "--http", "127.0.0.1:0", "--json"]);
    let http = Http::of(&served);
    let mut client = Stdio::start(&place, &["--home", "alice", "rpc"]);
    client.done("subscribe", json!({ "client": "a", "topics": ["messages"] }));
    place.run(&["--home", "bob", "send", "--to", &alice, "before"]).done();
    assert_eq!(client.event("message")["message"]["text"], "before");
    let before = resident(engine.pid());

    // A thousand connections to both doors: half a line and silence.
    let socket = place.path("alice/rpc.sock");
    let mut lines = Vec::new();
    let mut posts = Vec::new();
    for _ in 0..500 {
        if let Ok(mut stream) = UnixStream::connect(&socket) {
            let _closed = stream.write_all(b"{\"jsonrpc\":");
            lines.push(stream);
        }
        if let Ok(mut stream) = TcpStream::connect(&http.address) {
            let _closed = stream.write_all(b"POST /api/v1/rpc HTTP/1.1\r\nHost:");
            posts.push(stream);
        }
    }
    // The ones above the limit are told, and closed.
    let mut last = lines.pop().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    let mut told = String::new();
    let _closed = last.read_to_string(&mut told);
    assert!(told.is_empty() || told.contains("\"kind\":\"Busy\""), "{told}");
    place.run(&["--home", "bob", "send", "--to", &alice, "among a thousand"]).done();
    assert_eq!(client.event("message")["message"]["text"], "among a thousand");
    drop((lines, posts));

    // Garbage, and lines of 10 MB, over and over.
    for round in 0..5 {
        let mut stream = until("a place", || {
            let mut stream = UnixStream::connect(&socket).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
            stream.write_all(b"\x00\xff nonsense\n").ok()?;
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).ok()?;
            line.contains("ParseError").then_some(stream)
        });
        let mut long = vec![b'x'; 10 << 20];
        long.push(b'\n');
        stream.write_all(&long).unwrap();
        stream.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"version\"}\n").unwrap();
        let mut answers = BufReader::new(stream).lines().map(Result::unwrap);
        assert!(answers.next().unwrap().contains("TooLarge"), "round {round}");
        assert!(answers.next().unwrap().contains("\"id\":7"), "round {round}");
    }
    place.run(&["--home", "bob", "send", "--to", &alice, "after"]).done();
    assert_eq!(client.event("message")["message"]["text"], "after");
    let grown = resident(engine.pid()).saturating_sub(before);
    assert!(grown < 64 << 10, "the engine grew by {grown} KiB");
    engine.terminate().done();
}
