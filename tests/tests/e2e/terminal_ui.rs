//! The terminal UI in a terminal: typed into and looked at through tmux. The
//! screens stay in `target/tmp/screens`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Place, ramson, until};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A terminal with a server of its own, so that nobody else's is met.
struct Screen {
    server: String,
    name: &'static str,
}

impl Screen {
    /// Starts `ramson` with these arguments on a new screen.
    fn start(place: &Place, name: &'static str, size: (u16, u16), args: &[&str]) -> Self {
        let server = format!("ramson-{name}-{}", std::process::id());
        let screen = Self { server, name };
        let words: Vec<String> = args.iter().map(|word| format!("'{word}'")).collect();
        let command = format!(
            "env -u RAMSON_HOME -u RAMSON_LOG -u RAMSON_PROXY -u XDG_DATA_HOME -u XDG_STATE_HOME -u \
             XDG_RUNTIME_DIR HOME='{}' RAMSON_PLUGINS='{}' LANG=C.UTF-8 '{}' {}; echo \"ended with $?\"; \
             sleep 600",
            place.path("user").display(),
            place.path("plugins").display(),
            ramson().display(),
            words.join(" "),
        );
        let (width, height) = (size.0.to_string(), size.1.to_string());
        screen.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &width,
            "-y",
            &height,
            &command,
        ]);
        screen
    }

    fn tmux(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-u", "-L", &self.server])
            .args(args)
            .env_remove("TMUX")
            .output()
            .expect("tmux is there: .ci/run installs it");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Presses keys, as tmux names them.
    fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Types text.
    fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    fn shows(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until the screen is as it is said to be, and keeps it.
    fn until(&self, what: &str, is: impl Fn(&str) -> bool) -> String {
        let mut waited = Duration::ZERO;
        loop {
            let screen = self.shows();
            if is(&screen) {
                return screen;
            }
            assert!(waited < PATIENCE, "never: {what}\n{screen}");
            let pause = Duration::from_millis(50);
            std::thread::sleep(pause);
            waited += pause;
        }
    }

    /// Waits until a text is shown.
    fn until_shown(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Keeps what is shown now.
    fn keep(&self, as_name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screens");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{}-{as_name}.txt", self.name)), self.shows()).unwrap();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = Command::new("tmux").args(["-L", &self.server, "kill-server"]).output();
    }
}

#[test]
fn enter_and_a_typed_line_bring_the_bots_answer_to_the_screen() {
    let place = Place::new();
    let screen = Screen::start(&place, "first", (100, 30), &[]);
    screen.until_shown("Try it here");
    screen.keep("1-welcome");
    screen.press(&["Enter"]);
    // The local network starts, and the conversation with the bot is open.
    screen.until_shown("Write to echo");
    screen.types("hello from a terminal");
    screen.press(&["Enter"]);
    screen.until_shown("echo: hello from a terminal");
    screen.keep("2-answered");
    // It ends cleanly and gives the terminal back.
    screen.press(&["C-q"]);
    let ended = screen.until_shown("ended with 0");
    assert!(!ended.contains("echo: hello"), "the screen is not as it was:\n{ended}");
}

