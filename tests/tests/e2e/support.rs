//! Runs the program: once to its end, or beside the test, line by line.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

#[allow(clippy::disallowed_methods, reason = "these tests run on the real clock")]
fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

#[allow(clippy::disallowed_methods, reason = "these tests run on the real clock")]
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// The program, with its plugins beside it.
pub(crate) fn ramson() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| ramson_tests::program(&[]))
}

/// A folder of the test's own: homes, network files, states.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, not started yet. Nothing of the user's is used.
    fn program(&self, args: &[&str]) -> Command {
        let mut command = Command::new(ramson());
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_remove("RAMSON_HOME")
            .env_remove("RAMSON_LOG")
            .env_remove("RAMSON_PROXY")
            .env("HOME", self.path("user"))
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_RUNTIME_DIR");
        command
    }

    /// Runs a command to its end, with nothing on stdin.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.run_with(args, "")
    }

    /// Runs a command to its end.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &str) -> Ended {
        let mut running = self.start_with(args, Stdio::piped());
        if let Some(mut pipe) = running.child.stdin.take() {
            // A command that fails early does not read.
            let _closed = pipe.write_all(stdin.as_bytes());
        }
        running.wait()
    }

    /// Runs a command that has to succeed, and gives its JSON lines.
    pub(crate) fn json(&self, args: &[&str]) -> Vec<Value> {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        self.run(&args).done().json()
    }

    /// Starts a command that runs beside the test.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        self.start_with(args, Stdio::null())
    }

    /// The same, for one that is talked to.
    pub(crate) fn start_piped(&self, args: &[&str]) -> Running {
        self.start_with(args, Stdio::piped())
    }

    fn start_with(&self, args: &[&str], stdin: Stdio) -> Running {
        let mut child = self
            .program(args)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = sync_channel(10_000);
        thread::spawn(move || {
            for line in stdout.lines() {
                if line.is_err() || tell.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut pipe = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).map(|_| text).unwrap_or_default()
        });
        Running { what: args.join(" "), child, lines, stderr: Some(stderr) }
    }

    /// Makes a home with one account on a network, and gives the account's id.
    pub(crate) fn account(&self, home: &str, network: &str) -> String {
        let (_, name) = home.rsplit_once('/').unwrap_or(("", home));
        let made =
            self.json(&["--home", home, "--network", network, "account", "create", "--name", name]);
        text(&made[0], "id")
    }

    /// Starts a local network of nine nodes, found through `net.toml`. With
    /// the same state it comes back at the same address.
    pub(crate) fn network(&self) -> Running {
        let network = self.start(&[
            "localnet",
            "--nodes",
            "9",
            "--write-network",
            "net.toml",
            "--state",
            "state",
            "--json",
        ]);
        let ready = network.event("ready");
        assert_eq!(ready["nodes"], 9);
        network
    }

    /// Starts `run` and waits until others can reach it.
    pub(crate) fn engine(&self, home: &str) -> Running {
        let engine = self.start(&["--home", home, "run"]);
        let deadline = deadline();
        while UnixStream::connect(self.path(home).join("control.sock")).is_err() {
            assert!(!left(deadline).is_zero(), "the engine of {home} does not answer");
            thread::sleep(Duration::from_millis(5));
        }
        engine
    }

    /// Brings the account of one home into another, and gives what is told of it.
    pub(crate) fn restore(&self, from: &str, home: &str, network: &str) -> Value {
        let shown = self.json(&["--home", from, "account", "show", "--phrase"]);
        let args = ["--home", home, "--network", network, "account", "restore", "--json"];
        self.run_with(&args, &text(&shown[0], "phrase")).done().json().remove(0)
    }

    /// What a home has of a conversation.
    pub(crate) fn messages(&self, home: &str, with: &str) -> Vec<Value> {
        self.json(&["--home", home, "messages", "--with", with])
    }

    /// The texts of it, oldest first; deleted messages and notices have none.
    pub(crate) fn texts(&self, home: &str, with: &str) -> Vec<String> {
        let messages = self.messages(home, with);
        messages.iter().filter_map(|it| it["text"].as_str().map(str::to_owned)).collect()
    }

    /// How a home lists a conversation, if it does.
    pub(crate) fn conversation(&self, home: &str, with: &str) -> Option<Value> {
        let lines = self.json(&["--home", home, "conversations", "--all"]);
        lines.into_iter().find(|line| line["conversation"] == with)
    }

    /// Waits until a home has a message with that text, and gives it.
    pub(crate) fn comes(&self, home: &str, with: &str, wanted: &str) -> Value {
        until(&format!("'{wanted}' in {home}"), || {
            self.messages(home, with).into_iter().find(|it| it["text"] == wanted)
        })
    }

    /// Waits until a home lists a conversation with these fields.
    pub(crate) fn shows(&self, home: &str, with: &str, fields: &Value) {
        let fields = fields.as_object().unwrap();
        until(&format!("{fields:?} in {home}"), || {
            let line = self.conversation(home, with)?;
            fields.iter().all(|(field, value)| line[field] == *value).then_some(())
        });
    }

    /// Starts `listen` and waits until it does.
    pub(crate) fn listen(&self, home: &str) -> Running {
        let listener = self.start(&["--home", home, "listen", "--json"]);
        listener.event("listening");
        listener
    }
}

