use std::sync::atomic::{AtomicBool, Ordering};

use ramson_abi::{FAILED, OK};

use super::*;
use crate::link::{Delivery, Voice};
use crate::trial::soon;

/// A UI that shows until it is asked to stop, or returns a status at once.
#[derive(Default)]
struct Fake {
    at_once: Option<Status>,
    panics: bool,
    shows: AtomicBool,
    stop: AtomicBool,
    turns: Mutex<usize>,
}

impl PluginLink for Fake {
    fn create(&self, _: Arc<dyn Voice>, _: u64, _: &[u8]) -> Status {
        OK
    }

    fn on_events(&self, _: &[Delivery]) -> Status {
        OK
    }

    fn run_ui(&self) -> Status {
        *self.turns.lock().unwrap() += 1;
        if self.panics {
            panic!("a fault of the host's own");
        }
        if let Some(status) = self.at_once {
            return status;
        }
        self.shows.store(true, Ordering::Release);
        crate::trial::eventually("asked to stop", || self.stop.swap(false, Ordering::AcqRel));
        self.shows.store(false, Ordering::Release);
        OK
    }

    fn request_stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    fn destroy(&self) {}

    fn forget(&self) {}

    fn unmap(&self) {}
}

fn turn(generation: u64, ui: &Arc<Fake>) -> Turn {
    Turn { generation, link: ui.clone(), again: false }
}

fn lend(slot: &Arc<Slot>) -> std::thread::JoinHandle<SlotEnd> {
    let slot = UiSlot::new(slot.clone());
    std::thread::spawn(move || slot.run())
}

#[tokio::test]
async fn uis_take_turns_on_one_thread() {
    let slot = Arc::new(Slot::default());
    let main = lend(&slot);
    let (first, second) = (Arc::new(Fake::default()), Arc::new(Fake::default()));
    slot.put(turn(1, &first));
    soon("the first shows", || first.shows.load(Ordering::Acquire)).await;
    slot.put(turn(2, &second));
    assert!(!slot.ask(2));
    assert!(slot.ask(1));
    first.request_stop();
    slot.left(1).await;
    soon("the second shows", || second.shows.load(Ordering::Acquire)).await;
    assert!(slot.ask(2));
    second.request_stop();
    slot.left(2).await;
    slot.end(SlotEnd::Ended);
    assert_eq!(main.join().unwrap(), SlotEnd::Ended);
    // Both were asked: nobody has to look after them.
    assert!(slot.state().ends.is_empty());
}

#[tokio::test]
async fn a_turn_that_ends_by_itself_is_told() {
    let slot = Arc::new(Slot::default());
    let main = lend(&slot);
    let (failing, panicking) = (
        Arc::new(Fake { at_once: Some(FAILED), ..Fake::default() }),
        Arc::new(Fake { panics: true, ..Fake::default() }),
    );
    slot.put(turn(1, &failing));
    let end = slot.turn_end().await;
    assert_eq!((end.generation, end.status, end.again), (1, FAILED, false));
    assert!(!end.late);
    slot.put(Turn { again: true, ..turn(2, &panicking) });
    let end = slot.turn_end().await;
    assert_eq!((end.generation, end.status, end.again), (2, PANICKED, true));
    slot.end(SlotEnd::Closed { ui: "ui".into() });
    assert_eq!(main.join().unwrap(), SlotEnd::Closed { ui: "ui".into() });
}

#[tokio::test]
async fn a_turn_can_be_taken_back_before_it_begins() {
    let slot = Arc::new(Slot::default());
    let ui = Arc::new(Fake::default());
    slot.put(turn(1, &ui));
    assert!(!slot.take_back(2));
    assert!(slot.take_back(1));
    assert!(!slot.take_back(1));
    slot.end(SlotEnd::Ended);
    slot.put(turn(3, &ui));
    assert_eq!(lend(&slot).join().unwrap(), SlotEnd::Ended);
    assert_eq!(*ui.turns.lock().unwrap(), 0);
}

#[tokio::test]
async fn the_first_end_counts() {
    let slot = Arc::new(Slot::default());
    slot.end(SlotEnd::Closed { ui: "a".into() });
    slot.end(SlotEnd::Ended);
    assert_eq!(lend(&slot).join().unwrap(), SlotEnd::Closed { ui: "a".into() });
}

#[tokio::test]
async fn what_did_not_listen_is_told_once_it_returns() {
    let slot = Arc::new(Slot::default());
    let main = lend(&slot);
    let ui = Arc::new(Fake::default());
    slot.put(turn(1, &ui));
    soon("it shows", || ui.shows.load(Ordering::Acquire)).await;
    assert!(slot.ask(1));
    slot.ask_no_more();
    ui.request_stop();
    let end = slot.turn_end().await;
    assert_eq!((end.status, end.late), (OK, true));
    slot.end(SlotEnd::Ended);
    main.join().unwrap();
}
