//! The UI on a terminal of its own, from the bytes that are typed to the bytes
//! that are drawn. The terminal is a pseudoterminal; the UI runs in another
//! process, which is this one with another test chosen.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#![allow(clippy::print_stdout, reason = "how the other process is heard")]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write, stdin, stdout};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use ramson_sdk::testing::FakeHost;
use ramson_sdk::{Control, Delivery, Event, Request, UiPlugin};
use ramson_ui_terminal::TerminalUi;
use ramson_view::testing::World;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

const PATIENCE: Duration = Duration::from_secs(30);
const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// A terminal, and the process on it.
struct Session {
    child: Child,
    keyboard: File,
    line: File,
    pieces: Receiver<Vec<u8>>,
    seen: String,
}

impl Session {
    fn begin(scene: &str) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let line = OsStr::from_bytes(name.to_bytes());
        let line = File::options().read(true).write(true).open(line).unwrap();
        tcsetwinsize(&line, SIZE).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", scene, "--nocapture"])
            .env("TERM", "xterm-256color")
            .stdin(line.try_clone().unwrap())
            .stdout(line.try_clone().unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, pieces) = sync_channel(1_024);
        thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(count) = screen.read(&mut bytes) {
                if count == 0 || sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, line, pieces, seen: String::new() }
    }

    fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until a text was drawn; what was before it is forgotten.
    fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(piece) => self.seen.push_str(&String::from_utf8_lossy(&piece)),
                Err(error) => panic!("{text:?} never came ({error}); {:?} did", self.seen),
            }
        }
        let at = self.seen.find(text).unwrap() + text.len();
        self.seen.drain(..at);
    }

    /// Whether lines are typed and shown as usual.
    fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&self.line).unwrap().local_modes;
        modes.contains(rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TAKEN: &str = "\x1b[?1049h";
const GIVEN_BACK: &str = "\x1b[?1049l";

#[test]
fn the_terminal_is_taken_drawn_on_and_given_back() {
    let mut session = Session::begin("a_ui_on_standard_input_and_output");
    session.wait_for(TAKEN);
    session.wait_for("Cleo");
    assert!(!session.is_cooked());
    session.type_in("\x1b[B\r");
    session.wait_for("Write to Cleo");
    session.type_in("hello");
    session.wait_for("hello");
    session.type_in("\x11");
    session.wait_for(GIVEN_BACK);
    session.wait_for("stopped");
    assert!(session.is_cooked());
}

#[test]
fn what_is_typed_after_the_end_is_left_to_who_comes_next() {
    let mut session = Session::begin("a_ui_on_standard_input_and_output");
    session.wait_for("Cleo");
    session.type_in("\x11");
    session.wait_for("stopped");
    session.type_in("for the next\n");
    session.wait_for("next one got: for the next");
}

#[test]
fn another_size_is_drawn_anew() {
    let mut session = Session::begin("a_ui_on_standard_input_and_output");
    session.wait_for("Choose a conversation");
    let narrow = Winsize { ws_col: 50, ..SIZE };
    tcsetwinsize(&session.line, narrow).unwrap();
    // The pseudoterminal belongs to nobody, so no signal tells of it: it is
    // seen when the UI looks.
    session.wait_for("Cleo");
    session.type_in("\x1b[B\r");
    session.wait_for("‹");
}

#[test]
#[ignore = "the other process of the tests above"]
fn a_ui_on_standard_input_and_output() {
    let mut world = World::new();
    let ann = world.add_account("Ann");
    world.add_contact(ann, "Cleo");
    let host = FakeHost::new();
    let ui: TerminalUi = host.create_ui("{}").unwrap();
    host.tell_ui(&ui, Event::Snapshot(world.snapshot())).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut heard = world.log().len();
            while let Some((id, request)) = host.next_request(PATIENCE) {
                if matches!(request, Request::Control(Control::Quit)) {
                    return ui.request_stop();
                }
                let reply = world.carry_out(request);
                for (seq, event) in &world.log()[heard..] {
                    ui.on_event(Delivery { seq: *seq, reply_to: None, event: event.clone() })
                        .unwrap();
                }
                heard = world.log().len();
                let delivery = host.reply(id, reply).unwrap();
                ui.on_event(Delivery { seq: world.seq(), ..delivery }).unwrap();
            }
        });
        ui.run_ui().unwrap();
    });
    println!("stopped");
    stdout().flush().unwrap();
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
    println!("next one got: {line}");
}

#[test]
fn a_stop_that_comes_first_is_not_forgotten() {
    let host = FakeHost::new();
    let ui: TerminalUi = host.create_ui("{}").unwrap();
    ui.request_stop();
    // No terminal is looked for.
    ui.run_ui().unwrap();
}