/// The events that the recorder has been told of so far.
fn notes(place: &Place) -> Vec<Value> {
    let text = fs::read_to_string(place.path("notes")).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The numbered lines of a conversation, and the rows that they stand in.
fn lines_shown(screen: &str) -> Vec<(usize, &str)> {
    screen
        .lines()
        .enumerate()
        .filter_map(|(row, text)| {
            let (_, rest) = text.split_once("line ")?;
            Some((row, rest.split_whitespace().next()?))
        })
        .collect()
}

#[test]
fn two_uis_on_one_engine_see_the_same_and_a_swap_keeps_draft_and_place() {
    let place = Place::new();
    let net = place.network();
    let (ann, bob) = (place.account("one", "net.toml"), place.account("two", "net.toml"));
    let bobs = place.engine("two");
    place.run(&["--home", "two", "send", "--to", &ann, "I am two"]).done();
    place.run(&["--home", "one", "contact", "add", &bob]).done();
    // A second UI for the swap, and a plugin that records all it is told.
    fs::create_dir_all(place.path("plugins")).unwrap();
    let beside = ramson().parent().unwrap();
    let copy = |from: &str, to: &str| {
        fs::copy(beside.join(from), place.path("plugins").join(to)).unwrap();
    };
    copy("libramson_ui_terminal.so", "libramson_ui_other.so");
    copy("libramson_trial_plugin.so", "libramson_trial.so");
    fs::write(
        place.path("one/plugins.toml"),
        format!(
            "[trial]\ngrants = [\"read\", \"history\", \"send\", \"manage\", \"contacts\", \
             \"profile\", \"network\", \"accounts\", \"plugins\"]\nstart = true\n[trial.config]\n\
             notes = {:?}\nasks = {:?}\n",
            place.path("notes").display().to_string(),
            place.path("asks").display().to_string(),
        ),
    )
    .unwrap();

    let screen =
        Screen::start(&place, "two", (100, 30), &["--home", place.path("one").to_str().unwrap()]);
    screen.until_shown("two");
    until("the recorder runs", || (!notes(&place).is_empty()).then_some(()));
    let first = notes(&place)[1]["told"]["seq"].as_u64().expect("the first event is the snapshot");

    // Bob writes forty lines; the terminal shows them as unread, then the
    // recorder marks them as read.
    for number in 0..40 {
        place.run(&["--home", "two", "send", "--to", &ann, &format!("line {number}")]).done();
    }
    let unread = |count: u64| {
        notes(&place).iter().rev().find_map(|note| {
            let line = &note["told"]["conversation"];
            (line["id"] == bob.as_str()).then(|| line["unread"] == count)
        }) == Some(true)
    };
    until("all are unread", || unread(41).then_some(()));
    screen.until_shown("41");
    screen.keep("1-unread");
    let ask = json!(["command", { "account": ann, "command": "mark_read", "conversation": bob }]);
    fs::write(place.path("asks"), format!("{ask}\n")).unwrap();
    until("none is unread", || unread(0).then_some(()));
    screen.until("the badge is gone", |it| !it.contains("41"));
    // And the other way: what the terminal shows, the recorder sees as read.
    place.run(&["--home", "two", "send", "--to", &ann, "one more"]).done();
    until("one is unread", || unread(1).then_some(()));
    screen.press(&["Enter"]);
    screen.until_shown("one more");
    until("the terminal read it", || unread(0).then_some(()));

    // Scrolled up, with a draft.
    screen.types("a draft of mine");
    screen.until_shown("a draft of mine");
    screen.press(&["PPage"]);
    let before = screen.until("scrolled up", |it| it.matches("one more").count() == 1);
    screen.keep("2-before-the-swap");
    let seen = lines_shown(&before);
    assert!(seen.len() > 3, "{before}");
    // The window is kept a moment after the last key.
    std::thread::sleep(Duration::from_millis(1_500));
    for (number, name) in ["ui-other", "ui-terminal", "ui-other", "ui-terminal"].iter().enumerate()
    {
        place.run(&["--home", "one", "ui", "use", name]).done();
        let listed = place.json(&["--home", "one", "plugin", "list"]);
        let shown = listed.iter().find(|plugin| plugin["name"] == *name);
        assert!(shown.is_some(), "{listed:?}");
        let after = screen.until("the other UI is where this one was", |it| {
            it.contains("a draft of mine") && lines_shown(it) == seen
        });
        // The list shows it, the conversation does not.
        assert_eq!(after.matches("one more").count(), 1, "{after}");
        screen.keep(&format!("3-after-swap-{number}"));
    }
    // The draft is sent by the UI of now.
    screen.press(&["Enter"]);
    until("it is sent", || {
        notes(&place)
            .iter()
            .any(|note| note["told"]["message"]["text"] == "a draft of mine")
            .then_some(())
    });
    screen.press(&["C-q"]);
    screen.until_shown("ended with 0");

    // Whoever hears everything misses no number of the home's sequence.
    let notes = notes(&place);
    let numbered = [
        "message",
        "message_changed",
        "message_removed",
        "conversation",
        "conversation_removed",
        "profile",
    ];
    let is_numbered = |note: &&Value| numbered.iter().any(|name| note["told"]["event"] == *name);
    let seqs: Vec<u64> =
        notes.iter().filter(is_numbered).filter_map(|note| note["seq"].as_u64()).collect();
    let last = *seqs.last().unwrap();
    let all: Vec<u64> = (first + 1..=last).collect();
    assert_eq!(seqs, all, "numbers are missing or told twice");
    bobs.terminate().done();
    net.terminate().done();
}
