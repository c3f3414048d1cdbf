use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use ramson_sdk::bot::testing::{ANN, BEN, TestBot};
use ramson_sdk::{AccountId, Command, Level, Refusal};
use ramson_testkit::{Resident as _, Town};

use super::TheBot;

const TOKEN: &str = "0123456789-abcdef";
const ALLOWED: &str = "Authorization: Bearer 0123456789-abcdef\r\n";

fn config(to: AccountId) -> String {
    format!(
        r#"{{"to": ["{to}"], "token": "{TOKEN}", "listen": "127.0.0.1:0", "names": {{"ben": "{BEN}"}}}}"#
    )
}

/// Where a bot's log says that it listens, once it does; the lines of an
/// earlier life are left out.
fn address(mut log: impl FnMut() -> Vec<(Level, String)>) -> SocketAddr {
    for _ in 0..60_000 {
        for (_, line) in log() {
            if let Some(address) = line.strip_prefix("alerts come in at http://") {
                return address.trim_end_matches('/').parse().unwrap();
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("the bot does not listen");
}

/// A POST; its headers end with a line break.
fn post(headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST / HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

/// What is answered, status and sentence. The clock of the bot goes on by
/// `tick` meanwhile.
fn sends(to: SocketAddr, request: &str, mut tick: impl FnMut()) -> (u16, String) {
    let request = request.to_owned();
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, sentence) = answer.split_once("\r\n\r\n").unwrap();
        (status, sentence.trim_end().to_owned())
    });
    while !client.is_finished() {
        tick();
        thread::sleep(Duration::from_millis(1));
    }
    client.join().unwrap()
}

/// A bot whose alerts go to Ann.
struct Alerts {
    bot: TestBot,
    address: SocketAddr,
}

impl Alerts {
    fn new() -> Self {
        let bot = TestBot::new::<TheBot>(&config(ANN));
        let address = address(|| bot.log());
        Self { bot, address }
    }

    fn hears(&mut self, request: &str) -> (u16, String) {
        sends(self.address, request, || self.bot.settle())
    }

    fn hears_alert(&mut self, headers: &str, body: &str) -> u16 {
        self.hears(&post(&format!("{ALLOWED}{headers}"), body)).0
    }
}

#[test]
fn a_text_and_json_are_passed_on() {
    let mut it = Alerts::new();
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(it.hears_alert(form, "the disk is full\n"), 202);
    assert_eq!(it.bot.said_to(ANN), ["the disk is full"]);
    let json = "Content-Type: application/json; charset=utf-8\r\n";
    assert_eq!(it.hears_alert(json, r#"{"text": "again", "channel": "any"}"#), 202);
    assert_eq!(it.bot.said_to(ANN), ["again"]);
    assert_eq!(it.hears_alert(json, r#"{"text": "only you", "to": "ben"}"#), 202);
    assert!(it.bot.said_to(ANN).is_empty());
    assert_eq!(it.bot.said_to(BEN), ["only you"]);
    let by_query = post("", "hello").replace("POST /", &format!("POST /alert?x=1&token={TOKEN}"));
    assert_eq!(it.hears(&by_query), (202, "it is safe in the outbox".to_owned()));
    assert_eq!(it.hears_alert("", &"ä".repeat(9_000)), 202);
    let said = it.bot.said_to(ANN);
    assert_eq!((said.len(), said[1].chars().count(), said[1].ends_with("ä…")), (2, 2_000, true));
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let mut it = Alerts::new();
    let json = format!("{ALLOWED}Content-Type: application/json\r\n");
    let large = post(ALLOWED, "").replace("Length: 0", "Length: 100000");
    let chunked = format!("Transfer-Encoding: chunked\r\n{ALLOWED}");
    let chunked =
        format!("POST / HTTP/1.1\r\nHost: x\r\n{chunked}\r\n10001\r\n{}", "x".repeat(65_537));
    for (request, status, sentence) in [
        (post("", "x"), 401, "the token of the config is missing; write"),
        (post("Authorization: Bearer 0123456789-abcdeg\r\n", "x"), 401, "the token of"),
        (post(ALLOWED, "x").replace("POST", "GET"), 405, "GET does nothing here; alerts come by"),
        (post(ALLOWED, "x").replace("POST /", "POST /x"), 404, "there is no /x; alerts go to /"),
        (post(ALLOWED, " \n"), 422, "the text is empty; send a text, or"),
        (post(&json, "{"), 400, "the body is no alert: "),
        (post(&json, r#"{"text": "x", "to": "eve"}"#), 422, "nobody is called 'eve'; 'names'"),
        (post(&format!("{ALLOWED}Idempotency-Key: ä\r\n"), "x"), 400, "the Idempotency-Key is"),
        (post(&format!("{ALLOWED}Idempotency-Key: a\tb\r\n"), "x"), 400, "the Idempotency-Key is"),
        (large, 413, "the body is too large; at most 65536 bytes"),
        (chunked, 413, "the body is too large; at most 65536 bytes"),
    ] {
        let (got, said) = it.hears(&request);
        assert_eq!(got, status, "{said}");
        assert!(said.starts_with(sentence) && !said.contains('\n'), "{said}");
    }
    assert!(it.bot.said().is_empty());
}

#[test]
fn a_call_that_is_repeated_is_one_message() {
    let mut it = Alerts::new();
    let key = "Idempotency-Key: backup/7\r\n";
    assert_eq!(it.hears_alert(key, "the backup failed"), 202);
    let before = it.bot.log().len();
    it.bot.restart();
    it.address = address(|| it.bot.log().split_off(before));
    assert_eq!(it.hears_alert(key, "the backup failed"), 202);
    assert_eq!(it.bot.said_to(ANN), ["the backup failed"]);
    it.bot.pass(Duration::from_secs(14 * 24 * 60 * 60));
    assert_eq!(it.hears_alert(key, "the backup failed"), 202);
    assert_eq!(it.bot.said_to(ANN), ["the backup failed"]);
}

#[test]
fn what_is_not_kept_is_not_promised() {
    let mut it = Alerts::new();
    let key = "Idempotency-Key: 1\r\n";
    it.bot.refuse_commands(|command| matches!(command, Command::Send { .. }));
    let request = post(&format!("{ALLOWED}{key}"), "x");
    let (status, said) = it.hears(&request);
    assert_eq!(status, 500, "{said}");
    it.bot.settle();
    it.bot.refuse_commands(|_| false);
    assert_eq!(it.hears_alert(key, "x"), 202);
    assert_eq!(it.bot.said_to(ANN), ["x"]);
    // While the home keeps nothing, nobody is told that it did.
    let full = Refusal { kind: "OutboxFull".to_owned(), text: "the outbox is full".to_owned() };
    it.bot.refuse(Some(full));
    let mut turns = 0;
    let bot = &mut it.bot;
    let said = sends(it.address, &post(ALLOWED, "later"), || {
        turns += 1;
        if turns == 200 {
            bot.refuse(None);
        }
        bot.pass(Duration::from_millis(20));
    });
    assert!(said.0 == 202 && turns >= 200, "{said:?} after {turns} turns");
    assert_eq!(bot.said_to(ANN), ["later"]);
}

#[test]
fn a_bot_that_stops_answers_and_ends_its_thread() {
    let mut it = Alerts::new();
    // Somebody who says nothing does not hold it up.
    let mut silent = TcpStream::connect(it.address).unwrap();
    let mut waiting = TcpStream::connect(it.address).unwrap();
    waiting.write_all(post(ALLOWED, "x").as_bytes()).unwrap();
    // Until the alert lies there, and the bot has not looked.
    while !it.bot.step() {
        thread::sleep(Duration::from_millis(1));
    }
    it.bot.crash();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("was stopped"), "{answer}");
    assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
    assert!(TcpStream::connect(it.address).is_err());
}

#[test]
fn a_bot_that_is_swapped_listens_when_the_one_before_it_is_gone() {
    let it = Alerts::new();
    let same = config(ANN).replace("127.0.0.1:0", &it.address.to_string());
    let next = TestBot::new::<TheBot>(&same);
    let mut lines = Vec::new();
    while lines.is_empty() {
        lines = next.log();
        thread::sleep(Duration::from_millis(1));
    }
    assert!(lines[0].1.starts_with(&format!("nobody can listen on {}", it.address)), "{lines:?}");
    drop(it.bot);
    let mut next = Alerts { address: address(|| next.log()), bot: next };
    assert_eq!(next.address, it.address);
    assert_eq!(next.hears_alert("", "here"), 202);
}

#[test]
fn more_connections_than_there_is_room_for_wait_their_turn() {
    let mut it = Alerts::new();
    let mut silent: Vec<_> = (0..100).map(|_| TcpStream::connect(it.address).unwrap()).collect();
    // The first of them are cut off when they are too slow.
    silent.truncate(40);
    assert_eq!(it.hears_alert("", "still here"), 202);
    assert_eq!(it.bot.said_to(ANN), ["still here"]);
}

#[test]
fn a_config_that_cannot_be_meant_stops_the_bot() {
    let good = config(ANN);
    for (from, to, sentence) in [
        (TOKEN, "short", "'token' is none; write 16 or more"),
        ("127.0.0.1:0", "0.0.0.0:0", "others reach 0.0.0.0:0; write 'public = true'"),
        ("\"to\": [", "\"to\": [], \"too\": [", "unknown field `too`"),
    ] {
        let bad = good.replace(from, to);
        let failed = thread::spawn(move || drop(TestBot::new::<TheBot>(&bad))).join().unwrap_err();
        let said = failed.downcast::<String>().unwrap();
        assert!(said.contains(sentence), "{said}");
    }
}

#[test]
fn an_alert_that_was_promised_arrives_whatever_crashes() {
    let town = Town::new(65);
    let ann = town.person("Ann");
    let bot = town.bot::<TheBot>(&config(ann.id()));
    town.faults().lose_answers(30);
    let request = post(&format!("{ALLOWED}Idempotency-Key: 1\r\n"), "the disk is full");
    let tick = || town.pass(Duration::from_millis(100));
    let (status, said) = sends(address(|| bot.log()), &request, tick);
    assert_eq!(status, 202, "{said}");
    bot.crash();
    let before = bot.log().len();
    bot.restart();
    let (status, said) = sends(address(|| bot.log().split_off(before)), &request, tick);
    assert_eq!(status, 202, "{said}");
    assert_eq!(ann.hears(), "the disk is full");
    ann.hears_nothing(Duration::from_secs(120));
}
