use std::sync::atomic::{AtomicBool, Ordering};

use ramson_abi::FAILED;
use ramson_wire::{AccountId, Event};

use super::*;
use crate::link::Voice;
use crate::prepared::Prepared;
use crate::trial::{eventually, seat, snapshot};

/// A plugin that does what a test says, and notes what is asked of it.
#[derive(Default)]
struct Scripted {
    create: Status,
    on_events: Status,
    /// Calls of `on_events` do not return before this is set.
    held: Option<Arc<AtomicBool>>,
    panics: bool,
    diary: Mutex<Vec<String>>,
}

impl Scripted {
    fn note(&self, what: impl Into<String>) {
        self.diary.lock().unwrap().push(what.into());
    }

    fn diary(&self) -> Vec<String> {
        self.diary.lock().unwrap().clone()
    }
}

impl PluginLink for Scripted {
    fn create(&self, _: Arc<dyn Voice>, _: u64, _: &[u8]) -> Status {
        assert_eq!(std::thread::current().name(), Some("plugin:bot"));
        self.note("create");
        self.create
    }

    fn on_events(&self, events: &[Delivery]) -> Status {
        self.note(format!("{} events", events.len()));
        if self.panics {
            panic!("a fault of the host's own");
        }
        if let Some(held) = &self.held {
            eventually("let go", || held.load(Ordering::Acquire));
        }
        self.on_events
    }

    fn run_ui(&self) -> Status {
        FAILED
    }

    fn request_stop(&self) {}

    fn destroy(&self) {
        self.note("destroy");
    }

    fn forget(&self) {
        self.note("forget");
    }

    fn unmap(&self) {
        self.note("unmap");
    }
}

fn start(script: Scripted) -> (Arc<Worker>, Arc<Scripted>) {
    let link = Arc::new(script);
    let (seat, _inbox) = seat("bot", 16);
    let opened = link.clone();
    let worker = Worker::start(seat, Box::new(move || Ok(opened as _)), Vec::new()).unwrap();
    (worker, link)
}

fn ending(worker: &Worker) -> Ending {
    eventually("the end", || worker.is_ended());
    match worker.phase() {
        Phase::Ended(ending) => ending,
        other => panic!("{other:?}"),
    }
}

fn event() -> Arc<Prepared> {
    Arc::new(Prepared::new(Event::AccountRemoved { account: AccountId([5; 33]) }))
}

#[test]
fn a_plugin_is_created_hears_and_is_destroyed_on_its_own_thread() {
    let (worker, link) = start(Scripted::default());
    worker.seat.tell(0, &snapshot(0));
    eventually("it heard", || link.diary().len() == 2);
    assert_eq!(worker.phase(), Phase::Running);
    worker.seat.close();
    assert_eq!(ending(&worker), Ending::Destroyed);
    worker.clear();
    assert_eq!(link.diary(), ["create", "1 events", "destroy", "unmap"]);
}

#[test]
fn batches_have_at_most_64_events() {
    let held = Arc::new(AtomicBool::new(false));
    let link = Arc::new(Scripted { held: Some(held.clone()), ..Scripted::default() });
    let (seat, _inbox) = seat("bot", 1_000);
    let opened = link.clone();
    let worker = Worker::start(seat, Box::new(move || Ok(opened as _)), Vec::new()).unwrap();
    worker.seat.tell(0, &snapshot(0));
    eventually("the first batch", || link.diary().len() == 2);
    (1..=100).for_each(|seq| worker.seat.tell(seq, &event()));
    held.store(true, Ordering::Release);
    eventually("it heard all", || worker.seat.counts().taken == 101);
    worker.seat.finish();
    ending(&worker);
    assert_eq!(link.diary()[1..4], ["1 events", "64 events", "36 events"]);
}

#[test]
fn a_failure_at_events_is_no_end() {
    let (worker, link) = start(Scripted { on_events: FAILED, ..Scripted::default() });
    worker.seat.tell(0, &snapshot(0));
    eventually("it heard", || link.diary().len() == 2);
    worker.seat.tell(1, &event());
    eventually("it heard again", || link.diary().len() == 3);
    assert_eq!(worker.phase(), Phase::Running);
    worker.seat.close();
    assert_eq!(ending(&worker), Ending::Destroyed);
}

#[test]
fn what_panicked_is_forgotten_and_neither_destroyed_nor_unmapped() {
    for script in [
        Scripted { on_events: PANICKED, ..Scripted::default() },
        Scripted { panics: true, ..Scripted::default() },
    ] {
        let (worker, link) = start(script);
        worker.seat.tell(0, &snapshot(0));
        assert!(matches!(ending(&worker), Ending::Panicked(_)));
        assert!(worker.seat.is_gone());
        worker.clear();
        assert_eq!(link.diary(), ["create", "1 events", "forget"]);
    }
}

#[test]
fn what_was_not_created_is_not_called_again() {
    let (worker, link) = start(Scripted { create: FAILED, ..Scripted::default() });
    let Ending::NotCreated(reason) = ending(&worker) else { panic!() };
    assert!(reason.contains("create failed"), "{reason}");
    worker.clear();
    assert_eq!(link.diary(), ["create"]);
}

#[test]
fn what_hangs_is_given_up_and_never_called_again() {
    let held = Arc::new(AtomicBool::new(false));
    let (worker, link) = start(Scripted { held: Some(held.clone()), ..Scripted::default() });
    worker.seat.tell(0, &snapshot(0));
    eventually("it hangs", || link.diary().len() == 2);
    worker.give_up("it hangs".to_owned());
    assert_eq!(ending(&worker), Ending::GivenUp("it hangs".to_owned()));
    let thread = worker.thread.lock().unwrap().take().unwrap();
    // What was given up is not waited for.
    worker.clear();
    held.store(true, Ordering::Release);
    thread.join().unwrap();
    assert_eq!(ending(&worker), Ending::GivenUp("it hangs".to_owned()));
    assert_eq!(link.diary(), ["create", "1 events", "forget"]);
}

#[test]
fn a_library_that_cannot_be_mapped_is_the_end() {
    let (seat, _inbox) = seat("bot", 16);
    let error = LoadError::Failed("no room".to_owned());
    let open = Box::new({
        let error = error.clone();
        move || Err(error)
    });
    let worker = Worker::start(seat, open, Vec::new()).unwrap();
    assert_eq!(ending(&worker), Ending::NotLoaded(error));
}
