//! With real processes: this test program serves the plugin itself.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use ramson_abi::{CLOSED, FAILED, OK, PANICKED};
use rustix::process::{Pid, Signal, kill_process, test_kill_process, test_kill_process_group};
use tempfile::TempDir;

use super::*;
use crate::library::{self, LoadError};
use crate::link::{Delivery, PluginLink};
use crate::trial::{c_plugin, eventually, seat};

/// What takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// This program, which then runs the test below and nothing else.
pub(crate) fn command() -> ChildCommand {
    let words = ["child::tests::the_process_of_a_plugin", "--exact", "--ignored", "--nocapture"];
    ChildCommand { args: words.map(Into::into).to_vec(), ..ChildCommand::default() }
}

#[test]
#[ignore = "it is what other tests start as a plugin's process"]
fn the_process_of_a_plugin() {
    // By hand there is no socket, and nothing to serve.
    let _served = serve();
}

/// A process that does what a shell says; its socket is stdin.
fn shell(script: &str) -> ChildCommand {
    ChildCommand { program: "/bin/sh".into(), args: vec!["-c".into(), script.into()] }
}

struct Trial {
    folder: TempDir,
    link: std::sync::Arc<dyn PluginLink>,
    gone: Receiver<()>,
}

impl Trial {
    fn new(flags: &[&str]) -> Self {
        Self::by(command(), flags)
    }

    fn by(command: ChildCommand, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copy = library::copy(&c_plugin(folder.path(), "bot", flags), &folder.path().join("c"));
        let (tell, gone) = sync_channel(1);
        let gone_is = Box::new(move || tell.send(()).unwrap());
        let plan = Plan { name: "bot".to_owned(), command, copy: copy.unwrap(), gone: gone_is };
        Self { link: ProcessLink::start(plan).unwrap(), folder, gone }
    }

    fn config(&self) -> Vec<u8> {
        let diary = self.folder.path().join("diary");
        serde_json::to_vec(&serde_json::json!({ "diary": diary })).unwrap()
    }

    /// Maps and creates it.
    fn begin(&self) -> i32 {
        self.link.map().unwrap();
        let (seat, _inbox) = seat("bot", 16);
        self.link.create(seat, 0, &self.config())
    }

    fn diary(&self) -> Vec<String> {
        diary(self.folder.path())
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.link.process().unwrap().cast_signed()).unwrap()
    }

    /// Waits for its end and gives the reason.
    fn lost(&self) -> Option<String> {
        self.gone.recv_timeout(PATIENCE).unwrap();
        assert_eq!(self.link.process(), None);
        self.link.lost()
    }
}

fn diary(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("diary")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn event(kind: u32, payload: &[u8]) -> Delivery {
    Delivery { seq: 7, reply_to: 0, kind, payload: payload.into() }
}

#[test]
fn a_plugin_does_in_a_process_of_its_own_what_it_does_in_this_one() {
    let mut diaries = Vec::new();
    for own_process in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let copies = folder.path().join("c");
        let copy = library::copy(&c_plugin(folder.path(), "bot", &["-DASK"]), &copies).unwrap();
        let gone = Box::new(|| ());
        let plan = |copy| Plan { name: "bot".to_owned(), command: command(), copy, gone };
        let link = match own_process {
            true => ProcessLink::start(plan(copy)),
            false => copy.map(),
        }
        .unwrap();
        link.map().unwrap();
        assert_eq!(std::fs::read_dir(&copies).unwrap().count(), 0, "the copy is removed");
        let (seat, mut inbox) = seat("bot", 16);
        let config = serde_json::json!({ "diary": folder.path().join("diary") });
        assert_eq!(link.create(seat, 0, &serde_json::to_vec(&config).unwrap()), OK);
        assert_eq!(link.process().is_some(), own_process);
        let large = vec![b' '; ramson_abi::MAX_EVENT];
        let events = [event(1, b"{}"), event(2, b""), event(3, &large)];
        assert_eq!(link.on_events(&events), OK);
        assert_eq!(inbox.try_recv().unwrap().id, 7);
        assert_eq!(link.run_ui(), if own_process { CLOSED } else { FAILED });
        link.request_stop();
        link.destroy();
        assert_eq!((link.process(), link.lost()), (None, None));
        assert_eq!(link.on_events(&events), CLOSED);
        link.forget();
        diaries.push(diary(folder.path()));
    }
    assert_eq!(diaries[0], diaries[1]);
    let asked = "asked 0 -4 -4 -5".to_owned();
    assert!(diaries[0].contains(&asked), "{:?}", diaries[0]);
    assert_eq!(diaries[0].last().map(String::as_str), Some("destroy"));
}

#[test]
fn however_a_process_ends_the_call_returns_and_the_reason_is_told() {
    let ends = [
        ("-DCRASH=*(volatile int*)8=1", "its process ended by signal 11 (SIGSEGV)"),
        ("-DCRASH=abort()", "its process ended by signal 6 (SIGABRT)"),
        ("-DCRASH=exit(3)", "its process ended with exit status 3"),
        ("-DCRASH=raise(SIGKILL)", "its process ended by signal 9 (SIGKILL)"),
        // What it started has the socket as well.
        ("-DCRASH=if(fork()==0)pause();_exit(0)", "its process ended with exit status 0"),
    ];
    for (flag, reason) in ends {
        let trial = Trial::new(&[flag]);
        assert_eq!(trial.begin(), OK, "{flag}");
        let group = trial.pid();
        assert_eq!(trial.link.on_events(&[event(2, b"{}")]), PANICKED, "{flag}");
        assert_eq!(trial.lost().as_deref(), Some(reason), "{flag}");
        eventually("nothing is left of it", || test_kill_process_group(group).is_err());
        trial.link.forget();
        assert_eq!(trial.link.lost().as_deref(), Some(reason), "{flag}");
    }
}

