//! Bots in three languages at once on one engine, each with an account of its
//! own, and a fourth that crashes: what harms one of them harms no other.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{Place, text, until};

/// Where the user's own plugins are.
const PLUGINS: &str = "user/.local/share/ramson/plugins";

/// So often a plugin is started again; the wait before that is twice the one
/// before.
const RESTARTS: u64 = 5;

/// So many times all others answer while it is down.
const ROUNDS: usize = 2;

fn tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn succeeds(command: &mut Command) {
    let output = command.output().expect("make and a C compiler are needed for this");
    assert!(output.status.success(), "{output:?}");
}

/// Builds the bot in C by its Makefile, and the one with bad habits.
fn build(place: &Place) {
    let folder = place.path(PLUGINS);
    fs::create_dir_all(&folder).unwrap();
    let out = format!("OUT={}", folder.display());
    succeeds(Command::new("make").args(["-s", "-C"]).arg(tree("plugins/bot-c")).arg(out));
    succeeds(
        Command::new("cc")
            .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I"])
            .arg(tree("plugins/abi/include"))
            .arg("-I")
            .arg(tree("plugins/bot-c"))
            .arg(tree("tests/tests/plugins/fragile.c"))
            .arg("-o")
            .arg(folder.join("libramson_fragile.so")),
    );
}

/// An account of the bots' home, and what Ann wrote to it that is answered.
struct Bot {
    account: String,
    answers: &'static str,
    heard: Vec<String>,
}

impl Bot {
    fn new(place: &Place, name: &str, answers: &'static str) -> Self {
        let network = ["--home", "bots", "--network", "net.toml"];
        let made = place.json(&[&network[..], &["account", "create", "--name", name]].concat());
        assert_eq!((made.len(), &made[0]["name"]), (1, &json!(name)));
        Self { account: text(&made[0], "id"), answers, heard: Vec::new() }
    }

    /// Lets a plugin of the running engine be this account's.
    fn run(&self, place: &Place, plugin: &str, more: &[&str]) -> Value {
        let run = ["--home", "bots", "plugin", "run", plugin, "--yes", "--account", &self.account];
        let printed = place.json(&[&run[..], more].concat());
        assert_eq!(printed.len(), 1);
        let run = printed[0].clone();
        assert_eq!((&run["name"], &run["state"]), (&json!(plugin), &json!("running")), "{run}");
        assert_eq!(run["accounts"], json!([self.account]), "{run}");
        assert_eq!(run["process"].is_null(), more.is_empty(), "{run}");
        run
    }

    /// Ann writes to it.
    fn is_told(&self, place: &Place, said: &str) {
        let sent = place.json(&["--home", "ann", "send", "--to", &self.account, said]);
        assert_eq!((sent.len(), &sent[0]["event"]), (1, &json!("stored")), "{sent:?}");
        assert_eq!(sent[0]["to"], self.account, "{sent:?}");
    }

    /// The same, for what it answers, at once or later.
    fn hears(&mut self, place: &Place, said: &str) {
        self.is_told(place, said);
        self.heard.push(said.to_owned());
    }

    /// All that it should have said by now, in order of the alphabet.
    fn expected(&self) -> Vec<String> {
        let said = self.heard.iter().map(|heard| format!("{}{heard}", self.answers));
        let mut said: Vec<String> = said.collect();
        said.sort();
        said
    }

    /// All that Ann has of it, in the same order.
    fn said(&self, place: &Place) -> Vec<String> {
        let with = ["--home", "ann", "messages", "--limit", "1000", "--with", &self.account];
        let messages = place.json(&with);
        let said = messages.iter().filter(|it| it["own"] == false && it["text"].is_string());
        let mut said: Vec<String> = said.map(|it| text(it, "text")).collect();
        said.sort();
        said
    }

    /// Waits until it answered everything.
    fn answers(&self, place: &Place) {
        let expected = self.expected();
        until(&format!("the last of {expected:?}"), || {
            let said = self.said(place);
            expected.iter().all(|answer| said.contains(answer)).then_some(())
        });
    }