/// Asks again until there is an answer.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = deadline();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(!left(deadline).is_zero(), "it does not come: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A field that has to be text.
pub(crate) fn text(value: &Value, field: &str) -> String {
    match value[field].as_str() {
        Some(text) => text.to_owned(),
        None => panic!("no text '{field}' in {value}"),
    }
}

/// A program that runs. Killed when dropped.
pub(crate) struct Running {
    what: String,
    child: Child,
    lines: Receiver<String>,
    stderr: Option<thread::JoinHandle<String>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

impl Running {
    /// The next JSON line of that kind; others are passed over.
    pub(crate) fn event(&self, event: &str) -> Value {
        let deadline = deadline();
        loop {
            let line = match self.lines.recv_timeout(left(deadline)) {
                Ok(line) => line,
                Err(error) => panic!("'{}' said no '{event}': {error}", self.what),
            };
            let value: Value =
                serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
            if value["event"] == event {
                return value;
            }
        }
    }

    /// Writes a line to its stdin.
    pub(crate) fn say(&mut self, line: &Value) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Ends its stdin.
    pub(crate) fn hang_up(&mut self) {
        drop(self.child.stdin.take());
    }

    /// The next line, which has to be JSON; `None` at the end.
    pub(crate) fn line(&self) -> Option<Value> {
        match self.lines.recv_timeout(left(deadline())) {
            Ok(line) => {
                Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}")))
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("'{}' says nothing", self.what),
        }
    }

    /// Whether it says something of that kind within a time.
    pub(crate) fn says(&self, event: &str, within: Duration) -> bool {
        loop {
            match self.lines.recv_timeout(within) {
                Ok(line) if line.contains(&format!("\"event\":\"{event}\"")) => return true,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Sends SIGTERM or another signal.
    pub(crate) fn signal(&self, signal: &str) {
        let sent =
            Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it as a user would.
    pub(crate) fn terminate(self) -> Ended {
        self.signal("-TERM");
        self.wait()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.kill_now();
    }

    /// The same, for one that is replaced afterwards.
    pub(crate) fn kill_now(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        let deadline = deadline();
        // Its lines first: with nobody to take them it would wait for ever.
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(left(deadline)) {
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("'{}' does not end", self.what),
            }
        }
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if left(deadline).is_zero() => panic!("'{}' does not end", self.what),
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        let stderr = self.stderr.take().map(|reader| reader.join().unwrap()).unwrap_or_default();
        Ended { what: self.what.clone(), status: status.code(), stdout: lines.join("\n"), stderr }
    }
}

/// A program that ended.
#[derive(Debug)]
#[allow(dead_code, reason = "failures print all of it")]
pub(crate) struct Ended {
    what: String,
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// It has to have succeeded.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.status, Some(0), "{self:#?}");
        self
    }

    /// Its lines of JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        let read =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        self.stdout.lines().map(read).collect()
    }

    /// It has to have failed with that status and one sentence on stderr that
    /// holds all of `parts`.
    pub(crate) fn failed(self, status: i32, parts: &[&str]) -> Self {
        assert_eq!(self.status, Some(status), "{self:#?}");
        let sentences: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(sentences.len(), 1, "one sentence: {self:#?}");
        assert!(sentences[0].starts_with("ramson: "), "{self:#?}");
        for part in parts {
            assert!(sentences[0].contains(part), "'{part}' is not said: {self:#?}");
        }
        self
    }
}
