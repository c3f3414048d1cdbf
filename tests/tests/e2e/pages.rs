//! Follows a page of docs/ as its reader would: from top to bottom, in one
//! bash, in an empty folder.
//!
//! What the fenced blocks of a page mean:
//!
//! | block | what is done with it |
//! |---|---|
//! | `sh` | its commands are run; each has to end with status 0, or with N where it ends in `# exit status N` |
//! | `text` after it | all that these commands print; `…` is anything in a line, a line that is only `…` any lines. What runs on with `&` is waited for |
//! | `rust`, `c`, `python`, `toml` | its first line is a comment. `FILE`: the rest is written to it. `FILE, at its end`: the rest is added there. `in FILE`: these lines stand there as they are |
//! | `json` | an event or a request, as the wire's types have it |
//!
//! In files and JSON `05…` is an Account ID. Other blocks are not allowed, so
//! that nothing stands there unread.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ramson_wire::codec::{Encoding, decode_event, decode_request};
use ramson_wire::{Request, RequestKind};
use serde_json::Value;

use crate::support::{Place, ramson};

/// The source tree.
const TREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What is built on the way to a plugin lies where the workspace has the same:
/// a crate that is the same, with the same features, is built once for both.
/// What comes out of it stays in the plugin's own folder.
const BUILT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/..");

/// A build on a busy machine takes longer than anything else here.
const PATIENCE: Duration = Duration::from_secs(600);

/// A page of docs/.
pub(crate) struct Page {
    text: String,
}

/// A fenced block.
struct Block {
    language: String,
    /// Of the page, for who looks for it.
    line: usize,
    body: String,
}

impl Page {
    /// A page by its name.
    pub(crate) fn of(name: &str) -> Self {
        Self { text: fs::read_to_string(tree(&format!("docs/{name}"))).unwrap() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Does what its reader would, from top to bottom.
    pub(crate) fn follow(&self) {
        let mut terminal = Terminal::new();
        let mut last: Option<Block> = None;
        for block in blocks(&self.text) {
            match (block.language.as_str(), last.take()) {
                ("sh", _) => {
                    terminal.run(&block);
                    last = Some(block);
                }
                ("text", Some(by)) => terminal.prints(&block, &by),
                ("rust" | "c" | "python" | "toml", _) => terminal.keep(&block),
                ("json", _) => check_example(block.line, &with_ids(&block.body)),
                (language, _) => panic!("line {}: what is '{language}' here?", block.line),
            }
        }
    }

    /// Reads only its JSON, as a host does. How many examples there are.
    pub(crate) fn check_examples(&self) -> usize {
        let examples = blocks(&self.text).into_iter().filter(|block| block.language == "json");
        examples.map(|block| check_example(block.line, &with_ids(&block.body))).count()
    }
}

/// A path of the source tree.
pub(crate) fn tree(path: &str) -> PathBuf {
    Path::new(TREE).join(path)
}

/// What cargo is told beside a project's own manifest: with the testkit, a bot
/// builds most of this workspace for its tests, and that takes minutes when it
/// is optimised.
fn quickly_built() -> String {
    let lock = fs::read_to_string(tree("Cargo.lock")).unwrap();
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"ramson-"));
    let quickly = |name: &str| {
        let name = name.trim_end_matches('"');
        format!("[profile.dev.package.ramson-{name}]\nopt-level = 0\n")
    };
    names.map(quickly).collect()
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (line, text) in (1..).zip(page.lines()) {
        match (open.take(), text.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { language: language.to_owned(), line, body: String::new() });
            }
            (None, None) => {}
            (Some(block), Some(_)) => blocks.push(block),
            (Some(mut block), None) => {
                block.body.push_str(text);
                block.body.push('\n');
                open = Some(block);
            }
        }
    }
    assert!(open.is_none(), "the last block does not end");
    blocks
}

fn with_ids(text: &str) -> String {
    text.replace("05…", &format!("05{}", "ab".repeat(32)))
}

/// The commands of a block, and the status that each has to end with.
fn commands(body: &str) -> Vec<(&str, i32)> {
    let lines = body.lines().filter(|line| !line.trim().is_empty());
    let command = |line| match str::split_once(line, "# exit status ") {
        Some((command, status)) => (command.trim_end(), status.trim().parse().unwrap()),
        None => (line, 0),
    };
    lines.map(command).collect()
}

/// Whether a text is what a pattern with `…` says.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<&str>, Vec<&str>) =
        (pattern.lines().collect(), text.lines().collect());
    lines_fit(&pattern, &text)
}