    /// Waits until its home has what Ann wrote.
    fn has(&self, place: &Place, ann: &str, said: &str) {
        let of = ["--home", "bots", "messages", "--with", ann, "--account", &self.account];
        until(&format!("'{said}' in bots"), || {
            place.json(&of).into_iter().find(|it| it["text"] == said)
        });
    }

    /// It answered everything once, and said nothing else.
    fn answered_once(&self, place: &Place) {
        assert_eq!(self.said(place), self.expected());
    }
}

/// The bots that nothing must happen to.
struct Sound {
    bots: Vec<Bot>,
    rounds: usize,
}

impl Sound {
    /// Ann writes to all of them, and each answers.
    fn exchange(&mut self, place: &Place) {
        self.rounds += 1;
        for bot in &mut self.bots {
            bot.hears(place, &format!("round {}", self.rounds));
        }
        for bot in &self.bots {
            bot.answers(place);
        }
    }
}

/// A plugin, as the running engine lists it.
fn listed(place: &Place, name: &str) -> Value {
    let plugins = place.json(&["--home", "bots", "plugin", "list"]);
    let mut found = plugins.into_iter().filter(|plugin| plugin["name"] == name);
    let plugin = found.next().unwrap_or_else(|| panic!("'{name}' is not listed"));
    assert_eq!(found.next(), None);
    plugin
}

fn process_of(plugin: &Value) -> i32 {
    plugin["process"].as_i64().and_then(|it| it.try_into().ok()).expect("a process of its own")
}

/// The bot in Python, in a process of its own. Killed when dropped.
struct Python(Option<Child>);