#[test]
fn an_end_between_two_calls_is_told_as_well() {
    let trial = Trial::new(&[]);
    assert_eq!(trial.begin(), OK);
    kill_process(trial.pid(), Signal::KILL).unwrap();
    assert_eq!(trial.lost().as_deref(), Some("its process ended by signal 9 (SIGKILL)"));
    assert_eq!(trial.link.on_events(&[event(2, b"{}")]), PANICKED);
    trial.link.destroy();
    assert_eq!(trial.diary(), ["create"]);
}

#[test]
fn what_hangs_is_ended_when_it_is_forgotten() {
    let trial = Trial::new(&["-DHANG"]);
    assert_eq!(trial.begin(), OK);
    let pid = trial.pid();
    let status = std::thread::scope(|scope| {
        let hangs = scope.spawn(|| trial.link.on_events(&[event(2, b"{}")]));
        eventually("it hangs", || trial.diary().len() == 2);
        trial.link.forget();
        hangs.join().unwrap()
    });
    assert_eq!((status, trial.lost()), (PANICKED, None));
    assert!(test_kill_process(pid).is_err(), "no zombie is left");
}

#[test]
fn a_process_that_stays_after_destroy_is_ended() {
    let trial = Trial::new(&["-DSTAY"]);
    assert_eq!(trial.begin(), OK);
    let pid = trial.pid();
    trial.link.destroy();
    assert_eq!(trial.lost(), None);
    assert!(test_kill_process(pid).is_err());
}

#[test]
fn who_lets_go_of_a_plugin_ends_its_process() {
    let Trial { folder: _folder, link, gone } = Trial::new(&[]);
    let pid = Pid::from_raw(link.process().unwrap().cast_signed()).unwrap();
    drop(link);
    gone.recv_timeout(PATIENCE).unwrap();
    assert!(test_kill_process(pid).is_err());
}

#[test]
fn a_library_that_crashes_or_cannot_be_mapped_is_an_error_with_its_reason() {
    let trial = Trial::new(&["-DBEGIN=*(volatile int*)8=1"]);
    let error = trial.link.map().unwrap_err();
    let reason = "its process ended by signal 11 (SIGSEGV) while its library was mapped";
    assert_eq!(error, LoadError::Failed(reason.to_owned()));

    let trial = Trial::new(&["-DBEGIN={extern void nowhere(void);nowhere();}"]);
    let error = trial.link.map().unwrap_err();
    assert!(matches!(&error, LoadError::Failed(why) if why.contains("nowhere")), "{error}");
    assert_eq!(trial.lost(), None);
}

#[test]
fn a_create_that_fails_ends_the_process() {
    let trial = Trial::new(&["-DFAIL_CREATE"]);
    assert_eq!(trial.begin(), FAILED);
    assert_eq!(trial.lost(), None);
    assert_eq!(trial.link.on_events(&[]), CLOSED);
}

#[test]
fn what_makes_no_sense_ends_the_process_and_nothing_else() {
    let scripts = [
        // A length without an end.
        r"printf '\377\377\377\377' >&0; sleep 600",
        // No frame.
        r"printf '\1\0\0\0\143' >&0; sleep 600",
        // A call that was not made has returned.
        r"printf '\5\0\0\0\3\0\0\0\0\5\0\0\0\3\0\0\0\0' >&0; sleep 600",
        // As much as it can.
        "cat /dev/zero >&0",
    ];
    for script in scripts {
        let trial = Trial::by(shell(script), &[]);
        let mapped = trial.link.map();
        assert!(matches!(mapped, Err(LoadError::Failed(_))), "{script}: {mapped:?}");
        trial.gone.recv_timeout(PATIENCE).unwrap();
        let lost = trial.link.lost().unwrap_or_default();
        assert!(lost.contains("makes no sense"), "{script}: {lost}");
    }
}

#[test]
fn a_process_that_says_nothing_or_half_of_something_is_over_when_it_ends() {
    for script in ["exit 4", r"printf '\5\0' >&0; exit 4", "exec 0<&-; sleep 600"] {
        let trial = Trial::by(shell(script), &[]);
        let error = trial.link.map().unwrap_err().to_string();
        assert!(error.starts_with("its process ended"), "{script}: {error}");
    }
    let nowhere = ChildCommand { program: "/nowhere/ramson".into(), args: Vec::new() };
    let folder = tempfile::tempdir().unwrap();
    let copy = library::copy(&c_plugin(folder.path(), "bot", &[]), &folder.path().join("c"));
    let gone = Box::new(|| ());
    let plan = Plan { name: "bot".to_owned(), command: nowhere, copy: copy.unwrap(), gone };
    let error = ProcessLink::start(plan).err().unwrap().to_string();
    assert!(error.contains("could not be started"), "{error}");
}

#[test]
fn the_process_has_nothing_but_its_socket_and_gives_no_memory_away() {
    // What somebody opened without closing it for other programs.
    let open = std::fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&open, rustix::io::FdFlags::empty()).unwrap();
    let trial = Trial::new(&["-DLOOK"]);
    assert_eq!(trial.begin(), OK);
    let found = ["open 1 sockets 1 stdin 0", "core 0 dumpable 0 more 0", "PATH 1 CARGO 0"];
    assert_eq!(trial.diary(), [&["create"][..], &found].concat());
    trial.link.destroy();
}