fn lines_fit(pattern: &[&str], lines: &[&str]) -> bool {
    match (pattern, lines) {
        ([], lines) => lines.is_empty(),
        (["…", rest @ ..], lines) => (0..=lines.len()).any(|at| lines_fit(rest, &lines[at..])),
        ([one, rest @ ..], [line, others @ ..]) => line_fits(one, line) && lines_fit(rest, others),
        (_, []) => false,
    }
}

fn line_fits(pattern: &str, line: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('…') else { return pattern == line };
    let Some(mut left) = line.strip_prefix(head) else { return false };
    let (middle, tail) = rest.rsplit_once('…').unwrap_or(("", rest));
    for part in middle.split('…') {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(tail)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Asks again until there is an answer; `None` if none comes.
#[allow(clippy::disallowed_methods, reason = "these tests run on the real clock")]
fn wait<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || began.elapsed() > PATIENCE {
            return answer;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The reader's terminal.
struct Terminal {
    place: Place,
    bash: Child,
    keyboard: ChildStdin,
    steps: usize,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // What was begun with `&`, too.
        let group = format!("-{}", self.bash.id());
        let _gone =
            Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ended = self.bash.wait();
    }
}

impl Terminal {
    fn new() -> Self {
        let place = Place::new();
        for folder in ["bin", "steps", "try", "user"] {
            fs::create_dir(place.path(folder)).unwrap();
        }
        symlink(ramson(), place.path("bin/ramson")).unwrap();
        fs::create_dir(place.path(".cargo")).unwrap();
        fs::write(place.path(".cargo/config.toml"), quickly_built()).unwrap();
        let mut bash = Self::bash(&place).spawn().expect("there is a bash");
        let keyboard = bash.stdin.take().unwrap();
        Self { place, bash, keyboard, steps: 0 }
    }

    /// Nothing of the user's is used but the toolchain.
    fn bash(place: &Place) -> Command {
        let mut command = Command::new("bash");
        let kept = |variable: &str, folder: &str| {
            std::env::var_os(variable).map(PathBuf::from).or_else(|| {
                let home = PathBuf::from(std::env::var_os("HOME")?).join(folder);
                home.is_dir().then_some(home)
            })
        };
        for (variable, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if let Some(path) = kept(variable, folder) {
                command.env(variable, path);
            }
        }
        let search = std::env::var_os("PATH").unwrap_or_default();
        let search = [place.path("bin")].into_iter().chain(std::env::split_paths(&search));
        for variable in [
            "RAMSON_HOME",
            "RAMSON_LOG",
            "RAMSON_PROXY",
            "RAMSON_PLUGINS",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
            "XDG_RUNTIME_DIR",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET_DIR",
            "CARGO_BUILD_TARGET",
            "BASH_ENV",
        ] {
            command.env_remove(variable);
        }
        command
            .arg("--norc")
            .current_dir(place.path("try"))
            .env("PATH", std::env::join_paths(search).unwrap())
            .env("HOME", place.path("user"))
            .env("CARGO_BUILD_BUILD_DIR", fs::canonicalize(BUILT).unwrap())
            .env("TREE", fs::canonicalize(TREE).unwrap())
            .env("CARGO_NET_OFFLINE", "true")
            .env("LC_ALL", "C")
            .process_group(0)
            .stdin(Stdio::piped());
        command
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path("try").join(name)
    }

    /// Types the commands of a block, and waits until each has ended as it has
    /// to, or runs beside.
    fn run(&mut self, block: &Block) {
        self.steps += 1;
        let (script, status) = (self.step("sh"), self.step("status"));
        let commands = commands(&block.body);
        let note = format!("echo $? >>'{}'", status.display());
        let lines = commands.iter().map(|(command, _)| format!("{command}\n{note}\n"));
        fs::write(&script, lines.collect::<String>()).unwrap();
        let (script, out) = (script.display(), self.step("out"));
        // Both into one file, so that lines stand in their order.
        writeln!(self.keyboard, ". '{script}' </dev/null >'{}' 2>&1", out.display()).unwrap();
        for (number, (command, wanted)) in commands.iter().enumerate() {
            let what = format!("line {}: '{command}'", block.line);
            let ended = wait(|| {
                let gone = self.bash.try_wait().unwrap().is_some();
                assert!(!gone, "{what} ended the bash; it printed:\n{}", self.printed());
                Some(read(&status).lines().nth(number)?.parse::<i32>().unwrap())
            });
            let printed = self.printed();
            let ended =
                ended.unwrap_or_else(|| panic!("{what} does not end; it printed:\n{printed}"));
            assert_eq!(ended, *wanted, "{what} ended with that status; it printed:\n{printed}");
        }
    }

    /// The last commands have to print that.
    fn prints(&self, block: &Block, by: &Block) {
        let beside = by.body.lines().any(|line| line.ends_with('&'));
        let fitting = || fits(&block.body, &self.printed()).then_some(());
        let fitted = if beside { wait(fitting) } else { fitting() };
        let (line, wanted, printed) = (block.line, &block.body, self.printed());
        assert!(fitted.is_some(), "line {line}: not this was printed:\n{wanted}\nbut:\n{printed}");
    }

    /// A file of the last step.
    fn step(&self, what: &str) -> PathBuf {
        self.place.path(&format!("steps/{}.{what}", self.steps))
    }

    fn printed(&self) -> String {
        read(&self.step("out"))
    }

    /// A file that the page shows.
    fn keep(&self, block: &Block) {
        let (comment, body) = block.body.split_once('\n').unwrap();
        let comment = comment.trim_start_matches(['/', '*', '#', ' ']);
        let what = comment.trim_end_matches(['*', '/', ' ']);
        let line = block.line;
        if let Some(file) = what.strip_prefix("in ") {
            let whole = fs::read_to_string(self.file(file)).unwrap();
            assert!(whole.contains(body), "line {line}: {file} has no such lines:\n{body}");
        } else if let Some(file) = what.strip_suffix(", at its end") {
            let before = fs::read_to_string(self.file(file)).unwrap();
            fs::write(self.file(file), before + &with_ids(body)).unwrap();
        } else {
            let folder = self.file(what).parent().map(Path::is_dir);
            assert_eq!(folder, Some(true), "line {line}: no folder for '{what}'");
            fs::write(self.file(what), with_ids(body)).unwrap();
        }
    }
}

/// Whether all of an example is in what was made of it.
fn is_in(example: &Value, whole: &Value) -> bool {
    match (example, whole) {
        (Value::Object(example), Value::Object(whole)) => {
            example.iter().all(|(key, value)| whole.get(key).is_some_and(|it| is_in(value, it)))
        }
        (Value::Array(example), Value::Array(whole)) => {
            example.len() == whole.len() && example.iter().zip(whole).all(|(a, b)| is_in(a, b))
        }
        (example, whole) => example == whole,
    }
}

/// What a host understands of an example has to be all of it.
fn check_example(line: usize, body: &str) {
    let example: Value = serde_json::from_str(body).unwrap();
    let has = |key: &str| example.get(key).is_some();
    let kind = match () {
        () if has("event") => None,
        () if has("command") => Some(RequestKind::Command),
        () if has("query") => Some(RequestKind::Query),
        () if has("control") => Some(RequestKind::Control),
        // The only one without a word for what it is.
        () => Some(RequestKind::Done),
    };
    let understood = match kind {
        Some(kind) => {
            let request = decode_request(kind, body.as_bytes(), Encoding::Json);
            match request.unwrap_or_else(|error| panic!("line {line}: {error}")) {
                Request::Command(command) => serde_json::to_value(command),
                Request::Query(query) => serde_json::to_value(query),
                Request::Control(control) => serde_json::to_value(control),
                Request::Done(done) => serde_json::to_value(done),
            }
        }
        None => {
            let event = decode_event(body.as_bytes(), Encoding::Json);
            serde_json::to_value(event.unwrap_or_else(|error| panic!("line {line}: {error}")))
        }
    };
    let understood = understood.unwrap();
    assert!(is_in(&example, &understood), "line {line}: of it only this counts: {understood}");
}

#[test]
fn a_pattern_fits_what_it_says_and_nothing_else() {
    for (pattern, text) in [
        ("a\nb", "a\nb\n"),
        ("05…  Bot", "05ab  Bot"),
        ("…: echo: …", "05: echo: hello"),
        ("a\n…", "a"),
        ("a\n…\nz", "a\nb\nc\nz"),
    ] {
        assert!(fits(pattern, text), "{pattern:?} {text:?}");
    }
    for (pattern, text) in
        [("a", "a\nb"), ("a…b", "axc"), ("…ab…b", "ab"), ("a\n…\nz", "a"), ("a…a", "a"), ("", "x")]
    {
        assert!(!fits(pattern, text), "{pattern:?} {text:?}");
    }
}