impl Python {
    /// Starts it, and waits until it hears of everything from then on.
    fn start(place: &Place, account: &str) -> Self {
        let child = Command::new("python3")
            .arg("-B")
            .arg(tree("plugins/rpc/python/echo.py"))
            .args(["bots", account])
            .current_dir(place.path("."))
            .env("HOME", place.path("user"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 is needed for this; install it");
        let python = Self(Some(child));
        until("the bot in Python", || (subscribed(place) == 1).then_some(()));
        python
    }

    fn pid(&self) -> i32 {
        self.0.as_ref().unwrap().id().cast_signed()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }

    /// Ends it, and gives what it said.
    fn end(mut self, signal: Signal) -> Output {
        self.signal(signal);
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}

/// How many RPC clients of the running engine are subscribed.
fn subscribed(place: &Place) -> u64 {
    let mut stream = UnixStream::connect(place.path("bots/rpc.sock")).unwrap();
    stream.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"health\"}\n").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    let answer: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(answer["result"]["ok"], true, "{answer}");
    answer["result"]["subscribed"].as_u64().unwrap()
}

/// The processes that run in a place's folder.
fn processes(place: &Place) -> Vec<i32> {
    let folder = fs::canonicalize(place.path(".")).unwrap();
    let all = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let here = |process: &i32| {
        fs::read_link(format!("/proc/{process}/cwd")).is_ok_and(|at| at.starts_with(&folder))
    };
    all.filter_map(|name| name.parse().ok()).filter(here).collect()
}

/// Lets the fragile one crash until the others have answered while it was
/// down, and gives its processes. Each crash keeps it down for longer.
fn crash(place: &Place, fragile: &mut Bot, sound: &mut Sound) -> Vec<i32> {
    let mut processes = vec![process_of(&listed(place, "fragile"))];
    for crash in 1..=RESTARTS {
        fragile.is_told(place, "crash");
        let crashed = until("the crash", || {
            let plugin = listed(place, "fragile");
            (plugin["state"] == "failed" || plugin["restarts"] == crash).then_some(plugin)
        });
        let mut answered = 0;
        if crashed["state"] == "failed" {
            let reason = text(&crashed, "reason");
            assert!(reason.starts_with("its process ended by signal 11 (SIGSEGV)"), "{reason}");
            assert!(crashed["process"].is_null() && crashed["retry_in"].is_u64(), "{crashed}");
            loop {
                sound.exchange(place);
                let still = listed(place, "fragile");
                if still["state"] != "failed" || still["restarts"] != crashed["restarts"] {
                    break;
                }
                answered += 1;
            }
        }
        let again = until("the next instance", || {
            let plugin = listed(place, "fragile");
            (plugin["state"] == "running" && plugin["restarts"] == crash).then_some(plugin)
        });
        processes.push(process_of(&again));
        fragile.hears(place, &format!("after crash {crash}"));
        sound.exchange(place);
        fragile.answers(place);
        if answered >= ROUNDS {
            return processes;
        }
    }
    panic!("the others answered too slowly: it was never down for so long");
}

#[test]
fn bots_in_three_languages_answer_while_a_fourth_crashes_and_one_is_killed() {
    let place = Place::new();
    build(&place);
    let network = place.network();
    let ann_id = place.account("ann", "net.toml");
    let rust = Bot::new(&place, "Rust", "echo: ");
    let c = Bot::new(&place, "C", "c: ");
    let python = Bot::new(&place, "Python", "echo: ");
    let mut fragile = Bot::new(&place, "Fragile", "c: ");
    let engine = place.engine("bots");
    let ann = place.engine("ann");
    rust.run(&place, "bot-echo", &[]);
    c.run(&place, "bot-c", &[]);
    let mut process = Python::start(&place, &python.account);
    fragile.run(&place, "fragile", &["--untrusted"]);
    let mut sound = Sound { bots: vec![rust, c, python], rounds: 0 };

    fragile.hears(&place, "hello");
    sound.exchange(&place);
    fragile.answers(&place);
    let mut seen = crash(&place, &mut fragile, &mut sound);
    let crashes = seen.len() - 1;
    for name in ["bot-echo", "bot-c"] {
        let plugin = listed(&place, name);
        assert_eq!((&plugin["state"], &plugin["restarts"]), (&json!("running"), &json!(0)));
    }

    // What the bot in Python was told and is not done with is told again, and
    // so is what it was not told.
    let mut python = sound.bots.pop().unwrap();
    process.signal(Signal::STOP);
    python.hears(&place, "while it stands still");
    python.has(&place, &ann_id, "while it stands still");
    seen.push(process.pid());
    let killed = process.end(Signal::KILL);
    assert_eq!(killed.status.signal(), Some(9), "{killed:?}");
    assert!(killed.stdout.is_empty() && killed.stderr.is_empty(), "{killed:?}");
    for said in ["while it is away", "and once more"] {
        python.hears(&place, said);
        python.has(&place, &ann_id, said);
        fragile.hears(&place, said);
        sound.exchange(&place);
        fragile.answers(&place);
    }
    assert_eq!(subscribed(&place), 0);
    process = Python::start(&place, &python.account);
    python.answers(&place);
    sound.bots.push(python);
    sound.exchange(&place);

    for bot in sound.bots.iter().chain([&fragile]) {
        bot.answered_once(&place);
    }
    seen.extend([process.pid(), engine.pid().cast_signed(), ann.pid().cast_signed()]);
    // What is looked for at the end is found now.
    let run = processes(&place);
    for process in [process.pid(), engine.pid().cast_signed()] {
        assert!(run.contains(&process), "{process} is none of {run:?}");
    }
    let ended = process.end(Signal::TERM);
    assert_eq!(ended.status.signal(), Some(15), "{ended:?}");
    assert!(ended.stdout.is_empty() && ended.stderr.is_empty(), "{ended:?}");
    for (program, failures) in [(engine, crashes), (ann, 0), (network, 0)] {
        let ended = program.terminate().done();
        let told = ended.stderr.lines().filter(|line| {
            line.contains("signal 11 (SIGSEGV)") && line.contains("plugin=\"fragile\"")
        });
        assert_eq!(
            (told.count(), ended.stderr.lines().count()),
            (failures, failures),
            "{ended:#?}"
        );
        assert_eq!(ended.stdout, "");
    }
    for process in seen {
        assert!(!Path::new(&format!("/proc/{process}")).exists(), "{process} is left");
    }
    assert_eq!(processes(&place), Vec::<i32>::new());
}
