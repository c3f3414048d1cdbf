//! What is asked on a terminal.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::support::{Place, ramson, text};

/// A terminal without a person.
struct Terminal {
    keyboard: File,
    line: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn new() -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let path = ptsname(&keyboard, Vec::new()).unwrap();
        let line = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(i32::try_from(OFlags::NOCTTY.bits()).unwrap())
            .open(OsStr::from_bytes(path.as_bytes()))
            .unwrap();
        let keyboard = File::from(keyboard);
        let mut shown = keyboard.try_clone().unwrap();
        let (tell, screen) = sync_channel(1_000);
        thread::spawn(move || {
            let mut bytes = [0; 1_000];
            // A terminal that nobody has open any more cannot be read.
            while let Ok(count @ 1..) = shown.read(&mut bytes) {
                if tell.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { keyboard, line, screen, seen: String::new() }
    }

    fn start(&self, place: &Place, args: &[&str]) -> Child {
        Command::new(ramson())
            .args(args)
            .current_dir(place.path("."))
            .env("HOME", place.path("user"))
            .env_remove("RAMSON_HOME")
            .env_remove("RAMSON_PROXY")
            .stdin(self.line.try_clone().unwrap())
            .stderr(self.line.try_clone().unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Waits until something is on the screen.
    fn shows(&mut self, part: &str) {
        while !self.seen.contains(part) {
            match self.screen.recv_timeout(Duration::from_secs(60)) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("'{part}' is not shown ({error}): {}", self.seen),
            }
        }
    }

    fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.line).unwrap().local_modes.contains(LocalModes::ECHO)
    }
}

fn end(child: Child) -> Output {
    child.wait_with_output().unwrap()
}

#[test]
fn a_typed_phrase_is_not_shown() {
    let place = Place::new();
    let id = place.account("one", "testnet");
    let shown = place.json(&["--home", "one", "account", "show", "--phrase"]);
    let phrase = text(&shown[0], "phrase");
    let seeds = "seeds = [\"http://127.0.0.1:1/json_rpc\"]\n";
    std::fs::write(place.path("gone.toml"), seeds).unwrap();
    let network = ["--network", "gone.toml", "--timeout", "1"];
    let restore = [&["--home", "two"][..], &network, &["account", "restore"]].concat();

    let mut terminal = Terminal::new();
    assert!(terminal.echoes());
    let child = terminal.start(&place, &restore);
    terminal.shows("13 words");
    assert!(!terminal.echoes());
    terminal.types(&format!("{phrase}\n"));
    let ended = end(child);
    assert!(String::from_utf8_lossy(&ended.stdout).contains(&id), "{ended:?}");
    // What is shown at the end comes behind everything else.
    terminal.shows("store.key");
    for word in phrase.split(' ') {
        assert!(!terminal.seen.contains(&format!("{word} ")), "{}", terminal.seen);
    }
    assert!(terminal.echoes());

    // Interrupted in the middle, it leaves the terminal as it was.
    let mut terminal = Terminal::new();
    let child = terminal.start(&place, &restore);
    terminal.shows("13 words");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(end(child).status.code(), Some(1));
    terminal.shows("interrupted");
    assert!(terminal.echoes());
}

#[test]
fn an_account_is_removed_when_its_user_agrees() {
    let place = Place::new();
    let id = place.account("home", "testnet");
    let remove = ["--home", "home", "account", "remove", &id];
    let mut terminal = Terminal::new();
    for answer in ["no", "", "y"] {
        let child = terminal.start(&place, &remove);
        terminal.shows("Type 'yes'");
        terminal.seen.clear();
        terminal.types(&format!("{answer}\n"));
        assert_eq!(end(child).status.code(), Some(1), "{answer}");
        terminal.shows("nothing was done");
        terminal.seen.clear();
    }
    assert_eq!(place.json(&["--home", "home", "account", "list"]).len(), 1);
    let child = terminal.start(&place, &remove);
    terminal.shows(&id);
    terminal.types("yes\n");
    let ended = end(child);
    assert!(String::from_utf8_lossy(&ended.stdout).contains("removed"), "{ended:?}");
    assert!(place.json(&["--home", "home", "account", "list"]).is_empty());
}
